"""Numbers as they are written in Korean and in English, and what they are worth; every value worked out by hand."""

import pytest

from bot.grounding.numbers import Number, find_numbers, is_among, is_informative


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("고퍼는 2800억 개", [2.8e11]),
        ("1조 4,000억 토큰과 3만 5천 명", [1.4e12, 35_000]),
        ("2019년의 170채, 1763년", [2019, 170, 1763]),
        ("열일곱 배, 서른일곱 시간, 스무 개", [17, 37, 20]),
        ("이천삼백 명, 십이 년, 백오십만 원", [2300, 12, 1_500_000]),
        ("175 billion parameters, 1.4 trillion tokens", [1.75e11, 1.4e12]),
        ("thirty-seven hours, two million, a hundred", [37, 2_000_000, 100]),
        ("175,000,000,000 and 8B and 8 kilometres", [1.75e11, 8e9, 8]),
        ("2억 6천4백만 유로, 278만 8천 시간", [264_000_000, 2_788_000]),
        ("100만 200만", [1_000_000, 2_000_000]),
        ("1763 1770", [1763, 1770]),
        ("five centuries, two dozen, three decades", [500, 24, 30]),
        ("the fifth century", [5]),
        ("in February of the second century", [2, 2]),
        ("", []),
        ("로마는 오래갔다. Nothing here.", []),
    ],
)
def test_the_values_of_a_text(text: str, values: list[float]) -> None:
    assert [figure.value for figure in find_numbers(text)] == pytest.approx(values)


def test_percentages_are_their_own_kind() -> None:
    assert [(figure.value, figure.percent) for figure in find_numbers("60.0퍼센트, 67.5%, 3 per cent, 60")] == [
        (60.0, True),
        (67.5, True),
        (3.0, True),
        (60.0, False),
    ]


def test_spans_are_those_of_the_text() -> None:
    text = "그해 1조 4,000억 원과 two million"
    assert [text[figure.start : figure.end].strip() for figure in find_numbers(text)] == ["1조 4,000억", "two million"]


def test_digits_alone() -> None:
    assert [figure.value for figure in find_numbers("열일곱 배와 3배", spelt=False)] == [3]


@pytest.mark.parametrize(
    ("said", "there", "held"),
    [
        ("1750억", "175 billion", True),
        ("17배", "열일곱 배", True),
        ("60%", "60", False),
        ("67.5%", "67.4%", False),
        ("1763년", "1764년", False),
        ("1,005만", "1,000만", False),
        ("2,800억", "2,812억", True),
        ("2,812억", "2,800억", False),
        ("3.4", "3.41", True),
        ("1760년", "1763년", False),
        ("3", "3.4", False),
    ],
)
def test_one_figure_says_what_another_says(said: str, there: str, held: bool) -> None:
    figure: Number = find_numbers(said)[0]
    assert is_among(figure, find_numbers(there)) == held


@pytest.mark.parametrize(("text", "tells"), [
    ("7 years", True), ("seven years", False), ("thirty-seven years", True), ("열일곱 해", True), ("한 사람", False), ("십", False),
])  # fmt: skip
def test_a_small_number_in_words_says_little(text: str, tells: bool) -> None:
    assert is_informative(find_numbers(text)[0], text) is tells
