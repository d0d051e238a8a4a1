"""Makes citations, and locates quotations in texts. No other module makes a `Citation`.

Texts are compared in NFC, with white space, quotation marks, dashes and ellipses of every style treated alike. The results are offsets
in the original text.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bot.errors import CitationError
from bot.grounding.titles import is_title
from bot.messages import errors
from bot.schema import Citation, Essay

MAX_TERM_WORDS = 3  # up to which words in quotation marks are a title or a term, not a quotation
_QUOTED = re.compile(
    r"“([^”]+)”|\"([^\"]+)\"|「([^」]+)」|『([^』]+)』|《([^》]+)》|〈([^〉]+)〉|‘([^’]+(?:’\w[^’]*)*)’|^>\s*(.+)$", re.MULTILINE
)
_PLAIN_MARKS = {
    **dict.fromkeys(map(ord, "‘’‚‛′`´＇‹›"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″＂«»「」『』〝〞"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-"),
    **dict.fromkeys(map(ord, "…⋯"), "..."),
    ord("‥"): "..",
}


def cite(essay: Essay, start: int, end: int, number: int) -> Citation:
    """The citation of `essay.text[start:end]`. Raises `CitationError` for a span outside the text or of white space alone."""
    quote = essay.text[start:end]
    if not 0 <= start < end <= len(essay.text) or not quote.strip():
        raise CitationError(errors.NOT_QUOTABLE.format(start=start, end=end, essay=essay.id, length=len(essay.text)))
    return Citation(number, essay.id, essay.title, essay.source, quote, start, end, essay.sha256, essay.page_at(start))


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """The span of the first place of `text` that reads like `quote`, or None. Only white space and the style of marks may differ."""
    needle = _fold(quote)[0].strip()
    haystack, origins = _fold(text)
    first = haystack.find(needle) if needle else -1
    while first >= 0:
        last = first + len(needle) - 1
        previous = origins[first - 1] if first else None
        following = origins[last + 1] if last + 1 < len(origins) else None
        if origins[first] != previous and origins[last] != following:  # neither end splits a character or an ellipsis
            return origins[first][0], origins[last][1]
        first = haystack.find(needle, first + 1)
    return None


def quotations(text: str, titles: Sequence[str] = ()) -> list[str]:
    """The quotations of `text`: more than `MAX_TERM_WORDS` words in quotation marks of any style or on a line that begins with >.

    One of the `titles`, or in brackets a short phrase that is no sentence, is the title of a work and no quotation.
    """
    return [text[slice(*span)] for span in quotation_spans(text, titles)]


def all_quotations(text: str, titles: Sequence[str] = ()) -> list[str]:
    """All that stands in quotation marks in `text` or on lines that begin with >, terms included, without titles."""
    return [text[slice(*span)] for span in _quoted_spans(text, titles)]


def quotation_spans(text: str, titles: Sequence[str] = ()) -> list[tuple[int, int]]:
    """The spans of the quotations in `text`, without their marks."""
    return [span for span in _quoted_spans(text, titles) if len(text[slice(*span)].split()) > MAX_TERM_WORDS]


def _quoted_spans(text: str, titles: Sequence[str]) -> list[tuple[int, int]]:
    found = [(match.group(), match.span(match.lastindex or 0)) for match in _QUOTED.finditer(text)]
    return [span for marked, span in found if marked[0] == ">" or not is_title(marked, titles)]


def _fold(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` in the form that is compared, and for each character of that form its span in `text`."""
    folded: list[str] = []
    origins: list[tuple[int, int]] = []
    for offset, cluster in _clusters(text):
        for character in unicodedata.normalize("NFC", cluster).translate(_PLAIN_MARKS):
            if character.isspace():
                if folded and folded[-1] == " ":
                    continue
                character = " "
            folded.append(character)
            origins.append((offset, offset + len(cluster)))
    return "".join(folded), origins


def _clusters(text: str) -> Iterable[tuple[int, str]]:
    """The units that NFC composes, each with its offset: a character with its combining marks and conjoining jamo."""
    start = 0
    for offset in range(1, len(text) + 1):
        if offset == len(text) or not _is_combining(text[offset]):
            yield start, text[start:offset]
            start = offset


def _is_combining(character: str) -> bool:
    return unicodedata.combining(character) != 0 or "\u1160" <= character <= "\u11ff"
