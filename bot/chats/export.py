"""A kept talk as a file to take home, in Markdown, HTML and JSON, with every citation; and the quotations of such a file read again.

What is read again is what a reader of the file sees: a quotation that somebody changed in it is found out.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bot.chats.history import Chat, Turn
from bot.errors import BotError
from bot.schema import Answer, Citation, Language, Sentence

_MARKS = ' "“”'
# What Markdown might act on inside a line: each gets a backslash, and a line feed becomes an entity.
_ACTIVE = re.compile(r"[\\`*_\[\]<>&$~|!:@#^{}]|(?<=\bwww)\.")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>&$~|!:@#^{}.])|&#(\d{1,7});")
_MD_SOURCE = re.compile(r"^\[(\d{1,4})\] “(.*)” ?$\n^ {4}— (\S+) · (\d+)–(\d+) · sha256 ([0-9a-f]{64}) · (.*)$", re.MULTILINE)
_MD_SAID = re.compile(r"^> “(.*)” \[(\d{1,4})\]$", re.MULTILINE)
_HTML_SOURCE = re.compile(
    r'<li value="(\d{1,4})"><q>([^<]*)</q><cite>([^<]*)</cite><code>(\S+) · (\d+)–(\d+) · sha256 ([0-9a-f]{64})</code>'
)
_HTML_SAID = re.compile(r"<blockquote>“([^<]*)” <sup>\[(\d{1,4})\]</sup></blockquote>")

_WORDS: dict[Language, dict[str, str]] = {
    "ko": {
        "kept": "Dolmen에서 나눈 대화 · {created}",
        "how": "{mode} · 목소리 {voice} · {asked}",
        "asked_as": "이렇게 풀어서 찾음: {text}",
        "reading": "봇의 풀이",
        "sources": "출처",
        "refused": "근거가 없어 빠진 문장: {count}",
        "cut": "(끝까지 오지 않은 답)",
        "good": "좋아요",
        "bad": "아쉬워요",
    },
    "en": {
        "kept": "A talk with Dolmen · {created}",
        "how": "{mode} · voice {voice} · {asked}",
        "asked_as": "Searched as: {text}",
        "reading": "The bot’s reading",
        "sources": "Sources",
        "refused": "Sentences left out, not borne out by the essays: {count}",
        "cut": "(an answer that did not come to its end)",
        "good": "Good",
        "bad": "Not good",
    },
}


def to_json(talk: Chat) -> str:
    """The talk as JSON: every answer as `Answer.to_dict` gives it, when it was asked, and its rating."""
    turns = [
        {
            "place": turn.place,
            "asked": turn.asked,
            "rating": {"good": turn.rating.good, "reason": turn.rating.reason} if turn.rating else None,
            "answer": turn.answer.to_dict(),
        }
        for turn in talk.turns
    ]
    told = {"dolmen": 1, "name": talk.name, "created": talk.created, "changed": talk.changed, "turns": turns}
    return json.dumps(told, ensure_ascii=False, indent=1)


def to_markdown(talk: Chat) -> str:
    """The talk as Markdown. Texts are escaped, so that nothing in them is taken for markup."""
    parts = [f"# {_md(talk.name)}", _WORDS[_language(talk)]["kept"].format(created=talk.created)]
    for turn in talk.turns:
        parts += [f"## {turn.place}. {_md(turn.answer.question)}", *_md_answer(turn)]
    return "\n\n".join(parts) + "\n"


def to_html(talk: Chat) -> str:
    """The talk as one HTML file that stands alone: no script, nothing fetched, everything escaped."""
    language = _language(talk)
    turns = "\n".join(_html_turn(turn) for turn in talk.turns)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="generator" content="Dolmen"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{_html(talk.name)}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>{_html(talk.name)}</h1><p>{_html(_WORDS[language]['kept'].format(created=talk.created))}</p>\n{turns}\n</body></html>\n"
    )


# By the name that a file of the kind ends with: how it is made, and its media type.
EXPORTS: dict[str, tuple[Callable[[Chat], str], str]] = {
    "md": (to_markdown, "text/markdown; charset=utf-8"),
    "html": (to_html, "text/html; charset=utf-8"),
    "json": (to_json, "application/json"),
}


def quotations(text: str) -> list[Citation]:
    """Every quotation in an export, or in what `ask --json` prints, as a reader of the file sees it.

    A quotation that reads otherwise in an answer than among its sources is listed twice. A lone surrogate, which only a broken file has,
    is read as U+FFFD. Raises `BotError` for a text that is not an export.
    """
    return [_encodable(citation) for citation in _quotations(text)]


def _quotations(text: str) -> list[Citation]:
    if text.lstrip().startswith("{"):
        return [citation for answer in _answers(text) for citation in _in_json(answer)]
    if text.lstrip().startswith("<!doctype html>"):
        found = [citation for part in text.split("<section")[1:] for citation in _in_html(part)]
        known = '<meta name="generator" content="Dolmen">' in text
    else:
        found = [citation for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:] for citation in _in_markdown(part)]
        known = text.startswith("# ") and re.search(r"^#{2} \d+\. ", text, re.MULTILINE) is not None
    if not known:
        raise _no_export()
    return found


def _encodable(citation: Citation) -> Citation:
    """The citation with U+FFFD for every lone surrogate, so that it can be printed."""
    texts = {name: getattr(citation, name) for name in ("essay", "title", "source", "quote", "sha256")}
    printable: dict[str, Any] = {name: _SURROGATE.sub("\ufffd", value) for name, value in texts.items()}
    return replace(citation, **printable)


def _answers(text: str) -> list[Answer]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise _no_export() from None
    try:
        held = [turn["answer"] for turn in told["turns"]] if "turns" in told else [told]
    except (KeyError, TypeError):
        raise _no_export() from None
    return [Answer.from_dict(one) for one in held]


def _in_json(answer: Answer) -> Iterator[Citation]:
    cited = {citation.number: citation for citation in answer.citations}
    yield from answer.citations
    for sentence in answer.sentences:
        quote = _pure(sentence)
        if quote is not None and len(sentence.citations) == 1 and sentence.citations[0] in cited:
            yield from _altered(cited[sentence.citations[0]], quote)


def _in_markdown(part: str) -> Iterator[Citation]:
    cited = {}
    for number, quote, essay, start, end, sha, rest in _MD_SOURCE.findall(part):
        title, _, source = _unmd(rest).partition(" · ")
        cited[number] = Citation(int(number), essay, title, source, _unmd(quote), int(start), int(end), sha)
    yield from cited.values()
    for quote, number in _MD_SAID.findall(part):
        if number in cited:
            yield from _altered(cited[number], _unmd(quote))


def _in_html(part: str) -> Iterator[Citation]:
    cited = {}
    for number, quote, title, essay, start, end, sha in _HTML_SOURCE.findall(part):
        cited[number] = Citation(
            int(number), html.unescape(essay), html.unescape(title), "", html.unescape(quote), int(start), int(end), sha
        )
    yield from cited.values()
    for quote, number in _HTML_SAID.findall(part):
        if number in cited:
            yield from _altered(cited[number], html.unescape(quote))


def _altered(citation: Citation, quote: str) -> Iterator[Citation]:
    """The citation with the quotation as the answer has it, where that differs from its source."""
    if quote != citation.quote:
        yield Citation(
            citation.number, citation.essay, citation.title, citation.source, quote, citation.start, citation.end, citation.sha256
        )


def _pure(sentence: Sentence) -> str | None:
    """What a sentence quotes that is nothing but one quotation; None for any other."""
    text = sentence.text
    whole = sentence.kind == "essay" and len(text) > 2 and text[0] == "“" and text[-1] == "”"
    return text[1:-1] if whole and "“" not in text[1:-1] else None


def _language(talk: Chat) -> Language:
    """The language of the first answer."""
    return talk.turns[0].answer.language if talk.turns else "en"


def _md_answer(turn: Turn) -> Iterator[str]:
    answer, words = turn.answer, _WORDS[turn.answer.language]
    yield f"*{_md(words['how'].format(mode=answer.mode, voice=answer.voice, asked=turn.asked))}*"
    if answer.standalone != answer.question:
        yield f"*{_md(words['asked_as'].format(text=answer.standalone))}*"
    yield from (_md_sentence(sentence, words["reading"]) for sentence in answer.sentences)
    if not answer.complete:
        yield f"*{words['cut']}*"
    if answer.citations:
        yield f"### {words['sources']}"
    yield from map(_md_source, answer.citations)
    if answer.refused:
        yield _md(words["refused"].format(count=len(answer.refused)))
        yield "\n".join(f"- ~~{_md(one.text)}~~ ({one.reason})" for one in answer.refused)
    if turn.rating:
        yield f"*{words['good' if turn.rating.good else 'bad']}{'. ' * bool(turn.rating.reason)}{_md(turn.rating.reason)}*"


def _md_sentence(sentence: Sentence, reading: str) -> str:
    numbers = "".join(f" [{number}]" for number in sentence.citations)
    if sentence.kind == "notice":
        return f"*{_md(sentence.text)}*"
    if sentence.kind == "reading":
        return f"**{reading}** — {_md(sentence.text)}{numbers}"
    quote = _pure(sentence)
    return f"> “{_md(quote)}”{numbers}" if quote is not None else f"{_md(sentence.text)}{numbers}"


def _md_source(one: Citation) -> str:
    where = " · ".join(_md(text) for text in (one.title, one.source) if text)
    return f"[{one.number}] “{_md(one.quote)}”\n    — {one.essay} · {one.start}–{one.end} · sha256 {one.sha256} · {where}"


def _html_turn(turn: Turn) -> str:
    answer, words = turn.answer, _WORDS[turn.answer.language]
    parts = [f"<h2>{_html(answer.question)}</h2>"]
    parts.append(f"<p class=how>{_html(words['how'].format(mode=answer.mode, voice=answer.voice, asked=turn.asked))}</p>")
    if answer.standalone != answer.question:
        parts.append(f"<p class=how>{_html(words['asked_as'].format(text=answer.standalone))}</p>")
    parts += [_html_sentence(sentence, words["reading"]) for sentence in answer.sentences]
    if not answer.complete:
        parts.append(f"<p class=notice>{words['cut']}</p>")
    if answer.citations:
        parts.append(f"<h3>{words['sources']}</h3><ol>{''.join(map(_html_source, answer.citations))}</ol>")
    if answer.refused:
        items = "".join(f"<li><s>{_html(one.text)}</s> ({_html(one.reason)})</li>" for one in answer.refused)
        parts.append(
            f"<details><summary>{words['refused'].format(count=len(answer.refused))}</summary><ul>{items}</ul></details>"
        )
    if turn.rating:
        said = words["good" if turn.rating.good else "bad"]
        parts.append(f"<p class=how>{said}{'. ' * bool(turn.rating.reason)}{_html(turn.rating.reason)}</p>")
    return f'<section id="turn-{turn.place}" lang="{answer.language}">{"".join(parts)}</section>'


def _html_sentence(sentence: Sentence, reading: str) -> str:
    numbers = "".join(f" <sup>[{number}]</sup>" for number in sentence.citations)
    if sentence.kind == "notice":
        return f"<p class=notice>{_html(sentence.text)}</p>"
    if sentence.kind == "reading":
        return f"<p class=reading><b>{reading}</b> {_html(sentence.text)}{numbers}</p>"
    quote = _pure(sentence)
    if quote is not None:
        return f"<blockquote>“{_html(quote)}”{numbers}</blockquote>"
    return f"<p>{_html(sentence.text)}{numbers}</p>"


def _html_source(one: Citation) -> str:
    where = " · ".join(text for text in (one.title, one.source) if text)
    code = f"{_html(one.essay)} · {one.start}–{one.end} · sha256 {one.sha256}"
    return f'<li value="{one.number}"><q>{_html(one.quote)}</q><cite>{_html(where)}</cite><code>{code}</code></li>'


def _md(text: str) -> str:
    """`text` as Markdown that shows exactly that text, on one line."""
    escaped = _ACTIVE.sub(lambda mark: f"\\{mark[0]}", text)
    return escaped.replace("\n", "&#10;").replace("\t", "&#9;")


def _unmd(text: str) -> str:
    """Undoes `_md`."""
    return _ESCAPED.sub(lambda found: found[1] or chr(min(int(found[2]), 0x10FFFF)), text)


def _html(text: str) -> str:
    return html.escape(text.encode("utf-8", "replace").decode())


def _no_export() -> BotError:
    return BotError(
        "This file is no export of a talk. Give one that the page made (.md, .html, .json), or what `ask --json` printed.",
        "이 파일은 대화를 내려받은 것이 아닙니다. 페이지에서 내려받은 .md, .html, .json이나 `ask --json`이 낸 것을 주세요.",
    )


_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = (
    ":root{color-scheme:light dark}body{max-width:42em;margin:2em auto;padding:0 1.2em;"
    "font:17px/1.8 Georgia,'Noto Serif KR','Noto Serif CJK KR',serif;word-break:keep-all;overflow-wrap:anywhere}"
    "blockquote{margin:1em 0;padding-left:1em;border-left:3px solid #6f8f7c}"
    "h1,h2,h3{line-height:1.4}h3,.how,.notice,code,details{font:14px/1.6 system-ui,sans-serif;opacity:.8}"
    "code,cite{display:block;overflow-wrap:anywhere}"
    ".reading{padding-left:1em;border-left:3px dotted #999}section{margin-top:3em}"
)
