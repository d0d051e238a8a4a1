"""What a parser makes of a file: documents in Markdown, or the reason why there is none. As plain JSON between the processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.messages.text import Text


class FormatError(Exception):
    """This file cannot be read. The reason has a remedy and no final period."""

    def __init__(self, reason: Text) -> None:
        """`reason` is a clause that callers put behind the name of the file."""
        super().__init__(reason.en)
        self.reason = reason


_TEXTS = ("text", "title", "author", "date", "language", "address", "name", "frame")


@dataclass(frozen=True, slots=True)
class Document:
    """One text of a file, in Markdown, with what the file says about it; an empty string where it says nothing.

    `date` is as it is written, `address` a web address. `pages` holds pairs of an offset in `text` and the number of the page that
    begins there, in the order of the offsets; it is empty where the format has no pages. `notes` say what was left out. `name` is the
    document's own name in a file that holds several, else empty. `frame` is the relative path of the saved file that holds the text of a
    page that is only its frame.
    """

    text: str
    title: str = ""
    author: str = ""
    date: str = ""
    language: str = ""
    address: str = ""
    pages: tuple[tuple[int, int], ...] = ()
    notes: tuple[Text, ...] = ()
    name: str = ""
    frame: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The document as plain JSON."""
        fields = {
            name: getattr(self, name) for name in ("text", "title", "author", "date", "language", "address", "name", "frame")
        }
        return {**fields, "pages": [list(pair) for pair in self.pages], "notes": [[note.en, note.ko] for note in self.notes]}

    @classmethod
    def from_dict(cls, payload: dict[str, Any]) -> "Document":
        """The document whose `to_dict` gave this payload. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        pages = tuple((int(start), int(number)) for start, number in payload.pop("pages"))
        notes = tuple(Text(str(english), str(korean)) for english, korean in payload.pop("notes"))
        return cls(**{name: str(value) for name, value in payload.items()}, pages=pages, notes=notes)


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive: its path there, and its bytes, or the reason why it is left out."""

    name: str
    data: bytes = b""
    refused: Text | None = None


Parsed = Sequence[Document] | Sequence[Member]
