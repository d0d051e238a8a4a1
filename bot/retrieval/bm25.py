"""BM25 scores of passages that are given as token lists, and the weight of a token. Pure.

The formula is Lucene's (Kamphuis et al., Which BM25 Do You Mean?, 2020), with k1 = 1.5 and b = 0.75. It is written here and not taken from
a library because the statistics of several collections have to be added up without building an index of their union.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.text.tokenize import is_verb

K1, B = 1.5, 0.75
VERB_WEIGHT = 0.4  # of a Korean verb among a question's tokens: the subject of a question is in its nouns

Scores = np.ndarray[tuple[int], np.dtype[np.float32]]
Rows = NDArray[np.int32]
_NO_ROWS: Rows = np.array([], dtype=np.int32)


class Postings:
    """Which passages contain each token, and how often. A passage is identified by its row. Read-only once built."""

    def __init__(self, passages: Sequence[Sequence[str]]) -> None:
        """Count the tokens of every passage."""
        self.lengths = np.array([len(tokens) for tokens in passages], dtype=np.float32)
        rows: dict[str, list[tuple[int, int]]] = {}
        for row, tokens in enumerate(passages):
            for token, count in Counter(tokens).items():
                rows.setdefault(token, []).append((row, count))
        self._entries = {token: np.array(pairs, dtype=np.int32).T for token, pairs in rows.items()}

    def entries(self, token: str) -> tuple[Rows, Rows]:
        """The rows of the passages that contain the token, and how often each contains it."""
        found = self._entries.get(token)
        return (_NO_ROWS, _NO_ROWS) if found is None else (found[0], found[1])


class BM25:
    """BM25 over the passages of one or more `Postings`, whose rows follow one another in their order."""

    def __init__(self, parts: Sequence[Postings]) -> None:
        """The statistics are those of all parts together."""
        self._parts = list(parts)
        self._offsets = np.cumsum([0, *(len(part.lengths) for part in parts)])
        lengths = np.concatenate([part.lengths for part in parts]) if parts else np.zeros(0, dtype=np.float32)
        self._count = len(lengths)
        self._norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()) if self._count else 0.0, 1e-9))

    def scores(self, tokens: Sequence[str]) -> Scores:
        """The BM25 score of every passage, shape (passages,), Korean verbs multiplied by `VERB_WEIGHT`."""
        scores = np.zeros(self._count, dtype=np.float32)
        for token, times in Counter(tokens).items():
            rows, counts = self._entries(token)
            if len(rows):
                scores[rows] += times * self.idf(token) * counts / (counts + self._norms[rows])
        return scores

    def rows_with(self, token: str) -> Rows:
        """The rows of the passages that contain the token."""
        return self._entries(token)[0]

    def idf(self, token: str) -> float:
        """The inverse document frequency of the token as BM25 defines it, times `VERB_WEIGHT` for a Korean verb.

        A token that no passage contains has the highest value.
        """
        frequency = len(self.rows_with(token))
        weight = VERB_WEIGHT if is_verb(token) else 1.0
        return weight * float(np.log(1 + (self._count - frequency + 0.5) / (frequency + 0.5)))

    def _entries(self, token: str) -> tuple[Rows, Rows]:
        entries = [part.entries(token) for part in self._parts]
        rows = [found + offset for (found, _), offset in zip(entries, self._offsets, strict=False)]
        if not rows:
            return _NO_ROWS, _NO_ROWS
        return np.concatenate(rows).astype(np.int32), np.concatenate([counts for _, counts in entries])
