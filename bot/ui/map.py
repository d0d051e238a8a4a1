"""The analogy map, drawn as SVG: two domains as columns, their pairs as lines, the breaks as broken ones. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.indexing.analogies import Analogy, Bilingual, Break, Domains, Pair, Quotation
from bot.schema import Essay, Language
from bot.ui.markup import ask_link, label, link, notice, plain, read_link

WIDE, NARROW = 560, 330  # units of the two drawings; the style sheet shows the one that fits
LETTER, HANGUL = 0.56, 1.0  # widths in em: Latin letters of system fonts are .45 to .6 wide on average, Hangul fills its square
PADDING, GAP = 10, 14  # inside a box, and between rows
ASCENT = 1.2  # letter heights that a line of Noto Sans CJK, the tallest of the fonts, needs above its baseline
BREAK_ROW = 46
_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class MapMessages:
    """What the map says by itself, in one language."""

    count: str
    none: str
    shows: str
    by_essay: str
    by_reader: str
    reply: str
    unmapped: str
    ask_answer: str
    ask_counter: str
    pair_question: str
    break_question: str
    pair_label: str
    break_label: str
    close: str
    moves: Mapping[str, str]


MAP_MESSAGES: dict[Language, MapMessages] = {
    "ko": MapMessages(
        count="비유 {count}개. 선을 누르면 근거가 된 문장이 나옵니다.",
        none="이 서가에는 비유 지도가 없습니다. 에세이 옆에 analogies.yaml을 두면 여기에 그려집니다.",
        shows="보이려는 것",
        by_essay="에세이의 지적",
        by_reader="에세이에는 없고, 봇이 지도에 적어 둔 물음",
        reply="이에 대한 답",
        unmapped="짝 없이 남은 것",
        ask_answer="이것에 대해 묻기",
        ask_counter="반론 찾기",
        pair_question="{source}와 {target}의 비유에서 ‘{a}’는 ‘{b}’와 어떻게 닮았나요?",
        break_question="{source}와 {target}의 비유는 여기서 어긋나나요? {text}",
        pair_label="{a} — {b}",
        break_label="어긋나는 곳 {number}: {move}",
        close="닫기",
        moves={
            "disanalogy": "닮지 않은 점",
            "survivorship": "살아남은 것만 봄",
            "other-cause": "다른 원인",
            "wrong-measure": "엇나간 잣대",
            "missing-step": "빠진 고리",
            "history": "역사와 다름",
            "scale": "규모의 차이",
        },
    ),
    "en": MapMessages(
        count="Analogies: {count}. Click a line for the sentences it rests on.",
        none="This shelf has no analogy map. Put an analogies.yaml beside the essays, and it is drawn here.",
        shows="What it is meant to show",
        by_essay="An essay objects",
        by_reader="Not in the essays: a question that the bot keeps on its map",
        reply="The answer to this",
        unmapped="Left without a partner",
        ask_answer="Ask about this",
        ask_counter="Find what speaks against it",
        pair_question="In the analogy of {source} and {target}, how is “{a}” like “{b}”?",
        break_question="Does the analogy of {source} and {target} break here? {text}",
        pair_label="{a} — {b}",
        break_label="Break {number}: {move}",
        close="Close",
        moves={
            "disanalogy": "not alike",
            "survivorship": "only survivors seen",
            "other-cause": "another cause",
            "wrong-measure": "the wrong measure",
            "missing-step": "a missing step",
            "history": "history differs",
            "scale": "another scale",
        },
    ),
}


def analogy_map(analogies: Sequence[Analogy], essays: Mapping[str, Essay], language: Language) -> str:
    """The markup of the map, each analogy folded up but the first. `essays`, by id, are what its quotations stand in."""
    words = MAP_MESSAGES[language]
    if not analogies:
        return notice(words.none)
    figures = "".join(_figure(one, essays, language, is_open=place == 0) for place, one in enumerate(analogies))
    return f'<div class="map"><p class="count">{plain(words.count.format(count=len(analogies)))}</p>{figures}</div>'


def drawing(analogy: Analogy, language: Language, width: int) -> str:
    """One drawing, `width` units wide: the pairs as lines between two columns of boxes, then the breaks as broken lines."""
    size = 15.0 if width > 500 else 14.0
    column = width * 0.4
    right = width - column
    parts, y = [_head(analogy, language, column, right, size)], _head_height(analogy, language, column, size)
    for number, pair in enumerate(analogy.pairs, 1):
        rows = [wrap(_in(side, language), column - 2 * PADDING, size) for side in (pair.source, pair.target)]
        height = max(map(len, rows)) * size * 1.4 + 2 * PADDING
        boxes = _box(0, y, column, height, rows[0], size) + _box(right, y, column, height, rows[1], size)
        parts.append(_line(analogy, pair, number, language, (column, right, y + height / 2)) + boxes)
        y += height + GAP
    for number, one in enumerate(analogy.breaks, 1):
        parts.append(_broken(analogy, one, number, language, (width, y + BREAK_ROW / 2, size)))
        y += BREAK_ROW
    name = "wide" if width > 500 else "narrow"
    title = plain(_in(analogy.name, language))
    return (
        f'<svg class="{name}" viewBox="0 0 {width} {y:.0f}" role="group" aria-label="{title}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def wrap(text: str, width: float, size: float) -> list[str]:
    """`text` in lines no wider than `width` units at a letter height of `size`; a word that is too long is cut between letters."""
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
    """About how wide `text` is, in units."""
    return size * sum(HANGUL if unicodedata.east_asian_width(one) in "WF" else LETTER for one in text)


def _figure(analogy: Analogy, essays: Mapping[str, Essay], language: Language, *, is_open: bool) -> str:
    words = MAP_MESSAGES[language]
    pairs = "".join(_pair(analogy, one, number, essays, language) for number, one in enumerate(analogy.pairs, 1))
    breaks = "".join(_break(analogy, one, number, essays, language) for number, one in enumerate(analogy.breaks, 1))
    return (
        f'<details class="analogy" id="{_id(analogy)}"{" open" if is_open else ""}><summary>{plain(_in(analogy.name, language))}</summary>'
        f'<p class="shows">{label(words.shows)}{plain(_in(analogy.shows, language))}</p>'
        f"{drawing(analogy, language, WIDE)}{drawing(analogy, language, NARROW)}{pairs}{breaks}"
        f'<p class="unmapped">{label(words.unmapped)}{plain(_in(analogy.unmapped, language))}</p></details>'
    )


def _pair(analogy: Analogy, pair: Pair, number: int, essays: Mapping[str, Essay], language: Language) -> str:
    """What opens when a pair's line is clicked."""
    words = MAP_MESSAGES[language]
    a, b = _in(pair.source, language), _in(pair.target, language)
    question = words.pair_question.format(a=a, b=b, **_domains(analogy, language))
    return (
        f'<section class="more" id="{_id(analogy, "pair", number)}" tabindex="-1">{_close(language)}'
        f"<h4>{plain(words.pair_label.format(a=a, b=b))}</h4>"
        f"{_quotations(pair.quotes, essays, language)}{_asks(question, language)}</section>"
    )


def _break(analogy: Analogy, one: Break, number: int, essays: Mapping[str, Essay], language: Language) -> str:
    """What opens when a break is clicked."""
    words = MAP_MESSAGES[language]
    whose = words.by_essay if one.by == "essay" else words.by_reader
    reply = ""
    if one.reply:
        reply = f"<p>{label(words.reply)}{plain(_in(one.reply, language))}</p>{_quotations(one.reply_quotes, essays, language)}"
    question = words.break_question.format(text=_in(one.text, language), **_domains(analogy, language))
    return (
        f'<section class="more break" id="{_id(analogy, "break", number)}" tabindex="-1">{_close(language)}'
        f"<h4>{plain(words.break_label.format(number=number, move=words.moves[one.move]))}</h4>"
        f"<p>{label(whose)}{plain(_in(one.text, language))}</p>"
        f"{_quotations(one.quotes, essays, language)}{reply}{_asks(question, language)}</section>"
    )


def _close(language: Language) -> str:
    return link("#view/map", MAP_MESSAGES[language].close, "close")


def _quotations(quotes: Sequence[Quotation], essays: Mapping[str, Essay], language: Language) -> str:
    """Each quotation with a link that opens its essay at it, those in the reader's language first."""
    found = [(one, essays[one.essay]) for one in quotes if one.essay in essays]
    held = sorted(found, key=lambda item: item[1].language != language)
    return "".join(
        f'<blockquote lang="{essay.language}">“{plain(one.quote)}” '
        f"{link(read_link(essay.id, one.start, one.end, essay.sha256), essay.title, 'open')}</blockquote>"
        for one, essay in held
    )


def _asks(question: str, language: Language) -> str:
    words = MAP_MESSAGES[language]
    return (
        f'<p class="asks">{link(ask_link("answer", question), words.ask_answer, "act")} '
        f"{link(ask_link('counter', question), words.ask_counter, 'act')}</p>"
    )


def _domains(analogy: Analogy, language: Language) -> dict[str, str]:
    """The two domains as a question names them: by their own words, so that it is understood as one about this analogy."""
    return {
        "source": _named(analogy, analogy.source, "source", language),
        "target": _named(analogy, analogy.target, "target", language),
    }


def _named(analogy: Analogy, domain: Bilingual, side: str, language: Language) -> str:
    text, words = _in(domain, language), _said(analogy.words, side, language)
    return text if any(word.rstrip("-") in text for word in words) else f"{text}({words[0]})"


def _said(words: Domains, side: str, language: Language) -> tuple[str, ...]:
    held = words.source if side == "source" else words.target
    return held.ko if language == "ko" else held.en


def _head_lines(analogy: Analogy, language: Language, column: float, size: float) -> tuple[list[str], list[str]]:
    return wrap(_in(analogy.source, language), column, size), wrap(_in(analogy.target, language), column, size)


def _head_height(analogy: Analogy, language: Language, column: float, size: float) -> float:
    return max(map(len, _head_lines(analogy, language, column, size))) * size * 1.4 + GAP


def _head(analogy: Analogy, language: Language, column: float, right: float, size: float) -> str:
    """The names of the two domains, over their columns."""
    sides = _head_lines(analogy, language, column, size)
    low = max(map(len, sides)) * size * 1.4
    return "".join(
        _text(lines, x + column / 2, low - len(lines) * size * 1.4 + ASCENT * size, size, "domain")
        for x, lines in zip((0.0, right), sides, strict=True)
    )


def _line(analogy: Analogy, pair: Pair, number: int, language: Language, at: tuple[float, float, float]) -> str:
    """A pair's line, over a wider one that cannot be seen, so that a finger finds it."""
    left, right, y = at
    said = MAP_MESSAGES[language].pair_label.format(a=_in(pair.source, language), b=_in(pair.target, language))
    path = f"M{left:.0f} {y:.1f}H{right:.0f}"
    return (
        f'<a class="line" href="#{_id(analogy, "pair", number)}" aria-label="{plain(said)}"><path class="reach" d="{path}"/>'
        f'<path class="stroke" d="{path}"/><circle class="dot" cx="{left:.0f}" cy="{y:.1f}" r="4"/>'
        f'<circle class="dot" cx="{right:.0f}" cy="{y:.1f}" r="4"/></a>'
    )


def _broken(analogy: Analogy, one: Break, number: int, language: Language, at: tuple[float, float, float]) -> str:
    """A break: a line that does not arrive, a cross where it ends, and what kind of break it is."""
    width, y, size = at
    said = MAP_MESSAGES[language].break_label.format(number=number, move=MAP_MESSAGES[language].moves[one.move])
    shown = f"{number}. {MAP_MESSAGES[language].moves[one.move]}"
    half = measure(shown, size) / 2 + 26
    left, right = width / 2 - half, width / 2 + half
    cross = f"M{left + 8:.1f} {y - 6:.1f}l12 12m0 -12l-12 12"
    return (
        f'<a class="broken" href="#{_id(analogy, "break", number)}" aria-label="{plain(said)}">'
        f'<path class="reach" d="M0 {y:.1f}H{width}"/><path class="gone" d="M4 {y:.1f}H{left:.1f}M{right:.1f} {y:.1f}H{width - 4}"/>'
        f'<path class="cross" d="{cross}"/>{_text([shown], width / 2 + 12, y + size * 0.35, size, "move")}</a>'
    )


def _box(x: float, y: float, width: float, height: float, lines: Sequence[str], size: float) -> str:
    top = y + (height - len(lines) * size * 1.4) / 2 + size * 1.05
    frame = f'<rect class="box" x="{x + 0.5:.1f}" y="{y:.1f}" width="{width - 1:.1f}" height="{height:.1f}" rx="9"/>'
    return frame + _text(lines, x + width / 2, top, size, "thing")


def _text(lines: Sequence[str], x: float, y: float, size: float, name: str) -> str:
    spans = "".join(
        f'<tspan x="{x:.1f}" y="{y + place * size * 1.4:.1f}">{plain(line)}</tspan>' for place, line in enumerate(lines)
    )
    return f'<text class="{name}" font-size="{size:g}" text-anchor="middle">{spans}</text>'


def _id(analogy: Analogy, *rest: object) -> str:
    return plain("/".join(["map", analogy.id, *map(str, rest)]))


def _in(text: Bilingual, language: Language) -> str:
    return text.ko if language == "ko" else text.en
