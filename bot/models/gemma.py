"""Fetches EmbeddingGemma and keeps it in the cache as bfloat16, half its size. Imports no torch."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import FileLock

from bot.errors import EmbedderError, ModelError
from bot.messages import model_errors
from bot.models.download import fetch
from bot.models.files import EMBEDDING_GEMMA, HubSource
from bot.schema import Progress, no_progress

NAME = EMBEDDING_GEMMA.name
MODEL_NAME = next(
    source.repository for source in EMBEDDING_GEMMA.sources if isinstance(source, HubSource) and source.gated
)  # the official one
WEIGHTS = EMBEDDING_GEMMA.files[0]
# The part after the hash is the conversion's: raise it when what is in the folder changes.
REVISION = f"{WEIGHTS.sha256[:12]}-v1"

_SIZES_FILE = "complete.json"  # written last: the size in bytes of every other file, by name
_CHUNK_WEIGHTS = 1 << 22  # converted at a time
_TERMS = """The files in this folder are those of EmbeddingGemma 300M (https://huggingface.co/google/embeddinggemma-300m), by Google,
with the weights of its transformer rounded to bfloat16. Gemma is provided under and subject to the Gemma Terms of Use found at
https://ai.google.dev/gemma/terms
"""


def folder(cache: Path) -> Path:
    """The sentence-transformers folder of the model under `cache`, whether it is there or not."""
    return cache / f"{NAME}-{REVISION}"


def is_installed(cache: Path) -> bool:
    """Whether every file of the folder is there with its size."""
    try:
        sizes: dict[str, int] = json.loads((folder(cache) / _SIZES_FILE).read_text(encoding="utf-8"))
        return all((folder(cache) / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def require_installed(cache: Path) -> Path:
    """The folder. Raises `EmbedderError` where it is not there: nothing is fetched unasked."""
    if not is_installed(cache):
        raise EmbedderError(model_errors.GEMMA_MISSING.format(name=NAME, cache=cache, alternative=EMBEDDING_GEMMA.alternative))
    return folder(cache)


def install(cache: Path, progress: Progress = no_progress) -> Path:
    """The folder, fetched and converted where it is missing: 1.2 GB are fetched, 0.6 GB stay.

    `progress` is called as by `download.fetch`, then with the stage `convert` and bytes. Raises `ModelError` where the model cannot be
    fetched or written; what was fetched stays, and the next call goes on from there.
    """
    target = folder(cache)
    if is_installed(cache):
        return target
    original = fetch(EMBEDDING_GEMMA, cache, progress)
    try:
        with FileLock(cache / f".{target.name}.lock"):
            if not is_installed(cache):
                _convert(original, target, progress)
                shutil.rmtree(original, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            model_errors.CACHE_UNWRITABLE.format(
                name=NAME, cache=cache, reason=error.strerror or error, needed="600 MB", alternative=EMBEDDING_GEMMA.alternative
            )
        ) from error
    return target


def _convert(original: Path, target: Path, progress: Progress) -> None:
    """Write the folder under a temporary name and rename it when it is complete. The caller holds the lock."""
    partial = target.with_name(f".{target.name}.partial")
    for leftover in (partial, target):  # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        for file in EMBEDDING_GEMMA.files:
            (partial / file.path).parent.mkdir(parents=True, exist_ok=True)
            if file is WEIGHTS:
                write_bfloat16(original / file.path, partial / file.path, progress)
            else:
                shutil.copyfile(original / file.path, partial / file.path)
        (partial / "NOTICE").write_text(_TERMS, encoding="utf-8")
        sizes = {path.relative_to(partial).as_posix(): path.stat().st_size for path in partial.rglob("*") if path.is_file()}
        (partial / _SIZES_FILE).write_text(json.dumps(sizes, indent=1), encoding="utf-8")
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_bfloat16(source: Path, target: Path, progress: Progress = no_progress) -> None:
    """Write the float32 tensors of a safetensors file as bfloat16 into another one, a few at a time; others stay as they are.

    The format is a length, a JSON header and the tensors' bytes (https://huggingface.co/docs/safetensors). Raises `OSError`.
    """
    with source.open("rb") as read, target.open("wb") as out:
        length = int.from_bytes(read.read(8), "little")
        header: dict[str, Any] = json.loads(read.read(length))
        tensors = {name: header[name] for name in sorted(header, key=lambda name: _begin(header[name])) if name != "__metadata__"}
        converted, end = {"__metadata__": header.get("__metadata__", {"format": "pt"})}, 0
        for name, tensor in tensors.items():
            begin, end = end, end + _size(tensor)
            converted[name] = {**tensor, "dtype": _format(tensor), "data_offsets": [begin, end]}
        text = json.dumps(converted).encode()
        text += b" " * (-len(text) % 8)
        out.write(len(text).to_bytes(8, "little") + text)
        done, total = 0, sum(tensor["data_offsets"][1] - tensor["data_offsets"][0] for tensor in tensors.values())
        for tensor in tensors.values():
            read.seek(8 + length + tensor["data_offsets"][0])
            for chunk in _chunks(read, tensor):
                out.write(_rounded(chunk) if tensor["dtype"] == "F32" else chunk)
                done += len(chunk)
                progress("convert", done, total)


def _begin(tensor: dict[str, Any]) -> int:
    return int(tensor.get("data_offsets", (-1,))[0])


def _size(tensor: dict[str, Any]) -> int:
    begin, end = map(int, tensor["data_offsets"])
    return (end - begin) // (2 if tensor["dtype"] == "F32" else 1)


def _format(tensor: dict[str, Any]) -> str:
    return "BF16" if tensor["dtype"] == "F32" else str(tensor["dtype"])


def _chunks(read: BinaryIO, tensor: dict[str, Any]) -> Iterator[bytes]:
    begin, end = tensor["data_offsets"]
    for start in range(begin, end, 4 * _CHUNK_WEIGHTS):
        yield read.read(min(4 * _CHUNK_WEIGHTS, end - start))


def _rounded(chunk: bytes) -> bytes:
    """float32 numbers as bfloat16: the upper half of their bits, rounded to the nearest, ties to even. The weights hold no NaN."""
    bits = np.frombuffer(chunk, dtype="<u4")
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded >> np.uint32(16)).astype("<u2").tobytes()
