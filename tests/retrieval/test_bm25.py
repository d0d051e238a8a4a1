"""BM25: the same scores as a library's, and several parts scored as their union."""

import random

import bm25s
import numpy as np
import pytest

from bot.retrieval.bm25 import BM25, VERB_WEIGHT, Postings

WORDS = [f"w{number}" for number in range(40)]


def passages(seed: int, count: int) -> list[list[str]]:
    rng = random.Random(seed)
    return [[rng.choice(WORDS) for _ in range(rng.randint(1, 30))] for _ in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_the_scores_are_those_of_a_library(seed: int) -> None:
    tokens = passages(seed, 50)
    engine = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    engine.index(tokens, show_progress=False)
    query = ["w1", "w2", "w2", "w39"]
    assert np.allclose(BM25([Postings(tokens)]).scores(query), engine.get_scores(query), atol=1e-4)


@pytest.mark.parametrize("cut", [0, 1, 25, 50])
def test_parts_are_scored_as_their_union(cut: int) -> None:
    tokens = passages(1, 50)
    whole, parts = BM25([Postings(tokens)]), BM25([Postings(tokens[:cut]), Postings(tokens[cut:])])
    query = ["w3", "w7", "none"]
    assert np.array_equal(parts.scores(query), whole.scores(query))
    assert [parts.idf(word) for word in query] == [whole.idf(word) for word in query]
    assert parts.rows_with("w3").tolist() == [row for row, words in enumerate(tokens) if "w3" in words]


def test_a_verb_counts_less_and_an_unknown_token_nothing() -> None:
    index = BM25([Postings([["돌", "세우-"], ["돌"], ["물"]])])
    assert index.scores(["없다"]).tolist() == [0, 0, 0]
    assert index.scores(["세우-"])[0] == pytest.approx(
        VERB_WEIGHT * np.log(1 + 2.5 / 1.5) / (1 + 1.5 * (0.25 + 0.75 * 2 / (4 / 3)))
    )


def test_nothing_is_scored_without_passages() -> None:
    assert BM25([Postings([])]).scores(["w1"]).tolist() == []
