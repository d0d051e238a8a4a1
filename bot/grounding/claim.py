"""A sentence that is to be checked: its quotations, and its own words without quotations and titles, read once each. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property

from bot.grounding import contradiction, numbers
from bot.grounding.number_words import MONTHS
from bot.grounding.quotations import quotation_spans
from bot.grounding.titles import without_titles
from bot.schema import Language
from bot.text.language import language_of
from bot.text.tokenize import morphemes, proper_names

_CITATION_NUMBERS = re.compile(r"\s*\[\d+\]")
_POSSESSIVE = re.compile(r"[’'](?:s|S)?$")
_OPENING_NAME = re.compile(r"^\W*([A-Z][a-z]{2,}), who(?:se)?\b")  # "Smil, who used a quarter of the height"
# Capitalised words that Kiwi takes for names where Hangul stands beside them.
_OPENERS = frozenset(
    "The This These That Those In On At For By As It Its He She They We And But Or If Yet So Here".split()
)  # in capitals beside Hangul


@dataclass(frozen=True)
class Claim:
    """A sentence with its citation numbers or without, and the titles of the essays that it may name."""

    sentence: str
    titles: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The sentence without citation numbers."""
        return _CITATION_NUMBERS.sub("", self.sentence)

    @cached_property
    def quotations(self) -> list[str]:
        """Its quotations, which have to be verbatim."""
        return [self.text[slice(*span)] for span in quotation_spans(self.text, self.titles)]

    @cached_property
    def own(self) -> str:
        """Its own words: without its quotations, which are checked letter by letter, and without the titles of essays."""
        pieces, done = [], 0
        for start, end in quotation_spans(self.text, self.titles):
            pieces.append(self.text[done:start])
            done = end
        return without_titles(" ".join([*pieces, self.text[done:]]), self.titles)

    @cached_property
    def quoted_share(self) -> float:
        """The share of its letters that stands in its quotations, 0 to 1."""
        return sum(map(len, self.quotations)) / max(len(self.text), 1)

    @cached_property
    def language(self) -> Language:
        """The language of its own words."""
        return language_of(self.own)

    @cached_property
    def words(self) -> frozenset[str]:
        """The content words of all of it."""
        return frozenset(morphemes(self.text))

    @cached_property
    def own_words(self) -> frozenset[str]:
        """The content words of its own words."""
        return frozenset(morphemes(self.own))

    @cached_property
    def figures(self) -> list[numbers.Number]:
        """The figures of its own words that identify a statement."""
        return [figure for figure in numbers.find_numbers(self.own) if numbers.is_informative(figure, self.own)]

    @cached_property
    def names(self) -> list[str]:
        """The names of its own words, without a genitive and without the months, which are figures."""
        found = (_POSSESSIVE.sub("", name) for name in [*proper_names(self.own), *_OPENING_NAME.findall(self.own)])
        return [name for name in dict.fromkeys(found) if len(name) > 1 and name not in MONTHS and name not in _OPENERS]

    @cached_property
    def parsed(self) -> contradiction.ClaimText:
        """Its own words, for the comparison clause by clause."""
        return contradiction.ClaimText(" ".join(self.own.split()))
