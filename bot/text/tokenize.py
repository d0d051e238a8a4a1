"""The words of Korean and English texts: morphemes, stems, proper names, nouns and character bigrams.

A text that holds any Hangul is tokenized by Kiwi (kiwipiepy), any other by a regular expression and the Snowball stemmer.
"""

import re
from functools import cache, lru_cache
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiwipiepy import Kiwi
    from kiwipiepy import Sentence as Sentence
    from kiwipiepy import Token as Token
    from snowballstemmer.english_stemmer import EnglishStemmer


_STEMMING = Lock()  # a stemmer keeps the word that it works on, so that only one thread may use it

VERSION = "5"  # part of an index's fingerprint; raise it when tokens or sentence spans change
BOTH_LANGUAGES = "고인돌 dolmen"  # a text for which all that reads words has to be loaded

_HANGUL = re.compile("[\u3131-\u318e\uac00-\ud7a3]")
WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")

# A capitalised word that does not begin a sentence, or a word with a second capital (OpenAI, MMLU).
_CAPITALISED = re.compile(r"(?<=[\w,;:—–)(“\"‘'] )[A-Z][\w’'-]*[\w]|\b[A-Z]\w*[A-Z]\w*\b")
# A pattern of English verb forms that are not nouns as well: auxiliaries and past tenses.
VERBS = (
    r"(?:\w+ed|is|are|was|were|has|have|had|do|does|did|will|would|can|could|may|might|must|made|began|took|gave|built|wrote|said|says|came"
    r"|went|became|held|paid|sold|bought|won|lost|led|left|found|thought|got|kept|saw|brought|put|set|ran|read|sent|rose|fell|grew|stood"
    r"|knew|drew|met|told|felt|wore|broke|spoke|chose|struck|lay|cut|cost|let)\b"
)
# The first word of a sentence counts as a name if another capitalised word, a verb or a genitive follows: English sentences hardly
# ever begin with a singular noun without an article.
_SENTENCE_OPENER = re.compile(rf"(?:^|(?<=[.!?] ))([A-Z][\w-]*\w)(?=,? (?:[A-Z]|{VERBS})|[’']s )")

_CAPITALISED_PAIR = re.compile(r"\b(?=([A-Z][\w’'-]* [A-Z][\w’'-]*))")
# Kiwi's tags of content words: nouns, numerals, pronouns, verbs, adjectives, adverbs, determiners, roots, Latin, Hanja, digits.
CONTENT_TAGS = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "MAG", "MM", "XR", "SL", "SH", "SN", "XPN", "W_SERIAL"})


def needs_kiwi(text: str) -> bool:
    """Whether `text` is tokenized by Kiwi: it holds Hangul, be it one word in an English text. Not a test of its language."""
    return _HANGUL.search(text) is not None


def morphemes(text: str) -> list[str]:
    """The content words of `text` in order: Kiwi's morphemes, Snowball stems of English words, numbers as they are written.

    Korean verbs and adjectives are given as their stems with a hyphen, as in dictionaries: `짓-`.
    """
    return _korean_morphemes(text) if needs_kiwi(text) else [token for word in WORD.findall(text) if (token := stem(word))]


def is_verb(word: str) -> bool:
    """Whether a morpheme of `morphemes` is a Korean verb or adjective. False for every English word."""
    return word.endswith("-")


def proper_names(text: str, *, openers: bool = False) -> list[str]:
    """The proper names of `text`, one word each: Kiwi's, or capitalised English words that do not begin a sentence.

    With `openers` also an English word that begins a sentence and is followed by another capitalised word or a verb: Kublai began.
    """
    if not needs_kiwi(text):
        opening = [match.group(1) for match in _SENTENCE_OPENER.finditer(text) if stem(match.group(1))] if openers else []
        return opening + [match.group() for match in _CAPITALISED.finditer(text)]
    return [
        token.form for token in tokenize(text) if token.tag in {"NNP", "SL"} and len(token.form) > 1 and not token.form.islower()
    ]


def nouns(text: str) -> list[str]:
    """Candidates for names in `text`: nouns and beginnings of words in Korean, capitalised words and pairs of them in English."""
    if not needs_kiwi(text):
        pairs = _CAPITALISED_PAIR.findall(text)  # Guo Shoujing is one word in Korean
        return [word for word in WORD.findall(text) if word[:1].isupper()] + pairs
    tokens = [token.form for token in tokenize(text) if token.tag in {"NNP", "NNG", "SL", "XR"}]
    # Kiwi may split an unknown name, so every beginning of a word is a candidate too.
    return tokens + [word[:length] for word in WORD.findall(text) for length in range(2, len(word) + 1)]


def bigrams(text: str) -> list[str]:
    """The character bigrams of each word of `text`, in order and in lower case; a word of one character is given as it is."""
    words = (word.lower() for word in WORD.findall(text))
    return [pair for word in words for pair in ([word] if len(word) == 1 else map("".join, pairwise(word)))]


def weighted_length(text: str) -> int:
    """The length of `text` where an ASCII character counts 1 and any other 2, since it carries about twice as much information."""
    return sum(1 if character < "\x80" else 2 for character in text)


def _korean_morphemes(text: str) -> list[str]:
    words: list[str] = []
    for token in tokenize(text):
        tag = token.tag.split("-")[0]  # VV-R, VA-I: regular and irregular verbs
        # The lemma, because the stem of an irregular verb changes: 지었다 and 짓는다 are the same verb.
        verb = tag in {"VV", "VA"}
        form = MISREAD.get(token.lemma, token.lemma).removesuffix("다") if verb else token.form
        if tag in CONTENT_TAGS and form not in (STOP_VERBS if verb else STOP_WORDS):
            form = stem(form) if tag in {"SL", "SN", "W_SERIAL"} else form
            words += [f"{form}-" if verb else form] if form else []
    return words


@lru_cache(4096)
def tokenize(text: str) -> "list[Token]":
    """Kiwi's tokens of `text`, cached because words, names, nouns and clauses of a sentence are asked for one after the other."""
    tokens: list[Token] = kiwi().tokenize(text)
    return tokens


@lru_cache(10_000)
def are_one_word(first: str, second: str) -> bool:
    """Whether two pieces of Korean read better as one word than as two: what a line break between them can hide."""
    (_, whole), (_, apart) = (kiwi().analyze(text)[0] for text in (first + second, f"{first} {second}"))
    return bool(whole > apart)


@cache
def kiwi() -> "Kiwi":
    """The process's Kiwi, which is thread-safe. It is made on first use because loading takes seconds."""
    from kiwipiepy import Kiwi

    # The dictionary of multi-word names takes 190 MB and a second, and names are looked up word by word.
    tokenizer = Kiwi(num_workers=1, load_multi_dict=False)
    tokenizer.add_user_word("매개변수", "NNG")  # parameter; Kiwi tags it as a person's name
    return tokenizer


@cache
def _stemmer() -> "EnglishStemmer":
    from snowballstemmer.english_stemmer import EnglishStemmer

    return EnglishStemmer()


# Korean stop words among Kiwi's content tags: interrogatives, demonstratives, bound nouns, light verbs.
STOP_WORDS = frozenset(
    "거 것 그 그거 그것 그런 글 나 내 누구 누가 대하 더 등 때 때문 또 뭐 뭣 무슨 무엇 말 몇 만 수 어느 어디 어떤 어떻게 언제 "
    "얼마 얼마나 왜 우리 이 이거 이것 이런 저 저것 점 좀 줄 중 지 한 데 게 걸 건 번 다 다시 안 못 누 쪽".split()
)
STOP_VERBS = frozenset("하 되 있 없 보 주 말하 알리 대하 위하 싶 그렇 이렇 저렇 어떻 어떠하 그러 이러 어쩌".split())
# Lemmas to correct. Kiwi reads 지었나요 as 지다 (to lose); in essays 짓다 (to build) is meant far more often.
MISREAD = {"지다": "짓다"}
_ENGLISH_STOP_WORDS = frozenset(
    "a about an and any are as at be been being but by can could did do does for from had has have he her his how i if in into is it "
    "its many may me more most much my no not of on or our she should so some than that the their them then there these they this those "
    "tell happen happens happened to us was we were what when where which who whom whose why will with would you your s t "
    "whats whos wheres hows whens whys thats theres heres lets dont doesnt didnt isnt arent wasnt werent cant couldnt wont wouldnt "
    "shouldnt hasnt havent hadnt im ive id ill youre youve theyre".split()
)


@cache
def stem(word: str) -> str:
    """The Snowball stem of an English word; empty for a stop word; any other word in lower case, numbers without commas."""
    word = word.lower().replace(",", "")
    if word in _ENGLISH_STOP_WORDS:
        return ""
    if not (word.isascii() and word.isalpha()):
        return word
    with _STEMMING:
        return str(_stemmer().stemWord(word))
