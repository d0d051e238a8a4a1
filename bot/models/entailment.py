"""An optional entailment model: a sentence-transformers CrossEncoder of the user's own with the labels entailment, neutral, contradiction."""

from threading import Lock
from typing import TYPE_CHECKING, Any, get_args

from bot.errors import EmbedderError
from bot.messages import model_errors
from bot.models.reranker import load_cross_encoder
from bot.schema import Relation

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

MIN_LABEL_LETTERS = 6  # by which a label is known: entail, neutra, contra


class EntailmentModel:
    """Tells how a premise bears on a claim. The model is loaded on first use and never downloaded; threads may share it."""

    def __init__(self, name: str) -> None:
        """`name` is a folder, or a name in the Hugging Face cache. Load nothing yet."""
        self.name = name
        self._model: CrossEncoder | None = None
        self._labels: list[Relation] = []
        self._loading = Lock()

    def relation(self, premise: str, claim: str) -> Relation:
        """The most probable relation. Raises `EmbedderError` where the model cannot be loaded or has other labels."""
        scores = self._loaded().predict([(premise, claim)], show_progress_bar=False)[0]
        return self._labels[int(scores.argmax())]

    def load(self) -> None:
        """Load the model. Does nothing when it is loaded already."""
        self._loaded()

    def _loaded(self) -> "CrossEncoder":
        with self._loading:
            if self._model is None:
                model = load_cross_encoder(self.name, model_errors.NLI_NOT_LOADED)
                written: dict[Any, Any] = getattr(model.config, "id2label", None) or {}
                self._labels = _labels(self.name, {int(key): str(label) for key, label in written.items()})
                self._model = model
            return self._model


def _labels(name: str, written: dict[int, str]) -> list[Relation]:
    """The relation of each output, in any order. Raises `EmbedderError` for other labels than the usual three."""
    known: dict[str, Relation] = {relation[:MIN_LABEL_LETTERS]: relation for relation in get_args(Relation)}
    found = [known.get(written[key].casefold()[:MIN_LABEL_LETTERS]) for key in sorted(written)]
    if len(found) != len(known) or set(found) != set(known.values()):
        labels = ", ".join(written[key] for key in sorted(written))
        raise EmbedderError(model_errors.NLI_LABELS.format(name=name, labels=labels))
    return [relation for relation in found if relation]
