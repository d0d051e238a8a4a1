"""Convert the history that a caller gives, in any usual shape, to messages. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import QuestionError
from bot.messages import errors
from bot.messages.text import Text
from bot.schema import Answer, Message

# By role, and by the `type` of a LangChain message or of its chunk, in lower case.
ROLES = {
    **dict.fromkeys(("user", "human", "humanmessagechunk"), "user"),
    **dict.fromkeys(("assistant", "ai", "aimessagechunk"), "assistant"),
}
TEXT_BLOCKS = ("text", "input_text", "output_text")  # values of `type` of a content block that has a text
MAX_SHOWN_CHARACTERS = 80  # of a refused value in the error
_QUOTED_LINE = re.compile(r"^[ \t]*“([^\n]+?)”(?=[ \t]*(?:\[\d+\]|$))", re.MULTILINE)  # as `Answer.text` writes a quotation


def normalized(history: Sequence[Any]) -> list[Message]:
    """The messages of `history`, oldest first.

    An item is a `(role, text)` pair, a `{"role": …, "content": …}` mapping or an object with these attributes, whose content is a string
    or a list of text blocks, a LangChain message (told by its attributes: LangChain is not imported), or an earlier `Answer` (its question
    and its text). An `Answer` knows what it quotes; in the text of an answer each line that is a quotation in “ ” is taken for one.
    Raises `QuestionError` for anything else and for any other role (`system`, `tool`).
    """
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Sequence):
        raise _refused(history, errors.NOT_A_LIST)
    return [message for item in history for message in _messages(item)]


def _messages(item: Any) -> list[Message]:
    if isinstance(item, Message):
        return [item]
    if isinstance(item, Answer):
        return [Message("user", item.question), Message("assistant", item.text, item.quotations)]
    role, content = _role_and_content(item)
    if not isinstance(role, str):
        raise _refused(item, errors.NO_ROLE)
    if role.lower() not in ROLES:
        raise _refused(role, errors.WRONG_ROLE)
    text = _text(content)
    if text is None and ROLES[role.lower()] == "assistant":  # of a LangChain message with blocks of reasoning or tool calls, too
        text = _text(getattr(item, "text", None))
    if text is None:
        raise _refused(content, errors.NOT_TEXT)
    role = ROLES[role.lower()]
    return [Message(role, text, tuple(_QUOTED_LINE.findall(text)) if role == "assistant" else ())]


def _role_and_content(item: Any) -> tuple[Any, Any]:
    """Role and content of an item, None for what it does not have."""
    if isinstance(item, Mapping):
        return item.get("role", item.get("type")), item.get("content")
    if isinstance(item, tuple | list):
        return (item[0], item[1]) if len(item) == 2 else (None, None)
    return getattr(item, "role", None) or getattr(item, "type", None), getattr(item, "content", None)


def _text(content: Any) -> str | None:
    """The text of a string, or of a list of strings and text blocks, a line each; None for anything else."""
    if isinstance(content, str):
        return str(content)
    if not isinstance(content, list | tuple):
        return None
    texts: list[str] = []
    for block in content:
        text = block.get("text") if isinstance(block, Mapping) and block.get("type", "text") in TEXT_BLOCKS else block
        if not isinstance(text, str):
            return None
        texts.append(text)
    return "\n".join(texts)


def _refused(value: Any, fact: Text) -> QuestionError:
    """The error for a value of the history."""
    shown = repr(value)
    shown = shown if len(shown) <= MAX_SHOWN_CHARACTERS else f"{shown[:MAX_SHOWN_CHARACTERS]}…"
    return QuestionError(errors.WRONG_HISTORY.format(fact=fact.format(value=shown)))
