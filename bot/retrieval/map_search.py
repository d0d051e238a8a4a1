"""Finds the analogies of the map that a question is about."""

import re
from functools import lru_cache

from bot.indexing.analogies import Analogy, DomainWords
from bot.text.tokenize import morphemes

# A question that asks about an analogy as such. One that names both of its domains needs none of these.
_ASKS = re.compile(
    r"비유|유추|빗대|빗댄|견주|견준|닮았|닮은\s?[점데꼴]|비슷하다|비슷한\s?[점데]|공통점|비교(?!하면|하여|할 때|했을)"
    r"|어디\S*\s(?:\S+\s)?(?:깨|어긋|안 맞|맞지 않)|\bwhere\b.*\bbreaks?\b"
    r"|\b(?:analog\w+|metaphor\w*|liken\w*|comparisons?|parallels?|resembl\w+)\b|\bcompare[sd]?\b(?! with| to)",
    re.IGNORECASE,
)
# A question for all of them names analogies, in English more than one, and has no words beside these but those of the frame.
_NAMES = frozenset({"비유", "유추", "빗대", "견주", "비교", "analog", "metaphor", "comparison"})
_SEVERAL = re.compile(r"[가-힣]|\b(?:analogies|metaphors|comparisons)\b", re.IGNORECASE)
_FRAME = (
    " 어떤 무슨 무엇 뭐 모든 모두 다 전부 전체 목록 몇 나오 있 정리 나열 것 개 가지 이 글 블로그 글쓴이 쓰 하 말 에세이 서가 "
    "보이 알리 주 좀 서로 여기 소개 list all everi mani overview show tell give name find use draw make contain appear blog "
    "blogger post essay text writer author shelf map here pleas differ kind exist "
)


def analogies_about(question: str, analogies: tuple[Analogy, ...]) -> tuple[Analogy, ...]:
    """The analogies that a question is about, best first.

    Those of which it names both domains; where there are none and it asks for a likeness or a break, those of which it names one.
    One that it quotes goes before the others.
    """
    named = [(_named(one.words.source, question), _named(one.words.target, question), one) for one in analogies]
    whole = [item for item in named if item[0] and item[1]]
    part = [item for item in named if item[0] or item[1]] if _ASKS.search(question) else []
    ranked = sorted(whole or part, key=lambda item: (not _quoted(item[2], question), -(item[0] + item[1])))
    return tuple(item[2] for item in ranked)


def _quoted(analogy: Analogy, question: str) -> bool:
    """Whether the question holds a pair or a break of the map word for word, as one that is asked from the map does."""
    sides = [(pair.source, pair.target) for pair in analogy.pairs]
    pairs = any(
        one.ko in question and other.ko in question or one.en in question and other.en in question for one, other in sides
    )
    return pairs or any(one.text.ko in question or one.text.en in question for one in analogy.breaks)


def analogies_mentioning(question: str, analogies: tuple[Analogy, ...]) -> tuple[Analogy, ...]:
    """The analogies of which a question names a domain, the map's order kept."""
    return tuple(one for one in analogies if _named(one.words.source, question) or _named(one.words.target, question))


def asks_for_all_analogies(question: str) -> bool:
    """Whether a question asks for all the analogies, and for nothing else: with any other word it is about something in them."""
    said = _stems(question)
    return bool(said & _NAMES and _SEVERAL.search(question)) and all(word in _NAMES or f" {word} " in _FRAME for word in said)


def _named(words: DomainWords, question: str) -> int:
    """How many of a domain's words the question says. Kiwi may cut a word otherwise when it stands alone: then letters decide."""
    said = _stems(question)
    spelt = {word for word in words.ko if len(word) > 1 and word in question}
    return len({_stems(word) for word in (*words.ko, *words.en) if word in spelt or _stems(word) <= said})


@lru_cache(1024)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("-") for word in morphemes(text)) or frozenset({text})
