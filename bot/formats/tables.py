"""Tables of HTML: tells a table of data from one that lays out a page, and spreads out cells that span rows and columns."""

from collections.abc import Sequence

from bot.formats.trees import Element, attribute, children, descendants

MAX_COLUMNS = 100  # of a table that is written as one; a span may claim any number
MAX_ROWS = 5000
MAX_CELLS = 50_000  # places that cells reach over together

Row = list[Element | None]  # None where a cell above or to the left reaches


def table_rows(table: Element) -> list[Row] | None:
    """The cells by rows of equal length; None for a table that lays out a page.

    Such a one has one row or column, tables in its cells, or cells with several blocks.
    """
    rows = _rows(table)
    if len(rows) < 2 or len(rows) > MAX_ROWS or any(True for _ in _inner_tables(table)):
        return None
    grid = _grid(rows)
    width = max(map(len, grid or ()), default=0)
    if grid is None or not 2 <= width <= MAX_COLUMNS or _holds_prose(rows):
        return None
    return [row + [None] * (width - len(row)) for row in grid]


def _rows(table: Element) -> list[Element]:
    rows = list(children(table, "tr"))
    return [*rows, *(row for part in children(table, "thead", "tbody", "tfoot") for row in children(part, "tr"))]


def _inner_tables(table: Element) -> Sequence[Element]:
    return [inner for inner in descendants(table, "table") if inner is not table]


def _holds_prose(rows: Sequence[Element]) -> bool:
    """Whether a cell holds headings, or several paragraphs of more than one line: a page laid out in a table."""
    for row in rows:
        for cell in children(row, "td", "th"):
            paragraphs = [p for p in descendants(cell, "p") if len("".join(p.itertext())) > 200]
            if len(paragraphs) > 2 or any(True for _ in descendants(cell, "h1", "h2", "h3")):
                return True
    return False


def _grid(rows: Sequence[Element]) -> list[Row] | None:
    """The cells in their columns; what a cell spans beside and below itself is empty. None where cells claim too many places."""
    grid: list[Row] = [[] for _ in rows]
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        for cell in children(row, "td", "th"):
            while (number, column) in taken and column <= MAX_COLUMNS:
                column += 1
            if column > MAX_COLUMNS:
                break
            across, down = _span(cell, "colspan", MAX_COLUMNS), _span(cell, "rowspan", len(rows) - number)
            grid[number] += [None] * (column - len(grid[number])) + [cell]
            if len(taken) + across * down > MAX_CELLS:
                return None
            taken |= {(number + below, column + beside) for below in range(down) for beside in range(across)}
            column += across
            grid[number] += [None] * (column - len(grid[number]))
    return grid


def _span(cell: Element, name: str, limit: int) -> int:
    value = attribute(cell, name).strip()
    return min(int(value), limit) if value.isdigit() and len(value) < 6 and int(value) else 1
