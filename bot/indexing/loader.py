"""Load folders and files as essays: title, language, id, and which files are left out. Independent of passages, vectors and the index.

A file that cannot be read as an essay is reported with the reason and left out; the other files are loaded all the same.
"""

import os
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from bot.errors import CorpusError
from bot.formats import SUFFIXES as SUFFIXES
from bot.indexing.dates import header_date, name_date
from bot.indexing.sources import MAX_FILE_BYTES as MAX_FILE_BYTES
from bot.indexing.sources import MAX_LINE_CHARACTERS as MAX_LINE_CHARACTERS
from bot.indexing.sources import MAX_TEXT_CHARACTERS as MAX_TEXT_CHARACTERS
from bot.indexing.sources import PAGE_FOLDERS, Refused, SkipError, Source, name_reason, saved_page, sources, suffixes
from bot.messages import errors
from bot.messages import files as messages
from bot.messages import formats as reasons
from bot.messages.text import Text
from bot.schema import Essay, Language, Note, Skipped
from bot.text.language import language_of
from bot.text.markdown import blocks
from bot.text.normalize import clean

MAP_FILE = "analogies.yaml"  # the analogy map beside the essays
MAX_TITLE_CHARACTERS = 60  # of a first line that is taken for the title
INSIDE = "!/"  # between a file and a path inside it

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


def load_essays(paths: list[Path], known: Mapping[str, str] = MappingProxyType({})) -> Collection:
    """Load the essays in `paths` (files or folders), with ids unique among them.

    `known` maps ids to files, as an earlier collection's `paths` does: these files keep their ids, whatever else is loaded. Raises
    `CorpusError` where a path does not exist, a file given by name has a suffix that is not read, or no essay is found at all.
    """
    for path in paths:
        if not exists(path):
            raise CorpusError(errors.NO_SUCH_PATH.format(path=printable(path), suffixes=suffixes()))
        if path.is_file() and path.suffix.lower() not in SUFFIXES:
            raise CorpusError(errors.SUFFIX_NOT_READ.format(path=printable(path), suffixes=suffixes()))
    collection = load_existing(paths, known)
    if not collection.essays:
        raise _no_essay(paths, collection.skipped)
    return collection


def load_existing(paths: list[Path], known: Mapping[str, str] = MappingProxyType({})) -> Collection:
    """Load as `load_essays` does, from paths that exist; a collection without essays where there are none."""
    files = [(root, path, real_path(path)) for root in paths for path in _files(root)]
    loading = _Loading(known, {resolved for _, _, resolved in files})
    for root, path, resolved in files:
        loading.add(root, path, resolved)
    return loading.collection()


class _Loading:
    """A collection that is being loaded. An essay's place is its file, and behind `!/` its path inside that where it holds several."""

    def __init__(self, known: Mapping[str, str], present: AbstractSet[str]) -> None:
        self._known_ids = {place: identity for identity, place in known.items() if place.partition(INSIDE)[0] in present}
        self._taken = set(self._known_ids.values())
        self._essays: dict[str, Essay] = {}
        self._places: dict[str, str] = {}
        self._path_by_digest: dict[str, str] = {}  # of the text
        self._path_by_file: dict[str, str] = {}
        self._skipped: list[Skipped] = []
        self._notes: list[Note] = []

    def collection(self) -> Collection:
        essays = tuple(sorted(self._essays.values(), key=lambda essay: essay.id))
        return Collection(essays, tuple(self._skipped), tuple(self._notes), self._places)

    def add(self, root: Path, path: Path, resolved: str) -> None:
        """Add the essays of a file."""
        shown = printable(path)
        try:
            _require_readable(root, path)
            if first := self._path_by_file.get(resolved):
                raise SkipError(messages.SAME_FILE.format(first=first))
            found = sources(root, path)
        except SkipError as error:
            self._skipped.append(Skipped(shown, error.reason))
            return
        for source in found:
            inside = printable(Path(source.inside)) if source.inside else ""
            place = f"{shown}/{inside}" if inside else shown
            if isinstance(source, Refused):
                self._skipped.append(Skipped(place, source.reason))
            else:
                self._add_text(root, path, source, place, f"{resolved}{INSIDE}{inside}" if inside else resolved)
        if not found:
            self._skipped.append(Skipped(shown, messages.EMPTY))
        self._path_by_file[resolved] = shown

    def _add_text(self, root: Path, path: Path, source: Source, shown: str, place: str) -> None:
        essay = _essay(root, path, source)
        if duplicate := self._path_by_digest.get(essay.sha256):
            self._skipped.append(Skipped(shown, messages.SAME_TEXT.format(other=duplicate)))
            return
        essay = replace(essay, id=self._known_ids.get(place) or unused_id(essay.id, self._taken))
        self._taken.add(essay.id)
        self._essays[essay.id], self._places[essay.id] = essay, place
        self._path_by_digest[essay.sha256] = shown
        self._notes += [Note(shown, remark) for remark in source.remarks]


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

    Of hidden ones, and of folders with the parts of a saved web page, each that lies in no other such; links to folders are not followed.
    """
    if not root.is_dir():
        yield root
        return
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        apart = [
            number for number, part in enumerate(parts, 1) if part.startswith(".") or _page_of(root.joinpath(*parts[:number]))
        ]
        is_leaf = not path.is_dir() or path.is_symlink()
        if path != root / MAP_FILE and (is_leaf if not apart else apart[0] == len(parts)):
            yield path


def _page_of(path: Path) -> str:
    """The name of the web page whose parts a browser saved in this folder; empty for anything else."""
    if not path.name.endswith(PAGE_FOLDERS) or not path.is_dir():
        return ""
    return saved_page(path.name, {sibling.name for sibling in path.parent.iterdir()})


def _require_readable(root: Path, path: Path) -> None:
    """Raise `SkipError` for a file of a folder that is left out for its name: a README, or a suffix that is not read."""
    if not root.is_dir():
        return
    reason: Text | None
    if path.is_dir():
        page = _page_of(path)
        reason = (
            messages.HIDDEN
            if path.name.startswith(".")
            else reasons.PART_OF_PAGE.format(page=page)
            if page
            else messages.FOLDER_LINK
        )
    else:
        reason = name_reason(path.name)
    if reason:
        raise SkipError(reason)


def _essay(root: Path, path: Path, source: Source) -> Essay:
    """The essay that a text of a file is."""
    relative = path.relative_to(root) if root.is_dir() else Path(path.name)
    named = relative.with_suffix("") / source.inside if source.inside else relative
    text, fields = source.text, source.fields
    return Essay(
        id=slug(named),
        title=fields.get("title") or _heading(text) or _first_line(text) or _title_from_name(named) or slug(named),
        author=fields.get("author", ""),
        date=header_date(fields.get("date", "")) or name_date(clean(named.with_suffix("").as_posix()).text),
        language=_language(fields.get("language", ""), text),
        source=fields.get("source") or printable(relative / source.inside if source.inside else relative),
        kind=fields.get("kind") or "essay",
        text=text,
        pages=source.pages,
        summary=fields.get("summary", ""),
    )


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


def _language(field: str, text: str) -> Language:
    """The language whose code the front matter gives, else that of the text."""
    code = field.lower().partition("-")[0]
    return "ko" if (code if code in {"ko", "en"} else language_of(text)) == "ko" else "en"


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
