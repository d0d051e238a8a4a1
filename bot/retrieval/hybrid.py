"""Hybrid retrieval: rank the passages of one index for a question by dense and lexical scores. Pure; knows neither Chroma nor the embedder.

The dense scores come in as the windows nearest to the question with their cosines. The lexical scores are BM25 over Kiwi morphemes
and over character bigrams. Both become z-scores before they are added: dense scores within each language, because the embedder
prefers the question's own language, and lexical scores among the passages in the question's language, because words shared across
languages are accidental. The weight of the lexical scores falls, and that of the dense scores rises, with the share of the question's
words that the best passage contains.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from bot.indexing.dates import iso_date
from bot.retrieval.bm25 import BM25, Scores
from bot.retrieval.calibration import Distribution
from bot.retrieval.dated import dated
from bot.retrieval.table import Mask, Table
from bot.schema import Hit, Language, Passage, Use, WindowHit
from bot.text.language import language_of
from bot.text.tokenize import bigrams, morphemes

# Weights of the z-scores, chosen on the first half of KorQuAD and on the golden questions' `dev` half; see evals/LOG.md.
DENSE_WEIGHT, MORPHEME_WEIGHT, BIGRAM_WEIGHT = 0.35, 0.45, 0.30
DENSE_WEIGHT_ALONE = 0.95  # the dense weight where no passage contains any word of the question
FULL_COVERAGE = 0.8  # the share of a question's words in one passage from which on the lexical scores have their full weight
CROSS_DENSE_WEIGHT, CROSS_BONUS = 0.85, 0.3  # for passages in the other language, which have no lexical score
# "Do the essays answer it?" is a logistic model, fitted by evals/refusal.py on the `dev` halves of the question sets.
ANSWERED_DENSE, ANSWERED_ABSENT, ANSWERED_THRESHOLD = 10.0, 2.2, 3.1
# In a small collection the cosines are not centred, and the coverage of the question's words decides.
SMALL_COVERAGE, SMALL_ABSENT, SMALL_THRESHOLD = 9.5, 11.5, 1.6
CROSS_THRESHOLD = 2.5  # of the nearness alone, where no essay is in the question's language
NEIGHBOUR_WEIGHT = 0.2  # of the better neighbour's score: an argument may continue across a passage boundary
ESSAY_WEIGHT = 1.0  # of the mean of the essay's best passages: the topic of an essay counts for each of its passages
ESSAY_TOP_PASSAGES = 5  # that this mean is taken over
BACK_MATTER_PENALTY = 0.6  # a list of sources repeats the names and figures of the text without its sentences
MAX_PASSAGES_PER_ESSAY = 3  # of the six that an answer is made from, so that no single essay fills it
DUPLICATE_SIMILARITY = 0.8  # Jaccard similarity of morphemes above which the lower-ranked of two passages is dropped


class Retriever:
    """Ranks the passages of one index. Built once a generation and read-only afterwards, so threads may share it.

    Scores and masks have the shape (passages,), in the order of the passages; a passage's position in it is its row.
    """

    def __init__(self, table: Table) -> None:
        """Read what the table does not hold: neighbours, essays and works by row."""
        self._table = table
        self._essays, self._passages = table.essays, table.passages
        passages = table.passages
        self._row = {passage.id: row for row, passage in enumerate(passages)}
        self._morphemes, self._bigrams = BM25(table.morphemes), BM25(table.bigrams)
        numbers = {identity: number for number, identity in enumerate(table.essays)}
        self._essay_number = np.array([numbers[passage.essay] for passage in passages], dtype=np.intp)
        begins = {(passage.essay, passage.start): row for row, passage in enumerate(passages)}
        ends = {(passage.essay, passage.end): row for row, passage in enumerate(passages)}
        self._previous_row = np.array([ends.get((passage.essay, passage.start), -1) for passage in passages], dtype=np.intp)
        self._next_row = np.array([begins.get((passage.essay, passage.end), -1) for passage in passages], dtype=np.intp)
        works: dict[str, int] = {}
        self._work_number = np.array([works.setdefault(_work(passage.essay), len(works)) for passage in passages], dtype=np.intp)

    def search(
        self,
        question: str,
        window_hits: Sequence[WindowHit],
        distributions: Mapping[Language, Distribution],
        k: int,
        use: Use = "rank",
        essays: Collection[str] = (),
    ) -> list[Hit]:
        """At most `k` hits, best first: neighbours merged, near-duplicates and translations of essays in the question's language dropped.

        `window_hits` are the windows nearest to the question, `distributions` the distribution of its cosines in each language.
        For an `answer` no essay has more than `MAX_PASSAGES_PER_ESSAY` hits. For `each`, an essay has one hit, its best, and essays in
        the question's language come first: the question is about what all of them say. `essays`, ids, narrows the search to them.
        """
        windows = self.by_row(window_hits)
        scores, dense, coverage = self.scores(question, windows, distributions)
        of_that_date = dated(question, self._essays, self._passages)
        if of_that_date is not None and of_that_date.any():
            scores = np.where(of_that_date, scores, -np.inf).astype(np.float32)
        if essays:
            chosen = [passage.essay in essays for passage in self._passages]
            scores = np.where(chosen, scores, -np.inf).astype(np.float32)
        hits: list[Hit] = []
        per_essay = {"rank": k, "answer": MAX_PASSAGES_PER_ESSAY if len(self._essays) > 1 else k, "each": 1}[use]
        is_later = ~self._in_language_of(question) if use == "each" else np.zeros(len(scores), dtype=bool)
        for row in np.lexsort((-scores, is_later | np.isinf(scores))):
            if np.isinf(scores[row]) or len(hits) == k:
                break
            passage = self._passages[row]
            if row not in windows and coverage[row] <= 0 and of_that_date is None:
                continue
            if sum(hit.passage.essay == passage.essay for hit in hits) >= per_essay:
                continue
            near = tuple(windows.get(row, ()))
            cosine = near[0].cosine if near else 0.0
            self._add(hits, Hit(passage, float(scores[row]), cosine, float(coverage[row]), float(dense[row]), near))
        return hits

    def scores(
        self, question: str, windows: Mapping[int, Sequence[WindowHit]], distributions: Mapping[Language, Distribution]
    ) -> tuple[Scores, Scores, Scores]:
        """The scores of all passages, the z-scores of their best windows, and the shares of the question's words that they contain.

        `windows` are each passage's windows that the index found, nearest first, by the passage's row.
        """
        words = morphemes(question)
        coverage, dense = self._coverage(words), self._dense(windows, distributions)
        return self._fuse(question, words, dense, coverage), dense, coverage

    def idf(self, word: str) -> float:
        """The weight of a morpheme in this collection: see `BM25.idf`."""
        return self._morphemes.idf(word)

    def is_answered(self, question: str, hits: Sequence[Hit], *, centred: bool = True) -> bool:
        """Whether the essays answer the question with these hits; otherwise the bot has to abstain.

        `centred` says whether the language centroid was subtracted from the question's vector (`Sample.is_large`).
        """
        if not morphemes(question):  # "?!", an emoji, "왜?" alone: some passage is always nearest, but nothing was asked
            return False
        of_that_date = dated(question, self._essays, self._passages)
        if of_that_date is not None and not of_that_date.any():
            return False
        if any(self._essays[hit.passage.essay].date == iso_date(question) != "" for hit in hits):
            return True
        nearness = max((hit.nearness for hit in hits), default=0.0)
        if not self._in_language_of(question).any():
            return nearness >= CROSS_THRESHOLD
        dense, absent = self.evidence(question, hits)
        if centred:
            return ANSWERED_DENSE * dense - ANSWERED_ABSENT * absent >= ANSWERED_THRESHOLD
        coverage = max((hit.lexical for hit in hits), default=0.0)
        return nearness + SMALL_COVERAGE * coverage - SMALL_ABSENT * absent >= SMALL_THRESHOLD

    def evidence(self, question: str, hits: Sequence[Hit]) -> tuple[float, float]:
        """The features of `is_answered`: the hits' best cosine, -1 to 1, and the share of the question's words, 0 to 1, in no passage."""
        return max((hit.dense for hit in hits), default=0.0), self._absent_share(morphemes(question))

    def _in_language_of(self, question: str) -> Mask:
        return np.asarray(self._table.is_korean == (language_of(question) == "ko"), dtype=np.bool_)

    def _dense(self, windows: Mapping[int, Sequence[WindowHit]], distributions: Mapping[Language, Distribution]) -> Scores:
        """The z-score of each passage's best window; a passage without a listed window gets the lowest one listed in its language."""
        dense = np.zeros(len(self._passages), dtype=np.float32)
        sides: tuple[tuple[Language, bool], ...] = (("ko", True), ("en", False))
        for language, is_korean in sides:
            rows = [row for row in windows if self._table.is_korean[row] == is_korean]
            if rows:
                best = [distributions[language].standardise(windows[row][0].cosine) for row in rows]
                dense[self._table.is_korean == is_korean] = min(best)
                dense[rows] = best
        return dense

    def _lexical(self, question: str, words: list[str], same_language: Mask) -> Scores:
        scores = MORPHEME_WEIGHT * _standardise(self._morphemes.scores(words), same_language)
        scores = scores + BIGRAM_WEIGHT * _standardise(self._bigrams.scores(bigrams(question)), same_language)
        return np.asarray(scores, dtype=np.float32)

    def _coverage(self, words: list[str]) -> Scores:
        """The share of the question's words, weighted by IDF, that each passage contains."""
        weights = {word: self.idf(word) for word in words}
        covered = np.zeros(len(self._passages), dtype=np.float32)
        for word, weight in weights.items():
            covered[self._morphemes.rows_with(word)] += weight
        return covered / np.float32(sum(weights.values()) or 1.0)

    def _absent_share(self, words: list[str]) -> float:
        """The share of the question's words, weighted by IDF, that no passage contains."""
        weights = {word: self.idf(word) for word in words}
        absent = sum(weight for word, weight in weights.items() if not len(self._morphemes.rows_with(word)))
        return absent / (sum(weights.values()) or 1.0)

    def _fuse(self, question: str, words: list[str], dense: Scores, coverage: Scores) -> Scores:
        same_language = self._in_language_of(question)
        lexical_share = min(1.0, float(coverage[same_language].max(initial=0.0)) / FULL_COVERAGE)
        dense_weight = DENSE_WEIGHT_ALONE + (DENSE_WEIGHT - DENSE_WEIGHT_ALONE) * lexical_share
        lexical = self._lexical(question, words, same_language)
        fused = np.where(same_language, dense_weight * dense + lexical_share * lexical, CROSS_DENSE_WEIGHT * dense + CROSS_BONUS)
        scores = self._in_context(fused - BACK_MATTER_PENALTY * self._table.is_back_matter)
        return np.where(self._is_translation(same_language), -np.inf, scores).astype(np.float32)

    def _in_context(self, scores: Scores) -> Scores:
        """The scores plus what each passage's neighbours and its essay contribute."""
        padded = np.concatenate([scores, [-np.inf]])  # row -1 is the missing neighbour
        neighbour = np.maximum(padded[self._previous_row], padded[self._next_row])
        joined = scores + NEIGHBOUR_WEIGHT * np.where(np.isinf(neighbour), 0.0, neighbour)
        order = np.lexsort((-joined, self._essay_number))
        rank = np.arange(len(order)) - np.searchsorted(self._essay_number[order], self._essay_number[order])
        best = order[rank < ESSAY_TOP_PASSAGES]
        count = np.bincount(self._essay_number[best])
        mean = np.bincount(self._essay_number[best], weights=joined[best]) / np.maximum(count, 1)
        return np.asarray(joined + ESSAY_WEIGHT * mean[self._essay_number], dtype=np.float32)

    def _is_translation(self, same_language: Mask) -> Mask:
        """Which passages are in the other language although their essay also exists in the question's language."""
        return np.asarray(~same_language & np.isin(self._work_number, self._work_number[same_language]), dtype=np.bool_)

    def by_row(self, window_hits: Sequence[WindowHit]) -> dict[int, list[WindowHit]]:
        """Each passage's windows, nearest first, by the passage's row."""
        windows: dict[int, list[WindowHit]] = {}
        for window in sorted(window_hits, key=lambda window: (-window.cosine, window.start)):
            windows.setdefault(self._row[window.passage], []).append(window)
        return windows

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
            nearness=max(hit.nearness, neighbour.nearness),
            windows=tuple(sorted(hit.windows + neighbour.windows, key=lambda window: -window.cosine)),
        )


def _standardise(scores: Scores, group: Mask) -> Scores:
    """z-scores by the mean and the deviation of `group`; zeros where the group is empty or has no deviation."""
    inside = scores[group]
    deviation = float(inside.std()) if len(inside) else 0.0
    if deviation < 1e-9:
        return np.zeros_like(scores)
    return np.asarray((scores - inside.mean()) / deviation, dtype=np.float32)


def _work(essay_id: str) -> str:
    """The id without `.ko` or `.en`: what the translations of one essay have in common."""
    return essay_id.removesuffix(".ko").removesuffix(".en")
