"""Convert the history that a caller gives, in any usual shape, to messages. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from bot.errors import QuestionError
from bot.messages import answers, errors, notices
from bot.messages.text import LANGUAGES, Text
from bot.schema import Answer, Message
from bot.text.normalize import clean

# By role, and by the `type` of a LangChain message or of its chunk, in lower case.
ROLES = {
    **dict.fromkeys(("user", "human", "humanmessagechunk"), "user"),
    **dict.fromkeys(("assistant", "ai", "aimessagechunk"), "assistant"),
}
TEXT_BLOCKS = ("text", "input_text", "output_text")  # values of `type` of a content block that has a text
MAX_SHOWN_CHARACTERS = 80  # of a refused value in the error
_CITATION_NUMBERS = re.compile(r"\s*\[\d{1,3}\]")
# The notices that stand in answers as lines of their own.
_NOTICES = (
    *(notices.ABSTAIN, notices.OUT_OF_SCOPE, notices.GREETING, notices.RELATED, notices.NEAREST, notices.FROM),
    *(notices.MODEL_UNAVAILABLE, notices.MODEL_ABSTAINS, notices.ALL_REFUSED, *notices.ENDED_EARLY.values()),
    *(answers.SEVERAL_ESSAYS, answers.BOTH_SIDES, answers.FOR_AND_AGAINST, answers.ARGUMENTS, answers.ONE_ARGUMENT),
    *(answers.MORE, answers.NO_MORE, answers.NO_SIDE, answers.SUMMARY, answers.SUMMARY_OF_ONE),
)
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


def cleaned(messages: Sequence[Message], limit: int) -> list[Message]:
    """The messages without the characters that a question is cleaned of, each text of them cut to `limit` characters."""

    def cut(text: str) -> str:
        return clean(text[:limit]).text

    return [
        replace(
            message,
            text=cut(message.text),
            quotations=tuple(filter(None, map(cut, message.quotations))),
            said=None if message.said is None else cut(message.said),
        )
        for message in messages
    ]


def _messages(item: Any) -> list[Message]:
    if isinstance(item, Message):
        return [item]
    if isinstance(item, Answer):
        return [Message("user", item.question), _answered(item.text, _sources(item), _said(item))]
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
    if role == "user":
        return [Message(role, text)]
    return [_answered(text, tuple(_QUOTED_LINE.findall(text)), _without_notices(text))]


def _answered(text: str, quotations: tuple[str, ...], said: str) -> Message:
    """The message of an answer."""
    return Message("assistant", text, quotations, said if said != text else None)


def _sources(answer: Answer) -> tuple[str, ...]:
    """What an answer quotes; where it is a model's prose, what that rests on."""
    return answer.quotations or tuple(citation.quote for citation in answer.citations)


def _said(answer: Answer) -> str:
    """The sentences of an answer that are no notices, a line each."""
    return "\n".join(sentence.text for sentence in answer.sentences if sentence.kind != "notice")


def _without_notices(text: str) -> str:
    """The text of an answer without citation numbers and without the lines that are notices of this bot, in either language."""
    lines = (_CITATION_NUMBERS.sub("", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not _notice().fullmatch(line))


@lru_cache(1)
def _notice() -> re.Pattern[str]:
    """The pattern of the lines that are notices, whatever their placeholders stand for."""
    templates = [re.split(r"(\{[^{}]*\})", text.of(language)) for text in _NOTICES for language in LANGUAGES]
    return re.compile(
        "|".join("".join(".+" if place % 2 else re.escape(part) for place, part in enumerate(parts)) for parts in templates)
    )


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
