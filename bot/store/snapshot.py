"""One generation, opened for reading: what it holds, and the windows nearest to a vector. Writes nothing."""

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from bot.errors import IndexDamaged, StoreError
from bot.schema import Essay, Language, Passage, WindowHit
from bot.store.chroma import ABOUT_ESSAY, collection_names
from bot.store.disk import damaged
from bot.store.manifest import REBUILD, Contents, Manifest, Span, outline_of

if TYPE_CHECKING:
    from bot.store.chroma import Client

PAGE = 10_000  # records read at a time


class Snapshot:
    """An open generation: its `manifest`, its `essays`, its `passages`, `terms[i]` of `passages[i]`, and where its `windows` lie.

    `generation` is the published one, to compare with `Store.current()`; `opened` is the one that answers. They differ where the
    published one is damaged and the one before it stands in; `note` then says so, else it is empty. Any thread may use a
    snapshot. It closes itself when the last reference to it goes, so whoever replaces one need not know who still reads it.
    """

    def __init__(
        self,
        client: "Client",
        name: str,
        manifest: Manifest,
        errors: Callable[[], AbstractContextManager[None]],
        close: Callable[[], None],
    ) -> None:
        """Read everything but the vectors out of `client` and compare it with the manifest. `close` is called in any case, once.

        `errors` turns what Chroma raises into our own errors. Raises `IndexDamaged` where the contents are not the manifest's.
        """
        self.generation, self.opened, self.manifest, self.note = name, name, manifest, ""
        self._errors, self._finalizer = errors, weakref.finalize(self, close)
        self._door, self._readers, self._closed = threading.Lock(), 0, False
        passages, windows = collection_names(name)
        try:
            with errors():
                self._windows = client.get_collection(windows, embedding_function=None)
                rows = _read_all(client.get_collection(passages, embedding_function=None), ["documents", "metadatas"])
                spans = _read_all(self._windows, ["metadatas"])
            self.essays, self.passages, self.terms = _read_passages(rows)
            self.windows = _read_windows(spans)
            self._compare()
        except (KeyError, TypeError, ValueError) as error:
            self.close()
            raise damaged(name, f"holds records that are not ours ({type(error).__name__}: {error})") from error
        except StoreError:
            self.close()
            raise

    def _compare(self) -> None:
        """Raise `IndexDamaged` where essays, passages or windows are not those of the manifest."""
        held, said = (len(self.passages), len(self.windows)), (self.manifest.passages, self.manifest.windows)
        if held != said:
            raise damaged(self.opened, f"holds {held} passages and windows in place of {said}")
        digests = {essay.id: essay.digest for essay in self.essays}
        if digests != self.manifest.essays:
            other = sorted(dict(digests.items() ^ self.manifest.essays.items()))
            raise damaged(self.opened, f"holds other essays than its manifest says: {', '.join(other)[:200]}")
        if outline_of(self.passages, self.terms, self.windows) != self.manifest.outline:
            raise damaged(self.opened, "holds other passages, terms or windows than its manifest says")

    def query(self, vector: NDArray[np.float32], n: int) -> list[WindowHit]:
        """Find the `n` windows nearest to a vector of shape (dimension,), nearest first; fewer where there are fewer.

        Raises `IndexMismatch` for a vector of another dimension, `StoreError` when closed or when the server is gone.
        """
        return [WindowHit(*self.windows[index], cosine) for index, cosine in self.nearest(vector, n)]

    def nearest(self, vector: NDArray[np.float32], n: int) -> list[tuple[int, float]]:
        """Do as `query` does, with numbers into `windows` and cosines."""
        row = np.asarray(vector, dtype=np.float32).reshape(1, -1)
        self.manifest.require_dimension(row.size)
        length, n = np.float32(np.linalg.norm(row)), min(n, len(self.windows))
        if n < 1 or not length > 0:
            return []
        with self._reading(), self._errors():
            got = cast(Any, self._windows.query(query_embeddings=row / length, n_results=n, include=["distances"]))
        pairs = [(int(id_), max(-1.0, min(1.0, 1 - far))) for id_, far in zip(got["ids"][0], got["distances"][0], strict=True)]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def sample(self, n: int) -> tuple[tuple[Span, ...], NDArray[np.float32]]:
        """Take up to `n` windows, evenly spread over the shelf: their places, and their vectors of shape (number, dimension)."""
        chosen = np.unique(np.linspace(0, len(self.windows) - 1, n).astype(int)).tolist()
        with self._reading(), self._errors():
            got = cast(Any, self._windows.get(ids=[str(index) for index in chosen], include=["embeddings"]))
        spans = tuple(self.windows[int(key)] for key in got["ids"])
        return spans, np.asarray(got["embeddings"], dtype=np.float32)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Keep the client open during the block: Chroma breaks when it is closed under a running query."""
        with self._door:
            if self._closed:
                raise StoreError(f"The index {self.opened} was closed before it was asked. Ask again.")
            self._readers += 1
        try:
            yield
        finally:
            with self._door:
                self._readers -= 1
                last = self._closed and not self._readers
            if last:
                self._finalizer()

    def close(self) -> None:
        """Let go of the client and of the private copy, as soon as the last running query has ended."""
        with self._door:
            self._closed = True
            idle = not self._readers
        if idle:
            self._finalizer()


def _read_all(collection: Any, fields: list[str]) -> dict[str, list[Any]]:
    """Read every record, in pages: Chroma asks SQLite for all ids of a page at once, and SQLite takes 32,766."""
    rows: dict[str, list[Any]] = {name: [] for name in ("ids", *fields)}
    while page := (found := collection.get(include=fields, limit=PAGE, offset=len(rows["ids"])))["ids"]:
        for name in rows:
            rows[name] += found[name]
        if len(page) < PAGE:
            break
    return rows


def _read_passages(rows: Mapping[str, Any]) -> tuple[tuple[Essay, ...], tuple[Passage, ...], tuple[str, ...]]:
    """Read essays, passages and terms out of what Chroma returns, in the order in which they were written."""
    records = list(zip(rows["ids"], rows["documents"], rows["metadatas"], strict=True))
    records.sort(key=lambda record: int(record[2]["number"]))
    passages = tuple(Passage(key, about["essay"], about["start"], about["end"], text) for key, text, about in records)
    abouts = {about["essay"]: about for _, _, about in reversed(records)}
    texts: dict[str, list[str]] = {}
    for passage in passages:
        texts.setdefault(passage.essay, []).append(passage.text)
    essays = tuple(_essay(name, abouts[name], "".join(parts)) for name, parts in texts.items())
    return essays, passages, tuple(str(about["terms"]) for _, _, about in records)


def _essay(name: str, about: Mapping[str, Any], text: str) -> Essay:
    """Put an essay together again."""
    title, author, date, language, source, kind = (str(about[field]) for field in ABOUT_ESSAY)
    return Essay(name, title, author, date, cast(Language, language), source, kind, text)


def _read_windows(rows: Mapping[str, Any]) -> tuple[Span, ...]:
    """Read where the windows lie, by their numbers; `KeyError` where a number is missing."""
    found = zip(rows["ids"], rows["metadatas"], strict=True)
    spans = {int(key): Span(about["passage"], about["start"], about["end"]) for key, about in found}
    return tuple(spans[index] for index in range(len(spans)))


def probe(snapshot: Snapshot, contents: Contents) -> None:
    """Raise `IndexDamaged` unless up to 200 windows, spread over all `contents`, are found by their own vectors.

    That `snapshot` holds everything else of `contents`, it found out itself when it was opened.
    """
    for index in np.unique(np.linspace(0, len(contents.windows) - 1, 200).astype(int)).tolist():
        vector = contents.vectors[index]
        hits = [hit for hit, cosine in snapshot.nearest(vector, 10) if cosine > 0.999]
        # Not `index in hits`: a text that stands there more than ten times has as many windows with the very same vector.
        if not any(np.allclose(contents.vectors[hit], vector, atol=1e-6) for hit in hits):
            raise IndexDamaged(f"The index is damaged: window {index} of {snapshot.opened} is not found by its vector. {REBUILD}")
