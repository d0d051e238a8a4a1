"""Chat models by name: `BOT_LLM` is resolved to a LangChain chat model, which is built when it is first used.

Every OpenAI-style server (OpenAI, Ollama, vLLM, LM Studio, llama.cpp, the local model's own) is reached by the same client.
"""

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import ModelError
from bot.messages import model_errors
from bot.messages.text import Text
from bot.models import files, gguf, llamacpp, model_class, ollama
from bot.schema import ModelClass

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from bot.settings import Keys

QUOTES = "quotes"  # quotations only, without a chat model
LOCAL = "local"
OLLAMA = "ollama"
# For BOT_LLM=auto: providers in order of preference, each with a model that is small enough to answer while the reader waits.
DEFAULT_MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5", "google_genai": "gemini-2.5-flash"}
KEY_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "google_genai": "GOOGLE_API_KEY"}
PACKAGE_EXTRAS = {"anthropic": "anthropic", "google_genai": "google"}  # the extra of pyproject.toml that installs the package
PLACEHOLDER_KEY = "none"  # the client requires a key, also for servers that ignore it
MAX_RETRIES = 2  # by the provider's client: before the first token, with backoff, respecting Retry-After
MAX_ANSWER_TOKENS = 700  # that a small model may send
# That a capable one may send: up to 900 of answer, and what it thinks before, which servers count as a part of the answer.
MAX_CAPABLE_TOKENS = 4_000
SEED = 7
log = logging.getLogger(__name__)
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
        parameters: Callable[[], float] | None = None,
        forced_class: ModelClass | None = None,
        context_tokens: Callable[[], int] | None = None,
    ) -> None:
        """`build` returns the LangChain model or raises `ModelError`.

        `parameters` returns the number of its parameters, 0 where that is not known; without it the model is capable. `forced_class` wins
        over both. `context_tokens` returns how many tokens a prompt with its answer may have; without it there is room for any.
        """
        self.name = name
        self.limits = limits or Limits()
        self._build = build
        self._parameters, self._class = parameters, forced_class
        self._context_tokens = context_tokens

    @property
    def model_class(self) -> ModelClass:
        """Whether the model is capable or small. It is asked for again while the number of its parameters is not known."""
        if self._class is None:
            count = self._parameters() if self._parameters else None
            found = model_class.CAPABLE if count is None else model_class.of_parameters(count)
            if count == 0:
                return found
            self._class = found
        return self._class

    @property
    def context_tokens(self) -> int:
        """How many tokens a prompt with its answer may have; 0 where no limit matters."""
        return self._context_tokens() if self._context_tokens else 0

    @property
    def is_capable(self) -> bool:
        """Whether it is given long contexts, and decides whether the essays answer a question."""
        return self.model_class == model_class.CAPABLE

    @property
    def may_add_readings(self) -> bool:
        """Whether sentences of kind `reading` (its own interpretation) are accepted: small models invent connections."""
        return self.is_capable

    @property
    def is_local(self) -> bool:
        """Whether it is a file that llama.cpp serves inside this process."""
        return self.name.partition(":")[0] == LOCAL

    @cached_property
    def model(self) -> "BaseChatModel":
        """The LangChain chat model. Raises `ModelError` where a package, a key or a file is missing."""
        return self._build()


def open_chat_model(name: str, keys: "Keys", cache: Path, forced_class: ModelClass | None = None) -> ChatModel | None:
    """The chat model that `name` (`BOT_LLM`) stands for; None means quotations only. `cache` is the folder of downloaded models.

    `forced_class` is what the model is treated as, whatever its size. Raises `ModelError` for an unknown name and for a missing key or
    package. Makes no network request, but for `auto` without a key, which asks for an Ollama server on this machine.
    """
    given, name = name, _automatic_choice(keys) if name.strip() == "auto" else name.strip()
    if said := found_on_this_machine(given, name):
        log.info("%s", said)
    kind, _, rest = name.partition(":")
    if name == QUOTES:
        return None
    if kind == LOCAL:
        return _local_file(rest, cache, forced_class)
    if not rest and not (kind == "openai" and keys.openai_base_url):
        raise ModelError(model_errors.NO_SUCH_CHAT_MODEL.format(name=name, example=DEFAULT_MODELS["openai"]))
    provider = provider_of(name)
    _require_key(name, keys)
    _require_package(provider)
    return _on_server(name, rest, keys, forced_class)


def _local_file(path: str, cache: Path, forced_class: ModelClass | None) -> ChatModel:
    """The model in the GGUF file at `path`, in the one that can be fetched where that is empty."""
    file = Path(path).expanduser() if path else files.LOCAL_CHAT.path(cache)

    def build() -> "BaseChatModel":
        return _build_local(file, is_capable=opened.is_capable)

    shown = f"{LOCAL}:{file.name}" if path else LOCAL
    opened = ChatModel(shown, build, LOCAL_LIMITS, parameters=lambda: gguf.parameters(file), forced_class=forced_class)
    return opened


def _on_server(name: str, model: str, keys: "Keys", forced_class: ModelClass | None) -> ChatModel:
    """The `model` of the provider in `name`. One of Ollama may have to be loaded and to read on this machine's own processor."""
    provider = provider_of(name)

    def build() -> "BaseChatModel":
        return _build_remote(provider, model, keys, MAX_CAPABLE_TOKENS if opened.is_capable else MAX_ANSWER_TOKENS)

    if provider == OLLAMA:
        opened = ChatModel(
            name,
            build,
            LOCAL_LIMITS,
            parameters=lambda: ollama.parameters_of(model, keys.ollama_host),
            forced_class=forced_class,
            context_tokens=lambda: ollama.context_tokens(model, keys.ollama_host),
        )
    else:
        opened = ChatModel(name, build, forced_class=forced_class)
    return opened


def found_on_this_machine(name: str, found: str) -> Text | None:
    """What to say before the first answer where `auto` (`name`) has found a model of Ollama; None for any other choice."""
    is_found = name.strip() == "auto" and found.startswith(f"{OLLAMA}:")
    return model_errors.FOUND_OLLAMA.format(name=found) if is_found else None


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


def _automatic_choice(keys: "Keys") -> str:
    """The provider whose key is set, else the largest chat model of an Ollama server on this machine, else `quotes`."""
    if keys.openai_base_url and not key_of("openai", keys):
        return "openai:"
    for provider, model in DEFAULT_MODELS.items():
        if key_of(provider, keys):
            return "openai:" if provider == "openai" and keys.openai_base_url else f"{provider}:{model}"
    model = ollama.largest_chat_model(keys.ollama_host)
    return f"{OLLAMA}:{model}" if model else QUOTES


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


def _build_local(file: Path, *, is_capable: bool) -> "BaseChatModel":
    address, key = llamacpp.serve(file, llamacpp.LONG_CONTEXT_TOKENS if is_capable else llamacpp.CONTEXT_TOKENS)
    tokens = MAX_CAPABLE_TOKENS if is_capable else MAX_ANSWER_TOKENS
    # Greedy and seeded, so that the same question gets the same answer. The penalty keeps a small model from repeating itself.
    return _openai_client("local", address, key, tokens, temperature=0.0, seed=SEED, frequency_penalty=0.3)


def _build_remote(provider: str, model: str, keys: "Keys", tokens: int) -> "BaseChatModel":
    """The client of a provider's model, which may send that many tokens."""
    if provider == "openai":
        address, key = keys.openai_base_url or None, key_of("openai", keys) or PLACEHOLDER_KEY
        return _openai_client(model or _first_listed_model(str(address), key), address, key, tokens)
    if provider == OLLAMA:
        return _openai_client(model, f"{ollama.address(keys.ollama_host)}/v1", PLACEHOLDER_KEY, tokens)
    try:
        from langchain.chat_models import init_chat_model

        credentials: dict[str, Any] = {"api_key": key} if (key := key_of(provider, keys)) else {}
        built: BaseChatModel = init_chat_model(
            model, model_provider=provider, max_retries=MAX_RETRIES, max_tokens=tokens, **credentials
        )
        return built
    except ImportError:
        raise _missing_package(provider, f"pip install langchain-{provider.replace('_', '-')}") from None
    except Exception as error:  # its message may contain a key
        raise ModelError(model_errors.NOT_OPENED.format(provider=provider, model=model, reason=type(error).__name__)) from None


def _openai_client(model: str, address: str | None, key: str, tokens: int, **options: Any) -> "BaseChatModel":
    """The client of every OpenAI-style server, with the chat completions API whatever the model's name."""
    from langchain.chat_models import init_chat_model

    built: BaseChatModel = init_chat_model(
        model,
        model_provider="openai",
        base_url=address,
        api_key=key,
        max_retries=MAX_RETRIES,
        max_tokens=tokens,
        use_responses_api=False,
        stream_usage=False,
        **options,
    )
    return built


def _first_listed_model(address: str, key: str) -> str:
    """The first model that a server lists: most local servers have only one. Raises `ModelError` where it lists none."""
    try:
        client = importlib.import_module("openai").OpenAI(base_url=address, api_key=key, timeout=10.0, max_retries=0)
        return str(client.models.list().data[0].id)
    except Exception as error:  # its message may contain a key
        raise ModelError(model_errors.NO_MODEL_LIST.format(reason=type(error).__name__)) from None
