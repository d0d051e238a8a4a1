"""The open pages, one in each browser tab: which chat each shows, so that a late step of an answer never comes over another chat."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock

from bot.chats.open_chats import OpenChat, Writing

MAX_TABS = 1_000  # that are remembered; of more, the least recently used one is forgotten
SENDING_SECONDS = 2.0  # that a step which is being sent is waited for


class Tab:
    """One open page. `chat_id` is the chat that it shows: empty for a new one, None where that is not known.

    `opening` is the number of the command with which the page opened it. The commands of a page may arrive in another order.
    """

    def __init__(self) -> None:
        """A page of which nothing is known."""
        self.chat_id: str | None = None
        self.opening = 0
        self._changed = Condition()
        self._draft = 0  # the number of the text that was asked last: page.js counts the changes of the question box
        self._sending = 0
        self._version = 0  # of the chat that was sent last
        self._answer: tuple[OpenChat, Writing] | None = None

    def show(self, chat_id: str, opening: int = 0) -> None:
        """Show a chat. If it is another one, an answer that this page asked for in the chat before is stopped.

        Nothing is done where the page has already opened a chat with this or a later command.
        """
        if opening and opening <= self.opening:
            return
        answer = self._answer
        if answer and answer[0].id != chat_id:
            answer[0].stop(answer[1])
        with self._changed:
            self._move(chat_id)
            self.opening = opening or self.opening
            self._changed.wait_for(lambda: not self._sending, SENDING_SECONDS)

    def starts(self, chat_id: str, opening: int) -> None:
        """Show a chat if it is not known which one the page shows, for example after a restart of the server."""
        with self._changed:
            if self.chat_id is None:
                self._move(chat_id)
                self.opening = opening

    def claims(self, draft: int) -> bool:
        """Whether the text in the question box, of which this is the number, has not been asked yet. From now on it has."""
        with self._changed:
            is_new = not draft or draft != self._draft
            self._draft = draft or self._draft
            return is_new

    def is_declined(self) -> None:
        """Note that the text in the question box was not asked after all, so that it can be entered again."""
        with self._changed:
            self._draft = 0

    def asks(self, chat: OpenChat, writing: Writing) -> None:
        """Note that this page shows a chat, and asked the question whose answer is being written there."""
        with self._changed:
            self._move(chat.id)
            self._answer = chat, writing

    def is_answered(self, writing: Writing) -> None:
        """Note that an answer has ended."""
        with self._changed:
            if self._answer and self._answer[1] is writing:
                self._answer = None

    def is_asking_in(self, chat: OpenChat) -> bool:
        """Whether this page asked the question that is being answered in a chat."""
        answer = self._answer
        return answer is not None and answer[0] is chat and answer[1].active

    @contextmanager
    def sending(self, chat_id: str, version: int) -> Iterator[bool]:
        """Send a version of a chat within the block, if the value is true: not if another chat or a later version is shown."""
        with self._changed:
            self._changed.wait_for(lambda: not self._sending, SENDING_SECONDS)
            wanted = chat_id == self.chat_id and version >= self._version
            if wanted:
                self._sending, self._version = self._sending + 1, version
        try:
            yield wanted
        finally:
            if wanted:
                with self._changed:
                    self._sending -= 1
                    self._changed.notify_all()

    def _move(self, chat_id: str) -> None:
        if chat_id != self.chat_id:
            self.chat_id, self._version = chat_id, 0


class Tabs:
    """The open pages by their Gradio sessions."""

    def __init__(self, max_tabs: int = MAX_TABS) -> None:
        """No page is open."""
        self._tabs: OrderedDict[str, Tab] = OrderedDict()  # by their last use, oldest first
        self._max_tabs, self._lock = max_tabs, Lock()

    def __len__(self) -> int:
        return len(self._tabs)

    def tab(self, session: str) -> Tab:
        """The page of a session; for an empty one, which no browser has, a page that nobody else gets."""
        if not session:
            return Tab()
        with self._lock:
            tab = self._tabs.setdefault(session, Tab())
            self._tabs.move_to_end(session)
            if len(self._tabs) > self._max_tabs:
                self._tabs.popitem(last=False)
            return tab
