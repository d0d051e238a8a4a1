"""Greetings, questions about all essays, and questions that are neither."""

import pytest

from bot.retrieval.intent import is_about_all_essays, is_greeting

REQUESTS = [
    "파이썬으로 정렬 코드 짜줘",
    "이 글 프랑스어로 번역해 주세요",
    "왕관 그림 하나 그려줄래?",
    "제주도 숙소 예약해줘",
    "내 자소서 좀 고쳐 줄 수 있어?",
    "Write me a limerick about cranes",
    "could you please translate the second essay into German",
    "Hi! Can you book a flight to Seoul",
    "remind me to call mum",
    "Make me a logo",
    "run the script and email it to Kim",
]
IN_SCOPE = [
    "고인돌은 왜 지었나요?",
    "로마가 길을 만들어 준 까닭은?",
    "누가 이 글을 써 달라고 했나요?",
    "중요한 문장 하나만 뽑아줘",
    "예를 들어 줘",
    "요점을 정리해 줘",
    "설명해 주세요",
    "Who wrote this?",
    "Why did they build it?",
    "make the case against him",
    "explain the point about cranes",
    "Tell me about Rome",
    "What did Rome make of the Greeks?",
]
GREETINGS = [
    "안녕",
    "안녕하세요!",
    "다들 안녕하세요",
    "고마워 ㅎㅎ",
    "감사합니다.",
    "ㅋㅋㅋ",
    "ㅁㄴㅇㄹ",
    "네",
    "hi",
    "Hi there!",
    "hello, Dolmen",
    "Thank you so much!",
    "ok, thanks",
    "Good morning everyone",
    "😀",
    "...",
]
ABOUT_BOT = [
    "너는 누구야?",
    "넌 뭐 하는 봇이니",
    "네 이름이 뭐야?",
    "무엇을 할 수 있나요?",
    "이거 어떻게 써요?",
    "사용법",
    "Who are you?",
    "what can you do",
    "What can I ask here?",
    "How does this work?",
    "help!",
]
NOT_GREETINGS = [
    "누구야?",
    "너는 누구의 편이야?",
    "글쓴이는 무엇을 할 수 있다고 하나요?",
    "고인돌로 무엇을 할 수 있나요?",
    "How does this work as an analogy?",
    "Who are you quoting?",
    "What are your sources on Rome?",
    "왜?",
    "그래?",
    "그래서?",
    "Dolmen?",
    "all",
    "great wall?",
    "안녕 로마",
    "hi, what is a dolmen?",
    "cheers of the crowd",
    "???",
]
ALL_ESSAYS = [
    "compare the Romes",
    "로마들을 서로 비교해 줘",
    "에세이들은 권력을 어떻게 보나요?",
    "글마다 몽골을 어떻게 말해?",
    "what do the essays say about power?",
    "How do the writers differ on Rome?",
    "what does each essay think of the Mongols",
]
ONE_SUBJECT = [
    "고인돌은 왜 지었나요?",
    "compare the two Romes",
    "Compare the dolmens with the pyramids",
    "글쓴이는 누구야",
    "why do the essays say so",
]


@pytest.mark.parametrize("question", ALL_ESSAYS)
def test_a_question_about_all_essays(question: str) -> None:
    assert is_about_all_essays(question)


@pytest.mark.parametrize("question", [*ONE_SUBJECT, *IN_SCOPE])
def test_a_question_about_one_subject_is_not_about_all_essays(question: str) -> None:
    assert not is_about_all_essays(question)


@pytest.mark.parametrize("question", GREETINGS)
def test_a_turn_that_only_greets_is_a_greeting(question: str) -> None:
    assert is_greeting(question)


@pytest.mark.parametrize("question", [*IN_SCOPE, *ALL_ESSAYS, *ONE_SUBJECT, *REQUESTS, *ABOUT_BOT, *NOT_GREETINGS])
def test_a_question_is_not_a_greeting(question: str) -> None:
    assert not is_greeting(question)
