"""The runs of a page as lines in reading order: columns are told by the gutter between them, rows of tables by their gaps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from bot.formats.pdf_runs import Run

WORD_GAP = 0.18  # of the font size, between two runs: at least a space, where a page draws no spaces
WORD_GAP_BESIDE_SPACES = 0.25  # where it does
CELL_GAP = 1.6  # of the font size: two columns or two cells
RAISED = 0.2  # of the size of its line, by which the baseline of a mark of a note lies higher
RAISED_AT_MOST = 0.5
SAME_BASELINE = 0.2  # of the size, by which letters of one line may differ in height
SMALL = 0.8  # of the size of its line, below which a raised number is a mark
MIN_COLUMN_LINES = 4
MIN_COLUMN_FILL = 0.55  # of a column's width, by the middle one of its lines; cells of tables are shorter


@dataclass(slots=True)
class Segment:
    """A stretch of a line without a wide gap. In `text` the marks of notes stand between U+E000 and U+E001."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool


Placed = TypeVar("Placed", Run, Segment)


@dataclass(slots=True)
class Line:
    """A line of one column: its segments from left to right. `column` is 0 across the page, else 1 or 2; `left` and `right` are given by `bound`."""

    segments: list[Segment]
    column: int = 0
    left: float = 0
    right: float = 0

    text: str = field(init=False)
    x0: float = field(init=False)
    x1: float = field(init=False)
    y: float = field(init=False)
    size: float = field(init=False)
    bold: bool = field(init=False)

    def __post_init__(self) -> None:
        """Sum up the segments."""
        self.text = " ".join(segment.text.strip() if len(self.segments) > 1 else segment.text for segment in self.segments)
        self.x0, self.x1 = self.segments[0].x0, self.segments[-1].x1
        longest = max(self.segments, key=lambda segment: len(segment.text))
        self.y, self.size = longest.y, longest.size
        self.bold = all(segment.bold for segment in self.segments)


def lines(pages: Sequence[Sequence[Run]]) -> list[list[Line]]:
    """The lines of each page in reading order. A page with too few lines to tell is read as most of the others are."""
    rows = [_rows([segment for segment in _segments(page) if segment.text.strip()]) for page in pages]
    gutters = [_gutter(page) for page in rows]
    known = sorted(gutter for gutter in gutters if gutter is not None)
    usual = known[len(known) // 2] if len(known) * 2 >= len(pages) else None
    return [
        _ordered(page, _usable(page, usual) if gutter is None else gutter) for page, gutter in zip(rows, gutters, strict=True)
    ]


def _usable(rows: Sequence[list[Segment]], gutter: float | None) -> float | None:
    """The gutter of the other pages, where few lines of this one cross it."""
    crossing = sum(1 for row in rows for segment in row if gutter is not None and segment.x0 < gutter < segment.x1)
    return gutter if crossing * 3 < len(rows) else None


def _ordered(rows: Sequence[list[Segment]], gutter: float | None) -> list[Line]:
    """The lines of a page in reading order."""
    if gutter is None:
        return [Line(row) for row in rows]
    ordered: list[Line] = []
    block: list[list[Segment]] = []
    for row in rows:
        if any(segment.x0 < gutter < segment.x1 for segment in row):
            ordered += [*_columns(block, gutter), Line(row)]
            block = []
        else:
            block.append(row)
    return ordered + _columns(block, gutter)


def _columns(block: Sequence[list[Segment]], gutter: float) -> list[Line]:
    """The lines of a stretch with two columns, the left one first."""
    left = [Line(part, 1) for row in block if (part := [segment for segment in row if segment.x1 <= gutter])]
    right = [Line(part, 2) for row in block if (part := [segment for segment in row if segment.x0 >= gutter])]
    return left + right


def bound(pages: Sequence[Sequence[Line]]) -> None:
    """Give the lines the bounds of their columns. A column is as wide as its widest line on any page; its left edge is the page's own."""
    widths: dict[int, float] = {}
    for page in pages:
        for column, left in _lefts(page).items():
            right = max(line.x1 for line in page if line.column == column)
            widths[column] = max(widths.get(column, 0), right - left)
    for page in pages:
        lefts = _lefts(page)
        for line in page:
            line.left = lefts[line.column]
            line.right = line.left + widths[line.column]


def _lefts(page: Sequence[Line]) -> dict[int, float]:
    """The left edge of each column of a page."""
    return {column: min(line.x0 for line in page if line.column == column) for column in {line.column for line in page}}


def _segments(found: Sequence[Run]) -> list[Segment]:
    """The runs joined where they follow each other on a line, from left to right; programs draw them in any order."""
    spaces = sum(run.text.count(" ") for run in found)
    word_gap = WORD_GAP if spaces * 20 < sum(len(run.text) for run in found) else WORD_GAP_BESIDE_SPACES
    segments: list[Segment] = []
    for row in _rows(found):
        start = len(segments)
        for run in row:
            last = segments[-1] if len(segments) > start else None
            if last and _is_mark(run, last):
                last.text = f"{last.text.rstrip()}\ue000{run.text.strip()}\ue001"
                last.x1 = run.x1
            elif last and run.x0 - last.x1 < CELL_GAP * min(run.size, last.size):
                _append(run, last, word_gap)
            elif run.text.strip():
                segments.append(Segment(run.text.lstrip(), run.x0, run.x1, run.y, run.size, run.bold))
    return segments


def _append(run: Run, last: Segment, word_gap: float) -> None:
    gap = run.x0 - last.x1 > word_gap * min(run.size, last.size)
    is_apart = gap and not last.text.endswith(" ") and not run.text.startswith(" ")
    last.text += (" " if is_apart else "") + run.text
    last.x1 = max(run.x1, last.x1)
    if run.size > last.size:
        last.size, last.y = run.size, run.y
    last.bold = last.bold and (run.bold or not run.text.strip())


def _is_mark(run: Run, last: Segment) -> bool:
    """Whether a run is the raised number of a note behind a word."""
    text = run.text.strip()
    is_near = -0.2 * last.size < run.x0 - last.x1 < 0.5 * last.size
    is_raised = run.y - last.y > RAISED * last.size * 0.9 and run.y - last.y < last.size
    return (
        bool(text) and len(text) < 4 and text.strip("[]()").isdigit() and run.size < SMALL * last.size and is_near and is_raised
    )


def _rows(items: Sequence[Placed]) -> list[list[Placed]]:
    """What stands on each line from left to right, the lines from the top of the page to its bottom."""
    rows: list[list[Placed]] = []
    for item in sorted(items, key=lambda item: (-item.y, item.x0)):
        if rows and _is_beside(rows[-1], item):
            rows[-1].append(item)
        else:
            rows.append([item])
    for row in rows:
        row.sort(key=lambda item: item.x0)
    return rows


def _is_beside(row: Sequence[Placed], item: Placed) -> bool:
    """Whether an item stands on a row: on its baseline, or where one of the two is a mark with smaller letters, near it."""
    base = max(row, key=lambda placed: placed.size)
    tolerance = SAME_BASELINE if min(base.size, item.size) > SMALL * max(base.size, item.size) else RAISED_AT_MOST
    return abs(base.y - item.y) < tolerance * max(base.size, item.size)


def _gutter(rows: Sequence[list[Segment]]) -> float | None:
    """The place between two columns; None for a page with one.

    Few rows cross it, and on both sides of it stand several lines that fill their side.
    """
    segments = [segment for row in rows for segment in row]
    if len(segments) < 2 * MIN_COLUMN_LINES:
        return None
    left, right = min(segment.x0 for segment in segments), max(segment.x1 for segment in segments)
    best: tuple[int, float] | None = None
    starts = sorted(
        {round(segment.x0, 0) for segment in segments if left + 0.25 * (right - left) < segment.x0 < left + 0.75 * (right - left)}
    )
    for start in starts:
        place = start - 1.5
        crossing = sum(1 for segment in segments if segment.x0 < place < segment.x1)
        if crossing * 2 < len(rows) and _fills(segments, left, place, right) and (best is None or crossing < best[0]):
            best = (crossing, place)
    return best[1] if best else None


def _fills(segments: Sequence[Segment], left: float, place: float, right: float) -> bool:
    """Whether the lines on both sides of a place fill their sides, as those of columns do."""
    for first, last in ((left, place), (place, right)):
        side = [segment for segment in segments if segment.x0 >= first - 1 and segment.x1 <= last + 1]
        if len(side) < MIN_COLUMN_LINES:
            return False
        width = max(segment.x1 for segment in side) - min(segment.x0 for segment in side)
        if median(segment.x1 - segment.x0 for segment in side) < MIN_COLUMN_FILL * max(width, 0.3 * (right - left)):
            return False
    return True
