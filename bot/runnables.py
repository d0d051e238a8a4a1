"""Dolmen as a LangChain retriever and as a LangChain runnable, for other people's chains and agents.

Both come from `Bot.as_retriever` and `Bot.as_runnable`. LangChain is imported with this module only.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor
from pydantic import PrivateAttr

from bot import tracing
from bot.chats.messages import normalized
from bot.errors import QuestionError
from bot.schema import Answer, Essay, Hit

Search = Callable[[str, int], Sequence[Hit]]
Stream = Callable[[str, Sequence[Any], RunnableConfig], Iterator[Answer]]
_END = object()


class EssayRetriever(BaseRetriever):
    """The passages of the essays as documents, best first.

    `page_content` is `essay.text[start:end]`; the metadata holds `essay` (its id), `title`, `author`, `date`, `language`, `source`,
    `start`, `end` and `score`; the document's id is the passage's.
    """

    k: int = 6
    _search: Search = PrivateAttr()
    _essay: Callable[[str], Essay] = PrivateAttr()
    _traced: bool = PrivateAttr(default=False)

    @classmethod
    def of(cls, search: Search, essay: Callable[[str], Essay], k: int, traced: bool) -> "EssayRetriever":
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
        return Document(id=passage.id, page_content=passage.text, metadata={"essay": essay.id, **fields, **place})


class AnswerRunnable(Runnable[Any, Answer]):
    """A question in, an `Answer` out; streamed, each answer extends the one before.

    The input is the question as a string, a mapping with `question` and `history` (optional), or a list of messages, the last of which is
    the question. Raises `QuestionError` for any other input.
    """

    name = "dolmen"

    def __init__(self, stream: Stream, traced: bool) -> None:
        """`stream(question, history, config)` yields the answers; `traced` lets LangSmith see the runs."""
        self._stream, self._traced = stream, traced

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002
        """The whole answer."""
        *_, answer = self.stream(input, config, **kwargs)
        return answer

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Answer]:  # noqa: A002
        """The answer while it is made."""
        yield from self.transform(iter([input]), config, **kwargs)

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Answer]:  # noqa: A002
        """The answers to the last of the inputs, which a chain may give in parts."""
        steps = self._transform_stream_with_config(input, self._answers, tracing.local_config(config, self._traced), **kwargs)
        yield from tracing.iterate(steps, self._traced)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002
        """As `invoke`, without blocking the event loop."""
        return await run_in_executor(config, self.invoke, input, config, **kwargs)

    async def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Answer]:  # noqa: A002
        """As `stream`, without blocking the event loop."""
        answers = self.stream(input, config, **kwargs)
        while (answer := await run_in_executor(config, next, answers, _END)) is not _END:
            yield answer  # type: ignore[misc]

    def _answers(self, inputs: Iterator[Any], run_manager: Any, config: RunnableConfig) -> Iterator[Answer]:
        *_, last = inputs
        question, history = question_and_history(last)
        from langchain_core.runnables.config import patch_config

        yield from self._stream(question, history, patch_config(config, callbacks=run_manager.get_child()))


def question_and_history(given: Any) -> tuple[str, Sequence[Any]]:
    """The question and the earlier turns of an input of `AnswerRunnable`. Raises `QuestionError` for an input of another shape."""
    if isinstance(given, str):
        return given, ()
    if isinstance(given, Mapping) and "question" in given:
        return given["question"], given.get("history") or ()
    messages = given.get("messages") if isinstance(given, Mapping) else given
    if isinstance(messages, BaseMessage):
        messages = [messages]
    if isinstance(messages, Sequence) and not isinstance(messages, str | bytes) and messages:
        turns = normalized(_without_system(messages))
        if turns and turns[-1].role == "user":
            return turns[-1].text, turns[:-1]
    raise QuestionError(
        f"The input is a {type(given).__name__} without a question. Give a string, {{'question': …}} or messages that end with the user's.",
        f"입력({type(given).__name__})에 질문이 없습니다. 문자열, {{'question': …}}, 또는 사용자의 말로 끝나는 메시지 목록을 주세요.",
    )


def _without_system(messages: Sequence[Any]) -> list[Any]:
    """The messages without those of the system, which the bot does not follow."""
    return [message for message in messages if getattr(message, "type", None) != "system"]
