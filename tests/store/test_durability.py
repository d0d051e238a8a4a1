"""Crashes, races and damage, with a real Chroma: what the store promises, and the raw twins that break the same promise."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.errors import IndexBusy, IndexDamaged, StoreError
from bot.store import Contents, Store, open_store
from tests.marked import FINGERPRINT, Vector, contents, embed, lost, lost_from, publish, quiet

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("DOLMEN_KILLS", "20"))
"""How many random kills: 20 before each commit, more at night."""


@pytest.fixture(scope="module")
def spawn() -> Iterator[Callable[..., tuple[ForkServerProcess, Connection]]]:
    """Start a child that runs `target(connection, *args)`, forked from a process that imported Chroma but never opened it."""
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    preload = ["pytest", "chromadb", "chromadb.errors", "httpx", "pydantic", "bot.store", "tests.store.test_durability"]
    context.set_forkserver_preload(preload)
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
    """Publish, dying without any clean-up at progress call `crash_at`. Says when it began, and each stage it reached."""
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


def marks_of(store: Store) -> set[str]:
    """Open the published generation and list the marks of all that it holds; every part of it must be whole."""
    snapshot = store.snapshot(FINGERPRINT)
    try:
        assert snapshot.note == ""
        marks = {essay.text.split()[0] for essay in snapshot.essays}
        for mark in marks:
            assert lost_from(snapshot, contents(mark)) == []
        return marks
    finally:
        snapshot.close()


def assert_clean(index: Path, mark: str) -> None:
    """After a re-run the index is what a first and only run would have made, and nothing else lies there."""
    store, made = open_store(index), contents(mark)
    name, manifest = store.current(), store.usable()
    assert name is not None
    assert manifest is not None
    assert manifest.digest == made.digest()
    assert np.array_equal(np.load(index / name / "vectors.npy"), made.vectors)
    assert marks_of(store) == {mark}
    generations = sorted((path.name for path in index.glob("gen-*")), key=lambda path: int(path[4:]))
    assert name == generations[-1]
    assert len(generations) <= 2
    assert {path.name for path in index.iterdir()} == {"CURRENT", "LOCK", *generations}


def test_a_crash_at_every_stage_leaves_the_old_generation_or_the_new_one(tmp_path: Path, spawn: Any) -> None:
    index = tmp_path / "index"
    publish(open_store(index), contents("first"))
    child, connection = spawn(publish_once, index, "first", 0)
    assert connection.recv() == "began"
    stages = connection.recv()
    child.join()
    assert len({stage.split()[0] for stage in stages}) == 13
    before = "first"
    for number, stage in enumerate(stages, 1):
        after = f"crash{number}"
        child, _ = spawn(publish_once, index, after, number)
        child.join()
        assert child.exitcode == 9
        published = stages.index("pointer 1/1") < number
        assert marks_of(open_store(index)) == {after if published else before}, stage
        publish(open_store(index), contents(after))
        assert_clean(index, after)
        before = after


def read_on(connection: Connection, index: Path) -> None:
    """Read until told to stop, each time everything there is, and say how it went."""
    store = open_store(index)
    snapshot, reads, opened, faults = store.snapshot(FINGERPRINT), 0, 1, list[str]()
    while not connection.poll(0.002):
        name = store.current()
        if name != snapshot.generation or reads % 25 == 24:
            snapshot, opened = store.snapshot(FINGERPRINT), opened + 1
        marks = {passage.id: passage.text.split()[0] for passage in snapshot.passages}
        near = snapshot.query(embed(str(reads)), 1000)
        found = [marks.get(hit.passage, "foreign") for hit in near]
        if len(found) != 24 or len(set(found)) != 1 or snapshot.note:
            faults.append(f"{snapshot.generation}: {len(found)} windows of {set(found)} {snapshot.note}")
        reads += 1
    snapshot.close()
    connection.send((reads, opened, faults))


def test_random_kills_under_a_live_reader_lose_nothing_and_mix_nothing(
    tmp_path: Path, spawn: Any, record_testsuite_property: Callable[[str, object], None]
) -> None:
    index, chance = tmp_path / "index", random.Random(7)
    publish(open_store(index), contents("first"))
    reader, reading = spawn(read_on, index)
    child, connection = spawn(publish_once, index, "timing", 0)
    connection.recv()
    began = time.monotonic()
    connection.recv()
    length, before, midway = time.monotonic() - began, "timing", 0
    for number in range(KILLS):
        after = f"kill{number}"
        child, connection = spawn(publish_once, index, after, 0)
        assert connection.recv() == "began"
        time.sleep(chance.uniform(0, 1.1 * length))
        child.kill()
        child.join()
        midway += child.exitcode == -signal.SIGKILL
        assert marks_of(open_store(index)) <= {before, after}
        publish(open_store(index), contents(after))
        assert_clean(index, after)
        before = after
    reading.send("stop")
    reads, opened, faults = reading.recv()
    for name, value in {"kills": KILLS, "midway": midway, "reads": reads, "opened": opened, "faults": len(faults)}.items():
        record_testsuite_property(name, value)
    reader.join()
    assert faults == []
    assert reads >= 20 * KILLS
    assert opened >= KILLS
    assert midway >= KILLS * 0.6


def publish_many(connection: Connection, index: Path) -> None:
    """Publish so many windows that Chroma writes its graph while it builds."""
    connection.send("began")
    publish(open_store(index), contents("many", essays=10, passages=10, windows=22))


def test_a_kill_while_chroma_flushes_hurts_a_draft_only(tmp_path: Path, spawn: Any) -> None:
    index = tmp_path / "index"
    publish(open_store(index), contents("old"))
    for _ in range(4):
        child, connection = spawn(publish_many, index)
        connection.recv()
        wait_for_flush(index / "gen-2.tmp" / "chroma", child, 3)  # twice when the graphs are made, then in the middle of the work
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert (index / "gen-2.tmp").is_dir()
        assert marks_of(open_store(index)) == {"old"}
    publish(open_store(index), contents("new"))
    assert_clean(index, "new")


def race(connection: Connection, index: Path) -> None:
    """Wait for the word, try to be the writer, say what came of it, and publish when told to."""

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


def test_of_two_writers_one_runs_and_the_other_says_who_does(tmp_path: Path, spawn: Any) -> None:
    index = tmp_path / "index"
    for round_ in range(10):
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
        if round_ % 2:
            connection.send("go on")
            assert connection.recv() == ("published", 0)
        else:
            os.kill(pid, signal.SIGKILL)
            holder.join()
            publish(open_store(index), contents("race"))
        assert_clean(index, "race")


def publish_when_told(connection: Connection, index: Path) -> None:
    """Publish one generation after the other, each on demand."""
    while mark := connection.recv():
        publish(open_store(index), contents(mark))
        connection.send(mark)


def test_a_reader_that_asks_sees_each_publish_at_its_next_question(tmp_path: Path, spawn: Any) -> None:
    store = open_store(tmp_path / "index")
    _, writer = spawn(publish_when_told, tmp_path / "index")
    old = None
    seen: list[str | None] = [store.current()]
    for number in range(10):
        writer.send(f"mark{number}")
        writer.recv()
        seen.append(store.current())
        snapshot = store.snapshot(FINGERPRINT)
        assert snapshot.generation == seen[-1]
        assert lost_from(snapshot, contents(f"mark{number}")) == []
        if old is not None:  # a talk that began before goes on undisturbed
            assert lost_from(old, contents(f"mark{number - 1}")) == []
        old = snapshot
    writer.send("")
    assert seen == [None, *(f"gen-{number}" for number in range(1, 11))]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Contents]:
    """Two generations of 1,200 windows: more than Chroma keeps in its log alone, so that its graph files exist."""
    index, made = tmp_path_factory.mktemp("large"), contents("large", essays=10, passages=10, windows=12)
    publish(open_store(index), contents("old"))
    publish(open_store(index), made)
    return index, made


def flip(path: Path, place: float) -> None:
    data = bytearray(path.read_bytes())
    data[min(int(len(data) * place), len(data) - 1)] ^= 0x40
    path.write_bytes(data)


def turn_into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "first byte": lambda path: flip(path, 0),
    "middle byte": lambda path: flip(path, 0.5),
    "last byte": lambda path: flip(path, 1),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "311 GB of nothing": lambda path: os.truncate(path, 311_000_000_000),
    "missing": lambda path: path.unlink(),
    "a folder": turn_into_folder,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_to_any_file_is_found_before_the_first_answer(damage: str, large: tuple[Path, Contents], tmp_path: Path) -> None:
    index, _ = large
    files = sorted(path.relative_to(index / "gen-2").as_posix() for path in (index / "gen-2").rglob("*") if path.is_file())
    graph = ["data_level0.bin", "header.bin", "length.bin", "link_lists.bin"]
    others = ["chroma.sqlite3", "index_metadata.pickle", "keys.json", "manifest.json", "vectors.npy"]
    assert sorted(Path(file).name for file in files) == sorted(graph * 2 + others)  # one graph is idle
    for number, file in enumerate(files):
        if damage in {"first byte", "middle byte", "last byte", "cut", "emptied"} and not (index / "gen-2" / file).stat().st_size:
            continue  # an empty file has nothing to lose
        copy = tmp_path / str(number)
        shutil.copytree(index, copy)
        DAMAGE[damage](copy / "gen-2" / file)
        store = open_store(copy)
        snapshot = store.snapshot(FINGERPRINT)
        assert (snapshot.generation, snapshot.opened) == ("gen-2", "gen-1")
        assert f"gen-2/{file}" in snapshot.note
        assert "python ingest.py" in snapshot.note
        assert lost_from(snapshot, contents("old")) == []
        snapshot.close()
        shutil.rmtree(copy / "gen-1")
        with pytest.raises(IndexDamaged, match=rf"gen-2/{file}.* Run: python ingest.py$"):
            store.snapshot(FINGERPRINT)
        assert store.usable() is None
        shutil.rmtree(copy)


def test_a_re_run_repairs_whatever_is_damaged(large: tuple[Path, Contents], tmp_path: Path) -> None:
    index, made = large
    for number, file in enumerate(["manifest.json", "vectors.npy", "chroma/chroma.sqlite3", "../CURRENT"]):
        copy = tmp_path / str(number)
        shutil.copytree(index, copy)
        flip(copy / "gen-2" / file, 0)
        with open_store(copy).writer(quiet) as writer:
            known = writer.known_vectors(FINGERPRINT)
            writer.publish(made, FINGERPRINT)
        # The vectors are taken over unless their own file, or what vouches for it, is hurt; then the generation before gives its.
        assert len(known) == (24 if file in {"manifest.json", "vectors.npy"} else 1200)
        assert (copy / "CURRENT").read_text() == "gen-3\n"
        snapshot = open_store(copy).snapshot(FINGERPRINT)
        assert (snapshot.note, snapshot.manifest.digest) == ("", made.digest())
        snapshot.close()
        kept = "gen-2" if file == "../CURRENT" else "gen-1"  # never the damaged one
        assert {path.name for path in copy.iterdir()} == {"CURRENT", "LOCK", kept, "gen-3"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB of our own."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here: this is for root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_at_any_point_hurts_nothing(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, ballast = disk / "index", disk / "ballast"
    publish(open_store(index), contents("old"))
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - 3_000_000))
    with pytest.raises(StoreError, match=rf"{index} has \d+ bytes free, and a new index needs \d+\."):
        publish(open_store(index), contents("new"))
    monkeypatch.setattr("bot.store.folder.require_free_space", lambda path, needed: None)
    for free in (0, 4096, 50_000, 100_000, 150_000, 200_000, 250_000, 280_000):  # a whole generation takes 290,000
        ballast.unlink()
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - free))
        with pytest.raises(StoreError, match=rf"{index} cannot be written: .*\(\d+ bytes are free\).*BOT_INDEX"):
            publish(open_store(index), contents("new"))
        assert marks_of(open_store(index)) == {"old"}  # while the disk is full
        assert {path.name for path in index.iterdir()} <= {"CURRENT", "LOCK", "gen-1"}
    ballast.unlink()
    publish(open_store(index), contents("new"))
    assert_clean(index, "new")


def test_a_disk_that_cannot_be_written_is_read_and_the_writer_says_so(disk: Path) -> None:
    index = disk / "index"
    publish(open_store(index), contents("old"))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert marks_of(open_store(index)) == {"old"}
    assert open_store(index).usable() is not None
    with pytest.raises(StoreError, match=rf"{index} cannot be written: Read-only file system .*BOT_INDEX"):
        publish(open_store(index), contents("new"))


def test_a_reader_says_when_the_folder_for_its_copy_is_full(disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(open_store(tmp_path / "index"), contents("old"))
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    for free in (0, 100_000):
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - free))
        with pytest.raises(StoreError, match=rf"{disk} cannot be written: .*\(\d+ bytes are free\).*TMPDIR"):
            open_store(tmp_path / "index").snapshot(FINGERPRINT)
        assert [path.name for path in disk.iterdir()] == ["ballast"]
        (disk / "ballast").unlink()
    assert marks_of(open_store(tmp_path / "index")) == {"old"}


# The raw twins: Chroma as tutorials use it, under the same checker. They prove that the checker can fail.

PLAIN = {f"item-{number}": embed(f"item {number}") for number in range(1200)}


def plain(folder: Path, sync_threshold: int) -> Any:
    """Open a plain collection."""
    import chromadb

    shape = {"hnsw": {"space": "cosine", "sync_threshold": sync_threshold, "batch_size": min(100, sync_threshold)}}
    client = chromadb.PersistentClient(str(folder))
    return client.get_or_create_collection("plain", embedding_function=None, configuration=shape)  # type: ignore[arg-type]


def plain_lost(collection: Any, vectors: dict[str, Vector]) -> list[str]:
    """Ask the raw twin what the store is asked."""

    def nearest(vector: Vector) -> str:
        found = collection.query(query_embeddings=vector[np.newaxis], n_results=1, include=[])["ids"][0]
        return str(found[0]) if found else ""

    return lost(vectors, collection.count(), nearest)


def plain_write(connection: Connection, folder: Path, sync_threshold: int) -> None:
    """Ingest in place, batch by batch, as if nobody ever pulled the plug."""
    collection = plain(folder, sync_threshold)
    connection.send("began")
    names = list(PLAIN)
    for start in range(0, len(names), 100):
        batch = names[start : start + 100]
        collection.upsert(ids=batch, embeddings=np.stack([PLAIN[name] for name in batch]))
    connection.send("done")


def plain_read(connection: Connection, folder: Path) -> None:
    """Write the first hundred, look, and look again when told to."""
    first = dict(list(PLAIN.items())[:100])
    collection = plain(folder, 1000)
    collection.upsert(ids=list(first), embeddings=np.stack(list(first.values())))
    connection.send(plain_lost(collection, first))
    connection.recv()
    connection.send((collection.count(), plain_lost(collection, PLAIN)))


def plain_write_and_read(connection: Connection, folder: Path) -> None:
    """Run the ingest again and look whether that made everything good."""
    from chromadb.errors import ChromaError

    try:
        plain_write(connection, folder, 100)
        connection.send(plain_lost(plain(folder, 100), PLAIN))
    except ChromaError as error:
        connection.send([f"broken: {error}"])


def wait_for_flush(folder: Path, child: ForkServerProcess, flushes: int) -> None:
    """Wait until Chroma wrote its graph below `folder` so many times; it is being written then."""
    seen = {0}
    while child.is_alive() and len(seen) <= flushes:
        with suppress(FileNotFoundError):
            seen |= {path.stat().st_mtime_ns for path in folder.glob("*/data_level0.bin")}


def test_twin_a_plain_reader_never_sees_what_was_written_after_it_opened(tmp_path: Path, spawn: Any) -> None:
    _, reading = spawn(plain_read, tmp_path)
    assert reading.recv() == []
    _, writing = spawn(plain_write, tmp_path, 1000)
    assert [writing.recv(), writing.recv()] == ["began", "done"]
    reading.send("look again")
    count, missing = reading.recv()
    assert count == 1200
    assert len(missing) == 1100  # counted, and not found


def test_twin_a_plain_index_is_broken_for_good_by_a_kill_while_it_flushes(tmp_path: Path, spawn: Any) -> None:
    chance, began, kills = random.Random(7), time.monotonic(), 0
    while kills < 60 and time.monotonic() - began < 40:
        folder = tmp_path / str(kills)
        child, connection = spawn(plain_write, folder, 100)
        connection.recv()
        wait_for_flush(folder, child, chance.randint(2, 8))
        child.kill()
        child.join()
        kills += 1
        child, connection = spawn(plain_write_and_read, folder)
        answers: list[Any] = []
        with suppress(EOFError):  # it died
            while connection.poll(10) and len(answers) < 3:
                answers.append(connection.recv())
        if answers != ["began", "done", []]:
            return
        child.join()
        shutil.rmtree(folder)
    pytest.skip(f"{kills} kills did no damage this time; the stale reader above is the proof that the checker can fail")


def test_the_manifest_says_what_lies_there(large: tuple[Path, Contents]) -> None:
    index, made = large
    manifest = json.loads((index / "gen-2" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["digest"] == made.digest()
    assert manifest["essays"] == {essay.id: essay.digest for essay in made.essays}
    assert (manifest["passages"], manifest["windows"], manifest["dimension"]) == (100, 1200, 64)
