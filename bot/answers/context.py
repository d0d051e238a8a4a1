"""What a model reads: the quoted sentences with those around them, cut to what it needs, numbered. Pure.

A model on two cores reads about 50 tokens a second, so each sentence more is waited for.
"""

from collections.abc import Callable, Mapping, Sequence

from bot.schema import Citation, Essay, Hit, Passage
from bot.text.sentences import Span

MOST = 6  # excerpts; small models mix up more
BUDGET = 450.0  # tokens of all excerpts together, by `tokens`
PER_HANGUL, PER_OTHER = 0.75, 0.25  # tokens a character, as Qwen2.5's tokenizer counts the shelf: .72 and .24


def estimate_tokens(text: str) -> float:
    """About how many tokens a model counts in `text`."""
    hangul = sum("가" <= character <= "힣" for character in text)
    return PER_HANGUL * hangul + PER_OTHER * (len(text) - hangul)


def select_context(
    citations: Sequence[Citation], hits: Sequence[Hit], essays: Mapping[str, Essay], spans: Callable[[Essay], list[Span]]
) -> list[Passage]:
    """Stretches of the essays, whole sentences each, in the order of the citations, then of the hits.

    First what is cited, then, as long as there is room, the sentences on either side, then the best window of hits that are not cited.
    """
    chosen: dict[str, set[Span]] = {}
    left = BUDGET
    for essay, span in _wanted(citations, hits, essays, spans):
        cost = estimate_tokens(essay.text[slice(*span)])
        taken = chosen.setdefault(essay.id, set())
        if span not in taken and cost <= left:
            taken.add(span)
            left -= cost
    runs = [run for name, taken in chosen.items() for run in _runs(essays[name], sorted(taken), spans(essays[name]))]
    return runs[:MOST]


def _wanted(
    citations: Sequence[Citation], hits: Sequence[Hit], essays: Mapping[str, Essay], spans: Callable[[Essay], list[Span]]
) -> list[tuple[Essay, Span]]:
    """The sentences that may be read, the most needed first."""
    core = [
        (essays[one.essay], span)
        for one in citations
        for span in spans(essays[one.essay])
        if span[0] < one.end and one.start < span[1]
    ]
    near = [
        (essays[hit.passage.essay], span)
        for hit in hits
        for window in hit.near[:1]
        for span in spans(essays[hit.passage.essay])
        if window.start <= span[0] and span[1] <= window.end
    ]
    around = []
    for essay, span in core:
        every = spans(essay)
        place = every.index(span)
        around += [(essay, every[other]) for other in (place - 1, place + 1) if 0 <= other < len(every)]
    return [*core, *around, *near] if core else near


def _runs(essay: Essay, taken: Sequence[Span], every: Sequence[Span]) -> list[Passage]:
    """The taken sentences, those that follow each other as one stretch."""
    place = {span: number for number, span in enumerate(every)}
    runs: list[list[Span]] = []
    for span in taken:
        if runs and place[span] == place[runs[-1][-1]] + 1:
            runs[-1].append(span)
        else:
            runs.append([span])
    return [Passage.of(essay, run[0][0], run[-1][1]) for run in runs]
