"""Common rankings to compare with: BM25 on various tokens, and reciprocal rank fusion."""

from collections.abc import Iterable

import bm25s
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def bm25(documents: list[list[str]], questions: Iterable[list[str]]) -> list[Vectors]:
    """The BM25 scores of every document for each question."""
    engine = bm25s.BM25()
    engine.index(documents, show_progress=False)
    known = {token for document in documents for token in document}
    questions_known = ([token for token in question if token in known] for question in questions)
    return [engine.get_scores(tokens) if tokens else np.zeros(len(documents), np.float32) for tokens in questions_known]


def rrf(first: Vectors, second: Vectors) -> Vectors:
    """Reciprocal rank fusion of two score arrays, k = 60, equal weights (Cormack et al., 2009)."""
    return np.asarray(sum(1 / (60 + np.argsort(np.argsort(-scores)) + 1) for scores in (first, second)), dtype=np.float32)
