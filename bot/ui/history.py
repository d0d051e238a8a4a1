"""The saved chats: their list, and the messages of one that is opened again. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.chats.export import EXPORTS
from bot.chats.history import ChatSummary, Turn
from bot.messages import page
from bot.schema import Language
from bot.ui.markup import button, escape, link, notice, paragraph
from bot.ui.message import answer_markup

Message = dict[str, Any]  # a message of Gradio's chatbot: its role and its content


def chat_list(summaries: Sequence[ChatSummary], search: str, open_chat: str, language: Language) -> str:
    """The list of `summaries`, in their order; `open_chat` is the id of the open one. Each can be opened, downloaded and deleted."""
    if not summaries:
        return notice(
            page.HISTORY_NO_MATCH.format(search=search).of(language) if search.strip() else page.HISTORY_NONE.of(language)
        )
    items = "".join(_chat_item(summary, summary.id == open_chat, language) for summary in summaries)
    return f'<ul class="talks">{items}</ul>'


def chat_messages(turns: Sequence[Turn]) -> list[Message]:
    """The messages of a chat: a question and an answer for each turn."""
    return [message for turn in turns for message in turn_messages(turn)]


def turn_messages(turn: Turn) -> tuple[Message, Message]:
    """The question and the answer of one turn."""
    rating = turn.rating.good if turn.rating else None
    question = chat_message("user", paragraph(turn.answer.question))
    return question, chat_message("assistant", answer_markup(turn.answer, turn.place, rating=rating))


def chat_message(role: str, markup: str) -> Message:
    """One message of the chat."""
    return {"role": role, "content": markup}


def _chat_item(summary: ChatSummary, is_open: bool, language: Language) -> str:
    about = f"{_local_time(summary.changed)} · {page.HISTORY_TURNS.format(count=summary.turns).of(language)}"
    exports = " ".join(link(f"export/{summary.id}.{kind}", kind, "export") for kind in EXPORTS)
    name = link(f"#talk/{summary.id}", summary.name, "title")
    css_class = ' class="open"' if is_open else ""
    return (
        f'<li{css_class}>{name}<span class="about">{escape(about)}</span>'
        f'<span class="acts">{escape(page.HISTORY_EXPORT.of(language))}: {exports} '
        f"{button(f'delete-{summary.id}', page.HISTORY_DELETE.of(language))}</span></li>"
    )


def _local_time(timestamp: str) -> str:
    """An ISO 8601 timestamp in the server's time zone, to the minute. The readers use the page on the machine that serves it."""
    try:
        return datetime.fromisoformat(timestamp).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return timestamp
