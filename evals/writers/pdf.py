"""Writes PDFs line by line: one or two columns, running heads, page numbers, hyphens, words broken at a line's end, notes below the text."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from evals.writers.texts import Block, Piece, rows

WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 72.0
SIZE, LEADING, NOTE_SIZE, NOTE_LEADING = 11.0, 16.0, 8.5, 11.0
HEADING_SIZES = {1: 20.0, 2: 15.0, 3: 13.0}
GUTTER = 24.0

Part = tuple[float, float, float, str]  # x, y, size, text


@dataclass(frozen=True, slots=True)
class Look:
    """How a text is set. `breaks_words` breaks Korean words at any character; `draws_spaces` draws the space at a line's end."""

    columns: int = 1
    hyphenates: bool = False
    breaks_words: bool = False
    draws_spaces: bool = True
    indents: bool = False
    running_head: str = ""

    @classmethod
    def of(cls, number: int, piece: Piece) -> "Look":
        """The look of the text with this number."""
        is_korean = piece.language == "ko"
        return cls(
            columns=2 if number % 3 == 2 else 1,
            hyphenates=not is_korean and number % 4 == 1,
            breaks_words=is_korean and number % 4 == 2,
            draws_spaces=number % 4 < 3,
            indents=number % 2 == 1,
            running_head=f"{piece.author} · {piece.title}"[:40] if number % 3 else "",
        )


def pdf(piece: Piece, look: Look) -> bytes:
    """The text as a PDF."""
    setter = _Setter(look)
    setter.block(Block("heading", (piece.title,), level=1))
    for block in piece.blocks:
        setter.block(block)
    return document(setter.finished(), piece)


def width(text: str, size: float) -> float:
    """The width of a text in points: ASCII is half as wide as it is high, Hangul as wide."""
    return sum(0.5 if character < "\u0100" or character in "‘’“”–—" else 1.0 for character in text) * size


@dataclass(slots=True)
class _Setter:
    """The pages that are being set."""

    look: Look
    pages: list[list[Part]] = field(default_factory=lambda: [[]])
    column: int = 0
    y: float = HEIGHT - MARGIN
    notes: list[list[str]] = field(default_factory=list)  # of this page, each as lines
    count: int = 0  # of notes so far

    def _width(self) -> float:
        return (WIDTH - 2 * MARGIN - GUTTER * (self.look.columns - 1)) / self.look.columns

    def _left(self) -> float:
        return MARGIN + self.column * (self._width() + GUTTER)

    def _bottom(self, extra: int = 0) -> float:
        lines = sum(map(len, self.notes)) + extra
        return MARGIN + (lines * NOTE_LEADING + 14 if lines else 0)

    def block(self, block: Block) -> None:
        """Set a block."""
        if block.kind == "table":
            self._table(block)
            return
        size = HEADING_SIZES[block.level] if block.kind == "heading" else SIZE
        for number, text in enumerate(block.texts, 1):
            mark = {"items": "•", "numbered": f"{number}."}.get(block.kind, "")
            indent = 18.0 if mark or block.kind == "quotation" else 0.0
            first = 14.0 if self.look.indents and block.kind == "paragraph" else 0.0
            self.y -= {"heading": 14, "paragraph": 0 if self.look.indents else 7}.get(block.kind, 3)
            lines = list(broken(text, self._width() - indent, size, self.look, first))
            note = list(broken(f"{self.count + 1} {block.note}", WIDTH - 2 * MARGIN, NOTE_SIZE, Look())) if block.note else []
            for place, line in enumerate(lines):
                is_last = place + 1 == len(lines)
                self._room(size * 1.45, len(note) if is_last else 0, keeps=block.kind == "heading")
                x = self._left() + indent + (first if not place else 0)
                if mark and not place:
                    self.pages[-1].append((self._left() + 4, self.y, size, mark))
                self.pages[-1].append((x, self.y, size, line))
                if is_last and note:
                    self.count += 1
                    self.notes.append(note)
                    self.pages[-1].append((x + width(line.rstrip(), size), self.y + 0.35 * size, 0.6 * size, str(self.count)))

    def _room(self, leading: float, extra: int, *, keeps: bool = False) -> None:
        """Go to the next line, and to the next column or page where this one is full."""
        self.y -= leading
        if self.y - (60 if keeps else 0) > self._bottom(extra):
            return
        if self.column + 1 < self.look.columns:
            self.column += 1
        else:
            self._close()
            self.pages.append([])
            self.column = 0
        self.y = HEIGHT - MARGIN - leading

    def _table(self, block: Block) -> None:
        self.y -= 8
        for row in rows(block):
            self._room(LEADING, 0)
            for column, cell in enumerate(row):
                self.pages[-1].append((self._left() + column * self._width() / block.columns, self.y, SIZE, cell))
        self.y -= 4

    def _close(self) -> None:
        """Set the notes of the page, its running head and its number."""
        y = MARGIN + sum(map(len, self.notes)) * NOTE_LEADING
        for line in [line for note in self.notes for line in note]:
            self.pages[-1].append((MARGIN, y, NOTE_SIZE, line))
            y -= NOTE_LEADING
        self.notes = []
        number = len(self.pages)
        self.pages[-1].append((WIDTH / 2 - 5, 40, 9, f"- {number} -" if self.look.columns == 1 else str(number)))
        if self.look.running_head:
            self.pages[-1].append((MARGIN, HEIGHT - 40, 9, self.look.running_head))

    def finished(self) -> list[list[Part]]:
        """All pages."""
        self._close()
        return self.pages


def broken(text: str, room: float, size: float, look: Look, first: float = 0) -> Iterator[str]:
    """The lines of a paragraph; each but the last ends with a space where `look` draws them."""
    line = ""
    space = " " if look.draws_spaces else ""
    limit = room - first
    for word in text.split():
        while width(f"{line} {word}".strip(), size) > limit:
            taken = _part(word, limit - width(f"{line} ", size), size, look)
            if taken:
                yield f"{line} {taken}".strip()
                line, word = "", word[len(taken.removesuffix("-")) :] if taken.endswith("-") else word[len(taken) :]
            else:
                yield line + space
                line = ""
            limit = room
        line = f"{line} {word}".strip()
    yield line


def _part(word: str, room: float, size: float, look: Look) -> str:
    """As much of a word as goes on the line: with a hyphen, or broken as Korean is; nothing where words stay whole."""
    if look.breaks_words:
        places = (n for n in range(1, len(word)) if "가" <= word[n - 1] <= "힣" and "가" <= word[n] <= "힣")
        count = max((n for n in places if width(word[:n], size) <= room), default=0)
        return word[:count]
    if look.hyphenates and word.isalpha() and word.islower() and len(word) > 7:
        count = max((n for n in range(3, len(word) - 2) if width(f"{word[:n]}-", size) <= room), default=0)
        return f"{word[:count]}-" if count else ""
    return ""


def document(pages: list[list[Part]], piece: Piece, extra: dict[str, str] | None = None) -> bytes:
    """A PDF of these pages. Its font names a character by its number in UTF-16; it is not embedded. `extra` adds entries to the catalog."""
    objects: list[bytes] = []

    def add(content: str | bytes) -> int:
        objects.append(content.encode("latin-1") if isinstance(content, str) else content)
        return len(objects)

    def stream(data: bytes) -> bytes:
        packed = zlib.compress(data)
        return f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"

    catalog, tree, information = add(""), add(""), add("")
    mapping = add(stream(_to_unicode("".join(part[3] for parts in pages for part in parts))))
    descendant = add(
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Made /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        "/DW 1000 /W [0 255 500 8211 8223 500] >>"
    )
    font = add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /Made /Encoding /Identity-H /DescendantFonts [{descendant} 0 R] /ToUnicode {mapping} 0 R >>"
    )
    kids = []
    for parts in pages:
        shown = "\n".join(f"BT /F1 {size:g} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{_hex(text)}> Tj ET" for x, y, size, text in parts)
        content = add(stream(shown.encode()))
        kids.append(
            add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {WIDTH:g} {HEIGHT:g}] /Contents {content} 0 R "
                f"/Resources << /Font << /F1 {font} 0 R >> >> >>"
            )
        )
    more = "".join(f" /{name} {value}" for name, value in (extra or {}).items())
    objects[catalog - 1] = f"<< /Type /Catalog /Pages {tree} 0 R{more} >>".encode()
    objects[tree - 1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    date = piece.date.replace("-", "")
    said = f"<< /Title <FEFF{_hex(piece.title)}> /Author <FEFF{_hex(piece.author)}> /CreationDate (D:{date}090000+09'00') >>"
    objects[information - 1] = said.encode()
    return assembled(objects, catalog, information)


def assembled(objects: list[bytes], catalog: int, information: int) -> bytes:
    """The objects, numbered from 1, as a file with its table and trailer."""
    data = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = (
        f"trailer\n<< /Size {len(objects) + 1} /Root {catalog} 0 R /Info {information} 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    )
    return data + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def _hex(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def _to_unicode(text: str) -> bytes:
    """The map from the numbers of the characters in a text to the characters."""
    units = sorted({_hex(character) for character in text if ord(character) < 0x10000})
    parts = [units[at : at + 100] for at in range(0, len(units), 100)]
    pairs = "".join(
        f"{len(part)} beginbfchar\n{''.join(f'<{unit}> <{unit}>' + chr(10) for unit in part)}endbfchar\n" for part in parts
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Made def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{pairs}endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode()
