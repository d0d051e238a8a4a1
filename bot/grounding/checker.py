"""Holds sentences against passages: supported, unconfirmed, or refused with the reason. No input or output but texts.

The order of the checks: quotations, figures and names (they have to stand in the passages), contradiction (who did it, denied or not),
then support, by a fitted model (`bot.grounding.support`) or by an entailment model where one is named.
"""

import re
from collections.abc import Sequence
from functools import cached_property

from bot.grounding import contradiction, markers, numbers
from bot.grounding.claim import Claim
from bot.grounding.features import Nearness, Source, sources_of, whole
from bot.grounding.number_words import MONTHS
from bot.grounding.outcome import Outcome
from bot.grounding.quotations import all_quotations, locate
from bot.grounding.support import Comparison, Similar, Support
from bot.grounding.transliteration import is_translated, may_be_same_name, may_be_term, same_sound
from bot.schema import Language
from bot.text.language import language_of

MIN_LOWER_CASE_NAME = 6  # letters of a word without a capital that may be a name; shorter ones sound like too many names
MIN_REPEATED = 0.6  # of a claim's words: from here on two sentences that contradict each other are about the same
MAX_QUOTED = 0.4  # of a sentence's letters: from here on too little stands beside its quotations to be a contradiction
MIN_FRAMING_WORDS = 3  # fewer words beside a verbatim quotation say nothing that has to be checked
_DIRECTIONS = "동서남북신구"  # before a Korean name: 서숨바 is West Sumba


class Evidence:
    """Passages that sentences are checked against. What is read from them is computed once, when it is first needed.

    `known` is further text whose names and figures a sentence may repeat that speaks of it: the question, the chat. `titles` are those of
    the essays. `similar` gives cosines, or is a `Comparison`; without it every cosine is 0.
    """

    def __init__(
        self,
        passages: Sequence[str],
        known: str = "",
        similar: Similar | Comparison | None = None,
        titles: Sequence[str] = (),
    ) -> None:
        """Keep the texts; nothing is computed yet."""
        self._passages, self._known, self._titles = tuple(passages), known, tuple(titles)
        given = similar if isinstance(similar, Comparison) else Comparison(similar or _no_cosines)
        self._similar, self._entailment, self._support = given.similar, given.entailment, Support.of(given.model)

    def outcome(self, sentence: str) -> Outcome:
        """What the passages say of `sentence`."""
        return self._outcome(sentence, self._support.supported)

    def _outcome(self, sentence: str, limit: float) -> Outcome:
        """The outcome where a score of at least `limit` supports."""
        claim = Claim(sentence, self._titles)
        if reason := self.unknown(claim):
            return Outcome("refused", reason, *self._place(claim))
        if not self._sources:
            return Outcome("refused", "support")
        place = self._place(claim)
        if claim.quotations and len(claim.own_words) < MIN_FRAMING_WORDS:
            return Outcome("supported", "", *place)
        near = self._nearness(claim)
        if reason := self._contradiction(claim, near):
            return Outcome("refused", reason, *place)
        score = self._support.score(self.features(claim))
        if score < self._support.near:
            return Outcome("refused", "support", *place)
        return Outcome("supported" if self._is_supported(claim, near, score >= limit) else "unconfirmed", "", *place)

    def check(self, sentence: str) -> str:
        """The reason why `sentence` may not be shown where nothing unconfirmed is shown, or an empty string.

        Its limit is lower than that of `outcome`: there is no state between shown and refused, with the reason `support`.
        """
        outcome = self._outcome(sentence, self._support.accepted)
        return "" if outcome.state == "supported" else outcome.reason or "support"

    def check_reading(self, sentence: str) -> str:
        """The reason why `sentence` may not be shown as a reading, which the passages need not say, or an empty string.

        A reading may have no quotation, however short, no figure and no name that is in no passage.
        """
        claim = Claim(sentence, self._titles)
        return self._unknown_part(claim, all_quotations(claim.text, self._titles))

    def best_support(self, sentence: str) -> tuple[int, int, int] | None:
        """The index of the passage that supports `sentence` best, and a span in it: of the quotation in `sentence`, else of a sentence.

        None where the passages have no sentences.
        """
        place = self._place(Claim(sentence, self._titles))
        return place if place[0] >= 0 else None

    def unknown(self, claim: Claim) -> str:
        """What kind of thing in the claim is in no passage: `quotation`, `figure` or `name`; empty where all is."""
        return self._unknown_part(claim, claim.quotations)

    def features(self, claim: Claim) -> dict[str, float]:
        """The features of a claim's support, by name. The passages have to have a sentence."""
        near = self._nearness(claim)
        opposed = contradiction.contradicts(claim.parsed, self._parsed)
        swapped = contradiction.swaps_roles(claim.parsed, self._parsed)
        about = Evidence([" ".join(source.text for source in near.nearby)], self._known, None, self._titles)
        found = [about._has_name(name, claim) for name in claim.names]
        figures = [any(self._is_figure(figure, claim, source) for source in near.nearby) for figure in claim.figures]
        return near.values(opposed, swapped, _share(found), _share(figures))

    def _place(self, claim: Claim) -> tuple[int, int, int]:
        """The passage and the span of the claim's quotation, else of the best source; the passage is -1 where there is none."""
        for quote in claim.quotations:
            for index, passage in enumerate(self._passages):
                if span := locate(quote, passage):
                    return index, *span
        if not self._sources:
            return -1, 0, 0
        best = self._nearness(claim).best
        return self._of_passage[best], self._sources[best].start, self._sources[best].end

    def _nearness(self, claim: Claim) -> Nearness:
        if claim not in self._near:
            texts = [source.text for source in self._sources]
            self._near[claim] = Nearness(claim, self._sources, self._of_passage, list(self._similar(claim.text, texts)))
        return self._near[claim]

    def _contradiction(self, claim: Claim, near: Nearness) -> str:
        """`negation` or `name` where a passage in the same language says nearly the same and its opposite; else empty."""
        if near.is_across or near.repeated < MIN_REPEATED or claim.quoted_share > MAX_QUOTED:
            return ""
        if contradiction.contradicts(claim.parsed, self._parsed):
            return "negation"
        told = Evidence([" ".join(source.text for source in near.told)], "", None, self._titles)
        is_elsewhere = any(not told._has_name(name, claim) for name in claim.parsed.names)
        return "name" if is_elsewhere and contradiction.swaps_roles(claim.parsed, self._parsed) else ""

    def _is_supported(self, claim: Claim, near: Nearness, is_near: bool) -> bool:
        """Whether a claim that nothing speaks against is supported; one with a name that may only be translated is not."""
        if not all(self._has_name(name, claim) for name in claim.names):
            return False
        if self._entailment:
            premise = " ".join(self._sources[index].text for index in near.pair)
            return self._entailment(premise, claim.text) == "entailment"
        return is_near

    def _unknown_part(self, claim: Claim, quotes: Sequence[str]) -> str:
        """As `unknown`, with other quotations."""
        if any(all(locate(quote, passage) is None for passage in self._passages) for quote in quotes):
            return "quotation"
        if any(not self._has_figure(figure, claim) for figure in claim.figures):
            return "figure"
        unknown = [name for name in claim.names if not self._has_name(name, claim)]
        return "name" if any(not self._may_be_term(name, claim) and not self._is_in_title(name) for name in unknown) else ""

    def _has_figure(self, figure: numbers.Number, claim: Claim) -> bool:
        is_known = markers.is_about_question(claim.text) and numbers.is_among(figure, numbers.find_numbers(self._known))
        return is_known or any(self._is_figure(figure, claim, source) for source in self._texts)

    def _is_figure(self, figure: numbers.Number, claim: Claim, source: Source) -> bool:
        """Whether the source has the figure, where "80 per cent and 20" may be two percentages."""
        unit = numbers.unit_of(figure, claim.own)
        found = [other for other in source.figures if not unit or numbers.unit_of(other, source.text) in ("", unit)]
        if numbers.is_among(figure, found):
            return True
        is_listed = any(other.percent for other in (found if figure.percent else claim.figures))
        return is_listed and any(other.value == figure.value for other in found)

    def _has_name(self, name: str, claim: Claim) -> bool:
        """Whether the passages have this name of the claim; in the other language also as a common word."""
        folded = self._folded_text
        if name.casefold() in folded or (name[0] in _DIRECTIONS and len(name) > 2 and name[1:].casefold() in folded):
            return True
        if markers.is_about_question(claim.text) and name.casefold() in self._known.casefold():
            return True
        forms = [name, name[1:]] if name[0] in _DIRECTIONS and len(name) > 2 else [name]
        is_korean = language_of(name) == "ko"
        if (
            self._is_across(claim)
            and is_korean
            and any(same_sound(form, word) for form in forms for word in self._lower_case_words)
        ):
            return True
        is_word = self._is_across(claim) and self._language == "ko" and is_translated(name)
        candidates = self._nouns if "-" not in name else [*self._nouns, *self._given_names]
        return is_word or any(_matches_noun(form, claim.own, candidates) for form in forms)

    def _may_be_term(self, name: str, claim: Claim) -> bool:
        """Whether a Korean name that the English passages do not have may be a translated term: 수도교, 멱법칙."""
        return self._is_across(claim) and language_of(name) == "ko" and may_be_term(name)

    def _is_in_title(self, name: str) -> bool:
        """Whether one of the titles has the name: the sentence may be about that essay's subject, which no passage confirms."""
        return any(name.casefold() in title.casefold() for title in self._titles)

    def _is_across(self, claim: Claim) -> bool:
        return claim.language != self._language

    @cached_property
    def _near(self) -> dict[Claim, Nearness]:
        return {}

    @cached_property
    def _language(self) -> Language:
        """`ko` where one of the passages is Korean, else `en`."""
        return "ko" if any(source.language == "ko" for source in self._texts) else "en"

    @cached_property
    def _texts(self) -> list[Source]:
        """The whole passages."""
        return [whole(passage) for passage in self._passages]

    @cached_property
    def _sources(self) -> list[Source]:
        """Their sentences."""
        return [source for passage in self._passages for source in sources_of(passage)]

    @cached_property
    def _of_passage(self) -> list[int]:
        """For each sentence the index of its passage."""
        return [index for index, passage in enumerate(self._passages) for _ in sources_of(passage)]

    @cached_property
    def _parsed(self) -> list[contradiction.ClaimText]:
        return [source.parsed for source in self._sources]

    @cached_property
    def _nouns(self) -> list[str]:
        return [noun for text in self._texts for noun in text.nouns]

    @cached_property
    def _given_names(self) -> list[str]:
        """Words of three syllables without the first, which may be a family name: 홍집 of 김홍집."""
        return [noun[1:] for noun in self._nouns if len(noun) == 3]

    @cached_property
    def _lower_case_words(self) -> list[str]:
        return [word for word in re.findall(r"[a-z]+", self._folded_text) if len(word) >= MIN_LOWER_CASE_NAME]

    @cached_property
    def _folded_text(self) -> str:
        """The passages without regard to case."""
        return " ".join(self._passages).casefold()


def check(sentence: str, passages: Sequence[str], known: str = "", similar: Similar | Comparison | None = None) -> str:
    """`Evidence.check` for a single sentence."""
    return Evidence(passages, known, similar).check(sentence)


def _no_cosines(_: str, others: Sequence[str]) -> list[float]:
    return [0.0] * len(others)


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else 1.0


def _matches_noun(name: str, sentence: str, candidates: Sequence[str]) -> bool:
    """Whether a candidate may be this name, or the beginning of a word of `sentence` that contains it: 마인드 of 딥마인드는."""
    if name in MONTHS:  # checked as a number: 2월 is February
        return True
    longer_forms = [word[:length] for word in sentence.split() if name in word for length in range(len(name) + 1, len(word) + 1)]
    return any(may_be_same_name(form, candidate) for form in (name, *longer_forms) for candidate in candidates)
