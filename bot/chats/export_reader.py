"""Read an exported chat back: from Markdown, HTML, JSON, and from what `ask --json` prints.

A Markdown or HTML file holds the chat as JSON. Where the rest of the file is not what that JSON is rendered to (the file was edited, or is
of version 0.1.0 and has no JSON), the quotations that a reader of the file sees are read as well, so that an altered one is found.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.chats.export import GENERATOR, HTML_DATA, MARKDOWN_DATA, quoted_text, to_html, to_markdown
from bot.chats.history import Chat, Rating, Turn
from bot.errors import BotError
from bot.messages import errors, notices
from bot.messages.text import LANGUAGES
from bot.schema import Answer, Citation

MAX_DIGITS = 18  # of an offset: no essay is longer, and int() refuses more than 4,300
_ESCAPE = re.compile(r"\\([\\`*_\[\]<>&$~|!:@#^{}.])|&#\d{1,7};")  # as `bot.chats.export` writes them
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKDOWN_HEADING = re.compile(r"^## (?=\d+\. )", re.MULTILINE)
_MARKDOWN_SOURCE = re.compile(
    r"^\[(\d{1,4})\] “(.*)” ?$\n^ {4}— (\S+) · (\d+)–(\d+) · sha256 ([0-9a-f]{64}) · (.*)$", re.MULTILINE
)
_MARKDOWN_QUOTATION = re.compile(r"^> “(.*)” \[(\d{1,4})\]$", re.MULTILINE)
_HTML_SOURCE = re.compile(
    r'<li value="(\d{1,4})"><q>([^<]*)</q><cite>([^<]*)</cite><code>(\S+) · (\d+)–(\d+) · sha256 ([0-9a-f]{64})</code>'
)
_HTML_QUOTATION = re.compile(r"<blockquote>“([^<]*)” <sup>\[(\d{1,4})\]</sup></blockquote>")


def quotations(text: str) -> list[Citation]:
    """Every quotation in an export: those of its JSON, and those that a reader of the file sees where they differ.

    A quotation that differs between the answer and its list of sources is listed twice, once as each of the two. A lone surrogate, which
    only a damaged file has, is read as U+FFFD. Raises `BotError` for a text that is not an export.
    """
    found: list[Citation] = []
    if text.lstrip().startswith("{"):
        found = _of_answers(_json_answers(text))
    elif text.lstrip().startswith("<!doctype html>"):
        if GENERATOR not in text:
            raise not_an_export()
        found = _with_data(text, HTML_DATA, to_html, lambda: _in_turns(text.split("<section")[1:], _in_html))
    else:
        _, *turns = _MARKDOWN_HEADING.split(text)
        if not turns or not text.startswith("# "):
            raise not_an_export()
        found = _with_data(text, MARKDOWN_DATA, to_markdown, lambda: _in_turns(turns, _in_markdown))
    return [_encodable(citation) for citation in found]


def is_export(text: str) -> bool:
    """Whether a text is, or was, an export: JSON, an HTML document, or Markdown with the data or with the line that exports begin with."""
    if text.lstrip().startswith(("{", "<!doctype html>")):
        return True
    opening = "\n".join(text.split("\n", 4)[:4])
    begins_so = any(notices.EXPORTED_CHAT.format(created="").of(language).strip() in opening for language in LANGUAGES)
    return text.startswith("# ") and (MARKDOWN_DATA[0] in text or begins_so or bool(_MARKDOWN_SOURCE.search(text)))


def chat_of(payload: Any) -> Chat:
    """The chat whose JSON export this is; its id is empty. Raises `BotError` for anything else."""
    try:
        turns = tuple(
            Turn(int(turn["place"]), Answer.from_dict(turn["answer"]), str(turn["asked"]), _rating(turn.get("rating")))
            for turn in payload["turns"]
        )
        return Chat("", str(payload["name"]), str(payload["created"]), str(payload["changed"]), turns)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise not_an_export() from None


def _rating(payload: Any) -> Rating | None:
    return Rating(bool(payload["good"]), str(payload["reason"])) if payload else None


def _with_data(
    text: str, marks: tuple[str, str], render: Callable[[Chat], str], visible: Callable[[], list[Citation]]
) -> list[Citation]:
    """The quotations of the JSON between the marks, and the visible ones where the file is not what the JSON is rendered to."""
    _, mark, rest = text.rpartition(marks[0])
    chat = None
    if mark:
        with suppress(BotError, ValueError, RecursionError):
            chat = chat_of(json.loads(rest.partition(marks[1])[0]))
    if chat is None:
        return visible()
    of_data = _of_answers([turn.answer for turn in chat.turns])
    if render(chat) == text:
        return of_data
    known = set(map(_place, of_data))
    return of_data + [citation for citation in visible() if _place(citation) not in known]


def _place(citation: Citation) -> tuple[Any, ...]:
    """What has to be equal for two citations to be the same: HTML does not show the source of an essay."""
    return (citation.essay, citation.start, citation.end, citation.sha256, citation.quote)


def _of_answers(answers: Iterable[Answer]) -> list[Citation]:
    return [citation for answer in answers for citation in _in_json(answer)]


def _in_turns(turns: Iterable[str], read: Callable[[str], Iterator[Citation]]) -> list[Citation]:
    return [citation for turn in turns for citation in read(turn)]


def not_an_export() -> BotError:
    """The error for a text that is not an export."""
    return BotError(errors.NOT_AN_EXPORT)


def _json_answers(text: str) -> list[Answer]:
    try:
        payload = json.loads(text)
        answers = [turn["answer"] for turn in payload["turns"]] if "turns" in payload else [payload]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise not_an_export() from None
    return [Answer.from_dict(answer) for answer in answers]


def _in_json(answer: Answer) -> Iterator[Citation]:
    sources = {citation.number: citation for citation in answer.citations}
    yield from answer.citations
    for sentence in answer.sentences:
        quote = quoted_text(sentence)
        if quote is not None and len(sentence.citations) == 1 and sentence.citations[0] in sources:
            yield from _if_altered(sources[sentence.citations[0]], quote)


def _in_markdown(turn: str) -> Iterator[Citation]:
    sources = {}
    for number, quote, essay, start, end, sha256, rest in _MARKDOWN_SOURCE.findall(turn):
        title, _, source = _unescaped(rest).partition(" · ")
        sources[number] = Citation(int(number), essay, title, source, _unescaped(quote), _offset(start), _offset(end), sha256)
    yield from sources.values()
    for quote, number in _MARKDOWN_QUOTATION.findall(turn):
        if number in sources:
            yield from _if_altered(sources[number], _unescaped(quote))


def _in_html(turn: str) -> Iterator[Citation]:
    sources = {}
    for number, quote, title, essay, start, end, sha256 in _HTML_SOURCE.findall(turn):
        essay, title, quote = map(html.unescape, (essay, title, quote))
        sources[number] = Citation(int(number), essay, title, "", quote, _offset(start), _offset(end), sha256)
    yield from sources.values()
    for quote, number in _HTML_QUOTATION.findall(turn):
        if number in sources:
            yield from _if_altered(sources[number], html.unescape(quote))


def _if_altered(source: Citation, quote: str) -> Iterator[Citation]:
    """The citation with the quotation as the answer has it, if it differs from the one in the list of sources."""
    if quote != source.quote:
        yield replace(source, quote=quote)


def _unescaped(text: str) -> str:
    """Markdown of one line as the text that it shows; undoes the escapes of `bot.chats.export`."""
    return _ESCAPE.sub(lambda match: match[1] or html.unescape(match[0]), text)


def _offset(digits: str) -> int:
    """The number; one with too many digits is capped: it lies beyond the end of every essay either way."""
    return int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS


def _encodable(citation: Citation) -> Citation:
    """The citation with U+FFFD for each lone surrogate, so that it can be printed."""
    texts = {name: getattr(citation, name) for name in ("essay", "title", "source", "quote", "sha256")}
    encodable: dict[str, Any] = {name: _SURROGATE.sub("\ufffd", text) for name, text in texts.items()}
    return replace(citation, **encodable)
