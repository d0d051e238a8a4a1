"""Reads the numbers of a Korean or English text as values, so that 1750억, 175 billion and 175,000,000,000 are one. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

SPELT_FROM = 10

_SCALES = {
    **{"십": 1e1, "백": 1e2, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12, "경": 1e16},
    **{
        "hundred": 1e2,
        "thousand": 1e3,
        "million": 1e6,
        "billion": 1e9,
        "trillion": 1e12,
        "k": 1e3,
        "m": 1e6,
        "b": 1e9,
        "bn": 1e9,
    },
}
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_PERCENT = re.compile(r"\s?(?:%|％|퍼센트|프로(?![가-힣])|per ?cent\b)", re.IGNORECASE)
_KOREAN = re.compile(rf"(?:(?:{_DIGITS})\s?[십백천만억조경]*\s?)+")
_PART = re.compile(rf"({_DIGITS})\s?([십백천만억조경]*)")
_SCALE_AFTER = re.compile(r"[\s-]?(hundred|thousand|million|billion|trillion|[kmb](?![a-z])|bn\b)", re.IGNORECASE)
_YEARS = {"decades": 10, "centuries": 100, "millennia": 1000, "dozen": 12}
_SPAN = re.compile(rf"[\s-]({'|'.join(_YEARS)})\b", re.IGNORECASE)
_NATIVE = {
    **dict(
        zip("하나 한 둘 두 셋 세 넷 네 다섯 여섯 일곱 여덟 아홉".split(), (1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9), strict=True)
    ),
    **dict(zip("열 스물 스무 서른 마흔 쉰 예순 일흔 여든 아흔".split(), (10, 20, 20, 30, 40, 50, 60, 70, 80, 90), strict=True)),
}
_TENS = "열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔"
_ONES = "하나|한|둘|두|셋|세|넷|네|다섯|여섯|일곱|여덟|아홉"
_NATIVE_NUMBER = re.compile(rf"(?<![가-힣])(?:({_TENS})\s?({_ONES})?|({_ONES}))(?=\s?[가-힣]|$|[.,])")
_SINO = dict(zip("일이삼사오육칠팔구", range(1, 10), strict=True))
_SINO_NUMBER = re.compile(
    r"(?<![가-힣])([일이삼사오육칠팔구]?[십백천만억조](?:[일이삼사오육칠팔구십백천만억조\s]*[일이삼사오육칠팔구십백천만억조])?)(?=\s?(?:[가-힣]|$|[.,]))"
)
_WORDS = {
    **{
        word: number
        for number, word in enumerate(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen".split()
        )
    },
    **dict(zip("fifteen sixteen seventeen eighteen nineteen".split(), range(15, 20), strict=True)),
    **dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)),
}
MONTHS = "January February March April May June July August September October November December".split()
_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b")
_ORDINALS = {
    word: place + 1
    for place, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth".split()
    )
} | {"twentieth": 20, "nineteenth": 19, "eighteenth": 18, "seventeenth": 17, "sixteenth": 16, "fifteenth": 15, "fourteenth": 14}
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_ENGLISH_WORDS = re.compile(
    rf"\b(?:({_WORD})(?:-({_WORD}))?|(a)(?=\s(?:hundred|thousand|million|billion|trillion)))\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text: its value, whether it is a percentage, and its span."""

    value: float
    percent: bool
    start: int
    end: int


def find_numbers(text: str, *, spelt: bool = True) -> list[Number]:
    """The numbers of `text` in order of their places; with `spelt` those in words too (열일곱, thirty-seven, two million)."""
    found = list(_in_digits(text))
    if spelt:
        taken = [(figure.start, figure.end) for figure in found]
        found += [figure for figure in _in_words(text) if not any(a < figure.end and figure.start < b for a, b in taken)]
    return sorted(found, key=lambda figure: figure.start)


def is_informative(figure: Number, text: str) -> bool:
    """Whether a number of `text` says something: in digits, or above ten in words ("one of them", "한 사람" say little)."""
    written = text[figure.start : figure.end]
    return (figure.value > SPELT_FROM and len(written) > 1) or any(character.isdigit() for character in written)


def is_among(figure: Number, others: list[Number]) -> bool:
    """Whether one of `others` says the same: the same value, or one of which this is the rounding to two digits or more."""
    fraction = figure.value != int(figure.value)  # "37.93 per cent to 37.91": the second one is a percentage, too
    return any((figure.percent == other.percent or fraction) and _rounds_to(other.value, figure.value) for other in others)


def _rounds_to(exact: float, said: float) -> bool:
    digits = len(f"{said:.12g}".replace(".", "").replace("-", "").split("e")[0].strip("0"))
    if exact == said or digits < 2 or _is_year(exact) or _is_year(said):
        return exact == said
    return float(f"{exact:.{digits - 1}e}") == said


def _is_year(value: float) -> bool:
    return 1000 <= value <= 2100 and value == int(value)


def _in_digits(text: str) -> Iterator[Number]:
    for match in _KOREAN.finditer(text):
        for start, end, value in _values(match.group(), match.start()):
            scale = _SCALE_AFTER.match(text, end)
            if scale:
                value, end = value * _SCALES[scale.group(1).lower()], scale.end()
            percent = _PERCENT.match(text, end)
            yield Number(value, bool(percent), start, percent.end() if percent else end)


def _values(run: str, offset: int) -> Iterator[tuple[int, int, float]]:
    """A run of digits and Korean scales as values: "3만 5천" and "2억 6천4백만" are one each, "1763 1770" are two."""
    start, end, last = -1, -1, 0.0
    total = section = 0.0  # what stands before the last 만, 억 or 조, and after it
    for part in _PART.finditer(run):
        scales = [_SCALES[sign] for sign in part.group(2)]
        if start >= 0 and not (scales or last > 1) or start >= 0 and scales and scales[0] >= last or last == 1:
            yield offset + start, offset + end, total + section
            start, total, section = -1, 0.0, 0.0
        start, end = part.start() if start < 0 else start, part.end()
        digit = float(part.group(1).replace(",", ""))
        for scale in scales:
            if scale < 1e4:
                section, digit = section + (digit or 1.0) * scale, 0.0
            else:
                total, section, digit = total + (section + digit or 1.0) * scale, 0.0, 0.0
        section, last = section + digit, scales[-1] if scales else 1.0
    if start >= 0:
        yield offset + start, offset + end, total + section


def _in_words(text: str) -> Iterator[Number]:
    for match in _NATIVE_NUMBER.finditer(text):
        yield _with_percent(text, float(sum(_NATIVE[word] for word in match.groups() if word)), match)
    for match in _SINO_NUMBER.finditer(text):
        yield _with_percent(text, _sino(match.group().replace(" ", "")), match)
    for match in _MONTH.finditer(text):
        yield Number(float(MONTHS.index(match.group()) + 1), False, *match.span())
    for match in _ORDINAL.finditer(text):
        yield Number(float(_ORDINALS[match.group().lower()]), False, *match.span())
    for match in _ENGLISH_WORDS.finditer(text):
        value = float(sum(_WORDS[word.lower()] for word in match.groups()[:2] if word) or (1 if match.group(3) else 0))
        scale = _SCALE_AFTER.match(text, match.end())
        end = match.end()
        while scale:
            value, end = value * _SCALES[scale.group(1).lower()], scale.end()
            scale = _SCALE_AFTER.match(text, end)
        span = _SPAN.match(text, end)
        if span:  # five centuries are five hundred years
            value, end = value * _YEARS[span.group(1).lower()], span.end()
        percent = _PERCENT.match(text, end)
        yield Number(value, bool(percent), match.start(), percent.end() if percent else end)


def _with_percent(text: str, value: float, match: re.Match[str]) -> Number:
    percent = _PERCENT.match(text, match.end())
    return Number(value, bool(percent), match.start(), percent.end() if percent else match.end())


def _sino(word: str) -> float:
    """이천삼백 → 2300."""
    total, section, digit = 0.0, 0.0, 0.0
    for sign in word:
        if sign in _SINO:
            digit = float(_SINO[sign])
        elif _SCALES[sign] < 1e4:
            section, digit = section + (digit or 1.0) * _SCALES[sign], 0.0
        else:
            total, section, digit = total + (section + digit or 1.0) * _SCALES[sign], 0.0, 0.0
    return total + section + digit
