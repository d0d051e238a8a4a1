"""Words with which a sentence hedges, is certain or sweeping, reports another, or speaks of the question or of what the essays lack. Pure.

Each pattern has Korean and English words, so that a sentence can be compared with a passage in the other language.
"""

import re

_FLAGS = re.IGNORECASE

HEDGE = re.compile(
    r"\b(?:perhaps|maybe|may|might|probably|presumably|apparently|likely|seems?|seemed|suggest\w*|guess\w*|suppos\w+|propos\w+|argu\w+|claim\w*"
    r"|believ\w+|estimat\w+|reported\w*|reports?|reckon\w*|disput\w+|doubt\w*|quarrel|heard|hearsay|said to|rumou?r|likened|unclear|uncertain"
    r"|wonder\w*|asks?|admit\w*|conced\w+|thinks?|thought|judging|not sure|open|so those)\b"
    r"|짐작|추정|추측|아마|듣기로|들은|들었|전하|전한|보았|본다|봅니다|보는|주장|의심|다툼|갈린|갈리|다르다|모르|않을까|일까|것일까|같다|같은 것"
    r"|듯|싶"
    r"|[을를ㄹ] 것이|리라|인정|[다라]고 한|[다라]고 했|[다라]고 썼|[다라]고 쓴|[다라]고 적|반론|확실하지|묻|물었",
    _FLAGS,
)
CERTAIN = re.compile(
    r"\b(?:prov(?:es?|ed|en)|established|confirm\w*|settled|demonstrat\w+|undoubtedly|certainly|guarantee\w*|beyond doubt|no doubt|shows? that"
    r"|now known|official\w*|fact that|discover\w*|insists?|declared)\b"
    r"|증명|확인되|확인한|확인했|입증|틀림없|의심할 (?:바|여지)|밝혀진|밝혔|사실입니다|사실이다|확실히|공식"
    r"|뜻을 같이|인정한 사실|인정하는 사실|법칙이라",
    _FLAGS,
)
SWEEPING = re.compile(
    r"\b(?:all|every|everyone|everybody|everything|always|never|none|nobody|anywhere|any other|only|alone|exactly|entirely|completely|wholly"
    r"|without exception|impossible|in the world|no other|mainly|solely|ever|each)\b"
    r"|모든|모두|언제나|항상|반드시|예외 없|아무도|아무런|전혀|완전히|오로지|오직|유일|절대|한 번도|온 세상|세계 모든|0에 가까|끝까지|가장|까지 모두",
    _FLAGS,
)
OF_BLOG = re.compile(r"\bblog\w*\b|\bthe post\b|\bthe retelling\b|블로그", _FLAGS)

_OF_QUESTION = re.compile(
    r"\b(?:you(?:r)? (?:\w+ )?(?:ask|mention|name|question|say|said)\w*|(?:the|this|your) question|as asked|earlier in (?:this|our) chat)\b"
    r"|질문|물으신|물어보|여쭈|말씀하신|앞서 나눈|앞의 대화",
    _FLAGS,
)
_TEXTS = r"(?:\w+\s+)?(?:essays?|passages?|texts?|excerpts?|sources?|authors?|writers?|collection)"
_SUBJECT = rf"(?:(?:the|this|these|those|neither|no|none of the|any of the)\s+{_TEXTS}|they|it)"
_SAY = r"(?:says?|mentions?|states?|gives?|tells?|specif(?:y|ies)|explains?|discuss(?:es)?|address(?:es)?|contains?|covers?|speaks?|names?)"
_SAID = r"(?:stated|mentioned|said|given|discussed|explained|addressed|covered|found|named)"
_NOT_SAID = (
    "나오지 않|나와 있지 않|적혀 있지 않|쓰여 있지 않|말하지 않|언급하지 않|언급되지 않|언급이 없|다루지 않|설명하지 않|설명이 없|알 수 없|알 수는 없"
    "|찾을 수 없|확인할 수 없|답이 없|내용이 없|정보가 없|밝히지 않"
)
_ABSENT = re.compile(
    rf"^\W*(?:(?:however|but|still|unfortunately|as for [^,]+|on [^,]+),?\s+)?{_SUBJECT}\s+(?:itself\s+|themselves\s+)?"
    rf"(?:(?:do|does|did)\s*(?:not|n[’']t)(?:\s+\w+ly)?|never|nowhere)\s+{_SAY}\b"
    rf"|\b(?:is|are) (?:not|nowhere|never) (?:\w+ )?{_SAID} (?:in|by|anywhere in) {_SUBJECT}\b"
    rf"|^\W*(?:none of the|neither|no)\s+{_TEXTS}\s+{_SAY}\b"
    rf"|^\W*(?:nothing|no \w+) in (?:the|these|this) {_TEXTS}\s+{_SAY}\b"
    r"|(?:에세이|글|대목|본문|필자|글쓴이|자료)(?:들|들에|에|에는|에서|에서는|은|는|이|가|들은|들에는|만으로는|들만으로는|\s)[^.]*"
    rf"(?:{_NOT_SAID})[^,]*$",
    _FLAGS,
)
_OF_OTHERS = re.compile(r"블로그|\bblog|\bpost\b", _FLAGS)  # what another text lacks is a claim about it


def is_about_question(sentence: str) -> bool:
    """Whether the sentence speaks of the question or of the chat, whose names and figures it may repeat then."""
    return bool(_OF_QUESTION.search(sentence))


def says_what_is_absent(sentence: str) -> bool:
    """Whether the sentence says that the essays or passages do not say something: a remark on them, not a claim from them."""
    return bool(_ABSENT.search(sentence)) and not _OF_OTHERS.search(sentence)


def is_attributed(sentence: str) -> bool:
    """Whether the sentence says itself that an essay says so."""
    return bool(
        re.search(
            r"\b(?:essays?|authors?|writers?|blogger|post|passages?|text)\b|글쓴이|필자|에세이|이 글|저자|블로그|대목",
            sentence,
            _FLAGS,
        )
    )
