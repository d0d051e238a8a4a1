"""One generation of the index, opened for reading: its essays, its sentences, and the retriever over its passages."""

import weakref

import numpy as np

from bot.lexicon import Span
from bot.passages import quotable
from bot.retrieval import Retriever
from bot.schema import Essay, Hit
from bot.store import Snapshot

WINDOWS = 300  # asked of the index for a question: enough that every passage worth a look is among them


class Shelf:
    """The open generation. Threads may share it; it is closed when the last answer that uses it is done."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Takes the snapshot over and closes it in the end."""
        self.generation = snapshot.generation
        self.essays = {essay.id: essay for essay in snapshot.essays}
        self.retriever = Retriever(snapshot.essays, snapshot.passages, snapshot.terms)
        self._snapshot = snapshot
        self._spans: dict[str, list[Span]] = {}
        weakref.finalize(self, snapshot.close)

    def search(self, question: str, vector: np.ndarray, k: int) -> list[Hit]:
        """The `k` best passages for a question and its vector, shape (dimension,)."""
        return self.retriever.search(question, self._snapshot.query(vector, WINDOWS), k)

    def spans(self, essay: Essay) -> list[Span]:
        """The spans of the essay's quotable sentences, found once."""
        if essay.id not in self._spans:
            self._spans[essay.id] = quotable(essay)
        return self._spans[essay.id]
