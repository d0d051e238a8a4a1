"""Access to Chroma, except queries: clients, their errors, and the two collections of a generation.

The only module that imports chromadb, and only inside functions. Embeddings are always passed in, `embedding_function` is always
None, and `.configuration`, `.schema` and `query_texts` are never used, because a stored configuration can name code to run.

A generation `gen-7` is two collections, the same in a folder and on a server, so that a server needs no other files:

    dolmen-gen-7-passages    id: the passage's id; document: its text; metadata: span, terms, and the fields of its essay.
                             Passages are never queried by vector. Chroma requires one, so each gets a point on the unit circle.
    dolmen-gen-7-windows     id: the window's number; its vector; metadata: passage, span, sha256 of the embedded text, and
                             that text where it is not the essay's at the span

The windows' distance is "ip": for vectors of length 1 it equals that of "cosine" (1 - cosine), and Chroma returns the vectors bit
for bit as they were written.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

import numpy as np
from numpy.typing import NDArray

from bot.errors import StoreError
from bot.messages import damage, index_errors
from bot.schema import Essay, Progress
from bot.store.disk import damaged, unwritable
from bot.store.manifest import Contents, Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client as Client
    from chromadb.api.models.Collection import Collection
    from httpx import Client as HttpSession

"""Called as `progress(stage, done, total)`: with done = 0 when a stage begins, with done = total when it has ended."""

# Measured on 20,000 vectors of 384 dimensions: the recall of the nearest 300 is 98 % (random directions, the worst case) in 7 ms;
# with 400 instead of 2,000 it was 70 % in 5 ms. Twice the neighbours took twice the time to build and did not raise the recall.
EF_SEARCH = 2000
# With Chroma's default of 16, 2 of 100 builds of 500 similar windows left a window that no search could reach; with 32, none.
MAX_NEIGHBORS = 32
REQUEST_TIMEOUT_SECONDS = 60.0  # for one request to a server; a batch of 1,000 windows takes about 1 s
MAX_DATABASES = 1000  # that are listed
ESSAY_FIELDS = ("title", "author", "date", "language", "source", "kind")


def installed() -> str:
    """Look up the installed version of chromadb without importing it."""
    return version("chromadb")


def folder_client(path: Path) -> "Client":
    """Open the Chroma folder `path`. The caller closes the client; a folder must never have two clients at once."""
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.errors import InternalError

    try:
        return cast("Client", chromadb.PersistentClient(str(path)))
    except BaseException as error:
        # chromadb 1.5.9 keeps what could not be opened, and would use it again for this path for as long as the process lives
        SharedSystemClient._identifier_to_system.pop(str(path), None)
        if isinstance(error, AttributeError):  # it fails in its own clean-up, which hides the cause
            raise InternalError(str(error.__context__ or error)) from error
        raise


def server_client(url: str, database: str = "") -> "Client":
    """Connect to a database, by default the default one, of the Chroma server at `url`.

    Raises `StoreError` for an invalid address or a server that does not respond, `IndexDamaged` where there is no such database.
    """
    import chromadb

    parts, port = _address(url)
    secure = parts.scheme == "https"
    place: Any = {"database": database} if database else {}
    with server_errors(url):
        client = cast(
            "Client", chromadb.HttpClient(host=parts.hostname or "", port=port or (443 if secure else 8000), ssl=secure, **place)
        )
    for session in _sessions(client):
        session.timeout = REQUEST_TIMEOUT_SECONDS
    return client


def close_server_client(client: "Client") -> None:
    """Close a server's client and its connections."""
    client.close()
    for session in _sessions(client):
        session.close()


def databases(url: str) -> list[str]:
    """List the databases of the Chroma server at `url`. Raises as `server_client` does."""
    with _admin(url) as admin:
        return [str(database["name"]) for database in admin.list_databases(limit=MAX_DATABASES)]


def create_database(url: str, database: str) -> None:
    """Create a database on the Chroma server at `url`. Raises as `server_client` does."""
    with _admin(url) as admin:
        admin.create_database(database)


@contextmanager
def _admin(url: str) -> Iterator[Any]:
    """What makes and lists databases on the server at `url`."""
    client = server_client(url)
    try:
        with server_errors(url):
            yield getattr(client, "_admin_client")  # noqa: B009  chromadb 1.5.9 makes one for each client and has no public name for it
    finally:
        close_server_client(client)


def _sessions(client: "Client") -> list["HttpSession"]:
    """List a client's two HTTP sessions. chromadb 1.5.9 has no public way to close them or to set their timeout."""
    owners = (client, getattr(client, "_admin_client", None))
    sessions = (getattr(getattr(owner, "_server", None), "_session", None) for owner in owners)
    return [session for session in sessions if session is not None]


def _address(url: str) -> tuple[SplitResult, int | None]:
    """Split an address into its parts and its port. Raises `StoreError` where it is not an http or https address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise StoreError(index_errors.NOT_AN_ADDRESS.format(url=url))
    return parts, port


@contextmanager
def server_errors(url: str) -> Iterator[None]:
    """Turn what a server's client raises inside the block into a `StoreError` with `url` and the remedy.

    A missing collection becomes an `IndexDamaged`.
    """
    import httpx
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        raise damaged(url, damage.INCOMPLETE.format(reason=error)) from error
    except (ChromaError, httpx.HTTPError, ValueError) as error:
        raise StoreError(index_errors.SERVER_FAILED.format(url=url, reason=error)) from error


@contextmanager
def folder_errors(name: str, place: Path, setting: str) -> Iterator[None]:
    """Turn what Chroma raises inside the block, on the files of generation `name`, into our own errors.

    A missing collection becomes an `IndexDamaged`. The files were checked before or are being written, so any other error comes
    from the disk: a `StoreError` that names `place` and the `setting` that moves it. Chroma does not report a full disk as such.
    """
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        raise damaged(f"{name}/chroma", damage.INCOMPLETE.format(reason=error)) from error
    except ChromaError as error:
        raise unwritable(place, str(error), setting) from error


def collection_names(name: str) -> tuple[str, str]:
    """Return the names of a generation's two collections: passages, windows."""
    return f"dolmen-{name}-passages", f"dolmen-{name}-windows"


def read_metadata(client: "Client", collection: str) -> Mapping[str, Any] | None:
    """Read a collection's metadata; `None` where there is no such collection."""
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(collection, embedding_function=None).metadata or {}
    except NotFoundError:
        return None


def write_metadata(client: "Client", collection: str, metadata: Mapping[str, str]) -> None:
    """Replace a collection's metadata in one step; the collection is created where there is none."""
    if read_metadata(client, collection) is None:
        client.create_collection(collection, embedding_function=None, metadata=dict(metadata))
    else:
        client.get_collection(collection, embedding_function=None).modify(metadata=dict(metadata))


def write(client: "Client", name: str, contents: Contents, progress: Progress) -> None:
    """Write `contents` into two new collections of the generation `name`. Stages: `passages`, `windows`."""
    passages, windows = collection_names(name)
    angles = np.linspace(0, math.tau, len(contents.passages), endpoint=False)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    collection = client.create_collection(passages, embedding_function=None)
    ids = [passage.id for passage in contents.passages]
    texts = [passage.text for passage in contents.passages]
    _upsert(collection, ids, points, {"documents": texts, "metadatas": _passage_metadata(contents)}, "passages", progress)
    configuration = {"hnsw": {"space": "ip", "ef_search": EF_SEARCH, "max_neighbors": MAX_NEIGHBORS}}
    collection = client.create_collection(windows, embedding_function=None, configuration=cast(Any, configuration))
    ids = [str(index) for index in range(len(contents.windows))]
    _upsert(collection, ids, contents.vectors, {"metadatas": _window_metadata(contents)}, "windows", progress)


def _passage_metadata(contents: Contents) -> list[dict[str, Any]]:
    """Return the passages' metadata, in their order. Chroma stores strings and numbers only, and no None."""
    essays = {essay.id: essay for essay in contents.essays}
    return [
        {"number": number, "essay": passage.essay, "start": passage.start, "end": passage.end, "terms": terms}
        | {name: getattr(essays[passage.essay], name) for name in ESSAY_FIELDS}
        | ({} if passage.start else _sometimes(essays[passage.essay]))
        for number, (passage, terms) in enumerate(zip(contents.passages, contents.terms, strict=True))
    ]


def _sometimes(essay: Essay) -> dict[str, str]:
    """The metadata that an essay's first passage has only where the essay has them."""
    pages = {"pages": json.dumps(essay.pages)} if essay.pages else {}
    return pages | ({"summary": essay.summary} if essay.summary else {})


def _window_metadata(contents: Contents) -> list[dict[str, Any]]:
    """Return the windows' metadata, in their order: with `text` where that is not the essay's text at the span, and any `context`."""
    essay_by_passage = {passage.id: passage.essay for passage in contents.passages}
    texts = {essay.id: essay.text for essay in contents.essays}
    return [
        {"passage": window.passage, "start": window.start, "end": window.end, "key": window.key}
        | ({} if texts[essay_by_passage[window.passage]][window.start : window.end] == window.text else {"text": window.text})
        | ({"context": window.context} if window.context else {})
        for window in contents.windows
    ]


def _upsert(
    collection: "Collection",
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    columns: Mapping[str, list[Any]],
    stage: str,
    progress: Progress,
) -> None:
    """Write records in batches below Chroma's limit (5,461 records) and, as JSON, a server's limit (40 MB a request)."""
    size = max(1, min(1000, 500_000 // vectors.shape[1]))
    progress(stage, 0, len(ids))
    for start in range(0, len(ids), size):
        batch = slice(start, start + size)
        fields = {name: column[batch] for name, column in columns.items()}
        collection.upsert(ids=list(ids[batch]), embeddings=vectors[batch], **fields)
        progress(stage, min(start + size, len(ids)), len(ids))


def read_vectors(client: "Client", name: str) -> Vectors:
    """Read the vectors of the generation `name` by their windows' `text_key`, bit for bit as they were written."""
    windows = client.get_collection(collection_names(name)[1], embedding_function=None)
    vectors_by_key: Vectors = {}
    for start in range(0, windows.count(), 1000):
        ids = [str(index) for index in range(start, start + 1000)]
        records = cast(Any, windows.get(ids=ids, include=["embeddings", "metadatas"]))
        vectors = np.asarray(records["embeddings"], dtype=np.float32)
        vectors_by_key |= {str(data["key"]): vector for data, vector in zip(records["metadatas"], vectors, strict=True)}
    return vectors_by_key
