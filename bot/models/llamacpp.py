"""The local model's server: llama.cpp inside this process, with the OpenAI API on loopback. One server a file, never stopped."""

import secrets
import threading
from pathlib import Path
from typing import Any

from bot.errors import ModelError
from bot.messages import model_errors

CONTEXT_TOKENS = 4096  # an answer of a small model with its prompt (rules, chat, passages) takes about half of it
LONG_CONTEXT_TOKENS = 14_336  # for a capable model: a prompt with an essay of 8,000 tokens, and the answer
MAX_PARALLEL = 2  # answers at a time; a third one waits
PROMPT_CACHE_MB = 256  # processed prompts that llama.cpp keeps, so that the rules at their start are not processed again

_servers: dict[Path, tuple[Any, str]] = {}
_lock = threading.Lock()


def serve(gguf: Path, context_tokens: int = CONTEXT_TOKENS) -> tuple[str, str]:
    """The base address (`http://127.0.0.1:…/v1`) and the key of a server of the model in the file `gguf`. The first call loads it.

    `context_tokens` is the room for one prompt with its answer.
    Raises `ModelError` where xllamacpp is not installed, and where the file is missing, is not a GGUF file or cannot be loaded.
    """
    with _lock:
        if gguf not in _servers:
            _servers[gguf] = _start(gguf, context_tokens)
        server, key = _servers[gguf]
        return f"{server.listening_address}/v1", key


def _start(gguf: Path, context_tokens: int) -> tuple[Any, str]:
    try:
        from xllamacpp import CommonParams, Server
    except ImportError:
        raise ModelError(model_errors.NO_XLLAMACPP) from None
    if not _is_gguf(gguf):
        raise ModelError(model_errors.NOT_GGUF.format(file=gguf))
    params = CommonParams()
    params.model.path = str(gguf)
    params.n_ctx = context_tokens * MAX_PARALLEL
    params.n_parallel = MAX_PARALLEL
    params.cache_ram_mib = PROMPT_CACHE_MB
    params.verbosity = -1
    # Keeps out other programs of this machine, and web pages in its browsers.
    key = secrets.token_urlsafe(16)
    params.hostnames, params.port, params.api_keys, params.cors_origins = ["127.0.0.1"], 0, [key], ""
    params.ui = params.endpoint_slots = False
    try:
        return Server(params), key
    except Exception as error:
        raise ModelError(model_errors.NOT_LOADED.format(file=gguf, reason=type(error).__name__)) from None


def _is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"GGUF"
    except OSError:
        return False
