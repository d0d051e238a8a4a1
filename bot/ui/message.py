"""An answer as it stands in the chat: notices, quotations and readings, each sentence with its markers. Pure."""

from collections.abc import Sequence

from bot.schema import Answer, Citation, Refusal, Sentence
from bot.ui.catalogue import MESSAGES, REFUSAL_REASONS
from bot.ui.markup import button, label, notice, plain, read_link

_QUOTE_MARKS = " \"'“”‘’"


def answer_markup(answer: Answer, turn: int, *, whole: bool = True, going: str = "", rated: bool | None = None) -> str:
    """The markup of an answer. `turn` is the place of its question in the talk, from 1; `rated` is the reader's thumb, if any.

    While it grows (not `whole`) it says what is `going` on; when it is whole, what can be done with it.
    """
    words = MESSAGES[answer.language]
    parts = []
    if answer.standalone != answer.question:
        parts.append(notice(words.searched_as.format(question=answer.standalone)))
    before = ""
    for sentence in answer.sentences:
        parts.append(_sentence(sentence, answer, labelled=sentence.kind != before))
        before = sentence.kind
    if answer.citations and not answer.sentences:
        parts.append(notice(words.passages_found.format(count=len(answer.citations))))
    elif going and not answer.abstained:
        parts.append(f'<p class="notice going">{plain(going)}</p>')
    if answer.refused:
        parts.append(_left_out(answer.refused, answer))
    if whole:
        parts.append(_foot(answer, turn, rated))
    name = "answer abstained" if answer.abstained else "answer"
    return f'<div class="{name}" lang="{answer.language}">{"".join(parts)}</div>'


def _sentence(sentence: Sentence, answer: Answer, *, labelled: bool) -> str:
    """The markup of a sentence; `labelled` says whose words it is, which the first of several readings says for all."""
    cited = {citation.number: citation for citation in answer.citations}
    markers = [_marker(cited[number]) for number in sentence.citations if number in cited]
    text = "&#160;".join([plain(sentence.text), *markers])  # a number alone on a line would belong to nothing
    if sentence.kind == "notice":
        return f'<p class="notice">{text}</p>'
    if sentence.kind == "reading":
        return f'<p class="reading">{label(MESSAGES[answer.language].reading_label) if labelled else ""}{text}</p>'
    return f"<blockquote>{text}</blockquote>" if _is_quotation(sentence, answer.citations) else f'<p class="said">{text}</p>'


def _marker(citation: Citation) -> str:
    """The link of a citation: it opens its essay at the quotation."""
    link = read_link(citation.essay, citation.start, citation.end, citation.sha256)
    return f'<a class="marker" href="{link}" title="{plain(citation.title)}">{plain(f"[{citation.number}]")}</a>'


def _left_out(refused: Sequence[Refusal], answer: Answer) -> str:
    """A quiet line that opens: what the check took out, and why."""
    reasons = REFUSAL_REASONS[answer.language]
    items = "".join(
        f'<li><span class="taken">{plain(one.text)}</span> <span class="because">{plain(reasons.get(one.reason, one.reason))}</span></li>'
        for one in refused
    )
    said = plain(MESSAGES[answer.language].refused_count.format(count=len(refused)))
    return f'<details class="refused"><summary>{said}</summary><ul>{items}</ul></details>'


def _foot(answer: Answer, turn: int, rated: bool | None) -> str:
    """What can be done with an answer."""
    words = MESSAGES[answer.language]
    acts = [
        ("copy", words.copy),
        (f"retry-{answer.mode}", words.retry),
        ("edit", words.edit),
        ("good", words.rate_good),
        ("bad", words.rate_bad),
    ]
    chosen = {True: "good", False: "bad", None: ""}[rated]
    return f'<div class="foot">{"".join(button(f"turn-{turn}-{act}", said, on=act == chosen) for act, said in acts)}</div>'


def _is_quotation(sentence: Sentence, citations: Sequence[Citation]) -> bool:
    """Whether the sentence is nothing but a quotation in its quote marks."""
    quotes = (citation.quote for citation in citations if citation.number in sentence.citations)
    return sentence.text.strip(_QUOTE_MARKS) in {quote.strip(_QUOTE_MARKS) for quote in quotes}
