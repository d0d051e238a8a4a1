"""The local model's server: llama.cpp inside this process, speaking the OpenAI protocol on loopback. One for each file, kept running."""

import secrets
import threading
from pathlib import Path
from typing import Any

from bot.errors import ModelError

CONTEXT = 4096  # tokens: rules, talk, passages and an answer come to about half of it
AT_ONCE = 2  # answers; a third waits

KEPT = 256  # MB of read prompts that llama.cpp keeps, so that the rules at the head of each are not read again

_servers: dict[Path, tuple[Any, str]] = {}
_lock = threading.Lock()


def serve(gguf: Path) -> tuple[str, str]:
    """The base address (`http://127.0.0.1:…/v1`) and key of a server with the model in the file `gguf`; the first call loads it.

    Raises `ModelError` where xllamacpp is not installed, and for a file that is missing or is no GGUF.
    """
    with _lock:
        if gguf not in _servers:
            _servers[gguf] = _start(gguf)
        server, key = _servers[gguf]
        return f"{server.listening_address}/v1", key


def _start(gguf: Path) -> tuple[Any, str]:
    try:
        from xllamacpp import CommonParams, Server
    except ImportError:
        raise ModelError(
            "BOT_LLM asks for the local model, and xllamacpp is not installed. Install it with: pip install '.[local]'",
            "BOT_LLM이 로컬 모델을 쓰게 되어 있으나 xllamacpp가 설치되어 있지 않습니다. pip install '.[local]' 로 설치해 주세요.",
        ) from None
    if not _is_gguf(gguf):
        raise ModelError(
            f"{gguf} is no GGUF model file. Fetch the default one with: make model",
            f"{gguf}은(는) GGUF 모델 파일이 아닙니다. make model 로 기본 모델을 받아 주세요.",
        )
    params = CommonParams()
    params.model.path = str(gguf)
    params.n_ctx = CONTEXT * AT_ONCE
    params.n_parallel = AT_ONCE
    params.cache_ram_mib = KEPT
    params.verbosity = -1
    # Other programs on this machine, web pages among them, have no business with it.
    key = secrets.token_urlsafe(16)
    params.hostnames, params.port, params.api_keys, params.cors_origins = ["127.0.0.1"], 0, [key], ""
    params.ui = params.endpoint_slots = False
    try:
        return Server(params), key
    except Exception as error:
        raise ModelError(
            f"llama.cpp cannot load {gguf} ({type(error).__name__}). Delete it and fetch it with: make model"
        ) from None


def _is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"GGUF"
    except OSError:
        return False
