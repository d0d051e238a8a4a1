"""The text door: everything that comes in from outside is decoded, normalised and cleaned here, and nowhere else.

Behind this door text is NFC, its newlines are line feeds, and an offset counts characters that a reader can see or select.
"""

import re
import unicodedata
from dataclasses import dataclass

from charset_normalizer import from_bytes

from bot.text.language import language_of as language_of

# What Korean and English essays come in; a wider list lets the detector take Korean for a rare Cyrillic page.
ENCODINGS = ["utf_8", "cp949", "utf_16", "utf_16_le", "utf_16_be", "shift_jis", "cp1252"]

_NEWLINES = re.compile("\r\n?|[\u0085\u2028\u2029\v\f]")
# Zero-width joiners stay where they hold an emoji together, behind a pictograph or a variation selector.
_JOINER = re.compile("(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d")
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls but tab and newline
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
    """Clean text, and how many characters the door dropped."""

    text: str
    dropped: int


class UndecodableError(ValueError):
    """The bytes are not text in any encoding that the door knows. `korean` says so in Korean."""

    def __init__(self, reason: str, korean: str) -> None:
        """Both as the end of a sentence about the file."""
        super().__init__(reason)
        self.korean = korean


def clean(text: str) -> CleanText:
    """`text` in NFC with line feeds as newlines, without NUL, lone surrogates, zero-width, direction and tag characters."""
    text = _NEWLINES.sub("\n", text)
    text, unseen = _UNSEEN.subn("", text)
    text, joiners = _JOINER.subn("", text)
    return CleanText(unicodedata.normalize("NFC", text), unseen + joiners)


def decode(data: bytes) -> str:
    """The bytes as text; see `decode_named`."""
    return decode_named(data)[0]


def decode_named(data: bytes) -> tuple[str, str]:
    """The bytes as text, and the encoding's name where it was guessed. UTF-8 first, then what charset-normalizer finds among `ENCODINGS`.

    Raises `UndecodableError` for binary data and for text in no encoding that fits.
    """
    try:
        text, guess = _detect(data) if _looks_utf16(data) else (data.decode("utf-8-sig"), "")
    except UnicodeDecodeError:
        text, guess = _detect(data)
    if _is_binary(text):
        raise UndecodableError("it is binary, not text", "글이 아니라 이진 파일입니다")
    return text, "" if guess.startswith("utf") else guess


def _detect(data: bytes) -> tuple[str, str]:
    if _looks_utf16(data):
        data = (b"\xff\xfe" if data[1::2].count(0) > data[::2].count(0) else b"\xfe\xff") + data
    best = from_bytes(data, cp_isolation=ENCODINGS).best()
    if best is None:
        raise UndecodableError("its encoding is unknown or mixed", "글자 인코딩을 알 수 없거나 섞여 있습니다")
    return str(best).removeprefix("\ufeff"), best.encoding


def _looks_utf16(data: bytes) -> bool:
    """Whether a fifth of the bytes are NUL, nearly all of them on one side of the pairs, and no mark tells the order."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    return even + odd > len(data) / 5 and min(even, odd) * 4 < max(even, odd) and not data.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_binary(text: str) -> bool:
    """More than one character in a hundred is a control character that no text holds."""
    head = text[:100_000]
    return sum(character < " " and character not in "\t\n\r\f\v" for character in head) * 100 > len(head)
