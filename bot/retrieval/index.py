"""Published generations, opened for reading and searched together: their essays, their sentences, and the retriever over all passages."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.indexing.analogies import Analogy, from_records
from bot.indexing.splitter import quotable
from bot.retrieval.calibration import SAMPLE_SIZE, Sample
from bot.retrieval.hybrid import Retriever
from bot.retrieval.table import Table
from bot.schema import Essay, Hit, Language, Use, WindowHit
from bot.store import Snapshot, Store
from bot.text.language import language_of
from bot.text.markdown import Span

NEAREST_WINDOWS = 600  # fetched from the store for each question; more do not change which passages are found


class OpenGeneration:
    """One generation, opened for reading, with what ranking reads of it. Indexes that search it share it."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Compute the table; `snapshot` is closed when the last answer that uses it is finished."""
        self.snapshot = snapshot
        self.table = Table.of(snapshot.essays, snapshot.passages, snapshot.terms)

    @cached_property
    def analogies(self) -> tuple[Analogy, ...]:
        """The entries of the analogy map."""
        return from_records(self.snapshot.manifest.analogies)


class Published:
    """The published generation of one store: opened when it is first asked for, and again once another one is published."""

    def __init__(self, store: Store, fingerprint: Callable[[], Mapping[str, str]]) -> None:
        """`fingerprint` gives what the index has to be made with; it is called when a generation is opened."""
        self.store = store
        self._fingerprint = fingerprint
        self._opened: OpenGeneration | None = None
        self._lock = threading.Lock()

    def open(self) -> OpenGeneration:
        """The open generation. Raises as `Store.snapshot` does."""
        with self._lock:
            if self._opened is None or self._opened.snapshot.generation != self.store.current():
                self._opened = OpenGeneration(self.store.snapshot(self._fingerprint()))
            return self._opened


class Index:
    """One or more open generations, searched as one; threads may share it."""

    def __init__(self, parts: Sequence[OpenGeneration]) -> None:
        """Build the retriever and read the sample of vectors. The parts' essays have different ids, and their vectors one dimension."""
        table = Table.joined([part.table for part in parts])
        self.parts = tuple(parts)
        self.note = " ".join(filter(None, (part.snapshot.note for part in parts)))
        self.passages = table.passages
        self.essays = dict(table.essays)
        self.retriever = Retriever(table)
        self.analogies: tuple[Analogy, ...] = tuple(analogy for part in parts for analogy in part.analogies)
        self._snapshots = [part.snapshot for part in parts]
        self.sample = self._read_sample()

    def search(
        self, question: str, vector: NDArray[np.float32], k: int, use: Use = "rank", essays: Collection[str] = ()
    ) -> list[Hit]:
        """The `k` best passages for a question and its vector, shape (dimension,); for `use` see `Retriever.search`.

        With `essays`, ids, only their passages are ranked.
        """
        vector = self.sample.center(vector, language_of(question))
        windows = self._nearest_windows(vector, essays)
        return self.retriever.search(question, windows, self.sample.distributions(vector), k, use, essays)

    def is_answered(self, question: str, hits: list[Hit]) -> bool:
        """Whether the essays answer the question with these hits."""
        return self.retriever.is_answered(question, hits, centred=self.sample.is_large)

    def sentence_spans(self, essay: Essay) -> list[Span]:
        """The spans of the essay's quotable sentences."""
        return quotable(essay)

    def _nearest_windows(self, vector: NDArray[np.float32], essays: Collection[str]) -> list[WindowHit]:
        """The windows of all parts that are nearest to the vector; with `essays`, ids, only theirs."""
        windows: list[WindowHit] = []
        for snapshot in self._snapshots:
            only = [passage.id for passage in snapshot.passages if passage.essay in essays]
            if only or not essays:
                windows += snapshot.query(vector, NEAREST_WINDOWS, only)
        return sorted(windows, key=lambda window: -window.cosine)[:NEAREST_WINDOWS]

    def _read_sample(self) -> Sample:
        """A sample of `SAMPLE_SIZE` windows, of each part in proportion to its windows."""
        total = sum(len(snapshot.windows) for snapshot in self._snapshots)
        languages = {passage.id: self.essays[passage.essay].language for passage in self.passages}
        rows: dict[Language, list[NDArray[np.float32]]] = {"ko": [], "en": []}
        for snapshot in self._snapshots:
            windows, vectors = snapshot.sample(max(1, round(SAMPLE_SIZE * len(snapshot.windows) / total)))
            for window, vector in zip(windows, vectors, strict=True):
                rows[languages[window.passage]].append(vector)
        return Sample({language: np.array(vectors, dtype=np.float32) for language, vectors in rows.items()})
