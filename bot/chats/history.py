"""The saved chats of all readers, in one SQLite file, and their ratings, one JSON line each, in a file beside it.

A reader is an opaque token. The chat of another reader is treated exactly like a chat that does not exist.
"""

import json
import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import BotError, QuestionError, StoreError
from bot.messages import errors
from bot.schema import Answer
from bot.text.normalize import clean

SCHEMA_VERSION = 1  # of the tables, stored in `PRAGMA user_version`
MAX_NAME_CHARACTERS = 100
MAX_DERIVED_NAME_CHARACTERS = 60  # of a name made from the first question
MAX_REASON_CHARACTERS = 1_000
MAX_PLACE = 2**63 - 1  # of a turn: SQLite's largest integer
LOCK_SECONDS = 10.0  # that a writer waits for another one
_TABLES = """
create table talks (
    id text primary key, reader text not null, name text not null, created text not null, changed text not null
) strict;
create index talks_of on talks (reader, changed);
create table turns (
    talk text not null references talks (id) on delete cascade, place integer not null, asked text not null,
    answer text not null, words text not null, good integer, reason text not null default '', primary key (talk, place)
) strict;
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rating:
    """A reader's thumb, up if `good`, and the reason given for it, which may be empty."""

    good: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer.

    `place` is the turn's number in the chat, from 1, as the database has it. Where another turn of the chat cannot be read, it differs
    from the position in `Chat.turns`. `asked` is the time of the question (UTC, ISO 8601).
    """

    place: int
    answer: Answer
    asked: str
    rating: Rating | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """A saved chat with its readable turns. `created` and `changed` are UTC, ISO 8601."""

    id: str
    name: str
    created: str
    changed: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class ChatSummary:
    """A saved chat as a list shows it; `turns` is their number."""

    id: str
    name: str
    changed: str
    turns: int


class ChatHistory:
    """The saved chats of all readers. Threads and processes may share the file: each call opens its own connection."""

    def __init__(self, folder: Path) -> None:
        """The folder and its files are created by the first write."""
        self._folder = folder
        self._file = folder / "conversations.sqlite3"
        self._ratings = folder / "ratings.jsonl"
        self._lock = threading.Lock()
        self._writers = threading.Lock()

    def new(self) -> str:
        """A new chat id of 128 random bits. Nothing is written before the chat's first turn."""
        return secrets.token_urlsafe(16)

    def add(self, reader: str, chat: str, answer: Answer, *, replace_from: int = 0, asked: str = "") -> int:
        """Append a turn to a chat, which is created if it does not exist. Return the turn's place, from 1.

        If `replace_from` is not 0, the turns from that place on are deleted in the same transaction. `asked` is the time of the
        question, now by default. Raises `QuestionError` for another reader's chat and `StoreError` where the file cannot be written;
        then nothing has changed.
        """
        _require_storable(chat, replace_from)
        moment = asked or _now()
        with self._writing() as connection:
            owner = connection.execute("select reader from talks where id = ?", (chat,)).fetchone()
            if owner is None:
                name = _derived_name(clean(answer.question).text)
                connection.execute("insert into talks values (?, ?, ?, ?, ?)", (chat, reader, name, moment, moment))
            elif owner[0] != reader:
                raise _no_such_chat()
            if replace_from:
                connection.execute("delete from turns where talk = ? and place >= ?", (chat, replace_from))
            (last,) = connection.execute("select coalesce(max(place), 0) from turns where talk = ?", (chat,)).fetchone()
            connection.execute(
                "insert into turns (talk, place, asked, answer, words) values (?, ?, ?, ?, ?)",
                (chat, last + 1, moment, _stored_json(answer), _searchable_text(answer)),
            )
            connection.execute("update talks set changed = ? where id = ?", (moment, chat))
        return int(last) + 1

    def update_answer(self, reader: str, chat: str, place: int, asked: str, answer: Answer) -> None:
        """Replace the answer of a turn; its rating stays. `asked` has to be the turn's own, so that a later turn in its place is safe.

        Raises `QuestionError` where there is no such turn (any more), and `StoreError`.
        """
        with self._changing(reader, chat, place) as connection:
            statement = "update turns set answer = ?, words = ? where talk = ? and place = ? and asked = ?"
            values = (_stored_json(answer), _searchable_text(answer), chat, place, asked)
            if not connection.execute(statement, values).rowcount:
                raise _no_such_chat()

    def get(self, reader: str, chat: str) -> Chat:
        """A chat with its readable turns. Raises `QuestionError` where this reader has none with this id, and `StoreError`."""
        _require_storable(chat)
        with self._reading() as connection:
            if connection is None:
                raise _no_such_chat()
            statement = "select name, created, changed from talks where id = ? and reader = ?"
            header = connection.execute(statement, (chat, reader)).fetchone()
            if header is None:
                raise _no_such_chat()
            statement = "select place, answer, asked, good, reason from turns where talk = ? order by place"
            rows = connection.execute(statement, (chat,)).fetchall()
        name, created, changed = header
        return Chat(chat, name, created, changed, tuple(turn for row in rows if (turn := _turn(*row))))

    def list(self, reader: str, search: str = "") -> list[ChatSummary]:
        """The reader's chats, newest first; with `search`, those whose name, questions or answers contain all its words."""
        words = clean(search).text.casefold().split()
        with self._reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(
                "select id, name, changed, (select count(*) from turns where talk = id) from talks where reader = ? "
                "order by changed desc, rowid desc",
                (reader,),
            ).fetchall()
            if not words:
                return [ChatSummary(*row) for row in rows]
            texts = {row[0]: [row[1].casefold()] for row in rows}
            for chat, text in connection.execute(
                "select talk, words from turns join talks on talks.id = talk where reader = ?", (reader,)
            ):
                texts.setdefault(chat, []).append(text)
        return [ChatSummary(*row) for row in rows if all(any(word in text for text in texts[row[0]]) for word in words)]

    def rename(self, reader: str, chat: str, name: str) -> None:
        """Name a chat. Raises `QuestionError` for an empty or too long name and an unknown chat, and `StoreError`."""
        name = " ".join(clean(name).text.split())
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
            raise QuestionError(errors.CHAT_NAME_LENGTH.format(count=len(name), limit=MAX_NAME_CHARACTERS))
        with self._changing(reader, chat) as connection:
            connection.execute("update talks set name = ? where id = ?", (name, chat))

    def delete(self, reader: str, chat: str) -> None:
        """Delete a chat with its turns. Raises `QuestionError` where this reader has none with this id, and `StoreError`."""
        with self._changing(reader, chat) as connection:
            connection.execute("delete from talks where id = ?", (chat,))

    def rate(self, reader: str, chat: str, place: int, good: bool, reason: str = "") -> None:
        """Save a rating with its turn, and append it to the ratings file with question, answer and chat model.

        Raises `QuestionError` where there is no such readable turn or the reason is too long, and `StoreError`.
        """
        reason = clean(reason).text.strip()
        if len(reason) > MAX_REASON_CHARACTERS:
            raise QuestionError(errors.REASON_TOO_LONG.format(count=len(reason), limit=MAX_REASON_CHARACTERS))
        with self._changing(reader, chat, place) as connection:
            row = connection.execute("select answer from turns where talk = ? and place = ?", (chat, place)).fetchone()
            if row is None or _parsed_answer(row[0]) is None:
                raise _no_such_chat()
            statement = "update turns set good = ?, reason = ? where talk = ? and place = ?"
            connection.execute(statement, (int(good), reason, chat, place))
            answer = json.loads(row[0])
            record = {"time": _now(), "good": good, "reason": reason}
            record |= {key: answer[key] for key in ("question", "standalone", "mode", "voice")} | {"answer": answer}
            self._append_rating(json.dumps(record, ensure_ascii=False))

    def _append_rating(self, line: str) -> None:
        """Append a line in one write under a lock: lines of threads do not mix, nor do short lines of processes (O_APPEND)."""
        with self._lock, _store_errors(self._ratings), self._ratings.open("ab", buffering=0) as file:
            file.write(f"{_without_surrogates(line)}\n".encode())

    @contextmanager
    def _changing(self, reader: str, chat: str, place: int = 0) -> Iterator[sqlite3.Connection]:
        """A transaction on a chat of this reader. Raises `QuestionError` where there is none; then no file is created either."""
        _require_storable(chat, place)
        if not self._file.exists():
            raise _no_such_chat()
        with self._writing() as connection:
            if not connection.execute("select 1 from talks where id = ? and reader = ?", (chat, reader)).fetchone():
                raise _no_such_chat()
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that locks the file, which is created if it does not exist. An exception rolls it back.

        Threads wait for each other in line: SQLite lets waiting writers try again at random, so that one of many may wait for too long.
        """
        with self._writers, _store_errors(self._file):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._file.exists():
                self._file.touch(mode=0o600)
            with closing(self._connect()) as connection:
                connection.execute("pragma journal_mode = wal")
                connection.execute("begin immediate")
                try:
                    if self._schema_version(connection) == 0:
                        for statement in _TABLES.split(";\n"):
                            connection.execute(statement)
                        connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
                    yield connection
                except BaseException:
                    connection.rollback()
                    raise
                connection.commit()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection; None where nothing was ever saved."""
        if not self._file.exists():
            yield None
            return
        with _store_errors(self._file), closing(self._connect()) as connection:
            yield connection if self._schema_version(connection) else None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=LOCK_SECONDS, isolation_level=None)
        connection.execute("pragma foreign_keys = on")
        return connection

    def _schema_version(self, connection: sqlite3.Connection) -> int:
        """The version of the tables, 0 before they exist. Raises `StoreError` for a newer one than this program knows."""
        (version,) = connection.execute("pragma user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise StoreError(errors.NEWER_CHATS.format(file=self._file, version=version, known=SCHEMA_VERSION))
        return int(version)


@contextmanager
def _store_errors(file: Path) -> Iterator[None]:
    """Raise errors of SQLite and of the file system as `StoreError`."""
    try:
        yield
    except BotError:
        raise
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreError(errors.CHATS_UNUSABLE.format(file=file, reason=reason)) from None


def _turn(place: int, answer_json: str, asked: str, good: int | None, reason: str) -> Turn | None:
    """The turn in a row; None where its answer cannot be read."""
    answer = _parsed_answer(answer_json)
    rating = None if good is None else Rating(bool(good), reason)
    return None if answer is None else Turn(place, answer, asked, rating)


def _parsed_answer(text: str) -> Answer | None:
    """The answer in a row's JSON; None, with a warning in the log, where it cannot be read."""
    try:
        return Answer.from_dict(json.loads(text))
    except (ValueError, RecursionError, BotError) as error:
        log.warning("A saved turn cannot be read and is left out: %s", type(error).__name__)
        return None


def _require_storable(chat: str, place: int = 0) -> None:
    """Raise `QuestionError` for an id or a place that SQLite cannot store, so that no chat has it: both may come from a browser."""
    if chat != _without_surrogates(chat) or not 0 <= place <= MAX_PLACE:
        raise _no_such_chat()


def _stored_json(answer: Answer) -> str:
    return _without_surrogates(json.dumps(answer.to_dict(), ensure_ascii=False))


def _without_surrogates(text: str) -> str:
    """The text with `?` for each lone surrogate, which UTF-8, and so SQLite, cannot store."""
    return text.encode("utf-8", "replace").decode()


def _searchable_text(answer: Answer) -> str:
    """The text of a turn that a search of the chats reads."""
    return clean(f"{answer.question}\n{answer.text}").text.casefold()


def _derived_name(question: str) -> str:
    """A chat's name from its first question: one line, cut at a word if that leaves more than half of it."""
    line = " ".join(question.split()) or "…"
    if len(line) <= MAX_DERIVED_NAME_CHARACTERS:
        return line
    head = line[: MAX_DERIVED_NAME_CHARACTERS - 1]
    last_space = head.rfind(" ")
    return f"{head[:last_space] if last_space > MAX_DERIVED_NAME_CHARACTERS // 2 else head}…"


def _no_such_chat() -> QuestionError:
    return QuestionError(errors.NO_SUCH_CHAT)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
