"""Fits the classifiers of intents for the known embedders and measures them: `python -m evals.fit_intents`. Writes bot/indexing/intents-*.npz."""

import json
from pathlib import Path
from typing import Any

from bot.cli.console import show
from bot.indexing import intents
from bot.models import gemma
from bot.models.embeddings import E5_SMALL, Embedder
from bot.settings import Settings
from evals.metrics import interval

TURNS = Path(__file__).with_name("intents.jsonl")


def main() -> None:
    """Fit, write the files and print the shares of the evaluation's turns that are told right."""
    for name in (gemma.NAME, E5_SMALL):
        embedder = Embedder(name, Settings.load().cache)
        intents.write(intents.shipped(embedder), intents.key_of(embedder), intents.fit(embedder))
        show({name: measure(embedder)}, as_json=True)


def measure(embedder: Embedder) -> dict[str, Any]:
    """By split: the share of the turns whose intent is told right, in all and by intent; `wrong` lists those of `test` that are not."""
    rows = [json.loads(line) for line in TURNS.read_text(encoding="utf-8").splitlines()]
    classifier = intents.of_embedder(embedder)
    vectors = embedder.encode_turns([row["turn"] for row in rows])
    told = [classifier.of(row["turn"], vector).partition(".")[0] for row, vector in zip(rows, vectors, strict=True)]
    groups: dict[str, list[bool]] = {}
    for guess, row in zip(told, rows, strict=True):
        for label in ("all", row["label"]):
            groups.setdefault(f"{row['split']} {label}", []).append(guess == row["label"])
    wrong = [
        f"{row['id']} ({row['label']}, told as {guess}) {row['turn']}"
        for guess, row in zip(told, rows, strict=True)
        if row["split"] == "test" and guess != row["label"]
    ]
    return {**{name: _row(right) for name, right in sorted(groups.items())}, "wrong": wrong}


def _row(right: list[bool]) -> dict[str, Any]:
    share = sum(right) / len(right)
    return {"n": len(right), "share": round(share, 3), "interval": interval(share, len(right))}


if __name__ == "__main__":
    main()
