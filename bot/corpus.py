"""Reads folders and files into essays. Knows nothing of passages, vectors or the index.

A file that cannot be read as an essay is named with its reason and left out; it never stops the others.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import yaml

from bot.errors import CorpusError
from bot.schema import Essay, Language, Skipped
from bot.text import UndecodableError, clean, decode, language_of

SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text"})
LARGEST_FILE = 20_000_000  # bytes; this and the next two are the limits that the README publishes
LARGEST_TEXT = 5_000_000  # characters
LONGEST_LINE = 1_000_000  # characters

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIRST_HEADING = re.compile(r"^#[ \t]+(\S.*?)[ \t]*#*$", re.MULTILINE)
_NOT_IN_ID = re.compile(r"[^\w.]+")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was read: the essays by id, what was left out and why, and remarks on what was cleaned."""

    essays: tuple[Essay, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]


class _SkipError(Exception):
    """This file is no essay, for the reason given."""


def read(paths: list[Path]) -> Shelf:
    """The essays in `paths`, files or folders, with ids unique among them.

    Raises `CorpusError` where a path does not exist or no essay is found at all.
    """
    for path in paths:
        if not path.exists():
            raise CorpusError(f"There is no {path}. Give a folder or file with essays ({', '.join(sorted(SUFFIXES))}).")
    essays: dict[str, Essay] = {}
    texts: dict[str, str] = {}
    skipped: list[Skipped] = []
    notes: list[str] = []
    for root, path in ((root, path) for root in paths for path in _files(root)):
        try:
            essay, dropped = _read_file(root, path)
            if essay.sha256 in texts:
                raise _SkipError(f"it has the same text as {texts[essay.sha256]}")
        except _SkipError as reason:
            skipped.append(Skipped(_shown(path), str(reason)))
            continue
        essay = replace(essay, id=_unique(essay.id, essays))
        essays[essay.id] = essay
        texts[essay.sha256] = _shown(path)
        if dropped:
            notes.append(f"{_shown(path)}: left out {dropped} invisible characters")
    if not essays:
        raise CorpusError(_nothing_found(paths, skipped))
    return Shelf(tuple(sorted(essays.values(), key=lambda essay: essay.id)), tuple(skipped), tuple(notes))


def slug(relative: Path) -> str:
    """An essay's id: its path without the suffix, NFC, every run of other characters than letters, digits, `_` and `.` as `-`."""
    return _NOT_IN_ID.sub("-", clean(relative.with_suffix("").as_posix()).text).strip("-.").lower() or "essay"


def _files(root: Path) -> Iterator[Path]:
    """The files under `root` that may be essays, in a fixed order. Hidden ones and READMEs are not."""
    if not root.is_dir():
        yield root
        return
    found = [path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and not path.is_dir()]
    for path in sorted(found):
        relative = path.relative_to(root)
        hidden = any(part.startswith(".") for part in relative.parts)
        if not hidden and path.stem.upper() != "README":
            yield path


def _read_file(root: Path, path: Path) -> tuple[Essay, int]:
    """The essay in a file, and how many characters the text door dropped."""
    try:
        cleaned = clean(decode(_read_bytes(root, path)))
    except UndecodableError as error:
        raise _SkipError(str(error)) from None
    meta, text = _front_matter(cleaned.text)
    text = text.strip("\n")
    _check(text)
    relative = path.relative_to(root) if root.is_dir() else Path(path.name)
    heading = _FIRST_HEADING.search(text)
    title = meta.get("title") or (heading.group(1) if heading else clean(path.stem).text.replace("-", " ").replace("_", " "))
    language: Language = "ko" if (meta.get("language") or language_of(text)) == "ko" else "en"
    essay = Essay(
        id=slug(relative),
        title=title,
        author=meta.get("author", ""),
        date=meta.get("date", ""),
        language=language,
        source=meta.get("source") or clean(relative.as_posix()).text,
        kind=meta.get("kind") or "essay",
        text=text,
    )
    return essay, cleaned.dropped


def _read_bytes(root: Path, path: Path) -> bytes:
    """The bytes of a regular file inside `root`. Opened without waiting, so that a pipe or a device cannot hold the ingest up."""
    if root.is_dir() and not path.resolve().is_relative_to(root.resolve()):
        raise _SkipError("it is a link that leads out of the folder")
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise _SkipError("it is not a regular file")
            if status.st_size > LARGEST_FILE:
                raise _SkipError(f"it has {status.st_size:,} bytes, more than {LARGEST_FILE:,}")
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise _SkipError(f"it cannot be read: {error.strerror}") from None


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The fields between two lines of `---` at the top, as strings, and the text after them."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        fields = yaml.safe_load(match.group(1))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 2}" if where else ""
        raise _SkipError(f"its front matter is not YAML{line}") from None
    if not isinstance(fields, dict):
        return {}, text
    # Only plain values: an alias to a tree of lists would unfold without end.
    plain = {str(key): value for key, value in fields.items() if isinstance(value, str | int | float | date)}
    return {key: " ".join(str(value).split()) for key, value in plain.items()}, text[match.end() :]


def _check(text: str) -> None:
    if not text.strip():
        raise _SkipError("it holds no text")
    if len(text) > LARGEST_TEXT:
        raise _SkipError(f"it has {len(text):,} characters, more than {LARGEST_TEXT:,}")
    longest = max(map(len, text.split("\n")))
    if longest > LONGEST_LINE:
        raise _SkipError(f"one of its lines has {longest:,} characters, more than {LONGEST_LINE:,}")


def _unique(identity: str, taken: dict[str, Essay]) -> str:
    """`identity`, or with the first number behind it that nobody has: `a.md` and `a.txt` are two essays."""
    number, free = 1, identity
    while free in taken:
        number += 1
        free = f"{identity}-{number}"
    return free


def _shown(path: Path) -> str:
    """A path as it may be printed: clean, without line breaks, undecodable bytes dropped."""
    return clean(path.as_posix()).text.replace("\n", " ")


def _nothing_found(paths: list[Path], skipped: list[Skipped]) -> str:
    where = ", ".join(map(_shown, paths))
    why = f" Skipped: {skipped[0].path}, {skipped[0].reason}." if skipped else ""
    more = f" And {len(skipped) - 1} more." if len(skipped) > 1 else ""
    return f"No essay was found in {where}.{why}{more} Put .md or .txt files there, or name another folder."
