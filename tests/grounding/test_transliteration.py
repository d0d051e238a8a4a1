"""Names in either script: those that sound alike, those that are listed, and those that are neither."""

import pytest

from bot.grounding.transliteration import is_translated, may_be_same_name, same_sound

SAME = """
구글 Google|마이크로소프트 Microsoft|친칠라 Chinchilla|고퍼 Gopher|칭기즈 Genghis|로마 Rome|로마 Romans|자하비 Zahavi|베블런 Veblen|부르즈 Burj
윈도 Windows|윈도우 Windows|타키투스 Tacitus|카이사르 Caesar|앤트로픽 Anthropic|김해 Gimhae|시어스 Sears|카르타고 Carthage|미국 USA|조선 Korea
몽골 Mongols|곽수경 Guo_Shoujing|유병충 Liu_Bingzhong|아피아 Appia|죽림리 Jungnim-ri|삼니움 Samnite|몽골 몽골인|Google google|Rome Romes|오픈AI OpenAI
"""
OTHER = """
애플 Google|구글 Gopher|몽골 Google|로마 Mongols|몽골 Rome|로마 몽골|중국 Japan|노키아 Nikon|Rome Google|서울 Seattle
곽수경 Liu_Bingzhong|한글날 Could_Not|아피아 Appius
"""


def pairs(text: str) -> list[tuple[str, str]]:
    return [
        (one.replace("_", " "), other.replace("_", " "))
        for line in text.strip().splitlines()
        for one, other in (pair.split() for pair in line.split("|"))
    ]


@pytest.mark.parametrize(("one", "other"), pairs(SAME))
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert may_be_same_name(one, other)
    assert may_be_same_name(other, one)


@pytest.mark.parametrize(("one", "other"), pairs(OTHER))
def test_two_names(one: str, other: str) -> None:
    assert not may_be_same_name(one, other)
    assert not may_be_same_name(other, one)


def test_a_name_of_one_consonant_sounds_like_anything_and_has_to_be_spelt_alike() -> None:
    assert not may_be_same_name("아아", "Oahu")
    assert may_be_same_name("Ay", "ay")


def test_a_word_without_a_capital_has_to_have_every_consonant() -> None:
    assert same_sound("가젤", "gazelles")
    assert not same_sound("가젤", "gazettes")
    assert not same_sound("로마", "room")  # two consonants are in many words


@pytest.mark.parametrize(("name", "translated"), [
    ("Museum", True), ("Bronze", True), ("Korean", True), ("BC", True), ("Foundation", True), ("Rome", False), ("Kublai", False), ("Spolsky", False),
])  # fmt: skip
def test_words_that_names_are_made_of_are_translated(name: str, translated: bool) -> None:
    assert is_translated(name) is translated
