"""Reads Hangul's HWPX, a zip of XML: paragraphs, outline headings, tables, notes and text boxes in reading order."""

import re
from collections.abc import Iterator, Sequence

from lxml import html

from bot.formats import said
from bot.formats.document import Document, FormatError
from bot.formats.hangul import Builder, Paragraph, cell, heading_level
from bot.formats.limits import Budget
from bot.formats.markup import markdown
from bot.formats.packed import Packed
from bot.formats.trees import Element, attribute, children, descendants, local_name
from bot.messages import formats as messages

_SECTION = re.compile(r"Contents/section(\d+)\.xml", re.IGNORECASE)
_SIGNS = {"linebreak": "\n", "tab": "\t", "nbspace": " ", "fwspace": "\u3000", "hyphen": "-"}
_NOTES = frozenset({"footnote", "endnote"})
_NOT_READ = frozenset(
    {
        "header",
        "footer",
        "secpr",
        "colpr",
        "pic",
        "hiddencomment",
        "memo",
        "autonum",
        "pagenum",
        "newnum",
        "parameters",
        "caption",
    }
)


def parse(data: bytes, budget: Budget) -> Sequence[Document]:
    """The one document of a file. Raises `FormatError`, and others for a broken file."""
    packed = Packed(data, budget.unpacked)
    manifest = packed.xml("META-INF/manifest.xml")
    if manifest is not None and next(descendants(manifest, "encryption-data"), None) is not None:
        raise FormatError(messages.ENCRYPTED)
    numbers = {name: int(match[1]) for name in packed.names if (match := _SECTION.fullmatch(name))}
    sections = sorted(numbers, key=lambda name: numbers[name])
    if not sections:
        raise FormatError(messages.DAMAGED.format(format="HWPX", reason="Contents/section0.xml"))
    reader = _Reader(packed.xml("Contents/header.xml"))
    for name in sections:
        section = packed.xml(name)
        if section is not None:
            reader.read(section, reader.builder.body)
    text = markdown(reader.builder.finished())
    if not text.strip():
        raise FormatError(messages.NO_TEXT)
    package = packed.xml("Contents/content.hpf")
    return [
        Document(
            text=text,
            title=said.title(_said(package, "title")),
            author=said.author(_said(package, "creator")),
            date=said.date(_said(package, "CreatedDate")),
            language=_said(package, "language"),
        )
    ]


def _said(package: Element | None, name: str) -> str:
    """What the package's metadata say: an element with this name, or a `meta` element that is named so."""
    for element in package.iter() if package is not None else ():
        is_named = (
            attribute(element, "name").lower() == name.lower()
            if local_name(element) == "meta"
            else local_name(element) == name.lower()
        )
        if is_named and (words := " ".join((element.text or attribute(element, "content")).split())):
            return words
    return ""


class _Reader:
    """The sections of one document."""

    def __init__(self, header: Element | None) -> None:
        self.builder = Builder()
        styles = descendants(header, "style") if header is not None else ()
        self._levels = {
            attribute(style, "id"): heading_level(attribute(style, "name") or attribute(style, "engName")) for style in styles
        }
        self._outlines = dict(self._outline_levels(header)) if header is not None else {}

    @staticmethod
    def _outline_levels(header: Element) -> Iterator[tuple[str, int]]:
        """Pairs of a paragraph shape's id and its heading level."""
        for shape in descendants(header, "parapr"):
            for heading in descendants(shape, "heading"):
                if attribute(heading, "type").upper() == "OUTLINE":
                    level = attribute(heading, "level")
                    yield attribute(shape, "id"), min(int(level) + 1, 6) if level.isdigit() else 1

    def read(self, holder: Element, parent: Element) -> None:
        """Add the paragraphs in `holder` to `parent`."""
        for paragraph in children(holder, "p"):
            level = self._levels.get(attribute(paragraph, "styleIDRef"), 0) or self._outlines.get(
                attribute(paragraph, "paraPrIDRef"), 0
            )
            written = self.builder.paragraph(parent, level)
            for run in children(paragraph, "run"):
                self._run(run, written)

    def _run(self, run: Element, written: Paragraph) -> None:
        """The contents of a run, of a control, or of a drawing, in their order."""
        for element in children(run):
            name = local_name(element)
            if name in _NOT_READ:
                continue
            if name == "t":
                written.write(_characters(element))
            elif name == "tbl":
                self._table(element, written)
            elif name in _NOTES:
                self._sublists(element, written.note())
            elif name == "drawtext":
                self._sublists(element, written.block("div"))
            elif name == "equation":
                continue
            else:
                self._run(element, written)

    def _sublists(self, element: Element, parent: Element) -> None:
        for sublist in children(element, "sublist"):
            self.read(sublist, parent)

    def _table(self, table: Element, written: Paragraph) -> None:
        rows = written.block("table")
        for row in children(table, "tr"):
            tr = html.Element("tr")
            rows.append(tr)
            for tc in children(row, "tc"):
                span = next(children(tc, "cellspan"), None)
                across, down = (attribute(span, name) if span is not None else "" for name in ("colSpan", "rowSpan"))
                self._sublists(tc, cell(tr, int(across or 1), int(down or 1)))


def _characters(element: Element) -> str:
    """The characters of a text element, with the signs that stand in it as elements. What tracked changes deleted is left out."""
    parts = [element.text or ""]
    is_deleted = False
    for child in element:
        name = local_name(child)
        if name in ("deletebegin", "deleteend"):
            is_deleted = name == "deletebegin"
        parts.append(_SIGNS.get(name, ""))
        parts.append("" if is_deleted else child.tail or "")
    return "".join(parts)
