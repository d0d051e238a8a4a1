"""Dolmen in LangChain: the retriever, the runnable, their async forms, their runs as callbacks see them, and what LangSmith is sent."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableGenerator, RunnableLambda, RunnablePassthrough
from langchain_core.tracers.context import tracing_v2_enabled

from bot import Bot
from bot.errors import QuestionError
from bot.indexing.build import build_index
from bot.runnables import question_and_history
from bot.schema import Answer, Message
from bot.settings import Settings
from tests.collector import Collector
from tests.places import ESSAYS
from tests.toys import TalkingModel, ToyEmbedder

QUESTION = "벌통은 언제 옮기나요?"
REPLY = "벌통은 밤에 옮깁니다. [1]"
HISTORY = [("user", QUESTION), ("assistant", "“벌통은 밤에 옮긴다.” [1]")]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of an index of the test essays by the toy embedder."""
    settings = Settings.load(corpus=ESSAYS, index=tmp_path_factory.mktemp("runnables") / "index", llm="quotes")
    build_index(settings, embedder=ToyEmbedder())
    return settings


@pytest.fixture
def bot(settings: Settings) -> Bot:
    return Bot(settings, ToyEmbedder())


class Runs(BaseCallbackHandler):
    """Records each run that it sees as (kind, name, name of the run above it), and how the runs end, by name."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.ended: dict[str, Any] = {}
        self.failed: dict[str, BaseException] = {}
        self.tags: dict[str, list[str]] = {}
        self._names: dict[UUID | None, str] = {None: ""}

    def _start(self, kind: str, run_id: UUID, above: UUID | None, name: str, tags: list[str] | None) -> None:
        self._names[run_id] = name
        self.tags[name] = tags or []
        self.seen.append((kind, name, self._names[above]))

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        self._start("chain", run_id, parent_run_id, more["name"], more["tags"])

    def on_retriever_start(
        self, serialized: Any, query: str, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        self._start("retriever", run_id, parent_run_id, more["name"], more["tags"])

    def on_chat_model_start(
        self, serialized: Any, messages: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        self._start("model", run_id, parent_run_id, more["name"], more["tags"])

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **_: Any) -> None:
        self.ended[self._names[run_id]] = outputs

    on_retriever_end = on_llm_end = on_chain_end  # type: ignore[assignment]

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        self.failed[self._names[run_id]] = error

    on_retriever_error = on_chain_error
    on_llm_error = on_chain_error


async def collected(answers: Any) -> list[Any]:
    return [answer async for answer in answers]


def later(done: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether something is done within some seconds."""
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)
    return done()


# The retriever


def test_a_document_is_a_passage_with_its_place(bot: Bot) -> None:
    documents = bot.as_retriever(k=3).invoke(QUESTION)
    hits = bot.search(QUESTION, 3)
    assert [document.id for document in documents] == [hit.passage.id for hit in hits]
    for document, hit in zip(documents, hits, strict=True):
        essay = bot.essay(document.metadata["essay"])
        assert document.page_content == essay.text[document.metadata["start"] : document.metadata["end"]]
        assert document.metadata == {
            "essay": essay.id, "title": essay.title, "author": essay.author, "date": essay.date, "language": essay.language,
            "source": essay.source, "start": hit.passage.start, "end": hit.passage.end, "score": round(hit.score, 4),
        }  # fmt: skip


def test_the_retriever_works_inside_a_chain(bot: Bot) -> None:
    prompt = ChatPromptTemplate.from_template("{passages}\n{question}")
    chain = (
        {"passages": bot.as_retriever(k=1) | (lambda documents: documents[0].page_content), "question": RunnablePassthrough()}
        | prompt
        | RunnableLambda(lambda value: AIMessage(value.to_messages()[0].content))
        | StrOutputParser()
    )
    assert chain.invoke(QUESTION) == f"{bot.search(QUESTION, 1)[0].passage.text}\n{QUESTION}"
    runs = Runs()
    chain.invoke(QUESTION, {"callbacks": [runs]})
    assert [run[:2] for run in runs.seen if run[0] == "retriever"] == [("retriever", "retrieve")]


def test_the_retriever_is_asynchronous_and_in_batches(bot: Bot) -> None:
    retriever = bot.as_retriever(k=2)
    expected = retriever.invoke(QUESTION)
    assert asyncio.run(retriever.ainvoke(QUESTION)) == expected
    assert retriever.batch([QUESTION, QUESTION]) == [expected, expected]
    with pytest.raises(QuestionError):
        retriever.invoke("")


# Some essays only


@pytest.mark.parametrize("essay", ["bees.ko", "salt-road"])
def test_essays_narrow_every_answer_and_search(bot: Bot, essay: str) -> None:
    assert {hit.passage.essay for hit in bot.search(QUESTION, 10, [essay])} == {essay}
    assert {document.metadata["essay"] for document in bot.as_retriever(10, [essay]).invoke(QUESTION)} == {essay}
    for question in (QUESTION, "What did the salt cost?", "종은 몇 번 치나요?"):
        answer = bot.ask(question, essays=[essay])
        assert {citation.essay for citation in answer.citations} | {passage.essay for passage in answer.nearest} <= {essay}
        assert bot.as_runnable(essays=[essay]).invoke(question).citations == answer.citations


def test_an_unknown_essay_is_refused(bot: Bot) -> None:
    for ask in (bot.ask, bot.search, lambda question, essays: bot.as_retriever(essays=essays)):
        with pytest.raises(QuestionError, match="No essay has the id 'nowhere'"):
            ask(QUESTION, essays=["nowhere"])


# The runnable


@pytest.mark.parametrize("given", [
    QUESTION,
    {"question": QUESTION},
    {"question": QUESTION, "history": []},
    [HumanMessage(QUESTION)],
    [SystemMessage("Be brief."), HumanMessage(QUESTION)],
    {"messages": [{"role": "user", "content": QUESTION}]},
    [("user", QUESTION)],
    HumanMessage(QUESTION),
], ids=["text", "mapping", "history", "message", "system", "messages", "pairs", "one message"])  # fmt: skip
def test_the_runnable_takes_every_usual_input(bot: Bot, given: Any) -> None:
    answer = bot.as_runnable().invoke(given)
    assert answer.citations == bot.ask(QUESTION).citations != ()


def test_earlier_messages_are_the_history(bot: Bot) -> None:
    messages = [HumanMessage(QUESTION), AIMessage("밤에 옮깁니다."), HumanMessage("왜?")]
    assert question_and_history(messages) == ("왜?", [Message("user", QUESTION), Message("assistant", "밤에 옮깁니다.")])
    history = [("user", QUESTION), ("assistant", "밤에 옮깁니다.")]
    assert bot.as_runnable().invoke(messages).standalone == bot.ask("왜?", history).standalone != "왜?"


@pytest.mark.parametrize("given", [None, 3, [], {}, {"messages": []}, [AIMessage("hello")], b"bytes"])
def test_another_input_is_refused(bot: Bot, given: Any) -> None:
    with pytest.raises(QuestionError):
        bot.as_runnable().invoke(given)


def test_a_stream_ends_with_the_whole_answer(bot: Bot) -> None:
    whole = bot.ask(QUESTION)
    runnable = bot.as_runnable()
    streams = (list(runnable.stream(QUESTION)), *(asyncio.run(collected(one.astream(QUESTION))) for one in (runnable, bot)))
    for answers in streams:
        assert len(answers) == 3  # citations, sentences, next questions
        assert (answers[0].citations, answers[0].sentences) == (whole.citations, ())
        assert answers[-1].text == whole.text
    assert asyncio.run(bot.aask(QUESTION)).text == asyncio.run(runnable.ainvoke(QUESTION)).text == whole.text
    assert {answer.text for answer in runnable.batch([QUESTION, QUESTION])} == {whole.text}


def test_the_runnable_is_a_part_of_a_chain(bot: Bot) -> None:
    chain = bot.as_runnable() | (lambda answer: answer.citations[0].quote)
    assert chain.invoke(QUESTION) == bot.ask(QUESTION).citations[0].quote


def test_a_question_that_streams_in_from_a_chain_is_put_together(bot: Bot) -> None:
    def pieces(_: Iterator[str]) -> Iterator[str]:
        yield from (QUESTION[:4], QUESTION[4:])  # as a parser of a model's answer gives it

    *_, last = (RunnableGenerator(pieces) | bot.as_runnable()).stream("anything")
    assert (last.question, last.text) == (QUESTION, bot.ask(QUESTION).text)


# Runs, as callbacks see them


def ways(bot: Bot) -> dict[str, Callable[[Any], object]]:
    """The ways to ask, each a function of the `config`."""
    given: Any = {"question": "왜?", "history": HISTORY}
    runnable = bot.as_runnable()
    return {
        "ask": lambda config: bot.ask(**given, config=config),
        "stream": lambda config: list(bot.stream(**given, config=config)),
        "aask": lambda config: asyncio.run(bot.aask(**given, config=config)),
        "astream": lambda config: asyncio.run(collected(bot.astream(**given, config=config))),
        "invoke": lambda config: runnable.invoke(given, config),
        "runnable's stream": lambda config: list(runnable.stream(given, config)),
        "ainvoke": lambda config: asyncio.run(runnable.ainvoke(given, config)),
        "runnable's astream": lambda config: asyncio.run(collected(runnable.astream(given, config))),
    }


@pytest.mark.parametrize(
    "way", ["ask", "stream", "aask", "astream", "invoke", "runnable's stream", "ainvoke", "runnable's astream"]
)
def test_a_question_is_one_run_with_its_retriever_and_its_model_below_it(way: str, settings: Settings) -> None:
    runs = Runs()
    bot = Bot(settings, ToyEmbedder(), TalkingModel(reply=REPLY).chat_model())
    ways(bot)[way]({"callbacks": [runs], "tags": ["mine"]})
    assert runs.seen == [
        ("chain", "dolmen", ""),
        ("model", "condense", "dolmen"),
        ("retriever", "retrieve", "dolmen"),
        ("model", "generate", "dolmen"),
    ]
    assert runs.ended.keys() == {"dolmen", "condense", "retrieve", "generate"}
    assert not runs.failed
    assert all("mine" in tags for tags in runs.tags.values())
    assert isinstance(runs.ended["dolmen"], Answer)
    assert REPLY in runs.ended["generate"].generations[0][0].text


def test_without_a_model_the_retriever_runs_alone(bot: Bot) -> None:
    runs = Runs()
    bot.ask(QUESTION, config={"callbacks": [runs]})
    assert runs.seen == [("chain", "dolmen", ""), ("retriever", "retrieve", "dolmen")]


def test_a_trace_shows_the_documents_that_the_answer_is_made_from(bot: Bot) -> None:
    runs = Runs()
    answer = bot.ask(QUESTION, config={"callbacks": [runs]})
    documents: list[Document] = runs.ended["retrieve"]
    places = [[document.metadata[name] for name in ("essay", "start", "end")] for document in documents]
    assert [document.page_content for document in documents] == [bot.essay(one).text[a:b] for one, a, b in places]
    cited = answer.citations[0]
    assert any(cited.quote in document.page_content for document in documents if document.metadata["essay"] == cited.essay)
    assert "windows" not in dumps(documents) + repr(documents) + "".join(map(Document.model_dump_json, documents))


def test_the_config_names_the_run(bot: Bot) -> None:
    runs, identity = Runs(), uuid4()
    bot.ask(QUESTION, config={"callbacks": [runs], "run_name": "essays", "run_id": identity})
    bot.as_runnable().with_config(run_name="mine").invoke(QUESTION, {"callbacks": [runs]})
    assert [run for run in runs.seen if run[0] == "chain"] == [("chain", "essays", ""), ("chain", "mine", "")]
    assert runs._names[identity] == "essays"


def test_inside_a_chain_the_run_is_a_part_of_the_chains(bot: Bot) -> None:
    runs = Runs()
    (RunnableLambda(lambda text: text) | bot.as_runnable()).with_config(run_name="outer").invoke(QUESTION, {"callbacks": [runs]})
    assert ("chain", "dolmen", "outer") in runs.seen
    assert ("retriever", "retrieve", "dolmen") in runs.seen


def test_a_refused_question_is_a_failed_run(bot: Bot) -> None:
    runs = Runs()
    with pytest.raises(QuestionError):
        bot.ask(" ", config={"callbacks": [runs]})
    assert runs.seen == [("chain", "dolmen", "")]
    assert isinstance(runs.failed["dolmen"], QuestionError)


def test_events_are_streamed(settings: Settings) -> None:
    bot = Bot(settings, ToyEmbedder(), TalkingModel(reply=REPLY).chat_model())
    events = asyncio.run(collected(bot.as_runnable().astream_events(QUESTION, version="v2")))
    seen = {(event["event"], event["name"]) for event in events}
    assert seen >= {
        ("on_chain_start", "dolmen"), ("on_chain_stream", "dolmen"), ("on_chain_end", "dolmen"),
        ("on_retriever_end", "retrieve"), ("on_chat_model_stream", "generate"), ("on_chat_model_end", "generate"),
    }  # fmt: skip


# Stopping


@pytest.fixture
def silent(settings: Settings) -> tuple[Bot, TalkingModel]:
    """A bot whose model stops talking for a minute, so that only a cancellation ends it."""
    model = TalkingModel(reply=f"{REPLY} 낮에는", silence=60)
    return Bot(settings, ToyEmbedder(), model.chat_model()), model


def test_closing_the_stream_ends_the_models_run(silent: tuple[Bot, TalkingModel]) -> None:
    bot, model = silent
    for stream in (bot.stream, bot.as_runnable().stream):
        runs = Runs()
        answers: Any = stream(QUESTION, config={"callbacks": [runs]})
        assert any("밤에 옮깁니다" in answer.text for answer in answers)
        answers.close()
        assert later(lambda seen=runs: "generate" in seen.failed)  # type: ignore[misc]
        assert isinstance(runs.ended["dolmen"], Answer)
    assert later(lambda: model.ended == [True, True])


async def has_first_words(answers: AsyncGenerator[Answer]) -> bool:
    async for answer in answers:
        if "밤에 옮깁니다" in answer.text:
            return True
    return False


@pytest.mark.parametrize("of", ["bot", "runnable"])
def test_closing_the_asynchronous_stream_ends_the_models_run(of: str, silent: tuple[Bot, TalkingModel]) -> None:
    bot, model = silent

    async def stopped() -> list[bool]:
        answers: AsyncGenerator[Answer] = (bot if of == "bot" else bot.as_runnable()).astream(QUESTION)
        assert await has_first_words(answers)
        await answers.aclose()
        await asyncio.to_thread(later, lambda: bool(model.ended))
        return list(model.ended)

    assert asyncio.run(stopped()) == [True]


@pytest.mark.parametrize("ask", ["astream", "aask", "ainvoke"])
def test_cancelling_the_task_ends_the_models_run(ask: str, silent: tuple[Bot, TalkingModel]) -> None:
    bot, model = silent
    spoken = threading.Event()

    class Listener(BaseCallbackHandler):
        def on_llm_new_token(self, token: Any, **_: Any) -> None:
            spoken.set()

    async def cancelled() -> list[bool]:
        config: Any = {"callbacks": [Listener()]}
        work: dict[str, Callable[[], Any]] = {
            "astream": lambda: collected(bot.astream(QUESTION, config=config)),
            "aask": lambda: bot.aask(QUESTION, config=config),
            "ainvoke": lambda: bot.as_runnable().ainvoke(QUESTION, config),
        }
        task = asyncio.ensure_future(work[ask]())
        assert await asyncio.to_thread(spoken.wait, 10)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        await asyncio.to_thread(later, lambda: bool(model.ended))
        return list(model.ended)

    assert asyncio.run(cancelled()) == [True]


# Tracing

CHILD = """
import asyncio, sys
from bot import Bot
from bot.settings import Settings
from langchain_core.tracers.langchain import wait_for_all_tracers
from tests.toys import TalkingModel, ToyEmbedder

index, question, reply = sys.argv[1:]
bot = Bot(Settings.load(index=index), ToyEmbedder(), TalkingModel(reply=reply).chat_model())
bot.ask(question)
list(bot.stream(question))
bot.as_retriever().invoke(question)
asyncio.run(bot.as_retriever().ainvoke(question))
bot.as_runnable().invoke(question)
asyncio.run(bot.aask(question))
bot.standalone("왜?", [("user", question), ("assistant", reply)])
bot.try_model()
wait_for_all_tracers()
"""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """LangSmith's server, and in the environment LangSmith's own variables that ask for tracing to it."""
    with Collector() as running:
        for name, value in {"TRACING": "true", "API_KEY": "x", "ENDPOINT": running.url}.items():
            monkeypatch.setenv(f"LANGSMITH_{name}", value)
        yield running


def ask_in_a_child(settings: Settings) -> None:
    """Ask in every way in a process of its own, which has read no environment yet, and wait until all is sent."""
    command = [sys.executable, "-c", CHILD, str(settings.index), QUESTION, REPLY]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_langsmith_is_sent_nothing_by_default(settings: Settings, collector: Collector) -> None:
    ask_in_a_child(settings)
    assert collector.requests == []


def test_langsmith_is_sent_the_runs_where_it_is_allowed(
    settings: Settings, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TRACING", "1")
    ask_in_a_child(settings)
    assert any(request.startswith("POST /runs") for request in collector.requests)
    for expected in ('"run_type":"retriever"', '"run_type":"llm"', '"name":"dolmen"', '"name":"retrieve"', '"name":"generate"'):
        assert expected in collector.text
    assert QUESTION in collector.text


@pytest.fixture
def own_tracing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """LangSmith's tracing is asked for in this process; its requests would go to a port that nothing listens on."""
    from langsmith import utils

    for name, value in {"TRACING": "true", "API_KEY": "x", "ENDPOINT": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(f"LANGSMITH_{name}", value)
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]
    yield
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("own_tracing")
def test_the_iteration_leaves_the_callers_own_tracing_as_it_is(bot: Bot) -> None:
    from langsmith.utils import tracing_is_enabled

    for _ in bot.stream(QUESTION):
        assert tracing_is_enabled() is True
    assert tracing_is_enabled() is True


def test_a_callers_context_that_traces_everything_sees_no_essay(bot: Bot) -> None:
    from unittest.mock import create_autospec

    from langsmith import Client

    client = create_autospec(Client, instance=True)
    with tracing_v2_enabled(client=client):
        bot.ask(QUESTION)
        bot.as_retriever().invoke(QUESTION)
        asyncio.run(bot.aask(QUESTION))
        assert client.create_run.call_count == 0
        RunnableLambda(str).invoke("the caller's own")
    assert client.create_run.call_count == 1
