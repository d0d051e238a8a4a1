"""Remembers what the files read last hold, so that a followed folder is not parsed anew for each note that is saved in it."""

import hashlib
import threading
from collections import OrderedDict

from bot.formats import worker
from bot.formats.document import Document
from bot.formats.limits import Limits
from bot.formats.worker import Failed, Found

MAX_CHARACTERS = 20_000_000  # of text that is kept: some 200 books

Key = tuple[str, bytes, Limits]


class Recent:
    """Documents by the suffix and the SHA-256 of the file they come from, and the limits of its reading. Threads may use it."""

    def __init__(self, limit: int = MAX_CHARACTERS) -> None:
        """`limit` is the number of characters that are kept; those used longest ago go first."""
        self._limit, self._size = limit, 0
        self._documents: OrderedDict[Key, tuple[Document, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> tuple[Document, ...] | None:
        """What the file holds; None where it is not remembered."""
        with self._lock:
            if key in self._documents:
                self._documents.move_to_end(key)
            return self._documents.get(key)

    def add(self, key: Key, documents: tuple[Document, ...]) -> None:
        """Remember what a file holds."""
        with self._lock:
            self._size += _size(documents) - _size(self._documents.pop(key, ()))
            self._documents[key] = documents
            while self._size > self._limit:
                self._size -= _size(self._documents.popitem(last=False)[1])


def _size(documents: tuple[Document, ...]) -> int:
    return sum(len(document.text) for document in documents)


_recent = Recent()


def read(suffix: str, data: bytes, limits: Limits | None = None) -> Found | Failed:
    """As `worker.read`, but documents of a file that was read a short time ago are not parsed again."""
    limits = limits or Limits.load()
    key = suffix, hashlib.sha256(data).digest(), limits
    if known := _recent.get(key):
        return Found(known)
    found = worker.read(suffix, data, limits)
    if isinstance(found, Found) and found.documents:
        _recent.add(key, found.documents)
    return found
