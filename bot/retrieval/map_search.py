"""Finds the analogies of the map that a question is about."""

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.indexing.analogies import Analogy, DomainWords
from bot.text.tokenize import morphemes

# Words that ask about an analogy as such. A question that names both domains of an analogy needs none of them.
_ASKS_FOR_ANALOGY = re.compile(
    r"비유|유추|빗대|빗댄|견주|견준|닮았|닮은\s?[점데꼴]|비슷하다|비슷한\s?[점데]|공통점|비교(?!하면|하여|할 때|했을)"
    r"|어디\S*\s(?:\S+\s)?(?:깨|어긋|안 맞|맞지 않)|\bwhere\b.*\bbreaks?\b"
    r"|\b(?:analog\w+|metaphor\w*|liken\w*|comparisons?|parallels?|resembl\w+)\b|\bcompare[sd]?\b(?! with| to)",
    re.IGNORECASE,
)
# A question for all analogies has a stem of the first set, in English in the plural, and otherwise only stems of `_NEUTRAL_STEMS`.
_ANALOGY_STEMS = frozenset({"비유", "유추", "빗대", "견주", "비교", "analog", "metaphor", "comparison"})
_HANGUL_OR_PLURAL = re.compile(r"[가-힣]|\b(?:analogies|metaphors|comparisons)\b", re.IGNORECASE)
_NEUTRAL_STEMS = frozenset(
    (
        "어떤 무슨 무엇 뭐 모든 모두 다 전부 전체 목록 몇 나오 있 정리 나열 것 개 가지 이 글 블로그 글쓴이 쓰 하 말 에세이 서가 "
        "보이 알리 주 좀 서로 여기 소개 list all everi mani overview show tell give name find use draw make contain appear blog "
        "blogger post essay text writer author shelf map here pleas differ kind exist"
    ).split()
)


def analogies_about(question: str, analogies: tuple[Analogy, ...]) -> tuple[Analogy, ...]:
    """The analogies that a question is about, best first.

    Those with both domains named in the question; where there are none and the question asks about an analogy as such, those with
    one domain named. An analogy that the question quotes goes first, then those with more of their words named.
    """
    counts = [(_count_named(a.words.source, question), _count_named(a.words.target, question), a) for a in analogies]
    both_named = [item for item in counts if item[0] and item[1]]
    one_named = [item for item in counts if item[0] or item[1]] if _ASKS_FOR_ANALOGY.search(question) else []
    ranked = sorted(both_named or one_named, key=lambda item: (not _is_quoted(item[2], question), -(item[0] + item[1])))
    return tuple(analogy for _, _, analogy in ranked)


def analogies_between(sides: Sequence[str], analogies: tuple[Analogy, ...]) -> tuple[Analogy, ...]:
    """The analogies whose two domains are named by two different ones of the sides, in the order of the map."""
    return tuple(
        analogy
        for analogy in analogies
        if any(
            _count_named(analogy.words.source, first) and _count_named(analogy.words.target, second)
            for first in sides
            for second in sides
            if first != second
        )
    )


def analogies_mentioning(question: str, analogies: tuple[Analogy, ...]) -> tuple[Analogy, ...]:
    """The analogies with at least one domain named in a question, in the order of the map."""
    return tuple(a for a in analogies if _count_named(a.words.source, question) or _count_named(a.words.target, question))


def asks_for_all_analogies(question: str) -> bool:
    """Whether a question asks for all analogies and for nothing else; with any other content word it is about some of them."""
    stems = _stems(question)
    return bool(stems & _ANALOGY_STEMS and _HANGUL_OR_PLURAL.search(question)) and stems <= _ANALOGY_STEMS | _NEUTRAL_STEMS


def _is_quoted(analogy: Analogy, question: str) -> bool:
    """Whether the question contains a pair or a break of the map word for word, as the questions suggested from the map do."""
    has_pair = any(
        pair.source.ko in question and pair.target.ko in question or pair.source.en in question and pair.target.en in question
        for pair in analogy.pairs
    )
    return has_pair or any(item.text.ko in question or item.text.en in question for item in analogy.breaks)


def _count_named(words: DomainWords, question: str) -> int:
    """How many of a domain's words are in the question, by stems.

    Kiwi may split a word on its own otherwise than in a sentence, so a Korean word that is in the question literally counts as well.
    """
    stems = _stems(question)
    literal = {word for word in words.ko if len(word) > 1 and word in question}
    return len({_stems(word) for word in (*words.ko, *words.en) if word in literal or _stems(word) <= stems})


@lru_cache(1024)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("-") for word in morphemes(text)) or frozenset({text})
