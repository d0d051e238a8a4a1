"""All settings with their defaults and `BOT_…` names, and the keys of providers. The only module that reads the environment."""

import os
import re
import unicodedata
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError
from bot.messages import errors, index_errors

GRADIO_NAMES = {"host": "GRADIO_SERVER_NAME", "port": "GRADIO_SERVER_PORT"}  # Gradio's own variables, which are read as well

MAX_COLLECTION_NAME = 40  # characters
_COLLECTION_NAME = re.compile(r"(?!.*--)[^\W_](?:[\w-]*[^\W_])?")
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d")  # that no folder may be called on Windows


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
    collection: str = Field("", description="name of a collection beside the default one, which is used where it is empty")
    chroma_url: str = Field("", description="address of a Chroma server that has the index instead of the folder")
    embedding_model: str = Field(
        "",
        description="embeddinggemma, e5-small, or a sentence-transformers model by name or folder; if empty, the one that made the index, "
        "and for a new index embeddinggemma where it can be had",
    )
    reranker: str = Field(
        "", description="a sentence-transformers CrossEncoder, by folder, that ranks the first 30 passages again; none if empty"
    )
    nli: str = Field(
        "",
        description="a sentence-transformers CrossEncoder with entailment, neutral and contradiction, by folder, that confirms a model's "
        "sentences; none if empty",
    )
    llm: str = Field("auto", description="the chat model: auto, quotes, local, local:/path.gguf or provider:model")
    model_class: Literal["", "capable", "small"] = Field(
        "",
        description="what the chat model is treated as: capable or small; if empty, a provider's model is capable, and one of Ollama or a "
        "file is capable from 7 billion parameters on",
    )
    context: int = Field(
        0,
        ge=0,
        le=200_000,
        description="tokens that a chat model reads for an answer; 0 means 6000 for a capable model, 700 for a small one",
    )
    cache: Path = Field(default_factory=cache_folder, description="folder of downloaded models")
    data: Path = Field(Path("data"), description="folder of saved chats, ratings and readers' own essays")
    parse_seconds: int = Field(10, ge=1, description="seconds that reading one file of a format (PDF, Word, …) may take")
    parse_memory: int = Field(1000, ge=300, description="megabytes of memory that reading one file of a format may take")
    parse_unpacked: int = Field(100, ge=1, description="megabytes that one archive or other file may unpack to")
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

    @field_validator("collection")
    @classmethod
    def _collection(cls, value: str) -> str:
        return collection_name(value)

    @classmethod
    def load(cls, **given: Any) -> "Settings":
        """The settings; `None` counts as not given. Raises `SettingsError` for an unknown setting and for a value that cannot be used."""
        given = {name: value for name, value in given.items() if value is not None}
        unknown = sorted(given.keys() - cls.model_fields.keys())
        if unknown:
            known = ", ".join(cls.model_fields)
            raise SettingsError(errors.NO_SUCH_SETTING.format(name=unknown[0], known=known))
        try:
            return cls(**given)
        except (UnicodeDecodeError, OSError) as error:
            raise _unreadable_file(error) from None
        except ValidationError as error:
            raise _unusable_value(error, given) from None


def collection_name(given: str) -> str:
    """The name of a collection in its one form: NFC, lower case; empty for the default one, which may be given by its name.

    It has no character that means something in a path. Raises `SettingsError` for anything else.
    """
    name = unicodedata.normalize("NFC", given).strip().lower()
    if not name or name in {index_errors.DEFAULT_COLLECTION.en, index_errors.DEFAULT_COLLECTION.ko}:
        return ""
    if len(name) > MAX_COLLECTION_NAME or not _COLLECTION_NAME.fullmatch(name) or _DEVICES.fullmatch(name):
        raise SettingsError(errors.COLLECTION_NAME.format(name=given[: MAX_COLLECTION_NAME + 1], limit=MAX_COLLECTION_NAME))
    return name


def _unreadable_file(error: UnicodeDecodeError | OSError) -> SettingsError:
    file = Path(".env").resolve()
    if isinstance(error, OSError):
        return SettingsError(errors.ENV_FILE_UNREADABLE.format(file=file, reason=error.strerror))
    return SettingsError(errors.ENV_FILE_NOT_UTF8.format(file=file))


def _unusable_value(error: ValidationError, given: dict[str, Any]) -> SettingsError:
    """The error for the first value that cannot be used, under the name by which it was set."""
    first = error.errors()[0]
    name = str(first["loc"][0]).lower().removeprefix("bot_")
    alias = GRADIO_NAMES.get(name, "")
    is_alias = alias in os.environ and name not in given and not os.environ.get(f"BOT_{name.upper()}")
    shown = alias if is_alias else f"BOT_{name.upper()}"
    return SettingsError(errors.SETTING_UNUSABLE.format(name=shown, value=first["input"], reason=first["msg"]))


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
