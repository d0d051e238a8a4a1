"""Stand-ins for the tests of the page: a scripted bot, essays and answers, a server in a thread, and a server that records requests."""

import html
import re
import shutil
import socket
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.chats.messages import normalized
from bot.errors import QuestionError
from bot.indexing.analogies import Analogy
from bot.indexing.splitter import quotable
from bot.messages import errors
from bot.pipeline import checked_question
from bot.schema import Answer, Citation, Essay, Hit, Passage, Sentence
from bot.settings import Settings
from bot.text.language import language_of
from tests.toys import essay_of

KOREAN = essay_of(
    "첫 문단이다.\n\n앞 문장. 고인돌은 힘을 보여 준다. 뒤 문장.\n\n끝 문단.", "dolmen.ko", "ko", "고인돌 이야기", "dolmen.ko.md"
)
ENGLISH = essay_of("A first paragraph.\n\nBefore. A dolmen shows power. It is heavy. After.\n\nThe end.", "dolmen.en")

Script = Callable[[str], Iterator[Answer]]


_BLOCK_END = re.compile(r"<br>|</(?:p|blockquote)>")
_TAG = re.compile(r"<[^>]*>")


def visible_text(markup: str) -> str:
    """The text that a reader sees in HTML made here, one line for each block. The inverse of `bot.ui.markup.escape`."""
    return html.unescape(_TAG.sub("", _BLOCK_END.sub("\n", markup))).strip()


class ScriptedBot:
    """A bot whose answers are made by `script`. It records the questions, and saves chats and uploads in a temporary folder."""

    def __init__(
        self,
        script: Script,
        essays: Sequence[Essay] = (KOREAN, ENGLISH),
        ready: bool = True,
        *,
        model_name: str = "quotes",
        analogies: Sequence[Analogy] = (),
        data: Path | None = None,
    ) -> None:
        self.script = script
        self.ready = ready
        self.model_name = model_name
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []
        self.modes: list[str] = []
        temporary = tempfile.mkdtemp()
        weakref.finalize(self, shutil.rmtree, temporary, ignore_errors=True)
        self.settings = Settings.load(data=data or Path(temporary))
        self._essays = {essay.id: essay for essay in essays}
        self._analogies = tuple(analogies)

    def stream(self, question: str, history: Sequence[Any] = (), mode: str = "answer") -> Iterator[Answer]:
        question = checked_question(question, mode)
        self.asked.append((question, [(message.role, message.text) for message in normalized(history)]))
        self.modes.append(mode)
        yield from self.script(question)

    def ask(self, question: str, history: Sequence[Any] = (), mode: str = "answer") -> Answer:
        *_, answer = self.stream(question, history, mode)
        return answer

    def essay(self, identity: str) -> Essay:
        if identity not in self._essays:
            raise QuestionError(errors.NO_SUCH_ESSAY.format(identity=identity, known=""))
        return self._essays[identity]

    def essays(self) -> list[Essay]:
        return list(self._essays.values())

    def essay_ids(self) -> set[str]:
        return set(self._essays)

    def collections(self) -> list[str]:
        return [self.settings.collection]

    def sentences(self, identity: str) -> list[tuple[int, int]]:
        return quotable(self.essay(identity))

    def search(self, question: str, k: int = 5) -> list[Hit]:
        matches = [essay for essay in self._essays.values() if question in essay.text]
        return [Hit(Passage.of(essay, 0, min(40, len(essay.text))), 1.0, 1.0, 1.0) for essay in matches][:k]

    def analogies(self) -> tuple[Analogy, ...]:
        return self._analogies

    def try_model(self) -> float:
        return 0.0


def empty_answer(question: str) -> Answer:
    """An answer without sentences and citations."""
    return Answer(question, question, "ko" if language_of(question) == "ko" else "en", "answer", "scripted")


def cite(essay: Essay, quote: str, number: int = 1) -> Citation:
    """A citation of the first occurrence of `quote` in `essay`."""
    start = essay.text.index(quote)
    return Citation(number, essay.id, essay.title, essay.source, quote, start, start + len(quote), essay.sha256)


def quoting(question: str) -> Iterator[Answer]:
    """A script: an answer with a citation, then the same with the quotation as its sentence."""
    is_korean = empty_answer(question).language == "ko"
    citation = cite(KOREAN, "고인돌은 힘을 보여 준다.") if is_korean else cite(ENGLISH, "A dolmen shows power.")
    answer = replace(empty_answer(question), citations=(citation,))
    yield answer
    yield replace(answer, sentences=(Sentence(f"“{citation.quote}”", "essay", (1,), True),))


def abstaining(question: str) -> Iterator[Answer]:
    """A script: an abstention with a nearest passage."""
    nearest = Passage.of(KOREAN, 0, 7)
    yield replace(
        empty_answer(question), sentences=(Sentence("에세이에는 없습니다.", "notice"),), abstained=True, nearest=(nearest,)
    )


def hostile_answer(text: str) -> tuple[Essay, Answer]:
    """An essay with `text` in every field, and an answer with `text` in every place where an answer can have text."""
    essay = Essay("hostile", text, text, text, "en", text, text, f"Before.\n\nHead {text.strip()} tail.\n\nAfter.")
    quote = Citation(1, essay.id, essay.title, essay.source, text.strip(), 14, 14 + len(text.strip()), essay.sha256)
    sentences = (
        Sentence(text, "notice"),
        Sentence(text, "essay", (1,), True),
        Sentence(text, "reading"),
        Sentence(f"x {text}", "essay"),
    )
    return essay, replace(empty_answer("?"), standalone=text, sentences=sentences, citations=(quote,))


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve `app` from a thread until the block ends. Yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait_for(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


class Sink:
    """An application that records the paths of requests."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.paths.append(scope["path"])
            await PlainTextResponse("here")(scope, receive, send)


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Return as soon as the condition is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.02)
