"""Key sentences of an essay: what it says in three to five sentences of its own. Pure.

Each sentence is scored by a linear model of its features: how near its vector is to those of the essay's passages (centrality, as in MEAD,
Radev et al., 2004), where it stands, and whether it can be read alone. Its weights stand in summaries.json and are fitted by
`python -m evals.fit_summaries` on sentences that a language model chose from other essays than those of the `test` questions.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import ceil, log
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bot.schema import Essay, Window
from bot.text.markdown import Span
from bot.text.sentences import back_matter_start, outline, refers_back
from bot.text.tokenize import morphemes, proper_names, weighted_length

FILE = Path(__file__).with_name("summaries.json")
VERSION = "4"  # part of an index's fingerprint; raise it when other sentences are chosen

Key = tuple[int, int, int]
"""A key sentence: where it begins and ends, and its rank among those of its essay, from 1."""

FEATURES = ("whole", "lead", "near_end", "opens", "short", "long", "refers", "asks", "names", "title")
SENTENCES_OF_FOUR, SENTENCES_OF_FIVE = 25, 50  # from how many sentences on an essay has four or five key sentences
LEAST, MOST = 3, 5  # key sentences of an essay whose front matter names some
SAME = 0.92  # cosine of two sentences that say the same
SHARE_OF_A_THIRD = 0.5  # of the key sentences that may stand in one third of the essay
MANY_NAMES = 3


def of_essays(
    essays: Sequence[Essay], windows: Sequence[Window], vectors: NDArray[np.float32], essay_of: Mapping[str, str]
) -> dict[str, list[Key]]:
    """The key sentences of each essay, by its id, in the order of its text. `vectors` has a row for each window; `essay_of` is by passage."""
    rows: dict[str, list[int]] = {essay.id: [] for essay in essays}
    for row, window in enumerate(windows):
        rows[essay_of[window.passage]].append(row)
    return {essay.id: _of_essay(essay, [windows[row] for row in rows[essay.id]], vectors[rows[essay.id]]) for essay in essays}


def _of_essay(essay: Essay, windows: Sequence[Window], vectors: NDArray[np.float32]) -> list[Key]:
    spans, values, own = described(essay, windows, vectors)
    if not spans:
        return []
    scores = values @ np.array([_weights()[name] for name in FEATURES], dtype=np.float32)
    chosen = _with_named(essay, spans, choose(scores, own))
    return sorted((*spans[place], rank) for rank, place in enumerate(chosen, start=1))


def _with_named(essay: Essay, spans: Sequence[Span], chosen: Sequence[int]) -> list[int]:
    """The places of the sentences that stand in the summary of the essay's front matter, in its order, filled up with the `chosen` ones."""
    summary = _on_one_line(essay.summary)
    found = [(summary.find(_on_one_line(essay.text[slice(*span)])), place) for place, span in enumerate(spans)] if summary else []
    named = [place for at, place in sorted(found) if at >= 0][:MOST]
    others = [place for place in chosen if place not in named]
    return [*named, *others[: max(0, min(LEAST, len(chosen)) - len(named))]] if named else list(chosen)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def described(
    essay: Essay, windows: Sequence[Window], vectors: NDArray[np.float32]
) -> tuple[list[Span], NDArray[np.float32], NDArray[np.float32]]:
    """The sentences that may be key sentences, their features, shape (sentences, features), and their vectors."""
    rows = {(window.start, window.end): row for row, window in enumerate(windows) if window.context}
    spans = _body(essay, rows)
    if not spans:
        return [], np.zeros((0, len(FEATURES)), np.float32), np.zeros((0, vectors.shape[1]), np.float32)
    own = vectors[[rows[span] for span in spans]]
    centre = vectors[[row for row, window in enumerate(windows) if not window.context]].mean(axis=0)
    whole = _standardised(own @ (centre / max(float(np.linalg.norm(centre)), 1e-6)))
    return spans, np.array([[near, *rest] for near, rest in zip(whole, _of_text(essay, spans), strict=True)], np.float32), own


def choose(scores: NDArray[np.float32], vectors: NDArray[np.float32]) -> list[int]:
    """The places of three to five sentences, best first: none says what another one does, and no third of the essay has most of them."""
    count = min(3 + (len(scores) >= SENTENCES_OF_FOUR) + (len(scores) >= SENTENCES_OF_FIVE), len(scores))
    chosen: list[int] = []
    per_third = [0, 0, 0]
    for place in np.argsort(-scores, kind="stable").tolist():
        third = 3 * place // len(scores)
        is_same = any(vectors[place] @ vectors[other] > SAME for other in chosen)
        if len(chosen) < count and not is_same and per_third[third] < ceil(SHARE_OF_A_THIRD * count):
            chosen.append(place)
            per_third[third] += 1
    return chosen


def _body(essay: Essay, rows: Mapping[Span, int]) -> list[Span]:
    """The sentences that have a vector and are prose of the essay itself: no headings, rows, footnotes or sources."""
    found = outline(essay.text)
    end = back_matter_start(essay.text)
    return [
        span for span in found.quotable if span in rows and span[1] <= end and span not in found.heads and span not in found.notes
    ]


def _of_text(essay: Essay, spans: Sequence[Span]) -> list[list[float]]:
    """The features after `whole`, of each sentence."""
    texts = [essay.text[slice(*span)] for span in spans]
    usual = median(map(weighted_length, texts))
    title = set(morphemes(essay.title))
    rows = []
    for place, (text, span) in enumerate(zip(texts, spans, strict=True)):
        opens = not place or "\n\n" in essay.text[spans[place - 1][1] : span[0]]
        length = log(weighted_length(text) / usual)
        rows.append(
            [
                1 - place / len(texts),
                float(place >= len(texts) - 2),
                float(opens),
                max(0.0, -length),
                max(0.0, length),
                float(refers_back(text)),
                float(text.rstrip("”\"'’) ").endswith("?")),
                min(MANY_NAMES, len(proper_names(text, openers=True))) / MANY_NAMES,
                len(title & set(morphemes(text))) / max(1, len(title)),
            ]
        )
    return rows


def _standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-6), dtype=np.float32)


@cache
def _weights() -> dict[str, float]:
    weights: dict[str, float] = json.loads(FILE.read_text(encoding="utf-8"))["weights"]
    return weights
