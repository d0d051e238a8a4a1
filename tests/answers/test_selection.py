"""The voice without a model: only the essays' own sentences, few, in reading order, and among them the one that answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.selection import MOST, SelectedSentence, select_sentences
from bot.grounding.quotations import cite, still_holds
from bot.indexing.splitter import quotable
from tests.retrieval.test_hybrid import FACTS, QUESTIONS, SEARCHABLE

ANSWERS = ["마지막 한 번을 치다가 줄이 끊어졌고", "벌통은 밤에 옮긴다.", "48,116", "the Ostrins, paid its whole rent"]


def picked(question: str, k: int = 6) -> list[SelectedSentence]:
    return select_sentences(question, SEARCHABLE.search(question, k), SEARCHABLE.essays, quotable, SEARCHABLE.retriever.idf)


@pytest.mark.parametrize(("question", "words"), [(question, words) for (question, _), words in zip(FACTS, ANSWERS, strict=True)])
def test_the_sentence_that_answers_is_picked(question: str, words: str) -> None:
    assert words in " ".join(one.essay.text[one.start : one.end].replace("\n", " ") for one in picked(question))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("k", [1, 2, 6])
def test_picks_are_few_whole_sentences_of_the_essays_that_were_found(question: str, k: int) -> None:
    found = {hit.passage.essay for hit in SEARCHABLE.search(question, k)}
    picks = picked(question, k)
    assert len(picks) <= MOST
    assert len({(one.essay.id, one.start) for one in picks}) == len(picks)
    for number, one in enumerate(picks, start=1):
        assert one.essay.id in found
        assert (one.start, one.end) in quotable(one.essay)
        assert still_holds(cite(one.essay, one.start, one.end, number), SEARCHABLE.essays.values())


@pytest.mark.parametrize("question", QUESTIONS)
def test_picks_stand_essay_by_essay_in_reading_order(question: str) -> None:
    picks = picked(question)
    order = [one.essay.id for one in picks]
    assert order == sorted(order, key=order.index)
    for essay in order:
        starts = [one.start for one in picks if one.essay.id == essay]
        assert starts == sorted(starts)


def test_without_hits_nothing_is_picked() -> None:
    assert select_sentences("벌통?", [], SEARCHABLE.essays, quotable, lambda _: 1.0) == []


def test_without_a_sentence_to_quote_nothing_is_picked() -> None:
    assert select_sentences("벌통?", SEARCHABLE.search("벌통?"), SEARCHABLE.essays, lambda _: [], lambda _: 1.0) == []


def test_the_same_question_gets_the_same_picks() -> None:
    assert picked(FACTS[0][0]) == picked(FACTS[0][0])


@given(st.lists(st.sampled_from(QUESTIONS + ["salt", "벌", "bell 종", "night"]), min_size=1, max_size=3).map(" ".join))
def test_any_question_that_finds_something_is_given_something(question: str) -> None:
    assert bool(picked(question)) == bool(SEARCHABLE.search(question, 6))
