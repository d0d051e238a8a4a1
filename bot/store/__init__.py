"""The index: one writer builds and publishes generations, any number of readers open them. In a folder or on a Chroma server.

Nothing is written into a generation that readers use. A new generation is built separately, closed, and reopened the way a reader
opens it (in a folder: from a copy). Its contents are compared with what was to be written, and a sample of its windows must be
found by their own vectors. It is then published by replacing one pointer; the last two generations are kept. A reader checks every
file against the manifest and opens a private copy, because Chroma writes into the files that it reads. A reader therefore opens
the same bytes that the writer already opened and queried: files on which Chroma crashes or hangs are never published, so no
reader needs a child process to test them.

    manifest      `Contents` and `Manifest`: what an index holds and its description
    disk          checksums, fsync, private copies
    generations   lock, pointer and names of generations in a folder
    chroma        clients, collections, errors: the only module that imports chromadb
    snapshot      an open generation
    collections   where named collections are kept
    base          what every store does; `folder` and `server` are the two implementations
"""

from contextlib import suppress
from pathlib import Path

from bot.errors import IndexDamaged, IndexMissing, SettingsError
from bot.messages import damage, index_errors
from bot.messages.text import Text, joined
from bot.settings import Settings, collection_name
from bot.store import chroma
from bot.store.base import Store, Writer
from bot.store.collections import database_of, folder_of, folders_in, name_of
from bot.store.disk import damaged
from bot.store.folder import FolderStore
from bot.store.manifest import Contents, Manifest, Span, text_key
from bot.store.salvage import has_generations
from bot.store.server import ServerStore
from bot.store.snapshot import Snapshot

__all__ = [
    "Contents",
    "Manifest",
    "Snapshot",
    "Span",
    "Store",
    "Writer",
    "collections_in",
    "index_missing",
    "open_store",
    "store_of",
    "text_key",
]


def open_store(index: Path, chroma_url: str = "", collection: str = "") -> Store:
    """Return the store of a collection on the Chroma server at `chroma_url`, or in the folder `index` where `chroma_url` is empty.

    `collection` is a name as `bot.settings.collection_name` gives it, empty for the default one. Neither place is accessed yet, and
    Chroma is not imported.
    """
    if chroma_url:
        return ServerStore(chroma_url, database_of(collection))
    return FolderStore(folder_of(Path(index), collection))


def store_of(settings: Settings) -> Store:
    """Return the store of the collection that the settings name."""
    return open_store(settings.index, settings.chroma_url, settings.collection)


def collections_in(index: Path, chroma_url: str = "") -> list[str]:
    """List the collections in one place, the damaged ones too, by name; the default one's is empty. Raises `StoreError`."""
    found = map(name_of, chroma.databases(chroma_url)) if chroma_url else folders_in(Path(index))
    names = sorted({"", *map(_checked, found)})
    return [name for name in names if _has_something(open_store(index, chroma_url, name))]


def index_missing(settings: Settings) -> IndexMissing | IndexDamaged:
    """The error where nothing is published: never built, no such collection, or only the pointer is gone."""
    if has_generations(store_of(settings)):
        return damaged("CURRENT", damage.GONE)
    if not settings.collection:
        return IndexMissing(index_errors.NO_INDEX.format(place=settings.chroma_url or settings.index))
    names = collections_in(settings.index, settings.chroma_url)
    known = [Text(name, name) if name else index_errors.DEFAULT_COLLECTION for name in names] or [index_errors.NO_COLLECTIONS]
    return IndexMissing(index_errors.NO_COLLECTION.format(name=settings.collection, known=joined(", ", known)))


def _checked(name: str) -> str:
    """The name in its one form; empty for what is not a collection's name, such as that of a folder that somebody else made."""
    try:
        return collection_name(name)
    except SettingsError:
        return ""


def _has_something(store: Store) -> bool:
    """Whether the store has a pointer, a valid one or not, or a generation."""
    with suppress(IndexDamaged):
        return store.current() is not None or has_generations(store)
    return True
