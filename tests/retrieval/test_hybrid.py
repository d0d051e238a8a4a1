"""Ranking: what holds of every list of hits, whatever the weights, and that a fact found nowhere else is found."""

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.indexing.loader import load_essays
from bot.indexing.splitter import split, windows
from bot.retrieval.calibration import Distribution
from bot.retrieval.hybrid import OF_ONE_ESSAY, Retriever
from bot.schema import Essay, Hit, Language, Passage, Use, WindowHit
from bot.text.tokenize import morphemes
from tests.places import ESSAYS
from tests.toys import ToyEmbedder, essay_of

SHELF = load_essays([ESSAYS]).essays
FACTS = [
    ("종탑의 종은 왜 정오에 열한 번만 치나요?", "bell-tower.ko"),
    ("벌통은 언제 옮기나요?", "bees.ko"),
    ("How many ships stand in Ada Morrow's ledger?", "lighthouse.en"),
    ("Which family paid its rent in salt?", "salt-road"),
]
QUESTIONS = [question for question, _ in FACTS] + ["", "?!", "전혀 없는 낱말 뷁뷁", "zzz qqq", "the of and", "salt 종 3.4 1931"]


class Ranked:
    """A shelf that is asked with the toy embedder: the one place that knows how a retriever is fed."""

    def __init__(self, essays: Sequence[Essay]) -> None:
        self.essays = {essay.id: essay for essay in essays}
        self.toy = ToyEmbedder()
        self.passages = [passage for essay in essays for passage in split(essay)]
        self.windows = [window for essay in essays for window in windows(essay, split(essay))]
        self.vectors = self.toy.encode_passages([window.text for window in self.windows])
        self.retriever = Retriever(essays, self.passages, [" ".join(morphemes(passage.text)) for passage in self.passages])

    def near(self, question: str) -> list[WindowHit]:
        cosines = self.vectors @ self.toy.encode_query(question)
        return [WindowHit(w.passage, w.start, w.end, float(cosine)) for w, cosine in zip(self.windows, cosines, strict=True)]

    def search(self, question: str, k: int = 5, near: Sequence[WindowHit] | None = None, use: Use = "rank") -> list[Hit]:
        found = self.near(question) if near is None else near
        cosines = np.array([window.cosine for window in found] or [0.0])
        spread: dict[Language, Distribution] = dict.fromkeys(
            ("ko", "en"), Distribution(float(cosines.mean()), float(cosines.std()))
        )
        return self.retriever.search(question, found, spread, k, use)


RANKED = Ranked(SHELF)


@pytest.mark.parametrize(("question", "essay"), FACTS)
def test_a_fact_found_nowhere_else_is_found_first(question: str, essay: str) -> None:
    assert RANKED.search(question)[0].passage.essay == essay


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("k", [0, 1, 3, 50])
def test_hits_are_at_most_k_best_first_and_true_to_their_essays(question: str, k: int) -> None:
    hits = RANKED.search(question, k)
    assert len(hits) <= k
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        passage = hit.passage
        assert RANKED.essays[passage.essay].text[passage.start : passage.end] == passage.text
        assert -1.0001 <= hit.dense <= 1.0001
        assert -1e-6 <= hit.lexical <= 1 + 1e-6
        assert np.isfinite(hit.score)
        assert all(passage.start <= near.start < near.end <= passage.end for near in hit.near)
        assert [near.cosine for near in hit.near] == sorted((near.cosine for near in hit.near), reverse=True)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_stretch_of_an_essay_is_found_twice(question: str) -> None:
    spans = sorted((hit.passage.essay, hit.passage.start, hit.passage.end) for hit in RANKED.search(question, 50))
    assert all(one[0] != other[0] or one[2] <= other[1] for one, other in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_order_in_which_windows_come_does_not_matter(question: str) -> None:
    near = RANKED.near(question)
    shuffled = random.Random(3).sample(near, len(near))
    assert RANKED.search(question, 5, shuffled) == RANKED.search(question, 5, near)


def test_without_windows_words_alone_find() -> None:
    assert RANKED.search("벌통은 언제 옮기나요?", 5, near=[])[0].passage.essay == "bees.ko"


def test_without_windows_or_words_nothing_is_found() -> None:
    assert RANKED.search("zzz qqq", 5, near=[]) == []


def test_an_essay_with_an_edition_in_the_questions_language_is_not_found_in_the_other() -> None:
    ranked = Ranked([
        essay_of("벌통은 밤에 옮긴다. 벌이 모두 집에 돌아와 있기 때문이다.", "hive.ko", "ko"),
        essay_of("A hive 벌통 is moved at night, when all the bees are home.", "hive.en", "en"),
        essay_of("Salt came on mules 벌통 before the railway did.", "salt.en", "en"),
    ])  # fmt: skip
    assert "hive.en" not in {hit.passage.essay for hit in ranked.search("벌통은 언제 옮기나요?", 10)}
    assert "hive.ko" not in {hit.passage.essay for hit in ranked.search("When is a hive moved?", 10)}


def test_a_passage_that_repeats_another_is_shown_once() -> None:
    text = "Salt came to Brannick on the backs of mules, and the drivers walked at night."
    ranked = Ranked([essay_of(text, "one"), essay_of(text + " So.", "two"), essay_of("The bell is struck at noon.", "bell")])
    assert len([hit for hit in ranked.search("Who brought the salt to Brannick?") if "mules" in hit.passage.text]) == 1


def test_an_essay_gives_three_passages_of_an_answer_and_one_where_all_are_heard() -> None:
    parts = [f"Salt was carried by road number {number} of the county, and its guard wrote a log. " * 9 for number in range(12)]
    ranked = Ranked([
        essay_of("\n\n".join(f"## Road {number}\n\n{part}" for number, part in enumerate(parts)), "roads"),
        essay_of("Salt also came by sea, and the harbour kept a log.", "sea"),
    ])  # fmt: skip
    found: dict[Use, list[str]] = {
        use: [hit.passage.essay for hit in ranked.search("Who carried the salt?", 6, use=use)]
        for use in ("rank", "answer", "each")
    }
    assert found["rank"].count("roads") > OF_ONE_ESSAY
    assert (found["answer"].count("roads"), found["answer"].count("sea")) == (OF_ONE_ESSAY, 1)
    assert sorted(found["each"]) == ["roads", "sea"]


def test_a_shelf_of_one_passage_answers() -> None:
    (hit,) = Ranked([essay_of("Salt is heavy.")]).search("How heavy is salt?")
    assert hit.passage.text == "Salt is heavy."


@given(st.text(max_size=60))
def test_any_question_is_ranked(question: str) -> None:
    assert len(RANKED.search(question, 4)) <= 4


def test_a_merged_hit_has_the_best_score_of_each_kind() -> None:
    """The first passage wins by its words, its neighbour is nearer: the merged hit keeps the neighbour's cosine and nearness."""
    text = "Salt was carried by mules over the pass. Oxen drew the heavy carts in the winter."
    essay, end = essay_of(text), text.index("Oxen")
    passages = [Passage.of(essay, 0, end), Passage.of(essay, end, len(text))]
    retriever = Retriever([essay], passages, [" ".join(morphemes(passage.text)) for passage in passages])
    near = [
        WindowHit(passage.id, passage.start, passage.end, cosine) for passage, cosine in zip(passages, (0.2, 0.6), strict=True)
    ]
    spread: dict[Language, Distribution] = {"en": Distribution(0.1, 0.5)}
    question = "Who carried salt over the pass?"
    scores = retriever.component_scores(question, near, spread)["hybrid"]
    assert scores[0] > scores[1]  # the passage with the question's words comes first
    (hit,) = retriever.search(question, near, spread, 5)
    assert (hit.passage.start, hit.passage.end) == (0, len(text))
    assert (hit.dense, hit.lexical, hit.nearness) == pytest.approx((0.6, 1.0, 1.0), abs=1e-6)
    assert hit.score == pytest.approx(float(scores.max()))
    assert hit.dense == hit.near[0].cosine
    assert retriever.evidence(question, [hit]) == pytest.approx((0.6, 0.0))
