"""Unpacks a zip in memory: its members that can be read, and for each other one the reason why it is left out."""

import posixpath
from collections.abc import Sequence

from bot.formats.document import FormatError, Member
from bot.formats.limits import Budget
from bot.formats.packed import Packed, is_link, shown_name
from bot.formats.suffixes import SUFFIXES
from bot.messages import formats as messages

_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")  # that systems put into archives by themselves
_MEDIUM_FOLDERS = ("claps/", "bookmarks/", "profile/", "ips/", "sessions/", "lists/", "interests/", "highlights/", "twitter/")


def parse(data: bytes, budget: Budget) -> Sequence[Member]:
    """The members in the order of their paths. Raises `FormatError`, and `zipfile.BadZipFile` for what is no zip."""
    packed = Packed(data, budget.unpacked)
    is_medium = _is_medium(packed.names)
    members = []
    for info in packed.members:
        name = shown_name(info).replace("\\", "/")
        if any(part.startswith(_JUNK) for part in (name, posixpath.basename(name))):
            continue
        if _climbs(name):
            members.append(Member(name, refused=messages.CLIMBS_OUT))
        elif is_link(info):
            members.append(Member(name, refused=messages.LINK_INSIDE))
        elif is_medium and "posts/" not in name:
            members.append(Member(name, refused=messages.NOT_A_POST))
        elif posixpath.splitext(name)[1].lower() not in SUFFIXES:
            members.append(Member(name))  # the loader says that it does not read such files
        else:
            members.append(_read(packed, shown_name(info), name))
    return sorted(members, key=lambda member: member.name)


def _read(packed: Packed, stored: str, name: str) -> Member:
    try:
        return Member(name, packed.read(stored))
    except FormatError as error:
        return Member(name, refused=error.reason)
    except Exception as error:  # one broken member costs itself only
        return Member(name, refused=messages.DAMAGED.format(format="zip", reason=type(error).__name__))


def _climbs(name: str) -> bool:
    """Whether a path leads out of the folder that it is unpacked in."""
    return name.startswith("/") or ":" in name.split("/")[0] or ".." in name.split("/")


def _is_medium(names: Sequence[str]) -> bool:
    """Whether this is the export of a Medium account: posts, and folders with its other data."""
    return any("posts/" in name for name in names) and any(folder in name for name in names for folder in _MEDIUM_FOLDERS)
