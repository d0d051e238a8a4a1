"""The sentences of an index with the vectors that it stores: looked up by their text, or all as one matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.schema import Essay, Passage
from bot.store import Snapshot


@dataclass(frozen=True, slots=True)
class Stored:
    """A sentence of an essay, from character `start` to `end`."""

    essay: str
    start: int
    end: int


class SentenceVectors:
    """The sentence windows of open snapshots. What is read from them is read when it is first needed; threads may share it."""

    def __init__(self, snapshots: Sequence[Snapshot], essays: Mapping[str, Essay]) -> None:
        """Read nothing yet."""
        self._snapshots, self._essays = tuple(snapshots), essays

    @cached_property
    def sentences(self) -> list[Stored]:
        """The sentences, in the order of the rows of `matrix`; whole passages are left out."""
        return [sentence for sentence, _ in self._places]

    @cached_property
    def matrix(self) -> NDArray[np.float32]:
        """Their vectors, float32 (sentences, dimension), each row of length 1: 1.5 kB a sentence with e5-small. Raises `StoreError`."""
        rows = [
            snapshot.vectors([place for _, (part, place) in self._places if part == number])
            for number, snapshot in enumerate(self._snapshots)
        ]
        found = [part for part in rows if len(part)]
        return np.concatenate(found) if found else np.zeros((0, 0), np.float32)

    def of_texts(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The stored vectors of those of `texts` that are sentences of the essays. Raises `StoreError`."""
        found: dict[str, NDArray[np.float32]] = {}
        for number, snapshot in enumerate(self._snapshots):
            places = {text: self._by_text[text][1] for text in texts if self._by_text.get(text, (-1, 0))[0] == number}
            if places:
                found |= dict(zip(places, snapshot.vectors(list(places.values())), strict=True))
        return found

    def nearest(self, vectors: NDArray[np.float32], count: int, essays: Sequence[str] = ()) -> list[list[int]]:
        """For each of the vectors, shape (n, dimension), the rows of the `count` nearest sentences, nearest first; with `essays`, ids, of theirs."""
        if not len(self.matrix):
            return [[] for _ in vectors]
        cosines = vectors @ self.matrix.T
        if essays:
            cosines[:, [sentence.essay not in essays for sentence in self.sentences]] = -np.inf
        order = np.argsort(-cosines, axis=1)[:, :count]
        return [[int(row) for row in rows if np.isfinite(cosines[number, row])] for number, rows in enumerate(order)]

    @cached_property
    def _places(self) -> list[tuple[Stored, tuple[int, int]]]:
        """Each sentence with the number of its snapshot and its place among that one's windows."""
        found = []
        for number, snapshot in enumerate(self._snapshots):
            passages: dict[str, Passage] = {passage.id: passage for passage in snapshot.passages}
            for place, window in enumerate(snapshot.windows):
                passage = passages[window.passage]
                if (window.start, window.end) != (passage.start, passage.end):
                    found.append((Stored(passage.essay, window.start, window.end), (number, place)))
        return found

    @cached_property
    def _by_text(self) -> dict[str, tuple[int, int]]:
        texts = {essay: self._essays[essay].text for essay in {sentence.essay for sentence in self.sentences}}
        return {texts[sentence.essay][sentence.start : sentence.end]: place for sentence, place in self._places}
