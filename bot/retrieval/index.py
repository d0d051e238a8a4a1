"""Published generations, opened for reading and searched together: their essays, their sentences, and the retriever over all passages."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.indexing.analogies import Analogy, from_records
from bot.indexing.splitter import quotable
from bot.retrieval.calibration import SAMPLE_SIZE, Group, Sample
from bot.retrieval.dense import Found, Windows
from bot.retrieval.evidence import Outcome
from bot.retrieval.hybrid import Rerank, Retriever
from bot.retrieval.sentence_vectors import SentenceVectors
from bot.retrieval.table import Table
from bot.retrieval.weights import Weights
from bot.schema import Essay, Hit, Passage, Use
from bot.store import Snapshot, Store
from bot.text.language import language_of
from bot.text.markdown import Span

NEAREST_WINDOWS = 4000  # fetched from the store for each question: all of a collection of some thirty essays


class _InPassage(Protocol):
    """A window: a span of a passage."""

    @property
    def passage(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class OpenGeneration:
    """One generation, opened for reading, with what ranking reads of it. Indexes that search it share it."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Compute the table; `snapshot` is closed when the last answer that uses it is finished."""
        self.snapshot = snapshot
        self.table = Table.of(snapshot.essays, snapshot.passages, snapshot.terms)
        self.windows = window_arrays(snapshot.windows, snapshot.passages)

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
        self._table = table
        self.use(Weights.of(parts[0].snapshot.manifest.fingerprint.get("model", "")))
        self.analogies: tuple[Analogy, ...] = tuple(analogy for part in parts for analogy in part.analogies)
        self._snapshots = [part.snapshot for part in parts]
        self._windows = Windows.joined([part.windows for part in parts], [len(part.snapshot.passages) for part in parts])
        self._is_korean = table.is_korean
        self.sentences = SentenceVectors(self._snapshots, self.essays)
        self.sample = self._read_sample()

    def use(self, weights: Weights) -> None:
        """Rank with other weights from now on; what fits them needs it."""
        self.weights = weights
        self.retriever = Retriever(self._table, weights)

    def search(
        self,
        question: str,
        vector: NDArray[np.float32],
        k: int,
        use: Use = "rank",
        essays: Collection[str] = (),
        rerank: Rerank | None = None,
    ) -> list[Hit]:
        """The `k` best passages for a question and its vector, shape (dimension,); for `use` and `rerank` see `Retriever.search`.

        With `essays`, ids, only their passages are ranked.
        """
        return self.retriever.search(question, self.found(question, vector, essays), k, use, essays, rerank)

    def found(self, question: str, vector: NDArray[np.float32], essays: Collection[str] = ()) -> Found:
        """The windows nearest to a question's vector, shape (dimension,), at most `NEAREST_WINDOWS`; with `essays`, ids, only theirs."""
        vector = self.sample.center(vector, language_of(question), self.weights.centroid)
        pairs: list[tuple[int, float]] = []
        first = 0
        for snapshot in self._snapshots:
            only = [passage.id for passage in snapshot.passages if passage.essay in essays]
            if only or not essays:
                pairs += [(first + place, cosine) for place, cosine in snapshot.nearest(vector, NEAREST_WINDOWS, only)]
            first += len(snapshot.windows)
        pairs = sorted(pairs, key=lambda pair: -pair[1])[:NEAREST_WINDOWS]
        places = np.array([place for place, _ in pairs], dtype=np.intp)
        cosines = np.array([cosine for _, cosine in pairs], dtype=np.float32)
        return Found(self._windows, self._is_korean, places, cosines, self.sample.distributions(vector))

    def outcome(self, question: str, hits: Sequence[Hit]) -> Outcome:
        """Whether the essays answer the question with these hits, or hold something related, or nothing."""
        return self.retriever.outcome(question, hits)

    def sentence_spans(self, essay: Essay) -> list[Span]:
        """The spans of the essay's quotable sentences."""
        return quotable(essay)

    def key_sentences(self, identity: str, count: int) -> list[Span]:
        """The spans of the `count` highest of an essay's key sentences, in the order of its text; see `bot.indexing.summaries`."""
        keys = [key for snapshot in self._snapshots for key in snapshot.manifest.summaries.get(identity, ())]
        return sorted((start, end) for start, end, rank in keys if rank <= count)

    def _read_sample(self) -> Sample:
        """A sample of `SAMPLE_SIZE` windows, of each part in proportion to its windows."""
        total = sum(len(snapshot.windows) for snapshot in self._snapshots)
        rows: dict[Group, list[NDArray[np.float32]]] = {}
        first = 0
        for snapshot in self._snapshots:
            chosen, vectors = snapshot.sample(max(1, round(SAMPLE_SIZE * len(snapshot.windows) / total)))
            for place, vector in zip(chosen, vectors, strict=True):
                is_korean = self._is_korean[self._windows.rows[first + place]]
                group = Group("ko" if is_korean else "en", bool(self._windows.is_whole[first + place]))
                rows.setdefault(group, []).append(vector)
            first += len(snapshot.windows)
        return Sample({group: np.array(vectors, dtype=np.float32) for group, vectors in rows.items()})


def window_arrays(windows: Sequence[_InPassage], passages: Sequence[Passage]) -> Windows:
    """The windows of these passages as arrays. A window that spans its passage is the whole passage."""
    rows = {passage.id: row for row, passage in enumerate(passages)}
    spans = {passage.id: (passage.start, passage.end) for passage in passages}
    return Windows(
        np.array([rows[window.passage] for window in windows], dtype=np.intp),
        np.array([window.start for window in windows], dtype=np.intp),
        np.array([window.end for window in windows], dtype=np.intp),
        np.array([(window.start, window.end) == spans[window.passage] for window in windows], dtype=np.bool_),
    )
