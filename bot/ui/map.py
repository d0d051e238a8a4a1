"""The analogy map, drawn as SVG: two domains as columns, the pairs as taut lines, the breaks as a slack one that is cut. Pure."""

import bisect
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bot.analogies import Analogy, Both, Break, Pair, Quotation
from bot.analogies import Words as Nouns
from bot.schema import Essay, Language
from bot.ui.markup import ask_link, label, link, notice, plain, read_link

LINE = 1.42  # from one line of text to the next, in em
_WORD = re.compile(r"\S+\s*")

# Widths in em, a little more than those of the widest common sans-serif (DejaVu Sans), so that no system's font leaves its box.
SQUARE, CAPITAL, LETTER, THIN = 1.0, 0.78, 0.63, 0.42
_THIN = frozenset(" !'(),-./:;I[\\]fijlrt|")
_CAPITAL = re.compile(r"[A-Z#&+<=>^~]")
_SQUARE = frozenset("%@MWmw")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The measures of one drawing, in units of its viewBox. `size` is the height of its letters."""

    name: str
    width: float
    column: float
    size: float
    padding: float
    gap: float  # between two rows
    sag: float  # of the slack line

    @property
    def right(self) -> float:
        """Where the right column begins."""
        return self.width - self.column


# Both are shown at about the size they are drawn: the narrow one on phones, the wide one in the panel of a large screen.
WIDE = Sheet("wide", 520, 212, 15, 12, 12, 16)
NARROW = Sheet("narrow", 340, 149, 14, 9, 10, 12)
EDGE, CUT, APART = 12, 13, 44  # of the slack line: from its ends to the sheet's, half of a cut, and the least from cross to cross


@dataclass(frozen=True, slots=True)
class Words:
    """What the map says by itself, in one language. Braces are filled in."""

    count: str
    none: str
    held: str
    shows: str
    where: str
    by_essay: str
    by_reader: str
    own: str
    reply: str
    unmapped: str
    ask: str
    counter: str
    ask_pair: str
    ask_break: str
    noun: str
    pair: str
    broken: str
    moves: Mapping[str, str]


WORDS: dict[Language, Words] = {
    "ko": Words(
        count="비유 {count}개. 이어진 줄은 견준 것이고, 늘어진 줄은 끊긴 자리마다 비유가 어긋나는 곳입니다. "
        "누르면 바탕이 된 문장이 펼쳐집니다.",
        none="비유 지도는 에세이가 무엇을 무엇에 견주는지, 그 비유가 어디에서 어긋나는지를 그린 그림입니다. "
        "이 서가에는 아직 없습니다. 에세이 옆에 analogies.yaml을 두면 여기에 그려집니다. 쓰는 법은 README에 있습니다.",
        held="짝 {pairs} · 어긋남 {breaks}",
        shows="이 비유가 보이려는 것",
        where="어긋나는 곳",
        by_essay="에세이가 지적한 것",
        by_reader="봇의 풀이. 에세이에 있는 말이 아닙니다.",
        own="봇의 풀이",
        reply="이에 대한 답",
        unmapped="짝 없이 남은 것",
        ask="이것에 대해 묻기",
        counter="반론 찾기",
        ask_pair="{source}{source_with} {target}의 비유에서 ‘{a}’{a_topic} ‘{b}’{b_with} 어떻게 닮았나요?",
        ask_break="{source}{source_with} {target}의 비유는 이 점에서 어긋나나요? “{text}”",
        noun="{text}({noun})",
        pair="{a} ↔ {b}",
        broken="어긋나는 곳 {number}, {move}: {text}",
        moves={
            "disanalogy": "닮지 않은 점",
            "survivorship": "살아남은 것만 봄",
            "other-cause": "다른 까닭",
            "wrong-measure": "맞지 않는 잣대",
            "missing-step": "빠진 고리",
            "history": "실제 역사와 다름",
            "scale": "규모가 다름",
        },
    ),
    "en": Words(
        count="Analogies: {count}. A taut line joins what is set side by side; the slack line is cut wherever the analogy breaks. "
        "Choose one to read the sentences behind it.",
        none="An analogy map is a drawing of what the essays set side by side, and of where each analogy breaks. "
        "This shelf has none yet. Put an analogies.yaml beside the essays, and it is drawn here; the README says how to write one.",
        held="pairs {pairs} · breaks {breaks}",
        shows="What it is meant to show",
        where="Where it breaks",
        by_essay="An essay objects",
        by_reader="The bot’s own reading. No essay says this.",
        own="the bot’s own reading",
        reply="What answers this",
        unmapped="Left without a partner",
        ask="Ask about this",
        counter="Find what speaks against it",
        ask_pair="In the analogy between {source} and {target}, how is “{a}” like “{b}”?",
        ask_break="Does the analogy between {source} and {target} break here? “{text}”",
        noun="{text} ({noun})",
        pair="{a} ↔ {b}",
        broken="Break {number}, {move}: {text}",
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
    """The markup of the map on one line, each analogy folded up but the first. `essays`, by id, are what its quotations stand in.

    Every pair and break has a fragment, `#map/ANALOGY/pair/2`, that opens the quotations it rests on.
    """
    words = WORDS[language]
    if not analogies:
        return notice(words.none)
    views = "".join(_View(one, essays, language).folded(is_open=place == 0) for place, one in enumerate(analogies))
    return f'<div class="map"><p class="count">{plain(words.count.format(count=len(analogies)))}</p>{views}</div>'


def drawing(analogy: Analogy, language: Language, sheet: Sheet) -> str:
    """One drawing as an SVG element: the domains' names, a row for each pair, and the slack line with a cut for each break."""
    head, y = _head(analogy, language, sheet)
    parts = [head]
    for number, pair in enumerate(analogy.pairs, 1):
        row, height = _row(analogy, pair, number, language, sheet, y)
        parts.append(row)
        y += height + sheet.gap
    slack, height = _slack(analogy, language, sheet, y)
    return (
        f'<svg class="{sheet.name}" viewBox="0 0 {_n(sheet.width)} {_n(y + height)}" role="group" '
        f'aria-label="{_attribute(_in(analogy.name, language))}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}{slack}</svg>'
    )


# Text in lines: SVG breaks none by itself


def measure(text: str, size: float) -> float:
    """About how wide `text` is, in units, at a letter height of `size`; rather too wide than too narrow."""
    return size * sum(map(_em, text))


def wrap(text: str, width: float, size: float) -> list[str]:
    """`text` in lines no wider than `width` units, broken at spaces, Korean too; only a word that is too long is cut inside."""
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


def balanced(text: str, width: float, size: float) -> list[str]:
    """`text` in as many lines as `wrap` makes of it, but of about one length: no line is left with a single word."""
    lines = wrap(text, width, size)
    longest = max((measure(word, size) for word in text.split()), default=0)
    if len(lines) == 1 or longest > width:
        return lines
    widths = range(int(longest) + 1, int(width) + 1)
    place = bisect.bisect_left(widths, True, key=lambda one: len(wrap(text, one, size)) <= len(lines))
    return wrap(text, widths[place], size) if place < len(widths) else lines


def _em(character: str) -> float:
    if character in _SQUARE or unicodedata.east_asian_width(character) in "WFA":
        return SQUARE
    if character in _THIN:
        return THIN
    return CAPITAL if _CAPITAL.match(character) else LETTER


# The drawing


def _head(analogy: Analogy, language: Language, sheet: Sheet) -> tuple[str, float]:
    """The domains' names, each on a rule over its column, and where the rows begin."""
    sides = [balanced(_in(domain, language), sheet.column, sheet.size) for domain in (analogy.source, analogy.target)]
    foot = max(map(len, sides)) * sheet.size * LINE + 4
    parts = []
    for x, lines in zip((0.0, sheet.right), sides, strict=True):
        middle = foot - 4 - len(lines) * sheet.size * LINE / 2
        parts.append(_text(lines, x + sheet.column / 2, middle, sheet.size, "domain"))
        parts.append(f'<path class="rule" d="M{_n(x)} {_n(foot)}h{_n(sheet.column)}"/>')
    return "".join(parts), foot + sheet.gap


def _row(analogy: Analogy, pair: Pair, number: int, language: Language, sheet: Sheet, y: float) -> tuple[str, float]:
    """A pair: two boxes and the line that joins them, over one that cannot be seen, so that a finger finds it; and its height."""
    things = (_in(pair.source, language), _in(pair.target, language))
    sides = [balanced(thing, sheet.column - 2 * sheet.padding, sheet.size) for thing in things]
    height = max(map(len, sides)) * sheet.size * LINE + 2 * sheet.padding
    middle = y + height / 2
    path = f"M{_n(sheet.column)} {_n(middle)}H{_n(sheet.right)}"
    parts = [f'<path class="reach" d="{path}"/><path class="stroke" d="{path}"/>']
    for x, lines in zip((0.0, sheet.right), sides, strict=True):
        parts.append(
            f'<rect class="box" x="{_n(x + 0.75)}" y="{_n(y)}" width="{_n(sheet.column - 1.5)}" height="{_n(height)}" rx="8"/>'
            + _text(lines, x + sheet.column / 2, middle, sheet.size, "thing")
        )
    parts += [f'<circle class="dot" cx="{_n(x)}" cy="{_n(middle)}" r="3.5"/>' for x in (sheet.column, sheet.right)]
    said = WORDS[language].pair.format(a=things[0], b=things[1])
    return f'<a class="line" href="{_href(analogy, "pair", number)}" aria-label="{_attribute(said)}">{"".join(parts)}</a>', height


def _slack(analogy: Analogy, language: Language, sheet: Sheet, y: float) -> tuple[str, float]:
    """The slack line below the rows, cut by a numbered cross for each break, and its height. A second line where one is too short."""
    held = int((sheet.width - 2 * EDGE) // APART)
    parts, height = [], sheet.sag + 3.2 * sheet.size
    numbers = range(1, len(analogy.breaks) + 1)
    chunks = [numbers[start : start + held] for start in range(0, len(numbers), held)]
    for place, chunk in enumerate(chunks):
        rope = _Rope(sheet, y + sheet.size * 0.7 + place * height)
        ends = (rope.at(0), rope.at(1))
        for spot, number in enumerate(chunk):
            stretch = (spot / len(chunk), (spot + 1) / len(chunk))
            parts.append(_cut(analogy, analogy.breaks[number - 1], number, language, rope, stretch))
        parts += [f'<circle class="end" cx="{_n(x)}" cy="{_n(end)}" r="3.5"/>' for x, end in ends]
    return "".join(parts), height * len(chunks)


def _cut(analogy: Analogy, one: Break, number: int, language: Language, rope: "_Rope", stretch: tuple[float, float]) -> str:
    """One break's stretch of the slack line, from one share of its length to another: cut in the middle, a cross, a number below."""
    words, sheet = WORDS[language], rope.sheet
    begin, end = stretch
    middle, half = (begin + end) / 2, CUT / (sheet.width - 2 * EDGE)
    x, y = rope.at(middle)
    said = words.broken.format(number=number, move=words.moves[one.move], text=_in(one.text, language))
    return (
        f'<a class="broken" href="{_href(analogy, "break", number)}" aria-label="{_attribute(said)}">'
        f'<path class="reach" d="{rope.path(begin, end)}"/>'
        f'<circle class="ring" cx="{_n(x)}" cy="{_n(y)}" r="11"/>'
        f'<path class="gone" d="{rope.path(begin, middle - half)}{rope.path(middle + half, end)}"/>'
        f'<path class="cross" d="M{_n(x - 5)} {_n(y - 5)}l10 10m0 -10l-10 10"/>'
        f"{_text([str(number)], x, y + 10 + sheet.size * 0.75, sheet.size, 'number')}</a>"
    )


@dataclass(frozen=True, slots=True)
class _Rope:
    """A line that hangs in a parabola from near one edge of the sheet to near the other, its ends at height `y`."""

    sheet: Sheet
    y: float

    def at(self, share: float) -> tuple[float, float]:
        """The point at a share, 0 to 1, of the way across."""
        return EDGE + share * (self.sheet.width - 2 * EDGE), self.y + self.sheet.sag * 4 * share * (1 - share)

    def path(self, begin: float, end: float) -> str:
        """The stretch between two shares: a parabola is a quadratic curve whose handle is where the ends' tangents meet."""
        (x1, y1), (x2, y2) = self.at(begin), self.at(end)
        handle = y1 + self.sheet.sag * 4 * (1 - 2 * begin) * (end - begin) / 2
        return f"M{_n(x1)} {_n(y1)}Q{_n((x1 + x2) / 2)} {_n(handle)} {_n(x2)} {_n(y2)}"


def _text(lines: Sequence[str], x: float, middle: float, size: float, name: str) -> str:
    """Lines of text, centred on a point."""
    first = middle - (len(lines) - 1) * size * LINE / 2 + size * 0.35  # a baseline lies about so far below a letter's middle
    spans = "".join(f'<tspan x="{_n(x)}" y="{_n(first + n * size * LINE)}">{plain(line)}</tspan>' for n, line in enumerate(lines))
    return f'<text class="{name}" font-size="{_n(size)}" text-anchor="middle">{spans}</text>'


# What stands round the drawing


@dataclass(frozen=True, slots=True)
class _View:
    """One analogy as it stands on the page."""

    analogy: Analogy
    essays: Mapping[str, Essay]
    language: Language

    @property
    def words(self) -> Words:
        return WORDS[self.language]

    def said(self, text: Both) -> str:
        return plain(_in(text, self.language))

    def folded(self, *, is_open: bool) -> str:
        """Its name, to be opened; the drawing, what a click on it opens, the list of breaks, and what is left over."""
        one, words = self.analogy, self.words
        held = words.held.format(pairs=len(one.pairs), breaks=len(one.breaks))
        pairs = "".join(self.pair(pair, number) for number, pair in enumerate(one.pairs, 1))
        breaks = "".join(self.break_(cut, number) for number, cut in enumerate(one.breaks, 1))
        where = f'<h4 class="where">{plain(words.where)}</h4><ol class="breaks">{breaks}</ol>' if breaks else ""
        return (
            f'<details class="analogy" id="{_id(one)}"{" open" if is_open else ""}>'
            f'<summary><h3>{self.said(one.name)}</h3><span class="held">{plain(held)}</span></summary>'
            f'<figure><figcaption class="shows">{label(words.shows)}{self.said(one.shows)}</figcaption>'
            f"{drawing(one, self.language, WIDE)}{drawing(one, self.language, NARROW)}</figure>{pairs}{where}"
            f'<p class="unmapped">{label(words.unmapped)}{self.said(one.unmapped)}</p></details>'
        )

    def pair(self, pair: Pair, number: int) -> str:
        """What opens when a pair's line is clicked."""
        a, b = _in(pair.source, self.language), _in(pair.target, self.language)
        question = self.words.ask_pair.format(
            a=a, b=b, a_topic=_particle(a, "은", "는"), b_with=_particle(b, "과", "와"), **self.domains()
        )
        return (
            f'<section class="more pair" id="{_id(self.analogy, "pair", number)}"><h4>{plain(self.words.pair.format(a=a, b=b))}</h4>'
            f"{self.quotations(pair.quotes)}{self.asks(question)}</section>"
        )

    def break_(self, one: Break, number: int) -> str:
        """A break in the list: its number, its kind and what it says; and whose it is, with the evidence, which a click opens."""
        words, move = self.words, self.words.moves[one.move]
        essay = one.by == "essay"
        whose = "" if essay else f' <span class="whose">{plain(words.own)}</span>'
        question = words.ask_break.format(text=_in(one.text, self.language), **self.domains())
        reply = f'<p class="reply">{label(words.reply)}{self.said(one.reply)}</p>' if one.reply else ""
        return (
            f'<li><a class="to" href="{_href(self.analogy, "break", number)}"><span class="number">{number}</span>'
            f'<span class="move">{plain(move)}</span>{whose} <span class="what">{self.said(one.text)}</span></a>'
            f'<section class="more break" id="{_id(self.analogy, "break", number)}">'
            f"<h5>{plain(words.by_essay if essay else words.by_reader)}</h5>{self.quotations(one.quotes)}"
            f"{reply}{self.quotations(one.reply_quotes)}{self.asks(question)}</section></li>"
        )

    def quotations(self, quotes: Sequence[Quotation]) -> str:
        """Each quotation with a link that opens its essay at it; the reader's language first."""
        held = [(one, self.essays[one.essay]) for one in quotes if one.essay in self.essays]
        return "".join(
            f'<blockquote lang="{essay.language}">“{plain(one.quote)}” '
            f"{link(read_link(essay.id, one.start, one.end, essay.sha256), essay.title, 'open')}</blockquote>"
            for one, essay in sorted(held, key=lambda item: item[1].language != self.language)
        )

    def asks(self, question: str) -> str:
        """Two ways to begin a conversation."""
        return (
            f'<p class="asks">{link(ask_link("answer", question), self.words.ask, "act")} '
            f"{link(ask_link('counter', question), self.words.counter, 'act')}</p>"
        )

    def domains(self) -> dict[str, str]:
        """The two domains as a question names them, each with a noun by which `bot.analogies.about` knows it."""
        one = self.analogy
        source, target = self.named(one.source, one.words.source), self.named(one.target, one.words.target)
        return {"source": source, "target": target, "source_with": _particle(source, "과", "와")}

    def named(self, domain: Both, nouns: Nouns) -> str:
        text = _in(domain, self.language)
        known = nouns.ko if self.language == "ko" else nouns.en
        if not known or any(noun.casefold() in text.casefold() for noun in known):
            return text
        return self.words.noun.format(text=text, noun=known[0])


def _particle(text: str, closed: str, open_: str) -> str:
    """The form of a Korean particle behind `text`: one for a closed last syllable, one for an open one. Letters and digits as read."""
    last = next((one for one in reversed(text) if one.isalnum()), "").lower()
    if "가" <= last <= "힣":
        return closed if (ord(last) - ord("가")) % 28 else open_
    return closed if last and last in "013678lmnr" else open_


def _href(analogy: Analogy, *rest: object) -> str:
    return plain("#" + quote("/".join(["map", analogy.id, *map(str, rest)])))


def _id(analogy: Analogy, *rest: object) -> str:
    return _attribute("/".join(["map", analogy.id, *map(str, rest)]))


def _attribute(text: str) -> str:
    """`plain`, for an attribute's value, where a line break cannot be a tag."""
    return plain(" ".join(text.split()))


def _in(text: Both, language: Language) -> str:
    return text.ko if language == "ko" else text.en


def _n(value: float) -> str:
    """A coordinate, to a tenth of a unit."""
    return f"{value:.1f}".removesuffix(".0")
