"""Hostile files: each costs itself and one line, whatever it tries; the worker serves the next file; nothing is written or asked for."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.formats import Failed, Found
from bot.formats.limits import Limits
from bot.formats.worker import close_all, read
from bot.indexing.loader import load_essays, load_existing
from evals.writers import office
from tests.formats import hostile
from tests.places import ROOT

FILES = hostile.everything()
LIMITS = Limits()


@pytest.fixture(scope="module", autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    yield
    close_all()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_hostile_file_costs_itself_and_one_line(file: hostile.Hostile, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("A note that is whole.")
    (tmp_path / file.name).write_bytes(file.data)
    collection = load_existing([tmp_path])
    assert "good" in [essay.id for essay in collection.essays]
    reasons = [skipped.reason for skipped in collection.skipped]
    assert len(reasons) + len(collection.essays) == 2
    if file.reason:
        assert [file.reason.lower() in reason.en.lower() for reason in reasons] == [True], reasons
    for reason in reasons:
        assert "\n" not in reason.en + reason.ko
        assert "Traceback" not in reason.en
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["good.md", file.name])


def test_damaged_files_are_read_or_named(tmp_path: Path) -> None:
    for file in hostile.damaged(3, 160):
        found = read(Path(file.name).suffix, file.data, LIMITS)
        assert isinstance(found, Found | Failed)
        if isinstance(found, Failed):
            assert found.reason.en


def test_a_zip_that_climbs_leaves_nothing_outside_and_names_each_member(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "climbing.zip").write_bytes(hostile.climbing())
    collection = load_essays([folder])
    assert [(essay.id, essay.source) for essay in collection.essays] == [
        ("climbing-good", "climbing.zip/good.md"),
        ("climbing-nested.zip-note3", "climbing.zip/nested.zip/note3.md"),
    ]
    told = {
        skipped.path.removeprefix(f"{folder}/climbing.zip/"): skipped.reason.en.split(";")[0] for skipped in collection.skipped
    }
    climbs = "its path leads out of the archive"
    assert told == {
        "../climbed.md": climbs,
        "/absolute.md".lstrip("/"): climbs,
        "C:/drive.md": climbs,
        "a/../../b.md": climbs,
        "../windows.md": climbs,
        "link.md": "it is a link inside an archive",
        ".obsidian": "it is hidden",
        "nested.zip/level3.zip": "it is an archive more than 2 archives deep",
    }
    assert [path.name for path in tmp_path.rglob("*")] == ["notes", "climbing.zip"]


def test_raw_unpacking_of_that_bomb_gives_all_its_bytes() -> None:
    bomb = next(file for file in FILES if file.name == "bomb.zip")
    with zipfile.ZipFile(io.BytesIO(bomb.data)) as file:
        assert len(file.read("zeros.txt")) == 30_000_000  # what the limits are for: 30 KB become 30 MB


# --- the worker


def test_time_is_limited_and_the_next_file_is_served() -> None:
    data = office.docx(hostile.PIECE)
    found = read(".docx", data, Limits(seconds=0.001))
    assert isinstance(found, Failed)
    assert found.reason.en.startswith("reading it takes more than 0.001 s;")
    assert isinstance(read(".docx", data, LIMITS), Found)


def test_a_worker_that_waits_for_the_processor_has_more_time_by_the_wall_clock() -> None:
    """A stopped process stands for a busy machine: it is given no processor time."""
    close_all()
    limits, others = Limits(seconds=0.5), _children()
    data = office.rtf(hostile.PIECE)
    assert isinstance(read(".rtf", data, limits), Found)
    (worker,) = map(int, _children() - others)
    results: list[object] = []
    reader = threading.Thread(target=lambda: results.append(read(".rtf", data, limits)))
    os.kill(worker, signal.SIGSTOP)
    reader.start()
    reader.join(1.2)
    assert results == []
    os.kill(worker, signal.SIGCONT)
    reader.join(10)
    assert [type(result) for result in results] == [Found]
    assert _children() - others == {str(worker)}


def test_a_worker_that_never_gets_the_processor_is_given_up() -> None:
    close_all()
    limits, others = Limits(seconds=0.5), _children()
    data = office.rtf(hostile.PIECE)
    assert isinstance(read(".rtf", data, limits), Found)
    (worker,) = map(int, _children() - others)
    os.kill(worker, signal.SIGSTOP)
    found = read(".rtf", data, limits)
    assert isinstance(found, Failed)
    assert found.reason.en.startswith("reading it takes more than 0.5 s;")
    assert isinstance(read(".rtf", data, limits), Found)


def test_memory_is_limited_and_the_next_file_is_served() -> None:
    large = b"<p>" + b"<i>x</i>" * 2_000_000
    small = Limits(memory=400_000_000)
    found = read(".html", large, small)
    assert isinstance(found, Failed)
    assert "memory" in found.reason.en
    assert isinstance(read(".html", b"<p>A page that is small.</p>", small), Found)


def test_a_forked_process_does_not_use_its_parents_workers() -> None:
    assert isinstance(read(".rtf", office.rtf(hostile.PIECE), LIMITS), Found)
    child = os.fork()
    if not child:
        os._exit(0 if isinstance(read(".rtf", office.rtf(hostile.PIECE), LIMITS), Found) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert isinstance(read(".rtf", office.rtf(hostile.PIECE), LIMITS), Found)


def test_one_process_serves_many_files_and_threads_may_ask_at_once() -> None:
    close_all()
    before = _children()
    results: list[object] = []
    files = [office.rtf(hostile.PIECE), office.docx(hostile.PIECE), office.epub(hostile.PIECE)] * 4

    def ask(suffix: str, data: bytes) -> None:
        results.append(read(suffix, data, LIMITS))

    for suffix, data in zip([".rtf", ".docx", ".epub"] * 4, files, strict=True):
        ask(suffix, data)
    assert len(_children() - before) == 1
    threads = [threading.Thread(target=ask, args=pair) for pair in zip([".rtf", ".docx", ".epub"] * 4, files, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 24
    assert all(isinstance(result, Found) for result in results)
    assert len(_children() - before) <= 2


def _children() -> set[str]:
    """The ids of this process's children."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = re.search(r"^PPid:\t(\d+)$", (folder / "status").read_text(), re.MULTILINE)
            if parent and int(parent[1]) == os.getpid() and b"bot.formats.child" in (folder / "cmdline").read_bytes():
                found.add(folder.name)
    return found


# What a parser might be made to do, as a statement. `{path}` is a file that must not appear, `{port}` one that must not be reached.
HARM = {
    "writes a file": "open({path!r}, 'w').write('x')",
    "writes with os": "import os; os.close(os.open({path!r}, os.O_WRONLY | os.O_CREAT))",
    "makes a folder": "import os; os.mkdir({path!r})",
    "runs a program": "import subprocess; subprocess.run(['touch', {path!r}])",
    "runs a shell": "import os; os.system('touch ' + {path!r})",
    "forks": "import os; pid = os.fork(); (pid or open({path!r}, 'w')) and pid and os.waitpid(pid, 0)",
    "asks the network": "import socket; socket.create_connection(('127.0.0.1', {port}), 2)",
    "asks for an address": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/', timeout=2)",
    "loads a library": "import ctypes; ctypes.CDLL(None); open({path!r}, 'w')",
}


def harms(statement: str, hook: str, tmp_path: Path) -> bool:
    """Whether a statement, run after the worker's own precautions or without them, left a file or reached a port."""
    path = tmp_path / "harm"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        code = statement.format(path=str(path), port=server.getsockname()[1])
        program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport subprocess, socket, urllib.request\n{hook}\n{code}\n"
        process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
        try:
            server.accept()[0].close()
            reached = True
        except TimeoutError:
            reached = False
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if not reached:
        time.sleep(0.05)
    return reached or path.exists()


HOOK = "from bot.formats.child import forbid, limit_resources; limit_resources(10**9); sys.addaudithook(forbid)"


@pytest.mark.parametrize("statement", HARM.values(), ids=HARM)
def test_a_parser_cannot_write_run_or_connect(statement: str, tmp_path: Path) -> None:
    assert not harms(statement, HOOK, tmp_path)


@pytest.mark.parametrize("statement", [HARM["writes a file"], HARM["runs a program"], HARM["loads a library"]])
def test_raw_it_could(statement: str, tmp_path: Path) -> None:
    assert harms(statement, "", tmp_path)


def test_the_worker_is_given_no_variable_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    close_all()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    assert isinstance(read(".html", b"<p>A page that is small.</p>", LIMITS), Found)
    environments = [Path(f"/proc/{child}/environ").read_bytes() for child in _children()]
    assert environments
    assert not any(b"sk-canary" in environment for environment in environments)
