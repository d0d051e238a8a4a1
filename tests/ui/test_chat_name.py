"""The box "Name of this chat": there only while a saved chat is open, from its first turn on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from bot.chats.history import ChatHistory
from bot.schema import Answer
from bot.ui.chat_events import ChatEvents
from bot.ui.chat_handlers import ChatHandlers
from bot.ui.layout import Components, build_components
from bot.ui.view_events import ViewEvents
from bot.ui.view_handlers import ViewHandlers
from bot.uploads import Uploads
from tests.pages import ScriptedBot, quoting

READER = "r" * 43


@dataclass
class Page:
    """The components of a page and their handlers."""

    components: Components
    chat: ChatEvents
    views: ViewEvents
    history: ChatHistory

    def name_box(self, updates: Any) -> tuple[bool, str] | None:
        """Whether the updates show the box, and with which name; None where they leave it as it is."""
        update = updates.get(self.components.chat_name)
        return None if update is None else (update.visible is True, str(update.value or ""))

    def ask(self, question: str, chat: str = "", reader: str = READER) -> Iterator[Any]:
        return self.chat.ask_question(json.dumps({"question": question}), "answer", chat, "default", request(reader))

    def chat_id(self, updates: Any) -> str:
        return str(updates[self.components.chat_id])


def request(reader: str = READER) -> Any:
    return gr.Request(headers={"cookie": f"dolmen_reader={reader}"} if reader else {}, client={"host": "127.0.0.1"})


def page_of(bot: ScriptedBot, data: Path | None = None) -> Page:
    uploads, history = Uploads(bot), ChatHistory(data or bot.settings.data)  # type: ignore[arg-type]
    handlers = ChatHandlers(uploads, history)
    with gr.Blocks():
        parts = build_components()
    views = ViewHandlers(uploads, history, handlers, bot.settings.data)
    return Page(parts, ChatEvents(parts, handlers), ViewEvents(parts, views), history)


@pytest.fixture
def page() -> Page:
    return page_of(ScriptedBot(quoting))


def test_a_new_page_has_no_box(page: Page) -> None:
    assert page.components.chat_name.visible is False
    for chat in ("", "no-such-chat"):
        command = json.dumps({"talk": chat})
        assert page.name_box(next(page.views.start(command, request()))) == (False, "")
        assert page.name_box(next(page.views.open_chat(command, "default", request()))) == (False, "")


def test_the_box_is_there_with_the_first_step_of_the_first_answer(page: Page) -> None:
    first, *rest = page.ask("왜?")
    assert page.name_box(first) == (True, "왜?")
    assert [page.name_box(updates) for updates in rest] == [None] * len(rest)
    chat = page.chat_id(first)
    assert {page.name_box(updates) for updates in page.ask("또?", chat)} == {None}, "the reader may be typing in it"


def test_the_box_is_usable_while_the_first_answer_is_written() -> None:
    named: list[str] = []

    def naming(question: str) -> Iterator[Answer]:
        _, _, notice = page.views.rename_chat(page.chat_id(first), "돌 이야기", "", request())
        named.append(notice)
        yield from quoting(question)

    page = page_of(ScriptedBot(naming))
    answering = page.ask("왜?")
    first = next(answering)
    list(answering)
    assert named == [""]
    assert page.history.get(READER, page.chat_id(first)).name == "돌 이야기"


def test_the_box_comes_and_goes_with_the_chat_that_is_opened(page: Page) -> None:
    first, *_ = page.ask("왜?")
    chat = page.chat_id(first)
    for identity, box in ((chat, (True, "왜?")), ("", (False, "")), (chat, (True, "왜?"))):
        command = json.dumps({"talk": identity})
        assert page.name_box(next(page.views.open_chat(command, "default", request()))) == box
        assert page.name_box(next(page.views.start(command, request()))) == box
        _, name = page.views.update_history("", identity, request())
        assert (name.visible is True, name.value or "") == box


def test_a_question_that_is_declined_leaves_the_box(page: Page) -> None:
    assert {page.name_box(updates) for updates in page.ask("가" * 4_001)} == {None}


def test_a_chat_deleted_in_another_tab_takes_the_box_away(page: Page) -> None:
    first, *_ = page.ask("왜?")
    page.history.delete(READER, page.chat_id(first))
    name, _, notice = page.views.rename_chat(page.chat_id(first), "돌 이야기", "", request())
    assert (name.visible is True, "그런 대화가 없습니다" in notice or "no such" in notice) == (False, True)


def test_a_chat_that_is_not_saved_has_no_box(tmp_path: Path) -> None:
    """Without a cookie, or where the disk cannot be written, there is nothing that could have a name."""
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be")
    for page, reader in ((page_of(ScriptedBot(quoting)), ""), (page_of(ScriptedBot(quoting), blocked), READER)):
        first, *_ = page.ask("왜?", reader=reader)
        assert page.name_box(first) == (False, "")
