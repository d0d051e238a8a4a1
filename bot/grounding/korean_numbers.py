"""Reads Korean numbers, in words and in digits with Korean magnitudes. A reading is `(value, start, end)`, a span of the text."""

import re
from collections.abc import Iterator, Sequence

from bot.grounding import number_words as tables
from bot.grounding.english_numbers import Reading, any_of

DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"

_SIGNS = "".join(tables.KOREAN_MAGNITUDES)
_MAGNITUDES = rf"(?:(?!{any_of(tables.BEGIN_LIKE_MAGNITUDES)})[{_SIGNS}])+"
_PART = re.compile(rf"({DIGITS})(?:\s?({_MAGNITUDES}))?")
_RUN = re.compile(rf"(?:(?:{DIGITS})(?:\s?{_MAGNITUDES})?\s?)+")

_ONE = f"[{''.join(tables.SINO_DIGITS)}]"
_BELOW_MAN = rf"(?:{_ONE}?천(?:\s(?={_ONE}?[백십]))?)?(?:{_ONE}?백(?:\s(?={_ONE}?십))?)?(?:{_ONE}?십)?{_ONE}?"
_SPACE = rf"(?:\s(?={_ONE}?[천백십만억]))?"
_SINO = rf"(?=[{_SIGNS}]|{_ONE})(?:{_BELOW_MAN}조{_SPACE})?(?:{_BELOW_MAN}억{_SPACE})?(?:{_BELOW_MAN}만{_SPACE})?{_BELOW_MAN}"
_COUNTER = any_of(tables.COUNTERS)
_PARTICLES = rf"{any_of(tables.PARTICLES)}{{1,2}}(?![가-힣])"
# 이 at the end is a particle unless a counter follows: 백만이 넘는, 이십이 명.
_SINO_NUMBER = re.compile(
    rf"(?<![가-힣\d])(?={_ONE}?[{_SIGNS}]){_SINO}(?:(?=\s?(?:{_COUNTER}|퍼센트))|(?<!이)(?:(?={_PARTICLES})|(?![가-힣])))"
    rf"|(?<![가-힣\d]){_ONE}(?=\s?퍼센트)"
)
_COUNTED = re.compile(rf"\s?(?:{_COUNTER}|퍼센트)(?:(?![가-힣])|{_PARTICLES})")

_TENS, _ONES, _MODIFIERS = any_of(tables.NATIVE_TENS), any_of(tables.NATIVE_ONES), any_of(tables.NATIVE_MODIFIERS)
_SHORT_COUNTER = any_of(tables.SHORT_COUNTERS)
_NATIVE_NUMBER = re.compile(
    rf"(?<![가-힣\d])(?:(?:({_TENS})\s?)?({_MODIFIERS})(?=\s[가-힣]|{_SHORT_COUNTER})"
    rf"|(?:({_TENS})\s?({_ONES})?|({_ONES}))(?:(?![가-힣])|(?={_SHORT_COUNTER}|{_PARTICLES})))"
)
_NATIVE = {**tables.NATIVE_TENS, **tables.NATIVE_ONES, **tables.NATIVE_MODIFIERS}

_ANY_SINO = rf"{_SINO}(?<=[{_SIGNS}{''.join(tables.SINO_DIGITS)}])"
_FRACTION = re.compile(
    rf"(?<![가-힣\d.,])((?:{DIGITS})(?:{_MAGNITUDES})?|{_ANY_SINO})\s?분의\s?((?:{DIGITS})(?:{_MAGNITUDES})?|{_ANY_SINO})"
)
_UNIT = any_of(tables.UNITS_WITH_HALF)
_HALF = re.compile(
    rf"(?<![가-힣\d])반(?:\s({_UNIT})|({any_of(tables.UNITS_JOINED_TO_HALF)}))(?:(?![가-힣A-Za-z])|(?={_PARTICLES}))|절반()"
)
_UNIT_AND_HALF = re.compile(rf"\s?({_UNIT})\s?반(?:(?![가-힣])|(?={_PARTICLES}))")
_CENTURY = re.compile(rf"\s?{tables.CENTURY}")


def fractions(text: str) -> Iterator[Reading]:
    """Fractions: 3분의 1, 삼분의 일, 절반, 반 시간; 반세기 is 50."""
    for match in _FRACTION.finditer(text):
        whole, part = (_value(group) for group in match.groups())
        if whole:
            yield part / whole, *match.span()
    for match in _HALF.finditer(text):
        yield 0.5 * (100 if tables.CENTURY in match.groups() else 1), *match.span()


def digits(text: str) -> Iterator[Reading]:
    """Numbers in digits, with Korean magnitudes or without: 2만 5천, 1조 4,000억, 37.93."""
    for run in _RUN.finditer(text):
        for value, start, end in _split_run(run.group(), run.start()):
            yield _with_half(text, value, start, end)


def words(text: str) -> Iterator[Reading]:
    """Numbers in words: 열일곱, 이천삼백, 삼십이만 오천; two centuries (두 세기) are 200."""
    for match in _NATIVE_NUMBER.finditer(text):
        value = float(sum(_NATIVE[word] for word in match.groups() if word))
        reading = _with_half(text, value, *match.span())
        yield reading if reading[2] > match.end() or not _CENTURY.match(text, match.end()) else (value * 100, *match.span())
    for match in _SINO_NUMBER.finditer(text):
        doubtful = len(match.group()) == 1 or match.group() in tables.KOREAN_HOMOGRAPHS
        if not doubtful or _COUNTED.match(text, match.end()):
            yield _with_half(text, _value(match.group()), *match.span())


def _with_half(text: str, value: float, start: int, end: int) -> Reading:
    """The reading with the 반 behind its unit: 두 시간 반."""
    half = _UNIT_AND_HALF.match(text, end)
    if not half:
        return value, start, end
    return (value + 0.5) * (100 if half.group(1) == tables.CENTURY else 1), start, half.end()


def _split_run(run: str, offset: int) -> Iterator[Reading]:
    """The numbers of a run of digits and magnitudes: "3만 5천" and "2억 6천4백만" are one each, "1763 1770" are two."""
    parts: list[re.Match[str]] = []
    for part in _PART.finditer(run):
        if parts and not _continues(parts[-1], part):
            yield _sum(parts), offset + parts[0].start(), offset + parts[-1].end()
            parts = []
        parts.append(part)
    if parts:
        yield _sum(parts), offset + parts[0].start(), offset + parts[-1].end()


def _continues(part: re.Match[str], following: re.Match[str]) -> bool:
    """Whether the second part adds to the first, whose last magnitude has to be greater than the second's first one."""
    if not part.group(2):
        return False
    return not following.group(2) or tables.KOREAN_MAGNITUDES[following.group(2)[0]] < tables.KOREAN_MAGNITUDES[part.group(2)[-1]]


def _sum(parts: Sequence[re.Match[str]]) -> float:
    return _fold([(float(part.group(1).replace(",", "")), part.group(2) or "") for part in parts])


def _value(written: str) -> float:
    """The value of one number: 이천삼백, 3, 10만."""
    if written[0].isdigit():
        return _sum(list(_PART.finditer(written)))
    parts: list[tuple[float, str]] = [(0.0, "")]
    for sign in written.replace(" ", ""):
        if sign in tables.SINO_DIGITS:
            parts.append((float(tables.SINO_DIGITS[sign]), ""))
        elif sign in tables.KOREAN_MAGNITUDES:
            parts[-1] = (parts[-1][0], parts[-1][1] + sign)
    return _fold(parts)


def _fold(parts: Sequence[tuple[float, str]]) -> float:
    """The sum of digits with their magnitudes; 만, 억 and 조 multiply all since the last of them: 6천4백만 is 64,000,000."""
    total = section = 0.0
    for digit, magnitudes in parts:
        for magnitude in (tables.KOREAN_MAGNITUDES[sign] for sign in magnitudes):
            if magnitude < 1e4:
                section, digit = section + (digit or 1.0) * magnitude, 0.0
            else:
                total, section, digit = total + (section + digit or 1.0) * magnitude, 0.0, 0.0
        section += digit
    return total + section
