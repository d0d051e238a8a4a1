"""Build the index: load the essays, compare them with the index, split and embed what changed, publish.

`build_index` and `publish` hold the order of an ingest; the functions below them are its steps.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import CorpusError, StoreError
from bot.indexing import analogies as maps
from bot.indexing import intents, loader, splitter, summaries
from bot.indexing.roots import load_roots
from bot.indexing.saved_vectors import SavedVectors
from bot.messages import errors
from bot.models import choice
from bot.models.embeddings import Embedder
from bot.models.late_chunking import Parts
from bot.schema import Essay, Progress, Report, SplitEssay, Window, no_progress
from bot.settings import Settings
from bot.store import Contents, Manifest, Store, store_of
from bot.store.manifest import Vectors
from bot.store.salvage import has_generations
from bot.text import tokenize


def build_index(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    embedder: Embedder | Callable[[], Embedder] | None = None,
    progress: Progress = no_progress,
    allow_empty: bool = False,
) -> Report:
    """Make the index hold the essays in `paths` (default: `settings.corpus`) and no others. Does nothing where it already does.

    `progress(stage, done, total)` is called before each stage and after each batch. A path that is missing or has no essay is refused
    unless `allow_empty`; where no path has one, the index is then removed. `embedder` may be a function that fetches one: it is called
    once the essays are read, so that nothing is fetched for a path that is refused. Raises `CorpusError`, `EmbedderError` or `StoreError`; the
    index published before is then unchanged.
    """
    folders = list(paths) or [settings.corpus]
    store = store_of(settings)
    progress("scan", 0, 1)
    collection = load_roots(folders, store, allow_empty=allow_empty)
    embedder = embedder() if callable(embedder) else embedder
    embedder = embedder or choice.chosen(settings.embedding_model, made_with(store), settings.cache)
    require_revision(embedder)
    report = publish(collection, store, embedder, progress, roots=folders, analogies=load_maps(folders, collection.essays))
    if report.embedded:
        intents.of_embedder(embedder)  # fitted now where it has to be, not at the first question
    return report


def require_revision(embedder: Embedder) -> None:
    """Load the embedder where only a loaded model knows its revision, which its fingerprint needs."""
    if embedder.fingerprint.get("revision") == "unknown":
        embedder.load()


def made_with(store: Store) -> str:
    """The name of the embedder that made the published index; empty where there is none or it has to be made anew anyway."""
    with suppress(StoreError):
        return embedder_of(store.manifest())
    return ""


def embedder_of(manifest: Manifest | None) -> str:
    """The name of the embedder that made an index; empty where there is none or it has to be made anew anyway."""
    if manifest and manifest.fingerprint.get("splitter") == _splitter_version():
        return choice.name_of(manifest.fingerprint, manifest.embedder)
    return ""


def ingest_command(collection: str, manifest: Manifest | None, *options: str) -> str:
    """The command that brings the index up to date: with its collection and the paths that it was made from."""
    named = ["--collection", collection] if collection else []
    return shlex.join(["python", "ingest.py", *named, *options, *(manifest.roots if manifest else [])])


def pending_changes(store: Store) -> Report | None:
    """What an ingest of the same paths would change; `None` where the index does not say which they were. Raises as `build_index`."""
    manifest = store.manifest()
    roots = [Path(root) for root in manifest.roots] if manifest else []
    if not manifest or not roots:
        return None
    collection = loader.load_existing([root for root in roots if root.exists()], manifest.paths)
    return _compare(collection, manifest, manifest.fingerprint, manifest.analogies)


def publish(
    collection: loader.Collection,
    store: Store,
    embedder: Embedder,
    progress: Progress,
    *,
    reuse_from: Store | None = None,
    roots: Sequence[Path] = (),
    analogies: Sequence[maps.AnalogyRecord] = (),
) -> Report:
    """Make `store` hold the essays of `collection` and these `analogies`. Only windows whose text has no vector yet are embedded.

    Vectors are reused from the last generation of `store` and, where given, from that of `reuse_from`. Raises as `build_index`.
    """
    fingerprint = index_fingerprint(embedder)
    report = _compare(collection, store.usable(), fingerprint, analogies)
    if not collection.essays:
        _withdraw(store, progress)
        return report
    if not _has_changes(report):
        return report
    with store.writer(progress) as writer:
        report = _compare(collection, store.usable(), fingerprint, analogies)  # another ingest may have published in the meantime
        if not _has_changes(report):
            return report
        known = reuse_from.vectors(embedder.fingerprint) if reuse_from else {}
        saved = SavedVectors(embedder.cache, embedder.fingerprint)
        known = {**known, **writer.known_vectors(embedder.fingerprint), **saved.read()}
        indexed = {**(reuse_from.splits(fingerprint) if reuse_from else {}), **store.splits(fingerprint)}
        splits = _split(collection.essays, indexed, progress)
        windows = tuple(window for split in splits for window in split.windows)
        vectors, embedded = embed(windows, known, embedder, progress, saved.add)
        passages = tuple(passage for split in splits for passage in split.passages)
        terms = tuple(line for split in splits for line in split.terms)
        contents = Contents(collection.essays, passages, terms, windows, vectors)
        writer.publish(
            contents,
            fingerprint,
            [str(root.resolve()) for root in roots],
            collection.paths,
            analogies,
            embedder.name,
            summaries.of_essays(contents.essays, windows, vectors, {passage.id: passage.essay for passage in passages}),
        )
        saved.clear()
    return replace(report, embedded=embedded)


def _withdraw(store: Store, progress: Progress) -> None:
    """Remove the index, or what a removal that was killed has left of it."""
    if has_generations(store):
        with store.writer(progress) as writer:
            writer.withdraw()


def index_fingerprint(embedder: Embedder) -> dict[str, str]:
    """Return what an index depends on: the embedder's fingerprint and the versions of splitter, tokenizer and summaries."""
    return {**embedder.fingerprint, "splitter": _splitter_version()}


def _splitter_version() -> str:
    return f"{splitter.VERSION}.{tokenize.VERSION}.{summaries.VERSION}"


def _compare(
    collection: loader.Collection,
    manifest: Manifest | None,
    fingerprint: dict[str, str],
    analogies: Sequence[maps.AnalogyRecord],
) -> Report:
    """Report what an ingest of `collection` would change. Where the fingerprint differs, every essay that stays is changed."""
    indexed = manifest.essays if manifest else {}
    loaded = {essay.id: essay.digest for essay in collection.essays}
    unchanged = {identity for identity, digest in loaded.items() if indexed.get(identity) == digest}
    if manifest and manifest.fingerprint != fingerprint:
        unchanged = set()
    added = loaded.keys() - indexed.keys()
    return Report(
        added=len(added),
        changed=len(loaded.keys() - added - unchanged),
        removed=len(indexed.keys() - loaded.keys()),
        unchanged=len(unchanged),
        map_changed=bool(manifest) and list(analogies) != (manifest.analogies if manifest else []),
        skipped=collection.skipped,
        notes=collection.notes,
    )


def _has_changes(report: Report) -> bool:
    return bool(report.added or report.changed or report.removed or report.map_changed)


def load_maps(folders: Sequence[Path], essays: Sequence[Essay]) -> list[maps.AnalogyRecord]:
    """The analogies of the folders' maps, as the index stores them. Raises `CorpusError` for a wrong map and for an id used twice."""
    by_id = {essay.id: essay for essay in essays}
    records: dict[str, maps.AnalogyRecord] = {}
    for folder in folders:
        for analogy in maps.load(folder / loader.MAP_FILE, by_id):
            if analogy.id in records:
                raise CorpusError(errors.MAP_ID_OF_ANOTHER.format(place=folder / loader.MAP_FILE, identity=analogy.id))
            records[analogy.id] = maps.as_record(analogy)
    return list(records.values())


def _split(essays: Sequence[Essay], indexed: Mapping[str, SplitEssay], progress: Progress) -> list[SplitEssay]:
    """Return the passages, terms and windows of each essay: those `indexed` under its digest, else new ones.

    Raises `CorpusError` where no essay contains a sentence.
    """
    splits: list[SplitEssay] = []
    for done, essay in enumerate(essays):
        progress("split", done, len(essays))
        splits.append(indexed.get(essay.digest) or splitter.split_essay(essay))
    if not any(split.windows for split in splits):
        named = ", ".join(essay.source for essay in essays[:3])
        raise CorpusError(errors.NO_SENTENCE.format(sources=named))
    return splits


def embed(
    windows: Sequence[Window],
    known: Mapping[str, NDArray[np.float32]],
    embedder: Embedder,
    progress: Progress = no_progress,
    save: Callable[[Sequence[str], NDArray[np.float32]], None] = lambda _keys, _rows: None,
) -> tuple[NDArray[np.float32], int]:
    """The vectors of `windows`, shape (number, dimension), and how many of them were not in `known` and were embedded.

    `save` is called with the keys and the vectors, shape (keys, dimension), of each passage that was embedded.
    """
    groups = _missing(windows, known)
    fresh: Vectors = {}
    for place, rows in embedder.encode_parts([_parts(group) for group in groups], progress):
        keys = [window.key for window in groups[place]]
        fresh.update(zip(keys, rows, strict=True))
        save(keys, rows)
    vectors = [fresh[window.key] if window.key in fresh else known[window.key] for window in windows]
    return np.array(vectors, dtype=np.float32), sum(map(len, groups))


def _missing(windows: Sequence[Window], known: Mapping[str, NDArray[np.float32]]) -> list[list[Window]]:
    """The windows of each passage of which any has no vector: a passage is read as a whole."""
    groups: dict[str, list[Window]] = {}
    for window in windows:
        groups.setdefault(window.context or window.key, []).append(window)
    return [group for group in groups.values() if any(window.key not in known for window in group)]


def _parts(group: Sequence[Window]) -> Parts:
    """What the embedder reads for a passage and its sentences. The sentences lie in the passage's text in their order."""
    whole, *sentences = group
    title, _, body = whole.text.partition("\n")
    spans, end = [], 0
    for sentence in sentences:
        start = max(body.find(sentence.text, end), end)
        end = start + len(sentence.text)
        spans.append((start, end))
    return Parts(title, body, tuple(spans))
