"""The files in an uploaded archive or export: each becomes a file of its own, which its reader can replace and remove by itself."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bot.formats import Failed, read
from bot.formats.limits import MAX_ARCHIVE_DEPTH
from bot.formats.suffixes import FORMATS
from bot.indexing.sources import Refused, SkipError, name_reason, read_bytes, sources
from bot.messages import formats as messages
from bot.schema import Skipped

SPLIT = frozenset({"archive", "wordpress"})  # the formats of files that hold several texts

Part = tuple[str, bytes] | Skipped


def has_parts(name: str) -> bool:
    """Whether a file with this name holds several texts."""
    return FORMATS.get(PurePosixPath(name).suffix.lower()) in SPLIT


def parts(given: str, path: Path) -> Iterator[Part]:
    """The files in the file at `path`, which was uploaded as `given`: name and bytes, or a `Skipped` with its path below `given`."""
    suffix = path.suffix.lower()
    try:
        if FORMATS[suffix] == "archive":
            yield from _members(given, read_bytes(path, path), 0)
        else:
            yield from _posts(given, path)
    except SkipError as error:
        yield Skipped(given, error.reason)


def _members(given: str, data: bytes, depth: int) -> Iterator[Part]:
    """The members of an archive, those of archives in it included."""
    found = read(".zip", data)
    if isinstance(found, Failed):
        yield Skipped(given, found.reason)
        return
    for member in found.members:
        place = PurePosixPath(member.name)
        shown = f"{given}/{member.name}"
        is_hidden = any(part.startswith(".") for part in place.parts[:-1])
        reason = member.refused or name_reason(f".{place.name}" if is_hidden else place.name)
        if reason:
            yield Skipped(shown, reason)
        elif FORMATS.get(place.suffix.lower()) != "archive":
            yield place.name, member.data
        elif depth + 1 < MAX_ARCHIVE_DEPTH:
            yield from _members(shown, member.data, depth + 1)
        else:
            yield Skipped(shown, messages.ARCHIVE_TOO_DEEP.format(limit=MAX_ARCHIVE_DEPTH))


def _posts(given: str, path: Path) -> Iterator[Part]:
    """The posts of a blog's export as text files, each with its title, author, date and address in a header."""
    for post in sources(path, path):
        if isinstance(post, Refused):
            yield Skipped(f"{given}/{post.inside}", post.reason)
            continue
        header = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in post.fields.items())
        title = post.fields.get("title") or post.inside
        yield f"{title.replace('/', '-')}.txt", f"---\n{header}---\n\n{post.text}\n".encode()
