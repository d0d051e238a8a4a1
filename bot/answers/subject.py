"""Which essay a turn is about: the one that it names, the one that is open, the one that the chat is about. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from bot.schema import Essay, Hit, Language, Message
from bot.text.tokenize import morphemes

MIN_TITLE_LETTERS = 3  # of a title that is looked for as it is written
TITLE_SHARE = 0.7  # of a title's words that name it
MIN_TITLE_WORDS = 2
# Words that point at one essay, in this turn's wording or in that of the chat.
_THIS_ESSAY = re.compile(
    r"(?:^|\s)(?:이|그|위|방금|해당|지금)\s?(?:블로그\s?)?(?:글|에세이|노트|메모|일기|문서|포스트|포스팅|기사|원고|본문)|(?:^|\s)(?:이거|그거|이것|그것|여기)(?=\s|$|[을를은는이가도의])"
    r"|\b(?:this|that|the)\s(?:one|essay|text|post|note|article|piece|entry|document|story|blog post)\b|\b(?:it|this)\b",
    re.IGNORECASE,
)
# A title in quotation marks, with a word for a text beside it.
_QUOTED = re.compile(
    r"['‘「『“\"《<]([^'’」』”\"》>]{2,60})['’」』”\"》>]\s?(?:이?라는\s?)?(?:글|에세이|노트|메모|포스트)|\b(?:essay|post|note|piece|article)\b[^'‘“\"]{0,12}['‘“\"]([^'’”\"]{2,60})['’”\"]",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|a|an)\s", re.IGNORECASE)
_LETTERS = re.compile(r"[^\w]|_")


def named(question: str, essays: Sequence[Essay], language: Language) -> str:
    """The id of the essay whose title the question names; empty where it names none. Of two editions the one in the reader's language."""
    letters, words = _letters(question), set(morphemes(question))
    best: tuple[tuple[float, int, bool], str] = ((0.0, 0, False), "")
    for essay in essays:
        share = _share(essay.title, letters, words)
        if share >= TITLE_SHARE:
            best = max(best, ((share, len(essay.title), essay.language == language), essay.id))
    return best[1]


def written_out(question: str, essays: Sequence[Essay]) -> tuple[str, ...]:
    """The id of the one essay whose title the question writes in quotation marks; empty where it writes none or more than one."""
    found = {
        essay.id
        for essay in essays
        if len(essay.title) >= MIN_TITLE_LETTERS and re.search(rf"[‘'“\"「『]{re.escape(essay.title)}[’'”\"」』]", question)
    }
    return tuple(found) if len(found) == 1 else ()


def unknown_title(question: str, essays: Sequence[Essay]) -> str:
    """The title that the question writes in quotation marks where no essay has it or anything like it; empty where there is none."""
    for match in _QUOTED.finditer(question):
        title = str(match[1] or match[2])
        words, letters = set(morphemes(title)), _letters(title)
        if all(letters not in _letters(essay.title) and not words & set(morphemes(essay.title)) for essay in essays):
            return title
    return ""


def points_at_one(question: str) -> bool:
    """Whether the question points at one essay without naming it: this essay, it."""
    return bool(_THIS_ESSAY.search(question))


def of_chat(history: Sequence[Message], essays: Mapping[str, Essay]) -> str:
    """The id of the essay that the last answer quotes most, or else names; empty where it does neither."""
    for message in reversed(history):
        if message.role != "assistant":
            continue
        quoted = Counter(identity for quote in message.quotations for identity in _holding(quote, essays))
        if quoted:
            return quoted.most_common(1)[0][0]
        titled = [essay for essay in essays.values() if len(essay.title) >= MIN_TITLE_LETTERS and essay.title in message.text]
        if titled:
            return max(titled, key=lambda essay: (len(essay.title), essay.id)).id
    return ""


def of_hits(hits: Sequence[Hit]) -> str:
    """The id of the essay that was found best; empty without hits."""
    return next(iter(scores(hits)), "")


def scores(hits: Sequence[Hit]) -> dict[str, float]:
    """How well each essay was found, by its id, the best first: the sum of its passages' scores above the lowest one."""
    lowest = min((hit.score for hit in hits), default=0.0)
    sums: dict[str, float] = defaultdict(float)
    for hit in hits:
        sums[hit.passage.essay] += hit.score - lowest
    return dict(sorted(sums.items(), key=lambda pair: -pair[1]))


def _holding(quote: str, essays: Mapping[str, Essay]) -> list[str]:
    """The ids of the essays that hold the quotation; white space may have been collapsed in it."""
    wanted = " ".join(quote.split())
    return [essay.id for essay in essays.values() if quote in essay.text or wanted in " ".join(essay.text.split())]


def _share(title: str, letters: str, words: set[str]) -> float:
    """How much of a title the question holds: 1 where it stands there as it is written, else the share of its words."""
    written = _letters(title)
    if len(written) >= MIN_TITLE_LETTERS and written in letters:
        return 1.0
    for ends in (r"[:：(（—–]", r","):  # people leave out what follows
        part = _ARTICLE.sub("", re.split(ends, title)[0])
        main = _letters(part)
        is_whole = ends != "," or " " in part.strip()  # one word before a comma may be a common one
        if is_whole and len(main) > 2 * MIN_TITLE_LETTERS and main in letters:
            return 0.95
    own = set(morphemes(title))
    return 0.9 * len(own & words) / len(own) if len(own) >= MIN_TITLE_WORDS else 0.0


def _letters(text: str) -> str:
    return _LETTERS.sub("", text).casefold()
