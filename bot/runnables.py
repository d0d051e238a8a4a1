"""Dolmen as a LangChain retriever and as a LangChain runnable, for other people's chains and agents.

Both come from `Bot.as_retriever` and `Bot.as_runnable`. LangChain is imported with this module only.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing
from threading import Lock
from typing import Any, Self, TypeVar, cast

from langchain_core.callbacks import CallbackManagerForChainRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import Field, PrivateAttr, SkipValidation

from bot import tracing
from bot.chats.messages import normalized
from bot.errors import QuestionError
from bot.messages import errors
from bot.schema import Answer, Essay, Hit

Search = Callable[[str, int], Sequence[Hit]]
Answers = Callable[[str, Sequence[Any], RunnableConfig], Iterator[Answer]]
T = TypeVar("T")
_END = object()


class EssayRetriever(BaseRetriever):
    """The passages of the essays as documents, best first.

    `page_content` is `essay.text[start:end]`; the metadata holds `essay` (its id), `title`, `author`, `date`, `language`, `source`,
    `start`, `end` and `score`, and the `page` of a file that has pages; the document's id is the passage's.
    """

    k: int = 6
    _search: Search = PrivateAttr()
    _essay: Callable[[str], Essay] = PrivateAttr()
    _traced: bool = PrivateAttr(default=False)

    @classmethod
    def of(cls, search: Search, essay: Callable[[str], Essay], k: int, traced: bool) -> Self:
        """A retriever over `search(question, k)`; `essay(id)` gives the essays' fields; `traced` lets LangSmith see its runs."""
        retriever = cls(k=k, name="retrieve")
        retriever._search, retriever._essay, retriever._traced = search, essay, traced
        return retriever

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002
        """The documents for a question. Raises `QuestionError` as `Bot.search` does."""
        with tracing.context(self._traced):
            return super().invoke(input, tracing.local_config(config, self._traced), **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002
        """As `invoke`, in a thread."""
        with tracing.context(self._traced):
            return await super().ainvoke(input, tracing.local_config(config, self._traced), **kwargs)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        return [self._document(hit) for hit in self._search(query, self.k if k is None else k)]

    def _document(self, hit: Hit) -> Document:
        passage, essay = hit.passage, self._essay(hit.passage.essay)
        fields = {name: getattr(essay, name) for name in ("title", "author", "date", "language", "source")}
        place = {"start": passage.start, "end": passage.end, "score": round(hit.score, 4)}
        if essay.pages:
            place["page"] = essay.page_at(passage.start)
        return Document(id=passage.id, page_content=passage.text, metadata={"essay": essay.id, **fields, **place})


class HitDocument(Document):
    """A document with the hit that it was made from, which a trace or a dump of the document does not show."""

    hit: SkipValidation[Hit] = Field(exclude=True, repr=False)


class HitRetriever(EssayRetriever):
    """The retriever of the bot's own answers, which are made from hits: a document has no windows and only one of the scores."""

    def hits(self, question: str, config: RunnableConfig) -> list[Hit]:
        """The hits for a question, best first, found in a retriever run."""
        return [cast(HitDocument, document).hit for document in self.invoke(question, config)]

    def _document(self, hit: Hit) -> Document:
        return HitDocument(**dict(super()._document(hit)), hit=hit)


class AnswerRunnable(Runnable[Any, Answer]):
    """A question in, an `Answer` out; streamed, each answer extends the one before.

    The input is the question as a string, a mapping with `question` and `history` (optional), or a list of messages, the last of which is
    the question. Raises `QuestionError` for any other input. A question is one run, named `dolmen` unless `config` gives it a name.
    """

    name = "dolmen"

    def __init__(self, answers: Answers, traced: bool) -> None:
        """`answers(question, history, config)` makes the answers, with the `config` of runs below this one's.

        `traced` lets LangSmith see the runs.
        """
        self._answers, self._traced = answers, traced

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002
        """The whole answer."""
        *_, answer = self.stream(input, config, **kwargs)
        return answer

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Generator[Answer]:  # noqa: A002
        """The answer while it is made. Closing the stream ends the model's work at once."""
        config = tracing.local_config(config, self._traced)
        steps = self._transform_stream_with_config(iter([input]), self._run, config, **kwargs)
        yield from tracing.iterate(cast(Generator[Answer], steps), self._traced)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002
        """As `invoke`, without blocking the event loop."""
        async with aclosing(self.astream(input, config, **kwargs)) as answers:
            *_, answer = [answer async for answer in answers]
        return answer

    async def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncGenerator[Answer]:  # noqa: A002
        """As `stream`, without blocking the event loop."""
        async with aclosing(_in_threads(self.stream(input, config, **kwargs))) as answers:
            async for answer in answers:
                yield answer

    def _run(self, inputs: Iterator[Any], run_manager: CallbackManagerForChainRun, config: RunnableConfig) -> Iterator[Answer]:
        """The answers, within the run of `run_manager`; LangChain has put its children's callbacks into `config`."""
        (given,) = inputs
        question, history = question_and_history(given)
        yield from self._answers(question, history, config)


async def _in_threads(items: Generator[T]) -> AsyncGenerator[T]:
    """The items, each made in a thread. Closing or cancelling this closes `items`, after the step that a thread is making."""
    turn = Lock()

    def step() -> Any:
        with turn:
            return next(items, _END)

    def close() -> None:
        with turn:  # a thread cannot be cancelled: a cancelled step is still being made
            items.close()

    try:
        while (item := await asyncio.to_thread(step)) is not _END:
            yield item
    finally:
        await asyncio.shield(asyncio.to_thread(close))


def question_and_history(given: Any) -> tuple[str, Sequence[Any]]:
    """The question and the earlier turns of an input of `AnswerRunnable`. Raises `QuestionError` for an input of another shape."""
    if isinstance(given, str):
        return given, ()
    if isinstance(given, Mapping) and "question" in given:
        history = given.get("history")
        return given["question"], () if history is None else history
    messages = given.get("messages") if isinstance(given, Mapping) else given
    if isinstance(messages, BaseMessage):
        messages = [messages]
    if isinstance(messages, Sequence) and not isinstance(messages, str | bytes) and messages:
        turns = normalized(_without_system(messages))
        if turns and turns[-1].role == "user":
            return turns[-1].text, turns[:-1]
    raise QuestionError(errors.NO_QUESTION.format(type=type(given).__name__))


def _without_system(messages: Sequence[Any]) -> list[Any]:
    """The messages without those of the system, which the bot does not follow."""
    return [message for message in messages if getattr(message, "type", None) != "system"]
