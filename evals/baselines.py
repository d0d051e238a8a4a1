"""What most chatbots rank with, to be compared with: BM25 on other tokens, and reciprocal rank fusion."""

from collections.abc import Iterable

import bm25s
import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def bm25(documents: list[list[str]], questions: Iterable[list[str]]) -> list[Vectors]:
    """BM25 scores of every document for each question."""
    engine = bm25s.BM25()
    engine.index(documents, show_progress=False)
    known = {token for document in documents for token in document}
    kept = ([token for token in question if token in known] for question in questions)
    return [engine.get_scores(tokens) if tokens else np.zeros(len(documents), np.float32) for tokens in kept]


def rrf(one: Vectors, two: Vectors) -> Vectors:
    """Reciprocal rank fusion, k = 60, equal weights (Cormack et al., 2009)."""
    return np.asarray(sum(1 / (60 + np.argsort(np.argsort(-scores)) + 1) for scores in (one, two)), dtype=np.float32)
