"""Condense a follow-up question into one that stands alone, by rules and without a model. Pure.

A question that names its subject is left as it is. One that refers to the chat ("그럼 몽골은?", "왜?", "the second one?") is completed
with what it refers to: the last question that stands alone, with its topic replaced where the follow-up names another one, or the
quotation that it points at.
"""

import re
from collections.abc import Sequence

from bot.grounding.transliteration import may_be_same_name
from bot.retrieval.intent import is_greeting
from bot.schema import Message
from bot.text.language import language_of
from bot.text.tokenize import is_verb, morphemes, nouns, proper_names

MAX_CONDENSED_CHARACTERS = 300
MIN_CONTENT_WORDS = 2  # a question with fewer, verbs aside, says too little to be searched for
_OPENING = re.compile(
    r"^\s*(그럼|그러면|그렇다면|그래서|그런데|근데|그리고|또|반대로|그래도|아니|and\b|but\b|so\b|then\b|what about|how about|or\b)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"(?:^|\s)(그|그거|그것|그건|그게|그걸|거기|그때|그쪽|그\s?사람|이거|이것|이건|이게|저건|얘|걔|위에|방금|아까|앞의|앞에)(?=\s|은|는|이|가|을|를|도|의|에|$)"
    r"|\b(it|its|that|this|those|these|they|them|their|he|she|his|her|one|ones|there|then|former|latter)\b",
    re.IGNORECASE,
)
_ORDINALS = {
    1: re.compile(r"첫\s?(?:번째|째)|1번|\b(?:the )?first\b", re.IGNORECASE),
    2: re.compile(
        r"두\s?번째|둘째|2번|\bsecond\b|\b(?:the )?other (?:one|quote|quotation|sentence)\b|나머지|다른 하나|뒤의|뒤에 것",
        re.IGNORECASE,
    ),
    3: re.compile(r"세\s?번째|셋째|3번|\bthird\b", re.IGNORECASE),
}
_BARE_WHY = re.compile(r"^\W*(왜|어째서|이유는|why|how come)\b.{0,12}$", re.IGNORECASE)
# Asks for more about the last answer, or for objections to it: searched for with its quotation.
_ABOUT_ANSWER = re.compile(
    r"^\W*(?:더|또|그 밖|예를? 들|예시|구체적|자세히|계속)|예를? (?:하나|몇|좀|들)|다른 (?:예|것|건)|더 (?:알려|말해|자세|있)"
    r"|반대하|반론|반박|비판|이견|\b(?:disagree|objects?|objections?|critics?|criticis\w+|against (?:it|that|this))\b"
    r"|\b(?:for example|for instance|(?:an?|any|one|another|more) examples?|tell me more|say more|go on|anything else|what else)\b",
    re.IGNORECASE,
)
_BARE_TOPIC = re.compile(r"^\W*[^\s?]+(?:은요?|는요?|이랑은|도요?)\s*\??$")
# Not a whole sentence: it ends in a particle, or has neither a question word nor an auxiliary.
_FRAGMENT = re.compile(
    r"(?:[은는도의에]|이?랑|하고|에서|까지|부터)요?\W*$|\b(?:what|how) about\b"
    r"|^(?!.*\b(?:how|why|what|when|where|who|which|did|does|do|is|was|are|were|can|could|would|should)\b)[^가-힣]*$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"뭐|무엇|뭔|누구|누가|왜|어떻게|언제|어디|몇|얼마|어떤|무슨|까\W*$|나요\W*$|니\W*$|어\W*$|\b(?:what|who|why|how|when|where|which|did|does|do|is|are|was|were)\b",
    re.IGNORECASE,
)
_NEW_TOPIC = re.compile(
    r"^\W*(?:그럼|그러면|그렇다면|그런데|근데|and|what about|how about|then)\W+(.{1,40}?)(?:은요|는요|은|는|이랑은|도)?\s*\??$",
    re.IGNORECASE,
)
_TOPIC = re.compile(r"^(\S+?)(은|는|이|가|을|를)(?=\s)")
_PARTICLES = {"은": "은는", "는": "은는", "이": "이가", "가": "이가", "을": "을를", "를": "을를"}


def standalone(question: str, history: Sequence[Message]) -> str:
    """The question in a form that can be searched for alone; unchanged where it already stands alone or has no history."""
    asked = [message.text for message in history if message.role == "user" and not is_greeting(message.text)]
    if not asked or is_greeting(question) or not _is_follow_up(question):
        return question
    quotations = _quotations(history)
    ordinal = next((number for number, pattern in _ORDINALS.items() if pattern.search(question)), 0)
    if ordinal and quotations:  # an ordinal beyond the last quotation means the last one
        return f"{quotations[min(ordinal, len(quotations)) - 1]} {question}"
    previous = _last_standalone(asked)
    if switched := _with_new_topic(previous, question):
        return switched
    if quotations and (_BARE_WHY.match(question) or _ABOUT_ANSWER.search(question)):
        return f"{previous} {quotations[0]} {question}"
    return f"{previous} {question}"


def may_stand_alone(question: str) -> bool:
    """Whether a question that is taken for a follow-up only for its few words may be a whole one: it asks, and nothing in it refers back."""
    patterns = (_REFERENCE, _ABOUT_ANSWER, _BARE_WHY, _BARE_TOPIC, _NEW_TOPIC, *_ORDINALS.values())
    return (
        bool(_ASKS.search(question)) and bool(morphemes(question)) and not any(pattern.search(question) for pattern in patterns)
    )


def is_faithful(condensed: str, question: str, history: Sequence[Message]) -> bool:
    """Whether a model's condensed form of `question` is accepted.

    It has to be one question of at most `MAX_CONDENSED_CHARACTERS` that stands alone, in the same language, keeps every proper name of
    `question`, and adds none that is neither there nor in the history.
    """
    one_question = condensed.rstrip().endswith(("?", "？")) and "\n" not in condensed.strip()
    if not one_question or len(condensed) > MAX_CONDENSED_CHARACTERS:
        return False
    if language_of(condensed) != language_of(question) or _is_follow_up(condensed):
        return False
    chat = " ".join([question, *(message.text for message in history)])
    chat_nouns, condensed_nouns = nouns(chat), nouns(condensed)
    keeps = all(any(may_be_same_name(name, noun) for noun in condensed_nouns) for name in proper_names(question))
    return keeps and all(
        name in chat or any(may_be_same_name(name, noun) for noun in chat_nouns) for name in proper_names(condensed)
    )


def _is_follow_up(question: str) -> bool:
    """Whether the question needs the chat before it: it has few words of its own, or a word that refers back."""
    words = [word for word in morphemes(question) if not is_verb(word)]
    if len(words) < MIN_CONTENT_WORDS or _BARE_TOPIC.match(question):
        return True
    if len(words) == MIN_CONTENT_WORDS and _OPENING.search(question) and _FRAGMENT.search(question):
        return True  # a whole sentence that opens with "then" asks about something new
    patterns = (_REFERENCE, _ABOUT_ANSWER, *_ORDINALS.values())
    return len(words) < 2 * MIN_CONTENT_WORDS and any(pattern.search(question) for pattern in patterns)


def _last_standalone(asked: Sequence[str]) -> str:
    """The last question that stands alone, with the follow-ups after it."""
    for place in range(len(asked) - 1, -1, -1):
        if not _is_follow_up(asked[place]):
            later = [turn for turn in asked[place + 1 :] if not _ABOUT_ANSWER.search(turn)]  # "tell me more" adds no subject
            return " ".join([asked[place], *later])
    return " ".join(asked[-2:])


def _with_new_topic(previous: str, question: str) -> str:
    """The previous question with its topic replaced by the one that `question` names ("그럼 몽골은?"); empty where it names none."""
    match = _NEW_TOPIC.match(question)
    topic = _TOPIC.match(previous)
    if not match or not topic or language_of(question) != "ko":
        return ""
    after_consonant, after_vowel = tuple(_PARTICLES[topic.group(2)])
    particle = after_consonant if _ends_in_consonant(match.group(1)) else after_vowel
    return f"{match.group(1)}{particle}{previous[topic.end() :]}"


def _ends_in_consonant(word: str) -> bool:
    """Whether a Hangul word ends in a consonant; a word in another script counts as ending in a vowel, as in 구글(Google)는."""
    return "가" <= word[-1] <= "힣" and (ord(word[-1]) - ord("가")) % 28 > 0


def _quotations(history: Sequence[Message]) -> list[str]:
    """The quotations of the last answer, in order."""
    answers = [message for message in history if message.role == "assistant"]
    return [" ".join(text.split()) for text in answers[-1].quotations] if answers else []
