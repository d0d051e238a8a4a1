"""The folders and files that an index is made from: loaded with the ids that the index gave them, and refused where one is empty."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bot.errors import CorpusError, StoreError
from bot.indexing import loader
from bot.messages import errors
from bot.messages import files as messages
from bot.schema import Skipped
from bot.store import Store


def load_roots(sources: Sequence[Path], store: Store, *, allow_empty: bool = False) -> loader.Collection:
    """The essays of all `sources`, each with the id that it has in `store`.

    Raises `CorpusError` for a source that is missing or has no essay, as a disk that is not mounted; with `allow_empty` it has none.
    """
    known = _known_files(store)
    present = [source for source in sources if loader.exists(source)]
    collection = loader.load_existing(present, known)
    empty = [source for source in sources if is_empty(source, collection)]
    if allow_empty:
        skipped = (Skipped(loader.printable(source), messages.NO_ESSAYS) for source in empty)
        return replace(collection, skipped=(*collection.skipped, *skipped))
    for source in empty:
        _require_essays(source, known)
    return collection


def is_empty(source: Path, collection: loader.Collection) -> bool:
    """Whether none of the essays was loaded from `source`, and it has no analogy map either."""
    return not (any(is_below(path, source) for path in collection.paths.values()) or loader.exists(source / loader.MAP_FILE))


def is_below(path: str, source: Path) -> bool:
    """Whether an essay's place, as the loader gives it, is `source` or lies in it; a place in an archive counts as the archive."""
    return Path(path.partition(loader.INSIDE)[0]).is_relative_to(loader.real_path(source))


def _require_essays(source: Path, known: Mapping[str, str]) -> None:
    """Raise `CorpusError` unless `source` has an essay, although all of its essays are in other sources as well."""
    try:
        loader.load_essays([source])
    except CorpusError as error:
        indexed = sum(is_below(path, source) for path in known.values())
        if not indexed:
            raise
        raise CorpusError(errors.ESSAYS_KEPT.format(fault=error.message, count=indexed)) from None


def _known_files(store: Store) -> Mapping[str, str]:
    """The files of the published index by essay id, so that an essay keeps its id; empty where the index cannot be read."""
    with suppress(StoreError):
        manifest = store.manifest()
        return manifest.paths if manifest else {}
    return {}
