"""The interface and the shared logic of every store: snapshots for readers, one writer at a time. Independent of Chroma."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any

from bot.errors import IndexDamaged, IndexMismatch, IndexMissing, StoreError
from bot.messages import damage, index_errors
from bot.schema import Progress, SplitEssay
from bot.store.chroma import installed
from bot.store.disk import damaged
from bot.store.generations import next_name, number
from bot.store.manifest import SCHEMA, Contents, Manifest, Vectors, outline_of
from bot.store.snapshot import Snapshot


@contextmanager
def stage(progress: Progress, name: str) -> Iterator[None]:
    """Report the beginning and the end of a stage that has one step."""
    progress(name, 0, 1)
    yield
    progress(name, 1, 1)


class Store(ABC):
    """Where an index is stored. Readers call `current`, `manifest` and `snapshot`; an ingest calls `usable` and `writer`.

    `place` is the folder or address, as shown in errors.
    """

    place: str

    @abstractmethod
    def current(self) -> str | None:
        """Read the name of the published generation. One small read, made for every question.

        Returns `None` where nothing is published; raises `IndexDamaged` where the pointer holds no valid name.
        """

    def manifest(self) -> Manifest | None:
        """Read the manifest of the published generation; `None` where nothing is published. Its files are not checked.

        Raises `IndexDamaged`, or `IndexMismatch` for another schema.
        """
        name = self.current()
        return self._manifest(name) if name else None

    def usable(self) -> Manifest | None:
        """Read the manifest of the published generation if that is intact and was written by this version of Chroma, else `None`.

        An ingest compares the essays with it. Where it is `None`, everything is rebuilt, although vectors may still be reused.
        """
        with suppress(IndexDamaged, IndexMismatch):
            return self.checked()
        return None

    def checked(self) -> Manifest | None:
        """Read the manifest of the published generation and compare all files with it; `None` where nothing is published.

        Raises `IndexDamaged`, or `IndexMismatch` for another schema or another version of Chroma. Nothing is opened.
        """
        name = self.current()
        return self._check(name) if name else None

    def snapshot(self, fingerprint: Mapping[str, str]) -> Snapshot:
        """Open the published generation.

        Raises `IndexMissing`; `IndexMismatch` where it was made with another fingerprint or another version of Chroma;
        `IndexDamaged` where it is damaged and no older generation can be used instead (`Snapshot.note` says when one is).
        """
        fault = damaged("CURRENT", damage.CHANGING)
        for _ in range(5):  # two publishes while a reader opens a generation remove that generation: try again
            name = self.current()
            if name is None:
                raise IndexMissing(index_errors.NO_INDEX.format(place=self.place))
            try:
                return self._open(name, fingerprint)
            except IndexDamaged as error:
                fault = error
            if self.current() == name:
                return self._open_fallback(name, fault, fingerprint)
        raise fault

    def _open_fallback(self, published: str, fault: IndexDamaged, fingerprint: Mapping[str, str]) -> Snapshot:
        """Open the newest older generation that is intact and has the same fingerprint; raise `fault` where there is none."""
        for name in reversed(self._names()):
            if number(name) < number(published):
                with suppress(IndexDamaged, IndexMismatch):
                    snapshot = self._open(name, fingerprint)
                    snapshot.generation = published
                    snapshot.note = str(index_errors.PREVIOUS_IS_USED.format(damage=fault.message, name=name))
                    return snapshot
        raise fault

    def vectors(self, fingerprint: Mapping[str, str]) -> Vectors:
        """Read the vectors of the newest generation whose fingerprint includes `fingerprint` and whose vectors are intact, else `{}`.

        The keys are the sha256 of each window's text (UTF-8, hex); the values are float32 of shape (dimension,), bit for bit as
        published. `fingerprint` may be part of a published one: only what the vectors depend on.
        """
        for name in reversed(self._names()):
            with suppress(IndexDamaged, IndexMismatch):
                manifest = self._manifest(name)
                if fingerprint.items() <= manifest.fingerprint.items():
                    return self._vectors(name, manifest)
        return {}

    def splits(self, fingerprint: Mapping[str, str]) -> dict[str, SplitEssay]:
        """Read what each essay of the published index was split into, by the essay's digest.

        Empty where nothing is published, where it was made with another fingerprint, and where it cannot be read.
        """
        with suppress(StoreError), closing(self.snapshot(fingerprint)) as snapshot:
            return snapshot.splits()
        return {}

    @contextmanager
    def writer(self, progress: Progress) -> Iterator["Writer"]:
        """Hold the writer's lock during the block; remains of writers that died are removed first. Stages: `lock`, `clean`.

        Raises `IndexBusy` within a second where another process is writing, `StoreError` where the place cannot be written.
        """
        with self._lock():
            progress("lock", 1, 1)
            with stage(progress, "clean"):
                self._clean()
            yield Writer(self, progress)

    def _next_name(self) -> str:
        """Return a name with a higher number than every existing generation and the published one, even where that is missing."""
        current = None
        with suppress(IndexDamaged):
            current = self.current()
        return next_name([*self._names(), *filter(None, [current])])

    def _remove_unpublished(self) -> None:
        """Remove generations that were finished but not published, because their writer died before it moved the pointer."""
        current = None
        with suppress(IndexDamaged):
            current = self.current()
        for name in self._names():
            if current and number(name) > number(current):
                self._remove(name)

    def _collect(self, published: str) -> None:
        """Keep the published generation and the newest intact one before it; remove all others."""
        fallback = published
        for name in reversed(self._names()):
            if name == published:
                continue
            if fallback == published and self._is_intact(name):
                fallback = name
            else:
                self._remove(name)

    def _is_intact(self, name: str) -> bool:
        """Whether a generation could replace a damaged one."""
        with suppress(IndexDamaged, IndexMismatch):
            self._check(name)
            return True
        return False

    @abstractmethod
    def _names(self) -> list[str]:
        """List all existing generations, oldest first."""

    @abstractmethod
    def _manifest(self, name: str) -> Manifest:
        """Read the manifest of a generation. Raises `IndexDamaged`, or `IndexMismatch` for another schema."""

    @abstractmethod
    def _check(self, name: str) -> Manifest:
        """Compare a generation with its manifest without opening it. Raises `IndexDamaged` or `IndexMismatch`."""

    @abstractmethod
    def _open(self, name: str, fingerprint: Mapping[str, str]) -> Snapshot:
        """Check and open a generation. Raises `IndexDamaged` or `IndexMismatch`."""

    @abstractmethod
    def _vectors(self, name: str, manifest: Manifest) -> Vectors:
        """Read the vectors of a generation. Raises `IndexDamaged` where they are not what was written."""

    @abstractmethod
    def _lock(self) -> AbstractContextManager[None]:
        """Hold the writer's lock."""

    @abstractmethod
    def _clean(self) -> None:
        """Remove what writers that died left behind."""

    @abstractmethod
    def _remove(self, name: str) -> None:
        """Delete a generation."""

    @abstractmethod
    def _unpoint(self) -> None:
        """Remove the pointer to the published generation, so that nothing is published."""

    @abstractmethod
    def _build(self, contents: Contents, draft: Manifest, progress: Progress) -> Manifest:
        """Build, check and publish a generation. Where that fails, whatever was built is removed."""


class Writer:
    """The one writer of a store, valid inside the block of `Store.writer`."""

    def __init__(self, store: Store, progress: Progress) -> None:
        """Write into `store`, whose lock is held."""
        self._store, self._progress = store, progress

    def known_vectors(self, fingerprint: Mapping[str, str]) -> Vectors:
        """See `Store.vectors`."""
        return self._store.vectors(fingerprint)

    def withdraw(self) -> None:
        """Remove the index: first the pointer, so that no reader sees a part of it, then all generations."""
        self._store._unpoint()
        for name in self._store._names():
            self._store._remove(name)

    def publish(
        self,
        contents: Contents,
        fingerprint: Mapping[str, str],
        roots: Sequence[str] = (),
        paths: Mapping[str, str] = MappingProxyType({}),
        analogies: Sequence[dict[str, Any]] = (),
        embedder: str = "",
        summaries: Mapping[str, Sequence[tuple[int, int, int]]] = MappingProxyType({}),
    ) -> Manifest:
        """Build a generation of `contents`, check it and publish it; the last two generations are kept.

        `roots` and `paths` say where the essays come from, `analogies` are their map, `embedder` is a name,
        `summaries` are their key sentences: see `Manifest`.

        Stages in a folder: `space`, `passages`, `windows`, `vectors`, `hash`, `check`, `manifest`, `sync`, `rename`, `pointer`,
        `collect`; on a server: `passages`, `windows`, `check`, `manifest`, `pointer`, `collect`.

        Raises `StoreError` where the disk is full or the disk or the server fails, `IndexDamaged` where the check fails, and
        `ValueError` where `contents` are inconsistent. The index published before is then unchanged.
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
            roots=list(roots),
            paths=dict(paths),
            analogies=list(analogies),
            embedder=embedder,
            summaries={identity: list(map(list, keys)) for identity, keys in summaries.items()},
        )
        return self._store._build(contents, draft, self._progress)


def _product() -> str:
    """Look up the installed version of this program; "unknown" for a clone that is not installed."""
    with suppress(PackageNotFoundError):
        return version("dolmen")
    return "unknown"
