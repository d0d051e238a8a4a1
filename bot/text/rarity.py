"""How rare a word is in Korean or English at large, by the word lists of wordfreq (Speer, rspeer/wordfreq, 2022). A word is a morpheme."""

from collections.abc import Mapping
from functools import cache
from math import log10

from bot.text.tokenize import needs_kiwi, stem

LOWEST, HIGHEST = 0.05, 1.0
# On the Zipf scale, the logarithm of the occurrences in a thousand million words: from `_EVERYDAY` on a word says nothing of what a
# question is about, and up to `_RARE` its rarity is full.
_EVERYDAY, _RARE = 7.0, 3.0
# What questions call the texts, their writers and their reasons: rare in general, and common in questions about essays.
_ABOUT_TEXTS = frozenset(
    "까닭 이유 필자 저자 글쓴이 작가 블로그 에세이 지은이 설명 의미 뜻 생각 essay author writer blog post articl reason explain mean text".split()
)


def rarity(word: str) -> float:
    """The rarity of a word that `tokenize.morphemes` gives, from `LOWEST` (essay, 이유) over common ones (today, 지금) to `HIGHEST` (dolmen)."""
    form = word.rstrip("-")
    if form in _ABOUT_TEXTS:
        return LOWEST
    frequency = _frequencies("ko" if needs_kiwi(form) else "en").get(form, 0.0)
    zipf = log10(frequency) + 9 if frequency else 0.0
    return min(HIGHEST, max(LOWEST, (_EVERYDAY - zipf) / (_EVERYDAY - _RARE)))


def is_listed(word: str) -> bool:
    """Whether the word is in the list of its language: a word that is not may be misspelt."""
    form = word.rstrip("-")
    return form in _frequencies("ko" if needs_kiwi(form) else "en")


@cache
def _frequencies(language: str) -> Mapping[str, float]:
    """The share of each word among all words; of English ones by their stems."""
    import wordfreq

    frequencies: dict[str, float] = {}
    for word, frequency in wordfreq.get_frequency_dict(language, wordlist="small").items():
        form = word if language == "ko" else stem(word)
        frequencies[form] = frequencies.get(form, 0.0) + frequency
    return frequencies
