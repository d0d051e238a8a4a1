"""The features by which passages are ranked. Pure.

Every feature has the shape (passages,). Dense ones are z-scores within a language, because embedders prefer the question's own language;
lexical ones are z-scores among the passages in the question's language, because words shared across languages are accidental. Words count
the more, the more of the question's words the best passage has: `bm25`, `bigrams` and `coverage` are multiplied by that share, squared.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.retrieval.bm25 import BM25, Scores
from bot.retrieval.dense import Dense
from bot.retrieval.table import Mask, Table
from bot.text.tokenize import bigrams

FEATURES = ("whole", "sentence", "second", "neighbour", "essay", "bm25", "bigrams", "coverage", "same_language", "back_matter")
ESSAY_TOP_PASSAGES = 5  # that the mean of an essay is taken over

Features = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The rows of the passages before and after each passage, -1 where there is none, and the number of its essay."""

    previous: NDArray[np.intp]
    following: NDArray[np.intp]
    essay: NDArray[np.intp]

    @classmethod
    def of(cls, table: Table) -> "Neighbours":
        """The neighbours of the passages of a table."""
        passages = table.passages
        begins = {(passage.essay, passage.start): row for row, passage in enumerate(passages)}
        ends = {(passage.essay, passage.end): row for row, passage in enumerate(passages)}
        numbers = {identity: number for number, identity in enumerate(table.essays)}
        return cls(
            np.array([ends.get((passage.essay, passage.start), -1) for passage in passages], dtype=np.intp),
            np.array([begins.get((passage.essay, passage.end), -1) for passage in passages], dtype=np.intp),
            np.array([numbers[passage.essay] for passage in passages], dtype=np.intp),
        )

    def best(self, scores: Scores) -> Scores:
        """The better of both neighbours' scores; 0 where there is none."""
        padded = np.concatenate([scores, [-np.inf]])
        better = np.maximum(padded[self.previous], padded[self.following])
        return np.where(np.isinf(better), 0.0, better).astype(np.float32)

    def essay_mean(self, scores: Scores) -> Scores:
        """The mean of the `ESSAY_TOP_PASSAGES` best scores of each passage's essay."""
        order = np.lexsort((-scores, self.essay))
        rank = np.arange(len(order)) - np.searchsorted(self.essay[order], self.essay[order])
        top = order[rank < ESSAY_TOP_PASSAGES]
        count = np.bincount(self.essay[top])
        mean = np.bincount(self.essay[top], weights=scores[top]) / np.maximum(count, 1)
        return np.asarray(mean[self.essay], dtype=np.float32)


class Lexical:
    """The words of the passages of a table."""

    def __init__(self, table: Table) -> None:
        """Add up the statistics of the table's parts."""
        self._table = table
        self._morphemes, self._bigrams = BM25(table.morphemes), BM25(table.bigrams)

    def weights(self, words: Mapping[str, float]) -> dict[str, float]:
        """The weights of words with a rarity: rare at large and rare in the collection."""
        return {word: rarity * self._morphemes.idf(word) for word, rarity in words.items()}

    def coverage(self, words: Mapping[str, float]) -> Scores:
        """The share of the words, by weight, that each passage or the title of its essay contains."""
        weights = self.weights(words)
        covered = np.zeros(len(self._table.passages), dtype=np.float32)
        for word, weight in weights.items():
            has = self._table.title_rows(word)
            has[self._morphemes.rows_with(word)] = True
            covered += np.float32(weight) * has
        return covered / np.float32(sum(weights.values()) or 1.0)

    def bm25(self, words: Mapping[str, float], among: Mask) -> Scores:
        """The z-scores of BM25 on morphemes, each word multiplied by its rarity, among some passages; 0 for the others."""
        scores = sum(
            (np.float32(rarity) * self._morphemes.scores([word]) for word, rarity in words.items()), self._morphemes.scores([])
        )
        return _standardise(np.asarray(scores, dtype=np.float32), among)

    def bigrams(self, question: str, among: Mask) -> Scores:
        """The z-scores of BM25 on character bigrams among some passages; 0 for the others."""
        return _standardise(self._bigrams.scores(bigrams(question)), among)


def features(
    question: str, words: Mapping[str, float], dense: Dense, coverage: Scores, lexical: Lexical, neighbours: Neighbours, table: Table,
    same_language: Mask,
) -> Features:  # fmt: skip
    """The features of all passages, shape (passages, `FEATURES`). `words` are the question's words with their rarity."""
    near = np.asarray((dense.whole + dense.sentence) / 2, dtype=np.float32)
    share = np.float32(coverage[same_language].max(initial=0.0)) ** 2
    columns = {
        "whole": dense.whole,
        "sentence": dense.sentence,
        "second": dense.second,
        "neighbour": neighbours.best(near),
        "essay": neighbours.essay_mean(near),
        "bm25": share * lexical.bm25(words, same_language),
        "bigrams": share * lexical.bigrams(question, same_language),
        "coverage": share * coverage * same_language,
        "same_language": same_language,
        "back_matter": table.is_back_matter,
    }
    return np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float32)


def _standardise(scores: Scores, among: Mask) -> Scores:
    """The z-scores among some passages; 0 for the others, and everywhere where the scores are all alike."""
    standard = np.zeros(len(scores), dtype=np.float32)
    if among.any() and float(scores[among].std()) > 0:
        standard[among] = (scores[among] - scores[among].mean()) / scores[among].std()
    return standard
