"""The index: one writer builds generations and publishes them, any number of readers open them. On disk or on a Chroma server.

Nothing is ever written into an index that readers use. A generation is built apart, closed, and opened afresh as a reader opens
it, in a folder on a copy; there its contents are compared, and some of its windows must be found by their own vectors. Then it is
published by moving one pointer, and the last two are kept. A reader checks every file against the manifest and opens a private
copy, for Chroma writes into what it reads. The bytes that it opens are those that the builder opened and questioned before
publishing; a file on which Chroma crashes or hangs never gets that far, so no child process has to try the opening first.

    manifest      what an index holds, and what is said about it
    disk          checksums, fsync, private copies
    generations   lock, pointer and names in a folder
    chroma        clients, collections, errors: the only home of chromadb
    snapshot      an open generation
    base          what every store does; `folder` and `server` are the two that there are
"""

from pathlib import Path

from bot.store.base import Store, Writer
from bot.store.chroma import Progress
from bot.store.folder import FolderStore
from bot.store.manifest import Contents, Manifest, Span, text_key
from bot.store.server import ServerStore
from bot.store.snapshot import Snapshot

__all__ = ["Contents", "Manifest", "Progress", "Snapshot", "Span", "Store", "Writer", "open_store", "text_key"]


def open_store(index: Path, chroma_url: str = "") -> Store:
    """Give the store in the folder `index` or, where it is named, on the Chroma server at `chroma_url`.

    Neither is touched yet, and Chroma is not imported.
    """
    return ServerStore(chroma_url) if chroma_url else FolderStore(Path(index))
