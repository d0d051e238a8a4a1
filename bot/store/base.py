"""What every store does, wherever its generations live: hand out snapshots and the one writer. Knows nothing of Chroma."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from bot.errors import IndexDamaged, IndexMismatch, IndexMissing
from bot.store.chroma import Progress, installed
from bot.store.disk import damaged
from bot.store.generations import next_name, number
from bot.store.manifest import SCHEMA, Contents, Manifest, Vectors, outline_of
from bot.store.snapshot import Snapshot


@contextmanager
def stage(progress: Progress, name: str) -> Iterator[None]:
    """Report the beginning and the end of a stage that is one piece."""
    progress(name, 0, 1)
    yield
    progress(name, 1, 1)


class Store(ABC):
    """Where an index lives. Readers call `current`, `manifest` and `snapshot`; whoever builds calls `usable` and `writer`."""

    place: str

    @abstractmethod
    def current(self) -> str | None:
        """Read the name of the published generation; one tiny read, for every question.

        `None` where there is none, `IndexDamaged` where the pointer names none.
        """

    def manifest(self) -> Manifest | None:
        """Read what is said about the published generation; `None` where there is none. Its files are not looked at.

        Raises `IndexDamaged`, or `IndexMismatch` for another schema.
        """
        name = self.current()
        return self._manifest(name) if name else None

    def usable(self) -> Manifest | None:
        """Read the manifest of the published generation if that is whole and was written by this Chroma, else `None`.

        It is what an ingest compares with: where it is `None`, everything has to be built, though vectors may still be known.
        """
        with suppress(IndexDamaged, IndexMismatch):
            return self.checked()
        return None

    def checked(self) -> Manifest | None:
        """Read the manifest of the published generation and compare all files with it; `None` where there is none.

        Raises `IndexDamaged`, or `IndexMismatch` for another schema or another Chroma. Nothing is opened.
        """
        name = self.current()
        return self._check(name) if name else None

    def snapshot(self, fingerprint: Mapping[str, str]) -> Snapshot:
        """Open the published generation.

        Raises `IndexMissing`; `IndexMismatch` where it was made with something else than `fingerprint` or by another Chroma;
        `IndexDamaged` where it is damaged and no generation before it can stand in (`Snapshot.note` says when one does).
        """
        damage = damaged("CURRENT", "moves faster than it can be followed")
        for _ in range(5):  # a reader that is overtaken by two publishes finds its generation gone: it looks again
            name = self.current()
            if name is None:
                raise IndexMissing(
                    f"There is no index in {self.place} yet. Run: python ingest.py",
                    f"{self.place}에 아직 색인이 없습니다. 먼저 실행하세요: python ingest.py",
                )
            try:
                return self._open(name, fingerprint)
            except IndexDamaged as error:
                damage = error
            if self.current() == name:
                return self._stand_in(name, damage, fingerprint)
        raise damage

    def _stand_in(self, published: str, damage: IndexDamaged, fingerprint: Mapping[str, str]) -> Snapshot:
        """Open the newest older generation that is whole and was made alike; else raise `damage`."""
        for name in reversed(self._names()):
            if number(name) < number(published):
                with suppress(IndexDamaged, IndexMismatch):
                    snapshot = self._open(name, fingerprint)
                    snapshot.generation, snapshot.note = published, f"{damage} Until then {name}, the index before it, answers."
                    return snapshot
        raise damage

    def vectors(self, fingerprint: Mapping[str, str]) -> Vectors:
        """Read the vectors of the newest generation that has all of `fingerprint` and whose vectors are whole, else `{}`.

        They come by the sha256 of the window's text (UTF-8, hex), float32 of shape (dimension,), bit for bit as published.
        `fingerprint` may be a part of what was published: what the vectors depend on.
        """
        for name in reversed(self._names()):
            with suppress(IndexDamaged, IndexMismatch):
                manifest = self._manifest(name)
                if fingerprint.items() <= manifest.fingerprint.items():
                    return self._vectors(name, manifest)
        return {}

    @contextmanager
    def writer(self, progress: Progress) -> Iterator["Writer"]:
        """Be the one writer during the block; what dead writers left is removed first. Stages: `lock`, `clean`.

        Raises `IndexBusy` within a second where another process writes, `StoreError` where the place cannot be written.
        """
        with self._lock():
            progress("lock", 1, 1)
            with stage(progress, "clean"):
                self._clean()
            yield Writer(self, progress)

    def _next_name(self) -> str:
        """Name the generation after all that are there, and after the published one even where that is gone."""
        current = None
        with suppress(IndexDamaged):
            current = self.current()
        return next_name([*self._names(), *filter(None, [current])])

    def _remove_unpublished(self) -> None:
        """Remove generations that were finished but never pointed to, because their writer died in between."""
        current = None
        with suppress(IndexDamaged):
            current = self.current()
        for name in self._names():
            if current and number(name) > number(current):
                self._remove(name)

    def _collect(self, published: str) -> None:
        """Keep the published generation and the newest whole one before it; remove all others."""
        kept = published
        for name in reversed(self._names()):
            if name == published:
                continue
            if kept == published and self._is_whole(name):
                kept = name
            else:
                self._remove(name)

    def _is_whole(self, name: str) -> bool:
        """Tell whether a generation could stand in."""
        with suppress(IndexDamaged, IndexMismatch):
            self._check(name)
            return True
        return False

    @abstractmethod
    def _names(self) -> list[str]:
        """List all generations that are there, oldest first."""

    @abstractmethod
    def _manifest(self, name: str) -> Manifest:
        """Read the manifest of a generation; `IndexDamaged`, or `IndexMismatch` for another schema."""

    @abstractmethod
    def _check(self, name: str) -> Manifest:
        """Compare a generation with its manifest without opening it; `IndexDamaged` or `IndexMismatch`."""

    @abstractmethod
    def _open(self, name: str, fingerprint: Mapping[str, str]) -> Snapshot:
        """Check and open a generation; `IndexDamaged` or `IndexMismatch`."""

    @abstractmethod
    def _vectors(self, name: str, manifest: Manifest) -> Vectors:
        """Read the vectors of a generation; `IndexDamaged` where they are not what was written."""

    @abstractmethod
    def _lock(self) -> AbstractContextManager[None]:
        """Hold the writer's lock."""

    @abstractmethod
    def _clean(self) -> None:
        """Remove what dead writers left."""

    @abstractmethod
    def _remove(self, name: str) -> None:
        """Delete a generation."""

    @abstractmethod
    def _build(self, contents: Contents, draft: Manifest, progress: Progress) -> Manifest:
        """Build, check and publish a generation; what of it is not published is removed, whatever happens."""


class Writer:
    """The one writer of a store, for as long as the block of `Store.writer` lasts."""

    def __init__(self, store: Store, progress: Progress) -> None:
        """Keep the store, whose lock is held."""
        self._store, self._progress = store, progress

    def known_vectors(self, fingerprint: Mapping[str, str]) -> Vectors:
        """See `Store.vectors`."""
        return self._store.vectors(fingerprint)

    def publish(self, contents: Contents, fingerprint: Mapping[str, str]) -> Manifest:
        """Build a generation of `contents`, check it, and make it the published one; the last two are kept.

        Stages in a folder: `room`, `passages`, `windows`, `vectors`, `hash`, `check`, `manifest`, `sync`, `rename`, `pointer`,
        `collect`; on a server: `passages`, `windows`, `check`, `manifest`, `pointer`, `collect`.

        Raises `StoreError` where there is no room or the disk or the server fails, `IndexDamaged` where the check fails, and
        `ValueError` where `contents` do not fit together. The index that was there is then still there.
        """
        contents.check()
        draft = Manifest(
            schema=SCHEMA,
            product=_product(),
            chroma=installed(),
            fingerprint=dict(fingerprint),
            dimension=contents.vectors.shape[1],
            essays={essay.id: essay.digest for essay in contents.essays},
            passages=len(contents.passages),
            windows=len(contents.windows),
            digest=contents.digest(),
            outline=outline_of(contents.passages, contents.terms, contents.spans),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            files={},
        )
        return self._store._build(contents, draft, self._progress)


def _product() -> str:
    """Look up the version of this program; a clone that is not installed has none."""
    with suppress(PackageNotFoundError):
        return version("dolmen")
    return "unknown"
