"""A store in a folder: each generation is a folder with Chroma's files, the vectors again as NumPy, and a manifest."""

import json
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.messages import damage
from bot.schema import Progress
from bot.store import chroma
from bot.store.base import Store, stage
from bot.store.disk import WorkingCopy, checksums, damaged, disk_errors, require_free_space, sync, verify
from bot.store.generations import MANIFEST, Generations, single_writer
from bot.store.manifest import Contents, Manifest, Vectors
from bot.store.snapshot import Snapshot, probe

if TYPE_CHECKING:
    from bot.store.chroma import Client

VECTORS, KEYS = "vectors.npy", "keys.json"


class FolderStore(Store):
    """A store in the folder `index`. Readers write nothing there, so it may be read-only or on a full disk."""

    def __init__(self, index: Path) -> None:
        """Use the folder `index`, which need not exist."""
        self.place = str(index)
        self._generations = Generations(index)

    def current(self) -> str | None:
        """Read the file CURRENT."""
        return self._generations.current()

    def _names(self) -> list[str]:
        return self._generations.names()

    def _manifest(self, name: str) -> Manifest:
        return Manifest.from_json(self._generations.read_manifest(name), f"{name}/{MANIFEST}")

    def _check(self, name: str) -> Manifest:
        manifest = self._manifest(name)
        manifest.require_chroma(chroma.installed())
        verify(self._generations.path(name), manifest.files)
        return manifest

    def _open(self, name: str, fingerprint: Mapping[str, str]) -> Snapshot:
        manifest = self._manifest(name)
        manifest.require(fingerprint)
        manifest.require_chroma(chroma.installed())
        return _open_folder(self._generations.path(name), name, manifest)

    def _vectors(self, name: str, manifest: Manifest) -> Vectors:
        folder = self._generations.path(name)
        verify(folder, {file: manifest.files.get(file, "") for file in (VECTORS, KEYS)})
        try:
            keys = json.loads((folder / KEYS).read_bytes())
            return dict(zip(keys, np.load(folder / VECTORS, allow_pickle=False), strict=True))
        except (OSError, ValueError) as error:
            raise damaged(f"{name}/{VECTORS}", damage.UNREADABLE.format(reason=error)) from error

    def _lock(self) -> AbstractContextManager[None]:
        return single_writer(self._generations.root / "LOCK", self.place)

    def _clean(self) -> None:
        with disk_errors(self._generations.root):
            self._generations.clean()
            self._remove_unpublished()

    def _remove(self, name: str) -> None:
        self._generations.remove(name)

    def _unpoint(self) -> None:
        with disk_errors(self._generations.root):
            self._generations.unpoint()

    def _build(self, contents: Contents, draft: Manifest, progress: Progress) -> Manifest:
        name, root = self._next_name(), self._generations.root
        folder = self._generations.draft(name)
        with disk_errors(root):
            try:
                with stage(progress, "space"):
                    require_free_space(root, 2 * estimated_bytes(contents))
                _write_files(folder, name, contents, progress)
                with stage(progress, "hash"):
                    manifest = replace(draft, files=checksums(folder))
                with stage(progress, "check"), closing(_open_folder(folder, name, manifest)) as snapshot:
                    probe(snapshot, contents)
                self._publish(name, manifest, progress)
            finally:
                shutil.rmtree(folder, ignore_errors=True)  # it no longer exists once it was renamed
        return manifest

    def _publish(self, name: str, manifest: Manifest, progress: Progress) -> None:
        """Publish a checked draft."""
        folder = self._generations.draft(name)
        with stage(progress, "manifest"):
            (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        with stage(progress, "sync"):
            sync(folder)
        with stage(progress, "rename"):
            self._generations.rename(name)
        with stage(progress, "pointer"):
            self._generations.point(name)
        with stage(progress, "collect"):
            self._collect(name)


def estimated_bytes(contents: Contents) -> int:
    """Return an upper estimate of the bytes of a generation and of the copy on which it is checked.

    Measured: a window takes about 2 × its vector in Chroma and 1 × as NumPy, a passage about 6 × its text.
    """
    text_bytes = sum(len(text.encode()) for text in (*contents.terms, *(passage.text for passage in contents.passages)))
    return 5 * contents.vectors.nbytes + 12 * text_bytes + 1000 * len(contents.windows) + 2_000_000


def _write_files(folder: Path, name: str, contents: Contents, progress: Progress) -> None:
    """Write all files of a generation except its manifest."""
    folder.mkdir()
    with chroma.folder_errors(name, folder.parent, "BOT_INDEX"), closing(chroma.folder_client(folder / "chroma")) as client:
        chroma.write(client, name, contents, progress)
    with stage(progress, "vectors"):
        np.save(folder / VECTORS, contents.vectors)
        keys = [window.key for window in contents.windows]
        (folder / KEYS).write_text(json.dumps(keys), encoding="ascii")


def _open_folder(folder: Path, name: str, manifest: Manifest) -> Snapshot:
    """Check all files of a generation and open a private copy of its Chroma folder."""
    chroma_files = {file: expected for file, expected in manifest.files.items() if file.startswith("chroma/")}
    verify(folder, {file: expected for file, expected in manifest.files.items() if file not in chroma_files})
    copy = WorkingCopy(folder, chroma_files)
    errors = partial(chroma.folder_errors, name, copy.folder.parent, "TMPDIR")
    try:
        with errors():
            client = chroma.folder_client(copy.folder / "chroma")
    except BaseException:
        copy.close()
        raise
    return Snapshot(client, name, manifest, errors, partial(_close, client, copy))


def _close(client: "Client", copy: WorkingCopy) -> None:
    """Close the client, then remove the copy that it read."""
    client.close()
    copy.close()
