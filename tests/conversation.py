"""A chat without a browser: one reader on one page asks questions, and the handlers of the chat answer."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from bot.chats.history import ChatHistory, Turn
from bot.ui.chat_handlers import ChatHandlers, ReplyStep
from bot.uploads import Uploads
from tests.pages import ScriptedBot

READER = "r" * 43


def handlers_of(bot: ScriptedBot, history: ChatHistory | None = None) -> ChatHandlers:
    """The handlers of a bot's chats, saved in the bot's folder unless there is another `history`."""
    return ChatHandlers(Uploads(bot), history or ChatHistory(bot.settings.data))  # type: ignore[arg-type]


def page_request(reader: str = "", session: str = "page") -> Any:
    """A request as Gradio passes it to a handler, from the page `session`. Without a cookie if `reader` is empty."""
    headers = {"cookie": f"dolmen_reader={reader}", "accept-language": "ko"} if reader else {}
    return SimpleNamespace(headers=headers, session_hash=session)


class Conversation:
    """The chat that a page shows. `chat_id` is what the page knows of it."""

    def __init__(self, handlers: ChatHandlers, reader: str = "", chat_id: str = "", session: str = "page") -> None:
        self.handlers, self.reader, self.chat_id = handlers, reader, chat_id
        self.request = page_request(reader, session)

    def asking(self, question: str, cut: int = 0, draft: int = 0, opening: int = 0) -> Iterator[ReplyStep]:
        """The steps of an answer, one at a time."""
        for step in self.handlers.reply(question, "answer", self.chat_id, cut, self.request, draft, opening):
            self.chat_id = step.chat_id
            yield step

    def ask(self, question: str, cut: int = 0, draft: int = 0, opening: int = 0) -> list[ReplyStep]:
        """All steps of an answer."""
        return list(self.asking(question, cut, draft, opening))

    def stop(self) -> list[ReplyStep]:
        return list(self.handlers.stop(self.chat_id, self.request))

    @property
    def turns(self) -> tuple[Turn, ...]:
        chat = self.handlers.chats.find(self.reader, self.chat_id)
        return chat.state().turns if chat else ()


def conversation(bot: ScriptedBot, reader: str = "") -> Conversation:
    """A new chat with a bot, of a reader without a cookie by default."""
    return Conversation(handlers_of(bot), reader)
