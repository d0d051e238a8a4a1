"""What a question's vector is freed from, and what its cosines are measured against; worked out by hand."""

import numpy as np
import pytest

from bot.retrieval import calibration as sample_module
from bot.retrieval.calibration import CENTROID_WEIGHT, Sample


def of(*rows: tuple[float, float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_module, "MIN_WINDOWS", 1)


def test_a_small_sample_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_module, "MIN_WINDOWS", 4)
    given = np.array([0.8, 0.6], dtype=np.float32)
    assert Sample({"ko": of((1, 0), (1, 0), (0, 1))}).center(given, "ko") is given
    assert Sample({"ko": of((1, 0), (1, 0), (0, 1)), "en": of((1, 0))}).large


def test_a_question_gives_up_most_of_the_mean_of_its_language() -> None:
    sample = Sample({"ko": of((1, 0), (1, 0)), "en": of((0, 1))})
    given = np.array([0.8, 0.6], dtype=np.float32)
    freed = sample.center(given, "ko")
    expected = np.array([0.8 - CENTROID_WEIGHT, 0.6])
    assert freed == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)
    assert np.linalg.norm(freed) == pytest.approx(1.0, abs=1e-6)


def test_without_the_question_s_language_the_mean_of_the_shelf_counts() -> None:
    sample = Sample({"en": of((0, 1)), "ko": of()[:0].reshape(0, 2)})
    given = np.array([0.6, 0.8], dtype=np.float32)
    assert sample.center(given, "ko") == pytest.approx(sample.center(given, "en"))


def test_an_empty_shelf_changes_nothing() -> None:
    given = np.array([0.6, 0.8], dtype=np.float32)
    assert Sample({}).center(given, "ko") == pytest.approx(given)
    assert Sample({}).distributions(given) == {}


def test_the_spread_is_that_of_each_language() -> None:
    sample = Sample({"ko": of((1, 0), (0, 1)), "en": of((1, 0))})
    spread = sample.distributions(np.array([1, 0], dtype=np.float32))
    assert (spread["ko"].mean, spread["ko"].deviation) == (0.5, 0.5)
    assert spread["ko"].standardise(1.0) == 1.0
    # One window has no spread of its own: that of the whole shelf (1, 0, 1) stands in.
    assert spread["en"].deviation == pytest.approx(np.std([1, 0, 1]), abs=1e-6)
