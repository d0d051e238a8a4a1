"""Every knob of the bot, its default and its `BOT_…` name. The only module that reads the environment."""

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError


def cache_folder() -> Path:
    """The user's cache folder for models, after the XDG Base Directory Specification; shared by every clone."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "dolmen"


class Settings(BaseSettings):
    """The knobs. Order: what the caller gives, the environment, `.env`, the default."""

    model_config = SettingsConfigDict(
        env_prefix="BOT_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    corpus: Path = Field(Path("corpus"), description="folder or file with the essays that ingest.py reads when no path is given")
    index: Path = Field(Path("index"), description="folder of the index; made by ingest.py")
    chroma_url: str = Field("", description="address of a Chroma server that holds the index in place of the folder")
    embedding_model: str = Field("", description="a sentence-transformers model, by name or folder; empty is the bundled one")
    llm: str = Field("auto", description="the voice: auto, quotes, local, local:/path.gguf or provider:model")
    cache: Path = Field(default_factory=cache_folder, description="where models are kept")
    data: Path = Field(Path("data"), description="folder of what readers keep: conversations, ratings, essays of their own")
    host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("BOT_HOST", "GRADIO_SERVER_NAME"),
        description="address that the page listens on",
    )
    port: int = Field(
        7860,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("BOT_PORT", "GRADIO_SERVER_PORT"),
        description="port that the page listens on",
    )

    @classmethod
    def load(cls, **given: Any) -> "Settings":
        """The settings, or a `SettingsError` that names the knob, its value and what to do. `None` counts as not given."""
        given = {name: value for name, value in given.items() if value is not None}
        unknown = sorted(given.keys() - cls.model_fields.keys())
        if unknown:
            raise SettingsError(f"No setting is called {unknown[0]!r}. Choose from: {', '.join(cls.model_fields)}.")
        try:
            return cls(**given)
        except UnicodeDecodeError:
            raise SettingsError(f"{Path('.env').resolve()} is not UTF-8 text. Save it as UTF-8, or remove it.") from None
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper().removeprefix("BOT_")
            raise SettingsError(f"BOT_{name} is {first['input']!r}: {first['msg']}. Change or unset it.") from None


class Keys(BaseSettings):
    """The providers' own variables, under their usual names: from the environment, else from `.env`. Printing it shows no key."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    openai_api_key: SecretStr | None = None
    openai_base_url: str = ""
    anthropic_api_key: SecretStr | None = None
    google_api_key: SecretStr | None = None
    ollama_host: str = ""

    @classmethod
    def load(cls) -> "Keys":
        """What is set now. A `.env` that cannot be read counts as none: `Settings.load` names it."""
        try:
            return cls()
        except UnicodeDecodeError:
            return cls(_env_file=None)  # type: ignore[call-arg]

    def of(self, provider: str) -> str:
        """The provider's key, or nothing."""
        key: SecretStr | None = getattr(self, f"{provider}_api_key", None)
        return key.get_secret_value() if key else ""
