"""The report of a checked text as plain text, Markdown, HTML or JSON. Pure."""

import html
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.chats.check_text import CheckedQuotation, CheckedSentence
from bot.chats.export import escaped_html, escaped_markdown
from bot.messages import checks
from bot.schema import Citation, Language
from bot.text.language import language_of

_STYLE = (
    ":root{color-scheme:light dark}body{max-width:44em;margin:2em auto;padding:0 1.2em;font:16px/1.7 system-ui,sans-serif;"
    "word-break:keep-all;overflow-wrap:anywhere}li{margin:.8em 0}.refused{border-left:4px solid #a33;padding-left:.6em}"
    ".unconfirmed{border-left:4px dashed #888;padding-left:.6em}.supported{border-left:4px solid #6f8f7c;padding-left:.6em}"
    ".passed{opacity:.7}small,q{display:block;opacity:.85}"
)


def counts(sentences: Sequence[CheckedSentence]) -> dict[str, int]:
    """How many sentences have each outcome, and how many quotations each state."""
    quotations = [quotation for sentence in sentences for quotation in sentence.quotations]
    return {
        **{state: sum(sentence.state == state for sentence in sentences) for state in checks.STATES},
        **{state: sum(quotation.state == state for quotation in quotations) for state in checks.QUOTATION_STATES},
    }


def payload(sentences: Sequence[CheckedSentence]) -> dict[str, Any]:
    """The report as plain JSON."""
    return {**counts(sentences), "sentences": [sentence.to_dict() for sentence in sentences]}


def to_json(sentences: Sequence[CheckedSentence]) -> str:
    """The report as JSON."""
    return json.dumps(payload(sentences), ensure_ascii=False, indent=1)


def to_text(sentences: Sequence[CheckedSentence]) -> str:
    """The report as lines for a terminal: each claim, then its place and its quotations; the counts at the end."""
    language = _language(sentences)
    lines = []
    for sentence in sentences:
        if sentence.state != "passed":
            lines.append(f"{_state(sentence, language)}: {' '.join(sentence.text.split())}")
            lines += [f"    {line}" for line in _details(sentence, language)]
    return "\n".join([*lines, *_summary(sentences, language)])


def to_markdown(sentences: Sequence[CheckedSentence]) -> str:
    """The report as Markdown: every sentence in order. Texts are escaped, so that nothing in them is markup."""
    language = _language(sentences)
    blocks = [f"# {checks.TITLE.of(language)}", "  \n".join(_summary(sentences, language))]
    for sentence in sentences:
        items = [f"    - {escaped_markdown(line)}" for line in _details(sentence, language)]
        blocks.append("\n".join([f"- **{_state(sentence, language)}** {escaped_markdown(sentence.text)}", *items]))
    return "\n\n".join(blocks) + "\n"


def to_html(sentences: Sequence[CheckedSentence]) -> str:
    """The report as one self-contained HTML file: nothing is run or loaded, all texts are escaped."""
    language = _language(sentences)
    title = html.escape(checks.TITLE.of(language))
    items = "\n".join(
        f'<li class="{sentence.state}"><b>{html.escape(_state(sentence, language))}</b> {escaped_html(sentence.text)}'
        + "".join(f"<small>{escaped_html(line)}</small>" for line in _details(sentence, language))
        + "</li>"
        for sentence in sentences
    )
    summary = "".join(f"<p>{html.escape(line)}</p>" for line in _summary(sentences, language))
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>{summary}\n<ol>\n{items}\n</ol>\n</body></html>\n"
    )


# By the name of the format.
FORMATS: dict[str, Callable[[Sequence[CheckedSentence]], str]] = {
    "text": to_text,
    "markdown": to_markdown,
    "html": to_html,
    "json": to_json,
}


def _language(sentences: Sequence[CheckedSentence]) -> Language:
    """The language of most of the text."""
    return language_of("\n".join(sentence.text for sentence in sentences))


def _summary(sentences: Sequence[CheckedSentence], language: Language) -> list[str]:
    found = counts(sentences)
    claims = len(sentences) - found["passed"]
    quotations = sum(found[state] for state in checks.QUOTATION_STATES)
    lines = [checks.COUNTS.format(claims=claims, **{state: found[state] for state in checks.STATES}).of(language)]
    if quotations:
        states = {state: found[state] for state in checks.QUOTATION_STATES}
        lines.append(checks.QUOTATIONS.format(quotations=quotations, **states).of(language))
    return lines


def _state(sentence: CheckedSentence, language: Language) -> str:
    """The outcome with its reason."""
    state = checks.STATES[sentence.state].of(language)
    return f"{state} ({checks.REASONS[sentence.reason].of(language)})" if sentence.reason else state


def _details(sentence: CheckedSentence, language: Language) -> Iterator[str]:
    """The lines below a sentence: its quotations with their places, else the sentence of an essay to compare it with."""
    for quotation in sentence.quotations:
        yield _quotation(quotation, language)
    if sentence.place and not sentence.quotations and sentence.reason != "support":
        yield f"{checks.COMPARE.of(language)}: {_place(sentence.place)}"


def _quotation(quotation: CheckedQuotation, language: Language) -> str:
    state = checks.QUOTATION_STATES[quotation.state].of(language)
    return f"“{' '.join(quotation.quote.split())}” {state}" + (f": {_place(quotation.place)}" if quotation.place else "")


def _place(place: Citation) -> str:
    return f"“{' '.join(place.quote.split())}” {place.title} · {place.essay} {place.start}–{place.end}"
