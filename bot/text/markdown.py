"""The blocks of a Markdown text: which lines are prose, and which are headings, table rows, footnotes, code or markup.

CommonMark and tables are parsed by markdown-it-py. What note-taking programs and site generators add (callouts, embeds, lines of tags,
tasks, shortcodes, footnotes) is recognised line by line. No character moves: a block is the spans of its lines in the text.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from bot.text.inline import Span as Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Kind = Literal["prose", "heading", "row", "note", "other"]

MAX_UNDERLINED_CHARACTERS = 120  # a longer line above a line of --- is a paragraph, not a heading
CACHED_TEXTS = 64  # the reader, the sources and an ingest ask for the blocks of the same essays

_UNDERLINE = re.compile(r"\n[ \t>]*(?:-+|=+)[ \t]*(?=\n|\Z)")
_SENTENCE_END = re.compile(r"[.!?。…][\"”’')\]]*$")
_CODE = re.compile(
    r"[#$>{}<;=|\\]|[A-Za-z_][A-Za-z0-9_.]*\(|--?\w"
    r"|^\s*(?:def|class|import|from|const|let|var|return|function|echo|sudo|pip|npm|git|cd|curl)\b"
)
_PROSE = re.compile(r"[가-힣]|[.!?。…][\"”’')\]]*$|(?:\b[A-Za-z’']+[ ,]+){4}")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:[ \t]*")
_TASK = re.compile(r"\[([ xX/\\>?!*~+<-])\][ \t]+")  # done where the mark is an x; other marks are open, cancelled, forwarded, …
_CALLOUT = re.compile(r"\[![\w-]+\][+-]?")
_DATE = re.compile(r"[ \t>*+-]*((?:\d{1,4}\.[ \t]*){2,4})(?=\S)")  # "5. 18. …" is no list in a list
# A line of a note-taking program or site generator: an inline field, a class, an abbreviation, the rule of an admonition.
_DIRECTIVE = re.compile(
    r"[\w -]{1,30}::(?:[ \t].*)?|\{:[^}\n]*\}|\*\[[^\]\n]+\]:.*|:::.*|!!! .*|\?\?\?\+? .*|\[\[?_?TOC_?\]?\]", re.IGNORECASE
)
_BYLINE = re.compile(r"\W*(?:[Bb]y|BY) [A-Z][\w.’'-]+(?: [A-Z][\w.’'-]+){0,3}(?:,.*)?\W*")
_LAST_TAGS = re.compile(r"(?:[ \t]+#[^\s#.,!?]+)+$")
_TAG_LINE = re.compile(r"(?:#[^\s#]+[ \t]*)+")
_LINK = r"!?\[\[[^\]\n]+\]\]|!?\[[^\]\n]*\]\([^)\n]*\)|<?https?://[^\s>]+>?|\[[^\]\n]*\]\[[^\]\n]*\]"
_LINK_LINE = re.compile(rf"(?:[-*•·|,]?[ \t]*(?:{_LINK})[ \t]*[,|·]?[ \t]*)+")
_REFERENCE = re.compile(r"\[[^\]\n]+\]:[ \t]*\S+.*")  # the address of a reference link

_REGION = re.compile(  # the first line of an element or block whose text is no prose
    r"[ \t]*(?:<(?P<element>script|style|svg|iframe|pre)\b|\{%-? *(?P<block>highlight|raw|code|math)\b|(?P<math>\$\$|\\\[))",
    re.IGNORECASE,
)
_EMBED = r"!\[\[[^\]\n]*\]\]|!\[[^\]\n]*\]\([^)\n]*\)"
_SHORTCODE = (
    r"\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}"
    r"|\[/?(?:caption|gallery|embed|video|audio|playlist|code|youtube|contact-form)(?=[\s\]])[^\]\n]*\]"
)
_BLOCK_TAG = r"</?(?:br|hr|p|div|img|figure|figcaption|table|thead|tbody|tr|td|th|ul|ol|li|h[1-6]|blockquote|details|summary|center|pre)\b[^<>]*>"
_TAG = r"</?[A-Za-z][^<>\n]*>"
_ENTITY = r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});"
_SEPARATOR = re.compile(f"{_EMBED}|{_SHORTCODE}|{_BLOCK_TAG}", re.IGNORECASE)
_MARKUP = re.compile(f"{_EMBED}|{_SHORTCODE}|{_TAG}|{_ENTITY}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one block: the span of each line without its indent and its Markdown marks.

    Kinds: `prose`, `heading`, `row` (of a table), `note` (the text of a footnote), `other` (code, embeds, tags, open tasks, links and
    markup that stand alone), which is shown but never quoted. `level` is that of a heading, 1 to 6. `head` holds the column heads of a
    row.
    """

    kind: Kind
    lines: tuple[Span, ...]
    level: int = 0
    head: tuple[str, ...] = ()


@lru_cache(CACHED_TEXTS)
def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of `text`, in order."""
    return tuple(sorted(_Parser(text).blocks(), key=lambda block: block.lines[0])) if text.strip() else ()


def extents(text: str) -> list[tuple[Span, Block | None]]:
    """The text as the stretches that a reader sees apart: whole lines of each block, and of what is in no block (thematic breaks).

    White space between them is left out. The line that underlines a heading belongs to it.
    """
    found: list[tuple[Span, Block | None]] = []
    written = 0
    for block in blocks(text):
        start = max(text.rfind("\n", 0, block.lines[0][0]) + 1, written)
        end = text.find("\n", block.lines[-1][1])
        end = len(text) if end < 0 else end
        underline = _UNDERLINE.match(text, end) if block.kind == "heading" and not text.startswith("#", start) else None
        end = underline.end() if underline else end
        found += [(span, None) for span in _stripped(text, written, start)]
        found += [(span, block) for span in _stripped(text, start, end)]
        written = max(end, written)
    return [*found, *((span, None) for span in _stripped(text, written, len(text)))]


def _stripped(text: str, start: int, end: int) -> list[Span]:
    """The span without empty lines and white space at its ends; nothing where nothing else is in it."""
    stretch = text[start:end]
    words = stretch.strip()
    first = start + stretch.find(words)
    return [(first, first + len(words))] if words else []


def separators(text: str, start: int, end: int) -> list[Span]:
    """The spans within `text[start:end]` that no sentence crosses: embeds, images, shortcodes, line breaks and other block tags."""
    return [match.span() for match in _SEPARATOR.finditer(text, start, end)]


def without_markup(text: str) -> str:
    """`text` as it reads: without tags, embeds and shortcodes, with the characters that entities stand for."""
    return _MARKUP.sub(lambda match: html.unescape(match[0]) if match[0].startswith("&") else "", text)


class _Parser:
    """One text, its lines, and what markdown-it finds in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._in_region = {self._starts[number] for number in self._region_lines()}

    def _region_lines(self) -> Iterator[int]:
        """The numbers of the lines from the first to the last of each region that is closed."""
        first, closing = 0, ""
        for number, line in enumerate(self._lines):
            rest = line.lower()
            if not closing and (opening := _REGION.match(line)):
                first, closing, rest = number, _closing(opening), rest[opening.end() :]
            if closing and closing in rest:
                yield from range(first, number + 1)
                closing = ""

    def blocks(self) -> Iterator[Block]:
        enclosing: list[Token] = []
        head: tuple[str, ...] = ()
        cells: list[Token] = []
        for token in _parser().parse(self._text):
            if token.nesting == 1:
                enclosing.append(token)
            elif token.nesting == -1:
                enclosing.pop()
            if token.type == "tr_close":
                in_head = enclosing[-1].type == "thead_open"
                head = tuple(cell.content for cell in cells) if in_head else head
                yield from self._row(cells, () if in_head else head)
                cells = []
            elif token.type == "inline" and enclosing[-1].type in ("th_open", "td_open"):
                cells.append(token)
            else:
                yield from self._block(token, enclosing)

    def _block(self, token: "Token", enclosing: Sequence["Token"]) -> Iterator[Block]:
        """The blocks of a token that is no part of a table."""
        if token.type == "inline":
            yield from self._inline(token, enclosing[-1])
        elif token.type == "code_block":
            yield from self._indented(token)
        elif token.type == "fence":
            yield from self._other_lines(token)

    def _inline(self, token: "Token", parent: "Token") -> Iterator[Block]:
        first = token.map[0] if token.map else 0
        lines = [self._content(first + number, line) for number, line in enumerate(token.content.split("\n"))]
        if parent.type == "heading_open" and (parent.markup.startswith("#") or self._is_title(lines)):
            yield Block("heading", tuple(lines), int(parent.tag[1]))
        else:
            yield from self._paragraph(lines)

    def _is_title(self, lines: Sequence[Span]) -> bool:
        """Whether the lines above a line of --- or === are a title. A paragraph above a thematic break often lacks the empty line."""
        title = self._text[slice(*lines[0])]
        return len(lines) == 1 and len(title) <= MAX_UNDERLINED_CHARACTERS and not _SENTENCE_END.search(title)

    def _paragraph(self, lines: Sequence[Span]) -> Iterator[Block]:
        """A paragraph as prose and footnotes; lines that are neither part it."""
        kind: Kind = "prose"
        kept: list[Span] = []
        for line in lines:
            words = self._text[slice(*line)]
            footnote, task = _FOOTNOTE.match(words), _TASK.match(words)
            if footnote or self._is_other(words) or self._starts[bisect_right(self._starts, line[0]) - 1] in self._in_region:
                if kept:
                    yield Block(kind, tuple(kept))
                kind, kept = "prose", []
                if footnote and footnote.end() < len(words):
                    kind, kept = "note", [(line[0] + footnote.end(), line[1])]
                elif line[0] < line[1]:
                    yield Block("other", (line,))
            else:
                tags = _LAST_TAGS.search(words)
                kept.append((line[0] + (task.end() if task else 0), line[0] + tags.start() if tags else line[1]))
        if kept:
            yield Block(kind, tuple(kept))

    @staticmethod
    def _is_other(words: str) -> bool:
        """Whether a line is a callout's mark, an open task, tags, links or markup alone."""
        task = _TASK.match(words)
        is_open_task = task is not None and task[1] not in "xX"
        if is_open_task or _CALLOUT.match(words) or any(kind.fullmatch(words) for kind in (_REFERENCE, _DIRECTIVE, _BYLINE)):
            return True
        return bool(_TAG_LINE.fullmatch(words) or _LINK_LINE.fullmatch(words)) or not re.search(r"\w", _MARKUP.sub("", words))

    def _content(self, number: int, content: str) -> Span:
        """The span of a line's content: what markdown-it leaves of the line. A date at the line's beginning belongs to it."""
        line, start = self._lines[number], self._starts[number]
        content = content.rstrip()
        offset = max(line.rfind(content), 0)  # the number signs that close a heading come after it
        begin, end = start + offset, start + min(offset + len(content), len(line.rstrip()))
        date = _DATE.match(line)
        return (start + date.start(1) if date and begin <= start + date.end() else begin), end

    def _indented(self, token: "Token") -> Iterator[Block]:
        """An indented block: prose where it reads like prose, as many people indent their paragraphs."""
        first, last = token.map or [0, 0]
        spans = [self._content(number, self._lines[number].strip()) for number in range(first, last)]
        lines = [span for span in spans if span[0] < span[1]]
        texts = [self._text[slice(*line)] for line in lines]
        if texts and not any(map(_CODE.search, texts)) and any(map(_PROSE.search, texts)):
            yield from self._paragraph(lines)
        else:
            yield from self._other_lines(token)

    def _other_lines(self, token: "Token") -> Iterator[Block]:
        """The lines of a block of code, whole."""
        first, last = token.map or [0, 0]
        spans = [(self._starts[number], self._starts[number] + len(self._lines[number])) for number in range(first, last)]
        if spans:
            yield Block("other", tuple(spans))

    def _row(self, cells: Sequence["Token"], head: tuple[str, ...]) -> Iterator[Block]:
        """A row without its outer bars; the row of the column heads is no text of its own."""
        number = cells[0].map[0] if cells and cells[0].map else 0
        line, start = self._lines[number], self._starts[number]
        inner = line.strip().strip("|").strip()
        begin = start + line.index(inner)
        yield Block("row" if head and inner else "other", ((begin, begin + len(inner)),), head=head)


def _closing(opening: re.Match[str]) -> str:
    """What closes a region, in lower case."""
    if opening["element"]:
        return f"</{opening['element'].lower()}"
    return f"end{opening['block'].lower()}" if opening["block"] else {"$$": "$$", "\\[": "\\]"}[opening["math"]]


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # Without blocks of HTML: people put prose between tags, and CommonMark would give it up to the next empty line.
    return MarkdownIt("commonmark").enable("table").disable(["html_block", "reference"])
