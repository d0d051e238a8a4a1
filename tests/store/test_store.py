"""The store with a real Chroma, in a folder and on a server: published contents are read back, mismatches are refused."""

import gc
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bot.errors import IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, StoreError
from bot.schema import Essay, Passage, Window
from bot.store import Contents, Manifest, Store, collections_in, open_store
from bot.store import snapshot as snapshot_module
from bot.store.base import Writer
from bot.store.chroma import close_server_client, create_database, installed, server_client
from tests.marked import FINGERPRINT, contents, embed, no_progress, publish, snapshot_faults
from tests.places import ROOT
from tests.ramdisk import ram_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """The folder of an index that does not exist yet."""
    return tmp_path / "index"


class Server:
    """A Chroma server, and access to it without the store."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(data), "--port", str(self._port)]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", self._port)):
                    break
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @cached_property
    def client(self) -> Any:
        return server_client(self.url)

    def empty(self) -> None:
        """Remove every collection."""
        for name in self.collections():
            self.client.delete_collection(name)

    def collections(self) -> list[str]:
        """The names of all collections."""
        return sorted(collection.name for collection in self.client.list_collections())


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    """One server for all tests of this module."""
    with ram_folder() as data:
        server = Server(data)
        yield server
        close_server_client(server.client)
        server.kill()


@pytest.fixture
def server(shared_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, without any collection. Nothing here uses TLS, and loading the certificates takes 50 ms for each client."""
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    shared_server.empty()
    return shared_server


@pytest.fixture(params=["folder", "server"])
def store(request: pytest.FixtureRequest, index: Path) -> Store:
    """An empty store of either kind."""
    return open_store(index, "" if request.param == "folder" else request.getfixturevalue("server").url)


# Both kinds of store


def test_published_contents_are_read_back_completely(store: Store) -> None:
    published = contents("돌")
    assert (store.current(), store.manifest(), store.usable()) == (None, None, None)
    publish(store, published)
    snapshot = store.snapshot(FINGERPRINT)
    assert (store.current(), snapshot.generation, snapshot.opened, snapshot.note) == ("gen-1", "gen-1", "gen-1", "")
    assert snapshot_faults(snapshot, published) == []
    assert snapshot.manifest == store.manifest() == store.usable()
    manifest = snapshot.manifest
    assert (manifest.schema, manifest.fingerprint, manifest.dimension) == (1, FINGERPRINT, 64)
    assert (manifest.essays, manifest.passages, manifest.windows) == (
        {essay.id: essay.digest for essay in published.essays},
        6,
        24,
    )
    assert manifest.digest == published.digest()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", manifest.created)
    snapshot.close()


def test_the_page_size_does_not_change_what_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    published = contents("돌")
    publish(store, published)
    for records in (1, 5, 6, 7):
        monkeypatch.setattr(snapshot_module, "PAGE_RECORDS", records)
        snapshot = store.snapshot(FINGERPRINT)
        assert snapshot_faults(snapshot, published) == [], records
        assert (len(snapshot.passages), len(snapshot.windows)) == (6, 24)
        snapshot.close()


def test_a_query_returns_the_nearest_windows_with_cosines_best_first(store: Store) -> None:
    published = contents("돌")
    publish(store, published)
    snapshot, question = store.snapshot(FINGERPRINT), embed("무엇이든")
    cosines = published.vectors @ question
    best = np.argsort(-cosines)
    pairs = snapshot.nearest(question, 5)
    assert [place for place, _ in pairs] == best[:5].tolist()
    assert np.allclose([cosine for _, cosine in pairs], cosines[best[:5]], atol=1e-6)
    ((place, cosine),) = snapshot.nearest(published.vectors[7] * 9, 1)
    assert place == 7
    assert cosine == pytest.approx(1, abs=1e-6)
    assert sorted(place for place, _ in snapshot.nearest(question, 1000)) == list(range(24))
    places, vectors = snapshot.sample(5)
    rows = [0, 5, 11, 17, 23]
    assert sorted(zip(places, vectors.tolist(), strict=True)) == [(row, published.vectors[row].tolist()) for row in rows]
    assert snapshot.nearest(question, 0) == snapshot.nearest(np.zeros(64, dtype=np.float32), 5) == []
    with pytest.raises(IndexMismatch, match=r"made with dimension '64', but now it is '63'\. Run: python -m bot doctor --repair"):
        snapshot.nearest(question[:63], 5)
    snapshot.close()


def test_unusual_characters_in_texts_titles_and_terms_are_preserved(store: Store) -> None:
    unusual = 'She said: "돌"\n\n\t<b>&amp;</b> {"a": 1} 👩‍👩‍👧 \u2028 ' + "é" * 3
    essay = Essay("길/한 글", unusual, "", "", "en", "", "", unusual + "끝.\n")
    tiles = (Passage.of(essay, 0, 7), Passage.of(essay, 7, len(essay.text)))
    same_span = (Window(tiles[1].id, 8, 12, "x"), Window(tiles[1].id, 8, 12, "y"))
    published = Contents((essay,), tiles, ("", unusual), same_span, np.stack([embed("x"), embed("y")]))
    publish(store, published)
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.essays, snapshot.passages, snapshot.terms) == ((essay,), tiles, ("", unusual))
    assert snapshot.windows == ((tiles[1].id, 8, 12), (tiles[1].id, 8, 12))
    snapshot.close()


def test_the_pages_and_the_summary_of_an_essay_are_preserved(store: Store) -> None:
    essay = Essay("a", "T", "", "", "en", "a.pdf", "", "First page.\nSecond page.\n", ((0, 1), (12, 2)), "Second page.")
    tiles = (Passage.of(essay, 0, 12), Passage.of(essay, 12, 25))
    windows = (Window(tiles[0].id, 0, 11, "x"), Window(tiles[1].id, 12, 24, "y"))
    publish(store, Contents((essay,), tiles, ("", ""), windows, np.stack([embed("x"), embed("y")])))
    snapshot = store.snapshot(FINGERPRINT)
    assert snapshot.essays == (essay,)
    assert [essay.page_at(offset) for offset in (0, 11, 12, 24)] == [1, 1, 2, 2]
    assert list(snapshot.splits()) == [essay.digest]
    snapshot.close()


def test_the_last_two_generations_are_kept_and_the_pointer_moves(store: Store) -> None:
    first = None
    for number in range(1, 5):
        publish(store, contents(f"mark{number}"))
        assert store.current() == f"gen-{number}"
        assert store._names() == [f"gen-{kept}" for kept in range(max(1, number - 1), number + 1)]
        first = first or store.snapshot(FINGERPRINT)
    snapshot = store.snapshot(FINGERPRINT)
    assert snapshot_faults(snapshot, contents("mark4")) == []
    assert first is not None
    assert (first.generation, first.essays) == ("gen-1", contents("mark1").essays)
    first.close()
    snapshot.close()


def test_known_vectors_are_returned_bit_for_bit_and_keep_the_digest(store: Store) -> None:
    published, other_fingerprint = contents("돌"), {**FINGERPRINT, "embedder": "other"}
    with store.writer(no_progress) as writer:
        assert writer.known_vectors(FINGERPRINT) == {}
        before = writer.publish(published, FINGERPRINT)
        known = writer.known_vectors(FINGERPRINT)
        assert writer.known_vectors(other_fingerprint) == {}
        assert writer.known_vectors({"embedder": "toy"}).keys() == known.keys()
    assert len(known) == 24
    reused = np.stack([known[window.key] for window in published.windows])
    assert reused.dtype == np.float32
    assert reused.tobytes() == published.vectors.tobytes()
    with store.writer(no_progress) as writer:
        after = writer.publish(replace(published, vectors=reused), FINGERPRINT)
    assert after.digest == before.digest


def test_another_fingerprint_is_refused_with_the_command(store: Store) -> None:
    publish(store, contents("old"))
    publish(store, contents("new"))
    changes = {
        ("embedder", "other"): "embedder 'toy', but now it is 'other'",
        ("prompts", "query: "): "prompts 'none', but now it is 'query: '",
        ("splitter", "2"): "splitter '1', but now it is '2'",
        ("revision", "abc"): "revision '', but now it is 'abc'",
    }
    for change, difference in changes.items():
        with pytest.raises(IndexMismatch) as caught:
            store.snapshot({**FINGERPRINT, **dict([change])})
        assert str(caught.value) == f"The index was made with {difference}. Run: python -m bot doctor --repair"
        assert "python -m bot doctor --repair" in caught.value.text("ko")
        assert store.usable() is not None  # intact: an ingest compares with it


def test_a_missing_index_is_an_error_with_the_command(store: Store) -> None:
    with pytest.raises(IndexMissing, match=r"There is no index in .* yet\. Run: python ingest\.py"):
        store.snapshot(FINGERPRINT)


@pytest.mark.parametrize("step", [2, pytest.param(1, marks=pytest.mark.full)])
def test_a_failure_at_any_stage_leaves_the_old_index_and_no_drafts(step: int, store: Store, index: Path) -> None:
    publish(store, contents("old"))
    reached: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        reached.append(stage)
        if len(reached) == allowed:
            raise RuntimeError(stage)

    allowed = 1
    while True:
        reached.clear()
        try:
            with store.writer(progress) as writer:
                writer.publish(contents("new"), FINGERPRINT)
            break
        except RuntimeError as error:
            is_published = str(error) in {"pointer", "collect"} and store.current() != "gen-1"
            if is_published:
                break
            assert store.current() == "gen-1"
            assert store._names() in (["gen-1"], ["gen-1", "gen-2"])  # the next writer removes a finished draft
        allowed += step
    assert allowed > 10
    publish(store, contents("last"))
    assert len(store._names()) == 2
    assert not list(index.glob("*.tmp"))


def test_inconsistent_contents_are_refused(index: Path) -> None:
    published = contents("돌")
    not_numbers = np.full_like(published.vectors, np.nan)
    shorter = Passage.of(published.essays[0], 0, 5)
    faults = {
        "same id": replace(published, essays=published.essays[:1] * 2),
        "nothing to index": replace(published, windows=(), vectors=published.vectors[:0]),
        "numbers of passages and terms differ": replace(published, terms=published.terms[1:]),
        "unknown essay": replace(published, essays=published.essays[1:]),
        "joined passages": replace(published, passages=(shorter, *published.passages[1:])),
        "unknown passage": replace(published, windows=(replace(published.windows[0], passage="none"), *published.windows[1:])),
        "float32": replace(published, vectors=published.vectors.astype(np.float64)),
        "one row per window": replace(published, vectors=published.vectors[1:]),
        "length 1": replace(published, vectors=not_numbers),
        "does not have length": replace(published, vectors=published.vectors * 2),
    }
    for message, faulty in faults.items():
        with pytest.raises(ValueError, match=message):
            publish(open_store(index), faulty)
    assert {path.name for path in index.iterdir()} == {"LOCK"}


def test_the_digest_depends_on_the_contents_and_not_on_their_order() -> None:
    published = contents("돌")
    order = np.arange(24)[::-1]
    reversed_ = replace(published, windows=tuple(published.windows[row] for row in order), vectors=published.vectors[order])
    assert reversed_.digest() == published.digest()
    changed = published.vectors.copy()
    changed[0, 0] = np.nextafter(changed[0, 0], np.float32(1))
    assert replace(published, vectors=changed).digest() != published.digest()
    assert replace(published, terms=("other", *published.terms[1:])).digest() != published.digest()


def test_many_windows_with_the_same_text_pass_the_check(index: Path) -> None:
    published = contents("돌")
    same = replace(published, vectors=np.repeat(published.vectors[:1], 24, axis=0))
    publish(open_store(index), same)
    assert len(open_store(index).snapshot(FINGERPRINT).nearest(same.vectors[0], 24)) == 24


def test_an_index_in_which_a_window_is_not_found_is_not_published(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.store import chroma

    publish(open_store(index), contents("old"))
    write = chroma.write

    def write_shifted(client: Any, name: str, written: Contents, progress: Any) -> None:
        write(client, name, replace(written, vectors=np.roll(written.vectors, 1, axis=0)), progress)

    monkeypatch.setattr(chroma, "write", write_shifted)
    with pytest.raises(IndexDamaged, match="window 0 of gen-2 is not found by its vector"):
        publish(open_store(index), contents("new"))
    assert {path.name for path in index.iterdir()} == {"CURRENT", "LOCK", "gen-1"}


# In a folder


def test_importing_and_opening_a_store_import_no_chroma_and_create_no_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bot.store import open_store\n"
        f"store = open_store(Path({str(tmp_path / 'none')!r})); store.current(); store.manifest(); store.usable()\n"
        "open_store(Path('none'), 'http://127.0.0.1:9'); assert not {'chromadb', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert list(tmp_path.iterdir()) == []


def test_readers_do_not_change_published_files(index: Path) -> None:
    from bot.store.disk import checksums

    store = open_store(index)
    publish(store, contents("돌"))
    before = checksums(index)
    snapshot = store.snapshot(FINGERPRINT)
    assert len(snapshot.nearest(embed("x"), 24)) == 24
    snapshot.close()
    assert checksums(index) == before


def test_the_private_copy_is_in_the_temporary_folder_and_is_removed(
    index: Path, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(index)
    publish(store, contents("돌"))
    assert list(temporary.iterdir()) == []
    closed, dropped = store.snapshot(FINGERPRINT), store.snapshot(FINGERPRINT)
    assert len(list(temporary.glob("*.lock"))) == 2
    closed.close()
    closed.close()
    with pytest.raises(StoreError, match="closed"):
        closed.nearest(embed("x"), 1)
    assert len(dropped.nearest(embed("x"), 1)) == 1
    del dropped
    gc.collect()
    assert list(temporary.iterdir()) == []
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="TMPDIR"):
        store.snapshot(FINGERPRINT)


def test_threads_may_query_while_another_closes_the_snapshot(index: Path) -> None:
    store, published = open_store(index), contents("돌")
    publish(store, published)
    snapshot, answers, refused = store.snapshot(FINGERPRINT), list[bool](), list[str]()
    started = threading.Barrier(9)

    def query() -> None:
        started.wait()
        for row in list(range(24)) * 50:
            try:
                ((place, _),) = snapshot.nearest(published.vectors[row], 1)
            except StoreError as error:
                refused.append(str(error))
                return
            answers.append(place == row)

    threads = [threading.Thread(target=query) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    while len(answers) < 200:
        time.sleep(0.001)
    snapshot.close()
    for thread in threads:
        thread.join()
    assert all(answers)
    assert len(answers) >= 200
    assert len(refused) == 8
    assert set(refused) == {"The index gen-1 was closed before the query. Ask again."}


def write_manifest(index: Path, **changes: object) -> None:
    """Rewrite the manifest of gen-2 with other fields and a valid seal."""
    path = index / "gen-2" / "manifest.json"
    manifest = Manifest.from_json(path.read_text(encoding="utf-8"), "")
    path.write_text(replace(manifest, **changes).to_json(), encoding="utf-8")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"schema": 2}, "schema '2', but now it is '1'"),
        pytest.param({"schema": 0}, "schema '0', but now it is '1'", marks=pytest.mark.full),
        ({"chroma": "1.0.0"}, "chroma '1.0.0', but now it is '{chroma}'"),
        ({"fingerprint": {**FINGERPRINT, "embedder": "other"}}, "embedder 'other', but now it is 'toy'"),
        pytest.param(
            {"fingerprint": {"embedder": "toy", "prompts": "none"}}, "splitter '', but now it is '1'", marks=pytest.mark.full
        ),
    ],
)
def test_a_manifest_of_another_version_is_refused_and_another_ingest_repairs_it(
    index: Path, changes: dict[str, Any], difference: str
) -> None:
    store = open_store(index)
    publish(store, contents("old"))
    publish(store, contents("new"))
    write_manifest(index, **changes)
    with pytest.raises(IndexMismatch) as caught:
        store.snapshot(FINGERPRINT)
    assert (
        str(caught.value)
        == f"The index was made with {difference.format(chroma=installed())}. Run: python -m bot doctor --repair"
    )
    assert (store.usable() is None) == ("fingerprint" not in changes)
    publish(store, contents("new"))
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.generation, snapshot_faults(snapshot, contents("new"))) == ("gen-3", [])
    snapshot.close()


def test_a_file_that_is_not_a_manifest_is_damage(index: Path) -> None:
    store = open_store(index)
    publish(store, contents("new"))
    texts = [
        "",
        "[]",
        "null",
        "7",
        "{",
        "{}",
        '{"schema": 1}',
        '{"schema": "1"}',
        '{"schema": 1, "seal": ""}',
        "[" * 100_000,
        "\x00",
    ]
    for text in texts:
        (index / "gen-1" / "manifest.json").write_text(text)
        for call in (store.manifest, lambda: store.snapshot(FINGERPRINT)):
            with pytest.raises(IndexDamaged, match=r"gen-1/manifest\.json .*python -m bot doctor --repair"):
                call()
        assert store.usable() is None, text[:20]


def test_a_manifest_edited_by_hand_is_damage(index: Path) -> None:
    store = open_store(index)
    publish(store, contents("new"))
    path = index / "gen-1" / "manifest.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    changed: list[dict[str, Any]] = [{"created": "2020-01-01"}, {"windows": 23}, {"files": {}}, {"extra": 1}]
    for changes in changed:
        path.write_text(json.dumps({**fields, **changes}), encoding="utf-8")
        with pytest.raises(IndexDamaged, match="does not match its own checksum"):
            store.snapshot(FINGERPRINT)


def test_a_forged_manifest_with_a_valid_seal_is_compared_with_the_contents(index: Path) -> None:
    store = open_store(index)
    publish(store, contents("old"))
    publish(store, contents("new"))
    original = (index / "gen-2" / "manifest.json").read_text(encoding="utf-8")
    manifest = Manifest.from_json(original, "")
    changed: list[dict[str, Any]] = [
        {"windows": 23},
        {"passages": 7},
        {"outline": ""},
        {"essays": {}},
        {"essays": {**manifest.essays, "more": "x"}},
        {"files": {**manifest.files, "chroma/../../../x": "0 0"}},
        {"files": {}},
        {"files": {"a": 7}},
    ]
    for changes in changed:
        write_manifest(index, **changes)
        snapshot = store.snapshot(FINGERPRINT)
        assert (snapshot.generation, snapshot.opened) == ("gen-2", "gen-1")
        snapshot.close()
        (index / "gen-2" / "manifest.json").write_text(original, encoding="utf-8")


def test_a_pointer_to_a_missing_generation_falls_back_and_its_number_is_not_reused(index: Path) -> None:
    store = open_store(index)
    publish(store, contents("old"))
    (index / "CURRENT").write_text("gen-7\n")
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.generation, snapshot.opened, store.current()) == ("gen-7", "gen-1", "gen-7")
    assert "the previous index, gen-1, is used" in snapshot.note
    snapshot.close()
    publish(store, contents("new"))
    assert store.current() == "gen-8"


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.* cannot be written.*BOT_INDEX"):
        publish(open_store(tmp_path / "file" / "index"), contents("돌"))


def test_too_little_free_space_is_an_error_before_anything_is_written(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(open_store(index), contents("old"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1234))
    with pytest.raises(StoreError, match=r"has 1234 bytes free, and a new index needs \d{7}\."):
        publish(open_store(index), contents("new"))
    assert {path.name for path in index.iterdir()} == {"CURRENT", "LOCK", "gen-1"}


def test_a_second_writer_in_the_same_process_is_refused(store: Store) -> None:
    with store.writer(no_progress) as writer:
        assert isinstance(writer, Writer)
        with pytest.raises(IndexBusy, match=str(os.getpid())), store.writer(no_progress):
            pytest.fail("two writers")


def test_of_2000_windows_at_least_99_percent_of_the_nearest_300_are_found(index: Path) -> None:
    published = contents("많은 돌", essays=25, passages=10, windows=8)
    store = open_store(index)
    publish(store, published)
    snapshot, found = store.snapshot(FINGERPRINT), 0
    for number in range(20):
        question = embed(f"question {number}")
        best = set(np.argsort(-(published.vectors @ question))[:300].tolist())
        found += len(best & {place for place, _ in snapshot.nearest(question, 300)})
    assert found >= 0.99 * 20 * 300
    snapshot.close()


# On a server


def test_a_server_holds_the_last_two_generations_under_prefixed_names(server: Server, index: Path) -> None:
    for mark in ("one", "two", "three"):
        publish(open_store(index, server.url), contents(mark))
    assert server.collections() == [
        "dolmen-current",
        *("dolmen-gen-2-passages", "dolmen-gen-2-windows", "dolmen-gen-3-passages", "dolmen-gen-3-windows"),
    ]
    assert not index.exists()
    other_store = open_store(Path("elsewhere"), server.url + "/")  # as another process on another machine
    snapshot = other_store.snapshot(FINGERPRINT)
    assert snapshot_faults(snapshot, contents("three")) == []


def test_named_collections_are_databases_of_their_own(server: Server, index: Path) -> None:
    assert open_store(index, server.url, "노트").current() is None
    assert collections_in(index, server.url) == []  # looking for one makes none
    create_database(server.url, "dolmen-not-published")
    for name, mark in (("", "main"), ("notes", "notes"), ("노트", "노트"), ("notes", "changed")):
        publish(open_store(index, server.url, name), contents(mark))
    assert collections_in(index, server.url) == ["", "notes", "노트"]
    assert not index.exists()
    for name, mark in (("", "main"), ("notes", "changed"), ("노트", "노트")):
        snapshot = open_store(index, server.url, name).snapshot(FINGERPRINT)
        assert snapshot_faults(snapshot, contents(mark)) == []
    with open_store(index, server.url, "notes").writer(no_progress) as writer:
        writer.withdraw()
    assert collections_in(index, server.url) == ["", "노트"]


def test_other_collections_on_the_server_are_not_changed(server: Server, index: Path) -> None:
    unfinished = "dolmen-gen-9-windows"  # as a writer leaves it that died in the middle
    for name in ("mine", "dolmen-notes", "dolmen-gen-1", "dolmen-gen-1-passages-old", unfinished):
        server.client.create_collection(name, embedding_function=None)
    publish(open_store(index, server.url), contents("돌"))
    assert server.collections() == [
        *("dolmen-current", "dolmen-gen-1", "dolmen-gen-1-passages", "dolmen-gen-1-passages-old", "dolmen-gen-1-windows"),
        *("dolmen-notes", "mine"),
    ]


FIRST = contents("new").passages[0].id  # a passage's id
SERVER_DAMAGE: dict[str, Callable[[Any, Any], object]] = {
    "one window missing": lambda passages, windows: windows.delete(ids=["3"]),
    "other position": lambda passages, windows: windows.update(ids=["3"], metadatas=[{"start": 7}]),
    "position not a number": lambda passages, windows: windows.update(ids=["3"], metadatas=[{"start": "x"}]),
    "unknown window": lambda passages, windows: windows.upsert(ids=["x"], embeddings=[embed("x")], metadatas=[{"a": 1}]),
    "no manifest": lambda passages, windows: passages.modify(metadata={"other": "x"}),
    "empty manifest": lambda passages, windows: passages.modify(metadata={"manifest": "{}"}),
    "other terms": lambda passages, windows: passages.update(ids=[FIRST], metadatas=[{"terms": "other"}]),
    "other title": lambda passages, windows: passages.update(ids=[FIRST], metadatas=[{"title": "other"}]),
    "number not a number": lambda passages, windows: passages.update(ids=[FIRST], metadatas=[{"number": "x"}]),
    "other text": lambda passages, windows: passages.update(ids=[FIRST], documents=["other"], embeddings=[[1.0, 0.0]]),
    "one passage missing": lambda passages, windows: passages.delete(ids=[FIRST]),
    "no windows": lambda passages, windows: windows._client.delete_collection(windows.name),
    "no passages": lambda passages, windows: windows._client.delete_collection(passages.name),
}


SAMPLED = {"other position", "no manifest", "other text", "no windows"}


@pytest.mark.parametrize("damage", [x if x in SAMPLED else pytest.param(x, marks=pytest.mark.full) for x in SERVER_DAMAGE])
def test_damage_to_a_generation_on_the_server_is_found(damage: str, server: Server, index: Path) -> None:
    store = open_store(index, server.url)
    publish(store, contents("old"))
    publish(store, contents("new"))
    SERVER_DAMAGE[damage](*(server.client.get_collection(f"dolmen-gen-2-{part}") for part in ("passages", "windows")))
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.generation, snapshot.opened) == ("gen-2", "gen-1")
    assert "python -m bot doctor --repair" in snapshot.note
    assert snapshot_faults(snapshot, contents("old")) == []
    publish(store, contents("new"))
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.note, snapshot_faults(snapshot, contents("new"))) == ("", [])


def test_an_invalid_pointer_on_the_server_is_refused(server: Server, index: Path) -> None:
    publish(open_store(index, server.url), contents("돌"))
    server.client.get_collection("dolmen-current", embedding_function=None).modify(metadata={"generation": "../gen-1"})
    with pytest.raises(IndexDamaged, match=r"CURRENT names '\.\./gen-1'"):
        open_store(index, server.url).snapshot(FINGERPRINT)
    publish(open_store(index, server.url), contents("돌"))
    assert open_store(index, server.url).current() == "gen-2"


def test_a_server_that_is_not_running_is_an_error_with_the_command(index: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    for method in ("current", "manifest", "usable"):
        with pytest.raises(StoreError, match=rf"{url} .*chroma run --path"):
            getattr(open_store(index, url), method)()
    with pytest.raises(StoreError, match="chroma run --path"):
        open_store(index, url).snapshot(FINGERPRINT)


def test_a_server_that_stops_is_one_error_line_and_the_store_continues_when_it_is_back(server: Server, index: Path) -> None:
    store = open_store(index, server.url)
    publish(store, contents("돌"))
    snapshot = store.snapshot(FINGERPRINT)
    server.kill()
    try:
        for call in (lambda: snapshot.nearest(embed("x"), 1), store.current, lambda: publish(store, contents("돌"))):
            with pytest.raises(StoreError, match=rf"{server.url} failed: .*chroma run"):
                call()
    finally:
        server.start()
    assert store.current() == "gen-1"
    assert snapshot_faults(store.snapshot(FINGERPRINT), contents("돌")) == []


def test_a_server_that_does_not_respond_is_an_error_after_the_timeout(
    server: Server, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.chroma.REQUEST_TIMEOUT_SECONDS", 0.5)
    store = open_store(index, server.url)
    assert store.current() is None
    server.process.send_signal(signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, server.process.pid, os.WSTOPPED)
        with pytest.raises(StoreError, match="timed out"):
            store.current()
    finally:
        server.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    "address", ["localhost:8000", "ftp://x", "http://", "http://x:port", "http://x:99999999", "http://[::1", "자리"]
)
def test_an_invalid_address_is_an_error(index: Path, address: str) -> None:
    with pytest.raises(StoreError, match="BOT_CHROMA_URL is .* not an address"):
        open_store(index, address).current()
