"""All talk with Chroma but the questions: clients, their errors, and what is written into a generation's two collections.

The only home of `import chromadb`, which is imported where it is needed. Embeddings are always given, `embedding_function` is
always None, and `.configuration`, `.schema` and `query_texts` are never touched, because a stored configuration is code.

A generation `gen-7` is two collections, alike in a folder and on a server, so that a server needs no files beside it:

    dolmen-gen-7-passages    id: the passage's; document: its text; metadata: span, terms, and all about its essay.
                             Nobody looks for the nearest passage; Chroma wants a vector, so it gets its number on a circle.
    dolmen-gen-7-windows     id: the window's number; its vector; metadata: passage, span, sha256 of the embedded text

The windows' space is "ip": for vectors of length 1 it is 1 - cosine like "cosine", and Chroma gives the vectors back bit for bit.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

import numpy as np
from numpy.typing import NDArray

from bot.errors import StoreError
from bot.store.disk import damaged, unwritable
from bot.store.manifest import Contents, Vectors, text_key

if TYPE_CHECKING:
    from chromadb.api.client import Client as Client
    from chromadb.api.models.Collection import Collection
    from httpx import Client as HttpSession

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, what is done of it and what there is to do: 0 of n when it begins, n of n when it ended."""

# Measured on 20,000 vectors of 384 numbers: the nearest 300 are found to 98 % (random directions, the worst case) in 7 ms; with
# 400 in place of 2,000 it was 70 % in 5 ms, and a graph with twice the links takes twice the time to build for no more.
SEARCH_WIDTH = 2000
# With the usual 16, two of 100 builds of 500 windows that are much alike left one that no search could reach; with 32 none of 100.
LINKS = 32
PATIENCE = 60.0  # seconds that a server may take for one request; a batch of 1,000 windows takes about one
ABOUT_ESSAY = ("title", "author", "date", "language", "source", "kind")


def installed() -> str:
    """Look up the version of the chromadb that is installed, without importing it."""
    return version("chromadb")


def folder_client(path: Path) -> "Client":
    """Open the Chroma folder `path`; to be closed. Never two clients of one folder, neither a writer's and a reader's."""
    import chromadb
    from chromadb.errors import InternalError

    try:
        return cast("Client", chromadb.PersistentClient(str(path)))
    except AttributeError as error:  # 1.5.9 trips over its own clean-up when it cannot open, and hides why
        raise InternalError(str(error.__context__ or error)) from error


def server_client(url: str) -> "Client":
    """Connect to the Chroma server at `url`; `StoreError` where the address is none or nobody answers."""
    import chromadb

    parts, port = _address(url)
    secure = parts.scheme == "https"
    with server_errors(url):
        made = chromadb.HttpClient(host=parts.hostname or "", port=port or (443 if secure else 8000), ssl=secure)
    client = cast("Client", made)
    for session in _sessions(client):
        session.timeout = PATIENCE
    return client


def hang_up(client: "Client") -> None:
    """Close a server's client and its connections."""
    client.close()
    for session in _sessions(client):
        session.close()


def _sessions(client: "Client") -> list["HttpSession"]:
    """List a client's two HTTP sessions. Chroma 1.5.9 has no other way to close them, and none to limit their patience."""
    owners = (client, getattr(client, "_admin_client", None))
    sessions = (getattr(getattr(owner, "_server", None), "_session", None) for owner in owners)
    return [session for session in sessions if session is not None]


def _address(url: str) -> tuple[SplitResult, int | None]:
    """Take an address apart: its parts and its port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise StoreError(
            f"BOT_CHROMA_URL is {url!r}, which is no address. Give one like http://localhost:8000, or unset it.",
            f"BOT_CHROMA_URL 값 {url!r}은(는) 주소가 아닙니다. http://localhost:8000 처럼 쓰거나 지우세요.",
        )
    return parts, port


@contextmanager
def server_errors(url: str) -> Iterator[None]:
    """Turn what a server's client raises inside the block into a `StoreError` with `url` and the remedy.

    A collection that is not there is an `IndexDamaged`.
    """
    import httpx
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        raise damaged(url, f"lacks something ({error})") from error
    except (ChromaError, httpx.HTTPError, ValueError) as error:
        raise StoreError(
            f"The Chroma server at {url} does not do its work: {error}."
            " Start it with: chroma run --path chroma, or unset BOT_CHROMA_URL.",
            f"Chroma 서버({url})를 쓸 수 없습니다: {error}. 서버를 켜거나 BOT_CHROMA_URL을 지우세요: chroma run --path chroma",
        ) from error


@contextmanager
def folder_errors(name: str, place: Path, setting: str) -> Iterator[None]:
    """Turn what Chroma raises inside the block, on the files of generation `name`, into our own errors.

    What is missing is an `IndexDamaged`. The files were checked or are being made, so anything else is the disk's fault: a
    `StoreError` that names `place` and the `setting` that puts it elsewhere. Chroma itself never says that a disk is full.
    """
    from chromadb.errors import ChromaError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        raise damaged(f"{name}/chroma", f"lacks something ({error})") from error
    except ChromaError as error:
        raise unwritable(place, str(error), setting) from error


def collection_names(name: str) -> tuple[str, str]:
    """Name a generation's two collections: passages, windows."""
    return f"dolmen-{name}-passages", f"dolmen-{name}-windows"


def read_metadata(client: "Client", collection: str) -> Mapping[str, Any] | None:
    """Read what is written on a collection; `None` where there is no such collection."""
    from chromadb.errors import NotFoundError

    try:
        return client.get_collection(collection, embedding_function=None).metadata or {}
    except NotFoundError:
        return None


def write_metadata(client: "Client", collection: str, metadata: Mapping[str, str]) -> None:
    """Replace all that is written on a collection in one step; the collection is made where there is none."""
    if read_metadata(client, collection) is None:
        client.create_collection(collection, embedding_function=None, metadata=dict(metadata))
    else:
        client.get_collection(collection, embedding_function=None).modify(metadata=dict(metadata))


def write(client: "Client", name: str, contents: Contents, progress: Progress) -> None:
    """Write `contents` into two new collections of the generation `name`. Stages: `passages`, `windows`."""
    passages, windows = collection_names(name)
    circle = np.linspace(0, math.tau, len(contents.passages), endpoint=False)
    points = np.stack([np.cos(circle), np.sin(circle)], axis=1).astype(np.float32)
    target = client.create_collection(passages, embedding_function=None)
    ids = [passage.id for passage in contents.passages]
    texts = [passage.text for passage in contents.passages]
    _upsert(target, ids, points, {"documents": texts, "metadatas": _about_passages(contents)}, "passages", progress)
    shape = {"hnsw": {"space": "ip", "ef_search": SEARCH_WIDTH, "max_neighbors": LINKS}}
    target = client.create_collection(windows, embedding_function=None, configuration=cast(Any, shape))
    ids = [str(index) for index in range(len(contents.windows))]
    _upsert(target, ids, contents.vectors, {"metadatas": _about_windows(contents)}, "windows", progress)


def _about_passages(contents: Contents) -> list[dict[str, Any]]:
    """Make the passages' metadata, in their order. Chroma knows strings and numbers only, and no None."""
    essays = {essay.id: essay for essay in contents.essays}
    return [
        {"number": number, "essay": passage.essay, "start": passage.start, "end": passage.end, "terms": terms}
        | {name: getattr(essays[passage.essay], name) for name in ABOUT_ESSAY}
        for number, (passage, terms) in enumerate(zip(contents.passages, contents.terms, strict=True))
    ]


def _about_windows(contents: Contents) -> list[dict[str, Any]]:
    """Make the windows' metadata, in their order."""
    return [
        {"passage": window.passage, "start": window.start, "end": window.end, "key": text_key(window.text)}
        for window in contents.windows
    ]


def _upsert(
    target: "Collection",
    ids: Sequence[str],
    vectors: NDArray[np.float32],
    rows: Mapping[str, list[Any]],
    stage: str,
    progress: Progress,
) -> None:
    """Write rows in batches: few enough for Chroma (5,461) and, as JSON, for a server (40 MB a request)."""
    size = max(1, min(1000, 500_000 // vectors.shape[1]))
    progress(stage, 0, len(ids))
    for start in range(0, len(ids), size):
        part = slice(start, start + size)
        target.upsert(ids=list(ids[part]), embeddings=vectors[part], **{name: row[part] for name, row in rows.items()})
        progress(stage, min(start + size, len(ids)), len(ids))


def read_vectors(client: "Client", name: str) -> Vectors:
    """Read the vectors of the generation `name` by their windows' `text_key`, bit for bit as they were written."""
    windows = client.get_collection(collection_names(name)[1], embedding_function=None)
    known: Vectors = {}
    for start in range(0, windows.count(), 1000):
        ids = [str(index) for index in range(start, start + 1000)]
        got = cast(Any, windows.get(ids=ids, include=["embeddings", "metadatas"]))
        vectors = np.asarray(got["embeddings"], dtype=np.float32)
        known |= {str(about["key"]): vector for about, vector in zip(got["metadatas"], vectors, strict=True)}
    return known
