"""Centring a question's vector and the distribution of its cosines, against values worked out by hand."""

import numpy as np
import pytest

from bot.retrieval import calibration
from bot.retrieval.calibration import CENTROID_WEIGHT, Sample


def rows(*vectors: tuple[float, float]) -> np.ndarray:
    return np.array(vectors, dtype=np.float32).reshape(-1, 2)


@pytest.fixture(autouse=True)
def every_sample_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MIN_WINDOWS", 1)


def test_a_small_sample_leaves_the_vector_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MIN_WINDOWS", 4)
    vector = np.array([0.8, 0.6], dtype=np.float32)
    assert Sample({"ko": rows((1, 0), (1, 0), (0, 1))}).center(vector, "ko") is vector
    assert Sample({"ko": rows((1, 0), (1, 0), (0, 1)), "en": rows((1, 0))}).is_large


def test_the_weighted_centroid_of_the_language_is_subtracted() -> None:
    sample = Sample({"ko": rows((1, 0), (1, 0)), "en": rows((0, 1))})
    centred = sample.center(np.array([0.8, 0.6], dtype=np.float32), "ko")
    expected = np.array([0.8 - CENTROID_WEIGHT, 0.6])
    assert centred == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert np.linalg.norm(centred) == pytest.approx(1.0, abs=1e-6)


def test_without_the_question_s_language_the_mean_centroid_is_subtracted() -> None:
    sample = Sample({"en": rows((0, 1)), "ko": rows()})
    vector = np.array([0.6, 0.8], dtype=np.float32)
    assert sample.center(vector, "ko") == pytest.approx(sample.center(vector, "en"))


def test_an_empty_sample_leaves_the_vector_as_it_is() -> None:
    vector = np.array([0.6, 0.8], dtype=np.float32)
    assert Sample({}).center(vector, "ko") == pytest.approx(vector)
    assert Sample({}).distributions(vector) == {}


def test_each_language_has_its_own_distribution() -> None:
    sample = Sample({"ko": rows((1, 0), (0, 1)), "en": rows((1, 0))})
    distributions = sample.distributions(np.array([1, 0], dtype=np.float32))
    assert (distributions["ko"].mean, distributions["ko"].deviation) == (0.5, 0.5)
    assert distributions["ko"].standardise(1.0) == 1.0
    # A single window has no deviation: that of all windows (1, 0, 1) is used.
    assert distributions["en"].deviation == pytest.approx(np.std([1, 0, 1]), abs=1e-6)
