"""A sample of the index's window vectors: the language centroids that are subtracted from a question's vector, and the distribution
of its cosines, against which a cosine is standardised. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.schema import Language

SAMPLE_SIZE = 1024  # windows; more hardly change the mean and the deviation
MIN_WINDOWS = 200  # below it the centroid is what the few essays are about, not what all texts of a language have in common
CENTROID_WEIGHT = 0.8  # of the centroid that is subtracted; chosen on the golden questions' `dev` half, see evals/LOG.md

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Distribution:
    """The mean and the standard deviation of a question's cosines with the windows of one language."""

    mean: float
    deviation: float

    def standardise(self, cosine: float) -> float:
        """The cosine as a z-score."""
        return (cosine - self.mean) / max(self.deviation, 1e-6)


class Sample:
    """Window vectors by language, each an array of shape (windows, dimension)."""

    def __init__(self, vectors: Mapping[Language, Vector]) -> None:
        """`vectors` have length 1; a language without windows is left out."""
        self._vectors = {language: rows for language, rows in vectors.items() if len(rows)}
        self._centroids = {language: rows.mean(axis=0) for language, rows in self._vectors.items()}

    @property
    def is_large(self) -> bool:
        """Whether there are enough windows to estimate the centroids; otherwise `center` changes nothing."""
        return sum(len(rows) for rows in self._vectors.values()) >= MIN_WINDOWS

    def center(self, vector: Vector, language: Language) -> Vector:
        """Subtract `CENTROID_WEIGHT` × the language centroid from a vector of shape (dimension,), and normalise it to length 1.

        Vectors of e5 lie in a narrow cone, and a window near its axis is near every question (Mu and Viswanath, All-but-the-Top, 2018;
        Radovanović et al., Hubs in Space, 2010). Where the index has no window of `language`, the mean of all centroids is subtracted.
        """
        if not self.is_large:
            return vector
        own = self._centroids.get(language)
        centroid = np.mean(list(self._centroids.values()), axis=0) if own is None else own
        centred = vector - CENTROID_WEIGHT * centroid
        return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-6), dtype=np.float32)

    def distributions(self, vector: Vector) -> dict[Language, Distribution]:
        """The distribution of the vector's cosines in each language; a single window takes the deviation of all windows."""
        cosines = {language: rows @ vector for language, rows in self._vectors.items()}
        pooled = np.concatenate(list(cosines.values())) if cosines else np.zeros(1)
        return {
            language: Distribution(float(values.mean()), float((values if len(values) > 1 else pooled).std()))
            for language, values in cosines.items()
        }
