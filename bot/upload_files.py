"""The files of one reader's own essays: reading, names, ids, limits, and changes that a crash cannot leave half done.

A reader's folder has the files in `essays/` and the index in `index/`; beside collections of another embedder it has another index.
A change is made in a copy, `essays.new/`, which then replaces `essays/`. Every stored file has a name of its own, from which its
essay's id is made; both stay the same until the file is removed.
"""

import hashlib
import logging
import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import CorpusError
from bot.indexing import loader
from bot.indexing.loader import MAX_FILE_BYTES, SUFFIXES, slug
from bot.messages import errors
from bot.messages import files as messages
from bot.schema import Essay, Note, Skipped
from bot.store.disk import disk_errors
from bot.text.normalize import clean
from bot.upload_parts import has_parts, parts

ID_PREFIX = "mine-"  # of the ids of own essays
MAX_FILES_AT_ONCE = 10
MAX_FILES = 100  # of one reader
MAX_BYTES = 50_000_000  # of one reader's files together
MAX_NAME_CHARACTERS = 60  # of a stored file's name, without its suffix

_NOT_IN_NAME = re.compile(r"[^\w .()-]+")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an upload did: how many files were added, replaced and left as they were; the files left out, and notes, by given names."""

    added: int
    replaced: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    notes: tuple[Note, ...]


@contextmanager
def staged_copy(folder: Path) -> Iterator[Path]:
    """A copy of the reader's files that may be changed, and that `swap` puts in their place.

    It is removed afterwards, and so is a reader's folder without essays. Raises `StoreError` where the disk fails.
    """
    staged, essays = folder / "essays.new", folder / "essays"
    try:
        with disk_errors(folder, "BOT_DATA"):
            recover(folder)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir()
            for name, stored_name in _unique_names(_file_names(essays)).items():
                shutil.copyfile(essays / name, staged / stored_name)
            yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        if not essays.exists() and not (folder / "essays.old").exists():
            shutil.rmtree(folder, ignore_errors=True)


def swap(folder: Path) -> None:
    """Let the staged files replace the reader's files; after a crash in between, `recover` restores the old ones."""
    essays, old = folder / "essays", folder / "essays.old"
    shutil.rmtree(old, ignore_errors=True)
    if essays.exists():
        essays.rename(old)
    (folder / "essays.new").rename(essays)
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> None:
    """Restore the old files after a crash between the two renames of `swap`."""
    if (folder / "essays.old").exists() and not (folder / "essays").exists():
        (folder / "essays.old").rename(folder / "essays")


def load(essays: Path, shared_ids: Collection[str]) -> dict[str, Essay]:
    """The essays in a folder of stored files, by file name. Their ids are unique and none of `shared_ids`."""
    loaded = {}
    for name, stored_name in _unique_names(_file_names(essays)).items():
        collection = loader.load_existing([essays / name])
        for essay in collection.essays:
            loaded[name] = replace(essay, id=_own_id(stored_name, shared_ids))
        for skipped in collection.skipped:
            log.warning("A file of a reader's own essays is left out: %s", skipped.reason)
    return loaded


def add_files(staged: Path, files: Sequence[tuple[str, Path]]) -> Changes:
    """Add uploaded files, each as (given name, path), to the staged ones.

    A file replaces the stored one of the same name. Of files of one name in one upload each is stored, under different names. A file
    that is not an essay, or has the text of another one, is left out. Raises `CorpusError` where a limit is exceeded.
    """
    if len(files) > MAX_FILES_AT_ONCE:
        raise CorpusError(errors.TOO_MANY_AT_ONCE.format(count=len(files), limit=MAX_FILES_AT_ONCE))
    before = set(_file_names(staged))
    digests = {essay.sha256: name for name, essay in load(staged, ()).items()}  # of the texts, to stored names
    stored: list[str] = []
    skipped: list[Skipped] = []
    notes: list[Note] = []
    for file in _with_parts(staged, files):
        if isinstance(file, Skipped):
            skipped.append(file)
            continue
        given, path = file
        name = _stored_name(given, before, stored)
        reasons = _unsupported(given) or _store(path, staged, name, digests)
        if isinstance(reasons, Skipped):
            skipped.append(replace(reasons, path=given))
            continue
        stored.append(name)
        notes += [replace(note, path=given) for note in (*_naming_notes(given, name, before), *reasons)]
    _require_limits(staged)
    replaced = len(before & set(stored))
    return Changes(len(stored) - replaced, replaced, len(before) - replaced, tuple(skipped), tuple(notes))


def _with_parts(staged: Path, files: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, Path] | Skipped]:
    """The uploaded files with those that are in archives and exports in their places. Raises `CorpusError` for a file that is too large."""
    for given_name, path in files:
        given = _shown_name(given_name)
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CorpusError(errors.UPLOAD_TOO_LARGE.format(name=given, limit=MAX_FILE_BYTES // 10**6))
        if not has_parts(given):
            yield given, path
            continue
        with tempfile.TemporaryDirectory(dir=staged) as unpacked:
            for number, part in enumerate(_renamed(given, path, Path(unpacked))):
                if isinstance(part, Skipped):
                    yield part
                else:
                    name, data = part
                    file = Path(unpacked) / f"{number}{Path(name).suffix.lower()}"
                    file.write_bytes(data)
                    yield _shown_name(name), file


def _renamed(given: str, path: Path, folder: Path) -> Iterator[tuple[str, bytes] | Skipped]:
    """The parts of an uploaded file, whose path need not have the suffix of its given name."""
    named = folder / f"upload{Path(given).suffix.lower()}"
    shutil.copyfile(path, named)
    return parts(given, named)


def _store(path: Path, staged: Path, name: str, digests: dict[str, str]) -> Skipped | tuple[Note, ...]:
    """Store one file, and its text's digest in `digests`. Return notes on how it was read, or why it is left out."""
    incoming = staged / "incoming" / name
    incoming.parent.mkdir(exist_ok=True)
    shutil.copyfile(path, incoming)
    collection = loader.load_existing([incoming])
    try:
        if collection.skipped:
            return collection.skipped[0]
        (essay,) = collection.essays
        twin = digests.get(essay.sha256, name)
        if twin != name:
            return Skipped(name, messages.SAME_TEXT.format(other=twin))
        incoming.replace(staged / name)
    finally:
        shutil.rmtree(incoming.parent)
    for digest in [digest for digest, other in digests.items() if other == name]:
        del digests[digest]
    digests[essay.sha256] = name
    return collection.notes


def _file_names(folder: Path) -> list[str]:
    """The names of the essay files in a folder, sorted; none where there is no folder."""
    paths = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in paths if path.suffix.lower() in SUFFIXES and path.is_file())


def _unique_names(names: Iterable[str]) -> dict[str, str]:
    """The name of each file under which its id is unique.

    It differs from the file's own only in folders of version 0.1.0, which could store `a.md` beside `a.txt`: the second becomes `a 2.txt`,
    whose id is the one that it had there.
    """
    unique: dict[str, str] = {}
    for name in names:
        unique[name] = _numbered(name, unique.values())
    return unique


def _own_id(stored_name: str, shared_ids: Collection[str]) -> str:
    """The id of the essay in a stored file; the prefix is repeated while the shared collection has that id."""
    identity = f"{ID_PREFIX}{slug(Path(stored_name))}"
    while identity in shared_ids:
        identity = f"{ID_PREFIX}{identity}"
    return identity


def _stored_name(given_name: str, before: Collection[str], stored: Collection[str]) -> str:
    """The name under which an uploaded file is stored: safe, unlike those `stored` in this upload, and unique by its id.

    It may be one of the names `before`, whose file it then replaces.
    """
    name = _safe_name(given_name)
    number, candidate = 1, name
    while candidate in stored or (candidate not in before and candidate != _numbered(candidate, (*before, *stored))):
        number += 1
        candidate = _with_number(name, number)
    return candidate


def _safe_name(given_name: str) -> str:
    """A file name without folders and special characters, of limited length."""
    path = Path(_shown_name(given_name))
    stem = " ".join(_NOT_IN_NAME.sub("-", path.stem).split()).strip(" .-") or "essay"
    if len(stem) > MAX_NAME_CHARACTERS:
        stem = f"{stem[: MAX_NAME_CHARACTERS - 9].rstrip(' .-')}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    if stem.partition(".")[0].upper() == "README":  # the loader leaves READMEs out
        stem = f"essay {stem}"
    return stem + path.suffix.lower()


def _shown_name(given_name: str) -> str:
    """The name of an uploaded file as it is shown: without folders, on one line."""
    return Path(clean(given_name).text.replace("\\", "/").replace("\n", " ")).name


def _numbered(name: str, others: Collection[str]) -> str:
    """The name, or with the first number that makes its id differ from the ids of `others`."""
    ids = {slug(Path(other)) for other in others}
    number, candidate = 1, name
    while slug(Path(candidate)) in ids:
        number += 1
        candidate = _with_number(name, number)
    return candidate


def _with_number(name: str, number: int) -> str:
    path = Path(name)
    return f"{path.stem} {number}{path.suffix}"


def _naming_notes(given: str, name: str, before: Collection[str]) -> list[Note]:
    """Notes where a file replaced another, or is stored under another name than the given one."""
    notes = []
    if name in before:
        notes.append(Note(given, messages.REPLACED))
    if name.casefold() != given.casefold():
        notes.append(Note(given, messages.STORED_AS.format(name=name)))
    return notes


def _unsupported(given: str) -> Skipped | None:
    """Why a file with another suffix is left out; None for an essay's suffix."""
    if Path(given).suffix.lower() in SUFFIXES:
        return None
    known = ", ".join(sorted(SUFFIXES))
    return Skipped(given, messages.UPLOAD_SUFFIX.format(suffixes=known))


def _require_limits(staged: Path) -> None:
    """Raise `CorpusError` where a reader would have too many files or bytes."""
    sizes = [(staged / name).stat().st_size for name in _file_names(staged)]
    if len(sizes) > MAX_FILES or sum(sizes) > MAX_BYTES:
        raise CorpusError(
            errors.TOO_MANY_UPLOADS.format(
                count=len(sizes),
                megabytes=f"{sum(sizes) / 1e6:.1f} MB",
                max_files=MAX_FILES,
                max_megabytes=MAX_BYTES // 10**6,
            )
        )
