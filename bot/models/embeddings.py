"""The embedder: texts to vectors with sentence-transformers. The only module that imports it and torch; both load on first use."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from bot.messages import model_errors
from bot.models import e5, gemma, late_chunking, model_folder
from bot.models.late_chunking import Parts
from bot.schema import Progress, no_progress

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

E5_SMALL = "e5-small"  # the name of the bundled model
# The models that are known by a name of ours: how a fingerprint names them, and their revisions.
KNOWN = {E5_SMALL: (e5.MODEL_NAME, e5.REVISION), gemma.NAME: (gemma.MODEL_NAME, gemma.REVISION)}
_BATCH_CHARACTERS = 4096  # padded length of a batch: above it the activations no longer fit into the processor's cache
_BATCH_TEXTS = 32
_VECTOR_OUTPUTS = {"token_embeddings", "sentence_embedding"}


class Embedder(Embeddings):
    """Embeds texts with one model: `e5-small` (bundled; also the empty name), `embeddinggemma`, a local folder, or a name on the Hub.

    Vectors are float32 of length 1, so that a dot product is a cosine. Constructing an `Embedder` loads nothing; every method that
    needs the model loads it, once, and raises `EmbedderError` where that fails. Threads may share an `Embedder`.
    """

    def __init__(self, model: str, cache: Path) -> None:
        """`cache` is the folder under which the bundled model is unpacked, and EmbeddingGemma is kept."""
        self.name = model or E5_SMALL
        self.cache = cache
        self._model: SentenceTransformer | None = None
        self._loading = Lock()

    @property
    def fingerprint(self) -> dict[str, str]:
        """What determines the vectors: two embedders with equal fingerprints may share an index. Does not load the model.

        A folder's revision is a digest of its settings, prompts among them, and of samples of its weights. A Hub model's is its
        commit, and `unknown` before it was downloaded: load it before storing its fingerprint. The number format is left out,
        because the cosine of a vector computed in bfloat16 with the same in float32 is above 0.999.
        """
        model, revision = KNOWN.get(self.name, (self.name, "unknown"))
        if self.name not in KNOWN and (folder := model_folder.find(self.name)):
            is_path = model_folder.is_folder(self.name)
            model, revision = (folder.resolve().name, model_folder.digest(folder)) if is_path else (self.name, folder.name)
        return {"model": model, "revision": revision, "normalised": "yes"}

    def check(self) -> None:
        """Raise `EmbedderError` where files are missing or unsafe and cannot be unpacked or downloaded. Loads nothing."""
        if self.name == E5_SMALL:
            e5.require_available(self.cache)
        elif self.name == gemma.NAME:
            gemma.require_installed(self.cache)
        elif folder := model_folder.find(self.name):
            model_folder.require_safe(folder)
        elif model_folder.is_offline():
            raise model_folder.not_downloadable(self.name, model_folder.OFFLINE)

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
        for indices in batches(texts):
            batch = [texts[index] for index in indices]
            vectors[indices] = model.encode_document(
                batch, batch_size=len(batch), show_progress_bar=False, normalize_embeddings=True
            )
            done += len(batch)
            progress("embed", done, len(texts))
        return vectors

    def encode_query(self, text: str) -> np.ndarray:
        """Embed a question: float32 (dimension,), of length 1."""
        return np.asarray(self._loaded().encode_query(text, show_progress_bar=False, normalize_embeddings=True), dtype=np.float32)

    def encode_turns(self, turns: Sequence[str]) -> np.ndarray:
        """Embed what readers write, to tell what they want: float32 (number of turns, dimension), each row of length 1.

        A model that has a prompt for classification reads a turn with it, another one as a question.
        """
        vectors = np.zeros((len(turns), self.dimension), np.float32)
        for indices in batches(turns):
            vectors[indices] = self._with_prompts([(self._turn_prompt, turns[index]) for index in indices])
        return vectors

    def encode_question(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of a text as a question and as a turn, in one pass: those of `encode_query` and `encode_turns`."""
        query = self._loaded().prompts.get("query") or ""
        if query == self._turn_prompt:
            vector = self.encode_query(text)
            return vector, vector
        as_query, as_turn = self._with_prompts([(query, text), (self._turn_prompt, text)])
        return as_query, as_turn

    @property
    def _turn_prompt(self) -> str:
        prompts = {name.casefold(): prompt for name, prompt in self._loaded().prompts.items()}
        return prompts.get("classification") or prompts.get("query") or ""

    def _with_prompts(self, texts: Sequence[tuple[str, str]]) -> np.ndarray:
        """Embed texts, each after its prompt, in one batch."""
        whole = [prompt + text for prompt, text in texts]
        vectors = self._loaded().encode(
            whole, prompt="", batch_size=len(whole), show_progress_bar=False, normalize_embeddings=True
        )
        return np.asarray(vectors, dtype=np.float32)

    def encode_parts(self, parts: Sequence[Parts], progress: Progress = no_progress) -> Iterator[tuple[int, np.ndarray]]:
        """Embed passages and their sentences, in batches: yields the place of each of `parts`, in any order, with its vectors.

        The vectors are float32 (1 + number of sentences, dimension), the passage first. EmbeddingGemma reads a sentence within its passage
        (late chunking), other models each by itself. `progress("embed", done, total)` is called with numbers of passages.
        """
        done = 0
        for places in batches([part.body for part in parts]):
            batch = [parts[place] for place in places]
            if self.name == gemma.NAME:
                vectors = late_chunking.encode(self._loaded(), batch)
            else:
                texts = [text for part in batch for text in part.read_alone()]
                ends = np.cumsum([1 + len(part.sentences) for part in batch])
                vectors = np.split(self.encode_passages(texts), ends[:-1])
            yield from zip(places, vectors, strict=True)
            done += len(places)
            progress("embed", done, len(parts))

    def _loaded(self) -> "SentenceTransformer":
        with self._loading:
            if self._model is None:
                folder = self._folder()
                model_folder.require_safe(folder)
                self._model = _load(folder)
            return self._model

    def _folder(self) -> Path:
        if self.name == E5_SMALL:
            return e5.ensure_bundled(self.cache)
        if self.name == gemma.NAME:
            return gemma.require_installed(self.cache)
        return model_folder.find(self.name) or model_folder.download(self.name)


def batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """The indices of `texts` in batches of similar length, longest first, to keep padding small."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    while order:
        size = min(_BATCH_TEXTS, max(1, _BATCH_CHARACTERS // max(1, len(texts[order[0]]))))
        yield order[:size]
        order = order[size:]


def _load(folder: Path) -> "SentenceTransformer":
    """The model of a folder that passed `model_folder.require_safe`. Raises `EmbedderError`."""
    import torch
    from sentence_transformers import SentenceTransformer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"dtype": number_format(device), "use_safetensors": True}
    try:
        with quiet():
            model = SentenceTransformer(str(folder), device=device, local_files_only=True, model_kwargs=options)
            model[0].register_forward_hook(_to_float32)
            for module in list(model)[1:]:  # a Dense module has to have the number format of what comes in
                module.float()
            model.encode(["", ""], show_progress_bar=False)  # initialises the tokenizer, which threads may share from then on
    except Exception as error:  # tokenizers raises a bare Exception for a file that it cannot read
        raise model_folder.unusable(model_errors.EMBEDDER_NOT_LOADED.format(folder=folder, reason=error)) from error
    return model


def number_format(device: str) -> "torch.dtype":
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
def quiet() -> Iterator[None]:
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
