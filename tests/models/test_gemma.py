"""Installing EmbeddingGemma, with a source of a few bytes: float32 weights become bfloat16 bit for bit, and no fault leaves half a folder."""

import errno
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from bot.errors import EmbedderError, ModelError
from bot.models import files, gemma, installation
from bot.models.embeddings import Embedder
from bot.models.files import Model
from tests.model_sources import model_file

VALUES = np.array([1.0, -2.5, 3.14159, 0.1, 65504.0, 1e-40], dtype=np.float32)
CONTENTS = {
    "model.safetensors": save({"b": VALUES.reshape(2, 3), "a": np.arange(4, dtype=np.float32)}),
    "2_Dense/model.safetensors": save({"linear.weight": VALUES}),
    "modules.json": b"[]",
}
CHILD = """
import os, signal, sys
from pathlib import Path
from bot.models import gemma
from tests.models import test_gemma

gemma.EMBEDDING_GEMMA, gemma.WEIGHTS = test_gemma.TINY, test_gemma.TINY.files[0]

def killed(stage, done, total):
    if stage == "convert" and done > 0:
        os.kill(os.getpid(), signal.SIGKILL)

gemma.install(Path(sys.argv[1]), killed)
"""
TINY: Model = replace(
    files.EMBEDDING_GEMMA,
    files=tuple(model_file(name, content) for name, content in CONTENTS.items()),
    sources=files.EMBEDDING_GEMMA.sources[:1],  # the Hub, which HF_HUB_OFFLINE keeps from being asked
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which the original files are there, whole, as a fetch leaves them."""
    monkeypatch.setattr(gemma, "EMBEDDING_GEMMA", TINY)
    monkeypatch.setattr(gemma, "WEIGHTS", TINY.files[0])
    put_original(tmp_path / "cache")
    return tmp_path / "cache"


def put_original(cache: Path) -> None:
    for name, content in CONTENTS.items():
        (cache / TINY.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / TINY.folder / name).write_bytes(content)


def tensors(path: Path) -> dict[str, tuple[str, list[int], bytes]]:
    """The dtype, the shape and the bytes of each tensor of a safetensors file, read as its format says."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    return {
        name: (entry["dtype"], entry["shape"], content[8 + length :][slice(*entry["data_offsets"])])
        for name, entry in header.items()
    }


def written(tmp_path: Path, source: bytes) -> Path:
    (tmp_path / "source").write_bytes(source)
    gemma.write_bfloat16(tmp_path / "source", tmp_path / "target")
    return tmp_path / "target"


# Rounding


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (0x3F800000, 0x3F80),  # 1
        (0xBF800000, 0xBF80),  # -1
        (0x00000000, 0x0000),
        (0x80000000, 0x8000),  # -0
        (0x3F807FFF, 0x3F80),  # just below the middle: down
        (0x3F808001, 0x3F81),  # just above it: up
        (0x3F808000, 0x3F80),  # the middle: to the even one, down
        (0x3F818000, 0x3F82),  # the middle: to the even one, up
        (0xBF818000, 0xBF82),
        (0x3FFFFFFF, 0x4000),  # the exponent grows
        (0x7F800000, 0x7F80),  # infinity
        (0x7F7FFFFF, 0x7F80),  # the largest number is nearest to infinity
        (0x00008000, 0x0000),  # below the smallest normal number
        (0x00018000, 0x0002),
    ],
)
def test_a_number_is_rounded_to_the_nearest_and_ties_to_even(bits: int, expected: int, tmp_path: Path) -> None:
    (number,) = struct.unpack("<f", struct.pack("<I", bits))
    found = tensors(written(tmp_path, save({"x": np.array([number], dtype=np.float32)})))
    assert found == {"x": ("BF16", [1], struct.pack("<H", expected))}


@pytest.mark.parametrize("chunk", [1, 3, 1 << 22])
def test_weights_are_those_that_torch_rounds_to(chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from safetensors.torch import load_file

    monkeypatch.setattr(gemma, "_CHUNK_WEIGHTS", chunk)
    weights = np.random.default_rng(3).normal(size=(7, 5)).astype(np.float32)
    loaded = load_file(written(tmp_path, save({"w": weights, "v": VALUES})))
    assert loaded["w"].dtype == torch.bfloat16
    assert torch.equal(loaded["w"], torch.from_numpy(weights).to(torch.bfloat16))
    assert torch.equal(loaded["v"], torch.from_numpy(VALUES).to(torch.bfloat16))


def test_other_tensors_stay_as_they_are(tmp_path: Path) -> None:
    source = {
        "float32": VALUES,
        "float64": np.array([[1.5, -0.1]]),
        "int64": np.array([7, -7]),
        "bool": np.array([True, False, True]),
        "empty": np.zeros((0, 3), dtype=np.float32),
    }
    found = tensors(written(tmp_path, save(source)))
    assert {name: (dtype, shape) for name, (dtype, shape, _) in found.items()} == {
        "float32": ("BF16", [6]),
        "float64": ("F64", [1, 2]),
        "int64": ("I64", [2]),
        "bool": ("BOOL", [3]),
        "empty": ("BF16", [0, 3]),
    }
    for name in ("float64", "int64", "bool"):
        assert found[name][2] == source[name].tobytes()
    assert len(found["float32"][2]) == 12


def test_metadata_is_kept_and_the_tensors_begin_at_a_multiple_of_eight(tmp_path: Path) -> None:
    target = written(tmp_path, save({"x": VALUES}, metadata={"format": "pt", "made": "by hand"}))
    length = int.from_bytes(target.read_bytes()[:8], "little")
    assert length % 8 == 0
    assert json.loads(target.read_bytes()[8 : 8 + length])["__metadata__"] == {"format": "pt", "made": "by hand"}


def test_progress_counts_the_bytes_that_were_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemma, "_CHUNK_WEIGHTS", 2)
    (tmp_path / "source").write_bytes(save({"x": VALUES}))
    steps: list[tuple[str, int, int]] = []
    gemma.write_bfloat16(tmp_path / "source", tmp_path / "target", lambda *step: steps.append(step))
    assert steps == [("convert", 8, 24), ("convert", 16, 24), ("convert", 24, 24)]


# Installing


def assert_installed(cache: Path) -> None:
    folder = gemma.folder(cache)
    assert gemma.is_installed(cache)
    assert gemma.require_installed(cache) == folder
    assert tensors(folder / "model.safetensors")["b"][0] == "BF16"
    assert (folder / "2_Dense/model.safetensors").read_bytes() == CONTENTS["2_Dense/model.safetensors"]
    assert (folder / "modules.json").read_bytes() == b"[]"
    assert "Gemma Terms of Use" in (folder / "NOTICE").read_text(encoding="utf-8")
    assert {path.name for path in cache.iterdir()} - {f".{folder.name}.lock", ".embeddinggemma.lock"} == {folder.name}


def test_the_converted_folder_replaces_the_original(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not gemma.is_installed(cache)
    stages: list[str] = []
    assert gemma.install(cache, lambda stage, *_: stages.append(stage)) == gemma.folder(cache)
    assert set(stages) == {"convert"}
    assert_installed(cache)
    monkeypatch.setattr(gemma, "fetch", lambda *_: pytest.fail("it was fetched again"))
    assert gemma.install(cache) == gemma.folder(cache)


def test_a_missing_model_is_one_line_with_the_command(cache: Path) -> None:
    for attempt in (
        lambda: gemma.require_installed(cache),
        Embedder("embeddinggemma", cache).load,
        Embedder("embeddinggemma", cache).check,
    ):
        with pytest.raises(EmbedderError) as caught:
            attempt()
        for line in (str(caught.value), caught.value.text("ko")):
            assert "\n" not in line
            assert f"{cache}" in line
            assert "python -m bot model embeddinggemma" in line
            assert "BOT_EMBEDDING_MODEL=e5-small" in line


@pytest.mark.parametrize("name", ["model.safetensors", "modules.json", "NOTICE", "complete.json"])
@pytest.mark.parametrize("fault", ["cut off", "gone"])
def test_a_folder_with_a_file_of_another_size_is_not_used_and_made_anew(name: str, fault: str, cache: Path) -> None:
    gemma.install(cache)
    path = gemma.folder(cache) / name
    if fault == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    assert not gemma.is_installed(cache)
    with pytest.raises(EmbedderError, match="python -m bot model embeddinggemma"):
        gemma.require_installed(cache)
    put_original(cache)
    gemma.install(cache)
    assert_installed(cache)


def assert_one_line_and_nothing_half(error: ModelError, cache: Path) -> None:
    for line in (str(error), error.text("ko")):
        assert "\n" not in line
        assert str(cache) in line
        assert "BOT_CACHE" in line
        assert "BOT_EMBEDDING_MODEL=e5-small" in line
    assert not gemma.folder(cache).exists()
    assert not list(cache.glob(".*.partial"))
    assert all((cache / TINY.folder / name).read_bytes() == content for name, content in CONTENTS.items())


def test_a_disk_that_fills_up_keeps_what_was_fetched_and_the_next_call_goes_on(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounded = gemma._rounded

    def full(chunk: bytes) -> bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(gemma, "_rounded", full)
    with pytest.raises(
        ModelError, match=r"cannot be written into the folder .*: No space left on device\. It needs 600 MB"
    ) as caught:
        gemma.install(cache)
    assert_one_line_and_nothing_half(caught.value, cache)
    monkeypatch.setattr(gemma, "_rounded", rounded)
    gemma.install(cache)
    assert_installed(cache)


def test_a_folder_that_cannot_be_renamed_is_one_line(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ModelError, match="Permission denied") as caught:
        gemma.install(cache)
    assert_one_line_and_nothing_half(caught.value, cache)


def test_a_process_that_is_killed_half_way_leaves_no_folder_and_is_continued(cache: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, str(cache)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert list(cache.glob(".*.partial"))  # the raw twin: something was left
    assert not gemma.is_installed(cache)
    assert not gemma.folder(cache).exists()
    gemma.install(cache)
    assert_installed(cache)


def test_what_cannot_be_fetched_is_said_and_leaves_nothing(cache: Path) -> None:
    shutil.rmtree(cache / TINY.folder)
    with pytest.raises(ModelError, match="The model embeddinggemma cannot be fetched") as caught:
        gemma.install(cache)
    assert "\n" not in str(caught.value)
    assert not gemma.folder(cache).exists()


# Any model


def test_installation_converts_embeddinggemma_and_fetches_others_as_they_are(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "EMBEDDING_GEMMA", TINY)
    other = replace(files.LOCAL_CHAT, files=(model_file("tiny.gguf", b"GGUF"),), sources=())
    assert not installation.is_installed(TINY, cache)
    assert not installation.is_installed(other, cache)
    assert installation.path(TINY, cache) == gemma.folder(cache)
    assert installation.path(other, cache) == cache / "tiny.gguf"
    (cache / "tiny.gguf").write_bytes(b"GGUF")
    assert installation.install(TINY, cache) == gemma.folder(cache)
    assert installation.install(other, cache) == cache / "tiny.gguf"
    assert installation.is_installed(TINY, cache)
    assert installation.is_installed(other, cache)


def test_the_fingerprint_names_the_official_model_the_weights_and_the_conversion(tmp_path: Path) -> None:
    assert Embedder("embeddinggemma", tmp_path).fingerprint == {
        "model": "google/embeddinggemma-300m",
        "revision": "cbf5a78393b6-v1",
        "normalised": "yes",
    }
