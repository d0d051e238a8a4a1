"""Makes citations, and finds quotations in texts. Pure.

A quotation is found by comparing what a reader would call the same text: NFC or NFD, any white space, any style of quotation
mark, dash or ellipsis. What is returned is always the essay's own characters at exact offsets.
"""

import re
import unicodedata
from collections.abc import Iterable

from bot.errors import CitationError
from bot.schema import Citation, Essay

THREE_WORDS = 3  # a shorter run in quotation marks is a title or a term
_QUOTATION = re.compile(r"“([^”]+)”|\"([^\"]+)\"|「([^」]+)」|『([^』]+)』|‘([^’]+(?:’\w[^’]*)*)’|^>\s*(.+)$", re.MULTILINE)
_SAME = {
    **dict.fromkeys(map(ord, "‘’‚‛′`´＇‹›"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″＂«»「」『』〝〞"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-"),
    **dict.fromkeys(map(ord, "…⋯"), "..."),
    ord("‥"): "..",
}


def cite(essay: Essay, start: int, end: int, number: int) -> Citation:
    """The citation of `essay.text[start:end]`. Raises `CitationError` for a span outside the text or without words."""
    quote = essay.text[start:end]
    if not 0 <= start < end <= len(essay.text) or not quote.strip():
        raise CitationError(
            f"Characters {start} to {end} of {essay.id} are no quotation: the essay has {len(essay.text)}. Run ingest.py again."
        )
    return Citation(number, essay.id, essay.title, essay.source, quote, start, end, essay.sha256)


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """The span of `text` that `quote` repeats, or None. Only white space and the shapes of marks may differ."""
    needle = _fold(quote)[0].strip()
    haystack, origin = _fold(text)
    at = haystack.find(needle) if needle else -1
    while at >= 0:
        start, end = origin[at][0], origin[at + len(needle) - 1][1]
        before, after = origin[at - 1][0] if at else -1, origin[at + len(needle)][0] if at + len(needle) < len(origin) else -1
        if before != start and after != origin[at + len(needle) - 1][0]:  # no half of a character or of an ellipsis
            return start, end
        at = haystack.find(needle, at + 1)
    return None


def still_holds(citation: Citation, essays: Iterable[Essay]) -> bool:
    """Whether the citation's quotation stands in today's essays at its offsets, character for character."""
    return 0 <= citation.start < citation.end and any(
        essay.id == citation.essay and essay.text[citation.start : citation.end] == citation.quote for essay in essays
    )


def quotations(text: str) -> list[str]:
    """What `text` shows as quoted: in quotation marks of any style or on lines that begin with >, if longer than three words."""
    return [quote for quote in all_quotations(text) if len(quote.split()) > THREE_WORDS]


def all_quotations(text: str) -> list[str]:
    """What `text` shows as quoted, however short."""
    return [next(part for part in match.groups() if part) for match in _QUOTATION.finditer(text)]


def _fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` as it is compared, and for each of its characters the span it came from."""
    folded: list[str] = []
    origin: list[tuple[int, int]] = []
    for offset, cluster in _clusters(text):
        for character in unicodedata.normalize("NFC", cluster).translate(_SAME):
            if character.isspace():
                if folded and folded[-1] == " ":
                    continue
                character = " "
            folded.append(character)
            origin.append((offset, offset + len(cluster)))
    return "".join(folded), origin


def _clusters(text: str) -> Iterable[tuple[int, str]]:
    """The text in pieces that NFC composes on their own: a character and the marks and jamo that lean on it."""
    start = 0
    for offset in range(1, len(text) + 1):
        if offset == len(text) or not _leans(text[offset]):
            yield start, text[start:offset]
            start = offset


def _leans(character: str) -> bool:
    return unicodedata.combining(character) != 0 or "\u1160" <= character <= "\u11ff"
