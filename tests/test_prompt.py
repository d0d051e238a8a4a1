"""The wording: there in both languages, each in its own, with the places that are filled in."""

import string

import pytest

from bot import prompt
from bot.text import clean, language_of

WORDINGS = {name: value for name, value in vars(prompt).items() if name.isupper() and isinstance(value, dict) and name != "MAP"}
WORDINGS |= {f"MAP {key}": {language: prompt.MAP[language][key] for language in prompt.MAP} for key in prompt.MAP["ko"]}
PLACES = {"NEAREST": {"title"}, "FROM": {"title"}}


def test_there_is_wording() -> None:
    assert {"ABSTAIN", "NEAREST", "FROM"} <= WORDINGS.keys()


@pytest.mark.parametrize("name", WORDINGS)
def test_every_wording_is_there_in_both_languages_and_clean(name: str) -> None:
    assert set(WORDINGS[name]) == {"ko", "en"}
    for text in WORDINGS[name].values():
        assert text
        assert text == clean(text).text.strip()


@pytest.mark.parametrize("name", sorted({"ABSTAIN", "NEAREST", "FROM"}))
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_wording_is_in_its_language(name: str, language: str) -> None:
    words = WORDINGS[name][language].replace("{title}", "")
    assert language_of(words) == language


@pytest.mark.parametrize("name", WORDINGS)
def test_both_languages_have_the_same_places_to_fill(name: str) -> None:
    places = [{place for _, place, _, _ in string.Formatter().parse(text) if place} for text in WORDINGS[name].values()]
    assert places[0] == places[1]
    assert PLACES.get(name, places[0]) == places[0]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_title_with_braces_is_shown_as_it_is(language: str) -> None:
    assert "{quote} {0}" in WORDINGS["FROM"][language].format(title="{quote} {0}")
