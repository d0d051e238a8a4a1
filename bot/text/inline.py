"""A text without what is no word of it (marks of notes, Markdown's inline marks, tags, addresses), and the way back to its offsets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Span = tuple[int, int]  # start and end offset

# A mark of a note ends a sentence and is never part of it. The other marks belong to the word that they touch.
_MARK = re.compile(
    r"(?P<note>(?<=\S)(?:\[\^[^\]\s]{1,40}\]|\[@[^\]\n]{1,60}\]"
    r"|\[(?:\d{1,3}(?:[,–-] ?\d{1,3})*|[a-z]|citation needed|출처 필요)\](?!\()|[¹²³⁰⁴-⁹†‡]+[⁾)]?|<sup>[^<>\n]{1,12}</sup>)"
    r"|(?<=[.!?…”\"’])(?: \[\d{1,3}\](?=\s|$)|\(?\d{1,3}\)(?=\s)|\([^()\n]{2,40},? \d{4}[a-z]?(?:[:,] ?[\dp.–-]+)?\)(?=\s|$)))"
    r"|(?P<space>&nbsp;|&#160;|&#xa0;|&e[nm]sp;)"
    r"|(?P<closing>\]\([^()\s]*\)|</[A-Za-z][^<>\n]*>)"
    r"|<[A-Za-z][^<>\n]*>|\*+|(?<![^\W_])_{1,3}(?=\S)|(?<=\S)_{1,3}(?![^\W_])|==|(?<=\S)~~|~~(?=\S)|`+"
)


@dataclass(frozen=True, slots=True)
class Bare:
    """`text` is the original without marks; `text[i]` is the character `origin[i]` of the original.

    `opening` gives the start of a mark by its end, `trailing` the end of a mark by its start, of those that a sentence may include there.
    """

    text: str
    origin: Sequence[int]
    opening: Mapping[int, int]
    trailing: Mapping[int, int]

    def span(self, start: int, end: int) -> Span:
        """The span in the original of `text[start:end]`, with the marks around it that belong to it."""
        first, last = self.origin[start], self.origin[end - 1] + 1
        while first in self.opening:
            first = self.opening[first]
        while last in self.trailing:
            last = self.trailing[last]
        return first, last


def bare(text: str) -> Bare:
    """`text` without its marks. A mark that touches words on both sides belongs to both sentences, so spans may share it only there."""
    kept: list[str] = []
    origin: list[int] = []
    opening: dict[int, int] = {}
    trailing: dict[int, int] = {}
    last = 0
    for mark in _MARK.finditer(text):
        start, end = mark.span()
        kept.append(text[last:start])
        origin += range(last, start)
        last = end
        if mark["space"]:
            kept.append(" ")
            origin.append(start)
            continue
        touches_before = start > 0 and not text[start - 1].isspace()
        if mark["note"]:
            continue
        if touches_before:
            trailing[start] = end
        elif not mark["closing"]:
            opening[end] = start
    return Bare("".join([*kept, text[last:]]), [*origin, *range(last, len(text))], opening, trailing)
