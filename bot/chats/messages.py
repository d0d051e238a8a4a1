"""The history that a caller gives, in any usual shape, as (role, text) pairs. Pure.

A turn may be a `(role, text)` pair, a `{"role": …, "content": …}` mapping, a LangChain message, or an earlier `Answer`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.errors import QuestionError
from bot.schema import Answer

Message = tuple[str, str]

ROLES = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant"}


def normalized(history: Sequence[Any]) -> list[Message]:
    """The turns of `history`, oldest first, as (`user` or `assistant`, text); an `Answer` is its question and its text.

    Raises `QuestionError` for a history that is no sequence, a turn of another shape, and another role (`system`, `tool`).
    """
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Sequence):
        raise _refused(history, "is no list of turns", "차례의 목록이 아닙니다")
    return [message for turn in history for message in _messages(turn)]


def _messages(turn: Any) -> list[Message]:
    if isinstance(turn, Answer):
        return [("user", turn.question), ("assistant", turn.text)]
    if isinstance(turn, Mapping):
        role, content = turn.get("role"), turn.get("content")
    elif isinstance(turn, tuple | list) and len(turn) == 2:
        role, content = turn
    else:
        role, content = getattr(turn, "type", None), getattr(turn, "content", None)  # a LangChain message
    text = _text(content)
    if not isinstance(role, str) or text is None:
        raise _refused(turn, "is no turn", "대화의 차례가 아닙니다")
    if role not in ROLES:
        raise _refused(turn, f"has the role {role!r}", f"역할이 {role!r}입니다")
    return [(ROLES[role], text)]


def _text(content: Any) -> str | None:
    """The text of a message's content: a string, or a list of strings and of blocks with text; None for anything else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts: list[str] = []
    for block in content:
        text = block.get("text") if isinstance(block, Mapping) and block.get("type", "text") == "text" else block
        if not isinstance(text, str):
            return None
        parts.append(text)
    return "\n".join(parts)


def _refused(value: Any, fact: str, korean: str) -> QuestionError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:80]}…"
    return QuestionError(
        f"The history has {shown}, which {fact}. Give turns as (role, text) or {{'role': 'user', 'content': text}}, roles user and assistant.",
        f"history의 {shown}은(는) {korean}. (역할, 글)이나 {{'role': 'user', 'content': 글}}로 주세요. 역할은 user와 assistant입니다.",
    )
