"""The page without a browser: its markup, the handlers of the chat and their errors, the server, and `app.py`."""

import logging
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client  # type: ignore[import-untyped]
from gradio_client.exceptions import AppError  # type: ignore[import-untyped]
from starlette.testclient import TestClient

import app
from bot import Bot
from bot.answers import generation
from bot.chats.history import ChatHistory
from bot.errors import ModelError, StoreError
from bot.grounding.outcome import REASONS
from bot.indexing.build import build_index
from bot.indexing.loader import MAX_FILE_BYTES
from bot.messages import notices
from bot.messages import page as texts
from bot.messages.text import LANGUAGES, Text
from bot.schema import Answer, Citation, Passage, Refusal, Sentence
from bot.settings import Settings
from bot.ui.layout import example_questions
from bot.ui.markup import escape, paragraph, read_link, source_link
from bot.ui.message import answer_markup
from bot.ui.middleware import MAX_BODY_BYTES, MAX_UPLOAD_BYTES, SAFE_HEADERS
from bot.ui.server import build_server
from bot.ui.sources import MAX_CONTEXT_CHARACTERS, sources_markup
from bot.ui.visitor import language_for
from tests.conversation import READER, Conversation, conversation, handlers_of
from tests.pages import (
    ENGLISH,
    KOREAN,
    ScriptedBot,
    abstaining,
    cite,
    empty_answer,
    hostile_answer,
    quoting,
    serving,
    visible_text,
)
from tests.payloads import PAYLOADS
from tests.places import ROOT
from tests.toys import ToyEmbedder, essay_of

Capture = pytest.CaptureFixture[str]
OURS = {"div", "p", "blockquote", "a", "span", "mark", "br", "button", "details", "summary", "ul", "li"}


class Elements(HTMLParser):
    """The tags, attributes and text of HTML, as a parser finds them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.add("comment")

    def handle_decl(self, decl: str) -> None:
        self.tags.add("declaration")

    def unknown_decl(self, data: str) -> None:
        self.tags.add("declaration")


def shown_steps(bot: ScriptedBot, question: str) -> list[tuple[str, str]]:
    """The last message and the sources of each step of an answer for a reader without a cookie."""
    return [(step.messages[-1]["content"], step.sources or "") for step in conversation(bot).ask(question)]


# Markup


def test_escaped_text_is_displayed_as_written() -> None:
    assert escape("로마 & <b>몽골</b>\n*끝*") == "로마 &#38; &#60;b&#62;몽골&#60;/b&#62;<br>&#42;끝&#42;"


def test_ordinary_punctuation_is_not_escaped() -> None:
    assert escape("정말? 3.4배(약), 그렇다; 2019-2023.") == "정말? 3.4배(약), 그렇다; 2019-2023."


def test_a_lone_surrogate_is_dropped() -> None:
    assert escape("a\ud800b") == "ab"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_escaped_payloads_have_the_same_visible_text(payload: str) -> None:
    assert visible_text(paragraph(payload)) == payload.strip()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_adds_no_element_or_attribute(payload: str) -> None:
    essay, answer = hostile_answer(payload)
    nearest = replace(answer, abstained=True, nearest=(essay_passage(essay.text),))
    markups = [
        paragraph(payload),
        answer_markup(answer, 1),
        sources_markup(answer, {essay.id: essay}),
        sources_markup(nearest, {}),
    ]
    found = Elements("".join(markups))
    assert found.tags <= OURS
    assert found.attributes <= {"class", "lang", "href", "id", "title", "type"}
    assert payload.strip() in found.text


def essay_passage(text: str) -> Passage:
    return Passage.of(essay_of(text, text), 0, len(text))


# The answer in the chat


def test_the_markup_of_an_answer() -> None:
    citation = cite(KOREAN, "고인돌은 힘을 보여 준다.")
    sentences = (
        Sentence("「고인돌 이야기」에서 찾은 문장입니다.", "notice"),
        Sentence("“고인돌은 힘을 보여 준다.”", "essay", (1,), True),
        Sentence("그래서 세웠다고 한다.", "essay", (1,)),
        Sentence("돌로 쓴 이력서다.", "reading", (1,)),
        Sentence("누가 읽을지는 모른다.", "reading"),
    )
    answer = replace(
        empty_answer("왜?"),
        standalone="고인돌은 왜?",
        sentences=sentences,
        citations=(citation,),
        refused=(Refusal("1998년에 세웠다.", "figure"),),
    )
    link = read_link(KOREAN.id, 15, 29, KOREAN.sha256)
    assert link == f"#read/dolmen.ko/15-29/{KOREAN.sha256[:12]}"
    marker = f'<a class="marker" href="{link}" title="고인돌 이야기">&#91;1&#93;</a>'
    shown = (
        '<p class="notice">검색한 질문&#58; 고인돌은 왜?</p>'
        '<p class="notice">「고인돌 이야기」에서 찾은 문장입니다.</p>'
        f"<blockquote>“고인돌은 힘을 보여 준다.”&#160;{marker}</blockquote>"
        f'<p class="said">그래서 세웠다고 한다.&#160;{marker}</p>'
        f'<p class="reading"><span class="label">봇의 풀이</span> 돌로 쓴 이력서다.&#160;{marker}</p>'
        '<p class="reading">누가 읽을지는 모른다.</p>'
    )
    left_out = (
        '<details class="refused"><summary>근거가 없어 뺀 문장 1개</summary><ul><li><span class="taken">1998년에 세웠다.</span> '
        '<span class="because">원문에 없는 숫자입니다</span></li></ul></details>'
    )
    foot = "".join(
        f'<button type="button" class="act{on}" id="turn-3-{act}">{word}</button>'
        for act, word, on in (
            ("copy", "복사", ""),
            ("retry-answer", "다시 묻기", ""),
            ("edit", "고쳐 묻기", ""),
            ("good", "좋아요", " on"),
            ("bad", "아쉬워요", ""),
        )
    )
    assert (
        answer_markup(answer, 3, rating=True)
        == f'<div class="answer" lang="ko">{shown}{left_out}<div class="foot">{foot}</div></div>'
    )
    status = '<p class="notice going">모델이 읽는다</p>'
    assert (
        answer_markup(answer, 3, is_final=False, status="모델이 읽는다")
        == f'<div class="answer" lang="ko">{shown}{status}{left_out}</div>'
    )


def test_next_questions_are_links_that_ask_them() -> None:
    answer = replace(Answer("q", "q", "en", "answer", "quotes"), suggestions=("Who pays <b>?", "왜?"))
    shown = answer_markup(answer, 1)
    assert (
        '<nav class="next" aria-label="Next questions"><ul><li><a class="act" href="#ask/answer/Who%20pays%20%3Cb%3E%3F">'
        in shown
    )
    assert "Who pays &#60;b&#62;?</a></li>" in shown
    assert "%EC%99%9C%3F" in shown
    assert "<nav" not in answer_markup(answer, 1, is_final=False)
    assert "<nav" not in answer_markup(replace(answer, suggestions=()), 1)


def test_the_first_of_several_unconfirmed_sentences_has_a_label() -> None:
    cited = Citation(1, "bell.en", "Bell", "bell.md", "It rings.", 0, 9, "0" * 64)
    unsure = tuple(Sentence(text, "unconfirmed", (1,)) for text in ("It <b>may</b> ring.", "It may not."))
    shown = answer_markup(Answer("q", "q", "en", "answer", "quotes", unsure, (cited,)), 1)
    assert shown.count(escape(notices.UNCONFIRMED.en)) == 1
    assert shown.count('<p class="unconfirmed">') == 2
    assert "It &#60;b&#62;may&#60;/b&#62; ring." in shown
    assert shown.count('class="marker"') == 2


def test_every_reason_for_a_refusal_has_a_text() -> None:
    written = set(re.findall(r'(?:return|"refused",) "([a-z]{3,})"', (ROOT / "bot/grounding/checker.py").read_text("utf-8")))
    assert written == set(REASONS)
    given = set(REASONS)
    given |= {generation.CITATION, generation.LANGUAGE, generation.FRAGMENT, generation.REPEATED}
    assert texts.REFUSAL_REASONS.keys() == given


def test_citations_without_sentences_show_a_notice() -> None:
    first, second = (answer_markup(answer, 1, is_final=False) for answer in quoting("What?"))
    assert first == '<div class="answer" lang="en"><p class="notice">Passages found&#58; 1. Reading them…</p></div>'
    assert "Passages found" not in second


def test_an_abstention_is_marked() -> None:
    (answer,) = abstaining("왜?")
    shown = answer_markup(answer, 1, is_final=False, status="reading")
    assert shown == '<div class="answer abstained" lang="ko"><p class="notice">에세이에는 없습니다.</p></div>'


# The sources


def test_a_quotation_is_highlighted_in_its_paragraph() -> None:
    *_, answer = quoting("왜?")
    assert sources_markup(answer, {KOREAN.id: KOREAN}) == (
        '<div class="sources" lang="ko"><div class="source" lang="ko"><p class="title">'
        f'<a class="open" href="{read_link(KOREAN.id, 15, 29, KOREAN.sha256)}">고인돌 이야기</a></p>'
        '<p class="paragraph">앞 문장. '
        '<span class="number">1</span><mark>고인돌은 힘을 보여 준다.</mark> 뒤 문장.</p>'
        '<p class="where">dolmen.ko.md · 15–29번째 글자</p></div></div>'
    )


def test_quotations_of_one_paragraph_are_shown_in_it_in_order() -> None:
    citations = (cite(ENGLISH, "It is heavy.", 1), cite(ENGLISH, "A dolmen shows power.", 2))
    shown = sources_markup(replace(empty_answer("What?"), citations=citations), {ENGLISH.id: ENGLISH})
    assert shown.count('<p class="paragraph">') == 1
    assert visible_text(shown).splitlines() == [
        "An Essay",
        "Before. 2A dolmen shows power. 1It is heavy. After.",
        "essay.md · characters 28–49, 50–62",
    ]


def test_overlapping_quotations_are_shown_separately() -> None:
    citations = (cite(ENGLISH, "A dolmen shows power."), cite(ENGLISH, "power. It is", 2))
    shown = sources_markup(replace(empty_answer("What?"), citations=citations), {ENGLISH.id: ENGLISH})
    assert shown.count('<p class="paragraph">') == 2
    assert shown.count("<mark") == 2


@pytest.mark.parametrize("essays", [{}, {ENGLISH.id: replace(ENGLISH, text="Another text altogether, published meanwhile.")}])
def test_a_quotation_is_shown_alone_if_its_essay_has_changed(essays: dict[str, Any]) -> None:
    *_, answer = quoting("What?")
    assert '<p class="paragraph"><span class="number">1</span><mark>A dolmen shows power.</mark></p>' in sources_markup(
        answer, essays
    )


def test_a_long_paragraph_is_shortened_around_the_quotation() -> None:
    essay = essay_of("a" * 100_000 + "THE QUOTE" + "b" * 100_000, "long")
    shown = sources_markup(replace(empty_answer("What?"), citations=(cite(essay, "THE QUOTE"),)), {essay.id: essay})
    before, after = "a" * MAX_CONTEXT_CHARACTERS, "b" * MAX_CONTEXT_CHARACTERS
    assert f' … {before}<span class="number">1</span><mark>THE QUOTE' in shown
    assert f"</mark>{after} … </p>" in shown
    assert len(shown) < 3 * MAX_CONTEXT_CHARACTERS


def test_an_abstention_shows_the_nearest_passage_without_a_highlight() -> None:
    (answer,) = abstaining("왜?")
    assert sources_markup(answer, {KOREAN.id: KOREAN}) == (
        '<div class="sources" lang="ko"><div class="source" lang="ko">'
        '<p class="title"><span class="label">가장 가까운 대목</span> '
        f'<a class="open" href="{read_link(KOREAN.id, 0, 7, KOREAN.sha256)}">고인돌 이야기</a></p>'
        '<p class="paragraph">첫 문단이다.</p><p class="where">dolmen.ko.md · 0–7번째 글자</p></div></div>'
    )


def test_a_list_item_counts_as_a_paragraph() -> None:
    essay = essay_of("Intro.\n\n## Facts\n\n- One fact.\n- The second fact.\n- A third.\n", "list")
    shown = sources_markup(replace(empty_answer("What?"), citations=(cite(essay, "second"),)), {essay.id: essay})
    assert visible_text(shown).splitlines()[1] == "- The 1second fact."


def test_the_nearest_passage_starts_with_its_heading() -> None:
    essay = essay_of("## A *heading*\n\nText.", "headed")
    answer = replace(empty_answer("What?"), abstained=True, nearest=(Passage.of(essay, 0, len(essay.text)),))
    assert '<p class="paragraph"><span class="heading">A &#42;heading&#42;</span>Text.</p>' in sources_markup(
        answer, {essay.id: essay}
    )


# Words


@pytest.mark.parametrize(
    ("question", "accepted", "language"),
    [
        ("왜?", "en", "ko"),
        ("로마의 API는?", "en", "ko"),
        ("Why?", "ko-KR,ko", "en"),
        ("?", "ko-KR", "ko"),
        ("", "fr, ko", "en"),
        ("", "", "en"),
    ],
)
def test_the_answers_language_is_that_of_the_question(question: str, accepted: str, language: str) -> None:
    assert language_for(question, accepted) == language


def test_there_are_three_example_questions_in_each_language_the_readers_first() -> None:
    korean, english = ([question.of(language) for question in texts.EXAMPLE_QUESTIONS] for language in LANGUAGES)
    assert [language_for(question) for question in (*korean, *english)] == ["ko"] * 3 + ["en"] * 3
    assert [example["text"] for example in example_questions("en")] == [*english, *korean]
    assert [example["text"] for example in example_questions("ko")] == [*korean, *english]


# One turn of the chat


def test_a_reply_consists_of_the_answer_and_its_sources() -> None:
    chat = conversation(ScriptedBot(quoting))
    first, *_, last = chat.ask("왜?")
    *_, answer = quoting("왜?")
    question = {"role": "user", "content": "<p>왜?</p>"}
    assert first.messages == [question, {"role": "assistant", "content": '<p class="notice">에세이에서 찾고 있습니다…</p>'}]
    assert last.messages == [question, {"role": "assistant", "content": answer_markup(answer, 1)}]
    assert last.sources == sources_markup(answer, {KOREAN.id: KOREAN})
    assert [turn.answer for turn in chat.turns] == [answer]
    assert last.chat_id == first.chat_id != ""
    assert (first.answering, last.answering) == (True, False)


def test_the_earlier_messages_are_made_once_while_an_answer_grows() -> None:
    chat = conversation(ScriptedBot(quoting))
    chat.ask("왜?")
    *growing, last = chat.ask("또?")
    assert len({id(step.earlier) for step in growing}) == 1
    assert [len(step.last) for step in (*growing, last)] == [1] * (len(growing) + 1)


def test_a_second_question_is_asked_with_the_chat_before_it() -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot)
    chat.ask("왜?")
    *_, second = chat.ask("또?")
    assert [message["role"] for message in second.messages] == ["user", "assistant"] * 2
    assert bot.asked[-1] == ("또?", [("user", "왜?"), ("assistant", "“고인돌은 힘을 보여 준다.” [1]")])
    chat.ask("고친 질문?", cut=2)
    assert [turn.answer.question for turn in chat.turns] == ["왜?", "고친 질문?"]
    assert bot.asked[-1] == ("고친 질문?", bot.asked[1][1])


def test_a_notice_says_that_the_model_is_loading() -> None:
    (first, panel), *_, (last, _) = shown_steps(ScriptedBot(quoting, ready=False), "왜?")
    assert (first, panel) == ('<p class="notice">모델을 불러오고 있습니다(처음 한 번만)…</p>', "")
    assert "<blockquote>" in last


def reading(question: str) -> Iterator[Answer]:
    """A model's answer: what it reads, then its sentences."""
    yield replace(empty_answer(question), reading=(9, 4))
    *_, answer = quoting(question)
    yield answer


@pytest.mark.parametrize(("question", "lines"), [
    ("왜?", ("에세이 4편의 대목 9개를 읽고 있습니다…", "모델이 쓰고 있습니다…")),
    ("Why?", ("Reading 9 passages from 4 essays…", "The model is writing…")),
])  # fmt: skip
def test_a_line_says_what_the_model_is_doing(question: str, lines: tuple[str, str]) -> None:
    _, *steps = (shown for shown, _ in shown_steps(ScriptedBot(reading, model_name="openai:x"), question))
    marked = [f'<p class="notice going">{line}</p>' for line in lines]
    assert [[line in shown for line in marked] for shown in steps] == [[True, False], [False, True], [False, False]]


def test_without_a_model_no_line_says_that_it_is_doing_anything() -> None:
    assert not any('"notice going"' in shown for shown, _ in shown_steps(ScriptedBot(quoting), "왜?"))


def failing(question: str) -> Iterator[Answer]:
    raise ModelError(Text("The model is away. Start it.", "모델이 없습니다. 켜 주세요."))
    yield empty_answer(question)


def breaking(question: str) -> Iterator[Answer]:
    yield from quoting(question)
    raise ValueError(f"secret {question}")


@pytest.mark.parametrize(
    ("question", "line"),
    [("왜?", "모델이 없습니다. 켜 주세요."), ("Why?", "The model is away. Start it.")],
)
def test_a_bot_error_is_shown_as_one_line_in_the_readers_language(question: str, line: str) -> None:
    shown, panel = shown_steps(ScriptedBot(failing), question)[-1]
    assert (visible_text(shown).splitlines()[0], panel) == (line, "")


@pytest.mark.parametrize(("question", "language"), [("왜 그런가 canary?", "ko"), ("Why canary?", "en")])
def test_an_unexpected_error_during_an_answer_keeps_what_was_shown(
    question: str, language: Any, caplog: pytest.LogCaptureFixture
) -> None:
    chat = conversation(ScriptedBot(breaking))
    with caplog.at_level(logging.DEBUG):
        *_, before, last = chat.ask(question)
    shown = before.messages[-1]["content"].removesuffix("</div>")
    assert last.messages[-1]["content"].startswith(f'{shown}<p class="notice">{escape(texts.UNEXPECTED_ERROR.of(language))}</p>')
    assert last.sources == before.sources
    assert not chat.turns[-1].answer.complete
    assert "ValueError" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("question", "words"), [("가" * 4001, "질문이 4,001자로"), ("x" * 900_000, "900,000 characters")], ids=["ko", "en"]
)
def test_a_question_that_is_too_long_is_declined(question: str, words: str) -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot)
    (only,) = chat.ask(question)
    (message,) = only.messages
    assert words in message["content"]
    assert (only.declined, chat.turns, only.sources, bot.asked) == (True, (), None, [])


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_changes_nothing(question: str) -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot)
    *_, answered = chat.ask("왜?")
    turns = chat.turns
    (only,) = chat.ask(question)
    assert (only.messages, only.declined, chat.turns, len(bot.asked)) == (answered.messages, True, turns, 1)


def test_the_history_is_the_last_six_turns_with_citations() -> None:
    def script(question: str) -> Iterator[Answer]:
        yield from (abstaining if "헛된" in question else quoting)(question)

    bot = ScriptedBot(script)
    chat = conversation(bot)
    for question in (*(f"왜 {number}?" for number in range(9)), "헛된 질문?", "왜 9?", "또?"):
        chat.ask(question)
    said_before = bot.asked[-1][1]
    assert [text for role, text in said_before if role == "user"] == [f"왜 {number}?" for number in (4, 5, 6, 7, 8, 9)]


def test_an_answer_whose_page_was_closed_is_saved_as_far_as_it_came() -> None:
    chat = conversation(ScriptedBot(quoting), READER)
    replies: Any = chat.asking("왜?")
    next(replies), next(replies), next(replies)
    replies.close()
    (turn,) = chat.turns
    assert [sentence.text for sentence in turn.answer.sentences] == ["“고인돌은 힘을 보여 준다.”", texts.STOPPED.of("ko")]
    assert not turn.answer.complete


def test_a_chat_continues_unsaved_while_the_disk_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be")
    chat = Conversation(handlers_of(ScriptedBot(quoting), ChatHistory(blocked)), READER)
    not_saved = texts.NOT_SAVED.of("ko").partition("{")[0].strip()
    begun, *_, first = chat.ask("왜?")
    assert not_saved in visible_text(first.messages[-1]["content"])
    assert begun.chat_name == ""
    chat.ask("또?")
    assert [turn.answer.question for turn in chat.turns] == ["왜?", "또?"]
    chat.ask("고친 또?", cut=2)
    assert [turn.answer.question for turn in chat.turns] == ["왜?", "고친 또?"]
    blocked.unlink()  # the disk can be written again: the unsaved turns are saved, too
    *_, third = chat.ask("이제?")
    assert not_saved not in visible_text(third.messages[-1]["content"])
    assert [turn.answer.question for turn in chat.turns] == ["왜?", "고친 또?", "이제?"]
    assert ChatHistory(blocked).get(READER, chat.chat_id).turns == chat.turns


def test_a_disk_error_during_an_answer_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = ScriptedBot(quoting)
    chat = conversation(bot, READER)
    replies = chat.asking("왜?")
    next(replies)

    def full(*_: Any) -> None:
        raise StoreError(Text("full", "가득 찼습니다."))

    with monkeypatch.context() as disk:
        disk.setattr(ChatHistory, "update_answer", full)
        *_, last = replies
    *_, answer = quoting("왜?")
    assert [turn.answer for turn in chat.turns] == [answer]
    assert "가득 찼습니다." in visible_text(last.messages[-1]["content"])
    chat.ask("또?")  # saves the answer of the first turn, too
    assert [turn.answer.complete for turn in ChatHistory(bot.settings.data).get(READER, chat.chat_id).turns] == [True, True]


@pytest.mark.parametrize("question", ["가" * 4_001, " "])
def test_a_declined_question_replaces_no_turns(question: str) -> None:
    chat = conversation(ScriptedBot(quoting))
    chat.ask("하나?")
    *_, second = chat.ask("둘?")
    turns = chat.turns
    (only,) = chat.ask(question, cut=1)
    assert (only.declined, chat.turns, only.messages[:4]) == (True, turns, second.messages)


def test_an_abandoned_answer_does_not_overwrite_a_later_one() -> None:
    """It was stopped while the model was busy, and a new question was asked before the model continued."""
    chat = conversation(ScriptedBot(quoting, model_name="scripted"), READER)
    abandoned: Any = chat.asking("왜?")
    next(abandoned)
    chat.stop()
    *_, again = chat.ask("다시?", cut=1)
    assert [step.messages for step in abandoned] == [again.messages]
    assert [turn.answer.question for turn in chat.turns] == ["다시?"]
    assert chat.turns[0].answer.complete


def test_an_answer_can_cite_an_essay_that_was_removed() -> None:
    *_, (shown, panel) = shown_steps(ScriptedBot(quoting, essays=()), "왜?")
    assert "<blockquote>" in shown
    assert "고인돌은 힘을 보여 준다." in panel


# The server


@pytest.fixture(scope="module")
def page() -> Iterator[TestClient]:
    with TestClient(build_server(ScriptedBot(quoting)), raise_server_exceptions=False) as client:  # type: ignore[arg-type]
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/config", "/theme.css", "/gradio_api/info", "/nothing/here", "/gradio_api/file=/etc/passwd"]
)
def test_every_response_has_the_safe_headers(page: TestClient, path: str) -> None:
    headers = page.get(path).headers
    assert {name: headers.get(name) for name in SAFE_HEADERS} == SAFE_HEADERS
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert "server" not in headers


def test_rejections_have_the_safe_headers(page: TestClient) -> None:
    refusals = [
        (page.get("/", headers={"host": "evil.example"}), 400),
        (page.post("/gradio_api/queue/join", headers={"origin": "http://evil.example"}, json={}), 403),
        (page.post("/gradio_api/queue/join", content=b"x" * (MAX_BODY_BYTES + 1)), 413),
    ]
    assert [(answer.status_code, answer.headers["x-content-type-options"]) for answer, _ in refusals] == [
        (status, "nosniff") for _, status in refusals
    ]


def test_healthz_reports_whether_the_bot_is_ready(page: TestClient) -> None:
    answer = page.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "ready": True})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.1:7860", "testserver"])
def test_names_of_this_machine_are_accepted_as_host(page: TestClient, host: str) -> None:
    assert page.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", ""])
def test_other_host_names_are_rejected(page: TestClient, host: str) -> None:
    assert page.get("/healthz", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(("host", "header"), [("books.example", "books.example:7860"), ("::1", "[::1]:7860")])
def test_the_configured_host_is_accepted(host: str, header: str) -> None:
    with TestClient(build_server(ScriptedBot(quoting), host)) as client:  # type: ignore[arg-type]
        assert client.get("/healthz", headers={"host": header}).status_code == 200
        assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost.evil.example", "http://localhost:1", "null", "https://testserver"]
)
@pytest.mark.parametrize("path", ["/", "/gradio_api/token", "/config"])
def test_requests_from_other_origins_are_rejected(page: TestClient, host: str, origin: str, path: str) -> None:
    answer = page.get(path, headers={"host": host, "origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_preflight_from_another_origin_is_rejected(page: TestClient) -> None:
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = page.options("/gradio_api/queue/join", headers=asked)
    assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (403, False)


def test_requests_from_the_page_itself_are_accepted(page: TestClient) -> None:
    assert page.get("/config", headers={"origin": "http://testserver"}).status_code == 200


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/call/ask", "/healthz"])
def test_a_large_body_is_rejected_with_or_without_a_content_length(page: TestClient, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"x" * 100_000 for _ in range(15))

    assert page.post(path, content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
    if path != "/healthz":  # this route does not read the body
        assert page.post(path, content=pieces()).status_code == 413


def test_uploads_have_a_higher_limit(page: TestClient) -> None:
    announced = {"content-length": str(MAX_UPLOAD_BYTES + 1), "content-type": "multipart/form-data; boundary=x"}
    assert page.post("/gradio_api/upload", content=b"", headers=announced).status_code == 413
    file = {"files": ("essay.txt", b"x" * (2 * MAX_BODY_BYTES))}
    assert page.post("/gradio_api/upload", files=file).status_code == 200
    assert (
        MAX_FILE_BYTES < MAX_UPLOAD_BYTES
    )  # one file that is too large reaches the library, which says so in the reader's language


@pytest.mark.parametrize("path", ["/gradio_api/file=/etc/passwd", "/gradio_api/file=app.py", "/gradio_api/file=../app.py"])
def test_no_file_of_the_disk_is_served(page: TestClient, path: str) -> None:
    assert page.get(path).status_code in {403, 404}


def test_the_page_has_no_analytics_no_footer_and_no_remote_fonts(page: TestClient) -> None:
    config = page.get("/config").json()
    assert [config[name] for name in ("analytics_enabled", "run_history", "footer_links", "title")] == [
        False,
        False,
        [],
        "Dolmen",
    ]
    assert "fonts.g" not in page.get("/theme.css").text
    assert "fonts.g" not in page.get("/").text


# The API


def test_the_api_returns_the_answer_as_json() -> None:
    bot = ScriptedBot(quoting)
    with serving(build_server(bot)) as address:  # type: ignore[arg-type]
        client = Client(address, verbose=False, analytics_enabled=False)
        answer = client.predict("왜?", "counter", api_name="/ask")
        with pytest.raises(AppError, match="no mode|No mode is called"):
            client.predict("왜?", "sing", api_name="/ask")
        named = client.view_api(return_format="dict")["named_endpoints"]
    *_, expected = quoting("왜?")
    assert answer == expected.to_dict()
    assert (bot.modes[:1], set(named)) == (["counter"], {"/ask"})


# The script


def test_help_imports_no_heavy_package() -> None:
    code = (
        "import sys, app\ntry: app.main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('gradio', 'torch', 'chromadb', 'numpy') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "--i-know" in shown
    assert shown.splitlines()[-1] == "[]"


def one_line(capsys: Capture) -> str:
    """The only line on stderr; stdout must be empty."""
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    return shown.err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "example.com"])
def test_a_host_that_others_can_reach_needs_a_flag(host: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("BOT_HOST", host)
    assert app.main([]) == 1
    line = one_line(capsys)
    assert host in line
    assert "--i-know" in line


def test_a_port_in_use_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("BOT_PORT", str(port))
        assert app.main([]) == 1
    line = one_line(capsys)
    assert f"port {port}: Address already in use" in line
    assert f"BOT_PORT={port + 1}" in line


@pytest.mark.parametrize(("name", "value"), [("BOT_PORT", "many"), ("BOT_PORT", "99999")])
def test_an_invalid_setting_is_reported_in_one_line(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv(name, value)
    assert app.main([]) == 1
    line = one_line(capsys)
    assert name in line
    assert value in line


def test_a_missing_index_and_missing_essays_are_reported(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("BOT_PORT", "0")
    assert app.main([]) == 1
    shown = capsys.readouterr()
    assert shown.err.splitlines()[0] == "There is no index at index. Building it once from corpus:"
    assert len(shown.err.splitlines()) == 2


def test_a_collection_that_there_is_not_is_not_made(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("BOT_PORT", "0")
    assert app.main(["--collection", "Notes"]) == 1
    assert one_line(capsys).startswith("No collection is called 'notes'; there are: none. To make it, run: python ingest.py")


def test_an_index_without_its_pointer_is_not_replaced_by_the_bundled_essays(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bundled.md").write_text("This essay comes with the program.")
    build_index(Settings.load(index=index), [ROOT / "tests" / "essays"], embedder=ToyEmbedder())
    (index / "CURRENT").unlink()
    monkeypatch.setenv("BOT_PORT", "0")
    assert app.main([]) == 1
    assert one_line(capsys) == "The index is damaged: CURRENT is missing. Run: python -m bot doctor --repair\n"


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "http://127.0.0.1:{}"), ("::1", "http://[::1]:{}")])
def test_the_address_is_a_url(host: str, address: str) -> None:
    with app.listen(host, 0) as listener:
        assert app.address(listener) == address.format(listener.getsockname()[1])


def test_only_the_page_imports_gradio() -> None:
    importing = re.compile(r"^\s*(from|import) gradio", re.MULTILINE)
    modules = [*ROOT.glob("bot/**/*.py"), ROOT / "app.py", ROOT / "ingest.py"]
    assert {module.parent.name for module in modules if importing.search(module.read_text("utf-8"))} == {"ui"}


@pytest.mark.parametrize("question", [question.of(language) for language in LANGUAGES for question in texts.EXAMPLE_QUESTIONS])
def test_the_example_questions_are_answered(real_index: Settings, question: str) -> None:
    answer = Bot.open(index=real_index.index, llm="quotes").ask(question)
    assert not answer.abstained
    assert answer.citations
    assert answer.language == language_for(question)


def test_the_page_contains_its_script_first_and_sets_a_cookie(page: TestClient) -> None:
    first = TestClient(page.app).get("/")
    assert first.text.index("<script>/* The page's own script") < first.text.index("window.gradio_config")
    assert "__WORDS__" not in first.text
    cookie = first.headers["set-cookie"]
    assert re.fullmatch(r"dolmen_reader=[A-Za-z0-9_-]{43}; HttpOnly; Max-Age=31536000; Path=/; SameSite=Lax", cookie)
    assert "set-cookie" not in TestClient(page.app).get("/", headers={"cookie": cookie.partition(";")[0]}).headers
    forged = TestClient(page.app).get("/", headers={"cookie": "dolmen_reader=../../etc"})
    assert forged.headers["set-cookie"] != cookie
    assert "set-cookie" not in page.get("/healthz").headers


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "https://example.com/a_b?c=1&d",
            '<a class="outward" href="https://example.com/a_b?c=1&amp;d" target="_blank" rel="noopener noreferrer">',
        ),
        ("https://example.com/" + "x" * 300, '<a class="outward" href="https://example.com/' + "x" * 300 + '"'),
    ],
)
def test_a_web_address_as_source_is_a_link_to_a_new_tab(source: str, shown: str) -> None:
    markup = source_link(source)
    assert markup.startswith(shown)
    text = visible_text(markup)
    assert text == source if len(source) <= 200 else text == source[:200] + "…"


@pytest.mark.parametrize(
    "source",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://good@evil.example/",
        "http://[",
        "https://a.example/<b>",
        "file:///etc",
        "책에서",
        'http://a"b',
    ],
)
def test_a_source_that_is_not_a_web_address_is_text(source: str) -> None:
    assert source_link(source) == escape(source)
