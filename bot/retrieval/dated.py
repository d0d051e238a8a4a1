"""Which passages a question with a date is about: those of the essays of that date, and those that name the day. Pure."""

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from bot.indexing.dates import iso_date
from bot.schema import Essay, Passage

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]


def dated(question: str, essays: Mapping[str, Essay], passages: Sequence[Passage]) -> Mask | None:
    """The mask, shape (passages,), of the passages that a question with a whole date is about; None for a question without one."""
    written = iso_date(question)
    if not written:
        return None
    names = _day(date.fromisoformat(written))
    found = [essays[passage.essay].date == written or names.search(passage.text) is not None for passage in passages]
    return np.array(found, dtype=np.bool_)


def _day(day: date) -> re.Pattern[str]:
    """What names a day in a text, with its year or without one: 3월 5일, 2022. 3. 5., 2022-03-05, March 5, 5 Mar."""
    month, number = f"0?{day.month}", f"0?{day.day}"
    name = rf"{calendar.month_name[day.month]}|{calendar.month_abbr[day.month]}\.?"
    year = rf"(?:{day.year}|[’']{day.year % 100:02})"
    return re.compile(
        rf"(?<!\d)(?<!(?!{day.year})\d{{4}}년 ){month}월 ?{number}일|{year}[-./] ?{month}[-./] ?{number}(?!\d)|(?m:^[ \t]*){month}\. ?{number}\. "
        rf"|\b(?:{name}) {number}(?:st|nd|rd|th)?\b(?!,? (?!{day.year})\d{{4}})"
        rf"|(?<!\d){number}(?:st|nd|rd|th)?(?: of)? (?:{name})\b(?!,? (?!{day.year})\d{{4}})"
    )
