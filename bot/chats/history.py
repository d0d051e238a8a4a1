"""The talks that readers keep, in one SQLite file, and their ratings, a line each in a file beside it.

A reader is an opaque token. Nothing here shows or changes what is another's: another's id is an id that there is not.
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
from bot.schema import Answer
from bot.text.normalize import clean

VERSION = 1  # of the tables, in `PRAGMA user_version`
LONGEST_NAME = 100  # characters; a name made from a question has `SHORTENED`
SHORTENED = 60
LONGEST_REASON = 1_000  # characters
PATIENCE = 10.0  # seconds that a writer waits for another
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
    """A thumb, up where `good`, and the reader's reason, which may be empty."""

    good: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer. `place` is its number in the chat, from 1, as the database has it: where another turn cannot be read,
    it differs from the position in `Chat.turns`. `asked` is the time of the question (UTC, ISO 8601).
    """

    place: int
    answer: Answer
    asked: str
    rating: Rating | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """A kept talk. `created` and `changed` are UTC, ISO 8601."""

    id: str
    name: str
    created: str
    changed: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class ChatSummary:
    """A kept talk as a list shows it; `turns` is how many there are."""

    id: str
    name: str
    changed: str
    turns: int


class ChatHistory:
    """The kept talks of every reader. Threads and processes may share the file; each call has a connection of its own."""

    def __init__(self, folder: Path) -> None:
        """The folder and the files in it are made when something is first written."""
        self._folder = folder
        self._file = folder / "conversations.sqlite3"
        self._ratings = folder / "ratings.jsonl"
        self._lock = threading.Lock()

    def new(self) -> str:
        """An id for a talk, 128 random bits; nothing is written for it before its first turn."""
        return secrets.token_urlsafe(16)

    def add(self, reader: str, talk: str, answer: Answer, *, cut: int = 0, asked: str = "") -> int:
        """Put a turn at the end of a talk, which is begun where there is none. Returns its place, from 1.

        Where `cut` is not 0, the turns from that place on go, in the same transaction. `asked` is when, if that is not now.
        Raises `QuestionError` where the talk is another's, `StoreError` where the file cannot be written; then nothing has changed.
        """
        moment, held = asked or _now(), json.dumps(answer.to_dict(), ensure_ascii=False)
        with self._writing() as rows:
            owner = rows.execute("select reader from talks where id = ?", (talk,)).fetchone()
            if owner is None:
                name = _shortened(clean(answer.question).text)
                rows.execute("insert into talks values (?, ?, ?, ?, ?)", (talk, reader, name, moment, moment))
            elif owner[0] != reader:
                raise _unknown()
            if cut:
                rows.execute("delete from turns where talk = ? and place >= ?", (talk, cut))
            (last,) = rows.execute("select coalesce(max(place), 0) from turns where talk = ?", (talk,)).fetchone()
            rows.execute(
                "insert into turns (talk, place, asked, answer, words) values (?, ?, ?, ?, ?)",
                (talk, last + 1, moment, _storable(held), _words(answer)),
            )
            rows.execute("update talks set changed = ? where id = ?", (moment, talk))
        return int(last) + 1

    def update_answer(self, reader: str, talk: str, place: int, asked: str, answer: Answer) -> None:
        """Put what the answer of the turn that was `asked` then has grown to in the place of what stands there; its rating stays.

        Raises `QuestionError` where there is no such turn (any more), `StoreError`.
        """
        held = json.dumps(answer.to_dict(), ensure_ascii=False)
        with self._writing() as rows:
            _require(rows, reader, talk)
            change = "update turns set answer = ?, words = ? where talk = ? and place = ? and asked = ?"
            if not rows.execute(change, (_storable(held), _words(answer), talk, place, asked)).rowcount:
                raise _unknown()

    def get(self, reader: str, talk: str) -> Chat:
        """The talk. Raises `QuestionError` where this reader has none by that id, `StoreError` where it cannot be read."""
        with self._reading() as rows:
            found = (
                rows
                and rows.execute(
                    "select name, created, changed from talks where id = ? and reader = ?", (talk, reader)
                ).fetchone()
            )
            if not rows or not found:
                raise _unknown()
            held = rows.execute(
                "select place, answer, asked, good, reason from turns where talk = ? order by place", (talk,)
            ).fetchall()
        name, created, changed = found
        return Chat(talk, name, created, changed, tuple(turn for row in held if (turn := _turn(*row))))

    def list(self, reader: str, search: str = "") -> list[ChatSummary]:
        """The reader's talks, newest first; with `search` those in whose name, questions or answers all its words occur."""
        wanted = clean(search).text.casefold().split()
        with self._reading() as rows:
            if rows is None:
                return []
            held = rows.execute(
                "select id, name, changed, (select count(*) from turns where talk = id) from talks where reader = ? "
                "order by changed desc, rowid desc",
                (reader,),
            ).fetchall()
            if not wanted:
                return [ChatSummary(*row) for row in held]
            texts = {row[0]: [row[1].casefold()] for row in held}
            for talk, words in rows.execute(
                "select talk, words from turns join talks on talks.id = talk where reader = ?", (reader,)
            ):
                texts[talk].append(words)
        return [ChatSummary(*row) for row in held if all(any(word in text for text in texts[row[0]]) for word in wanted)]

    def rename(self, reader: str, talk: str, name: str) -> None:
        """Name a talk. Raises `QuestionError` for an empty or too long name and an unknown talk, `StoreError`."""
        name = " ".join(clean(name).text.split())
        if not 1 <= len(name) <= LONGEST_NAME:
            raise QuestionError(
                f"The name has {len(name)} characters. Give it 1 to {LONGEST_NAME}.",
                f"이름이 {len(name)}자입니다. 1자에서 {LONGEST_NAME}자 사이로 지어 주세요.",
            )
        with self._writing() as rows:
            _require(rows, reader, talk)
            rows.execute("update talks set name = ? where id = ?", (name, talk))

    def delete(self, reader: str, talk: str) -> None:
        """Forget a talk. Raises `QuestionError` where this reader has none by that id, `StoreError`."""
        with self._writing() as rows:
            _require(rows, reader, talk)
            rows.execute("delete from talks where id = ?", (talk,))

    def rate(self, reader: str, talk: str, place: int, good: bool, reason: str = "") -> None:
        """Keep what the reader thinks of a turn: with the turn, and as a JSON line with question, answer and voice.

        Raises `QuestionError` where there is no such turn or the reason is too long, `StoreError`.
        """
        reason = clean(reason).text.strip()
        if len(reason) > LONGEST_REASON:
            raise QuestionError(
                f"The reason has {len(reason):,} characters, more than {LONGEST_REASON:,}. Write it shorter.",
                f"까닭이 {len(reason):,}자로, {LONGEST_REASON:,}자보다 깁니다. 줄여 주세요.",
            )
        with self._writing() as rows:
            _require(rows, reader, talk)
            row = rows.execute("select answer from turns where talk = ? and place = ?", (talk, place)).fetchone()
            if row is None or _stored_answer(row[0]) is None:
                raise _unknown()
            rows.execute("update turns set good = ?, reason = ? where talk = ? and place = ?", (int(good), reason, talk, place))
            answer = json.loads(row[0])
            told = {"time": _now(), "good": good, "reason": reason}
            told |= {name: answer[name] for name in ("question", "standalone", "mode", "voice")} | {"answer": answer}
            self._append(json.dumps(told, ensure_ascii=False))

    def _append(self, line: str) -> None:
        """One write, under a lock: lines of threads do not mix, and short writes of processes do not either (O_APPEND)."""
        with self._lock, _disk(self._ratings), self._ratings.open("ab", buffering=0) as file:
            file.write(f"{line}\n".encode())

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the file alone; undone where anything goes wrong."""
        with _disk(self._file):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._file.exists():
                self._file.touch(mode=0o600)
            with closing(self._connect()) as rows:
                rows.execute("pragma journal_mode = wal")
                rows.execute("begin immediate")
                try:
                    if self._version(rows) == 0:
                        for statement in _TABLES.split(";\n"):
                            rows.execute(statement)
                        rows.execute(f"pragma user_version = {VERSION}")
                    yield rows
                except BaseException:
                    rows.rollback()
                    raise
                rows.commit()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection, or None where nothing was kept yet."""
        if not self._file.exists():
            yield None
            return
        with _disk(self._file), closing(self._connect()) as rows:
            yield rows if self._version(rows) else None

    def _connect(self) -> sqlite3.Connection:
        rows = sqlite3.connect(self._file, timeout=PATIENCE, isolation_level=None)
        rows.execute("pragma foreign_keys = on")
        return rows

    def _version(self, rows: sqlite3.Connection) -> int:
        (version,) = rows.execute("pragma user_version").fetchone()
        if version > VERSION:
            raise StoreError(
                f"{self._file} was written by a newer Dolmen (version {version}, this one knows {VERSION}). Update, or set BOT_DATA.",
                f"{self._file}은(는) 더 새로운 Dolmen이 쓴 것입니다(판 {version}, 이쪽은 {VERSION}). 새로 설치하거나 BOT_DATA를 바꾸세요.",
            )
        return int(version)


@contextmanager
def _disk(file: Path) -> Iterator[None]:
    """What goes wrong with the file, as a `StoreError`."""
    try:
        yield
    except BotError:
        raise
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise StoreError(
            f"{file} cannot be used: {reason}. Free the disk, move the file away, or set BOT_DATA to another folder.",
            f"{file}을(를) 쓸 수 없습니다: {reason}. 디스크를 비우거나 파일을 옮기거나 BOT_DATA를 다른 폴더로 바꾸세요.",
        ) from None


def _turn(place: int, answer: str, asked: str, good: int | None, reason: str) -> Turn | None:
    """The turn in a row; None where its answer cannot be read."""
    stored = _stored_answer(answer)
    rating = None if good is None else Rating(bool(good), reason)
    return None if stored is None else Turn(place, stored, asked, rating)


def _stored_answer(text: str) -> Answer | None:
    """The answer in a row's JSON; None, with a warning in the log, where it cannot be read."""
    try:
        return Answer.from_dict(json.loads(text))
    except (ValueError, RecursionError, BotError) as error:
        log.warning("A saved turn cannot be read and is left out: %s", type(error).__name__)
        return None


def _require(rows: sqlite3.Connection, reader: str, talk: str) -> None:
    if not rows.execute("select 1 from talks where id = ? and reader = ?", (talk, reader)).fetchone():
        raise _unknown()


def _unknown() -> QuestionError:
    return QuestionError(
        "There is no such talk among yours. Choose one from the list.", "그런 대화가 없습니다. 목록에서 골라 주세요."
    )


def _words(answer: Answer) -> str:
    """What a search of the talks reads of a turn."""
    return clean(f"{answer.question}\n{answer.text}").text.casefold()


def _storable(text: str) -> str:
    """SQLite's text is UTF-8, which has no lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def _shortened(question: str) -> str:
    """The question as a name: one line, cut at a word where that leaves most of it."""
    line = " ".join(question.split()) or "…"
    if len(line) <= SHORTENED:
        return line
    head = line[: SHORTENED - 1]
    at = head.rfind(" ")
    return f"{head[:at] if at > SHORTENED // 2 else head}…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
