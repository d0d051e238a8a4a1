"""Hybrid retrieval: rank the passages of one index for a question by one linear model, and select hits. Pure; knows no Chroma, no embedder.

The features are those of `retrieval.passages`, their weights are fitted by `python -m evals.fit`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.indexing.dates import iso_date
from bot.retrieval import evidence, passages
from bot.retrieval.bm25 import Scores
from bot.retrieval.dated import dated
from bot.retrieval.dense import Dense, Found
from bot.retrieval.evidence import Outcome
from bot.retrieval.passages import Lexical, Neighbours
from bot.retrieval.table import Mask, Table
from bot.retrieval.weights import Weights
from bot.schema import Hit, Near, Passage, Use
from bot.text.language import language_of
from bot.text.rarity import is_listed, rarity
from bot.text.tokenize import morphemes

MAX_PASSAGES_PER_ESSAY = 3  # of the six that an answer is made from, so that no single essay fills it
RERANKED = 30  # passages that a reranker orders
NAME_RARITY = 0.9  # of a word that may be the name meant by a word of the other script
DUPLICATE_SIMILARITY = 0.8  # Jaccard similarity of morphemes above which the lower-ranked of two passages is dropped

# Scores of texts for a question, the higher the better: `bot.models.reranker`.
Rerank = Callable[[str, Sequence[str]], Sequence[float]]


@dataclass(frozen=True, eq=False)
class Ranking:
    """The passages ranked for a question, each array of shape (passages,): scores, -inf for those that are left out, and their parts."""

    scores: Scores
    dense: Dense
    coverage: Scores
    of_that_date: Mask | None  # None for a question without a date


class Retriever:
    """Ranks the passages of one index. Built once a generation and read-only afterwards, so threads may share it.

    Scores and masks have the shape (passages,), in the order of the passages; a passage's position in it is its row.
    """

    def __init__(self, table: Table, weights: Weights) -> None:
        """Read what the table does not hold: neighbours and works by row."""
        self._table, self._weights = table, weights
        self._essays, self._passages = table.essays, table.passages
        self._row = {passage.id: row for row, passage in enumerate(table.passages)}
        self._lexical, self._neighbours = Lexical(table), Neighbours.of(table)
        works: dict[str, int] = {}
        self._work_number = np.array(
            [works.setdefault(work_of(passage.essay), len(works)) for passage in table.passages], dtype=np.intp
        )

    def words(self, question: str) -> dict[str, float]:
        """The content words of a question, misspelt ones corrected, with their weights in this collection."""
        return self._lexical.weights(self._table.vocabulary.weights(question))

    def has(self, word: str) -> bool:
        """Whether a passage or a title holds the word, as `morphemes` gives it."""
        return word in self._table.vocabulary

    def spelled(self, question: str) -> str:
        """The question with the spelling that the collection has for each name of the other script (Daedongbeop: 대동법) after it."""
        vocabulary = self._table.vocabulary
        words = [vocabulary.corrected(word) for word in morphemes(question)]
        added = [vocabulary.other_spelling(word) for word in words if not is_listed(word)]  # a common word is no name
        names = dict.fromkeys(word for word in added if word and rarity(word) >= NAME_RARITY)
        return " ".join([question, *(f"({word})" for word in names)])

    def features(self, question: str, dense: Dense) -> passages.Features:
        """The features of all passages, shape (passages, features): see `retrieval.passages`."""
        return self._features(question, self._table.vocabulary.weights(question), dense)[0]

    def rank(self, question: str, found: Found, essays: Collection[str] = ()) -> Ranking:
        """All passages ranked; translations of essays in the question's language, and essays not in `essays`, ids, are left out."""
        dense = Dense.of(found)
        values, coverage = self._features(question, self._table.vocabulary.weights(question), dense)
        weights = np.array([self._weights.passages.get(name, 0.0) for name in passages.FEATURES], dtype=np.float32)
        left_out = self.is_translation(question)
        of_that_date = dated(question, self._essays, self._passages)
        if of_that_date is not None and of_that_date.any():
            left_out = left_out | ~of_that_date
        if essays:
            left_out = left_out | np.array([passage.essay not in essays for passage in self._passages], dtype=np.bool_)
        scores = np.where(left_out, -np.inf, values @ weights).astype(np.float32)
        return Ranking(scores, dense, coverage, of_that_date)

    def search(
        self,
        question: str,
        found: Found,
        k: int,
        use: Use = "rank",
        essays: Collection[str] = (),
        rerank: Rerank | None = None,
    ) -> list[Hit]:
        """At most `k` hits, best first: neighbours merged, near-duplicates dropped. A passage has a window in `found` or a common word.

        For an `answer` no essay has more than `MAX_PASSAGES_PER_ESSAY` hits. For `each`, an essay has one hit, its best, and essays in
        the question's language come first: the question is about what all of them say. `essays`, ids, narrows the search to them.
        `rerank` orders the first `RERANKED` passages anew.
        """
        ranking = self.rank(question, found, essays)
        if rerank:
            ranking = replace(ranking, scores=self._reranked(question, ranking.scores, rerank))
        hits: list[Hit] = []
        scores = ranking.scores
        per_essay = {"rank": k, "answer": MAX_PASSAGES_PER_ESSAY if len(self._essays) > 1 else k, "each": 1}[use]
        is_later = ~self.in_language_of(question) if use == "each" else np.zeros(len(scores), dtype=bool)
        for row in np.lexsort((-scores, is_later | np.isinf(scores))):
            if np.isinf(scores[row]) or len(hits) == k:
                break
            passage = self._passages[row]
            if not found.has(row) and ranking.coverage[row] <= 0 and ranking.of_that_date is None:
                continue
            if sum(hit.passage.essay == passage.essay for hit in hits) < per_essay:
                self._add(hits, self._hit(row, ranking, found))
        return hits

    def outcome(self, question: str, hits: Sequence[Hit]) -> Outcome:
        """Whether the essays answer the question with these hits, or hold something related, or nothing."""
        if not morphemes(question):  # "?!", an emoji, "왜?" alone: some passage is always nearest, but nothing was asked
            return "absent"
        of_that_date = dated(question, self._essays, self._passages)
        if of_that_date is not None and not of_that_date.any():
            return "absent"
        if any(self._essays[hit.passage.essay].date == iso_date(question) != "" for hit in hits):
            return "answered"
        return evidence.outcome(self.evidence(question, hits), self._weights)

    def evidence(self, question: str, hits: Sequence[Hit]) -> dict[str, float]:
        """The features of `outcome`: see `retrieval.evidence`."""
        vocabulary = self._table.vocabulary
        is_comparable = bool(hits) and self._essays[hits[0].passage.essay].language == language_of(question)
        found = self._words_of(hits) if is_comparable else frozenset()
        return evidence.features(question, vocabulary.weights(question), hits, found, vocabulary)

    def _words_of(self, hits: Sequence[Hit]) -> frozenset[str]:
        """The words of the passages that the hits were made of, and of their essays' titles."""
        identities = {window.passage for hit in hits for window in hit.windows} | {hit.passage.id for hit in hits}
        rows = [self._row[identity] for identity in identities if identity in self._row]
        titles = (self._table.titles[hit.passage.essay] for hit in hits)
        return frozenset().union(*(self._table.vocabularies[row] for row in rows), *titles)

    def in_language_of(self, question: str) -> Mask:
        """Which passages are in the question's language."""
        return np.asarray(self._table.is_korean == (language_of(question) == "ko"), dtype=np.bool_)

    def is_translation(self, question: str) -> Mask:
        """Which passages are in the other language although their essay also exists in the question's language."""
        same_language = self.in_language_of(question)
        return np.asarray(~same_language & np.isin(self._work_number, self._work_number[same_language]), dtype=np.bool_)

    def _features(self, question: str, words: Mapping[str, float], dense: Dense) -> tuple[passages.Features, Scores]:
        coverage = self._lexical.coverage(words)
        same_language = self.in_language_of(question)
        values = passages.features(question, words, dense, coverage, self._lexical, self._neighbours, self._table, same_language)
        return values, coverage

    def _reranked(self, question: str, scores: Scores, rerank: Rerank) -> Scores:
        """The scores with those of the first passages exchanged among them, so that they stand in the reranker's order."""
        rows = [row for row in np.argsort(-scores, kind="stable")[:RERANKED] if np.isfinite(scores[row])]
        given = rerank(question, [self._passages[row].text for row in rows])
        exchanged = scores.copy()
        exchanged[[rows[place] for place in np.argsort(-np.array(given), kind="stable")]] = scores[rows]
        return exchanged

    def _hit(self, row: int, ranking: Ranking, found: Found) -> Hit:
        dense, passage = ranking.dense, self._passages[row]
        windows = found.of_passage(row, passage.id)
        near = Near(
            float(dense.whole_cosine[row]), float(dense.sentence_cosine[row]), float(dense.whole[row]), float(dense.sentence[row])
        )
        cosine = windows[0].cosine if windows else 0.0
        return Hit(passage, float(ranking.scores[row]), cosine, float(ranking.coverage[row]), near, windows)

    def _add(self, hits: list[Hit], hit: Hit) -> None:
        """Append `hit`, or merge it with a neighbour that is in `hits`, or drop it as a duplicate of one that is."""
        for index, ranked in enumerate(hits):
            if self._are_neighbours(hit.passage, ranked.passage):
                hits[index] = self._merge(ranked, hit)
                return
            if self._are_duplicates(hit.passage, ranked.passage):
                return
        hits.append(hit)

    def _are_neighbours(self, passage: Passage, ranked: Passage) -> bool:
        """Whether the two touch; a merged passage is not merged again."""
        touch = passage.essay == ranked.essay and (passage.start == ranked.end or passage.end == ranked.start)
        return touch and ranked.id in self._row

    def _are_duplicates(self, passage: Passage, ranked: Passage) -> bool:
        if ranked.id not in self._row:
            return False
        vocabularies = self._table.vocabularies
        left, right = vocabularies[self._row[passage.id]], vocabularies[self._row[ranked.id]]
        return bool(left | right) and len(left & right) / len(left | right) > DUPLICATE_SIMILARITY

    def _merge(self, hit: Hit, neighbour: Hit) -> Hit:
        """One hit for both passages, with the maximum of each score; its windows are those of both."""
        start, end = min(hit.passage.start, neighbour.passage.start), max(hit.passage.end, neighbour.passage.end)
        return Hit(
            Passage.of(self._essays[hit.passage.essay], start, end),
            score=max(hit.score, neighbour.score),
            dense=max(hit.dense, neighbour.dense),
            lexical=max(hit.lexical, neighbour.lexical),
            near=hit.near.better(neighbour.near),
            windows=tuple(sorted(hit.windows + neighbour.windows, key=lambda window: -window.cosine)),
        )


def work_of(essay_id: str) -> str:
    """The id without `.ko` or `.en`: what the translations of one essay have in common."""
    return essay_id.removesuffix(".ko").removesuffix(".en")
