"""Pairs of names in either script that may be the same, by sound or by the list, and pairs that may not."""

import pytest

from bot.grounding.transliteration import is_translated, may_be_same_name, same_sound

SAME = """
구글 Google|마이크로소프트 Microsoft|친칠라 Chinchilla|고퍼 Gopher|칭기즈 Genghis|로마 Rome|로마 Romans|자하비 Zahavi|베블런 Veblen|부르즈 Burj
윈도 Windows|윈도우 Windows|타키투스 Tacitus|카이사르 Caesar|앤트로픽 Anthropic|김해 Gimhae|시어스 Sears|카르타고 Carthage|미국 USA|조선 Korea
몽골 Mongols|곽수경 Guo_Shoujing|유병충 Liu_Bingzhong|아피아 Appia|죽림리 Jungnim-ri|삼니움 Samnite|몽골 몽골인|Google google|Rome Romes|오픈AI OpenAI
"""
DIFFERENT = """
애플 Google|구글 Gopher|몽골 Google|로마 Mongols|몽골 Rome|로마 몽골|중국 Japan|노키아 Nikon|Rome Google|서울 Seattle
곽수경 Liu_Bingzhong|한글날 Could_Not|아피아 Appius
"""


def pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a text: "|" or a newline between pairs, a space between names, "_" for a space inside a name."""
    return [
        (first.replace("_", " "), second.replace("_", " "))
        for line in text.strip().splitlines()
        for first, second in (pair.split() for pair in line.split("|"))
    ]


@pytest.mark.parametrize(("first", "second"), pairs(SAME))
def test_two_spellings_may_be_the_same_name(first: str, second: str) -> None:
    assert may_be_same_name(first, second)
    assert may_be_same_name(second, first)


@pytest.mark.parametrize(("first", "second"), pairs(DIFFERENT))
def test_two_names_are_not_the_same(first: str, second: str) -> None:
    assert not may_be_same_name(first, second)
    assert not may_be_same_name(second, first)


def test_a_name_of_one_consonant_has_to_be_spelled_alike() -> None:
    assert not may_be_same_name("아아", "Oahu")
    assert may_be_same_name("Ay", "ay")


def test_a_common_word_has_to_have_every_consonant_of_the_name() -> None:
    assert same_sound("가젤", "gazelles")
    assert not same_sound("가젤", "gazettes")
    assert not same_sound("로마", "room")  # too few consonants


@pytest.mark.parametrize(("name", "translated"), [
    ("Fortification", True), ("Settlements", True), ("Tourism", True), ("Banners", True), ("Wilson", False), ("Rome", False), ("Kublai", False),
    ("Spolsky", False),
])  # fmt: skip
def test_words_with_the_suffix_of_a_common_noun_are_translated(name: str, translated: bool) -> None:
    assert is_translated(name) is translated
