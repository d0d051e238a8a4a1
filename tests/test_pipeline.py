"""The whole pipeline with a toy embedder and a real Chroma: what is true of every index and answer, whatever the embedder."""

import hashlib
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bot import Bot
from bot.errors import BotError, CorpusError, IndexMismatch, IndexMissing, ModelError, QuestionError
from bot.indexing.build import build_index
from bot.messages import notices
from bot.models.embeddings import E5_SMALL, Embedder
from bot.pipeline import MAX_QUESTION_CHARACTERS
from bot.retrieval import weights
from bot.retrieval.hybrid import Retriever
from bot.retrieval.intent import is_greeting
from bot.schema import MODES, Answer, Essay, Language, Report
from bot.settings import Settings
from bot.store import open_store
from tests.places import ESSAYS
from tests.toys import TOY_WEIGHTS, ToyEmbedder

# Facts that only one of the essays in tests/essays has: a question, the essay, words of the answering sentence.
FACTS = [
    ("종탑의 종은 왜 정오에 열한 번만 치나요?", "bell-tower.ko", "마지막 한 번을 치다가 줄이 끊어졌고"),
    ("벌통은 언제 옮기나요?", "bees.ko", "벌통은 밤에 옮긴다."),
    ("How much oil did the lamp of Dr. Hale's design burn in an hour?", "lighthouse.en", "3.14 litres"),
    ("Which family paid its rent in salt?", "salt-road", "paid its whole rent"),
]
UNKNOWN = ["zzz qqq xyzzy", "뷁뷁 쀍쀍 뛟뛟"]  # words that no essay holds
ANSWER_KEYS = {
    *("question", "standalone", "language", "mode", "voice", "text", "abstained", "related"),
    *("sentences", "citations", "nearest", "refused", "timings", "complete", "intent", "suggestions"),
}
CITATION_KEYS = {"number", "essay", "title", "source", "quote", "start", "end", "sha256"}
HANGUL = re.compile("[가-힣]")


def assert_sound(answer: Answer, essays: Mapping[str, Essay]) -> None:
    """What the design promises of every whole answer: it says something, and all that it cites is true and used."""
    assert answer.sentences
    assert all(sentence.text.strip() for sentence in answer.sentences)
    numbers = [citation.number for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {number for sentence in answer.sentences for number in sentence.citations} == set(numbers)
    for citation in answer.citations:
        essay = essays[citation.essay]
        assert citation.quote.strip()
        assert essay.text[citation.start : citation.end] == citation.quote
        assert citation.sha256 == hashlib.sha256(essay.text.encode()).hexdigest()
        assert (citation.title, citation.source) == (essay.title, essay.source)
    for sentence in answer.sentences:
        assert bool(sentence.citations) == (sentence.kind in {"essay", "unconfirmed"})
    for passage in answer.nearest:
        assert essays[passage.essay].text[passage.start : passage.end] == passage.text
    if answer.related:
        assert answer.abstained
        assert answer.citations
        assert answer.nearest
        assert answer.sentences[0].text == notices.RELATED.of(answer.language)
        assert {sentence.kind for sentence in answer.sentences} == {"notice", "essay"}
    elif answer.abstained:
        assert not answer.citations
        assert answer.nearest or is_greeting(answer.question) or answer.intent == "smalltalk"
        assert {sentence.kind for sentence in answer.sentences} == {"notice"}
    else:
        is_about_documents = answer.intent.startswith("documents.")
        assert is_about_documents or {sentence.kind for sentence in answer.sentences} & {"essay", "reading"}
    _assert_plain(answer)


def _assert_plain(answer: Answer) -> None:
    """The answer as JSON has the keys of the design, and every number, quotation and time in it makes sense."""
    shown = json.loads(json.dumps(answer.to_dict()))
    assert shown.keys() == ANSWER_KEYS
    assert all(citation.keys() == CITATION_KEYS for citation in shown["citations"])
    assert all(sentence.keys() == {"text", "kind", "citations", "quotation"} for sentence in shown["sentences"])
    times = shown["timings"]
    assert 0 <= times["retrieval_ms"] <= times["first_token_ms"] <= times["total_ms"]
    for sentence in answer.sentences:
        assert sentence.text in shown["text"]
        assert all(f"[{number}]" in shown["text"] for number in sentence.citations)


class Named(ToyEmbedder):
    """The toy under the bundled model's name, so that an index of its making is taken for one of the real model's."""

    def __init__(self) -> None:
        super().__init__()
        self.name = E5_SMALL

    @property
    def fingerprint(self) -> dict[str, str]:
        return Embedder("", Path("cache")).fingerprint


def timeless(answer: Answer) -> Answer:
    """The answer without what differs from run to run."""
    return replace(answer, timings={})


def made(folder: Path, essays: Mapping[str, str], toy: ToyEmbedder) -> Settings:
    """The settings of an index of these texts, by file name."""
    corpus = folder / "essays"
    corpus.mkdir(parents=True)
    for name, text in essays.items():
        (corpus / name).write_text(text, encoding="utf-8")
    settings = Settings.load(corpus=corpus, index=folder / "index", llm="quotes")
    build_index(settings, embedder=toy)
    return settings


@pytest.fixture(scope="module")
def toy_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of an index of tests/essays, which tests must not change."""
    settings = Settings.load(corpus=ESSAYS, index=tmp_path_factory.mktemp("pipeline") / "index", llm="quotes")
    build_index(settings, embedder=ToyEmbedder())
    return settings


@pytest.fixture
def bot(toy_settings: Settings, toy: ToyEmbedder) -> Bot:
    return Bot(toy_settings, toy)


def essays_by_id(bot: Bot) -> dict[str, Essay]:
    return {essay.id: essay for essay in bot.essays()}


# Opening


def test_a_missing_index_is_reported_with_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing) as caught:
        Bot.open(index=tmp_path / "nowhere")
    for line in (str(caught.value), caught.value.text("ko")):
        assert "nowhere" in line
        assert "python ingest.py" in line
    assert HANGUL.search(caught.value.text("ko"))


@pytest.mark.parametrize("ask", [lambda bot: bot.ask("왜?"), lambda bot: bot.search("왜?"), Bot.essays, Bot.warm])
def test_a_bot_created_before_its_index_answers_once_that_is_built(
    ask: Callable[[Bot], object], tmp_path: Path, toy: ToyEmbedder
) -> None:
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index")
    bot = Bot(settings, toy)
    with pytest.raises(IndexMissing, match=r"python ingest\.py"):
        ask(bot)
    build_index(settings, embedder=toy)
    ask(bot)


def test_given_settings_win_over_the_environment(toy_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_INDEX", "elsewhere")
    assert Bot.open(index=toy_settings.index).settings.index == toy_settings.index
    monkeypatch.setenv("BOT_INDEX", str(toy_settings.index))
    assert Bot.open().settings.index == toy_settings.index


def test_an_unknown_chat_model_is_refused_with_the_known_ones(toy_settings: Settings) -> None:
    with pytest.raises(ModelError, match=r"BOT_LLM.*'bogus'.*quotes"):
        Bot.open(index=toy_settings.index, llm="bogus")


def test_opening_and_listing_do_not_load_the_embedder(bot: Bot, toy: ToyEmbedder) -> None:
    assert len(bot.essays()) == 4
    assert bot.essay("bees.ko").title == "벌통을 옮기는 밤"
    assert (toy.loads, bot.ready) == (0, False)


def test_a_warm_bot_is_ready(bot: Bot) -> None:
    bot.warm()
    assert bot.ready


# Answers


@pytest.mark.parametrize(("question", "essay", "words"), FACTS)
def test_a_fact_of_one_essay_is_quoted_from_it(question: str, essay: str, words: str, bot: Bot) -> None:
    answer = bot.ask(question)
    assert_sound(answer, essays_by_id(bot))
    assert not answer.abstained
    assert words in " ".join(citation.quote for citation in answer.citations if citation.essay == essay)


@pytest.mark.parametrize("question", [question for question, _, _ in FACTS] + UNKNOWN)
def test_an_answer_is_streamed_citations_first(question: str, bot: Bot) -> None:
    steps = list(bot.stream(question))
    for before, after in zip(steps, steps[1:], strict=False):
        assert after.citations[: len(before.citations)] == before.citations
        assert after.sentences[: len(before.sentences)] == before.sentences
    for step in steps:
        numbers = {citation.number for citation in step.citations}
        assert {number for sentence in step.sentences for number in sentence.citations} <= numbers
    assert steps[0].sentences == () or steps[0].abstained
    assert steps[0].citations == steps[-1].citations
    assert timeless(steps[-1]) == timeless(bot.ask(question))


@pytest.mark.parametrize("question", UNKNOWN)
def test_a_question_that_no_essay_answers_is_abstained_from(question: str, bot: Bot) -> None:
    answer = bot.ask(question)
    assert answer.abstained
    assert_sound(answer, essays_by_id(bot))


@pytest.mark.parametrize("question", [question for question, _, _ in FACTS])
def test_an_abstention_has_nearest_passages_and_no_citations(question: str, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Retriever, "outcome", lambda *_, **__: "absent")
    answer = bot.ask(question)
    assert answer.abstained
    assert_sound(answer, essays_by_id(bot))
    assert list(answer.nearest) == [hit.passage for hit in bot.search(question, 6)][: len(answer.nearest)]


@pytest.mark.parametrize(
    ("question", "language"),
    [("벌통은 언제 옮기나요?", "ko"), ("When is a hive moved?", "en"), ("Ada Morrow는 배를 몇 척 셌나요?", "ko")],
)
def test_an_answer_is_in_the_language_of_the_question(
    question: str, language: str, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = bot.ask(question)
    monkeypatch.setattr(Retriever, "outcome", lambda *_, **__: "absent")
    for each in (answer, bot.ask(question)):
        notices = " ".join(sentence.text for sentence in each.sentences if sentence.kind == "notice")
        for essay in bot.essays():
            notices = notices.replace(essay.title, "")  # a title stays as it is
        assert each.language == language
        assert bool(HANGUL.search(notices)) == (language == "ko")


def test_the_same_question_gets_the_same_answer(bot: Bot, toy_settings: Settings) -> None:
    again = Bot(toy_settings, ToyEmbedder())
    for question, _, _ in FACTS:
        assert timeless(bot.ask(question)) == timeless(bot.ask(question)) == timeless(again.ask(question))


def test_a_history_of_mappings_is_read_as_one_of_pairs(bot: Bot) -> None:
    pairs = [("user", "벌통은 언제 옮기나요?"), ("assistant", "“벌통은 밤에 옮긴다.” [7]")]
    mappings = [{"role": role, "content": text} for role, text in pairs]
    answers = [bot.ask("왜?", history=history) for history in (pairs, mappings, [bot.ask(pairs[0][1])])]
    assert answers[0].standalone == answers[1].standalone != "왜?"
    assert all(pairs[0][1] in answer.standalone for answer in answers)


def test_a_history_of_another_shape_is_refused_before_anything_is_searched(bot: Bot, toy: ToyEmbedder) -> None:
    with pytest.raises(QuestionError, match="role 'system'"):
        bot.ask("왜?", history=[{"role": "system", "content": "x"}])
    assert toy.queries == []


def test_an_answer_with_a_history_is_sound(bot: Bot) -> None:
    history = [("user", "벌통은 언제 옮기나요?"), ("assistant", "“벌통은 밤에 옮긴다.” [7]"), ("user", "")]
    answer = bot.ask("왜 밤에 옮기나요?", history=history)
    assert_sound(answer, essays_by_id(bot))
    assert answer.question == "왜 밤에 옮기나요?"
    assert history[0] == ("user", "벌통은 언제 옮기나요?")


def test_a_question_is_embedded_once(bot: Bot, toy: ToyEmbedder) -> None:
    bot.ask("벌통은 언제 옮기나요?")
    assert toy.queries == ["벌통은 언제 옮기나요?"]
    assert toy.embedded == 0


# Searching and reading


@pytest.mark.parametrize("k", [1, 2, 5, 50])
def test_a_search_gives_at_most_k_hits_best_first_with_the_text_of_their_spans(k: int, bot: Bot) -> None:
    essays = essays_by_id(bot)
    for question in [question for question, _, _ in FACTS] + UNKNOWN:
        hits = bot.search(question, k=k)
        assert 1 <= len(hits) <= k
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert all(essays[h.passage.essay].text[h.passage.start : h.passage.end] == h.passage.text for h in hits)


def test_a_search_gives_five_hits_by_default(bot: Bot) -> None:
    assert bot.search("salt") == bot.search("salt", 5)


def test_essays_are_listed_by_id_with_their_whole_text(bot: Bot) -> None:
    essays = bot.essays()
    assert [essay.id for essay in essays] == ["bees.ko", "bell-tower.ko", "lighthouse.en", "salt-road"]
    assert [essay.language for essay in essays] == ["ko", "ko", "en", "en"]
    assert bot.essay("salt-road") == essays[3]
    assert essays[3].text == (ESSAYS / "salt-road.txt").read_text(encoding="utf-8").strip("\n")
    assert essays[3].to_dict()["sha256"] == hashlib.sha256(essays[3].text.encode()).hexdigest()


# Refused questions


@pytest.mark.parametrize(
    ("question", "mode", "words"),
    [
        ("", "answer", "empty"),
        (" \n\t ", "answer", "empty"),
        ("\u200b\u200d\ufeff\u2060", "answer", "empty"),
        ("\x00\ud800", "answer", "empty"),
        ("가" * (MAX_QUESTION_CHARACTERS + 1), "answer", "4,001"),
        ("a" * 1_000_000, "answer", "1,000,000"),
        ("왜?", "poetry", "'poetry'"),
        ("왜?", "", "''"),
        (None, "answer", "NoneType"),
        (b"why?", "answer", "bytes"),
    ],
    ids=[
        "nothing",
        "white space",
        "zero-width",
        "nul, surrogate",
        "4,001",
        "a million",
        "unknown mode",
        "empty mode",
        "none",
        "bytes",
    ],
)
@pytest.mark.parametrize("ask", [Bot.ask, lambda *rest, **mode: list(Bot.stream(*rest, **mode))], ids=["ask", "stream"])
def test_an_unusable_question_is_refused_before_anything_is_loaded(
    question: Any, mode: str, words: str, ask: Callable[..., object], bot: Bot, toy: ToyEmbedder
) -> None:
    with pytest.raises(QuestionError, match=words) as caught:
        ask(bot, question, mode=mode)
    assert (toy.queries, toy.loads) == ([], 0)
    assert "\n" not in str(caught.value) + caught.value.text("ko")
    assert HANGUL.search(caught.value.text("ko")), "the page shows this line to Korean readers"
    assert not HANGUL.search(str(caught.value))


@pytest.mark.parametrize("question", ["", "\u200b", "가" * (MAX_QUESTION_CHARACTERS + 1)], ids=["nothing", "zero-width", "4,001"])
def test_a_search_refuses_unusable_questions_too(question: str, bot: Bot, toy: ToyEmbedder) -> None:
    with pytest.raises(QuestionError):
        bot.search(question)
    assert toy.queries == []


def test_the_longest_question_is_answered(bot: Bot) -> None:
    assert_sound(bot.ask("벌통 " * (MAX_QUESTION_CHARACTERS // 3)), essays_by_id(bot))


def test_an_unknown_essay_is_refused_with_the_known_ids(bot: Bot) -> None:
    with pytest.raises(QuestionError, match=r"'bees'.*bees\.ko, bell-tower\.ko, lighthouse\.en, salt-road") as caught:
        bot.essay("bees")
    assert HANGUL.search(caught.value.text("ko"))


@pytest.mark.parametrize("question", ["종탑에 대한 시 한 편 써 줘", "Write me a poem about the bell tower"])
def test_an_out_of_scope_request_that_no_essay_answers_is_declined_with_the_nearest_passages(
    question: str, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bot, "_classified", lambda *_: "other_work")
    monkeypatch.setattr(Retriever, "outcome", lambda *_: "absent")
    answer = bot.ask(question)
    assert_sound(answer, essays_by_id(bot))
    assert answer.abstained
    assert [sentence.text for sentence in answer.sentences] == [notices.OUT_OF_SCOPE.of(answer.language)]


@pytest.mark.parametrize("mode", ["answer", "counter", "socratic", "compare"])
@pytest.mark.parametrize(("question", "language"), [("안녕하세요", "ko"), ("thanks!", "en"), ("😀", "ko")])
def test_a_greeting_is_answered_without_a_search(question: str, language: Language, mode: str, bot: Bot) -> None:
    answer = bot.ask(question, [("user", "종은 몇 시에 울리나요?"), ("assistant", "“종은 울린다.” [1]")], mode=mode)
    assert (answer.standalone, answer.abstained, answer.citations, answer.nearest) == (question, True, (), ())
    assert [sentence.text for sentence in answer.sentences] == [notices.GREETING.of(language)]


@pytest.mark.parametrize("question", ["에세이들은 종을 어떻게 보나요?", "what do the essays say about the bell and the hives?"])
def test_a_question_about_all_essays_quotes_one_sentence_of_each(
    question: str, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Retriever, "outcome", lambda *_, **__: "answered")
    answer = bot.ask(question)
    assert_sound(answer, essays_by_id(bot))
    essays = [citation.essay for citation in answer.citations]
    assert len(set(essays)) == len(essays) >= 2
    own = [essays_by_id(bot)[essay].language == answer.language for essay in essays]
    assert own == sorted(own, reverse=True)


def test_every_mode_gives_a_sound_answer(bot: Bot) -> None:
    for mode in MODES:
        answer = bot.ask("벌통은 언제 옮기나요?", mode=mode)
        assert answer.mode == mode
        assert_sound(answer, essays_by_id(bot))


# Unusual collections

SENTENCE = "The capstone weighs forty tons."


def test_a_collection_of_one_sentence_answers_with_it(tmp_path: Path, toy: ToyEmbedder) -> None:
    bot = Bot(made(tmp_path, {"one.md": SENTENCE}, toy), toy)
    answer = bot.ask("How many tons does the capstone weigh?")
    assert [citation.quote for citation in answer.citations] == [SENTENCE]
    for question in ["zzz qqq", "덮개돌은 몇 톤인가요?", "?!", "capstone"]:
        assert_sound(bot.ask(question), essays_by_id(bot))
        assert len(bot.search(question)) <= 1


@pytest.mark.parametrize(
    ("essays", "questions"),
    [
        (["lighthouse.en.md", "salt-road.txt"], ["벌통은 언제 옮기나요?", "소금은 누가 날랐나요?", "Ada Morrow는 누구인가요?"]),
        (["bees.ko.md", "bell-tower.ko.md"], ["When is a hive moved?", "How heavy is the bell?", "Who is 문가람?"]),
    ],
)
def test_a_collection_in_one_language_answers_questions_in_the_other(
    essays: list[str], questions: list[str], tmp_path: Path, toy: ToyEmbedder
) -> None:
    bot = Bot(made(tmp_path, {name: (ESSAYS / name).read_text(encoding="utf-8") for name in essays}, toy), toy)
    for question in questions:
        answer = bot.ask(question)
        assert_sound(answer, essays_by_id(bot))
        assert answer.language == ("ko" if HANGUL.search(question) and not question.startswith("Who") else "en")
        assert bot.search(question)


@pytest.mark.parametrize("text", ["# The weight of the capstone", "|a|b|\n|---|---|\n|capstone|forty|", "capstone"])
def test_a_collection_without_a_quotable_sentence_gives_a_sound_answer(text: str, tmp_path: Path, toy: ToyEmbedder) -> None:
    bot = Bot(made(tmp_path, {"one.md": text}, toy), toy)
    for question in ["capstone", "What is the weight of the capstone?", "덮개돌?"]:
        assert_sound(bot.ask(question), essays_by_id(bot))


def test_a_sentence_in_two_essays_is_quoted_once(tmp_path: Path, toy: ToyEmbedder) -> None:
    bot = Bot(made(tmp_path, {"one.md": SENTENCE, "two.md": f"{SENTENCE}\n\nSo they say."}, toy), toy)
    answer = bot.ask("What does the capstone weigh?")
    assert [citation.quote for citation in answer.citations].count(SENTENCE) == 1


# The analogy map

MAP = """
- id: bell
  name: {ko: 종과 사람, en: The bell and the people}
  source: {ko: 종탑, en: the bell tower}
  target: {ko: 등대, en: the lighthouse}
  words:
    source: {ko: [종탑], en: [bell]}
    target: {ko: [등대], en: [lighthouse]}
  shows: {ko: 모자란 것이 사람을 부른다., en: What is missing calls people.}
  pairs:
    - source: {ko: 종, en: the bell}
      target: {ko: 장부, en: the ledger}
      quotes: [{essay: bell-tower.ko, quote: QUOTE}]
  breaks:
    - {by: reader, move: scale, text: {ko: 배는 종보다 많다., en: There are more ships than bells.}}
  unmapped: {ko: 줄의 길이, en: the length of the rope}
"""
QUOTE = "종의 무게는 3.4톤이고 줄의 길이는 27미터였다."


@pytest.fixture
def mapped(tmp_path: Path, toy: ToyEmbedder) -> Settings:
    """The settings of an index of tests/essays with a map of one analogy beside the essays."""
    essays = {path.name: path.read_text(encoding="utf-8") for path in ESSAYS.iterdir()}
    return made(tmp_path, {**essays, "analogies.yaml": MAP.replace("QUOTE", QUOTE)}, toy)


@pytest.mark.parametrize("question", ["종탑과 등대의 비유는 어디서 깨지나요?", "How is the bell like the lighthouse?"])
def test_an_answer_from_the_analogy_map_is_sound(question: str, mapped: Settings, toy: ToyEmbedder) -> None:
    bot = Bot(mapped, toy)
    answer = bot.ask(question)
    assert_sound(answer, essays_by_id(bot))
    assert QUOTE in [citation.quote for citation in answer.citations]
    assert "reading" in {sentence.kind for sentence in answer.sentences}
    assert [analogy.id for analogy in bot.analogies()] == ["bell"]


def test_a_list_of_all_analogies_is_sound(mapped: Settings, toy: ToyEmbedder) -> None:
    bot = Bot(mapped, toy)
    assert_sound(bot.ask("이 글에는 어떤 비유들이 나오나요?"), essays_by_id(bot))


def test_a_map_with_a_false_quotation_stops_the_ingest_and_keeps_the_index(mapped: Settings, toy: ToyEmbedder) -> None:
    before = open_store(mapped.index).current()
    (mapped.corpus / "analogies.yaml").write_text(MAP.replace("QUOTE", "종의 무게는 9.9톤이었다."), encoding="utf-8")
    (mapped.corpus / "new.md").write_text(SENTENCE)
    with pytest.raises(CorpusError, match=r"analogies\.yaml:\d+: .*9\.9톤"):
        build_index(mapped, embedder=toy)
    assert open_store(mapped.index).current() == before
    bot = Bot(mapped, toy)
    assert_sound(bot.ask("종탑과 등대의 비유는 어디서 깨지나요?"), essays_by_id(bot))
    assert [quotation.quote for quotation in bot.analogies()[0].pairs[0].quotes] == [QUOTE], "the map belongs to the generation"


def test_the_map_is_that_of_the_ingested_folder(mapped: Settings, toy: ToyEmbedder, tmp_path: Path) -> None:
    """Not that of BOT_CORPUS; and a map that alone has changed is published."""
    mine = tmp_path / "mine"
    shutil.copytree(mapped.corpus, mine)
    text = (mine / "analogies.yaml").read_text("utf-8")
    (mine / "analogies.yaml").write_text(text.replace("id: bell", "id: lantern"), "utf-8")
    report = build_index(mapped, [mine], embedder=toy)
    assert (report.changed, report.added, report.map_changed) == (0, 0, True)
    assert [analogy.id for analogy in Bot(mapped, toy).analogies()] == ["lantern"]
    (mine / "analogies.yaml").unlink()
    bot = Bot(mapped, toy)
    assert [analogy.id for analogy in bot.analogies()] == ["lantern"], "the index holds it"
    assert build_index(mapped, [mine], embedder=toy).map_changed
    assert bot.analogies() == ()
    assert not build_index(mapped, [mine], embedder=toy).map_changed


def test_one_id_in_the_maps_of_two_folders_stops_the_ingest(mapped: Settings, toy: ToyEmbedder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(mapped.corpus / "analogies.yaml", other)
    with pytest.raises(CorpusError, match='the id "bell" is already used by the map of another folder'):
        build_index(mapped, [mapped.corpus, other], embedder=toy)


# Following the index


def marked(number: int) -> dict[str, str]:
    """Essays in which every sentence has the number of its generation."""
    return {
        f"{place}.md": f"The stone of mark{number} stands in place {place}. Its crew came from mark{number}."
        for place in range(3)
    }


def rewrite(settings: Settings, essays: Mapping[str, str]) -> None:
    for name, text in essays.items():
        (settings.corpus / name).write_text(text, encoding="utf-8")


def test_a_running_bot_answers_the_next_question_from_a_new_generation(tmp_path: Path, toy: ToyEmbedder) -> None:
    settings = made(tmp_path, marked(0), toy)
    bot, done = Bot(settings, toy), threading.Event()

    def ask_on() -> list[tuple[set[str], int]]:
        """Ask until `done` is set. Return of each answer the marks in its quotations and their number."""
        seen = []
        while not done.is_set():
            answer = bot.ask("Where does the stone stand?")
            seen.append(({mark for c in answer.citations for mark in re.findall(r"mark\d", c.quote)}, len(answer.citations)))
        return seen

    with ThreadPoolExecutor(4) as pool:
        askers = [pool.submit(ask_on) for _ in range(4)]
        try:
            for number in range(1, 6):
                rewrite(settings, marked(number))
                assert build_index(settings, embedder=ToyEmbedder()).changed == 3
                answer = bot.ask("Where does the stone stand?")
                assert answer.citations
                assert all(f"mark{number}" in citation.quote for citation in answer.citations)
                assert_sound(answer, essays_by_id(bot))
        finally:
            done.set()
        seen = [answer for asker in askers for answer in asker.result()]
    assert len(seen) >= 4
    assert all(len(marks) == 1 and count for marks, count in seen), "an answer mixes two generations, or lost its quotations"


def test_a_started_answer_ends_in_the_generation_in_which_it_started(tmp_path: Path, toy: ToyEmbedder) -> None:
    settings = made(tmp_path, marked(0), toy)
    bot = Bot(settings, toy)
    old = essays_by_id(bot)
    growing = bot.stream("Where does the stone stand?")
    first = next(growing)
    rewrite(settings, marked(1))
    build_index(settings, embedder=toy)
    assert "mark1" in bot.ask("Where does the stone stand?").text
    *_, last = growing
    assert last.citations == first.citations
    assert_sound(last, old)


def test_eight_threads_get_the_same_answers_as_one(bot: Bot, toy_settings: Settings) -> None:
    questions = [question for question, _, _ in FACTS] + UNKNOWN
    alone = Bot(toy_settings, ToyEmbedder())
    expected = {question: timeless(alone.ask(question)) for question in questions}
    begin = threading.Barrier(8)

    def ask_in_turn(thread: int) -> Iterator[tuple[str, Answer]]:
        begin.wait(60)
        for turn in range(20):
            question = questions[(thread + turn) % len(questions)]
            yield question, timeless(bot.ask(question))

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda thread: list(ask_in_turn(thread)), range(8)))
    assert sum(map(len, results)) == 160
    assert [question for result in results for question, answer in result if answer != expected[question]] == []


def test_concurrent_first_questions_open_the_index_once(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    store = bot._published[0].store
    snapshot = store.snapshot

    def counted(fingerprint: Mapping[str, str]) -> object:
        opened.append(fingerprint)
        return snapshot(fingerprint)

    monkeypatch.setattr(store, "snapshot", counted)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(bot.ask, ["salt"] * 8))) == 8
    assert len(opened) == 1


# Another embedder, another version (R8)


class OtherModel(ToyEmbedder):
    """Another model of the same size."""

    @property
    def fingerprint(self) -> dict[str, str]:
        return {**super().fingerprint, "model": "other"}


class Unnormalised(ToyEmbedder):
    """The same model, used in another way."""

    @property
    def fingerprint(self) -> dict[str, str]:
        return {**super().fingerprint, "normalised": "false"}


CHANGES: dict[str, tuple[Callable[[], ToyEmbedder], str, object]] = {
    "model": (OtherModel, "", None),
    "revision": (lambda: ToyEmbedder("2"), "", None),
    "normalised": (Unnormalised, "", None),
    "splitter of passages": (ToyEmbedder, "bot.indexing.splitter.VERSION", "other"),
    "splitter of words": (ToyEmbedder, "bot.text.tokenize.VERSION", "other"),
    "schema": (ToyEmbedder, "bot.store.manifest.SCHEMA", 99),
    "chroma": (ToyEmbedder, "bot.store.chroma.installed", lambda: "99.0"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_index_built_in_another_way_is_refused_with_the_command_that_rebuilds_it(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index")
    build_index(settings, embedder=ToyEmbedder())
    make, target, value = CHANGES[change]
    toy = make()
    monkeypatch.setitem(weights._read(), toy.fingerprint["model"], asdict(TOY_WEIGHTS))
    if target:
        monkeypatch.setattr(target, value)
        if change in {"schema", "chroma"}:  # the module that writes them took them by name
            monkeypatch.setattr(f"bot.store.base.{target.rpartition('.')[2]}", value)
    bot = Bot(settings, toy)
    with pytest.raises(IndexMismatch, match=r"python -m bot doctor --repair") as caught:
        bot.ask("벌통은 언제 옮기나요?")
    assert HANGUL.search(caught.value.text("ko"))
    report = build_index(settings, embedder=toy)
    assert (report.unchanged, report.removed) == (0, 0)
    assert report.added + report.changed == 4
    same_vectors = target != ""  # another splitter, schema or Chroma leaves the vectors as they are
    assert (toy.embedded == 0) == (same_vectors and change != "schema")
    assert "밤에" in bot.ask("벌통은 언제 옮기나요?").text
    assert replace(build_index(settings, embedder=toy), notes=()) == Report(unchanged=4)


@pytest.mark.parametrize("damage", ["CURRENT", "vectors.npy", "manifest.json", "chroma/chroma.sqlite3"])
def test_a_damaged_index_is_refused_with_the_command_that_repairs_it(damage: str, tmp_path: Path, toy: ToyEmbedder) -> None:
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index")
    build_index(settings, embedder=toy)
    digest = json.loads((settings.index / "gen-1" / "manifest.json").read_text(encoding="utf-8"))["digest"]
    path = settings.index / damage if damage == "CURRENT" else settings.index / "gen-1" / damage
    path.write_bytes(b"../x" + path.read_bytes()[4:])
    with pytest.raises(BotError, match=r"damaged.*python -m bot doctor --repair"):
        Bot(settings, toy).ask("salt")
    build_index(settings, embedder=toy)
    manifest = open_store(settings.index).usable()
    assert manifest is not None
    assert manifest.digest == digest
    bot = Bot(settings, toy)
    assert_sound(bot.ask("Which family paid its rent in salt?"), essays_by_id(bot))
