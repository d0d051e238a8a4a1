"""Estimates how many tokens a text has for a chat model, and cuts texts to a number of them. Pure."""

from bot.text.sentences import sentences

TOKENS_PER_HANGUL, TOKENS_PER_OTHER = 0.75, 0.25  # Qwen2.5's tokenizer needs .72 and .24 a character for the bundled essays
CUT = " …"  # ends a text that was cut


def estimate_tokens(text: str) -> float:
    """The approximate number of tokens of `text`."""
    hangul = sum("가" <= character <= "힣" for character in text)
    return TOKENS_PER_HANGUL * hangul + TOKENS_PER_OTHER * (len(text) - hangul)


def cut(text: str, tokens: float) -> str:
    """The text on one line, cut after the last sentence that fits into `tokens`, within the first one where none does."""
    line = " ".join(text.split())
    if estimate_tokens(line) <= tokens:
        return line
    room = max(0.0, tokens - estimate_tokens(CUT))
    fitting = _characters(line, room)
    end = max((stop for _, stop in sentences(line) if stop <= fitting), default=fitting)
    return line[:end].rstrip() + CUT if end else ""


def _characters(text: str, tokens: float) -> int:
    """How many characters of the beginning of `text` fit into `tokens`."""
    used = 0.0
    for place, character in enumerate(text):
        used += TOKENS_PER_HANGUL if "가" <= character <= "힣" else TOKENS_PER_OTHER
        if used > tokens:
            return place
    return len(text)
