"""The HTML of an answer in the chat: notices, quotations, unconfirmed sentences and readings, each sentence with its citation markers. Pure."""

from collections.abc import Sequence

from bot.messages import notices, page
from bot.schema import Answer, Citation, Language, Refusal, Sentence
from bot.ui.markup import ask_link, button, escape, label, link, notice, read_link


def answer_markup(answer: Answer, turn: int, *, is_final: bool = True, status: str = "", rating: bool | None = None) -> str:
    """The HTML of an answer. `turn` is the number of its question in the chat, from 1.

    A partial answer (not `is_final`) shows `status`, a line on what the bot is doing. A final one shows buttons for copying, asking
    again, editing and rating; `rating` is the reader's rating: True is good, None is not rated.
    """
    language, parts = answer.language, []
    if answer.standalone != answer.question:
        parts.append(notice(page.SEARCHED_AS.format(question=answer.standalone).of(language)))
    previous_kind = ""
    for sentence in answer.sentences:
        parts.append(_sentence(sentence, answer, labelled=sentence.kind != previous_kind))
        previous_kind = sentence.kind
    if answer.citations and not answer.sentences:
        parts.append(notice(page.PASSAGES_FOUND.format(count=len(answer.citations)).of(language)))
    elif status and not answer.abstained:
        parts.append(f'<p class="notice going">{escape(status)}</p>')
    if answer.refused:
        parts.append(_refusals(answer.refused, answer))
    if is_final:
        parts.append(_buttons(answer, turn, rating))
        parts.append(_next_questions(answer))
    css_class = "answer abstained" if answer.abstained else "answer"
    return f'<div class="{css_class}" lang="{answer.language}">{"".join(parts)}</div>'


def _sentence(sentence: Sentence, answer: Answer, *, labelled: bool) -> str:
    """The HTML of a sentence. `labelled` puts a label before a reading or an unconfirmed one; of several only the first has one."""
    citations = {citation.number: citation for citation in answer.citations}
    markers = [_marker(citations[number]) for number in sentence.citations if number in citations]
    text = "&#160;".join([escape(sentence.text), *markers])  # no-break space: a marker never stands alone on a line
    if sentence.kind == "notice":
        return f'<p class="notice">{text}</p>'
    if sentence.kind == "reading":
        return f'<p class="reading">{label(page.READING_LABEL.of(answer.language)) if labelled else ""}{text}</p>'
    if sentence.kind == "unconfirmed":
        return f'<p class="unconfirmed">{label(notices.UNCONFIRMED.of(answer.language)) if labelled else ""}{text}</p>'
    return f"<blockquote>{text}</blockquote>" if sentence.quotation else f'<p class="said">{text}</p>'


def _marker(citation: Citation) -> str:
    """The link of a citation. It opens the essay at the quotation."""
    fragment = read_link(citation.essay, citation.start, citation.end, citation.sha256)
    return f'<a class="marker" href="{fragment}" title="{escape(citation.title)}">{escape(f"[{citation.number}]")}</a>'


def _refusals(refused: Sequence[Refusal], answer: Answer) -> str:
    """The sentences that the check refused, each with its reason, folded under their number."""
    items = "".join(
        f'<li><span class="taken">{escape(refusal.text)}</span> '
        f'<span class="because">{escape(_reason(refusal, answer.language))}</span></li>'
        for refusal in refused
    )
    count = escape(page.REFUSED_COUNT.format(count=len(refused)).of(answer.language))
    return f'<details class="refused"><summary>{count}</summary><ul>{items}</ul></details>'


def _reason(refusal: Refusal, language: Language) -> str:
    """Why a sentence was refused; the code itself where an older version wrote another one."""
    known = page.REFUSAL_REASONS.get(refusal.reason)
    return known.of(language) if known else refusal.reason


def _next_questions(answer: Answer) -> str:
    """The next questions as links that ask them; empty where there are none."""
    links = "".join(f"<li>{link(ask_link('answer', question), question, 'act')}</li>" for question in answer.suggestions)
    heading = escape(page.NEXT_QUESTIONS.of(answer.language))
    return f'<nav class="next" aria-label="{heading}"><ul>{links}</ul></nav>' if links else ""


def _buttons(answer: Answer, turn: int, rating: bool | None) -> str:
    """The buttons under an answer; page.js acts on their ids."""
    actions = [
        ("copy", page.COPY),
        (f"retry-{answer.mode}", page.RETRY),
        ("edit", page.EDIT),
        ("good", page.RATE_GOOD),
        ("bad", page.RATE_BAD),
    ]
    pressed = {True: "good", False: "bad", None: ""}[rating]
    buttons = (button(f"turn-{turn}-{action}", text.of(answer.language), on=action == pressed) for action, text in actions)
    return f'<div class="foot">{"".join(buttons)}</div>'
