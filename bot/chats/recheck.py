"""Holds an export's quotations against today's shelf: each still stands where it was found, elsewhere, or nowhere."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.chats import export
from bot.errors import BotError
from bot.schema import Citation, Essay
from bot.text.normalize import UndecodableError, clean, decode
from bot.text.sentences import sentences

State = Literal["holds", "moved", "changed", "gone"]
LARGEST_FILE = 20_000_000  # bytes
LONGEST_SEARCHED = 400_000  # characters of an essay in which the nearest sentence is looked for


@dataclass(frozen=True, slots=True)
class Checked:
    """A quotation and how it stands today: `start` and `end` are where it holds or has moved to, `nearest` what the essay says instead."""

    citation: Citation
    state: State
    start: int = 0
    end: int = 0
    nearest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The quotation and its state as plain JSON."""
        return {**self.citation.to_dict(), "state": self.state, "now": [self.start, self.end], "nearest": self.nearest}


def check_file(path: Path, essays: Sequence[Essay]) -> list[Checked]:
    """Every quotation of an export and how it stands. Raises `BotError` for a file that cannot be read or is no export."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BotError(f"{path} is larger than {LARGEST_FILE // 10**6} MB. Give an export of a talk.")
        text = clean(decode(path.read_bytes())).text
    except (OSError, UndecodableError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BotError(f"{path} cannot be read: {reason}. Give an export of a talk (.md, .html, .json).") from None
    shelf = {essay.id: essay for essay in essays}
    return [check(citation, shelf) for citation in export.quotations(text)]


def check(citation: Citation, shelf: Mapping[str, Essay]) -> Checked:
    """How a quotation stands on a shelf, by id."""
    essay = shelf.get(citation.essay)
    if essay is None:
        return Checked(citation, "gone")
    if citation.quote and essay.text[citation.start : citation.end] == citation.quote:
        return Checked(citation, "holds", citation.start, citation.end)
    at = essay.text.find(citation.quote) if citation.quote.strip() else -1
    if at >= 0:
        return Checked(citation, "moved", at, at + len(citation.quote))
    return Checked(citation, "changed", nearest=_nearest(citation.quote, essay.text))


def _nearest(quote: str, text: str) -> str:
    """The sentence of `text` that is most like the quotation."""
    spans = sentences(text) if len(text) <= LONGEST_SEARCHED else []
    likeness = difflib.SequenceMatcher(b=quote, autojunk=False)

    def score(span: tuple[int, int]) -> float:
        likeness.set_seq1(text[slice(*span)])
        return likeness.ratio() if likeness.real_quick_ratio() > 0.3 else 0.0

    best = max(spans, key=score, default=None)
    return text[slice(*best)] if best else ""
