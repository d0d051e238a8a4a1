"""Reads the numbers of a Korean or English text as values, so that 1750억, 175 billion and 175,000,000,000 are equal.

Units do not change a value: 3.5 m, 3.5 metres and 3.5미터 are 3.5. `number_words` lists the words, and the letters that are magnitudes.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.grounding import english_numbers, korean_numbers
from bot.grounding.english_numbers import Reading, scaled
from bot.grounding.number_words import NATIVE_TENS, SLASH_DENOMINATORS, SLASH_DENOMINATORS_OF_ONE, UNITS

MIN_MAGNITUDE = 1000  # of the second number of a range: the first one may leave it out
MAX_UNINFORMATIVE = 10  # up to which a number in words is too common to identify a statement

_PERCENT = re.compile(r"\s?(?:%|％|퍼센트|프로(?![가-힣])|per ?cent\b)", re.IGNORECASE)
_RANGE = re.compile(r"\s?(?:to|or|and|–|-|~|에서|내지)\s?")
_NEXT_WORD = re.compile(r"[\s-]?(?:([A-Za-z]+)|([가-힣]+))")
_UNIT_OF = {unit: kind for kind, units in UNITS.items() for unit in units.split()}
_KOREAN_UNITS = sorted((unit for unit in _UNIT_OF if not unit.isascii()), key=len, reverse=True)
_SLASH = re.compile(r"(?<![\d/.,])(?:(\d{1,2})\s)?(\d{1,4})/(\d{1,4})(?![\d/]|[.,]\d)")
_SIGN = re.compile(r"(?<![\d.,])(\d{0,4})([¼-¾⅐-⅞])")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text: its value, whether it is a percentage, and its span."""

    value: float
    percent: bool
    start: int
    end: int


def find_numbers(text: str) -> list[Number]:
    """The numbers of `text` in order of their places, in digits and in words (열일곱, thirty-seven, two million)."""
    found: list[Number] = []
    read_already = bytearray(len(text))
    for read in _READERS:
        for value, start, end in read(text):
            if not any(read_already[start:end]):
                percent = _PERCENT.match(text, end)
                found.append(Number(value, bool(percent), start, percent.end() if percent else end))
                read_already[start:end] = b"\x01" * (end - start)
    return sorted(found, key=lambda number: number.start)


def with_ranges(found: list[Number], text: str) -> list[Number]:
    """The numbers, and for each range whose magnitude stands only at its end the first one with it: of "forty to forty-five thousand" 40,000."""
    added = []
    for first, second in pairwise(found):
        is_range = _RANGE.fullmatch(text, first.end, second.start)
        if is_range and 0 < first.value < MIN_MAGNITUDE <= second.value:
            magnitude = 1.0
            while first.value * magnitude * MIN_MAGNITUDE <= second.value:
                magnitude *= MIN_MAGNITUDE
            added.append(Number(first.value * magnitude, second.percent, first.start, first.end))
    return [*found, *added]


def is_informative(number: Number, text: str) -> bool:
    """Whether a number of `text` identifies a statement: it is in digits, a fraction but a half, or in words and above `MAX_UNINFORMATIVE`.

    "one of them" and "한 사람" are not informative.
    """
    written = text[number.start : number.end]
    is_long = len(written) > 1 or written in NATIVE_TENS
    is_fraction = number.value not in (int(number.value), 0.5)  # "half of it" is as common as "one of them"
    return (number.value > MAX_UNINFORMATIVE and is_long) or is_fraction or any(character.isnumeric() for character in written)


def is_among(number: Number, others: list[Number]) -> bool:
    """Whether one of `others` has the same value, or one that `number` is a rounding of to two digits or more."""
    fraction = number.value != int(number.value)  # "37.93 per cent to 37.91": the second one is a percentage, too
    return any((number.percent == other.percent or fraction) and _rounds_to(other.value, number.value) for other in others)


def unit_of(number: Number, text: str) -> str:
    """What the number of `text` counts or measures, by the word next to it: a key of `number_words.UNITS`; empty where it says none."""
    word = _NEXT_WORD.match(text, number.end)
    if not word:
        return ""
    latin, hangul = word.groups()
    return _UNIT_OF.get(latin.casefold(), "") if latin else next((_UNIT_OF[u] for u in _KOREAN_UNITS if hangul.startswith(u)), "")


def _rounds_to(exact: float, rounded: float) -> bool:
    digits = len(f"{rounded:.12g}".replace(".", "").replace("-", "").split("e")[0].strip("0"))
    if exact == rounded or digits < 2 or _is_year(exact) or _is_year(rounded):
        return exact == rounded
    return float(f"{exact:.{digits - 1}e}") == rounded


def _is_year(value: float) -> bool:
    return 1000 <= value <= 2100 and value == int(value)


def _fractions(text: str) -> Iterator[Reading]:
    """Fractions with a slash or as one sign: 1/3, 2 1/2, ½, 2½ million."""
    for match in _SLASH.finditer(text):
        whole, numerator, denominator = (int(group or 0) for group in match.groups())
        allowed = SLASH_DENOMINATORS | SLASH_DENOMINATORS_OF_ONE if numerator == 1 else SLASH_DENOMINATORS
        if 0 < numerator < denominator and denominator in allowed:
            yield scaled(text, whole + numerator / denominator, *match.span())
    for match in _SIGN.finditer(text):
        yield scaled(text, float(match.group(1) or 0) + unicodedata.numeric(match.group(2)), *match.span())


def _digits(text: str) -> Iterator[Reading]:
    for reading in korean_numbers.digits(text):
        yield scaled(text, *reading)


# Where two readings overlap, the one of the earlier reader counts.
_READERS: tuple[Callable[[str], Iterator[Reading]], ...] = (
    korean_numbers.fractions,
    _fractions,
    _digits,
    english_numbers.fractions,
    english_numbers.ordinals,
    english_numbers.cardinals,
    korean_numbers.words,
)
