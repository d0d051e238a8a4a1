"""The files of the store: pointer, names, lock, checksums, private copies. Without Chroma."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from bot.errors import IndexBusy, IndexDamaged, StoreError
from bot.store.disk import WorkingCopy, checksum, checksums, disk_errors, require_free_space, sync, verify
from bot.store.generations import Generations, next_name, single_writer
from tests.places import ROOT

ABC = "3 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
EMPTY = "0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index folder with gen-1 and gen-3, the latter published, without files of Chroma."""
    for name in ("gen-1", "gen-3"):
        (tmp_path / "index" / name / "inner").mkdir(parents=True)
        (tmp_path / "index" / name / "inner" / "abc").write_text("abc")
    (tmp_path / "index" / "CURRENT").write_text("gen-3\n")
    return tmp_path / "index"


def test_the_pointer_names_the_published_generation(root: Path) -> None:
    generations = Generations(root)
    assert (generations.current(), generations.names()) == ("gen-3", ["gen-1", "gen-3"])
    generations.point("gen-1")
    assert (root / "CURRENT").read_bytes() == b"gen-1\n"
    assert generations.current() == "gen-1"
    assert not (root / "CURRENT.tmp").exists()


def test_without_an_index_nothing_is_found_and_nothing_is_created(tmp_path: Path) -> None:
    generations = Generations(tmp_path / "none")
    assert (generations.current(), generations.names()) == (None, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        *("", "\n", "gen-3\n\n", "gen-3 \n", " gen-3", "../gen-3\n", "gen-3/../../x\n", "/etc/passwd\n", "gen-3.tmp\n"),
        *("gen-0\n", "gen-03\n", "gen--3\n", "GEN-3\n", "gen-\u0663\n", "gen-3\0\n", "gen-9999999999\n", "\ufeffgen-3\n"),
        *("gen-3" + " " * 100, "x" * 10_000_000),
    ],
    ids=range(19),
)
def test_a_pointer_with_any_other_text_is_refused(root: Path, line: str) -> None:
    (root / "CURRENT").write_text(line, encoding="utf-8")
    with pytest.raises(IndexDamaged, match=r"CURRENT names .*python -m bot doctor --repair$") as caught:
        Generations(root).current()
    assert len(str(caught.value)) < 250
    assert "손상" in caught.value.text("ko")


def test_a_pointer_that_is_a_folder_is_refused(root: Path) -> None:
    (root / "CURRENT").unlink()
    (root / "CURRENT").mkdir()
    with pytest.raises(IndexDamaged, match="CURRENT cannot be read"):
        Generations(root).current()


def test_generations_are_numbered_and_sorted_by_number(root: Path) -> None:
    for name in ("gen-20", "gen-9", "gen-021", "gen-x", "gen-30.tmp", "gen-40.old.tmp"):
        (root / name).mkdir()
    assert Generations(root).names() == ["gen-1", "gen-3", "gen-9", "gen-20"]
    assert next_name(Generations(root).names()) == "gen-21"
    assert next_name([]) == "gen-1"


def test_cleaning_removes_drafts_and_nothing_else(root: Path) -> None:
    for name in ("gen-4.tmp", "gen-1.old.tmp"):
        shutil.copytree(root / "gen-1", root / name)
    for name in ("CURRENT.tmp", "mine.tmp", "notes.txt"):
        (root / name).write_text("x")
    Generations(root).clean()
    assert sorted(path.name for path in root.iterdir()) == ["CURRENT", "gen-1", "gen-3", "mine.tmp", "notes.txt"]


def test_a_draft_is_renamed_and_a_removed_generation_is_deleted(root: Path) -> None:
    generations = Generations(root)
    generations.draft("gen-4").mkdir()
    generations.rename("gen-4")
    generations.remove("gen-1")
    assert sorted(path.name for path in root.iterdir()) == ["CURRENT", "gen-3", "gen-4"]


def test_a_manifest_is_read_or_is_an_error(root: Path) -> None:
    generations, path = Generations(root), root / "gen-3" / "manifest.json"
    for content in (None, b"\xff\xfe", "folder"):
        if isinstance(content, bytes):
            path.write_bytes(content)
        if content == "folder":
            path.unlink()
            path.mkdir()
        with pytest.raises(IndexDamaged, match="gen-3/manifest.json"):
            generations.read_manifest("gen-3")
    path.rmdir()
    path.write_text("돌", encoding="utf-8")
    assert generations.read_manifest("gen-3") == "돌"


# The lock


def test_the_lock_refuses_a_second_writer_and_names_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "new" / "folder" / "LOCK"
    with single_writer(lock, "the place"):
        owner = json.loads((lock.parent / "LOCK.owner").read_text())
        assert owner["pid"] == os.getpid()
        with pytest.raises(IndexBusy) as caught, single_writer(lock, "the place"):
            pytest.fail("two writers")
    assert str(caught.value) == (
        f"Another process ({os.getpid()}, since {owner['started']}) is writing the index the place."
        " Wait until it ends, then run again."
    )
    assert (caught.value.exit_code, str(os.getpid()) in caught.value.text("ko")) == (75, True)
    assert [path.name for path in lock.parent.iterdir()] == ["LOCK"]
    with single_writer(lock, "the place"):
        pass


def test_the_lock_is_released_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), single_writer(tmp_path / "LOCK", "here"):
        raise KeyError
    with single_writer(tmp_path / "LOCK", "here"):
        pass


def test_the_owner_file_of_a_dead_process_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.generations.OWNER_WAIT_SECONDS", 0.1)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "LOCK.owner").write_text(json.dumps({"pid": dead.pid, "started": "long ago"}))
    with single_writer(tmp_path / "LOCK", "here"):
        assert json.loads((tmp_path / "LOCK.owner").read_text())["pid"] == os.getpid()
    holder = FileLock(tmp_path / "LOCK")
    with holder:  # it took the lock and has not written its name yet: no process is named
        (tmp_path / "LOCK.owner").write_text(json.dumps({"pid": dead.pid, "started": "long ago"}))
        with pytest.raises(IndexBusy, match=r"^Another process \(unknown, since now\)"), single_writer(tmp_path / "LOCK", "here"):
            pytest.fail("two writers")


@pytest.mark.parametrize("parts", [("file", "index"), ("file",)], ids=["inside a file", "a file"])
def test_a_folder_that_cannot_be_written_is_an_error_with_the_remedy(tmp_path: Path, parts: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("a file")
    folder = tmp_path.joinpath(*parts)
    with pytest.raises(StoreError, match=r"cannot be written: .* bytes are free.*BOT_INDEX") as caught:
        single_writer(folder / "LOCK", "x").__enter__()
    assert str(folder) in str(caught.value)


# The disk


def test_a_checksum_is_the_size_and_the_sha256(root: Path) -> None:
    (root / "gen-3" / "empty").touch()
    assert checksum(root / "gen-3" / "inner" / "abc") == ABC
    assert checksums(root / "gen-3") == {"empty": EMPTY, "inner/abc": ABC}
    sync(root)
    verify(root / "gen-3", {"empty": EMPTY, "inner/abc": ABC})


@pytest.mark.parametrize(
    "file", ["../gen-1/inner/abc", "/etc/passwd", "inner/../../gen-1/inner/abc", "inner\\abc", "C:abc", "inner", "none"]
)
def test_a_forged_manifest_cannot_name_files_outside_its_folder(root: Path, file: str, temporary: Path) -> None:
    with pytest.raises(IndexDamaged):
        verify(root / "gen-3", {file: ABC})
    with pytest.raises(IndexDamaged):
        WorkingCopy(root / "gen-3", {file: ABC})
    assert list(temporary.iterdir()) == []


def test_a_pipe_instead_of_a_file_does_not_block(root: Path, temporary: Path) -> None:
    (root / "gen-3" / "inner" / "abc").unlink()
    os.mkfifo(root / "gen-3" / "inner" / "abc")
    for check in (verify, WorkingCopy):
        with pytest.raises(IndexDamaged, match="gen-3/inner/abc"):
            check(root / "gen-3", {"inner/abc": ABC})
    assert list(temporary.iterdir()) == []


def test_a_private_copy_is_checked_and_removed_when_closed_or_garbage_collected(root: Path, temporary: Path) -> None:
    copy = WorkingCopy(root / "gen-3", {"inner/abc": ABC})
    other = WorkingCopy(root / "gen-3", {"inner/abc": ABC})
    assert (copy.folder / "inner" / "abc").read_text() == "abc"
    assert copy.folder.stat().st_mode & 0o777 == 0o700
    copy.close()
    copy.close()
    assert sorted(temporary.iterdir()) == [other.folder, Path(f"{other.folder}.lock")]
    del other
    assert list(temporary.iterdir()) == []
    (root / "gen-3" / "inner" / "abc").write_text("abd")
    with pytest.raises(IndexDamaged, match="gen-3/inner/abc does not match its checksum"):
        WorkingCopy(root / "gen-3", {"inner/abc": ABC})
    assert list(temporary.iterdir()) == []


def test_the_copy_of_a_killed_process_is_removed_and_that_of_a_running_one_is_not(root: Path, temporary: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from bot.store.disk import WorkingCopy\n"
        f"copy = WorkingCopy(Path({str(root / 'gen-3')!r}), {{'inner/abc': {ABC!r}}})\n"
        "print(copy.folder, flush=True); sys.stdin.read()"
    )
    environment, pipe = {**os.environ, "TMPDIR": str(temporary)}, subprocess.PIPE
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=ROOT) as child:
        assert child.stdout
        folder = Path(child.stdout.readline().strip())
        WorkingCopy(root / "gen-3", {}).close()
        assert folder.is_dir()
        child.kill()
    WorkingCopy(root / "gen-3", {}).close()
    assert list(temporary.iterdir()) == []


def test_a_forked_child_does_not_remove_its_parents_copy(root: Path, temporary: Path) -> None:
    copy = WorkingCopy(root / "gen-3", {"inner/abc": ABC})
    child = os.fork()
    if not child:
        copy.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert (copy.folder / "inner" / "abc").is_file()
    copy.close()


def test_a_full_disk_is_an_error_with_the_free_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1234))
    require_free_space(tmp_path / "not" / "yet" / "there", 1234)
    with pytest.raises(StoreError, match=r"has 1234 bytes free, and a new index needs 1235\..*BOT_INDEX"):
        require_free_space(tmp_path / "not" / "yet" / "there", 1235)
    with pytest.raises(StoreError, match=r"No space left on device \(1234 bytes are free\)"), disk_errors(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
