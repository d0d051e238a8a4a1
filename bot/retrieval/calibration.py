"""A sample of the index's vectors: the language centroids that may be subtracted from a question's vector, and the distribution of its
cosines, against which a cosine is standardised. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bot.schema import Language

SAMPLE_SIZE = 2048  # windows; more hardly change the mean and the deviation
MIN_WINDOWS = 200  # below it the centroid is what the few essays are about, not what all texts of a language have in common
SHRINKAGE = 50  # windows

Vector = NDArray[np.float32]


class Group(NamedTuple):
    """Windows whose cosines are compared with each other: those of one language, whole passages apart from sentences."""

    language: Language
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Distribution:
    """The mean and the standard deviation of a question's cosines with the windows of one group."""

    mean: float
    deviation: float

    def standardise(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of any shape as z-scores."""
        return np.asarray((cosines - self.mean) / max(self.deviation, 1e-6), dtype=np.float32)


class Sample:
    """Window vectors by group, each an array of shape (windows, dimension)."""

    def __init__(self, vectors: Mapping[Group, Vector]) -> None:
        """`vectors` have length 1; a group without windows is left out."""
        self._vectors = {group: rows for group, rows in vectors.items() if len(rows)}
        languages = {group.language for group in self._vectors}
        self._centroids = {
            language: np.concatenate([rows for group, rows in self._vectors.items() if group.language == language]).mean(axis=0)
            for language in sorted(languages)
        }

    @property
    def is_large(self) -> bool:
        """Whether there are enough windows to estimate the centroids; otherwise `center` changes nothing."""
        return sum(len(rows) for rows in self._vectors.values()) >= MIN_WINDOWS

    def center(self, vector: Vector, language: Language, weight: float) -> Vector:
        """Subtract `weight` × the language centroid from a vector of shape (dimension,), and normalise it to length 1.

        Vectors of e5 lie in a narrow cone, and a window near its axis is near every question (Mu and Viswanath, All-but-the-Top, 2018;
        Radovanović et al., Hubs in Space, 2010). Where the index has no window of `language`, the mean of all centroids is subtracted.
        """
        if not weight or not self.is_large:
            return vector
        own = self._centroids.get(language)
        centroid = np.mean(list(self._centroids.values()), axis=0) if own is None else own
        centred = vector - weight * centroid
        return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-6), dtype=np.float32)

    def distributions(self, vector: Vector) -> dict[Group, Distribution]:
        """The distribution of the vector's cosines in each group.

        The fewer windows a group has, the more its mean and deviation are drawn to those of both languages together: with `SHRINKAGE`
        windows half-way. A few notes in a language are no measure of what is near in it.
        """
        cosines = {group: rows @ vector for group, rows in self._vectors.items()}
        distributions = {}
        for group, values in cosines.items():
            pooled = np.concatenate([others for other, others in cosines.items() if other.is_whole == group.is_whole])
            own = len(values) / (len(values) + SHRINKAGE)
            mean = own * values.mean() + (1 - own) * pooled.mean()
            deviation = np.sqrt(own * values.var() + (1 - own) * pooled.var())
            distributions[group] = Distribution(float(mean), float(deviation))
        return distributions
