"""Parses Korean and English sentences into clauses, with the words that each affirms and denies, and finds the preposition of a name."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.text.tokenize import CONTENT_TAGS, MISREAD, STOP_VERBS, STOP_WORDS, VERBS, WORD, needs_kiwi, stem, tokenize

if TYPE_CHECKING:
    from bot.text.tokenize import Token


_VERB = re.compile(rf"\b(?:{VERBS})", re.IGNORECASE)
_PREPOSITION_AT_END = re.compile(
    r"\b(of|in|at|on|from|to|with|for|near|into|under|over|against|between|among|through)(?: the| an?)?(?: [A-Z][\w’'-]*)* $"
)
# English negations: particles, determiners, adverbs, and verbs that deny by themselves. "Few" denies, "a few" does not.
_NEGATION = re.compile(
    r"(?<!\balmost )(?<!\bnext to )\b(?:not(?! only\b)|never|no(?! less\b)|none|nobody|nothing(?! but\b)|neither|nor|without|cannot"
    r"|hardly|scarcely|barely|rarely|seldom|(?<!\ba )few(?! than)|little|declin(?:e|es|ed|ing)|refus(?:e|es|ed|ing)|fail(?:s|ed|ing)?"
    r"|den(?:y|ies|ied|ying)|lack(?:s|ed|ing)?|unable|impossible)\b|n[’']t\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|be|been|am|has|have|had|do|does|did|can|could|will|would|may|might|must|shall|should)\b", re.IGNORECASE
)
_PARTICLE = re.compile(r"(?:\s?[(（][^)）]*[)）])?(은|는|이|가|께서|을|를|의|에게|에서|에|으로|로|와|과|도)")
_ROLES = {**dict.fromkeys("은 는 이 가 께서".split(), "subject"), **dict.fromkeys("을 를".split(), "object"), "의": "genitive"}
_CLAUSE_BOUNDARY = re.compile(
    r"\s*(?:[,;:—–()]|\.(?=\s|$))\s*(?:(?:and|but|or|so|yet|while|whereas|though|although|because|which|who)\b)?"
    r"|\b(?:and|but|while|whereas|although|though|because)\b",
    re.IGNORECASE,
)
_CONNECTIVE_ENDINGS = frozenset(
    "고 지만 는데 은데 ᆫ데 으며 며 으나 나 면서 으면서 어서 아서 므로 으므로 니 으니 자 어도 아도 더니 는데도".split()
)
_NEGATIVE_VERBS = {"모르다", "없다"}
_AFFIRMATIVE_STEMS = {"모르": "알", "없": "있"}
_REFUSAL_NOUNS = frozenset("거부 거절 실패 부인 포기 금지".split())


@dataclass(frozen=True, slots=True)
class Clause:
    """The span of a clause, and its content words in the form of `morphemes`.

    `denied` are the words in the scope of a negation, `affirmed` all others. `heads` are the words that a negation of the clause would
    apply to: Korean predicates, and the English words after an auxiliary or a negation.
    """

    start: int
    end: int
    affirmed: frozenset[str]
    denied: frozenset[str]
    heads: frozenset[str]


def is_common_verb(word: str) -> bool:
    """Whether a word of a clause is a Korean verb of little content, such as 되다."""
    return word.removesuffix("-") in STOP_VERBS


def preposition_before(name: str, text: str) -> str:
    """The preposition that governs the English `name` in `text`: "of" for a genitive, empty for a subject or an agent."""
    start = text.find(name)
    end = start + len(name)
    if text[end : end + 2] in {"’s", "'s"}:
        return "of"
    preposition = _PREPOSITION_AT_END.search(text[:start]) if start > 0 else None
    return preposition.group(1) if preposition else ""


def role_of(name: str, text: str) -> str:
    """The role that the particle after a Korean name gives it: subject, object, genitive or other; empty without a particle."""
    particle = _PARTICLE.match(text, text.find(name) + len(name)) if name in text else None
    return _ROLES.get(particle[1], "other") if particle else ""


def clauses(text: str) -> list[Clause]:
    """The clauses of `text` in order, without those that have no content word.

    Korean is split at connective endings; English at conjunctions and punctuation where both sides have a verb.
    """
    parsed = _korean_clauses(text) if needs_kiwi(text) else _english_clauses(text)
    return [clause for clause in parsed if clause.affirmed or clause.denied]


def _english_clauses(text: str) -> Iterator[Clause]:
    start = 0
    boundaries = [*(match.span() for match in _CLAUSE_BOUNDARY.finditer(text)), (len(text), len(text))]
    for index, (end, next_start) in enumerate(boundaries):
        following = text[next_start : boundaries[index + 1][0]] if next_start < len(text) else ""
        if not following or _VERB.search(text, start, end) and _VERB.search(following):
            yield _english_clause(text, start, end)
            start = next_start


def _english_clause(text: str, start: int, end: int) -> Clause:
    negations = [match.end() for match in _NEGATION.finditer(text, start, end)]
    auxiliaries = [match.end() for match in _AUXILIARY.finditer(text, start, end)]
    words = [(match.start(), word) for match in WORD.finditer(text, start, end) if (word := stem(match.group()))]
    denied = {word for offset, word in words if sum(negation <= offset for negation in negations) % 2}
    heads = [next((word for offset, word in words if offset >= end_of_marker), "") for end_of_marker in negations + auxiliaries]
    return Clause(start, end, frozenset(word for _, word in words) - denied, frozenset(denied), frozenset(heads) - {""})


def _korean_clauses(text: str) -> Iterator[Clause]:
    tokens = tokenize(text)
    first, start = 0, 0
    for index, token in enumerate(tokens):
        next_tag = tokens[index + 1].tag if index + 1 < len(tokens) else ""
        follows_auxiliary = index and tokens[index - 1].tag == "VX"  # 남지 않아, but not 들어 올리다
        is_connective = token.form in _CONNECTIVE_ENDINGS or token.form in {"어", "아"} and follows_auxiliary
        ends_clause = token.tag == "EC" and next_tag != "VX" and is_connective
        if ends_clause or token.tag in {"EF", "SF"} or index + 1 == len(tokens):
            yield _korean_clause(tokens[first : index + 1], start, token.end)
            first, start = index + 1, token.end


def _korean_clause(tokens: "list[Token]", start: int, end: int) -> Clause:
    words = {
        index: word
        for index in range(len(tokens))
        if (word := _deniable_word(tokens, index)) and not _expresses_possibility(tokens, index)
    }
    heads = {index for index in words if words[index].endswith("-") or _tag(tokens, index + 1) in {"XSV", "XSA", "VCP", "VCN"}}
    is_denied = {index: tokens[index].lemma in _NEGATIVE_VERBS for index in range(len(tokens))}
    targets = set()
    for index in range(len(tokens)):
        if (target := _denied_word(tokens, index, words, heads)) is not None:
            for denied_too in (target, *_leading_verbs(tokens, target, heads)):
                is_denied[denied_too] = not is_denied[denied_too]
                targets.add(denied_too)
    denied = {word for index, word in words.items() if is_denied[index]}
    affirmed = frozenset(words.values()) - denied
    return Clause(start, end, affirmed, frozenset(denied), frozenset(words[index] for index in heads | targets))


def _leading_verbs(tokens: "list[Token]", index: int, heads: set[int]) -> list[int]:
    """The verb that the one at `index` continues: 채우- of 채워 넣지 않-, which denies both."""
    is_joined = (
        _tag(tokens, index) == "VV" and index > 1 and tokens[index - 1].form in {"어", "아"} and tokens[index - 1].tag == "EC"
    )
    return [index - 2] if is_joined and index - 2 in heads else []


def _deniable_word(tokens: "list[Token]", index: int) -> str:
    """The token in the form of `morphemes` if it may be denied, else empty. The negative verbs 없다 and 모르다 become 있- and 알-."""
    token, tag = tokens[index], _tag(tokens, index)
    is_verb = tag in {"VV", "VA"}
    form = MISREAD.get(token.lemma, token.lemma).removesuffix("다") if is_verb else token.form
    is_stop_word = not is_verb and form in {"없이", *STOP_WORDS}
    if tag not in CONTENT_TAGS or tag == "NNB" or is_stop_word or token.lemma in {"못하다", "말다"}:
        return ""
    if form == "하" and index and tokens[index - 1].form == "못":  # 찾지 못 하-
        return ""
    form = _AFFIRMATIVE_STEMS.get(form, form) if is_verb else stem(form) if tag in {"SL", "SN", "W_SERIAL"} else form
    return f"{form}-" if is_verb else form


def _expresses_possibility(tokens: "list[Token]", index: int) -> bool:
    """Whether 있다 or 없다 says only that something may happen or has happened: 볼 수 있-, 한 적이 없-."""
    return tokens[index].lemma in {"있다", "없다"} and _follows_bound_noun(tokens, index)


def _follows_bound_noun(tokens: "list[Token]", index: int) -> bool:
    return any(
        _tag(tokens, before) == "NNB" or tokens[before].form == "일" and _tag(tokens, before - 1) == "ETM"  # 모실 일이 아니-
        for before in range(max(0, index - 2), index)
    )


def _tag(tokens: "list[Token]", index: int) -> str:
    """Kiwi's tag without its suffix for (ir)regular verbs; empty behind the last token."""
    return tokens[index].tag.split("-")[0] if index < len(tokens) else ""


def _denied_word(tokens: "list[Token]", index: int, words: dict[int, str], heads: set[int]) -> int | None:
    """The index of the word that the token at `index` denies: 남지 않-, 볼 수 없-, 벽이 아니-, 안 남-, 공개를 거부. None if it denies none."""
    token, tag = tokens[index], _tag(tokens, index)
    words_before = [before for before in words if before < index]
    verbs_before = [before for before in words_before if before in heads]
    if tag in {"VX", "VV"} and token.lemma in {"않다", "못하다", "말다"}:
        return verbs_before[-1] if verbs_before else None
    if tag == "MAG" and token.form in {"안", "못"}:
        if _follows_ji(tokens, index):
            return verbs_before[-1] if verbs_before else None
        return next((head for head in sorted(heads) if head > index), None)
    is_negative = token.lemma in {"없다", "아니다"} or token.form in _REFUSAL_NOUNS
    if is_negative and verbs_before and _follows_bound_noun(tokens, index):  # 볼 수 없-, 한 적이 없-, 본 것은 아니-
        return verbs_before[-1]
    return words_before[-1] if words_before and (tag == "VCN" or token.form in _REFUSAL_NOUNS) else None


def _follows_ji(tokens: "list[Token]", index: int) -> bool:
    """Whether the ending 지 stands one or two tokens before: 남기지는 못 하다."""
    return any(tokens[before].form == "지" and tokens[before].tag == "EC" for before in range(max(0, index - 2), index))
