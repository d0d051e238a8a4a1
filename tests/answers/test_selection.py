"""The sentences selected for quotation: few, whole, the best first, and among them the sentence that answers."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.selection import MAX_SENTENCES, SelectedSentence, select_sentences
from bot.grounding.quotations import cite
from bot.indexing.splitter import quotable
from bot.retrieval.weights import Weights
from bot.schema import Hit, Passage, WindowHit
from tests.retrieval.test_hybrid import FACTS, QUESTIONS, SEARCHABLE
from tests.toys import essay_of

ANSWERS = ["마지막 한 번을 치다가 줄이 끊어졌고", "벌통은 밤에 옮긴다.", "48,116", "the Ostrins, paid its whole rent"]


def selected(question: str, k: int = 6) -> list[SelectedSentence]:
    words = SEARCHABLE.retriever.words(question)
    return select_sentences(question, SEARCHABLE.search(question, k), SEARCHABLE.essays, quotable, words, SEARCHABLE.weights)


@pytest.mark.parametrize(("question", "words"), [(question, words) for (question, _), words in zip(FACTS, ANSWERS, strict=True)])
def test_the_sentence_that_answers_is_selected(question: str, words: str) -> None:
    assert words in " ".join(
        sentence.essay.text[sentence.start : sentence.end].replace("\n", " ") for sentence in selected(question)
    )


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("k", [1, 2, 6])
def test_selected_sentences_are_few_quotable_and_from_essays_of_the_hits(question: str, k: int) -> None:
    essays = {hit.passage.essay for hit in SEARCHABLE.search(question, k)}
    sentences = selected(question, k)
    assert len(sentences) <= MAX_SENTENCES
    assert len({(sentence.essay.id, sentence.start) for sentence in sentences}) == len(sentences)
    for number, sentence in enumerate(sentences, start=1):
        assert sentence.essay.id in essays
        assert (sentence.start, sentence.end) in quotable(sentence.essay)
        citation = cite(sentence.essay, sentence.start, sentence.end, number)
        assert SEARCHABLE.essays[citation.essay].text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize("question", QUESTIONS)
def test_selected_sentences_are_grouped_by_essay_the_best_first(question: str) -> None:
    sentences = selected(question)
    order = [sentence.essay.id for sentence in sentences]
    assert order == sorted(order, key=order.index)
    for essay in order:
        scores = [sentence.score for sentence in sentences if sentence.essay.id == essay]
        assert scores == sorted(scores, reverse=True)


def test_without_hits_nothing_is_selected() -> None:
    assert select_sentences("벌통?", [], SEARCHABLE.essays, quotable, {"벌통": 1.0}, SEARCHABLE.weights) == []


def test_without_quotable_sentences_nothing_is_selected() -> None:
    hits = SEARCHABLE.search("벌통?")
    assert hits
    assert select_sentences("벌통?", hits, SEARCHABLE.essays, lambda _: [], {"벌통": 1.0}, SEARCHABLE.weights) == []


def test_selection_is_deterministic() -> None:
    assert selected(FACTS[0][0]) == selected(FACTS[0][0])


@given(st.lists(st.sampled_from(QUESTIONS + ["salt", "벌", "bell 종", "night"]), min_size=1, max_size=3).map(" ".join))
def test_sentences_are_selected_exactly_where_there_are_hits(question: str) -> None:
    assert bool(selected(question)) == bool(SEARCHABLE.search(question, 6))


# By hand: the score of a sentence is its nearness, a window's

BY_NEARNESS = Weights(0.0, {}, {"nearness": 1.0}, gap=1.0, evidence={}, answered=0.0, related=0.0)
LETTERS = "Alpha is here. Bravo is here. Charlie is here. Delta is here. Echo is here. Foxtrot is here."


def picked(text: str, nearness: Sequence[float], limit: int = MAX_SENTENCES, weights: Weights = BY_NEARNESS) -> str:
    """The sentences selected from a text, by the nearness of each, as one text."""
    essay = essay_of(text)
    passage = Passage.of(essay, 0, len(text))
    windows = [WindowHit(passage.id, *span, 0.0, near) for span, near in zip(quotable(essay), nearness, strict=True)]
    hits = [Hit(passage, 0.0, 0.0, 0.0, windows=tuple(windows))]
    sentences = select_sentences("q", hits, {essay.id: essay}, quotable, {}, weights, limit)
    return " ".join(essay.text[sentence.start : sentence.end] for sentence in sentences)


def initials(text: str) -> str:
    return "".join(sentence[0] for sentence in text.split(". "))


@pytest.mark.parametrize(
    ("nearness", "expected"),
    [
        ([0.0, 0.5, 1.0, 0.25, 0.0, -0.1], "CBDA"),  # at most four; of those as far as the gap the first
        ([0.0, 2.0, 0.9, 1.5, 1.0, -9.0], "BDE"),  # the third best is just within the gap, the fourth is not
        ([0.0, 9.0, 0.0, 0.1, 0.0, 0.0], "BD"),  # two in any case
        ([5.0, 5.0, 5.0, 5.0, 5.0, 5.0], "ABCD"),
        ([0.0, 0.0, 0.0, 0.0, 9.0, 8.5], "EF"),
    ],
)
def test_two_to_four_sentences_are_selected_within_the_gap(nearness: Sequence[float], expected: str) -> None:
    assert initials(picked(LETTERS, nearness)) == expected


@pytest.mark.parametrize(("limit", "expected"), [(1, "C"), (2, "CB"), (3, "CBD"), (9, "CBDAEF")])
def test_the_limit_is_kept(limit: int, expected: str) -> None:
    assert initials(picked(LETTERS, [0.5, 0.9, 1.0, 0.8, 0.4, 0.3], limit)) == expected


def test_a_wider_gap_selects_more() -> None:
    nearness = [0.0, 2.0, 4.0, 6.0, 0.0, 0.0]
    assert initials(picked(LETTERS, nearness)) == "DC"
    assert initials(picked(LETTERS, nearness, weights=replace(BY_NEARNESS, gap=4.0))) == "DCB"


REFERRING = "The rope broke. This is why it rings less. Nobody mended it.\n\nSo it stayed. It was old."


def test_what_a_sentence_refers_to_is_selected_too() -> None:
    assert picked(REFERRING, [0.0, 9.0, 8.5, 0.0, 0.0]) == "The rope broke. This is why it rings less. Nobody mended it."
    plain = REFERRING.replace("This is", "And that is")
    assert picked(plain, [0.0, 9.0, 8.5, 0.0, 0.0]) == "And that is why it rings less. Nobody mended it."


def test_what_is_referred_to_is_in_the_same_paragraph() -> None:
    assert picked(REFERRING, [0.0, 0.0, 0.0, 9.0, 8.5]) == "So it stayed. It was old."


def test_what_is_referred_to_is_left_out_where_the_limit_is_reached() -> None:
    assert picked(REFERRING, [0.0, 9.0, 8.5, 0.0, 0.0], limit=2) == "This is why it rings less. Nobody mended it."


def test_the_same_sentence_of_two_essays_is_selected_once() -> None:
    essays = {name: essay_of("The bell rings. It is loud.", name) for name in "ab"}
    hits = [Hit(Passage.of(essay, 0, len(essay.text)), 0.0, 0.0, 0.0) for essay in essays.values()]
    sentences = select_sentences("q", hits, essays, quotable, {}, BY_NEARNESS)
    assert [(sentence.essay.id, sentence.start) for sentence in sentences] == [("a", 0), ("a", 16)]


def test_the_best_essay_comes_first() -> None:
    essays = {"a": essay_of("Alpha is here. Bravo is here.", "a"), "b": essay_of("Charlie is here. Delta is here.", "b")}
    hits = [Hit(Passage.of(essay, 0, len(essay.text)), 0.0, 0.0, 0.0) for essay in essays.values()]
    by_passage = replace(BY_NEARNESS, sentences={"passage": 1.0})
    hits[1] = replace(hits[1], score=0.5)
    sentences = select_sentences("q", hits, essays, quotable, {}, by_passage)
    assert [(sentence.essay.id, sentence.start) for sentence in sentences] == [("b", 0), ("b", 17), ("a", 0), ("a", 15)]


def test_a_feature_without_a_weight_counts_nothing() -> None:
    nothing = replace(BY_NEARNESS, sentences={})
    assert initials(picked(LETTERS, [0.0, 9.0, 0.0, 0.0, 0.0, 0.0], weights=nothing)) == "ABCD"
