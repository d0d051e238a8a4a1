"""A sample of the shelf's windows: what a question's vector is freed from, and what its cosines are measured against."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.schema import Language

SAMPLE_SIZE = 1024  # windows; their mean and spread hardly change with more
MIN_WINDOWS = 200  # windows, below which their mean is what the few essays say, not what all essays share
CENTROID_WEIGHT = (
    0.8  # how much of the mean vector a question gives up; chosen on the golden questions' `dev` half, see evals/LOG.md
)

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a question's cosines with the windows of one language are spread: what a cosine is measured against."""

    mean: float
    deviation: float

    def standardise(self, cosine: float) -> float:
        """The cosine as a z-score."""
        return (cosine - self.mean) / max(self.deviation, 1e-6)


class Sample:
    """Vectors of windows, shape (number, dimension) for each language that the shelf has."""

    def __init__(self, vectors: Mapping[Language, Vector]) -> None:
        """`vectors` are of length 1; a language without a window is left out."""
        self._vectors = {language: rows for language, rows in vectors.items() if len(rows)}
        self._means = {language: rows.mean(axis=0) for language, rows in self._vectors.items()}

    @property
    def large(self) -> bool:
        """Whether there are enough windows to tell what they share from what they say."""
        return sum(len(rows) for rows in self._vectors.values()) >= MIN_WINDOWS

    def center(self, vector: Vector, language: Language) -> Vector:
        """A question's vector without most of what all windows of its language share, of length 1 again.

        Vectors of e5 lie in a narrow cone, and a window near its axis is near to every question (Mu and Viswanath, All-but-the-Top,
        2018; Radovanović et al., Hubs in Space, 2010). On a shelf without the question's language the mean of all counts. A small
        sample changes nothing.
        """
        if not self.large:
            return vector
        mean = self._means[language] if language in self._means else np.mean(list(self._means.values()), axis=0)
        freed = vector - CENTROID_WEIGHT * mean
        return np.asarray(freed / max(float(np.linalg.norm(freed)), 1e-6), dtype=np.float32)

    def distributions(self, vector: Vector) -> dict[Language, Distribution]:
        """How the vector's cosines with each language's windows are spread; two windows are the least that have a spread."""
        found = {language: rows @ vector for language, rows in self._vectors.items()}
        whole = np.concatenate(list(found.values())) if found else np.zeros(1)
        return {
            language: Distribution(float(cosines.mean()), float((cosines if len(cosines) > 1 else whole).std()))
            for language, cosines in found.items()
        }
