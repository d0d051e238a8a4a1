"""Tells by regular expressions a turn that only greets, and a question about all essays; other intents: `bot.indexing.intents`. Pure."""

import re

_ALL_ESSAYS = re.compile(
    r"""(?:에세이|글|필자|글쓴이|저자)들(?:은|이|의|끼리|마다|\s|$)|(?:여러|모든|각|다른|서로\ 다른|전체)\s?(?:에세이|글)(?!쓴)
    |(?:에세이|글)마다|서가(?:의|에|는)\s|[가-힣]{2,}들(?:을|끼리|을\ 서로|을\ 다)\s?(?:\S+\s)?(?:비교|견주)
    |\b(?:what|how|where|do)\ (?:\w+\ )?(?:the|all|these|different|various|other)\ (?:essays|authors|writers|texts)
     \ (?:say|differ|disagree|agree|think|see|treat|have)\b
    |\b(?:across|in\ all|among|between)\ (?:all\ )?(?:of\ )?the\ (?:essays|writers|authors|texts)\b
    |\beach\ (?:essay|author|writer|text)\b|\b(?:on|of)\ the\ (?:whole\ )?shelf\b
    |\bcompare\ (?:all\ )?(?:of\ )?(?:the|these|different|various)\ (?!two\b)(?:\w+\ )?[a-z]+s\b(?!\s+(?:with|and|to)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
# A turn that consists of a greeting, thanks, laughter or stray Hangul letters.
_GREETING = re.compile(
    r"""\W*(?:다들\s|여러분,?\s)?(?:(?:안녕(?:하세요|하십니까|히\s?(?:계세요|가세요))?|반가워요?|반갑습니다|고마워요?|고맙습니다|감사(?:해요|합니다)
    |수고(?:하세요|했어요?|하셨습니다)|하이|헬로|잘\s?자요?|좋은\s(?:아침|저녁|하루)|네|응|알겠(?:어요?|습니다)|오케이|여보세요|[ㄱ-ㅎㅏ-ㅣ]+
    |hi|hello|hey|howdy|good\ (?:morning|afternoon|evening|night|day)|thanks?(?:\ (?:you|a\ lot|so\ much|very\ much))*|thx|bye|goodbye|cheers
    |ok|okay|cool|great|nice|lol|haha)(?:,?\ (?:there|all|everyone|dolmen))?(?:\W+|$))+""",
    re.IGNORECASE | re.VERBOSE,
)
_WHY = re.compile(r"왜|이유|까닭|\bwhy\b", re.IGNORECASE)


def is_greeting(question: str) -> bool:
    """Whether a turn only greets, thanks or holds no words at all: nothing is to be searched for."""
    has_words = any(character.isalnum() or character in "?？" for character in question)
    return not has_words or bool(_GREETING.fullmatch(question))


def is_about_all_essays(question: str) -> bool:
    """Whether a question is about what the essays say together or one by one, so that each of them should be quoted."""
    return bool(_ALL_ESSAYS.search(question)) and not _WHY.search(question)
