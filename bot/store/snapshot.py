"""One generation, opened for reading: its contents, and the windows nearest to a vector."""

import json
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from bot.errors import StoreError
from bot.messages import damage, index_errors
from bot.schema import Essay, Language, Passage, SplitEssay, Window
from bot.store.chroma import ESSAY_FIELDS, collection_names
from bot.store.disk import damaged
from bot.store.manifest import Contents, Manifest, Span, outline_of

if TYPE_CHECKING:
    from bot.store.chroma import Client

PAGE_RECORDS = 10_000  # read at a time

VECTORS_AT_ONCE = 5_000  # fewer than the variables that one SQLite query may have


class Snapshot:
    """An open generation: `manifest`, `essays`, `passages`, `terms[i]` of `passages[i]`, and the positions of its `windows`.

    `generation` is the published one, to compare with `Store.current()`; `opened` is the one that is read. They differ where the
    published one is damaged and an older one is used instead; `note` then says so, else it is empty. Threads may share a
    snapshot. It closes itself when the last reference to it is dropped, so it can be replaced while others still read it.
    """

    def __init__(
        self,
        client: "Client",
        name: str,
        manifest: Manifest,
        errors: Callable[[], AbstractContextManager[None]],
        close: Callable[[], None],
    ) -> None:
        """Read everything except the vectors from `client` and compare it with the manifest. `close` is called exactly once.

        `errors` turns what Chroma raises into our own errors. Raises `IndexDamaged` where the contents do not match the manifest.
        """
        self.generation, self.opened, self.manifest, self.note = name, name, manifest, ""
        self._errors, self._finalizer = errors, weakref.finalize(self, close)
        self._lock, self._queries, self._closed = threading.Lock(), 0, False
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
            raise damaged(name, damage.INVALID_RECORDS.format(reason=f"{type(error).__name__}: {error}")) from error
        except StoreError:
            self.close()
            raise

    def _compare(self) -> None:
        """Raise `IndexDamaged` where essays, passages or windows are not those of the manifest."""
        counts, expected = (len(self.passages), len(self.windows)), (self.manifest.passages, self.manifest.windows)
        if counts != expected:
            raise damaged(self.opened, damage.WRONG_COUNTS.format(counts=counts, expected=expected))
        digests = {essay.id: essay.digest for essay in self.essays}
        if digests != self.manifest.essays:
            differing = sorted(dict(digests.items() ^ self.manifest.essays.items()))
            raise damaged(self.opened, damage.OTHER_ESSAYS.format(essays=", ".join(differing)[:200]))
        if outline_of(self.passages, self.terms, self.windows) != self.manifest.outline:
            raise damaged(self.opened, damage.OTHER_OUTLINE)

    def nearest(self, vector: NDArray[np.float32], n: int, passages: Sequence[str] = ()) -> list[tuple[int, float]]:
        """Find the `n` windows nearest to a vector of shape (dimension,), nearest first: pairs of an index into `windows` and a cosine.

        With `passages`, ids, only their windows are searched. Raises `IndexMismatch` for a vector of another dimension, `StoreError` when
        closed or when the server fails.
        """
        row = np.asarray(vector, dtype=np.float32).reshape(1, -1)
        self.manifest.require_dimension(row.size)
        length, n = np.float32(np.linalg.norm(row)), min(n, len(self.windows))
        if n < 1 or not length > 0:
            return []
        with self._reading(), self._errors():
            where: Any = {"passage": {"$in": list(passages)}} if passages else None
            result = cast(
                Any, self._windows.query(query_embeddings=row / length, n_results=n, where=where, include=["distances"])
            )
        distances = zip(result["ids"][0], result["distances"][0], strict=True)
        pairs = [(int(key), max(-1.0, min(1.0, 1 - distance))) for key, distance in distances]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def sample(self, n: int) -> tuple[list[int], NDArray[np.float32]]:
        """Return up to `n` windows, spread evenly over the index: indices into `windows`, and vectors of shape (number, dimension)."""
        chosen = np.unique(np.linspace(0, len(self.windows) - 1, n).astype(int)).tolist()
        with self._reading(), self._errors():
            records = cast(Any, self._windows.get(ids=[str(index) for index in chosen], include=["embeddings"]))
        return [int(key) for key in records["ids"]], np.asarray(records["embeddings"], dtype=np.float32)

    def vectors(self, places: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of windows, by their indices: float32 (number, dimension), in that order. Raises `StoreError`."""
        rows: dict[int, Any] = {}
        with self._reading(), self._errors():
            for first in range(0, len(places), VECTORS_AT_ONCE):
                ids = [str(place) for place in places[first : first + VECTORS_AT_ONCE]]
                records = cast(Any, self._windows.get(ids=ids, include=["embeddings"]))
                rows |= dict(zip(map(int, records["ids"]), records["embeddings"], strict=True))
        return np.asarray([rows[place] for place in places], dtype=np.float32)

    def splits(self) -> dict[str, SplitEssay]:
        """Return what each essay was split into, by the essay's digest. Raises `IndexDamaged` where a window is not what was embedded."""
        with self._reading(), self._errors():
            columns = _read_all(self._windows, ["metadatas"])
        metadata = {int(key): data for key, data in zip(columns["ids"], columns["metadatas"], strict=True)}
        texts = {essay.id: essay.text for essay in self.essays}
        parts: dict[str, tuple[list[Passage], list[str], list[Window]]] = {essay.id: ([], [], []) for essay in self.essays}
        essay_by_passage = {passage.id: passage.essay for passage in self.passages}
        for passage, terms in zip(self.passages, self.terms, strict=True):
            parts[passage.essay][0].append(passage)
            parts[passage.essay][1].append(terms)
        for number, span in enumerate(self.windows):
            essay = essay_by_passage[span.passage]
            text = str(metadata[number].get("text", texts[essay][span.start : span.end]))
            window = Window(*span, text, str(metadata[number].get("context", "")))
            if window.key != metadata[number]["key"]:
                raise damaged(damage.WINDOW.format(number=number, name=self.opened), damage.OTHER_TEXT)
            parts[essay][2].append(window)
        split = {
            identity: SplitEssay(tuple(found), tuple(terms), tuple(windows))
            for identity, (found, terms, windows) in parts.items()
        }
        return {essay.digest: split[essay.id] for essay in self.essays}

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Keep the client open during the block: Chroma fails when it is closed during a query."""
        with self._lock:
            if self._closed:
                raise StoreError(index_errors.CLOSED.format(name=self.opened))
            self._queries += 1
        try:
            yield
        finally:
            with self._lock:
                self._queries -= 1
                last = self._closed and not self._queries
            if last:
                self._finalizer()

    def close(self) -> None:
        """Close the client and remove the private copy, as soon as the last running query has ended."""
        with self._lock:
            self._closed = True
            idle = not self._queries
        if idle:
            self._finalizer()


def _read_all(collection: Any, fields: list[str]) -> dict[str, list[Any]]:
    """Read every record, in pages: Chroma passes all ids of a page to SQLite at once, and SQLite's limit is 32,766."""
    columns: dict[str, list[Any]] = {name: [] for name in ("ids", *fields)}
    while ids := (page := collection.get(include=fields, limit=PAGE_RECORDS, offset=len(columns["ids"])))["ids"]:
        for name in columns:
            columns[name] += page[name]
        if len(ids) < PAGE_RECORDS:
            break
    return columns


def _read_passages(columns: Mapping[str, Any]) -> tuple[tuple[Essay, ...], tuple[Passage, ...], tuple[str, ...]]:
    """Return essays, passages and terms from the passages' records, in the order in which they were written."""
    records = list(zip(columns["ids"], columns["documents"], columns["metadatas"], strict=True))
    records.sort(key=lambda record: int(record[2]["number"]))
    passages = tuple(Passage(key, data["essay"], data["start"], data["end"], text) for key, text, data in records)
    first_metadata = {data["essay"]: data for _, _, data in reversed(records)}
    texts: dict[str, list[str]] = {}
    for passage in passages:
        texts.setdefault(passage.essay, []).append(passage.text)
    essays = tuple(_essay(identity, first_metadata[identity], "".join(parts)) for identity, parts in texts.items())
    return essays, passages, tuple(str(data["terms"]) for _, _, data in records)


def _essay(identity: str, metadata: Mapping[str, Any], text: str) -> Essay:
    """Rebuild an essay from the metadata of one of its passages and its joined text."""
    title, author, date, language, source, kind = (str(metadata[field]) for field in ESSAY_FIELDS)
    pages = tuple((int(start), int(number)) for start, number in json.loads(metadata.get("pages", "[]")))
    return Essay(
        identity, title, author, date, cast(Language, language), source, kind, text, pages, str(metadata.get("summary", ""))
    )


def _read_windows(columns: Mapping[str, Any]) -> tuple[Span, ...]:
    """Return the windows' positions, ordered by their numbers. Raises `KeyError` where a number is missing."""
    records = zip(columns["ids"], columns["metadatas"], strict=True)
    spans = {int(key): Span(data["passage"], data["start"], data["end"]) for key, data in records}
    return tuple(spans[index] for index in range(len(spans)))


def probe(snapshot: Snapshot, contents: Contents) -> None:
    """Raise `IndexDamaged` unless up to 200 windows, spread over all `contents`, are found by their own vectors.

    Everything else of `contents` was compared when `snapshot` was opened.
    """
    for index in np.unique(np.linspace(0, len(contents.windows) - 1, 200).astype(int)).tolist():
        vector = contents.vectors[index]
        hits = [hit for hit, cosine in snapshot.nearest(vector, 10) if cosine > 0.999]
        # Not `index in hits`: a text that occurs more than ten times has as many windows with the same vector.
        if not any(np.allclose(contents.vectors[hit], vector, atol=1e-6) for hit in hits):
            raise damaged(damage.WINDOW.format(number=index, name=snapshot.opened), damage.NOT_FOUND)
