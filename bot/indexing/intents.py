"""What a reader wants of a turn, told by a linear classifier of the turn's vector and its letters, fitted from intents.jsonl.

Those of the two known embedders are fitted by `python -m evals.fit_intents` and stand beside this file. For any other embedder it is fitted
at an ingest, or else at the first question, and kept in the user's cache. The examples were written by a language model that saw neither
the essays nor the turns of the evaluation.
"""

import hashlib
import json
import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bot.models.embeddings import Embedder

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

EXAMPLES = Path(__file__).with_name("intents.jsonl")
CONTENT = "content"  # what a turn is taken for where the classifier is unsure
# Chosen on the `dev` turns of evals/intents.jsonl: evals/LOG.md.
LETTERS = 4096  # buckets of the hashed runs of one to four letters
STRENGTH = 100.0  # inverse of the regularisation

_fitted: dict[str, "Intents"] = {}
_fitting = threading.Lock()


@dataclass(frozen=True, eq=False)
class Intents:
    """The classifier: `weights` has the shape (labels, dimension + `LETTERS`), `offsets` (labels,)."""

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]

    def of(self, turn: str, vector: NDArray[np.float32]) -> str:
        """The intent of a turn with its vector, shape (dimension,): a label of the examples, such as `content` or `documents.date`."""
        scores = self.weights @ np.concatenate([vector, _letters([turn])[0]]) + self.offsets
        return self.labels[int(scores.argmax())]


def of_embedder(embedder: Embedder) -> Intents:
    """The classifier for an embedder: the one in memory, else the kept one, else one that is fitted now, which takes seconds."""
    key = key_of(embedder)
    with _fitting:
        if key not in _fitted:
            kept_in = embedder.cache / "intents" / f"{key}.npz"
            kept = read(shipped(embedder), key, embedder) or read(kept_in, key, embedder)
            _fitted[key] = kept or fit(embedder)
            if kept is None:
                with suppress(OSError):  # a cache that cannot be written only means that it is fitted again
                    write(kept_in, key, _fitted[key])
        return _fitted[key]


def key_of(embedder: Embedder) -> str:
    """What a classifier depends on, as a hash: the embedder, the examples, and how it is fitted."""
    parts = [embedder.fingerprint, _digest(), LETTERS, STRENGTH]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def shipped(embedder: Embedder) -> Path:
    """The file beside this one that holds the classifier of a known embedder."""
    return EXAMPLES.with_name(f"intents-{Path(embedder.name).name}.npz")


def examples() -> list[tuple[str, str]]:
    """The examples: label and turn."""
    rows = map(json.loads, EXAMPLES.read_text(encoding="utf-8").splitlines())
    return [(row["intent"], row["turn"]) for row in rows]


def fit(embedder: Embedder) -> Intents:
    """The classifier for an embedder, fitted on the examples."""
    from sklearn.linear_model import LogisticRegression

    labels, turns = zip(*examples(), strict=True)
    values = np.hstack([embedder.encode_turns(turns), _letters(turns)])
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(values, labels)
    return Intents(tuple(map(str, model.classes_)), model.coef_.astype(np.float32), model.intercept_.astype(np.float32))


def read(file: Path, key: str, embedder: Embedder) -> Intents | None:
    """The classifier in a file; None where there is none that is whole and has this key."""
    with suppress(OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile):
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as saved:
            weights, offsets = saved["weights"].astype(np.float32), saved["offsets"].astype(np.float32)
            found = Intents(tuple(map(str, saved["labels"])), weights, offsets)
            is_this = str(saved["key"]) == key
        if (
            is_this
            and weights.shape == (len(found.labels), embedder.dimension + LETTERS)
            and offsets.shape == (len(found.labels),)
        ):
            return found
    return None


def write(file: Path, key: str, fitted: Intents) -> None:
    """Write the classifier to a file, in half precision. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{uuid.uuid4().hex}.npz")
    weights, offsets = fitted.weights.astype(np.float16), fitted.offsets.astype(np.float16)
    np.savez_compressed(partial, key=np.array(key), labels=np.array(fitted.labels), weights=weights, offsets=offsets)
    partial.replace(file)


def _letters(turns: Sequence[str]) -> NDArray[np.float32]:
    """The hashed runs of letters of each turn, shape (turns, `LETTERS`), of length 1."""
    return np.asarray(_vectorizer().transform(turns).toarray(), dtype=np.float32)


@cache
def _vectorizer() -> "HashingVectorizer":
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=LETTERS)


@cache
def _digest() -> str:
    return hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()
