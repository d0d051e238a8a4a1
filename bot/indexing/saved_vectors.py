"""Keeps the vectors of an ingest on disk while it runs, so that one that was killed goes on where it was."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from bot.store.manifest import Vectors

MIN_WINDOWS = 200  # in a file: a few seconds of work


class SavedVectors:
    """Vectors by the key of their window, in a folder of the cache: one for each embedder, shared by all indexes.

    They hold no text. A cache that cannot be written only means that nothing is kept.
    """

    def __init__(self, cache: Path, fingerprint: Mapping[str, str]) -> None:
        """`fingerprint` is the embedder's."""
        name = hashlib.sha256(json.dumps(dict(fingerprint), sort_keys=True).encode()).hexdigest()[:16]
        self._folder = cache / "unfinished" / name
        self._keys: list[str] = []
        self._rows: list[NDArray[np.float32]] = []

    def read(self) -> Vectors:
        """The vectors that were kept; a file that is not whole is passed over."""
        vectors: Vectors = {}
        for path in sorted(self._folder.glob("*.npz")):
            with suppress(OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile):
                with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                    keys, rows = saved["keys"], saved["rows"]
                if rows.dtype == np.float32 and rows.ndim == 2 and len(keys) == len(rows):
                    vectors.update(zip(map(str, keys), rows, strict=True))
        return vectors

    def add(self, keys: Sequence[str], rows: NDArray[np.float32]) -> None:
        """Keep vectors of shape (number of keys, dimension); they are written some hundreds at a time."""
        self._keys += keys
        self._rows += list(rows)
        if len(self._keys) >= MIN_WINDOWS:
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                partial = self._folder / f".{uuid.uuid4().hex}.npz"
                np.savez(partial, keys=np.array(self._keys), rows=np.array(self._rows, dtype=np.float32))
                partial.rename(partial.with_name(partial.name.removeprefix(".")))
            self._keys, self._rows = [], []

    def clear(self) -> None:
        """Remove what was kept, once an index holds it."""
        shutil.rmtree(self._folder, ignore_errors=True)
