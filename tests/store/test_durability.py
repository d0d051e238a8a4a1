"""Crashes, races and damage, with a real Chroma. The same checks fail on a plain Chroma, which shows that they can fail."""

import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.errors import IndexBusy, IndexDamaged, StoreError
from bot.store import Contents, Store, open_store
from tests.marked import FINGERPRINT, Vector, contents, embed, no_progress, publish, snapshot_faults, vector_faults
from tests.ramdisk import fill, ram_folder

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("DOLMEN_KILLS", "20"))
"""The number of random kills; set it higher for a long run."""


def full(*values: object) -> Any:
    """Values of a parameter that only the full run tests."""
    return pytest.param(*values, marks=pytest.mark.full)


@pytest.fixture(scope="module")
def spawn() -> Iterator[Callable[..., tuple[ForkServerProcess, Connection]]]:
    """Start a child that runs `target(connection, *args)`, forked from a process that imported Chroma but never opened it."""
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    chroma = ["chromadb", "chromadb.errors", "chromadb.api.rust", "chromadb.telemetry.product.posthog"]
    context.set_forkserver_preload(["pytest", *chroma, "httpx", "pydantic", "bot.store", "tests.store.test_durability"])
    ensure_running()  # now: its socket must not be in a test's temporary folder
    children: list[ForkServerProcess] = []

    def start(target: Callable[..., None], *args: object) -> tuple[ForkServerProcess, Connection]:
        ours, theirs = context.Pipe()
        child = context.Process(target=target, args=(theirs, *args))
        child.start()
        theirs.close()
        children.append(child)
        return child, ours

    yield start
    for child in children:
        child.kill()
        child.join()


def publish_once(connection: Connection, index: Path, mark: str, crash_at: int) -> None:
    """Publish and send "began" and all progress calls; at call number `crash_at`, exit without any clean-up."""
    calls: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        if not calls:
            connection.send("began")
        calls.append(f"{stage} {done}/{total}")
        if len(calls) == crash_at:
            os._exit(9)

    with open_store(index).writer(progress) as writer:
        writer.publish(contents(mark), FINGERPRINT)
    connection.send(calls)


def marks_in(store: Store) -> set[str]:
    """The marks of the published generation's essays; all that belongs to each mark must be there."""
    snapshot = store.snapshot(FINGERPRINT)
    try:
        assert snapshot.note == ""
        marks = {essay.text.split()[0] for essay in snapshot.essays}
        for mark in marks:
            assert snapshot_faults(snapshot, contents(mark)) == []
        return marks
    finally:
        snapshot.close()


def assert_clean(index: Path, mark: str) -> None:
    """The index is what a first and only run would have made, and the folder holds nothing else."""
    store, expected = open_store(index), contents(mark)
    name, manifest = store.current(), store.usable()
    assert name is not None
    assert manifest is not None
    assert manifest.digest == expected.digest()
    assert np.array_equal(np.load(index / name / "vectors.npy"), expected.vectors)
    assert marks_in(store) == {mark}
    generations = sorted((path.name for path in index.glob("gen-*")), key=lambda path: int(path[4:]))
    assert name == generations[-1]
    assert len(generations) <= 2
    assert {path.name for path in index.iterdir()} == {"CURRENT", "LOCK", *generations}


@pytest.mark.parametrize("every_call", [False, full(True)], ids=["each stage", "each progress call"])
def test_a_crash_at_any_stage_leaves_the_old_or_the_new_generation(every_call: bool, tmp_path: Path, spawn: Any) -> None:
    index = tmp_path / "index"
    publish(open_store(index), contents("first"))
    child, connection = spawn(publish_once, index, "first", 0)
    assert connection.recv() == "began"
    calls = connection.recv()
    child.join()
    stages = [call.split()[0] for call in calls]
    assert len(set(stages)) == 13
    before = "first"
    for number, call in enumerate(calls, 1):
        if not every_call and stages[number - 1] in stages[: number - 1]:
            continue
        after = f"crash{number}"
        child, _ = spawn(publish_once, index, after, number)
        child.join()
        assert child.exitcode == 9
        is_published = calls.index("pointer 1/1") < number
        assert marks_in(open_store(index)) == {after if is_published else before}, call
        publish(open_store(index), contents(after))
        assert_clean(index, after)
        before = after


def read_repeatedly(connection: Connection, index: Path) -> None:
    """Query all windows again and again until a message arrives; send the numbers of reads and of openings, and all faults."""
    store = open_store(index)
    snapshot, reads, opened, faults = store.snapshot(FINGERPRINT), 0, 1, list[str]()
    while not connection.poll(0.002):
        name = store.current()
        if name != snapshot.generation or reads % 25 == 24:
            snapshot, opened = store.snapshot(FINGERPRINT), opened + 1
        mark_by_passage = {passage.id: passage.text.split()[0] for passage in snapshot.passages}
        pairs = snapshot.nearest(embed(str(reads)), 1000)
        marks = [mark_by_passage.get(snapshot.windows[place].passage, "foreign") for place, _ in pairs]
        if len(marks) != 24 or len(set(marks)) != 1 or snapshot.note:
            faults.append(f"{snapshot.generation}: {len(marks)} windows of {set(marks)} {snapshot.note}")
        reads += 1
    snapshot.close()
    connection.send((reads, opened, faults))


def test_random_kills_of_a_writer_never_show_a_reader_lost_or_mixed_contents(
    tmp_path: Path, spawn: Any, record_testsuite_property: Callable[[str, object], None]
) -> None:
    index, chance = tmp_path / "index", random.Random(7)
    publish(open_store(index), contents("first"))
    reader, reading = spawn(read_repeatedly, index)
    child, connection = spawn(publish_once, index, "timing", 0)
    connection.recv()
    began = time.monotonic()
    connection.recv()
    duration, before, kills, midway = time.monotonic() - began, "timing", 0, 0
    while kills < KILLS or midway < KILLS * 0.6 and kills < 3 * KILLS:
        after = f"kill{kills}"
        child, connection = spawn(publish_once, index, after, 0)
        assert connection.recv() == "began"
        time.sleep(chance.uniform(0, 1.1 * duration))
        child.kill()
        child.join()
        is_midway = child.exitcode == -signal.SIGKILL
        duration *= 1.04 if is_midway else 0.9  # follow the load of the machine, so that kills are spread over the whole publish
        kills, midway = kills + 1, midway + is_midway
        assert marks_in(open_store(index)) <= {before, after}
        publish(open_store(index), contents(after))
        assert_clean(index, after)
        before = after
    reading.send("stop")
    reads, opened, faults = reading.recv()
    for name, value in {"kills": kills, "midway": midway, "reads": reads, "opened": opened, "faults": len(faults)}.items():
        record_testsuite_property(name, value)
    reader.join()
    assert faults == []
    assert reads >= 20 * KILLS
    assert opened >= KILLS
    assert midway >= KILLS * 0.6


def publish_many_windows(connection: Connection, index: Path) -> None:
    """Publish so many windows that Chroma writes its graph files during the build."""
    connection.send("began")
    publish(open_store(index), contents("many", essays=10, passages=10, windows=22))


@pytest.mark.parametrize("kills", [1, full(4)])
def test_a_kill_while_chroma_writes_its_graph_damages_only_the_draft(kills: int, tmp_path: Path, spawn: Any) -> None:
    index = tmp_path / "index"
    publish(open_store(index), contents("old"))
    for _ in range(kills):
        child, connection = spawn(publish_many_windows, index)
        connection.recv()
        wait_for_flush(index / "gen-2.tmp" / "chroma", child, 3)  # two flushes create the graphs; the third is within the build
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert (index / "gen-2.tmp").is_dir()
        assert marks_in(open_store(index)) == {"old"}
    publish(open_store(index), contents("new"))
    assert_clean(index, "new")


def race(connection: Connection, index: Path) -> None:
    """On a message, try to be the writer; report the lock or the refusal. With the lock, publish on the next message."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "lock":
            connection.send(("holds", os.getpid()))
            connection.recv()

    connection.send("ready")
    connection.recv()
    began = time.monotonic()
    try:
        with open_store(index).writer(progress) as writer:
            writer.publish(contents("race"), FINGERPRINT)
        connection.send(("published", 0))
    except IndexBusy as error:
        connection.send(("busy", (str(error), error.exit_code, time.monotonic() - began)))


@pytest.mark.parametrize("rounds", [2, full(10)])
def test_of_two_writers_one_runs_and_the_other_names_it(rounds: int, tmp_path: Path, spawn: Any) -> None:
    index = tmp_path / "index"
    for number in range(rounds):
        racers = [spawn(race, index) for _ in range(2)]
        for _, connection in racers:
            assert connection.recv() == "ready"
        for _, connection in racers:
            connection.send("go")
        answers = sorted((connection.recv(), child.pid, place) for place, (child, connection) in enumerate(racers))
        (busy, (message, code, seconds)), (holds, pid) = answers[0][0], answers[1][0]
        assert (busy, holds, code) == ("busy", "holds", 75)
        assert f"({pid}, since 2" in message
        assert seconds < 2
        holder, connection = racers[answers[1][2]]
        if number % 2:
            connection.send("go on")
            assert connection.recv() == ("published", 0)
        else:
            os.kill(pid, signal.SIGKILL)
            holder.join()
            publish(open_store(index), contents("race"))
        assert_clean(index, "race")


def publish_on_request(connection: Connection, index: Path) -> None:
    """Publish one generation for each mark received; an empty mark ends it."""
    while mark := connection.recv():
        publish(open_store(index), contents(mark))
        connection.send(mark)


@pytest.mark.parametrize("publishes", [3, full(10)])
def test_a_reader_sees_each_publish_of_another_process_at_its_next_query(publishes: int, tmp_path: Path, spawn: Any) -> None:
    store = open_store(tmp_path / "index")
    _, writer = spawn(publish_on_request, tmp_path / "index")
    previous = None
    names: list[str | None] = [store.current()]
    for number in range(publishes):
        writer.send(f"mark{number}")
        writer.recv()
        names.append(store.current())
        snapshot = store.snapshot(FINGERPRINT)
        assert snapshot.generation == names[-1]
        assert snapshot_faults(snapshot, contents(f"mark{number}")) == []
        if previous is not None:  # an answer that is still being made can go on with its generation
            assert snapshot_faults(previous, contents(f"mark{number - 1}")) == []
        previous = snapshot
    writer.send("")
    assert names == [None, *(f"gen-{number}" for number in range(1, publishes + 1))]


# Damage


@pytest.fixture(scope="module")
def large() -> Iterator[tuple[Path, Contents]]:
    """Two generations, the second of 1,200 windows: more than Chroma keeps in its log, so that its graph files exist."""
    with ram_folder() as index:
        published = contents("large", essays=10, passages=10, windows=12)
        publish(open_store(index), contents("old"))
        publish(open_store(index), published)
        yield index, published


def flip_bit(path: Path, place: float) -> None:
    """Change one bit; `place` is 0 for the first byte and 1 for the last."""
    data = bytearray(path.read_bytes())
    data[min(int(len(data) * place), len(data) - 1)] ^= 0x40
    path.write_bytes(data)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "first byte": lambda path: flip_bit(path, 0),
    "middle byte": lambda path: flip_bit(path, 0.5),
    "last byte": lambda path: flip_bit(path, 1),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "sparse, 311 GB": lambda path: os.truncate(path, 311_000_000_000),
    "missing": lambda path: path.unlink(),
    "a folder": replace_by_folder,
}
NEEDS_BYTES = {"first byte", "middle byte", "last byte", "cut", "emptied"}
SAMPLED = {"middle byte", "cut", "missing"}


@pytest.mark.parametrize("damage", [name if name in SAMPLED else full(name) for name in DAMAGE])
def test_damage_to_any_file_is_found_when_the_index_is_opened(damage: str, large: tuple[Path, Contents], tmp_path: Path) -> None:
    index, _ = large
    files = sorted(path.relative_to(index / "gen-2").as_posix() for path in (index / "gen-2").rglob("*") if path.is_file())
    graph = ["data_level0.bin", "header.bin", "length.bin", "link_lists.bin"]
    others = ["chroma.sqlite3", "index_metadata.pickle", "keys.json", "manifest.json", "vectors.npy"]
    assert sorted(Path(file).name for file in files) == sorted(graph * 2 + others)  # Chroma keeps one graph unused
    for number, file in enumerate(files):
        if damage in NEEDS_BYTES and not (index / "gen-2" / file).stat().st_size:
            continue
        copy = tmp_path / str(number)
        shutil.copytree(index, copy)
        DAMAGE[damage](copy / "gen-2" / file)
        store = open_store(copy)
        snapshot = store.snapshot(FINGERPRINT)
        assert (snapshot.generation, snapshot.opened) == ("gen-2", "gen-1")
        assert f"gen-2/{file}" in snapshot.note
        assert "python -m bot doctor --repair" in snapshot.note
        assert snapshot_faults(snapshot, contents("old")) == []
        snapshot.close()
        shutil.rmtree(copy / "gen-1")
        with pytest.raises(IndexDamaged, match=rf"gen-2/{file}.* Run: python -m bot doctor --repair$"):
            store.snapshot(FINGERPRINT)
        assert store.usable() is None
        shutil.rmtree(copy)


@pytest.mark.parametrize("file", ["vectors.npy", "../CURRENT", full("manifest.json"), full("chroma/chroma.sqlite3")])
def test_another_ingest_repairs_any_damage(file: str, large: tuple[Path, Contents], tmp_path: Path) -> None:
    original, published = large
    index = tmp_path / "index"
    shutil.copytree(original, index)
    flip_bit(index / "gen-2" / file, 0)
    with open_store(index).writer(no_progress) as writer:
        known = writer.known_vectors(FINGERPRINT)
        writer.publish(published, FINGERPRINT)
    # Vectors are reused unless their file or the manifest with its checksum is damaged; then those of the generation before are.
    assert len(known) == (24 if file in {"manifest.json", "vectors.npy"} else 1200)
    assert (index / "CURRENT").read_text() == "gen-3\n"
    snapshot = open_store(index).snapshot(FINGERPRINT)
    assert (snapshot.note, snapshot.manifest.digest) == ("", published.digest())
    snapshot.close()
    fallback = "gen-2" if file == "../CURRENT" else "gen-1"  # never the damaged one
    assert {path.name for path in index.iterdir()} == {"CURRENT", "LOCK", fallback, "gen-3"}


def test_the_manifest_describes_the_contents(large: tuple[Path, Contents]) -> None:
    index, published = large
    manifest = json.loads((index / "gen-2" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["digest"] == published.digest()
    assert manifest["essays"] == {essay.id: essay.digest for essay in published.essays}
    assert (manifest["passages"], manifest["windows"], manifest["dimension"]) == (100, 1200, 64)


# Full and read-only disks


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A separate disk of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here: that needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_at_any_point_leaves_the_old_index(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, ballast = disk / "index", disk / "ballast"
    publish(open_store(index), contents("old"))
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - 3_000_000))
    with pytest.raises(StoreError, match=rf"{index} has \d+ bytes free, and a new index needs \d+\."):
        publish(open_store(index), contents("new"))
    ballast.unlink()
    monkeypatch.setattr("bot.store.folder.require_free_space", lambda path, needed: None)
    before = "old"
    for free in (0, 4096, 50_000, 100_000, 150_000, 200_000, 250_000, 280_000):  # a generation needs 290,000
        generations = {path.name for path in index.iterdir()}
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - free))
        with pytest.raises(StoreError, match=rf"{index} cannot be written: .*\(\d+ bytes are free\).*BOT_INDEX"):
            publish(open_store(index), contents(f"new{free}"))
        assert marks_in(open_store(index)) == {before}  # while the disk is full
        assert {path.name for path in index.iterdir()} == generations
        ballast.unlink()
        before = f"new{free}"
        publish(open_store(index), contents(before))
        assert_clean(index, before)


def test_a_read_only_disk_can_be_read_and_a_writer_reports_it(disk: Path) -> None:
    index = disk / "index"
    publish(open_store(index), contents("old"))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert marks_in(open_store(index)) == {"old"}
    assert open_store(index).usable() is not None
    with pytest.raises(StoreError, match=rf"{index} cannot be written: Read-only file system .*BOT_INDEX"):
        publish(open_store(index), contents("new"))


def test_a_reader_reports_that_the_disk_of_its_private_copy_is_full(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(open_store(tmp_path / "index"), contents("old"))
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    for free in (0, 100_000):
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - free))
        with pytest.raises(StoreError, match=rf"{disk} cannot be written: .*\(\d+ bytes are free\).*TMPDIR"):
            open_store(tmp_path / "index").snapshot(FINGERPRINT)
        assert [path.name for path in disk.iterdir()] == ["ballast"]
        (disk / "ballast").unlink()
    assert marks_in(open_store(tmp_path / "index")) == {"old"}


# A plain Chroma, used as in tutorials, fails the same checks.


def plain_vectors() -> dict[str, Vector]:
    """1,200 vectors by name."""
    return {f"item-{number}": embed(f"item {number}") for number in range(1200)}


def open_plain(folder: Path, sync_threshold: int) -> Any:
    """Open a collection without the store."""
    import chromadb

    configuration = {"hnsw": {"space": "cosine", "sync_threshold": sync_threshold, "batch_size": min(100, sync_threshold)}}
    client = chromadb.PersistentClient(str(folder))
    return client.get_or_create_collection("plain", embedding_function=None, configuration=configuration)  # type: ignore[arg-type]


def plain_faults(collection: Any, vectors: dict[str, Vector]) -> list[str]:
    """`vector_faults` of a plain collection."""

    def nearest(vector: Vector) -> str:
        ids = collection.query(query_embeddings=vector[np.newaxis], n_results=1, include=[])["ids"][0]
        return str(ids[0]) if ids else ""

    return vector_faults(vectors, collection.count(), nearest)


def write_plain(connection: Connection, folder: Path, sync_threshold: int) -> None:
    """Write all vectors into the collection in place, batch by batch."""
    collection, vectors = open_plain(folder, sync_threshold), plain_vectors()
    connection.send("began")
    names = list(vectors)
    for start in range(0, len(names), 100):
        batch = names[start : start + 100]
        collection.upsert(ids=batch, embeddings=np.stack([vectors[name] for name in batch]))
    connection.send("done")


def read_plain(connection: Connection, folder: Path) -> None:
    """Write the first hundred vectors and check them; on a message, check all."""
    vectors = plain_vectors()
    first = dict(list(vectors.items())[:100])
    collection = open_plain(folder, 1000)
    collection.upsert(ids=list(first), embeddings=np.stack(list(first.values())))
    connection.send(plain_faults(collection, first))
    connection.recv()
    connection.send((collection.count(), plain_faults(collection, vectors)))


def rewrite_and_read_plain(connection: Connection, folder: Path) -> None:
    """Write all vectors again and send what is still missing."""
    from chromadb.errors import ChromaError

    try:
        write_plain(connection, folder, 100)
        connection.send(plain_faults(open_plain(folder, 100), plain_vectors()))
    except ChromaError as error:
        connection.send([f"broken: {error}"])


def wait_for_flush(folder: Path, child: ForkServerProcess, flushes: int) -> None:
    """Wait until Chroma began to write a graph below `folder` for the given number of times."""
    times = {0}
    while child.is_alive() and len(times) <= flushes:
        with suppress(FileNotFoundError):
            times |= {path.stat().st_mtime_ns for path in folder.glob("*/data_level0.bin")}


def answer_plain(connection: Connection, folder: Path) -> None:
    """Open the collection and send what is missing in it, or the error."""
    from chromadb.errors import ChromaError

    try:
        connection.send(plain_faults(open_plain(folder, 1000), plain_vectors()))
    except (ChromaError, AttributeError) as error:  # the second is chromadb's own clean-up after it could not open
        connection.send([f"{type(error).__name__}: {error}"])


def asked(spawn: Any, folder: Path) -> list[str]:
    """What is wrong with the answers of a plain Chroma in a new process: missing vectors, an error, its death, or 20 s of silence."""
    child, connection = spawn(answer_plain, folder)
    try:
        if not connection.poll(20):
            return ["silent"]
        return list(connection.recv())
    except EOFError:
        child.join()
        return [f"died: {child.exitcode}"]
    finally:
        child.kill()


def test_with_a_plain_chroma_a_full_disk_cannot_even_be_read(disk: Path, spawn: Any) -> None:
    folder = disk / "plain"
    child, writing = spawn(write_plain, folder, 1000)
    assert [writing.recv(), writing.recv()] == ["began", "done"]
    child.join()
    assert asked(spawn, folder) == []
    fill(disk / "ballast")
    assert asked(spawn, folder) != []


def test_with_a_plain_chroma_a_read_only_disk_cannot_be_read(disk: Path, spawn: Any) -> None:
    folder = disk / "plain"
    child, writing = spawn(write_plain, folder, 1000)
    assert [writing.recv(), writing.recv()] == ["began", "done"]
    child.join()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert asked(spawn, folder) != []


@pytest.mark.full
def test_with_a_plain_chroma_some_damage_gives_wrong_answers_or_kills_the_process(tmp_path: Path, spawn: Any) -> None:
    """Damage that a plain Chroma reports as such is not counted."""
    _, writing = spawn(write_plain, tmp_path / "plain", 1000)
    assert [writing.recv(), writing.recv()] == ["began", "done"]
    files = [path.relative_to(tmp_path / "plain") for path in sorted((tmp_path / "plain").rglob("*")) if path.is_file()]
    assert len(files) >= 6
    harm: dict[str, str] = {}
    for file in files:
        for name in sorted(NEEDS_BYTES | {"missing"}):
            if not (tmp_path / "plain" / file).stat().st_size:
                continue
            copy = tmp_path / "copy"
            shutil.copytree(tmp_path / "plain", copy)
            DAMAGE[name](copy / file)
            faults = asked(spawn, copy)
            if faults and not re.match(r"\w*Error: ", faults[0]):
                harm[f"{file.name}, {name}"] = f"{faults[0]} and {len(faults) - 1} more"
            shutil.rmtree(copy)
    assert len(harm) >= 3, harm


@pytest.mark.full
def test_with_a_plain_chroma_a_reader_never_sees_what_is_written_after_it_opened(tmp_path: Path, spawn: Any) -> None:
    _, reading = spawn(read_plain, tmp_path)
    assert reading.recv() == []
    _, writing = spawn(write_plain, tmp_path, 1000)
    assert [writing.recv(), writing.recv()] == ["began", "done"]
    reading.send("check all")
    count, missing = reading.recv()
    assert count == 1200
    assert len(missing) == 1100  # counted, but not found


@pytest.mark.full
def test_with_a_plain_chroma_a_kill_during_a_flush_damages_the_index_for_good(tmp_path: Path, spawn: Any) -> None:
    chance, began, kills = random.Random(7), time.monotonic(), 0
    while kills < 60 and time.monotonic() - began < 40:
        folder = tmp_path / str(kills)
        child, connection = spawn(write_plain, folder, 100)
        connection.recv()
        wait_for_flush(folder, child, chance.randint(2, 8))
        child.kill()
        child.join()
        kills += 1
        child, connection = spawn(rewrite_and_read_plain, folder)
        answers: list[Any] = []
        with suppress(EOFError):  # it died
            while connection.poll(10) and len(answers) < 3:
                answers.append(connection.recv())
        if answers != ["began", "done", []]:
            return
        child.join()
        shutil.rmtree(folder)
    pytest.skip(f"{kills} kills did no damage this time; the test of the reader above shows that the check can fail")
