"""One generation of the index, opened for reading: its essays, its sentences, and the retriever over its passages."""

import numpy as np
from numpy.typing import NDArray

from bot.indexing.analogies import Analogy
from bot.indexing.splitter import quotable
from bot.retrieval.calibration import SAMPLE_SIZE, Sample
from bot.retrieval.hybrid import Retriever
from bot.schema import Essay, Hit, Use
from bot.store import Snapshot
from bot.text.normalize import language_of
from bot.text.sentences import Span

WINDOWS = 600  # asked of the index for a question: enough that every passage worth a look is among them


class Index:
    """The open generation; threads may share it. Its snapshot closes itself when the last answer that uses it is done."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Index the passages' words and take the sample."""
        self.generation = snapshot.generation
        self.note = snapshot.note
        self.passages = snapshot.passages
        self.essays = {essay.id: essay for essay in snapshot.essays}
        self.retriever = Retriever(snapshot.essays, snapshot.passages, snapshot.terms)
        self.analogies: tuple[Analogy, ...] | None = None
        self._snapshot = snapshot
        self.sample = self._read_sample()
        self._spans: dict[str, list[Span]] = {}

    def search(self, question: str, vector: NDArray[np.float32], k: int, use: Use = "rank") -> list[Hit]:
        """The `k` best passages for a question and its vector, shape (dimension,), as `Retriever.search` chooses them for a `use`."""
        vector = self.sample.center(vector, language_of(question))
        return self.retriever.search(question, self._snapshot.query(vector, WINDOWS), self.sample.distributions(vector), k, use)

    def is_answered(self, question: str, hits: list[Hit]) -> bool:
        """Whether the essays answer the question that found these hits."""
        return self.retriever.is_answered(question, hits, large=self.sample.large)

    def sentence_spans(self, essay: Essay) -> list[Span]:
        """The spans of the essay's quotable sentences, found once."""
        if essay.id not in self._spans:
            self._spans[essay.id] = quotable(essay)
        return self._spans[essay.id]

    def _read_sample(self) -> Sample:
        windows, vectors = self._snapshot.sample(SAMPLE_SIZE)
        owner = {passage.id: self.essays[passage.essay].language for passage in self._snapshot.passages}
        languages = np.array([owner[window.passage] for window in windows])
        return Sample({language: vectors[languages == language] for language in ("ko", "en")})
