"""From a question to ranked passages: dense and lexical scores, fused. Knows nothing of Chroma or of the embedder.

Dense scores come in as windows near the question. The lexical half is BM25 (Lù, BM25S, 2024) over Kiwi morphemes and over character
bigrams. Scores are standardised within each language before they are fused: across languages words match by accident only, and
the embedder favours the question's own language.
"""

from collections.abc import Sequence
from dataclasses import replace

import bm25s
import numpy as np

from bot.lexicon import bigrams, morphemes
from bot.schema import Essay, Hit, Near, Passage
from bot.text import language_of

DENSE, MORPHEMES, BIGRAMS = 0.25, 0.45, 0.30  # the weights of the z-scores, measured on KorQuAD (design.md, "Measured so far")
FOREIGN = 0.8  # the weight of the dense z-score alone, for passages in the other language
TWIN = 0.8  # Jaccard similarity of morphemes above which the lower of two passages is dropped

Scores = np.ndarray[tuple[int], np.dtype[np.float32]]


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
        self._edition = [_edition(passage.essay) for passage in passages]

    def search(self, question: str, near: Sequence[Near], k: int) -> list[Hit]:
        """At most `k` hits, best first: neighbours merged, near-twins and editions in the other language dropped."""
        words = morphemes(question)
        windows = self._by_passage(near)
        dense = self._dense(windows)
        coverage = self._coverage(words)
        scores = self._fuse(question, words, dense)
        hits: list[Hit] = []
        for row in np.argsort(-scores, kind="stable"):
            if np.isinf(scores[row]) or len(hits) == k:
                break
            if row in windows or coverage[row] > 0:
                found = (float(scores[row]), float(dense[row]), float(coverage[row]), tuple(windows.get(row, ())))
                self._place(hits, Hit(self._passages[row], *found))
        return hits

    def _fuse(self, question: str, words: list[str], dense: Scores) -> Scores:
        own = self._korean == (language_of(question) == "ko")
        lexical = MORPHEMES * _standardise(self._morphemes.scores(words), own)
        lexical = lexical + BIGRAMS * _standardise(self._bigrams.scores(bigrams(question)), own)
        scores = np.where(own, DENSE * _standardise(dense, own) + lexical, FOREIGN * _standardise(dense, ~own))
        own_editions = {self._edition[row] for row in np.flatnonzero(own)}
        foreign_edition = ~own & np.array([edition in own_editions for edition in self._edition], dtype=bool)
        return np.where(foreign_edition, -np.inf, scores).astype(np.float32)

    def _by_passage(self, near: Sequence[Near]) -> dict[int, list[Near]]:
        """Each passage's windows, nearest first, by the passage's row."""
        windows: dict[int, list[Near]] = {}
        for window in sorted(near, key=lambda window: (-window.cosine, window.start)):
            windows.setdefault(self._row[window.passage], []).append(window)
        return windows

    def _dense(self, windows: dict[int, list[Near]]) -> Scores:
        """Each passage's best cosine; what was not near enough to be listed counts as the least near that was."""
        best = {row: found[0].cosine for row, found in windows.items()}
        dense = np.full(len(self._passages), min(best.values(), default=0.0), dtype=np.float32)
        for row, cosine in best.items():
            dense[row] = cosine
        return dense

    def _coverage(self, words: list[str]) -> Scores:
        """The share of the question's words, weighed by their rarity, that each passage holds."""
        weights = {word: self._morphemes.rarity(word) for word in words}
        total = sum(weights.values())
        covered = [sum(weight for word, weight in weights.items() if word in held) for held in self._vocabularies]
        return np.array(covered, dtype=np.float32) / (total or 1.0)

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
        start, end = min(hit.passage.start, neighbour.passage.start), max(hit.passage.end, neighbour.passage.end)
        both = Passage.of(self._essays[hit.passage.essay], start, end)
        return replace(hit, passage=both, lexical=max(hit.lexical, neighbour.lexical), near=hit.near + neighbour.near)


class _BM25:
    """BM25 scores of every passage for a list of tokens."""

    def __init__(self, tokens: list[list[str]]) -> None:
        self._documents = len(tokens)
        self._held: dict[str, int] = {}
        for line in tokens:
            for token in set(line):
                self._held[token] = self._held.get(token, 0) + 1
        self._engine = bm25s.BM25()
        if self._held:
            self._engine.index(tokens, show_progress=False)

    def scores(self, tokens: list[str]) -> Scores:
        known = [token for token in tokens if token in self._held]
        if not known:
            return np.zeros(self._documents, dtype=np.float32)
        found: Scores = self._engine.get_scores(known)
        return found

    def rarity(self, token: str) -> float:
        """The token's inverse document frequency, as BM25 weighs it; a word that no passage holds is the rarest."""
        held = self._held.get(token, 0)
        return float(np.log(1 + (self._documents - held + 0.5) / (held + 0.5)))


def _standardise(scores: Scores, group: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Scores:
    """z-scores within `group`; zero where the group is empty or all alike."""
    inside = scores[group]
    spread = float(inside.std()) if len(inside) else 0.0
    if spread < 1e-9:
        return np.zeros_like(scores)
    return ((scores - inside.mean()) / spread).astype(np.float32)


def _edition(essay: str) -> str:
    """What the editions of one essay in two languages share: the id without `.ko` or `.en`."""
    return essay.removesuffix(".ko").removesuffix(".en")
