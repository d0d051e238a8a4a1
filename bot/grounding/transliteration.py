"""Compares names across scripts: 구글 and Google, 칭기즈 칸 and Genghis Khan sound alike, 미국 and the United States are listed. Pure.

A name's key is the row of its consonants as Korean hears them (no voicing, no f or v of its own, l and r alike), after the idea of
Soundex (Russell, 1918) and the loanword rules of the National Institute of Korean Language.
"""

import re
import unicodedata
from functools import lru_cache

from bot.text.language import language_of

LONG = 4
SHORTEST = 2  # consonants, below which anything sounds like anything; such names have to be listed or spelt alike

# Consonants of Hangul jamo, initial and final, by what they sound like.
_INITIAL = dict(zip("ᄀᄁᄂᄃᄄᄅᄆᄇᄈᄉᄊᄋᄌᄍᄎᄏᄐᄑᄒ", "kknttlmppss-sssktph", strict=True))
_FINAL = dict(zip("ᆨᆩᆪᆫᆬᆭᆮᆯᆰᆱᆲᆳᆴᆵᆶᆷᆸᆹᆺᆻᆼᆽᆾᆿᇀᇁᇂ", "k k k n n n t l l l l l l l l m p p s s n s s k t p -".split(), strict=True))
_LATIN = (
    (r"[^a-z]", ""),
    (r"^(?:kn|gn)", "n"), (r"^wr", "r"), (r"^ps", "s"), (r"^x", "s"),
    (r"tch|ch|sch|sh|th|zh|j|z|ts|tz", "s"), (r"ck|q|gh|kh", "k"), (r"ph|f|v|b", "p"), (r"x", "ks"),
    (r"c", "k"), (r"ng(?![aeiou])", "n"), (r"g", "k"), (r"d", "t"),
    (r"r", "l"), (r"(?<=[aeiou])h(?![aeiou])", ""), (r"[wy]", ""), (r"e$", ""),
)  # fmt: skip
# What a language does with a letter and another does not: Cisco is 시스코 and Tacitus 타키투스, Gopher 고퍼 and Burj 부르즈.
_EITHER = ((r"c(?=[eiy])", ("s", "k")), (r"g(?=[eiy])", ("s", "k")), (r"th", ("s", "t")), (r"r(?![aeiouy])", ("", "r")))
# Names that do not sound alike; everyday ones only. A language's adjective and its people stand with the country.
_LISTED = """
한국 조선 고려 korea korean koreans joseon chosun choson goryeo koryo|중국 china chinese|일본 japan japanese
미국 america american americans usa us|영국 britain british england english uk
독일 germany german germans|프랑스 france french|러시아 russia russian russians|이탈리아 italy italian|네덜란드 netherlands dutch|스페인 spain spanish
그리스 greece greek greeks|이집트 egypt egyptian egyptians|인도 india indian indians|터키 튀르키예 turkey turkish|유럽 europe european europeans
로마 로마인 로마군 rome roman romans|몽골 몽골군 몽골인 mongol mongols mongolia mongolian
서울 seoul|강화 강화도 ganghwa|고창 gochang|화순 hwasun|칭기즈 칭기스 genghis chinggis|쿠빌라이 kublai khubilai
칸 khan|비잔티움 비잔틴 byzantium byzantine
오픈ai openai|애플 apple|메타 meta facebook 페이스북|라마 llama|네이버 naver|성경 bible|예루살렘 jerusalem|파리 paris|런던 london|뉴욕 york
유대 유대인 judea jewish jews|기독교 christian christianity|이슬람 islam muslim muslims|성모 mary|예수 jesus christ
지중해 mediterranean|태평양 pacific|대서양 atlantic|공자 confucius
"""
# Words that names are made of and that another language translates: the Civil Act, the Yellow Sea, King Sejong, the Bronze Age.
_COMMON = frozenset(
    """
king queen emperor empress prince princess lord lady sir saint pope bishop count duke general captain president minister professor doctor
great grand royal imperial national federal public civil holy new old young big little upper lower middle high long first second third
north south east west northern southern eastern western central world international global
age era dynasty empire kingdom republic state states union commonwealth province county district city town village hamlet island islands
sea ocean river lake bay gulf strait cape mount mountain mountains hill valley desert forest plain coast peninsula harbour port
street road avenue square gate bridge wall tower towers building house hall palace castle temple church cathedral abbey shrine tomb tombs
garden park museum library gallery school college university academy institute laboratory laboratories labs society association
foundation ministry department office bureau agency commission committee council court parliament senate assembly congress treasury bank
company companies corporation group exchange market press times journal review news post daily book books bible act law laws code charter
treaty constitution edict prize award war wars battle revolution crisis depression renaissance reformation enlightenment
bronze iron stone copper gold golden silver red blue white black green yellow heritage list site sites convention
research science sciences history studies survey report paper model models language large small deep machine intelligence artificial
data search cloud web internet network networks phone store service services calendar season seasons map chronicle chronicles annals
bc ad bce ce mr mrs dr monday tuesday wednesday thursday friday saturday sunday spring summer autumn winter god gods heaven sun moon earth
english latin chinese persian arabic hebrew russian mongolian korean japanese french german spanish dutch italian turkish
""".split()
)
_COMMON_END = re.compile(r"(?:ing|tions?|ments?|ness|ity|isms?|ships?|ology|graphy|ways?|ers?|ors?)$")
# A Sino-Korean syllable's first sound and what Mandarin begins the same character with; its last sound and Mandarin's.
_MANDARIN = {
    "ᄀ": "g k j q", "ᄂ": "n l", "ᄃ": "d t", "ᄅ": "l", "ᄆ": "m w", "ᄇ": "b p f", "ᄉ": "s sh x c ch", "ᄋ": "y w r n l -",
    "ᄌ": "z zh j c ch q d sh", "ᄎ": "c ch q z zh j x", "ᄏ": "k", "ᄐ": "t d", "ᄑ": "p b", "ᄒ": "h x",
}  # fmt: skip
_CODA = {"ᆫ": "n", "ᆷ": "n", "ᆼ": "ng"}
_PINYIN = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)[aeiou]+(ng(?![aeiou])|n(?![aeiou])|)")
_VOWELS = dict(zip("ᅡᅢᅣᅤᅥᅦᅧᅨᅩᅭᅮᅲᅳᅵ", "aeaeoeoeoouuui", strict=True))
_GROUPS = [frozenset(group.split()) for line in _LISTED.strip().splitlines() for group in line.split("|")]
_BY_NAME = {name: group for group in _GROUPS for name in group}


def may_be_same_name(one: str, other: str) -> bool:
    """Whether two names, one word each, in either script, may be the same; of two words only where they may be pinyin."""
    one, other = one.casefold(), other.casefold()
    if one == other or other in _BY_NAME.get(one, ()):
        return True
    if one in _BY_NAME and other in _BY_NAME:
        return False
    if language_of(one) == language_of(other):
        if " " in one or " " in other:
            return False
        short, long = sorted((one, other), key=len)
        return len(short) >= 2 and long.startswith(short) and len(long) - len(short) <= 2  # Rome's, 로마인, Romans
    if " " in one or " " in other:
        return _mandarin(*((one, other) if language_of(one) == "ko" else (other, one)))
    if any(_near(key, mine) for key in _keys(one) for mine in _keys(other)):
        return True
    hangul, latin = (one, other) if language_of(one) == "ko" else (other, one)
    return _mandarin(hangul, latin) or _short(hangul, latin)


def same_sound(one: str, other: str) -> bool:
    """Whether a word without a capital may be this name of the other script: all its consonants, three or more, are the same."""
    return any(len(key) > SHORTEST for key in _keys(one.casefold()) & _keys(other.casefold()))


def is_translated(name: str) -> bool:
    """Whether an English word with a capital is one that another language translates, not one that it spells by its sound."""
    return name.casefold() in _COMMON or bool(len(name) > 6 and name.isascii() and _COMMON_END.search(name))


def _mandarin(hangul: str, latin: str) -> bool:
    """Whether a Korean name of three syllables or more reads the characters that a Chinese one in pinyin may stand for."""
    syllables = [unicodedata.normalize("NFD", one) for one in hangul if "가" <= one <= "힣"]
    letters = "".join(letter for letter in latin if letter.isalpha())
    pinyin = [match.groups() for match in _PINYIN.finditer(letters)]
    if len(syllables) < 3 or len(syllables) != len(pinyin) or _PINYIN.sub("", letters):
        return False
    return all(
        (first or "-") in _MANDARIN.get(one[0], "").split() and _CODA.get(one[2:], "") == last
        for one, (first, last) in zip(syllables, pinyin, strict=True)
    )


def _short(hangul: str, latin: str) -> bool:
    """Whether names of one consonant have their vowels in common, three or more: 아피아 and Appia."""
    jamo = unicodedata.normalize("NFD", hangul)
    vowels = "".join(_VOWELS.get(one, "") for one in jamo)
    return (
        len(vowels) >= 3
        and vowels == re.sub(r"[^aeiou]", "", latin)
        and any(len(key) == 1 for key in _keys(hangul) & _keys(latin))
    )


def _near(one: str, other: str) -> bool:
    """The same consonants; in a name of four or more, one may be another, be missing or be one too many."""
    short, long = sorted((one, other), key=len)
    if len(short) < LONG:
        return one == other and len(one) >= SHORTEST
    if len(short) == len(long):
        return sum(a != b for a, b in zip(short, long, strict=True)) <= 1
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


@lru_cache(8192)
def _keys(name: str) -> frozenset[str]:
    """The rows of consonants that a name may have: with its last s, which may be a plural's, and without."""
    if language_of(name) == "ko":
        wholes = {_hangul_key(name), _hangul_key(_assimilated(name))}
        return frozenset(wholes | {whole.removesuffix("s") for whole in wholes})
    bare = unicodedata.normalize("NFD", name.casefold())
    spelt = ["".join(letter for letter in bare if not unicodedata.combining(letter))]
    for pattern, sounds in _EITHER:
        spelt = [re.sub(pattern, sound, one) for one in spelt for sound in sounds]
    keys = {_latin_key(one) for one in spelt}
    return frozenset(keys | {key.removesuffix("s") for key in keys})


def _hangul_key(name: str) -> str:
    jamo = unicodedata.normalize("NFD", name)
    return _consonants("".join(_INITIAL.get(one) or _FINAL.get(one, "a") for one in jamo).replace("-", ""))


def _assimilated(name: str) -> str:
    """The name as it is spoken, which is how it is romanised: 죽림 is Jungnim."""
    jamo = re.sub(r"(?<=[ᆨᆸᆷᆼ])ᄅ", "ᄂ", unicodedata.normalize("NFD", name))
    return unicodedata.normalize("NFC", re.sub("ᆨ(?=[ᄂᄆ])", "ᆼ", re.sub("ᆸ(?=[ᄂᄆ])", "ᆷ", re.sub("ᆮ(?=[ᄂᄆ])", "ᆫ", jamo))))


def _latin_key(letters: str) -> str:
    for pattern, sound in _LATIN:
        letters = re.sub(pattern, sound, letters)
    return _consonants(letters)


def _consonants(sounds: str) -> str:
    """The sounds without their vowels, a consonant that stands twice in a row once."""
    return re.sub(r"[aeiou]", "", re.sub(r"([^aeiou])\1+", r"\1", sounds))
