"""Clauses of a Korean or English sentence, what each affirms and denies, and the role that a name has. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.text.tokenize import CONTENT_TAGS, HANGUL, MISREAD, STOP_VERBS, STOP_WORDS, VERBS, WORD, stem, tokenize

if TYPE_CHECKING:
    from bot.text.tokenize import Token


_VERB = re.compile(rf"\b(?:{VERBS})", re.IGNORECASE)
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


def is_common_verb(word: str) -> bool:
    """Whether a Korean verb of a clause is so common that it tells nothing by itself."""
    return word.removesuffix("-") in STOP_VERBS


def preposition_before(name: str, text: str) -> str:
    """The preposition that an English name of `text` stands behind ("of" for a genitive); empty for a subject or an agent."""
    at = text.find(name)
    if text[at + len(name) : at + len(name) + 2] in {"’s", "'s"}:
        return "of"
    before = _ROLE.search(text[:at]) if at > 0 else None
    return before.group(1) if before else ""


def clauses(text: str) -> list[Clause]:
    """The clauses of `text` in order, without those that hold no word: cut at Korean connective endings, English conjunctions, commas."""
    read = _korean_clauses(text) if HANGUL.search(text) else _english_clauses(text)
    return [clause for clause in read if clause.affirmed or clause.denied]


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
    found = [(match.start(), token) for match in WORD.finditer(text, start, end) if (token := stem(match.group()))]
    denied = {token for at, token in found if sum(denial <= at for denial in denials) % 2}
    behind = [next((token for at, token in found if at >= mark), "") for mark in denials + auxiliaries]
    return Clause(start, end, frozenset(token for _, token in found) - denied, frozenset(denied), frozenset(behind) - {""})


def _korean_clauses(text: str) -> Iterator[Clause]:
    tokens = tokenize(text)
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
    form = MISREAD.get(token.lemma, token.lemma).removesuffix("다") if verb else token.form
    if tag not in CONTENT_TAGS or tag == "NNB" or not verb and form in {"없이", *STOP_WORDS} or token.lemma in {"못하다", "말다"}:
        return ""
    if form == "하" and at and tokens[at - 1].form == "못":  # 찾지 못 하-
        return ""
    form = _DENIED.get(form, form) if verb else stem(form) if tag in {"SL", "SN", "W_SERIAL"} else form
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
