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
from bot.schema import Essay, Language, Note, Skipped
from bot.text.normalize import UndecodableError, clean, decode_named, language_of

SUFFIXES = frozenset({".md", ".markdown", ".txt", ".text"})
LARGEST_FILE = 20_000_000  # bytes; this and the next two are the limits that the README publishes
LARGEST_TEXT = 5_000_000  # characters
LONGEST_LINE = 1_000_000  # characters

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n((?:.*?\n)?)---[ \t]*(?:\n|\Z)", re.DOTALL)
_FIRST_HEADING = re.compile(r"^#[ \t]+(\S[^\n]*)", re.MULTILINE)
_NOT_IN_ID = re.compile(r"[^\w.]+")


@dataclass(frozen=True, slots=True)
class Collection:
    """What was read: the essays by id, what was left out and why, and remarks on what was cleaned."""

    essays: tuple[Essay, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[Note, ...]


class _SkipError(Exception):
    """This file is no essay, for the reason given, in English and in Korean."""

    def __init__(self, reason: str, korean: str) -> None:
        super().__init__(reason)
        self.korean = korean


def load_essays(paths: list[Path]) -> Collection:
    """The essays in `paths`, files or folders, with ids unique among them.

    Raises `CorpusError` where a path does not exist or no essay is found at all.
    """
    for path in paths:
        if not _exists(path):
            raise CorpusError(f"There is no {_shown(path)}. Give a folder or file with essays ({', '.join(sorted(SUFFIXES))}).")
    shelf = load_existing(paths)
    if not shelf.essays:
        raise CorpusError(_nothing_found(paths, shelf.skipped))
    return shelf


def load_existing(paths: list[Path]) -> Collection:
    """As `read`, for paths that exist; a shelf without essays where there are none."""
    essays: dict[str, Essay] = {}
    texts: dict[str, str] = {}
    skipped: list[Skipped] = []
    notes: list[Note] = []
    for root, path in ((base, path) for base in paths for path in _files(base)):
        try:
            essay, remarks = _read_file(root, path)
            if essay.sha256 in texts:
                other = texts[essay.sha256]
                raise _SkipError(f"it has the same text as {other}", f"{other} 파일과 내용이 같습니다")
        except _SkipError as reason:
            skipped.append(Skipped(_shown(path), str(reason), reason.korean))
            continue
        essay = replace(essay, id=_unique(essay.id, essays))
        essays[essay.id] = essay
        texts[essay.sha256] = _shown(path)
        notes += [Note(_shown(path), *remark) for remark in remarks]
    return Collection(tuple(sorted(essays.values(), key=lambda essay: essay.id)), tuple(skipped), tuple(notes))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


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
        if not hidden and path.name.partition(".")[0].upper() != "README":
            yield path


def _read_file(root: Path, path: Path) -> tuple[Essay, list[tuple[str, str]]]:
    """The essay in a file, and remarks on how it was read, in both languages."""
    try:
        raw, guess = decode_named(_read_bytes(root, path))
        cleaned = clean(raw)
    except UndecodableError as error:
        raise _SkipError(str(error), error.korean) from None
    meta, text = _front_matter(cleaned.text)
    text = text.strip("\n")
    _check(text)
    relative = path.relative_to(root) if root.is_dir() else Path(path.name)
    heading = _FIRST_HEADING.search(text)
    name = " ".join(_shown(Path(path.stem)).replace("-", " ").replace("_", " ").split())
    essay = Essay(
        id=slug(relative),
        title=meta.get("title") or (heading.group(1).rstrip().rstrip("#").rstrip() if heading else "") or name or slug(relative),
        author=meta.get("author", ""),
        date=_date(meta.get("date", "")),
        language=_language(meta.get("language", ""), text),
        source=meta.get("source") or _shown(relative),
        kind=meta.get("kind") or "essay",
        text=text,
    )
    return essay, list(_remarks(guess, cleaned.dropped))


def _remarks(guess: str, dropped: int) -> Iterator[tuple[str, str]]:
    if guess:
        yield (
            f"read as {guess}, which is a guess; save it as UTF-8 if it looks wrong",
            f"인코딩을 {guess}로 짐작해 읽었습니다. 글자가 이상하면 UTF-8로 저장해 주세요",
        )
    if dropped:
        yield f"left out {dropped} invisible characters", f"보이지 않는 글자 {dropped}개를 뺐습니다"


def _read_bytes(root: Path, path: Path) -> bytes:
    """The bytes of a regular file inside `root`. Opened without waiting, so that a pipe or a device cannot hold the ingest up."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise _SkipError("it is not a regular file", "보통 파일이 아닙니다")
            if root.is_dir() and not _lies_in(root, path, status):
                raise _SkipError("it is a link that leads out of the folder", "폴더 밖으로 나가는 링크입니다")
            if status.st_size > LARGEST_FILE:
                size = status.st_size
                raise _SkipError(
                    f"it has {size:,} bytes, more than {LARGEST_FILE:,}", f"{size:,}바이트로, {LARGEST_FILE:,}바이트를 넘습니다"
                )
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise _SkipError(f"it cannot be read: {error.strerror}", f"읽을 수 없습니다({error.strerror})") from None


def _lies_in(root: Path, path: Path, opened: os.stat_result) -> bool:
    """Whether what was opened lies under `root`: asked after opening, so that a file swapped for a link in between gains nothing."""
    real = path.resolve()
    return real.is_relative_to(root.resolve()) and os.path.samestat(real.lstat(), opened)


def _language(field: str, text: str) -> Language:
    """The language that the front matter names by its code, else the text's own."""
    code = field.lower().partition("-")[0]
    return "ko" if (code if code in {"ko", "en"} else language_of(text)) == "ko" else "en"


def _date(field: str) -> str:
    """The ISO date at the beginning of `field`, or nothing where there is none."""
    try:
        return date.fromisoformat(field[:10]).isoformat()
    except ValueError:
        return ""


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """The fields between two lines of `---` at the top, as strings, and the text after them."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        # Composed, never constructed: every value stays as it was written, and an alias to a tree of lists does not unfold.
        node = yaml.compose(match.group(1), Loader=yaml.SafeLoader)
    except RecursionError:
        raise _SkipError("its front matter is nested too deep", "머리말(front matter)이 너무 깊이 겹쳐 있습니다") from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line, at = (f" in line {where.line + 2}", f"{where.line + 2}번째 줄에서 ") if where else ("", "")
        raise _SkipError(f"its front matter is not YAML{line}", f"머리말(front matter)이 {at}YAML이 아닙니다") from None
    if match.group(1).strip() and not isinstance(node, yaml.MappingNode):
        return {}, text
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    plain = {key.value: value.value for key, value in pairs if _is_plain(key) and _is_plain(value)}
    return {key: " ".join(clean(value).text.split()) for key, value in plain.items()}, text[match.end() :]


def _is_plain(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not str(node.tag).endswith(":null")


def _check(text: str) -> None:
    if not text.strip():
        raise _SkipError("it holds no text", "글이 들어 있지 않습니다")
    if len(text) > LARGEST_TEXT:
        raise _SkipError(
            f"it has {len(text):,} characters, more than {LARGEST_TEXT:,}", f"{len(text):,}자로, {LARGEST_TEXT:,}자를 넘습니다"
        )
    longest = max(map(len, text.split("\n")))
    if longest > LONGEST_LINE:
        raise _SkipError(
            f"one of its lines has {longest:,} characters, more than {LONGEST_LINE:,}",
            f"한 줄이 {longest:,}자로, {LONGEST_LINE:,}자를 넘습니다",
        )


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


def _nothing_found(paths: list[Path], skipped: tuple[Skipped, ...]) -> str:
    where = ", ".join(map(_shown, paths))
    why = f" Skipped: {skipped[0].path}, {skipped[0].reason}." if skipped else ""
    more = f" And {len(skipped) - 1} more." if len(skipped) > 1 else ""
    return f"No essay was found in {where}.{why}{more} Put .md or .txt files there, or name another folder."
