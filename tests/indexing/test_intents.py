"""The classifier of intents: what it is fitted on, where it is kept, and that it tells turns that it was not fitted on."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bot.indexing import intents
from bot.models import gemma
from bot.models.embeddings import E5_SMALL, Embedder
from bot.settings import Settings
from evals.fit_intents import TURNS, measure
from tests import toys
from tests.toys import ToyEmbedder

LEAST_RIGHT = 0.8  # of the `test` turns with e5-small; .83 when it was fitted


class Other(ToyEmbedder):
    """Another embedder, with a cache of its own."""

    def __init__(self, cache: Path) -> None:
        super().__init__("other", cache)
        self.name = "other"


@pytest.fixture
def of_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the product does, with toys as well."""
    monkeypatch.setattr(intents, "of_embedder", toys._real_intents_of)
    monkeypatch.setattr(intents, "_fitted", {})


def test_the_examples_have_both_languages_and_most_are_of_content() -> None:
    rows = [json.loads(line) for line in intents.EXAMPLES.read_text(encoding="utf-8").splitlines()]
    counts = Counter(row["intent"] for row in rows)
    assert counts.most_common(1)[0][0] == intents.CONTENT
    assert min(counts.values()) >= 7
    for label in counts:
        by_language = Counter(row["language"] for row in rows if row["intent"] == label)
        assert abs(by_language["ko"] - by_language["en"]) <= 2
    assert len({row["turn"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", [E5_SMALL, gemma.NAME])
def test_the_shipped_classifiers_are_those_of_the_examples(name: str) -> None:
    embedder = Embedder(name, Path("nowhere"))
    with np.load(intents.shipped(embedder), allow_pickle=False) as saved:
        assert str(saved["key"]) == intents.key_of(embedder)
        assert set(map(str, saved["labels"])) == {label for label, _ in intents.examples()}
        assert saved["weights"].shape[0] == len(saved["labels"]) == saved["offsets"].shape[0]


@pytest.mark.slow
def test_turns_that_it_was_not_fitted_on_are_told_right() -> None:
    share = measure(Embedder(E5_SMALL, Settings.load().cache))["test all"]["share"]
    rows = [json.loads(line) for line in TURNS.read_text(encoding="utf-8").splitlines()]
    raw = sum(row["label"] == intents.CONTENT for row in rows if row["split"] == "test") / 160
    assert raw < 0.4  # what saying "content" every time would reach
    assert share >= LEAST_RIGHT


@pytest.mark.usefixtures("of_embedder")
def test_a_classifier_is_fitted_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = intents.of_embedder(Other(tmp_path))
    assert fitted.weights.shape == (len(fitted.labels), toys.BUCKETS + intents.LETTERS)
    label, turn = intents.examples()[0]
    assert fitted.of(turn, Other(tmp_path).encode_turns([turn])[0]) == label
    monkeypatch.setattr(intents, "_fitted", {})
    monkeypatch.setattr(intents, "fit", lambda _: pytest.fail("fitted again"))
    kept = intents.of_embedder(Other(tmp_path))
    assert kept.labels == fitted.labels
    assert np.allclose(kept.weights, fitted.weights, atol=0.05)


@pytest.mark.usefixtures("of_embedder")
@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", b"other"])
def test_a_damaged_one_is_fitted_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes) -> None:
    only = intents.Intents(("content",), np.zeros((1, toys.BUCKETS + intents.LETTERS), np.float32), np.zeros(1, np.float32))
    monkeypatch.setattr(intents, "fit", lambda _: only)
    embedder = Other(tmp_path)
    file = tmp_path / "intents" / f"{intents.key_of(embedder)}.npz"
    file.parent.mkdir()
    file.write_bytes(damage)
    assert intents.of_embedder(embedder) is only
    assert intents.read(file, intents.key_of(embedder), embedder) is not None
    assert intents.read(file, "another key", embedder) is None


@pytest.mark.usefixtures("of_embedder")
def test_a_cache_that_cannot_be_written_only_means_that_it_is_fitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = intents.Intents(("content",), np.zeros((1, toys.BUCKETS + intents.LETTERS), np.float32), np.zeros(1, np.float32))
    monkeypatch.setattr(intents, "fit", lambda _: only)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert intents.of_embedder(Other(tmp_path / "file")) is only
