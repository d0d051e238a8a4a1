"""One generation of the index, opened for reading: its essays, its sentences, and the retriever over its passages."""

import numpy as np
from numpy.typing import NDArray

from bot.analogies import Analogy
from bot.lexicon import Span
from bot.passages import quotable
from bot.retrieval import Retriever, Spread
from bot.schema import Essay, Hit, Language
from bot.store import Snapshot

WINDOWS = 600  # asked of the index for a question: enough that every passage worth a look is among them
SAMPLE = 1024  # windows against which a question's cosines are measured


class Shelf:
    """The open generation; threads may share it. Its snapshot closes itself when the last answer that uses it is done."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Index the passages' words and take the sample."""
        self.generation = snapshot.generation
        self.note = snapshot.note
        self.essays = {essay.id: essay for essay in snapshot.essays}
        self.retriever = Retriever(snapshot.essays, snapshot.passages, snapshot.terms)
        self.analogies: tuple[Analogy, ...] | None = None
        self._snapshot = snapshot
        self._samples = self._by_language()
        self._spans: dict[str, list[Span]] = {}

    def search(self, question: str, vector: NDArray[np.float32], k: int) -> list[Hit]:
        """The `k` best passages for a question and its vector, shape (dimension,)."""
        return self.retriever.search(question, self._snapshot.query(vector, WINDOWS), self._spread(vector), k)

    def spans(self, essay: Essay) -> list[Span]:
        """The spans of the essay's quotable sentences, found once."""
        if essay.id not in self._spans:
            self._spans[essay.id] = quotable(essay)
        return self._spans[essay.id]

    def _by_language(self) -> dict[Language, NDArray[np.float32]]:
        windows, vectors = self._snapshot.sample(SAMPLE)
        owner = {passage.id: self.essays[passage.essay].language for passage in self._snapshot.passages}
        languages = np.array([owner[window.passage] for window in windows])
        return {language: vectors[languages == language] for language in ("ko", "en") if (languages == language).any()}

    def _spread(self, vector: NDArray[np.float32]) -> dict[Language, Spread]:
        """How the question's cosines with each language's sample are spread; two windows are the least that have a spread."""
        found = {language: sample @ vector for language, sample in self._samples.items()}
        whole = np.concatenate(list(found.values()))
        return {
            language: Spread(float(cosines.mean()), float((cosines if len(cosines) > 1 else whole).std()))
            for language, cosines in found.items()
        }
