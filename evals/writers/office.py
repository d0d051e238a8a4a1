"""Writes DOCX, EPUB, RTF and WordPress exports."""

import io
import zipfile
from html import escape

from evals.writers import web
from evals.writers.texts import Block, Piece, rows

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_STYLES = {
    "heading": "Heading{level}",
    "quotation": "Quote",
    "items": "ListBullet",
    "numbered": "ListNumber",
    "paragraph": "Normal",
}


def zipped(members: dict[str, str | bytes], first: str = "") -> bytes:
    """A zip of these members; `first` is stored at its beginning without compression."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name in sorted(members, key=lambda name: name != first):
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name == first else zipfile.ZIP_DEFLATED
            file.writestr(info, members[name])
    return data.getvalue()


def docx(piece: Piece) -> bytes:
    """The text as Word writes it: paragraphs in styles, lists with numbering, notes in a part of their own."""
    blocks = "".join(_word_block(block, piece.notes) for block in piece.blocks)
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{n}"><w:name w:val="heading {n}"/></w:style>' for n in range(1, 7)
    )
    styles += '<w:style w:type="paragraph" w:styleId="Quote"><w:name w:val="Quote"/></w:style>'
    levels = "".join(
        f'<w:abstractNum w:abstractNumId="{n}"><w:lvl w:ilvl="0"><w:numFmt w:val="{kind}"/></w:lvl></w:abstractNum>'
        for n, kind in ((1, "bullet"), (2, "decimal"))
    )
    numbers = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in (1, 2))
    notes = "".join(f'<w:footnote w:id="{n}"><w:p>{_word_run(note)}</w:p></w:footnote>' for n, note in enumerate(piece.notes, 1))
    parts = ("document", "styles", "numbering", "footnotes")
    types = "".join(
        f'<Override PartName="/word/{part}.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.'
        f'{"document.main" if part == "document" else part}+xml"/>'
        for part in parts
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(f'<Relationship Id="r{n}" Type="{kind}/{part}" Target="{part}.xml"/>' for n, part in enumerate(parts[1:], 1))
    relationships = "http://schemas.openxmlformats.org/package/2006/relationships"
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
            "_rels/.rels": f'<Relationships xmlns="{relationships}"><Relationship Id="r1" Type="{kind}/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{relationships}">{links}</Relationships>',
            "word/document.xml": f"<w:document {_W}><w:body>{blocks}</w:body></w:document>",
            "word/styles.xml": f"<w:styles {_W}>{styles}</w:styles>",
            "word/numbering.xml": f"<w:numbering {_W}>{levels}{numbers}</w:numbering>",
            "word/footnotes.xml": f"<w:footnotes {_W}>{notes}</w:footnotes>",
            "docProps/core.xml": '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
            f"<dc:title>{escape(piece.title)}</dc:title><dc:creator>{piece.author}</dc:creator>"
            f"<dcterms:created>{piece.date}T08:00:00Z</dcterms:created></cp:coreProperties>",
        },
        first="[Content_Types].xml",
    )


def _word_run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _word_block(block: Block, notes: list[str]) -> str:
    if block.kind == "table":
        lines = "".join(
            f"<w:tr>{''.join(f'<w:tc><w:p>{_word_run(cell)}</w:p></w:tc>' for cell in row)}</w:tr>" for row in rows(block)
        )
        return f"<w:tbl>{lines}</w:tbl>"
    style = _STYLES[block.kind].format(level=block.level)
    number = {"items": 1, "numbered": 2}.get(block.kind)
    listed = f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>' if number else ""
    mark = f'<w:r><w:footnoteReference w:id="{notes.index(block.note) + 1}"/></w:r>' if block.note else ""
    return "".join(
        # Word cuts a paragraph into runs wherever something changed: here in the middle
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{listed}</w:pPr>{_word_run(text[: len(text) // 2])}'
        f"{_word_run(text[len(text) // 2 :], '<w:rPr><w:b/></w:rPr>')}{mark}</w:p>"
        for text in block.texts
    )


def epub(piece: Piece) -> bytes:
    """The text as a book: a cover, a file a section in an order that only the spine tells, and the notes in the last one."""
    sections: list[list[Block]] = [[]]
    for block in piece.blocks:
        if block.kind == "heading":
            sections.append([])
        sections[-1].append(block)
    numbers = {note: number for number, note in enumerate(piece.notes, 1)}
    files = {}
    for place, blocks in enumerate(sections):
        text = "".join(_book_block(block, numbers) for block in blocks)
        files[f"OEBPS/{9 - place}.xhtml"] = _xhtml(piece, text)
    notes = "".join(
        f'<aside epub:type="footnote" id="n{number}"><p>{escape(note, quote=False)}</p></aside>'
        for note, number in numbers.items()
    )
    order = [*files, "OEBPS/notes.xhtml"]
    files["OEBPS/notes.xhtml"] = _xhtml(piece, notes)
    files["OEBPS/cover.xhtml"] = _xhtml(piece, f'<section epub:type="cover"><h1>{escape(piece.title)}</h1></section>')
    order.insert(0, "OEBPS/cover.xhtml")
    items = "".join(
        f'<item id="i{n}" href="{name[6:]}" media-type="application/xhtml+xml"/>' for n, name in reversed(list(enumerate(order)))
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(order)))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(piece.title)}</dc:title><dc:creator>{piece.author}</dc:creator><dc:date>{piece.date}</dc:date>"
        f"<dc:language>{piece.language}</dc:language></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/book.opf": package, **files}, "mimetype"
    )


def _xhtml(piece: Piece, text: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title>{escape(piece.title)}</title></head><body>{text}</body></html>"
    )


def _book_block(block: Block, numbers: dict[str, int]) -> str:
    if not block.note:
        return web.block(block, 0)
    number = numbers[block.note]
    return f'<p>{escape(block.texts[0], quote=False)}<a epub:type="noteref" href="notes.xhtml#n{number}">{number}</a></p>'


def rtf(piece: Piece) -> bytes:
    """The text as RTF, with characters in the way that Word writes them: Korean as numbers of UTF-16, others in CP1252."""
    parts = [
        "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss\\fcharset0 Arial;}{\\f1\\fnil\\fcharset129 Batang;}}",
        f"{{\\info{{\\title {_rtf(piece.title)}}}{{\\author {_rtf(piece.author)}}}{_rtf_date(piece.date)}}}",
        "{\\stylesheet{\\s1\\outlinelevel0 heading 1;}{\\s0 Normal;}}\n",
        *map(_rtf_block, piece.blocks),
        "}",
    ]
    return "\n".join(parts).encode("ascii")


def _rtf_date(date: str) -> str:
    year, month, day = map(int, date.split("-"))
    return f"{{\\creatim\\yr{year}\\mo{month}\\dy{day}}}"


def _rtf(text: str) -> str:
    units = text.encode("utf-16-le")
    numbers = [int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2)]
    return "".join(
        chr(n) if 0 < n < 128 and chr(n) not in "\\{}" else f"\\'{n:02x}" if 160 <= n < 256 else f"\\u{n}?" for n in numbers
    )


def _rtf_block(block: Block) -> str:
    if block.kind == "table":
        lines = []
        for row in rows(block):
            edges = "".join(f"\\cellx{2000 * (n + 1)}" for n in range(len(row)))
            lines.append(_rtf_row(row, edges))
        return "\n".join([*lines, "\\pard"])
    note = f"{{\\super\\chftn}}{{\\*\\footnote\\chftn {_rtf(block.note)}}}" if block.note else ""
    opening = {"heading": f"\\s1\\outlinelevel{block.level - 1}\\b ", "items": "\\fi-360\\li720{\\listtext\\'95\\tab}"}.get(
        block.kind, ""
    )
    written = []
    for number, text in enumerate(block.texts, 1):
        mark = f"\\fi-360\\li720{{\\listtext {number}.\\tab}}" if block.kind == "numbered" else opening
        written.append(f"\\pard\\plain {mark}{_rtf(text)}{note}\\par")
    return "\n".join(written)


def _rtf_row(row: tuple[str, ...], edges: str) -> str:
    cells = "".join(_rtf(cell) + "\\cell " for cell in row)
    return f"\\trowd{edges}\\intbl {cells}\\row"


def wordpress(pieces: list[Piece]) -> bytes:
    """An export with these posts, and with a draft, an attachment and a comment."""
    items = "".join(_item(piece, number, "post", "publish", web.body(piece)) for number, piece in enumerate(pieces, 1))
    items += _item(pieces[0], 901, "post", "draft", "<p>unfinished</p>") + _item(pieces[0], 902, "attachment", "inherit", "")
    spaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:wp="http://wordpress.org/export/1.2/"'
    )
    author = f"<wp:author><wp:author_login>me</wp:author_login><wp:author_display_name>{pieces[0].author}</wp:author_display_name></wp:author>"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {spaces}><channel><title>A blog</title><language>{pieces[0].language}</language>'
        f"<wp:wxr_version>1.2</wp:wxr_version>{author}{items}</channel></rss>"
    ).encode()


def _item(piece: Piece, number: int, kind: str, state: str, content: str) -> str:
    return (
        f"<item><title>{escape(piece.title)}</title><link>{piece.address}</link><dc:creator>me</dc:creator>"
        f"<content:encoded><![CDATA[{content}]]></content:encoded><wp:post_id>{number}</wp:post_id><wp:post_name>post-{number}</wp:post_name>"
        f"<wp:post_date>{piece.date} 09:30:00</wp:post_date><wp:status>{state}</wp:status><wp:post_type>{kind}</wp:post_type>"
        "<wp:comment><wp:comment_content>댓글내용입니다</wp:comment_content></wp:comment></item>"
    )
