"""Whether a text is Korean or English, for all of the project.

Which tokenizer a text needs is a different question: `tokenize.needs_kiwi`.
"""

import re

from bot.schema import Language
from bot.text.tokenize import kiwi

LATIN_PER_HANGUL = 4  # Latin letters that one Hangul letter outweighs
WORDS_PER_KOREAN_WORD = 5  # in a question with English names, such as "React server components 왜 걷어 냈어?"
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
# Code, addresses, file names and identifiers are in no language.
_NO_WORDS = re.compile(
    r"^(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^(?P=fence)|\Z)|`[^`\n]+`|<[^<>\n]+>|\b(?:https?|ftp)://\S+|\bwww\.\S+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[A-Za-z0-9_-]+(?:[._/\\][A-Za-z0-9_-]+)+|\b[a-z]+[A-Z]\w*|\b\w+\(\)",
    re.MULTILINE | re.DOTALL | re.ASCII,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’|「[^」]*」|『[^』]*』|《[^》]*》|〈[^〉]*〉")
_ENGLISH_QUESTION = re.compile(
    r"\W*(?:what|who|whom|whose|which|why|how|when|where|is|are|was|were|do|does|did|can|could|should|would|will|has|have|tell"
    r"|explain|describe|compare|summari[sz]e)\b",
    re.IGNORECASE,
)
_KOREAN_QUESTION = re.compile(
    r"왜|뭐|뭘|무엇|무슨|누가|누구|어디|언제|어떻|어때|어떤|얼마|몇|인가|[가-힣](?:나요|까|니|냐|어|야|지)\s*\?"
)


def language_of(text: str) -> Language:
    """The language that a text or a question is written in, whatever it quotes or names; `en` where it has no Korean letter.

    Quotations, code, addresses and identifiers do not count where other words are left. Of these, Korean are at least a fifth of the
    Hangul and Latin letters (a Korean syllable carries about as much as three Latin letters), or the words around English names.
    """
    if not _HANGUL.search(text):
        return "en"
    prose = _NO_WORDS.sub(" ", text)
    unquoted = _QUOTED.sub(" ", prose)
    words = next((words for words in (unquoted, prose) if _WORD.search(words)), text)
    if _ENGLISH_QUESTION.match(words):
        return "ko" if _KOREAN_QUESTION.search(words) and _ends_in_korean(words) else "en"
    hangul, latin = len(_HANGUL.findall(words)), len(_LATIN.findall(words))
    return "ko" if hangul * LATIN_PER_HANGUL >= latin or (hangul and _is_korean_clause(words)) else "en"


def _is_korean_clause(text: str) -> bool:
    """Whether a sentence of mostly English words is Korean: it ends in Korean and asks in Korean or has a particle or a verb's ending."""
    if not _ends_in_korean(text):
        return False
    return bool(_KOREAN_QUESTION.search(text)) or any(token.tag.startswith(("J", "E")) for token in kiwi().tokenize(text))


def _ends_in_korean(text: str) -> bool:
    words = _WORD.findall(text)
    korean = sum(_HANGUL.match(word[-1]) is not None for word in words)
    return bool(_HANGUL.match(words[-1][-1])) and korean * WORDS_PER_KOREAN_WORD >= len(words)
