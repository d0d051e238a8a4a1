"""Joins the lines of a PDF's paragraph: words that were hyphenated, and Korean words that were broken at a line's end, become whole again."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from bot.formats.pdf_lines import Line

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HANGUL = re.compile(r"[가-힣]")
_CLOSING = re.compile(r"[.,!?)\]」』”’…](?![.\w])")
_BROKEN = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")


class Words:
    """The words of a document, from which it is told how two lines belong together."""

    def __init__(self, texts: Iterable[str]) -> None:
        """`texts` are the lines of the document."""
        lines = list(texts)
        # The words inside lines: first and last words may be parts of words.
        self._counts = Counter(word.casefold() for line in lines for word in _WORD.findall(line)[1:-1])
        hangul = [line for line in lines if _HANGUL.match(line.rstrip()[-1:])]
        ending = sum(line.endswith(" ") for line in hangul)
        self._writes_spaces = ending > 0.15 * len(hangul)  # of this file, where a line ends between two Korean words

    def joined(self, lines: Sequence[tuple[int, Line]]) -> tuple[str, list[tuple[int, int]]]:
        """The lines, each with its page, as one text, and where in it each page begins: the offset and the page."""
        text = ""
        pages: list[tuple[int, int]] = []
        for number, (page, line) in enumerate(lines):
            words = " ".join(line.text.split())
            if number:
                text = self._together(text, words, is_spaced=lines[number - 1][1].text.endswith(" "))
            if not pages or pages[-1][1] != page:
                pages.append((len(text), page))
            text += words
        return text, pages

    def _together(self, before: str, after: str, *, is_spaced: bool) -> str:
        """The text so far, ready for the next line: without its hyphen, or with a space at its end, or as it is."""
        broken = _BROKEN.search(before)
        if broken and after[:1].isalpha():
            first, second = broken[1], _WORD.match(after)
            whole = (first + (second[0] if second else "")).casefold()
            apart = f"{first}-{second[0] if second else ''}".casefold()
            keeps = self._counts[apart] > self._counts[whole] or after[:1].isupper()
            return before if keeps and before[-1] != "\u00ad" else before[:-1]
        if not is_spaced and (before.endswith(("—", "/")) or _CLOSING.match(after)):
            return before
        if not is_spaced and _HANGUL.match(before[-1:]) and _HANGUL.match(after[:1]):
            return before + ("" if self._is_one_word(before, after) else " ")
        if not is_spaced and self._writes_spaces and (_HANGUL.match(before[-1:]) or _HANGUL.match(after[:1])):
            return before
        return before + " "

    def _is_one_word(self, before: str, after: str) -> bool:
        """Whether a line of Korean broke inside a word."""
        first, second = _WORD.findall(before)[-1].casefold(), _WORD.findall(after)[0].casefold()
        whole = self._counts[first + second]
        apart = min(self._counts[first], self._counts[second])
        if whole != apart:
            return whole > apart
        return self._writes_spaces


def pipe_cells(cells: Sequence[str], *, is_first: bool) -> str:
    """A row between bars; the first row of a table with the line below the heads of the columns."""
    row = "| " + " | ".join(map(_escaped, cells)) + " |"
    return row + ("\n|" + " --- |" * len(cells) if is_first else "")


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
