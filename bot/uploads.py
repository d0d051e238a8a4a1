"""Readers' own essays: each reader's have an index of their own, which is searched together with the shared one, by that reader only.

A reader is an opaque token; a hash of it names the folder with the files and the index. Files are staged and indexed, and only then
replace those before.
"""

import hashlib
import logging
import shutil
import threading
from collections import OrderedDict
from collections.abc import Sequence
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
from bot.store import open_store
from bot.store.disk import disk_errors

MAX_OPEN_READERS = 32  # whose indexes stay open

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _OpenReader:
    """A reader's open bot and own essays, and the generation of the shared index that they were combined with."""

    bot: Bot
    essays: tuple[Essay, ...]
    generation: str | None


class Uploads:
    """The shared collection, and beside it the own essays of each reader. Threads may share it."""

    def __init__(self, bot: Bot) -> None:
        """`bot` answers readers without own essays; the readers' folders are in its settings' `data`."""
        self._bot = bot
        self._root = bot.settings.data / "readers"
        self._open: OrderedDict[str, _OpenReader] = OrderedDict()  # by the folder's name, least recently used first
        self._locks: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()  # a lock that no thread uses is dropped
        self._lock = threading.Lock()  # of the two above

    def bot_for(self, reader: str) -> Bot:
        """The bot that answers this reader: over the shared and their own essays; the shared one where theirs cannot be opened."""
        opened = self._opened(reader)
        return opened.bot if opened else self._bot

    def essays(self, reader: str) -> list[Essay]:
        """The reader's own essays, by title."""
        opened = self._opened(reader)
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

    def _opened(self, reader: str) -> _OpenReader | None:
        """The reader's bot and essays, opened again where the shared index has changed; None without own essays or where it fails."""
        folder = self._folder(reader) if reader else None
        if folder is None or not folder.exists():
            return None
        with self._locked(folder.name):
            opened = self._lookup(folder.name)
            if opened and opened.generation == self._bot.generation:
                return opened
            try:
                with disk_errors(folder, "BOT_DATA"):
                    upload_files.recover(folder)
                    essays = upload_files.load(folder / "essays", self._shared_ids())
                return self._index(folder, list(essays.values()), no_progress)[0] if essays else None
            except BotError as error:
                log.warning("A reader's own essays are left out: %s", error)
                return None

    def _lookup(self, name: str) -> _OpenReader | None:
        """The open reader of a folder, marked as the most recently used; None where it is not open."""
        with self._lock:
            if name in self._open:
                self._open.move_to_end(name)
            return self._open.get(name)

    def _keep_open(self, name: str, opened: _OpenReader) -> None:
        """Keep a reader open, and close the least recently used ones beyond the limit. Their indexes close after the last answer from them."""
        with self._lock:
            self._open[name] = opened
            self._open.move_to_end(name)
            while len(self._open) > MAX_OPEN_READERS:
                self._open.popitem(last=False)

    def _close(self, name: str) -> None:
        """Close a reader; the next access opens it again from the files."""
        with self._lock:
            self._open.pop(name, None)

    def _index(self, folder: Path, essays: Sequence[Essay], progress: Progress) -> tuple[_OpenReader, int]:
        """Index the reader's essays and keep the reader open. Return it and the number of windows embedded."""
        generation, store = self._bot.generation, open_store(folder / "index")
        report = publish(loader.Collection(tuple(essays), (), ()), store, self._bot.embedder, progress)
        opened = _OpenReader(self._bot.joined(store), tuple(essays), generation)
        self._keep_open(folder.name, opened)
        return opened, report.embedded

    def _publish(self, folder: Path, progress: Progress) -> int:
        """Index the staged files, then let them replace the files before. Return the number of windows embedded."""
        essays = upload_files.load(folder / "essays.new", self._shared_ids())
        _, embedded = self._index(folder, list(essays.values()), progress)
        try:
            upload_files.swap(folder)
        except BaseException:
            self._close(folder.name)  # its index does not match the files, and is built again at the next access
            raise
        return embedded

    def _shared_ids(self) -> set[str]:
        return {essay.id for essay in self._bot.essays()}

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
