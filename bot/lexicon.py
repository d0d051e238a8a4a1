"""Korean and English words and sentence boundaries. Knows nothing of essays or passages: text in, spans and tokens out.

Korean goes through Kiwi (kiwipiepy). Kiwi does not split English prose, so Latin-script text is split by rule and stemmed by Snowball.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Sentence
    from snowballstemmer.english_stemmer import EnglishStemmer

Span = tuple[int, int]

VERSION = "1"  # goes into the index's fingerprint: raise it when spans or tokens change

_HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
# A new block: an empty line, a new line behind the end of a sentence, or a line that a Markdown mark begins.
_BLOCK = re.compile(r"\n[ \t]*\n\s*|(?<=[.!?…。”\"’')\]])[ \t]*\n\s*|\n\s*(?=(?:#{1,6}|[-*+>]|\d{1,3}[.)])\s)|(?<=\n)(?=\Z)")
_MARK = re.compile(r"(?:(?:#{1,6}|[-*+>]|\d{1,3}[.)])[ \t]+)+")
_HEADING = re.compile(r"#{1,6}[ \t][^\n]*\n?")
_LATIN_END = re.compile(r"(?<=[A-Za-z0-9%)\]”’\"'])[.!?…]+[\"”’')\]]*\s+(?=[\"“‘'(\[]*[A-Z0-9\u3131-\u318e\uac00-\ud7a3])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|cf|ca|c|e\.g|i\.e|etc|al|No|Nos|vol|pp|p|ed|eds|Fig|figs|approx|Inc|Ltd|Co|Corp)"
    r"|\b[A-Z](?:\.[A-Z])*)\.$"
)
_OPEN, _CLOSE = "“‘「『(（[", "”’」』)）]"
_LONGEST_QUOTE = 300  # characters; a mark that closes later than this was never opened

# Kiwi's tags of words that carry meaning: nouns, numerals, verbs, adjectives, adverbs, roots, Latin, Hanja, digits.
_CONTENT = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "SL", "SH", "SN", "XPN", "W_SERIAL"})
# A piece that begins with one of these goes on with the sentence before it ("…지었을까?" 에 대한 답은).
_GOES_ON = ("J", "E", "VCP", "XS")


def sentences(text: str) -> list[Span]:
    """The spans of the sentences of `text`, in order, without the white space and the Markdown marks between them."""
    return [span for start, end in _blocks(text) for span in _split_block(text, start, end)]


def headings(text: str) -> list[Span]:
    """The spans of the Markdown headings of `text`: words about the text, never to be quoted as its sentences."""
    return [match.span() for match in re.finditer(_HEADING.pattern, text, re.MULTILINE) if _at_line_start(text, match.start())]


def morphemes(text: str) -> list[str]:
    """The words of `text` that carry meaning, in order: Kiwi's morphemes for Korean, Snowball stems for English, digits as they are."""
    return _korean_morphemes(text) if _HANGUL.search(text) else [token for word in _WORD.findall(text) if (token := _stem(word))]


def bigrams(text: str) -> list[str]:
    """The pairs of neighbouring characters inside each word of `text`, in order; a word of one character stands for itself."""
    words = (word.lower() for word in _WORD.findall(text))
    return [pair for word in words for pair in ([word] if len(word) == 1 else map("".join, pairwise(word)))]


def _korean_morphemes(text: str) -> list[str]:
    found: list[str] = []
    for token in _kiwi().tokenize(text):
        tag = token.tag.split("-")[0]  # VV-R, VA-I: regular and irregular verbs
        if tag in _CONTENT:
            form = _stem(token.form) if tag in {"SL", "SN", "W_SERIAL"} else token.form
            found += [form] if form else []
    return found


@cache
def _kiwi() -> "Kiwi":
    """Kiwi takes seconds to load and is thread-safe: one for the process, made when the first Korean text comes."""
    from kiwipiepy import Kiwi

    return Kiwi(num_workers=1)


@cache
def _stemmer() -> "EnglishStemmer":
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()


# Words of English grammar. The Korean side needs no such list: Kiwi's tags say what is grammar.
_STOP = frozenset(
    "a about an and any are as at be been being but by can could did do does for from had has have he her his how i if in into is it "
    "its may me more most my no not of on or our she should so some than that the their them then there these they this those "
    "to us was we were what when where which who whom whose why will with would you your s t".split()
)


@cache
def _stem(word: str) -> str:
    word = word.lower().replace(",", "")
    if word in _STOP:
        return ""
    return str(_stemmer().stemWord(word)) if word.isascii() and word.isalpha() else word


def _blocks(text: str) -> Iterator[Span]:
    """Stretches of text that no sentence crosses, their outer white space and Markdown marks left off."""
    start = 0
    cuts = [match.span() for match in _BLOCK.finditer(text)]
    for cut, after in [*cuts, (len(text), len(text))]:
        piece = text[start:cut]
        left = len(piece) - len(piece.lstrip())
        mark = _MARK.match(piece, left)
        left = mark.end() if mark else left
        right = len(piece.rstrip())
        if left < right:
            yield start + left, start + right
        start = after


def _split_block(text: str, start: int, end: int) -> list[Span]:
    block = text[start:end]
    pieces = _kiwi_split(block) if _HANGUL.search(block) else [(0, len(block))]
    spans = [(first + a, first + b) for first, last in pieces for a, b in _latin_split(block[first:last])]
    return [(start + a, start + b) for a, b in _rejoin_quotes(block, spans)]


def _kiwi_split(block: str) -> list[Span]:
    spans: list[Span] = []
    found: list[Sentence] = _kiwi().split_into_sents(block, return_tokens=True)
    for sentence in found:
        goes_on = bool(sentence.tokens) and sentence.tokens[0].tag.startswith(_GOES_ON)
        if spans and goes_on:
            spans[-1] = (spans[-1][0], sentence.end)
        else:
            spans.append((sentence.start, sentence.end))
    return spans


def _latin_split(piece: str) -> Iterator[Span]:
    start = 0
    for match in _LATIN_END.finditer(piece):
        end = match.start() + len(match.group().rstrip())
        if not _ABBREVIATION.search(piece[start:end]):
            yield start, end
            start = match.end()
    if piece[start:].strip():
        yield start, len(piece)


def _rejoin_quotes(block: str, spans: list[Span]) -> list[Span]:
    """Join what a boundary inside a quotation or parentheses had parted, and a source behind a dash with what it is the source of."""
    joined: list[Span] = []
    for start, end in spans:
        open_one = bool(joined) and _is_open(block[joined[-1][0] : joined[-1][1]]) and end - joined[-1][0] <= _LONGEST_QUOTE
        closes = open_one and any(mark in block[start:end] for mark in _CLOSE + '"')
        if joined and (closes or block[start:end].startswith(("—", "–"))):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_open(piece: str) -> bool:
    pairs = zip(_OPEN, _CLOSE, strict=True)
    curly = any(piece.count(left) > piece.count(right) for left, right in pairs if left != "‘")
    return curly or piece.count('"') % 2 == 1


def _at_line_start(text: str, offset: int) -> bool:
    return offset == 0 or text[offset - 1] == "\n"
