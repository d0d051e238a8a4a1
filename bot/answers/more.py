"""More on the matter of the last answer: what follows its quotations in their essays, then what else the essays hold."""

from collections.abc import Iterator

from bot.answers.selection import MAX_SENTENCES, SelectedSentence
from bot.answers.turn import Line, Turn
from bot.messages import answers as texts
from bot.text.sentences import outline

FOLLOWING = 3  # sentences after a quotation that are on the same matter
HITS, SENTENCES = 8, 12  # that are looked through for what the chat has not shown yet


def lines(turn: Turn) -> list[Line]:
    """What the chat has not shown yet of the matter that it is about; none where it has shown nothing."""
    if not turn.shown:
        return []
    found = list(_unshown(turn))
    if not found:
        return [turn.notice(texts.NO_MORE)]
    return [turn.notice(texts.MORE), *turn.quotations(found[:MAX_SENTENCES])]


def _unshown(turn: Turn) -> Iterator[SelectedSentence]:
    """The sentences after those of the last answer, and then those that are found for the question, each once."""
    seen = set(turn.shown)
    hits = turn.search(turn.question, HITS, "answer", turn.essays)
    for sentence in (*_following(turn), *turn.pick(hits, SENTENCES)):
        text = sentence.essay.text[sentence.start : sentence.end]
        if text not in seen:
            seen.add(text)
            yield sentence


def _following(turn: Turn) -> list[SelectedSentence]:
    """The sentences after the last answer's best quotation that is in an essay, up to the next heading."""
    for quote in dict.fromkeys(turn.shown[-MAX_SENTENCES:]):
        for essay in turn.in_scope():
            start = essay.text.find(quote)
            if start >= 0:
                stop = min((heading for heading, _ in outline(essay.text).headings if heading > start), default=len(essay.text))
                after = [span for span in turn.index.sentence_spans(essay) if start + len(quote) <= span[0] < stop]
                return [SelectedSentence(essay, *span, 0.0) for span in after[:FOLLOWING]]
    return []
