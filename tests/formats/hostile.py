"""Files made to do harm, from a seed, each with the words that the reason for leaving it out must hold (empty where it is read)."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from pypdf import PdfWriter

from evals.writers import hangul, office
from evals.writers.ole import ole_file
from evals.writers.pdf import Look, assembled, document, pdf
from evals.writers.texts import Block, Piece

PIECE = Piece(
    "A Quiet Stone",
    "Ada Penrose",
    "2021-03-04",
    "en",
    (
        Block(
            "paragraph",
            ("The stone lay where the river had left it, and nobody asked who had wanted it moved.",),
            note="A note on it.",
        ),
        Block("heading", ("What was moved",), level=2),
        Block("paragraph", ("Forty people pulled for a day, and on the next day they pulled it back again.",)),
    ),
)
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file that is hostile: its name with the suffix, its bytes, and what its reason holds."""

    name: str
    data: bytes
    reason: str = ""


def pdfs() -> Iterator[Hostile]:
    """PDFs: bombs, loops, wrong counts, passwords, images without text."""
    good = pdf(PIECE, Look())
    pages = [[(72.0, 700.0, 11.0, "words on a page")]]
    bomb = zlib.compress(zlib.compress(bytes(120 * MEGABYTE)))
    stream = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(bomb), bomb)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>"
    catalog, tree, info = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>", b"<< >>"
    yield Hostile("bomb.pdf", assembled([catalog, tree, page, stream, info], 1, 5), "pdf")
    loop = b"<< /Type /Pages /Count 5 /Kids [2 0 R 2 0 R] >>"
    yield Hostile("loop.pdf", assembled([catalog, loop, page, info], 1, 4), "pdf")
    many = b"<< /Type /Pages /Count 99999999 /Kids [3 0 R] >>"
    yield Hostile("count.pdf", assembled([catalog, many, page, b"<< /Length 0 >>\nstream\n\nendstream", info], 1, 5), "no text")
    yield Hostile("cut.pdf", good[: len(good) // 3], "pdf")
    yield Hostile("fake.pdf", b"this is no PDF at all, whatever its name says", "pdf")
    yield Hostile("empty.pdf", b"", "no text")
    yield Hostile("2001 pages.pdf", document(pages * 2001, PIECE), "2,001 pages, more than 2,000")
    yield Hostile("encrypted.pdf", _encrypted(good, "secret"), "it is encrypted")
    image = b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\nx\nendstream"
    scan = page.replace(b"/Resources << >>", b"/Resources << /XObject << /I 6 0 R >> >>")
    yield Hostile(
        "scan.pdf", assembled([catalog, tree, scan, b"<< /Length 4 >>\nstream\n/I Do\nendstream", info, image], 1, 5), "a scan?"
    )
    yield Hostile("script.pdf", document(pages, PIECE, {"OpenAction": "<< /S /JavaScript /JS (app.alert\\(1\\)) >>"}))
    yield Hostile("owner's password.pdf", _encrypted(good, ""))
    deep = b"[" * 50_000 + b"]" * 50_000
    yield Hostile("deep.pdf", assembled([catalog.replace(b">>", b"/X " + deep + b" >>"), tree, page, info], 1, 4), "pdf")


def _encrypted(data: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(password, "owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def web_pages() -> Iterator[Hostile]:
    """Pages that are deep, wide or endless."""
    yield Hostile("deep.html", b"<div>" * 100_000 + b"words", "nested")
    yield Hostile("deep table.html", b"<table><tr><td>" * 5_000 + b"words", "nested")
    yield Hostile("unclosed.html", b"<a " * 350_000, "no text")
    yield Hostile("attribute.html", b"<p title='" + b"x" * 19 * MEGABYTE + b"'>words of a page</p>")
    yield Hostile("entities.html", b"<p>words</p>" + b"&amp; " * 3 * MEGABYTE, "characters, more than")
    yield Hostile(
        "wide table.html",
        b"<table><tr>" + b"<td>cell</td>" * 50_000 + b"</tr><tr><td>x</td></tr></table>",
    )
    yield Hostile("spans.html", b"<table>" + b"<tr><td colspan=99999 rowspan=99999>x<td>y</tr>" * 300 + b"</table>")
    yield Hostile("frameset.html", b"<frameset><frame name=mainFrame src='http://127.0.0.1:9/x'></frameset>", "frame")
    yield Hostile("base.html", b"<base href='http://127.0.0.1:9/'><link rel=stylesheet href=x><img src=y><p>words of a page</p>")
    yield Hostile("empty.html", b"", "no text")
    yield Hostile(
        "parts.mhtml",
        b"Content-Type: multipart/related; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 2000,
        "",
    )


def archives() -> Iterator[Hostile]:
    """Zips and what is made of them: bombs, climbing names, links, passwords, entities."""
    yield Hostile("bomb.zip", office.zipped({"zeros.txt": bytes(30 * MEGABYTE)}), "times its size")
    yield Hostile(
        "larger.zip", office.zipped({f"{n}.txt": bytes(55 * MEGABYTE) for n in range(2)}), "unpacks to more than 100 MB"
    )
    yield Hostile("members.zip", office.zipped({f"{n}.txt": "" for n in range(10_001)}), "10,001 files, more than 10,000")
    yield Hostile("fake.zip", b"PK\x03\x04 and then nothing", "zip")
    yield Hostile("bomb.docx", office.zipped({"word/document.xml": bytes(30 * MEGABYTE)}), "times its size")
    yield Hostile("bomb.epub", office.zipped({"META-INF/container.xml": bytes(30 * MEGABYTE)}), "times its size")
    yield Hostile("bomb.hwpx", office.zipped({"Contents/section0.xml": bytes(30 * MEGABYTE)}), "times its size")
    laughs = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {c} "{("&" + p + ";") * 10}">' for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    yield Hostile("laughs.xml", f"{laughs}]><rss><l>&i;</l></rss>".encode(), "entities")
    yield Hostile("laughs.docx", office.zipped({"word/document.xml": f"{laughs}]><document>&i;</document>"}), "entities")
    yield Hostile("laughs.hwpx", office.zipped({"Contents/section0.xml": f"{laughs}]><sec>&i;</sec>"}), "entities")
    yield Hostile("network.xml", b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><rss><channel/></rss>', "no WordPress export")
    yield Hostile("file.xml", b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss>&x;</rss>', "entities")
    yield Hostile("deep.xml", b"<a>" * 50_000 + b"</a>" * 50_000, "nested")
    yield Hostile("encrypted.docx", ole_file({"EncryptedPackage": b"x" * 5000}), "encrypted")
    yield Hostile("no parts.docx", office.zipped({"a.txt": "x"}), "docx")
    yield Hostile("no spine.epub", office.zipped({"META-INF/container.xml": "<container/>"}), "EPUB")


def hangul_files() -> Iterator[Hostile]:
    """Hangul documents: passwords, distribution copies, old ones, bombs, records that claim too much."""
    yield Hostile("password.hwp", hangul.hwp(PIECE, flags=3), "it is encrypted")
    yield Hostile("distribution.hwp", hangul.hwp(PIECE, flags=5), "protected")
    yield Hostile("old.hwp", b"HWP Document File V3.00 \x1a\x01\x02", "HWP 3 files are not read")
    packer = zlib.compressobj(9, wbits=-15)
    bomb = packer.compress(bytes(110 * MEGABYTE)) + packer.flush()
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, 1) + bytes(216)
    streams = {"FileHeader": header, "DocInfo": bomb, "BodyText/Section0": b""}
    yield Hostile("bomb.hwp", ole_file(streams), "unpacks to more than")
    claim = struct.pack("<II", 66 | 0xFFF << 20, 0xFFFFFFFF) + b"short"
    plain = {"FileHeader": header[:36] + bytes(220), "DocInfo": claim, "BodyText/Section0": claim}
    yield Hostile("claim.hwp", ole_file(plain), "no text")
    steps = b"".join(struct.pack("<I", 66 | min(level, 1023) << 10) for level in range(1100))
    yield Hostile("deep.hwp", ole_file({**plain, "DocInfo": b"", "BodyText/Section0": steps}), "nested")
    yield Hostile("cut.hwp", hangul.hwp(PIECE)[:3000], "hwp")
    yield Hostile("fake.hwp", b"a text with the name of a document", "hwp")


def rich_texts() -> Iterator[Hostile]:
    """RTF that is deep, unclosed, or asks for what is not there."""
    yield Hostile("deep.rtf", b"{\\rtf1 " + b"{" * 20_000 + b"words" + b"}" * 20_000 + b"}", "nested")
    yield Hostile("fake.rtf", b"not so rich a text", "RTF")
    yield Hostile("open.rtf", b"{\\rtf1 words that never end " + b"{\\b " * 500)
    yield Hostile("link.rtf", b'{\\rtf1 {\\field{\\*\\fldinst INCLUDETEXT "http://127.0.0.1:9/x"}{\\fldrslt words}} of a text}')
    yield Hostile("binary.rtf", b"{\\rtf1 words {\\pict\\bin99999999999 xx} of a text}")


def everything() -> list[Hostile]:
    """All hostile files; their names are unique."""
    found = [*pdfs(), *web_pages(), *archives(), *hangul_files(), *rich_texts()]
    assert len({file.name for file in found}) == len(found)
    return found


def damaged(seed: int, count: int) -> Iterator[Hostile]:
    """Whole files of each format with some bytes changed, cut or put in."""
    chance = random.Random(seed)
    whole = {
        ".pdf": pdf(PIECE, Look()),
        ".docx": office.docx(PIECE),
        ".epub": office.epub(PIECE),
        ".rtf": office.rtf(PIECE),
        ".hwpx": hangul.hwpx(PIECE),
        ".hwp": hangul.hwp(PIECE),
        ".xml": office.wordpress([PIECE]),
        ".zip": office.zipped({"a.md": "# A\n\nWords of a note.", "b.rtf": office.rtf(PIECE)}),
    }
    for number in range(count):
        suffix = sorted(whole)[number % len(whole)]
        data = bytearray(whole[suffix])
        for _ in range(chance.randint(1, 20)):
            place = chance.randrange(len(data))
            kind = chance.randrange(3)
            if kind == 0:
                data[place] = chance.randrange(256)
            elif kind == 1:
                del data[place : place + chance.randint(1, 50)]
            else:
                data[place:place] = chance.randbytes(chance.randint(1, 50))
            data = data or bytearray(b"x")
        yield Hostile(f"damaged {number}{suffix}", bytes(data))


def climbing() -> bytes:
    """A zip with members that climb out of it, are links, are hidden, are encrypted, or are archives in archives, and one good note."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in ("../climbed.md", "/absolute.md", "C:/drive.md", "a/../../b.md", "..\\windows.md"):
            file.writestr(name, "climbed out")
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("good.md", "# Good\n\nA note that is whole.")
        file.writestr(".obsidian/app.json", "{}")
        inner = office.zipped({"deepest.md": "too deep"})
        for depth in range(4):
            inner = office.zipped({f"level{depth}.zip": inner, f"note{depth}.md": f"A note {depth} deep."})
        file.writestr("nested.zip", inner)
    return data.getvalue()
