"""The words of a collection: what is misspelt is read as it was meant, and an unknown name stays unknown."""

import pytest

from bot.retrieval.vocabulary import Vocabulary
from bot.text.rarity import rarity
from bot.text.tokenize import morphemes

ENGLISH = "The heavy bell hangs in Bugeunri, near a dolmen; the keeper counted chinchillas at the Great Wall for 1931 days."
KOREAN = "고인돌은 무거운 돌이다. 부근리의 고인돌과 사마르칸트의 종은 1931년에 옮겼다."


@pytest.fixture(scope="module")
def english() -> Vocabulary:
    return Vocabulary(morphemes(ENGLISH))


@pytest.fixture(scope="module")
def korean() -> Vocabulary:
    return Vocabulary(morphemes(KOREAN))


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("how hevy is it", "heavi"),
        ("bugeunree", "bugeunri"),
        ("bugenuri", "bugeunri"),
        ("a dolmne", "dolmen"),
        ("chinchila", "chinchilla"),
    ],
)
def test_a_misspelt_word_is_read_as_the_collection_spells_it(question: str, meant: str, english: Vocabulary) -> None:
    assert list(english.weights(question)) == [meant]
    assert english.weights(question)[meant] == rarity(meant)
    assert meant in english


@pytest.mark.parametrize(("word", "meant"), [("고인똘", "고인돌"), ("사마르칸드", "사마르칸트")])
def test_a_misspelt_korean_word_is_compared_by_its_letters(word: str, meant: str, korean: Vocabulary) -> None:
    assert korean.corrected(word) == meant


@pytest.mark.parametrize("word", ["tesla", "만리장성", "napoleon", "고구마", "ball", "1932", "옮기-", "bel", "zzzz"])
def test_a_word_that_is_another_one_is_left_as_it_is(word: str, english: Vocabulary, korean: Vocabulary) -> None:
    """A word of the language's list (ball for bell), a number, a verb, a short word, and one that is near to none."""
    assert english.corrected(word) == word
    assert korean.corrected(word) == word


@pytest.mark.parametrize("name", ["tesla", "만리장성", "napoleon", "테슬라"])
def test_an_unknown_name_is_not_known(name: str, english: Vocabulary, korean: Vocabulary) -> None:
    assert not english.knows(name)
    assert not korean.knows(name)
    assert name not in english


def test_a_rare_word_of_the_other_script_that_sounds_alike_is_known() -> None:
    assert Vocabulary(["친칠라"]).knows("chinchilla")
    assert Vocabulary(["chinchilla"]).knows("친칠라")
    assert not Vocabulary(["친칠라"]).knows("gorilla")
    assert Vocabulary(morphemes(KOREAN)).knows("samarkand")


def test_a_common_word_that_sounds_alike_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rarity("center") < 0.5
    assert not Vocabulary(["center"]).knows("센터")
    monkeypatch.setattr("bot.retrieval.vocabulary.NAME_RARITY", 0.0)
    assert Vocabulary(["center"]).knows("센터")


def test_a_word_of_the_collection_is_known_and_a_verb_by_its_stem_only(korean: Vocabulary) -> None:
    assert korean.knows("고인돌")
    assert korean.knows("옮기-")
    assert not korean.knows("달리-")


def test_letter_case_does_not_matter(english: Vocabulary) -> None:
    assert english.weights("HEVY Dolmens") == english.weights("hevy dolmens")
    assert list(english.weights("HEVY Dolmens")) == ["heavi", "dolmen"]


def test_swapped_letters_are_one_error() -> None:
    """Four letters allow one error: a swap is one, two changed letters are two."""
    assert Vocabulary(["belfri"]).corrected("eblfri") == "belfri"
    assert Vocabulary(["qxwz"]).corrected("xqwz") == "qxwz"
    assert Vocabulary(["qxwz"]).corrected("xqzw") == "xqzw"


def test_of_two_words_as_near_the_first_by_the_alphabet_is_taken_in_every_run() -> None:
    assert Vocabulary(["xqwb", "xqwa"]).corrected("xqwc") == Vocabulary(["xqwa", "xqwb"]).corrected("xqwc") == "xqwa"


def test_an_empty_collection_knows_and_corrects_nothing() -> None:
    empty = Vocabulary([])
    assert empty.weights("heavy dolmens") == {"heavi": rarity("heavi"), "dolmen": rarity("dolmen")}
    assert not empty.knows("dolmen")
