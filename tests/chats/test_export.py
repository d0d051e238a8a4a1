"""Exports: every citation is included, no text becomes markup, and an altered quotation is found when the file is read back."""

import json
import os
import re
import threading
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats import recheck
from bot.chats.export import EXPORTS
from bot.chats.export_reader import chat_of as chat_of_payload
from bot.chats.export_reader import is_export, quotations
from bot.chats.history import Chat, Rating, Turn
from bot.chats.recheck import Checked, check, check_file
from bot.errors import BotError
from bot.messages import notices
from bot.schema import Answer, Citation, Essay, Refusal, Sentence
from tests.pages import ENGLISH, KOREAN, cite, empty_answer
from tests.payloads import PAYLOADS
from tests.toys import essay_of

KINDS = sorted(EXPORTS)
ESSAYS = {KOREAN.id: KOREAN, ENGLISH.id: ENGLISH}


def chat_of(*answers: Answer, name: str = "돌 이야기", reason: str = "") -> Chat:
    turns = tuple(
        Turn(place, answer, "2026-11-24T01:02:03+00:00", Rating(False, reason)) for place, answer in enumerate(answers, 1)
    )
    return Chat("id", name, "2026-11-24T01:02:03+00:00", "2026-11-24T01:02:03+00:00", turns)


def answer_with(*citations: Citation, question: str = "왜?", reading: str = "돌로 쓴 이력서다.") -> Answer:
    quoted = tuple(Sentence(f"“{citation.quote}”", "essay", (citation.number,), True) for citation in citations)
    others = (
        Sentence(reading, "reading"),
        Sentence("에세이에서 찾은 문장입니다.", "notice"),
        Sentence("그래서 세웠다.", "essay", (1,)),
    )
    refused = (Refusal("유령이 1997년에 세웠다.", "figure"),)
    return replace(empty_answer(question), sentences=(*quoted, *others), citations=citations, refused=refused, complete=False)


def exported(chat: Chat, kind: str) -> str:
    return EXPORTS[kind][0](chat)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unconfirmed_sentence_is_marked_and_read_back(kind: str) -> None:
    answer = answer_with(cite(KOREAN, "고인돌은 힘을 보여 준다."))
    unconfirmed = Sentence("아마 마을이 함께 세웠을 것이다.", "unconfirmed", (1,))
    chat = chat_of(replace(answer, sentences=(*answer.sentences, unconfirmed)))
    text = exported(chat, kind)
    assert ('"kind": "unconfirmed"' if kind == "json" else notices.UNCONFIRMED.ko) in text
    assert [citation.quote for citation in quotations(text)] == ["고인돌은 힘을 보여 준다."]
    assert Answer.from_dict(chat.turns[0].answer.to_dict()).sentences[-1] == unconfirmed


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_quotation_stands_in_the_export_and_is_read_back(kind: str) -> None:
    paged = replace(cite(KOREAN, "고인돌은 힘을 보여 준다."), page=12)
    text = exported(chat_of(answer_with(paged)), kind)
    assert ('"page": 12' if kind == "json" else "12쪽") in text
    (page,) = {citation.page for citation in quotations(text)}
    assert page == 12
    without = exported(chat_of(answer_with(replace(paged, page=0))), kind)
    assert "12쪽" not in without
    assert '"page"' not in without


def compared(citation: Citation) -> tuple[Any, ...]:
    return (citation.number, citation.essay, citation.quote, citation.start, citation.end, citation.sha256)


@pytest.mark.parametrize("kind", KINDS)
def test_every_quotation_is_read_back_and_holds(kind: str) -> None:
    citations = (cite(KOREAN, "고인돌은 힘을 보여 준다."), cite(ENGLISH, "It is heavy.", 2))
    found = quotations(exported(chat_of(answer_with(*citations), answer_with(citations[0])), kind))
    assert [compared(citation) for citation in found] == [compared(citation) for citation in (*citations, citations[0])]
    assert [check(citation, ESSAYS).state for citation in found] == ["holds"] * 3


@pytest.mark.parametrize("kind", ["md", "html"])
def test_an_export_contains_every_part_of_an_answer(kind: str) -> None:
    answer = replace(answer_with(cite(KOREAN, "고인돌은 힘을 보여 준다.")), standalone="고인돌은 왜 지었나?")
    text = exported(chat_of(answer, reason="짧다"), kind)
    shown = text if kind == "md" else re.sub(r"<[^>]*>", " ", text)
    for part in (
        "돌 이야기",
        "왜?",
        "고인돌은 왜 지었나?",
        "봇의 풀이",
        "돌로 쓴 이력서다.",
        "그래서 세웠다.",
        "scripted",
        "유령이 1997년에",
        "짧다",
    ):
        assert part in shown, part
    assert (f"{KOREAN.id} · 15–29 · sha256 {KOREAN.sha256}" in shown, "끝까지 쓰지 못한 답변" in shown) == (True, True)


class Tags(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}


def without_data(text: str, kind: str) -> str:
    """The export without its JSON, which is one comment or one block of data and ends nowhere but at its end."""
    if kind == "json":
        return text
    before, after = {"md": ("<!-- dolmen ", " -->"), "html": ('<script type="application/json" id="dolmen">', "</script>")}[kind]
    assert text.count(before) == text.count(after) == 1
    data = text.partition(before)[2].partition(after)[0]
    assert not re.search("[<>&\\n]|--", data)
    assert json.loads(data)["dolmen"] == 1
    return text.replace(before + data + after, "")


def test_the_json_of_a_chat_is_read_back_whole() -> None:
    chat = chat_of(answer_with(cite(KOREAN, "고인돌은 힘을 보여 준다.")), empty_answer("또?"), reason="짧다")
    assert chat_of_payload(json.loads(exported(chat, "json"))) == replace(chat, id="")
    with pytest.raises(BotError, match="not an exported chat"):
        chat_of_payload({"dolmen": 1, "turns": [{}]})


@pytest.mark.parametrize("kind", ["md", "html"])
def test_a_forged_quotation_is_found_in_the_text_and_in_the_data(kind: str) -> None:
    """Each is compared with the essays, whatever the other says; without the data the text is read, as in a file of version 0.1.0."""
    quote, forged = "고인돌은 힘을 보여 준다.", "고인돌은 힘을 감춘다."
    text = exported(chat_of(answer_with(cite(KOREAN, quote))), kind)
    seen = without_data(text, kind)
    data = next(part for part in re.findall(r"\{.*\}", text) if '"dolmen"' in part)
    for changed in (text.replace(seen[:-20], seen[:-20].replace(quote, forged)), text.replace(data, data.replace(quote, forged))):
        states = {citation.quote: check(citation, ESSAYS).state for citation in quotations(changed)}
        assert states in ({quote: "holds", forged: "changed"}, {quote: "holds", forged: "gone"}), changed
    assert [citation.quote for citation in quotations(seen)] == [quote]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_texts_stay_text_and_are_read_back(payload: str, kind: str) -> None:
    essay = Essay("hostile", payload, "", "", "en", payload, "", f"Before. {payload} After.")
    quote = Citation(1, essay.id, payload, payload, payload, 8, 8 + len(payload), essay.sha256)
    answer = answer_with(quote, question=payload, reading=payload)
    text = exported(chat_of(answer, name=payload, reason=payload), kind)
    (found,) = quotations(text)
    assert compared(found) == compared(quote)
    text = without_data(text, kind)
    if kind == "html":
        tags = Tags(text)
        ours = "html head meta title style body h1 h2 h3 p b s section blockquote sup ol ul li q cite code details summary"
        assert tags.tags <= set(ours.split())
        assert not {name for name in tags.attributes if name.startswith("on")} | (
            tags.attributes & {"src", "href", "style", "action"}
        )
    if kind == "md":
        plain = re.sub(r"\\.", "", text)
        assert not re.search(r"<[a-z!/]|\]\(|!\[|```|javascript:|://", plain.replace("&#10;", "").replace("&#9;", ""))


@given(st.text(alphabet="ab가 .\"'“”`*_[]<>&#|~$\\:!@^{}\n\t-", min_size=1, max_size=40))
def test_any_quotation_is_read_back_unchanged(quote: str) -> None:
    essay = essay_of(f"x {quote} y", "any")
    citation = Citation(1, essay.id, "T", "S", quote, 2, 2 + len(quote), essay.sha256)
    for kind in KINDS:
        found = quotations(exported(chat_of(answer_with(citation)), kind))
        assert found[0].quote == quote
        assert {citation.quote for citation in found} == {quote}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0, 1], ids=["first", "second"])
def test_an_altered_quotation_is_found(kind: str, place: int) -> None:
    """Altered in the answer or in the list of sources. In the unaltered file all hold: `test_every_quotation_is_read_back_and_holds`."""
    text = exported(chat_of(answer_with(cite(KOREAN, "고인돌은 힘을 보여 준다."))), kind)
    assert text.count("고인돌은 힘을 보여 준다.") >= 2
    parts = text.split("고인돌은 힘을 보여 준다.")
    altered = (
        "고인돌은 힘을 보여 준다.".join(parts[: place + 1])
        + "고인돌은 힘을 감춘다."
        + "고인돌은 힘을 보여 준다.".join(parts[place + 1 :])
    )
    states = [check(citation, ESSAYS).state for citation in quotations(altered)]
    if kind == "json" and place == 0:  # the answer's `text`, which is not read
        assert states == ["holds"]
    else:
        assert "changed" in states


def test_a_quotation_holds_moved_changed_or_is_gone() -> None:
    citation = cite(ENGLISH, "A dolmen shows power.")
    longer = replace(ENGLISH, text=f"A new beginning.\n\n{ENGLISH.text}")
    edited = replace(ENGLISH, text=ENGLISH.text.replace("shows power", "shows its power"))
    start = longer.text.index(citation.quote)
    assert check(citation, ESSAYS) == Checked(citation, "holds", ENGLISH.id, 28, 49)
    assert check(citation, {ENGLISH.id: longer}) == Checked(citation, "moved", ENGLISH.id, start, start + 21)
    assert check(citation, {ENGLISH.id: edited}) == Checked(citation, "changed", ENGLISH.id, 28, 53, "A dolmen shows its power.")
    assert check(citation, {}) == Checked(citation, "gone")


def test_a_quotation_is_found_in_another_essay() -> None:
    citation = cite(ENGLISH, "A dolmen shows power.")
    renamed, emptied = replace(ENGLISH, id="renamed"), replace(ENGLISH, text="Only this is left here.")
    carried = replace(ENGLISH, id="aaa", text="Words of its own. A dolmen shows power. More words.")
    edited = replace(carried, text="Words of its own. A dolmen shows real power. More words.")
    assert check(citation, {"renamed": renamed}) == Checked(citation, "moved", "renamed", 28, 49)
    assert check(citation, {"aaa": carried, "renamed": renamed}).essay == "renamed"  # it has the text that was quoted
    assert check(citation, {ENGLISH.id: emptied, "aaa": carried}) == Checked(citation, "moved", "aaa", 18, 39)
    assert check(citation, {"aaa": edited}) == Checked(citation, "changed", "aaa", 18, 44, "A dolmen shows real power.")


def test_an_unlike_sentence_is_not_shown_as_that_of_today() -> None:
    citation = cite(ENGLISH, "A dolmen shows power.")
    other = replace(ENGLISH, text="A bell hangs in the tower. Nobody paid for it.")
    assert check(citation, {ENGLISH.id: other}) == Checked(citation, "gone")
    assert check(citation, {"other": replace(other, id="other")}) == Checked(citation, "gone")


def test_of_several_places_the_nearest_is_given() -> None:
    citation = cite(ENGLISH, "A dolmen shows power.")
    text = f"{citation.quote} {'Words. ' * 2}{citation.quote} {'Other words. ' * 30}{citation.quote}"
    assert check(citation, {ENGLISH.id: replace(ENGLISH, text=text)}).start == text.index(citation.quote, 1)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"turns": 3}', '{"turns": [{"answer": 1}]}', "# A list\n\n- one", "<!doctype html><p>no", "{" * 5_000],
)
def test_a_text_that_is_not_an_export_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "talk.md"
    file.write_text(text)
    with pytest.raises(BotError) as error:
        check_file(file, [KOREAN])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_is_told_by_its_marks_and_another_text_is_none(kind: str) -> None:
    chat = chat_of(answer_with(cite(KOREAN, "고인돌은 힘을 보여 준다.")))
    assert is_export(exported(chat, kind))
    assert is_export(without_data(exported(chat, kind), kind))
    for text in ("", "A paper about dolmens.", "# A paper\n\n## 1. Why?\n\nText.", "> “고인돌은 힘을 보여 준다.” [1]"):
        assert not is_export(text)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 40)
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "binary"):
        with pytest.raises(BotError, match="cannot be read"):
            check_file(path, [KOREAN])


def test_a_file_without_an_end_is_refused_and_a_pipe_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "MAX_FILE_BYTES", 100_000)
    with pytest.raises(BotError, match="more than 100,000 bytes") as error:
        check_file(Path("/dev/zero"), [KOREAN])
    assert re.search("[가-힣]", error.value.text("ko"))
    os.mkfifo(tmp_path / "pipe")
    text = exported(chat_of(answer_with(cite(KOREAN, "고인돌은 힘을 보여 준다."))), "md")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(text, "utf-8"))
    writer.start()
    assert [checked.state for checked in check_file(tmp_path / "pipe", [KOREAN])] == ["holds"]
    writer.join()


def test_the_output_of_ask_json_can_be_checked() -> None:
    answer = answer_with(cite(KOREAN, "고인돌은 힘을 보여 준다."))
    assert [compared(citation) for citation in quotations(json.dumps(answer.to_dict()))] == [
        compared(citation) for citation in answer.citations
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_repeated_markup_is_read_in_linear_time(kind: str) -> None:
    """Repetitions of what the patterns begin with; quadratic time would exceed the time limit of the suite."""
    head = {
        "md": "# x\n\n## 1. y\n\n",
        "html": '<!doctype html><meta name="generator" content="Dolmen"><section',
        "json": '{"turns": [',
    }[kind]
    for piece in ("[1] “", "> “", '<li value="1"><q>', "<blockquote>“", "\n    — a · 1–2 ", "\\", "&#"):
        try:
            quotations(head + piece * 60_000)
        except BotError:
            continue
