"""Kept talks: nothing is lost, nothing is anybody else's, and a file that cannot be used says so."""

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

from bot.chats.history import SHORTENED, ChatHistory, Rating
from bot.errors import BotError, QuestionError, StoreError
from bot.schema import Answer, Citation, Passage, Refusal, Sentence
from bot.ui.chat_handlers import now
from tests.pages import empty_answer, quoting
from tests.payloads import PAYLOADS

ANN, BEN = "a" * 43, "b" * 43


@pytest.fixture
def kept(tmp_path: Path) -> ChatHistory:
    return ChatHistory(tmp_path / "data")


def answered(question: str) -> Answer:
    return [*quoting(question)][-1]


def test_a_talk_is_kept_turn_by_turn(kept: ChatHistory, tmp_path: Path) -> None:
    talk = kept.new()
    assert not (tmp_path / "data").exists()
    assert [kept.add(ANN, talk, answered(question)) for question in ("왜?", "또?")] == [1, 2]
    held = ChatHistory(tmp_path / "data").get(ANN, talk)
    assert [turn.answer for turn in held.turns] == [answered("왜?"), answered("또?")]
    assert (held.id, held.name, held.turns[0].rating) == (talk, "왜?", None)
    assert held.created <= held.turns[1].asked <= held.changed
    file = tmp_path / "data" / "conversations.sqlite3"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_answer_grows_in_its_place_and_keeps_its_rating(kept: ChatHistory) -> None:
    talk, asked = kept.new(), "2026-01-01T00:00:00.001+00:00"
    begun, whole = answered("왜?"), replace(answered("왜?"), complete=False, sentences=(Sentence("달라진 말", "reading"),))
    kept.add(ANN, talk, begun, asked=asked)
    kept.add(ANN, talk, answered("또?"))
    kept.rate(ANN, talk, 1, True)
    kept.update_answer(ANN, talk, 1, asked, whole)
    held = kept.get(ANN, talk).turns
    assert [turn.answer for turn in held] == [whole, answered("또?")]
    assert (held[0].asked, held[0].rating) == (asked, Rating(good=True))
    assert [one.id for one in kept.list(ANN, "달라진")] == [talk]
    for reader, other, place, when in (
        (BEN, talk, 1, asked),
        (ANN, "nowhere", 1, asked),
        (ANN, talk, 2, asked),
        (ANN, talk, 1, ""),
    ):
        with pytest.raises(QuestionError):
            kept.update_answer(reader, other, place, when, begun)


def test_of_two_talks_of_one_second_the_later_stands_first(kept: ChatHistory) -> None:
    talks = [kept.new() for _ in range(9)]
    for number, talk in enumerate(talks):
        kept.add(ANN, talk, answered("왜?"), asked=now() if number % 2 else "")
    assert [one.id for one in kept.list(ANN)] == talks[::-1]


def test_editing_cuts_what_follows_and_the_talk_stays_what_it_was(kept: ChatHistory) -> None:
    talk = kept.new()
    for question in ("하나", "둘", "셋"):
        kept.add(ANN, talk, answered(question))
    kept.rename(ANN, talk, "돌 이야기")
    before = kept.get(ANN, talk)
    assert kept.add(ANN, talk, answered("새 둘"), cut=2) == 2
    assert [turn.answer.question for turn in kept.get(ANN, talk).turns] == ["하나", "새 둘"]
    assert kept.add(ANN, talk, answered("새 하나"), cut=1) == 1
    after = kept.get(ANN, talk)
    assert ([turn.answer.question for turn in after.turns], after.name, after.created) == (
        ["새 하나"],
        "돌 이야기",
        before.created,
    )
    assert kept.add(ANN, kept.new(), answered("다른 대화"), cut=2) == 1


def test_another_readers_talk_is_one_that_there_is_not(kept: ChatHistory) -> None:
    talk = kept.new()
    kept.add(ANN, talk, answered("비밀?"))
    tries: list[Any] = [
        lambda: kept.get(BEN, talk),
        lambda: kept.add(BEN, talk, answered("x")),
        lambda: kept.add(BEN, talk, answered("왜?"), cut=1),
        lambda: kept.rename(BEN, talk, "mine"),
        lambda: kept.delete(BEN, talk),
        lambda: kept.rate(BEN, talk, 1, True),
    ]
    said = set()
    for one in tries:
        with pytest.raises(QuestionError) as error:
            one()
        said.add(str(error.value))
    with pytest.raises(QuestionError) as error:
        kept.get(BEN, kept.new())
    assert said == {str(error.value)}
    assert kept.list(BEN, "비밀") == []
    assert len(kept.get(ANN, talk).turns) == 1


def test_a_search_finds_names_questions_and_answers(kept: ChatHistory) -> None:
    first, second = kept.new(), kept.new()
    kept.add(ANN, first, answered("로마는 왜?"))
    kept.add(ANN, second, answered("Why Café 100%?"))
    kept.rename(ANN, second, "돌_이야기")

    def found(search: str) -> list[str]:
        return [one.id for one in kept.list(ANN, search)]

    assert found("") == [second, first]
    assert found("로마") == [first]
    assert found("힘을 보여") == [first]  # in the answer
    assert found("café") == found("CAFÉ") == found("cafe\u0301") == found("돌_이") == found("100%") == [second]
    assert found("%") == [second]
    assert found("_") == [second]
    assert found("로마 shows") == []
    assert found("why power") == [second]


@pytest.mark.parametrize(
    ("question", "name"), [("왜?", "왜?"), (" a\n b ", "a b"), ("", "…"), ("가" * 80, "가" * (SHORTENED - 1) + "…")]
)
def test_a_talk_is_named_after_its_first_question(kept: ChatHistory, question: str, name: str) -> None:
    talk = kept.new()
    kept.add(ANN, talk, replace(answered("왜?"), question=question))
    assert kept.get(ANN, talk).name == name


@pytest.mark.parametrize("name", ["", "  \n", "x" * 101, "\u200b"])
def test_a_name_has_some_characters_and_not_too_many(kept: ChatHistory, name: str) -> None:
    talk = kept.new()
    kept.add(ANN, talk, answered("왜?"))
    with pytest.raises(QuestionError, match="1 to 100"):
        kept.rename(ANN, talk, name)
    kept.rename(ANN, talk, "x" * 100)
    assert kept.get(ANN, talk).name == "x" * 100


def test_a_rating_stays_with_its_turn_and_is_a_line_of_json(kept: ChatHistory, tmp_path: Path) -> None:
    talk = kept.new()
    kept.add(ANN, talk, answered("왜?"))
    kept.rate(ANN, talk, 1, False)
    kept.rate(ANN, talk, 1, False, "인용이\n짧다")
    assert kept.get(ANN, talk).turns[0].rating == Rating(False, "인용이\n짧다")
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
            kept.rate(ANN, talk, place, True, reason)
    assert kept.get(ANN, talk).turns[0].rating == Rating(False, "인용이\n짧다")


@pytest.mark.parametrize("payload", [*PAYLOADS, "a\ud800b", "nul\x00nul", "'; drop table talks; --", "👩‍👩‍👧 가족"])
def test_any_text_is_kept(kept: ChatHistory, payload: str) -> None:
    talk = kept.new()
    answer = replace(answered("왜?"), question=payload, sentences=(Sentence(payload, "reading"),))
    kept.add(ANN, talk, answer)
    held = kept.get(ANN, talk).turns[0].answer
    assert held.question == payload.encode("utf-8", "replace").decode()
    assert kept.list(ANN)[0].turns == 1


def test_thirty_two_threads_keep_to_themselves(kept: ChatHistory) -> None:
    def work(number: int) -> list[str]:
        reader, talk = f"{number:043d}", kept.new()
        for turn in range(6):
            kept.add(reader, talk, answered(f"왜 canary-{number}-{turn}?"))
        kept.rate(reader, talk, 1, True, f"canary-{number}")
        return [turn.answer.question for one in kept.list(reader) for turn in kept.get(reader, one.id).turns]

    with ThreadPoolExecutor(32) as pool:
        held = list(pool.map(work, range(32)))
    assert held == [[f"왜 canary-{number}-{turn}?" for turn in range(6)] for number in range(32)]
    lines = (kept._ratings).read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["reason"] for line in lines) == sorted(f"canary-{number}" for number in range(32))


def write_until_killed(folder: Path, told: int) -> None:
    """Say of each turn that it is kept; at most for ten seconds, should nobody end it."""
    kept, talk, end = ChatHistory(folder), "t" * 22, time.monotonic() + 10
    for number in itertools.count():
        kept.add(ANN, talk, answered(f"왜 {number}?"))
        os.write(told, f"{number}\n".encode())
        if time.monotonic() > end:
            break
    os._exit(1)


@pytest.mark.parametrize("moment", [0.05, 0.2, 0.5])
def test_a_killed_writer_loses_nothing_that_was_acknowledged(tmp_path: Path, moment: float) -> None:
    read, write = os.pipe()
    writer = os.fork()
    if writer == 0:  # pragma: no cover
        write_until_killed(tmp_path, write)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        told.readline()
        time.sleep(moment)
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        acknowledged = len(told.read().splitlines()) + 1
    turns = ChatHistory(tmp_path).get(ANN, "t" * 22).turns
    assert len(turns) in (acknowledged, acknowledged + 1)
    assert [turn.answer.question for turn in turns] == [f"왜 {number}?" for number in range(len(turns))]
    assert ChatHistory(tmp_path).add(ANN, "t" * 22, answered("더?")) == len(turns) + 1


def many(folder: Path, reader: str) -> None:
    kept = ChatHistory(folder)
    talk = kept.new()
    for number in range(40):
        kept.add(reader, talk, answered(f"왜 {number}?"))


def test_two_processes_write_side_by_side(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=many, args=(tmp_path, reader)) for reader in (ANN, BEN)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert [[one.turns for one in ChatHistory(tmp_path).list(reader)] for reader in (ANN, BEN)] == [[40], [40]]


def test_a_file_of_a_newer_version_is_left_alone(kept: ChatHistory, tmp_path: Path) -> None:
    kept.add(ANN, kept.new(), answered("왜?"))
    with sqlite3.connect(tmp_path / "data" / "conversations.sqlite3") as rows:
        rows.execute("pragma user_version = 99")
    for work in (lambda: kept.list(ANN), lambda: kept.add(ANN, "t", answered("왜?"))):
        with pytest.raises(StoreError, match="newer Dolmen"):
            work()


def test_what_is_no_database_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "conversations.sqlite3").write_bytes(b"this is no database at all" * 400)
    with pytest.raises(StoreError, match="BOT_DATA") as error:
        ChatHistory(tmp_path).list(ANN)
    assert "\n" not in str(error.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="BOT_DATA"):
        ChatHistory(tmp_path / "file").add(ANN, "t", answered("왜?"))


def test_a_turn_that_cannot_be_read_does_not_hide_the_others(kept: ChatHistory, tmp_path: Path) -> None:
    talk = kept.new()
    for question in ("하나", "둘"):
        kept.add(ANN, talk, answered(question))
    with sqlite3.connect(tmp_path / "data" / "conversations.sqlite3") as rows:
        rows.execute("""update turns set answer = '{"broken"' where place = 1""")
    assert [turn.answer.question for turn in kept.get(ANN, talk).turns] == ["둘"]


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
def test_an_answer_comes_back_from_its_json(answer: Answer) -> None:
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


@pytest.mark.parametrize(
    "spoilt",
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
def test_what_is_no_answer_is_told(spoilt: Any) -> None:
    with pytest.raises(BotError, match="no answer"):
        Answer.from_dict(spoilt)
