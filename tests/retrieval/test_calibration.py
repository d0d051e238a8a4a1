"""Centring a question's vector and the distributions of its cosines by group, against values worked out by hand."""

import numpy as np
import pytest

from bot.retrieval import calibration
from bot.retrieval.calibration import SHRINKAGE, Distribution, Group, Sample

KO_WHOLE, KO_SENTENCE = Group("ko", True), Group("ko", False)
EN_WHOLE, EN_SENTENCE = Group("en", True), Group("en", False)


def rows(*vectors: tuple[float, float]) -> np.ndarray:
    return np.array(vectors, dtype=np.float32).reshape(-1, 2)


@pytest.fixture(autouse=True)
def every_sample_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MIN_WINDOWS", 1)


def test_a_small_sample_leaves_the_vector_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MIN_WINDOWS", 4)
    vector = np.array([0.8, 0.6], dtype=np.float32)
    small = Sample({KO_WHOLE: rows((1, 0)), KO_SENTENCE: rows((1, 0), (0, 1))})
    assert not small.is_large
    assert small.center(vector, "ko", 0.8) is vector
    large = Sample({KO_WHOLE: rows((1, 0)), KO_SENTENCE: rows((1, 0), (0, 1)), EN_WHOLE: rows((1, 0))})
    assert large.is_large
    assert large.center(vector, "ko", 0.8) != pytest.approx(vector)


def test_the_weighted_centroid_of_the_language_is_subtracted() -> None:
    """The centroid is the mean of all windows of the language, whole passages and sentences: here (2/3, 1/3)."""
    sample = Sample({KO_WHOLE: rows((1, 0)), KO_SENTENCE: rows((1, 0), (0, 1)), EN_WHOLE: rows((0, 1))})
    centred = sample.center(np.array([0.8, 0.6], dtype=np.float32), "ko", 0.6)
    expected = np.array([0.8 - 0.4, 0.6 - 0.2])
    assert centred == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert centred == pytest.approx(np.array([0.5, 0.5]) ** 0.5, abs=1e-6)


def test_a_weight_of_zero_leaves_the_vector_as_it_is() -> None:
    vector = np.array([0.8, 0.6], dtype=np.float32)
    assert Sample({KO_WHOLE: rows((1, 0), (0, 1))}).center(vector, "ko", 0.0) is vector


def test_without_the_question_s_language_the_mean_of_the_centroids_is_subtracted() -> None:
    sample = Sample({EN_WHOLE: rows((0, 1)), EN_SENTENCE: rows((0, 1), (0, 1)), KO_WHOLE: rows()})
    vector = np.array([0.6, 0.8], dtype=np.float32)
    assert sample.center(vector, "ko", 0.5) == pytest.approx(sample.center(vector, "en", 0.5))
    assert sample.center(vector, "ko", 0.5) == pytest.approx(np.array([0.6, 0.3]) / 0.45**0.5, abs=1e-6)


def test_an_empty_sample_leaves_the_vector_as_it_is() -> None:
    vector = np.array([0.6, 0.8], dtype=np.float32)
    assert Sample({}).center(vector, "ko", 0.8) == pytest.approx(vector)
    assert Sample({}).distributions(vector) == {}


def test_each_group_has_its_own_distribution() -> None:
    sample = Sample(
        {KO_WHOLE: rows((1, 0), (0, 1)), KO_SENTENCE: rows((0, 1), (0, 1)), EN_WHOLE: rows((1, 0)), EN_SENTENCE: rows()}
    )
    distributions = sample.distributions(np.array([1, 0], dtype=np.float32))
    assert distributions.keys() == {KO_WHOLE, KO_SENTENCE, EN_WHOLE}
    # Whole passages: cosines 1 and 0 in Korean, 1 in English, together 2/3 on average with the variance 2/9.
    korean, english = 2 / (2 + SHRINKAGE), 1 / (1 + SHRINKAGE)
    assert distributions[KO_WHOLE].mean == pytest.approx(korean * 0.5 + (1 - korean) * 2 / 3)
    assert distributions[KO_WHOLE].deviation == pytest.approx((korean * 0.25 + (1 - korean) * 2 / 9) ** 0.5)
    assert distributions[KO_SENTENCE] == Distribution(0.0, 0.0)
    assert distributions[EN_WHOLE].mean == pytest.approx(english + (1 - english) * 2 / 3)
    assert distributions[EN_WHOLE].deviation == pytest.approx(((1 - english) * 2 / 9) ** 0.5)


def test_with_many_windows_a_group_stands_for_itself() -> None:
    many = np.tile(np.array([[1, 0], [0, 1]], dtype=np.float32), (5000, 1))
    distribution = Sample({KO_WHOLE: many, EN_WHOLE: rows((1, 0))}).distributions(np.array([1, 0], dtype=np.float32))[KO_WHOLE]
    assert (distribution.mean, distribution.deviation) == pytest.approx((0.5, 0.5), abs=1e-3)


def test_cosines_are_standardised_in_any_shape() -> None:
    standard = Distribution(0.5, 0.25).standardise(np.array([[0.5, 1.0], [0.0, 0.625]], dtype=np.float32))
    assert standard.dtype == np.float32
    assert standard.tolist() == [[0.0, 2.0], [-2.0, 0.5]]


def test_without_a_deviation_the_scores_are_finite() -> None:
    assert np.isfinite(Distribution(0.5, 0.0).standardise(np.array([0.5, 0.6], dtype=np.float32))).all()
