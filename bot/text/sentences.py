"""Sentence and heading spans of a Korean or English text. Knows nothing of essays or passages: text in, spans out.

Korean is split by Kiwi. Kiwi does not split English prose, so Latin-script text is split by rule.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.text.tokenize import HANGUL, kiwi

if TYPE_CHECKING:
    from bot.text.tokenize import Sentence


Span = tuple[int, int]
# A new block: an empty line, or a line that a Markdown mark begins. (A heading's line is a block too.)
_BLOCK = re.compile(r"\n[^\S\n]*\n\s*|\n[^\S\n]*(?=(?:#{1,6}|[-*+>]|\d{1,3}[.)])\s)|(?<=\n)(?=\Z)")
# A new line behind the end of a Korean sentence ends it; Kiwi sometimes reads on.
_KOREAN_LINE = re.compile(r"(?:(?<=[가-힣][.!?…])|(?<=[가-힣][.!?…][”\"’')]))[^\S\n]*\n")
_MARK = re.compile(r"(?:(?:#{1,6}|[-*+>]|\d{1,3}[.)])[ \t]+)+")
_RULE = re.compile(r"[-*_=|:#>+\s]+")  # a line across the page, a table's rule, marks with nothing behind them
_HEADING = re.compile(r"^#{1,6}[ \t][^\n]*\n?", re.MULTILINE)
_LATIN_END = re.compile(r"(?<=[A-Za-z0-9%)\]”’\"'])[.!?…]+[\"”’')\]]*\s+(?=[\"“‘'(\[]*[A-Z0-9\u3131-\u318e\uac00-\ud7a3])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|cf|ca|c|e\.g|i\.e|etc|al|trans|vol|pp|p|ed|eds|Fig|figs|approx|Inc|Ltd|Co|Corp)"
    r"|\b[A-Z](?:\.[A-Z])*)\.$"
)
_NUMBERED = re.compile(r"\b(?:Nos?)\.$")  # these end a sentence unless a number follows
_DATE = re.compile(r"\b\d{4}\.\s?\d{1,2}\.(?:\s?\d{1,2}\.)?")  # 2020. 3. 4.
_PAIRS = {"“": "”", "‘": "’", "「": "」", "『": "』", "(": ")", "（": "）", "[": "]", '"': '"'}
_OPENS = re.compile('[“‘「『(（["]')
_APOSTROPHE = re.compile("[A-Za-z]’[A-Za-z]")
_LONGEST_CALL = 10_000  # characters; Kiwi's time grows with the square of what it is given at once
_DASHES = ("—", "–")
_LONGEST_QUOTE = 300  # characters; a mark that closes later than this was never opened
# A piece that begins with one of these goes on with the sentence before it ("…지었을까?" 에 대한 답은).
_GOES_ON = ("J", "E", "VCP", "XS")


def sentences(text: str) -> list[Span]:
    """The spans of the sentences of `text`, in order, without the white space and the Markdown marks between them."""
    return [span for start, end in _blocks(text) for span in _split_block(text, start, end)]


def headings(text: str) -> list[Span]:
    """The spans of the Markdown headings of `text`: words about the text, never to be quoted as its sentences."""
    return [match.span() for match in _HEADING.finditer(text)]


def _blocks(text: str) -> Iterator[Span]:
    """Stretches of text that no sentence crosses, their outer white space and Markdown marks left off."""
    start = 0
    cuts = [match.span() for match in _BLOCK.finditer(text)]
    cuts += [(end, end) for _, end in headings(text)]
    for cut, after in [*sorted(cuts), (len(text), len(text))]:
        if cut < start:  # the end of a heading, inside an empty line
            continue
        piece = text[start:cut]
        left = len(piece) - len(piece.lstrip())
        mark = _MARK.match(piece, left)
        left = mark.end() if mark else left
        right = len(piece.rstrip())
        if left < right and not _RULE.fullmatch(piece, left):
            yield start + left, start + right
        start = after


def _split_block(text: str, start: int, end: int) -> list[Span]:
    block = text[start:end]
    pieces = _kiwi_split(block) if HANGUL.search(block) else [(0, len(block))]
    spans = [(first + a, first + b) for first, last in pieces for a, b in _latin_split(block[first:last])]
    return [(start + a, start + b) for a, b in _rejoin(block, spans)]


def _kiwi_split(block: str) -> list[Span]:
    spans: list[Span] = []
    for start, end in _calls(block):
        found: list[Sentence] = kiwi().split_into_sents(block[start:end], return_tokens=True)
        for sentence in found:
            goes_on = bool(sentence.tokens) and sentence.tokens[0].tag.startswith(_GOES_ON)
            if spans and goes_on:
                spans[-1] = (spans[-1][0], start + sentence.end)
            else:
                spans.append((start + sentence.start, start + sentence.end))
    return spans


def _calls(block: str) -> Iterator[Span]:
    """The block in stretches for Kiwi: its lines, and those no longer than Kiwi can take, cut behind a sentence, else at a space."""
    start = 0
    ends = [*(match.end() for match in _KOREAN_LINE.finditer(block)), len(block)]
    while start < len(block):
        limit = start + _LONGEST_CALL
        line = ends[bisect_right(ends, start)]
        if line <= limit:
            yield start, line
            start = line
            continue
        cut = max(block.rfind(mark, start, limit) + 2 for mark in (". ", "? ", "! ", ".\n"))
        cut = cut if cut > start + 1 else block.rfind(" ", start, limit) + 1
        cut = cut if cut > start else limit
        yield start, cut
        start = cut


def _latin_split(piece: str) -> Iterator[Span]:
    start = 0
    for match in _LATIN_END.finditer(piece):
        end = match.start() + len(match.group().rstrip())
        before = piece[max(start, end - 12) : end]
        numbered = _NUMBERED.search(before) and piece[match.end() : match.end() + 1].isdecimal()
        if not numbered and not _ABBREVIATION.search(before):
            yield start, end
            start = match.end()
    if piece[start:].strip():
        yield start, len(piece)


def _whole(block: str) -> list[Span]:
    """The stretches that no sentence ends inside: dates with the word behind them, quotations and parentheses, in order."""
    found = [(match.start(), match.end() + 1) for match in _DATE.finditer(block)]
    found += [(match.start(), end) for match in _OPENS.finditer(block) if (end := _closed(block, match.start()))]
    return sorted(found)


def _closed(block: str, start: int) -> int:
    """The offset of the mark that closes the one at `start`, or 0. An apostrophe inside a word closes nothing."""
    opened, closed, depth = block[start], _PAIRS[block[start]], 0
    for offset in range(start + 1, min(len(block), start + _LONGEST_QUOTE)):
        if block[offset] == closed and not (closed == "’" and _APOSTROPHE.match(block, offset - 1)):
            if not depth:
                return offset
            depth -= 1
        elif block[offset] == opened:
            depth += 1
    return 0


def _rejoin(block: str, spans: list[Span]) -> list[Span]:
    """Join what a boundary inside a quotation or parentheses had parted, and a source behind a dash with what it is the source of."""
    joined: list[Span] = []
    whole = _whole(block)
    reach = at = 0
    for start, end in spans:
        source = bool(joined) and (block.startswith(_DASHES, start) or block.endswith(_DASHES, 0, joined[-1][1]))
        if joined and (joined[-1][1] <= reach or source):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
        while at < len(whole) and whole[at][0] < end:
            reach = max(reach, whole[at][1])
            at += 1
    return joined
