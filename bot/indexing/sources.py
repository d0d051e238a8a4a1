"""Reads a file into texts: one for most files, several for an archive or a blog's export, each with what is said about it.

What cannot be read is a `Skipped` with its reason; the other texts of the same file are read all the same.
"""

import os
import posixpath
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from bot.formats import SUFFIXES, Document, Failed, read
from bot.formats.limits import MAX_ARCHIVE_DEPTH, Limits
from bot.formats.suffixes import FORMATS, TEXT, WEB_PAGES
from bot.indexing.dates import header_date
from bot.indexing.header import Header, split_header
from bot.indexing.hidden import Visible, without_hidden
from bot.messages import files as messages
from bot.messages import formats as reasons
from bot.messages.text import Text
from bot.text.normalize import UndecodableError, clean, decode_named

MARKDOWN_SUFFIXES = frozenset({".md", ".markdown"})
MAX_FILE_BYTES = 20_000_000  # the README states these three limits
MAX_TEXT_CHARACTERS = 5_000_000
MAX_LINE_CHARACTERS = 1_000_000

PAGE_FOLDERS = ("_files", ".files", "_파일")  # in which browsers save what belongs to a page
_SAVE_AS = {
    ".doc": ".docx",
    ".odt": ".docx",
    ".pages": ".docx",
    ".wpd": ".docx",
    ".hml": ".hwpx",
    ".hwt": ".hwpx",
    ".webarchive": ".html",
}


class SkipError(Exception):
    """This file cannot be read as an essay. The reason has a remedy and no final period."""

    def __init__(self, reason: Text) -> None:
        """`reason` stands behind the name of the file."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """One text of a file: cleaned, without header and hidden parts.

    `fields` are those of a header (`title`, `author`, `date`, `language`, `source`, `kind`, `summary`), `inside` its path inside the file,
    empty where the file holds one text, `pages` as in `Essay`, `remarks` what is said about how it was read.
    """

    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""
    pages: tuple[tuple[int, int], ...] = ()
    remarks: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A file inside another one that is left out, by its path there, and why."""

    inside: str
    reason: Text


Found = Source | Refused


def sources(root: Path, path: Path) -> list[Found]:
    """The texts of a file of the folder `root`, or of `root` itself. Raises `SkipError` where the file as a whole is left out."""
    return list(_Reader(root, path).texts())


def name_reason(name: str) -> Text | None:
    """Why a file of a folder or an archive is left out for its name; None where it is read."""
    suffix = PurePosixPath(name).suffix.lower()
    if name.startswith("."):
        return messages.HIDDEN
    if name.startswith("~$"):
        return messages.LOCK_FILE
    if suffix in _SAVE_AS:
        return reasons.OLD_FORMAT.format(suffix=suffix, other=_SAVE_AS[suffix])
    if suffix not in SUFFIXES:
        return messages.OTHER_SUFFIX.format(suffixes=suffixes())
    if name.partition(".")[0].upper() == "README":
        return messages.README
    return None


def saved_page(folder: str, siblings: Sequence[str] | set[str]) -> str:
    """The name of the web page whose parts a browser saved in the folder, of those beside it; empty for any other folder."""
    for ending in PAGE_FOLDERS:
        stem = folder.removesuffix(ending)
        if stem and stem != folder:
            return next((stem + suffix for suffix in sorted(WEB_PAGES) if stem + suffix in siblings), "")
    return ""


def suffixes() -> str:
    """The suffixes that are read, as errors name them."""
    return ", ".join(sorted(SUFFIXES))


class _Reader:
    """One file, and what is in it."""

    def __init__(self, root: Path, path: Path) -> None:
        self._root, self._path = root, path
        self._limits: Limits | None = None

    def texts(self) -> Iterator[Found]:
        data = read_bytes(self._root, self._path)
        if self._path.suffix.lower() in TEXT:
            yield _plain(data, self._path.suffix.lower())
        else:
            yield from self._parsed(self._path.suffix.lower(), data, "", 0)

    def _parsed(self, suffix: str, data: bytes, inside: str, depth: int) -> Iterator[Found]:
        """The texts of a file with a format, which lies at `inside`, `depth` archives deep."""
        if not data:
            raise SkipError(messages.EMPTY)
        self._limits = self._limits or Limits.load()
        found = read(suffix, data, self._limits)
        if isinstance(found, Failed):
            raise SkipError(found.reason)
        if FORMATS[suffix] == "archive":
            yield from self._members({member.name: member for member in found.members}, inside, depth)
        for document in found.documents:
            place = _below(inside, document.name) if document.name else inside
            try:
                yield _from_document(self._framed(document) if document.frame and not inside else document, place)
            except SkipError as error:
                if len(found.documents) == 1:
                    raise
                yield Refused(place, error.reason)

    def _framed(self, page: Document) -> Document:
        """The document of the file that a page of nothing but a frame shows, where a browser saved it along."""
        path = Path(os.path.normpath(self._path.parent / page.frame))
        if (
            path.suffix.lower() not in WEB_PAGES
            or not self._root.is_dir()
            or not path.is_relative_to(self._root)
            or not path.is_file()
        ):
            raise SkipError(reasons.ONLY_A_FRAME)
        found = read(path.suffix.lower(), read_bytes(self._root, path), self._limits)
        if isinstance(found, Failed):
            raise SkipError(found.reason)
        return found.documents[0]

    def _members(self, members: Mapping[str, Any], inside: str, depth: int) -> Iterator[Found]:
        """The texts of an archive's members."""
        if depth >= MAX_ARCHIVE_DEPTH:
            raise SkipError(reasons.ARCHIVE_TOO_DEEP.format(limit=MAX_ARCHIVE_DEPTH))
        told: set[str] = set()  # folders that were named as left out
        for name, member in members.items():
            folder, reason = ("", None) if member.refused else _folder_reason(name, members.keys())
            if folder:
                if folder not in told and reason:
                    yield Refused(_below(inside, folder), reason)
                told.add(folder)
                continue
            place = _below(inside, name)
            reason = member.refused or name_reason(posixpath.basename(name))
            try:
                if reason:
                    raise SkipError(reason)
                suffix = PurePosixPath(name).suffix.lower()
                _require_bytes(len(member.data))
                if suffix in TEXT:
                    yield _plain(member.data, suffix, place)
                else:
                    yield from self._parsed(suffix, member.data, place, depth + 1)
            except SkipError as error:
                yield Refused(place, error.reason)


def _below(inside: str, name: str) -> str:
    """The path of what is called `name` in the file at `inside`."""
    return "/".join(filter(None, [inside, name.lstrip("/")]))


def _folder_reason(name: str, names: Any) -> tuple[str, Text | None]:
    """The first folder on a member's path that is left out as a whole, and why; an empty string where none is."""
    parts = name.split("/")
    for count, part in enumerate(parts[:-1], 1):
        folder = "/".join(parts[:count])
        if part.startswith("."):
            return folder, messages.HIDDEN
        page = saved_page(folder, set(names))
        if page:
            return folder, reasons.PART_OF_PAGE.format(page=posixpath.basename(page))
    return "", None


def _plain(data: bytes, suffix: str, inside: str = "") -> Source:
    """The text of a text file. Raises `SkipError`."""
    try:
        raw, guessed_encoding = decode_named(data)
    except UndecodableError as error:
        raise SkipError(error.reason) from None
    cleaned = clean(raw)
    header = split_header(cleaned.text.lstrip("\n"))
    visible = without_hidden(header.text) if suffix in MARKDOWN_SUFFIXES else Visible(header.text, 0)
    text = visible.text.strip("\n")
    _check_text(text)
    fields = {name: clean(value).text for name, value in header.fields.items()}
    return Source(text, fields, inside, remarks=tuple(_remarks(guessed_encoding, cleaned.dropped, header, visible.removed)))


def _from_document(document: Document, inside: str) -> Source:
    """The text that a parser found. Raises `SkipError` for one that is empty or over a limit."""
    cleaned = clean(document.text)
    text = cleaned.text.strip("\n")
    _check_text(text)
    moved = len(cleaned.text) - len(cleaned.text.lstrip("\n"))
    pages = tuple((max(start - moved, 0), number) for start, number in document.pages if start - moved < len(text))
    said = {"title": document.title, "author": document.author, "date": document.date, "language": document.language}
    fields = {
        name: " ".join(clean(value).text.split()) for name, value in {**said, "source": document.address}.items() if value.strip()
    }
    if not header_date(fields.get("date", "")):
        fields.pop("date", None)
    dropped = _dropped(cleaned.dropped)
    return Source(text, fields, inside, pages, (*document.notes, *dropped))


def _remarks(guessed_encoding: str, dropped: int, header: Header, hidden: int) -> Iterator[Text]:
    if guessed_encoding:
        yield messages.GUESSED_ENCODING.format(encoding=guessed_encoding)
    yield from _dropped(dropped)
    if header.by_line or header.keys:
        remark = messages.HEADER_LINE if header.lines == 1 else messages.HEADER_LINES
        remark = messages.HEADER_BY_LINE if header.by_line else remark
        yield remark.format(lines=header.lines, keys=", ".join(header.keys))
    if (date := header.fields.get("date")) and not header_date(date):
        yield messages.NOT_A_DAY.format(date=date)
    if hidden:
        yield (messages.HIDDEN_TEXT if hidden == 1 else messages.HIDDEN_TEXTS).format(count=hidden)


def _dropped(count: int) -> list[Text]:
    return [(messages.INVISIBLE_CHARACTER if count == 1 else messages.INVISIBLE_CHARACTERS).format(count=count)] if count else []


def read_bytes(root: Path, path: Path) -> bytes:
    """The bytes of a regular file inside `root`. Opened with O_NONBLOCK, so that a pipe or a device cannot block the ingest."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise SkipError(messages.NOT_A_FILE)
            if root.is_dir() and not _is_inside(root, path, status):
                raise SkipError(messages.OUTSIDE_LINK)
            _require_bytes(status.st_size)
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SkipError(messages.UNREADABLE.format(reason=error.strerror)) from None


def _require_bytes(count: int) -> None:
    if count > MAX_FILE_BYTES:
        raise SkipError(messages.TOO_MANY_BYTES.format(count=count, limit=MAX_FILE_BYTES))


def _is_inside(root: Path, path: Path, opened: os.stat_result) -> bool:
    """Whether the opened file is under `root`. Checked after opening, so that replacing a file by a link in between has no effect."""
    target = path.resolve()
    return target.is_relative_to(root.resolve()) and os.path.samestat(target.lstat(), opened)


def _check_text(text: str) -> None:
    """Raise `SkipError` for a text that is empty or over a limit."""
    if not text.strip():
        raise SkipError(messages.EMPTY)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise SkipError(messages.TOO_MANY_CHARACTERS.format(count=len(text), limit=MAX_TEXT_CHARACTERS))
    longest = max(map(len, text.split("\n")))
    if longest > MAX_LINE_CHARACTERS:
        raise SkipError(messages.LINE_TOO_LONG.format(count=longest, limit=MAX_LINE_CHARACTERS))
