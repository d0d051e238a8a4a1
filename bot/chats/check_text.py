"""Hold any text against the essays: each sentence with its outcome, each quotation with its place or its nearest true text.

For an answer of another chatbot or a paper. Headings, questions and sentences about what the essays lack are no claims and are passed over.
The sentences are embedded in batches, and their passages are found among the stored vectors of the essays' sentences.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bot.errors import QuestionError
from bot.grounding import markers
from bot.grounding.checker import Evidence
from bot.grounding.claim import Claim
from bot.grounding.outcome import State
from bot.grounding.quotations import cite, locate
from bot.grounding.support import Comparison
from bot.messages import errors
from bot.retrieval.index import Index
from bot.retrieval.sentence_vectors import Stored
from bot.schema import Citation, Essay, Passage, Progress
from bot.text.language import language_of
from bot.text.markdown import Span
from bot.text.normalize import clean
from bot.text.sentences import outline
from bot.text.tokenize import morphemes

MAX_TEXT_CHARACTERS = 100_000
BATCH = 32  # sentences that are embedded at once
NEAREST_SENTENCES, MAX_PASSAGES = 12, 4  # that a claim is held against
MIN_SIMILARITY = 0.6  # of the nearest true text to a quotation that is not verbatim, as `difflib` measures it, 0 to 1
MAX_JOINED = 6  # sentences of one quotation

Encode = Callable[[Sequence[str]], Sequence[NDArray[np.float32]]]
QuotationState = Literal["verbatim", "altered", "absent"]
_OPENING, _CLOSING = "“「『", "”」』"


@dataclass(frozen=True, slots=True)
class CheckedQuotation:
    """A quotation of a text. `verbatim`: `place` is where it stands; `altered`: `place` is the nearest true text; `absent`: no place."""

    quote: str
    state: QuotationState
    place: Citation | None = None

    def to_dict(self) -> dict[str, Any]:
        """The quotation as plain JSON."""
        return {"quote": self.quote, "state": self.state, "place": self.place.to_dict() if self.place else None}


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of a text from character `start` to `end`, and its outcome (see `bot.grounding.outcome`).

    `state` is `passed` for what is no claim. `place` is the sentence of an essay that bears the claim out, or the nearest one.
    """

    text: str
    start: int
    end: int
    state: State | Literal["passed"]
    reason: str = ""
    place: Citation | None = None
    quotations: tuple[CheckedQuotation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The sentence as plain JSON."""
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "state": self.state,
            "reason": self.reason,
            "place": self.place.to_dict() if self.place else None,
            "quotations": [quotation.to_dict() for quotation in self.quotations],
        }


def check_text(
    text: str, index: Index, encode: Encode, comparison: Comparison, essays: Sequence[str], progress: Progress
) -> Iterator[CheckedSentence]:
    """The sentences of `text`, cleaned, one by one; with `essays`, ids, held against these alone. Closing the iterator ends the work.

    `encode` gives vectors of passages, of length 1. `progress("check", done, total)` counts sentences. Raises `QuestionError` at once where
    `text` is no string or has more than `MAX_TEXT_CHARACTERS`.
    """
    if not isinstance(text, str):
        raise QuestionError(errors.TEXT_NOT_TEXT.format(type=type(text).__name__))
    if len(text) <= 10 * MAX_TEXT_CHARACTERS:
        text = clean(text).text
    if len(text) > MAX_TEXT_CHARACTERS:
        raise QuestionError(errors.TEXT_TOO_LONG.format(count=len(text), limit=MAX_TEXT_CHARACTERS))
    return _checked(text, _Collection(index, encode, comparison, tuple(essays)), progress)


def _checked(text: str, collection: "_Collection", progress: Progress) -> Iterator[CheckedSentence]:
    headings = set(outline(text).headings)
    spans = _sentence_spans(text)
    for first in range(0, len(spans), BATCH):
        batch = spans[first : first + BATCH]
        claims = [Claim(text[start:end], collection.titles) for start, end in batch]
        is_claim = [span not in headings and _is_claim(claim) for span, claim in zip(batch, claims, strict=True)]
        rows = iter(collection.nearest([claim for claim, counts in zip(claims, is_claim, strict=True) if counts]))
        for number, ((start, end), claim, counts) in enumerate(zip(batch, claims, is_claim, strict=True), first + 1):
            if counts:
                yield collection.checked(claim, start, end, next(rows))
            else:
                yield CheckedSentence(claim.sentence, start, end, "passed")
            progress("check", number, len(spans))


def _sentence_spans(text: str) -> list[Span]:
    """The spans of the sentences; those of one quotation are joined, because its parts would no longer look like one."""
    spans: list[Span] = []
    joined = 0
    for start, end in outline(text).sentences:
        last = text[slice(*spans[-1])] if spans else ""
        if spans and _has_open_quotation(last) and joined < MAX_JOINED and "\n\n" not in text[spans[-1][1] : start]:
            spans[-1], joined = (spans[-1][0], end), joined + 1
        else:
            spans.append((start, end))
            joined = 0
    return spans


def _has_open_quotation(text: str) -> bool:
    pairs = zip(_OPENING, _CLOSING, strict=True)
    return any(text.count(opening) > text.count(closing) for opening, closing in pairs) or text.count('"') % 2 == 1


def _is_claim(claim: Claim) -> bool:
    """Whether the sentence says something of the essays' matters: it is no question and has two content words or a quotation."""
    if claim.quotations:
        return True
    is_question = claim.text.rstrip(" ”」』\"')").endswith(("?", "？"))
    return not is_question and not markers.says_what_is_absent(claim.text) and len(set(morphemes(claim.own))) > 1


@dataclass
class _Collection:
    """The essays that a text is held against."""

    index: Index
    encode: Encode
    comparison: Comparison
    only: tuple[str, ...]

    @cached_property
    def essays(self) -> list[Essay]:
        """The essays, by id."""
        return [essay for identity, essay in sorted(self.index.essays.items()) if not self.only or identity in self.only]

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """Their titles."""
        return tuple(essay.title for essay in self.essays)

    def nearest(self, claims: Sequence[Claim]) -> list[list[Stored]]:
        """For each claim the nearest sentences of the essays, nearest first."""
        if not claims:
            return []
        texts = [claim.text for claim in claims]
        centroid = self.index.weights.centroid
        quotes = [quote for claim in claims for quote in claim.quotations]  # embedded with them, and kept by `encode`
        rows = zip(self.encode([*texts, *quotes]), texts, strict=False)
        vectors = np.array([self.index.sample.center(row, language_of(text), centroid) for row, text in rows], np.float32)
        stored = self.index.sentences
        return [[stored.sentences[row] for row in rows] for rows in stored.nearest(vectors, NEAREST_SENTENCES, self.only)]

    def checked(self, claim: Claim, start: int, end: int, near: Sequence[Stored]) -> CheckedSentence:
        """The claim with its outcome, against the passages of the nearest sentences and of its quotations."""
        quotations = tuple(self._quotation(quote, near) for quote in claim.quotations)
        quoted = [found.place for found in quotations if found.place and found.state == "verbatim"]
        passages = self._passages([*(Stored(place.essay, place.start, place.end) for place in quoted), *near])
        outcome = Evidence([passage.text for passage in passages], "", self.comparison, self.titles).outcome(claim.sentence)
        state, reason = outcome.state, outcome.reason
        if any(found.state != "verbatim" for found in quotations):
            state, reason = "refused", "quotation"
        place = None
        if outcome.passage >= 0:
            passage = passages[outcome.passage]
            essay = self.index.essays[passage.essay]
            place = cite(essay, passage.start + outcome.start, passage.start + outcome.end, 1)
        return CheckedSentence(claim.sentence, start, end, state, reason, place, quotations)

    def _passages(self, near: Sequence[Stored]) -> list[Passage]:
        """The passages of these sentences, each once, at most `MAX_PASSAGES` and one for each quotation."""
        found: dict[str, Passage] = {}
        for sentence in near:
            if len(found) >= MAX_PASSAGES:
                break
            for passage in self._by_essay[sentence.essay]:
                if passage.start < sentence.end and sentence.start < passage.end:
                    found.setdefault(passage.id, passage)
        return list(found.values())

    def _quotation(self, quote: str, near: Sequence[Stored]) -> CheckedQuotation:
        letters = _letters(quote)
        for essay in self.essays:
            if letters and letters in self._essay_letters[essay.id] and (span := locate(quote, essay.text)):
                return CheckedQuotation(quote, "verbatim", cite(essay, *span, 1))
        (sentence,) = self.nearest([Claim(quote)])
        best, place = MIN_SIMILARITY, None
        for stored in [*sentence, *near]:
            essay = self.index.essays[stored.essay]
            ratio = difflib.SequenceMatcher(None, essay.text[stored.start : stored.end], quote, autojunk=False).ratio()
            if ratio > best:
                best, place = ratio, cite(essay, stored.start, stored.end, 1)
        return CheckedQuotation(quote, "altered" if place else "absent", place)

    @cached_property
    def _by_essay(self) -> dict[str, list[Passage]]:
        passages: dict[str, list[Passage]] = {}
        for passage in self.index.passages:
            passages.setdefault(passage.essay, []).append(passage)
        return passages

    @cached_property
    def _essay_letters(self) -> dict[str, str]:
        return {essay.id: _letters(essay.text) for essay in self.essays}


def _letters(text: str) -> str:
    """The letters and digits of a text: what a quotation has to share with it, whatever marks and spaces stand between."""
    return re.sub(r"\W+", "", unicodedata.normalize("NFC", text))
