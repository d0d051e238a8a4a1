"""Readers' own essays: each reader's lie in a folder of their own and are answered from together with the shared shelf, by nobody else.

A reader is an opaque token; a hash of it names the folder. Files are staged, indexed, and only then take the place of those before.
"""

import hashlib
import logging
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

from bot.errors import BotError, CorpusError, QuestionError, StoreError
from bot.indexing import loader
from bot.indexing.build import no_progress
from bot.indexing.loader import MAX_FILE_BYTES, SUFFIXES, slug
from bot.pipeline import Bot
from bot.schema import Essay, Note, Report, Skipped
from bot.store import Progress
from bot.text.normalize import clean

PREFIX = "mine-"  # of the ids of own essays
MOST_AT_ONCE = 10  # files
MOST_FILES = 100
MOST_BYTES = 50_000_000  # of a reader's files together
OPEN_AT_ONCE = 32  # readers whose shelves stay open
LONGEST_NAME = 60  # characters of a file's name

_NOT_IN_NAME = re.compile(r"[^\w .()-]+")

Remark = TypeVar("Remark", Skipped, Note)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Open:
    """A reader's open shelf, and the shared generation that it was made from."""

    bot: Bot
    essays: tuple[Essay, ...]
    generation: str | None


class Uploads:
    """The shared shelf, and beside it one for each reader with essays of their own. Threads may share it."""

    def __init__(self, bot: Bot) -> None:
        """`bot` answers whoever has no essays; the readers' folders lie in its settings' `data`."""
        self._bot = bot
        self._root = bot.settings.data / "readers"
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._locks: dict[str, threading.RLock] = {}
        self._lock = threading.Lock()

    def bot_for(self, reader: str) -> Bot:
        """The bot that answers this reader: over the shared essays and their own. Where theirs cannot be opened, the shared one."""
        opened = self._opened(reader)
        return opened.bot if opened else self._bot

    def essays(self, reader: str) -> list[Essay]:
        """The reader's own essays, by title."""
        opened = self._opened(reader)
        return sorted(opened.essays, key=lambda essay: essay.title) if opened else []

    def add(self, reader: str, files: Sequence[tuple[str, Path]], progress: Progress = no_progress) -> Report:
        """Put files, as (name, where it lies now), on the reader's shelf; one with a name that is there takes its place.

        What cannot be read is named in the report and not kept. Raises `CorpusError` over the limits, `StoreError`; then the shelf is
        what it was.
        """
        folder = self._folder(reader)
        with self._locked(folder.name):
            staged = self._stage(folder)
            try:
                before = {path.name for path in _files(staged)}
                named = {_free_name(name, staged): path for name, path in files if Path(name).suffix.lower() in SUFFIXES}
                _require_room(files, staged, named)
                for name, path in named.items():
                    shutil.copyfile(path, staged / name)
                shelf = _read(staged, self._bot)
                for one in shelf.skipped:
                    (staged / one.path).unlink(missing_ok=True)
                fresh = {name for name in named if (staged / name).exists()}
                told = (*_unfit(files), *(one for one in shelf.skipped if one.path in named))
                if not fresh:
                    return Report(unchanged=len(before), skipped=told)
                embedded = self._publish(folder, shelf.essays, progress)
                return Report(
                    added=len(fresh - before),
                    changed=len(fresh & before),
                    unchanged=len(before - fresh),
                    embedded=embedded,
                    skipped=told,
                    notes=tuple(one for one in shelf.notes if one.path in fresh),
                )
            finally:
                shutil.rmtree(staged, ignore_errors=True)

    def remove(self, reader: str, identity: str) -> None:
        """Take one of the reader's own essays off their shelf. Raises `QuestionError` where they have none by that id, `StoreError`."""
        folder = self._folder(reader)
        with self._locked(folder.name):
            staged = self._stage(folder)
            try:
                found = [path for path in _files(staged) if f"{PREFIX}{slug(Path(path.name))}" == identity]
                if not found:
                    raise QuestionError(f"None of your essays is called {identity!r}.", f"{identity!r}라는 내 글이 없습니다.")
                found[0].unlink()
                if essays := _read(staged, self._bot).essays:
                    self._publish(folder, essays, no_progress)
                else:
                    self._open.pop(folder.name, None)
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                shutil.rmtree(staged, ignore_errors=True)

    def _opened(self, reader: str) -> _Open | None:
        """The reader's shelf, made anew where the shared one was; None where they have no essays or it cannot be opened."""
        folder = self._folder(reader) if reader else None
        if folder is None or not folder.exists():
            return None
        with self._locked(folder.name):
            held = self._open.get(folder.name)
            if held and held.generation == self._bot.generation:
                self._open.move_to_end(folder.name)
                return held
            try:
                _recover(folder)
                essays = _read(folder / "essays", self._bot).essays
                return self._make(folder, essays, no_progress)[0] if essays else None
            except BotError as error:
                log.warning("A reader's own essays are left out: %s", error)
                return None

    def _make(self, folder: Path, essays: Sequence[Essay], progress: Progress) -> tuple[_Open, int]:
        """Index the essays beside the shared ones and keep the shelf open. Returns how many windows were embedded, too."""
        generation = self._bot.generation
        bot, report = self._bot.with_uploads(folder / "index", essays, progress)
        opened = _Open(bot, tuple(essays), generation)
        with self._lock:
            self._open[folder.name] = opened
            self._open.move_to_end(folder.name)
            while len(self._open) > OPEN_AT_ONCE:
                self._open.popitem(last=False)  # its index closes itself once nobody reads in it
        return opened, report.embedded

    def _publish(self, folder: Path, essays: Sequence[Essay], progress: Progress) -> int:
        """Index what is staged, then let it take the place of what was there."""
        before = self._open.get(folder.name)
        _, embedded = self._make(folder, essays, progress)
        try:
            _swap(folder)
        except OSError as error:
            if before:
                self._open[folder.name] = before
            raise StoreError(f"{folder} cannot be written: {error.strerror}. Free the disk, or set BOT_DATA.") from None
        return embedded

    def _stage(self, folder: Path) -> Path:
        """A copy of the reader's files, to be changed."""
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
            raise StoreError(
                f"{folder} cannot be written: {error.strerror}. Free the disk, or set BOT_DATA to another folder.",
                f"{folder}에 쓸 수 없습니다: {error.strerror}. 디스크를 비우거나 BOT_DATA를 바꾸세요.",
            ) from None
        return staged

    def _folder(self, reader: str) -> Path:
        if not reader:
            raise StoreError(
                "Nobody knows whose essays these would be. Allow cookies for this page and load it again.",
                "누구의 글인지 알 수 없습니다. 이 페이지의 쿠키를 허용하고 다시 열어 주세요.",
            )
        return self._root / hashlib.sha256(reader.encode()).hexdigest()[:32]

    def _locked(self, name: str) -> threading.RLock:
        """A lock for one reader: others need not wait."""
        with self._lock:
            return self._locks.setdefault(name, threading.RLock())


def _read(folder: Path, shared: Bot) -> loader.Collection:
    """A reader's folder, its essays under ids that the shared shelf does not have, its files called by their names alone."""
    taken = {essay.id for essay in shared.essays()}
    shelf = loader.load_existing([folder]) if folder.is_dir() else loader.Collection((), (), ())
    essays = [replace(essay, id=f"{PREFIX}{essay.id}") for essay in shelf.essays]
    where = f"{clean(folder.as_posix()).text}/"  # on the server, which is no reader's business

    def bare(one: Remark) -> Remark:
        return replace(one, **{field.name: getattr(one, field.name).replace(where, "") for field in fields(one)})

    return loader.Collection(
        tuple(essay for essay in essays if essay.id not in taken),
        tuple(bare(one) for one in shelf.skipped),
        tuple(bare(one) for one in shelf.notes),
    )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _free_name(name: str, folder: Path) -> str:
    """A file's name that cannot leave the folder and stands for one essay: `a.md` and `a.txt` there would both be called `a`."""
    path = Path(clean(name).text.replace("\\", "/").replace("\n", " "))
    stem = " ".join(_NOT_IN_NAME.sub("-", path.stem).split()).strip(" .-") or "essay"
    if len(stem) > LONGEST_NAME:
        stem = f"{stem[: LONGEST_NAME - 9].rstrip(' .-')}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    if stem.partition(".")[0].upper() == "README":  # which a folder's reader passes over
        stem = f"essay {stem}"
    suffix, number, free = path.suffix.lower(), 1, stem
    while any(slug(Path(other.name)) == slug(Path(free + suffix)) and other.name != free + suffix for other in _files(folder)):
        number += 1
        free = f"{stem} {number}"
    return free + suffix


def _unfit(files: Sequence[tuple[str, Path]]) -> list[Skipped]:
    known = ", ".join(sorted(SUFFIXES))
    reasons = f"it is none of {known}", f"{known} 가운데 어느 것도 아닙니다"
    return [Skipped(clean(name).text, *reasons) for name, _ in files if Path(name).suffix.lower() not in SUFFIXES]


def _require_room(files: Sequence[tuple[str, Path]], staged: Path, named: dict[str, Path]) -> None:
    """Raise `CorpusError` where the files are too many or too large."""
    large = next((name for name, path in files if path.stat().st_size > MAX_FILE_BYTES), "")
    staying = [path for path in _files(staged) if path.name not in named]
    count, size = len(staying) + len(named), sum(path.stat().st_size for path in (*staying, *named.values()))
    if large:
        raise CorpusError(
            f"{large} is larger than {MAX_FILE_BYTES // 10**6} MB. Give a smaller file.",
            f"{large}이(가) {MAX_FILE_BYTES // 10**6} MB보다 큽니다. 더 작은 파일을 올려 주세요.",
        )
    if len(files) > MOST_AT_ONCE:
        raise CorpusError(
            f"These are {len(files)} files, more than {MOST_AT_ONCE} at once. Give fewer.",
            f"파일이 {len(files)}개로, 한 번에 {MOST_AT_ONCE}개보다 많습니다. 나누어 올려 주세요.",
        )
    if count > MOST_FILES or size > MOST_BYTES:
        raise CorpusError(
            f"With these your shelf would have {count} files and {size / 1e6:.1f} MB, more than {MOST_FILES} files or "
            f"{MOST_BYTES // 10**6} MB. Remove some first.",
            f"이대로면 내 글이 {count}개, {size / 1e6:.1f} MB로, {MOST_FILES}개나 {MOST_BYTES // 10**6} MB를 넘습니다. 먼저 몇 개를 빼 주세요.",
        )


def _swap(folder: Path) -> None:
    """The staged files take the place of the others; `_recover` ends what a crash in between left."""
    essays, old = folder / "essays", folder / "essays.old"
    shutil.rmtree(old, ignore_errors=True)
    if essays.exists():
        essays.rename(old)
    (folder / "essays.new").rename(essays)
    shutil.rmtree(old, ignore_errors=True)


def _recover(folder: Path) -> None:
    """After a crash between two renames: what was there is there again."""
    if (folder / "essays.old").exists() and not (folder / "essays").exists():
        (folder / "essays.old").rename(folder / "essays")
