"""The language of a text: the share of Hangul among its letters."""

import pytest

from bot.text.language import language_of


@pytest.mark.parametrize(("text", "language"), [
    ("고인돌은 무겁다", "ko"),
    ("The stone is heavy", "en"),
    ("", "en"),
    ("1931 … !?", "en"),
    ("GPT-4와 Chinchilla와 MT-NLG의 크기", "ko"),
    ("The word 고인돌 means a dolmen in the Korean language", "en"),
    ("King Sejong (세종) measured the rain.", "en"),
    ("오픈AI", "ko"),
    ("가abcd", "ko"),  # one letter in five is Hangul
    ("가abcde", "en"),
])  # fmt: skip
def test_a_text_is_korean_where_a_fifth_of_its_letters_are_hangul(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(("text", "language"), [
    ("React server components 왜 걷어 냈어?", "ko"),
    ("attention is all you need 논문의 요지는?", "ko"),
    ("Kublai Khan postal relay stations 몇 개?", "ko"),
    ("What is History 쓴 사람은 누구야?", "ko"),
    ("https://example.com/a/very/long/path/of/an/address 요약해 줘", "ko"),
    ("`const total = addAllTheNumbers(list)` 이건 뭐야?", "ko"),
    ('왜 "the server components were removed from the code base"라고 했어?', "ko"),
    ("What does 한강 mean?", "en"),
    ("What does 해녀의 숨 mean?", "en"),
    ("Who said 바다가 통장이다?", "en"),
    ('Why does the author write "그는 금반지를 팔았다"?', "en"),
    ("Explain 고인돌", "en"),
    ("The phrase 한강의 기적 means the Miracle on the Han River.", "en"),
    ("What about Kim 씨?", "en"),
    ("“고인돌은 무겁다.”", "ko"),
])  # fmt: skip
def test_names_quotations_and_code_do_not_decide_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_the_code_of_a_text_does_not_count() -> None:
    code = "```js\n" + "export const component = () => render(page);\n" * 40 + "```\n"
    assert language_of(f"빌드 시간이 열한 분까지 늘었다.\n\n{code}\n그래서 걷어 냈다.") == "ko"
    assert language_of(code) == "en"
