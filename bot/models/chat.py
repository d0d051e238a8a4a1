"""The language model by name: which voice speaks, and the LangChain chat model behind it, made when it is first needed.

Every OpenAI-style server (OpenAI, Ollama, vLLM, LM Studio, llama.cpp, our own local one) is reached by one client.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import ModelError
from bot.models import download, llamacpp

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from bot.settings import Keys

QUOTES = "quotes"
LOCAL = "local"
# In this order, where BOT_LLM is auto: the provider whose key is set, and a small model of its that is quick enough to read along with.
DEFAULTS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5", "google_genai": "gemini-2.5-flash"}
EXTRAS = {"anthropic": "anthropic", "google_genai": "google"}
OLLAMA = "http://127.0.0.1:11434"
NO_KEY = "none"  # servers without keys want one all the same
RETRIES = 2  # by the provider's own client, before the first token, with backoff, heeding Retry-After
MAX_ANSWER_TOKENS = 700  # tokens of an answer; what people read beside a text
SEED = 7
_GOOGLE = {"google": "google_genai", "gemini": "google_genai"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to the first token, between two, and of the whole answer; and characters, after which the rest is cut off."""

    first: float = 30.0
    gap: float = 20.0
    total: float = 180.0
    characters: int = 16_000


LOCAL_LIMITS = Limits(first=120.0, gap=60.0, total=300.0)  # a model on two cores reads 50 tokens a second, with others fewer


class ChatModel:
    """A language model by its name. Nothing is imported or reached before `chat`."""

    def __init__(
        self, name: str, make: "Callable[[], BaseChatModel]", limits: Limits | None = None, *, reads: bool = True
    ) -> None:
        """`make` builds the chat model, or raises `ModelError`. `reads` says whether it may draw connections of its own."""
        self.name = name
        self.reads = reads
        self.limits = limits or Limits()
        self._make = make

    @property
    def is_local(self) -> bool:
        """Whether it is a file in this process's own llama.cpp."""
        return self.name.partition(":")[0] == LOCAL

    @cached_property
    def chat(self) -> "BaseChatModel":
        """The chat model. Raises `ModelError` where a package, a key or a file is missing."""
        return self._make()


def open_chat_model(name: str, keys: "Keys", folder: Path) -> ChatModel | None:
    """The voice called `name` (`BOT_LLM`); None is the `quotes` voice. `folder` is where models are kept.

    Raises `ModelError`, with its remedy, for a name that is none and for what is missing and can be seen without a network.
    """
    name = name.strip()
    if name == "auto":
        name = _automatic(keys, folder)
    kind, _, rest = name.partition(":")
    if name == QUOTES:
        return None
    if kind == LOCAL:
        file = Path(rest).expanduser() if rest else download.model_path(folder)
        return ChatModel(
            f"{LOCAL}:{file.name}" if rest else LOCAL, lambda: _local(file), LOCAL_LIMITS, reads=False
        )  # small ones make them up
    if not rest and not (kind == "openai" and keys.openai_base_url):
        raise ModelError(
            f"BOT_LLM is {name!r}, which is no voice. Choose auto, quotes, local, local:/path.gguf or provider:model, "
            f"for example openai:{DEFAULTS['openai']}.",
            f"BOT_LLM의 {name!r}은(는) 없는 목소리입니다. auto, quotes, local, local:/path.gguf, provider:model 중에서 고르세요.",
        )
    provider = _GOOGLE.get(kind, kind)
    _check_provider(provider, keys)
    return ChatModel(name, lambda: _remote(provider, rest, keys))


def needs_local_model(name: str, voice: str, folder: Path) -> bool:
    """Whether `BOT_LLM=name`, with which `voice` speaks now, would have the default local model speak if its file were in `folder`."""
    wanted = name.strip() == LOCAL or (name.strip() == "auto" and voice == QUOTES)
    return wanted and find_spec("xllamacpp") is not None and not download.is_downloaded(folder)


def _automatic(keys: "Keys", folder: Path) -> str:
    """The provider whose key is set, else the local model where it is installed, else the essays' own sentences."""
    if keys.openai_base_url and not keys.of("openai"):
        return "openai:"
    for provider, model in DEFAULTS.items():
        if keys.of(provider.partition("_")[0]):
            return "openai:" if provider == "openai" and keys.openai_base_url else f"{provider}:{model}"
    return LOCAL if find_spec("xllamacpp") and download.is_downloaded(folder) else QUOTES


def _check_provider(provider: str, keys: "Keys") -> None:
    """Raise `ModelError` for a provider whose package or key is missing, or that there is not."""
    short = provider.partition("_")[0]
    if short in ("openai", "anthropic", "google") and not keys.of(short) and not (short == "openai" and keys.openai_base_url):
        variable = f"{short.upper()}_API_KEY"
        raise ModelError(
            f"BOT_LLM names {provider}, and {variable} is not set. Set it, or BOT_LLM=quotes.",
            f"BOT_LLM이 {provider}인데 {variable}가 없습니다. 키를 넣거나 BOT_LLM=quotes 로 바꾸세요.",
        )
    package = f"langchain_{provider}"
    if provider in EXTRAS and not find_spec(package):
        raise ModelError(
            f"BOT_LLM names {provider}, and its package is not installed. Install it with: pip install '.[{EXTRAS[provider]}]'",
            f"BOT_LLM이 {provider}인데 그 패키지가 없습니다. pip install '.[{EXTRAS[provider]}]' 로 설치해 주세요.",
        )


def _local(file: Path) -> "BaseChatModel":
    address, key = llamacpp.serve(file)
    # Greedy and seeded: the same question gets the same answer. The penalty keeps a small model from going round in circles.
    return _openai("local", address, key, temperature=0.0, seed=SEED, frequency_penalty=0.3)


def _remote(provider: str, model: str, keys: "Keys") -> "BaseChatModel":
    if provider == "openai" or provider == "ollama":
        ollama = provider == "ollama"
        address = _ollama(keys.ollama_host) if ollama else keys.openai_base_url or None
        key = NO_KEY if ollama else keys.of("openai") or NO_KEY
        return _openai(model or _first_model(str(address), key), address, key)
    try:
        from langchain.chat_models import init_chat_model

        given: dict[str, Any] = {"api_key": key} if (key := keys.of(provider.partition("_")[0])) else {}
        made: BaseChatModel = init_chat_model(
            model, model_provider=provider, max_retries=RETRIES, max_tokens=MAX_ANSWER_TOKENS, **given
        )
        return made
    except ImportError:
        package = f"langchain-{provider.replace('_', '-')}"
        raise ModelError(
            f"BOT_LLM names {provider}, and its package is not installed. Install it with: pip install {package}"
        ) from None
    except Exception as error:  # its words may hold a key
        raise ModelError(
            f"BOT_LLM is {provider}:{model}, which LangChain cannot open ({type(error).__name__}). Check the name and the provider's key."
        ) from None


def _openai(model: str, address: str | None, key: str, **how: Any) -> "BaseChatModel":
    """The client of every OpenAI-style server. Its routing by a model's name is turned off, and no chunk waits on its own clock."""
    from langchain.chat_models import init_chat_model

    made: BaseChatModel = init_chat_model(
        model,
        model_provider="openai",
        base_url=address,
        api_key=key,
        max_retries=RETRIES,
        max_tokens=MAX_ANSWER_TOKENS,
        use_responses_api=False,
        stream_usage=False,
        **how,
    )
    return made


def _ollama(host: str) -> str:
    host = host if "://" in host or not host else f"http://{host}"
    return f"{(host or OLLAMA).rstrip('/')}/v1"


def _first_model(address: str, key: str) -> str:
    """The model that a server names first: most local ones hold one."""
    try:
        listed = (
            importlib.import_module("openai").OpenAI(base_url=address, api_key=key, timeout=10.0, max_retries=0).models.list()
        )
        return str(listed.data[0].id)
    except Exception as error:  # its words may hold a key
        raise ModelError(
            f"The server at OPENAI_BASE_URL does not say which models it has ({type(error).__name__}). "
            "Start it, or name the model: BOT_LLM=openai:NAME",
            f"OPENAI_BASE_URL의 서버가 어떤 모델이 있는지 알려 주지 않습니다({type(error).__name__}). "
            "서버를 켜거나 BOT_LLM=openai:이름 으로 모델을 정해 주세요.",
        ) from None
