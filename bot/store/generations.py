"""Generations of an index in a folder: lock, pointer, checking, sweeping. Pure file system; knows nothing of what is inside.

    <index>/CURRENT          one line: the name of the published generation
    <index>/gen-7/           a published generation; nobody ever writes into it again
    <index>/gen-8.tmp/       one being built, or left by a builder that died; the next writer removes it
    <index>/LOCK             held (flock) by the one writer; LOCK.owner says who that is

A generation becomes visible by two atomic steps, a rename and then `os.replace` of CURRENT, each followed by fsync: whoever
looks, and whenever the power goes, finds the old generation or the new one, whole.
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
from bot.store.disk import damaged, disk_errors, remove, sync_one

MANIFEST = "manifest.json"
LONGEST_MANIFEST = 100_000_000  # bytes: a hundred thousand essays have 10 MB
NAME = re.compile(r"gen-([1-9][0-9]{0,8})")


def number(name: str) -> int:
    """7 for `gen-7`."""
    return int(name.removeprefix("gen-"))


def name_in(line: str) -> str:
    """Read the name out of a pointer. Anything but a plain name, `../x` say, is refused with `IndexDamaged`."""
    if not NAME.fullmatch(line):
        raise damaged("CURRENT", f"names {line[:40]!r}, which is no generation")
    return line


@contextmanager
def single_writer(lock: Path, place: str) -> Iterator[None]:
    """Hold the writer's lock file: given back at the end of the block, and by the system when the process dies.

    Raises `IndexBusy`, within a second and naming the holder's process, where another writes in `place`.
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
    """Say who holds the lock. The holder writes its name just after it took the lock, so wait a moment for a live one."""
    pid, since = 0, "now"
    deadline = time.monotonic() + 1
    while not pid and time.monotonic() < deadline:
        with suppress(OSError, ValueError, TypeError, KeyError):
            note = json.loads(owner.read_text())
            if _lives(int(note["pid"])):
                pid, since = int(note["pid"]), str(note["started"])
        time.sleep(0 if pid else 0.02)
    return IndexBusy(
        f"Another process ({pid or 'unknown'}, since {since}) is writing the index {place}. Wait until it ends, then run again.",
        f"다른 프로세스({pid or '?'}, {since}부터)가 색인 {place}을(를) 쓰고 있습니다. 끝난 뒤 다시 실행하세요.",
    )


def _lives(pid: int) -> bool:
    """Tell whether a process is there. On Windows signal 0 is no question but an order, so the note is believed."""
    if os.name != "nt":
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
    return True


def next_name(names: Iterable[str]) -> str:
    """Count one above every number among `names`: no name comes to mean something else while a newer one is there."""
    return f"gen-{max(map(number, names), default=0) + 1}"


class Generations:
    """All the generations below one index folder. Making this object touches nothing."""

    def __init__(self, root: Path) -> None:
        """Keep the folder; it need not exist."""
        self.root = root

    def path(self, name: str) -> Path:
        """Name the folder of a published generation."""
        return self.root / name

    def draft(self, name: str) -> Path:
        """Name the folder in which a generation is built."""
        return self.root / f"{name}.tmp"

    def current(self) -> str | None:
        """Read the name in CURRENT; `None` where there is none, `IndexDamaged` where it is no plain name. One tiny read."""
        try:
            with (self.root / "CURRENT").open("rb") as file:
                return name_in(file.read(64).decode("ascii", "replace").removesuffix("\n"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise damaged("CURRENT", f"cannot be read ({error.strerror})") from error

    def names(self) -> list[str]:
        """List the generations that lie there, whole or not, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted((path.name for path in self.root.iterdir() if NAME.fullmatch(path.name)), key=number)

    def read_manifest(self, name: str) -> str:
        """Read the text of a generation's manifest; `IndexDamaged` where it cannot be read."""
        path, place = self.path(name) / MANIFEST, f"{name}/{MANIFEST}"
        if not path.is_file() or path.stat().st_size > LONGEST_MANIFEST:
            raise damaged(place, "is missing or far too long")
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise damaged(place, f"cannot be read ({error.strerror})") from error
        except UnicodeDecodeError as error:
            raise damaged(place, "is not UTF-8") from error

    def clean(self) -> None:
        """Remove what writers that died left half built or half removed."""
        for path in [*self.root.glob("gen-*.tmp"), self.root / "CURRENT.tmp"]:
            remove(path)

    def remove(self, name: str) -> None:
        """Delete a generation; it is renamed first, so that nobody ever sees half of it under its name."""
        doomed = self.root / f"{name}.old.tmp"
        self.path(name).rename(doomed)
        remove(doomed)

    def rename(self, name: str) -> None:
        """Give a finished draft its name."""
        self.draft(name).rename(self.path(name))
        sync_one(self.root)

    def point(self, name: str) -> None:
        """Publish: replace CURRENT in one step."""
        pointer = self.root / "CURRENT.tmp"
        pointer.write_text(f"{name}\n", encoding="ascii")
        sync_one(pointer)
        pointer.replace(self.root / "CURRENT")
        sync_one(self.root)
