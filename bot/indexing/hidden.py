"""Takes out of a note what its writer hid from readers: comments, queries of note-taking programs, the ids of blocks.

Code is kept as it is, so a post about HTML keeps the comments in its examples. Every search goes forward once: time is linear.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_CODE_CHARACTERS = 1_000  # of inline code
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([\w-]*)[^\n`]*$")
_QUERY_LANGUAGES = frozenset(
    "dataview dataviewjs tasks query button kanban tracker meta-bind meta-bind-button buttons templater ad-hidden inlinedb base bases".split()
)
_INLINE_QUERY = re.compile(r"(?:=|\$=|dv:)")
# What opens each kind of comment, and what closes it. The percent signs of "50%%" and of printf("%%") open none.
_OPENING = re.compile(
    r"(?P<code>`+)|(?P<html><!--)|(?P<lines>^[ \t]*%%(?=[^%\n]*$))|(?P<note>(?<![\d%\"'(\\])(?<!\d )%%(?!%))"
    r"|(?P<liquid>\{%-? *comment\b[^%\n]*%\})|(?P<hugo>\{\{% *comment *%\}\})|(?P<jinja>\{#(?![\w}]))|(?P<mdx>\{/\*)"
    r"|(?P<link>^\[//\]: # \()",
    re.MULTILINE,
)
_CLOSING = {
    "html": re.compile("-->"),
    "lines": re.compile(r"%%[ \t]*$", re.MULTILINE),
    "note": re.compile(r"%%(?![\d%\"'])|\n[ \t]*\n"),  # within a paragraph
    "liquid": re.compile(r"\{%-? *endcomment *-?%\}"),
    "hugo": re.compile(r"\{\{% */ *comment *%\}\}"),
    "jinja": re.compile(r"#\}|\n"),
    "mdx": re.compile(r"\*/\}"),
    "link": re.compile(r"\)$|\n", re.MULTILINE),
}
_BLOCK_ID = re.compile(r"(?:^|(?<=\S)[ \t]+)\^[A-Za-z0-9][A-Za-z0-9-]{2,}[ \t]*$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Visible:
    """A text without what was hidden, and how many comments and queries were taken out."""

    text: str
    removed: int


def without_hidden(text: str) -> Visible:
    """`text` without its comments, queries and block ids. Where a comment is not closed, nothing is taken for one."""
    pieces: list[str] = []
    removed = 0
    for is_code, language, piece in _parts(text):
        if is_code and language in _QUERY_LANGUAGES:
            removed += 1
        elif is_code:
            pieces.append(piece)
        else:
            comments = list(_comments(piece))
            edges = [0, *(edge for comment in comments for edge in comment), len(piece)]
            visible = "".join(piece[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
            pieces.append(_BLOCK_ID.sub("", visible))
            removed += len(comments)
    joined = "".join(pieces)
    return Visible(_EMPTY_LINES.sub("\n\n", joined) if joined != text else text, removed)


def _comments(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the comments and inline queries of a text without fences."""
    position = 0
    closings: dict[str, re.Match[str] | None] = {}  # the first of each kind behind the last opening of that kind
    for opening in _OPENING.finditer(text):
        kind = str(opening.lastgroup)
        if opening.start() < position:
            continue
        if kind == "code":
            position, is_query = _end_of_code(text, opening)
            if is_query:
                yield opening.start(), position
            continue
        known = closings.get(kind)
        if kind not in closings or (known and known.start() < opening.end()):
            closings[kind] = known = _CLOSING[kind].search(text, opening.end())
        if not known or known[0].startswith("\n") or (kind == "html" and text.find("<!--", opening.end(), known.start()) >= 0):
            continue
        position = known.end()
        yield opening.start(), position


def _end_of_code(text: str, opening: re.Match[str]) -> tuple[int, bool]:
    """The end of the inline code that opens there, and whether it is a query; the end of its marks where it is not closed."""
    end = text.find(opening[0], opening.end(), opening.end() + MAX_CODE_CHARACTERS)
    if end < 0 or "\n\n" in text[opening.end() : end]:
        return opening.end(), False
    return end + len(opening[0]), _INLINE_QUERY.match(text, opening.end()) is not None and "\n" not in text[opening.end() : end]


def _parts(text: str) -> Iterator[tuple[bool, str, str]]:
    """The text as stretches: whether each is a fenced block of code, its language, its text. A fence that is not closed is no fence."""
    lines = text.splitlines(keepends=True)
    start = number = 0
    unclosed: set[str] = set()  # marks that no later line closes
    while number < len(lines):
        fence = _FENCE.match(lines[number].rstrip("\n"))
        end = _closing_line(lines, number + 1, fence[1]) if fence and fence[1] not in unclosed else 0
        if fence and end:
            yield False, "", "".join(lines[start:number])
            yield True, fence[2].lower(), "".join(lines[number:end])
            start = number = end
        else:
            if fence:
                unclosed.add(fence[1])
            number += 1
    yield False, "", "".join(lines[start:])


def _closing_line(lines: list[str], start: int, marks: str) -> int:
    """The number of the line after the one that closes a fence; 0 where none does."""
    for number in range(start, len(lines)):
        line = lines[number].strip(" \t>\n")
        if len(line) >= len(marks) and not line.strip(marks[0]):
            return number + 1
    return 0
