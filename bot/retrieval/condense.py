"""Makes a follow-up question stand alone, by rule and without a model. Pure: a question and the turns before it in, a question out.

A turn that names what it asks about is left as it is. One that leans on the talk ("그럼 몽골은?", "왜?", "the second one?") takes along what
it leans on: the reader's last whole question, with its topic exchanged where the turn names another, or the quotation it points at.
"""

import re
from collections.abc import Sequence

from bot.grounding.transliteration import may_be_same_name
from bot.retrieval.intent import is_greeting
from bot.text.normalize import language_of
from bot.text.tokenize import is_verb, morphemes, nouns, proper_names

Turn = tuple[str, str]

LONGEST = 300  # characters of a rewritten question
TOO_FEW = 2  # a question with fewer words that carry meaning than this says too little to be searched for
_OPENS = re.compile(
    r"^\s*(그럼|그러면|그렇다면|그래서|그런데|근데|그리고|또|반대로|그래도|아니|and\b|but\b|so\b|then\b|what about|how about|or\b)",
    re.IGNORECASE,
)
_POINTS = re.compile(
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
_WHY = re.compile(r"^\W*(왜|어째서|이유는|why|how come)\b.{0,12}$", re.IGNORECASE)
_QUOTED = re.compile(r"^\s*“([^\n]+?)”(?=\s*(?:\[\d+\]|$))", re.MULTILINE)
# Asks for more of what was just said, or for what speaks against it: it has to be found beside the quotation, not beside the question.
_MORE = re.compile(
    r"^\W*(?:더|또|그 밖|예를? 들|예시|구체적|자세히|계속)|예를? (?:하나|몇|좀|들)|다른 (?:예|것|건)|더 (?:알려|말해|자세|있)"
    r"|반대하|반론|반박|비판|이견|\b(?:disagree|objects?|objections?|critics?|criticis\w+|against (?:it|that|this))\b"
    r"|\b(?:for example|for instance|(?:an?|any|one|another|more) examples?|tell me more|say more|go on|anything else|what else)\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"^\W*[^\s?]+(?:은요?|는요?|이랑은|도요?)\s*\??$")
# What asks nothing by itself: it ends in a particle, or has neither a question word nor an auxiliary.
_PHRASE = re.compile(
    r"(?:[은는도의에]|이?랑|하고|에서|까지|부터)요?\W*$|\b(?:what|how) about\b"
    r"|^(?!.*\b(?:how|why|what|when|where|who|which|did|does|do|is|was|are|were|can|could|would|should)\b)[^가-힣]*$",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    r"^\W*(?:그럼|그러면|그렇다면|그런데|근데|and|what about|how about|then)\W+(.{1,40}?)(?:은요|는요|은|는|이랑은|도)?\s*\??$",
    re.IGNORECASE,
)
_TOPIC = re.compile(r"^(\S+?)(은|는|이|가|을|를)(?=\s)")
_PARTICLES = {"은": "은는", "는": "은는", "이": "이가", "가": "이가", "을": "을를", "를": "을를"}


def standalone(question: str, history: Sequence[Turn]) -> str:
    """`question` as it can be searched for alone; unchanged where it can already, or where nothing went before."""
    asked = [text for role, text in history if role == "user" and not is_greeting(text)]
    if not asked or is_greeting(question) or not _leans(question):
        return question
    quotations = _quotations(history)
    place = next((number for number, pattern in _ORDINALS.items() if pattern.search(question)), 0)
    if place and quotations:  # what the last quotation only announces stands beside it
        return f"{quotations[min(place, len(quotations)) - 1]} {question}"
    before = _last_whole(asked)
    if switched := _switch(before, question):
        return switched
    if quotations and (_WHY.match(question) or _MORE.search(question)):
        return f"{before} {quotations[0]} {question}"
    return f"{before} {question}"


def is_faithful(written: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether a model's rewriting of `question` may be searched for: one short question that stands alone, keeps its names and adds none."""
    asks = written.rstrip().endswith(("?", "？")) and "\n" not in written.strip() and len(written) <= LONGEST
    if not asks or language_of(written) != language_of(question) or _leans(written):
        return False
    talk = " ".join([question, *(text for _, text in history)])
    held = nouns(talk)
    kept = all(any(may_be_same_name(name, noun) for noun in nouns(written)) for name in proper_names(question))
    return kept and all(name in talk or any(may_be_same_name(name, noun) for noun in held) for name in proper_names(written))


def _leans(question: str) -> bool:
    """Whether the question needs the talk before it: few words of its own, or a word that points back or goes on."""
    words = [word for word in morphemes(question) if not is_verb(word)]
    if len(words) < TOO_FEW or _BARE.match(question):
        return True
    if (
        len(words) == TOO_FEW and _OPENS.search(question) and _PHRASE.search(question)
    ):  # a whole sentence goes on to something else
        return True
    return len(words) < 2 * TOO_FEW and any(pattern.search(question) for pattern in (_POINTS, _MORE, *_ORDINALS.values()))


def _last_whole(asked: Sequence[str]) -> str:
    """The reader's last question that stands alone, with those after it that lean on it."""
    for back in range(len(asked) - 1, -1, -1):
        if not _leans(asked[back]):
            return " ".join(asked[back:])
    return " ".join(asked[-2:])


def _switch(before: str, question: str) -> str:
    """The question before with the new topic in the place of its own ("그럼 몽골은?"); empty where the turn names none."""
    match = _SWITCH.match(question)
    topic = _TOPIC.match(before)
    if not match or not topic or language_of(question) != "ko":
        return ""
    closed, open_ = tuple(_PARTICLES[topic.group(2)])
    return f"{match.group(1)}{closed if _ends_in_consonant(match.group(1)) else open_}{before[topic.end() :]}"


def _ends_in_consonant(word: str) -> bool:
    """Whether a Hangul word's last syllable is closed; other scripts are read as open, as in 구글(Google)는."""
    return "가" <= word[-1] <= "힣" and (ord(word[-1]) - ord("가")) % 28 > 0


def _quotations(history: Sequence[Turn]) -> list[str]:
    """What the last answer quoted, in order."""
    answers = [text for role, text in history if role == "assistant"]
    return [" ".join(text.split()) for text in _QUOTED.findall(answers[-1])] if answers else []
