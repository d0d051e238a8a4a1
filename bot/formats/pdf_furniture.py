"""Tells a page's running heads, running feet and page numbers from its text, by what comes again at the same place of other pages."""

import re
from collections import Counter
from collections.abc import Sequence

from bot.formats.pdf_lines import Line

EDGE_LINES = 2  # at the top and at the bottom, that can be furniture
MIN_PAGES = 3  # on which a running head comes again
MAX_HEAD_CHARACTERS = 120
MIN_HEAD_GAP = 1.5  # of the size of its letters, between a running head and the text

_PAGE_NUMBER = re.compile(
    r"(?:[-–—(\[·|]\s*)?(?:p(?:age|\.)?\s*)?(\d{1,4})(?:\s*(?:/|of|쪽|페이지)\s*\d{0,4})?(?:\s*[-–—)\]·|])?", re.IGNORECASE
)
_ROMAN = re.compile(r"[-–—]?\s*[ivxl]{1,7}\s*[-–—]?")


def without_furniture(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], int]:
    """The lines of each page without its furniture, and how many lines that was."""
    edges = [_edges(page) for page in pages]
    shapes = Counter(shape for edge in edges for shape in {_shape(line) for line in edge})
    enough = max(MIN_PAGES, len(pages) // 4) if len(pages) > 2 else len(pages) + 1
    numbers = _page_numbers(edges)
    kept: list[list[Line]] = []
    dropped = 0
    for page, edge in zip(pages, edges, strict=True):
        repeated = [line for line in edge if shapes[_shape(line)] >= enough and len(line.text) <= MAX_HEAD_CHARACTERS]
        furniture = {id(line) for line in edge if id(line) in numbers} | {
            id(line) for line in repeated if _stands_apart(line, page, repeated)
        }
        kept.append([line for line in page if id(line) not in furniture])
        dropped += len(furniture)
    return kept, dropped


def _edges(page: Sequence[Line]) -> list[Line]:
    """The lines at the top and at the bottom of a page."""
    heights = sorted({round(line.y) for line in page}, reverse=True)
    places = set(heights[:EDGE_LINES] + heights[-EDGE_LINES:])
    return [line for line in page if round(line.y) in places]


def _stands_apart(line: Line, page: Sequence[Line], repeated: Sequence[Line]) -> bool:
    """Whether white space parts a line at the edge from the text; other repeated lines are no text."""
    others = [abs(other.y - line.y) for other in page if other not in repeated and round(other.y) != round(line.y)]
    return min(others, default=1000) > MIN_HEAD_GAP * line.size


def _shape(line: Line) -> tuple[str, int]:
    """What equal running heads have in common: the words with any number for each number, and the height on the page."""
    return re.sub(r"\d+|\b[ivxl]{1,7}\b", "#", " ".join(line.text.split())), round(line.y / 4)


def _page_numbers(edges: Sequence[Sequence[Line]]) -> set[int]:
    """The ids of the lines that are page numbers: numbers alone on an edge line that count on from page to page, or on the only page."""
    found: dict[int, list[tuple[int, int]]] = {}  # by number less page: the lines' ids and their pages
    roman: list[tuple[int, int]] = []
    for place, edge in enumerate(edges):
        for line in edge:
            match = _PAGE_NUMBER.fullmatch(line.text.strip())
            if match:
                found.setdefault(int(match[1]) - place, []).append((id(line), place))
            elif _ROMAN.fullmatch(line.text.strip()):
                roman.append((id(line), place))
    enough = 2 if len(edges) > 1 else 1
    counted = [pairs for pairs in found.values() if len({place for _, place in pairs}) >= enough]
    counted += [roman] if len({place for _, place in roman}) > 1 else []
    return {identity for pairs in counted for identity, _ in pairs}
