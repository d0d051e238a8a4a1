"""Korean and English words: morphemes, stems, names and character bigrams. Knows nothing of sentences or essays.

Korean goes through Kiwi (kiwipiepy), English through Snowball.
"""

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi
    from kiwipiepy import Sentence as Sentence
    from kiwipiepy import Token as Token
    from snowballstemmer.english_stemmer import EnglishStemmer


VERSION = "3"  # goes into the index's fingerprint: raise it when spans or tokens change

HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")

_CAPITAL = re.compile(r"(?<=[\w,;:—–)(“\"‘'] )[A-Z][\w’'-]*[\w]|\b[A-Z]\w*[A-Z]\w*\b")
# Verbs that can be told from nouns: auxiliaries, past tenses.
VERBS = (
    r"(?:\w+ed|is|are|was|were|has|have|had|do|does|did|will|would|can|could|may|might|must|made|began|took|gave|built|wrote|said|says|came"
    r"|went|became|held|paid|sold|bought|won|lost|led|left|found|thought|got|kept|saw|brought|put|set|ran|read|sent|rose|fell|grew|stood"
    r"|knew|drew|met|told|felt|wore|broke|spoke|chose|struck|lay|cut|cost|let)\b"
)
# A word that opens a sentence is a name where another one follows, or a verb (bare nouns in the singular do not open sentences).
_OPENER = re.compile(rf"(?:^|(?<=[.!?] ))([A-Z][\w-]*\w)(?=,? (?:[A-Z]|{VERBS})|[’']s )")

_CAPITALS = re.compile(r"\b(?=([A-Z][\w’'-]* [A-Z][\w’'-]*))")
# Kiwi's tags of words that carry meaning: nouns, numerals, verbs, adjectives, adverbs, roots, Latin, Hanja, digits.
CONTENT_TAGS = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "SL", "SH", "SN", "XPN", "W_SERIAL"})


def morphemes(text: str) -> list[str]:
    """The words of `text` that carry meaning, in order: Kiwi's morphemes for Korean, Snowball stems for English, digits as they are.

    Korean verbs and adjectives are written as their stems with a hyphen, as dictionaries do: `짓-`.
    """
    return _korean_morphemes(text) if HANGUL.search(text) else [token for word in WORD.findall(text) if (token := stem(word))]


def is_verb(word: str) -> bool:
    """Whether a morpheme is a Korean verb or adjective; English words are not told apart."""
    return word.endswith("-")


def proper_names(text: str, *, openers: bool = False) -> list[str]:
    """The proper names of `text`, a word each: Kiwi's for Korean, and Latin words with a capital that does not open a sentence.

    With `openers` also a Latin word that does, where another name or a verb stands right behind it: Kublai began.
    """
    if not HANGUL.search(text):
        opening = [match.group(1) for match in _OPENER.finditer(text) if stem(match.group(1))] if openers else []
        return opening + [match.group() for match in _CAPITAL.finditer(text)]
    return [
        token.form for token in tokenize(text) if token.tag in {"NNP", "SL"} and len(token.form) > 1 and not token.form.islower()
    ]


def nouns(text: str) -> list[str]:
    """Every noun of a Korean text, proper or not, and every Latin word with a capital: what a name may be found among."""
    if not HANGUL.search(text):
        runs = _CAPITALS.findall(text)  # Guo Shoujing is one word in Korean
        return [word for word in WORD.findall(text) if word[:1].isupper()] + runs
    cut = [token.form for token in tokenize(text) if token.tag in {"NNP", "NNG", "SL", "XR"}]
    return cut + [
        word[:length] for word in WORD.findall(text) for length in range(2, len(word) + 1)
    ]  # Kiwi may cut an unknown name


def bigrams(text: str) -> list[str]:
    """The pairs of neighbouring characters inside each word of `text`, in order; a word of one character stands for itself."""
    words = (word.lower() for word in WORD.findall(text))
    return [pair for word in words for pair in ([word] if len(word) == 1 else map("".join, pairwise(word)))]


def weighted_length(text: str) -> int:
    """The length of `text` in Latin characters: every character beyond ASCII counts twice, as it carries about twice as much."""
    return sum(1 if character < "\x80" else 2 for character in text)


def _korean_morphemes(text: str) -> list[str]:
    found: list[str] = []
    for token in kiwi().tokenize(text):
        tag = token.tag.split("-")[0]  # VV-R, VA-I: regular and irregular verbs
        # The lemma, because an irregular verb's stem changes: 지었다 and 짓는다 are one word.
        verb = tag in {"VV", "VA"}
        form = MISREAD.get(token.lemma, token.lemma).removesuffix("다") if verb else token.form
        if tag in CONTENT_TAGS and form not in (STOP_VERBS if verb else STOP_WORDS):
            form = stem(form) if tag in {"SL", "SN", "W_SERIAL"} else form
            found += [f"{form}-" if verb else form] if form else []
    return found


@lru_cache(1024)
def tokenize(text: str) -> "list[Token]":
    """Kiwi's tokens; a sentence is asked for its names, its nouns and its clauses in turn."""
    tokens: list[Token] = kiwi().tokenize(text)
    return tokens


@cache
def kiwi() -> "Kiwi":
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
STOP_WORDS = frozenset(
    "거 것 그 그거 그것 그런 글 나 내 누구 누가 대하 더 등 때 때문 또 뭐 뭣 무슨 무엇 말 몇 만 수 어느 어디 어떤 어떻게 언제 "
    "얼마 얼마나 왜 우리 이 이거 이것 이런 저 저것 점 좀 줄 중 지 한 데 게 걸 건 번 다 다시 안 못 누 쪽".split()
)
STOP_VERBS = frozenset("하 되 있 없 보 주 말하 알리 대하 위하 싶 그렇 이렇 저렇 어떻 어떠하 그러 이러 어쩌".split())
# Kiwi reads the end of 고인돌은 왜 지었나요 as 지다; in essays building is meant far more often than losing.
MISREAD = {"지다": "짓다"}
_STOP = frozenset(
    "a about an and any are as at be been being but by can could did do does for from had has have he her his how i if in into is it "
    "its many may me more most much my no not of on or our she should so some than that the their them then there these they this those "
    "tell happen happens happened to us was we were what when where which who whom whose why will with would you your s t".split()
)


@cache
def stem(word: str) -> str:
    """The Snowball stem of an English word in lower case; empty for a stop word; any other word as it is."""
    word = word.lower().replace(",", "")
    if word in _STOP:
        return ""
    return str(_stemmer().stemWord(word)) if word.isascii() and word.isalpha() else word
