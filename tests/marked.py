"""Index contents in which every text begins with one mark, and the checks that the store and a plain Chroma must both pass."""

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bot.schema import Essay, Passage, Window
from bot.store import Contents, Snapshot, Store

FINGERPRINT = {"embedder": "toy", "prompts": "none", "splitter": "1"}
Vector = NDArray[np.float32]


def no_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def embed(text: str) -> Vector:
    """A vector of length 1 from the 64 bytes of a text's sha512: different texts have nearly orthogonal vectors."""
    numbers = np.frombuffer(hashlib.sha512(text.encode()).digest(), dtype=np.uint8).astype(np.float32) - 127.5
    return np.asarray(numbers / np.linalg.norm(numbers), dtype=np.float32)


def contents(mark: str, essays: int = 2, passages: int = 3, windows: int = 4) -> Contents:
    """`essays`, each of `passages`, each of `windows`: by default 24 windows. Every text begins with `mark`."""
    all_essays = [_essay(mark, number, passages) for number in range(essays)]
    length = len(all_essays[0].text) // passages
    tiles = [Passage.of(essay, start, start + length) for essay in all_essays for start in range(0, len(essay.text), length)]
    all_windows = [Window(tile.id, tile.start + at, tile.end, f"{tile.text} {at}") for tile in tiles for at in range(windows)]
    terms = tuple(f"{mark} 고인돌 {tile.start}" for tile in tiles)
    vectors = np.stack([embed(window.text) for window in all_windows])
    return Contents(tuple(all_essays), tuple(tiles), terms, tuple(all_windows), vectors)


def _essay(mark: str, number: int, passages: int) -> Essay:
    text = "".join(f"{mark} 글 {number:04} 문단 {part:04}. 고인돌은 힘을 보이는 돌이었다.\n" for part in range(passages))
    return Essay(f"essay-{number:04}", f"{mark} {number}", "지은이", "2025-01-02", "ko", f"corpus/{number}.md", "essay", text)


def publish(store: Store, published: Contents, fingerprint: Mapping[str, str] = FINGERPRINT) -> None:
    """Publish `published` as the store's only writer."""
    with store.writer(no_progress) as writer:
        writer.publish(published, fingerprint)


def vector_faults(vectors: Mapping[str, Vector], count: int, nearest: Callable[[Vector], str]) -> list[str]:
    """What an index of `vectors` by name lacks: it must report the right `count`, and each vector must be the nearest to itself."""
    faults = [] if count == len(vectors) else [f"counts {count} of {len(vectors)}"]
    return faults + [name for name, vector in vectors.items() if nearest(vector) != name]


def snapshot_faults(snapshot: Snapshot, published: Contents) -> list[str]:
    """How `snapshot` differs from `published`: essays, passages, terms and spans must be equal, every vector nearest to itself."""
    names = [f"{window.passage} {window.start}" for window in published.windows]
    spans = [(window.passage, window.start, window.end) for window in published.windows]
    same_texts = (snapshot.essays, snapshot.passages) == (published.essays, published.passages)
    same_windows = (snapshot.terms, list(snapshot.windows)) == (published.terms, spans)
    faults = ([] if same_texts else ["other essays or passages"]) + ([] if same_windows else ["other terms or windows"])

    def nearest(vector: Vector) -> str:
        return " ".join(names[place] for place, _ in snapshot.nearest(vector, 1))

    return faults + vector_faults(dict(zip(names, published.vectors, strict=True)), len(snapshot.windows), nearest)
