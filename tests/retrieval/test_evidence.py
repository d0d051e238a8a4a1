"""What speaks for the essays answering a question: each feature by hand, and the three outcomes."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from bot.retrieval import evidence
from bot.retrieval.evidence import FEATURES, outcome
from bot.retrieval.vocabulary import Vocabulary
from bot.retrieval.weights import Weights
from bot.schema import Hit, Near, Passage

FAR = Near()
VOCABULARY = Vocabulary(["bell", "친칠라", "옮기-"])


def hit(text: str, score: float = 0.0, lexical: float = 0.0, near: Near = FAR) -> Hit:
    return Hit(Passage("p", "e", 0, len(text), text), score, 0.0, lexical, near)


def features(
    question: str = "bell", words: dict[str, float] | None = None, hits: Sequence[Hit] = (), found: Collection[str] = ()
) -> dict[str, float]:
    values = evidence.features(question, {"bell": 1.0} if words is None else words, hits, found, VOCABULARY)
    assert tuple(values) == FEATURES
    return values


def test_nearness_and_coverage_are_those_of_the_best_hit_in_each() -> None:
    values = features(
        hits=[hit("a", 3.0, 0.25, Near(0.7, 0.6, 2.0, -1.0)), hit("b", 1.0, 0.75, Near(0.5, 0.8, 1.0, 3.0)), hit("c", -1.0)]
    )
    assert [values[name] for name in FEATURES[:5]] == [0.7, 0.8, 2.0, 3.0, 0.75]


def test_absent_words_are_the_share_of_the_rare_words_that_the_essays_do_not_hold() -> None:
    """Bell and one of the verbs are there; chinchilla only sounds alike."""
    values = features(words={"bell": 0.5, "tesla": 0.75, "chinchilla": 1.0, "달리-": 0.25, "옮기-": 0.5})
    assert values["absent"] == pytest.approx((0.75 + 1.0 + 0.25) / 3.0)
    assert features(words={"bell": 0.5})["absent"] == 0.0


def test_missing_words_are_the_share_that_what_was_found_does_not_hold() -> None:
    words = {"bell": 0.5, "rope": 0.5, "moon": 1.0}
    assert features(words=words, found={"bell", "rope"})["missing"] == 0.5
    assert features(words=words, found={"salt"})["missing"] == 1.0
    assert features(words=words, found=())["missing"] == 0.0  # found in the other language, or nothing found


def test_a_name_that_the_essays_do_not_know_is_marked_by_its_rarity() -> None:
    """Tesla is a name in the question, and so is Bell, which is known, and Chinchilla, which is by its sound; rent is no name."""
    words = {"tesla": 0.75, "bell": 0.5, "chinchilla": 1.0, "rent": 1.0}
    assert features("What did Tesla pay Bell and Chinchilla for the rent?", words)["name"] == 0.75
    assert features("what did tesla pay", {"tesla": 0.75})["name"] == 0.0  # not known to be a name without its capital


def test_without_hits_and_words_all_are_zero() -> None:
    assert features("?", {}) == dict.fromkeys(FEATURES, 0.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3.0, "answered"), (2.0, "answered"), (1.99, "related"), (1.0, "related"), (0.99, "absent"), (-5.0, "absent")],
)
def test_the_outcome_is_decided_by_two_thresholds(value: float, expected: str) -> None:
    weights = Weights(0.0, {}, {}, 0.0, {"whole": 2.0, "absent": -1.0}, answered=2.0, related=1.0)
    # Evidence: 2 · whole - absent; a feature without a weight counts nothing.
    values = {"whole": (value + 0.5) / 2, "absent": 0.5, "coverage": 100.0}
    assert outcome(values, weights) == expected
    assert outcome({}, replace(weights, related=0.0)) == "related"
