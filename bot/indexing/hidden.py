"""Takes out of a note what its writer hid from readers: comments, queries of note-taking programs, the ids of blocks.

Code is kept as it is, so a post about HTML keeps the comments in its examples.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*([\w-]*)[^\n`]*$")
_QUERY_LANGUAGES = frozenset(
    "dataview dataviewjs tasks query button kanban tracker meta-bind meta-bind-button buttons templater ad-hidden inlinedb base bases".split()
)
_INLINE_CODE = r"`[^`\n]+`"
_HTML_COMMENT = re.compile(rf"(?P<code>{_INLINE_CODE})|<!--.*?-->", re.DOTALL)
_NOTE_COMMENT = re.compile(
    rf"(?P<code>{_INLINE_CODE})|^[ \t]*%%(?:(?!%%).)*?%%[ \t]*$"  # whole lines, which may hold several paragraphs
    r"|(?<![\w%])%%(?!%)(?:(?!%%|\n\s*\n).){0,2000}?%%(?![\w%])",  # within a paragraph; not the percent signs of "50%%"
    re.DOTALL | re.MULTILINE,
)
_INLINE_QUERY = re.compile(r"`(?:=|\$=|dv:)[^`\n]+`")
_BLOCK_ID = re.compile(r"(?:^|(?<=\S)[ \t]+)\^[A-Za-z0-9][A-Za-z0-9-]*[ \t]*$", re.MULTILINE)
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
            visible, count = _prose(piece)
            pieces.append(visible)
            removed += count
    joined = "".join(pieces)
    return Visible(_EMPTY_LINES.sub("\n\n", joined) if joined != text else text, removed)


def _prose(text: str) -> tuple[str, int]:
    """A text without fences, without what is hidden in it, and the number of comments and queries."""
    text, queries = _INLINE_QUERY.subn("", text)
    text, notes = _without(_NOTE_COMMENT, text) if "%%" in text else (text, 0)
    before, closing, after = text.rpartition("-->")  # what opens after the last closing mark is never closed
    before, comments = _without(_HTML_COMMENT, before + closing)
    return _BLOCK_ID.sub("", before + after), queries + notes + comments


def _without(comment: re.Pattern[str], text: str) -> tuple[str, int]:
    """`text` without the matches of `comment` that are not inline code, and their number."""
    found = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal found
        found += match["code"] is None
        return match["code"] or ""

    return comment.sub(kept, text), found


def _parts(text: str) -> Iterator[tuple[bool, str, str]]:
    """The text as stretches: whether each is a fenced block of code, its language, its text. A fence that is not closed is no fence."""
    lines = text.splitlines(keepends=True)
    start = number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number].rstrip("\n"))
        end = _closing(lines, number + 1, fence[1]) if fence else 0
        if fence and end:
            yield False, "", "".join(lines[start:number])
            yield True, fence[2].lower(), "".join(lines[number:end])
            start = number = end
        else:
            number += 1
    yield False, "", "".join(lines[start:])


def _closing(lines: list[str], start: int, marks: str) -> int:
    """The number of the line after the one that closes a fence; 0 where none does."""
    for number in range(start, len(lines)):
        line = lines[number].strip(" \t>\n")
        if len(line) >= len(marks) and not line.strip(marks[0]):
            return number + 1
    return 0
