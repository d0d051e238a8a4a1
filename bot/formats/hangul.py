"""What HWPX and HWP 5 share: builds an HTML tree from the paragraphs, tables and notes of a Hangul document."""

import re

from lxml import html

from bot.formats.trees import Element

_OUTLINE = re.compile(r"(?:개요|outline|heading|제목)\s*(\d)", re.IGNORECASE)
_TITLES = frozenset({"제목", "title", "문서 제목"})
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def heading_level(style: str) -> int:
    """The level of the headings in this style, 1 to 6; 0 for other paragraphs. Hangul numbers its outline styles from 1."""
    name = " ".join(style.split()).casefold()
    found = _OUTLINE.fullmatch(name)
    if found:
        return min(max(int(found[1]), 1), 6)
    return 1 if name in _TITLES else 0


class Builder:
    """A document that is being built. `body` is its tree."""

    def __init__(self) -> None:
        """Begin an empty document."""
        self.body = html.Element("body")
        self._notes = html.Element("ol")

    def finished(self) -> Element:
        """The tree with its notes at the end."""
        if len(self._notes):
            self.body.append(self._notes)
        return self.body

    def paragraph(self, parent: Element, level: int = 0) -> "Paragraph":
        """A new paragraph, or a heading, at the end of `parent`."""
        return Paragraph(self, parent, f"h{level}" if level else "p")

    def note(self) -> tuple[Element, Element]:
        """A new note: the mark that belongs into the text, and the element for its paragraphs."""
        number = len(self._notes) + 1
        mark = html.Element("a", href=f"#fn{number}")
        mark.text = str(number)
        body = html.Element("li", id=f"fn{number}")
        self._notes.append(body)
        return mark, body


class Paragraph:
    """A paragraph that is being written. A table in it parts it: what follows is a paragraph of its own."""

    def __init__(self, builder: Builder, parent: Element, tag: str) -> None:
        """Begin a paragraph with this tag at the end of `parent`."""
        self._builder, self._parent, self._tag = builder, parent, tag
        self._element = self._new()

    def _new(self) -> Element:
        element = html.Element(self._tag)
        self._parent.append(element)
        return element

    def write(self, text: str) -> None:
        """Add characters; a line feed is a line break."""
        first, *rest = _NOT_IN_XML.sub("", text).split("\n")
        self._add_text(first)
        for line in rest:
            self._element.append(html.Element("br"))
            self._add_text(line)

    def note(self) -> Element:
        """Add the mark of a note here; return the element for the note's paragraphs."""
        mark, body = self._builder.note()
        self._element.append(mark)
        return body

    def block(self, tag: str) -> Element:
        """Add a block, such as a table, behind what is written so far."""
        block = html.Element(tag)
        self._parent.append(block)
        self._element = self._new()
        return block

    def _add_text(self, text: str) -> None:
        if len(self._element):
            last = self._element[-1]
            last.tail = (last.tail or "") + text
        else:
            self._element.text = (self._element.text or "") + text


def cell(row: Element, across: int, down: int) -> Element:
    """A new cell at the end of a row."""
    element = html.Element("td", colspan=str(max(across, 1)), rowspan=str(max(down, 1)))
    row.append(element)
    return element
