"""Writes HWPX, and HWP 5 with the container that it is kept in (an OLE file), as the published format describes them."""

import struct
import zlib
from html import escape

from evals.writers.office import zipped
from evals.writers.ole import ole_file
from evals.writers.texts import Block, Piece, rows

_HP = (
    'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" '
    'xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head" xmlns:opf="http://www.idpf.org/2007/opf/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
STYLES = ("바탕글", "개요 1", "개요 2", "개요 3")
_MARKS = {"items": "• ", "quotation": ""}


def hwpx(piece: Piece) -> bytes:
    """The text as HWPX."""
    styles = "".join(f'<hh:style id="{n}" type="PARA" name="{name}"/>' for n, name in enumerate(STYLES))
    section = "".join(_xml_block(block) for block in piece.blocks)
    header = f"<hp:ctrl><hp:header><hp:subList>{_xml_paragraph('running head')}</hp:subList></hp:header></hp:ctrl>"
    head = f'<hp:p styleIDRef="0"><hp:run><hp:secPr/>{header}</hp:run></hp:p>'
    package = (
        f"<opf:package {_HP}><opf:metadata><opf:title>{escape(piece.title)}</opf:title><opf:language>{piece.language}</opf:language>"
        f'<opf:meta name="creator" content="text">{piece.author}</opf:meta>'
        f'<opf:meta name="CreatedDate" content="text">{piece.date}T00:00:00Z</opf:meta>'
        "</opf:metadata></opf:package>"
    )
    return zipped(
        {
            "mimetype": "application/hwp+zip",
            "Contents/content.hpf": package,
            "Contents/header.xml": f"<hh:head {_HP}><hh:refList><hh:styles>{styles}</hh:styles></hh:refList></hh:head>",
            "Contents/section0.xml": f"<hs:sec {_HP}>{head}{section}</hs:sec>",
        },
        "mimetype",
    )


def _xml_paragraph(text: str, style: int = 0, after: str = "") -> str:
    middle = len(text) // 2
    runs = "".join(f"<hp:run><hp:t>{escape(part)}</hp:t></hp:run>" for part in (text[:middle], text[middle:]))
    return f'<hp:p styleIDRef="{style}">{runs}{f"<hp:run>{after}</hp:run>" if after else ""}</hp:p>'


def _xml_block(block: Block) -> str:
    if block.kind == "table":
        lines = "".join(
            f"<hp:tr>{''.join(f'<hp:tc><hp:subList>{_xml_paragraph(cell)}</hp:subList></hp:tc>' for cell in row)}</hp:tr>"
            for row in rows(block)
        )
        return f'<hp:p styleIDRef="0"><hp:run><hp:tbl>{lines}</hp:tbl></hp:run></hp:p>'
    note = (
        f"<hp:ctrl><hp:footNote><hp:subList>{_xml_paragraph(block.note)}</hp:subList></hp:footNote></hp:ctrl>"
        if block.note
        else ""
    )
    return "".join(_xml_paragraph(text, style_of(block), note) for text in marked(block))


def style_of(block: Block) -> int:
    """The number of a block's style."""
    return block.level if block.kind == "heading" else 0


def marked(block: Block) -> list[str]:
    """The paragraphs of a block, with the marks that Hangul writes as text."""
    if block.kind == "numbered":
        return [f"{number}. {text}" for number, text in enumerate(block.texts, 1)]
    return [_MARKS.get(block.kind, "") + text for text in block.texts]


# --- HWP 5


def hwp(piece: Piece, *, flags: int = 1) -> bytes:
    """The text as HWP 5; `flags` are those of the file's header, of which 1 says that its streams are compressed."""
    styles = b"".join(_record(26, 0, _string(name) + _string("") + bytes(12)) for name in STYLES)
    body = _paragraph(0, "", 0, [(2, b"dces", b"")]) + b"".join(_hwp_block(block) for block in piece.blocks)
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, flags) + bytes(216)
    return ole_file(
        {
            "FileHeader": header,
            "DocInfo": _compressed(_record(16, 0, struct.pack("<H", 1) + bytes(24)) + styles, flags),
            "BodyText/Section0": _compressed(body, flags),
            "\x05HwpSummaryInformation": _summary({2: piece.title, 4: piece.author, 20: piece.date}),
        }
    )


def _compressed(data: bytes, flags: int) -> bytes:
    if not flags & 1:
        return data
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _record(tag: int, level: int, data: bytes) -> bytes:
    if len(data) < 0xFFF:
        return struct.pack("<I", tag | level << 10 | len(data) << 20) + data
    return struct.pack("<II", tag | level << 10 | 0xFFF << 20, len(data)) + data


def _string(text: str) -> bytes:
    return struct.pack("<H", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")


def _paragraph(level: int, text: str, style: int, controls: list[tuple[int, bytes, bytes]]) -> bytes:
    """A paragraph's records: its header, its text with a sign for each control behind it, and the controls (sign, name, records)."""
    signs = b"".join(struct.pack("<H", sign) + name + bytes(8) + struct.pack("<H", sign) for sign, name, _ in controls)
    units = text.encode("utf-16-le") + signs + struct.pack("<H", 13)
    header = struct.pack("<IIHBB", len(units) // 2, 0, 0, style, 0) + bytes(12)
    inner = b"".join(_record(71, level + 1, name + bytes(4)) + records for _, name, records in controls)
    return _record(66, level, header) + _record(67, level + 1, units) + inner


def _hwp_block(block: Block) -> bytes:
    if block.kind == "table":
        cells = rows(block)
        table = _record(77, 2, struct.pack("<IHH", 0, len(cells), block.columns) + bytes(14))
        for number, row in enumerate(cells):
            for column, text in enumerate(row):
                place = struct.pack("<HHIHHHH", 1, 0, 0, column, number, 1, 1) + bytes(18)
                table += _record(72, 2, place) + _paragraph(2, text, 0, [])
        return _paragraph(0, "", 0, [(11, b" lbt", table)])
    note = [(17, b"  nf", _record(72, 2, bytes(8)) + _paragraph(2, block.note, 0, []))] if block.note else []
    return b"".join(_paragraph(0, text, style_of(block), note) for text in marked(block))


def _summary(properties: dict[int, str]) -> bytes:
    """A property set of OLE with strings."""
    entries, values = b"", b""
    start = 8 + 8 * len(properties)
    for number, text in properties.items():
        data = struct.pack("<II", 31, len(text) + 1) + (text + "\0").encode("utf-16-le")
        data += bytes(-len(data) % 4)
        entries += struct.pack("<II", number, start + len(values))
        values += data
    section = struct.pack("<II", 8 + len(entries) + len(values), len(properties)) + entries + values
    return struct.pack("<HHI16sI16sI", 0xFFFE, 0, 0, bytes(16), 1, bytes(16), 48) + section
