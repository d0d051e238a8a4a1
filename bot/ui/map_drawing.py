"""The drawing of one analogy, as SVG: two columns of boxes, pairs as solid lines between them, breaks as broken lines below. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from bot.indexing.analogies import Analogy, Break, Pair
from bot.messages import map as texts
from bot.schema import Language
from bot.ui.markup import escape

WIDE, NARROW = 560, 330  # widths of the two drawings, in SVG units; the style sheet shows the one that fits
LATIN_WIDTH, HANGUL_WIDTH = 0.56, 1.0  # in em: Latin letters of system fonts are 0.45 to 0.6 wide on average, Hangul is square
PADDING, GAP = 10, 14  # inside a box, and between rows
ASCENT = 1.2  # in em: above the baseline, for Noto Sans CJK, the tallest of the fonts
LINE_HEIGHT = 1.4  # in em
BREAK_ROW = 46  # height of the row of one break
_WORD = re.compile(r"\S+\s*")


def drawing(analogy: Analogy, language: Language, width: int) -> str:
    """The SVG element of one drawing, `width` units wide."""
    size = 15.0 if width > 500 else 14.0
    column = width * 0.4
    right = width - column
    parts, y = [_header(analogy, language, column, right, size)], _header_height(analogy, language, column, size)
    for number, pair in enumerate(analogy.pairs, 1):
        sides = [wrap(side.of(language), column - 2 * PADDING, size) for side in (pair.source, pair.target)]
        height = max(map(len, sides)) * size * LINE_HEIGHT + 2 * PADDING
        boxes = _box(0, y, column, height, sides[0], size) + _box(right, y, column, height, sides[1], size)
        parts.append(_pair_line(analogy, pair, number, language, (column, right, y + height / 2)) + boxes)
        y += height + GAP
    for number, broken in enumerate(analogy.breaks, 1):
        parts.append(_break_line(analogy, broken, number, language, (width, y + BREAK_ROW / 2, size)))
        y += BREAK_ROW
    css_class = "wide" if width > 500 else "narrow"
    title = escape(analogy.name.of(language))
    return (
        f'<svg class="{css_class}" viewBox="0 0 {width} {y:.0f}" role="group" aria-label="{title}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def anchor(analogy: Analogy, *rest: object) -> str:
    """The HTML id of an analogy, or of a part of it: `map/ID/pair/1`. A line of the drawing links to the id of its section."""
    return escape("/".join(["map", analogy.id, *map(str, rest)]))


def wrap(text: str, width: float, size: float) -> list[str]:
    """`text` in lines no wider than `width` units at font size `size`. A word that is too long is split between characters."""
    lines, line = [], ""
    for word in _WORD.findall(text.strip()):
        if line and measure(line + word.rstrip(), size) > width:
            lines.append(line.rstrip())
            line = ""
        while measure(word.rstrip(), size) > width and len(word.rstrip()) > 1:
            cut = max(1, next(n for n in range(1, len(word) + 1) if measure(word[: n + 1], size) > width))
            lines.append(word[:cut])
            word = word[cut:]
        line += word
    return [*lines, line.rstrip()] if line.strip() else lines or [""]


def measure(text: str, size: float) -> float:
    """The estimated width of `text`, in units, at font size `size`."""
    return size * sum(HANGUL_WIDTH if unicodedata.east_asian_width(character) in "WF" else LATIN_WIDTH for character in text)


def _header_lines(analogy: Analogy, language: Language, column: float, size: float) -> tuple[list[str], list[str]]:
    return wrap(analogy.source.of(language), column, size), wrap(analogy.target.of(language), column, size)


def _header_height(analogy: Analogy, language: Language, column: float, size: float) -> float:
    return max(map(len, _header_lines(analogy, language, column, size))) * size * LINE_HEIGHT + GAP


def _header(analogy: Analogy, language: Language, column: float, right: float, size: float) -> str:
    """The names of the two domains, above their columns."""
    sides = _header_lines(analogy, language, column, size)
    bottom = max(map(len, sides)) * size * LINE_HEIGHT
    return "".join(
        _text(lines, x + column / 2, bottom - len(lines) * size * LINE_HEIGHT + ASCENT * size, size, "domain")
        for x, lines in zip((0.0, right), sides, strict=True)
    )


def _pair_line(analogy: Analogy, pair: Pair, number: int, language: Language, place: tuple[float, float, float]) -> str:
    """The line of a pair at `place` (left, right, y). A wider transparent line under it makes it easy to click."""
    left, right, y = place
    label = f"{pair.source.of(language)} — {pair.target.of(language)}"
    path = f"M{left:.0f} {y:.1f}H{right:.0f}"
    return (
        f'<a class="line" href="#{anchor(analogy, "pair", number)}" aria-label="{escape(label)}"><path class="reach" d="{path}"/>'
        f'<path class="stroke" d="{path}"/><circle class="dot" cx="{left:.0f}" cy="{y:.1f}" r="4"/>'
        f'<circle class="dot" cx="{right:.0f}" cy="{y:.1f}" r="4"/></a>'
    )


def _break_line(analogy: Analogy, broken: Break, number: int, language: Language, place: tuple[float, float, float]) -> str:
    """The line of a break at `place` (width, y, font size): interrupted by a cross and the kind of the objection."""
    width, y, size = place
    move = texts.MOVES[broken.move]
    label, shown = texts.BREAK.format(number=number, move=move).of(language), f"{number}. {move.of(language)}"
    half = measure(shown, size) / 2 + 26
    left, right = width / 2 - half, width / 2 + half
    cross = f"M{left + 8:.1f} {y - 6:.1f}l12 12m0 -12l-12 12"
    return (
        f'<a class="broken" href="#{anchor(analogy, "break", number)}" aria-label="{escape(label)}">'
        f'<path class="reach" d="M0 {y:.1f}H{width}"/><path class="gone" d="M4 {y:.1f}H{left:.1f}M{right:.1f} {y:.1f}H{width - 4}"/>'
        f'<path class="cross" d="{cross}"/>{_text([shown], width / 2 + 12, y + size * 0.35, size, "move")}</a>'
    )


def _box(x: float, y: float, width: float, height: float, lines: Sequence[str], size: float) -> str:
    top = y + (height - len(lines) * size * LINE_HEIGHT) / 2 + size * 1.05
    frame = f'<rect class="box" x="{x + 0.5:.1f}" y="{y:.1f}" width="{width - 1:.1f}" height="{height:.1f}" rx="9"/>'
    return frame + _text(lines, x + width / 2, top, size, "thing")


def _text(lines: Sequence[str], x: float, y: float, size: float, css_class: str) -> str:
    """Lines of text, centred on `x`, the first one's baseline at `y`."""
    spans = "".join(
        f'<tspan x="{x:.1f}" y="{y + number * size * LINE_HEIGHT:.1f}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return f'<text class="{css_class}" font-size="{size:g}" text-anchor="middle">{spans}</text>'
