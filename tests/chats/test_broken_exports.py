"""Exports that somebody changed or damaged: checking one gives a result or a `BotError`, and never a traceback."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import Bot
from bot.__main__ import main
from bot.chats.export import EXPORTS
from bot.chats.export_reader import quotations
from bot.chats.history import Chat, Rating, Turn
from bot.chats.recheck import Checked, check, check_file
from bot.errors import BotError
from bot.schema import Answer, Refusal, Sentence
from tests.pages import ENGLISH, KOREAN, cite, empty_answer

ESSAYS = {KOREAN.id: KOREAN, ENGLISH.id: ENGLISH}
Edit = tuple[float, bool, int, str]
TIME = "2026-11-24T01:02:03+00:00"


def answer_of(question: str) -> Answer:
    citations = (cite(KOREAN, "고인돌은 힘을 보여 준다."), cite(ENGLISH, "It is heavy.", 2))
    quoted = [Sentence(f"“{citation.quote}”", "essay", (citation.number,), True) for citation in citations]
    sentences = (*quoted, Sentence("돌로 쓴 이력서다.", "reading"))
    return replace(empty_answer(question), sentences=sentences, citations=citations, refused=(Refusal("1997년이다.", "figure"),))


CHAT = Chat(
    "id", "돌 이야기", TIME, TIME, (Turn(1, answer_of("왜?"), TIME, Rating(True, "짧다")), Turn(2, answer_of("또?"), TIME))
)
RENDERED = {kind: render(CHAT) for kind, (render, _) in EXPORTS.items()}
HEADS = {
    "md": "# x\n\n## 1. y\n\n",
    "html": '<!doctype html><meta name="generator" content="Dolmen"><section>',
    "json": '{"turns": [{"answer": ',
}
PIECES = (
    *("&#55296;", "&#xD800;", "&#0;", "&#9999999;", "&#x110000;", "&amp;#55296;", "&lt", "\\", "\\ud800", "\\u0000", "\ud800", "\x00"),
    *("9" * 5_000, "0" * 5_000, "-1", "1e999", "1e-999", "NaN", "Infinity", "null", "true", "[]", "{}", '"', "{", "[", "٣", "½"),
    *("[1] “", "”", "> “", "” [1]", "[9999]", "\n    — a · 1–2 · sha256 ", "f" * 64, " · ", "–", "\n", "\r", "\u2028", "## 2. ", "# "),
    *("</section>", "<section", "</q>", '<li value="1"><q>', "<cite>", "<code>", "<blockquote>“", " <sup>[1]</sup></blockquote>", "<!--"),
    *('"number": ', '"start": ', '"answer": ', '"turns": ', '"citations": ', "[" * 2_000, '{"a":' * 2_000, "\U0010ffff", "\ufeff"),
)  # fmt: skip

TOKEN = re.compile(r"\d+|[^\w\s]")  # where the reader's patterns look: numbers and punctuation
edits = st.lists(
    st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 40), st.one_of(st.sampled_from(PIECES), st.text(max_size=8))),
    min_size=1,
    max_size=6,
)
random_texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=20).map("".join)


def edited(text: str, changes: list[Edit]) -> str:
    """The text after changes of (position as a share of the whole, whether at a token, characters deleted, text inserted).

    At a token, that token is deleted too, so that a number is replaced as a whole.
    """
    for position, at_token, deleted, inserted in changes:
        tokens = list(TOKEN.finditer(text)) if at_token else []
        if tokens:
            token = tokens[min(int(position * len(tokens)), len(tokens) - 1)]
            text = text[: token.start()] + inserted + text[token.end() :]
        else:
            start = int(position * len(text))
            text = text[:start] + inserted + text[start + deleted :]
    return text


def printed(check_export: Callable[[], list[Checked]]) -> bytes:
    """What the command line would print: the results as JSON in UTF-8, or the line of the error."""
    try:
        results = check_export()
    except BotError as error:
        return f"{error}{error.text('ko')}".encode()
    return json.dumps([result.to_dict() for result in results], ensure_ascii=False, indent=1).encode()


def assert_checked_or_refused(text: str) -> None:
    printed(lambda: [check(citation, ESSAYS) for citation in quotations(text)])


def assert_file_checked_or_refused(data: bytes, folder: Path) -> None:
    file = folder / "chat.md"
    file.write_bytes(data)
    printed(lambda: check_file(file, list(ESSAYS.values())))


@pytest.mark.parametrize("kind", EXPORTS)
def test_the_unchanged_export_holds(kind: str) -> None:
    """Otherwise the tests below would change texts that are refused anyway."""
    assert [check(citation, ESSAYS).state for citation in quotations(RENDERED[kind])] == ["holds"] * 4


@pytest.mark.parametrize("kind", EXPORTS)
@settings(max_examples=80)
@given(changes=edits)
def test_a_changed_export_is_checked_or_refused(kind: str, changes: list[Edit]) -> None:
    assert_checked_or_refused(edited(RENDERED[kind], changes))


@pytest.mark.parametrize("kind", EXPORTS)
@settings(max_examples=80)
@given(body=random_texts)
def test_random_text_with_the_beginning_of_an_export_is_checked_or_refused(kind: str, body: str) -> None:
    assert_checked_or_refused(HEADS[kind] + body)


@settings(max_examples=80)
@given(text=random_texts)
def test_random_text_is_checked_or_refused(text: str) -> None:
    assert_checked_or_refused(text)


@settings(max_examples=80)
@given(changes=edits, name=st.sampled_from([*empty_answer("x").to_dict(), *KOREAN.to_dict(), "number", "start", "end", "quote"]))
@example([], "timings")
def test_json_with_a_value_of_another_type_is_checked_or_refused(changes: list[Edit], name: str) -> None:
    for value in ("1" + "0" * 400, "-1", "1.5", "null", "[]", "{}", '"\\ud800"', "true", '{"\\ud800": 1' + "0" * 400 + "}"):
        replaced = re.sub(rf'("{name}": )("[^"]*"|\d+|true|false|\{{[^}}]*\}})', lambda match: match[1] + value, RENDERED["json"])  # noqa: B023
        assert_checked_or_refused(edited(replaced, changes[:1]))


@settings(max_examples=100)
@given(data=st.binary(max_size=300), kind=st.sampled_from(sorted(EXPORTS)), position=st.floats(0, 1))
def test_bytes_in_an_export_are_checked_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, kind: str, position: float
) -> None:
    whole = RENDERED[kind].encode()
    start = int(position * len(whole))
    folder = tmp_path_factory.getbasetemp()
    assert_file_checked_or_refused(data, folder)
    assert_file_checked_or_refused(whole[:start] + data + whole[start:], folder)


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("md", "고인돌은", "&#55296;"),
        ("md", "고인돌은", "&#9999999;"),
        ("html", "고인돌은", "&#55296;"),
        ("json", "고인돌은", "\\ud800"),
        ("md", " · 15–29 · ", f" · {'9' * 5_000}–{'0' * 5_000}1 · "),
        ("html", " · 15–29 · ", f" · {'9' * 5_000}–29 · "),
        ("json", '"start": 15', f'"start": 1{"0" * 4_000}'),
    ],
)
def test_the_command_line_reports_a_changed_character_or_number(
    kind: str, old: str, new: str, as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(Bot, "open", lambda **_: SimpleNamespace(essays=lambda: list(ESSAYS.values()), newer_files=lambda: 0))
    file = tmp_path / f"chat.{kind}"
    text = RENDERED[kind].replace(old, new)
    file.write_text(text, "utf-8")
    code = main(["check", str(file), *["--json"] * as_json])
    output, errors = capsys.readouterr()
    output.encode()
    assert errors == ""
    if "고인돌은" in old:
        assert code == 1
        assert "changed" in output
        assert "\ufffd" in output
    else:
        assert code == 0
        assert '"moved": 2' in output if as_json else "moved 2" in output


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_the_command_line_reports_a_file_whose_name_is_not_utf_8(
    as_json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(Bot, "open", lambda **_: SimpleNamespace(essays=lambda: list(ESSAYS.values()), newer_files=lambda: 0))
    name = os.fsdecode(bytes(tmp_path) + b"/\xff.md")
    Path(name).write_text(RENDERED["md"], "utf-8")
    assert main(["check", name, *["--json"] * as_json]) == 0
    output = capsys.readouterr().out
    if as_json:
        assert json.loads(output)["file"] == name
    assert main(["check", f"{name}.missing"]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_negative_offsets_do_not_count_from_the_end() -> None:
    quote = ENGLISH.text[-8:-1]
    citation = replace(cite(ENGLISH, quote), start=-8, end=-1)
    assert ENGLISH.text[citation.start : citation.end] == quote
    assert check(citation, ESSAYS).state == "moved"
