"""The features of passages, each column worked out by hand on a small table."""

from collections.abc import Mapping, Sequence
from math import log

import numpy as np
import pytest

from bot.retrieval import passages
from bot.retrieval.dense import Dense
from bot.retrieval.passages import FEATURES, Lexical, Neighbours
from bot.retrieval.table import Table
from bot.schema import Essay, Passage
from tests.toys import essay_of

# Three passages of one English essay, the last below its list of sources, one of another, and one of a Korean essay.
BELL = "The bell rings.\n\nSalt and bell.\n\n## Sources\n\nA ledger of salt."
CUTS = [0, BELL.index("Salt"), BELL.index("## Sources"), len(BELL)]
OTHER, KOREAN = "A road over the hill.", "종은 소금보다 bell 무겁다."
TERMS = [["bell", "ring"], ["salt", "bell"], ["ledger", "salt"], ["road", "hill"], ["bell"]]
WORDS = {"bell": 1.0, "moon": 0.5}


@pytest.fixture
def table() -> Table:
    essays: list[Essay] = [
        essay_of(BELL, "bell", title="Salt"),
        essay_of(OTHER, "road", title="Roads"),
        essay_of(KOREAN, "ko", "ko", "종"),
    ]
    found = [Passage.of(essays[0], start, end) for start, end in zip(CUTS[:-1], CUTS[1:], strict=True)]
    found += [Passage.of(essays[1], 0, len(OTHER)), Passage.of(essays[2], 0, len(KOREAN))]
    return Table.of(essays, found, [" ".join(terms) for terms in TERMS])


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def features(table: Table, dense: Dense, words: Mapping[str, float] = WORDS) -> dict[str, np.ndarray]:
    """The columns by name for an English question."""
    lexical = Lexical(table)
    english = np.array([True, True, True, True, False])
    values = passages.features("a bell", words, dense, lexical.coverage(words), lexical, Neighbours.of(table), table, english)
    assert values.shape == (5, len(FEATURES))
    assert values.dtype == np.float32
    return dict(zip(FEATURES, values.T, strict=True))


def dense(whole: Sequence[float] = (1, 2, 3, 4, 5), sentence: Sequence[float] = (3, 0, -1, 4, 1)) -> Dense:
    return Dense(scores(*[0.5] * 5), scores(*[0.6] * 5), scores(*whole), scores(*sentence), scores(5, 4, 3, 2, 1))


def standardised(*values: float) -> np.ndarray:
    return np.asarray((np.array(values) - np.mean(values)) / np.std(values))


def idf(count: int) -> float:
    """Of a word that `count` of the five passages have."""
    return log(1 + (5 - count + 0.5) / (count + 0.5))


def test_the_dense_features_are_the_z_scores(table: Table) -> None:
    columns = features(table, dense())
    assert columns["whole"].tolist() == [1, 2, 3, 4, 5]
    assert columns["sentence"].tolist() == [3, 0, -1, 4, 1]
    assert columns["second"].tolist() == [5, 4, 3, 2, 1]


def test_a_neighbour_is_the_better_of_both_beside_a_passage(table: Table) -> None:
    """The means of whole and sentence are 2, 1, 1, 4, 3; the fourth and the fifth passage stand alone."""
    assert features(table, dense())["neighbour"].tolist() == [1, 2, 1, 0, 0]


def test_a_neighbour_that_is_far_off_counts_as_such(table: Table) -> None:
    """0 stands for no neighbour; a neighbour's own score stays negative."""
    columns = features(table, dense(whole=(-1, -2, -3, -4, -5), sentence=(-1, -2, -3, -4, -5)))
    assert columns["neighbour"].tolist() == [-2, -1, -2, 0, 0]


def test_an_essay_is_as_near_as_its_best_passages_are_on_average(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    assert features(table, dense())["essay"] == pytest.approx([4 / 3, 4 / 3, 4 / 3, 4, 3])
    monkeypatch.setattr(passages, "ESSAY_TOP_PASSAGES", 2)
    assert features(table, dense())["essay"] == pytest.approx([1.5, 1.5, 1.5, 4, 3])


def test_coverage_is_the_share_of_the_weighted_words_in_passage_or_title(table: Table) -> None:
    """Bell is in three of five passages, moon in none. Columns of words: times the square of the best share, 0 in the other language."""
    bell, moon = 1.0 * idf(3), 0.5 * idf(0)
    share = bell / (bell + moon)
    assert Lexical(table).coverage(WORDS) == pytest.approx([share, share, 0, 0, share], abs=1e-6)
    assert features(table, dense())["coverage"] == pytest.approx([share**3, share**3, 0, 0, 0], abs=1e-6)


def test_a_word_of_the_title_covers_all_passages_of_the_essay(table: Table) -> None:
    assert Lexical(table).coverage({"salt": 1.0}).tolist() == [1, 1, 1, 0, 0]


def test_no_words_cover_nothing(table: Table) -> None:
    assert Lexical(table).coverage({}).tolist() == [0] * 5
    assert features(table, dense(), {})["bm25"].tolist() == [0] * 5


def test_bm25_is_weighted_by_rarity_and_standardised_in_the_question_s_language(table: Table) -> None:
    """Lengths are 2, 2, 2, 2, 1, on average 1.8; a word that occurs once counts idf / (1 + 1.5 (0.25 + 0.75 · 2 / 1.8))."""
    share = idf(3) / (idf(3) + 0.5 * idf(0))
    # The factors of idf and length are the same for both passages that have the word, so that they cancel.
    expected = standardised(1, 1, 0, 0)
    assert features(table, dense())["bm25"] == pytest.approx([*(share**2 * expected), 0], abs=1e-5)
    two = standardised(1.0 * idf(3), 1.0 * idf(3) + 0.25 * idf(2), 0.25 * idf(2), 0)
    among = np.array([True, True, True, True, False])
    assert Lexical(table).bm25({"bell": 1.0, "salt": 0.25}, among) == pytest.approx([*two, 0], abs=1e-5)


def test_bigrams_are_those_of_the_question_as_it_is_typed(table: Table) -> None:
    """The question has a, be, el and ll; the passages have 9, 8, 16, 12 and 9 bigrams, 10.8 on average."""

    def counted(length: int) -> float:
        return 1 / (1 + 1.5 * (0.25 + 0.75 * length / 10.8))

    bell = 2 * idf(3) + idf(4)  # ll is in hill, too
    expected = standardised(bell * counted(9), bell * counted(8), idf(2) * counted(16), (idf(2) + idf(4)) * counted(12))
    among = np.array([True, True, True, True, False])
    assert Lexical(table).bigrams("a bell", among) == pytest.approx([*expected, 0], abs=1e-5)
    share = idf(3) / (idf(3) + 0.5 * idf(0))
    assert features(table, dense())["bigrams"] == pytest.approx([*(share**2 * expected), 0], abs=1e-5)


def test_words_that_all_passages_share_alike_say_nothing(table: Table) -> None:
    among = np.array([True, True, False, False, False])
    assert Lexical(table).bm25({"bell": 1.0}, among).tolist() == [0] * 5


def test_language_and_back_matter_are_marked(table: Table) -> None:
    columns = features(table, dense())
    assert columns["same_language"].tolist() == [1, 1, 1, 1, 0]
    assert columns["back_matter"].tolist() == [0, 0, 1, 0, 0]


def test_a_word_weighs_as_it_is_rare_at_large_and_in_the_collection(table: Table) -> None:
    assert Lexical(table).weights(WORDS) == pytest.approx({"bell": idf(3), "moon": 0.5 * idf(0)})


def test_a_table_in_parts_has_the_features_of_one(table: Table) -> None:
    essays = list(table.essays.values())
    first = Table.of(essays[:1], table.passages[:3], [" ".join(terms) for terms in TERMS[:3]])
    second = Table.of(essays[1:], table.passages[3:], [" ".join(terms) for terms in TERMS[3:]])
    joined, whole = features(Table.joined([first, second]), dense()), features(table, dense())
    for name in FEATURES:
        assert joined[name] == pytest.approx(whole[name], abs=1e-6), name
