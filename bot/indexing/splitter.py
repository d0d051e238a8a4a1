"""Cuts an essay into passages that tile it, and a passage into the windows that are embedded.

Cuts fall between sentences, at paragraph ends where they can. Joined, the passages are the essay's text: nothing lost, nothing twice.
"""

import unicodedata
from bisect import bisect
from itertools import pairwise

from bot.schema import Essay, Passage, Window
from bot.text.sentences import Span, headings, sentences
from bot.text.tokenize import weighted_length

VERSION = "1"  # goes into the index's fingerprint: raise it when cuts or windows change

PASSAGE_WEIGHT = 900  # at most, in Latin characters; a Hangul syllable weighs two, so about 450 Korean characters
SHORT_WEIGHT = 120  # a paragraph lighter than this (a heading, a one-liner) joins its neighbour
MARKS = " \t>#*+-_=|:.)0123456789"  # what may stand before the first sentence of a Markdown line
WINDOW_SENTENCES = 3  # measured in the design: windows of three and four sentences find far more than one or whole passages


def split(essay: Essay) -> list[Passage]:
    """The passages of `essay` in order: `"".join(p.text for p in passages) == essay.text`. None for an empty text."""
    starts = _passage_starts(essay.text, sentences(essay.text))
    return [Passage.of(essay, start, end) for start, end in pairwise([*starts, len(essay.text)])]


def windows(essay: Essay, passages: list[Passage]) -> list[Window]:
    """What is embedded for the `passages` of `essay`: each run of three neighbouring sentences inside a passage, headings among them."""
    spans = sentences(essay.text)
    return [window for passage in passages for window in _windows_of(essay, passage, spans)]


def quotable(essay: Essay) -> list[Span]:
    """The spans of the essay's sentences that are not headings: what may be quoted."""
    heads = headings(essay.text)
    starts = [start for start, _ in heads]
    return [span for span in sentences(essay.text) if not ((at := bisect(starts, span[0])) and span[0] < heads[at - 1][1])]


def _passage_starts(text: str, spans: list[Span]) -> list[int]:
    """The offsets at which passages begin; the first is 0."""
    if not text:
        return []
    starts = [0]
    for paragraph in _paragraphs(text, spans):
        for start, _ in _balanced(text, paragraph):
            start = _line_start(text, start)
            light = weighted_length(text[starts[-1] : start]) < SHORT_WEIGHT
            if start > starts[-1] and not light:
                starts.append(start)
    if len(starts) > 1 and weighted_length(text[starts[-1] :].strip()) < SHORT_WEIGHT // 4:
        starts.pop()
    return starts


def _line_start(text: str, start: int) -> int:
    """A passage takes the Markdown marks before its first sentence along: from the line's beginning, where only marks stand between."""
    line = text.rfind("\n", 0, start) + 1
    return line if not text[line:start].strip(MARKS) else start


def _paragraphs(text: str, spans: list[Span]) -> list[list[Span]]:
    """The sentences grouped by the empty lines between them."""
    groups: list[list[Span]] = []
    for span in spans:
        if groups and "\n\n" not in text[groups[-1][-1][1] : span[0]].replace(" ", ""):
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _balanced(text: str, paragraph: list[Span]) -> list[Span]:
    """The paragraph as runs of whole sentences, each at most `PASSAGE_WEIGHT` where its sentences allow, and of like size."""
    total = weighted_length(text[paragraph[0][0] : paragraph[-1][1]])
    goal = total / -(-total // PASSAGE_WEIGHT)
    runs: list[Span] = []
    for start, end in (piece for span in paragraph for piece in _cut_long(text, span)):
        if (
            runs
            and weighted_length(text[runs[-1][0] : (start + end) // 2]) <= goal
            and weighted_length(text[runs[-1][0] : end]) <= PASSAGE_WEIGHT
        ):
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _cut_long(text: str, span: Span) -> list[Span]:
    """A sentence that alone is heavier than a passage (a table, a text without marks) is cut at white space, else anywhere."""
    start, end = span
    if weighted_length(text[start:end]) <= PASSAGE_WEIGHT:
        return [span]
    pieces, room = [], PASSAGE_WEIGHT // 2
    while end - start > room:
        space = max(text.rfind(" ", start, start + room), text.rfind("\n", start, start + room))
        cut = space + 1 if space > start else _between_characters(text, start, start + room)
        pieces.append((start, cut))
        start = cut
    return [*pieces, (start, end)]


def _between_characters(text: str, start: int, cut: int) -> int:
    """The last offset up to `cut` that parts no emoji, flag or letter from what belongs to it; `cut` where there is none."""
    for offset in range(cut, max(start, cut - 40), -1):
        after, before = text[offset], text[offset - 1]
        leans = unicodedata.combining(after) or after in "\u200d\ufe0e\ufe0f" or "\U0001f3fb" <= after <= "\U0001f3ff"
        flags = offset
        while flags > start and "\U0001f1e6" <= text[flags - 1] <= "\U0001f1ff":
            flags -= 1
        if not leans and before != "\u200d" and (offset - flags) % 2 == 0:
            return offset
    return cut


def _windows_of(essay: Essay, passage: Passage, spans: list[Span]) -> list[Window]:
    inside = [
        (max(start, passage.start), min(end, passage.end)) for start, end in spans if start < passage.end and end > passage.start
    ]
    runs = [inside[i : i + WINDOW_SENTENCES] for i in range(max(1, len(inside) - WINDOW_SENTENCES + 1))] if inside else []
    return [Window(passage.id, run[0][0], run[-1][1], essay.text[run[0][0] : run[-1][1]]) for run in runs]
