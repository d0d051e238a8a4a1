"""Safe use of a disk: errors with a remedy, free space, checksums, fsync, private copies. Independent of the index format."""

import hashlib
import os
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from bot.errors import IndexDamaged, StoreError
from bot.messages import damage, index_errors
from bot.messages.text import Text

COPY_PREFIX = "dolmen-copy-"


def damaged(part: str | Text, fact: Text) -> IndexDamaged:
    """Return the error for a part of the index, such as a file, that is not what it should be: see `bot.messages.damage`."""
    return IndexDamaged(index_errors.DAMAGED.format(part=part, fact=fact))


@contextmanager
def disk_errors(path: Path, setting: str = "BOT_INDEX") -> Iterator[None]:
    """Turn an `OSError` inside the block into a `StoreError`: `path`, the reason, the free bytes, the `setting` that moves it."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error.strerror or str(error), setting) from error


def unwritable(path: Path, reason: str, setting: str) -> StoreError:
    """Return the error for a place that cannot be written: the reason, the free bytes, and the setting that moves it."""
    return StoreError(index_errors.UNWRITABLE.format(path=path, reason=reason, free=free_bytes(path), setting=setting))


def free_bytes(path: Path) -> int:
    """Return the free bytes on the disk that holds `path` or would hold it; 0 where that is unknown."""
    for place in (path, *path.absolute().parents):
        with suppress(OSError):  # it does not exist, or its name is too long
            return shutil.disk_usage(place).free
    return 0


def require_free_space(path: Path, needed: int) -> None:
    """Raise `StoreError` with the free bytes where `path`'s disk has less than `needed` bytes."""
    free = free_bytes(path)
    if free < needed:
        raise StoreError(index_errors.NO_SPACE.format(path=path, free=free, needed=needed))


def checksum(path: Path) -> str:
    """Return `<bytes> <sha256>` of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{path.stat().st_size} {digest}"


def checksums(folder: Path) -> dict[str, str]:
    """Return the `checksum` of every file below `folder`, by its path inside it, with forward slashes."""
    return {path.relative_to(folder).as_posix(): checksum(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def sync(folder: Path) -> None:
    """Force every file and folder below `folder`, and itself, to the disk (fsync)."""
    for path in [*folder.rglob("*"), folder]:
        sync_one(path)


def sync_one(path: Path) -> None:
    """Force one file or folder to the disk (fsync). Windows cannot open a folder and does not need this."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def verify(folder: Path, files: Mapping[str, str]) -> None:
    """Compare files below `folder` with their checksums. Raises `IndexDamaged` for the first that differs."""
    for file, expected in files.items():
        _verify(folder / _path_inside(file), f"{folder.name}/{file}", expected)


def _verify(path: Path, name: str, expected: str) -> None:
    """Compare one file with its checksum, the size first: a damaged file can appear to have hundreds of gigabytes."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or str(status.st_size) != expected.split(" ")[0]:
            raise damaged(name, damage.WRONG_SIZE.format(count=status.st_size))
        if checksum(path) != expected:
            raise damaged(name, damage.WRONG_CHECKSUM)
    except OSError as error:
        raise damaged(name, damage.UNREADABLE.format(reason=error.strerror)) from error


def _path_inside(file: str) -> PurePosixPath:
    """Return the path of a file inside its folder. Raises `IndexDamaged` for one outside, as a forged manifest may name it."""
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or "\\" in file or ":" in file:
        raise damaged("manifest.json", damage.OUTSIDE.format(file=file[:80]))
    return path


def remove(path: Path) -> None:
    """Delete a file, or a folder with everything in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class WorkingCopy:
    """A private copy of a folder's files in the system's temporary folder, for a reader that also writes.

    It is removed by `close()`, when this object is garbage-collected, and at exit. A process that is killed leaves its copy
    behind; the next process that makes a copy removes it, because the lock file beside it is then free.
    """

    def __init__(self, source: Path, files: Mapping[str, str]) -> None:
        """Copy `files` of `source` and check the copies against their checksums: what is opened is what was checked.

        Raises `IndexDamaged` naming the file, or `StoreError` where the copy cannot be written.
        """
        base = Path(tempfile.gettempdir())
        _remove_abandoned_copies(base)
        self.folder = base / f"{COPY_PREFIX}{os.getpid()}-{os.urandom(8).hex()}"
        lock = FileLock(f"{self.folder}.lock", timeout=1, thread_local=False)
        with disk_errors(base, "TMPDIR"):
            lock.acquire()
            self._finalizer = weakref.finalize(self, _discard, self.folder, lock, os.getpid())
            self.folder.mkdir(mode=0o700)
        try:
            for file, expected in files.items():
                self._copy(source, file, expected)
        except StoreError:
            self.close()
            raise

    def _copy(self, source: Path, file: str, expected: str) -> None:
        """Copy one file and check the copy. A file of the wrong size is not copied."""
        path, target, name = source / _path_inside(file), self.folder / _path_inside(file), f"{source.name}/{file}"
        if not path.is_file() or str(path.stat().st_size) != expected.split(" ")[0]:
            raise damaged(name, damage.MISSING)
        with disk_errors(self.folder.parent, "TMPDIR"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # a writer removed it meanwhile: the check below reports that
                shutil.copyfile(path, target)
        _verify(target, name, expected)

    def close(self) -> None:
        """Remove the copy."""
        self._finalizer()


def _discard(folder: Path, lock: FileLock, pid: int) -> None:
    """Remove a working copy, except in a forked process that did not make it."""
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
        Path(f"{folder}.lock").unlink(missing_ok=True)
        lock.release()


def _remove_abandoned_copies(base: Path) -> None:
    """Remove the copies of processes that died: those whose lock can be acquired."""
    for folder in base.glob(f"{COPY_PREFIX}*/"):
        lock = FileLock(f"{folder}.lock", timeout=0)
        with suppress(OSError, Timeout):  # the copy is in use, or belongs to another user
            lock.acquire()
            _discard(folder, lock, os.getpid())
