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
    base          what every store does; `folder` and `server` are the two implementations
"""

from pathlib import Path

from bot.store.base import Store, Writer
from bot.store.folder import FolderStore
from bot.store.manifest import Contents, Manifest, Span, text_key
from bot.store.server import ServerStore
from bot.store.snapshot import Snapshot

__all__ = ["Contents", "Manifest", "Snapshot", "Span", "Store", "Writer", "open_store", "text_key"]


def open_store(index: Path, chroma_url: str = "") -> Store:
    """Return the store on the Chroma server at `chroma_url`, or in the folder `index` where `chroma_url` is empty.

    Neither is accessed yet, and Chroma is not imported.
    """
    return ServerStore(chroma_url) if chroma_url else FolderStore(Path(index))
