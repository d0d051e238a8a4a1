"""Looks over an installation: what is there, what is not, and what to do about it. Loads no model and changes nothing."""

import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.embeddings import Embedder
from bot.errors import BotError
from bot.pipeline import index_fingerprint
from bot.settings import Settings
from bot.store import open_store

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
        ("voice", _voice),
        ("page", _page),
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
    there = settings.corpus.exists()
    return Check("corpus", there, str(settings.corpus), "set BOT_CORPUS to a folder with essays (.md, .txt)")


def _embedder(settings: Settings) -> Check:
    fingerprint = Embedder(settings.embedding_model, settings.cache).fingerprint
    return Check("embedder", True, settings.embedding_model or f"bundled, {fingerprint.get('model', '')}")


def _index(settings: Settings) -> Check:
    where = settings.chroma_url or str(settings.index)
    manifest = open_store(settings.index, settings.chroma_url).manifest()
    if manifest is None:
        return Check("index", False, f"none at {where}", "python ingest.py")
    fits = manifest.fingerprint == index_fingerprint(Embedder(settings.embedding_model, settings.cache))
    found = f"{len(manifest.essays)} essays at {where}" + ("" if fits else ", made with another embedder or version")
    return Check("index", fits, found, "python ingest.py")


def _voice(settings: Settings) -> Check:
    return Check("voice", True, "quotes (needs no model and no key)")


def _page(settings: Settings) -> Check:
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex((settings.host, settings.port)) == 0
    found = f"{settings.host}:{settings.port}{' is in use' if taken else ' is free'}"
    return Check("page", not taken, found, "stop what listens there, or set BOT_PORT to another port")


def _disk(settings: Settings) -> Check:
    free = min(shutil.disk_usage(_there(path)).free for path in (settings.cache, settings.index))
    return Check(
        "disk", free >= LEAST_DISK, f"{free / 1e9:.1f} GB free", "free some space, or set BOT_CACHE and BOT_INDEX to another disk"
    )


def _there(path: Path) -> Path:
    """The nearest folder above `path` that exists."""
    path = path.absolute()
    return path if path.exists() else _there(path.parent)
