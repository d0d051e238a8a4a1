"""Every usual shape of a history gives the same turns; any other is refused in one line of each language."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, ChatMessage, HumanMessage, SystemMessage, ToolMessage

from bot.chats.messages import cleaned, normalized
from bot.errors import QuestionError
from bot.messages import answers, notices
from bot.messages.text import LANGUAGES, Language, Text
from bot.schema import Answer, Message, Sentence
from tests.pages import ENGLISH, KOREAN, cite

ASKED = [("user", "등대는 언제 꺼졌나?"), ("assistant", "1933년입니다.")]
ANSWER = Answer(ASKED[0][1], ASKED[0][1], "ko", "answer", "quotes", sentences=(Sentence(ASKED[1][1], "reading"),))
BLOCKS = {"role": "user", "content": [{"type": "text", "text": "등대는 언제 꺼졌나?"}], "metadata": None}

SHAPES: dict[str, list[Any]] = {
    "pairs": ASKED,
    "lists": [list(pair) for pair in ASKED],
    "mappings": [{"role": role, "content": text} for role, text in ASKED],
    "mappings with blocks of text": [BLOCKS, {"role": "assistant", "content": ["1933년입니다."]}],
    "other names of the roles": [("human", ASKED[0][1]), {"role": "ai", "content": ASKED[1][1]}],
    "LangChain messages": [HumanMessage(ASKED[0][1]), AIMessage(ASKED[1][1])],
    "LangChain messages with blocks": [HumanMessage([{"type": "text", "text": ASKED[0][1]}]), AIMessage([ASKED[1][1]])],
    "chunks of LangChain messages": [HumanMessage(ASKED[0][1]), AIMessageChunk(content=ASKED[1][1])],
    "LangChain messages with a role": [
        ChatMessage(role="user", content=ASKED[0][1]),
        ChatMessage(role="assistant", content=ASKED[1][1]),
    ],
    "a LangChain message with reasoning": [
        HumanMessage(ASKED[0][1]),
        AIMessage([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": ASKED[1][1]}]),
    ],
    "messages of the Responses API": [
        {"role": "user", "content": [{"type": "input_text", "text": ASKED[0][1]}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": ASKED[1][1]}]},
    ],
    "objects with role and content": [SimpleNamespace(role=role, content=text) for role, text in ASKED],
    "dumped LangChain messages": [HumanMessage(ASKED[0][1]).model_dump(), AIMessage(ASKED[1][1]).model_dump()],
    "roles in upper case": [(role.upper(), text) for role, text in ASKED],
    "earlier answers": [ANSWER],
    "a mixture": [HumanMessage(ASKED[0][1]), {"role": "assistant", "content": ASKED[1][1]}],
}


@pytest.mark.parametrize("history", SHAPES.values(), ids=SHAPES)
def test_every_usual_shape_gives_the_same_turns(history: list[Any]) -> None:
    expected = [Message(*pair) for pair in ASKED]
    assert normalized(history) == expected
    assert normalized(tuple(history)) == expected
    assert normalized(expected) == expected


def test_an_empty_history_has_no_turns() -> None:
    assert normalized([]) == []


@pytest.mark.parametrize(
    "history",
    [
        "등대는 언제 꺼졌나?",
        {"role": "user", "content": "x"},
        None,
        7,
        ["x"],
        [("user",)],
        [("user", "x", "y")],
        [("user", 7)],
        [(7, "x")],
        [{"role": "user"}],
        [{"content": "x"}],
        [{"role": "user", "content": {"text": "x"}}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}],
        [{"role": "system", "content": "x"}],
        [("tool", "x")],
        [HumanMessage([{"type": "image_url", "image_url": "x"}])],
        [ChatMessage(role="system", content="x")],
        [["왜?", "1933년입니다."]],
        [{"role": "assistant", "content": None}],
        [b"x"],
        [SystemMessage("x")],
        [ToolMessage("x", tool_call_id="1")],
        [None],
        [object()],
    ],
    ids=lambda history: repr(history).partition(" at 0x")[0],
)
def test_any_other_shape_is_refused_in_one_line(history: Any) -> None:
    with pytest.raises(QuestionError) as caught:
        normalized(history)
    for line in (str(caught.value), caught.value.text("ko")):
        assert "\n" not in line
        assert "history" in line
        assert "role" in line


def test_a_long_value_is_shortened_in_the_error() -> None:
    with pytest.raises(QuestionError) as caught:
        normalized(["x" * 10_000])
    assert len(str(caught.value)) < 300


def test_a_mapping_of_another_type_is_accepted() -> None:
    class Turn(Mapping[str, str]):
        def __getitem__(self, key: str) -> str:
            return {"role": "user", "content": "x"}[key]

        def __iter__(self) -> Any:
            return iter(("role", "content"))

        def __len__(self) -> int:
            return 2

    assert normalized([Turn()]) == [Message("user", "x")]


def test_the_quotations_of_an_answer_are_known_and_those_of_a_text_are_read_from_its_lines() -> None:
    texts = ("고인돌은 힘을 보여 준다.", "It is heavy.")
    citations = (cite(KOREAN, texts[0]), cite(ENGLISH, texts[1], 2))
    sentences = (
        Sentence("From “A stone”:", "notice"),
        Sentence(f"“{texts[0]}”", "essay", (1,), True),
        Sentence(f"Weight: “{texts[1]}”", "essay", (2,), True),  # the row of a table
        Sentence("“It stands”, he says.", "essay", (2,)),
    )
    answer = replace(ANSWER, sentences=sentences, citations=citations)
    said = "\n".join([f"“{texts[0]}”", f"Weight: “{texts[1]}”", "“It stands”, he says."])  # without the notice and the numbers
    assert normalized([answer])[1] == Message("assistant", answer.text, texts, said)
    assert normalized([("assistant", answer.text)]) == [Message("assistant", answer.text, texts[:1], said)]
    assert normalized([("user", f"“{texts[0]}” [1]")]) == [Message("user", f"“{texts[0]}” [1]")]


def test_the_sources_of_prose_are_the_quotations_of_its_answer() -> None:
    quote = "고인돌은 힘을 보여 준다."
    answer = replace(ANSWER, sentences=(Sentence("힘을 보입니다.", "essay", (1,)),), citations=(cite(KOREAN, quote),))
    assert normalized([answer])[1] == Message("assistant", "힘을 보입니다. [1]", (quote,), "힘을 보입니다.")


NOTICES = [
    notices.ABSTAIN, notices.GREETING, notices.RELATED, notices.ALL_REFUSED, notices.MODEL_ABSTAINS, *notices.ENDED_EARLY.values(),
    notices.FROM.format(title="Why? (2)"), notices.NEAREST.format(title="A stone", place=notices.PARAGRAPH.format(number=2)),
    notices.MODEL_UNAVAILABLE.format(error="No key."), answers.SEVERAL_ESSAYS.format(count=3), answers.SUMMARY.format(title="x", count=2),
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("notice", NOTICES, ids=str)
def test_notices_are_left_out_of_what_an_answer_said(notice: Text, language: Language) -> None:
    line = notice.of(language)
    by_answer = replace(ANSWER, sentences=(Sentence("It is heavy.", "essay", (1,)), Sentence(line, "notice")))
    text = f"It is heavy. [1]\n{line}"
    assert by_answer.text == text
    assert [messages[-1].said for messages in (normalized([by_answer]), normalized([("assistant", text)]))] == [
        "It is heavy."
    ] * 2
    assert normalized([("assistant", line)])[0].said == ""


def test_messages_are_cleaned_and_cut() -> None:
    message = Message("assistant", "가\x00나다라", ("\u200b", "a\x00b"), "마\x00바사아")
    assert cleaned([message], 4) == [Message("assistant", "가나다", ("ab",), "마바사")]
    assert cleaned([Message("user", "x")], 4) == [Message("user", "x")]
