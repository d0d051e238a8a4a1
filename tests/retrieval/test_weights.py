"""The fitted numbers: the file has every feature that the code knows, in each set, and no other."""

import json
from math import isfinite
from typing import Any

import pytest

from bot.answers import sentence_features
from bot.models import e5, gemma
from bot.retrieval import evidence, passages
from bot.retrieval.weights import DEFAULT, FILE, Weights

SETS: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["embedders"]
COSINES = {"whole_cosine", "sentence_cosine"}  # an embedder's own scale
each = pytest.mark.parametrize("name", SETS)


@each
def test_a_set_has_the_features_that_the_code_knows(name: str) -> None:
    fitted = SETS[name]
    fields = {"centroid", "passages", "sentences", "gap", "evidence", "answered", "related"}
    assert fitted.keys() - {"similarity"} == fields
    assert ("similarity" in fitted) == (name != DEFAULT)
    assert fitted["passages"].keys() == set(passages.FEATURES)
    assert fitted["sentences"].keys() == set(sentence_features.FEATURES)
    assert set(evidence.FEATURES) - COSINES <= fitted["evidence"].keys() <= set(evidence.FEATURES)


@each
def test_the_numbers_are_finite_and_in_order(name: str) -> None:
    fitted = Weights.of(name)
    values = [*fitted.passages.values(), *fitted.sentences.values(), *fitted.evidence.values()]
    values += [fitted.centroid, fitted.gap, fitted.answered, fitted.related]
    assert all(isfinite(value) for value in values)
    assert 0 <= fitted.centroid <= 1
    assert fitted.gap > 0
    assert fitted.answered > fitted.related


def test_there_is_a_set_for_each_known_embedder_and_one_for_any_other() -> None:
    assert SETS.keys() == {e5.MODEL_NAME, gemma.MODEL_NAME, DEFAULT}


def test_the_set_for_any_other_embedder_uses_no_cosines_but_standardised_ones() -> None:
    assert not COSINES & SETS[DEFAULT]["evidence"].keys()
    assert Weights.of(DEFAULT).similarity == (0.0, 1.0)


def test_an_unknown_embedder_gets_the_default_set() -> None:
    assert Weights.of("acme/unknown") == Weights.of("") == Weights.of(DEFAULT) == Weights(**SETS[DEFAULT])
    assert Weights.of(e5.MODEL_NAME) == Weights(**SETS[e5.MODEL_NAME])
