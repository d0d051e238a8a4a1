"""Key sentences of an essay: what it says in three to five sentences of its own. Pure.

A sentence is scored by how near its vector is to that of the whole essay (its centrality, as in MEAD, Radev et al., 2004), by where it
stands, and by whether it can be read alone. One is taken from each stretch of the essay, so that a summary follows its course.
"""

from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bot.schema import Essay, Window
from bot.text.markdown import Span
from bot.text.sentences import back_matter_start, outline, refers_back
from bot.text.tokenize import weighted_length

VERSION = "1"  # part of an index's fingerprint; raise it when other sentences are chosen

Key = tuple[int, int, int]
"""A key sentence: where it begins and ends, and its rank among those of its essay, from 1."""

SENTENCES_OF_FOUR, SENTENCES_OF_FIVE = 25, 50  # from how many sentences on an essay has four or five key sentences
MIN_LENGTH, MAX_LENGTH = 0.6, 2.2  # of a key sentence, in medians of the essay's sentences
# What is added to the centrality, which has a spread of 1.
OPENS_PARAGRAPH, ENDS_PARAGRAPH, ENDS_ESSAY = 0.3, 0.2, 0.5
REFERS_BACK, ASKS, TOO_SHORT_OR_LONG = -1.0, -1.0, -1.0
SAME = 0.92  # cosine of two sentences that say the same


def of_essays(
    essays: Sequence[Essay], windows: Sequence[Window], vectors: NDArray[np.float32], essay_of: Mapping[str, str]
) -> dict[str, list[Key]]:
    """The key sentences of each essay, by its id, in the order of its text. `vectors` has a row for each window; `essay_of` is by passage."""
    rows: dict[str, dict[Span, int]] = {essay.id: {} for essay in essays}
    for row, window in enumerate(windows):
        if window.context:
            rows[essay_of[window.passage]][window.start, window.end] = row
    return {essay.id: _of_essay(essay, rows[essay.id], vectors) for essay in essays}


def _of_essay(essay: Essay, rows: Mapping[Span, int], vectors: NDArray[np.float32]) -> list[Key]:
    spans = _body(essay, rows)
    if not spans:
        return []
    own = vectors[[rows[span] for span in spans]]
    scores = _centrality(own) + np.array(_manners(essay, spans))
    chosen = _one_of_each_stretch(spans, own, scores)
    ranks = {place: rank for rank, place in enumerate(sorted(chosen, key=lambda place: -scores[place]), start=1)}
    return [(*spans[place], ranks[place]) for place in sorted(chosen)]


def _body(essay: Essay, rows: Mapping[Span, int]) -> list[Span]:
    """The sentences that have a vector and are prose of the essay itself: no headings, rows, footnotes or sources."""
    found = outline(essay.text)
    end = back_matter_start(essay.text)
    return [
        span for span in found.quotable if span in rows and span[1] <= end and span not in found.heads and span not in found.notes
    ]


def _centrality(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosines with the mean vector, standardised."""
    centre = vectors.mean(axis=0)
    cosines = vectors @ (centre / max(float(np.linalg.norm(centre)), 1e-6))
    return np.asarray((cosines - cosines.mean()) / max(float(cosines.std()), 1e-6), dtype=np.float32)


def _manners(essay: Essay, spans: Sequence[Span]) -> list[float]:
    """What place and wording add to each sentence."""
    texts = [essay.text[slice(*span)] for span in spans]
    usual = median(map(weighted_length, texts))
    values = []
    for place, (text, span) in enumerate(zip(texts, spans, strict=True)):
        before = essay.text[spans[place - 1][1] : span[0]] if place else "\n\n"
        after = essay.text[span[1] : spans[place + 1][0]] if place + 1 < len(spans) else "\n\n"
        opens, ends = "\n\n" in before, "\n\n" in after
        length = weighted_length(text) / usual
        value = OPENS_PARAGRAPH * opens + ENDS_PARAGRAPH * ends + ENDS_ESSAY * (place >= len(spans) - 2)
        value += REFERS_BACK * (refers_back(text) and not opens) + ASKS * text.rstrip("”\"'’) ").endswith("?")
        values.append(value + TOO_SHORT_OR_LONG * (not MIN_LENGTH <= length <= MAX_LENGTH))
    return values


def _one_of_each_stretch(spans: Sequence[Span], vectors: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    """The places of the best sentence of each of three to five stretches of equal length, none that says what another one does."""
    count = 3 + (len(spans) >= SENTENCES_OF_FOUR) + (len(spans) >= SENTENCES_OF_FIVE)
    chosen: list[int] = []
    for stretch in np.array_split(np.arange(len(spans)), min(count, len(spans))):
        ranked = sorted(stretch.tolist(), key=lambda place: (-scores[place], place))
        fresh = (place for place in ranked if all(vectors[place] @ vectors[other] < SAME for other in chosen))
        chosen += [place for place in [next(fresh, None)] if place is not None]
    return chosen
