"""Builds the index: essays are read, split, embedded and published; what has not changed is taken over."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bot.errors import CorpusError
from bot.indexing import analogies, loader, splitter
from bot.models.embeddings import Embedder
from bot.schema import Essay, Passage, Report, Window
from bot.settings import Settings
from bot.store import Contents, Manifest, Progress, Store, open_store, text_key
from bot.text import tokenize

MAP_FILE = "analogies.yaml"  # the analogy map beside the essays


def no_progress(stage: str, done: int, total: int) -> None:
    """The progress of an ingest, told to nobody."""


def build_index(
    settings: Settings, paths: Sequence[Path] = (), *, embedder: Embedder | None = None, progress: Progress = no_progress
) -> Report:
    """Make the index hold the essays in `paths` (or `settings.corpus`) and no others; nothing is done where it does already.

    `progress(stage, done, total)` is called before each stage and each batch. Raises `CorpusError`, `EmbedderError` or `StoreError`;
    then the index that was there is still there.
    """
    embedder = embedder or Embedder(settings.embedding_model, settings.cache)
    store = open_store(settings.index, settings.chroma_url)
    progress("scan", 0, 1)
    shelf = loader.load_essays(list(paths) or [settings.corpus])
    if embedder.fingerprint.get("revision") == "unknown":  # a model that is not fetched yet
        embedder.load()
    _check_maps(list(paths) or [settings.corpus], shelf.essays)
    return publish(shelf, store, embedder, progress)


def publish(
    shelf: loader.Collection, store: Store, embedder: Embedder, progress: Progress, source: Store | None = None
) -> Report:
    """Make `store` hold the essays of `shelf`; vectors are taken over from its own last generation and from `source`'s."""
    fingerprint = index_fingerprint(embedder)
    report = _compare(shelf, store.usable(), fingerprint)
    if not _changes(report):
        return report
    with store.writer(progress) as writer:
        report = _compare(shelf, store.usable(), fingerprint)
        if _changes(report):
            known = {**(source.vectors(embedder.fingerprint) if source else {}), **writer.known_vectors(embedder.fingerprint)}
            contents, embedded = _contents(shelf.essays, embedder, known, progress)
            writer.publish(contents, fingerprint)
            report = replace(report, embedded=embedded)
    return report


def index_fingerprint(embedder: Embedder) -> dict[str, str]:
    """What an index was made with; two indexes with the same fingerprint may share vectors."""
    return {**embedder.fingerprint, "splitter": f"{splitter.VERSION}.{tokenize.VERSION}"}


def _contents(
    essays: Sequence[Essay], embedder: Embedder, known: dict[str, np.ndarray], progress: Progress
) -> tuple[Contents, int]:
    """Everything an index of `essays` holds, and how many windows were embedded for it; `known` vectors are taken over."""
    tiles: list[Passage] = []
    windows: list[Window] = []
    for done, essay in enumerate(essays):
        progress("split", done, len(essays))
        found = splitter.split(essay)
        tiles += found
        windows += splitter.windows(essay, found)
    if not windows:
        sources = ", ".join(essay.source for essay in essays[:3])
        raise CorpusError(f"No essay holds a sentence ({sources}). Put essays there, or name another folder.")
    keys = [text_key(window.text) for window in windows]
    fresh = {key: window.text for key, window in zip(keys, windows, strict=True) if key not in known}
    if fresh:
        vectors = embedder.encode_passages(list(fresh.values()), lambda done, total: progress("embed", done, total))
        known = {**known, **dict(zip(fresh, vectors, strict=True))}
    terms = tuple(" ".join(tokenize.morphemes(passage.text)) for passage in tiles)
    matrix = np.array([known[key] for key in keys], dtype=np.float32)
    return Contents(tuple(essays), tuple(tiles), terms, tuple(windows), matrix), len(fresh)


def _compare(shelf: loader.Collection, manifest: Manifest | None, fingerprint: dict[str, str]) -> Report:
    """What an ingest of `shelf` would do. With another fingerprint every essay that stays counts as changed."""
    before = manifest.essays if manifest else {}
    after = {essay.id: essay.digest for essay in shelf.essays}
    same = {name for name, digest in after.items() if before.get(name) == digest}
    if manifest and manifest.fingerprint != fingerprint:
        same = set()
    added = after.keys() - before.keys()
    return Report(
        added=len(added),
        changed=len(after.keys() - added - same),
        removed=len(before.keys() - after.keys()),
        unchanged=len(same),
        skipped=shelf.skipped,
        notes=shelf.notes,
    )


def _check_maps(folders: Sequence[Path], essays: Sequence[Essay]) -> None:
    """Read the analogy map of each folder, so that one with a false quotation stops the ingest, not a reader's question."""
    for folder in folders:
        analogies.load(folder / MAP_FILE, {essay.id: essay for essay in essays})


def _changes(report: Report) -> bool:
    return bool(report.added or report.changed or report.removed)
