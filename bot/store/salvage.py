"""What can still be read of a damaged index: the newest manifest, and the newest generation that is whole."""

from collections.abc import Iterator
from contextlib import suppress

from bot.errors import IndexDamaged, IndexMismatch
from bot.store.base import Store
from bot.store.manifest import Manifest
from bot.store.snapshot import Snapshot


def readable_manifest(store: Store) -> Manifest | None:
    """Read the manifest of the published generation, else the newest other one that can be read; `None` where there is none."""
    for name in _newest_first(store):
        with suppress(IndexDamaged, IndexMismatch):
            return store._manifest(name)
    return None


def whole_snapshot(store: Store) -> Snapshot | None:
    """Open the published generation, else the newest other one that is whole, whatever embedder made it; `None` where there is none."""
    for name in _newest_first(store):
        with suppress(IndexDamaged, IndexMismatch):
            return store._open(name, store._manifest(name).fingerprint)
    return None


def has_generations(store: Store) -> bool:
    """Whether anything was ever published, also where the pointer to it is gone."""
    return bool(store._names())


def _newest_first(store: Store) -> Iterator[str]:
    published = None
    with suppress(IndexDamaged):
        published = store.current()
    names = store._names()
    if published in names:
        yield published
    yield from (name for name in reversed(names) if name != published)
