"""Writes an HTML tree as Markdown: headings, paragraphs, lists, quotations, tables, code and footnotes; nothing that is hidden.

No mark of emphasis and no address of a link is written, since a quotation shows the text as it stands.
"""

import re
from collections.abc import Callable, Iterator

from bot.formats import notes as footnotes
from bot.formats.tables import table_rows
from bot.formats.trees import Element, attribute, children, local_name

DROPPED = frozenset(
    "script style noscript template textarea select option button svg math iframe object embed canvas audio video form input label nav "
    "head meta link title map dialog".split()
)
BLOCKS = frozenset(
    "p div section article main body html header footer aside address figure figcaption center details summary dl dt dd fieldset "
    "h1 h2 h3 h4 h5 h6 ul ol li blockquote pre table hr tr td th tbody thead tfoot caption hgroup".split()
)
_HEADINGS = [f"h{level}" for level in range(1, 7)]
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$|!)|font-size\s*:\s*0(?:\.0*)?(?:px|pt|em|rem|%)?\s*(?:;|$|!)"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}|clip\s*:\s*rect\(0",
    re.IGNORECASE,
)
_WHITE_TEXT = re.compile(r"(?:^|;)\s*color\s*:\s*(?:#fff(?:fff)?|white|rgb\(255,\s*255,\s*255\))\s*(?:;|$|!)", re.IGNORECASE)
_BACKGROUND = re.compile(r"background", re.IGNORECASE)
_HIDING_CLASSES = frozenset({"sr-only", "screen-reader-text", "visually-hidden", "blind", "u-hidden", "hidden"})
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")
_BREAK = "\x0b"  # a line break while a paragraph is collected


def markdown(root: Element) -> str:
    """The text of a tree as Markdown, blocks apart by empty lines."""
    return _Writer(root).text()


def is_hidden(element: Element) -> bool:
    """Whether a reader of the page does not see the element."""
    if "hidden" in element.attrib or attribute(element, "aria-hidden") == "true":
        return True
    style = attribute(element, "style")
    if style and (_HIDDEN_STYLE.search(style) or (_WHITE_TEXT.search(style) and not _BACKGROUND.search(style))):
        return True
    return bool(_HIDING_CLASSES & set(attribute(element, "class").lower().split()))


def plain(element: Element) -> str:
    """The words of an element on one line."""
    return _SPACE.sub(" ", "".join(_visible_text(element))).strip()


def _visible_text(element: Element) -> Iterator[str]:
    if local_name(element) in DROPPED - {"title", "label"} or is_hidden(element):
        return
    yield element.text or ""
    for child in element:
        if local_name(child) == "br":
            yield " "
        else:
            yield from _visible_text(child)
        yield child.tail or ""


class _Writer:
    """One tree."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._notes = footnotes.find(root)
        self._writers: dict[str, Callable[[Element], Iterator[str]]] = {
            **dict.fromkeys(_HEADINGS, self._heading),
            **dict.fromkeys(("ul", "ol"), self._items),
            "blockquote": self._quotation,
            "pre": self._code,
            "table": self._table,
            "hr": self._break,
        }

    def text(self) -> str:
        """The blocks, and behind them the notes in the order of their numbers."""
        written = list(self._blocks(self._root))
        while written and written[-1] == "* * *":
            written.pop()
        for body, number in sorted(self._notes.bodies.items(), key=lambda pair: pair[1]):
            words = " ".join(" ".join(self._inside(body)).split())
            if words:
                written.append(f"[^{number}]: {words}")
        return "\n\n".join(written)

    def _inside(self, element: Element) -> list[str]:
        """The blocks inside an element, whatever it is itself."""
        return list(self._collect(element))

    def _blocks(self, element: Element) -> Iterator[str]:
        name = local_name(element)
        if not name or name in DROPPED or is_hidden(element) or element in self._notes.bodies:
            return
        write = self._writers.get(name, self._collect)
        yield from filter(None, write(element))

    def _heading(self, element: Element) -> Iterator[str]:
        words = plain_line(self._inline(element))
        if words:
            yield f"{'#' * int(local_name(element)[1])} {words}"

    def _quotation(self, element: Element) -> Iterator[str]:
        inner = "\n\n".join(self._inside(element))
        if inner:
            yield "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))

    def _break(self, _: Element) -> Iterator[str]:
        yield "* * *"

    def _items(self, element: Element) -> Iterator[str]:
        yield self._list(element, numbered=local_name(element) == "ol")

    def _collect(self, element: Element) -> Iterator[str]:
        """The blocks of an element's contents: paragraphs of what is inline, and the blocks between them."""
        buffer = [element.text or ""]
        for child in element:
            if self._is_block(child):
                yield from _paragraphs("".join(buffer))
                buffer = []
                yield from self._blocks(child)
            else:
                buffer.append(self._inline_element(child))
            buffer.append(child.tail or "")
        yield from _paragraphs("".join(buffer))

    def _is_block(self, element: Element) -> bool:
        """Whether an element stands on lines of its own: a block, or an inline element around one."""
        name = local_name(element)
        if name in BLOCKS:
            return True
        return bool(name) and name not in DROPPED and any(local_name(inner) in BLOCKS for inner in element.iterdescendants())

    def _inline(self, element: Element) -> str:
        return "".join([element.text or "", *(self._inline_element(child) + (child.tail or "") for child in element)])

    def _inline_element(self, element: Element) -> str:
        """The words of an element inside a paragraph."""
        name = local_name(element)
        if name == "br":
            return _BREAK
        if not name or name in DROPPED or element in self._notes.back or is_hidden(element):
            return ""
        if element in self._notes.marks:
            return f"[^{self._notes.marks[element]}]"
        words = self._inline(element)
        if name == "sup" and words.strip() and not words.startswith("[^"):
            return f"<sup>{words.strip()}</sup>" if words.strip().isdigit() and len(words.strip()) < 4 else words
        if name == "q":
            return f"“{words}”"
        return words

    def _list(self, element: Element, *, numbered: bool) -> str:
        """The items on a line each, what is nested in them indented."""
        lines: list[str] = []
        number = int(start) if (start := attribute(element, "start")).isdigit() and len(start) < 10 else 1
        for child in children(element):
            if child in self._notes.bodies or local_name(child) in DROPPED or is_hidden(child):
                continue
            if local_name(child) in ("ul", "ol"):  # wrong HTML that is common: a list right in a list
                inner, mark = [self._list(child, numbered=local_name(child) == "ol")], ""
            else:
                inner, mark = self._inside(child), f"{number}. " if numbered else "- "
            if not any(inner):
                continue
            number += bool(mark)
            indent = " " * len(mark or "  ")
            first, *rest = "\n".join(inner).split("\n")
            lines += [(mark or indent) + first, *(indent + line if line else "" for line in rest)]
        return "\n".join(lines)

    def _code(self, element: Element) -> Iterator[str]:
        code = "".join(_raw_text(element)).strip("\n")
        if code.strip():
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", code)), default=0))
            yield f"{fence}\n{code}\n{fence}"

    def _table(self, element: Element) -> Iterator[str]:
        """A table of data as rows between bars; the blocks of its cells where it only lays out a page."""
        rows = table_rows(element)
        if rows is None:
            yield from self._collect(element)
            return
        for caption in children(element, "caption"):
            yield from self._blocks(caption)
        texts = [[_cell(" ".join(self._inside(cell)) if cell is not None else "") for cell in row] for row in rows]
        if any(any(row) for row in texts):
            yield pipe_table(texts)


def pipe_table(rows: list[list[str]]) -> str:
    """Rows of equal length as a Markdown table; the first one holds the heads of the columns."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, f"|{' --- |' * len(rows[0])}", *body])


def plain_line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.replace(_BREAK, " ").split())


def _cell(text: str) -> str:
    return plain_line(text).replace("|", "\\|")


def _raw_text(element: Element) -> Iterator[str]:
    """The characters of an element with its line breaks."""
    yield element.text or ""
    for child in element:
        yield "\n" if local_name(child) == "br" else "".join(_raw_text(child))
        yield child.tail or ""


def _paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of inline text: two line breaks in a row part them, as many blogs write."""
    lines = [_SPACE.sub(" ", line).strip(" ") for line in text.split(_BREAK)]
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line.strip())
        elif paragraph:
            yield "\n".join(paragraph)
            paragraph = []
