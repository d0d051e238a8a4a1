"""Reads English numbers in words, and what multiplies the digits before it. A reading is `(value, start, end)`, a span of the text."""

import re
from collections.abc import Iterable, Iterator

from bot.grounding import number_words as tables

Reading = tuple[float, int, int]


def any_of(words: Iterable[str]) -> str:
    """A pattern that matches each of `words`, the longest first."""
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_MAGNITUDE = any_of(tables.ENGLISH_MAGNITUDES)
_PERIOD = any_of(tables.ENGLISH_PERIODS)
_ONES, _TEENS, _TENS = any_of(tables.ENGLISH_ONES), any_of(tables.ENGLISH_TEENS), any_of(tables.ENGLISH_TENS)
_BELOW_100 = rf"(?:{_TENS}(?:[\s-]{_ONES})?|{_TEENS}|{_ONES})\b"
# "one hundred and twenty" is one number, "one hundred and two hundred" are two.
_BELOW_1000 = rf"(?:(?:{_BELOW_100}|an?)[\s-]hundred\b(?:\s(?:and\s)?{_BELOW_100}(?![\s-]hundred\b))?|{_BELOW_100})"
_BEHIND_MAGNITUDE = r"(?<=(?:thousand|.million|.billion|trillion))"
_CARDINAL = re.compile(
    rf"\b(?:{_BELOW_1000}|an?(?=[\s-]{_MAGNITUDE}\b))(?:[\s-]{_MAGNITUDE}\b)*"
    rf"(?:{_BEHIND_MAGNITUDE}\s{_BELOW_1000}(?:[\s-]{_MAGNITUDE}\b)+)*"
    rf"(?:{_BEHIND_MAGNITUDE}\s(?:and\s)?{_BELOW_1000}(?![\s-]{_MAGNITUDE}\b))?",
    re.IGNORECASE,
)
_AND_A_HALF = re.compile(r"\sand\sa\shalf\b", re.IGNORECASE)
_ONE_PERIOD = re.compile(rf"\b(?:an?|one)\s({_PERIOD})\b(\sand\sa\shalf\b)?", re.IGNORECASE)
_ORDINAL = re.compile(rf"\b(?:({_TENS})[\s-])?({any_of(tables.ENGLISH_ORDINALS)})\b", re.IGNORECASE)
_MONTH = re.compile(rf"\b{any_of(tables.MONTHS)}\b")
_PART = re.compile(
    rf"\b({_BELOW_100}|(?<!and\s)an?)[\s-]({any_of([*tables.ENGLISH_DENOMINATORS, 'halve'])})(s?)\b", re.IGNORECASE
)
# "a third" is a fraction before these, else an ordinal (a third factor).
_AFTER_A_PART = re.compile(
    r"\s(?:of|as|less|more|larger|smaller|higher|lower|bigger|cheaper|longer|shorter)\b|\s*(?:[.,;:!?)”\"]|$)"
)
_HALF_OF = re.compile(
    r"(?<!and a )\bhalf\b(?=[\s-](?:of|an?|the|as|its|their|his|her|million|billion|trillion)\b)", re.IGNORECASE
)
_WHOLE = re.compile(rf"(?:\sof)?(?:\san?)?[\s-]({_MAGNITUDE}|{_PERIOD})\b", re.IGNORECASE)
_MULTIPLIERS = re.compile(
    rf"(?:[\s-]?{_MAGNITUDE}s?\b)*(?:[\s-]{any_of(tables.ENGLISH_PLURAL_PERIODS)}\b)?", re.IGNORECASE
)  # fmt: skip
_LETTER = re.compile(rf"([{''.join(tables.LETTER_MAGNITUDES)}])(?![A-Za-z]|\.[A-Z])")
_METRE = re.compile(rf"(\s?){tables.MILLION_OR_METRE}(?![A-Za-z²³/])")
_NEXT_WORD = re.compile(r"\s([A-Za-z]+)")
_WORD_BEFORE = re.compile(r"([A-Za-z]+)\s$")
_CURRENCY_BEFORE = re.compile(rf"(?:[{tables.CURRENCY_SIGNS}]|\b{any_of(tables.CURRENCY_CODES)})\s?$")
_WORD = re.compile("[a-z]+")
_SMALL = {**tables.ENGLISH_ONES, **tables.ENGLISH_TEENS, **tables.ENGLISH_TENS}


def fractions(text: str) -> Iterator[Reading]:
    """Fractions in words, multiplied by what they are parts of: two thirds, half of it, half a million, a quarter of a century."""
    for match in _PART.finditer(text):
        numerator, part, plural = (group.lower() for group in match.groups())
        ordinal = part not in {"half", "halve", "quarter"}
        if ordinal and not plural and numerator != "one" and not (numerator == "a" and _AFTER_A_PART.match(text, match.end())):
            continue
        value = (_value(numerator) or 1) / tables.ENGLISH_DENOMINATORS.get(part, 2)
        yield _times_whole(text, value, *match.span())
    for match in _HALF_OF.finditer(text):
        yield _times_whole(text, 0.5, *match.span())


def ordinals(text: str) -> Iterator[Reading]:
    """Ordinals, and the months by their numbers: twenty-first, June."""
    for match in _ORDINAL.finditer(text):
        tens, ordinal = match.groups()
        yield float((tables.ENGLISH_TENS[tens.lower()] if tens else 0) + tables.ENGLISH_ORDINALS[ordinal.lower()]), *match.span()
    for match in _MONTH.finditer(text):
        yield float(tables.MONTHS.index(match.group()) + 1), *match.span()


def cardinals(text: str) -> Iterator[Reading]:
    """Cardinals in words: two hundred and fifty, two and a half million, five centuries, a dozen, a century and a half."""
    for match in _ONE_PERIOD.finditer(text):
        period, half = match.groups()
        yield tables.ENGLISH_PERIODS[period.lower()] * (1.5 if half else 1.0), *match.span()
    for match in _CARDINAL.finditer(text):
        yield _times_words(text, _value(match.group()), *match.span())


def scaled(text: str, value: float, start: int, end: int) -> Reading:
    """The number in digits `text[start:end]` with what follows: and a half, million, centuries, the letters of 70B and 3.5M."""
    reading = _times_words(text, value, start, end)
    if reading[2] > end:
        return reading
    if letter := _LETTER.match(text, end):
        return value * tables.LETTER_MAGNITUDES[letter.group(1)], start, letter.end()
    metre = _METRE.match(text, end)
    if metre and _is_million(text, start, metre):
        return value * 1e6, start, metre.end()
    return value, start, end


def _is_million(text: str, start: int, letter: re.Match[str]) -> bool:
    """Whether the m behind the digits that begin at `start` is a million; the rule stands at `number_words.MILLION_OR_METRE`."""
    before = text[max(0, start - 12) : start]
    following = _NEXT_WORD.match(text, letter.end())
    next_word = following.group(1).lower() if following else ""
    if _CURRENCY_BEFORE.search(before) or next_word in tables.CURRENCY_WORDS:
        return True
    last_word = _WORD_BEFORE.search(before)
    determined = last_word is not None and last_word.group(1).lower() in tables.DETERMINERS
    return bool(next_word) and not letter.group(1) and not determined and next_word not in tables.AFTER_METRES


def _times_words(text: str, value: float, start: int, end: int) -> Reading:
    if half := _AND_A_HALF.match(text, end):
        value, end = value + 0.5, half.end()
    multipliers = _MULTIPLIERS.match(text, end)
    for word in _WORD.findall(multipliers.group().lower()) if multipliers else ():
        value *= tables.ENGLISH_PLURAL_PERIODS.get(word) or tables.ENGLISH_MAGNITUDES[word.removesuffix("s")]
    return value, start, multipliers.end() if multipliers else end


def _times_whole(text: str, value: float, start: int, end: int) -> Reading:
    whole = _WHOLE.match(text, end)
    if not whole:
        return value, start, end
    word = whole.group(1).lower()
    return value * (tables.ENGLISH_MAGNITUDES.get(word) or tables.ENGLISH_PERIODS[word]), start, whole.end()


def _value(words: str) -> float:
    """The value of a cardinal in words; 0 for "a" alone."""
    total = section = 0.0
    for word in _WORD.findall(words.lower()):
        magnitude = tables.ENGLISH_MAGNITUDES.get(word)
        if magnitude == 100:
            section = (section or 1.0) * magnitude
        elif magnitude:
            total, section = (total + section * magnitude, 0.0) if section else ((total or 1.0) * magnitude, 0.0)
        else:
            section += _SMALL.get(word, 0)
    return total + section
