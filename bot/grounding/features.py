"""The features by which support is told: how near a claim is to the sentences of passages, what it shares, and what it adds. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bot.grounding import contradiction, markers, numbers
from bot.grounding.claim import Claim
from bot.schema import Language
from bot.text.language import language_of
from bot.text.sentences import sentences
from bot.text.tokenize import morphemes, nouns, weighted_length

MIN_LENGTH = 60  # of a claim, by `weighted_length`: a longer one is less near to any single sentence, a shorter one not nearer
MAX_KEPT = 512  # passages whose sentences, words and clauses are kept
COSINES = ("cosine", "pair", "second")  # on an embedder's own scale: the model for any other embedder does without
FEATURES = (
    *("cosine", "pair", "second", "share", "share_pair", "share_all", "across", "names", "figures", "length", "quoted"),
    *("opposed", "swapped", "exchanged", "denies", "admits", "sweeping", "certain", "unhedged", "of_blog"),
)


@dataclass(frozen=True)
class Source:
    """A sentence of a passage, or all of it: its text, and its span in that passage."""

    text: str
    start: int
    end: int
    language: Language

    @cached_property
    def words(self) -> frozenset[str]:
        """Its content words."""
        return frozenset(morphemes(self.text))

    @cached_property
    def nouns(self) -> list[str]:
        """The words that may be names."""
        return nouns(self.text)

    @cached_property
    def parsed(self) -> contradiction.ClaimText:
        """It, for the comparison clause by clause."""
        return contradiction.ClaimText(self.text)

    @cached_property
    def figures(self) -> list[numbers.Number]:
        """Its figures; of "forty to forty-five thousand" also forty thousand."""
        return numbers.with_ranges(numbers.find_numbers(self.text), self.text)

    @cached_property
    def denies(self) -> bool:
        """Whether one of its clauses denies something."""
        return any(clause.denied for clause in self.parsed.clauses)


@lru_cache(MAX_KEPT)
def whole(passage: str) -> Source:
    """All of a passage; kept, because many claims are held against the same passages."""
    return Source(passage, 0, len(passage), language_of(passage))


@lru_cache(MAX_KEPT)
def sources_of(passage: str) -> tuple[Source, ...]:
    """The sentences of a passage; kept as `whole` is."""
    language = whole(passage).language
    return tuple(Source(passage[start:end], start, end, language) for start, end in sentences(passage))


@dataclass(frozen=True)
class Nearness:
    """A claim beside the sentences of passages: `sources[i]` is of the passage `passages[i]`, and `cosines[i]` its cosine with the claim.

    There is at least one source.
    """

    claim: Claim
    sources: Sequence[Source]
    passages: Sequence[int]
    cosines: Sequence[float]

    @cached_property
    def best(self) -> int:
        """The index of the source that supports the claim best, by its cosine and its share of the words."""
        return max(range(len(self.sources)), key=lambda index: self.cosines[index] + self._shares[index])

    @cached_property
    def pair(self) -> tuple[int, ...]:
        """The best source and that of its neighbours in the passage that shares more: one or two indexes, in order."""
        beside = [index for index in (self.best - 1, self.best + 1) if self._are_neighbours(self.best, index)]
        other = max(beside, key=lambda index: self.cosines[index] + self._shares[index], default=self.best)
        return tuple(sorted({self.best, other}))

    @cached_property
    def around(self) -> list[Source]:
        """The sources of the passage of the best one."""
        own = self.passages[self.best]
        return [source for source, passage in zip(self.sources, self.passages, strict=True) if passage == own]

    @cached_property
    def told(self) -> list[Source]:
        """The best source and the one before it, which has the name where the best one has a pronoun or leaves it out."""
        before = [self.best - 1] if self._are_neighbours(self.best, self.best - 1) else []
        return [self.sources[index] for index in [*before, self.best]]

    @cached_property
    def nearby(self) -> list[Source]:
        """The best source with its neighbour, and the best one elsewhere, with which a claim may be joined."""
        elsewhere = [index for index in range(len(self.sources)) if index not in self.pair]
        other = max(elsewhere, key=lambda index: self.cosines[index] + self._shares[index], default=self.best)
        near = [index + step for index in (self.best, other) for step in (-2, -1, 1)]
        beside = [index for index in near if any(self._are_neighbours(first, index) for first in (self.best, other))]
        return [self.sources[index] for index in sorted({*self.pair, other, *beside})]

    @cached_property
    def is_across(self) -> bool:
        """Whether the best source is in the other language."""
        return self.sources[self.best].language != self.claim.language

    @cached_property
    def repeated(self) -> float:
        """The share of the claim's own words, 0 to 1, that the best source and its neighbour have."""
        words = self.claim.own_words
        return len(words & self._pair_words) / (len(words) or 1)

    def values(self, opposed: bool, swapped: bool, names: float, figures: float) -> dict[str, float]:
        """Each of `FEATURES`. `opposed` and `swapped` are what `contradiction` says, `names` and `figures` the shares found, 0 to 1."""
        claim, pair = self.claim, [self.sources[index].text for index in self.pair]
        text, near = claim.own, " ".join(pair)
        elsewhere = [index for index in range(len(self.sources)) if index not in self.pair]
        all_words = frozenset().union(*(source.words for source in self.sources))
        denied = any(clause.denied for clause in claim.parsed.clauses)
        denied_there = [self.sources[index].denies for index in self.pair]
        return {
            "cosine": max(self.cosines),
            "pair": sum(self.cosines[index] for index in self.pair) / len(self.pair),
            "second": max((self.cosines[index] for index in elsewhere), default=0.0),
            "share": 0.0 if self.is_across else self._shares[self.best],
            "share_pair": 0.0 if self.is_across else self._share(self._pair_words),
            "share_all": 0.0 if self.is_across else self._share(all_words),
            "across": float(self.is_across),
            "names": names,
            "figures": figures,
            "length": math.log(max(weighted_length(claim.text), MIN_LENGTH)),
            "quoted": claim.quoted_share,
            "opposed": float(opposed),
            "swapped": float(swapped),
            "exchanged": float(contradiction.exchanges(claim.parsed, contradiction.ClaimText(near))),
            "denies": float(denied and not any(denied_there)),
            "admits": float(not denied and all(denied_there)),
            "sweeping": float(bool(markers.SWEEPING.search(text)) and not any(markers.SWEEPING.search(part) for part in pair)),
            "certain": float(bool(markers.CERTAIN.search(text)) and not markers.CERTAIN.search(near)),
            "unhedged": float(bool(markers.HEDGE.search(near)) and not markers.HEDGE.search(text)),
            "of_blog": float(bool(markers.OF_BLOG.search(text)) and not any(markers.OF_BLOG.search(s.text) for s in self.around)),
        }

    @cached_property
    def _pair_words(self) -> frozenset[str]:
        return frozenset().union(*(self.sources[index].words for index in self.pair))

    @cached_property
    def _shares(self) -> list[float]:
        return [self._share(source.words) for source in self.sources]

    def _share(self, words: frozenset[str]) -> float:
        return len(self.claim.words & words) / (len(self.claim.words) or 1)

    def _are_neighbours(self, first: int, second: int) -> bool:
        return 0 <= second < len(self.sources) and self.passages[first] == self.passages[second]
