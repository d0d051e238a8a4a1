"""An optional reranker: a sentence-transformers CrossEncoder of the user's own, which reads each passage together with the question."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from bot.errors import EmbedderError
from bot.messages import model_errors
from bot.messages.text import Text
from bot.models.embeddings import number_format, quiet

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Reranker:
    """Scores passages with the model of a folder, or of a name in the Hugging Face cache. It is loaded on first use and never downloaded."""

    def __init__(self, name: str) -> None:
        """Load nothing yet."""
        self.name = name
        self._model: CrossEncoder | None = None
        self._loading = Lock()

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, the higher the better it answers. Raises `EmbedderError` where the model cannot be loaded."""
        found = self._loaded().predict([(question, text) for text in texts], show_progress_bar=False)
        return [float(score) for score in found]

    def load(self) -> None:
        """Load the model. Does nothing when it is loaded already."""
        self._loaded()

    def _loaded(self) -> "CrossEncoder":
        with self._loading:
            if self._model is None:
                model = load_cross_encoder(self.name, model_errors.RERANKER_NOT_LOADED)
                if model.num_labels != 1:
                    raise EmbedderError(model_errors.RERANKER_LABELS.format(name=self.name, count=model.num_labels))
                self._model = model
            return self._model


def load_cross_encoder(name: str, fault: Text) -> "CrossEncoder":
    """The CrossEncoder of a folder, or of a name in the Hugging Face cache. Raises `EmbedderError` with the text `fault`."""
    import torch
    from sentence_transformers import CrossEncoder

    device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"dtype": number_format(device), "use_safetensors": True}
    folder = Path(name).expanduser()
    try:
        with quiet():
            model: CrossEncoder = CrossEncoder(
                str(folder) if folder.is_dir() else name, device=device, local_files_only=True, model_kwargs=options
            )
    except Exception as error:  # tokenizers raises a bare Exception for a file that it cannot read
        raise EmbedderError(fault.format(name=name, reason=_first_line(error))) from error
    return model


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
