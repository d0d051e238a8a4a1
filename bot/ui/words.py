"""The page's own words in Korean and English, and the questions that wait on it. Pure."""

from dataclasses import dataclass

from bot.schema import Language
from bot.text import language_of


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the page says by itself, in one language. Braces are filled in by whoever shows the word."""

    tagline: str
    ask: str
    try_one: str
    sources: str
    sources_hint: str
    waiting: str
    found: str
    asked_as: str
    reading: str
    refused: str
    nearest: str
    offsets: str
    trouble: str


WORDS: dict[Language, Words] = {
    "ko": Words(
        tagline="에세이를 두고 나누는 대화. 인용은 모두 원문과 한 글자씩 맞춰 보았습니다.",
        ask="에세이에 대해 물어보세요",
        try_one="무엇이 궁금한가요?",
        sources="출처",
        sources_hint="답이 인용한 문장을 원문의 문단 그대로 여기에 펼쳐 보입니다.",
        waiting="처음 한 번 모델을 여는 중입니다…",
        found="에세이에서 {count}군데를 찾아 읽고 있습니다…",
        asked_as="이렇게 풀어서 찾았습니다: {question}",
        reading="봇의 풀이",
        refused="원문으로 확인되지 않아 뺀 문장: {count}개",
        nearest="가장 가까운 대목",
        offsets="{offsets}번째 글자",
        trouble="문제가 생겨 답하지 못했습니다. 무슨 일인지는 서버를 띄운 터미널에 적혀 있습니다.",
    ),
    "en": Words(
        tagline="Talk with essays. Every quotation was checked against the text, character by character.",
        ask="Ask about the essays",
        try_one="What would you like to know?",
        sources="Sources",
        sources_hint="The sentences that an answer quotes open here, each in its own paragraph.",
        waiting="Opening the model, this once…",
        found="Found {count} in the essays, reading…",
        asked_as="Searched as: {question}",
        reading="The bot’s reading",
        refused="Sentences left out because the essays do not bear them out: {count}",
        nearest="Nearest passage",
        offsets="characters {offsets}",
        trouble="Something went wrong and there is no answer. The terminal that runs the server says what it was.",
    ),
}

QUESTIONS: tuple[str, ...] = (
    "고인돌은 왜 지었나요?",
    "고인돌과 파라미터 경쟁은 어디까지 닮았나요?",
    "몽골은 정말 휩쓸고 떠나기만 했나요?",
    "Why were dolmens built?",
    "Where does the Rome analogy break?",
    "What did the Mongols build?",
)


def language_for(question: str, accepted: str = "") -> Language:
    """The language to speak before there is an answer: the question's, else the first in `accepted` (Accept-Language)."""
    if any(character.isalpha() for character in question):
        return "ko" if language_of(question) == "ko" else "en"
    return "ko" if accepted.strip().lower().startswith("ko") else "en"
