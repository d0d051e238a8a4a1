"""Dolmen in LangChain: the retriever, the runnable, their async forms, callbacks, and what LangSmith is sent."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import create_autospec

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from bot import Bot
from bot.errors import QuestionError
from bot.indexing.build import build_index
from bot.runnables import question_and_history
from bot.schema import Message
from bot.settings import Settings
from tests.places import ESSAYS
from tests.toys import ToyEmbedder

QUESTION = "벌통은 언제 옮기나요?"


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
    """Records the names of the runs that it sees, by kind."""

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []

    def on_chain_start(self, serialized: Any, inputs: Any, *, name: str = "", **_: Any) -> None:
        self.names.append(("chain", name))

    def on_retriever_start(self, serialized: Any, query: str, *, name: str = "", **_: Any) -> None:
        self.names.append(("retriever", name))


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
    assert ("retriever", "retrieve") in runs.names


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
    async def streamed() -> list[Any]:
        return [answer async for answer in bot.as_runnable().astream(QUESTION)]

    async def from_bot() -> list[Any]:
        return [answer async for answer in bot.astream(QUESTION)]

    whole = bot.ask(QUESTION)
    for answers in (list(bot.as_runnable().stream(QUESTION)), asyncio.run(streamed()), asyncio.run(from_bot())):
        assert len(answers) == 2
        assert (answers[0].citations, answers[0].sentences) == (whole.citations, ())
        assert answers[-1].text == whole.text
    assert asyncio.run(bot.aask(QUESTION)).text == asyncio.run(bot.as_runnable().ainvoke(QUESTION)).text == whole.text


def test_callbacks_see_the_steps_by_name(bot: Bot) -> None:
    through_runnable, through_bot = Runs(), Runs()
    bot.as_runnable().invoke(QUESTION, {"callbacks": [through_runnable]})
    bot.ask(QUESTION, config={"callbacks": [through_bot]})
    for runs in (through_runnable, through_bot):
        assert {"condense", "retrieve", "quote", "generate"} <= {name for _, name in runs.names}


def test_the_runnable_is_a_part_of_a_chain(bot: Bot) -> None:
    chain = bot.as_runnable() | (lambda answer: answer.citations[0].quote)
    assert chain.invoke(QUESTION) == bot.ask(QUESTION).citations[0].quote


# Tracing


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The inputs of the runs that LangSmith's client is given, with LangSmith's own variables set. Nothing leaves the process."""
    from langsmith import Client, run_trees, utils

    inputs: list[str] = []
    client = create_autospec(Client, instance=True)
    client.create_run.side_effect = lambda *given, **named: inputs.append(f"{given} {named}")
    for name, value in {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]
    monkeypatch.setattr(run_trees, "_CLIENT", client)
    yield inputs
    utils.get_env_var.cache_clear()  # type: ignore[attr-defined]


def ask_everywhere(bot: Bot) -> None:
    bot.ask(QUESTION)
    list(bot.stream(QUESTION))
    bot.as_retriever().invoke(QUESTION)
    asyncio.run(bot.as_retriever().ainvoke(QUESTION))
    bot.as_runnable().invoke(QUESTION)
    asyncio.run(bot.as_runnable().ainvoke(QUESTION))


def test_langsmith_is_given_nothing_by_default(bot: Bot, sent: list[str]) -> None:
    ask_everywhere(bot)
    assert sent == []


def test_langsmith_is_given_the_runs_where_it_is_allowed(settings: Settings, sent: list[str]) -> None:
    ask_everywhere(Bot(settings.model_copy(update={"tracing": True}), ToyEmbedder()))
    assert any(QUESTION in run for run in sent)


def test_the_iteration_leaves_the_callers_own_tracing_as_it_is(bot: Bot, sent: list[str]) -> None:
    from langsmith.utils import tracing_is_enabled

    for _ in bot.stream(QUESTION):
        assert tracing_is_enabled() is True
    assert tracing_is_enabled() is True
