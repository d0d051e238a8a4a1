"""The features of support, worked out by hand, and the fitted numbers."""

import json

import pytest

from bot.grounding.checker import Evidence
from bot.grounding.claim import Claim
from bot.grounding.features import COSINES, FEATURES
from bot.grounding.support import DEFAULT, FILE, Support
from bot.models.embeddings import KNOWN

PASSAGE = "The bell weighs 412 pounds. It was cast in 1763 by Warner. Gulls rise at noon."


def cosines(_: str, others: list[str]) -> list[float]:
    return [0.2, 0.8, 0.1][: len(others)]


def test_the_features_of_a_claim() -> None:
    values = Evidence([PASSAGE], "", cosines).features(Claim("Warner certainly cast every bell in 1763 [1]."))  # type: ignore[arg-type]
    assert list(values) == list(FEATURES)
    # Words: warner, certain, cast, everi, bell, 1763. The second sentence has warner, cast and 1763; the first one bell.
    assert values["cosine"] == 0.8
    assert values["pair"] == pytest.approx((0.2 + 0.8) / 2)
    assert values["second"] == 0.1
    assert values["share"] == pytest.approx(3 / 6)
    assert values["share_pair"] == values["share_all"] == pytest.approx(4 / 6)
    assert (values["across"], values["names"], values["figures"], values["quoted"]) == (0.0, 1.0, 1.0, 0.0)
    assert (values["sweeping"], values["certain"], values["unhedged"], values["of_blog"]) == (1.0, 1.0, 0.0, 0.0)
    assert (values["opposed"], values["swapped"], values["exchanged"], values["denies"], values["admits"]) == (0, 0, 0, 0, 0)


def test_there_are_numbers_for_each_known_embedder_and_for_any_other() -> None:
    payload = json.loads(FILE.read_text(encoding="utf-8"))
    assert payload["made_by"] == "python -m evals.fit_support"
    assert set(payload["embedders"]) == {DEFAULT, *(model for model, _ in KNOWN.values())}
    for name, row in payload["embedders"].items():
        assert set(row["weights"]) == set(FEATURES) - (set(COSINES) if name == DEFAULT else set())
        assert row["near"] < row["accepted"] < row["supported"]
    assert Support.of("somebody's") == Support.of(DEFAULT)


def test_what_a_claim_adds_never_speaks_for_it() -> None:
    for model in (DEFAULT, *(model for model, _ in KNOWN.values())):
        weights = Support.of(model).weights
        added = ("opposed", "swapped", "exchanged", "denies", "admits", "sweeping", "certain", "unhedged", "of_blog")
        assert all(weights[name] <= 0 for name in added)
        assert all(
            weights.get(name, 0) >= 0 for name in ("cosine", "pair", "second", "share", "share_all", "names", "figures", "quoted")
        )


def test_the_score_is_the_sum_of_the_weighted_features() -> None:
    assert Support({"cosine": 2.0, "share": -1.0}, 1.0, 0.5, 0.0).score({"cosine": 0.5, "share": 0.25, "other": 9.0}) == 0.75
