"""`ingest.py --watch`: what is saved, renamed and deleted is indexed once it is still, and a folder that goes away loses nothing."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from bot import Bot
from bot.errors import CorpusError, StoreError
from bot.indexing.build import build_index
from bot.indexing.watch import MAX_UNSTILL_LOOKS, RETRY_LOOKS, Follower, Look, change_line, look_at
from bot.messages.files import EMPTY
from bot.messages.index_errors import UNWRITABLE
from bot.schema import Report, Skipped
from bot.settings import Settings
from bot.store import open_store
from tests.toys import ToyEmbedder

FACT = "The capstone of Varn weighs forty-one tons."
CHILD = """
import sys
import bot.models.choice, ingest
from tests.toys import ToyEmbedder

bot.models.choice.Embedder = lambda *_: ToyEmbedder()
sys.exit(ingest.main(sys.argv[1:]))
"""


class Watched:
    """A folder of two notes, its index, a follower of it, and a bot that was opened before any change."""

    def __init__(self, folder: Path, *, allow_empty: bool = False) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.write("road.md", "A road is a list of needs.")
        self.write("종.md", "종탑의 종은 새벽마다 열한 번 울린다.")
        self.settings = Settings.load(corpus=folder / "none", index=folder / "index", llm="quotes")
        self.ingests, self.told, self.warned = 0, list[str](), list[str]()
        self.embedder = ToyEmbedder()
        self.follower = Follower([self.notes], self._ingest, self._tell, self._warn, allow_empty=allow_empty)
        report = self.follower.begin()
        assert report is not None
        assert report.added == 2
        self.bot = Bot(self.settings, ToyEmbedder())
        self.bot.warm()
        self.ingests = 0

    def _ingest(self) -> Report:
        self.ingests += 1
        return build_index(self.settings, [self.notes], embedder=self.embedder)

    def _tell(self, line: str) -> None:
        self.told.append(line.partition(" ")[2])  # without the time of day

    def _warn(self, line: str) -> None:
        self.warned.append(line.partition(" ")[2])

    def write(self, name: str, text: str) -> Path:
        path = self.notes / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.follower.step()

    @property
    def generation(self) -> str | None:
        return open_store(self.settings.index).current()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


# Changes


def test_a_saved_note_can_be_asked_about_after_two_looks_by_a_bot_that_is_running(watched: Watched) -> None:
    watched.write("varn.md", FACT)
    watched.look(2)
    assert watched.told == ["added varn.md (essays: 3)"]
    assert FACT in [citation.quote for citation in watched.bot.ask("What does the capstone of Varn weigh?").citations]
    watched.write("varn.md", FACT.replace("forty-one", "fifty-two"))
    watched.write("바른.md", "바른의 덮개돌은 쉰두 톤이다.")
    watched.look(2)
    assert watched.told[1:] == ["added 바른.md, changed varn.md (essays: 4)"]
    assert "바른의 덮개돌은 쉰두 톤이다." in [
        citation.quote for citation in watched.bot.ask("바른의 덮개돌은 몇 톤인가?").citations
    ]
    assert (watched.ingests, watched.warned) == (2, [])


def test_a_rename_and_a_deletion_are_one_change(watched: Watched) -> None:
    (watched.notes / "road.md").rename(watched.notes / "way.md")
    (watched.notes / "종.md").unlink()
    watched.look(2)
    assert watched.told == ["added way.md, removed road.md, 종.md (essays: 1)"]
    assert [essay.id for essay in watched.bot.essays()] == ["way"]


def test_nothing_is_done_while_nothing_changes(watched: Watched) -> None:
    watched.look(50)
    assert (watched.ingests, watched.told, watched.warned, watched.generation) == (0, [], [], "gen-1")


def test_a_file_that_is_being_written_is_indexed_when_it_is_still(watched: Watched) -> None:
    for length in range(1, 8):
        watched.write("varn.md", FACT[: 6 * length])
        watched.look()
    assert watched.ingests == 0
    watched.write("varn.md", FACT)
    watched.look(2)
    assert (watched.ingests, watched.told) == (1, ["added varn.md (essays: 3)"])
    assert watched.bot.essay("varn").text == FACT


def test_a_file_that_is_replaced_as_editors_do_is_never_missing(watched: Watched) -> None:
    for number in range(4):
        watched.write("road.md", "")  # truncated,
        watched.look()
        watched.write(".road.md.swp", "x")  # written beside,
        watched.look(0)
        watched.write("new.tmp", f"A road is a list of {number} needs.").replace(watched.notes / "road.md")  # and put in place
        watched.look(2)
        assert {essay.id for essay in watched.bot.essays()} == {"road", "종"}
    assert watched.told == ["changed road.md (essays: 2)"] * 4


def test_files_that_change_all_the_time_are_indexed_now_and_then(watched: Watched) -> None:
    for number in range(2 * MAX_UNSTILL_LOOKS):
        watched.write("log.md", f"Line {number} of this log was written now. " * (number + 1))
        watched.look()
    assert watched.ingests == 2
    assert watched.told == ["added log.md (essays: 3)", "changed log.md (essays: 3)"]


def test_what_is_no_essay_causes_no_ingest(watched: Watched) -> None:
    for name in (
        ".obsidian/workspace.md",
        ".git/HEAD.md",
        "picture.bin",
        "road.md~",
        ".hidden.md",
        "sub/.x/y.md",
        "~$a.docx",
        "README.md",
    ):
        watched.write(name, "Something else that is no essay.")
    (watched.notes / "loop").symlink_to(watched.notes)
    os.mkfifo(watched.notes / "pipe.md~")
    watched.look(3)
    assert (watched.ingests, watched.told) == (0, [])


def test_a_note_in_a_new_folder_and_a_map_are_followed(watched: Watched) -> None:
    watched.write("2026/11/varn.md", FACT)
    watched.look(2)
    assert watched.told == ["added varn.md (essays: 3)"]
    watched.write("analogies.yaml", "- id: [")
    watched.look(2)
    assert len(watched.warned) == 1
    assert "analogies.yaml:1: this is not YAML" in watched.warned[0]


def test_a_note_that_is_not_read_is_named_with_the_reason(watched: Watched) -> None:
    watched.write("empty.md", "\n")
    watched.look(2)
    assert watched.told == [f"added empty.md (essays: 2); skipped empty.md: {EMPTY}"]
    (watched.notes / "road.md").touch()
    watched.look(2)
    assert len(watched.told) == 1  # no essay changed, and the same file is not named again


def test_what_is_not_read_of_an_archive_is_named_with_the_archive(watched: Watched) -> None:
    with zipfile.ZipFile(watched.notes / "blog.zip", "w") as archive:
        archive.writestr("varn.md", FACT)
        archive.writestr("empty.md", "")
    watched.look(2)
    assert watched.told == [f"added blog.zip (essays: 3); skipped empty.md: {EMPTY}"]
    watched.told.clear()
    watched.write("road.md", "A road is a list of what was needed.")
    watched.look(2)
    assert watched.told == ["changed road.md (essays: 3)"]


def test_of_many_files_three_are_named() -> None:
    after = Look({f"/n/{number}.md": (1, 1, 1) for number in range(9)})
    assert change_line(Look(), after, Report(added=9)) == "added 0.md, 1.md, 2.md and 6 more (essays: 9)"
    assert change_line(after, after, Report(unchanged=9, skipped=(Skipped("/n/1.md", EMPTY),))) == ""


def test_after_a_long_ingest_it_looks_again_as_soon_as_ever(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    now, pauses = [0.0], list[float]()
    monkeypatch.setattr("bot.indexing.watch.time.monotonic", lambda: now[0])
    encode = watched.embedder.encode_passages

    def slow(*arguments: object) -> object:
        now[0] += 60
        return encode(*arguments)  # type: ignore[arg-type]

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(watched.embedder, "encode_passages", slow)
    watched.write("varn.md", FACT)
    with pytest.raises(KeyboardInterrupt):
        watched.follower.run(pause)
    assert watched.told == ["added varn.md (essays: 3)"]
    assert pauses == [1, 1, 1]


def test_looks_that_take_long_are_made_less_often(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    now, pauses = [0.0], list[float]()
    monkeypatch.setattr("bot.indexing.watch.time.monotonic", lambda: now[0])
    scan = os.scandir

    def slow(path: Path) -> object:
        now[0] += 2
        return scan(path)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.indexing.watch.os.scandir", slow)
    with pytest.raises(KeyboardInterrupt):
        watched.follower.run(pause)
    assert pauses == [20]


# A folder that goes away


@pytest.mark.parametrize("seconds", [1, 5, 100])
def test_a_folder_that_goes_away_and_comes_back_loses_nothing(seconds: int, watched: Watched) -> None:
    for _ in range(2):
        watched.notes.rename(watched.notes.with_name("elsewhere"))
        watched.look(seconds)
        assert watched.generation == "gen-1"
        watched.notes.with_name("elsewhere").rename(watched.notes)
        watched.look(3)
    assert (watched.ingests, watched.told) == (0, [])
    line = f"there is no essay in {watched.notes}: the index keeps what it has from there until there is one again"
    assert watched.warned == [line] * 2
    watched.write("varn.md", FACT)
    watched.look(2)
    assert watched.told == ["added varn.md (essays: 3)"]


def test_a_folder_that_is_empty_as_a_disk_that_is_not_mounted_loses_nothing(watched: Watched) -> None:
    shutil.rmtree(watched.notes)
    watched.notes.mkdir()
    watched.look(20)
    assert (watched.ingests, len(watched.warned), watched.generation) == (0, 1, "gen-1")
    watched.write("varn.md", FACT)
    watched.look(2)
    assert watched.told == ["added varn.md, removed road.md, 종.md (essays: 1)"]


def test_one_of_two_folders_that_goes_away_keeps_its_essays_while_the_other_changes(watched: Watched, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "hive.md").write_text("A hive is moved at night.")
    told: list[str] = []

    def ingest() -> Report:
        return build_index(watched.settings, [watched.notes, disk], embedder=watched.embedder)

    follower = Follower([watched.notes, disk], ingest, told.append, told.append)
    follower.begin()
    shutil.rmtree(disk)
    watched.write("varn.md", FACT)
    for _ in range(5):
        follower.step()
    assert {essay.id for essay in watched.bot.essays()} == {"road", "종", "hive"}
    assert len(told) == 1


def test_a_follower_waits_for_the_first_file_of_a_folder(tmp_path: Path) -> None:
    notes, told = tmp_path / "notes", list[str]()
    settings = Settings.load(index=tmp_path / "index")
    follower = Follower([notes], lambda: build_index(settings, [notes], embedder=ToyEmbedder()), told.append, told.append)
    with pytest.raises(CorpusError, match="There is no"):
        follower.begin()
    notes.mkdir()
    assert follower.begin() is None
    (notes / "varn.md").write_text(FACT)
    follower.step()
    follower.step()
    assert [line.partition(" ")[2] for line in told[1:]] == ["added varn.md (essays: 1)"]


def test_with_allow_empty_the_last_note_may_go(tmp_path: Path) -> None:
    notes, told = tmp_path / "notes", list[str]()
    notes.mkdir()
    (notes / "varn.md").write_text(FACT)
    settings = Settings.load(index=tmp_path / "index")

    def ingest() -> Report:
        return build_index(settings, [notes], embedder=ToyEmbedder(), allow_empty=True)

    follower = Follower([notes], ingest, told.append, told.append, allow_empty=True)
    follower.begin()
    (notes / "varn.md").unlink()
    follower.step()
    follower.step()
    assert [line.partition(" ")[2] for line in told] == ["removed varn.md (essays: 0)"]
    assert open_store(settings.index).current() is None


# Faults


def test_an_ingest_that_fails_is_told_once_and_tried_again(watched: Watched) -> None:
    watched.write("varn.md", FACT)
    with open_store(watched.settings.index).writer(lambda *_: None):
        watched.look(3 * RETRY_LOOKS)
        assert 2 <= watched.ingests <= 4
        assert len(watched.warned) == 1
        assert f"Another process ({os.getpid()}, since " in watched.warned[0]
    watched.look(RETRY_LOOKS)
    assert watched.told == ["added varn.md (essays: 3)"]


def test_after_a_failure_a_new_change_is_tried_at_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    full = StoreError(UNWRITABLE.format(path="index", reason="No space left on device", free=0, setting="BOT_INDEX"))

    def fail(*_: object, **__: object) -> Report:
        raise full

    watched.write("varn.md", FACT)
    with monkeypatch.context() as patch:
        patch.setattr("tests.indexing.test_watch.build_index", fail)
        watched.look(3)
    assert watched.warned == [str(full)]
    watched.write("hive.md", "A hive is moved at night.")
    watched.look(2)
    assert watched.told == ["added hive.md, varn.md (essays: 4)"]


def test_what_changes_while_the_index_is_made_is_indexed_next(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = watched.embedder.encode_passages

    def writing(*arguments: object) -> object:
        watched.write("late.md", "A hive is moved at night.")
        return encode(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(watched.embedder, "encode_passages", writing)
    watched.write("varn.md", FACT)
    watched.look(2)
    monkeypatch.setattr(watched.embedder, "encode_passages", encode)
    assert "late" not in [essay.id for essay in watched.bot.essays()]
    watched.look(2)
    assert watched.told == ["added varn.md (essays: 3)", "added late.md (essays: 4)"]


def test_a_look_survives_files_that_go_away_under_it(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def slow(path: Path) -> list[os.DirEntry[str]]:
        entries = list(scan(path))
        (watched.notes / "road.md").unlink(missing_ok=True)
        return entries

    monkeypatch.setattr("bot.indexing.watch.os.scandir", slow)
    assert [Path(path).name for path in look_at([watched.notes]).files] == ["종.md"]
    assert look_at([watched.notes / "none"]) == Look({}, (watched.notes / "none",))


# As a command


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple["subprocess.Popen[str]", "Queue[str]"]]]:
    """Starts `python ingest.py …` with the toy embedder; its lines on stdout come in a queue."""
    children, readers = [], []

    def run(*arguments: object) -> tuple["subprocess.Popen[str]", "Queue[str]"]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, *map(str, arguments)],
            env={**os.environ, "BOT_INDEX": str(tmp_path / "index"), "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        children.append(child)
        lines: Queue[str] = Queue()

        def read() -> None:
            for line in child.stdout or ():
                lines.put(line.rstrip("\n"))

        readers.append(threading.Thread(target=read, daemon=True))
        readers[-1].start()
        return child, lines

    yield run
    for child, reader in zip(children, readers, strict=True):
        child.kill()
        reader.join()
        with child:  # closes its pipes
            child.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_follows_a_folder_until_it_is_stopped(
    number: signal.Signals, start: Callable[..., tuple["subprocess.Popen[str]", "Queue[str]"]], tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "road.md").write_text("A road is a list of needs.")
    child, lines = start("--watch", "--collection", "노트", notes)
    assert lines.get(timeout=60) == "added 1 changed 0 removed 0 unchanged 0 skipped 0"
    assert lines.get(timeout=60) == f"following {notes}; Ctrl-C ends it"
    (notes / "varn.md").write_text(FACT)
    assert lines.get(timeout=60).partition(" ")[2] == "added varn.md (essays: 2)"
    bot = Bot(Settings.load(index=tmp_path / "index", collection="노트", llm="quotes"), ToyEmbedder())
    assert FACT in [citation.quote for citation in bot.ask("What does the capstone of Varn weigh?").citations]
    child.send_signal(number)
    assert child.wait(60) == 0
    assert child.stderr
    assert child.stderr.read() == ""
    assert not list((tmp_path / "index").rglob("*.tmp"))


def test_a_folder_that_there_is_not_is_refused(start: Callable[..., tuple["subprocess.Popen[str]", "Queue[str]"]]) -> None:
    child, _ = start("--watch", "no-such-folder")
    assert child.wait(60) == 1
    assert child.stderr
    assert child.stderr.read().startswith("There is no no-such-folder.")
