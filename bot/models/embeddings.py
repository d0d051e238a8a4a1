"""The embedder: texts become vectors through sentence-transformers. The only home of that and of torch, loaded on first use."""

import hashlib
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from bot.errors import EmbedderError
from bot.models import e5

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

Progress = Callable[[int, int], None]

_BATCH_CHARACTERS = 4096  # padded length of a batch: with more, the numbers between layers leave the processor's cache
_BATCH_TEXTS = 32
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}
_SAMPLE = 1 << 16  # bytes
_VECTORS = {"token_embeddings", "sentence_embedding"}


class Embedder(Embeddings):
    """Texts to vectors by one model: the bundled one (`model` empty), a local folder, or a name on the Hugging Face Hub.

    Vectors are float32 of length 1, so that a dot product is a cosine. Making an `Embedder` loads nothing; every method that
    needs the model loads it, once, and raises `EmbedderError` where that fails. Threads may share an `Embedder`.
    """

    def __init__(self, model: str, cache: Path) -> None:
        """Keep the model's name, and the folder under which the bundled model is unpacked."""
        self._name = model
        self._cache = cache
        self._model: SentenceTransformer | None = None
        self._loading = Lock()

    @property
    def fingerprint(self) -> dict[str, str]:
        """What decides the vectors: two embedders with equal fingerprints may share an index. Does not load the model.

        A folder's revision is a digest of its settings, prompts among them, and of samples of its weights; a Hub model's is its
        commit, and `unknown` until it was fetched, so load it before writing its fingerprint down. The number format is left
        out: vectors computed in bfloat16 and in float32 differ less than a cosine of 0.999.
        """
        if not self._name:
            return {"model": e5.NAME, "revision": e5.REVISION, "normalised": "yes"}
        folder = _find(self._name)
        if folder is None:
            return {"model": self._name, "revision": "unknown", "normalised": "yes"}
        if _is_folder(self._name):
            return {"model": folder.resolve().name, "revision": _digest(folder), "normalised": "yes"}
        return {"model": self._name, "revision": folder.name, "normalised": "yes"}

    def check(self) -> None:
        """Raise the `EmbedderError` that `load` would for want of the right files. Loads and fetches nothing."""
        if not self._name:
            e5.require_available(self._cache)
        elif folder := _find(self._name):
            _refuse_unsafe(folder)

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        return self._model is not None

    def load(self) -> None:
        """Load the model, unpacking or fetching it first where needed; does nothing when it is loaded already."""
        self._loaded()

    @cached_property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return self._loaded().get_embedding_dimension() or self.encode_query("?").size

    def embed_documents(self, texts: list[str], progress: Progress | None = None) -> list[list[float]]:
        """Embed passages, as LangChain asks for them; see `encode_passages`."""
        vectors: list[list[float]] = self.encode_passages(texts, progress).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Embed a question, as LangChain asks for it; see `encode_query`."""
        vector: list[float] = self.encode_query(text).tolist()
        return vector

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """Embed passages: float32 (number of texts, dimension), each row of length 1, in the order given.

        The model reads as many tokens of a text as it can, 512 in the bundled one, and leaves out the rest. `progress` is called
        with the number of texts done and the number of all.
        """
        model = self._loaded()
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        done = 0
        for batch in _batches(texts):
            chosen = [texts[index] for index in batch]
            vectors[batch] = model.encode_document(chosen, batch_size=len(batch), show_progress_bar=False)
            done += len(batch)
            if progress:
                progress(done, len(texts))
        return _normalised(vectors)

    def encode_query(self, text: str) -> np.ndarray:
        """Embed a question: float32 (dimension,), of length 1."""
        return _normalised(self._loaded().encode_query(text, show_progress_bar=False))

    def _loaded(self) -> "SentenceTransformer":
        with self._loading:
            if self._model is None:
                folder = e5.ensure_bundled(self._cache) if not self._name else _find(self._name) or _fetch(self._name)
                _refuse_unsafe(folder)
                self._model = _load(folder)
            return self._model


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Group the indices of texts of like length, longest first, so that little of a batch is padding."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    while order:
        size = min(_BATCH_TEXTS, max(1, _BATCH_CHARACTERS // max(1, len(texts[order[0]]))))
        yield order[:size]
        order = order[size:]


def _normalised(vectors: np.ndarray) -> np.ndarray:
    """Scale each row to length 1, in float32; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: np.ndarray = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled


def _error(fact: str, korean: str) -> EmbedderError:
    """Word an error whose remedy is another model."""
    return EmbedderError(
        f"{fact} Set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder; empty means the bundled one.",
        f"{korean} BOT_EMBEDDING_MODEL에 sentence-transformers 모델의 이름이나 폴더를 지정하세요. 비워 두면 기본 모델을 씁니다.",
    )


def _is_folder(name: str) -> bool:
    """Tell a folder on this disk from a name on the Hub."""
    return Path(name).expanduser().is_dir()


def _find(name: str) -> Path | None:
    """Find the folder that `name` is, or the Hub's model of that name among those fetched before; `None` where it was not."""
    if _is_folder(name):
        return Path(name).expanduser()
    if not _HUB_NAME.fullmatch(name):
        raise _error(f"There is no folder {name!r} with an embedding model.", f"임베딩 모델 폴더 {name!r}가 없습니다.")
    try:
        folder = _fetch(name, offline=True)
    except EmbedderError:
        return None
    return folder if (folder / "modules.json").is_file() and any(folder.rglob("*.safetensors")) else None


def _fetch(name: str, *, offline: bool = False) -> Path:
    """Fetch a model from the Hub, or find it in the Hub's cache: of its files only those that are data."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    full = name if "/" in name else f"sentence-transformers/{name}"
    others = ["onnx/*", "openvino/*"]
    try:
        return Path(snapshot_download(full, allow_patterns=_HUB_FILES, ignore_patterns=others, local_files_only=offline))
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise _error(
            f"The embedding model {name!r} is no folder and cannot be fetched from the Hugging Face Hub.",
            f"임베딩 모델 {name!r}는 폴더가 아니며 Hugging Face Hub에서 받을 수도 없습니다.",
        ) from error


def _digest(folder: Path) -> str:
    """Digest a model's folder: its JSON files, and of its weights the names, the sizes and three samples."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".json", ".safetensors"}:
            continue
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if path.suffix == ".json":
                digest.update(file.read())
                continue
            for place in (0, size // 2, max(0, size - _SAMPLE)):
                file.seek(place)
                digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:16]


def _refuse_unsafe(folder: Path) -> None:
    """Refuse a folder that is no sentence-transformers model, or that would run code of its own."""
    try:
        listed = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        modules = [(str(module["type"]), folder / str(module["path"])) for module in listed]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _error(
            f"{folder} is not a sentence-transformers model: it has no modules.json that can be read.",
            f"{folder}는 sentence-transformers 모델이 아닙니다. 읽을 수 있는 modules.json이 없습니다.",
        ) from error
    for kind, place in modules:
        suffixes = {path.suffix for path in place.glob("*")}
        if not kind.startswith("sentence_transformers."):
            raise _error(
                f"The embedding model {folder} asks for code of its own, {kind}, which is not run.",
                f"임베딩 모델 {folder}가 자체 코드 {kind}를 요구하므로 실행하지 않습니다.",
            )
        if suffixes & _PICKLES and ".safetensors" not in suffixes:
            raise _error(
                f"The embedding model {folder} has weights as pickle only, which may run code. Save it as safetensors.",
                f"임베딩 모델 {folder}의 가중치가 코드를 실행할 수 있는 pickle 형식뿐입니다. safetensors로 저장하세요.",
            )


def _load(folder: Path) -> "SentenceTransformer":
    """Load the model of a folder that was found safe."""
    import torch
    from sentence_transformers import SentenceTransformer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"dtype": _number_format(device), "use_safetensors": True}
    try:
        with _quiet():
            model = SentenceTransformer(str(folder), device=device, local_files_only=True, model_kwargs=options)
            model[0].register_forward_hook(_to_float32)
            model.encode(["", ""], show_progress_bar=False)  # sets up the tokenizer, which threads may share from then on
    except Exception as error:  # tokenizers raises the bare class for a file that it cannot read
        raise _error(
            f"The embedding model {folder} cannot be loaded: {error}.", f"임베딩 모델 {folder}를 불러올 수 없습니다: {error}."
        ) from error
    return model


def _number_format(device: str) -> "torch.dtype":
    """Choose bfloat16 where the hardware multiplies it, about twice as fast as float32; else float32."""
    import torch

    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def _to_float32(_module: object, _inputs: object, features: dict[str, Any]) -> dict[str, Any]:
    """Let the mean over the tokens be taken in float32: bfloat16 loses too much there."""
    return {name: value.float() if name in _VECTORS else value for name, value in features.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the loaders' bars, reports and deprecations off the terminal."""
    from transformers.utils import logging as reports

    verbosity, bars = reports.get_verbosity(), reports.is_progress_bar_enabled()
    reports.set_verbosity(logging.ERROR)
    reports.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        reports.set_verbosity(verbosity)
        if bars:
            reports.enable_progress_bar()  # type: ignore[no-untyped-call]
