"""The open chats: the turns of each, and the answer that is being written. On the disk where the reader has a cookie, else in memory."""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Condition, RLock

from bot.chats.history import ChatHistory, Turn
from bot.errors import BotError, QuestionError
from bot.schema import Answer

MAX_CHATS = 1_000  # that are held in memory; of more, the least recently used one is dropped
IDLE_SECONDS = 7_200.0  # after which an unused chat is dropped from memory; what is saved is on the disk
MAX_ANSWER_SECONDS = 240.0  # without a new piece; then an answer no longer counts as being written


@dataclass(frozen=True, slots=True)
class ChatState:
    """A chat at one moment. `version` grows with each change of any chat.

    While an answer is being written, the last turn has what there is of it, as if it were stopped now, and `partial` has it as it is.
    """

    turns: tuple[Turn, ...]
    version: int
    partial: Answer | None = None


@dataclass(slots=True)
class Writing:
    """An answer that is being written, and the turns before it. `turn` has what there is of it as if it were stopped now.

    `version` is that of the chat with it. `active` is false as soon as it has ended or was stopped.
    """

    turn: Turn
    partial: Answer
    earlier: tuple[Turn, ...]
    since: float
    version: int = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a chat: a new turn, which replaces those from the place `replace_from` on (none if 0), or the answer of one."""

    turn: Turn
    replace_from: int = 0
    is_new: bool = False


class OpenChat:
    """One open chat. Safe between threads; two questions at the same time cannot be asked in it."""

    def __init__(
        self, history: ChatHistory, reader: str, chat_id: str, stopped: Callable[[Answer], Answer], versions: Iterator[int]
    ) -> None:
        """`stopped` makes the answer that is kept of a partial one. `versions` are increasing numbers, shared by all chats."""
        self.reader, self.id = reader, chat_id
        self.used = time.monotonic()
        self._history, self._stopped, self._versions = history, stopped, versions
        self._changed = Condition(RLock())
        self._version = next(versions)
        self._turns: tuple[Turn, ...] = ()  # as they were read last, with the changes that are not saved
        self._unsaved: list[_Change] = []  # that could not be saved, in their order; they are saved as soon as that is possible
        self._writing: Writing | None = None

    def may_be_dropped(self) -> bool:
        """Whether no answer is being written; without waiting for a disk that another thread is using."""
        writing = self._writing
        return writing is None or time.monotonic() - writing.since > MAX_ANSWER_SECONDS

    def state(self) -> ChatState:
        """The chat now."""
        with self._changed:
            self._read()
            writing = self._writing
            turns = _changed(self._turns, _Change(writing.turn)) if writing else self._turns
            return ChatState(turns, self._version, writing.partial if writing and writing.turn in turns else None)

    def begin(self, answer: Answer, replace_from: int = 0) -> Writing | None:
        """Keep a question before it is answered: as a new turn with the still empty `answer`. None while an answer is being written.

        If `replace_from` is not 0, the turn replaces those from that place on.
        """
        with self._changed:
            if not self.may_be_dropped():
                return None
            self.stop()
            self._read()
            earlier = tuple(turn for turn in self._turns if not replace_from or turn.place < replace_from)
            replace_from = replace_from if len(earlier) < len(self._turns) else 0
            turn = Turn(earlier[-1].place + 1 if earlier else 1, self._stopped(answer), self._new_time())
            self._writing = writing = Writing(turn, answer, earlier, time.monotonic())
            self._keep(_Change(turn, replace_from, is_new=True))
            writing.version = self._touch()
            return writing

    def write(self, writing: Writing, answer: Answer, *, save: bool) -> bool:
        """Continue an answer, and save what there is of it if `save`. Return false if it was stopped; then nothing has changed."""
        with self._changed:
            if not writing.active:
                return False
            writing.turn, writing.partial = replace(writing.turn, answer=self._stopped(answer)), answer
            writing.since = time.monotonic()
            if save:
                self._keep(_Change(writing.turn))
            writing.version = self._touch()
            return True

    def end(self, writing: Writing, answer: Answer) -> BotError | None:
        """Keep the complete answer, unless it was stopped. Return why it is not saved."""
        with self._changed:
            if not writing.active:
                return None
            writing.turn = replace(writing.turn, answer=answer)
            return self._close(writing)

    def stop(self, writing: Writing | None = None) -> None:
        """Stop the answer that is being written, and keep what there is of it; with `writing` only if it is that one."""
        with self._changed:
            if self._writing and writing in (None, self._writing):
                self._close(self._writing)

    def wait(self, version: int, seconds: float) -> None:
        """Return as soon as the chat has another version, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != version, seconds)

    def exists(self) -> bool:
        """Whether the chat has a turn, or may have one on a disk that cannot be read now."""
        with self._changed:
            if not self.reader or self._unsaved or self._writing:
                return bool(self._turns)
            try:
                self._history.get(self.reader, self.id)
            except QuestionError:
                return False
            except BotError:
                return True
            return True

    def _close(self, writing: Writing) -> BotError | None:
        writing.active, self._writing = False, None
        failure = self._keep(_Change(writing.turn))
        writing.version = self._touch()
        return failure

    def _touch(self) -> int:
        """Give the chat a new version and return it."""
        self._version, self.used = next(self._versions), time.monotonic()
        self._changed.notify_all()
        return self._version

    def _new_time(self) -> str:
        """The current time, but another than that of any turn, because the time identifies a turn."""
        taken = {turn.asked for turn in self._turns}
        moment = now()
        while moment in taken:
            moment = (datetime.fromisoformat(moment) + timedelta(milliseconds=1)).isoformat(timespec="milliseconds")
        return moment

    def _read(self) -> None:
        """Read the turns again: they may have been rated, added or deleted in another tab. An unreadable disk changes nothing."""
        self.used = time.monotonic()
        if not self.reader:
            return
        try:
            turns = self._history.get(self.reader, self.id).turns
        except QuestionError:
            turns = ()
        except BotError:
            return
        for change in self._unsaved:
            turns = _changed(turns, change)
        self._turns = turns

    def _keep(self, change: _Change) -> BotError | None:
        """Make a change and save it. Return why it is not saved; None also for a reader without a cookie, of whom nothing is saved."""
        self._turns = _changed(self._turns, change)
        if not self.reader:
            return None
        for place, earlier in enumerate(self._unsaved):
            if earlier.turn.asked == change.turn.asked:
                self._unsaved[place] = replace(earlier, turn=change.turn)
                break
        else:
            self._unsaved.append(change)
        return self._save()

    def _save(self) -> BotError | None:
        """Save the unsaved changes in their order, up to the first that cannot be saved. Return why that one cannot."""
        while self._unsaved:
            try:
                self._save_change(self._unsaved[0])
            except QuestionError as error:  # the turn was deleted in another tab
                del self._unsaved[0]
                return error
            except BotError as error:
                return error
            del self._unsaved[0]
        return None

    def _save_change(self, change: _Change) -> None:
        turn = change.turn
        if not change.is_new:
            return self._history.update_answer(self.reader, self.id, turn.place, turn.asked, turn.answer)
        place = self._history.add(self.reader, self.id, turn.answer, replace_from=change.replace_from, asked=turn.asked)
        self._turns = tuple(replace(one, place=place) if one.asked == turn.asked else one for one in self._turns)
        if self._writing and self._writing.turn.asked == turn.asked:
            self._writing.turn = replace(self._writing.turn, place=place)
        return None


class OpenChats:
    """The open chats of all readers, by reader and id. A reader without a cookie is the empty string; then the id is the only key."""

    def __init__(self, history: ChatHistory, stopped: Callable[[Answer], Answer], max_chats: int = MAX_CHATS) -> None:
        """`stopped` makes the answer that is kept of a partial one."""
        self._history, self._stopped, self._max_chats = history, stopped, max_chats
        self._chats: OrderedDict[tuple[str, str], OpenChat] = OrderedDict()  # by their last use, oldest first
        self._versions = itertools.count(1)
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._chats)

    def find(self, reader: str, chat_id: str) -> OpenChat | None:
        """The reader's chat with this id; None if there is none."""
        if not chat_id:
            return None
        with self._lock:
            chat = self._chats.get((reader, chat_id)) or self._make(reader, chat_id)
        return self.hold(chat) if chat.exists() else None  # an invented id takes no place

    def new(self, reader: str) -> OpenChat:
        """A new chat. It is neither held nor saved before its first turn."""
        return self._make(reader, self._history.new())

    def empty(self) -> ChatState:
        """The state of a chat that has not begun."""
        return ChatState((), next(self._versions))

    def delete(self, reader: str, chat_id: str) -> None:
        """Delete a chat. Raises `QuestionError` where this reader has none with this id, and `StoreError`."""
        with self._lock:
            self._chats.pop((reader, chat_id), None)
        self._history.delete(reader, chat_id)

    def hold(self, chat: OpenChat) -> OpenChat:
        """Hold a chat in memory as the one that was used last. Return it, or the one that another thread already holds for it."""
        key = chat.reader, chat.id
        with self._lock:
            chat = self._chats.setdefault(key, chat)
            self._chats.move_to_end(key)
            now = time.monotonic()
            for oldest in list(self._chats.values()):
                if len(self._chats) <= self._max_chats and now - oldest.used <= IDLE_SECONDS:
                    break
                if oldest is not chat and oldest.may_be_dropped():
                    del self._chats[oldest.reader, oldest.id]
            return chat

    def _make(self, reader: str, chat_id: str) -> OpenChat:
        return OpenChat(self._history, reader, chat_id, self._stopped, self._versions)


def _changed(turns: tuple[Turn, ...], change: _Change) -> tuple[Turn, ...]:
    """The turns after a change. The rating of a turn whose answer changes stays."""
    if change.is_new:
        kept = (turn for turn in turns if not change.replace_from or turn.place < change.replace_from)
        return (*kept, change.turn)
    asked = change.turn.asked
    return tuple(replace(change.turn, rating=turn.rating) if turn.asked == asked else turn for turn in turns)


def now() -> str:
    """The current time as it is saved: UTC, ISO 8601, in milliseconds, so that questions in quick succession differ."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
