"""Read the quotations of an exported chat back: from Markdown, HTML, JSON, and from what `ask --json` prints.

What is read is what a reader of the file sees, so that `bot.chats.recheck` finds a quotation that was altered in the file.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.chats.export import GENERATOR, quoted_text
from bot.errors import BotError
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
    """Every quotation in an export, as a reader of the file sees it.

    A quotation that differs between the answer and its list of sources is listed twice, once as each of the two. A lone surrogate, which
    only a damaged file has, is read as U+FFFD. Raises `BotError` for a text that is not an export.
    """
    if text.lstrip().startswith("{"):
        citations = [citation for answer in _json_answers(text) for citation in _in_json(answer)]
    elif text.lstrip().startswith("<!doctype html>"):
        if GENERATOR not in text:
            raise not_an_export()
        citations = [citation for turn in text.split("<section")[1:] for citation in _in_html(turn)]
    else:
        _, *turns = _MARKDOWN_HEADING.split(text)
        if not turns or not text.startswith("# "):
            raise not_an_export()
        citations = [citation for turn in turns for citation in _in_markdown(turn)]
    return [_encodable(citation) for citation in citations]


def not_an_export() -> BotError:
    """The error for a text that is not an export."""
    return BotError(
        "This file is not an exported chat. Give a file that the page exported (.md, .html, .json), or the output of `ask --json`.",
        "내려받은 대화 파일이 아닙니다. 페이지에서 내려받은 파일(.md, .html, .json)이나 `ask --json`의 출력을 지정하세요.",
    )


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
