"""Tells titles of essays and of works in quotation marks and brackets from quotations. Pure."""

import re
from collections.abc import Sequence

MAX_TITLE_WORDS = 12  # a longer text in brackets is a quotation
MIN_TITLE_LETTERS = 6  # of a known title that is named without marks: a shorter one may be a common word

_MARKED = re.compile(r"“[^”]+”|\"[^\"]+\"|「[^」]+」|『[^』]+』|《[^》]+》|〈[^〉]+〉|‘[^’]+(?:’\w[^’]*)*’")
_BRACKETS = "「『《〈"
_SENTENCE_END = re.compile(r"[.?!…]$|(?:다|요|까|죠|라|네)[.?!]?$")
_PART = re.compile(r"[:：—–,]")  # ends the main part of a title


def without_titles(text: str, titles: Sequence[str]) -> str:
    """The text without the known titles, marked or not; what is in the marks of another work's title stays, without the marks."""
    text = _MARKED.sub(lambda match: " " if is_known(match[0][1:-1], titles) else match[0], text)
    for title in titles:
        for form in _forms(title):
            if len(form) >= MIN_TITLE_LETTERS and " " in form:
                text = re.sub(re.escape(form), " ", text, flags=re.IGNORECASE)
    return text


def is_title(marked: str, titles: Sequence[str]) -> bool:
    """Whether a text with its marks is a title: a known one in any marks, or in brackets a short phrase that is no sentence."""
    inside = marked[1:-1].strip()
    is_phrase = len(inside.split()) <= MAX_TITLE_WORDS and not _SENTENCE_END.search(inside)
    return is_known(inside, titles) or (marked[0] in _BRACKETS and is_phrase)


def is_known(text: str, titles: Sequence[str]) -> bool:
    """Whether the text is one of the titles, or the main part of one."""
    plain = _plain(text)
    return bool(plain) and any(plain == _plain(form) for title in titles for form in _forms(title))


def _forms(title: str) -> list[str]:
    """The title and its main part: "Three Romes" of "Three Romes, and Only One Paved Its Own Roads"."""
    main = _PART.split(title)[0].strip()
    return [title.strip(), main] if main != title.strip() else [main]


def _plain(text: str) -> str:
    """The letters and digits of a text, without regard to case."""
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
