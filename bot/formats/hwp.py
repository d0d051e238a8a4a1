"""Reads Hangul's HWP 5: an OLE file of compressed records, of which paragraphs, headings, tables, notes and text boxes are read.

The records are those that Hancom publishes (Hangul document file format 5.0). Each has a level; what follows with a higher one belongs to it.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import olefile
from lxml import html

from bot.formats import hwpx, said
from bot.formats.document import Document, FormatError
from bot.formats.hangul import Builder, Paragraph, cell, heading_level
from bot.formats.limits import MAX_DEPTH, Budget
from bot.formats.markup import markdown
from bot.formats.trees import Element
from bot.messages import formats as messages

_SIGNATURE = b"HWP Document File"
_COMPRESSED, _PASSWORD, _PROTECTED = 0x1, 0x2, 0x4 | 0x10 | 0x100 | 0x400  # distribution copy, DRM, certificates
_STYLE, _PARAGRAPH_SHAPE = 26, 25
_PARAGRAPH, _TEXT, _CONTROL, _LIST, _TABLE = 66, 67, 71, 72, 77
_WIDE_SIGNS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23})  # of eight units, not one
_OBJECTS = frozenset({1, 2, 3, 11, 12, 14, 15, 16, 17, 18, 21, 22, 23})  # that have a control record each
_SIGNS = {10: "\n", 24: "-", 30: " ", 31: "\u3000"}
_NOT_READ = frozenset(
    {"head", "foot", "secd", "cold", "tcmt", "pgnp", "nwno", "atno"}
)  # running heads, set-up, comments, numbers
_SUMMARY = "\x05HwpSummaryInformation"
_TITLE, _AUTHOR, _WRITTEN_ON = 2, 4, 20  # properties of the summary
_UNICODE_STRING = 31


@dataclass(slots=True)
class _Record:
    tag: int
    level: int
    data: bytes
    inner: list["_Record"] = field(default_factory=list)


def parse(data: bytes, budget: Budget) -> Sequence[Document]:
    """The one document of a file. Raises `FormatError`, and others for a broken file."""
    if data.startswith(_SIGNATURE):
        raise FormatError(messages.OLD_FORMAT.format(suffix="HWP 3", other="HWPX"))
    if data.startswith(b"PK"):
        return hwpx.parse(data, budget)
    ole = olefile.OleFileIO(io.BytesIO(data))
    (flags,) = struct.unpack_from("<I", ole.openstream("FileHeader").read(), 36)
    if flags & _PASSWORD:
        raise FormatError(messages.ENCRYPTED)
    if flags & _PROTECTED:
        raise FormatError(messages.PROTECTED)
    streams = _Streams(ole, bool(flags & _COMPRESSED), budget.unpacked)
    reader = _Reader(streams.records("DocInfo"))
    numbers = sorted(int(name[1][7:]) for name in ole.listdir() if name[0] == "BodyText" and name[-1][7:].isdigit())
    for number in numbers:
        reader.read(streams.records(f"BodyText/Section{number}"), reader.builder.body)
    text = markdown(reader.builder.finished())
    if not text.strip():
        raise FormatError(messages.NO_TEXT)
    properties = _properties(ole.openstream(_SUMMARY).read()) if ole.exists(_SUMMARY) else {}
    written = re.search(r"(\d{4})\D+(\d{1,2})\D+(\d{1,2})", properties.get(_WRITTEN_ON, ""))
    return [
        Document(
            text=text,
            title=said.title(properties.get(_TITLE, "")),
            author=said.author(properties.get(_AUTHOR, "")),
            date="-".join(f"{int(number):02}" for number in written.groups()) if written else "",
        )
    ]


def _properties(data: bytes) -> dict[int, str]:
    """The strings of a summary by their numbers: a property set of OLE. olefile reads such strings from the wrong place."""
    strings: dict[int, str] = {}
    try:
        (start,) = struct.unpack_from("<I", data, 44)
        (count,) = struct.unpack_from("<I", data, start + 4)
        for number, place in struct.iter_unpack("<II", data[start + 8 : start + 8 + 8 * min(count, 100)]):
            kind, length = struct.unpack_from("<II", data, start + place)
            if kind == _UNICODE_STRING:
                strings[number] = (
                    data[start + place + 8 : start + place + 8 + length * 2].decode("utf-16-le", "replace").rstrip("\0").strip()
                )
    except struct.error:
        return strings
    return strings


class _Streams:
    """The streams of the file, unpacked within one limit."""

    def __init__(self, ole: olefile.OleFileIO, is_compressed: bool, limit: int) -> None:
        self._ole, self._is_compressed, self._left = ole, is_compressed, limit

    def records(self, name: str) -> list[_Record]:
        """The records of a stream as trees."""
        data = self._ole.openstream(name).read()
        if self._is_compressed:
            unpacker = zlib.decompressobj(-15)
            data = unpacker.decompress(data, self._left + 1)
        if len(data) > self._left:
            raise FormatError(messages.TOO_MUCH_OUTPUT.format(megabytes=self._left // 10**6))
        self._left -= len(data)
        return _trees(_records(data))


def _records(data: bytes) -> Iterator[_Record]:
    offset = 0
    while offset + 4 <= len(data):
        (head,) = struct.unpack_from("<I", data, offset)
        offset += 4
        size = head >> 20
        if size == 0xFFF:
            (size,) = struct.unpack_from("<I", data, offset)
            offset += 4
        yield _Record(head & 0x3FF, head >> 10 & 0x3FF, data[offset : offset + size])
        offset += size


def _trees(records: Iterator[_Record]) -> list[_Record]:
    """The records with what belongs to each inside it."""
    root = _Record(0, -1, b"")
    path = [root]
    for record in records:
        while path[-1].level >= record.level:
            path.pop()
        if len(path) > MAX_DEPTH:
            raise FormatError(messages.TOO_DEEP.format(limit=MAX_DEPTH))
        path[-1].inner.append(record)
        path.append(record)
    return root.inner


class _Reader:
    """The sections of one document."""

    def __init__(self, info: Sequence[_Record]) -> None:
        self.builder = Builder()
        flat = list(_flat(info))
        self._levels = [heading_level(_style_name(record.data)) for record in flat if record.tag == _STYLE]
        self._shapes = [_shape_level(record.data) for record in flat if record.tag == _PARAGRAPH_SHAPE]

    def read(self, records: Sequence[_Record], parent: Element) -> None:
        """Add the paragraphs among the records to `parent`."""
        for record in records:
            if record.tag == _PARAGRAPH:
                self._paragraph(record, parent)

    def _paragraph(self, record: _Record, parent: Element) -> None:
        shape, style = struct.unpack_from("<HB", record.data, 8) if len(record.data) > 10 else (0, 0)
        level = self._levels[style] if style < len(self._levels) else 0
        level = level or (self._shapes[shape] if shape < len(self._shapes) else 0)
        written = self.builder.paragraph(parent, level)
        controls = iter([inner for inner in record.inner if inner.tag == _CONTROL])
        for inner in record.inner:
            if inner.tag == _TEXT:
                for piece in _pieces(inner.data):
                    if isinstance(piece, str):
                        written.write(piece)
                    elif control := next(controls, None):
                        self._control(control, written)

    def _control(self, control: _Record, written: Paragraph) -> None:
        """A table, a note, or what a drawing holds."""
        name = control.data[3::-1].decode("latin-1")[:4].strip()
        if name in _NOT_READ:
            return
        if name == "tbl":
            self._table(control, written)
        elif name in ("fn", "en"):
            self.read(control.inner, written.note())
        else:
            for record in _flat(control.inner, stop=_PARAGRAPH):
                if record.tag == _PARAGRAPH:
                    self._paragraph(record, written.block("div"))

    def _table(self, control: _Record, written: Paragraph) -> None:
        """The cells by their rows. A cell is a list record and the paragraphs behind it."""
        table = written.block("table")
        rows: dict[int, Element] = {}
        place: Element | None = None
        is_behind_table = False
        for record in control.inner:
            is_behind_table = is_behind_table or record.tag == _TABLE
            if record.tag == _LIST and is_behind_table and len(record.data) >= 16:
                _, row, across, down = struct.unpack_from("<4H", record.data, 8)
                if row not in rows:
                    rows[row] = html.Element("tr")
                place = cell(rows[row], across, down)
            elif record.tag == _PARAGRAPH and place is not None:
                self._paragraph(record, place)
        for _, element in sorted(rows.items()):
            table.append(element)


def _flat(records: Sequence[_Record], stop: int = -1) -> Iterator[_Record]:
    """The records and what is in them, in order; not what is in those with the tag `stop`."""
    for record in records:
        yield record
        if record.tag != stop:
            yield from _flat(record.inner, stop)


def _pieces(data: bytes) -> Iterator[str | int]:
    """The characters of a text record, and the number of each sign that stands for an object."""
    units = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
    written: list[int] = []
    at = 0
    while at < len(units):
        unit = units[at]
        if unit >= 32:
            written.append(unit)
        elif unit in _OBJECTS:
            yield _text(written)
            written = []
            yield unit
        elif unit == 9:
            written.append(9)
        elif unit in _SIGNS:
            written.append(ord(_SIGNS[unit]))
        at += 8 if unit in _WIDE_SIGNS else 1
    yield _text(written)


def _text(units: Sequence[int]) -> str:
    return struct.pack(f"<{len(units)}H", *units).decode("utf-16-le", "replace")


def _style_name(data: bytes) -> str:
    """A style's local name, or its English one where it has no other."""
    (length,) = struct.unpack_from("<H", data)
    name = data[2 : 2 + length * 2].decode("utf-16-le", "replace")
    return name or data[4 + length * 2 :].decode("utf-16-le", "replace")


def _shape_level(data: bytes) -> int:
    """The heading level of a paragraph shape: bits 23 and 24 say that it is an outline, 25 to 27 which level; 0 for other shapes."""
    (flags,) = struct.unpack_from("<I", data) if len(data) >= 4 else (0,)
    return min((flags >> 25 & 0x7) + 1, 6) if flags >> 23 & 0x3 == 1 else 0
