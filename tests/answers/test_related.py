"""Answers to what the essays may not say: the nearest sentences under a plain heading, or a refusal that names the nearest passage."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot import Bot
from bot.indexing.build import build_index, publish
from bot.indexing.loader import Collection
from bot.messages import notices
from bot.retrieval.hybrid import Retriever
from bot.schema import MODES, Answer, Language, no_progress
from bot.settings import Settings
from bot.store import open_store
from tests.places import ESSAYS
from tests.test_pipeline import assert_sound
from tests.toys import ScriptedModel, ToyEmbedder, essay_of

QUESTIONS: list[tuple[str, Language]] = [("벌통은 언제 옮기나요?", "ko"), ("How many ships stand in Ada Morrow's ledger?", "en")]
each = pytest.mark.parametrize(("question", "language"), QUESTIONS)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings.load(corpus=ESSAYS, index=tmp_path_factory.mktemp("related") / "index", llm="quotes")
    build_index(settings, embedder=ToyEmbedder())
    return settings


@pytest.fixture
def bot(settings: Settings) -> Bot:
    return Bot(settings, ToyEmbedder())


@pytest.fixture
def only_related(monkeypatch: pytest.MonkeyPatch) -> None:
    """The essays hold something near each question, and answer none."""
    monkeypatch.setattr(Retriever, "outcome", lambda *_: "related")


def refused(bot: Bot, question: str, monkeypatch: pytest.MonkeyPatch) -> Answer:
    monkeypatch.setattr(Retriever, "outcome", lambda *_: "absent")
    return bot.ask(question)


@each
@pytest.mark.usefixtures("only_related")
def test_the_nearest_sentences_are_shown_as_what_they_are(question: str, language: Language, bot: Bot) -> None:
    answer = bot.ask(question)
    assert (answer.abstained, answer.related, answer.complete, answer.language) == (True, True, True, language)
    assert answer.sentences[0].text == notices.RELATED.of(language)
    assert 1 <= len(answer.citations) <= 3
    assert all(sentence.quotation for sentence in answer.sentences if sentence.kind == "essay")
    assert list(answer.nearest) == [hit.passage for hit in bot.search(question, 6)][:2]
    assert_sound(answer, {essay.id: essay for essay in bot.essays()})  # each quotation is in its essay, character for character


@each
@pytest.mark.usefixtures("only_related")
def test_citations_come_first_and_all_steps_are_marked_as_related(question: str, language: Language, bot: Bot) -> None:
    first, second, last = bot.stream(question)
    assert (first.citations, first.sentences) == (last.citations, ())
    assert (second.sentences, second.suggestions) == (last.sentences, ())
    assert [(step.abstained, step.related) for step in (first, second, last)] == [(True, True)] * 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.usefixtures("only_related")
def test_what_is_only_related_is_no_ground_for_a_debate(mode: str, bot: Bot) -> None:
    answer = bot.ask(QUESTIONS[0][0], mode=mode)
    assert (answer.abstained, answer.related, answer.mode) == (True, True, mode)
    assert answer.sentences[0].text == notices.RELATED.ko
    assert {sentence.kind for sentence in answer.sentences} == {"notice", "essay"}


@each
@pytest.mark.usefixtures("only_related")
def test_a_chat_model_decides_and_where_it_says_nothing_true_the_nearest_sentences_stand(
    question: str, language: Language, settings: Settings, bot: Bot
) -> None:
    model = ScriptedModel("It does. [1]" if language == "ko" else "그렇습니다. [1]")  # in the other language
    answer = Bot(settings, ToyEmbedder(), model.chat_model()).ask(question)
    assert len(model.asked) == 1
    assert [refusal.reason for refusal in answer.refused] == ["language"]
    assert replace(answer, refused=(), timings={}, voice="quotes") == replace(bot.ask(question), timings={})


@each
@pytest.mark.usefixtures("only_related")
def test_it_is_the_same_answer_after_a_round_trip_through_json(question: str, language: Language, bot: Bot) -> None:
    answer = bot.ask(question)
    payload = json.loads(json.dumps(answer.to_dict(), ensure_ascii=False))
    assert payload["related"] is True
    assert Answer.from_dict(payload) == answer
    del payload["related"]  # as an earlier version wrote it
    assert not Answer.from_dict(payload).related


@each
def test_what_is_answered_or_refused_is_not_related(
    question: str, language: Language, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = bot.ask(question)
    assert (answered.abstained, answered.related, answered.nearest) == (False, False, ())
    answer = refused(bot, question, monkeypatch)
    assert (answer.abstained, answer.related, answer.citations) == (True, False, ())
    assert {sentence.kind for sentence in answer.sentences} == {"notice"}
    assert answer.sentences[0].text == notices.ABSTAIN.of(language)


PLACES = [
    # A passage at the top of its essay: its heading is the title, so that the paragraph is counted.
    ("벌통은 언제 옮기나요?", "가장 가까운 대목은 「벌통을 옮기는 밤」의 2번째 문단에 있습니다."),
    # Two passages that were merged: where they begin.
    ("종을 고치자는 사람", "가장 가까운 대목은 「한 번 덜 치는 종」의 2번째 문단에 있습니다."),
    ("Counting is a way of being on watch", "The nearest passage is in “The Keeper Who Counted Ships”, under “What she kept”."),
]


@pytest.mark.parametrize(("question", "sentence"), PLACES)
def test_a_refusal_names_its_nearest_passage_with_its_place(
    question: str, sentence: str, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = refused(bot, question, monkeypatch)
    assert [shown.text for shown in answer.sentences] == [notices.ABSTAIN.of(answer.language), sentence]
    assert bot.essay(answer.nearest[0].essay).title in sentence


def test_the_place_in_a_file_with_pages_is_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = "# Wells\n\nA well is dug where the reeds are. " + "Nobody remembers who lined it with stones. " * 60
    second = "\n\n## Halls\n\nA hall is swept before a feast. " + "The benches are carried out first. " * 60
    essay = replace(essay_of(first + second, "wells"), pages=((0, 11), (2000, 12)))
    settings = Settings.load(index=tmp_path / "index", llm="quotes")
    publish(Collection((essay,), (), ()), open_store(settings.index), ToyEmbedder(), no_progress)
    answer = refused(Bot(settings, ToyEmbedder()), "The benches are carried out first.", monkeypatch)
    assert answer.sentences[1].text == "The nearest passage is in “An Essay”, p. 12."
    answer = refused(Bot(settings, ToyEmbedder()), "우물은 어디에 파나요? A well is dug where the reeds are", monkeypatch)
    assert answer.sentences[1].text == "가장 가까운 대목은 「An Essay」의 11쪽에 있습니다."
