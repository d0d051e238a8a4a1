"""Export a saved chat as Markdown, HTML or JSON, with every citation; `bot.chats.export_reader` reads it back.

A Markdown or HTML file holds the chat twice: as it is read, and as JSON in a comment or a data block at its end.
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from bot.chats.history import Chat, Turn
from bot.messages import notices, page
from bot.models.chat import QUOTES
from bot.schema import Answer, Citation, Language, Sentence

GENERATOR = '<meta name="generator" content="Dolmen">'  # by which an HTML export is recognised
# What stands before and behind the JSON in an export that is read. A script of this type is data: no browser runs it.
MARKDOWN_DATA = ("<!-- dolmen ", " -->")
HTML_DATA = ('<script type="application/json" id="dolmen">', "</script>")
# Characters with a meaning in a line of Markdown: each is escaped by a backslash. A line feed and a tab become entities.
_SPECIAL = re.compile(r"[\\`*_\[\]<>&$~|!:@#^{}]|(?<=\bwww)\.")


def to_json(chat: Chat) -> str:
    """The chat as JSON: of every turn its place, time and rating, and the answer as `Answer.to_dict` gives it."""
    return _encodable(json.dumps(_payload(chat), ensure_ascii=False, indent=1))


def _payload(chat: Chat) -> dict[str, Any]:
    turns = [
        {
            "place": turn.place,
            "asked": turn.asked,
            "rating": {"good": turn.rating.good, "reason": turn.rating.reason} if turn.rating else None,
            "answer": turn.answer.to_dict(),
        }
        for turn in chat.turns
    ]
    return {"dolmen": 1, "name": chat.name, "created": chat.created, "changed": chat.changed, "turns": turns}


def _data(chat: Chat) -> str:
    """The chat as JSON on one line that ends neither a comment nor a script: `<`, `>`, `&` and the second of two hyphens are escaped."""
    text = _encodable(json.dumps(_payload(chat), ensure_ascii=False))
    text = text.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    return re.sub(r"[<>&]|(?<=-)-", lambda match: f"\\u{ord(match[0]):04x}", text)


def to_markdown(chat: Chat) -> str:
    """The chat as Markdown. Texts are escaped, so that nothing in them is markup."""
    blocks = [f"# {escaped_markdown(chat.name)}", notices.EXPORTED_CHAT.format(created=chat.created).of(_language(chat))]
    for turn in chat.turns:
        blocks += [f"## {turn.place}. {escaped_markdown(turn.answer.question)}", *_markdown_answer(turn)]
    return "\n\n".join([*blocks, f"{MARKDOWN_DATA[0]}{_data(chat)}{MARKDOWN_DATA[1]}"]) + "\n"


def to_html(chat: Chat) -> str:
    """The chat as one self-contained HTML file: nothing is run or loaded, all texts are escaped."""
    language = _language(chat)
    turns = "\n".join(_html_turn(turn) for turn in chat.turns)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'{GENERATOR}<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escaped_html(chat.name)}</title><style>{_STYLE}</style></head><body>\n<h1>{escaped_html(chat.name)}</h1>"
        f"<p>{escaped_html(notices.EXPORTED_CHAT.format(created=chat.created).of(language))}</p>\n{turns}\n"
        f"{HTML_DATA[0]}{_data(chat)}{HTML_DATA[1]}\n</body></html>\n"
    )


# By file name extension: the renderer and the media type.
EXPORTS: dict[str, tuple[Callable[[Chat], str], str]] = {
    "md": (to_markdown, "text/markdown; charset=utf-8"),
    "html": (to_html, "text/html; charset=utf-8"),
    "json": (to_json, "application/json"),
}


def quoted_text(sentence: Sentence) -> str | None:
    """The quotation of a sentence that shows it in “ ”; None for any other sentence."""
    text = sentence.text.strip()
    return text[1:-1] if sentence.quotation and len(text) > 2 and text[0] == "“" and text[-1] == "”" else None


def _language(chat: Chat) -> Language:
    """The language of the first answer."""
    return chat.turns[0].answer.language if chat.turns else "en"


def _turn_line(turn: Turn) -> str:
    """Mode, chat model and time of a turn."""
    answer = turn.answer
    model = page.MODEL_QUOTES if answer.voice == QUOTES else answer.voice
    return notices.EXPORTED_TURN.format(mode=answer.mode, model=model, asked=turn.asked).of(answer.language)


def _rating_line(turn: Turn) -> str:
    """The rating with its reason; empty without one."""
    if not turn.rating:
        return ""
    label = (page.RATE_GOOD if turn.rating.good else page.RATE_BAD).of(turn.answer.language)
    return f"{label}. {turn.rating.reason}" if turn.rating.reason else label


def _markdown_answer(turn: Turn) -> Iterator[str]:
    answer, language = turn.answer, turn.answer.language
    yield f"*{escaped_markdown(_turn_line(turn))}*"
    if answer.standalone != answer.question:
        yield f"*{escaped_markdown(page.SEARCHED_AS.format(question=answer.standalone).of(language))}*"
    yield from (_markdown_sentence(sentence, answer) for sentence in answer.sentences)
    if not answer.complete:
        yield f"*{notices.INCOMPLETE.of(language)}*"
    if answer.citations:
        yield f"### {page.VIEW_SOURCES.of(language)}"
    yield from (_markdown_source(citation, language) for citation in answer.citations)
    if answer.refused:
        yield escaped_markdown(page.REFUSED_COUNT.format(count=len(answer.refused)).of(language))
        yield "\n".join(f"- ~~{escaped_markdown(refusal.text)}~~ ({refusal.reason})" for refusal in answer.refused)
    if rating := _rating_line(turn):
        yield f"*{escaped_markdown(rating)}*"


def _markdown_sentence(sentence: Sentence, answer: Answer) -> str:
    numbers = "".join(f" [{number}]" for number in sentence.citations)
    if sentence.kind == "notice":
        return f"*{escaped_markdown(sentence.text)}*"
    if sentence.kind == "reading":
        return f"**{page.READING_LABEL.of(answer.language)}** — {escaped_markdown(sentence.text)}{numbers}"
    if sentence.kind == "unconfirmed":
        return f"{escaped_markdown(sentence.text)}{numbers} *({escaped_markdown(notices.UNCONFIRMED.of(answer.language))})*"
    return f"{'> ' if sentence.quotation else ''}{escaped_markdown(sentence.text)}{numbers}"


def _origin(citation: Citation, language: Language) -> list[str]:
    """Title, source and page of a citation, those that it has."""
    return [text for text in (citation.title, citation.source, citation.place.of(language)) if text]


def _markdown_source(citation: Citation, language: Language) -> str:
    span = f"{citation.essay} · {citation.start}–{citation.end} · sha256 {citation.sha256}"
    origin = " · ".join(map(escaped_markdown, _origin(citation, language)))
    return f"[{citation.number}] “{escaped_markdown(citation.quote)}”\n    — {span} · {origin}"


def _html_turn(turn: Turn) -> str:
    answer, language = turn.answer, turn.answer.language
    parts = [f"<h2>{escaped_html(answer.question)}</h2><p class=how>{escaped_html(_turn_line(turn))}</p>"]
    if answer.standalone != answer.question:
        parts.append(f"<p class=how>{escaped_html(page.SEARCHED_AS.format(question=answer.standalone).of(language))}</p>")
    parts += [_html_sentence(sentence, answer) for sentence in answer.sentences]
    if not answer.complete:
        parts.append(f"<p class=notice>{notices.INCOMPLETE.of(language)}</p>")
    if answer.citations:
        parts.append(
            f"<h3>{page.VIEW_SOURCES.of(language)}</h3><ol>{''.join(_html_source(citation, language) for citation in answer.citations)}</ol>"
        )
    if answer.refused:
        label = page.REFUSED_COUNT.format(count=len(answer.refused)).of(language)
        items = "".join(
            f"<li><s>{escaped_html(refusal.text)}</s> ({escaped_html(refusal.reason)})</li>" for refusal in answer.refused
        )
        parts.append(f"<details><summary>{label}</summary><ul>{items}</ul></details>")
    if rating := _rating_line(turn):
        parts.append(f"<p class=how>{escaped_html(rating)}</p>")
    return f'<section id="turn-{turn.place}" lang="{answer.language}">{"".join(parts)}</section>'


def _html_sentence(sentence: Sentence, answer: Answer) -> str:
    numbers = "".join(f" <sup>[{number}]</sup>" for number in sentence.citations)
    if sentence.kind == "notice":
        return f"<p class=notice>{escaped_html(sentence.text)}</p>"
    if sentence.kind == "reading":
        return f"<p class=reading><b>{page.READING_LABEL.of(answer.language)}</b> {escaped_html(sentence.text)}{numbers}</p>"
    if sentence.kind == "unconfirmed":
        return f"<p>{escaped_html(sentence.text)}{numbers} <i>({escaped_html(notices.UNCONFIRMED.of(answer.language))})</i></p>"
    tag = "blockquote" if sentence.quotation else "p"
    return f"<{tag}>{escaped_html(sentence.text)}{numbers}</{tag}>"


def _html_source(citation: Citation, language: Language) -> str:
    span = f"{escaped_html(citation.essay)} · {citation.start}–{citation.end} · sha256 {citation.sha256}"
    origin = " · ".join(_origin(citation, language))
    return f'<li value="{citation.number}"><q>{escaped_html(citation.quote)}</q><cite>{escaped_html(origin)}</cite><code>{span}</code></li>'


def escaped_markdown(text: str) -> str:
    """`text` as one line of Markdown that shows exactly that text."""
    escaped = _SPECIAL.sub(lambda match: f"\\{match[0]}", _encodable(text))
    return escaped.replace("\n", "&#10;").replace("\t", "&#9;")


def escaped_html(text: str) -> str:
    """`text` as HTML that shows exactly that text."""
    return html.escape(_encodable(text))


def _encodable(text: str) -> str:
    """The text with `?` for each lone surrogate, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()


_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = (
    ":root{color-scheme:light dark}body{max-width:42em;margin:2em auto;padding:0 1.2em;"
    "font:17px/1.8 Georgia,'Noto Serif KR','Noto Serif CJK KR',serif;word-break:keep-all;overflow-wrap:anywhere}"
    "blockquote{margin:1em 0;padding-left:1em;border-left:3px solid #6f8f7c}"
    "h1,h2,h3{line-height:1.4}h3,.how,.notice,code,details{font:14px/1.6 system-ui,sans-serif;opacity:.8}"
    "code,cite{display:block;overflow-wrap:anywhere}"
    ".reading{padding-left:1em;border-left:3px dotted #999}section{margin-top:3em}"
)
