"""Check the quotations of an export against the essays of today: each still stands at its place, elsewhere, or nowhere."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.chats.export_reader import quotations
from bot.errors import BotError
from bot.messages import errors
from bot.schema import Citation, Essay
from bot.text.normalize import UndecodableError, clean, decode
from bot.text.sentences import sentences

State = Literal["holds", "moved", "changed", "gone"]
MAX_FILE_BYTES = 20_000_000
MAX_SEARCHED_CHARACTERS = 400_000  # of essays in which the most similar sentence is looked for
# Of that sentence, as `difflib` measures it, 0 to 1; below, two sentences of one topic are alike by chance. Notes that share a template
# are alike, so a sentence of another essay has to be more similar.
MIN_SIMILARITY, MIN_SIMILARITY_ELSEWHERE = 0.6, 0.8


@dataclass(frozen=True, slots=True)
class Checked:
    """A quotation and its state in today's essays.

    States: `holds`; `moved` (it stands elsewhere in its essay or in another one); `changed` (its essay or another one has a similar
    sentence, `nearest`); `gone` (there is neither). `essay` is the id of the essay with the span `start` to `end`, in characters, of the
    quotation or of `nearest`; empty where it is gone.
    """

    citation: Citation
    state: State
    essay: str = ""
    start: int = 0
    end: int = 0
    nearest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The quotation and its state as plain JSON."""
        now = {"essay_now": self.essay, "now": [self.start, self.end]}
        return {**self.citation.to_dict(), "state": self.state, **now, "nearest": self.nearest}


def check_file(path: Path, essays: Sequence[Essay]) -> list[Checked]:
    """Check every quotation of an export. Raises `BotError` for a file that cannot be read or is not an export."""
    return check_export(read_file(path), essays)


def check_export(text: str, essays: Sequence[Essay]) -> list[Checked]:
    """Check every quotation of an export, given its text. Raises `BotError` for one that is not an export."""
    essays_by_id = {essay.id: essay for essay in essays}
    return [check(citation, essays_by_id) for citation in quotations(text)]


def read_file(path: Path) -> str:
    """The text of a file, cleaned. Raises `BotError` for one that cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)  # not its size, which a pipe or a device does not have
        if len(data) > MAX_FILE_BYTES:
            raise BotError(errors.EXPORT_TOO_LARGE.format(path=path, limit=MAX_FILE_BYTES))
        return clean(decode(data)).text
    except (OSError, UndecodableError) as error:
        reason = error.reason if isinstance(error, UndecodableError) else error.strerror
        raise BotError(errors.EXPORT_UNREADABLE.format(path=path, reason=reason)) from None


def check(citation: Citation, essays: Mapping[str, Essay]) -> Checked:
    """Check one quotation against the essays, given by id: in its own essay first, then in the essay with the text it was taken from."""
    own = essays.get(citation.essay)
    if own and 0 <= citation.start < citation.end and own.text[citation.start : citation.end] == citation.quote:
        return Checked(citation, "holds", own.id, citation.start, citation.end)
    ordered = sorted(essays.values(), key=lambda essay: (essay is not own, essay.sha256 != citation.sha256, essay.id))
    if citation.quote.strip():
        for essay in ordered:
            start = _nearest_place(essay.text, citation.quote, citation.start)
            if start >= 0:
                return Checked(citation, "moved", essay.id, start, start + len(citation.quote))
    return _most_similar(citation, ordered)


def _nearest_place(text: str, quote: str, near: int) -> int:
    """Of the places where `text` has the quotation the one nearest to `near`; -1 where it has none."""
    before, after = text.rfind(quote, 0, max(near, 0) + len(quote)), text.find(quote, max(near, 0))
    places = [place for place in (before, after) if place >= 0]
    return min(places, key=lambda place: abs(place - near), default=-1)


def _most_similar(citation: Citation, essays: Sequence[Essay]) -> Checked:
    """`changed`, with the sentence of the first essay that has a similar one; `gone` where none has."""
    budget = MAX_SEARCHED_CHARACTERS
    for essay in essays:
        budget -= len(essay.text)
        least = MIN_SIMILARITY if essay.id == citation.essay else MIN_SIMILARITY_ELSEWHERE
        span = _similar_sentence(citation.quote, essay.text, least) if budget >= 0 else None
        if span:
            return Checked(citation, "changed", essay.id, *span, essay.text[slice(*span)])
    return Checked(citation, "gone")


def _similar_sentence(quote: str, text: str, least: float) -> tuple[int, int] | None:
    """The span of the sentence of `text` that is most similar to the quotation; None where none is more similar than `least`."""
    matcher = difflib.SequenceMatcher(b=quote, autojunk=False)
    best, span = least, None
    for start, end in sentences(text):
        if 2 * min(end - start, len(quote)) < best * (end - start + len(quote)):  # the lengths alone limit the ratio
            continue
        matcher.set_seq1(text[start:end])
        if matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, span = ratio, (start, end)
    return span
