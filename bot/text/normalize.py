"""Decodes, normalises and cleans input: files, questions, uploads. Every text from outside passes this module once.

Afterwards a text is NFC, its newlines are line feeds, and an offset counts characters that a reader can see or select.
"""

import re
import unicodedata
from dataclasses import dataclass

from charset_normalizer import from_bytes

from bot.messages import files
from bot.messages.text import Text

# The encodings of Korean and English files. With a longer list the detector mistakes Korean for rare Cyrillic code pages.
ENCODINGS = ["utf_8", "cp949", "utf_16", "utf_16_le", "utf_16_be", "shift_jis", "cp1252"]

_NEWLINES = re.compile("\r\n?|[\u0085\u2028\u2029\v\f]")
# Zero-width joiners inside an emoji (after a pictograph or a variation selector) are kept.
_STRAY_JOINER = re.compile("(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d")
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls, except tab and newline
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # soft hyphen, fillers
    "\u200b\u200c\u200e\u200f\u2060-\u206f\ufeff"  # zero-width, direction marks
    "\u202a-\u202e"  # direction embeddings and overrides
    "\ud800-\udfff"  # lone surrogates
    "\ufff9-\ufffb"  # interlinear marks
    "\U000e0000-\U000e007f"  # tags
    "]"
)


@dataclass(frozen=True, slots=True)
class CleanText:
    """A cleaned text, and the number of characters that were removed from it."""

    text: str
    dropped: int


class UndecodableError(ValueError):
    """The bytes are not text in one of `ENCODINGS`."""

    def __init__(self, reason: Text) -> None:
        """`reason` is a clause that callers put behind the name of a file."""
        super().__init__(reason)
        self.reason = reason


def clean(text: str) -> CleanText:
    """`text` in NFC with line feeds as newlines, without control, zero-width, direction and tag characters and lone surrogates."""
    text = _NEWLINES.sub("\n", text)
    text, invisible = _INVISIBLE.subn("", text)
    text, joiners = _STRAY_JOINER.subn("", text)
    return CleanText(unicodedata.normalize("NFC", text), invisible + joiners)


def decode(data: bytes) -> str:
    """The text that the bytes encode. See `decode_named`."""
    return decode_named(data)[0]


def decode_named(data: bytes) -> tuple[str, str]:
    """The text that the bytes encode, and the name of the encoding if it was guessed (empty for UTF-8 and UTF-16).

    UTF-8 is tried first, then charset-normalizer chooses among `ENCODINGS`. Raises `UndecodableError` for binary data, and for text in
    an encoding that is unknown or mixed.
    """
    try:
        text, encoding = _detect(data) if _looks_utf16(data) else (data.decode("utf-8-sig"), "")
    except UnicodeDecodeError:
        text, encoding = _detect(data)
    if _is_binary(text):
        raise UndecodableError(files.BINARY)
    return text, "" if encoding.startswith("utf") else encoding


def _detect(data: bytes) -> tuple[str, str]:
    if _looks_utf16(data):
        data = (b"\xff\xfe" if data[1::2].count(0) > data[::2].count(0) else b"\xfe\xff") + data
    best = from_bytes(data, cp_isolation=ENCODINGS).best()
    if best is None:
        raise UndecodableError(files.UNKNOWN_ENCODING)
    return str(best).removeprefix("\ufeff"), best.encoding


def _looks_utf16(data: bytes) -> bool:
    """Whether the bytes look like UTF-16 without a byte order mark: over a fifth are NUL, nearly all at even or nearly all at odd offsets."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    return even + odd > len(data) / 5 and min(even, odd) * 4 < max(even, odd) and not data.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_binary(text: str) -> bool:
    """Whether more than one character in a hundred is a control character that no text contains."""
    head = text[:100_000]
    return sum(character < " " and character not in "\t\n\r\f\v" for character in head) * 100 > len(head)
