"""From a question to ranked passages: dense and lexical scores, fused. Knows nothing of Chroma or of the embedder.

Dense scores come in as windows near the question. The lexical half is BM25 (Lù, BM25S, 2024) over Kiwi morphemes and over character
bigrams. Both halves are standardised, the dense one within each language, because the embedder favours the question's own language,
and the lexical one among the passages in the question's language, because across languages words match by accident only. The lexical
half counts by what it can know: where no passage holds many of the question's words, it fades and the dense half decides.
"""

import re
from collections.abc import Mapping, Sequence

import bm25s
import numpy as np
from numpy.typing import NDArray

from bot.retrieval.calibration import Distribution
from bot.schema import Essay, Hit, Language, Passage, Use, WindowHit
from bot.text.normalize import language_of
from bot.text.tokenize import bigrams, is_verb, morphemes

# Weights of the z-scores, chosen on the first half of KorQuAD and on the golden questions' `dev` half; see evals/LOG.md.
DENSE, MORPHEMES, BIGRAMS = 0.35, 0.45, 0.30
DENSE_ALONE = 0.95  # the weight of the dense half where the lexical half knows nothing
VERB = 0.4  # the weight of a Korean verb among a question's words: what is asked about stands in its nouns
FULL_COVERAGE = 0.8  # the share of a question's words in one passage at which the lexical half has its full weight
FOREIGN_DENSE, FOREIGN_BONUS = 0.85, 0.3  # for passages in the other language, which have no lexical half
# "Is it in the essays?": a logistic model, fitted by evals/refusal.py on the `dev` halves of the question sets.
DENSE_COUNTS, ABSENCE_COUNTS, ENOUGH = 10.0, 2.2, 3.1
# On a small shelf, where a dense score has nothing to be measured against, the question's words decide.
SMALL_COVERAGE, SMALL_ABSENCE, SMALL_ENOUGH = 9.5, 11.5, 1.6
ENOUGH_FOREIGN = 2.5  # where the shelf has no essay in the question's language, nearness alone has to reach this
NEIGHBOUR = 0.2  # how much of its better neighbour's score a passage gets: an argument goes on over a paragraph's end
ESSAY = 1.0  # how much it gets of the mean of its essay's best: what an essay is about counts for its parts
ESSAY_PASSAGES = 5  # that an essay's mean is taken over
BACK_MATTER_COSTS = 0.6  # a list of sources repeats the body's names and figures without its sentences
OF_ONE_ESSAY = 3  # passages of one essay that an answer is made from, of six: one essay should not speak for the shelf
TWIN = 0.8  # Jaccard similarity of morphemes above which the lower of two passages is dropped

_BACK_MATTER = re.compile(r"^#{1,6} .*(?:출처|참고 ?문헌|\b(?:sources|references|bibliography)\b)", re.IGNORECASE | re.MULTILINE)
Scores = np.ndarray[tuple[int], np.dtype[np.float32]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
_NOBODY = np.array([], dtype=np.int32)


class Retriever:
    """Ranks the passages of one index. Made once for a generation; read-only after, so threads may share it."""

    def __init__(self, essays: Sequence[Essay], passages: Sequence[Passage], terms: Sequence[str]) -> None:
        """`terms` holds each passage's morphemes, joined by spaces, in the order of `passages`."""
        self._essays = {essay.id: essay for essay in essays}
        self._passages = list(passages)
        self._row = {passage.id: row for row, passage in enumerate(passages)}
        tokens = [line.split() for line in terms]
        self._vocabularies = [frozenset(line) for line in tokens]
        self._morphemes = _BM25(tokens)
        self._bigrams = _BM25([bigrams(passage.text) for passage in passages])
        self._korean = np.array([self._essays[passage.essay].language == "ko" for passage in passages], dtype=bool)
        numbers = {essay.id: number for number, essay in enumerate(essays)}
        self._essay = np.array([numbers[passage.essay] for passage in passages], dtype=np.intp)
        begins = {(passage.essay, passage.start): row for row, passage in enumerate(passages)}
        ends = {(passage.essay, passage.end): row for row, passage in enumerate(passages)}
        self._before = np.array([ends.get((passage.essay, passage.start), -1) for passage in passages], dtype=np.intp)
        self._after = np.array([begins.get((passage.essay, passage.end), -1) for passage in passages], dtype=np.intp)
        editions: dict[str, int] = {}
        self._edition = np.array(
            [editions.setdefault(_edition(passage.essay), len(editions)) for passage in passages], dtype=np.intp
        )
        back = {essay.id: _back_matter(essay.text) for essay in essays}
        self._back = np.array([passage.start >= back[passage.essay] for passage in passages], dtype=np.float32)

    def search(
        self, question: str, near: Sequence[WindowHit], spread: Mapping[Language, Distribution], k: int, use: Use = "rank"
    ) -> list[Hit]:
        """At most `k` hits, best first: neighbours merged, near-twins and editions in the other language dropped.

        `near` are the windows nearest to the question, `spread` how its cosines lie in each language of the shelf. For an `answer`
        no essay has more than `OF_ONE_ESSAY`. For `each`, an essay has one hit, its best, and essays in the question's language come
        first: a reader asked what all of them say.
        """
        words = morphemes(question)
        windows = self._by_passage(near)
        coverage = self._coverage(words)
        dense = self._dense(windows, spread)
        scores = self._fuse(question, words, dense, coverage)
        hits: list[Hit] = []
        most = {"rank": k, "answer": OF_ONE_ESSAY if len(self._essays) > 1 else k, "each": 1}[use]
        later = ~self._own(question) if use == "each" else np.zeros(len(scores), dtype=bool)
        for row in np.lexsort((-scores, later | np.isinf(scores))):
            if np.isinf(scores[row]) or len(hits) == k:
                break
            if row in windows or coverage[row] > 0:
                if sum(hit.passage.essay == self._passages[row].essay for hit in hits) >= most:
                    continue
                cosine = windows[row][0].cosine if row in windows else 0.0
                found = (float(scores[row]), cosine, float(coverage[row]), float(dense[row]), tuple(windows.get(row, ())))
                self._place(hits, Hit(self._passages[row], *found))
        return hits

    def rarity(self, word: str) -> float:
        """The weight of a morpheme: its inverse document frequency in the shelf."""
        return self._morphemes.rarity(word)

    def is_answered(self, question: str, hits: Sequence[Hit], *, large: bool = True) -> bool:
        """Whether the shelf answers the question that found these hits, or has to say honestly that it does not.

        `large` says whether the hits' dense scores were freed from what all windows share (`Sample.large`).
        """
        if not morphemes(question):  # "?!", an emoji, "왜?" on its own: something is always nearest, and nothing was asked
            return False
        nearest = max((hit.nearness for hit in hits), default=0.0)
        if not self._own(question).any():
            return nearest >= ENOUGH_FOREIGN
        dense, absent = self.evidence(question, hits)
        if large:
            return DENSE_COUNTS * dense - ABSENCE_COUNTS * absent >= ENOUGH
        covered = max((hit.lexical for hit in hits), default=0.0)
        return nearest + SMALL_COVERAGE * covered - SMALL_ABSENCE * absent >= SMALL_ENOUGH

    def evidence(self, question: str, hits: Sequence[Hit]) -> tuple[float, float]:
        """The best dense score of the hits, -1 to 1, and the share of the question's words, 0 to 1, that no essay holds."""
        return max((hit.dense for hit in hits), default=0.0), self._absent(morphemes(question))

    def _absent(self, words: list[str]) -> float:
        """The share of the question's words, weighed by their rarity, that no passage holds."""
        weights = {word: self.rarity(word) for word in words}
        missing = sum(weight for word, weight in weights.items() if not len(self._morphemes.holders(word)))
        return missing / (sum(weights.values()) or 1.0)

    def component_scores(
        self, question: str, near: Sequence[WindowHit], spread: Mapping[Language, Distribution]
    ) -> dict[str, Scores]:
        """The scores of all passages, in their order, by each half alone and by the whole: `dense`, `lexical`, `hybrid`."""
        words = morphemes(question)
        dense = self._dense(self._by_passage(near), spread)
        hybrid = self._fuse(question, words, dense, self._coverage(words))
        return {"dense": dense, "lexical": self._lexical(question, words, self._own(question)), "hybrid": hybrid}

    def _own(self, question: str) -> Mask:
        """Which passages are in the question's language."""
        return np.asarray(self._korean == (language_of(question) == "ko"), dtype=np.bool_)

    def _lexical(self, question: str, words: list[str], own: Mask) -> Scores:
        scores = MORPHEMES * _standardise(self._morphemes.scores(words), own)
        return np.asarray(scores + BIGRAMS * _standardise(self._bigrams.scores(bigrams(question)), own), dtype=np.float32)

    def _fuse(self, question: str, words: list[str], dense: Scores, coverage: Scores) -> Scores:
        own = self._own(question)
        knows = min(1.0, float(coverage[own].max(initial=0.0)) / FULL_COVERAGE)
        weight = DENSE_ALONE + (DENSE - DENSE_ALONE) * knows
        lexical = self._lexical(question, words, own)
        scores = np.where(own, weight * dense + knows * lexical, FOREIGN_DENSE * dense + FOREIGN_BONUS)
        scores = self._in_context(scores - BACK_MATTER_COSTS * self._back)
        return np.where(self._other_editions(own), -np.inf, scores).astype(np.float32)

    def _in_context(self, scores: Scores) -> Scores:
        """The scores with what each passage's neighbours and its essay add."""
        padded = np.concatenate([scores, [-np.inf]])  # the last one stands for a neighbour that is not there
        beside = np.maximum(padded[self._before], padded[self._after])
        joined = scores + NEIGHBOUR * np.where(np.isinf(beside), 0.0, beside)
        order = np.lexsort((-joined, self._essay))
        place = np.arange(len(order)) - np.searchsorted(self._essay[order], self._essay[order])
        best = order[place < ESSAY_PASSAGES]
        count = np.bincount(self._essay[best])
        mean = np.bincount(self._essay[best], weights=joined[best]) / np.maximum(count, 1)
        return np.asarray(joined + ESSAY * mean[self._essay], dtype=np.float32)

    def _other_editions(self, own: Mask) -> Mask:
        """Which passages stand in the other language though their essay has an edition in the question's own."""
        return np.asarray(~own & np.isin(self._edition, self._edition[own]), dtype=np.bool_)

    def _by_passage(self, near: Sequence[WindowHit]) -> dict[int, list[WindowHit]]:
        """Each passage's windows, nearest first, by the passage's row."""
        windows: dict[int, list[WindowHit]] = {}
        for window in sorted(near, key=lambda window: (-window.cosine, window.start)):
            windows.setdefault(self._row[window.passage], []).append(window)
        return windows

    def _dense(self, windows: dict[int, list[WindowHit]], spread: Mapping[Language, Distribution]) -> Scores:
        """Each passage's best z-score; what was not near enough to be listed counts as the least near in its language that was."""
        dense = np.zeros(len(self._passages), dtype=np.float32)
        sides: tuple[tuple[Language, bool], ...] = (("ko", True), ("en", False))
        for language, korean in sides:
            rows = [row for row in windows if self._korean[row] == korean]
            if rows:
                best = [spread[language].standardise(windows[row][0].cosine) for row in rows]
                dense[self._korean == korean] = min(best)
                dense[rows] = best
        return dense

    def _coverage(self, words: list[str]) -> Scores:
        """The share of the question's words, weighed by their rarity, that each passage holds."""
        weights = {word: self._morphemes.rarity(word) for word in words}
        total = sum(weights.values())
        covered = np.zeros(len(self._passages), dtype=np.float32)
        for word, weight in weights.items():
            covered[self._morphemes.holders(word)] += weight
        return covered / np.float32(total or 1.0)

    def _place(self, hits: list[Hit], hit: Hit) -> None:
        """Add `hit`, or merge it into a neighbour that is there, or drop it as a twin."""
        for index, other in enumerate(hits):
            if self._are_neighbours(hit.passage, other.passage):
                hits[index] = self._merge(other, hit)
                return
            if self._are_twins(hit.passage, other.passage):
                return
        hits.append(hit)

    def _are_neighbours(self, one: Passage, other: Passage) -> bool:
        """Whether they touch; a passage that was merged already takes no third one in."""
        touch = one.essay == other.essay and (one.start == other.end or one.end == other.start)
        return touch and other.id in self._row

    def _are_twins(self, one: Passage, other: Passage) -> bool:
        if other.id not in self._row:
            return False
        mine, theirs = self._vocabularies[self._row[one.id]], self._vocabularies[self._row[other.id]]
        return bool(mine | theirs) and len(mine & theirs) / len(mine | theirs) > TWIN

    def _merge(self, hit: Hit, neighbour: Hit) -> Hit:
        """One hit for both passages, with the maximum of each score; its windows are those of both."""
        start, end = min(hit.passage.start, neighbour.passage.start), max(hit.passage.end, neighbour.passage.end)
        return Hit(
            Passage.of(self._essays[hit.passage.essay], start, end),
            score=max(hit.score, neighbour.score),
            dense=max(hit.dense, neighbour.dense),
            lexical=max(hit.lexical, neighbour.lexical),
            nearness=max(hit.nearness, neighbour.nearness),
            near=tuple(sorted(hit.near + neighbour.near, key=lambda window: -window.cosine)),
        )


class _BM25:
    """BM25 scores of every passage for a list of tokens."""

    def __init__(self, tokens: list[list[str]]) -> None:
        self._documents = len(tokens)
        held: dict[str, list[int]] = {}
        for row, line in enumerate(tokens):
            for token in set(line):
                held.setdefault(token, []).append(row)
        self._held = {token: np.array(rows, dtype=np.int32) for token, rows in held.items()}
        self._engine = bm25s.BM25()
        if self._held:
            self._engine.index(tokens, show_progress=False)

    def scores(self, tokens: list[str]) -> Scores:
        scores = np.zeros(self._documents, dtype=np.float32)
        known = [token for token in tokens if token in self._held]
        for weight, group in ((1.0, [t for t in known if not is_verb(t)]), (VERB, [t for t in known if is_verb(t)])):
            if group:  # BM25 is a sum over the question's words, so groups of them may be weighed
                scores += weight * np.asarray(self._engine.get_scores(group), dtype=np.float32)
        return scores

    def holders(self, token: str) -> NDArray[np.int32]:
        """The rows of the passages that hold the token."""
        return self._held.get(token, _NOBODY)

    def rarity(self, token: str) -> float:
        """The token's inverse document frequency, as BM25 weighs it; a word that no passage holds is the rarest."""
        held = len(self.holders(token))
        return (VERB if is_verb(token) else 1.0) * float(np.log(1 + (self._documents - held + 0.5) / (held + 0.5)))


def _standardise(scores: Scores, group: Mask) -> Scores:
    """z-scores within `group`; zero where the group is empty or all alike."""
    inside = scores[group]
    spread = float(inside.std()) if len(inside) else 0.0
    if spread < 1e-9:
        return np.zeros_like(scores)
    return np.asarray((scores - inside.mean()) / spread, dtype=np.float32)


def _edition(essay: str) -> str:
    """What the editions of one essay in two languages share: the id without `.ko` or `.en`."""
    return essay.removesuffix(".ko").removesuffix(".en")


def _back_matter(text: str) -> int:
    """Where the essay's list of sources begins; the text's length where it has none."""
    found = [match.start() for match in _BACK_MATTER.finditer(text)]
    return found[-1] if found else len(text)
