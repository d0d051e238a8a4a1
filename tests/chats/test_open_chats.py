"""The open chats: one answer at a time in each, kept from the moment of its question; bounded in memory, and on the disk with a cookie."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chats import open_chats
from bot.chats.history import ChatHistory, Rating
from bot.chats.open_chats import OpenChat, OpenChats, Writing
from bot.errors import StoreError
from bot.messages.text import Text
from bot.schema import Answer, Sentence
from tests.pages import empty_answer, quoting

READER = "r" * 43


def stopped(answer: Answer) -> Answer:
    return replace(answer, sentences=(*answer.sentences, Sentence("stopped", "notice")), complete=False)


def answered(question: str) -> Answer:
    return [*quoting(question)][-1]


def begun(chat: OpenChat, question: str, replace_from: int = 0) -> Writing:
    """A question of which the answer is being written."""
    writing = chat.begin(empty_answer(question), replace_from)
    assert writing is not None
    return writing


def ask(chat: OpenChat, question: str, replace_from: int = 0) -> None:
    assert chat.end(begun(chat, question, replace_from), answered(question)) is None


def questions(chat: OpenChat | None) -> list[str]:
    return [turn.answer.question for turn in chat.state().turns] if chat else []


@pytest.fixture(params=["", READER], ids=["without a cookie", "with a cookie"])
def reader(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def history(tmp_path: Path) -> ChatHistory:
    return ChatHistory(tmp_path / "data")


@pytest.fixture
def chats(history: ChatHistory) -> OpenChats:
    return OpenChats(history, stopped)


@pytest.fixture
def chat(chats: OpenChats, reader: str) -> OpenChat:
    return chats.hold(chats.new(reader))


def test_a_question_is_kept_before_it_is_answered(chats: OpenChats, chat: OpenChat, reader: str, history: ChatHistory) -> None:
    writing = begun(chat, "왜?")
    assert chats.find(reader, chat.id) is chat
    (turn,) = chat.state().turns
    assert (turn.place, turn.answer.complete, chat.state().partial) == (1, False, empty_answer("왜?"))
    assert not reader or history.get(reader, chat.id).turns == (turn,)
    partial = replace(answered("왜?"), complete=True)
    assert chat.write(writing, partial, save=False)
    assert (chat.state().turns[0].answer, chat.state().partial) == (stopped(partial), partial)
    assert not reader or history.get(reader, chat.id).turns == (turn,)
    chat.write(writing, partial, save=True)
    assert not reader or history.get(reader, chat.id).turns == chat.state().turns
    chat.end(writing, partial)
    assert ([turn.answer for turn in chat.state().turns], chat.state().partial) == ([partial], None)


def test_a_second_question_has_to_wait_for_the_end_of_the_first(chat: OpenChat) -> None:
    first = begun(chat, "왜?")
    assert chat.begin(empty_answer("또?")) is None
    chat.end(first, answered("왜?"))
    ask(chat, "또?")
    assert questions(chat) == ["왜?", "또?"]


def test_of_many_questions_at_the_same_time_one_is_asked(chat: OpenChat) -> None:
    barrier = threading.Barrier(16)

    def begin(number: int) -> Writing | None:
        barrier.wait()
        return chat.begin(empty_answer(f"왜 {number}?"))

    with ThreadPoolExecutor(16) as pool:
        writings = [writing for writing in pool.map(begin, range(16)) if writing]
    assert len(writings) == 1
    assert questions(chat) == [writings[0].turn.answer.question]


def test_a_stopped_answer_is_kept_as_far_as_it_came_and_grows_no_more(chat: OpenChat) -> None:
    ask(chat, "하나?")
    writing = begun(chat, "둘?")
    chat.write(writing, answered("둘?"), save=False)
    chat.stop()
    kept = chat.state()
    assert kept.turns[-1].answer == stopped(answered("둘?"))
    assert (chat.write(writing, answered("더?"), save=True), chat.end(writing, answered("더?"))) == (False, None)
    assert chat.state().turns == kept.turns
    ask(chat, "셋?")
    chat.stop(writing)
    assert questions(chat) == ["하나?", "둘?", "셋?"]


def test_a_page_that_was_closed_stops_only_its_own_answer(chat: OpenChat) -> None:
    first = begun(chat, "하나?")
    chat.stop(first)
    begun(chat, "둘?")
    chat.stop(first)
    assert chat.state().partial is not None


@pytest.mark.parametrize(("replace_from", "places"), [(2, [1, 2]), (1, [1]), (9, [1, 2, 3, 4]), (10**20, [1, 2, 3, 4])])
def test_an_edit_replaces_the_turns_from_its_place_on(chat: OpenChat, replace_from: int, places: list[int]) -> None:
    for question in ("하나?", "둘?", "셋?"):
        ask(chat, question)
    writing = begun(chat, "새?", replace_from)
    assert [turn.place for turn in writing.earlier] == places[:-1]
    chat.end(writing, answered("새?"))
    assert [turn.place for turn in chat.state().turns] == places
    assert questions(chat)[-1] == "새?"


def test_questions_in_quick_succession_have_different_times(chat: OpenChat) -> None:
    for number in range(20):
        ask(chat, f"왜 {number}?")
    assert len({turn.asked for turn in chat.state().turns}) == 20


def test_a_rating_in_another_tab_stays(history: ChatHistory, chats: OpenChats) -> None:
    chat = chats.hold(chats.new(READER))
    ask(chat, "하나?")
    writing = begun(chat, "둘?")
    history.rate(READER, chat.id, 1, good=True)
    history.rate(READER, chat.id, 2, good=False)
    chat.end(writing, answered("둘?"))
    assert [turn.rating for turn in chat.state().turns] == [Rating(True), Rating(False)]


def test_a_chat_is_found_by_its_reader_only(chats: OpenChats, chat: OpenChat, reader: str) -> None:
    ask(chat, "왜?")
    assert chats.find(reader, chat.id) is chat
    for other in ("o" * 43, "" if reader else READER):
        assert chats.find(other, chat.id) is None


def test_invented_ids_take_no_place_in_memory(chats: OpenChats, reader: str) -> None:
    assert [chats.find(reader, f"invented-{number}\ud800") for number in range(20)] == [None] * 20
    chats.new(reader)
    assert len(chats) == 0


def test_a_saved_chat_is_found_again_after_it_was_dropped_from_memory(history: ChatHistory, reader: str) -> None:
    chats = OpenChats(history, stopped, max_chats=2)
    ids = []
    for number in range(4):
        chat = chats.hold(chats.new(reader))
        ask(chat, f"왜 {number}?")
        ids.append(chat.id)
    assert len(chats) == 2
    found = [questions(chats.find(reader, chat_id)) for chat_id in ids]
    kept = [["왜 0?"], ["왜 1?"]] if reader else [[], []]
    assert found == [*kept, ["왜 2?"], ["왜 3?"]]


def test_a_chat_whose_answer_is_being_written_is_not_dropped(history: ChatHistory, reader: str) -> None:
    chats = OpenChats(history, stopped, max_chats=1)
    busy = chats.hold(chats.new(reader))
    begun(busy, "왜?")
    for _ in range(3):
        ask(chats.hold(chats.new(reader)), "또?")
    assert chats.find(reader, busy.id) is busy


def test_an_unused_chat_is_dropped_from_memory(
    chats: OpenChats, reader: str, chat: OpenChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(chat, "왜?")
    later = time.monotonic() + open_chats.IDLE_SECONDS + 1
    monkeypatch.setattr("time.monotonic", lambda: later)
    chats.hold(chats.new(reader))
    assert len(chats) == 1


def test_an_answer_that_does_not_go_on_does_not_block_its_chat_for_ever(chat: OpenChat, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = begun(chat, "왜?")
    later = time.monotonic() + open_chats.MAX_ANSWER_SECONDS + 1
    monkeypatch.setattr("time.monotonic", lambda: later)
    ask(chat, "또?")
    assert not chat.write(stuck, answered("왜?"), save=True)
    assert questions(chat) == ["왜?", "또?"]


def failing(method: str) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise StoreError(Text(f"{method} failed", "가득 찼습니다."))

    return fail


@pytest.mark.parametrize("methods", [("add",), ("update_answer",), ("add", "update_answer"), ("add", "update_answer", "get")])
def test_a_failing_disk_loses_nothing_and_all_is_saved_when_it_works_again(
    methods: tuple[str, ...], history: ChatHistory, chats: OpenChats, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = chats.hold(chats.new(READER))
    for question in ("하나?", "둘?", "셋?"):
        ask(chat, question)
    with monkeypatch.context() as disk:
        for method in methods:
            disk.setattr(ChatHistory, method, failing(method))
        for question, cut in (("새 둘?", 2), ("넷?", 0)):
            writing = begun(chat, question, cut)
            assert isinstance(chat.end(writing, answered(question)), StoreError)
        unsaved = chat.state().turns
        assert [turn.answer for turn in unsaved] == [answered(question) for question in ("하나?", "새 둘?", "넷?")]
        assert chats.find(READER, chat.id) is chat
    ask(chat, "다섯?")
    saved = history.get(READER, chat.id).turns
    assert saved[:3] == unsaved
    assert saved == chat.state().turns
    assert len(saved) == 4


def test_a_chat_that_was_deleted_during_an_answer_stays_deleted(history: ChatHistory, chats: OpenChats) -> None:
    chat = chats.hold(chats.new(READER))
    writing = begun(chat, "왜?")
    history.delete(READER, chat.id)
    assert chat.end(writing, answered("왜?")) is not None
    assert (chat.state().turns, history.list(READER)) == ((), [])
    assert chats.find(READER, chat.id) is None


def test_a_chat_that_was_deleted_here_is_not_found_although_it_was_not_saved(
    chats: OpenChats, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = chats.hold(chats.new(READER))
    ask(chat, "하나?")
    with monkeypatch.context() as disk:
        disk.setattr(ChatHistory, "add", failing("add"))
        begun(chat, "둘?")
    chats.delete(READER, chat.id)
    assert chats.find(READER, chat.id) is None


def test_a_change_wakes_up_who_waits_for_it(chat: OpenChat) -> None:
    writing = begun(chat, "왜?")
    version = chat.state().version
    waiting = threading.Thread(target=chat.wait, args=(version, 60))
    waiting.start()
    chat.write(writing, answered("왜?"), save=False)
    waiting.join(10)
    assert not waiting.is_alive()
    assert chat.state().version > version
