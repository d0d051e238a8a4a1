"""The sentences selected for quotation: few, whole, in reading order, and among them the sentence that answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.selection import MAX_SENTENCES, SelectedSentence, select_sentences
from bot.grounding.quotations import cite
from bot.indexing.splitter import quotable
from tests.retrieval.test_hybrid import FACTS, QUESTIONS, SEARCHABLE

ANSWERS = ["마지막 한 번을 치다가 줄이 끊어졌고", "벌통은 밤에 옮긴다.", "48,116", "the Ostrins, paid its whole rent"]


def selected(question: str, k: int = 6) -> list[SelectedSentence]:
    return select_sentences(question, SEARCHABLE.search(question, k), SEARCHABLE.essays, quotable, SEARCHABLE.retriever.idf)


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
def test_selected_sentences_are_grouped_by_essay_in_reading_order(question: str) -> None:
    sentences = selected(question)
    order = [sentence.essay.id for sentence in sentences]
    assert order == sorted(order, key=order.index)
    for essay in order:
        starts = [sentence.start for sentence in sentences if sentence.essay.id == essay]
        assert starts == sorted(starts)


def test_without_hits_nothing_is_selected() -> None:
    assert select_sentences("벌통?", [], SEARCHABLE.essays, quotable, lambda _: 1.0) == []


def test_without_quotable_sentences_nothing_is_selected() -> None:
    assert select_sentences("벌통?", SEARCHABLE.search("벌통?"), SEARCHABLE.essays, lambda _: [], lambda _: 1.0) == []


def test_selection_is_deterministic() -> None:
    assert selected(FACTS[0][0]) == selected(FACTS[0][0])


@given(st.lists(st.sampled_from(QUESTIONS + ["salt", "벌", "bell 종", "night"]), min_size=1, max_size=3).map(" ".join))
def test_sentences_are_selected_exactly_where_there_are_hits(question: str) -> None:
    assert bool(selected(question)) == bool(SEARCHABLE.search(question, 6))
