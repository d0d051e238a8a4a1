"""How rare a word is: the scale by hand, and words of both languages on the real lists."""

import pytest

from bot.text import rarity as module
from bot.text.rarity import HIGHEST, LOWEST, is_listed, rarity
from bot.text.tokenize import morphemes

# Everyday words of questions, and words that name what a question is about.
EVERYDAY = ["today", "지금", "여기", "왕", "ship"]
TELLING = ["dolmen", "chinchilla", "고인돌", "만리장성", "친칠라", "1763", "hevi"]


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        (1e-2, LOWEST),  # ten million in a thousand million words: 7 on the Zipf scale
        (1e-3, 0.25),  # 6, a quarter of the way from 7 to 3
        (1e-4, 0.5),
        (1e-5, 0.75),
        (1e-6, HIGHEST),  # 3
        (1e-8, HIGHEST),
        (0.5, LOWEST),
    ],
)
def test_the_scale_is_the_logarithm_of_the_frequency(frequency: float, expected: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_frequencies", lambda language: {"word": frequency} if language == "en" else {})
    assert rarity("word") == pytest.approx(expected)


def test_a_korean_verb_is_looked_up_without_its_hyphen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_frequencies", lambda language: {"옮기": 1e-4} if language == "ko" else {})
    assert rarity("옮기-") == pytest.approx(0.5)
    assert is_listed("옮기-")
    assert rarity("옮") == HIGHEST


def test_a_word_that_is_in_no_list_is_as_rare_as_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_frequencies", lambda _: {})
    assert rarity("anything") == rarity("아무거나") == HIGHEST
    assert not is_listed("anything")


@pytest.mark.parametrize("word", EVERYDAY)
def test_an_everyday_word_counts_less_than_half(word: str) -> None:
    assert LOWEST <= rarity(word) < 0.5
    assert is_listed(word)


@pytest.mark.parametrize("word", TELLING)
def test_a_telling_word_counts_almost_fully(word: str) -> None:
    assert 0.9 < rarity(word) <= HIGHEST


@pytest.mark.parametrize("word", ["essay", "author", "articl", "까닭", "저자", "에세이", "뜻"])
def test_what_questions_call_the_texts_counts_least(word: str) -> None:
    assert rarity(word) == LOWEST


@pytest.mark.parametrize(
    ("first", "second"), [("DOLMEN", "dolmen"), ("Today", "today"), ("Tesla은", "tesla은"), ("ESSAYS", "essay")]
)
def test_letter_case_does_not_matter(first: str, second: str) -> None:
    assert [rarity(word) for word in morphemes(first)] == [rarity(word) for word in morphemes(second)]
    assert morphemes(first)


def test_so_is_no_content_word() -> None:
    assert morphemes("So, and so?") == []


def test_the_forms_of_an_english_word_are_counted_together() -> None:
    """The list has build, builds and building; the stem has the sum of their frequencies."""
    import wordfreq

    listed = wordfreq.get_frequency_dict("en", wordlist="small")
    together = sum(listed.get(form, 0.0) for form in ("build", "builds", "building", "buildings"))
    assert module._frequencies("en")["build"] == pytest.approx(together)
    assert morphemes("buildings") == morphemes("build") == ["build"]
