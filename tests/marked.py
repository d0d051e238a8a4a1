"""Contents in which everything carries one mark, and the checkers: what is asked of the store and of its raw twins alike."""

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bot.schema import Essay, Passage, Window
from bot.store import Contents, Snapshot, Store

FINGERPRINT = {"embedder": "toy", "prompts": "none", "splitter": "1"}
Vector = NDArray[np.float32]


def quiet(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def embed(text: str) -> Vector:
    """Make 64 numbers of the sha512 of a text, as one vector of length 1: other texts lie far away in every direction."""
    numbers = np.frombuffer(hashlib.sha512(text.encode()).digest(), dtype=np.uint8).astype(np.float32) - 127.5
    return np.asarray(numbers / np.linalg.norm(numbers), dtype=np.float32)


def contents(mark: str, essays: int = 2, passages: int = 3, windows: int = 4) -> Contents:
    """`essays` of `passages` each of `windows` each: 24 windows unless told otherwise. Every text begins with `mark`."""
    shelf = [_essay(mark, number, passages) for number in range(essays)]
    length = len(shelf[0].text) // passages
    tiles = [Passage.of(essay, start, start + length) for essay in shelf for start in range(0, len(essay.text), length)]
    views = [Window(tile.id, tile.start + at, tile.end, f"{tile.text} {at}") for tile in tiles for at in range(windows)]
    terms = tuple(f"{mark} 고인돌 {tile.start}" for tile in tiles)
    return Contents(tuple(shelf), tuple(tiles), terms, tuple(views), np.stack([embed(view.text) for view in views]))


def _essay(mark: str, number: int, passages: int) -> Essay:
    text = "".join(f"{mark} 글 {number:04} 문단 {part:04}. 고인돌은 힘을 보이는 돌이었다.\n" for part in range(passages))
    return Essay(f"essay-{number:04}", f"{mark} {number}", "지은이", "2025-01-02", "ko", f"corpus/{number}.md", "essay", text)


def publish(store: Store, made: Contents, fingerprint: Mapping[str, str] = FINGERPRINT) -> None:
    """Publish without a word."""
    with store.writer(quiet) as writer:
        writer.publish(made, fingerprint)


def lost(vectors: Mapping[str, Vector], count: int, nearest: Callable[[Vector], str]) -> list[str]:
    """Say what an index that should hold `vectors` by their names lacks: it must count them all and find each by itself."""
    faults = [] if count == len(vectors) else [f"counts {count} of {len(vectors)}"]
    return faults + [name for name, vector in vectors.items() if nearest(vector) != name]


def lost_from(snapshot: Snapshot, made: Contents) -> list[str]:
    """Say what `snapshot` lacks of `made`: essays, passages, terms and spans must be equal, every vector found by itself."""
    names = [f"{window.passage} {window.start}" for window in made.windows]
    spans = [(window.passage, window.start, window.end) for window in made.windows]
    faults = [] if (snapshot.essays, snapshot.passages) == (made.essays, made.passages) else ["other essays or passages"]
    faults += [] if (snapshot.terms, list(snapshot.windows)) == (made.terms, spans) else ["other terms or windows"]

    def nearest(vector: Vector) -> str:
        return " ".join(f"{near.passage} {near.start}" for near in snapshot.query(vector, 1))

    return faults + lost(dict(zip(names, made.vectors, strict=True)), len(snapshot.windows), nearest)
