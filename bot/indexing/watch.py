"""Follow folders: when their files have changed and are still again, make the index anew and say in one line what changed.

The folders are looked at once a second. The system's own notifications would not arrive from a network share, from a disk that is
mounted later, or after a folder was replaced by another one of the same name.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.errors import BotError
from bot.indexing import loader
from bot.indexing.build import build_index, made_with
from bot.indexing.sources import name_reason
from bot.models import choice
from bot.models.embeddings import Embedder
from bot.schema import Progress, Report, no_progress
from bot.settings import Settings
from bot.store import store_of

LOOK_SECONDS = 1.0  # from one look to the next
LOOK_SHARE = 10  # a look at many files takes long: at most one part in so many of the time is spent looking
MAX_UNSTILL_LOOKS = 30  # after so many looks at files that change all the time the index is made all the same
RETRY_LOOKS = (
    10  # after which what failed is tried again although no file has changed: another ingest was writing, the disk was full
)
MAX_NAMES = 3  # of files in one line

Stamp = tuple[int, int, int]  # when a file was changed (ns), its bytes, its inode


@dataclass(frozen=True)
class Look:
    """What was seen: the stamp of each file that may be an essay, by its path, and the sources where there is none."""

    files: Mapping[str, Stamp] = field(default_factory=dict)
    empty: tuple[Path, ...] = ()


def look_at(sources: Sequence[Path]) -> Look:
    """Look at all files below `sources` that are read by their names, and at the analogy maps. Hidden folders are left out."""
    files: dict[str, Stamp] = {}
    empty = []
    for source in sources:
        found = dict(_stamps(source))
        files |= found
        empty += [] if found else [source]
    return Look(files, tuple(empty))


def _stamps(source: Path) -> Iterator[tuple[str, Stamp]]:
    """The files of one source. What cannot be read, or goes away in this moment, is not there."""
    try:
        status = source.stat()
        if not stat.S_ISDIR(status.st_mode):
            yield str(source), _stamp(status)
            return
        entries = list(os.scandir(source))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _stamps(Path(entry.path))
            elif not name_reason(entry.name) or entry.name == loader.MAP_FILE:
                yield entry.path, _stamp(entry.stat())
        except OSError:
            continue


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


class Follower:
    """Follows folders. `step` is one look at them; `run` repeats it."""

    def __init__(
        self,
        sources: Sequence[Path],
        ingest: Callable[[], Report],
        tell: Callable[[str], object],
        warn: Callable[[str], object],
        *,
        allow_empty: bool = False,
    ) -> None:
        """`ingest` makes the index of `sources`; `tell` is given a line for each change, `warn` one for each new fault.

        A source without a file is waited for, unless `allow_empty`.
        """
        self._sources, self._ingest, self._tell, self._warn, self._allow_empty = sources, ingest, tell, warn, allow_empty
        self._done = self._seen = Look()  # the look at what the index was made of, and the last one
        self._failed: Look | None = None  # the look at what no index could be made of
        self._seconds = 0.0  # that the last look took
        self._fault, self._pending = "", 0  # the fault that was told last; the looks since the files differ from the index

    def run(self, pause: Callable[[float], object] = time.sleep) -> None:
        """Follow until `pause`, which is called with seconds, raises."""
        while True:
            self.step()
            pause(max(LOOK_SECONDS, LOOK_SHARE * self._seconds))

    def begin(self) -> Report | None:
        """Make the index at once, and return what that changed; None where a folder has no file yet. Raises `BotError`."""
        self._seen = look_at(self._sources)
        if all(map(loader.exists, self._sources)) and self._waits():
            return None
        report, self._done = self._ingest(), self._seen
        return report

    def step(self) -> None:
        """Look once. The index is made when two looks after a change have seen the same."""
        started, seen = time.monotonic(), self._seen
        self._seen = look_at(self._sources)
        self._seconds = time.monotonic() - started
        if self._waits():
            return
        if self._seen == self._done:
            self._fault, self._pending = "", 0
            return
        self._pending += 1
        looks = RETRY_LOOKS if self._seen == self._failed else 1 if self._seen == seen else MAX_UNSTILL_LOOKS
        if self._pending % looks == 0:
            self._make()

    def _waits(self) -> bool:
        """Whether a source has no file, as a folder that is away for a moment or a disk that is not mounted. It is told once."""
        if self._allow_empty or not self._seen.empty:
            return False
        places = ", ".join(map(loader.printable, self._seen.empty))
        self._told(f"there is no essay in {places}: the index keeps what it has from there until there is one again")
        return True

    def _make(self) -> None:
        look = self._seen  # what changes while the index is made is different at the next look
        try:
            report = self._ingest()
        except BotError as error:
            self._failed = look
            self._told(str(error))
            return
        line = change_line(self._done, look, report)
        self._done, self._failed, self._pending, self._fault = look, None, 0, ""
        if line:
            self._tell(_timed(line))

    def _told(self, fault: str) -> None:
        if fault != self._fault:
            self._fault = fault
            self._warn(_timed(fault))


def follow(
    settings: Settings,
    paths: Sequence[Path],
    tell: Callable[[str | Report], object],
    warn: Callable[[str], object],
    *,
    embedder: Embedder | None = None,
    progress: Progress = no_progress,
    allow_empty: bool = False,
) -> None:
    """Make the index of `paths` (default: `settings.corpus`) as `build_index` does, then follow them until `KeyboardInterrupt`.

    `tell` is given the first report and then lines. Raises `BotError` where the first ingest fails, but waits for a folder's first file.
    """
    sources = list(paths) or [settings.corpus]
    embedder = embedder or choice.chosen(settings.embedding_model, made_with(store_of(settings)), settings.cache)

    def ingest() -> Report:
        return build_index(settings, sources, embedder=embedder, progress=progress, allow_empty=allow_empty)

    follower = Follower(sources, ingest, tell, warn, allow_empty=allow_empty)
    if report := follower.begin():
        tell(report)
    embedder.load()  # now, so that the first change need not wait for it
    tell(f"following {', '.join(map(loader.printable, sources))}; Ctrl-C ends it")
    follower.run()


def change_line(before: Look, after: Look, report: Report) -> str:
    """What changed in one line: the files, and those of them that were skipped; empty where no essay changed and none was skipped."""
    kinds = {
        "added": after.files.keys() - before.files.keys(),
        "changed": {path for path in after.files.keys() & before.files.keys() if after.files[path] != before.files[path]},
        "removed": before.files.keys() - after.files.keys(),
    }
    touched = {loader.printable(Path(path)) for path in kinds["added"] | kinds["changed"]}
    skipped = [f"skipped {_short(file.path)}: {file.reason}" for file in report.skipped if _is_of(file.path, touched)]
    if not (report.added or report.changed or report.removed or report.map_changed or skipped):
        return ""
    files = ", ".join(f"{kind} {_names(paths)}" for kind, paths in kinds.items() if paths)
    essays = report.added + report.changed + report.unchanged
    return "; ".join([f"{files} (essays: {essays})", *skipped])


def _is_of(place: str, files: set[str]) -> bool:
    """Whether what was skipped is one of the files, or lies in one of them."""
    return any(place == file or place.startswith(f"{file}/") for file in files)


def _names(paths: set[str]) -> str:
    """The names of some of the files, and how many more there are."""
    names = [_short(loader.printable(Path(path))) for path in sorted(paths)]
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _short(path: str) -> str:
    return path.rpartition("/")[2]


def _timed(line: str) -> str:
    return f"{datetime.now():%H:%M:%S} {line}"
