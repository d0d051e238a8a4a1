"""Checks words against the essays they are said to come from. Pure: text and essays in, citations or refusals out.

A quotation is found by comparing what a reader would call the same text: NFC or NFD, any white space, any style of quotation
mark, dash or ellipsis. What is returned is always the essay's own characters at exact offsets.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from bot import figures
from bot.errors import CitationError
from bot.lexicon import morphemes, names, negations, nouns, sentences
from bot.names import alike
from bot.schema import Citation, Essay

THREE_WORDS = 3  # a shorter run in quotation marks is a title or a term
SPELT_FROM = 10
# Weights and thresholds of what supports a paraphrase, set on the `dev` half of evals/verify.jsonl.
ENOUGH = 1.05  # the share of a sentence's words that the passages hold, and its cosine with their nearest sentence, together
ENOUGH_ACROSS = 0.36  # that cosine alone, where nearly no words can be shared because the passages are in the other language
ACROSS = 0.5  # the share of words below which the passages may be in the other language
SAME_WORDS = 0.65  # from which on two sentences say the same or the opposite

Similar = Callable[[str, Sequence[str]], Sequence[float]]

_MARKS = re.compile(r"\s*\[\d+\]")
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


def holds(citation: Citation, essays: Iterable[Essay]) -> bool:
    """Whether the citation's quotation stands in today's essays at its offsets, character for character."""
    return 0 <= citation.start < citation.end and any(
        essay.id == citation.essay and essay.text[citation.start : citation.end] == citation.quote for essay in essays
    )


def check(sentence: str, passages: Sequence[str], known: str = "", similar: Similar | None = None) -> str:
    """Why `sentence` may not stand as what `passages` say; empty where it may.

    The reasons, in the order in which they are looked for: `quotation` (words in quotation marks that no passage holds), `figure` (a
    number that none holds), `name`, `negation` (the passage's nearest sentence says the opposite), `support` (too few of its words, or
    too far from every sentence). `known` is text that may be named too (the question, the titles). `similar(one, others)` gives cosines,
    -1 to 1, across languages; without it a sentence in the other language counts as far from everything.
    """
    words = _MARKS.sub("", sentence)
    if any(all(locate(quote, passage) is None for passage in passages) for quote in quotations(sentence)):
        return "quotation"
    there = [figure for text in (*passages, known) for figure in figures.figures(text)]
    if any(not figures.holds(figure, there) for figure in figures.figures(words) if _counts(figure, words)):
        return "figure"
    around = [noun for text in (*passages, known) for noun in nouns(text)]
    spelt = " ".join((*passages, known)).casefold()
    if any(name.casefold() not in spelt and not _named(name, words, around) for name in names(words)):
        return "name"
    return _supported(words, passages, similar)


def _named(name: str, sentence: str, nouns: Sequence[str]) -> bool:
    """Whether one of `nouns` may be this name, or the word of the sentence in which it stands: 마인드, cut from 딥마인드는."""
    if name in figures.MONTHS:  # a month is a figure: 2월 is February
        return True
    around = [word[:length] for word in sentence.split() if name in word for length in range(len(name) + 1, len(word) + 1)]
    return any(alike(form, noun) for form in (name, *around) for noun in nouns)


def quotations(text: str) -> list[str]:
    """What `text` shows as quoted: in quotation marks of any style or on lines that begin with >, if longer than three words."""
    found = [next(part for part in match.groups() if part) for match in _QUOTATION.finditer(text)]
    return [quote for quote in found if len(quote.split()) > THREE_WORDS]


def _counts(figure: figures.Figure, text: str) -> bool:
    """Whether a number says something: in digits, or above ten in words ("one of them", "한 사람" say little)."""
    written = text[figure.start : figure.end]
    return (figure.value > SPELT_FROM and len(written) > 1) or any(character.isdigit() for character in written)


def _supported(sentence: str, passages: Sequence[str], similar: Similar | None) -> str:
    spans = [passage[start:end] for passage in passages for start, end in sentences(passage)]
    if not spans:
        return "support"
    said = set(morphemes(sentence))
    shares = [len(said & set(morphemes(span))) / (len(said) or 1) for span in spans]
    share = len(said & set(morphemes(" ".join(passages)))) / (len(said) or 1)
    cosine = max(similar(sentence, spans)) if similar else 0.0
    across = share < ACROSS and _is_korean(sentence) != any(_is_korean(passage) for passage in passages)
    if cosine < ENOUGH_ACROSS if across else share + cosine < ENOUGH:
        return "support"
    best = max(range(len(spans)), key=lambda place: shares[place])
    same = shares[best] >= SAME_WORDS
    return "negation" if same and (negations(sentence) - negations(spans[best])) % 2 else ""


def _is_korean(text: str) -> bool:
    return any("가" <= character <= "힣" for character in text)


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
