"""The HTML of an answer in the chat: notices, quotations and readings, each sentence with its citation markers. Pure."""

from collections.abc import Sequence

from bot.schema import Answer, Citation, Refusal, Sentence
from bot.ui.catalogue import MESSAGES, REFUSAL_REASONS
from bot.ui.markup import button, escape, label, notice, read_link


def answer_markup(answer: Answer, turn: int, *, is_final: bool = True, status: str = "", rating: bool | None = None) -> str:
    """The HTML of an answer. `turn` is the number of its question in the chat, from 1.

    A partial answer (not `is_final`) shows `status`, a line on what the bot is doing. A final one shows buttons for copying, asking
    again, editing and rating; `rating` is the reader's rating: True is good, None is not rated.
    """
    words = MESSAGES[answer.language]
    parts = []
    if answer.standalone != answer.question:
        parts.append(notice(words.searched_as.format(question=answer.standalone)))
    previous_kind = ""
    for sentence in answer.sentences:
        parts.append(_sentence(sentence, answer, labelled=sentence.kind != previous_kind))
        previous_kind = sentence.kind
    if answer.citations and not answer.sentences:
        parts.append(notice(words.passages_found.format(count=len(answer.citations))))
    elif status and not answer.abstained:
        parts.append(f'<p class="notice going">{escape(status)}</p>')
    if answer.refused:
        parts.append(_refusals(answer.refused, answer))
    if is_final:
        parts.append(_buttons(answer, turn, rating))
    css_class = "answer abstained" if answer.abstained else "answer"
    return f'<div class="{css_class}" lang="{answer.language}">{"".join(parts)}</div>'


def _sentence(sentence: Sentence, answer: Answer, *, labelled: bool) -> str:
    """The HTML of a sentence. `labelled` puts a label before a reading; only the first of several readings has one."""
    citations = {citation.number: citation for citation in answer.citations}
    markers = [_marker(citations[number]) for number in sentence.citations if number in citations]
    text = "&#160;".join([escape(sentence.text), *markers])  # no-break space: a marker never stands alone on a line
    if sentence.kind == "notice":
        return f'<p class="notice">{text}</p>'
    if sentence.kind == "reading":
        return f'<p class="reading">{label(MESSAGES[answer.language].reading_label) if labelled else ""}{text}</p>'
    return f"<blockquote>{text}</blockquote>" if sentence.quotation else f'<p class="said">{text}</p>'


def _marker(citation: Citation) -> str:
    """The link of a citation. It opens the essay at the quotation."""
    fragment = read_link(citation.essay, citation.start, citation.end, citation.sha256)
    return f'<a class="marker" href="{fragment}" title="{escape(citation.title)}">{escape(f"[{citation.number}]")}</a>'


def _refusals(refused: Sequence[Refusal], answer: Answer) -> str:
    """The sentences that the check refused, each with its reason, folded under their number."""
    reasons = REFUSAL_REASONS[answer.language]
    items = "".join(
        f'<li><span class="taken">{escape(refusal.text)}</span> '
        f'<span class="because">{escape(reasons.get(refusal.reason, refusal.reason))}</span></li>'
        for refusal in refused
    )
    count = escape(MESSAGES[answer.language].refused_count.format(count=len(refused)))
    return f'<details class="refused"><summary>{count}</summary><ul>{items}</ul></details>'


def _buttons(answer: Answer, turn: int, rating: bool | None) -> str:
    """The buttons under an answer; page.js acts on their ids."""
    words = MESSAGES[answer.language]
    actions = [
        ("copy", words.copy),
        (f"retry-{answer.mode}", words.retry),
        ("edit", words.edit),
        ("good", words.rate_good),
        ("bad", words.rate_bad),
    ]
    pressed = {True: "good", False: "bad", None: ""}[rating]
    buttons = (button(f"turn-{turn}-{action}", text, on=action == pressed) for action, text in actions)
    return f'<div class="foot">{"".join(buttons)}</div>'
