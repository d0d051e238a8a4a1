"""Repair an index: rebuild it from the files that it was made from, and keep the essays whose files cannot be reached now."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import IndexDamaged, IndexMismatch, StoreError
from bot.indexing import analogies, loader
from bot.indexing.build import embedder_of, index_fingerprint, load_maps, publish, require_revision
from bot.indexing.roots import is_below, is_empty
from bot.messages import index_errors
from bot.messages import repair as messages
from bot.messages.text import Text
from bot.models import choice
from bot.models.embeddings import Embedder
from bot.schema import Essay, Progress, no_progress
from bot.settings import Settings
from bot.store import Manifest, Store, index_missing, store_of
from bot.store.salvage import has_generations, readable_manifest, whole_snapshot


@dataclass(frozen=True)
class Stored:
    """The essays that a whole generation holds, and the file of each by its id."""

    essays: tuple[Essay, ...]
    paths: Mapping[str, str]


def repair(settings: Settings, embedder: Embedder, progress: Progress = no_progress) -> Text:
    """Rebuild the index of `settings` where it is damaged or was made in another way; return what was done, in one line.

    Vectors that are whole are used again. Raises `IndexMissing` where there is no index, `StoreError` where its sources are unknown,
    and as `build_index` does; the index is then what it was.
    """
    store = store_of(settings)
    if not has_generations(store):
        raise index_missing(settings)
    require_revision(embedder)
    if whole := _whole_manifest(store, embedder):
        return messages.WHOLE.format(place=store.place, essays=len(whole.essays))
    manifest, stored = readable_manifest(store), _stored(store)
    if manifest is None or not (manifest.roots or stored.essays):
        raise StoreError(index_errors.SOURCES_UNKNOWN.format(place=store.place))
    return _rebuild(store, manifest, stored, embedder, progress)


def embedder_for(settings: Settings) -> Embedder:
    """The embedder to repair with: the one that is named, else the one that made what can still be read of the index."""
    return choice.chosen(settings.embedding_model, embedder_of(readable_manifest(store_of(settings))), settings.cache)


def _rebuild(store: Store, manifest: Manifest, stored: Stored, embedder: Embedder, progress: Progress) -> Text:
    """Load the sources that `manifest` names, add what is `stored` from those that are missing, and publish."""
    roots = [Path(root) for root in manifest.roots]
    loaded = loader.load_existing([root for root in roots if loader.exists(root)], manifest.paths)
    missing = [root for root in roots if is_empty(root, loaded)]
    kept = _kept(stored, loaded, missing if roots else None)
    if not loaded.essays and not kept:
        raise StoreError(index_errors.SOURCES_MISSING.format(place=store.place, sources=_named(missing)))
    collection = _with_kept(loaded, kept, stored.paths)
    records = _analogies(roots, collection.essays, manifest, {essay.id for essay in kept})
    report = publish(collection, store, embedder, progress, roots=roots, analogies=records)
    done = messages.REBUILT.format(
        place=store.place,
        sources=_named(root for root in roots if root not in missing) or messages.ITSELF,
        essays=len(collection.essays),
        embedded=report.embedded,
    )
    return messages.WITH_KEPT.format(done=done, count=len(kept), sources=_named(missing)) if missing else done


def _whole_manifest(store: Store, embedder: Embedder) -> Manifest | None:
    """The manifest of the index where nothing is to be repaired."""
    with suppress(IndexDamaged, IndexMismatch):
        manifest = store.checked()
        if manifest and manifest.fingerprint == index_fingerprint(embedder):
            return manifest
    return None


def _stored(store: Store) -> Stored:
    """What the index itself still holds; nothing where no generation is whole."""
    snapshot = whole_snapshot(store)
    if snapshot is None:
        return Stored((), {})
    with closing(snapshot):
        return Stored(snapshot.essays, snapshot.manifest.paths)


def _kept(stored: Stored, loaded: loader.Collection, missing: Sequence[Path] | None) -> list[Essay]:
    """The stored essays from sources that are missing, but those whose text was loaded; all where the sources are not known."""
    if missing is None:
        return list(stored.essays)
    texts = {essay.sha256 for essay in loaded.essays}
    paths = {essay.id: stored.paths.get(essay.id, "") for essay in stored.essays if essay.sha256 not in texts}
    kept = {identity for identity, path in paths.items() if any(is_below(path, source) for source in missing)}
    return [essay for essay in stored.essays if essay.id in kept]


def _with_kept(collection: loader.Collection, kept: Sequence[Essay], paths: Mapping[str, str]) -> loader.Collection:
    """The loaded essays and those kept from the index. A loaded one that has taken the id of a kept one gives it back."""
    ids = {essay.id for essay in kept}
    taken = ids | {essay.id for essay in collection.essays}
    essays, found = list(kept), {identity: paths[identity] for identity in ids & paths.keys()}
    for essay in collection.essays:
        identity = loader.unused_id(essay.id, taken) if essay.id in ids else essay.id
        taken.add(identity)
        essays.append(replace(essay, id=identity))
        found[identity] = collection.paths[essay.id]
    return replace(collection, essays=tuple(sorted(essays, key=lambda essay: essay.id)), paths=found)


def _analogies(
    roots: Sequence[Path], essays: Sequence[Essay], manifest: Manifest, kept: set[str]
) -> list[analogies.AnalogyRecord]:
    """The maps of the sources, and what the stored map says of the kept essays."""
    records = load_maps(roots, essays)
    ids = {record["id"] for record in records}
    stored = analogies.narrowed(analogies.from_records(manifest.analogies), kept)
    return [*records, *(analogies.as_record(analogy) for analogy in stored if analogy.id not in ids)]


def _named(paths: Iterable[Path]) -> str:
    return ", ".join(map(str, paths))
