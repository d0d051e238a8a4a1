"""Checks sentences against the passages that they cite, and gives the reason for a refusal. No input or output but texts."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from bot.grounding import contradiction, numbers
from bot.grounding.number_words import MONTHS
from bot.grounding.quotations import all_quotations, locate, quotations
from bot.grounding.transliteration import is_translated, may_be_same_name, same_sound
from bot.schema import Language
from bot.text.language import language_of
from bot.text.sentences import sentences
from bot.text.tokenize import morphemes, nouns, proper_names

# Thresholds of support, set on the `dev` half of evals/verify.jsonl.
MIN_SUPPORT = 1.05  # the share of a sentence's words that the passages have, plus its cosine with their nearest sentence
MIN_COSINE_ACROSS = 0.36  # that cosine alone, where the nearest sentence is in the other language and shares hardly any words
MAX_SHARE_ACROSS = 0.5  # below this share of words the nearest sentence may be in the other language
MIN_LOWER_CASE_NAME = 6  # letters of a word without a capital that may be a name; shorter ones sound like too many names

Similar = Callable[[str, Sequence[str]], Sequence[float]]

_CITATION_NUMBERS = re.compile(r"\s*\[\d+\]")


class Evidence:
    """Passages that sentences are checked against. What is read from them is computed once, when it is first needed.

    `known` is further text whose names and figures may be repeated: the question, the titles. `similar(sentence, others)` returns
    cosines, -1 to 1, that are comparable across languages; without it every cosine is 0.
    """

    def __init__(self, passages: Sequence[str], known: str = "", similar: Similar | None = None) -> None:
        """Keep the texts; nothing is computed yet."""
        self._passages, self._known, self._similar = tuple(passages), known, similar

    def check(self, sentence: str) -> str:
        """The reason why the passages do not support `sentence`, or an empty string.

        The reasons in the order of the checks: `quotation` (a quotation that is in no passage), `figure` (a number that is in none),
        `name` (a name that is in none, or that has another name's place), `support` (too few shared words, or too far from every
        sentence), `negation` (the passages say the opposite).
        """
        return self._unknown_part(sentence, quotations(sentence)) or self._unsupported(_CITATION_NUMBERS.sub("", sentence))

    def check_reading(self, sentence: str) -> str:
        """The reason why `sentence` may not be shown as a reading, which the passages need not say, or an empty string.

        A reading may have no quotation, however short, no figure and no name that is in no passage.
        """
        return self._unknown_part(sentence, all_quotations(sentence))

    def best_support(self, sentence: str) -> tuple[int, int, int] | None:
        """The index of the passage that supports `sentence` best, and a span in it: of the quotation in `sentence`, else of a sentence.

        None where the passages have no sentences.
        """
        for quote in quotations(sentence):
            for index, passage in enumerate(self._passages):
                if span := locate(quote, passage):
                    return index, *span
        if not self._spans:
            return None
        shares, cosines = self._similarities(_CITATION_NUMBERS.sub("", sentence))
        best = max(range(len(self._spans)), key=lambda index: shares[index] + cosines[index])
        return self._spans[best]

    def _unknown_part(self, sentence: str, quotes: Sequence[str]) -> str:
        """What kind of thing in `sentence` is in no passage: `quotation`, `figure` or `name`; empty where all is."""
        if any(all(locate(quote, passage) is None for passage in self._passages) for quote in quotes):
            return "quotation"
        text = _CITATION_NUMBERS.sub("", sentence)
        figures = [figure for figure in numbers.find_numbers(text) if numbers.is_informative(figure, text)]
        if any(not numbers.is_among(figure, self._figures) for figure in figures):
            return "figure"
        unknown_names = [name for name in proper_names(text) if name.casefold() not in self._folded_text]
        return "name" if any(not self._has_name(name, text) for name in unknown_names) else ""

    def _has_name(self, name: str, sentence: str) -> bool:
        """Whether the passages may have this name of `sentence`; in the other language also as a common word, or translated."""
        is_across = language_of(sentence) != self._language
        if is_across and language_of(name) == "ko" and any(same_sound(name, word) for word in self._lower_case_words):
            return True
        return _matches_noun(name, sentence, self._nouns) or (is_across and self._language == "ko" and is_translated(name))

    def _unsupported(self, sentence: str) -> str:
        """`support`, `name` or `negation` where the passages do not support the words of `sentence`, else an empty string."""
        if not self._spans:
            return "support"
        words = set(morphemes(sentence))
        cosines = self._cosines(sentence)
        share = len(words & self._all_words) / (len(words) or 1)
        nearest = max(range(len(cosines)), key=cosines.__getitem__)
        is_across = share < MAX_SHARE_ACROSS and language_of(sentence) != self._languages[self._spans[nearest][0]]
        if cosines[nearest] < MIN_COSINE_ACROSS if is_across else share + cosines[nearest] < MIN_SUPPORT:
            return "support"
        claim = contradiction.ClaimText(sentence)
        if contradiction.swaps_roles(claim, self._claim_texts):
            return "name"
        return "negation" if contradiction.contradicts(claim, self._claim_texts) else ""

    def _similarities(self, sentence: str) -> tuple[list[float], Sequence[float]]:
        """For each sentence of the passages: the share of the words of `sentence` that it has, and its cosine with it."""
        words = set(morphemes(sentence))
        return [len(words & others) / (len(words) or 1) for others in self._words], self._cosines(sentence)

    def _cosines(self, sentence: str) -> Sequence[float]:
        """The cosine of `sentence` with each sentence of the passages."""
        return list(self._similar(sentence, self._sentences)) if self._similar else [0.0] * len(self._sentences)

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
    def _lower_case_words(self) -> list[str]:
        return [word for word in re.findall(r"[a-z]+", self._folded_text) if len(word) >= MIN_LOWER_CASE_NAME]

    @cached_property
    def _folded_text(self) -> str:
        """The passages and the known text without regard to case."""
        return " ".join((*self._passages, self._known)).casefold()

    @cached_property
    def _spans(self) -> list[tuple[int, int, int]]:
        """The index of the passage, the start and the end of every sentence."""
        return [(index, start, end) for index, passage in enumerate(self._passages) for start, end in sentences(passage)]

    @cached_property
    def _sentences(self) -> list[str]:
        return [self._passages[index][start:end] for index, start, end in self._spans]

    @cached_property
    def _claim_texts(self) -> list[contradiction.ClaimText]:
        return [contradiction.ClaimText(sentence) for sentence in self._sentences]

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        return [frozenset(morphemes(sentence)) for sentence in self._sentences]

    @cached_property
    def _all_words(self) -> frozenset[str]:
        return frozenset(morphemes(" ".join(self._passages)))


def check(sentence: str, passages: Sequence[str], known: str = "", similar: Similar | None = None) -> str:
    """`Evidence.check` for a single sentence."""
    return Evidence(passages, known, similar).check(sentence)


def _matches_noun(name: str, sentence: str, candidates: Sequence[str]) -> bool:
    """Whether a candidate may be this name, or the beginning of a word of `sentence` that contains it: 마인드 of 딥마인드는."""
    if name in MONTHS:  # checked as a number: 2월 is February
        return True
    longer_forms = [word[:length] for word in sentence.split() if name in word for length in range(len(name) + 1, len(word) + 1)]
    return any(may_be_same_name(form, candidate) for form in (name, *longer_forms) for candidate in candidates)
