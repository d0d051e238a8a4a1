"""What is read of files whose text is known: the characters in reading order, titles and authors, tables and notes, by format.

The files are written from a seed by `evals.writers`, and some by other programs (pandoc, LibreOffice) where they are installed.
"""

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from bot.formats import Document, Failed, read
from bot.formats.limits import Limits
from bot.indexing.loader import load_essays
from evals.writers import hangul, office, web
from evals.writers.pdf import Look, pdf
from evals.writers.programs import converted
from evals.writers.texts import Maker, Piece

SEED = 17
FILES = 30  # of each format
PAGE_CHARACTERS = 1800  # that count as a page where a format has none
GOAL = 0.98
SAYS_NOTHING = frozenset({"rtf by pandoc"})  # about title and author, but as paragraphs of the text

_MARKS = re.compile(r"^(?:#{1,6} |> |- |• |\d+\. )|\[\^\d+\]|<sup>\d+</sup>", re.MULTILINE)
_TABLE = re.compile(r"^\|.*\|$", re.MULTILINE)
_NOTE = re.compile(r"^\[\^(\d+)\]: (.*)$", re.MULTILINE)


@dataclass(slots=True)
class Scores:
    """The figures of each file of one format."""

    read: list[float] = field(default_factory=list)
    titles: list[bool] = field(default_factory=list)
    authors: list[bool] = field(default_factory=list)
    tables: list[float] = field(default_factory=list)
    notes: list[float] = field(default_factory=list)
    noise: int = 0
    failed: list[str] = field(default_factory=list)
    seconds: float = 0
    pages: float = 0

    def figures(self) -> dict[str, Any]:
        """The figures of the format."""
        return {
            "files": len(self.read) + len(self.failed),
            "characters": round(mean(self.read), 4) if self.read else 0.0,
            "worst": round(min(self.read, default=0), 4),
            f"files ≥ {GOAL}": sum(score >= GOAL for score in self.read),
            "title": _share(self.titles),
            "author": _share(self.authors),
            "table rows": _share(self.tables),
            "notes": _share(self.notes),
            "foreign words": self.noise,
            "ms a page": round(1000 * self.seconds / self.pages) if self.pages else 0,
            "failed": len(self.failed),
        }


def measure(files: int = FILES) -> dict[str, Any]:
    """The figures by format, for `files` files of each."""
    maker = Maker(load_essays([Path("corpus")]).essays, SEED)
    scores: dict[str, Scores] = defaultdict(Scores)
    for number in range(files):
        for kind, suffix, data, piece in _files(maker, number):
            score(scores[kind], suffix, data, piece)
    for kind, suffix, data, piece in converted([maker.piece(number) for number in range(min(files, 6))]):
        score(scores[kind], suffix, data, piece, says_who=kind not in SAYS_NOTHING)
    return {kind: scores[kind].figures() for kind in sorted(scores)}


def _files(maker: Maker, number: int) -> Iterator[tuple[str, str, bytes, Piece]]:
    """One file of each format: its kind, its suffix, its bytes, and what is in it."""
    piece = maker.piece(number)
    layout = web.LAYOUTS[number % len(web.LAYOUTS)]
    yield "html", ".html", web.page(piece, layout).encode(), piece
    yield "docx", ".docx", office.docx(piece), piece
    yield "epub", ".epub", office.epub(piece), piece
    yield "rtf", ".rtf", office.rtf(piece), piece
    yield "hwpx", ".hwpx", hangul.hwpx(piece), piece
    yield "hwp", ".hwp", hangul.hwp(piece), piece
    yield "wordpress", ".xml", office.wordpress([piece]), piece
    look = Look.of(number, piece)
    set_piece = maker.piece(
        number, sections=4 if look.columns == 1 else 5, has_notes=look.columns == 1, has_tables=look.columns == 1
    )
    yield "pdf", ".pdf", pdf(set_piece, look), set_piece


def score(scores: Scores, suffix: str, data: bytes, piece: Piece, *, says_who: bool = True) -> None:
    """Read one file and add its figures. `says_who` is false where the file does not say its title and author."""
    begun = time.perf_counter()
    found = read(suffix, data, Limits())
    scores.seconds += time.perf_counter() - begun
    if isinstance(found, Failed) or not found.documents:
        scores.failed.append(str(found))
        return
    document = found.documents[0]
    scores.pages += max(len(document.pages), len(document.text) / PAGE_CHARACTERS)
    scores.read.append(in_order(piece.running_text(), running_text(document, piece)))
    if says_who:
        scores.titles.append(document.title == piece.title)
        scores.authors.append(document.author == piece.author)
    scores.noise += sum(document.text.count(word) for word in web.NOISE_WORDS)
    lines = set(_TABLE.findall(document.text))
    scores.tables += [f"| {' | '.join(row)} |" in lines for table in piece.tables for row in table]
    scores.notes += _notes(document, piece)


def running_text(document: Document, piece: Piece) -> str:
    """What was read in order, without tables, notes, marks and a heading that is the title."""
    text = _TABLE.sub("", _NOTE.sub("", document.text))
    lines = text.split("\n")
    if lines and re.sub(r"^#+ ", "", lines[0]) == piece.title:
        lines = lines[1:]
    return " ".join(_MARKS.sub("", "\n".join(lines)).replace("* * *", "").split())


def in_order(expected: str, found: str) -> float:
    """The share of characters in reading order: the longest common subsequence over the longer text's length."""
    return common_length(expected, found) / max(len(expected), len(found), 1)


def common_length(one: str, other: str) -> int:
    """The length of the longest common subsequence, by the bits of integers (after Hyyrö)."""
    places: dict[str, int] = defaultdict(int)
    for at, character in enumerate(one):
        places[character] |= 1 << at
    full = (1 << len(one)) - 1
    row = full
    for character in other:
        matched = row & places.get(character, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(one) - row.bit_count()


def _notes(document: Document, piece: Piece) -> Iterator[bool]:
    """Of each note whether it is there with its text, and its mark behind the paragraph that it belongs to."""
    found = {text.strip(): number for number, text in _NOTE.findall(document.text)}
    for block in piece.blocks:
        if block.note:
            number = found.get(block.note)
            yield number is not None and f"{block.texts[-1][-5:]}[^{number}]" in document.text


def _share(values: list[Any]) -> float | str:
    return round(sum(values) / len(values), 3) if values else "-"
