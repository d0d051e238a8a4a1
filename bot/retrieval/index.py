"""One index generation, opened for reading: its essays, their sentences, and the retriever over its passages."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from bot.indexing.analogies import Analogy
from bot.indexing.splitter import quotable
from bot.retrieval.calibration import SAMPLE_SIZE, Sample
from bot.retrieval.hybrid import Retriever
from bot.schema import Essay, Hit, Use
from bot.store import Snapshot
from bot.text.language import language_of
from bot.text.markdown import Span

NEAREST_WINDOWS = 600  # fetched from the store for each question; more do not change which passages are found


class Index:
    """An open generation; threads may share it. Its snapshot is closed when the last answer that uses it is finished."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Build the retriever and read the sample of vectors."""
        self.generation = snapshot.generation
        self.note = snapshot.note
        self.passages = snapshot.passages
        self.essays = {essay.id: essay for essay in snapshot.essays}
        self.retriever = Retriever(snapshot.essays, snapshot.passages, snapshot.terms)
        self.analogies: tuple[Analogy, ...] | None = None
        self._snapshot = snapshot
        self.sample = self._read_sample()

    def search(
        self, question: str, vector: NDArray[np.float32], k: int, use: Use = "rank", essays: Collection[str] = ()
    ) -> list[Hit]:
        """The `k` best passages for a question and its vector, shape (dimension,); for `use` see `Retriever.search`.

        With `essays`, ids, only their passages are ranked.
        """
        vector = self.sample.center(vector, language_of(question))
        only = [passage.id for passage in self.passages if passage.essay in essays] if essays else []
        windows = self._snapshot.query(vector, NEAREST_WINDOWS, only)
        return self.retriever.search(question, windows, self.sample.distributions(vector), k, use, essays)

    def is_answered(self, question: str, hits: list[Hit]) -> bool:
        """Whether the essays answer the question with these hits."""
        return self.retriever.is_answered(question, hits, centred=self.sample.is_large)

    def sentence_spans(self, essay: Essay) -> list[Span]:
        """The spans of the essay's quotable sentences."""
        return quotable(essay)

    def _read_sample(self) -> Sample:
        windows, vectors = self._snapshot.sample(SAMPLE_SIZE)
        language_by_passage = {passage.id: self.essays[passage.essay].language for passage in self._snapshot.passages}
        languages = np.array([language_by_passage[window.passage] for window in windows])
        return Sample({language: vectors[languages == language] for language in ("ko", "en")})
