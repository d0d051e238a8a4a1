"""Fits the weights by which key sentences are chosen: `python -m evals.fit_summaries`. Writes bot/indexing/summaries.json.

The labels (`key_sentences.jsonl`) are sentences that a language model chose from 35 texts, none of which a `test` question asks to be
summarised. One logistic regression over the vectors of both known embedders, since its features are on one scale.
"""

import json
import unicodedata
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bot.cli.console import show
from bot.indexing import build, summaries
from bot.indexing.loader import load_essays
from bot.indexing.splitter import split_essay
from bot.models import gemma
from bot.models.embeddings import E5_SMALL, Embedder
from bot.schema import Essay
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
LABELS = Path(__file__).with_name("key_sentences.jsonl")
FOLDERS = ("corpus", "evals/small/cook", "evals/small/family", "evals/small/lab")
STRENGTH = 0.3  # inverse of the regularisation
WEIGHTS = (1.0, 0.1, 3.0)  # of a sentence without a label, of one in a long summary, of one in a summary of three sentences

Row = tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32], NDArray[np.float32]]


def main() -> None:
    """Fit, print the share of the chosen sentences that are labelled, essay by essay left out, and write the weights."""
    rows = [row for name in (gemma.NAME, E5_SMALL) for row in labelled(Embedder(name, Settings.load().cache))]
    found = [_share(rows, place) for place in range(len(rows))]
    show(f"chosen sentences that are labelled: {sum(hits for hits, _ in found) / sum(n for _, n in found):.3f}", as_json=False)
    weights = {name: round(float(value), 3) for name, value in zip(summaries.FEATURES, _fit(rows), strict=True)}
    payload = {"command": "python -m evals.fit_summaries", "weights": weights}
    summaries.FILE.write_text(json.dumps(payload, indent=2) + "\n", encoding="utf-8")
    show(json.dumps(weights), as_json=False)


def labelled(embedder: Embedder) -> list[Row]:
    """For each labelled essay: features, labels, weights of the labels, vectors of its sentences."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        grades[row["essay"].removesuffix(".md")][unicodedata.normalize("NFC", row["quote"])] = row["grade"]
    essays = [essay for folder in FOLDERS for essay in load_essays([ROOT / folder]).essays if essay.id in grades]
    return [_of_essay(essay, grades[essay.id], embedder) for essay in essays]


def _of_essay(essay: Essay, grades: dict[str, int], embedder: Embedder) -> Row:
    windows = split_essay(essay).windows
    vectors, _ = build.embed(windows, {}, embedder)
    spans, values, own = summaries.described(essay, windows, vectors)
    texts = [essay.text[slice(*span)] for span in spans]
    found = np.array(
        [max((grade for quote, grade in grades.items() if quote in text or text in quote), default=0) for text in texts]
    )
    return values, found > 0, np.choose(found, WEIGHTS).astype(np.float32), own


def _fit(rows: list[Row]) -> NDArray[np.float32]:
    values, labels, weights = (np.concatenate([row[place] for row in rows]) for place in range(3))
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(values, labels, sample_weight=weights)
    return np.asarray(model.coef_[0], dtype=np.float32)


def _share(rows: list[Row], left_out: int) -> tuple[int, int]:
    """How many of the sentences that are chosen from the left-out essay are labelled, and how many are chosen."""
    half = len(rows) // 2  # the same essays with the vectors of the other embedder
    rest = [row for place, row in enumerate(rows) if place % half != left_out % half]
    values, labels, _, vectors = rows[left_out]
    chosen = summaries.choose(values @ _fit(rest), vectors)
    return int(labels[chosen].sum()), len(chosen)


if __name__ == "__main__":
    main()
