"""Numbers as they are written in Korean and in English, and their values; every value worked out by hand."""

import pytest

from bot.grounding.numbers import Number, find_numbers, is_among, is_informative

Values = list[float | tuple[float, bool]]  # (value, percent), or the value of a number that is no percentage

DIGITS: list[tuple[str, Values]] = [
    ("2019년의 170채, 1763년", [2019, 170, 1763]),
    ("1763 1770", [1763, 1770]),
    ("100만 200만", [1_000_000, 2_000_000]),
    ("고퍼는 2800억 개", [2.8e11]),
    ("1750억", [1.75e11]),
    ("1조 4,000억 토큰과 3만 5천 명", [1.4e12, 35_000]),
    ("2억 6천4백만 유로, 278만 8천 시간", [264_000_000, 2_788_000]),
    ("2만 5천", [25_000]),
    ("1억 5천만 년 전", [150_000_000]),
    ("3만 5,000, 2천5백, 5,000만", [35_000, 2500, 50_000_000]),
    ("1.5조 원", [1.5e12]),
    ("175 billion parameters, 1.4 trillion tokens", [1.75e11, 1.4e12]),
    ("175,000,000,000", [1.75e11]),
    ("$5bn, 5 bn, £3.2mn", [5e9, 5e9, 3.2e6]),
    ("2 and a half million", [2_500_000]),
    ("5 centuries, 3 dozen", [500, 36]),
    ("1,234.5", [1234.5]),
    ("3경기, 5 조각, 2개 조직", [3, 5, 2]),  # games, pieces, organisations
    ("44 B.C.", [44]),
]
LETTERS: list[tuple[str, Values]] = [
    ("70B", [7e10]),
    ("405b llama", [4.05e11]),
    ("3.5M parameters", [3_500_000]),
    ("a 7B-parameter model", [7e9]),
    ("1.4T tokens, 5k runs, 8K", [1.4e12, 5000, 8000]),
    ("3.5 M, 70 B, 5 K", [3.5, 70, 5]),  # letters multiply only where they are glued to the digits
    ("8 kilometres, 5km, 5kg, 5MB, 5kW", [8, 5, 5, 5, 5]),
    # a lower-case m: metres
    ("3.5 m", [3.5]),
    ("3.5 metres", [3.5]),
    ("3.5미터", [3.5]),
    ("3.5m", [3.5]),
    ("The stone is 5m long, 3m wide and 2m deep.", [5, 3, 2]),
    ("5m away, 5m from it, 5m of rope, 3m x 2m", [5, 5, 5, 3, 2]),
    ("a 5m wall, its 5m stones", [5, 5]),
    ("5 m people", [5]),
    ("높이 5m의 돌, 길이 6.7m, 3m와 4m 사이", [5, 6.7, 3, 4]),
    ("5m²", [5]),
    ("5m/s, 5m-high", [5, 5]),
    ("12 cm, 40 mm, 7 t, 3 g, 5톤, 5킬로그램", [12, 40, 7, 3, 5, 5]),
    # a lower-case m: million
    ("$5m", [5_000_000]),
    ("$3.5 m a year", [3_500_000]),
    ("5m people, 6m active users", [5_000_000, 6_000_000]),
    ("5m dollars, EUR 5m", [5_000_000, 5_000_000]),
]
WORDS: list[tuple[str, Values]] = [
    ("열일곱 배, 서른일곱 시간, 스무 개, 스물네 명", [17, 37, 20, 24]),
    ("두 배, 세 시간, 한번, 다섯이", [2, 3, 1, 5]),
    ("이천삼백 명, 십이 년, 백오십만 원", [2300, 12, 1_500_000]),
    ("삼십이만 오천, 천 년의, 백만이 넘는", [325_000, 1000, 1_000_000]),
    ("오백의 군사, 이십이 명, 백여 명, 오백 일", [500, 22, 100, 500]),
    ("구조는 단단하다. 조선의 백제, 만약, 세계와 네이버, 넷플릭스, 한국", []),
    ("이천 명, 사천의 요리", [2000]),  # the second one is Sichuan
    ("20세기", [20]),
    ("두 세기, 한 세기 반 뒤, 반세기", [200, 150, 50]),
    ("thirty-seven hours, two million, a hundred", [37, 2_000_000, 100]),
    ("two hundred and fifty, two hundred thousand", [250, 200_000]),
    ("one hundred and twenty-three thousand", [123_000]),
    ("two million five hundred thousand", [2_500_000]),
    ("a thousand and one, twelve hundred", [1001, 1200]),
    ("between one hundred and two hundred", [100, 200]),
    ("two and three", [2, 3]),
    ("five centuries, two dozen, three decades", [500, 24, 30]),
    ("a century and a half later, half a century, a dozen", [150, 50, 12]),
    ("the fifth century, the twenty-first century", [5, 21]),
    ("in February of the second century", [2, 2]),
    ("", []),
    ("로마는 오래갔다. Nothing here.", []),
]
FRACTIONS: list[tuple[str, Values]] = [
    ("1/3", [1 / 3]),
    ("3/4, ½, 2½ hours, 2 1/2", [0.75, 0.5, 2.5, 2.5]),
    ("24/7, 9/11, 12/25, 2022/1925", [24, 7, 9, 11, 12, 25, 2022, 1925]),
    ("one third, two thirds, two-thirds", [1 / 3, 2 / 3, 2 / 3]),
    ("three quarters, a quarter, one-tenth", [0.75, 0.25, 0.1]),
    ("a third of them; a third factor; the third", [1 / 3, 3, 3]),
    ("half a million tons", [500_000]),
    ("a quarter of a million", [250_000]),
    ("two and a half million", [2_500_000]),
    ("three and a half times", [3.5]),
    ("half of the stones", [0.5]),
    ("the second half", [2]),
    ("3분의 1", [1 / 3]),
    ("삼분의 일쯤", [1 / 3]),
    ("십분의 일이었다, 50분의 1로, 백분의 십오", [0.1, 0.02, 0.15]),
    ("절반밖에", [0.5]),
    ("반 시간", [0.5]),
    ("반년, 반대, 반도체, 3반", [0.5, 3]),
    ("두 시간 반 만에, 2년 반", [2.5, 2.5]),
    ("3년 반대했다", [3]),
]
PERCENTAGES: list[tuple[str, Values]] = [
    ("60.0퍼센트, 67.5%, 3 per cent, 60", [(60.0, True), (67.5, True), (3.0, True), 60]),
    ("30 percent, 삼 퍼센트, 사십 퍼센트", [(30, True), (3, True), (40, True)]),
    ("forty per cent", [(40, True)]),
    ("２０％", [(20, True)]),
]


@pytest.mark.parametrize(("text", "values"), DIGITS + LETTERS + WORDS + FRACTIONS + PERCENTAGES)
def test_the_values_and_percentages_of_a_text(text: str, values: Values) -> None:
    expected = [value if isinstance(value, tuple) else (value, False) for value in values]
    found = find_numbers(text)
    assert [number.value for number in found] == pytest.approx([value for value, _ in expected], rel=1e-12)
    assert [number.percent for number in found] == [percent for _, percent in expected]


def test_spans_are_those_of_the_text() -> None:
    text = "그해 1조 4,000억 원과 two million, 3분의 1과 two and a half thousand, 두 시간 반, 70B와 3.5 m"
    assert [text[number.start : number.end] for number in find_numbers(text)] == [
        "1조 4,000억", "two million", "3분의 1", "two and a half thousand", "두 시간 반", "70B", "3.5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("claimed", "given", "same"),
    [
        ("1750억", "175 billion", True),
        ("3.5 m", "3.5 metres", True),
        ("3.5 metres", "3.5미터", True),
        ("3.5미터", "3.5m", True),
        ("3.5 m", "3.5 million", False),
        ("3분의 1", "one third", True),
        ("1/3", "삼분의 일", True),
        ("3분의 2", "one third", False),
        ("250만", "two and a half million", True),
        ("50만", "half a million", True),
        ("21세기", "the twenty-first century", True),
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
def test_two_numbers_are_the_same_by_value_or_by_rounding(claimed: str, given: str, same: bool) -> None:
    number: Number = find_numbers(claimed)[0]
    assert is_among(number, find_numbers(given)) == same


@pytest.mark.parametrize(("text", "informative"), [
    ("7 years", True), ("seven years", False), ("thirty-seven years", True), ("열일곱 해", True), ("한 사람", False), ("십 년", False),
    ("3분의 1", True), ("½", True), ("one third", True), ("half of it", False), ("쉰 배", True),
])  # fmt: skip
def test_a_small_number_in_words_or_a_half_is_not_informative(text: str, informative: bool) -> None:
    assert is_informative(find_numbers(text)[0], text) is informative
