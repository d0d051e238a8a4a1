"""Reads RTF: striprtf decodes the characters; headings, list items, footnotes and tables are marked before, and read from the marks after.

The marks are private-use characters, which no RTF file of a writer holds; those that a hostile one holds are taken out first.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from striprtf.striprtf import rtf_to_text

from bot.formats import said
from bot.formats.document import Document, FormatError
from bot.formats.limits import Budget
from bot.formats.markup import pipe_table
from bot.messages import formats as messages

MAX_GROUPS = 1000  # nested in each other

_HEADING, _LEVEL, _BULLET, _NUMBER = "\ue000", 0xE010, "\ue001", "\ue008"
_NOTE, _NOTE_END, _CELL, _ROW_END, _LINE, _ROW = "\ue002", "\ue003", "\ue004", "\ue005", "\ue006", "\ue007"
_MARKS = re.compile("[\ue000-\ue0ff]")
_MARKS_OF_ROWS = re.compile(f"[{_ROW}{_ROW_END}{_CELL}]")
_CONTROLS = (
    (re.compile(r"\\outlinelevel(\d) ?"), lambda match: f"\\outlinelevel{match[1]} {_HEADING}{chr(_LEVEL + int(match[1]))}"),
    (re.compile(r"\\(?:nest)?cell(?![a-z]) ?"), lambda _: _CELL),
    (re.compile(r"\\(?:nest)?row(?![a-z]) ?"), lambda _: _ROW_END),
    (re.compile(r"\\trowd(?![a-z]) ?"), lambda _: f"\\trowd {_ROW}"),
    (re.compile(r"\\line(?![a-z]) ?"), lambda _: _LINE),
)
_GROUP = re.compile(r"\\[\\{}]|[{}]")
_NOTE_GROUP = re.compile(r"\{(?:\\\*)?\\footnote(?![a-z])")
_LIST_GROUP = re.compile(r"\{(?:\\\*)?\\(?:listtext|pntext)(?![a-z])")
_FIELD_GROUP = re.compile(r"\{\\\*?\\?\*?\\fldinst(?![a-z])")
_INFO = re.compile(r"\{\\info(?![a-z])")
_CODE_PAGE = re.compile(r"\\ansicpg(\d{3,5})")
_ITEM = re.compile(r"^(?:[•·◦▪‣–○●■]|\uf0b7)\t\s*")
_NUMBERED = re.compile(r"^(\d{1,3})[.)]\t\s*")


def parse(data: bytes, _budget: Budget) -> Sequence[Document]:
    """The one document of a file. Raises `FormatError`."""
    source = data.decode("latin-1").lstrip("\ufeffï»¿ \r\n")
    if not source.startswith("{\\rtf"):
        raise FormatError(messages.DAMAGED.format(format="RTF", reason="no {\\rtf"))
    _require_depth(source)
    text = "\n\n".join(_blocks(_decoded(_marked(source))))
    if not text.strip():
        raise FormatError(messages.NO_TEXT)
    info = _group_text(source, _INFO)
    return [
        Document(
            text=text,
            title=said.title(_info(source, info, "title")),
            author=said.author(_info(source, info, "author")),
            date=_created(info),
        )
    ]


def _require_depth(source: str) -> None:
    depth = 0
    for brace in _GROUP.finditer(source):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth > MAX_GROUPS:
            raise FormatError(messages.TOO_DEEP.format(limit=MAX_GROUPS))


def _marked(source: str) -> str:
    """The source with marks at headings, items, notes, cells and line breaks, and without the instructions of fields."""
    source = _replaced(source, _FIELD_GROUP, lambda _: "")
    source = _replaced(source, _LIST_GROUP, _item_mark)
    source = _replaced(source, _NOTE_GROUP, lambda inner: f"{{{_NOTE}{inner}{_NOTE_END}}}")
    for control, mark in _CONTROLS:
        source = control.sub(mark, source)
    return source


def _replaced(source: str, opening: re.Pattern[str], replace: Callable[[str], str]) -> str:
    """The source with each group of one kind replaced, by what `replace` gives for its contents."""
    parts: list[str] = []
    last = 0
    for match in opening.finditer(source):
        if match.start() < last:
            continue
        end = _end_of_group(source, match.start())
        parts += [source[last : match.start()], replace(source[match.end() : end - 1])]
        last = end
    return "".join([*parts, source[last:]])


def _end_of_group(source: str, start: int) -> int:
    """The offset behind the group that opens at `start`."""
    depth = 0
    for brace in _GROUP.finditer(source, start):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return brace.end()
    return len(source)


def _item_mark(inner: str) -> str:
    """The mark of a list item by the text of its bullet or number; nothing where there is none, as in headings."""
    shown = re.sub(r"\\u(-?\d+)\s?(?:\\'[0-9a-f]{2}|\?)?", "•", inner)
    shown = re.sub(r"\\'[0-9a-f]{2}", "•", re.sub(r"\\[a-z]+-?\d* ?", "", shown)).strip(" {}\r\n\t")
    number = re.fullmatch(r"(\d{1,3})[.)]?", shown)
    return f" {_NUMBER}{number[1]}. {_NUMBER}" if number else f" {_BULLET}" if shown else ""


def _decoded(source: str) -> str:
    """The characters of RTF, with the pairs of UTF-16 joined."""
    text: str = rtf_to_text(source, errors="replace")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _blocks(text: str) -> Iterator[str]:
    """The blocks of the decoded text, and the notes behind them."""
    notes: list[str] = []

    def note(match: re.Match[str]) -> str:
        notes.append(" ".join(_MARKS.sub(" ", match[1]).split()))
        return f"[^{len(notes)}]"

    text = re.sub(f"{_NOTE}([^{_NOTE_END}]*){_NOTE_END}", note, text)
    table: list[list[str]] = []
    items: list[str] = []
    for piece in re.split(f"({_ROW}[^{_ROW_END}]*{_ROW_END})", text):
        if piece.startswith(_ROW):
            yield from _flushed(items)
            table.append([" ".join(_MARKS.sub(" ", cell).split()).replace("|", "\\|") for cell in piece.split(_CELL)[:-1]])
            continue
        if piece.strip():
            yield from _table(table)
        for paragraph in _MARKS_OF_ROWS.sub("", piece).split("\n"):
            block = _paragraph(paragraph)
            if block.startswith(_BULLET):
                items.append(block[1:])
            elif block:
                yield from _flushed(items)
                yield block
    yield from _flushed(items)
    yield from _table(table)
    yield from (f"[^{number}]: {words}" for number, words in enumerate(notes, 1))


def _flushed(items: list[str]) -> Iterator[str]:
    """The items so far as one block."""
    if items:
        yield "\n".join(items)
        items.clear()


def _table(rows: list[list[str]]) -> Iterator[str]:
    """The rows so far as one table; a table of one row or column is no table of data."""
    width = max(map(len, rows), default=0)
    if len(rows) > 1 and width > 1:
        yield pipe_table([row + [""] * (width - len(row)) for row in rows])
    else:
        yield from (cell for row in rows for cell in row if cell)
    rows.clear()


def _paragraph(paragraph: str) -> str:
    """A paragraph as Markdown. A list item has a mark before it."""
    heading = re.search(f"{_HEADING}(.)", paragraph)
    number = re.search(f"{_NUMBER}(\\d+\\. ){_NUMBER}", paragraph)
    is_item = _BULLET in paragraph
    if number:
        paragraph = paragraph.replace(number[0], "")
    if heading:
        paragraph = paragraph.replace(heading[0], "")
    lines = [
        " ".join(_MARKS.sub("", line).replace("\xad", "").replace("\xa0", " ").split(" ")).strip()
        for line in paragraph.split(_LINE)
    ]
    words = "\n".join(line for line in lines if line)
    if not words:
        return ""
    if heading and ord(heading[1]) - _LEVEL < 6:
        return f"{'#' * (ord(heading[1]) - _LEVEL + 1)} {' '.join(words.split())}"
    if number:
        return f"{_BULLET}{number[1]}{words}"
    if is_item or _ITEM.match(words):
        return f"{_BULLET}- {_ITEM.sub('', words)}"
    if _NUMBERED.match(words):
        return _BULLET + _NUMBERED.sub(lambda found: f"{found[1]}. ", words)
    return words.replace("\t", " ")


def _group_text(source: str, opening: re.Pattern[str]) -> str:
    """The contents of the first group of a kind; empty without one."""
    match = opening.search(source)
    return source[match.end() : _end_of_group(source, match.start()) - 1] if match else ""


def _info(source: str, info: str, name: str) -> str:
    """A property of the document's information group, decoded with the document's own code page."""
    # LibreOffice writes question marks for what the code page lacks, and the characters beside them.
    unicode = _group_text(info, re.compile(rf"\{{\\\*\\ud\s*\{{\\{name}(?![a-z])"))
    words = unicode or _group_text(info, re.compile(rf"\{{\\{name}(?![a-z])"))
    page = _CODE_PAGE.search(source)
    return _decoded(f"{{\\rtf1\\ansi{page[0] if page else ''} {words}}}").strip() if words.strip() else ""


def _created(info: str) -> str:
    numbers = re.search(r"\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})", info)
    return f"{numbers[1]}-{int(numbers[2]):02}-{int(numbers[3]):02}" if numbers else ""
