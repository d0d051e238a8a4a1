"""Load folders and files as essays: encoding, front matter, title, language, id. Independent of passages, vectors and the index.

A file that cannot be read as an essay is reported with the reason and left out; the other files are loaded all the same.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from bot.errors import CorpusError
from bot.indexing.dates import header_date, name_date
from bot.indexing.header import Header, split_header
from bot.indexing.hidden import Visible, without_hidden
from bot.messages import errors
from bot.messages import files as messages
from bot.messages.text import Text
from bot.schema import Essay, Language, Note, Skipped
from bot.text.language import language_of
from bot.text.markdown import blocks
from bot.text.normalize import UndecodableError, clean, decode_named

MAP_FILE = "analogies.yaml"  # the analogy map beside the essays
MARKDOWN_SUFFIXES = frozenset({".md", ".markdown"})
SUFFIXES = MARKDOWN_SUFFIXES | {".txt", ".text"}
MAX_FILE_BYTES = 20_000_000  # the README states these three limits
MAX_TEXT_CHARACTERS = 5_000_000
MAX_TITLE_CHARACTERS = 60  # of a first line that is taken for the title
MAX_LINE_CHARACTERS = 1_000_000

_NOT_IN_ID = re.compile(r"[^\w.]+")
_TITLE = re.compile(r"[^\W\d_].*[^.!?…:;,다요]")  # begins with a letter and ends no sentence
_NAME_SPACE = re.compile(r"(?<!\d)[-_]|[-_](?!\d)")
_NAMED_MARKS = ((re.compile(r"(?<=[A-Za-z])\+\+"), "plusplus"), (re.compile(r"(?<=\b[A-Za-z])#"), "sharp"))  # C++ and C#


@dataclass(frozen=True, slots=True)
class Collection:
    """What was loaded: the essays ordered by id, the files left out with the reasons, and notes on how files were read.

    `paths` maps an essay's id to its file.
    """

    essays: tuple[Essay, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[Note, ...]
    paths: Mapping[str, str] = field(default_factory=dict)


class _SkipError(Exception):
    """This file cannot be read as an essay. The reason has a remedy and no final period."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def load_essays(paths: list[Path], known: Mapping[str, str] = MappingProxyType({})) -> Collection:
    """Load the essays in `paths` (files or folders), with ids unique among them.

    `known` maps ids to files, as an earlier collection's `paths` does: these files keep their ids, whatever else is loaded. Raises
    `CorpusError` where a path does not exist, a file given by name has a suffix that is not read, or no essay is found at all.
    """
    for path in paths:
        if not exists(path):
            raise CorpusError(errors.NO_SUCH_PATH.format(path=printable(path), suffixes=_suffixes()))
        if path.is_file() and path.suffix.lower() not in SUFFIXES:
            raise CorpusError(errors.SUFFIX_NOT_READ.format(path=printable(path), suffixes=_suffixes()))
    collection = load_existing(paths, known)
    if not collection.essays:
        raise _no_essay(paths, collection.skipped)
    return collection


def load_existing(paths: list[Path], known: Mapping[str, str] = MappingProxyType({})) -> Collection:
    """Load as `load_essays` does, from paths that exist; a collection without essays where there are none."""
    files = [(root, path, real_path(path)) for root in paths for path in _files(root)]
    present = {resolved for _, _, resolved in files}
    known_ids = {path: identity for identity, path in known.items() if path in present}
    taken = set(known_ids.values())
    essays: dict[str, Essay] = {}
    found: dict[str, str] = {}
    path_by_digest: dict[str, str] = {}  # of the text
    path_by_file: dict[str, str] = {}
    skipped: list[Skipped] = []
    notes: list[Note] = []
    for root, path, resolved in files:
        try:
            _require_readable(root, path)
            if first := path_by_file.get(resolved):
                raise _SkipError(messages.SAME_FILE.format(first=first))
            essay, remarks = _load_file(root, path)
            if duplicate := path_by_digest.get(essay.sha256):
                raise _SkipError(messages.SAME_TEXT.format(other=duplicate))
        except _SkipError as error:
            skipped.append(Skipped(printable(path), error.reason))
            continue
        essay = replace(essay, id=known_ids.get(resolved) or unused_id(essay.id, taken))
        taken.add(essay.id)
        essays[essay.id], found[essay.id] = essay, resolved
        path_by_digest[essay.sha256] = path_by_file[resolved] = printable(path)
        notes += [Note(printable(path), remark) for remark in remarks]
    return Collection(tuple(sorted(essays.values(), key=lambda essay: essay.id)), tuple(skipped), tuple(notes), found)


def slug(relative: Path) -> str:
    """An essay's id from its path: without the suffix, NFC, lower case, other characters than letters, digits, `_`, `.` as `-`.

    `C++` and `C#` become `cplusplus` and `csharp`.
    """
    name = clean(relative.with_suffix("").as_posix()).text
    for mark, word in _NAMED_MARKS:
        name = mark.sub(word, name)
    return _NOT_IN_ID.sub("-", name).strip("-.").lower() or "essay"


def exists(path: Path) -> bool:
    """Whether there is such a file or folder that can be reached."""
    try:
        return path.exists()
    except OSError:  # the name is too long, or a folder may not be entered
        return False


def _files(root: Path) -> Iterator[Path]:
    """The files under `root` but the analogy map, in a fixed order; `root` itself if it is a file.

    Of hidden ones each hidden file or folder that lies in no other; links to folders are not followed.
    """
    if not root.is_dir():
        yield root
        return
    for path in sorted(root.rglob("*")):
        hidden = [number for number, part in enumerate(path.relative_to(root).parts, 1) if part.startswith(".")]
        is_leaf = not path.is_dir() or path.is_symlink()
        if path != root / MAP_FILE and (is_leaf if not hidden else hidden[0] == len(path.relative_to(root).parts)):
            yield path


def _require_readable(root: Path, path: Path) -> None:
    """Raise `_SkipError` for a file of a folder that is left out for its name: a README, or a suffix that is not read."""
    if not root.is_dir():
        return
    if path.name.startswith("."):
        raise _SkipError(messages.HIDDEN)
    if path.is_dir():
        raise _SkipError(messages.FOLDER_LINK)
    if path.suffix.lower() not in SUFFIXES:
        raise _SkipError(messages.OTHER_SUFFIX.format(suffixes=_suffixes()))
    if path.name.partition(".")[0].upper() == "README":
        raise _SkipError(messages.README)


def _load_file(root: Path, path: Path) -> tuple[Essay, list[Text]]:
    """The essay in a file, and remarks on how it was read."""
    try:
        raw, guessed_encoding = decode_named(_read_bytes(root, path))
    except UndecodableError as error:
        raise _SkipError(error.reason) from None
    cleaned = clean(raw)
    header = split_header(cleaned.text.lstrip("\n"))
    fields = {name: clean(value).text for name, value in header.fields.items()}
    visible = without_hidden(header.text) if path.suffix.lower() in MARKDOWN_SUFFIXES else Visible(header.text, 0)
    text = visible.text.strip("\n")
    _check_text(text)
    relative = path.relative_to(root) if root.is_dir() else Path(path.name)
    essay = Essay(
        id=slug(relative),
        title=fields.get("title") or _heading(text) or _first_line(text) or _title_from_name(path) or slug(relative),
        author=fields.get("author", ""),
        date=header_date(fields.get("date", "")) or name_date(clean(relative.with_suffix("").as_posix()).text),
        language=_language(fields.get("language", ""), text),
        source=fields.get("source") or printable(relative),
        kind=fields.get("kind") or "essay",
        text=text,
    )
    return essay, list(_remarks(guessed_encoding, cleaned.dropped, header, visible.removed))


def _heading(text: str) -> str:
    """The words of the first heading of level 1, or an empty string."""
    return next((text[slice(*block.lines[0])] for block in blocks(text) if block.kind == "heading" and block.level == 1), "")


def _first_line(text: str) -> str:
    """A first paragraph of one short line without a full stop, as people write titles without marks; else an empty string."""
    line, _, rest = text.partition("\n")
    words = line.strip().strip("*_").strip()
    is_title = 0 < len(words) <= MAX_TITLE_CHARACTERS and rest.startswith("\n") and rest.strip() and _TITLE.fullmatch(words)
    first = next(iter(blocks(text)), None)
    return words if is_title and first and first.kind == "prose" and len(first.lines) == 1 else ""


def _title_from_name(path: Path) -> str:
    """The name of a file as a title, with spaces for `-` and `_` except in a date."""
    return " ".join(_NAME_SPACE.sub(" ", printable(Path(path.stem))).split())


def _remarks(guessed_encoding: str, dropped: int, header: Header, hidden: int) -> Iterator[Text]:
    if guessed_encoding:
        yield messages.GUESSED_ENCODING.format(encoding=guessed_encoding)
    if dropped:
        yield (messages.INVISIBLE_CHARACTER if dropped == 1 else messages.INVISIBLE_CHARACTERS).format(count=dropped)
    if header.by_line or header.keys:
        remark = messages.HEADER_LINE if header.lines == 1 else messages.HEADER_LINES
        remark = messages.HEADER_BY_LINE if header.by_line else remark
        yield remark.format(lines=header.lines, keys=", ".join(header.keys))
    if (date := header.fields.get("date")) and not header_date(date):
        yield messages.NOT_A_DAY.format(date=date)
    if hidden:
        yield (messages.HIDDEN_TEXT if hidden == 1 else messages.HIDDEN_TEXTS).format(count=hidden)


def _read_bytes(root: Path, path: Path) -> bytes:
    """The bytes of a regular file inside `root`. Opened with O_NONBLOCK, so that a pipe or a device cannot block the ingest."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise _SkipError(messages.NOT_A_FILE)
            if root.is_dir() and not _is_inside(root, path, status):
                raise _SkipError(messages.OUTSIDE_LINK)
            if status.st_size > MAX_FILE_BYTES:
                raise _SkipError(messages.TOO_MANY_BYTES.format(count=status.st_size, limit=MAX_FILE_BYTES))
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _SkipError(messages.UNREADABLE.format(reason=error.strerror)) from None


def _is_inside(root: Path, path: Path, opened: os.stat_result) -> bool:
    """Whether the opened file is under `root`. Checked after opening, so that replacing a file by a link in between has no effect."""
    target = path.resolve()
    return target.is_relative_to(root.resolve()) and os.path.samestat(target.lstat(), opened)


def _language(field: str, text: str) -> Language:
    """The language whose code the front matter gives, else that of the text."""
    code = field.lower().partition("-")[0]
    return "ko" if (code if code in {"ko", "en"} else language_of(text)) == "ko" else "en"


def _check_text(text: str) -> None:
    """Raise `_SkipError` for a text that is empty or over a limit."""
    if not text.strip():
        raise _SkipError(messages.EMPTY)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise _SkipError(messages.TOO_MANY_CHARACTERS.format(count=len(text), limit=MAX_TEXT_CHARACTERS))
    longest = max(map(len, text.split("\n")))
    if longest > MAX_LINE_CHARACTERS:
        raise _SkipError(messages.LINE_TOO_LONG.format(count=longest, limit=MAX_LINE_CHARACTERS))


def unused_id(identity: str, taken: AbstractSet[str]) -> str:
    """`identity`, or where it is in use, with the first unused number after it: `a.md` and `a.txt` are two essays."""
    number, candidate = 1, identity
    while candidate in taken:
        number += 1
        candidate = f"{identity}-{number}"
    return candidate


def real_path(path: Path) -> str:
    """The absolute path of a file, without links; undecodable bytes as U+FFFD."""
    return os.fsencode(os.path.realpath(path)).decode(errors="replace")


def printable(path: Path) -> str:
    """A path as it may be printed: clean, on one line, without undecodable bytes."""
    return clean(path.as_posix()).text.replace("\n", " ")


def _no_essay(paths: list[Path], skipped: tuple[Skipped, ...]) -> CorpusError:
    """The error for paths without an essay, with the first reason for which a file was left out."""
    first: Text | str = ""
    if skipped:
        first = errors.FIRST_SKIPPED.format(path=skipped[0].path, reason=skipped[0].reason)
    more = errors.MORE_SKIPPED.format(count=len(skipped) - 1) if len(skipped) > 1 else ""
    return CorpusError(errors.NO_ESSAY.format(places=", ".join(map(printable, paths)), skipped=first, more=more))


def _suffixes() -> str:
    """The suffixes that are read, as errors name them."""
    return ", ".join(sorted(SUFFIXES))
