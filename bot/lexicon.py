"""Korean and English words and sentence boundaries. Knows nothing of essays or passages: text in, spans and tokens out.

Korean goes through Kiwi (kiwipiepy). Kiwi does not split English prose, so Latin-script text is split by rule and stemmed by Snowball.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Sentence, Token
    from snowballstemmer.english_stemmer import EnglishStemmer

Span = tuple[int, int]

VERSION = "3"  # goes into the index's fingerprint: raise it when spans or tokens change

_HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
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

_CAPITAL = re.compile(r"(?<=[\w,;:—–)(“\"‘'] )[A-Z][\w’'-]*[\w]|\b[A-Z]\w*[A-Z]\w*\b")
# Verbs that can be told from nouns: auxiliaries, past tenses.
_VERBS = (
    r"(?:\w+ed|is|are|was|were|has|have|had|do|does|did|will|would|can|could|may|might|must|made|began|took|gave|built|wrote|said|says|came"
    r"|went|became|held|paid|sold|bought|won|lost|led|left|found|thought|got|kept|saw|brought|put|set|ran|read|sent|rose|fell|grew|stood"
    r"|knew|drew|met|told|felt|wore|broke|spoke|chose|struck|lay|cut|cost|let)\b"
)
# A word that opens a sentence is a name where another one follows, or a verb (bare nouns in the singular do not open sentences).
_OPENER = re.compile(rf"(?:^|(?<=[.!?] ))([A-Z][\w-]*\w)(?=,? (?:[A-Z]|{_VERBS})|[’']s )")
_VERB = re.compile(rf"\b(?:{_VERBS})", re.IGNORECASE)

_CAPITALS = re.compile(r"\b(?=([A-Z][\w’'-]* [A-Z][\w’'-]*))")
_ROLE = re.compile(
    r"\b(of|in|at|on|from|to|with|for|near|into|under|over|against|between|among|through)(?: the| an?)?(?: [A-Z][\w’'-]*)* $"
)
# What denies in English, the verbs and adverbs that do so by themselves among them; "a few" and "few" differ.
_DENIAL = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|hardly|scarcely|barely|rarely|seldom|(?<!\ba )few(?! than)|little"
    r"|declin(?:e|es|ed|ing)|refus(?:e|es|ed|ing)|fail(?:s|ed|ing)?|den(?:y|ies|ied|ying)|lack(?:s|ed|ing)?|unable|impossible|instead of"
    r"|rather than)\b|n[’']t\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|be|been|am|has|have|had|do|does|did|can|could|will|would|may|might|must|shall|should)\b", re.IGNORECASE
)
_CONJUNCTION = re.compile(
    r"\s*(?:[,;:—–()]|\.(?=\s|$))\s*(?:(?:and|but|or|so|yet|while|whereas|though|although|because|which|who)\b)?"
    r"|\b(?:and|but|while|whereas|although|though|because)\b",
    re.IGNORECASE,
)
_CONNECTIVES = frozenset(
    "고 지만 는데 은데 ᆫ데 으며 며 으나 나 면서 으면서 어서 아서 므로 으므로 니 으니 자 어도 아도 더니 는데도".split()
)
_DENIED = {"모르": "알", "없": "있"}
_REFUSALS = frozenset("거부 거절 실패 부인 포기 금지".split())
# Kiwi's tags of words that carry meaning: nouns, numerals, verbs, adjectives, adverbs, roots, Latin, Hanja, digits.
_CONTENT = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "SL", "SH", "SN", "XPN", "W_SERIAL"})
# A piece that begins with one of these goes on with the sentence before it ("…지었을까?" 에 대한 답은).
_GOES_ON = ("J", "E", "VCP", "XS")


@dataclass(frozen=True, slots=True)
class Clause:
    """The words of a clause that carry meaning, as `morphemes` writes them, and its span.

    `denied` are those that a negation falls on, `heads` those that it would fall on: Korean predicates, English words behind a verb's
    auxiliary or a negation.
    """

    start: int
    end: int
    affirmed: frozenset[str]
    denied: frozenset[str]
    heads: frozenset[str]


def sentences(text: str) -> list[Span]:
    """The spans of the sentences of `text`, in order, without the white space and the Markdown marks between them."""
    return [span for start, end in _blocks(text) for span in _split_block(text, start, end)]


def headings(text: str) -> list[Span]:
    """The spans of the Markdown headings of `text`: words about the text, never to be quoted as its sentences."""
    return [match.span() for match in _HEADING.finditer(text)]


def morphemes(text: str) -> list[str]:
    """The words of `text` that carry meaning, in order: Kiwi's morphemes for Korean, Snowball stems for English, digits as they are.

    Korean verbs and adjectives are written as their stems with a hyphen, as dictionaries do: `짓-`.
    """
    return _korean_morphemes(text) if _HANGUL.search(text) else [token for word in _WORD.findall(text) if (token := _stem(word))]


def is_verb(word: str) -> bool:
    """Whether a morpheme is a Korean verb or adjective; English words are not told apart."""
    return word.endswith("-")


def is_common(word: str) -> bool:
    """Whether a Korean verb of a clause is so common that it tells nothing by itself."""
    return word.removesuffix("-") in _STOP_VERBS


def names(text: str, *, openers: bool = False) -> list[str]:
    """The proper names of `text`, a word each: Kiwi's for Korean, and Latin words with a capital that does not open a sentence.

    With `openers` also a Latin word that does, where another name or a verb stands right behind it: Kublai began.
    """
    if not _HANGUL.search(text):
        opening = [match.group(1) for match in _OPENER.finditer(text) if _stem(match.group(1))] if openers else []
        return opening + [match.group() for match in _CAPITAL.finditer(text)]
    return [
        token.form for token in _tokens(text) if token.tag in {"NNP", "SL"} and len(token.form) > 1 and not token.form.islower()
    ]


def role(name: str, text: str) -> str:
    """The preposition that an English name of `text` stands behind ("of" for a genitive); empty for a subject or an agent."""
    at = text.find(name)
    if text[at + len(name) : at + len(name) + 2] in {"’s", "'s"}:
        return "of"
    before = _ROLE.search(text[:at]) if at > 0 else None
    return before.group(1) if before else ""


def nouns(text: str) -> list[str]:
    """Every noun of a Korean text, proper or not, and every Latin word with a capital: what a name may be found among."""
    if not _HANGUL.search(text):
        runs = _CAPITALS.findall(text)  # Guo Shoujing is one word in Korean
        return [word for word in _WORD.findall(text) if word[:1].isupper()] + runs
    cut = [token.form for token in _tokens(text) if token.tag in {"NNP", "NNG", "SL", "XR"}]
    return cut + [
        word[:length] for word in _WORD.findall(text) for length in range(2, len(word) + 1)
    ]  # Kiwi may cut an unknown name


def clauses(text: str) -> list[Clause]:
    """The clauses of `text` in order, without those that hold no word: cut at Korean connective endings, English conjunctions, commas."""
    read = _korean_clauses(text) if _HANGUL.search(text) else _english_clauses(text)
    return [clause for clause in read if clause.affirmed or clause.denied]


def bigrams(text: str) -> list[str]:
    """The pairs of neighbouring characters inside each word of `text`, in order; a word of one character stands for itself."""
    words = (word.lower() for word in _WORD.findall(text))
    return [pair for word in words for pair in ([word] if len(word) == 1 else map("".join, pairwise(word)))]


def weigh(text: str) -> int:
    """The length of `text` in Latin characters: every character beyond ASCII counts twice, as it carries about twice as much."""
    return sum(1 if character < "\x80" else 2 for character in text)


def _korean_morphemes(text: str) -> list[str]:
    found: list[str] = []
    for token in _kiwi().tokenize(text):
        tag = token.tag.split("-")[0]  # VV-R, VA-I: regular and irregular verbs
        # The lemma, because an irregular verb's stem changes: 지었다 and 짓는다 are one word.
        verb = tag in {"VV", "VA"}
        form = _MISREAD.get(token.lemma, token.lemma).removesuffix("다") if verb else token.form
        if tag in _CONTENT and form not in (_STOP_VERBS if verb else _STOP_WORDS):
            form = _stem(form) if tag in {"SL", "SN", "W_SERIAL"} else form
            found += [f"{form}-" if verb else form] if form else []
    return found


@lru_cache(1024)
def _tokens(text: str) -> "list[Token]":
    """Kiwi's tokens; a sentence is asked for its names, its nouns and its clauses in turn."""
    tokens: list[Token] = _kiwi().tokenize(text)
    return tokens


@cache
def _kiwi() -> "Kiwi":
    """Kiwi takes seconds to load and is thread-safe: one for the process, made when the first Korean text comes."""
    from kiwipiepy import Kiwi

    # Its dictionary of names of several words costs 190 MB and a second; a name's words are searched for one by one anyhow.
    kiwi = Kiwi(num_workers=1, load_multi_dict=False)
    kiwi.add_user_word("매개변수", "NNG")  # it takes the word for somebody's name
    return kiwi


@cache
def _stemmer() -> "EnglishStemmer":
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()


# What a question is asked with, and words so common that they tell nothing. Kiwi's tags have sorted out the rest of the grammar.
_STOP_WORDS = frozenset(
    "거 것 그 그거 그것 그런 글 나 내 누구 누가 대하 더 등 때 때문 또 뭐 뭣 무슨 무엇 말 몇 만 수 어느 어디 어떤 어떻게 언제 "
    "얼마 얼마나 왜 우리 이 이거 이것 이런 저 저것 점 좀 줄 중 지 한 데 게 걸 건 번 다 다시 안 못 누 쪽".split()
)
_STOP_VERBS = frozenset("하 되 있 없 보 주 말하 알리 대하 위하 싶 그렇 이렇 저렇 어떻 어떠하 그러 이러 어쩌".split())
# Kiwi reads the end of 고인돌은 왜 지었나요 as 지다; in essays building is meant far more often than losing.
_MISREAD = {"지다": "짓다"}
_STOP = frozenset(
    "a about an and any are as at be been being but by can could did do does for from had has have he her his how i if in into is it "
    "its many may me more most much my no not of on or our she should so some than that the their them then there these they this those "
    "tell happen happens happened to us was we were what when where which who whom whose why will with would you your s t".split()
)


@cache
def _stem(word: str) -> str:
    word = word.lower().replace(",", "")
    if word in _STOP:
        return ""
    return str(_stemmer().stemWord(word)) if word.isascii() and word.isalpha() else word


def _english_clauses(text: str) -> Iterator[Clause]:
    start = 0
    cuts = [*((cut.start(), cut.end()) for cut in _CONJUNCTION.finditer(text)), (len(text), len(text))]
    for at, (end, after) in enumerate(cuts):
        following = text[after : cuts[at + 1][0]] if after < len(text) else ""
        if not following or _VERB.search(text, start, end) and _VERB.search(following):
            yield _english_clause(text, start, end)
            start = after


def _english_clause(text: str, start: int, end: int) -> Clause:
    denials = [match.end() for match in _DENIAL.finditer(text, start, end)]
    auxiliaries = [match.end() for match in _AUXILIARY.finditer(text, start, end)]
    found = [(match.start(), token) for match in _WORD.finditer(text, start, end) if (token := _stem(match.group()))]
    denied = {token for at, token in found if sum(denial <= at for denial in denials) % 2}
    behind = [next((token for at, token in found if at >= mark), "") for mark in denials + auxiliaries]
    return Clause(start, end, frozenset(token for _, token in found) - denied, frozenset(denied), frozenset(behind) - {""})


def _korean_clauses(text: str) -> Iterator[Clause]:
    tokens = _tokens(text)
    first, start = 0, 0
    for at, token in enumerate(tokens):
        after = tokens[at + 1].tag if at + 1 < len(tokens) else ""
        bound = at and tokens[at - 1].tag == "VX"  # 남지 않아, but not 들어 올리다
        connects = token.tag == "EC" and after != "VX" and (token.form in _CONNECTIVES or token.form in {"어", "아"} and bound)
        if connects or token.tag in {"EF", "SF"} or at + 1 == len(tokens):
            yield _korean_clause(tokens[first : at + 1], start, token.end)
            first, start = at + 1, token.end


def _korean_clause(tokens: "list[Token]", start: int, end: int) -> Clause:
    words = {at: word for at in range(len(tokens)) if (word := _word(tokens, at)) and not _bound(tokens, at)}
    heads = {at for at in words if words[at].endswith("-") or _tag(tokens, at + 1) in {"XSV", "XSA", "VCP", "VCN"}}
    turned: dict[int, bool] = {}
    for at in range(len(tokens)):
        if (target := _denies(tokens, at, words, heads)) is not None:
            turned[target] = not turned.get(target, tokens[target].lemma in {"모르다", "없다"})
    denied = {word for at, word in words.items() if turned.get(at, tokens[at].lemma in {"모르다", "없다"})}
    affirmed = frozenset(words.values()) - denied
    return Clause(start, end, affirmed, frozenset(denied), frozenset(words[at] for at in heads | set(turned)))


def _word(tokens: "list[Token]", at: int) -> str:
    """The token as `morphemes` writes it, if it may be denied; what is not known is denied to be known."""
    token, tag = tokens[at], _tag(tokens, at)
    verb = tag in {"VV", "VA"}
    form = _MISREAD.get(token.lemma, token.lemma).removesuffix("다") if verb else token.form
    if tag not in _CONTENT or tag == "NNB" or not verb and form in {"없이", *_STOP_WORDS} or token.lemma in {"못하다", "말다"}:
        return ""
    if form == "하" and at and tokens[at - 1].form == "못":  # 찾지 못 하-
        return ""
    form = _DENIED.get(form, form) if verb else _stem(form) if tag in {"SL", "SN", "W_SERIAL"} else form
    return f"{form}-" if verb else form


def _bound(tokens: "list[Token]", at: int) -> bool:
    """Whether 있다 or 없다 only says that something may or did happen: 볼 수 있-, 한 적이 없-."""
    return tokens[at].lemma in {"있다", "없다"} and any(_tag(tokens, place) == "NNB" for place in range(max(0, at - 2), at))


def _tag(tokens: "list[Token]", at: int) -> str:
    return tokens[at].tag.split("-")[0] if at < len(tokens) else ""


def _denies(tokens: "list[Token]", at: int, words: dict[int, str], heads: set[int]) -> int | None:
    """The word that the token at this place denies, or None: 남지 않-, 볼 수 없-, 벽이 없-, 벽이 아니-, 안 남-, 공개를 거부."""
    token, tag = tokens[at], _tag(tokens, at)
    earlier = [place for place in words if place < at]
    verbs = [place for place in earlier if place in heads]
    if tag in {"VX", "VV"} and token.lemma in {"않다", "못하다", "말다"}:
        return verbs[-1] if verbs else None
    if tag == "MAG" and token.form in {"안", "못"}:
        if any(
            tokens[place].form == "지" and tokens[place].tag == "EC" for place in range(max(0, at - 2), at)
        ):  # 남기지는 못 하다
            return verbs[-1] if verbs else None
        return next((place for place in sorted(heads) if place > at), None)
    bound = any(_tag(tokens, place) == "NNB" for place in range(max(0, at - 2), at))  # 볼 수 없-, 한 적이 없-, 본 것은 아니-
    if bound and verbs and (token.lemma in {"없다", "아니다"} or token.form in _REFUSALS):
        return verbs[-1]
    return earlier[-1] if earlier and (tag == "VCN" or token.form in _REFUSALS) else None


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
    pieces = _kiwi_split(block) if _HANGUL.search(block) else [(0, len(block))]
    spans = [(first + a, first + b) for first, last in pieces for a, b in _latin_split(block[first:last])]
    return [(start + a, start + b) for a, b in _rejoin(block, spans)]


def _kiwi_split(block: str) -> list[Span]:
    spans: list[Span] = []
    for start, end in _calls(block):
        found: list[Sentence] = _kiwi().split_into_sents(block[start:end], return_tokens=True)
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
