"""Dates as people write them, by value."""

import pytest

from bot.indexing.dates import header_date, iso_date, name_date

DATES = {
    "2023-04-05": "2023-04-05",
    "2023-04-05T10:00:00Z": "2023-04-05",
    "2023-04-05 10:00": "2023-04-05",
    "2023. 4. 5.": "2023-04-05",
    "2023.4.5": "2023-04-05",
    "2023/04/05": "2023-04-05",
    "2023년 4월 5일": "2023-04-05",
    "2019년 12월 31일 씀": "2019-12-31",
    "20230405": "2023-04-05",
    "Apr 5 2023": "2023-04-05",
    "April 5, 2023": "2023-04-05",
    "5 April 2023": "2023-04-05",
    "5th of April, 2023": "2023-04-05",
    "Sept. 5, 2021": "2021-09-05",
    "05-Apr-2023": "2023-04-05",
    "13/05/2023": "2023-05-13",
    "05/13/2023": "2023-05-13",
    "05.05.2023": "2023-05-05",
    "2022-03-05 note": "2022-03-05",
    "note 2022-03-05-2": "2022-03-05",
    "일기 2022.3.5": "2022-03-05",
    "04/05/2023": "",  # the fifth of April or the fourth of May
    "2023-13-45": "",
    "2023. 4": "",
    "May 2023": "",
    "1234567890": "",
    "20231345": "",
    "v2023-4": "",
    "chapter 12": "",
    "": "",
}


@pytest.mark.parametrize(("text", "date"), DATES.items(), ids=[repr(text) for text in DATES])
def test_a_date_is_read_by_value(text: str, date: str) -> None:
    assert iso_date(text) == date


@pytest.mark.parametrize(("text", "date"), [
    ("23.4.5", "2023-04-05"), ("23.4.5 (수)", "2023-04-05"), ("'23. 4. 5.", "2023-04-05"), ("22년 3월 6일", "2022-03-06"),
    ("2023. 4. 5.", "2023-04-05"), ("1.23.4.5", ""), ("v2.3.4", ""), ("April 2023", ""),
])  # fmt: skip
def test_a_header_may_have_a_year_of_two_digits(text: str, date: str) -> None:
    assert header_date(text) == date


@pytest.mark.parametrize(("name", "date"), [
    ("2023_04_05", "2023-04-05"), ("202304051230 zettel", "2023-04-05"), ("20230405123000", "2023-04-05"), ("230405 walk", "2023-04-05"),
    ("journal/2023/04/05", "2023-04-05"), ("2022년 3월 12일", "2022-03-12"), ("1234567890", ""), ("123456", ""), ("chapter 12", ""),
])  # fmt: skip
def test_the_name_of_a_file_may_be_a_date(name: str, date: str) -> None:
    assert name_date(name) == date
