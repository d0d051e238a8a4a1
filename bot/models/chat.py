"""Chat models by name: `BOT_LLM` is resolved to a LangChain chat model, which is built when it is first used.

Every OpenAI-style server (OpenAI, Ollama, vLLM, LM Studio, llama.cpp, the local model's own) is reached by the same client.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import ModelError
from bot.messages import model_errors
from bot.models import files, llamacpp

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from bot.settings import Keys

QUOTES = "quotes"  # quotations only, without a chat model
LOCAL = "local"
# For BOT_LLM=auto: providers in order of preference, each with a model that is small enough to answer while the reader waits.
DEFAULT_MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5", "google_genai": "gemini-2.5-flash"}
KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "google_genai": "GOOGLE_API_KEY"}
PACKAGE_EXTRAS = {"anthropic": "anthropic", "google_genai": "google"}  # the extra of pyproject.toml that installs the package
OLLAMA_URL = "http://127.0.0.1:11434"
PLACEHOLDER_KEY = "none"  # the client requires a key, also for servers that ignore it
MAX_RETRIES = 2  # by the provider's client: before the first token, with backoff, respecting Retry-After
MAX_ANSWER_TOKENS = 700
SEED = 7
_ALIASES = {"google": "google_genai", "gemini": "google_genai"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits of one answer, in seconds (first token, gap between two, whole answer), and its length in characters."""

    first_seconds: float = 30.0
    gap_seconds: float = 20.0
    total_seconds: float = 180.0
    max_characters: int = 16_000


# The local model reads about 50 tokens of prompt a second on two idle cores, and fewer when they are shared.
LOCAL_LIMITS = Limits(first_seconds=120.0, gap_seconds=60.0, total_seconds=300.0)


class ChatModel:
    """A chat model by its name. Nothing is imported or connected to before `model` is read."""

    def __init__(
        self,
        name: str,
        build: "Callable[[], BaseChatModel]",
        limits: Limits | None = None,
        *,
        may_add_readings: bool = True,
    ) -> None:
        """`build` returns the LangChain model or raises `ModelError`.

        `may_add_readings` says whether sentences of kind `reading` (its own interpretation, shown apart) are accepted from it.
        """
        self.name = name
        self.may_add_readings = may_add_readings
        self.limits = limits or Limits()
        self._build = build

    @property
    def is_local(self) -> bool:
        """Whether it is a file that llama.cpp serves inside this process."""
        return self.name.partition(":")[0] == LOCAL

    @cached_property
    def model(self) -> "BaseChatModel":
        """The LangChain chat model. Raises `ModelError` where a package, a key or a file is missing."""
        return self._build()


def open_chat_model(name: str, keys: "Keys", cache: Path) -> ChatModel | None:
    """The chat model that `name` (`BOT_LLM`) stands for; None means quotations only. `cache` is the folder of downloaded models.

    Raises `ModelError` for an unknown name and for a missing key or package. Makes no network request.
    """
    name = name.strip()
    if name == "auto":
        name = _automatic_choice(keys, cache)
    kind, _, rest = name.partition(":")
    if name == QUOTES:
        return None
    if kind == LOCAL:
        file = Path(rest).expanduser() if rest else files.LOCAL_CHAT.path(cache)
        shown = f"{LOCAL}:{file.name}" if rest else LOCAL
        # No readings: small models invent connections that the essays do not make.
        return ChatModel(shown, lambda: _build_local(file), LOCAL_LIMITS, may_add_readings=False)
    if not rest and not (kind == "openai" and keys.openai_base_url):
        raise ModelError(model_errors.NO_SUCH_CHAT_MODEL.format(name=name, example=DEFAULT_MODELS["openai"]))
    provider = provider_of(name)
    _require_key(name, keys)
    _require_package(provider)
    return ChatModel(name, lambda: _build_remote(provider, rest, keys))


def provider_of(name: str) -> str:
    """The provider in `name` (`BOT_LLM`), as LangChain calls it: `gemini:x` gives `google_genai`."""
    kind = name.strip().partition(":")[0]
    return _ALIASES.get(kind, kind)


def missing_key(name: str, keys: "Keys") -> str:
    """The variable that the provider in `name` (`BOT_LLM`) needs and that is not set, such as `OPENAI_API_KEY`; else empty."""
    provider = provider_of(name)
    if provider not in KEY_VARIABLES or key_of(provider, keys) or (provider == "openai" and keys.openai_base_url):
        return ""
    return KEY_VARIABLES[provider]


def key_of(provider: str, keys: "Keys") -> str:
    """The key of a provider, as LangChain calls it; empty where it is not set or the provider has no variable in `Keys`."""
    return keys.of(provider.partition("_")[0])


def _automatic_choice(keys: "Keys", cache: Path) -> str:
    """The provider whose key is set, else the local model where it is installed, else `quotes`."""
    if keys.openai_base_url and not key_of("openai", keys):
        return "openai:"
    for provider, model in DEFAULT_MODELS.items():
        if key_of(provider, keys):
            return "openai:" if provider == "openai" and keys.openai_base_url else f"{provider}:{model}"
    return LOCAL if find_spec("xllamacpp") and files.LOCAL_CHAT.is_there(cache) else QUOTES


def _require_key(name: str, keys: "Keys") -> None:
    """Raise `ModelError` where the key of the named provider is not set."""
    if variable := missing_key(name, keys):
        raise ModelError(model_errors.NO_KEY.format(provider=provider_of(name), variable=variable))


def _require_package(provider: str) -> None:
    """Raise `ModelError` where a provider of `PACKAGE_EXTRAS` is named and its package is not installed."""
    if provider in PACKAGE_EXTRAS and not find_spec(f"langchain_{provider}"):
        raise _missing_package(provider, f"pip install '.[{PACKAGE_EXTRAS[provider]}]'")


def _missing_package(provider: str, command: str) -> ModelError:
    return ModelError(model_errors.NO_PACKAGE.format(provider=provider, command=command))


def _build_local(file: Path) -> "BaseChatModel":
    address, key = llamacpp.serve(file)
    # Greedy and seeded, so that the same question gets the same answer. The penalty keeps a small model from repeating itself.
    return _openai_client("local", address, key, temperature=0.0, seed=SEED, frequency_penalty=0.3)


def _build_remote(provider: str, model: str, keys: "Keys") -> "BaseChatModel":
    if provider == "openai":
        address, key = keys.openai_base_url or None, key_of("openai", keys) or PLACEHOLDER_KEY
        return _openai_client(model or _first_listed_model(str(address), key), address, key)
    if provider == "ollama":
        return _openai_client(model, _ollama_address(keys.ollama_host), PLACEHOLDER_KEY)
    try:
        from langchain.chat_models import init_chat_model

        credentials: dict[str, Any] = {"api_key": key} if (key := key_of(provider, keys)) else {}
        built: BaseChatModel = init_chat_model(
            model, model_provider=provider, max_retries=MAX_RETRIES, max_tokens=MAX_ANSWER_TOKENS, **credentials
        )
        return built
    except ImportError:
        raise _missing_package(provider, f"pip install langchain-{provider.replace('_', '-')}") from None
    except Exception as error:  # its message may contain a key
        raise ModelError(model_errors.NOT_OPENED.format(provider=provider, model=model, reason=type(error).__name__)) from None


def _openai_client(model: str, address: str | None, key: str, **options: Any) -> "BaseChatModel":
    """The client of every OpenAI-style server, with the chat completions API whatever the model's name."""
    from langchain.chat_models import init_chat_model

    built: BaseChatModel = init_chat_model(
        model,
        model_provider="openai",
        base_url=address,
        api_key=key,
        max_retries=MAX_RETRIES,
        max_tokens=MAX_ANSWER_TOKENS,
        use_responses_api=False,
        stream_usage=False,
        **options,
    )
    return built


def _ollama_address(host: str) -> str:
    """The OpenAI-style address of an Ollama server from `OLLAMA_HOST`, which may lack the scheme."""
    host = host if "://" in host or not host else f"http://{host}"
    return f"{(host or OLLAMA_URL).rstrip('/')}/v1"


def _first_listed_model(address: str, key: str) -> str:
    """The first model that a server lists: most local servers have only one. Raises `ModelError` where it lists none."""
    try:
        client = importlib.import_module("openai").OpenAI(base_url=address, api_key=key, timeout=10.0, max_retries=0)
        return str(client.models.list().data[0].id)
    except Exception as error:  # its message may contain a key
        raise ModelError(model_errors.NO_MODEL_LIST.format(reason=type(error).__name__)) from None
