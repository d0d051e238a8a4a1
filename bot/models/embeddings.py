"""The embedder: texts to vectors with sentence-transformers. The only module that imports it and torch; both load on first use."""

import hashlib
import json
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from bot.errors import EmbedderError
from bot.messages import model_errors
from bot.messages.text import Text
from bot.models import e5
from bot.schema import Progress, no_progress

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

E5_SMALL = "e5-small"  # the name of the bundled model
_BATCH_CHARACTERS = 4096  # padded length of a batch: above it the activations no longer fit into the processor's cache
_BATCH_TEXTS = 32
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_HUB_FILES_LEFT_OUT = ["onnx/*", "openvino/*"]
_OFFLINE = "HF_HUB_OFFLINE is set"
_PICKLE_SUFFIXES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}
_SAMPLE_BYTES = 1 << 16
_VECTOR_OUTPUTS = {"token_embeddings", "sentence_embedding"}


class Embedder(Embeddings):
    """Embeds texts with one model: the bundled one (`model` empty or `e5-small`), a local folder, or a name on the Hugging Face Hub.

    Vectors are float32 of length 1, so that a dot product is a cosine. Constructing an `Embedder` loads nothing; every method that
    needs the model loads it, once, and raises `EmbedderError` where that fails. Threads may share an `Embedder`.
    """

    def __init__(self, model: str, cache: Path) -> None:
        """`cache` is the folder under which the bundled model is unpacked."""
        self._name = "" if model == E5_SMALL else model
        self._cache = cache
        self._model: SentenceTransformer | None = None
        self._loading = Lock()

    @property
    def fingerprint(self) -> dict[str, str]:
        """What determines the vectors: two embedders with equal fingerprints may share an index. Does not load the model.

        A folder's revision is a digest of its settings, prompts among them, and of samples of its weights. A Hub model's is its
        commit, and `unknown` before it was downloaded: load it before storing its fingerprint. The number format is left out,
        because the cosine of a vector computed in bfloat16 with the same in float32 is above 0.999.
        """
        if not self._name:
            return {"model": e5.MODEL_NAME, "revision": e5.REVISION, "normalised": "yes"}
        folder = _find(self._name)
        if folder is None:
            return {"model": self._name, "revision": "unknown", "normalised": "yes"}
        if _is_folder(self._name):
            return {"model": folder.resolve().name, "revision": _digest(folder), "normalised": "yes"}
        return {"model": self._name, "revision": folder.name, "normalised": "yes"}

    def check(self) -> None:
        """Raise `EmbedderError` where files are missing or unsafe and cannot be unpacked or downloaded. Loads nothing."""
        if not self._name:
            e5.require_available(self._cache)
        elif folder := _find(self._name):
            _require_safe(folder)
        elif _is_offline():
            raise _not_downloadable(self._name, _OFFLINE)

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        return self._model is not None

    def load(self) -> None:
        """Load the model, unpacked or downloaded first where needed. Does nothing when it is loaded already."""
        self._loaded()

    @cached_property
    def dimension(self) -> int:
        """The number of components of a vector."""
        return self._loaded().get_embedding_dimension() or self.encode_query("?").size

    def embed_documents(self, texts: list[str], progress: Progress = no_progress) -> list[list[float]]:
        """Embed passages (LangChain's interface); see `encode_passages`."""
        vectors: list[list[float]] = self.encode_passages(texts, progress).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Embed a question (LangChain's interface); see `encode_query`."""
        vector: list[float] = self.encode_query(text).tolist()
        return vector

    def encode_passages(self, texts: Sequence[str], progress: Progress = no_progress) -> np.ndarray:
        """Embed passages: float32 (number of texts, dimension), each row of length 1, in the order of `texts`.

        Text beyond the model's maximum length, 512 tokens in the bundled one, is ignored. `progress("embed", done, total)` is called with
        numbers of texts.
        """
        model = self._loaded()
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        done = 0
        for indices in _batches(texts):
            batch = [texts[index] for index in indices]
            vectors[indices] = model.encode_document(
                batch, batch_size=len(batch), show_progress_bar=False, normalize_embeddings=True
            )
            done += len(batch)
            progress("embed", done, len(texts))
        return vectors

    def encode_query(self, text: str) -> np.ndarray:
        """Embed a question: float32 (dimension,), of length 1."""
        vector = self._loaded().encode_query(text, show_progress_bar=False, normalize_embeddings=True)
        return np.asarray(vector, dtype=np.float32)

    def _loaded(self) -> "SentenceTransformer":
        with self._loading:
            if self._model is None:
                folder = e5.ensure_bundled(self._cache) if not self._name else _find(self._name) or _download(self._name)
                _require_safe(folder)
                self._model = _load(folder)
            return self._model


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """The indices of `texts` in batches of similar length, longest first, to keep padding small."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    while order:
        size = min(_BATCH_TEXTS, max(1, _BATCH_CHARACTERS // max(1, len(texts[order[0]]))))
        yield order[:size]
        order = order[size:]


def _error(fact: Text) -> EmbedderError:
    """An error whose remedy is another model."""
    return EmbedderError(model_errors.OTHER_EMBEDDER.format(fact=fact))


def _is_folder(name: str) -> bool:
    """Whether `name` is a folder on this disk, and not a name on the Hub."""
    return Path(name).expanduser().is_dir()


def _find(name: str) -> Path | None:
    """The folder of the model: `name` itself, or the Hub's copy in its cache. None for a Hub model that was not downloaded."""
    if _is_folder(name):
        return Path(name).expanduser()
    if not _HUB_NAME.fullmatch(name):
        raise _error(model_errors.NO_FOLDER.format(name=name))
    try:
        folder = _download(name, only_cached=True)
    except EmbedderError:
        return None
    return folder if (folder / "modules.json").is_file() and any(folder.rglob("*.safetensors")) else None


def _download(name: str, *, only_cached: bool = False) -> Path:
    """Download a model from the Hub into its cache, or only look there. Files that are not data are left out."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        folder = snapshot_download(
            repository, allow_patterns=_HUB_FILES, ignore_patterns=_HUB_FILES_LEFT_OUT, local_files_only=only_cached
        )
        return Path(folder)
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise _not_downloadable(name, _download_failure(error)) from error


def _not_downloadable(name: str, reason: str) -> EmbedderError:
    return _error(model_errors.NOT_DOWNLOADABLE.format(name=name, reason=reason))


def _download_failure(error: Exception) -> str:
    """Why a download failed, in a few words: the client's own messages are several lines long."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if _is_offline():
        return _OFFLINE
    if isinstance(error, LocalEntryNotFoundError):
        return "no connection"
    return getattr(error, "strerror", None) or type(error).__name__


def _is_offline() -> bool:
    """Whether HF_HUB_OFFLINE forbids downloads from the Hub."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _digest(folder: Path) -> str:
    """16 hexadecimal digits over a model's folder: its JSON files, and the names, sizes and three samples of its weight files."""
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
            for offset in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
                file.seek(offset)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def _require_safe(folder: Path) -> None:
    """Raise `EmbedderError` for a folder that is not a sentence-transformers model or whose loading could run code."""
    try:
        listed = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        modules = [(str(module["type"]), folder / str(module["path"])) for module in listed]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _error(model_errors.NO_MODULES.format(folder=folder)) from error
    for kind, module_folder in modules:
        suffixes = {path.suffix for path in module_folder.glob("*")}
        if not kind.startswith("sentence_transformers."):
            raise _error(model_errors.OWN_CODE.format(folder=folder, kind=kind))
        if suffixes & _PICKLE_SUFFIXES and ".safetensors" not in suffixes:
            raise _error(model_errors.PICKLE_ONLY.format(folder=folder))


def _load(folder: Path) -> "SentenceTransformer":
    """The model of a folder that passed `_require_safe`. Raises `EmbedderError`."""
    import torch
    from sentence_transformers import SentenceTransformer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"dtype": _number_format(device), "use_safetensors": True}
    try:
        with _quiet():
            model = SentenceTransformer(str(folder), device=device, local_files_only=True, model_kwargs=options)
            model[0].register_forward_hook(_to_float32)
            for module in list(model)[1:]:  # a Dense module has to have the number format of what comes in
                module.float()
            model.encode(["", ""], show_progress_bar=False)  # initialises the tokenizer, which threads may share from then on
    except Exception as error:  # tokenizers raises a bare Exception for a file that it cannot read
        raise _error(model_errors.EMBEDDER_NOT_LOADED.format(folder=folder, reason=error)) from error
    return model


def _number_format(device: str) -> "torch.dtype":
    """bfloat16 where the hardware multiplies it (about twice as fast), else float32."""
    import torch

    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    capabilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else torch.float32


def _to_float32(_module: object, _inputs: object, features: dict[str, Any]) -> dict[str, Any]:
    """Forward hook: the mean over the tokens is computed in float32, because bfloat16 is too coarse for it."""
    return {name: value.float() if name in _VECTOR_OUTPUTS else value for name, value in features.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the loaders' progress bars, reports and deprecation warnings."""
    from transformers.utils import logging as transformers_logging

    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity(logging.ERROR)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
