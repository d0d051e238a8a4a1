"""Readers' own essays: each reader's have an index of their own, which is searched together with a shared collection, by that reader only.

A reader is an opaque token; a hash of it names the folder with the files and the index. Files are staged and indexed, and only then
replace those before.
"""

import hashlib
import json
import logging
import shutil
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from bot import upload_files
from bot.errors import BotError, QuestionError, StoreError
from bot.indexing import loader
from bot.indexing.build import publish
from bot.messages import errors
from bot.pipeline import Bot
from bot.schema import Essay, Progress, Report, no_progress
from bot.settings import collection_name
from bot.store import Store, open_store, text_key
from bot.store.disk import disk_errors

MAX_OPEN_READERS = 32  # whose indexes stay open

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _OpenReader:
    """A reader's open bot over one collection and own essays, and the generation of the collection that they were combined with."""

    bot: Bot
    essays: tuple[Essay, ...]
    generation: str | None


class Uploads:
    """The shared collections, and beside each the own essays of each reader. Threads may share it."""

    def __init__(self, bot: Bot) -> None:
        """`bot` answers readers without own essays, from its own collection; the readers' folders are in its settings' `data`."""
        self._bot = bot
        self._others: dict[str, Bot] = {}  # of the other collections that were asked for, by their names
        self._root = bot.settings.data / "readers"
        # by the names of the folder and of the collection, least recently used first
        self._open: OrderedDict[tuple[str, str], _OpenReader] = OrderedDict()
        self._locks: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()  # a lock that no thread uses is dropped
        self._lock = threading.Lock()  # of the three above

    def bot_for(self, reader: str, collection: str | None = None) -> Bot:
        """The bot that answers this reader: over a collection and their own essays; over that alone where theirs cannot be opened.

        Without a `collection` it is that of the bot. Raises `SettingsError` and `IndexMissing` where there is none of this name.
        """
        shared = self._shared(collection)
        opened = self._opened(reader, shared)
        return opened.bot if opened else shared

    @property
    def collection(self) -> str:
        """The name of the bot's own collection."""
        return self._bot.settings.collection

    def collections(self) -> list[str]:
        """The names of all shared collections; the default one's is empty. Only the bot's own where the others cannot be listed."""
        try:
            return sorted({self.collection, *self._bot.collections()})
        except BotError as error:
            log.warning("The collections cannot be listed: %s", error)
            return [self.collection]

    def essays(self, reader: str, collection: str | None = None) -> list[Essay]:
        """The reader's own essays, by title. They are the same beside each collection. Raises as `bot_for`."""
        opened = self._opened(reader, self._shared(collection))
        return sorted(opened.essays, key=lambda essay: essay.title) if opened else []

    def add(self, reader: str, files: Sequence[tuple[str, Path]], progress: Progress = no_progress) -> Report:
        """Add files, each as (given name, path), to the reader's essays. A file replaces the stored one of the same name.

        Of files of one name in one call each is stored, under different names. The report counts essays, and names, as they were given,
        the files left out and those stored under another name or in the place of another. Raises `CorpusError` over the limits,
        `EmbedderError` and `StoreError`; then the reader's essays are what they were.
        """
        folder = self._folder(reader)
        with self._locked(folder.name), upload_files.staged_copy(folder) as staged:
            changes = upload_files.add_files(staged, files)
            embedded = self._publish(folder, progress) if changes.added or changes.replaced else 0
            return Report(
                added=changes.added,
                changed=changes.replaced,
                unchanged=changes.unchanged,
                embedded=embedded,
                skipped=changes.skipped,
                notes=changes.notes,
            )

    def remove(self, reader: str, identity: str) -> None:
        """Remove one of the reader's own essays. Raises `QuestionError` where they have none with this id, and `StoreError`."""
        folder = self._folder(reader)
        if not folder.exists():
            raise _no_such_essay(identity)
        with self._locked(folder.name), upload_files.staged_copy(folder) as staged:
            essays = upload_files.load(staged, self._shared_ids())
            name = next((name for name, essay in essays.items() if essay.id == identity), None)
            if name is None:
                raise _no_such_essay(identity)
            (staged / name).unlink()
            if len(essays) > 1:
                self._publish(folder, no_progress)
            else:
                self._close(folder.name)
                shutil.rmtree(folder / "essays")  # `staged_copy` then removes the folder

    def _shared(self, collection: str | None) -> Bot:
        """The bot of a shared collection."""
        name = self.collection if collection is None else collection_name(collection)
        if name == self.collection:
            return self._bot
        with self._lock:
            if name not in self._others:
                self._others[name] = self._bot.of_collection(name)
            return self._others[name]

    def _opened(self, reader: str, shared: Bot) -> _OpenReader | None:
        """The reader's bot and essays, opened again where the collection has changed; None without own essays or where it fails."""
        folder = self._folder(reader) if reader else None
        if folder is None or not folder.exists():
            return None
        with self._locked(folder.name):
            opened = self._lookup(folder.name, shared)
            if opened and opened.generation == shared.generation:
                return opened
            try:
                with disk_errors(folder, "BOT_DATA"):
                    upload_files.recover(folder)
                    essays = upload_files.load(folder / "essays", self._shared_ids())
                return self._index(folder, list(essays.values()), no_progress, shared)[0] if essays else None
            except BotError as error:
                log.warning("A reader's own essays are left out: %s", error)
                return None

    def _lookup(self, name: str, shared: Bot) -> _OpenReader | None:
        """The open reader of a folder over a collection, marked as the most recently used; None where it is not open."""
        key = name, shared.settings.collection
        with self._lock:
            if key in self._open:
                self._open.move_to_end(key)
            return self._open.get(key)

    def _keep_open(self, name: str, shared: Bot, opened: _OpenReader) -> None:
        """Keep a reader open, and close the least recently used ones beyond the limit. Their indexes close after the last answer from them."""
        key = name, shared.settings.collection
        with self._lock:
            self._open[key] = opened
            self._open.move_to_end(key)
            while len(self._open) > MAX_OPEN_READERS:
                self._open.popitem(last=False)

    def _close(self, name: str, but: str | None = None) -> None:
        """Close a reader over all collections `but` one; the next access opens it again from the files."""
        with self._lock:
            for key in [key for key in self._open if key[0] == name and key[1] != but]:
                del self._open[key]

    def _index(self, folder: Path, essays: Sequence[Essay], progress: Progress, shared: Bot) -> tuple[_OpenReader, int]:
        """Index the reader's essays and keep the reader open over a collection. Return it and the number of windows embedded."""
        shared.index()  # opened now, so that its embedder is the one that made what is published
        generation, store = shared.generation, self._own_store(folder, shared)
        report = publish(loader.Collection(tuple(essays), (), ()), store, shared.embedder, progress)
        opened = _OpenReader(shared.joined(store), tuple(essays), generation)
        self._keep_open(folder.name, shared, opened)
        return opened, report.embedded

    def _own_store(self, folder: Path, shared: Bot) -> Store:
        """The index of a reader's essays beside a collection: there is one for each embedder that made a collection."""
        made_with = text_key(json.dumps(shared.embedder.fingerprint, sort_keys=True))
        is_bot_s = shared.embedder.fingerprint == self._bot.embedder.fingerprint
        return open_store(folder / ("index" if is_bot_s else f"index-{made_with[:16]}"))

    def _publish(self, folder: Path, progress: Progress) -> int:
        """Index the staged files, then let them replace the files before. Return the number of windows embedded."""
        essays = upload_files.load(folder / "essays.new", self._shared_ids())
        _, embedded = self._index(folder, list(essays.values()), progress, self._bot)
        self._close(folder.name, but=self.collection)  # over the others the list of essays is the one before
        try:
            upload_files.swap(folder)
        except BaseException:
            self._close(folder.name)  # its index does not match the files, and is built again at the next access
            raise
        return embedded

    def _shared_ids(self) -> set[str]:
        """The ids of the essays of all shared collections, so that an own essay has one id beside each of them."""
        ids = {essay.id for essay in self._bot.essays()}
        for name in self.collections():
            with suppress(BotError):  # a damaged collection is told of when it is asked
                ids |= self._shared(name).essay_ids()
        return ids

    def _folder(self, reader: str) -> Path:
        if not reader:
            raise StoreError(errors.COOKIES_NEEDED)
        return self._root / hashlib.sha256(reader.encode()).hexdigest()[:32]

    def _locked(self, name: str) -> threading.RLock:
        """The lock of one reader. It is dropped when no thread uses it, so that invented readers do not accumulate."""
        with self._lock:
            lock = self._locks.get(name)
            if lock is None:
                lock = self._locks[name] = threading.RLock()
            return lock


def _no_such_essay(identity: str) -> QuestionError:
    return QuestionError(errors.NO_SUCH_UPLOAD.format(identity=identity))
