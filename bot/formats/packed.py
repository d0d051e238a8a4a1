"""Opens zip files, of which DOCX, EPUB and HWPX are made too, and reads their members within the limits."""

import io
import stat
import zipfile
from contextlib import suppress

from bot.formats.document import FormatError
from bot.formats.limits import MAX_MEMBERS, MAX_RATIO
from bot.formats.trees import Element, xml_tree
from bot.messages import formats as messages

MIN_CHECKED_BYTES = 10_000_000  # what unpacks to less is no bomb, whatever its ratio

_ENCRYPTED = 0x1
_UTF8_NAME = 0x800


class Packed:
    """A zip file whose directory has been checked: it unpacks to no more than the limit."""

    def __init__(self, data: bytes, unpacked: int) -> None:
        """Raises `FormatError` for too many members, too many bytes or too high a ratio, `zipfile.BadZipFile` for what is no zip."""
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            raise FormatError(messages.TOO_MANY_MEMBERS.format(count=len(infos), limit=MAX_MEMBERS))
        # zipfile never gives more bytes than the directory says, so the sum is an upper bound.
        total = sum(info.file_size for info in infos)
        if total > unpacked:
            raise FormatError(messages.TOO_MUCH_OUTPUT.format(megabytes=unpacked // 10**6))
        if total > max(MIN_CHECKED_BYTES, len(data) * MAX_RATIO):
            raise FormatError(messages.RATIO.format(limit=MAX_RATIO))
        self.members = [info for info in infos if not info.is_dir()]
        self._by_name = {shown_name(info): info for info in self.members}

    @property
    def names(self) -> list[str]:
        """The paths of the members, in the order of the directory."""
        return list(self._by_name)

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises `FormatError` for an encrypted one, `KeyError` for one that is not there."""
        info = self._by_name[name]
        if info.flag_bits & _ENCRYPTED:
            raise FormatError(messages.ENCRYPTED)
        return self._zip.read(info)

    def replaced(self, name: str, content: bytes) -> bytes:
        """The zip with other contents for one member."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as copy:
            for info in self.members:
                copy.writestr(info.filename, content if shown_name(info) == name else self._zip.read(info))
        return out.getvalue()

    def xml(self, name: str) -> Element | None:
        """The tree of a member that is XML; None where it is not there."""
        return xml_tree(self.read(name)) if name in self._by_name else None


def shown_name(info: zipfile.ZipInfo) -> str:
    """A member's path. Archives of Korean Windows write names in CP949 without saying so."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    with suppress(UnicodeError):
        raw = info.filename.encode("cp437")
        for encoding in ("utf-8", "cp949"):
            with suppress(UnicodeDecodeError):
                return raw.decode(encoding)
    return info.filename


def is_link(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a symbolic link."""
    return stat.S_ISLNK(info.external_attr >> 16)
