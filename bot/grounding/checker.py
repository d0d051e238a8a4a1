"""Checks sentences against the passages that they are said to come from. Pure: texts in, a reason for refusal or none out."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from bot.grounding import contradiction, numbers
from bot.grounding.quotations import all_quotations, locate, quotations
from bot.grounding.transliteration import is_translated, may_be_same_name, same_sound
from bot.schema import Language
from bot.text.language import language_of
from bot.text.sentences import sentences
from bot.text.tokenize import morphemes, nouns, proper_names

# Weights and thresholds of what supports a paraphrase, set on the `dev` half of evals/verify.jsonl.
ENOUGH = 1.05  # the share of a sentence's words that the passages hold, and its cosine with their nearest sentence, together
ENOUGH_ACROSS = 0.36  # that cosine alone, where nearly no words can be shared because the passages are in the other language
SMALL = 5  # letters of a word without a capital, up to which it may sound like anything
ACROSS = 0.5  # the share of words below which the passages may be in the other language

Similar = Callable[[str, Sequence[str]], Sequence[float]]

_MARKS = re.compile(r"\s*\[\d+\]")


class Evidence:
    """Passages that sentences are held against, read once for all of them.

    `known` is text that may be named too (the question, the titles). `similar(one, others)` gives cosines, -1 to 1, across languages;
    without it a sentence in the other language counts as far from everything.
    """

    def __init__(self, passages: Sequence[str], known: str = "", similar: Similar | None = None) -> None:
        """Nothing is read before the first question."""
        self._passages, self._known, self._similar = tuple(passages), known, similar

    def check(self, sentence: str) -> str:
        """Why `sentence` may not stand as what the passages say; empty where it may.

        The reasons, in the order in which they are looked for: `quotation` (words in quotation marks that no passage holds), `figure`
        (a number that none holds), `name`, `negation` (the passage's nearest sentence says the opposite), `support` (too few of its
        words, or too far from every sentence).
        """
        return self._strange(sentence, quotations(sentence)) or self._unsupported(_MARKS.sub("", sentence))

    def reads(self, sentence: str) -> str:
        """Why `sentence` may not stand as a reading of the passages, which need not say it: a quotation, however short, a figure or a
        name that none of them holds; empty where it may.
        """
        return self._strange(sentence, all_quotations(sentence))

    def support(self, sentence: str) -> tuple[int, int, int] | None:
        """Where the passages bear `sentence` out best: the place of the passage and a span in it, of its quotation or of a sentence."""
        for quote in quotations(sentence):
            for place, passage in enumerate(self._passages):
                if span := locate(quote, passage):
                    return place, *span
        if not self._spans:
            return None
        shares, cosines = self._nearness(_MARKS.sub("", sentence))
        best = max(range(len(self._spans)), key=lambda at: shares[at] + cosines[at])
        return self._spans[best]

    def _strange(self, sentence: str, quotes: Sequence[str]) -> str:
        """What stands in `sentence` and in no passage: `quotation`, `figure` or `name`."""
        if any(all(locate(quote, passage) is None for passage in self._passages) for quote in quotes):
            return "quotation"
        words = _MARKS.sub("", sentence)
        if any(
            not numbers.is_among(figure, self._figures)
            for figure in numbers.find_numbers(words)
            if numbers.is_informative(figure, words)
        ):
            return "figure"
        strange = [name for name in proper_names(words) if name.casefold() not in self._spelt]
        return "name" if any(not self._knows(name, words) for name in strange) else ""

    def _knows(self, name: str, words: str) -> bool:
        """Whether the passages may have this name: in the other language also as a word without a capital, or translated."""
        across = language_of(words) != self._language
        if across and language_of(name) == "ko" and any(same_sound(name, word) for word in self._small):
            return True
        return _named(name, words, self._nouns) or (across and self._language == "ko" and is_translated(name))

    def _unsupported(self, words: str) -> str:
        if not self._spans:
            return "support"
        said = set(morphemes(words))
        shares, cosines = self._nearness(words)
        share = len(said & self._held) / (len(said) or 1)
        nearest = max(range(len(cosines)), key=cosines.__getitem__)
        across = share < ACROSS and language_of(words) != self._languages[self._spans[nearest][0]]
        if max(cosines) < ENOUGH_ACROSS if across else share + max(cosines) < ENOUGH:
            return "support"
        claim = contradiction.ClaimText(words)
        if contradiction.swaps_roles(claim, self._read):
            return "name"
        return "negation" if contradiction.contradicts(claim, self._read) else ""

    def _nearness(self, words: str) -> tuple[list[float], list[float]]:
        """For each sentence of the passages: the share of the words that it holds, and its cosine with them."""
        said = set(morphemes(words))
        cosines = self._similar(words, self._sentences) if self._similar else [0.0] * len(self._sentences)
        return [len(said & held) / (len(said) or 1) for held in self._words], list(cosines)

    @cached_property
    def _languages(self) -> list[Language]:
        return [language_of(passage) for passage in self._passages]

    @cached_property
    def _language(self) -> Language:
        """`ko` where one of the passages is Korean, else `en`."""
        return "ko" if "ko" in self._languages else "en"

    @cached_property
    def _figures(self) -> list[numbers.Number]:
        return [figure for text in (*self._passages, self._known) for figure in numbers.find_numbers(text)]

    @cached_property
    def _nouns(self) -> list[str]:
        return [noun for text in (*self._passages, self._known) for noun in nouns(text)]

    @cached_property
    def _small(self) -> list[str]:
        return [word for word in re.findall(r"[a-z]+", self._spelt) if len(word) > SMALL]

    @cached_property
    def _spelt(self) -> str:
        return " ".join((*self._passages, self._known)).casefold()

    @cached_property
    def _spans(self) -> list[tuple[int, int, int]]:
        """The place of the passage, the start and the end of every sentence."""
        return [(place, start, end) for place, passage in enumerate(self._passages) for start, end in sentences(passage)]

    @cached_property
    def _sentences(self) -> list[str]:
        return [self._passages[place][start:end] for place, start, end in self._spans]

    @cached_property
    def _read(self) -> list[contradiction.ClaimText]:
        return [contradiction.ClaimText(sentence) for sentence in self._sentences]

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        return [frozenset(morphemes(sentence)) for sentence in self._sentences]

    @cached_property
    def _held(self) -> frozenset[str]:
        return frozenset(morphemes(" ".join(self._passages)))


def check(sentence: str, passages: Sequence[str], known: str = "", similar: Similar | None = None) -> str:
    """`Evidence.check` where there is one sentence to check."""
    return Evidence(passages, known, similar).check(sentence)


def _named(name: str, sentence: str, nouns: Sequence[str]) -> bool:
    """Whether one of `nouns` may be this name, or the word of the sentence in which it stands: 마인드, cut from 딥마인드는."""
    if name in numbers.MONTHS:  # a month is a figure: 2월 is February
        return True
    around = [word[:length] for word in sentence.split() if name in word for length in range(len(name) + 1, len(word) + 1)]
    return any(may_be_same_name(form, noun) for form in (name, *around) for noun in nouns)
