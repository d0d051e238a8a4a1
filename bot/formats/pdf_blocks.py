"""The lines of a PDF as blocks: headings by the size of their letters, paragraphs, list items, rows of tables, and the notes of each page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from bot.formats.pdf_lines import Line, Segment

HEADING_SIZE = 1.12  # of the size of the text
NOTE_SIZE = 0.93  # of the size of the text, at most, are notes at the bottom of a page
MAX_HEADING_CHARACTERS = 150
MAX_BOLD_HEADING_CHARACTERS = 70
PARAGRAPH_GAP = 1.3  # of the usual distance of lines
MIN_COLUMN = 10  # of the size of the letters, is a column wide in which lines are filled
INDENT = 0.7  # of the size of the letters

_ITEM = re.compile(r"(?:[•·◦▪‣●■○□▶➢✓]|[-–—](?=\s))\s*|\d{1,3}[.)]\s+|[가나다라마바사아자차카타파하][.)]\s+|[①-⑳]\s*")
_BULLET = re.compile(r"[•·◦▪‣●■○□▶➢✓–—-]\s*")
_SENTENCE_END = re.compile(r"[.!?。…][\"”’')\]」』]*$")
_NOTE_START = re.compile(r"(?:\ue000(\d{1,3})\ue001|(\d{1,3})[.)\]]?(?=\s)|\[(\d{1,3})\])\s*")


@dataclass(slots=True)
class Block:
    """Lines that belong together, each with the number of its page. `kind`: paragraph, heading, item, row or note."""

    kind: str
    lines: list[tuple[int, Line]]
    level: int = 0
    mark: str = ""  # of an item as Markdown writes it, the number of a note on its page
    cells: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is usual in a document, in points: the size of the letters and the distance of the lines; `levels` are the headings' sizes."""

    size: float
    leading: float
    levels: tuple[float, ...]


def measure(pages: Sequence[Sequence[Line]]) -> Measure:
    """What is usual in these pages, which hold at least one line."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[_rounded(line.size)] += len(line.text)
    size = sizes.most_common(1)[0][0]
    distances = [
        one.y - two.y
        for page in pages
        for one, two in zip(page, page[1:], strict=False)
        if one.column == two.column and 0 < one.y - two.y < 3 * size and _rounded(one.size) == _rounded(two.size) == size
    ]
    larger = {
        _rounded(line.size)
        for page in pages
        for line in page
        if line.size > HEADING_SIZE * size and len(line.text) <= MAX_HEADING_CHARACTERS
    }
    return Measure(size, median(distances) if distances else 1.3 * size, tuple(sorted(larger, reverse=True)[:5]))


def blocks(pages: Sequence[tuple[int, Sequence[Line]]], usual: Measure) -> list[Block]:
    """The blocks of the pages, each given with its number, in reading order; the notes of a page behind what the page's text belongs to."""
    found: list[Block] = []
    waiting: list[Block] = []  # notes, until the paragraph that goes on over the page has ended
    for number, page in pages:
        text, notes = _parted(page, usual)
        for position, block in enumerate(_page_blocks(number, text, usual)):
            last = found[-1] if found else None
            if (
                position == 0
                and last
                and last.kind in ("paragraph", "item")
                and block.kind == "paragraph"
                and _goes_on(last, block)
            ):
                last.lines += block.lines
                continue
            found += waiting
            waiting = []
            found.append(block)
        waiting += _notes(number, notes)
    return found + waiting


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _parted(page: Sequence[Line], usual: Measure) -> tuple[list[Line], list[Line]]:
    """The lines of the text and those of the notes, which stand in smaller letters at the bottom and begin with a number."""
    notes: list[Line] = []
    rest = list(page)
    while rest and rest[-1].size < NOTE_SIZE * usual.size:
        notes.insert(0, rest.pop())
    while notes and not _NOTE_START.match(notes[0].text):
        rest.append(notes.pop(0))
    return rest, notes


def _notes(number: int, lines: Sequence[Line]) -> list[Block]:
    notes: list[Block] = []
    for line in lines:
        start = _NOTE_START.match(line.text)
        if start:
            line.text = line.text[start.end() :]
            notes.append(Block("note", [(number, line)], mark=next(filter(None, start.groups()))))
        elif notes:
            notes[-1].lines.append((number, line))
    return notes


def _page_blocks(number: int, page: Sequence[Line], usual: Measure) -> Iterator[Block]:
    """The blocks of one page."""
    block: Block | None = None
    at = 0
    while at < len(page):
        rows = _table(page[at:])
        if rows:
            if block:
                yield block
                block = None
            yield from (Block("row", [(number, line) for line in lines], cells=cells) for lines, cells in rows)
            at += sum(len(lines) for lines, _ in rows)
            continue
        line = page[at]
        before = page[at - 1] if at else None
        opened = _opened(number, line, before, usual)
        if block and _belongs(block, before, line, opened, usual):
            block.lines.append((number, line))
        else:
            if block:
                yield block
            block = opened
        at += 1
    if block:
        yield block


def _opened(number: int, line: Line, before: Line | None, usual: Measure) -> Block:
    """The block that would begin with a line."""
    level = _level(line, before, usual)
    if level:
        return Block("heading", [(number, line)], level)
    item = _ITEM.match(line.text)
    if item and line.text[item.end() :].strip() and (_BULLET.match(line.text) or _can_begin(line, before)):
        is_bullet = _BULLET.match(line.text)
        mark = "- " if is_bullet else item[0].strip() + " "
        line.text = line.text[item.end() :]
        return Block("item", [(number, line)], mark=mark)
    return Block("paragraph", [(number, line)])


def _can_begin(line: Line, before: Line | None) -> bool:
    """Whether a line may begin an item with a number or letter: what stands above it has ended, so that it is no year or end of a verb."""
    return (
        before is None
        or before.column != line.column
        or _has_room(before, line)
        or bool(_SENTENCE_END.search(before.text.strip()))
    )


def _level(line: Line, before: Line | None, usual: Measure) -> int:
    """The level of a heading by its size; below those of larger letters, of a short bold line that stands apart. 0 for another line."""
    size = _rounded(line.size)
    if size in usual.levels and len(line.text) <= MAX_HEADING_CHARACTERS and any(map(str.isalpha, line.text)):
        return usual.levels.index(size) + 1
    is_apart = before is None or before.column != line.column or before.y - line.y > 1.15 * usual.leading or before.bold
    is_short = len(line.text) <= MAX_BOLD_HEADING_CHARACTERS and not _SENTENCE_END.search(line.text.strip())
    if line.bold and is_apart and is_short and size >= usual.size and any(map(str.isalpha, line.text)):
        return min(len(usual.levels) + 1, 6)
    return 0


def _belongs(block: Block, before: Line | None, line: Line, opened: Block, usual: Measure) -> bool:
    """Whether a line goes on with a block."""
    last = block.lines[-1][1]
    if opened.kind == "item" or before is not last:
        return False
    if block.kind == "heading" or opened.kind == "heading":
        is_same = block.kind == opened.kind and block.level == opened.level
        return is_same and last.column == line.column and 0 < last.y - line.y < 1.6 * line.size
    if last.column != line.column:
        return not _has_room(last, line) and not _is_indented(line)
    if not 0 < last.y - line.y < PARAGRAPH_GAP * usual.leading or abs(last.size - line.size) > 0.15 * usual.size:
        return False
    return not _begins_anew(block, last, line)


def _begins_anew(block: Block, last: Line, line: Line) -> bool:
    """Whether a line right below another begins a paragraph: it is indented, or its first word had room on the line above."""
    step = line.x0 - last.x0
    is_first = len(block.lines) == 1
    if step > INDENT * line.size and not (is_first and block.kind == "item"):
        return True
    if step < -INDENT * line.size and not is_first:
        return True
    return _has_room(last, line)


def _has_room(last: Line, line: Line) -> bool:
    """Whether the first word of a line would have fitted on the line before, so that the break was meant."""
    if last.right - last.left < MIN_COLUMN * last.size:
        return True
    text = line.text.strip()
    word = text.split(" ")[0]
    width = (line.x1 - line.x0) * (len(word) + 1) / max(len(text), 1)
    return width * 1.15 + 0.5 * line.size < last.right - last.x1


def _is_indented(line: Line) -> bool:
    return line.x0 - line.left > INDENT * line.size


def _goes_on(last: Block, block: Block) -> bool:
    """Whether the first paragraph of a page goes on with the last one of the page before."""
    before, line = last.lines[-1][1], block.lines[0][1]
    return abs(before.size - line.size) < 0.1 * line.size and not _has_room(before, line) and not _is_indented(line)


def _table(page: Sequence[Line]) -> list[tuple[list[Line], list[str]]]:
    """The rows of the table that begins with the first of these lines, each with its cells; none where no table does.

    A line with one cell is a further line of the row above it, where it stands below one of its cells.
    """
    rows: list[list[Line]] = []
    for line in page:
        is_row = len(line.segments) > 1 and not _ITEM.fullmatch(line.segments[0].text.strip() + " ")
        if rows and (line.column != rows[-1][-1].column or not 0 < rows[-1][-1].y - line.y < 3.5 * line.size):
            break
        if is_row:
            rows.append([line])
        else:
            break
    if len(rows) < 2:
        return []
    columns = _table_columns([segment for row in rows for line in row for segment in line.segments])
    if len(columns) < 2:
        return []
    return [(row, _cells(row, columns)) for row in rows]


def _table_columns(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    """The stretches from left to right that the cells of a table cover."""
    columns: list[tuple[float, float]] = []
    for segment in sorted(segments, key=lambda segment: segment.x0):
        if columns and segment.x0 < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], segment.x1))
        else:
            columns.append((segment.x0, segment.x1))
    return columns


def _cells(row: Sequence[Line], columns: Sequence[tuple[float, float]]) -> list[str]:
    cells = [""] * len(columns)
    for line in row:
        for segment in line.segments:
            number = next(number for number, (_, end) in enumerate(columns) if segment.x0 < end)
            cells[number] = f"{cells[number]} {segment.text.strip()}".strip()
    return cells
