"""Compares names across scripts by sound (구글 and Google), by the readings of Hanja in Mandarin, and by a list (미국 and America).

The key of a name is the sequence of its consonants, reduced to those that Korean distinguishes: voiced and voiceless alike, f and v as p,
l and r alike. The idea is that of Soundex (Russell, 1918), the classes follow the loanword rules of the National Institute of Korean
Language.
"""

import re
import unicodedata
from functools import lru_cache

from bot.text.language import language_of

MIN_CONSONANTS = 2  # names with fewer match too many others by sound; they have to be listed or spelled alike
MIN_CONSONANTS_FUZZY = 4  # from here on two keys may differ in one consonant

# The sounds of initial and final jamo. "-" is no consonant.
_INITIAL = dict(zip("ᄀᄁᄂᄃᄄᄅᄆᄇᄈᄉᄊᄋᄌᄍᄎᄏᄐᄑᄒ", "kknttlmppss-sssktph", strict=True))
_FINAL = dict(zip("ᆨᆩᆪᆫᆬᆭᆮᆯᆰᆱᆲᆳᆴᆵᆶᆷᆸᆹᆺᆻᆼᆽᆾᆿᇀᇁᇂ", "k k k n n n t l l l l l l l l m p p s s n s s k t p -".split(), strict=True))
# Replacements that turn a Latin spelling into sounds, in order.
_LATIN_RULES = (
    (r"[^a-z]", ""),
    (r"^(?:kn|gn)", "n"), (r"^wr", "r"), (r"^ps", "s"), (r"^x", "s"),
    (r"tch|ch|sch|sh|th|zh|j|z|ts|tz", "s"), (r"ck|q|gh|kh", "k"), (r"ph|f|v|b", "p"), (r"x", "ks"),
    (r"c", "k"), (r"ng(?![aeiou])", "n"), (r"g", "k"), (r"d", "t"),
    (r"r", "l"), (r"(?<=[aeiou])h(?![aeiou])", ""), (r"[wy]", ""), (r"e$", ""),
)  # fmt: skip
# Spellings with two pronunciations, both of which are tried: Cisco is 시스코 and Tacitus 타키투스, Gopher 고퍼 and Burj 부르즈.
_AMBIGUOUS_RULES = ((r"c(?=[eiy])", ("s", "k")), (r"g(?=[eiy])", ("s", "k")), (r"th", ("s", "t")), (r"r(?![aeiouy])", ("", "r")))
# Frequent names that do not sound alike in the two languages, with the adjectives and the peoples of countries. "|" separates groups.
_NAME_GROUPS = """
한국 조선 고려 korea korean koreans joseon chosun choson goryeo koryo|중국 china chinese|일본 japan japanese
미국 america american americans usa us|영국 britain british england english uk
독일 germany german germans|프랑스 france french|러시아 russia russian russians|이탈리아 italy italian|네덜란드 netherlands dutch|스페인 spain spanish
그리스 greece greek greeks|이집트 egypt egyptian egyptians|인도 india indian indians|터키 튀르키예 turkey turkish|유럽 europe european europeans
로마 로마인 로마군 rome roman romans|몽골 몽골군 몽골인 mongol mongols mongolia mongolian
서울 seoul|강화 강화도 ganghwa|고창 gochang|화순 hwasun|칭기즈 칭기스 genghis chinggis|쿠빌라이 kublai khubilai
칸 khan|비잔티움 비잔틴 byzantium byzantine
오픈ai openai|애플 apple|메타 meta facebook 페이스북|라마 llama|네이버 naver|성경 bible|예루살렘 jerusalem|파리 paris|런던 london|뉴욕 york
유대 유대인 judea jewish jews|기독교 christian christianity|이슬람 islam muslim muslims|성모 mary|예수 jesus christ
호주 오스트레일리아 australia australian australians|유럽연합 eu|인공지능 에이아이 ai|챗gpt 챗지피티 chatgpt
전자 electronics|킵차크 horde
인도 동인도 india indian|롯데 lotte|타워 tower towers
지중해 mediterranean|태평양 pacific|대서양 atlantic|공자 confucius
"""
# Common words in names, which are translated and not transliterated: the Civil Act, the Yellow Sea, King Sejong, the Bronze Age.
_TRANSLATED_WORDS = frozenset(
    """
king queen emperor empress prince princess lord lady sir saint pope bishop count duke general captain president minister professor doctor
great grand royal imperial national federal public civil holy new old young big little upper lower middle high long first second third
north south east west northern southern eastern western central world international global
age era dynasty empire kingdom republic state states union commonwealth province county district city town village hamlet island islands
sea ocean river lake bay gulf strait cape mount mountain mountains hill valley desert forest plain coast peninsula harbour port
crown crowns street road avenue square gate bridge wall tower towers building house hall palace castle temple church cathedral abbey shrine tomb tombs
garden park museum library gallery school college university academy institute laboratory laboratories labs society association
foundation ministry department office bureau agency commission committee council court parliament senate assembly congress treasury bank
company companies corporation group exchange market press times journal review news post daily book books bible act law laws code charter
treaty constitution edict prize award war wars battle revolution crisis depression renaissance reformation enlightenment
bronze iron stone copper gold golden silver red blue white black green yellow heritage list site sites convention
electronics research science sciences history studies survey report paper model models language large small deep machine intelligence artificial
data search cloud web internet network networks phone store service services calendar season seasons map chronicle chronicles annals
bc ad bce ce mr mrs dr monday tuesday wednesday thursday friday saturday sunday spring summer autumn winter god gods heaven sun moon earth
english latin chinese persian arabic hebrew russian mongolian korean japanese french german spanish dutch italian turkish
""".split()
)
_TRANSLATED_SUFFIX = re.compile(r"(?:ing|tions?|ments?|ness|ity|isms?|ships?|ology|graphy|ways?|ers?|ors?)$")
# The syllables that Chinese characters are read as in Korean. A word of these alone may be a translated term or a Korean person's name; a
# foreign name that is written as it sounds nearly always has another syllable (구글, 렌프루, 쿠빌라이).
_SINO_KOREAN = frozenset(
    "가각간갈감갑강개객갱거건걸검겁게격견결겸경계고곡곤골공과곽관괄광괘괴굉교구국군굴궁권궐궤귀규균귤극근금급긍기긴길김끽나낙난날남납낭내녀년념녕노농뇌뇨누눈"
    "능니닉다단달담답당대덕도독돈돌동두둔득등라락란랄람랍랑래랭략량려력련렬렴령례로록론롱뢰료룡루류륙륜률륭륵름릉리린림립마막만말망매맥맹면멸명모목몰몽묘무묵문물"
    "미민밀박반발방배백번벌범법벽변별병보복본봉부북분불붕비빈빙사삭산살삼삽상새색생서석선설섬섭성세소속손솔송쇄쇠수숙순술숭슬습승시식신실심십쌍씨아악안알암압앙애액야"
    "약양어억언얼엄업여역연열염엽영예오옥온올옹와완왈왕왜외요욕용우욱운울웅원월위유육윤융은을음읍응의이익인일임입잉자작잔잠잡장재쟁저적전절점접정제조족존졸종좌죄주죽"
    "준중즉즙증지직진질짐집징차착찬찰참창채책처척천철첨첩청체초촉촌총촬최추축춘출충취측층치칙친칠침칭쾌타탁탄탈탐탑탕태택토통퇴투특파판팔패팽편폄평폐포폭표품풍피필핍"
    "하학한할함합항해핵행향허헌험혁현혈협형혜호혹혼홀홍화확환활황회획횡효후훈훼휘휴흉흑흔흡흥희힐멱찰휘"
)
# Initial jamo of Sino-Korean readings and the initials that the same characters have in pinyin; final jamo and pinyin's final.
_PINYIN_INITIALS = {
    "ᄀ": "g k j q", "ᄂ": "n l", "ᄃ": "d t", "ᄅ": "l", "ᄆ": "m w", "ᄇ": "b p f", "ᄉ": "s sh x c ch", "ᄋ": "y w r n l -",
    "ᄌ": "z zh j c ch q d sh", "ᄎ": "c ch q z zh j x", "ᄏ": "k", "ᄐ": "t d", "ᄑ": "p b", "ᄒ": "h x",
}  # fmt: skip
_PINYIN_FINALS = {"ᆫ": "n", "ᆷ": "n", "ᆼ": "ng"}
_PINYIN_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)[aeiou]+(ng(?![aeiou])|n(?![aeiou])|)")
_VOWELS = dict(zip("ᅡᅢᅣᅤᅥᅦᅧᅨᅩᅭᅮᅲᅳᅵ", "aeaeoeoeoouuui", strict=True))
_GROUPS = [frozenset(group.split()) for line in _NAME_GROUPS.strip().splitlines() for group in line.split("|")]
_GROUP_OF_NAME = {name: group for group in _GROUPS for name in group}


def may_be_same_name(first: str, second: str) -> bool:
    """Whether two names may be the same. Each is one word in either script; a Latin name of two words is compared as pinyin only."""
    first, second = first.casefold(), second.casefold()
    if first == second or second in _GROUP_OF_NAME.get(first, ()):
        return True
    if first in _GROUP_OF_NAME and second in _GROUP_OF_NAME:
        return False
    has_space = " " in first or " " in second
    if language_of(first) == language_of(second):
        return not has_space and _differ_in_ending(first, second)
    hangul, latin = (first, second) if language_of(first) == "ko" else (second, first)
    if not has_space and any(_keys_match(key, other) for key in _keys(first) for other in _keys(second)):
        return True
    return _is_mandarin_reading(hangul, latin) or not has_space and _have_same_vowels(hangul, latin)


def same_sound(first: str, second: str) -> bool:
    """Whether a common word may be this name of the other script: the keys are equal and have more than `MIN_CONSONANTS`."""
    return any(len(key) > MIN_CONSONANTS for key in _keys(first.casefold()) & _keys(second.casefold()))


def sound_keys(name: str) -> frozenset[str]:
    """Under what a name can be looked up among others: its consonants where they are enough, and the list's group where it has one."""
    name = name.casefold()
    group = _GROUP_OF_NAME.get(name)
    keys = {key for key in _keys(name) if len(key) >= MIN_CONSONANTS}
    return frozenset(keys | ({min(group)} if group else set()))


def is_translated(name: str) -> bool:
    """Whether a capitalised English word is translated in Korean rather than transliterated."""
    return name.casefold() in _TRANSLATED_WORDS or bool(len(name) > 6 and name.isascii() and _TRANSLATED_SUFFIX.search(name))


def may_be_term(name: str) -> bool:
    """Whether a Korean word may be a translated term as well as a name: it has the syllables of Chinese characters alone."""
    return all(syllable in _SINO_KOREAN for syllable in name)


def _differ_in_ending(first: str, second: str) -> bool:
    """Whether one of two names in the same script is the other with up to two letters more: Rome's, 로마인, Romans."""
    shorter, longer = sorted((first, second), key=len)
    return len(shorter) >= 2 and longer.startswith(shorter) and len(longer) - len(shorter) <= 2


def _is_mandarin_reading(hangul: str, latin: str) -> bool:
    """Whether a Korean name of three syllables or more may be written with the same Hanja as a name in pinyin: 곽수경, Guo Shoujing."""
    syllables = [unicodedata.normalize("NFD", syllable) for syllable in hangul if "가" <= syllable <= "힣"]
    letters = "".join(letter for letter in latin if letter.isalpha())
    pinyin = [match.groups() for match in _PINYIN_SYLLABLE.finditer(letters)]
    if len(syllables) < 3 or len(syllables) != len(pinyin) or _PINYIN_SYLLABLE.sub("", letters):
        return False
    return all(
        (initial or "-") in _PINYIN_INITIALS.get(jamo[0], "").split() and _PINYIN_FINALS.get(jamo[2:], "") == final
        for jamo, (initial, final) in zip(syllables, pinyin, strict=True)
    )


def _have_same_vowels(hangul: str, latin: str) -> bool:
    """Whether two names with the same one consonant also have the same vowels, three or more: 아피아 and Appia."""
    jamo = unicodedata.normalize("NFD", hangul)
    vowels = "".join(_VOWELS.get(letter, "") for letter in jamo)
    return (
        len(vowels) >= 3
        and vowels == re.sub(r"[^aeiou]", "", latin)
        and any(len(key) == 1 for key in _keys(hangul) & _keys(latin))
    )


def _keys_match(first: str, second: str) -> bool:
    """Whether two keys are equal; keys of `MIN_CONSONANTS_FUZZY` or more may differ in one consonant, or one may have one more."""
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) < MIN_CONSONANTS_FUZZY:
        return first == second and len(first) >= MIN_CONSONANTS
    if len(shorter) == len(longer):
        return sum(a != b for a, b in zip(shorter, longer, strict=True)) <= 1
    return any(longer[:index] + longer[index + 1 :] == shorter for index in range(len(longer)))


@lru_cache(8192)
def _keys(name: str) -> frozenset[str]:
    """The keys that a name may have, each with and without a final s, which may be a plural."""
    if language_of(name) == "ko":
        keys = {_hangul_key(name), _hangul_key(_as_pronounced(name))}
    else:
        decomposed = unicodedata.normalize("NFD", name.casefold())
        spellings = ["".join(letter for letter in decomposed if not unicodedata.combining(letter))]
        for pattern, sounds in _AMBIGUOUS_RULES:
            spellings = [re.sub(pattern, sound, spelling) for spelling in spellings for sound in sounds]
        keys = {_latin_key(spelling) for spelling in spellings}
    return frozenset(keys | {key.removesuffix("s") for key in keys})


def _hangul_key(name: str) -> str:
    jamo = unicodedata.normalize("NFD", name)
    return _consonants("".join(_INITIAL.get(letter) or _FINAL.get(letter, "a") for letter in jamo).replace("-", ""))


def _as_pronounced(name: str) -> str:
    """The name with its consonants assimilated, as the romanisation writes it: 죽림 is Jungnim."""
    jamo = re.sub(r"(?<=[ᆨᆸᆷᆼ])ᄅ", "ᄂ", unicodedata.normalize("NFD", name))
    return unicodedata.normalize("NFC", re.sub("ᆨ(?=[ᄂᄆ])", "ᆼ", re.sub("ᆸ(?=[ᄂᄆ])", "ᆷ", re.sub("ᆮ(?=[ᄂᄆ])", "ᆫ", jamo))))


def _latin_key(spelling: str) -> str:
    for pattern, sound in _LATIN_RULES:
        spelling = re.sub(pattern, sound, spelling)
    return _consonants(spelling)


def _consonants(sounds: str) -> str:
    """The sounds without vowels, and with repeated consonants once."""
    return re.sub(r"[aeiou]", "", re.sub(r"([^aeiou])\1+", r"\1", sounds))
