"""Careful dealings with a disk: errors with a remedy, free room, checksums, fsync, private copies. Knows nothing of an index."""

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

COPIES = "dolmen-copy-"


def damaged(file: str, fact: str) -> IndexDamaged:
    """Make the error for a file of the index that is not what it should be."""
    return IndexDamaged(
        f"The index is damaged: {file} {fact}. Run: python ingest.py",
        f"색인이 손상되었습니다: {file}. 다시 만드세요: python ingest.py",
    )


@contextmanager
def disk_errors(path: Path, setting: str = "BOT_INDEX") -> Iterator[None]:
    """Turn an `OSError` inside the block into a `StoreError`: `path`, the reason, the free bytes, the `setting` that helps."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error.strerror or str(error), setting) from error


def unwritable(path: Path, reason: str, setting: str) -> StoreError:
    """Make the error for a place that cannot be written: it names the reason, the free bytes, and the setting that helps."""
    room = free_bytes(path)
    return StoreError(
        f"{path} cannot be written: {reason} ({room} bytes are free)."
        f" Free some space, or name a folder that you may write in with {setting}.",
        f"{path}에 쓸 수 없습니다: {reason} (남은 공간 {room}바이트). 공간을 비우거나 {setting}(으)로 다른 폴더를 지정하세요.",
    )


def free_bytes(path: Path) -> int:
    """Free bytes on the disk that holds `path` or would hold it."""
    for place in (path, *path.absolute().parents):
        with suppress(OSError):  # it is not there, or its name is too long to be
            return shutil.disk_usage(place).free
    return 0


def require_room(path: Path, needed: int) -> None:
    """Raise `StoreError` with the free bytes where `path`'s disk has less than `needed` bytes."""
    room = free_bytes(path)
    if room < needed:
        raise StoreError(
            f"{path} has {room} bytes free, and a new index needs {needed}."
            " Free some space, or name another folder with BOT_INDEX.",
            f"{path}의 남은 공간은 {room}바이트인데 새 색인에는 {needed}바이트가 필요합니다."
            " 공간을 비우거나 BOT_INDEX로 다른 폴더를 지정하세요.",
        )


def checksum(path: Path) -> str:
    """`<bytes> <sha256>` of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{path.stat().st_size} {digest}"


def checksums(folder: Path) -> dict[str, str]:
    """`checksum` of every file below `folder`, by its path inside it, with forward slashes."""
    return {path.relative_to(folder).as_posix(): checksum(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def sync(folder: Path) -> None:
    """Force every file and folder below `folder`, and itself, down to the disk."""
    for path in [*folder.rglob("*"), folder]:
        sync_one(path)


def sync_one(path: Path) -> None:
    """Force one file or folder down to the disk. Windows cannot open a folder and needs no such step."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def verify(folder: Path, files: Mapping[str, str]) -> None:
    """Compare files below `folder` with their checksums; `IndexDamaged` names the first that differs."""
    for file, wanted in files.items():
        _verify(folder / _inside(file), f"{folder.name}/{file}", wanted)


def _verify(path: Path, place: str, wanted: str) -> None:
    """Compare one file with its checksum, looking at the size first: a damaged file can seem to be hundreds of gigabytes."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or str(status.st_size) != wanted.split(" ")[0]:
            raise damaged(place, f"has {status.st_size} bytes, not those of its checksum")
        if checksum(path) != wanted:
            raise damaged(place, "is not what its checksum says")
    except OSError as error:
        raise damaged(place, f"cannot be read ({error.strerror})") from error


def _inside(file: str) -> PurePosixPath:
    """Give the path of a file inside its folder; `IndexDamaged` for one that leads out, as in a manifest made by a stranger."""
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or "\\" in file or ":" in file:
        raise damaged("manifest.json", f"names {file[:80]!r}, which lies outside")
    return path


def remove(path: Path) -> None:
    """Delete a file or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class WorkingCopy:
    """A private copy of a folder's files, in the system's folder for temporary files, for a reader that also writes.

    It is removed by `close()`, when this object goes, and at exit. A process that is killed leaves its copy behind; the next
    copy that anyone makes sweeps it away, for the lock beside it is then free.
    """

    def __init__(self, source: Path, files: Mapping[str, str]) -> None:
        """Copy `files` of `source` and check the copies against their checksums: what is opened is what was checked.

        Raises `IndexDamaged` naming the file, or `StoreError` where the copy cannot be written.
        """
        base = Path(tempfile.gettempdir())
        _sweep(base)
        self.folder = base / f"{COPIES}{os.getpid()}-{os.urandom(8).hex()}"
        lock = FileLock(f"{self.folder}.lock", timeout=1, thread_local=False)
        with disk_errors(base, "TMPDIR"):
            lock.acquire()
            self._finalizer = weakref.finalize(self, _discard, self.folder, lock, os.getpid())
            self.folder.mkdir(mode=0o700)
        try:
            for file, wanted in files.items():
                self._copy(source, file, wanted)
        except StoreError:
            self.close()
            raise

    def _copy(self, source: Path, file: str, wanted: str) -> None:
        """Copy one file and check the copy. One of another size is not even copied."""
        path, target, place = source / _inside(file), self.folder / _inside(file), f"{source.name}/{file}"
        if not path.is_file() or str(path.stat().st_size) != wanted.split(" ")[0]:
            raise damaged(place, "is missing or not as long as its checksum says")
        with disk_errors(self.folder.parent, "TMPDIR"):
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # swept away by a writer meanwhile: the check below says so
                shutil.copyfile(path, target)
        _verify(target, place, wanted)

    def close(self) -> None:
        """Remove the copy."""
        self._finalizer()


def _discard(folder: Path, lock: FileLock, pid: int) -> None:
    """Remove a working copy, unless this process only inherited it by forking."""
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
        Path(f"{folder}.lock").unlink(missing_ok=True)
        lock.release()


def _sweep(base: Path) -> None:
    """Remove the copies of processes that died: those whose lock can be had."""
    for folder in base.glob(f"{COPIES}*/"):
        lock = FileLock(f"{folder}.lock", timeout=0)
        with suppress(OSError, Timeout):  # someone's live copy, or another user's
            lock.acquire()
            _discard(folder, lock, os.getpid())
