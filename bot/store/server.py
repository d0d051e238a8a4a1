"""A store on a Chroma server: each generation is two collections; one small collection names the published generation.

The server owns the data, so any number of processes may read and one may write. A lock file in this machine's temporary folder
keeps two writers apart. It does not see writers on other machines, so there must be none.
"""

import hashlib
import re
import tempfile
import weakref
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import StoreError
from bot.messages import damage
from bot.schema import Progress
from bot.store import chroma
from bot.store.base import Store, stage
from bot.store.disk import damaged
from bot.store.generations import name_in, number, single_writer
from bot.store.manifest import Contents, Manifest, Vectors
from bot.store.snapshot import Snapshot, probe

if TYPE_CHECKING:
    from bot.store.chroma import Client

POINTER = "dolmen-current"
COLLECTION = re.compile(r"dolmen-(gen-[1-9][0-9]{0,8})-(passages|windows)")


class Connection:
    """A client that is closed when neither the store nor any snapshot refers to this object."""

    def __init__(self, url: str, database: str) -> None:
        """Connect. Raises `StoreError` where that fails."""
        self.client = chroma.server_client(url, database)
        weakref.finalize(self, chroma.close_server_client, self.client)


class ServerStore(Store):
    """A store on the Chroma server at `url`. It connects at the first request."""

    def __init__(self, url: str, database: str = "") -> None:
        """Use a database, by default the default one, of the server at `url`. A writer creates it where there is none."""
        self.place = f"{url} ({database})" if database else url
        self._url, self._database = url, database
        self._errors = partial(chroma.server_errors, url)

    @cached_property
    def _connection(self) -> "Connection":
        return Connection(self._url, self._database)

    def _has_database(self) -> bool:
        return not self._database or "_connection" in vars(self) or self._database in chroma.databases(self._url)

    @property
    def _client(self) -> "Client":
        return self._connection.client

    def current(self) -> str | None:
        """Read the pointer."""
        if not self._has_database():
            return None
        client = self._client
        with self._errors():
            pointer = chroma.read_metadata(client, POINTER)
        return None if pointer is None else name_in(str(pointer.get("generation", "")))

    def _names(self) -> list[str]:
        if not self._has_database():
            return []
        client = self._client
        with self._errors():
            matches = [COLLECTION.fullmatch(collection.name) for collection in client.list_collections()]
        return sorted({match[1] for match in matches if match}, key=number)

    def _manifest(self, name: str) -> Manifest:
        client = self._client
        with self._errors():
            metadata = chroma.read_metadata(client, chroma.collection_names(name)[0])
        if not metadata or "manifest" not in metadata:
            raise damaged(name, damage.UNFINISHED.format(place=self.place))
        return Manifest.from_json(str(metadata["manifest"]), damage.MANIFEST.format(name=name))

    def _check(self, name: str) -> Manifest:
        manifest, client = self._manifest(name), self._client
        for collection, expected in zip(chroma.collection_names(name), (manifest.passages, manifest.windows), strict=True):
            with self._errors():
                count = client.get_collection(collection, embedding_function=None).count()
            if count != expected:
                raise damaged(collection, damage.WRONG_COUNT.format(count=count, expected=expected))
        return manifest

    def _open(self, name: str, fingerprint: Mapping[str, str]) -> Snapshot:
        manifest = self._manifest(name)
        manifest.require(fingerprint)
        return self._snapshot(name, manifest)

    def _snapshot(self, name: str, manifest: Manifest) -> Snapshot:
        """Open a generation. The connection stays open at least as long as the snapshot."""
        return Snapshot(self._client, name, manifest, self._errors, partial(_release, self._connection))

    def _vectors(self, name: str, manifest: Manifest) -> Vectors:
        client = self._client
        with self._errors():
            vectors = chroma.read_vectors(client, name)
        if any(vector.shape != (manifest.dimension,) for vector in vectors.values()):
            raise damaged(name, damage.OTHER_DIMENSION)
        return vectors

    def _lock(self) -> AbstractContextManager[None]:
        key = hashlib.sha256(self.place.encode()).hexdigest()[:16]
        return single_writer(Path(tempfile.gettempdir()) / f"dolmen-server-{key}.lock", self.place)

    def _clean(self) -> None:
        """Remove generations without a manifest, which is written last, and those that were not published."""
        if not self._has_database():
            chroma.create_database(self._url, self._database)
        client = self._client
        for name in self._names():
            with self._errors():
                metadata = chroma.read_metadata(client, chroma.collection_names(name)[0])
            if not metadata or "manifest" not in metadata:
                self._remove(name)
        self._remove_unpublished()

    def _remove(self, name: str) -> None:
        client = self._client
        for collection in chroma.collection_names(name):
            with self._errors():
                if chroma.read_metadata(client, collection) is not None:
                    client.delete_collection(collection)

    def _unpoint(self) -> None:
        client = self._client
        with self._errors():
            if chroma.read_metadata(client, POINTER) is not None:
                client.delete_collection(POINTER)

    def _build(self, contents: Contents, draft: Manifest, progress: Progress) -> Manifest:
        name, client, published = self._next_name(), self._client, False
        passages, _ = chroma.collection_names(name)
        try:
            with self._errors():
                chroma.write(client, name, contents, progress)
            with stage(progress, "check"), closing(self._snapshot(name, draft)) as snapshot:
                probe(snapshot, contents)
            with stage(progress, "manifest"), self._errors():
                chroma.write_metadata(client, passages, {"manifest": draft.to_json()})
            with stage(progress, "pointer"), self._errors():
                chroma.write_metadata(client, POINTER, {"generation": name})
                published = True
        finally:
            if not published:
                with suppress(StoreError):  # the server itself may have failed; the next writer cleans up
                    self._remove(name)
        with stage(progress, "collect"):
            self._collect(name)
        return draft


def _release(connection: Connection) -> None:
    """Do nothing: the snapshot's reference to this call has kept the connection open until now."""
