"""Condensing follow-up questions by rule: what is added to them, and which questions are left as they are."""

import pytest

from bot.retrieval.condense import standalone
from bot.schema import Message

ANSWER = "「몽골이 지은 것」에서 찾은 문장입니다.\n“몽골은 지었다.” [1]\n“역참은 하루 거리마다 있었다.” [2]"
HISTORY = [
    Message("user", "로마는 왜 오래갔나요?"),
    Message("assistant", ANSWER, ("몽골은 지었다.", "역참은 하루 거리마다 있었다.")),
]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("그럼 몽골은?", "몽골은 왜 오래갔나요?"),
        ("그러면 당나라는요?", "당나라는 왜 오래갔나요?"),
        ("두 번째 것은 언제 일이야?", "역참은 하루 거리마다 있었다. 두 번째 것은 언제 일이야?"),
        ("왜?", "로마는 왜 오래갔나요? 몽골은 지었다. 왜?"),
        ("그럼 몽골의 역참은?", "몽골의 역참은 왜 오래갔나요?"),
        ("더 자세히", "로마는 왜 오래갔나요? 몽골은 지었다. 더 자세히"),
    ],
)
def test_a_follow_up_is_completed_from_the_history(question: str, expected: str) -> None:
    assert standalone(question, HISTORY) == expected


@pytest.mark.parametrize(
    "question",
    [
        "그럼 구글은 로마인가요 몽골인가요?",
        "그럼 글쓴이는 어디에 투자하려고 하나요?",
        "And how did Rome pay for roads?",
        "친칠라 모델의 매개변수는 몇 개였나요?",
        "When did the Chinchilla paper come out?",
        "강화도 고인돌의 덮개돌 무게가 얼마야?",
    ],
)
def test_a_question_that_stands_alone_is_unchanged(question: str) -> None:
    assert standalone(question, HISTORY) == question


@pytest.mark.parametrize("question", ["왜?", "그럼 몽골은?", "the second one?", ""])
def test_without_an_earlier_question_nothing_changes(question: str) -> None:
    assert standalone(question, []) == question
    assert standalone(question, HISTORY[1:]) == question


@pytest.mark.parametrize("greeting", ["고마워요!", "hi", "ㅋㅋ"])
def test_a_greeting_is_not_condensed_and_is_skipped_in_the_history(greeting: str) -> None:
    assert standalone(greeting, HISTORY) == greeting
    history = [*HISTORY, Message("user", greeting), Message("assistant", "에세이에 대해 물어보세요.")]
    assert standalone("그럼 몽골은?", history) == "몽골은 왜 오래갔나요?"


def test_english_follow_ups() -> None:
    history = [
        Message("user", "Why did Rome last so long?"),
        Message("assistant", "From “X”:\n“Roads lasted.” [1]\n“Law lasted longer.” [2]", ("Roads lasted.", "Law lasted longer.")),
    ]
    assert standalone("why is that?", history) == "Why did Rome last so long? Roads lasted. why is that?"
    assert standalone("and the second?", history) == "Law lasted longer. and the second?"


def test_a_chain_of_follow_ups_goes_back_to_the_last_standalone_question() -> None:
    history = [*HISTORY, Message("user", "왜?"), Message("assistant", "에세이에는 이 질문의 답이 없습니다.")]
    assert standalone("더 자세히", history) == "로마는 왜 오래갔나요? 왜? 더 자세히"
