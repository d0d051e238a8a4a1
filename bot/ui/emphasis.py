"""Emphasis in an essay's Markdown: which characters are its signs, and how what stands between them is set. No character moves. Pure."""

import re

from bot.ui.markup import plain

Style = tuple[int, int, str]  # characters `start` to `end`, and the class of the style sheet that they have

# A pair of signs, no longer than a line, nothing inside another: `code`, **strong**, *em* or _em_, [text](address).
_EMPHASIS = re.compile(
    r"(?P<code>`[^`\n]+`)|(?P<strong>\*\*(?=[^\s*])[^*\n]*[^\s*]\*\*)"
    r"|(?P<em>(?<![\w*])\*(?=[^\s*])[^*\n]*(?<=[^\s*])\*(?![\w*])|(?<!\w)_(?=[^\s_])[^_\n]*(?<=[^\s_])_(?!\w))"
    r"|(?P<linked>\[[^\[\]\n]+\]\([^()\s]+\))"
)


def styles(text: str, start: int, end: int) -> list[Style]:
    """The styles of `text` between two offsets, in order, none over another: of each pair its `sign`s and what they enclose."""
    found: list[Style] = []
    for match in _EMPHASIS.finditer(text, start, end):
        name = str(match.lastgroup)
        begin, stop = match.span()
        before = 2 if name == "strong" else 1
        after = stop - text.index("](", begin) if name == "linked" else before
        found += [(begin, begin + before, "sign"), (begin + before, stop - after, name), (stop - after, stop, "sign")]
    return found


def styled(text: str, start: int, end: int, found: list[Style]) -> str:
    """The markup of the text from `start` to `end`, of which `found` are the styles."""
    pieces, done = [], start
    for begin, stop, name in found:
        begin, stop = max(begin, start), min(stop, end)
        if begin < stop:
            pieces.append(f'{plain(text[done:begin])}<span class="{name}">{plain(text[begin:stop])}</span>')
            done = stop
    return "".join([*pieces, plain(text[done:end])])
