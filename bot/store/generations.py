"""Generations of an index in a folder: lock, pointer, names, clean-up. File system only; independent of what a generation holds.

    <index>/CURRENT          one line: the name of the published generation
    <index>/gen-7/           a published generation; it is never written to again
    <index>/gen-8.tmp/       a draft being built, or left by a writer that died; the next writer removes it
    <index>/LOCK             held (flock) by the one writer; LOCK.owner names its process

A generation becomes visible by two atomic steps, a rename and then `os.replace` of CURRENT, each followed by fsync. A reader, at
any moment and after a power failure, finds either the old generation or the new one, complete.
"""

import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import IndexBusy
from bot.messages import damage, index_errors
from bot.store.disk import damaged, disk_errors, remove, sync_one

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 100_000_000  # that of 100,000 essays has 10 MB
OWNER_WAIT_SECONDS = 1.0  # for the holder of the lock to write its name
NAME = re.compile(r"gen-([1-9][0-9]{0,8})")


def number(name: str) -> int:
    """Return 7 for `gen-7`."""
    return int(name.removeprefix("gen-"))


def name_in(line: str) -> str:
    """Return the name that a pointer holds. Raises `IndexDamaged` for anything but a plain name, such as `../x`."""
    if not NAME.fullmatch(line):
        raise damaged("CURRENT", damage.NOT_A_GENERATION.format(name=line[:40]))
    return line


@contextmanager
def single_writer(lock: Path, place: str) -> Iterator[None]:
    """Hold the writer's lock file. It is released at the end of the block, and by the system when the process dies.

    Raises `IndexBusy` within a second, naming the holder's process, where another process is writing in `place`.
    """
    owner = lock.with_name(lock.name + ".owner")
    guard = FileLock(lock, timeout=0)
    with disk_errors(lock.parent):
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            guard.acquire()
        except Timeout:
            raise _busy(place, owner) from None
    try:
        with disk_errors(lock.parent):
            owner.write_text(json.dumps({"pid": os.getpid(), "started": datetime.now(UTC).isoformat(timespec="seconds")}))
        yield
    finally:
        owner.unlink(missing_ok=True)
        guard.release()


def _busy(place: str, owner: Path) -> IndexBusy:
    """Return the error that names the lock's holder. The holder writes LOCK.owner after it took the lock: wait for it."""
    pid, since = 0, ""
    deadline = time.monotonic() + OWNER_WAIT_SECONDS
    while not pid and time.monotonic() < deadline:
        with suppress(OSError, ValueError, TypeError, KeyError):
            holder = json.loads(owner.read_text())
            if _is_alive(int(holder["pid"])):
                pid, since = int(holder["pid"]), str(holder["started"])
        time.sleep(0 if pid else 0.02)
    return IndexBusy(index_errors.BUSY.format(process=pid or index_errors.UNKNOWN, since=since or index_errors.NOW, place=place))


def _is_alive(pid: int) -> bool:
    """Whether a process exists. On Windows signal 0 would end it, so there the answer is always yes."""
    if os.name != "nt":
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
    return True


def next_name(names: Iterable[str]) -> str:
    """Return a name numbered one above the highest of `names`, so that no name is reused while a newer generation exists."""
    return f"gen-{max(map(number, names), default=0) + 1}"


class Generations:
    """All the generations below one index folder."""

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, which need not exist. Nothing is read or written yet."""
        self.root = root

    def path(self, name: str) -> Path:
        """Return the folder of a published generation."""
        return self.root / name

    def draft(self, name: str) -> Path:
        """Return the folder in which a generation is built."""
        return self.root / f"{name}.tmp"

    def current(self) -> str | None:
        """Read the name in CURRENT with one small read; `None` where there is none. Raises `IndexDamaged` for an invalid name."""
        try:
            with (self.root / "CURRENT").open("rb") as file:
                return name_in(file.read(64).decode("ascii", "replace").removesuffix("\n"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise damaged("CURRENT", damage.UNREADABLE.format(reason=error.strerror)) from error

    def names(self) -> list[str]:
        """List the existing generations, intact or not, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted((path.name for path in self.root.iterdir() if NAME.fullmatch(path.name)), key=number)

    def read_manifest(self, name: str) -> str:
        """Read the text of a generation's manifest. Raises `IndexDamaged` where it cannot be read."""
        path, file = self.path(name) / MANIFEST, f"{name}/{MANIFEST}"
        if not path.is_file() or path.stat().st_size > MAX_MANIFEST_BYTES:
            raise damaged(file, damage.TOO_LARGE.format(limit=MAX_MANIFEST_BYTES))
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise damaged(file, damage.UNREADABLE.format(reason=error.strerror)) from error
        except UnicodeDecodeError as error:
            raise damaged(file, damage.NOT_UTF8) from error

    def clean(self) -> None:
        """Remove drafts and removals that a writer left unfinished when it died."""
        for path in [*self.root.glob("gen-*.tmp"), self.root / "CURRENT.tmp"]:
            remove(path)

    def remove(self, name: str) -> None:
        """Delete a generation. It is renamed first, so that a partly deleted one is never seen under its name."""
        doomed = self.root / f"{name}.old.tmp"
        self.path(name).rename(doomed)
        remove(doomed)

    def rename(self, name: str) -> None:
        """Rename a finished draft to its final name."""
        self.draft(name).rename(self.path(name))
        sync_one(self.root)

    def point(self, name: str) -> None:
        """Publish a generation: replace CURRENT in one step."""
        pointer = self.root / "CURRENT.tmp"
        pointer.write_text(f"{name}\n", encoding="ascii")
        sync_one(pointer)
        pointer.replace(self.root / "CURRENT")
        sync_one(self.root)

    def unpoint(self) -> None:
        """Publish nothing any more: remove CURRENT."""
        (self.root / "CURRENT").unlink(missing_ok=True)
        sync_one(self.root)
