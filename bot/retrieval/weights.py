"""The fitted numbers of ranking, of picking sentences and of "do the essays answer it?": one set an embedder, and one for any other.

They stand in weights.json, which `python -m evals.fit` writes. The set for any other embedder is fitted on all of them together, and uses
no cosines but standardised ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("weights.json")
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Weights:
    """Linear models: a weight for each feature by its name; a feature without one counts nothing.

    `similarity` is an offset and a factor: what turns a cosine of two sentences into the one that e5-small would give them, for which the
    limits of the check (`bot.grounding.checker`) were chosen. `centroid` is the share of the language centroid that is subtracted from a
    question's vector. A question is answered where its evidence is at least `answered`, and related to something where it is at least
    `related`. `gap` is how far below the best sentence one may be.
    """

    centroid: float
    passages: Mapping[str, float]
    sentences: Mapping[str, float]
    gap: float
    evidence: Mapping[str, float]
    answered: float
    related: float
    similarity: Sequence[float] = (0.0, 1.0)

    @classmethod
    def of(cls, model: str) -> "Weights":
        """The weights for an embedder, by the name in its fingerprint."""
        sets = _read()
        return cls(**sets.get(model, sets[DEFAULT]))


@cache
def _read() -> dict[str, Any]:
    sets: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["embedders"]
    return sets
