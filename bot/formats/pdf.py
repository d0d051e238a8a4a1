"""Reads a PDF with a text layer: columns, paragraphs over page ends, hyphenation, headings, notes; running heads and page numbers stay out."""

import io
import re
from collections.abc import Iterator, Sequence

from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError

from bot.formats import said
from bot.formats.document import Document, FormatError
from bot.formats.limits import MAX_PAGES, PAGES_A_STEP, Budget
from bot.formats.pdf_blocks import Block, blocks, measure
from bot.formats.pdf_fonts import REPLACEMENT, Fonts
from bot.formats.pdf_furniture import without_furniture
from bot.formats.pdf_join import Words, pipe_cells
from bot.formats.pdf_lines import Line, bound, lines
from bot.formats.pdf_runs import Run, has_images, runs
from bot.messages import formats as messages
from bot.messages.text import Text
from bot.text.normalize import clean

MAX_CHARACTERS = 5_000_000
UNREADABLE_SHARE = 0.3  # of characters without a meaning, above which a file is not read

_MEANINGLESS = re.compile(f"[{REPLACEMENT}\ue002-\uf8ff]")


def parse(data: bytes, budget: Budget) -> Sequence[Document]:
    """The one document of a file. Raises `FormatError`, and pypdf's errors for a broken file."""
    reader = PdfReader(io.BytesIO(data), strict=False)
    _decrypt(reader)
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise FormatError(messages.TOO_MANY_PAGES.format(count=count, limit=MAX_PAGES))
    fonts = Fonts()
    found: list[list[Run]] = []
    for number, page in enumerate(reader.pages, 1):
        found.append(runs(page, fonts))
        if not number % PAGES_A_STEP:
            budget.step()
    pages = lines(found)
    _require_text(reader, pages)
    kept, dropped = without_furniture(pages)
    kept = kept if any(kept) else pages
    bound(kept)
    parts = blocks([(number, page) for number, page in enumerate(kept, 1) if page], measure([page for page in kept if page]))
    text, starts = _written(parts, Words(line.text for page in kept for line in page))
    information: object = reader.metadata or {}
    headline = next((block for block in parts[:8] if block.kind == "heading" and block.level == 1), None)
    title = said.title(_property(information, "/Title")) or (_words(headline) if headline else "")
    return [
        Document(
            text=text,
            title=title,
            author=said.author(_property(information, "/Author")),
            date=said.date(_property(information, "/CreationDate")),
            language=_language(reader),
            pages=starts,
            notes=tuple(_notes(pages, dropped)),
        )
    ]


def _decrypt(reader: PdfReader) -> None:
    """Open a file that anybody may read; raise `FormatError` where it asks for a password."""
    if not reader.is_encrypted:
        return
    try:
        opened = reader.decrypt("")
    except (DependencyError, NotImplementedError):
        raise FormatError(messages.ENCRYPTED) from None
    if opened == PasswordType.NOT_DECRYPTED:
        raise FormatError(messages.ENCRYPTED)


def _require_text(reader: PdfReader, pages: Sequence[Sequence[Line]]) -> None:
    """Raise `FormatError` for a file without a text layer and for one whose fonts do not say what they show."""
    text = "".join(line.text for page in pages for line in page)
    if not text.strip():
        is_scan = any(has_images(page) for page in reader.pages[:20])
        raise FormatError(messages.NO_TEXT_LAYER.format(count=len(pages)) if is_scan else messages.NO_TEXT)
    if len(text) > MAX_CHARACTERS:
        raise FormatError(messages.TOO_MUCH_TEXT.format(limit=MAX_CHARACTERS))
    if len(_MEANINGLESS.findall(text)) > UNREADABLE_SHARE * len(text):
        raise FormatError(messages.UNREADABLE_FONTS)


def _property(information: object, name: str) -> str:
    value = information.get(name) if hasattr(information, "get") else None
    return clean(str(value)).text.replace("\n", " ").strip() if value is not None else ""


def _language(reader: PdfReader) -> str:
    value = reader.trailer["/Root"].get("/Lang") if "/Root" in reader.trailer else None  # type: ignore[attr-defined]
    return str(value) if isinstance(value, str) else ""


def _words(block: Block) -> str:
    return " ".join(" ".join(line.text.split()) for _, line in block.lines)


def _written(found: Sequence[Block], words: Words) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text in Markdown, and where in it each page begins: the offset and the page's number."""
    parts: list[str] = []
    starts: list[tuple[int, int]] = []
    length = 0
    marks = _Marks()
    for before, block in zip([None, *found], found, strict=False):
        written, inner = words.joined(block.lines)
        written, inner = marks.numbered(written, inner, block)
        opening, separator = _opening(before, block)
        if block.kind == "row":
            written, inner = pipe_cells(block.cells, is_first=before is None or before.kind != "row"), inner[:1]
        opening = opening or marks.opening(block)
        starts += [(length + len(separator) + (len(opening) + offset if offset else 0), page) for offset, page in inner]
        parts.append(separator + opening + written)
        length += len(parts[-1])
    return "".join(parts), tuple(_changes(starts))


def _opening(before: Block | None, block: Block) -> tuple[str, str]:
    """What stands before a block's words, and what parts the block from the one before."""
    is_tight = before is not None and before.kind == block.kind and block.kind in ("item", "row")
    separator = "" if before is None else "\n" if is_tight else "\n\n"
    if block.kind == "heading":
        return "#" * block.level + " ", separator
    return (block.mark if block.kind == "item" else ""), separator


def _changes(starts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Only the places where the page changes."""
    page = 0
    for offset, number in starts:
        if number != page:
            yield offset, number
            page = number


class _Marks:
    """The marks of notes, numbered through the whole document: most writers' programs begin anew on each page."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}
        self._given: dict[str, list[int]] = {}  # by the number in the file: those that no note has taken yet

    def numbered(self, text: str, pages: list[tuple[int, int]], block: Block) -> tuple[str, list[tuple[int, int]]]:
        """The text with `[^n]` for each mark, and the offsets of its pages moved along."""
        moved = list(pages)
        out, last = [], 0
        for match in re.finditer("\ue000[\\[(]?(\\d+)[\\])]?\ue001", text):
            number = len(self._numbers) + 1
            self._numbers[number, match[1]] = number
            self._given.setdefault(match[1], []).append(number)
            written = f"[^{number}]"
            moved = [
                (offset + (len(written) - len(match[0]) if original > match.start() else 0), page)
                for (offset, page), (original, _) in zip(moved, pages, strict=True)
            ]
            out += [text[last : match.start()], written]
            last = match.end()
        return "".join([*out, text[last:]]), moved

    def opening(self, block: Block) -> str:
        """What stands before the words of a note."""
        if block.kind != "note":
            return ""
        given = self._given.get(block.mark)
        return f"[^{given.pop(0)}]: " if given else f"{block.mark}. "


def _notes(pages: Sequence[Sequence[Line]], dropped: int) -> Iterator[Text]:
    empty = [number for number, page in enumerate(pages, 1) if not page]
    if empty:
        shown = ", ".join(map(str, empty[:10])) + (" …" if len(empty) > 10 else "")
        yield messages.PAGES_WITHOUT_TEXT.format(pages=shown)
    if dropped:
        yield messages.RUNNING_HEADS.format(count=dropped)
