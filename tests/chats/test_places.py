"""A turn keeps its place of the database when another turn of its chat cannot be read: ratings, edits, buttons and exports use it."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

from bot.chats.export import EXPORTS
from bot.chats.export_reader import quotations
from bot.chats.history import ChatHistory, Rating
from bot.errors import QuestionError
from bot.schema import Answer
from bot.ui.chat_events import parse_place
from bot.ui.history import chat_messages
from tests.conversation import READER, Conversation, conversation, handlers_of
from tests.pages import ScriptedBot, quoting


def answered(question: str) -> Answer:
    return [*quoting(question)][-1]


BROKEN = {
    "syntax": '{"broken"',
    "nesting": "[" * 100_000,
    "number": json.dumps({**answered("둘?").to_dict(), "timings": {"total_ms": 10**400}}),
    "type": "[]",
}


@pytest.fixture(params=BROKEN)
def history(request: pytest.FixtureRequest, tmp_path: Path) -> ChatHistory:
    """A history with one chat, `chat`, of four turns, of which the second holds broken JSON."""
    history = ChatHistory(tmp_path)
    for question in ("하나?", "둘?", "셋?", "넷?"):
        history.add(READER, "chat", answered(question))
    with sqlite3.connect(tmp_path / "conversations.sqlite3") as connection:
        connection.execute("update turns set answer = ? where place = 2", (BROKEN[request.param],))
    return history


def numbered(history: ChatHistory) -> list[tuple[int, str]]:
    return [(turn.place, turn.answer.question) for turn in history.get(READER, "chat").turns]


def stored_places(history: ChatHistory) -> list[int]:
    with sqlite3.connect(history._file) as connection:
        return [place for (place,) in connection.execute("select place from turns order by place")]


def button_places(markup: str) -> list[int]:
    return [int(place) for place in re.findall(r'id="turn-(\d+)-edit"', markup)]


def test_the_readable_turns_keep_their_places(history: ChatHistory) -> None:
    assert numbered(history) == [(1, "하나?"), (3, "셋?"), (4, "넷?")]


def test_a_rating_marks_the_turn_with_that_place(history: ChatHistory) -> None:
    history.rate(READER, "chat", 3, good=True)
    assert [turn.rating for turn in history.get(READER, "chat").turns] == [None, Rating(good=True), None]
    (line,) = history._ratings.read_text("utf-8").splitlines()
    assert json.loads(line)["question"] == "셋?"


def test_an_unreadable_turn_cannot_be_rated(history: ChatHistory) -> None:
    with pytest.raises(QuestionError):
        history.rate(READER, "chat", 2, good=True)
    assert not history._ratings.exists()


def test_an_edit_deletes_the_turns_from_its_place_on_and_no_other(history: ChatHistory) -> None:
    assert history.add(READER, "chat", answered("새 셋?"), replace_from=3) == 3
    assert numbered(history) == [(1, "하나?"), (3, "새 셋?")]
    assert stored_places(history) == [1, 2, 3]


def test_the_buttons_of_the_page_carry_the_places(history: ChatHistory) -> None:
    markup = "".join(message["content"] for message in chat_messages(history.get(READER, "chat").turns))
    assert button_places(markup) == [1, 3, 4]


def test_an_edit_on_the_page_keeps_the_turns_before_it(history: ChatHistory) -> None:
    bot = ScriptedBot(quoting)
    chat = Conversation(handlers_of(bot, history), READER, "chat")
    places = []
    for _ in chat.asking("새 셋?", cut=3):
        places.append([turn.place for turn in chat.turns])
    assert places == [[1, 3]] * len(places)
    *_, last = chat.ask("넷?")
    assert button_places("".join(message["content"] for message in last.messages)) == [1, 3, 4]
    assert [text for role, text in bot.asked[0][1] if role == "user"] == ["하나?"]
    assert numbered(history) == [(1, "하나?"), (3, "새 셋?"), (4, "넷?")]


def test_a_place_from_the_browser_may_have_any_number_of_digits(history: ChatHistory) -> None:
    place = parse_place("9" * 5_000)
    with pytest.raises(QuestionError):
        history.rate(READER, "chat", place, good=True)
    with pytest.raises(QuestionError):
        history.add(READER, "chat", answered("왜?"), replace_from=place)


def test_a_chat_that_is_not_saved_numbers_its_turns_by_itself() -> None:
    chat = conversation(ScriptedBot(quoting))
    for question in ("하나?", "둘?", "셋?"):
        chat.ask(question)
    assert [turn.place for turn in chat.turns] == [1, 2, 3]
    chat.ask("새 둘?", cut=2)
    assert [(turn.place, turn.answer.question) for turn in chat.turns] == [(1, "하나?"), (2, "새 둘?")]


def test_an_export_numbers_the_turns_by_their_places(history: ChatHistory) -> None:
    chat = history.get(READER, "chat")
    assert re.findall(r"^## (\d+)\.", EXPORTS["md"][0](chat), re.MULTILINE) == ["1", "3", "4"]
    assert re.findall(r'<section id="turn-(\d+)"', EXPORTS["html"][0](chat)) == ["1", "3", "4"]
    assert [turn["place"] for turn in json.loads(EXPORTS["json"][0](chat))["turns"]] == [1, 3, 4]


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_whose_first_turn_is_unreadable_is_read_back(kind: str, tmp_path: Path) -> None:
    history = ChatHistory(tmp_path)
    for question in ("하나?", "둘?"):
        history.add(READER, "chat", answered(question))
    with sqlite3.connect(tmp_path / "conversations.sqlite3") as connection:
        connection.execute("update turns set answer = '{' where place = 1")
    assert len(quotations(EXPORTS[kind][0](history.get(READER, "chat")))) == 1
