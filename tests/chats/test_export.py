"""Exports: every citation goes along, nothing in a text becomes markup, and an altered quotation is found when the file is read again."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chats.export import EXPORTS, quotations
from bot.chats.history import Chat, Rating, Turn
from bot.chats.recheck import Checked, check, check_file
from bot.errors import BotError
from bot.schema import Answer, Citation, Essay, Refusal, Sentence
from tests.pages import ENGLISH, KOREAN, cite, empty_answer
from tests.payloads import PAYLOADS
from tests.toys import essay_of

KINDS = sorted(EXPORTS)
SHELF = {KOREAN.id: KOREAN, ENGLISH.id: ENGLISH}


def talk_of(*answers: Answer, name: str = "돌 이야기", reason: str = "") -> Chat:
    turns = tuple(
        Turn(place, answer, "2026-11-24T01:02:03+00:00", Rating(False, reason)) for place, answer in enumerate(answers, 1)
    )
    return Chat("id", name, "2026-11-24T01:02:03+00:00", "2026-11-24T01:02:03+00:00", turns)


def telling(*citations: Citation, question: str = "왜?", reading: str = "돌로 쓴 이력서다.") -> Answer:
    said = tuple(Sentence(f"“{one.quote}”", "essay", (one.number,)) for one in citations)
    more = (
        Sentence(reading, "reading"),
        Sentence("에세이에서 찾은 문장입니다.", "notice"),
        Sentence("그래서 세웠다.", "essay", (1,)),
    )
    refused = (Refusal("유령이 1997년에 세웠다.", "figure"),)
    return replace(empty_answer(question), sentences=(*said, *more), citations=citations, refused=refused, complete=False)


def exported(talk: Chat, kind: str) -> str:
    return EXPORTS[kind][0](talk)


def seen(citation: Citation) -> tuple[Any, ...]:
    return (citation.number, citation.essay, citation.quote, citation.start, citation.end, citation.sha256)


@pytest.mark.parametrize("kind", KINDS)
def test_every_quotation_comes_back_and_holds(kind: str) -> None:
    citations = (cite(KOREAN, "고인돌은 힘을 보여 준다."), cite(ENGLISH, "It is heavy.", 2))
    found = quotations(exported(talk_of(telling(*citations), telling(citations[0])), kind))
    assert [seen(one) for one in found] == [seen(one) for one in (*citations, citations[0])]
    assert [check(one, SHELF).state for one in found] == ["holds"] * 3


@pytest.mark.parametrize("kind", ["md", "html"])
def test_an_export_says_all_there_is_to_say(kind: str) -> None:
    answer = replace(telling(cite(KOREAN, "고인돌은 힘을 보여 준다.")), standalone="고인돌은 왜 지었나?")
    text = exported(talk_of(answer, reason="짧다"), kind)
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
    assert (f"{KOREAN.id} · 15–29 · sha256 {KOREAN.sha256}" in shown, "끝까지 오지 않은 답" in shown) == (True, True)


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


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_texts_stay_text_and_come_back(payload: str, kind: str) -> None:
    essay = Essay("hostile", payload, "", "", "en", payload, "", f"Before. {payload} After.")
    quote = Citation(1, essay.id, payload, payload, payload, 8, 8 + len(payload), essay.sha256)
    answer = telling(quote, question=payload, reading=payload)
    text = exported(talk_of(answer, name=payload, reason=payload), kind)
    (found,) = quotations(text)
    assert seen(found) == seen(quote)
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
def test_any_quotation_comes_back_letter_for_letter(quote: str) -> None:
    essay = essay_of(f"x {quote} y", "any")
    citation = Citation(1, essay.id, "T", "S", quote, 2, 2 + len(quote), essay.sha256)
    for kind in KINDS:
        found = quotations(exported(talk_of(telling(citation)), kind))
        assert found[0].quote == quote
        assert {one.quote for one in found} == {quote}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0, 1], ids=["first", "second"])
def test_a_quotation_that_somebody_altered_is_found(kind: str, place: int) -> None:
    """Both where the answer quotes and where the source stands; the twin is the file as it was, in which all hold."""
    text = exported(talk_of(telling(cite(KOREAN, "고인돌은 힘을 보여 준다."))), kind)
    assert text.count("고인돌은 힘을 보여 준다.") >= 2
    parts = text.split("고인돌은 힘을 보여 준다.")
    spoilt = (
        "고인돌은 힘을 보여 준다.".join(parts[: place + 1])
        + "고인돌은 힘을 감춘다."
        + "고인돌은 힘을 보여 준다.".join(parts[place + 1 :])
    )
    states = [check(one, SHELF).state for one in quotations(spoilt)]
    if kind == "json" and place == 0:  # the text of the whole answer, which nobody reads it from
        assert states == ["holds"]
    else:
        assert "changed" in states


def test_what_moved_what_changed_and_what_is_gone() -> None:
    citation = cite(ENGLISH, "A dolmen shows power.")
    longer = replace(ENGLISH, text=f"A new beginning.\n\n{ENGLISH.text}")
    other = replace(ENGLISH, text=ENGLISH.text.replace("shows power", "hides weakness"))
    start = longer.text.index(citation.quote)
    assert check(citation, SHELF) == Checked(citation, "holds", 28, 49)
    assert check(citation, {ENGLISH.id: longer}) == Checked(citation, "moved", start, start + 21)
    assert check(citation, {ENGLISH.id: other}) == Checked(citation, "changed", nearest="A dolmen hides weakness.")
    assert check(citation, {}) == Checked(citation, "gone")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"turns": 3}', '{"turns": [{"answer": 1}]}', "# A list\n\n- one", "<!doctype html><p>no", "{" * 5_000],
)
def test_what_is_no_export_is_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "talk.md"
    file.write_text(text)
    with pytest.raises(BotError) as error:
        check_file(file, [KOREAN])
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 40)
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "binary"):
        with pytest.raises(BotError, match="cannot be read"):
            check_file(path, [KOREAN])


def test_what_the_command_line_prints_can_be_checked_too() -> None:
    answer = telling(cite(KOREAN, "고인돌은 힘을 보여 준다."))
    assert [seen(one) for one in quotations(json.dumps(answer.to_dict()))] == [seen(one) for one in answer.citations]


@pytest.mark.parametrize("kind", KINDS)
def test_reading_is_linear(kind: str) -> None:
    """Hostile repetition of every sign that the patterns look for is read at once; the suite's time limit is the judge."""
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
