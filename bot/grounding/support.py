"""Whether passages support a claim: one fitted linear model for each embedder, and what compares texts.

The numbers stand in support.json, which `python -m evals.fit_support` writes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from bot.schema import Relation

FILE = Path(__file__).with_name("support.json")
DEFAULT = "default"

Similar = Callable[[str, Sequence[str]], Sequence[float]]
"""The cosines, -1 to 1, of a sentence with each of others; comparable across languages."""

Entailment = Callable[[str, str], Relation]
"""How a premise, which comes first, bears on a claim."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What compares a sentence with those of passages: cosines, the name of the embedder that they are from, and an entailment model."""

    similar: Similar
    model: str = ""
    entailment: Entailment | None = None


@dataclass(frozen=True, slots=True)
class Support:
    """A linear model: a weight for each of `features.FEATURES`.

    A claim is supported where its score is at least `supported`, and no passage is about it where its score is below `near`. Where nothing
    unconfirmed is shown, it is shown where its score is at least `accepted`.
    """

    weights: Mapping[str, float]
    supported: float
    accepted: float
    near: float

    @classmethod
    def of(cls, model: str) -> Self:
        """The model for an embedder, by the name in its fingerprint."""
        sets = _read()
        return cls(**sets.get(model, sets[DEFAULT]))

    def score(self, values: Mapping[str, float]) -> float:
        """The score of a claim with these features."""
        return sum(weight * values[name] for name, weight in self.weights.items())


@cache
def _read() -> dict[str, Any]:
    sets: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["embedders"]
    return sets
