"""Reads Word's DOCX with mammoth: headings, lists, tables, footnotes and quotations; tracked changes are taken as accepted."""

import io
from collections.abc import Sequence

import mammoth
from lxml import etree

from bot.formats import said
from bot.formats.document import Document, FormatError
from bot.formats.limits import Budget
from bot.formats.markup import markdown, plain
from bot.formats.packed import Packed
from bot.formats.trees import Element, attribute, children, descendants, html_of
from bot.messages import files
from bot.messages import formats as messages
from bot.messages.text import Text

# Word's own names of styles stand in the file in English, whatever its language; other programs write theirs.
_STYLES = "\n".join(
    [
        f"p[style-name='{name} {level}'] => h{level}:fresh"
        for name in ("heading", "Heading", "개요", "제목")
        for level in range(1, 7)
    ]
    + [f"p[style-name='{name}'] => h1.title:fresh" for name in ("Title", "제목")]
    + [f"p[style-name='{name}'] => p.byline:fresh" for name in ("Author", "Date", "Subtitle")]
    + [
        f"p[style-name='{name}'] => blockquote > p:fresh"
        for name in ("Quote", "Intense Quote", "Quotations", "Block Text", "인용")
    ]
    + [f"p[style-name='{name}'] => pre:separator('\\n')" for name in ("Source Code", "Preformatted Text", "HTML Preformatted")]
)
_PARTS_OF_TEXT = (
    "word/document.xml",
    "word/footnotes.xml",
    "word/endnotes.xml",
    "word/comments.xml",
    "word/styles.xml",
    "word/numbering.xml",
)


def parse(data: bytes, budget: Budget) -> Sequence[Document]:
    """The one document of a file. Raises `FormatError`, and others for a broken file."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError(messages.ENCRYPTED)  # Word packs an encrypted document into an OLE file
    packed = Packed(data, budget.unpacked)
    trees = {name: packed.xml(name) for name in _PARTS_OF_TEXT}  # also refuses entities and depth, which mammoth does not
    hidden = _take_out_hidden(trees["word/document.xml"])
    data = packed.replaced("word/document.xml", etree.tostring(trees["word/document.xml"])) if hidden else data
    html = mammoth.convert_to_html(io.BytesIO(data), style_map=_STYLES, convert_image=lambda _image: []).value
    if not html.strip():
        raise FormatError(messages.NO_TEXT)
    root = html_of(html)
    headline = _headline(root)
    core = packed.xml("docProps/core.xml")
    title = said.title(_property(core, "title")) or headline
    text = markdown(root)
    return [
        Document(
            text=text,
            title=title,
            author=said.author(_property(core, "creator")),
            date=said.date(_property(core, "created")),
            language=_property(core, "language"),
            notes=tuple(_notes(trees, hidden)),
        )
    ]


def _headline(root: Element) -> str:
    """The words of the paragraph in the style of a title. Such paragraphs and those of the author and the date are taken out of the text."""
    titles = root.xpath("//h1[@class='title']")
    headline = plain(titles[0]) if titles else ""
    for element in [*titles, *root.xpath("//p[@class='byline']")]:
        element.getparent().remove(element)
    return headline


def _property(core: Element | None, name: str) -> str:
    """One of the document's properties; empty where it has none."""
    found = next(descendants(core, name), None) if core is not None else None
    return " ".join((found.text or "").split()) if found is not None else ""


def _take_out_hidden(body: Element | None) -> int:
    """Take the runs out that Word does not show; return how many there were."""
    hidden = [run for run in descendants(body, "r") if any(map(_is_hiding, children(run, "rpr")))] if body is not None else []
    for run in hidden:
        run.getparent().remove(run)
    return len(hidden)


def _is_hiding(properties: Element) -> bool:
    return any(attribute(mark, "val") not in ("0", "false") for mark in children(properties, "vanish"))


def _notes(trees: dict[str, Element | None], hidden: int) -> list[Text]:
    notes = [(files.HIDDEN_TEXT if hidden == 1 else files.HIDDEN_TEXTS).format(count=hidden)] if hidden else []
    body = trees["word/document.xml"]
    if body is not None and next(descendants(body, "ins", "del"), None) is not None:
        notes.append(messages.TRACKED_CHANGES)
    comments = trees["word/comments.xml"]
    count = sum(1 for _ in descendants(comments, "comment")) if comments is not None else 0
    if count:
        notes.append(messages.LEFT_OUT_COMMENTS.format(count=count))
    return notes
