"""Reads dates as people write them, in headers and in the names of files, as ISO dates. Pure."""

import re
from datetime import date

from dateutil import parser

_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*(?:[-./_–年년]\s*)(\d{1,2})\s*(?:[-./_–月월]\s*)(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)")
_SHORT_YEAR = re.compile(r"(?<![\d.])['’]?(\d{2})(?:\. ?|년 ?)(\d{1,2})(?:\. ?|월 ?)(\d{1,2})(?![\d.]*\d)")
_NAME_STAMP = re.compile(r"^(?:(?P<year>(?:19|20)\d{2})(\d{2})(\d{2})\d{4}(?:\d{2})?|(?P<short>\d{2})(\d{2})(\d{2}))(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})[-./]\s?(\d{1,2})[-./]\s?(\d{4})(?!\d)")
_MONTH_NAME = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b")
_ENGLISH = re.compile(
    r"(?i)(?<!\d)(?:\d{1,2}(?:st|nd|rd|th)?[ .-]*(?:of )?[a-z]{3,9}\.?,?[ -]*\d{4}|[a-z]{3,9}\.? *\d{1,2}(?:st|nd|rd|th)?,? *\d{4})(?!\d)"
)


def iso_date(text: str) -> str:
    """The first date of `text` as `YYYY-MM-DD`; empty where there is none, or where day and month cannot be told apart."""
    for pattern in (_YEAR_FIRST, _COMPACT):
        for match in pattern.finditer(text):
            if found := _valid(*map(int, match.groups())):
                return found
    for match in _YEAR_LAST.finditer(text):
        first, second, year = map(int, match.groups())
        days = [(month, day) for month, day in ((first, second), (second, first)) if _valid(year, month, day)]
        if len(set(days)) == 1:
            return _valid(year, *days[0])
    return _english(text)


def header_date(text: str) -> str:
    """As `iso_date`, and with a year of two digits, of this century: 23.4.5, '23. 4. 5., 22년 3월 6일."""
    match = _SHORT_YEAR.search(text)
    return iso_date(text) or (_valid(2000 + int(match[1]), int(match[2]), int(match[3])) if match else "")


def name_date(name: str) -> str:
    """The date in a file's name or path without its suffix: also 2023_04_05, 202304051230, 230405, 2023/04/05."""
    if found := header_date(name):
        return found
    stamp = _NAME_STAMP.match(name.rpartition("/")[2])
    groups = [int(group) for group in stamp.groups() if group] if stamp else []
    return _valid(groups[0] + (2000 if groups[0] < 100 else 0), groups[1], groups[2]) if groups else ""


def _english(text: str) -> str:
    """A date with the name of its month: Apr 5 2023, 5 April 2023."""
    for match in _ENGLISH.finditer(text):
        if _MONTH_NAME.search(match.group()):
            try:
                return parser.parse(match.group(), default=parser.parse("2000-01-01")).date().isoformat()
            except (ValueError, OverflowError):
                continue
    return ""


def _valid(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""
