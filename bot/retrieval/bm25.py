"""BM25 scores of passages that are given as token lists, and the weight of a token (Lù, BM25S, 2024). Pure."""

from collections.abc import Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray

from bot.text.tokenize import is_verb

VERB_WEIGHT = 0.4  # of a Korean verb among a question's tokens: the subject of a question is in its nouns

Scores = np.ndarray[tuple[int], np.dtype[np.float32]]
Rows = NDArray[np.int32]
_NO_ROWS: Rows = np.array([], dtype=np.int32)


class BM25:
    """A BM25 index of passages, each a list of tokens; a passage is identified by its row. Read-only once built."""

    def __init__(self, passages: Sequence[list[str]]) -> None:
        """Index the tokens of every passage."""
        self._count = len(passages)
        rows: dict[str, list[int]] = {}
        for row, tokens in enumerate(passages):
            for token in set(tokens):
                rows.setdefault(token, []).append(row)
        self._rows = {token: np.array(numbers, dtype=np.int32) for token, numbers in rows.items()}
        self._engine = bm25s.BM25()
        if self._rows:
            self._engine.index(list(passages), show_progress=False)

    def scores(self, tokens: Sequence[str]) -> Scores:
        """The BM25 score of every passage, shape (passages,), Korean verbs multiplied by `VERB_WEIGHT`."""
        scores = np.zeros(self._count, dtype=np.float32)
        known = [token for token in tokens if token in self._rows]
        verbs, others = [token for token in known if is_verb(token)], [token for token in known if not is_verb(token)]
        for weight, group in ((1.0, others), (VERB_WEIGHT, verbs)):
            if group:  # BM25 is a sum over tokens, so the two groups can be weighted and added
                scores += weight * np.asarray(self._engine.get_scores(group), dtype=np.float32)
        return scores

    def rows_with(self, token: str) -> Rows:
        """The rows of the passages that contain the token."""
        return self._rows.get(token, _NO_ROWS)

    def idf(self, token: str) -> float:
        """The inverse document frequency of the token as BM25 defines it, times `VERB_WEIGHT` for a Korean verb.

        A token that no passage contains has the highest value.
        """
        frequency = len(self.rows_with(token))
        weight = VERB_WEIGHT if is_verb(token) else 1.0
        return weight * float(np.log(1 + (self._count - frequency + 0.5) / (frequency + 0.5)))
