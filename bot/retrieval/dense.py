"""What the vectors say of each passage: how near the whole of it and its nearest sentences are to a question. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.retrieval.bm25 import Scores
from bot.retrieval.calibration import Distribution, Group
from bot.retrieval.table import Mask
from bot.schema import WindowHit

_NOWHERE: NDArray[np.intp] = np.array([], dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Windows:
    """The windows of an index, in its order, as arrays of the shape (windows,): the row of each one's passage, its span, what it is."""

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    is_whole: Mask

    @classmethod
    def joined(cls, parts: Sequence["Windows"], passages: Sequence[int]) -> "Windows":
        """The windows of several collections one after the other; `passages` are their numbers of passages."""
        offsets = np.cumsum([0, *passages])
        return cls(
            np.concatenate([part.rows + offset for part, offset in zip(parts, offsets, strict=False)]),
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            np.concatenate([part.is_whole for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Found:
    """The windows that the index found for a question: their places in `windows` and their cosines, -1 to 1; shape (found,), any order."""

    windows: Windows
    is_korean: Mask  # of shape (passages,)
    places: NDArray[np.intp]
    cosines: Scores
    distributions: Mapping[Group, Distribution]

    @cached_property
    def nearness(self) -> Scores:
        """The cosines as z-scores among the windows of the same language and kind."""
        is_korean, is_whole = self.is_korean[self.windows.rows[self.places]], self.windows.is_whole[self.places]
        scores = np.zeros(len(self.cosines), dtype=np.float32)
        for group, distribution in self.distributions.items():
            inside = (is_korean == (group.language == "ko")) & (is_whole == group.is_whole)
            scores[inside] = distribution.standardise(self.cosines[inside])
        return scores

    @cached_property
    def _by_row(self) -> dict[int, NDArray[np.intp]]:
        """Where in `places` the windows of each passage are, by its row, nearest first."""
        rows = self.windows.rows[self.places]
        order = np.lexsort((self.places, -self.cosines, rows))  # a passage and its first sentence begin at one character
        cuts = np.flatnonzero(np.diff(rows[order])) + 1
        return {int(rows[group[0]]): group for group in np.split(order, cuts) if len(group)}

    def has(self, row: int) -> bool:
        """Whether a window of the passage in this row was found."""
        return row in self._by_row

    def of_passage(self, row: int, identity: str) -> tuple[WindowHit, ...]:
        """The windows of the passage in this row that were found, nearest first."""
        windows, at = self.windows, self._by_row.get(row, _NOWHERE)
        places, cosines, nearness = self.places[at].tolist(), self.cosines[at].tolist(), self.nearness[at].tolist()
        return tuple(
            WindowHit(identity, int(windows.starts[place]), int(windows.ends[place]), cosine, near)
            for place, cosine, near in zip(places, cosines, nearness, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Dense:
    """Nearness to a question, each of shape (passages,): cosines, and their z-scores among the windows of the same language and kind.

    A passage of which no window was found has the lowest values of its language.
    """

    whole_cosine: Scores
    sentence_cosine: Scores
    whole: Scores
    sentence: Scores
    second: Scores  # of the second-nearest sentence

    @classmethod
    def of(cls, found: Found) -> "Dense":
        """The scores of all passages."""
        is_whole = found.windows.is_whole[found.places]
        columns = []
        for chosen, rank in ((is_whole, 0), (~is_whole, 0), (~is_whole, 1)):
            best = _best(found, np.flatnonzero(chosen), rank)
            columns.append((_completed(found.cosines, best, found.is_korean), _completed(found.nearness, best, found.is_korean)))
        (whole_cosine, whole), (sentence_cosine, sentence), (_, second) = columns
        return cls(whole_cosine, sentence_cosine, whole, sentence, second)


def _best(found: Found, chosen: NDArray[np.intp], rank: int) -> NDArray[np.intp]:
    """Where in `found` the window of that rank, from 0, of each passage's `chosen` ones is; -1 where there is none. Shape (passages,)."""
    rows = found.windows.rows[found.places[chosen]]
    order = np.lexsort((-found.cosines[chosen], rows))
    rows = rows[order]
    at_rank = np.arange(len(rows)) - np.searchsorted(rows, rows) == rank
    best = np.full(len(found.is_korean), -1, dtype=np.intp)
    best[rows[at_rank]] = chosen[order[at_rank]]
    return best


def _completed(values: Scores, best: NDArray[np.intp], is_korean: Mask) -> Scores:
    """The values of the passages' best windows; for a passage without one the lowest of its language, 0 where that has none."""
    completed = np.zeros(len(best), dtype=np.float32)
    for side in (True, False):
        known = (best >= 0) & (is_korean == side)
        if known.any():
            completed[is_korean == side] = values[best[known]].min()
            completed[known] = values[best[known]]
    return completed
