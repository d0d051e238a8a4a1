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
    """This file cannot be read as an essay. The reason, with a remedy, in English and Korean, without a final period."""

    def __init__(self, reason: str, korean: str) -> None:
        super().__init__(reason)
        self.korean = korean


def load_essays(paths: list[Path], known: Mapping[str, str] = MappingProxyType({})) -> Collection:
    """Load the essays in `paths` (files or folders), with ids unique among them.

    `known` maps ids to files, as an earlier collection's `paths` does: these files keep their ids, whatever else is loaded. Raises
    `CorpusError` where a path does not exist, a file given by name has a suffix that is not read, or no essay is found at all.
    """
    for path in paths:
        if not _exists(path):
            suffixes = ", ".join(sorted(SUFFIXES))
            raise CorpusError(
                f"There is no {_printable(path)}. Give a folder or file with essays ({suffixes}).",
                f"{_printable(path)} 경로가 없습니다. 에세이가 있는 폴더나 파일을 지정하세요({suffixes}).",
            )
        if path.is_file() and path.suffix.lower() not in SUFFIXES:
            suffixes = ", ".join(sorted(SUFFIXES))
            raise CorpusError(
                f"{_printable(path)} is not read: its suffix is none of {suffixes}. Save it as text, or name another file.",
                f"{_printable(path)} 파일은 읽지 않습니다. 확장자가 {suffixes} 가운데 하나여야 합니다. 텍스트로 저장하거나 다른 파일을 지정하세요.",
            )
    collection = load_existing(paths, known)
    if not collection.essays:
        raise _no_essay(paths, collection.skipped)
    return collection


def load_existing(paths: list[Path], known: Mapping[str, str] = MappingProxyType({})) -> Collection:
    """Load as `load_essays` does, from paths that exist; a collection without essays where there are none."""
    files = [(root, path, _resolved(path)) for root in paths for path in _files(root)]
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
                raise _SkipError(f"it is the same file as {first}, which is read", f"이미 읽은 {first}와(과) 같은 파일입니다")
            essay, remarks = _load_file(root, path)
            if duplicate := path_by_digest.get(essay.sha256):
                raise _SkipError(
                    f"it has the same text as {duplicate}; remove one of the two",
                    f"{duplicate} 파일과 내용이 같습니다. 둘 중 하나를 빼 주세요",
                )
        except _SkipError as reason:
            skipped.append(Skipped(_printable(path), str(reason), reason.korean))
            continue
        essay = replace(essay, id=known_ids.get(resolved) or _unused_id(essay.id, taken))
        taken.add(essay.id)
        essays[essay.id], found[essay.id] = essay, resolved
        path_by_digest[essay.sha256] = path_by_file[resolved] = _printable(path)
        notes += [Note(_printable(path), *remark) for remark in remarks]
    return Collection(tuple(sorted(essays.values(), key=lambda essay: essay.id)), tuple(skipped), tuple(notes), found)


def slug(relative: Path) -> str:
    """An essay's id from its path: without the suffix, NFC, lower case, other characters than letters, digits, `_`, `.` as `-`.

    `C++` and `C#` become `cplusplus` and `csharp`.
    """
    name = clean(relative.with_suffix("").as_posix()).text
    for mark, word in _NAMED_MARKS:
        name = mark.sub(word, name)
    return _NOT_IN_ID.sub("-", name).strip("-.").lower() or "essay"


def _exists(path: Path) -> bool:
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
        raise _SkipError("it is hidden; rename it to add it", "숨긴 항목입니다. 넣으려면 이름을 바꿔 주세요")
    if path.is_dir():
        raise _SkipError(
            "it is a link to a folder; give that folder as well", "폴더를 가리키는 링크입니다. 그 폴더도 지정해 주세요"
        )
    if path.suffix.lower() not in SUFFIXES:
        suffixes = ", ".join(sorted(SUFFIXES))
        raise _SkipError(
            f"it is not read, only {suffixes} are; save its text in such a file to add it",
            f"{suffixes} 파일만 읽습니다. 넣으려면 내용을 그런 파일로 저장해 주세요",
        )
    if path.name.partition(".")[0].upper() == "README":
        raise _SkipError(
            "a README describes its folder; rename it to add it",
            "README는 폴더를 설명하는 파일로 봅니다. 넣으려면 이름을 바꿔 주세요",
        )


def _load_file(root: Path, path: Path) -> tuple[Essay, list[tuple[str, str]]]:
    """The essay in a file, and remarks on how it was read, each in English and Korean."""
    try:
        raw, guessed_encoding = decode_named(_read_bytes(root, path))
    except UndecodableError as error:
        raise _SkipError(str(error), error.korean) from None
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
        source=fields.get("source") or _printable(relative),
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
    return " ".join(_NAME_SPACE.sub(" ", _printable(Path(path.stem))).split())


def _remarks(guessed_encoding: str, dropped: int, header: Header, hidden: int) -> Iterator[tuple[str, str]]:
    if guessed_encoding:
        yield (
            f"decoded as {guessed_encoding}, which is a guess; save it as UTF-8 if it looks wrong",
            f"인코딩을 {guessed_encoding}(으)로 추정해 읽었습니다. 글자가 이상하면 UTF-8로 저장해 주세요",
        )
    if dropped:
        yield f"left out {dropped} invisible character{'s' * (dropped > 1)}", f"보이지 않는 글자 {dropped}개를 뺐습니다"
    if header.by_line:
        keys = ", ".join(header.keys)
        yield (
            f"its header of {header.lines} lines is not valid and was read line by line: {keys}",
            f"머리말 {header.lines}줄의 형식이 맞지 않아 한 줄씩 읽었습니다: {keys}",
        )
    elif header.keys:
        keys = ", ".join(header.keys)
        lines = "1 line was" if header.lines == 1 else f"{header.lines} lines were"
        yield f"{lines} taken for its header: {keys}", f"머리말로 읽은 줄 {header.lines}개: {keys}"
    if (date := header.fields.get("date")) and not header_date(date):
        yield f"its date {date!r} is not a day and was left out", f"날짜 {date!r}에서 날을 알 수 없어 뺐습니다"
    if hidden:
        yield f"left out hidden text in {hidden} place{'s' * (hidden > 1)}", f"숨긴 글을 {hidden}군데에서 뺐습니다"


def _read_bytes(root: Path, path: Path) -> bytes:
    """The bytes of a regular file inside `root`. Opened with O_NONBLOCK, so that a pipe or a device cannot block the ingest."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise _SkipError("it is not a regular file; give a text file", "일반 파일이 아닙니다. 텍스트 파일을 넣어 주세요")
            if root.is_dir() and not _is_inside(root, path, status):
                raise _SkipError(
                    "it is a link to a file outside the folder; copy that file into the folder",
                    "폴더 밖을 가리키는 링크입니다. 그 파일을 폴더 안에 복사해 주세요",
                )
            if status.st_size > MAX_FILE_BYTES:
                raise _SkipError(
                    f"it has {status.st_size:,} bytes, more than {MAX_FILE_BYTES:,}; split it into smaller files",
                    f"크기가 {status.st_size:,}바이트로, {MAX_FILE_BYTES:,}바이트를 넘습니다. 여러 파일로 나누어 주세요",
                )
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _SkipError(
            f"it cannot be read: {error.strerror}; check the file and its permissions",
            f"읽을 수 없습니다({error.strerror}). 파일과 권한을 확인해 주세요",
        ) from None


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
        raise _SkipError("it contains no text; write some or remove the file", "내용이 없습니다. 글을 쓰거나 파일을 빼 주세요")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise _SkipError(
            f"it has {len(text):,} characters, more than {MAX_TEXT_CHARACTERS:,}; split it into smaller files",
            f"글이 {len(text):,}자로, {MAX_TEXT_CHARACTERS:,}자를 넘습니다. 여러 파일로 나누어 주세요",
        )
    longest = max(map(len, text.split("\n")))
    if longest > MAX_LINE_CHARACTERS:
        raise _SkipError(
            f"one of its lines has {longest:,} characters, more than {MAX_LINE_CHARACTERS:,}; break the line",
            f"한 줄이 {longest:,}자로, {MAX_LINE_CHARACTERS:,}자를 넘습니다. 줄을 나누어 주세요",
        )


def _unused_id(identity: str, taken: AbstractSet[str]) -> str:
    """`identity`, or where it is in use, with the first unused number after it: `a.md` and `a.txt` are two essays."""
    number, candidate = 1, identity
    while candidate in taken:
        number += 1
        candidate = f"{identity}-{number}"
    return candidate


def _resolved(path: Path) -> str:
    """The absolute path of a file, without links; undecodable bytes as U+FFFD."""
    return os.fsencode(os.path.realpath(path)).decode(errors="replace")


def _printable(path: Path) -> str:
    """A path as it may be printed: clean, on one line, without undecodable bytes."""
    return clean(path.as_posix()).text.replace("\n", " ")


def _no_essay(paths: list[Path], skipped: tuple[Skipped, ...]) -> CorpusError:
    """The error for paths without an essay, with the first reason for which a file was left out."""
    places = ", ".join(map(_printable, paths))
    reason = f" Skipped {skipped[0].path}: {skipped[0].reason}." if skipped else ""
    korean_reason = f" {skipped[0].path} 파일은 제외했습니다: {skipped[0].korean}." if skipped else ""
    if len(skipped) > 1:
        reason += f" And {len(skipped) - 1} more."
        korean_reason += f" 그 밖에 {len(skipped) - 1}개도 제외했습니다."
    return CorpusError(
        f"No essay was found in {places}.{reason} Put .md or .txt files there, or name another folder.",
        f"{places}에서 에세이를 찾지 못했습니다.{korean_reason} .md나 .txt 파일을 넣거나 다른 폴더를 지정하세요.",
    )
