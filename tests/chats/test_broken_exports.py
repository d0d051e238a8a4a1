"""Exports that somebody changed or broke: checking one ends in a result or in one line, never in a traceback."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chats.export import EXPORTS, quotations
from bot.chats.history import Chat, Turn
from bot.chats.recheck import check
from bot.errors import BotError
from tests.pages import ENGLISH, KOREAN, quoting

NOW = "2026-11-27T10:00:00+00:00"
CHAT = Chat("id", "A chat", NOW, NOW, (Turn(1, list(quoting("왜?"))[-1], NOW),))
WHOLE = {kind: render(CHAT) for kind, (render, _) in EXPORTS.items()}
ESSAYS_BY_ID = {KOREAN.id: KOREAN, ENGLISH.id: ENGLISH}
PIECES = [
    "&#55296;", "&#xD800;", "&#1114112;", "&#9999999999;", "&#0;", "\\", "“", "”", "[1]", "[99999]", "> ", "\n## 2. ", "</blockquote>", "<li value=",
    "\ud800", "\x00", "9" * 5_000, "{", "}", "null", "-1", "1e999", '"', "NaN", "\u202e",
]  # fmt: skip


def read(text: str) -> None:
    """Read an export back and check its quotations; what is printed must be possible to encode."""
    try:
        found = quotations(text)
    except BotError:
        return
    for citation in found:
        json.dumps(check(citation, ESSAYS_BY_ID).to_dict(), ensure_ascii=False).encode()


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_whole_export_is_read(kind: str) -> None:
    assert len(quotations(WHOLE[kind])) == len(CHAT.turns[0].answer.citations) > 0


@settings(max_examples=300)
@given(
    kind=st.sampled_from(sorted(WHOLE)),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 0.1), st.sampled_from(PIECES) | st.text(max_size=5)), min_size=1, max_size=4
    ),
)
def test_no_edit_of_an_export_gives_a_traceback(kind: str, edits: list[tuple[float, float, str]]) -> None:
    text = WHOLE[kind]
    for place, length, piece in edits:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + int(length * len(text)) :]
    read(text)


@settings(max_examples=200)
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_no_text_at_all_gives_a_traceback(text: str) -> None:
    for head in ("", "# x\n\n## 1. ", "<!doctype html>\n", "{"):
        read(head + text)


@pytest.mark.parametrize("entity", ["&#55296;", "&#57343;", "&#1114112;", "&#0;"])
def test_a_character_that_does_not_exist_is_a_changed_quotation(entity: str) -> None:
    quote = CHAT.turns[0].answer.citations[0].quote
    text = WHOLE["md"].replace(quote[:2], entity, 1)
    assert text != WHOLE["md"]
    states = {check(citation, ESSAYS_BY_ID).state for citation in quotations(text)}
    assert "changed" in states
