"""The ingest as a reader runs it: what it counts, what it spares, what it says when something is wrong, and that nothing is lost."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import IO

import pytest

import ingest
from bot import Bot
from bot.cli.console import ProgressBar
from bot.errors import IndexMismatch
from bot.indexing.build import build_index
from bot.indexing.loader import load_essays
from bot.indexing.splitter import split, windows
from bot.models.embeddings import Embedder
from bot.settings import Settings
from bot.store import Manifest, open_store
from tests.places import ESSAYS, ROOT
from tests.test_pipeline import Named
from tests.toys import ToyEmbedder

FACT = "The capstone of Varn weighs forty-one tons."
ASKED = "What does the capstone of Varn weigh?"
COUNTS = ("added", "changed", "removed", "unchanged", "skipped")
HEAVY = {"chromadb", "torch", "sentence_transformers", "transformers", "kiwipiepy", "gradio"}

# `ingest.py` with an embedder that needs no model. With HOLD set it says so before it embeds, and then waits for a line.
# Whatever happens, it ends by writing down what it did and what was imported for it.
CHILD = f"""
import json, os, sys
from pathlib import Path

import bot.indexing.build, ingest
from tests.toys import ToyEmbedder

class Held(ToyEmbedder):
    def encode_passages(self, texts, progress=None):
        if os.environ.get("HOLD"):
            print("holding", flush=True)
            sys.stdin.readline()
        return super().encode_passages(texts, progress)

toy = Held()
bot.indexing.build.Embedder = lambda *_: toy
code = ingest.main(sys.argv[1:])
told = {{"loads": toy.loads, "embedded": toy.embedded, "heavy": sorted({HEAVY} & sys.modules.keys())}}
Path("told.json").write_text(json.dumps(told))
sys.exit(code)
"""


@dataclass(frozen=True)
class Ran:
    """What a run left behind: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    def counts(self) -> tuple[int, ...]:
        """Of a run that went well: added, changed, removed, unchanged, skipped, as the first line has them."""
        assert (self.code, self.err) == (0, "")
        line = self.out.splitlines()[0]
        assert re.sub(r"\d+", "N", line) == " ".join(f"{name} N" for name in COUNTS)
        return tuple(map(int, re.findall(r"\d+", line)))

    def complaint(self, code: int = 1) -> str:
        """Of a run that failed: the one line on stderr; there must be no other, and nothing on stdout."""
        assert (self.code, self.out) == (code, "")
        assert "Traceback" not in self.err
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1
        return self.err.strip()


class Desk:
    """A corpus, an index, and the script to bring the one into the other."""

    def __init__(self, folder: Path, toy: ToyEmbedder, capsys: pytest.CaptureFixture[str]) -> None:
        self.corpus, self.index, self.toy, self._capsys = folder / "essays", folder / "index", toy, capsys
        self.corpus.mkdir()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.corpus / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def run(self, *arguments: object) -> Ran:
        """`python ingest.py …` in this process, with the toy embedder."""
        self._capsys.readouterr()
        code = ingest.main([str(argument) for argument in arguments])
        shown = self._capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    def json(self, *arguments: object) -> dict[str, object]:
        """What `--json` prints, which must be all that is printed."""
        ran = self.run(*arguments, "--json")
        assert (ran.code, ran.err) == (0, "")
        shown: dict[str, object] = json.loads(ran.out)
        return shown

    def manifest(self) -> Manifest:
        manifest = open_store(self.index).usable()
        assert manifest is not None
        return manifest

    def answers(self) -> bool:
        """Whether a fresh bot still quotes the fact, true to its essay."""
        bot = Bot(Settings.load(corpus=self.corpus, index=self.index), ToyEmbedder())
        cited = [citation for citation in bot.ask(ASKED).citations if FACT in citation.quote]
        return any(bot.essay(one.essay).text[one.start : one.end] == one.quote for one in cited)


@pytest.fixture
def desk(tmp_path: Path, toy: ToyEmbedder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An empty corpus and no index yet."""
    desk = Desk(tmp_path, toy, capsys)
    monkeypatch.setattr("bot.pipeline.Embedder", lambda *_: toy)
    monkeypatch.setattr("bot.indexing.build.Embedder", lambda *_: toy)
    monkeypatch.setenv("BOT_CORPUS", str(desk.corpus))
    monkeypatch.setenv("BOT_INDEX", str(desk.index))
    return desk


@pytest.fixture
def laid(desk: Desk) -> Desk:
    """A corpus of two essays, one with the fact, and their index."""
    desk.write("varn.md", f"# Varn\n\n{FACT} Nobody in the valley remembers who raised it.")
    desk.write("road.md", "A road is a list of the things that people needed.")
    assert desk.run().counts() == (2, 0, 0, 0, 0)
    return desk


def paragraphs(mark: str, count: int) -> str:
    """Paragraphs of four sentences each, no sentence twice in all the corpora of these tests."""
    return "\n\n".join(
        " ".join(
            f"In the {mark} year the crew of hill {part} moved stone {part}-{sentence} over the ridge." for sentence in range(4)
        )
        for part in range(count)
    )


# Counts


def test_every_kind_of_change_is_counted(desk: Desk) -> None:
    for name in ("stays.md", "grows.md", "goes.md"):
        desk.write(name, paragraphs(name, 2))
    assert desk.run().counts() == (3, 0, 0, 0, 0)
    desk.write("grows.md", paragraphs("grows.md", 3))
    desk.write("comes.md", paragraphs("comes.md", 1))
    (desk.corpus / "goes.md").unlink()
    desk.write("empty.md", "")
    ran = desk.run()
    assert ran.counts() == (1, 1, 1, 1, 1)
    assert ran.out.splitlines()[1:] == [f"skipped {desk.corpus}/empty.md: it contains no text; write some or remove the file"]
    assert sorted(desk.manifest().essays) == ["comes", "grows", "stays"]


def test_the_second_run_changes_nothing_and_touches_nothing(laid: Desk) -> None:
    loads, embedded, before = laid.toy.loads, laid.toy.embedded, sorted((p, p.stat().st_mtime_ns) for p in laid.index.rglob("*"))
    ran = laid.run()
    assert ran.out == "added 0 changed 0 removed 0 unchanged 2 skipped 0\n"
    assert ran.counts() == (0, 0, 0, 2, 0)
    assert (laid.toy.loads, laid.toy.embedded) == (loads, embedded)
    assert sorted((p, p.stat().st_mtime_ns) for p in laid.index.rglob("*")) == before


def test_json_has_the_counts_and_what_was_skipped_and_why(laid: Desk) -> None:
    laid.write("more.md", "Nine mules carried it.")
    laid.write("empty.md", "\n")
    first = laid.json()
    assert {name: first[name] for name in COUNTS} == {"added": 1, "changed": 0, "removed": 0, "unchanged": 2, "skipped": 1}
    assert first["skipped_files"] == [
        {"path": f"{laid.corpus}/empty.md", "reason": "it contains no text; write some or remove the file"}
    ]
    assert first["embedded"] == 1
    second = laid.json()
    assert {name: second[name] for name in COUNTS} == {"added": 0, "changed": 0, "removed": 0, "unchanged": 3, "skipped": 1}
    assert second.keys() == first.keys() == {*COUNTS, "embedded", "skipped_files", "notes"}


def test_a_renamed_essay_goes_and_comes_and_keeps_its_vectors(laid: Desk) -> None:
    embedded = laid.toy.embedded
    (laid.corpus / "varn.md").rename(laid.corpus / "the-hill.md")
    assert laid.run().counts() == (1, 0, 1, 1, 0)
    assert laid.toy.embedded == embedded
    assert sorted(laid.manifest().essays) == ["road", "the-hill"]
    assert laid.answers()


def test_the_passages_of_a_deleted_essay_go(laid: Desk) -> None:
    (laid.corpus / "varn.md").unlink()
    assert laid.run().counts() == (0, 0, 1, 1, 0)
    bot = Bot(Settings.load(corpus=laid.corpus, index=laid.index), ToyEmbedder())
    assert {hit.passage.essay for hit in bot.search(ASKED, 50)} == {"road"}
    assert not laid.answers()


def test_touching_or_re_encoding_a_file_changes_nothing(laid: Desk) -> None:
    path = laid.corpus / "varn.md"
    os.utime(path, (1, 1))
    assert laid.run().counts() == (0, 0, 0, 2, 0)
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode("utf-16"))
    assert laid.run().counts() == (0, 0, 0, 2, 0)


def test_a_new_title_is_a_change_that_is_shown(laid: Desk) -> None:
    laid.write("varn.md", "---\ntitle: The Hill of Varn\n---\n" + (laid.corpus / "varn.md").read_text(encoding="utf-8"))
    assert laid.run().counts() == (0, 1, 0, 1, 0)
    bot = Bot(Settings.load(corpus=laid.corpus, index=laid.index), ToyEmbedder())
    assert bot.essay("varn").title == "The Hill of Varn"
    assert laid.answers()


def test_one_edited_paragraph_of_fifty_files_embeds_only_the_windows_it_touches(desk: Desk) -> None:
    for number in range(50):
        desk.write(f"{number:02}.md", paragraphs(f"{number}th", 4))
    desk.run()
    before = {window.text for essay in load_essays([desk.corpus]).essays for window in windows(essay, split(essay))}
    assert desk.toy.embedded == len(before)
    path = desk.corpus / "07.md"
    path.write_text(path.read_text(encoding="utf-8").replace("stone 2-1 over", "stone 2-1 slowly over"), encoding="utf-8")
    (edited,) = load_essays([path]).essays
    fresh = {window.text for window in windows(edited, split(edited))} - before
    assert 0 < len(fresh) < 6  # of the ten or so that the essay has
    desk.toy.passages.clear()
    report = desk.json()
    assert (report["changed"], report["unchanged"], report["embedded"]) == (1, 49, len(fresh))
    assert set(desk.toy.passages) == fresh
    assert desk.toy.embedded == len(fresh)


def test_five_hundred_files_unchanged_are_not_embedded_again_and_one_edited_alone_is(desk: Desk) -> None:
    for number in range(500):
        desk.write(f"{number:03}.md", f"Stone {number} was carried by crew {number * 7} over hill {number * 13}.")
    assert desk.run().counts() == (500, 0, 0, 0, 0)
    first, embedded = desk.manifest(), desk.toy.embedded
    assert embedded == 500
    assert desk.run().counts() == (0, 0, 0, 500, 0)
    assert (desk.toy.embedded, desk.manifest()) == (embedded, first)
    desk.write("250.md", "Stone 250 was left where it lay.")
    assert desk.run().counts() == (0, 1, 0, 499, 0)
    assert desk.toy.passages[embedded:] == ["Stone 250 was left where it lay."]


def test_any_series_of_changes_leaves_the_index_that_a_first_run_would_make(desk: Desk) -> None:
    chance, held = Random(5), dict[str, int]()
    for step in range(10):
        before = dict(held)
        for _ in range(chance.randint(1, 3)):
            name, number = chance.choice(["a.md", "b.md", "c.txt", "d/e.md"]), chance.randint(1, 4)
            if held.pop(name, None) is None or chance.random() < 0.6:
                held[name] = number
        held = held or {"a.md": step}
        for path in [path for path in desk.corpus.rglob("*") if path.is_file()]:
            path.unlink()
        for name, number in held.items():
            desk.write(name, paragraphs(f"{name} {number}", number))
        same = {name for name, number in held.items() if before.get(name) == number}
        counts = (len(held.keys() - before.keys()), len(held.keys() & before.keys() - same), len(before.keys() - held.keys()))
        assert desk.run().counts() == (*counts, len(same), 0)
        scratch = Settings.load(corpus=desk.corpus, index=desk.index.parent / f"scratch{step}")
        build_index(scratch, embedder=ToyEmbedder())
        fresh = open_store(scratch.index).usable()
        assert fresh is not None
        assert fresh.digest == desk.manifest().digest


# Paths


def test_two_paths_are_one_shelf_and_no_others(laid: Desk, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, text in ((one, "A bell is struck eleven times."), (two, "A hive is moved at night.")):
        folder.mkdir()
        (folder / "essay.md").write_text(text)
    assert laid.run(one, two).counts() == (2, 0, 2, 0, 0)
    assert sorted(laid.manifest().essays) == ["essay", "essay-2"]
    assert laid.run(one, two).counts() == (0, 0, 0, 2, 0)
    assert laid.run().counts() == (2, 0, 2, 0, 0)


def test_a_single_file_may_be_named(laid: Desk) -> None:
    path = laid.write("notes.log", "The log of the quarry says nine men.")
    assert laid.run(path).counts() == (1, 0, 2, 0, 0)
    assert list(laid.manifest().essays) == ["notes"]


def test_a_path_given_twice_is_read_once(laid: Desk) -> None:
    ran = laid.run(laid.corpus, laid.corpus)
    assert ran.counts() == (0, 0, 0, 2, 2)
    assert laid.answers()


# What is left out


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("picture.md", b"GIF89a" + bytes(range(32)) * 50, "binary"),
        ("broken.md", "---\ntitle: [never closed\nauthor: x\n---\nText.", "front matter is not YAML in line"),
        ("zz-twin.md", f"# Varn\n\n{FACT} Nobody in the valley remembers who raised it.", "same text as"),
        ("empty.md", "", "no text"),
        ("fields.md", "---\ntitle: only fields\n---\n", "no text"),
    ],
)
def test_a_file_that_is_no_essay_is_named_with_its_reason_and_stops_nothing(
    name: str, content: str | bytes, reason: str, laid: Desk
) -> None:
    path = laid.write(name, content)
    laid.write("new.md", "Nine mules carried it.")
    ran = laid.run()
    assert ran.counts() == (1, 0, 0, 2, 1)
    (line,) = ran.out.splitlines()[1:]
    assert line.startswith(f"skipped {path}: ")
    assert reason in line
    assert laid.answers()


def test_an_essay_that_became_unreadable_is_told_as_removed_and_skipped(laid: Desk) -> None:
    laid.write("road.md", b"\x00\x01\x02" * 100)
    assert laid.run().counts() == (0, 0, 1, 1, 1)
    assert laid.answers()


def test_a_korean_file_in_cp949_is_read_and_the_guess_is_said(laid: Desk) -> None:
    text = "고인돌은 힘을 보이는 돌이었다. 돌을 끈 사람은 모두 사백 명이었다고 전한다."
    path = laid.write("old.md", text.encode("cp949"))
    ran = laid.run()
    assert ran.counts() == (1, 0, 0, 2, 0)
    (note,) = ran.out.splitlines()[1:]
    assert note.startswith(f"{path}: ")
    assert "cp949" in note
    bot = Bot(Settings.load(corpus=laid.corpus, index=laid.index), ToyEmbedder())
    assert bot.essay("old").text == text


def test_an_essay_without_front_matter_is_an_essay(laid: Desk) -> None:
    bot = Bot(Settings.load(corpus=laid.corpus, index=laid.index), ToyEmbedder())
    assert (bot.essay("varn").title, bot.essay("road").title, bot.essay("road").author) == ("Varn", "road", "")


# What stops an ingest: one line with the fact, the value and the remedy; the old index still answers


def no_essays(desk: Desk) -> list[object]:
    for path in desk.corpus.iterdir():
        path.unlink()
    return []


def no_folder(desk: Desk) -> list[object]:
    return [desk.corpus / "missing"]


def only_binary(desk: Desk) -> list[object]:
    return [desk.write("only/picture.md", b"\x00\x01" * 500).parent]


def only_broken(desk: Desk) -> list[object]:
    return [desk.write("only/broken.md", "---\na: [\n---\nText.")]


def only_rules(desk: Desk) -> list[object]:
    return [desk.write("only/rules.md", "* * *\n\n---\n\n* * *\n").parent]


def one_path_of_two(desk: Desk) -> list[object]:
    return [desk.corpus, "no-such-folder"]


def long_name(desk: Desk) -> list[object]:
    return ["x" * 300]


@pytest.mark.parametrize(
    ("spoil", "fact", "value", "remedy"),
    [
        (no_essays, "No essay", "essays", "Put"),
        (no_folder, "There is no", "essays/missing", "Give"),
        (only_binary, "No essay", "only/picture.md: it is binary", "Put"),
        (only_broken, "No essay", "front matter is not YAML in line", "Put"),
        (only_rules, "No essay", "rules", "Put"),
        (one_path_of_two, "There is no", "no-such-folder", "Give"),
        (long_name, "There is no", "xxx", "Give"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_loses_nothing(
    spoil: Callable[[Desk], list[object]], fact: str, value: str, remedy: str, laid: Desk
) -> None:
    before = laid.manifest()
    line = laid.run(*spoil(laid)).complaint()
    assert line.startswith(fact)
    assert value in line
    assert remedy in line.rpartition(". ")[2] or f" {remedy} " in line
    assert laid.manifest() == before
    assert laid.answers()
    assert laid.run("--json", *spoil(laid)).complaint() == line


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BOT_PORT", "many", "BOT_PORT is 'many'"),
        ("BOT_EMBEDDING_MODEL", "/no/such/model", "/no/such/model"),
        ("BOT_CHROMA_URL", "no address", "'no address'"),
        ("BOT_INDEX", "x" * 300, "BOT_INDEX"),
        ("BOT_INDEX", "/proc/nowhere/index", "BOT_INDEX"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line(
    name: str, value: str, words: str, laid: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bot.pipeline.Embedder", Embedder)
        patch.setattr("bot.indexing.build.Embedder", Embedder)
        patch.setenv(name, value)
        line = laid.run().complaint()
    assert words in line
    assert laid.answers()


def test_a_file_in_the_place_of_the_index_is_named_and_kept(laid: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    place = laid.corpus.parent / "a-file"
    place.write_text("keep me")
    monkeypatch.setenv("BOT_INDEX", str(place))
    line = laid.run().complaint()
    assert f"{place} cannot be written: " in line
    assert "BOT_INDEX" in line
    assert place.read_text() == "keep me"


def test_another_ingest_is_named_by_its_process_and_the_code_is_75(laid: Desk) -> None:
    laid.write("new.md", "Nine mules carried it.")
    with open_store(laid.index).writer(lambda *_: None):
        line = laid.run().complaint(75)
        assert str(os.getpid()) in line
        assert "run again" in line
    assert laid.run().counts() == (1, 0, 0, 2, 0)


def test_where_nothing_changed_another_ingest_is_no_hindrance(laid: Desk) -> None:
    with open_store(laid.index).writer(lambda *_: None):
        assert laid.run().counts() == (0, 0, 0, 2, 0)


def test_wrong_usage_is_2_and_help_is_0(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        desk.run("--no-such-option")
    assert caught.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        desk.run("--help")
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert "--json" in shown
    assert "PATH" in shown
    assert not desk.index.exists()


def test_an_index_of_another_embedder_is_refused_with_the_command_which_rebuilds_it(
    laid: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ToyEmbedder("2")
    settings = Settings.load(corpus=laid.corpus, index=laid.index)
    with pytest.raises(IndexMismatch, match=r"revision '1', but now it is '2'.*python ingest\.py"):
        Bot(settings, other).ask(ASKED)
    assert laid.answers()
    monkeypatch.setattr("bot.pipeline.Embedder", lambda *_: other)
    monkeypatch.setattr("bot.indexing.build.Embedder", lambda *_: other)
    assert laid.run().counts() == (0, 2, 0, 0, 0)
    assert other.embedded == laid.toy.embedded
    assert FACT in Bot(settings, other).ask(ASKED).text
    assert laid.run().counts() == (0, 0, 0, 2, 0)


def test_an_embedder_that_breaks_off_loses_nothing(laid: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = laid.manifest()
    laid.write("new.md", "Nine mules carried it.")

    def broken(*_: object) -> None:
        raise MemoryError("no room for the vectors")

    with monkeypatch.context() as patch:
        patch.setattr(laid.toy, "encode_passages", broken)
        with pytest.raises(MemoryError):
            laid.run()
    assert laid.manifest() == before
    assert laid.answers()
    assert laid.run().counts() == (1, 0, 0, 2, 0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB of our own, which can be made read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("a disk cannot be mounted here: this is for root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_cannot_be_written_is_answered_from_and_not_ingested_into(
    disk: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.corpus, desk.index = disk / "essays", disk / "index"
    desk.corpus.mkdir()
    monkeypatch.setenv("BOT_CORPUS", str(desk.corpus))
    monkeypatch.setenv("BOT_INDEX", str(desk.index))
    desk.write("varn.md", FACT)
    assert desk.run().counts() == (1, 0, 0, 0, 0)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert desk.run().counts() == (0, 0, 0, 1, 0)
    assert desk.answers()
    line = desk.run(ESSAYS).complaint()
    assert f"{desk.index} cannot be written: Read-only file system" in line
    assert "BOT_INDEX" in line
    assert desk.answers()


# In processes of its own


def environment(desk: Desk, **more: str) -> dict[str, str]:
    return {**os.environ, "BOT_CORPUS": str(desk.corpus), "BOT_INDEX": str(desk.index), **more}


def hear_interrupts() -> None:
    """Undo what a shell does to the jobs that it puts into the background: they, and their children, do not hear Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(desk: Desk, **more: str) -> subprocess.Popen[str]:
    """`CHILD`, running."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env=environment(desk, **more),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,
    )


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def ended(child: subprocess.Popen[str]) -> Ran:
    """Wait for a child; one that is held is let go by the end of its stdin."""
    out, err = child.communicate(timeout=120)
    return Ran(child.returncode, out, err)


def test_a_second_run_loads_no_embedder_and_imports_nothing_heavy(laid: Desk) -> None:
    ran = ended(started(laid))
    assert ran.counts() == (0, 0, 0, 2, 0)
    assert json.loads(Path("told.json").read_text()) == {"loads": 0, "embedded": 0, "heavy": []}
    laid.write("new.md", "Nine mules carried it.")
    assert ended(started(laid)).counts() == (1, 0, 0, 2, 0)
    told = json.loads(Path("told.json").read_text())
    assert (told["loads"], told["embedded"]) == (1, 1)
    assert told["heavy"] == ["chromadb"]  # as it should: this shows that the look at what is imported can see


def test_the_script_itself_needs_no_model_where_nothing_changed(laid: Desk, tmp_path: Path) -> None:
    build_index(Settings.load(corpus=laid.corpus, index=laid.index), embedder=Named())
    cache = tmp_path / "cache"
    script = str(ROOT / "ingest.py")
    code = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({sorted(HEAVY)}))  # whoever imports one of these fails
sys.argv = [{script!r}]
runpy.run_path({script!r}, run_name="__main__")
"""
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=environment(laid, BOT_CACHE=str(cache)), capture_output=True, text=True, timeout=120)
    assert Ran(ran.returncode, ran.stdout, ran.stderr).counts() == (0, 0, 0, 2, 0)
    assert not cache.exists()


def test_of_two_ingests_at_once_one_runs_and_the_other_names_it(laid: Desk) -> None:
    for round_ in range(3):
        laid.write("new.md", f"In round {round_} nine mules carried it.")
        children = [started(laid, HOLD="1") for _ in range(2)]
        said = [pipe(child.stdout).readline() for child in children]  # the one that was refused says nothing and ends
        assert sorted(said) == ["", "holding\n"]
        holder, other = sorted(children, key=lambda child: said[children.index(child)], reverse=True)
        line = ended(other).complaint(75)
        assert str(holder.pid) in line
        assert laid.answers()
        if round_ == 1:
            holder.kill()
            assert ended(holder).code == -signal.SIGKILL
            assert "nine mules" in laid.corpus.joinpath("new.md").read_text()
            assert laid.answers()
            assert ended(started(laid)).counts() == (0, 1, 0, 2, 0)
        else:
            assert ended(holder).counts() == ((1, 0, 0, 2, 0) if round_ == 0 else (0, 1, 0, 2, 0))
        scratch = Settings.load(corpus=laid.corpus, index=laid.index.parent / f"scratch{round_}")
        build_index(scratch, embedder=ToyEmbedder())
        clean = open_store(scratch.index).usable()
        assert clean is not None
        assert laid.manifest().digest == clean.digest
        assert not list(laid.index.glob("*.tmp"))


def test_one_who_is_interrupted_says_nothing_and_loses_nothing(laid: Desk) -> None:
    laid.write("new.md", "Nine mules carried it.")
    child = started(laid, HOLD="1")
    assert pipe(child.stdout).readline() == "holding\n"
    child.send_signal(signal.SIGINT)
    ran = ended(child)
    assert "Traceback" not in ran.err
    assert ran.code == 130
    assert laid.answers()
    assert laid.run().counts() == (1, 0, 0, 2, 0)


# The bar


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_stages_that_take_long_are_shown_and_taken_away(laid: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    laid.write("new.md", "Nine mules carried it.")
    assert laid.run().counts() == (1, 0, 0, 2, 0)
    assert [word for word in ("splitting", "embedding", "storing", "checking") if word in terminal.getvalue()] == [
        "splitting",
        "embedding",
        "storing",
        "checking",
    ]
    assert terminal.getvalue().endswith("\r")


def test_a_bar_follows_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = ProgressBar()
    for stage, done in (("lock", 1), ("embed", 0), ("embed", 7), ("check", 7)):
        bar(stage, done, 7)
    bar.close()
    bar.close()
    assert "embedding" in terminal.getvalue()
    assert "checking" in terminal.getvalue()
    assert "lock" not in terminal.getvalue()
