"""The words, letters and units that numbers are written with in Korean and English: tables, read by the modules of the two languages."""

# English

# Multiply the number before them, behind a space, a hyphen or, as short forms, the digits: two million, 1.4 trillion, $5bn.
ENGLISH_MAGNITUDES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "mn": 1e6, "mln": 1e6, "bn": 1e9, "bln": 1e9, "tn": 1e12, "trn": 1e12,
}  # fmt: skip

# Multiply the digits that they are glued to: 5k, 3.5M, 70B, 1.4T. Lower-case t and g are tonnes and grams. For lower-case m see below.
LETTER_MAGNITUDES = {"k": 1e3, "K": 1e3, "M": 1e6, "b": 1e9, "B": 1e9, "T": 1e12}

# A lower-case m is a metre or a million. It is a million
# - where a currency is named: $5m, £3.5 m, 5m dollars;
# - where it is glued to the digits and an English word follows that may be counted: 5m people, 5m active users.
# Everywhere else it is a metre: 3.5 m, 5m., a 5m wall (behind a determiner), 5m tall and 5m from it (before one of AFTER_METRES).
MILLION_OR_METRE = "m"
AFTER_METRES = frozenset(
    "long high wide tall deep thick broad square cubic sq cu across apart away off up down above below beneath under over beyond behind "
    "before ahead of from to by at in on into onto out along through around between for with without and or but nor than as if when "
    "while where which that is are was were be been has have had can could may might must will would should then so per each x".split()
)
DETERMINERS = frozenset("a an the this that its his her their our my your each every another".split())
CURRENCY_SIGNS = "$£€¥₩"
CURRENCY_CODES = ("USD", "EUR", "GBP", "KRW", "JPY", "CNY")
CURRENCY_WORDS = frozenset("dollar dollars euro euros pound pounds won yen yuan francs usd eur gbp krw jpy cny".split())

# What "half a" and "a … and a half" multiply; the plurals multiply any number before them: five centuries are 500 (years).
ENGLISH_PERIODS = {"decade": 10, "century": 100, "millennium": 1000, "dozen": 12}
ENGLISH_PLURAL_PERIODS = {"decades": 10, "centuries": 100, "millennia": 1000, "dozen": 12}

ENGLISH_ONES = dict(zip("zero one two three four five six seven eight nine".split(), range(10), strict=True))
ENGLISH_TEENS = dict(
    zip("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), range(10, 20), strict=True)
)
ENGLISH_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
ENGLISH_ORDINALS = {
    word: value
    for words, values in (
        ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth", range(1, 14)),
        ("fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth", range(14, 20)),
        ("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth hundredth", range(20, 101, 10)),
        ("thousandth", (1000,)),
    )
    for word, value in zip(words.split(), values, strict=True)
}
ENGLISH_DENOMINATORS = {"half": 2, "quarter": 4} | {word: value for word, value in ENGLISH_ORDINALS.items() if value > 2}
MONTHS = "January February March April May June July August September October November December".split()

# Denominators that make a fraction of two numbers with a slash between them; the second ones only with 1 above them. 1/3 and 1/20 are
# fractions, 24/7, 9/11 and 12/25 are not.
SLASH_DENOMINATORS = frozenset(range(2, 11))
SLASH_DENOMINATORS_OF_ONE = frozenset([12, 15, 16, 20, 25, 30, 32, 50, 64, 100, 1000])

# Korean

KOREAN_MAGNITUDES = {"십": 1e1, "백": 1e2, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12, "경": 1e16}
# Words that begin like a magnitude and may stand behind digits: 3경기 are three games, 5 조각 five pieces.
BEGIN_LIKE_MAGNITUDES = "십자 백제 천사 천체 만남 억제 조각 조직 조항 조건 조약 경기 경우 경로".split()
SINO_DIGITS = dict(zip("일이삼사오육칠팔구", range(1, 10), strict=True))
NATIVE_TENS = dict(zip("열 스물 스무 서른 마흔 쉰 예순 일흔 여든 아흔".split(), (10, 20, 20, *range(30, 100, 10)), strict=True))
NATIVE_ONES = dict(zip("하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉".split(), range(1, 10), strict=True))
NATIVE_MODIFIERS = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4}  # the forms that stand before a counter only

# A numeral that may be part of another word is read only before one of these. The short ones are written together with native numerals.
SHORT_COUNTERS = "번 배 명 개 살 달 시간 사람 가지 곳 군데 권 채 마리 쪽 줄 잔 차례".split()
COUNTERS = [
    *SHORT_COUNTERS,
    *"년 해 월 일 시 분 초 주 세기 개월 장 대 그루 척 자루 원 달러 엔 위안 유로 파운드 프랑 톤 킬로 그램 미터 센티 리 평 도 층 편".split(),
    *"점 건 종류 회 단계 호 위 등 쌍 벌 가구 섬 석 말 냥 근 자 치 문장 단어 토큰 인 군 대군 병사 여 이상 이하 이내 가량 정도 쯤".split(),
]
PARTICLES = (
    "은 는 이 가 을 를 의 에 도 만 과 와 로 으로 에서 까지 부터 보다 이나 나 이라 라 이다 이었다 였다 씩 쯤 짜리 째 동안".split()
)
# Numerals that are other words too (구조 structure, 백조 swan, 사천 Sichuan); read only before a counter.
KOREAN_HOMOGRAPHS = tuple(
    "조사 경사 경이 만사 구조 사조 이조 일조 오조 육조 백조 만조 십일조 이천 사천 구천 오만 이만 일만 일천 이백 천만 백일 천일".split()
)

# 반, a half, stands behind these with a number before them (두 시간 반), and before them (반 시간); joined only to the second list (반년).
UNITS_WITH_HALF = (
    "시간 년 해 달 개월 주 세기 학기 배 바퀴 킬로미터 센티미터 밀리미터 미터 리터 톤 킬로그램 그램 km cm mm m kg g t".split()
)
UNITS_JOINED_TO_HALF = "시간 년 세기 킬로미터 미터 톤 킬로그램".split()
CENTURY = (
    "세기"  # behind a native numeral or 반 it means years (두 세기 is 200); behind digits the number is an ordinal (20세기 is 20)
)

# What a figure counts or measures, where that is written next to it. Two figures of different kinds are two figures: 170미터 and 170명.
UNITS = {
    "length": "미터 센티미터 밀리미터 킬로미터 마일 km cm mm metre metres meter meters kilometre kilometres kilometers centimetres mile miles feet",
    "weight": "톤 킬로그램 그램 kg tonne tonnes ton tons kilograms kilogram grams",
    "people": "명 사람 인 people persons men women labourers haulers adults researchers",
    "times": "배 times fold",
    "money": "달러 원 유로 파운드 휠던 센트 dollars dollar won euros euro pounds guilders cents",
    "hours": "시간 hours hour 분 minutes 초 seconds",
    "storeys": "층 storeys stories floors",
}
