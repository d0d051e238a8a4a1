"""Splits an essay into passages that tile it, and each passage into the windows that are embedded.

Cuts are between sentences, and where possible between paragraphs. The joined passages are exactly the essay's text.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.schema import Essay, Passage, SplitEssay, Window
from bot.text.markdown import Span, without_markup
from bot.text.sentences import outline, sentences
from bot.text.tokenize import morphemes, weighted_length

VERSION = "3"  # part of the index's fingerprint: raise it when cuts or windows change

# Weights are `weighted_length`: a Latin character weighs 1, a Hangul syllable 2.
MAX_PASSAGE_WEIGHT = 900  # about 450 Korean characters
MIN_PARAGRAPH_WEIGHT = 120  # a lighter paragraph (a heading, a single short line) is joined to its neighbour
MARKDOWN_PREFIX = " \t>#*+-_=|:.)0123456789"  # characters that may precede the first sentence of a Markdown line


def split(essay: Essay) -> list[Passage]:
    """The passages of `essay` in order: `"".join(p.text for p in passages) == essay.text`. None for an empty text."""
    found = outline(essay.text)
    starts = _passage_starts(essay.text, sorted({*found.sentences, *(span for span in found.other if span[0] < span[1])}))
    return [Passage.of(essay, start, end) for start, end in pairwise([*starts, len(essay.text)])]


def split_essay(essay: Essay) -> SplitEssay:
    """The passages, terms and windows of `essay`."""
    passages = split(essay)
    spans = sentences(essay.text)
    by_passage = [_clipped(passage, spans) for passage in passages]
    terms = tuple(" ".join(morphemes(_readable(essay.text, inside))) for inside in by_passage)
    found = (
        window for passage, inside in zip(passages, by_passage, strict=True) for window in _windows_of(essay, passage, inside)
    )
    return SplitEssay(tuple(passages), terms, tuple(found))


def windows(essay: Essay, passages: Sequence[Passage]) -> list[Window]:
    """The windows of `essay`'s `passages`: of each the whole passage, then its sentences, headings included."""
    spans = sentences(essay.text)
    return [window for passage in passages for window in _windows_of(essay, passage, _clipped(passage, spans))]


def quotable(essay: Essay) -> list[Span]:
    """The spans of the essay's sentences that may be quoted: all except headings."""
    return outline(essay.text).quotable


def _passage_starts(text: str, spans: list[Span]) -> list[int]:
    """The offsets at which passages begin, the first at 0."""
    if not text:
        return []
    starts = [0]
    for paragraph in _paragraphs(text, spans):
        for start, _ in _balanced(text, paragraph):
            start = _line_start(text, start)
            is_light = weighted_length(text[starts[-1] : start]) < MIN_PARAGRAPH_WEIGHT
            if start > starts[-1] and not is_light:
                starts.append(start)
    if len(starts) > 1 and weighted_length(text[starts[-1] :].strip()) < MIN_PARAGRAPH_WEIGHT // 4:
        starts.pop()
    return starts


def _line_start(text: str, start: int) -> int:
    """The beginning of the line, where only Markdown marks precede `start` on it, else `start`: a passage includes these marks."""
    line = text.rfind("\n", 0, start) + 1
    return line if not text[line:start].strip(MARKDOWN_PREFIX) else start


def _paragraphs(text: str, spans: list[Span]) -> list[list[Span]]:
    """The spans grouped by the empty lines between them."""
    groups: list[list[Span]] = []
    for span in spans:
        if groups and "\n\n" not in text[groups[-1][-1][1] : span[0]].replace(" ", ""):
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _balanced(text: str, paragraph: list[Span]) -> list[Span]:
    """The paragraph as runs of whole sentences of similar weight, each at most `MAX_PASSAGE_WEIGHT` where its sentences allow."""
    total = weighted_length(text[paragraph[0][0] : paragraph[-1][1]])
    target = total / -(-total // MAX_PASSAGE_WEIGHT)
    runs: list[Span] = []
    for start, end in (piece for span in paragraph for piece in _cut_long(text, span)):
        if (
            runs
            and weighted_length(text[runs[-1][0] : (start + end) // 2]) <= target
            and weighted_length(text[runs[-1][0] : end]) <= MAX_PASSAGE_WEIGHT
        ):
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _cut_long(text: str, span: Span) -> list[Span]:
    """Cut a sentence heavier than a passage (a table, a text without punctuation) at white space, else between characters."""
    start, end = span
    if weighted_length(text[start:end]) <= MAX_PASSAGE_WEIGHT:
        return [span]
    pieces, length = [], MAX_PASSAGE_WEIGHT // 2
    while end - start > length:
        space = max(text.rfind(" ", start, start + length), text.rfind("\n", start, start + length))
        cut = space + 1 if space > start else _between_characters(text, start, start + length)
        pieces.append((start, cut))
        start = cut
    return [*pieces, (start, end)]


def _between_characters(text: str, start: int, cut: int) -> int:
    """The last offset up to `cut` that is not inside an emoji sequence, a flag or a letter with marks; `cut` where there is none."""
    for offset in range(cut, max(start, cut - 40), -1):
        after, before = text[offset], text[offset - 1]
        is_modifier = unicodedata.combining(after) or after in "\u200d\ufe0e\ufe0f" or "\U0001f3fb" <= after <= "\U0001f3ff"
        first_flag = offset  # the first of the regional indicators before `offset`; two make a flag
        while first_flag > start and "\U0001f1e6" <= text[first_flag - 1] <= "\U0001f1ff":
            first_flag -= 1
        if not is_modifier and before != "\u200d" and (offset - first_flag) % 2 == 0:
            return offset
    return cut


def _clipped(passage: Passage, spans: Sequence[Span]) -> list[Span]:
    """The sentences of an essay, ordered and without overlap, that lie in a passage, clipped to it."""
    first = bisect_right(spans, passage.start, key=lambda span: span[1])
    last = bisect_left(spans, passage.end, key=lambda span: span[0])
    return [(max(start, passage.start), min(end, passage.end)) for start, end in spans[first:last]]


def _windows_of(essay: Essay, passage: Passage, inside: Sequence[Span]) -> Iterator[Window]:
    """The windows of one passage with the sentences `inside`; none where it has none."""
    pieces = [without_markup(piece) for piece in _pieces(essay.text, inside)]
    if not inside:
        return
    whole = Window(passage.id, passage.start, passage.end, f"{' '.join(essay.title.split())}\n{''.join(pieces)}")
    yield whole
    for span, piece in zip(inside, pieces[::2], strict=True):
        if piece.strip():
            yield Window(passage.id, *span, piece, whole.key)


def _readable(text: str, run: Sequence[Span]) -> str:
    """The text of consecutive sentences, without the code and markup between and in them."""
    return without_markup("".join(_pieces(text, run)))


def _pieces(text: str, run: Sequence[Span]) -> list[str]:
    """The texts of consecutive sentences, and between each two of them what parts them."""
    reading = outline(text).reading
    pieces = [reading(text, run[0])] if run else []
    for (_, end), span in pairwise(run):
        gap = text[end : span[0]]
        pieces += ["\n" if any(map(str.isalnum, gap)) else gap, reading(text, span)]
    return pieces
