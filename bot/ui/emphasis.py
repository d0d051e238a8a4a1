"""The inline Markdown of an essay (emphasis, code, links): its spans, and their HTML. The text keeps every character. Pure."""

import re

from bot.ui.markup import escape

Style = tuple[int, int, str]  # characters `start` to `end`, and their class in the style sheet

# A pair of signs on one line, without another pair inside: `code`, **strong**, *em* or _em_, [text](address).
_EMPHASIS = re.compile(
    r"(?P<code>`[^`\n]+`)|(?P<strong>\*\*(?=[^\s*])[^*\n]*[^\s*]\*\*)"
    r"|(?P<em>(?<![\w*])\*(?=[^\s*])[^*\n]*(?<=[^\s*])\*(?![\w*])|(?<!\w)_(?=[^\s_])[^_\n]*(?<=[^\s_])_(?!\w))"
    r"|(?P<linked>\[[^\[\]\n]+\]\([^()\s]+\))"
)


def styles(text: str, start: int, end: int) -> list[Style]:
    """The styles of `text[start:end]`, in order and without overlap. Each pair of signs gives two `sign`s and the span between them."""
    spans: list[Style] = []
    for match in _EMPHASIS.finditer(text, start, end):
        name = str(match.lastgroup)
        first, last = match.span()
        opening = 2 if name == "strong" else 1  # characters of the sign
        closing = last - text.index("](", first) if name == "linked" else opening
        spans += [(first, first + opening, "sign"), (first + opening, last - closing, name), (last - closing, last, "sign")]
    return spans


def styled(text: str, start: int, end: int, spans: list[Style]) -> str:
    """The HTML of `text[start:end]`. `spans` are styles from `styles`; a span that crosses a boundary is cut there."""
    pieces, written = [], start
    for first, last, name in spans:
        first, last = max(first, start), min(last, end)
        if first < last:
            pieces.append(f'{escape(text[written:first])}<span class="{name}">{escape(text[first:last])}</span>')
            written = last
    return "".join([*pieces, escape(text[written:end])])
