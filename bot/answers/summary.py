"""Summaries: the key sentences of the essay that a question is about, in the order of its text."""

import re

from bot.answers import documents, subject
from bot.answers.turn import Line, Turn

DEFAULT, MOST = 5, 5  # key sentences
_KOREAN_NUMBERS = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7}
_ENGLISH_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_EVERYTHING = re.compile(r"(?:^|\s)(?:전부|전체|모두|모든|다)\s|\b(?:all|everything|whole)\b", re.IGNORECASE)
_COUNT = re.compile(
    r"(\d{1,2}|한|두|세|네|다섯|여섯|일곱)\s?(?:줄|문장|개|가지|마디)|\b(\d{1,2}|one|two|three|four|five|six|seven)\s(?:\w+\s)?(?:lines?|sentences?|points?|things)\b",
    re.IGNORECASE,
)


def lines(turn: Turn) -> list[Line]:
    """The key sentences of one essay, as many as were asked for; what the collection is about where no essay can be told."""
    identity = essay_of(turn)
    if not identity:
        return documents.lines(turn, "topics")
    keys = turn.key_sentences(identity, min(count_in(turn.draft.question) or DEFAULT, MOST))
    return [documents.summary_heading(turn, turn.index.essays[identity], len(keys)), *keys] if keys else []


def count_in(question: str) -> int:
    """How many lines or sentences the question asks for; 0 where it does not say."""
    match = _COUNT.search(question)
    if not match:
        return 0
    written = (match[1] or match[2]).lower()
    return int(written) if written.isdigit() else {**_KOREAN_NUMBERS, **_ENGLISH_NUMBERS}[written]


def essay_of(turn: Turn) -> str:
    """The id of the essay that is named, else of the open one, else of that of the chat, else of the one found; empty where there is none."""
    named = subject.named(turn.draft.question, turn.in_scope(), turn.language)
    if named or len(turn.essays) == 1:
        return named or turn.essays[0]
    if turn.subject and (subject.points_at_one(turn.draft.question) or not turn.index.retriever.words(turn.question)):
        return turn.subject
    if turn.outcome() == "absent" or _EVERYTHING.search(turn.draft.question):
        return turn.subject
    return subject.of_hits(turn.hits)
