"""Checks an installation: what is there, what is missing, and what to do about it.

Loads no model and changes nothing, except that it repairs the index where that is asked for.
"""

import errno
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import BotError, CorpusError, IndexDamaged, IndexMismatch, StoreError
from bot.indexing import loader
from bot.indexing.build import index_fingerprint, ingest_command, made_with
from bot.indexing.repair import embedder_for, repair
from bot.messages.index_errors import DEFAULT_COLLECTION
from bot.models import chat, choice, files, gemma
from bot.models.embeddings import E5_SMALL, KNOWN, Embedder
from bot.schema import Progress, no_progress
from bot.settings import Keys, Settings
from bot.store import collections_in, index_missing, open_store, store_of
from bot.store.disk import free_bytes
from bot.store.salvage import has_generations

REPAIR = "python -m bot doctor --repair"
MIN_FREE_BYTES = 1_500_000_000  # the bundled embedder's folder, an index and its working copy


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check: what was found, and the remedy where it did not pass."""

    name: str
    passed: bool
    finding: str
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The check as JSON: `name`, `fine`, `found`, `remedy`."""
        return {"name": self.name, "fine": self.passed, "found": self.finding, "remedy": self.remedy}


def run_checks(collection: str | None = None) -> list[Check]:
    """All checks, in the order in which to repair what they find. Raises `SettingsError` where the settings cannot be read."""
    settings = Settings.load(collection=collection)
    checks: list[tuple[str, Callable[[Settings], Check]]] = [
        ("python", _check_python),
        ("corpus", _check_corpus),
        ("embedder", _check_embedder),
        ("index", _check_index),
        ("collections", _check_collections),
        ("model", _check_model),
        ("key", _check_key),
        ("port", _check_port),
        ("disk", _check_disk),
    ]
    return [_failed_on_error(name, check, settings) for name, check in checks]


def repair_index(collection: str | None = None, progress: Progress = no_progress) -> list[Check]:
    """Repair one collection, or every one where none is named: a check for each. Raises `SettingsError`, and `StoreError` for a server."""
    settings = Settings.load(collection=collection)
    names = [settings.collection] if collection is not None else collections_in(settings.index, settings.chroma_url)

    def repaired(chosen: Settings) -> Check:
        return Check("repair", True, str(repair(chosen, embedder_for(chosen), progress)))

    chosen = [settings.model_copy(update={"collection": name}) for name in names or [settings.collection]]
    return [_failed_on_error("repair", repaired, each) for each in chosen]


def _failed_on_error(name: str, check: Callable[[Settings], Check], settings: Settings) -> Check:
    """The check's result; a `BotError` is a failed check."""
    try:
        return check(settings)
    except BotError as error:
        return Check(name, False, str(error), "follow the instruction in the message")


def _check_python(_: Settings) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _check_corpus(settings: Settings) -> Check:
    try:
        collection = loader.load_essays([settings.corpus])
    except CorpusError as error:
        return Check("corpus", False, str(error), "set BOT_CORPUS to a folder with essays (.md, .txt, .html, .pdf, .docx, …)")
    return Check("corpus", True, f"{len(collection.essays)} essays in {settings.corpus}")


def _check_embedder(settings: Settings) -> Check:
    embedder = _embedder(settings)
    embedder.check()
    finding = f"{embedder.name}, {embedder.fingerprint.get('model', '')}"
    return Check("embedder", True, f"{finding} ({_other(embedder.name, settings)})" if embedder.name in KNOWN else finding)


def _other(name: str, settings: Settings) -> str:
    """What the other of the two known embedders would bring."""
    if name == E5_SMALL:
        place = "there" if gemma.is_installed(settings.cache) else "1.2 GB to fetch"
        return f"embeddinggemma finds more, {place}: {_remake_command(gemma.NAME, settings)}"
    return f"e5-small is smaller and faster, MIT, and finds less: {_remake_command(E5_SMALL, settings)}"


def _remake_command(name: str, settings: Settings) -> str:
    """The command that makes the index anew with another embedder, from the same paths where it says which they were."""
    manifest = None
    with suppress(StoreError):
        manifest = store_of(settings).manifest()
    return ingest_command(settings.collection, manifest, "--embedding-model", name)


def _embedder(settings: Settings) -> Embedder:
    return choice.chosen(settings.embedding_model, made_with(store_of(settings)), settings.cache)


def _check_index(settings: Settings) -> Check:
    store = store_of(settings)
    manifest = store.checked()
    if manifest is None and has_generations(store):
        return Check("index", False, str(index_missing(settings)), REPAIR)
    if manifest is None:
        named = f" --collection {settings.collection} PATH" if settings.collection else ""
        return Check("index", False, f"none at {store.place}", f"python ingest.py{named}")
    matches = manifest.fingerprint == index_fingerprint(_embedder(settings))
    finding = f"{len(manifest.essays)} essays at {store.place}" + ("" if matches else ", made with another embedder or version")
    return Check("index", matches, finding, REPAIR)


def _check_collections(settings: Settings) -> Check:
    """All collections by name: the number of essays of each, or what is wrong with it. The one in use is checked as the index."""
    try:
        names = collections_in(settings.index, settings.chroma_url)
    except StoreError:
        return Check("collections", True, "not checked, since the index cannot be read")
    found = {name: ("in use", True) if name == settings.collection else _collection_finding(settings, name) for name in names}
    listed = ", ".join(f"{name or DEFAULT_COLLECTION} ({finding})" for name, (finding, _) in found.items())
    return Check("collections", all(passed for _, passed in found.values()), listed or "none yet", REPAIR)


def _collection_finding(settings: Settings, name: str) -> tuple[str, bool]:
    """What is in a collection, and whether it is whole."""
    with suppress(IndexDamaged, IndexMismatch):
        if manifest := open_store(settings.index, settings.chroma_url, name).checked():
            return f"{len(manifest.essays)} essays", True
    return "damaged or of another version", False


def _check_model(settings: Settings) -> Check:
    chat_model = chat.open_chat_model(settings.llm, Keys.load(), settings.cache, settings.model_class or None)
    if chat_model is None:
        hint = " (for a chat model: a provider's key, Ollama, or make model and BOT_LLM=local)" if settings.llm == "auto" else ""
        return Check("model", True, f"no chat model, quotations only{hint}")
    path = settings.llm.partition(":")[2]
    file = Path(path).expanduser() if path else files.LOCAL_CHAT.path(settings.cache)
    if chat_model.is_local and not file.is_file():
        remedy = "make model, or set BOT_LLM=local:/path.gguf or BOT_LLM=quotes"
        return Check("model", False, f"{chat_model.name}: there is no {file}", remedy)
    return Check("model", True, f"{chat_model.name} writes the answers; treated as {chat_model.model_class}")


def _check_key(settings: Settings) -> Check:
    """Which provider's key is set or missing; the key itself is never shown."""
    keys = Keys.load()
    provider = chat.provider_of(settings.llm)
    if variable := chat.missing_key(settings.llm, keys):
        return Check("key", False, f"BOT_LLM names {provider}, and its key is not set", f"set {variable}, or BOT_LLM=quotes")
    named = chat.KEY_VARIABLES if provider == "auto" else {provider}
    providers = [name for name in named if chat.key_of(name, keys)]
    if providers:
        return Check("key", True, f"set for {', '.join(providers)}")
    if ":" in settings.llm and provider not in {*chat.KEY_VARIABLES, chat.LOCAL, "ollama"}:
        return Check("key", True, f"not checked: langchain-{provider} reads its own variable")
    return Check("key", True, "none needed")


def _check_port(settings: Settings) -> Check:
    address = f"{settings.host}:{settings.port}"
    try:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            remedy = "stop the program that listens there, or set BOT_PORT to another port"
        else:
            remedy = "set BOT_HOST to an address of this machine: 127.0.0.1"
        return Check("port", False, f"{address}: {error.strerror}", remedy)
    return Check("port", True, f"{address} is free")


def _check_disk(settings: Settings) -> Check:
    free = min(map(free_bytes, (settings.cache, settings.index)))
    remedy = "free some space, or set BOT_CACHE and BOT_INDEX to another disk"
    return Check("disk", free >= MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free", remedy)
