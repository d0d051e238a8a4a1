"""Readers' own essays: each reader's files lie in a folder of their own and are searched together with the shared collection.

A reader is an opaque token; a hash of it names the folder. Files are staged and indexed, and only then replace those before.
"""

import hashlib
import logging
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

from bot.errors import BotError, CorpusError, QuestionError, StoreError
from bot.indexing import loader
from bot.indexing.build import no_progress
from bot.indexing.loader import MAX_FILE_BYTES, SUFFIXES, slug
from bot.pipeline import Bot
from bot.schema import Essay, Note, Report, Skipped
from bot.store import Progress
from bot.text.normalize import clean

ID_PREFIX = "mine-"  # of the ids of own essays
MAX_FILES_AT_ONCE = 10
MAX_FILES = 100  # of one reader
MAX_BYTES = 50_000_000  # of one reader's files together
MAX_OPEN_READERS = 32  # whose indexes stay open
MAX_NAME_CHARACTERS = 60  # of a stored file's name, without its suffix

_NOT_IN_NAME = re.compile(r"[^\w .()-]+")

Remark = TypeVar("Remark", Skipped, Note)

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
        """`bot` answers readers without own essays; the readers' folders lie in its settings' `data`."""
        self._bot = bot
        self._root = bot.settings.data / "readers"
        self._open: OrderedDict[str, _OpenReader] = OrderedDict()  # by the folder's name, the one used longest ago first
        self._locks: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()  # one lives while somebody holds it
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
        """Add files, each as (name, where it lies now), to the reader's essays. A file replaces the one of the same name.

        Of two files of one name in one call both are kept, the second under a name of its own. What cannot be read is named in the
        report and not kept. Raises `CorpusError` over the limits and `StoreError`; then the reader's essays are what they were.
        """
        folder = self._folder(reader)
        with self._locked(folder.name), _staged_copy(folder) as staged:
            before = {path.name for path in _files(staged)}
            stored = _stored_names([name for name, _ in files], staged)
            sources = {name: path for name, (_, path) in zip(stored, files, strict=True) if name}
            _require_limits(files, staged, sources)
            for name, path in sources.items():
                shutil.copyfile(path, staged / name)
            collection = _load(staged, self._bot)
            for skipped in collection.skipped:
                (staged / skipped.path).unlink(missing_ok=True)
            kept = {name for name in sources if (staged / name).exists()}
            reasons = (*_unsupported(files), *(skipped for skipped in collection.skipped if skipped.path in sources))
            if not kept:
                return Report(unchanged=len(before), skipped=reasons)
            embedded = self._publish(folder, collection.essays, progress)
            given = {name: clean(original).text for name, (original, _) in zip(stored, files, strict=True) if name in kept}
            return Report(
                added=len(kept - before),
                changed=len(kept & before),
                unchanged=len(before - kept),
                embedded=embedded,
                skipped=reasons,
                notes=(*_renamed(given), *(note for note in collection.notes if note.path in kept)),
            )

    def remove(self, reader: str, identity: str) -> None:
        """Remove one of the reader's own essays. Raises `QuestionError` where they have none with this id, and `StoreError`."""
        folder = self._folder(reader)
        with self._locked(folder.name), _staged_copy(folder) as staged:
            name = _file_of(identity, staged, self._bot)
            if name is None:
                raise QuestionError(
                    f"None of your essays has the id {identity!r}. Choose one from the list.",
                    f"{identity!r}라는 내 글이 없습니다. 목록에서 골라 주세요.",
                )
            (staged / name).unlink()
            if essays := _load(staged, self._bot).essays:
                self._publish(folder, essays, no_progress)
            else:
                with self._lock:
                    self._open.pop(folder.name, None)
                shutil.rmtree(folder, ignore_errors=True)

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
                _recover(folder)
                essays = _load(folder / "essays", self._bot).essays
                return self._index(folder, essays, no_progress)[0] if essays else None
            except BotError as error:
                log.warning("A reader's own essays are left out: %s", error)
                return None

    def _lookup(self, name: str) -> _OpenReader | None:
        """The open reader of a folder, which then counts as used last."""
        with self._lock:
            if name in self._open:
                self._open.move_to_end(name)
            return self._open.get(name)

    def _keep_open(self, name: str, opened: _OpenReader) -> None:
        """Keep a reader open; of too many, those used longest ago are let go. Their indexes close once nobody reads in them."""
        with self._lock:
            self._open[name] = opened
            self._open.move_to_end(name)
            while len(self._open) > MAX_OPEN_READERS:
                self._open.popitem(last=False)

    def _index(self, folder: Path, essays: Sequence[Essay], progress: Progress) -> tuple[_OpenReader, int]:
        """Index the essays together with the shared ones and keep the reader open; and how many windows were embedded."""
        generation = self._bot.generation
        bot, report = self._bot.with_uploads(folder / "index", essays, progress)
        opened = _OpenReader(bot, tuple(essays), generation)
        self._keep_open(folder.name, opened)
        return opened, report.embedded

    def _publish(self, folder: Path, essays: Sequence[Essay], progress: Progress) -> int:
        """Index the staged files, then let them replace the files before. Returns how many windows were embedded."""
        before = self._lookup(folder.name)
        _, embedded = self._index(folder, essays, progress)
        try:
            _swap(folder)
        except OSError as error:
            if before:
                self._keep_open(folder.name, before)
            raise _unwritable(folder, error) from None
        return embedded

    def _folder(self, reader: str) -> Path:
        if not reader:
            raise StoreError(
                "Own essays need a cookie that tells readers apart. Allow cookies for this page and load it again.",
                "내 글을 보관하려면 쿠키가 필요합니다. 이 페이지의 쿠키를 허용하고 다시 열어 주세요.",
            )
        return self._root / hashlib.sha256(reader.encode()).hexdigest()[:32]

    def _locked(self, name: str) -> threading.RLock:
        """The lock of one reader. It is forgotten when nobody holds it, so that invented readers leave none behind."""
        with self._lock:
            lock = self._locks.get(name)
            if lock is None:
                lock = self._locks[name] = threading.RLock()
            return lock


@contextmanager
def _staged_copy(folder: Path) -> Iterator[Path]:
    """A copy of the reader's files that may be changed. It is removed afterwards, and so is a folder that then holds nothing."""
    staged, essays = folder / "essays.new", folder / "essays"
    try:
        _recover(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(staged, ignore_errors=True)
        if essays.exists():
            shutil.copytree(essays, staged)
        else:
            staged.mkdir()
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        with suppress(OSError):  # it holds essays, or is gone
            folder.rmdir()


def _unwritable(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{folder} cannot be written: {error.strerror}. Free some disk space, or set BOT_DATA to another folder.",
        f"{folder}에 쓸 수 없습니다: {error.strerror}. 디스크 공간을 비우거나 BOT_DATA를 다른 폴더로 바꾸세요.",
    )


def _load(folder: Path, shared: Bot) -> loader.Collection:
    """The essays of a reader's folder under ids that the shared collection does not have; remarks name files without the folder."""
    collection = loader.load_existing([folder]) if folder.is_dir() else loader.Collection((), (), ())
    ids = _ids([essay.id for essay in collection.essays], shared)
    prefix = f"{clean(folder.as_posix()).text}/"  # a path of the server, which readers do not see

    def without_folder(remark: Remark) -> Remark:
        return replace(remark, **{field.name: getattr(remark, field.name).replace(prefix, "") for field in fields(remark)})

    return loader.Collection(
        tuple(replace(essay, id=ids[essay.id]) for essay in collection.essays),
        tuple(map(without_folder, collection.skipped)),
        tuple(map(without_folder, collection.notes)),
    )


def _ids(slugs: Iterable[str], shared: Bot) -> dict[str, str]:
    """The ids of own essays by the slugs of their files: with the prefix, twice where the shared collection has that id."""
    taken = {essay.id for essay in shared.essays()}
    ids = {}
    for one in slugs:
        identity = f"{ID_PREFIX}{one}"
        while identity in taken:
            identity = f"{ID_PREFIX}{identity}"
        ids[one] = identity
    return ids


def _file_of(identity: str, folder: Path, shared: Bot) -> str | None:
    """The name of the file whose essay has this id; None where there is none."""
    collection = loader.load_existing([folder])
    ids = _ids([essay.id for essay in collection.essays], shared)
    wanted = {one for one, own in ids.items() if own == identity}
    # The loader numbers files of one slug in the order of their names: version 0.1.0 stored `a.md` and `a.txt` beside each other.
    counted: dict[str, int] = {}
    for path in _files(folder):
        name = slug(Path(path.name))
        counted[name] = counted.get(name, 0) + 1
        if (name if counted[name] == 1 else f"{name}-{counted[name]}") in wanted:
            return path.name
    return None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _stored_names(names: Sequence[str], folder: Path) -> list[str]:
    """Under which name each file is stored, empty for one that cannot be read: no two of one call, nor two essays, share a name."""
    present = {path.name for path in _files(folder)}
    stored: list[str] = []
    for name in names:
        readable = Path(name).suffix.lower() in SUFFIXES
        stored.append(_free_name(name, present, set(filter(None, stored))) if readable else "")
    return stored


def _free_name(name: str, present: set[str], chosen: set[str]) -> str:
    """A file's name that cannot leave the folder, for an essay of its own: `a.md` and `a.txt` would both have the id `a`.

    A name that is `present` in the folder is taken over, since the new file replaces that one; a `chosen` one is numbered.
    """
    path = Path(clean(name).text.replace("\\", "/").replace("\n", " "))
    stem = " ".join(_NOT_IN_NAME.sub("-", path.stem).split()).strip(" .-") or "essay"
    if len(stem) > MAX_NAME_CHARACTERS:
        stem = f"{stem[: MAX_NAME_CHARACTERS - 9].rstrip(' .-')}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    if stem.partition(".")[0].upper() == "README":  # the loader leaves READMEs out
        stem = f"essay {stem}"
    suffix, number, free = path.suffix.lower(), 1, stem
    while not _is_free(free + suffix, present, chosen):
        number += 1
        free = f"{stem} {number}"
    return free + suffix


def _is_free(name: str, present: set[str], chosen: set[str]) -> bool:
    """Whether a file may be stored under a name: it is not chosen yet, and no other file has an essay of the same id."""
    identity = slug(Path(name))
    return name not in chosen and not any(slug(Path(other)) == identity for other in (present | chosen) - {name})


def _renamed(given: dict[str, str]) -> list[Note]:
    """A note for each file that is stored under another name than it was given, by its stored name."""
    return [
        Note(
            name, f"stored under this name; it was given as {original}", f"{original}(으)로 올린 파일을 이 이름으로 보관했습니다"
        )
        for name, original in given.items()
        if Path(original).name.casefold() != name.casefold()
    ]


def _unsupported(files: Sequence[tuple[str, Path]]) -> list[Skipped]:
    known = ", ".join(sorted(SUFFIXES))
    reasons = f"it is none of {known}", f"{known} 가운데 어느 것도 아닙니다"
    return [Skipped(clean(name).text, *reasons) for name, _ in files if Path(name).suffix.lower() not in SUFFIXES]


def _require_limits(files: Sequence[tuple[str, Path]], staged: Path, sources: dict[str, Path]) -> None:
    """Raise `CorpusError` where the files are too many or too large."""
    large = next((name for name, path in files if path.stat().st_size > MAX_FILE_BYTES), "")
    staying = [path for path in _files(staged) if path.name not in sources]
    count, size = len(staying) + len(sources), sum(path.stat().st_size for path in (*staying, *sources.values()))
    if large:
        raise CorpusError(
            f"{large} is larger than {MAX_FILE_BYTES // 10**6} MB. Add a smaller file.",
            f"{large}이(가) {MAX_FILE_BYTES // 10**6} MB보다 큽니다. 더 작은 파일을 올려 주세요.",
        )
    if len(files) > MAX_FILES_AT_ONCE:
        raise CorpusError(
            f"These are {len(files)} files, more than {MAX_FILES_AT_ONCE} at once. Add fewer.",
            f"파일이 {len(files)}개로, 한 번에 {MAX_FILES_AT_ONCE}개보다 많습니다. 나누어 올려 주세요.",
        )
    if count > MAX_FILES or size > MAX_BYTES:
        raise CorpusError(
            f"With these you would have {count} files and {size / 1e6:.1f} MB, more than {MAX_FILES} files or "
            f"{MAX_BYTES // 10**6} MB. Remove some first.",
            f"이대로면 내 글이 {count}개, {size / 1e6:.1f} MB로, {MAX_FILES}개나 {MAX_BYTES // 10**6} MB를 넘습니다. 먼저 몇 개를 빼 주세요.",
        )


def _swap(folder: Path) -> None:
    """Let the staged files replace the others; `_recover` completes what a crash in between left."""
    essays, old = folder / "essays", folder / "essays.old"
    shutil.rmtree(old, ignore_errors=True)
    if essays.exists():
        essays.rename(old)
    (folder / "essays.new").rename(essays)
    shutil.rmtree(old, ignore_errors=True)


def _recover(folder: Path) -> None:
    """After a crash between the two renames of `_swap`, put the old files back."""
    if (folder / "essays.old").exists() and not (folder / "essays").exists():
        (folder / "essays.old").rename(folder / "essays")
