"""An answer as it stands in the chat: notices, quotations and readings, each sentence with its markers. Pure."""

from collections.abc import Sequence

from bot.schema import Answer, Citation, Sentence
from bot.ui.markup import anchor, label, notice, plain
from bot.ui.words import WORDS

_QUOTE_MARKS = " \"'“”‘’"


def bubble(answer: Answer, turn: int) -> str:
    """The markup of an answer, whole or still growing. `turn` is the place of its question in the talk, from 1."""
    words = WORDS[answer.language]
    parts = []
    if answer.standalone != answer.question:
        parts.append(notice(words.asked_as.format(question=answer.standalone)))
    parts += [_sentence(sentence, answer, turn) for sentence in answer.sentences]
    if answer.citations and not answer.sentences:
        parts.append(notice(words.found.format(count=len(answer.citations))))
    if answer.refused:
        parts.append(notice(words.refused.format(count=len(answer.refused))))
    name = "answer abstained" if answer.abstained else "answer"
    return f'<div class="{name}" lang="{answer.language}">{"".join(parts)}</div>'


def _sentence(sentence: Sentence, answer: Answer, turn: int) -> str:
    text = " ".join([plain(sentence.text), *(_marker(turn, number) for number in sentence.citations)])
    if sentence.kind == "notice":
        return f'<p class="notice">{text}</p>'
    if sentence.kind == "reading":
        return f'<p class="reading">{label(WORDS[answer.language].reading)}{text}</p>'
    return f"<blockquote>{text}</blockquote>" if _is_quotation(sentence, answer.citations) else f"<p>{text}</p>"


def _marker(turn: int, number: int) -> str:
    return f'<a class="marker" href="#{anchor(turn, number)}">{plain(f"[{number}]")}</a>'


def _is_quotation(sentence: Sentence, citations: Sequence[Citation]) -> bool:
    """Whether the sentence is nothing but a quotation in its quote marks."""
    quotes = (citation.quote for citation in citations if citation.number in sentence.citations)
    return sentence.text.strip(_QUOTE_MARKS) in {quote.strip(_QUOTE_MARKS) for quote in quotes}
