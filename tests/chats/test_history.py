"""Saved chats: nothing is lost, readers see their own chats only, and an unusable file is reported in one line."""

import itertools
import json
import multiprocessing
import os
import signal
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats.history import MAX_DERIVED_NAME_CHARACTERS, ChatHistory, Rating
from bot.chats.open_chats import now
from bot.errors import BotError, QuestionError, StoreError
from bot.schema import Answer, Citation, Passage, Refusal, Sentence
from tests.pages import empty_answer, quoting
from tests.payloads import PAYLOADS

ANN, BEN = "a" * 43, "b" * 43


@pytest.fixture
def history(tmp_path: Path) -> ChatHistory:
    return ChatHistory(tmp_path / "data")


def answered(question: str) -> Answer:
    return [*quoting(question)][-1]


def test_a_chat_is_saved_turn_by_turn(history: ChatHistory, tmp_path: Path) -> None:
    chat = history.new()
    assert not (tmp_path / "data").exists()
    assert [history.add(ANN, chat, answered(question)) for question in ("왜?", "또?")] == [1, 2]
    saved = ChatHistory(tmp_path / "data").get(ANN, chat)
    assert [turn.answer for turn in saved.turns] == [answered("왜?"), answered("또?")]
    assert (saved.id, saved.name, saved.turns[0].rating) == (chat, "왜?", None)
    assert saved.created <= saved.turns[1].asked <= saved.changed
    file = tmp_path / "data" / "conversations.sqlite3"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_updated_answer_keeps_its_place_and_its_rating(history: ChatHistory) -> None:
    chat, asked = history.new(), "2026-01-01T00:00:00.001+00:00"
    begun, whole = answered("왜?"), replace(answered("왜?"), complete=False, sentences=(Sentence("달라진 말", "reading"),))
    history.add(ANN, chat, begun, asked=asked)
    history.add(ANN, chat, answered("또?"))
    history.rate(ANN, chat, 1, True)
    history.update_answer(ANN, chat, 1, asked, whole)
    saved = history.get(ANN, chat).turns
    assert [turn.answer for turn in saved] == [whole, answered("또?")]
    assert (saved[0].asked, saved[0].rating) == (asked, Rating(good=True))
    assert [summary.id for summary in history.list(ANN, "달라진")] == [chat]
    for reader, other, place, when in (
        (BEN, chat, 1, asked),
        (ANN, "nowhere", 1, asked),
        (ANN, chat, 2, asked),
        (ANN, chat, 1, ""),
    ):
        with pytest.raises(QuestionError):
            history.update_answer(reader, other, place, when, begun)


def test_the_chats_of_one_second_are_listed_newest_first(history: ChatHistory) -> None:
    chats = [history.new() for _ in range(9)]
    for number, chat in enumerate(chats):
        history.add(ANN, chat, answered("왜?"), asked=now() if number % 2 else "")
    assert [summary.id for summary in history.list(ANN)] == chats[::-1]


def test_an_edit_deletes_the_later_turns_and_keeps_name_and_date(history: ChatHistory) -> None:
    chat = history.new()
    for question in ("하나", "둘", "셋"):
        history.add(ANN, chat, answered(question))
    history.rename(ANN, chat, "돌 이야기")
    before = history.get(ANN, chat)
    assert history.add(ANN, chat, answered("새 둘"), replace_from=2) == 2
    assert [turn.answer.question for turn in history.get(ANN, chat).turns] == ["하나", "새 둘"]
    assert history.add(ANN, chat, answered("새 하나"), replace_from=1) == 1
    after = history.get(ANN, chat)
    assert ([turn.answer.question for turn in after.turns], after.name, after.created) == (
        ["새 하나"],
        "돌 이야기",
        before.created,
    )
    assert history.add(ANN, history.new(), answered("다른 대화"), replace_from=2) == 1


def test_another_readers_chat_is_treated_as_one_that_does_not_exist(history: ChatHistory) -> None:
    chat = history.new()
    history.add(ANN, chat, answered("비밀?"))
    attempts: list[Any] = [
        lambda: history.get(BEN, chat),
        lambda: history.add(BEN, chat, answered("x")),
        lambda: history.add(BEN, chat, answered("왜?"), replace_from=1),
        lambda: history.rename(BEN, chat, "mine"),
        lambda: history.delete(BEN, chat),
        lambda: history.rate(BEN, chat, 1, True),
    ]
    messages = set()
    for attempt in attempts:
        with pytest.raises(QuestionError) as error:
            attempt()
        messages.add(str(error.value))
    with pytest.raises(QuestionError) as error:
        history.get(BEN, history.new())
    assert messages == {str(error.value)}
    assert history.list(BEN, "비밀") == []
    assert len(history.get(ANN, chat).turns) == 1


def test_a_search_finds_names_questions_and_answers(history: ChatHistory) -> None:
    first, second = history.new(), history.new()
    history.add(ANN, first, answered("로마는 왜?"))
    history.add(ANN, second, answered("Why Café 100%?"))
    history.rename(ANN, second, "돌_이야기")

    def ids_of(search: str) -> list[str]:
        return [summary.id for summary in history.list(ANN, search)]

    assert ids_of("") == [second, first]
    assert ids_of("로마") == [first]
    assert ids_of("힘을 보여") == [first]  # in the answer
    assert ids_of("café") == ids_of("CAFÉ") == ids_of("cafe\u0301") == ids_of("돌_이") == ids_of("100%") == [second]
    assert ids_of("%") == [second]
    assert ids_of("_") == [second]
    assert ids_of("로마 shows") == []
    assert ids_of("why power") == [second]


@pytest.mark.parametrize(
    ("question", "name"),
    [("왜?", "왜?"), (" a\n b ", "a b"), ("", "…"), ("가" * 80, "가" * (MAX_DERIVED_NAME_CHARACTERS - 1) + "…")],
)
def test_a_chat_is_named_after_its_first_question(history: ChatHistory, question: str, name: str) -> None:
    chat = history.new()
    history.add(ANN, chat, replace(answered("왜?"), question=question))
    assert history.get(ANN, chat).name == name


@pytest.mark.parametrize("name", ["", "  \n", "x" * 101, "\u200b"])
def test_a_name_has_1_to_100_characters(history: ChatHistory, name: str) -> None:
    chat = history.new()
    history.add(ANN, chat, answered("왜?"))
    with pytest.raises(QuestionError, match="1 to 100"):
        history.rename(ANN, chat, name)
    history.rename(ANN, chat, "x" * 100)
    assert history.get(ANN, chat).name == "x" * 100


def test_a_rating_is_saved_with_its_turn_and_as_a_line_of_json(history: ChatHistory, tmp_path: Path) -> None:
    chat = history.new()
    history.add(ANN, chat, answered("왜?"))
    history.rate(ANN, chat, 1, False)
    history.rate(ANN, chat, 1, False, "인용이\n짧다")
    assert history.get(ANN, chat).turns[0].rating == Rating(False, "인용이\n짧다")
    lines = [json.loads(line) for line in (tmp_path / "data" / "ratings.jsonl").read_text("utf-8").splitlines()]
    assert [(line["good"], line["reason"]) for line in lines] == [(False, ""), (False, "인용이\n짧다")]
    expected = {
        "question": "왜?",
        "standalone": "왜?",
        "mode": "answer",
        "voice": "scripted",
        "answer": answered("왜?").to_dict(),
    }
    assert {name: lines[0][name] for name in expected} == expected
    for place, reason in ((2, ""), (1, "x" * 1_001)):
        with pytest.raises(QuestionError):
            history.rate(ANN, chat, place, True, reason)
    assert history.get(ANN, chat).turns[0].rating == Rating(False, "인용이\n짧다")


@pytest.mark.parametrize("payload", [*PAYLOADS, "a\ud800b", "nul\x00nul", "'; drop table talks; --", "👩‍👩‍👧 가족"])
def test_any_text_can_be_saved(history: ChatHistory, payload: str) -> None:
    chat = history.new()
    answer = replace(answered("왜?"), question=payload, sentences=(Sentence(payload, "reading"),))
    history.add(ANN, chat, answer)
    saved = history.get(ANN, chat).turns[0].answer
    assert saved.question == payload.encode("utf-8", "replace").decode()
    assert history.list(ANN)[0].turns == 1


def test_a_change_to_a_chat_that_does_not_exist_creates_no_file(history: ChatHistory, tmp_path: Path) -> None:
    attempts: list[Any] = [
        lambda: history.rename(ANN, "chat", "name"),
        lambda: history.delete(ANN, "chat"),
        lambda: history.rate(ANN, "chat", 1, True),
        lambda: history.update_answer(ANN, "chat", 1, "", answered("왜?")),
    ]
    for attempt in attempts:
        with pytest.raises(QuestionError):
            attempt()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("saved", [False, True])
def test_an_id_or_place_that_cannot_be_stored_is_treated_as_unknown(saved: bool, history: ChatHistory) -> None:
    chat = history.new()
    if saved:
        history.add(ANN, chat, answered("왜?"))
    attempts: list[Any] = [
        lambda: history.get(ANN, "a\ud800"),
        lambda: history.add(ANN, "a\ud800", answered("왜?")),
        lambda: history.add(ANN, chat, answered("왜?"), replace_from=10**30),
        lambda: history.add(ANN, chat, answered("왜?"), replace_from=-1),
        lambda: history.rename(ANN, "a\ud800", "name"),
        lambda: history.delete(ANN, "a\ud800"),
        lambda: history.rate(ANN, chat, 10**30, True),
        lambda: history.update_answer(ANN, chat, 10**30, "", answered("왜?")),
    ]
    for attempt in attempts:
        with pytest.raises(QuestionError):
            attempt()
    assert [summary.turns for summary in history.list(ANN)] == [1] * saved


def test_thirty_two_threads_write_their_own_chats_only(history: ChatHistory) -> None:
    def work(number: int) -> list[str]:
        reader, chat = f"{number:043d}", history.new()
        for turn in range(6):
            history.add(reader, chat, answered(f"왜 canary-{number}-{turn}?"))
        history.rate(reader, chat, 1, True, f"canary-{number}")
        return [turn.answer.question for summary in history.list(reader) for turn in history.get(reader, summary.id).turns]

    with ThreadPoolExecutor(32) as pool:
        saved = list(pool.map(work, range(32)))
    assert saved == [[f"왜 canary-{number}-{turn}?" for turn in range(6)] for number in range(32)]
    lines = (history._ratings).read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["reason"] for line in lines) == sorted(f"canary-{number}" for number in range(32))


def write_until_killed(folder: Path, acknowledgements: int) -> None:
    """Add turns and acknowledge each, until killed, at most for ten seconds."""
    history, chat, end = ChatHistory(folder), "t" * 22, time.monotonic() + 10
    for number in itertools.count():
        history.add(ANN, chat, answered(f"왜 {number}?"))
        os.write(acknowledgements, f"{number}\n".encode())
        if time.monotonic() > end:
            break
    os._exit(1)


@pytest.mark.parametrize("moment", [0.05, 0.2, 0.5])
def test_a_killed_writer_loses_no_acknowledged_turn(tmp_path: Path, moment: float) -> None:
    read, write = os.pipe()
    writer = os.fork()
    if writer == 0:  # pragma: no cover
        write_until_killed(tmp_path, write)
    os.close(write)
    with os.fdopen(read, "rb") as acknowledgements:
        acknowledgements.readline()
        time.sleep(moment)
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        acknowledged = len(acknowledgements.read().splitlines()) + 1
    turns = ChatHistory(tmp_path).get(ANN, "t" * 22).turns
    assert len(turns) in (acknowledged, acknowledged + 1)
    assert [turn.answer.question for turn in turns] == [f"왜 {number}?" for number in range(len(turns))]
    assert ChatHistory(tmp_path).add(ANN, "t" * 22, answered("더?")) == len(turns) + 1


def write_forty_turns(folder: Path, reader: str) -> None:
    history = ChatHistory(folder)
    chat = history.new()
    for number in range(40):
        history.add(reader, chat, answered(f"왜 {number}?"))


def test_two_processes_write_at_the_same_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=write_forty_turns, args=(tmp_path, reader)) for reader in (ANN, BEN)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [[summary.turns for summary in ChatHistory(tmp_path).list(reader)] for reader in (ANN, BEN)] == [[40], [40]]


def test_a_file_of_a_newer_version_is_not_touched(history: ChatHistory, tmp_path: Path) -> None:
    history.add(ANN, history.new(), answered("왜?"))
    with sqlite3.connect(tmp_path / "data" / "conversations.sqlite3") as rows:
        rows.execute("pragma user_version = 99")
    for work in (lambda: history.list(ANN), lambda: history.add(ANN, "t", answered("왜?"))):
        with pytest.raises(StoreError, match="newer Dolmen"):
            work()


def test_a_file_that_is_no_database_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "conversations.sqlite3").write_bytes(b"this is no database at all" * 400)
    with pytest.raises(StoreError, match="BOT_DATA") as error:
        ChatHistory(tmp_path).list(ANN)
    assert "\n" not in str(error.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="BOT_DATA"):
        ChatHistory(tmp_path / "file").add(ANN, "t", answered("왜?"))


def test_an_unreadable_turn_does_not_hide_the_others(history: ChatHistory, tmp_path: Path) -> None:
    chat = history.new()
    for question in ("하나", "둘"):
        history.add(ANN, chat, answered(question))
    with sqlite3.connect(tmp_path / "data" / "conversations.sqlite3") as rows:
        rows.execute("""update turns set answer = '{"broken"' where place = 1""")
    assert [turn.answer.question for turn in history.get(ANN, chat).turns] == ["둘"]


texts = st.text(max_size=12)
answers = st.builds(
    Answer,
    question=texts,
    standalone=texts,
    language=st.sampled_from(["ko", "en"]),
    mode=texts,
    voice=texts,
    sentences=st.lists(
        st.builds(Sentence, texts, st.sampled_from(["essay", "reading", "notice"]), st.lists(st.integers(1, 9)).map(tuple)),
        max_size=2,
    ).map(tuple),
    citations=st.lists(
        st.builds(Citation, st.integers(1, 9), texts, texts, texts, texts, st.integers(0, 99), st.integers(0, 99), texts),
        max_size=2,
    ).map(tuple),
    abstained=st.booleans(),
    nearest=st.lists(st.builds(Passage, texts, texts, st.integers(0, 9), st.integers(0, 9), texts), max_size=2).map(tuple),
    refused=st.lists(st.builds(Refusal, texts, texts), max_size=2).map(tuple),
    complete=st.booleans(),
    timings=st.dictionaries(texts, st.floats(0, 1e6), max_size=2),
)


@given(answers)
def test_an_answer_is_restored_from_its_json(answer: Answer) -> None:
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "x",
        {},
        {"question": "x"},
        {**empty_answer("x").to_dict(), "language": "fr"},
        {**empty_answer("x").to_dict(), "citations": [{"number": "1"}]},
        {**empty_answer("x").to_dict(), "timings": {"total_ms": 10**400}},
    ],
)
def test_json_that_is_not_an_answer_is_a_bot_error(payload: Any) -> None:
    with pytest.raises(BotError, match="not an answer"):
        Answer.from_dict(payload)
