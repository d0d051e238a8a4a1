"""The talks that a reader kept: their list, and a talk as it stands in the chat again. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.chats.export import EXPORTS
from bot.chats.history import ChatSummary, Turn
from bot.schema import Language
from bot.ui.catalogue import MESSAGES
from bot.ui.markup import button, link, notice, paragraph, plain
from bot.ui.message import answer_markup

Message = dict[str, Any]


def chat_list(summaries: Sequence[ChatSummary], search: str, now: str, language: Language) -> str:
    """The list, newest first; `now` is the id of the talk that is open. Each can be opened, taken home and deleted."""
    words = MESSAGES[language]
    if not summaries:
        return notice(words.history_no_match.format(search=search) if search.strip() else words.history_none)
    return f'<ul class="talks">{"".join(_talk(one, one.id == now, language) for one in summaries)}</ul>'


def messages(turns: Sequence[Turn]) -> list[Message]:
    """The turns of a talk as the chat shows them."""
    return [message for place, turn in enumerate(turns, 1) for message in turn_messages(turn, place)]


def turn_messages(turn: Turn, place: int) -> tuple[Message, Message]:
    """A question and its answer."""
    rated = turn.rating.good if turn.rating else None
    return chat_message("user", paragraph(turn.answer.question)), chat_message(
        "assistant", answer_markup(turn.answer, place, rated=rated)
    )


def chat_message(role: str, markup: str) -> Message:
    """One message of the chat."""
    return {"role": role, "content": markup}


def _talk(one: ChatSummary, is_open: bool, language: Language) -> str:
    words = MESSAGES[language]
    about = f"{_local(one.changed)} · {words.history_turns.format(count=one.turns)}"
    taken = " ".join(link(f"export/{one.id}.{kind}", kind, "export") for kind in EXPORTS)
    name = link(f"#talk/{one.id}", one.name, "title")
    current = ' class="open"' if is_open else ""
    return (
        f'<li{current}>{name}<span class="about">{plain(about)}</span>'
        f'<span class="acts">{plain(words.history_export)}: {taken} {button(f"delete-{one.id}", words.history_delete)}</span></li>'
    )


def _local(moment: str) -> str:
    """A moment as the clock of this machine shows it, to the minute: the readers sit at it."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return moment
