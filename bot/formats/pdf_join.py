"""Joins the lines of a PDF's paragraph: words that were hyphenated, and Korean words that were broken at a line's end, become whole again."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from bot.formats.pdf_lines import Line
from bot.text import tokenize

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HANGUL = re.compile(r"[가-힣]")
_THOUSANDS, _THREE_DIGITS = re.compile(r"\d,$"), re.compile(r"\d{3}(?!\d)")
_UNIT = re.compile(
    r"(?:년|월|일|시|분|초|세기|개|명|톤|미터|킬로|센티|퍼센트|원|달러|유로|배|번|쪽|장|권|층|기|살|세|차|호|위|대|만|억|조|천|백)"
)
_CLOSING = re.compile(r"[.,!?)\]」』”’…](?![.\w])")
_BROKEN = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")


class Words:
    """The words of a document, from which it is told how two lines belong together."""

    def __init__(self, texts: Iterable[str]) -> None:
        """`texts` are the lines of the document."""
        lines = list(texts)
        # The words inside lines: first and last words may be parts of words.
        self._counts = Counter(word.casefold() for line in lines for word in _WORD.findall(line)[1:-1])

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
        if not is_spaced and (_HANGUL.match(before[-1:]) or _HANGUL.match(after[:1])):
            return before if _are_one_word(before.split()[-1], after.split()[0]) else before + " "
        is_number = before[-1:].isdigit() and after[:1].isdigit() or _THOUSANDS.search(before) and _THREE_DIGITS.match(after)
        return before if is_number and not is_spaced else before + " "


def _are_one_word(first: str, second: str) -> bool:
    """Whether a line of Korean broke inside a word. A number and its unit are written together."""
    return (first[-1].isdigit() and _UNIT.match(second) is not None) or tokenize.are_one_word(first, second)


def pipe_cells(cells: Sequence[str], *, is_first: bool) -> str:
    """A row between bars; the first row of a table with the line below the heads of the columns."""
    row = "| " + " | ".join(map(_escaped, cells)) + " |"
    return row + ("\n|" + " --- |" * len(cells) if is_first else "")


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
