"""How near each passage is to a question: z-scores by group and the scores of all passages, on windows made by hand."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from bot.retrieval.calibration import Distribution, Group
from bot.retrieval.dense import Dense, Found, Windows

# Four passages: two Korean, then two English. (row, start, end, is the whole passage)
WINDOWS = [
    *[(0, 0, 30, True), (0, 0, 10, False), (0, 10, 20, False), (0, 20, 30, False)],
    *[(1, 30, 50, True), (1, 30, 50, False)],
    *[(2, 0, 40, True), (2, 0, 20, False), (2, 20, 40, False)],
    *[(3, 40, 60, True), (3, 40, 60, False)],
]
KO_WHOLE, KO_SENTENCE, EN_WHOLE, EN_SENTENCE = (0, 4), (1, 2, 3, 5), (6, 9), (7, 8, 10)
DISTRIBUTIONS = {
    Group("ko", True): Distribution(0.5, 0.1),
    Group("ko", False): Distribution(0.4, 0.2),
    Group("en", True): Distribution(0.2, 0.1),
    Group("en", False): Distribution(0.1, 0.05),
}
COSINES = {0: 0.7, 1: 0.4, 2: 0.8, 3: 0.6, 4: 0.4, 5: 0.5, 6: 0.1, 7: 0.2, 8: 0.05, 9: 0.3, 10: 0.15}


def arrays(windows: Sequence[tuple[int, int, int, bool]] = WINDOWS) -> Windows:
    rows, starts, ends, is_whole = zip(*windows, strict=True)
    return Windows(
        np.array(rows, dtype=np.intp), np.array(starts, dtype=np.intp), np.array(ends, dtype=np.intp), np.array(is_whole, dtype=np.bool_)
    )  # fmt: skip


def found(places: Sequence[int], cosines: Mapping[int, float] = COSINES) -> Found:
    return Found(
        arrays(),
        np.array([True, True, False, False]),
        np.array(places, dtype=np.intp),
        np.array([cosines[place] for place in places], dtype=np.float32),
        DISTRIBUTIONS,
    )


def test_cosines_are_standardised_among_those_of_their_language_and_kind() -> None:
    nearness = found(range(11)).nearness
    assert nearness[list(KO_WHOLE)] == pytest.approx([2, -1], abs=1e-5)
    assert nearness[list(KO_SENTENCE)] == pytest.approx([0, 2, 1, 0.5], abs=1e-5)
    assert nearness[list(EN_WHOLE)] == pytest.approx([-1, 1], abs=1e-5)
    assert nearness[list(EN_SENTENCE)] == pytest.approx([2, -1, 1], abs=1e-5)


def test_each_passage_has_the_scores_of_its_whole_and_of_its_two_nearest_sentences() -> None:
    dense = Dense.of(found(range(11)))
    assert dense.whole_cosine == pytest.approx([0.7, 0.4, 0.1, 0.3])
    assert dense.sentence_cosine == pytest.approx([0.8, 0.5, 0.2, 0.15])
    assert dense.whole == pytest.approx([2, -1, -1, 1], abs=1e-5)
    assert dense.sentence == pytest.approx([2, 0.5, 2, 1], abs=1e-5)
    # Passages 1 and 3 have one sentence: they get the lowest second of their language.
    assert dense.second == pytest.approx([1, 1, -1, -1], abs=1e-5)


def test_a_passage_without_found_windows_has_the_lowest_values_of_its_language() -> None:
    dense = Dense.of(found([0, 2, 6, 7, 10]))
    assert dense.whole_cosine == pytest.approx([0.7, 0.7, 0.1, 0.1])
    assert dense.whole == pytest.approx([2, 2, -1, -1], abs=1e-5)
    assert dense.sentence_cosine == pytest.approx([0.8, 0.8, 0.2, 0.15])
    assert dense.sentence == pytest.approx([2, 2, 2, 1], abs=1e-5)
    assert dense.second.tolist() == [0, 0, 0, 0]  # no second sentence was found in either language


def test_a_language_of_which_nothing_was_found_has_zeros() -> None:
    dense = Dense.of(found([0, 1, 3, 5]))
    assert dense.whole_cosine == pytest.approx([0.7, 0.7, 0, 0])
    assert dense.sentence == pytest.approx([1, 0.5, 0, 0], abs=1e-5)
    assert dense.second == pytest.approx([0, 0, 0, 0], abs=1e-5)


def test_where_nothing_was_found_all_are_zeros() -> None:
    nothing = found([])
    dense = Dense.of(nothing)
    for scores in (dense.whole_cosine, dense.sentence_cosine, dense.whole, dense.sentence, dense.second):
        assert scores.tolist() == [0, 0, 0, 0]
    assert not any(nothing.has(row) for row in range(4))
    assert nothing.of_passage(0, "p") == ()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_windows_were_found_does_not_matter(seed: int) -> None:
    level = dict.fromkeys(range(11), 0.5)  # all as near: the order may not decide then either
    for cosines in (COSINES, level):
        order = np.random.default_rng(seed).permutation(11).tolist()
        sorted_, shuffled = found(range(11), cosines), found(order, cosines)
        first, second = Dense.of(sorted_), Dense.of(shuffled)
        for name in ("whole_cosine", "sentence_cosine", "whole", "sentence", "second"):
            assert getattr(first, name).tolist() == getattr(second, name).tolist()
        for row in range(4):
            assert sorted_.of_passage(row, "p") == shuffled.of_passage(row, "p")


def test_the_windows_of_a_passage_are_given_nearest_first() -> None:
    some = found([10, 2, 0, 6, 1])
    assert [some.has(row) for row in range(4)] == [True, False, True, True]
    windows = some.of_passage(0, "ko-1")
    assert [(window.passage, window.start, window.end) for window in windows] == [
        *(("ko-1", 10, 20), ("ko-1", 0, 30), ("ko-1", 0, 10)),
    ]
    assert [window.cosine for window in windows] == pytest.approx([0.8, 0.7, 0.4])
    assert [window.nearness for window in windows] == pytest.approx([2, 2, 0], abs=1e-5)
    assert some.of_passage(1, "ko-2") == ()


def test_windows_of_several_collections_follow_one_another() -> None:
    first, second = arrays([(0, 0, 9, True), (1, 9, 20, True)]), arrays([(0, 0, 5, True), (0, 0, 4, False)])
    joined = Windows.joined([first, second], [2, 1])
    assert joined.rows.tolist() == [0, 1, 2, 2]
    assert joined.starts.tolist() == [0, 9, 0, 0]
    assert joined.ends.tolist() == [9, 20, 5, 4]
    assert joined.is_whole.tolist() == [True, True, True, False]
