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
