"""The spans of the sentences and Markdown headings of a Korean or English text.

Blocks with Hangul are split by Kiwi. Kiwi does not split English, so every piece is then split by rules for Latin script.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.text.tokenize import kiwi, needs_kiwi

if TYPE_CHECKING:
    from bot.text.tokenize import Sentence


Span = tuple[int, int]  # start and end offset

# Where a block ends: at an empty line, and before a line with a Markdown marker. (A heading is a block as well; see `_blocks`.)
_BLOCK_END = re.compile(r"\n[^\S\n]*\n\s*|\n[^\S\n]*(?=(?:#{1,6}|[-*+>]|\d{1,3}[.)])\s)|(?<=\n)(?=\Z)")
# A newline after the end of a Korean sentence; Kiwi does not always split there.
_KOREAN_LINE_END = re.compile(r"(?:(?<=[가-힣][.!?…])|(?<=[가-힣][.!?…][”\"’')]))[^\S\n]*\n")
_MARKER = re.compile(r"(?:(?:#{1,6}|[-*+>]|\d{1,3}[.)])[ \t]+)+")
_NO_WORDS = re.compile(r"[-*_=|:#>+\s]+")  # a thematic break, the rule of a table, markers without text
_HEADING = re.compile(r"^#{1,6}[ \t][^\n]*\n?", re.MULTILINE)
_LATIN_SENTENCE_END = re.compile(
    r"(?<=[A-Za-z0-9%)\]”’\"'])[.!?…]+[\"”’')\]]*\s+(?=[\"“‘'(\[]*[A-Z0-9\u3131-\u318e\uac00-\ud7a3])"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|cf|ca|c|e\.g|i\.e|etc|al|trans|vol|pp|p|ed|eds|Fig|figs|approx|Inc|Ltd|Co|Corp)"
    r"|\b[A-Z](?:\.[A-Z])*)\.$"
)
_NUMBER_ABBREVIATION = re.compile(r"\b(?:Nos?)\.$")  # ends a sentence unless a number follows
_DATE = re.compile(r"\b\d{4}\.\s?\d{1,2}\.(?:\s?\d{1,2}\.)?")  # 2020. 3. 4.
_CLOSING_MARKS = {"“": "”", "‘": "’", "「": "」", "『": "』", "(": ")", "（": "）", "[": "]", '"': '"'}
_OPENING_MARK = re.compile('[“‘「『(（["]')
_APOSTROPHE = re.compile("[A-Za-z]’[A-Za-z]")
_MAX_KIWI_CHARACTERS = 10_000  # in one call; Kiwi's time grows with the square of the length
_DASHES = ("—", "–")
_MAX_QUOTATION_CHARACTERS = 300  # an opening mark that is not closed within them does not start a quotation
# Kiwi's tags of particles, endings, copulas and suffixes: a piece that begins with one continues the sentence before it ("…지었을까?"에 대한 답은).
_CONTINUATION_TAGS = ("J", "E", "VCP", "XS")


def sentences(text: str) -> list[Span]:
    """The spans of the sentences of `text` in order, without surrounding white space and Markdown markers."""
    return [span for start, end in _blocks(text) for span in _split_block(text, start, end)]


def headings(text: str) -> list[Span]:
    """The spans of the Markdown headings of `text`, each with its marker and newline. Headings are not quoted as sentences."""
    return [match.span() for match in _HEADING.finditer(text)]


def _blocks(text: str) -> Iterator[Span]:
    """The blocks of `text`, which no sentence crosses, without surrounding white space and leading Markdown markers."""
    start = 0
    ends = [match.span() for match in _BLOCK_END.finditer(text)]
    ends += [(end, end) for _, end in headings(text)]
    for end, next_start in [*sorted(ends), (len(text), len(text))]:
        if end < start:  # the end of a heading, inside an empty line
            continue
        block = text[start:end]
        left = len(block) - len(block.lstrip())
        marker = _MARKER.match(block, left)
        left = marker.end() if marker else left
        right = len(block.rstrip())
        if left < right and not _NO_WORDS.fullmatch(block, left):
            yield start + left, start + right
        start = next_start


def _split_block(text: str, start: int, end: int) -> list[Span]:
    block = text[start:end]
    pieces = _kiwi_split(block) if needs_kiwi(block) else [(0, len(block))]
    spans = [(first + a, first + b) for first, last in pieces for a, b in _latin_split(block[first:last])]
    return [(start + a, start + b) for a, b in _rejoin(block, spans)]


def _kiwi_split(block: str) -> list[Span]:
    spans: list[Span] = []
    for start, end in _kiwi_inputs(block):
        kiwi_sentences: list[Sentence] = kiwi().split_into_sents(block[start:end], return_tokens=True)
        for sentence in kiwi_sentences:
            is_continuation = bool(sentence.tokens) and sentence.tokens[0].tag.startswith(_CONTINUATION_TAGS)
            if spans and is_continuation:
                spans[-1] = (spans[-1][0], start + sentence.end)
            else:
                spans.append((start + sentence.start, start + sentence.end))
    return spans


def _kiwi_inputs(block: str) -> Iterator[Span]:
    """The spans of the block to give to Kiwi: up to the end of a Korean line, at most `_MAX_KIWI_CHARACTERS` long.

    A longer line is cut after a sentence, else after a space, else at the limit.
    """
    start = 0
    line_ends = [*(match.end() for match in _KOREAN_LINE_END.finditer(block)), len(block)]
    while start < len(block):
        limit = start + _MAX_KIWI_CHARACTERS
        line_end = line_ends[bisect_right(line_ends, start)]
        if line_end <= limit:
            yield start, line_end
            start = line_end
            continue
        cut = max(block.rfind(mark, start, limit) + 2 for mark in (". ", "? ", "! ", ".\n"))
        cut = cut if cut > start + 1 else block.rfind(" ", start, limit) + 1
        cut = cut if cut > start else limit
        yield start, cut
        start = cut


def _latin_split(piece: str) -> Iterator[Span]:
    start = 0
    for match in _LATIN_SENTENCE_END.finditer(piece):
        end = match.start() + len(match.group().rstrip())
        before = piece[max(start, end - 12) : end]
        is_number = _NUMBER_ABBREVIATION.search(before) and piece[match.end() : match.end() + 1].isdecimal()
        if not is_number and not _ABBREVIATION.search(before):
            yield start, end
            start = match.end()
    if piece[start:].strip():
        yield start, len(piece)


def _unbreakable(block: str) -> list[Span]:
    """The spans that no sentence ends inside, in order: dates with the character after them, quotations, parentheses."""
    spans = [(match.start(), match.end() + 1) for match in _DATE.finditer(block)]
    spans += [(match.start(), end) for match in _OPENING_MARK.finditer(block) if (end := _closing_offset(block, match.start()))]
    return sorted(spans)


def _closing_offset(block: str, start: int) -> int:
    """The offset of the mark that closes the one at `start`, or 0. An apostrophe inside a word is not a closing mark."""
    opening, closing, depth = block[start], _CLOSING_MARKS[block[start]], 0
    for offset in range(start + 1, min(len(block), start + _MAX_QUOTATION_CHARACTERS)):
        if block[offset] == closing and not (closing == "’" and _APOSTROPHE.match(block, offset - 1)):
            if not depth:
                return offset
            depth -= 1
        elif block[offset] == opening:
            depth += 1
    return 0


def _rejoin(block: str, spans: list[Span]) -> list[Span]:
    """Join spans that were split inside a quotation, parentheses or a date, and a source after a dash with the sentence before it."""
    joined: list[Span] = []
    unbreakable = _unbreakable(block)
    unbroken_until = index = 0
    for start, end in spans:
        is_source = bool(joined) and (block.startswith(_DASHES, start) or block.endswith(_DASHES, 0, joined[-1][1]))
        if joined and (joined[-1][1] <= unbroken_until or is_source):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        while index < len(unbreakable) and unbreakable[index][0] < end:
            unbroken_until = max(unbroken_until, unbreakable[index][1])
            index += 1
    return joined
