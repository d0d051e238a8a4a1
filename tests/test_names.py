"""Names in either script: those that sound alike, those that are listed, and those that are neither."""

import pytest

from bot.names import alike

SAME = """
구글 Google|마이크로소프트 Microsoft|친칠라 Chinchilla|고퍼 Gopher|칭기즈 Genghis|로마 Rome|로마 Romans|자하비 Zahavi|베블런 Veblen|부르즈 Burj
윈도 Windows|윈도우 Windows|타키투스 Tacitus|카이사르 Caesar|앤트로픽 Anthropic|김해 Gimhae|시어스 Sears|카르타고 Carthage|미국 USA|조선 Korea
몽골 Mongols|몽골 몽골인|Google google|Rome Romes|오픈AI OpenAI
"""
OTHER = "애플 Google|구글 Gopher|몽골 Google|로마 Mongols|몽골 Rome|로마 몽골|중국 Japan|노키아 Nikon|Rome Google|서울 Seattle"


def pairs(text: str) -> list[tuple[str, str]]:
    return [(one, other) for line in text.strip().splitlines() for one, other in (pair.split() for pair in line.split("|"))]


@pytest.mark.parametrize(("one", "other"), pairs(SAME))
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(("one", "other"), pairs(OTHER))
def test_two_names(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


def test_a_name_of_one_consonant_sounds_like_anything_and_has_to_be_spelt_alike() -> None:
    assert not alike("아아", "Oahu")
    assert alike("Ay", "ay")
