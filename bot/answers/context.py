"""Select the excerpts that a chat model reads: the quoted sentences with those around them, within a token budget. Pure.

A model on two cores reads about 50 tokens a second, so every further sentence is waiting time.
"""

from collections.abc import Callable, Mapping, Sequence

from bot.schema import Citation, Essay, Hit, Passage
from bot.text.markdown import Span

MAX_EXCERPTS = 6  # small models confuse more of them
MAX_TOKENS = 450.0  # of all excerpts together, by `estimate_tokens`
TOKENS_PER_HANGUL, TOKENS_PER_OTHER = 0.75, 0.25  # Qwen2.5's tokenizer needs .72 and .24 a character for the bundled essays


def estimate_tokens(text: str) -> float:
    """The approximate number of tokens of `text`."""
    hangul = sum("가" <= character <= "힣" for character in text)
    return TOKENS_PER_HANGUL * hangul + TOKENS_PER_OTHER * (len(text) - hangul)


def select_context(
    citations: Sequence[Citation],
    hits: Sequence[Hit],
    essays: Mapping[str, Essay],
    sentence_spans: Callable[[Essay], list[Span]],
) -> list[Passage]:
    """At most `MAX_EXCERPTS` stretches of whole sentences, those of the citations first, then those of the hits.

    The budget is spent on the cited sentences first, then on the sentences before and after them, then on the best window of each hit.
    """
    selected: dict[str, set[Span]] = {}
    budget = MAX_TOKENS
    for essay, span in _candidates(citations, hits, essays, sentence_spans):
        cost = estimate_tokens(essay.text[slice(*span)])
        spans = selected.setdefault(essay.id, set())
        if span not in spans and cost <= budget:
            spans.add(span)
            budget -= cost
    excerpts = [
        excerpt
        for essay_id, spans in selected.items()
        for excerpt in _joined(essays[essay_id], sorted(spans), sentence_spans(essays[essay_id]))
    ]
    return excerpts[:MAX_EXCERPTS]


def _candidates(
    citations: Sequence[Citation],
    hits: Sequence[Hit],
    essays: Mapping[str, Essay],
    sentence_spans: Callable[[Essay], list[Span]],
) -> list[tuple[Essay, Span]]:
    """The sentences that may be read, in order of priority."""
    cited = [
        (essays[citation.essay], span)
        for citation in citations
        for span in sentence_spans(essays[citation.essay])
        if span[0] < citation.end and citation.start < span[1]
    ]
    in_best_windows = [
        (essays[hit.passage.essay], span)
        for hit in hits
        for window in hit.windows[:1]
        for span in sentence_spans(essays[hit.passage.essay])
        if window.start <= span[0] and span[1] <= window.end
    ]
    neighbours = []
    for essay, span in cited:
        all_spans = sentence_spans(essay)
        place = all_spans.index(span)
        neighbours += [(essay, all_spans[near]) for near in (place - 1, place + 1) if 0 <= near < len(all_spans)]
    return [*cited, *neighbours, *in_best_windows]


def _joined(essay: Essay, spans: Sequence[Span], all_spans: Sequence[Span]) -> list[Passage]:
    """The sentences as passages, consecutive ones joined into one."""
    place = {span: number for number, span in enumerate(all_spans)}
    runs: list[list[Span]] = []
    for span in spans:
        if runs and place[span] == place[runs[-1][-1]] + 1:
            runs[-1].append(span)
        else:
            runs.append([span])
    return [Passage.of(essay, run[0][0], run[-1][1]) for run in runs]
