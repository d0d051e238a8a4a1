"""The store with a real Chroma, in a folder and on a server: what is published comes back, and what does not fit is refused."""

import gc
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bot.errors import IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, StoreError
from bot.schema import Essay, Passage, Window, WindowHit
from bot.store import Contents, Manifest, Store, open_store
from bot.store import snapshot as snapshot_module
from bot.store.base import Writer
from bot.store.chroma import close_server_client, installed, server_client
from tests.marked import FINGERPRINT, contents, embed, lost_from, publish, quiet
from tests.places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """The folder of an index that is not there yet."""
    return tmp_path / "index"


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for temporary files of our own, to see what is left in it."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chroma server of this module's own."""
    address, start = start_server(tmp_path_factory.mktemp("server"))
    server = start()
    yield address
    server.kill()
    server.wait()


@pytest.fixture(params=["folder", "server"])
def store(request: pytest.FixtureRequest, index: Path) -> Store:
    """An empty store of either kind."""
    if request.param == "folder":
        return open_store(index)
    address = request.getfixturevalue("url")
    empty(address)
    return open_store(index, address)


@contextmanager
def reach(url: str) -> Iterator[Any]:
    """Reach the server past the store."""
    client: Any = server_client(url)
    try:
        yield client
    finally:
        close_server_client(client)


def empty(url: str) -> None:
    """Remove every collection from a server."""
    with reach(url) as client:
        for collection in client.list_collections():
            client.delete_collection(collection.name)


def collections(url: str) -> list[str]:
    """List what is on a server."""
    with reach(url) as client:
        return sorted(collection.name for collection in client.list_collections())


def start_server(data: Path) -> tuple[str, Callable[[], subprocess.Popen[bytes]]]:
    """Give the address of a Chroma server, and what starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "chroma"), "run", "--path", str(data), "--port", str(port)]

    def start() -> subprocess.Popen[bytes]:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
        return server

    return f"http://127.0.0.1:{port}", start


# Both kinds


def test_what_is_published_comes_back_whole(store: Store) -> None:
    made = contents("돌")
    assert (store.current(), store.manifest(), store.usable()) == (None, None, None)
    publish(store, made)
    snapshot = store.snapshot(FINGERPRINT)
    assert (store.current(), snapshot.generation, snapshot.opened, snapshot.note) == ("gen-1", "gen-1", "gen-1", "")
    assert lost_from(snapshot, made) == []
    assert snapshot.manifest == store.manifest() == store.usable()
    manifest = snapshot.manifest
    assert (manifest.schema, manifest.fingerprint, manifest.dimension) == (1, FINGERPRINT, 64)
    assert (manifest.essays, manifest.passages, manifest.windows) == ({essay.id: essay.digest for essay in made.essays}, 6, 24)
    assert manifest.digest == made.digest()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", manifest.created)
    snapshot.close()


@pytest.mark.parametrize("page", [1, 5, 6, 7])
def test_what_is_read_in_pages_is_the_same(page: int, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = contents("돌")
    publish(store, made)
    monkeypatch.setattr(snapshot_module, "PAGE_RECORDS", page)
    snapshot = store.snapshot(FINGERPRINT)
    assert lost_from(snapshot, made) == []
    assert (len(snapshot.passages), len(snapshot.windows)) == (6, 24)
    snapshot.close()


def test_a_query_returns_the_nearest_windows_with_their_cosines_best_first(store: Store) -> None:
    made = contents("돌")
    publish(store, made)
    snapshot, question = store.snapshot(FINGERPRINT), embed("무엇이든")
    cosines = made.vectors @ question
    best = np.argsort(-cosines)
    near = snapshot.query(question, 5)
    assert [hit[:2] for hit in map(astuple, near)] == [made.spans[row][:2] for row in best[:5]]
    assert np.allclose([hit.cosine for hit in near], cosines[best[:5]], atol=1e-6)
    first = made.windows[7]
    (itself,) = snapshot.query(made.vectors[7] * 9, 1)
    assert itself == WindowHit(first.passage, first.start, first.end, itself.cosine)
    assert itself.cosine == pytest.approx(1, abs=1e-6)
    assert len(snapshot.query(question, 1000)) == 24
    places, vectors = snapshot.sample(5)
    rows = [0, 5, 11, 17, 23]
    assert sorted(zip(places, vectors.tolist(), strict=True)) == sorted(
        (made.spans[row], made.vectors[row].tolist()) for row in rows
    )
    assert snapshot.query(question, 0) == snapshot.query(np.zeros(64, dtype=np.float32), 5) == []
    with pytest.raises(IndexMismatch, match=r"made with dimension '64', but now it is '63'\. Run: python ingest\.py"):
        snapshot.query(question[:63], 5)
    snapshot.close()


def test_texts_titles_and_terms_of_any_kind_come_back_as_they_went(store: Store) -> None:
    strange = 'She said: "돌"\n\n\t<b>&amp;</b> {"a": 1} 👩‍👩‍👧 \u2028 ' + "é" * 3
    essay = Essay("길/한 글", strange, "", "", "en", "", "", strange + "끝.\n")
    tiles = (Passage.of(essay, 0, 7), Passage.of(essay, 7, len(essay.text)))
    views = (Window(tiles[1].id, 8, 12, "x"), Window(tiles[1].id, 8, 12, "y"))
    made = Contents((essay,), tiles, ("", strange), views, np.stack([embed("x"), embed("y")]))
    publish(store, made)
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.essays, snapshot.passages, snapshot.terms) == ((essay,), tiles, ("", strange))
    assert snapshot.windows == ((tiles[1].id, 8, 12), (tiles[1].id, 8, 12))
    snapshot.close()


def test_the_last_two_generations_are_kept_and_the_pointer_moves(store: Store) -> None:
    first = None
    for number in range(1, 5):
        publish(store, contents(f"mark{number}"))
        assert store.current() == f"gen-{number}"
        assert store._names() == [f"gen-{kept}" for kept in range(max(1, number - 1), number + 1)]
        first = first or store.snapshot(FINGERPRINT)
    snapshot = store.snapshot(FINGERPRINT)
    assert lost_from(snapshot, contents("mark4")) == []
    assert first is not None
    assert (first.generation, first.essays) == ("gen-1", contents("mark1").essays)
    first.close()
    snapshot.close()


def test_known_vectors_come_back_bit_for_bit_and_keep_the_digest(store: Store) -> None:
    made, changed = contents("돌"), {**FINGERPRINT, "embedder": "other"}
    with store.writer(quiet) as writer:
        assert writer.known_vectors(FINGERPRINT) == {}
        before = writer.publish(made, FINGERPRINT)
        known = writer.known_vectors(FINGERPRINT)
        assert writer.known_vectors(changed) == {}
        assert writer.known_vectors({"embedder": "toy"}).keys() == known.keys()
    assert len(known) == 24
    taken = np.stack([known[hashlib.sha256(window.text.encode()).hexdigest()] for window in made.windows])
    assert taken.dtype == np.float32
    assert taken.tobytes() == made.vectors.tobytes()
    with store.writer(quiet) as writer:
        after = writer.publish(replace(made, vectors=taken), FINGERPRINT)
    assert after.digest == before.digest


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"embedder": "other"}, "embedder 'toy', but now it is 'other'"),
        ({"prompts": "query: "}, "prompts 'none', but now it is 'query: '"),
        ({"splitter": "2"}, "splitter '1', but now it is '2'"),
        ({"revision": "abc"}, "revision '', but now it is 'abc'"),
    ],
)
def test_another_fingerprint_is_refused_with_the_command(store: Store, change: dict[str, str], sentence: str) -> None:
    publish(store, contents("old"))
    publish(store, contents("new"))
    with pytest.raises(IndexMismatch) as caught:
        store.snapshot({**FINGERPRINT, **change})
    assert str(caught.value) == f"The index was made with {sentence}. Run: python ingest.py"
    assert "python ingest.py" in caught.value.korean
    assert store.usable() is not None  # whole, only not fitting: that is for the ingest to compare


def test_where_there_is_no_index_the_command_is_named(store: Store) -> None:
    with pytest.raises(IndexMissing, match=r"There is no index in .* yet\. Run: python ingest\.py"):
        store.snapshot(FINGERPRINT)


def test_a_failure_at_any_stage_leaves_what_was_there_and_no_leftovers(store: Store, index: Path) -> None:
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
            late = str(error) in {"pointer", "collect"} and store.current() != "gen-1"
            if late:
                break
            assert store.current() == "gen-1"
            assert store._names() in (["gen-1"], ["gen-1", "gen-2"])  # a finished one is cleaned up by the next writer
        allowed += 1
    assert allowed > 10
    publish(store, contents("last"))
    assert len(store._names()) == 2
    assert not list(index.glob("*.tmp"))


def test_what_does_not_fit_together_is_refused(index: Path) -> None:
    made = contents("돌")
    far = np.full_like(made.vectors, np.nan)
    other = Passage.of(made.essays[0], 0, 5)
    faulty = {
        "same id": replace(made, essays=made.essays[:1] * 2),
        "nothing to index": replace(made, windows=(), vectors=made.vectors[:0]),
        "numbers of passages and terms differ": replace(made, terms=made.terms[1:]),
        "unknown essay": replace(made, essays=made.essays[1:]),
        "joined passages": replace(made, passages=(other, *made.passages[1:])),
        "unknown passage": replace(made, windows=(replace(made.windows[0], passage="none"), *made.windows[1:])),
        "float32": replace(made, vectors=made.vectors.astype(np.float64)),
        "one row per window": replace(made, vectors=made.vectors[1:]),
        "length 1": replace(made, vectors=far),
        "does not have length": replace(made, vectors=made.vectors * 2),
    }
    for sentence, wrong in faulty.items():
        with pytest.raises(ValueError, match=sentence):
            publish(open_store(index), wrong)
    assert {path.name for path in index.iterdir()} == {"LOCK"}


def test_the_digest_is_that_of_the_contents_in_any_order() -> None:
    made = contents("돌")
    order = np.arange(24)[::-1]
    turned = replace(made, windows=tuple(made.windows[row] for row in order), vectors=made.vectors[order])
    assert turned.digest() == made.digest()
    changed = made.vectors.copy()
    changed[0, 0] = np.nextafter(changed[0, 0], np.float32(1))
    assert replace(made, vectors=changed).digest() != made.digest()
    assert replace(made, terms=("other", *made.terms[1:])).digest() != made.digest()


def test_many_windows_with_one_text_pass_the_check(index: Path) -> None:
    made = contents("돌")
    same = replace(made, vectors=np.repeat(made.vectors[:1], 24, axis=0))
    publish(open_store(index), same)
    assert len(open_store(index).snapshot(FINGERPRINT).query(same.vectors[0], 24)) == 24


def test_a_graph_that_loses_a_window_is_not_published(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.store import chroma

    publish(open_store(index), contents("old"))
    write = chroma.write

    def wrong(client: Any, name: str, made: Contents, progress: Any) -> None:
        write(client, name, replace(made, vectors=np.roll(made.vectors, 1, axis=0)), progress)

    monkeypatch.setattr(chroma, "write", wrong)
    with pytest.raises(IndexDamaged, match="window 0 of gen-2 is not found by its vector"):
        publish(open_store(index), contents("new"))
    assert {path.name for path in index.iterdir()} == {"CURRENT", "LOCK", "gen-1"}


# The folder


def test_importing_and_opening_load_no_chroma_and_make_no_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bot.store import open_store\n"
        f"store = open_store(Path({str(tmp_path / 'none')!r})); store.current(); store.manifest(); store.usable()\n"
        "open_store(Path('none'), 'http://127.0.0.1:9'); assert not {'chromadb', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert list(tmp_path.iterdir()) == []


def test_published_files_are_never_written_again(index: Path) -> None:
    from bot.store.disk import checksums

    store = open_store(index)
    publish(store, contents("돌"))
    before = checksums(index)
    snapshot = store.snapshot(FINGERPRINT)
    assert len(snapshot.query(embed("x"), 24)) == 24
    snapshot.close()
    assert checksums(index) == before


def test_a_copy_is_made_in_the_temporary_folder_and_goes(
    index: Path, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(index)
    publish(store, contents("돌"))
    assert list(temporary.iterdir()) == []
    closed, forgotten = store.snapshot(FINGERPRINT), store.snapshot(FINGERPRINT)
    assert len(list(temporary.glob("*.lock"))) == 2
    closed.close()
    closed.close()
    with pytest.raises(StoreError, match="closed"):
        closed.query(embed("x"), 1)
    assert len(forgotten.query(embed("x"), 1)) == 1
    del forgotten
    gc.collect()
    assert list(temporary.iterdir()) == []
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="TMPDIR"):
        store.snapshot(FINGERPRINT)


def test_many_threads_may_ask_and_one_may_close_meanwhile(index: Path) -> None:
    store, made = open_store(index), contents("돌")
    publish(store, made)
    snapshot, answers, refused = store.snapshot(FINGERPRINT), list[bool](), list[str]()
    started = threading.Barrier(9)

    def ask() -> None:
        started.wait()
        for row in list(range(24)) * 50:
            try:
                hit = snapshot.query(made.vectors[row], 1)[0]
            except StoreError as error:
                refused.append(str(error))
                return
            answers.append((hit.passage, hit.start) == (made.windows[row].passage, made.windows[row].start))

    threads = [threading.Thread(target=ask) for _ in range(8)]
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


def sealed(index: Path, **changes: object) -> None:
    """Rewrite the manifest of gen-2 with other fields and a seal that fits."""
    path = index / "gen-2" / "manifest.json"
    manifest = Manifest.from_json(path.read_text(encoding="utf-8"), "")
    path.write_text(replace(manifest, **changes).to_json(), encoding="utf-8")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema": 2}, "schema '2', but now it is '1'"),
        ({"schema": 0}, "schema '0', but now it is '1'"),
        ({"chroma": "1.0.0"}, "chroma '1.0.0', but now it is '{chroma}'"),
        ({"fingerprint": {**FINGERPRINT, "embedder": "other"}}, "embedder 'other', but now it is 'toy'"),
        ({"fingerprint": {"embedder": "toy", "prompts": "none"}}, "splitter '', but now it is '1'"),
    ],
)
def test_a_manifest_of_another_kind_is_refused_and_a_re_run_mends_it(index: Path, changes: dict[str, Any], sentence: str) -> None:
    store = open_store(index)
    publish(store, contents("old"))
    publish(store, contents("new"))
    sealed(index, **changes)
    with pytest.raises(IndexMismatch) as caught:
        store.snapshot(FINGERPRINT)
    assert str(caught.value) == f"The index was made with {sentence.format(chroma=installed())}. Run: python ingest.py"
    assert (store.usable() is None) == ("fingerprint" not in changes)
    publish(store, contents("new"))
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.generation, lost_from(snapshot, contents("new"))) == ("gen-3", [])
    snapshot.close()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "7", "{", "{}", '{"schema": 1}', '{"schema": "1"}', '{"schema": 1, "seal": ""}', "[" * 100_000, "\x00"],
    ids=range(11),
)
def test_a_manifest_that_is_none_is_damage(index: Path, text: str) -> None:
    store = open_store(index)
    publish(store, contents("new"))
    (index / "gen-1" / "manifest.json").write_text(text)
    for ask in (store.manifest, lambda: store.snapshot(FINGERPRINT)):
        with pytest.raises(IndexDamaged, match=r"gen-1/manifest\.json .*python ingest\.py"):
            ask()
    assert store.usable() is None


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


def test_a_strangers_manifest_with_a_fitting_seal_is_still_compared(index: Path) -> None:
    store = open_store(index)
    publish(store, contents("old"))
    publish(store, contents("new"))
    whole = (index / "gen-2" / "manifest.json").read_text(encoding="utf-8")
    manifest = Manifest.from_json(whole, "")
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
        sealed(index, **changes)
        snapshot = store.snapshot(FINGERPRINT)
        assert (snapshot.generation, snapshot.opened) == ("gen-2", "gen-1")
        snapshot.close()
        (index / "gen-2" / "manifest.json").write_text(whole, encoding="utf-8")


def test_a_pointer_to_nothing_falls_back_and_numbers_go_on_behind_it(index: Path) -> None:
    store = open_store(index)
    publish(store, contents("old"))
    (index / "CURRENT").write_text("gen-7\n")
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.generation, snapshot.opened, store.current()) == ("gen-7", "gen-1", "gen-7")
    assert "the previous index, gen-1, is used" in snapshot.note
    snapshot.close()
    publish(store, contents("new"))
    assert store.current() == "gen-8"


def test_a_writer_in_a_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.* cannot be written.*BOT_INDEX"):
        publish(open_store(tmp_path / "file" / "index"), contents("돌"))


def test_too_little_room_is_said_before_anything_is_written(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(open_store(index), contents("old"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1234))
    with pytest.raises(StoreError, match=r"has 1234 bytes free, and a new index needs \d{7}\."):
        publish(open_store(index), contents("new"))
    assert {path.name for path in index.iterdir()} == {"CURRENT", "LOCK", "gen-1"}


def test_a_second_writer_of_the_same_process_is_refused_too(store: Store) -> None:
    with store.writer(quiet) as writer:
        assert isinstance(writer, Writer)
        with pytest.raises(IndexBusy, match=str(os.getpid())), store.writer(quiet):
            pytest.fail("two writers")


def test_the_nearest_of_many_are_nearly_all_found(index: Path) -> None:
    made = contents("많은 돌", essays=25, passages=10, windows=8)
    store = open_store(index)
    publish(store, made)
    snapshot, found = store.snapshot(FINGERPRINT), 0
    names = {(window.passage, window.start): row for row, window in enumerate(made.windows)}
    for number in range(20):
        question = embed(f"question {number}")
        best = set(np.argsort(-(made.vectors @ question))[:300].tolist())
        found += len(best & {names[hit.passage, hit.start] for hit in snapshot.query(question, 300)})
    assert found >= 0.99 * 20 * 300
    snapshot.close()


# The server


def test_a_server_holds_everything_under_names_of_its_own(url: str, index: Path) -> None:
    empty(url)
    for mark in ("one", "two", "three"):
        publish(open_store(index, url), contents(mark))
    assert collections(url) == [
        "dolmen-current",
        *("dolmen-gen-2-passages", "dolmen-gen-2-windows", "dolmen-gen-3-passages", "dolmen-gen-3-windows"),
    ]
    assert not index.exists()
    other = open_store(Path("elsewhere"), url + "/")  # another process on another machine
    snapshot = other.snapshot(FINGERPRINT)
    assert lost_from(snapshot, contents("three")) == []


def test_foreign_collections_are_left_alone(url: str, index: Path) -> None:
    empty(url)
    died = "dolmen-gen-9-windows"  # what a writer leaves that died in the middle
    with reach(url) as client:
        for name in ("mine", "dolmen-notes", "dolmen-gen-1", "dolmen-gen-1-passages-old", died):
            client.create_collection(name, embedding_function=None)
    publish(open_store(index, url), contents("돌"))
    assert collections(url) == [
        *("dolmen-current", "dolmen-gen-1", "dolmen-gen-1-passages", "dolmen-gen-1-passages-old", "dolmen-gen-1-windows"),
        *("dolmen-notes", "mine"),
    ]


FIRST = contents("new").passages[0].id
SERVER_DAMAGE: dict[str, Callable[[Any, Any], object]] = {
    "a window less": lambda passages, windows: windows.delete(ids=["3"]),
    "a window elsewhere": lambda passages, windows: windows.update(ids=["3"], metadatas=[{"start": 7}]),
    "no number": lambda passages, windows: windows.update(ids=["3"], metadatas=[{"start": "x"}]),
    "other windows": lambda passages, windows: windows.upsert(ids=["x"], embeddings=[embed("x")], metadatas=[{"a": 1}]),
    "no manifest": lambda passages, windows: passages.modify(metadata={"other": "x"}),
    "an empty manifest": lambda passages, windows: passages.modify(metadata={"manifest": "{}"}),
    "other terms": lambda passages, windows: passages.update(ids=[FIRST], metadatas=[{"terms": "other"}]),
    "another title": lambda passages, windows: passages.update(ids=[FIRST], metadatas=[{"title": "other"}]),
    "another order": lambda passages, windows: passages.update(ids=[FIRST], metadatas=[{"number": "x"}]),
    "another text": lambda passages, windows: passages.update(ids=[FIRST], documents=["other"], embeddings=[[1.0, 0.0]]),
    "a passage less": lambda passages, windows: passages.delete(ids=[FIRST]),
    "no windows": lambda passages, windows: windows._client.delete_collection(windows.name),
    "no passages": lambda passages, windows: windows._client.delete_collection(passages.name),
}


@pytest.mark.parametrize("damage", SERVER_DAMAGE)
def test_a_generation_that_is_damaged_on_the_server_is_found(damage: str, url: str, index: Path) -> None:
    empty(url)
    store = open_store(index, url)
    publish(store, contents("old"))
    publish(store, contents("new"))
    with reach(url) as client:
        SERVER_DAMAGE[damage](*(client.get_collection(f"dolmen-gen-2-{part}") for part in ("passages", "windows")))
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.generation, snapshot.opened) == ("gen-2", "gen-1")
    assert "python ingest.py" in snapshot.note
    assert lost_from(snapshot, contents("old")) == []
    publish(store, contents("new"))
    snapshot = store.snapshot(FINGERPRINT)
    assert (snapshot.note, lost_from(snapshot, contents("new"))) == ("", [])


def test_a_pointer_on_the_server_that_names_no_generation_is_refused(url: str, index: Path) -> None:
    empty(url)
    publish(open_store(index, url), contents("돌"))
    with reach(url) as client:
        client.get_collection("dolmen-current", embedding_function=None).modify(metadata={"generation": "../gen-1"})
    with pytest.raises(IndexDamaged, match=r"CURRENT names '\.\./gen-1'"):
        open_store(index, url).snapshot(FINGERPRINT)
    publish(open_store(index, url), contents("돌"))
    assert open_store(index, url).current() == "gen-2"


def test_a_server_that_is_not_there_is_named_with_the_command(index: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    for ask in ("current", "manifest", "usable"):
        with pytest.raises(StoreError, match=rf"{url} .*chroma run --path"):
            getattr(open_store(index, url), ask)()
    with pytest.raises(StoreError, match="chroma run --path"):
        open_store(index, url).snapshot(FINGERPRINT)


def test_a_server_that_goes_away_is_an_error_of_one_line(index: Path, tmp_path: Path) -> None:
    url, start = start_server(tmp_path / "data")
    server, store = start(), open_store(index, url)
    publish(store, contents("돌"))
    snapshot = store.snapshot(FINGERPRINT)
    server.kill()
    server.wait()
    for ask in (lambda: snapshot.query(embed("x"), 1), store.current, lambda: publish(store, contents("돌"))):
        with pytest.raises(StoreError, match=rf"{url} failed: .*chroma run"):
            ask()
    server = start()
    try:  # the same store goes on when it is back
        assert store.current() == "gen-1"
        assert lost_from(store.snapshot(FINGERPRINT), contents("돌")) == []
    finally:
        server.kill()
        server.wait()


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.chroma.REQUEST_TIMEOUT_SECONDS", 1.0)
    url, start = start_server(tmp_path / "data")
    server, store = start(), open_store(index, url)
    try:
        assert store.current() is None
        server.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.pid, os.WSTOPPED)
        with pytest.raises(StoreError, match="timed out"):
            store.current()
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize(
    "address", ["localhost:8000", "ftp://x", "http://", "http://x:port", "http://x:99999999", "http://[::1", "자리"]
)
def test_what_is_no_address_is_said(index: Path, address: str) -> None:
    with pytest.raises(StoreError, match="BOT_CHROMA_URL is .* not an address"):
        open_store(index, address).current()
