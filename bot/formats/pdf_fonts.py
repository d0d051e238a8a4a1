"""The fonts of a PDF: which text the bytes of a string show, and how wide each character is. Read by pypdf, once for each font."""

from collections.abc import Iterator
from typing import Any

from pypdf.generic import DictionaryObject
from pypdf.generic._font import Font as PdfFont

from bot.text.normalize import clean

REPLACEMENT = "\ufffd"
_WEIGHTS = ("bold", "black", "heavy", "demi")

Glyph = tuple[str, float, bool]
"""What a character code shows, its width in thousandths of the font size, and whether it is a space."""


class Font:
    """One font."""

    def __init__(self, resource: DictionaryObject) -> None:
        """`resource` is the font's dictionary."""
        self._font = PdfFont.from_font_resource(resource)
        self.is_bold = any(weight in str(self._font.name).lower() for weight in _WEIGHTS)
        self._glyphs: dict[str, Glyph] = {}

    def glyphs(self, data: bytes) -> Iterator[Glyph]:
        """The glyphs that a string shows."""
        encoding = self._font.encoding if isinstance(self._font.encoding, str) else "latin-1"
        for code in data.decode(encoding, "replace" if len(data) % 2 else "surrogatepass"):
            known = self._glyphs.get(code)
            yield known or self._glyphs.setdefault(code, self._glyph(code))

    def _glyph(self, code: str) -> Glyph:
        font = self._font
        is_space = code == font.space_char
        width = font.space_width if is_space else font.get_text_width(code)
        if not font.interpretable:
            return REPLACEMENT, float(width), is_space
        shown = code if isinstance(font.encoding, str) else font.encoding.get(ord(code), code)
        text = "".join(font.character_map.get(character, character) for character in shown)
        return clean(text.replace("\0", "")).text.replace("\n", " "), float(width), is_space


class Fonts:
    """The fonts of a file, each read once."""

    def __init__(self) -> None:
        """No font has been read yet."""
        self._by_number: dict[int, Font] = {}

    def of(self, resources: Any, name: str) -> Font | None:
        """The font with this name in a page's or form's resources; None where there is none."""
        fonts = resolved(resources.get("/Font")) if isinstance(resources, DictionaryObject) else None
        resource = resolved(fonts.get(name)) if isinstance(fonts, DictionaryObject) else None
        if not isinstance(resource, DictionaryObject):
            return None
        reference = resource.indirect_reference
        number = reference.idnum if reference else id(resource)
        if number not in self._by_number:
            self._by_number[number] = Font(resource)
        return self._by_number[number]


def resolved(value: Any) -> Any:
    """The object that a reference leads to."""
    return value.get_object() if value is not None else None
