"""All settings with their defaults and `BOT_…` names, and the keys of providers. The only module that reads the environment."""

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

GRADIO_NAMES = {"host": "GRADIO_SERVER_NAME", "port": "GRADIO_SERVER_PORT"}  # Gradio's own variables, which are read as well


def cache_folder() -> Path:
    """The user's cache folder for models, by the XDG Base Directory Specification; all clones of the project share it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "dolmen"


class Settings(BaseSettings):
    """The settings. A value given by the caller wins over the environment, then `.env`, then the default."""

    model_config = SettingsConfigDict(
        env_prefix="BOT_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    corpus: Path = Field(Path("corpus"), description="folder or file with the essays that ingest.py reads when no path is given")
    index: Path = Field(Path("index"), description="folder of the index; created by ingest.py")
    chroma_url: str = Field("", description="address of a Chroma server that has the index instead of the folder")
    embedding_model: str = Field("", description="a sentence-transformers model, by name or folder; if empty, the bundled one")
    llm: str = Field("auto", description="the chat model: auto, quotes, local, local:/path.gguf or provider:model")
    cache: Path = Field(default_factory=cache_folder, description="folder of downloaded models")
    data: Path = Field(Path("data"), description="folder of saved chats, ratings and readers' own essays")
    tracing: bool = Field(
        False, description="1 lets LangSmith trace the runs, with the essays' text, where its own variables are set"
    )
    host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("BOT_HOST", GRADIO_NAMES["host"]),
        description="address that the page listens on",
    )
    port: int = Field(
        7860,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("BOT_PORT", GRADIO_NAMES["port"]),
        description="port that the page listens on",
    )

    @classmethod
    def load(cls, **given: Any) -> "Settings":
        """The settings; `None` counts as not given. Raises `SettingsError` for an unknown setting and for a value that cannot be used."""
        given = {name: value for name, value in given.items() if value is not None}
        unknown = sorted(given.keys() - cls.model_fields.keys())
        if unknown:
            known = ", ".join(cls.model_fields)
            raise SettingsError(
                f"No setting is called {unknown[0]!r}. Choose from: {known}.",
                f"{unknown[0]!r}라는 설정이 없습니다. 고를 수 있는 것: {known}.",
            )
        try:
            return cls(**given)
        except (UnicodeDecodeError, OSError) as error:
            raise _unreadable_file(error) from None
        except ValidationError as error:
            raise _unusable_value(error, given) from None


def _unreadable_file(error: UnicodeDecodeError | OSError) -> SettingsError:
    file = Path(".env").resolve()
    if isinstance(error, OSError):
        return SettingsError(
            f"{file} cannot be read: {error.strerror}. Make it readable, or remove it.",
            f"{file} 파일을 읽을 수 없습니다: {error.strerror}. 읽을 수 있게 하거나 지우세요.",
        )
    return SettingsError(
        f"{file} is not UTF-8 text. Save it as UTF-8, or remove it.",
        f"{file} 파일이 UTF-8 텍스트가 아닙니다. UTF-8로 저장하거나 지우세요.",
    )


def _unusable_value(error: ValidationError, given: dict[str, Any]) -> SettingsError:
    """The error for the first value that cannot be used, under the name by which it was set."""
    first = error.errors()[0]
    name = str(first["loc"][0]).lower().removeprefix("bot_")
    alias = GRADIO_NAMES.get(name, "")
    is_alias = alias in os.environ and name not in given and not os.environ.get(f"BOT_{name.upper()}")
    shown = alias if is_alias else f"BOT_{name.upper()}"
    return SettingsError(
        f"{shown} is {first['input']!r}: {first['msg']}. Change or unset it.",
        f"{shown} 값 {first['input']!r}을(를) 쓸 수 없습니다({first['msg']}). 값을 바꾸거나 지우세요.",
    )


class Keys(BaseSettings):
    """The variables of the providers, under their usual names, from the environment, else from `.env`. Its repr shows no key."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    openai_api_key: SecretStr | None = None
    openai_base_url: str = ""
    anthropic_api_key: SecretStr | None = None
    google_api_key: SecretStr | None = None
    ollama_host: str = ""

    @classmethod
    def load(cls) -> "Keys":
        """The keys that are set now. A `.env` that cannot be read is ignored; `Settings.load` reports it."""
        try:
            return cls()
        except (UnicodeDecodeError, OSError):
            return cls(_env_file=None)  # type: ignore[call-arg]

    def of(self, provider: str) -> str:
        """The provider's key; empty without one."""
        key: SecretStr | None = getattr(self, f"{provider}_api_key", None)
        return key.get_secret_value() if key else ""
