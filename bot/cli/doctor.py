"""Looks over an installation: what is there, what is not, and what to do about it. Loads no model and changes nothing."""

import errno
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.errors import BotError, CorpusError
from bot.indexing import loader
from bot.indexing.build import index_fingerprint
from bot.models import download
from bot.models.chat import open_chat_model
from bot.models.embeddings import Embedder
from bot.settings import Keys, Settings
from bot.store import open_store
from bot.store.disk import free_bytes

LEAST_DISK = 1_500_000_000  # bytes: the bundled embedder's folder, an index and its working copy


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and the remedy where it is not fine."""

    name: str
    fine: bool
    found: str
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The check as plain JSON."""
        return asdict(self)


def examine() -> list[Check]:
    """Every check, in the order in which one would mend things. Raises `SettingsError` where the settings cannot be read at all."""
    settings = Settings.load()
    looks: list[tuple[str, Callable[[Settings], Check]]] = [
        ("python", _python),
        ("corpus", _corpus),
        ("embedder", _embedder),
        ("index", _index),
        ("model", _voice),
        ("key", _key),
        ("port", _page),
        ("disk", _disk),
    ]
    return [_safely(name, look, settings) for name, look in looks]


def _safely(name: str, look: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return look(settings)
    except BotError as error:
        return Check(name, False, str(error), "do what the line says")


def _python(_: Settings) -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _corpus(settings: Settings) -> Check:
    try:
        shelf = loader.load_essays([settings.corpus])
    except CorpusError as error:
        return Check("corpus", False, str(error), "set BOT_CORPUS to a folder with essays (.md, .txt)")
    return Check("corpus", True, f"{len(shelf.essays)} essays in {settings.corpus}")


def _embedder(settings: Settings) -> Check:
    embedder = Embedder(settings.embedding_model, settings.cache)
    embedder.check()
    return Check("embedder", True, settings.embedding_model or f"bundled, {embedder.fingerprint.get('model', '')}")


def _index(settings: Settings) -> Check:
    where = settings.chroma_url or str(settings.index)
    manifest = open_store(settings.index, settings.chroma_url).checked()
    if manifest is None:
        return Check("index", False, f"none at {where}", "python ingest.py")
    fits = manifest.fingerprint == index_fingerprint(Embedder(settings.embedding_model, settings.cache))
    found = f"{len(manifest.essays)} essays at {where}" + ("" if fits else ", made with another embedder or version")
    return Check("index", fits, found, "python ingest.py")


def _voice(settings: Settings) -> Check:
    voice = open_chat_model(settings.llm, Keys.load(), settings.cache)
    if voice is None:
        more = " (for a model: make model, or a provider's key)" if settings.llm == "auto" else ""
        return Check("model", True, f"the quotes voice answers, without a model{more}")
    named = settings.llm.partition(":")[2]
    file = Path(named).expanduser() if named else download.model_path(settings.cache)
    if voice.is_local and not file.is_file():
        remedy = "make model, or set BOT_LLM=local:/path.gguf or BOT_LLM=quotes"
        return Check("model", False, f"{voice.name}: there is no {file}", remedy)
    return Check("model", True, f"{voice.name} speaks, behind the quotations")


def _key(settings: Settings) -> Check:
    """Which key is used, never what it is; a model's own check has told already where one is missing."""
    keys = Keys.load()
    held = [name for name in ("openai", "anthropic", "google") if keys.of(name)]
    needed = settings.llm.partition(":")[0] not in ("quotes", "local")
    return Check("key", True, f"set for {', '.join(held)}" if held and needed else "none needed")


def _page(settings: Settings) -> Check:
    place = f"{settings.host}:{settings.port}"
    try:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        ours = error.errno in {errno.EADDRINUSE, errno.EACCES}
        port, host = (
            "stop what listens there, or set BOT_PORT to another port",
            "set BOT_HOST to an address of this machine: 127.0.0.1",
        )
        return Check("port", False, f"{place}: {error.strerror}", port if ours else host)
    return Check("port", True, f"{place} is free")


def _disk(settings: Settings) -> Check:
    free = min(map(free_bytes, (settings.cache, settings.index)))
    return Check(
        "disk", free >= LEAST_DISK, f"{free / 1e9:.1f} GB free", "free some space, or set BOT_CACHE and BOT_INDEX to another disk"
    )
