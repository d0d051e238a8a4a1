"""An ingest that is killed goes on where it was: its vectors are kept by batch, and whatever is wrong with the files loses nothing else."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.indexing.build import build_index
from bot.indexing.saved_vectors import MIN_WINDOWS, SavedVectors
from bot.settings import Settings
from bot.store import open_store
from bot.store.manifest import Vectors
from tests.indexing.test_ingest import paragraphs
from tests.models.test_download import read_only
from tests.toys import ToyEmbedder

FILES, WINDOWS = 60, 60 * 4 * 5  # each of four passages, each of which is a window beside its four sentences
FINGERPRINT = ToyEmbedder().fingerprint
CHILD = """
import os, signal, sys
from pathlib import Path
from bot.indexing.build import build_index
from bot.settings import Settings
from tests.toys import ToyEmbedder

class Killed(ToyEmbedder):
    batches = 0

    def encode_passages(self, texts, *rest):
        Killed.batches += 1
        if Killed.batches > int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_passages(texts, *rest)

build_index(Settings.load(), embedder=Killed(cache=Path(sys.argv[1])))
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a folder of essays, in the environment, too. There is no index yet."""
    corpus = tmp_path / "essays"
    corpus.mkdir()
    for number in range(FILES):
        (corpus / f"{number:02}.md").write_text(paragraphs(f"{number}th", 4), encoding="utf-8")
    monkeypatch.setenv("BOT_CORPUS", str(corpus))
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "index"))
    return Settings.load()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def kept(cache: Path) -> Vectors:
    return SavedVectors(cache, FINGERPRINT).read()


def run_until_killed(cache: Path, batches: int) -> None:
    """An ingest in a process of its own, which is killed before it embeds its next batch."""
    command = [sys.executable, "-c", CHILD, str(cache), str(batches)]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr


def vectors_of(settings: Settings) -> Vectors:
    return open_store(settings.index).vectors(FINGERPRINT)


def as_bytes(vectors: Vectors) -> dict[str, bytes]:
    return {key: vector.tobytes() for key, vector in vectors.items()}


def test_after_a_kill_only_what_is_left_is_embedded(settings: Settings, cache: Path, tmp_path: Path) -> None:
    run_until_killed(cache, batches=10)
    saved = kept(cache)
    assert MIN_WINDOWS <= len(saved) < WINDOWS
    assert open_store(settings.index).current() is None
    toy = ToyEmbedder(cache=cache)
    report = build_index(settings, embedder=toy)
    assert (report.added, report.embedded, toy.embedded) == (FILES, WINDOWS - len(saved), WINDOWS - len(saved))
    assert kept(cache) == {}
    assert not list(cache.rglob("*.npz"))
    whole = settings.model_copy(update={"index": tmp_path / "whole"})
    build_index(whole, embedder=ToyEmbedder())
    assert as_bytes(vectors_of(settings)) == as_bytes(vectors_of(whole))
    assert len(vectors_of(whole)) == WINDOWS


def test_after_several_kills_it_still_gets_on(settings: Settings, cache: Path) -> None:
    counts = []
    for _ in range(2):
        run_until_killed(cache, batches=6)
        counts.append(len(kept(cache)))
    assert 0 < counts[0] < counts[1] < WINDOWS
    assert build_index(settings, embedder=ToyEmbedder(cache=cache)).embedded == WINDOWS - counts[1]


def test_raw_twin_without_kept_vectors_all_is_embedded_again(settings: Settings, cache: Path) -> None:
    run_until_killed(cache, batches=10)
    assert kept(cache)
    toy = ToyEmbedder()  # its cache cannot hold anything
    build_index(settings, embedder=toy)
    assert toy.embedded == WINDOWS


def test_an_embedder_uses_only_what_it_made_itself(settings: Settings, cache: Path) -> None:
    run_until_killed(cache, batches=10)
    other = ToyEmbedder("2", cache=cache)
    build_index(settings, embedder=other)
    assert other.embedded == WINDOWS
    assert kept(cache)  # and the first one's are still there


def test_an_essay_that_changed_in_the_meantime_is_embedded_as_it_is_now(settings: Settings, cache: Path) -> None:
    run_until_killed(cache, batches=10)
    for path in settings.corpus.iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace("moved", "left"), encoding="utf-8")
    toy = ToyEmbedder(cache=cache)
    build_index(settings, embedder=toy)
    assert toy.embedded == WINDOWS
    whole = settings.model_copy(update={"index": cache / "whole"})
    build_index(whole, embedder=ToyEmbedder())
    assert as_bytes(vectors_of(settings)) == as_bytes(vectors_of(whole))


# The files


def rows(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


def test_vectors_are_written_some_hundreds_at_a_time_and_read_bit_for_bit(cache: Path) -> None:
    saved, first, second = SavedVectors(cache, FINGERPRINT), rows(MIN_WINDOWS - 1), rows(3, 1)
    saved.add([f"a{number}" for number in range(MIN_WINDOWS - 1)], first)
    assert kept(cache) == {}
    saved.add(["b0", "b1", "b2"], second)
    read = kept(cache)
    assert list(read) == [*(f"a{number}" for number in range(MIN_WINDOWS - 1)), "b0", "b1", "b2"]
    assert np.stack(list(read.values())).tobytes() == np.concatenate([first, second]).tobytes()
    saved.add(["c"], rows(1))
    assert len(kept(cache)) == MIN_WINDOWS + 2
    saved.clear()
    assert kept(cache) == {}


def npz(**arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()


WHOLE = npz(keys=np.array(["x", "y"]), rows=rows(2))
FAULTS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"these are no vectors",
    "cut off": lambda: WHOLE[:-40],
    "half": lambda: WHOLE[: len(WHOLE) // 2],
    "a changed byte": lambda: WHOLE.replace(rows(2).tobytes(), bytes(len(rows(2).tobytes()))),
    "no keys": lambda: npz(rows=rows(2)),
    "no rows": lambda: npz(keys=np.array(["x"])),
    "fewer rows": lambda: npz(keys=np.array(["x", "y"]), rows=rows(1)),
    "one row": lambda: npz(keys=np.array(["x", "y", "z"]), rows=rows(1)[0]),
    "another type": lambda: npz(keys=np.array(["x", "y"]), rows=rows(2).astype(np.float64)),
    "a key alone": lambda: npz(keys=np.array("x"), rows=rows(1)),
    "pickled": lambda: npz(keys=np.array(["x", {}], dtype=object), rows=rows(2)),
    "an array": lambda: _npy(rows(2)),
}


def _npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_whole_or_not_ours_is_passed_over(fault: str, cache: Path) -> None:
    SavedVectors(cache, FINGERPRINT).add([f"a{number}" for number in range(MIN_WINDOWS)], rows(MIN_WINDOWS))
    (file,) = cache.rglob("*.npz")
    assert fault == "a changed byte" or FAULTS[fault]() != WHOLE
    for name in ("0.npz", "zz.npz", ".partial.npz"):
        file.with_name(name).write_bytes(FAULTS[fault]())
    assert list(kept(cache)) == [f"a{number}" for number in range(MIN_WINDOWS)]


def test_raw_twin_a_whole_file_is_read(cache: Path) -> None:
    SavedVectors(cache, FINGERPRINT).add(["a"] * MIN_WINDOWS, rows(MIN_WINDOWS))
    (file,) = cache.rglob("*.npz")
    file.with_name("0.npz").write_bytes(WHOLE)
    assert kept(cache).keys() == {"a", "x", "y"}


def test_a_folder_in_place_of_a_file_is_passed_over(cache: Path) -> None:
    saved = SavedVectors(cache, FINGERPRINT)
    saved.add([f"a{number}" for number in range(MIN_WINDOWS)], rows(MIN_WINDOWS))
    (file,) = cache.rglob("*.npz")
    file.with_name("b.npz").mkdir()
    assert len(kept(cache)) == MIN_WINDOWS


@pytest.fixture
def writable(tmp_path: Path) -> Path:
    """A cache in a folder that every user may enter."""
    tmp_path.chmod(0o755)
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def test_a_read_only_cache_keeps_nothing_and_is_no_error(writable: Path) -> None:
    saved = SavedVectors(writable, FINGERPRINT)
    with read_only(writable):
        saved.add([f"a{number}" for number in range(MIN_WINDOWS)], rows(MIN_WINDOWS))
        assert saved.read() == {}
        saved.clear()
    assert list(writable.iterdir()) == []


def test_a_disk_that_fills_up_is_no_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    saved = SavedVectors(cache, FINGERPRINT)
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        saved.add([f"a{number}" for number in range(MIN_WINDOWS)], rows(MIN_WINDOWS))
    assert kept(cache) == {}
    saved.add([f"b{number}" for number in range(MIN_WINDOWS)], rows(MIN_WINDOWS))
    assert len(kept(cache)) == MIN_WINDOWS
