"""The turns of the chat that a chat model reads: the last ones, without notices, within a token budget. Pure."""

from collections.abc import Sequence

from bot.answers.tokens import cut, estimate_tokens
from bot.messages.text import Language, Text
from bot.schema import Message
from bot.text.normalize import clean

READER, BOT = Text("Reader: {text}", "독자: {text}"), Text("Dolmen: {text}", "Dolmen: {text}")
MAX_MESSAGE_CHARACTERS = 10_000  # that are looked at of one message
MAX_MESSAGE_SHARE = 0.4  # of the budget, that one message may take


def chat_lines(history: Sequence[Message], turns: int, tokens: float, language: Language) -> tuple[str, ...]:
    """The last `turns` turns, oldest first, a line a message: as many of the latest as fit into `tokens`.

    Of an answer it holds what `Message.said` has; a turn whose answer said nothing is its question alone. A long message is cut.
    """
    chosen: list[str] = []
    left = tokens
    for turn in reversed(_turns(history)[-turns:]):
        lines = [line for message in turn if (line := _line(message, tokens * MAX_MESSAGE_SHARE, language))]
        cost = sum(map(estimate_tokens, lines))
        if cost > left:
            break
        chosen[:0] = lines
        left -= cost
    return tuple(chosen)


def _turns(history: Sequence[Message]) -> list[list[Message]]:
    """The messages, those from one question to the next together."""
    turns: list[list[Message]] = []
    for message in history:
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def _line(message: Message, tokens: float, language: Language) -> str:
    """The message as one line; empty where nothing of it may be read."""
    text = clean((message.text if message.said is None else message.said)[:MAX_MESSAGE_CHARACTERS]).text
    label = (READER if message.role == "user" else BOT).of(language)
    shown = cut(text, tokens - estimate_tokens(label))
    return label.format(text=shown) if shown else ""
