"""`ingest.py` and `build_index`: the counts, what is reused, what is skipped, the errors, and that a failure loses nothing."""

import io
import json
import os
import re
import shutil
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
from bot.errors import CorpusError, IndexMismatch, IndexMissing
from bot.indexing import splitter
from bot.indexing.build import build_index
from bot.indexing.loader import load_essays
from bot.indexing.splitter import split, windows
from bot.models.embeddings import Embedder
from bot.schema import Essay, SplitEssay
from bot.settings import Settings
from bot.store import Manifest, open_store
from tests.places import ESSAYS, ROOT
from tests.ramdisk import fill, ram_folder
from tests.test_pipeline import Named
from tests.toys import ToyEmbedder

FACT = "The capstone of Varn weighs forty-one tons."
QUESTION = "What does the capstone of Varn weigh?"
COUNTS = ("added", "changed", "removed", "unchanged", "skipped")
HEAVY_PACKAGES = {"chromadb", "torch", "sentence_transformers", "transformers", "kiwipiepy", "gradio"}

# `ingest.py` with an embedder that needs no model. Where PAUSE is set, it prints "paused" before it embeds and waits for a line.
# At the end it writes what it did, and which heavy packages were imported, into child.json.
CHILD = f"""
import json, os, sys
from pathlib import Path

import bot.models.choice, ingest
from tests.toys import ToyEmbedder

class PausingEmbedder(ToyEmbedder):
    def encode_passages(self, texts, *progress):
        if os.environ.get("PAUSE"):
            print("paused", flush=True)
            sys.stdin.readline()
        return super().encode_passages(texts, *progress)

if os.environ.get("PAUSE_WRITING"):  # when the draft is written
    import bot.store.folder
    checksums = bot.store.folder.checksums

    def pausing(folder):
        print("paused", flush=True)
        sys.stdin.readline()
        return checksums(folder)

    bot.store.folder.checksums = pausing
toy = PausingEmbedder()
bot.models.choice.Embedder = lambda *_: toy
code = ingest.main(sys.argv[1:])
result = {{"loads": toy.loads, "embedded": toy.embedded, "heavy": sorted({HEAVY_PACKAGES} & sys.modules.keys())}}
Path("child.json").write_text(json.dumps(result))
sys.exit(code)
"""


@dataclass(frozen=True)
class Run:
    """The exit code, stdout and stderr of a run."""

    code: int
    out: str
    err: str

    def counts(self) -> tuple[int, ...]:
        """The counts in the first line of a successful run: added, changed, removed, unchanged, skipped."""
        assert (self.code, self.err) == (0, "")
        line = self.out.splitlines()[0]
        assert re.sub(r"\d+", "N", line) == " ".join(f"{name} N" for name in COUNTS)
        return tuple(map(int, re.findall(r"\d+", line)))

    def error_line(self, code: int = 1) -> str:
        """The line on stderr of a failed run. There must be no other line, and nothing on stdout."""
        assert (self.code, self.out) == (code, "")
        assert "Traceback" not in self.err
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1
        return self.err.strip()


class Workspace:
    """A folder of essays, an index, and the script that indexes the essays."""

    def __init__(self, folder: Path, toy: ToyEmbedder, capsys: pytest.CaptureFixture[str]) -> None:
        self.corpus, self.index, self.toy, self._capsys = folder / "essays", folder / "index", toy, capsys
        self.corpus.mkdir()

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.corpus / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def run(self, *arguments: object) -> Run:
        """`python ingest.py …` in this process, with the toy embedder."""
        self._capsys.readouterr()
        code = ingest.main([str(argument) for argument in arguments])
        output = self._capsys.readouterr()
        return Run(code, output.out, output.err)

    def json(self, *arguments: object) -> dict[str, object]:
        """The JSON that `--json` prints; nothing else may be printed."""
        run = self.run(*arguments, "--json")
        assert (run.code, run.err) == (0, "")
        payload: dict[str, object] = json.loads(run.out)
        return payload

    def manifest(self) -> Manifest:
        manifest = open_store(self.index).usable()
        assert manifest is not None
        return manifest

    def answers(self) -> bool:
        """Whether a new bot still quotes the fact, verbatim from its essay."""
        bot = Bot(Settings.load(corpus=self.corpus, index=self.index), ToyEmbedder())
        citations = [citation for citation in bot.ask(QUESTION).citations if FACT in citation.quote]
        return any(bot.essay(cited.essay).text[cited.start : cited.end] == cited.quote for cited in citations)


@pytest.fixture
def workspace(tmp_path: Path, toy: ToyEmbedder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty folder of essays, and no index yet."""
    workspace = Workspace(tmp_path, toy, capsys)
    monkeypatch.setattr("bot.models.choice.Embedder", lambda *_: toy)
    monkeypatch.setenv("BOT_CORPUS", str(workspace.corpus))
    monkeypatch.setenv("BOT_INDEX", str(workspace.index))
    return workspace


@pytest.fixture(scope="module")
def prebuilt() -> Iterator[tuple[Path, ToyEmbedder]]:
    """A folder of two essays, one with the fact, and their index; and the embedder that made it. Not to be changed."""
    with ram_folder() as folder:
        essays, embedder = folder / "essays", ToyEmbedder()
        essays.mkdir()
        (essays / "varn.md").write_text(f"# Varn\n\n{FACT} Nobody in the valley remembers who raised it.")
        (essays / "road.md").write_text("A road is a list of the things that people needed.")
        report = build_index(Settings.load(corpus=essays, index=folder / "index"), embedder=embedder)
        assert (report.added, report.changed, report.removed, report.unchanged, report.skipped) == (2, 0, 0, 0, ())
        yield folder, embedder


@pytest.fixture
def indexed(workspace: Workspace, prebuilt: tuple[Path, ToyEmbedder]) -> Workspace:
    """A copy of the two essays and their index."""
    folder, embedder = prebuilt
    shutil.copytree(folder, workspace.corpus.parent, dirs_exist_ok=True)
    workspace.toy.passages, workspace.toy.loads = list(embedder.passages), embedder.loads
    return workspace


def paragraphs(mark: str, count: int) -> str:
    """Paragraphs of four sentences each; with another mark, no sentence is the same."""
    return "\n\n".join(
        " ".join(
            f"In the {mark} year the crew of hill {part} moved stone {part}-{sentence} over the ridge." for sentence in range(4)
        )
        for part in range(count)
    )


# Counts


def test_every_kind_of_change_is_counted(workspace: Workspace) -> None:
    for name in ("stays.md", "grows.md", "goes.md"):
        workspace.write(name, paragraphs(name, 2))
    assert workspace.run().counts() == (3, 0, 0, 0, 0)
    workspace.write("grows.md", paragraphs("grows.md", 3))
    workspace.write("comes.md", paragraphs("comes.md", 1))
    (workspace.corpus / "goes.md").unlink()
    workspace.write("empty.md", "")
    run = workspace.run()
    assert run.counts() == (1, 1, 1, 1, 1)
    assert run.out.splitlines()[1:] == [
        f"skipped {workspace.corpus}/empty.md: it contains no text; write some or remove the file"
    ]
    assert sorted(workspace.manifest().essays) == ["comes", "grows", "stays"]


def test_a_second_run_changes_no_file_and_embeds_nothing(indexed: Workspace) -> None:
    loads, embedded, before = (
        indexed.toy.loads,
        indexed.toy.embedded,
        sorted((p, p.stat().st_mtime_ns) for p in indexed.index.rglob("*")),
    )
    run = indexed.run()
    assert run.out == "added 0 changed 0 removed 0 unchanged 2 skipped 0\n"
    assert run.counts() == (0, 0, 0, 2, 0)
    assert (indexed.toy.loads, indexed.toy.embedded) == (loads, embedded)
    assert sorted((p, p.stat().st_mtime_ns) for p in indexed.index.rglob("*")) == before


def test_json_has_the_counts_and_the_skipped_files_with_reasons(indexed: Workspace) -> None:
    indexed.write("more.md", "Nine mules carried it.")
    indexed.write("empty.md", "\n")
    first = indexed.json()
    assert {name: first[name] for name in COUNTS} == {"added": 1, "changed": 0, "removed": 0, "unchanged": 2, "skipped": 1}
    assert first["skipped_files"] == [
        {"path": f"{indexed.corpus}/empty.md", "reason": "it contains no text; write some or remove the file"}
    ]
    assert first["embedded"] == 2  # the passage and its sentence
    second = indexed.json()
    assert {name: second[name] for name in COUNTS} == {"added": 0, "changed": 0, "removed": 0, "unchanged": 3, "skipped": 1}
    assert second.keys() == first.keys() == {*COUNTS, "embedded", "map_changed", "skipped_files", "notes"}


def test_a_renamed_essay_counts_as_removed_and_added_and_keeps_its_vectors(indexed: Workspace) -> None:
    embedded = indexed.toy.embedded
    (indexed.corpus / "varn.md").rename(indexed.corpus / "the-hill.md")
    assert indexed.run().counts() == (1, 0, 1, 1, 0)
    assert indexed.toy.embedded == embedded
    assert sorted(indexed.manifest().essays) == ["road", "the-hill"]
    assert indexed.answers()


def test_the_passages_of_a_deleted_essay_are_removed(indexed: Workspace) -> None:
    (indexed.corpus / "varn.md").unlink()
    assert indexed.run().counts() == (0, 0, 1, 1, 0)
    bot = Bot(Settings.load(corpus=indexed.corpus, index=indexed.index), ToyEmbedder())
    assert {hit.passage.essay for hit in bot.search(QUESTION, 50)} == {"road"}
    assert not indexed.answers()


def test_a_new_modification_time_or_encoding_changes_nothing(indexed: Workspace) -> None:
    path = indexed.corpus / "varn.md"
    os.utime(path, (1, 1))
    assert indexed.run().counts() == (0, 0, 0, 2, 0)
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode("utf-16"))
    assert indexed.run().counts() == (0, 0, 0, 2, 0)


def test_a_new_title_is_a_change(indexed: Workspace) -> None:
    indexed.write("varn.md", "---\ntitle: The Hill of Varn\n---\n" + (indexed.corpus / "varn.md").read_text(encoding="utf-8"))
    assert indexed.run().counts() == (0, 1, 0, 1, 0)
    bot = Bot(Settings.load(corpus=indexed.corpus, index=indexed.index), ToyEmbedder())
    assert bot.essay("varn").title == "The Hill of Varn"
    assert indexed.answers()


@pytest.mark.parametrize("files", [10, pytest.param(50, marks=pytest.mark.full)])
def test_after_an_edit_only_the_changed_windows_are_embedded(files: int, workspace: Workspace) -> None:
    for number in range(files):
        workspace.write(f"{number:02}.md", paragraphs(f"{number}th", 4))
    workspace.run()
    before = {window.key for essay in load_essays([workspace.corpus]).essays for window in windows(essay, split(essay))}
    assert workspace.toy.embedded == len(before)
    path = workspace.corpus / "07.md"
    path.write_text(path.read_text(encoding="utf-8").replace("stone 2-1 over", "stone 2-1 slowly over"), encoding="utf-8")
    (edited,) = load_essays([path]).essays
    fresh = [window for window in windows(edited, split(edited)) if window.key not in before]
    assert len({window.passage for window in fresh}) == 1  # of four: the one that was edited, and its sentences
    workspace.toy.passages.clear()
    report = workspace.json()
    assert (report["changed"], report["unchanged"], report["embedded"]) == (1, files - 1, len(fresh))
    assert workspace.toy.passages[0] == fresh[0].text
    assert workspace.toy.embedded == len(fresh) > 1


@pytest.mark.parametrize("files", [60, pytest.param(500, marks=pytest.mark.full)])
def test_of_many_files_only_the_edited_one_is_embedded_again(files: int, workspace: Workspace) -> None:
    for number in range(files):
        workspace.write(f"{number:03}.md", f"Stone {number} was carried by crew {number * 7} over hill {number * 13}.")
    assert workspace.run().counts() == (files, 0, 0, 0, 0)
    first, embedded = workspace.manifest(), workspace.toy.embedded
    assert embedded == 2 * files
    assert workspace.run().counts() == (0, 0, 0, files, 0)
    assert (workspace.toy.embedded, workspace.manifest()) == (embedded, first)
    workspace.write("050.md", "Stone 50 was left where it lay.")
    assert workspace.run().counts() == (0, 1, 0, files - 1, 0)
    sentence = "Stone 50 was left where it lay."
    assert workspace.toy.passages[embedded:] == [f"050\n{sentence}", sentence]


def test_of_many_essays_only_the_edited_one_is_split_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        workspace.write(
            f"{number:02}.md", f"{number}번 돌은 무겁다. 그 돌은 {number}명이 날랐다.\n\n```\ncode {number}\n```\n\n끝이다."
        )
    workspace.run()
    read: list[str] = []
    split_essay = splitter.split_essay

    def counted(essay: Essay) -> SplitEssay:
        read.append(essay.id)
        return split_essay(essay)

    monkeypatch.setattr(splitter, "split_essay", counted)
    workspace.write("07.md", "7번 돌은 두고 왔다.")
    assert workspace.run().counts() == (0, 1, 0, 29, 0)
    assert read == ["07"]
    scratch = Settings.load(corpus=workspace.corpus, index=workspace.index.parent / "scratch")
    build_index(scratch, embedder=ToyEmbedder())
    assert len(read) == 31
    from_scratch = open_store(scratch.index).usable()
    assert from_scratch is not None
    assert (from_scratch.digest, from_scratch.outline) == (workspace.manifest().digest, workspace.manifest().outline)


@pytest.mark.parametrize("steps", [4, pytest.param(10, marks=pytest.mark.full)])
def test_after_any_series_of_changes_the_index_equals_one_built_from_scratch(steps: int, workspace: Workspace) -> None:
    chance, files = Random(5), dict[str, int]()  # the number of paragraphs by file name
    for step in range(steps):
        before = dict(files)
        for _ in range(chance.randint(1, 3)):
            name, number = chance.choice(["a.md", "b.md", "c.txt", "d/e.md"]), chance.randint(1, 4)
            if files.pop(name, None) is None or chance.random() < 0.6:
                files[name] = number
        files = files or {"a.md": step}
        for path in [path for path in workspace.corpus.rglob("*") if path.is_file()]:
            path.unlink()
        for name, number in files.items():
            workspace.write(name, paragraphs(f"{name} {number}", number))
        unchanged = {name for name, number in files.items() if before.get(name) == number}
        counts = (
            len(files.keys() - before.keys()),
            len(files.keys() & before.keys() - unchanged),
            len(before.keys() - files.keys()),
        )
        assert workspace.run().counts() == (*counts, len(unchanged), 0)
        scratch = Settings.load(corpus=workspace.corpus, index=workspace.index.parent / f"scratch{step}")
        build_index(scratch, embedder=ToyEmbedder())
        from_scratch = open_store(scratch.index).usable()
        assert from_scratch is not None
        assert from_scratch.digest == workspace.manifest().digest


# Paths


def test_two_paths_are_one_collection_without_any_other_essays(indexed: Workspace, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, text in ((first, "A bell is struck eleven times."), (second, "A hive is moved at night.")):
        folder.mkdir()
        (folder / "essay.md").write_text(text)
    assert indexed.run(first, second).counts() == (2, 0, 2, 0, 0)
    assert sorted(indexed.manifest().essays) == ["essay", "essay-2"]
    assert indexed.run(first, second).counts() == (0, 0, 0, 2, 0)
    assert indexed.run().counts() == (2, 0, 2, 0, 0)


def test_an_essay_keeps_its_id_when_the_other_folder_goes(indexed: Workspace, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, text in ((first, "A bell is struck eleven times."), (second, "A hive is moved at night.")):
        folder.mkdir()
        (folder / "essay.md").write_text(text)
    indexed.run(first, second)
    assert indexed.run(second).counts() == (0, 0, 1, 1, 0)
    assert list(indexed.manifest().essays) == ["essay-2"]
    assert indexed.run(second, first).counts() == (1, 0, 0, 1, 0)
    assert sorted(indexed.manifest().essays) == ["essay", "essay-2"]


def test_files_that_are_newer_than_the_index_are_counted(indexed: Workspace) -> None:
    indexed.write("other.md", "One more, so that this index is made from this folder.")
    indexed.run()
    bot = Bot(Settings.load(corpus=indexed.corpus, index=indexed.index), ToyEmbedder())
    assert bot.newer_files() == 0
    indexed.write("varn.md", "Another text.")
    indexed.write("new.md", "A new one.")
    assert bot.newer_files() == 2
    indexed.run()
    assert bot.newer_files() == 0


def test_a_path_may_be_a_single_file(indexed: Workspace) -> None:
    path = indexed.write("notes.text", "The log of the quarry says nine men.")
    assert indexed.run(path).counts() == (1, 0, 2, 0, 0)
    assert list(indexed.manifest().essays) == ["notes"]


def test_the_files_of_a_path_given_twice_are_skipped_the_second_time(indexed: Workspace) -> None:
    run = indexed.run(indexed.corpus, indexed.corpus)
    assert run.counts() == (0, 0, 0, 2, 2)
    assert indexed.answers()


# Files that are skipped


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("picture.md", b"GIF89a" + bytes(range(32)) * 50, "binary"),
        ("talk.mp3", "ID3", "it is not read, only .docx, .epub,"),
        ("talk.pdf", "%PDF-1.4", "it is damaged or no .pdf file"),
        ("zz-twin.md", f"# Varn\n\n{FACT} Nobody in the valley remembers who raised it.", "same text as"),
        ("empty.md", "", "no text"),
        ("fields.md", "---\ntitle: only fields\n---\n", "no text"),
    ],
)
def test_a_file_that_is_not_an_essay_is_skipped_with_its_reason(
    name: str, content: str | bytes, reason: str, indexed: Workspace
) -> None:
    path = indexed.write(name, content)
    indexed.write("new.md", "Nine mules carried it.")
    run = indexed.run()
    assert run.counts() == (1, 0, 0, 2, 1)
    (line,) = run.out.splitlines()[1:]
    assert line.startswith(f"skipped {path}: ")
    assert reason in line
    assert indexed.answers()


def test_an_essay_that_became_unreadable_counts_as_removed_and_skipped(indexed: Workspace) -> None:
    indexed.write("road.md", b"\x00\x01\x02" * 100)
    assert indexed.run().counts() == (0, 0, 1, 1, 1)
    assert indexed.answers()


def test_a_korean_file_in_cp949_is_read_and_noted_as_a_guess(indexed: Workspace) -> None:
    text = "고인돌은 힘을 보이는 돌이었다. 돌을 끈 사람은 모두 사백 명이었다고 전한다."
    path = indexed.write("old.md", text.encode("cp949"))
    run = indexed.run()
    assert run.counts() == (1, 0, 0, 2, 0)
    (note,) = run.out.splitlines()[1:]
    assert note.startswith(f"{path}: ")
    assert "cp949" in note
    bot = Bot(Settings.load(corpus=indexed.corpus, index=indexed.index), ToyEmbedder())
    assert bot.essay("old").text == text


def test_front_matter_is_optional(indexed: Workspace) -> None:
    bot = Bot(Settings.load(corpus=indexed.corpus, index=indexed.index), ToyEmbedder())
    assert (bot.essay("varn").title, bot.essay("road").title, bot.essay("road").author) == ("Varn", "road", "")


# Errors: one line with the fact, the value and the remedy; the old index still answers


def no_essays(workspace: Workspace) -> list[object]:
    for path in workspace.corpus.iterdir():
        path.unlink()
    return []


def no_folder(workspace: Workspace) -> list[object]:
    return [workspace.corpus / "missing"]


def only_binary(workspace: Workspace) -> list[object]:
    return [workspace.write("only/picture.md", b"\x00\x01" * 500).parent]


def only_sound(workspace: Workspace) -> list[object]:
    return [workspace.write("only/talk.mp3", "ID3").parent]


def only_rules(workspace: Workspace) -> list[object]:
    return [workspace.write("only/rules.md", "* * *\n\n---\n\n* * *\n").parent]


def one_path_of_two(workspace: Workspace) -> list[object]:
    return [workspace.corpus, "no-such-folder"]


def long_name(workspace: Workspace) -> list[object]:
    return ["x" * 300]


@pytest.mark.parametrize(
    ("spoil", "fact", "value", "remedy"),
    [
        (no_essays, "No essay", "essays", "Put"),
        (no_folder, "There is no", "essays/missing", "Give"),
        (only_binary, "No essay", "only/picture.md: it is binary", "Put"),
        (only_sound, "No essay", "only/talk.mp3: it is not read", "Put"),
        (only_rules, "No essay", "rules", "Put"),
        (one_path_of_two, "There is no", "no-such-folder", "Give"),
        (long_name, "There is no", "xxx", "Give"),
    ],
)
def test_paths_without_essays_are_one_error_line_and_the_index_is_kept(
    spoil: Callable[[Workspace], list[object]], fact: str, value: str, remedy: str, indexed: Workspace
) -> None:
    before = indexed.manifest()
    line = indexed.run(*spoil(indexed)).error_line()
    assert line.startswith(fact)
    assert value in line
    assert remedy in line.rpartition(". ")[2] or f" {remedy} " in line
    assert indexed.manifest() == before
    assert indexed.answers()
    assert indexed.run("--json", *spoil(indexed)).error_line() == line


def test_no_embedder_is_fetched_for_a_path_that_is_refused(tmp_path: Path) -> None:
    fetched: list[ToyEmbedder] = []

    def fetch() -> ToyEmbedder:
        fetched.append(ToyEmbedder())
        return fetched[-1]

    settings = Settings.load(index=tmp_path / "index", llm="quotes")
    with pytest.raises(CorpusError):
        build_index(settings, [tmp_path / "missing"], embedder=fetch)
    assert fetched == []
    assert build_index(settings, [ESSAYS], embedder=fetch).added == 4
    assert len(fetched) == 1


# A source that is missing or empty, as a disk that is not mounted


def deleted(folder: Path) -> None:
    shutil.rmtree(folder)


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def only_a_note_that_the_disk_is_away(folder: Path) -> None:
    emptied(folder)
    (folder / "README.md").write_text("The disk is not mounted.")


@pytest.mark.parametrize("lose", [deleted, emptied, only_a_note_that_the_disk_is_away])
def test_a_source_that_is_gone_loses_no_essay_unless_that_is_allowed(
    lose: Callable[[Path], None], indexed: Workspace, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    for name in ("hive", "bell"):
        (disk / f"{name}.md").write_text(f"The {name} was moved at night.")
    assert indexed.run(indexed.corpus, disk).counts() == (2, 0, 0, 2, 0)
    before = indexed.manifest()
    lose(disk)
    for paths in ([indexed.corpus, disk], [disk]):
        line = indexed.run(*paths).error_line()
        assert line.startswith(f"There is no {disk}" if lose is deleted else f"No essay was found in {disk}")
        assert line.endswith(" The index keeps the essays that it has from there (2); add --allow-empty to remove them.")
        assert indexed.manifest() == before
    run = indexed.run("--allow-empty", indexed.corpus, disk)
    assert run.out.startswith("added 0 changed 0 removed 2 unchanged 2 skipped ")
    assert sorted(indexed.manifest().essays) == ["road", "varn"]


def test_an_index_that_no_source_has_an_essay_for_is_removed_if_that_is_allowed(indexed: Workspace) -> None:
    deleted(indexed.corpus)
    line = f"skipped {indexed.corpus}: there is no essay in it\n"
    assert indexed.run("--allow-empty").out == f"added 0 changed 0 removed 2 unchanged 0 skipped 1\n{line}"
    assert {path.name for path in indexed.index.iterdir()} == {"LOCK"}
    with pytest.raises(IndexMissing):
        Bot(Settings.load(index=indexed.index), ToyEmbedder()).essays()
    assert indexed.run("--allow-empty").counts() == (0, 0, 0, 0, 1)  # there is none, and none is made
    indexed.write("varn.md", FACT)
    assert indexed.run().counts() == (1, 0, 0, 0, 0)
    assert indexed.answers()
    (indexed.index / "CURRENT").unlink()  # as a removal that was killed leaves it
    deleted(indexed.corpus)
    assert indexed.run("--allow-empty").counts()[:4] == (0, 0, 0, 0)
    assert {path.name for path in indexed.index.iterdir()} == {"LOCK"}


def test_a_source_whose_essays_are_all_in_another_one_is_not_empty(indexed: Workspace, tmp_path: Path) -> None:
    shutil.copytree(indexed.corpus, tmp_path / "copy")
    assert indexed.run(indexed.corpus, tmp_path / "copy").counts() == (0, 0, 0, 2, 2)


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
def test_an_invalid_setting_is_one_error_line(
    name: str, value: str, words: str, indexed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bot.models.choice.Embedder", Embedder)
        patch.setenv(name, value)
        line = indexed.run().error_line()
    assert words in line
    assert indexed.answers()


def test_a_file_at_the_path_of_the_index_is_an_error_and_is_kept(indexed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    place = indexed.corpus.parent / "a-file"
    place.write_text("keep me")
    monkeypatch.setenv("BOT_INDEX", str(place))
    line = indexed.run().error_line()
    assert f"{place} cannot be written: " in line
    assert "BOT_INDEX" in line
    assert place.read_text() == "keep me"


def test_another_running_ingest_is_named_by_its_process_with_exit_code_75(indexed: Workspace) -> None:
    indexed.write("new.md", "Nine mules carried it.")
    with open_store(indexed.index).writer(lambda *_: None):
        line = indexed.run().error_line(75)
        assert str(os.getpid()) in line
        assert "run again" in line
    assert indexed.run().counts() == (1, 0, 0, 2, 0)


def test_a_run_without_changes_does_not_need_the_lock(indexed: Workspace) -> None:
    with open_store(indexed.index).writer(lambda *_: None):
        assert indexed.run().counts() == (0, 0, 0, 2, 0)


def test_wrong_usage_exits_with_2_and_help_with_0(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        workspace.run("--no-such-option")
    assert caught.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        workspace.run("--help")
    assert caught.value.code == 0
    usage = capsys.readouterr().out
    assert "--json" in usage
    assert "PATH" in usage
    assert not workspace.index.exists()


def test_an_index_of_another_embedder_is_refused_and_an_ingest_rebuilds_it(
    indexed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_embedder = ToyEmbedder("2")
    settings = Settings.load(corpus=indexed.corpus, index=indexed.index)
    with pytest.raises(IndexMismatch, match=r"revision '1', but now it is '2'.*python -m bot doctor --repair"):
        Bot(settings, new_embedder).ask(QUESTION)
    assert indexed.answers()
    monkeypatch.setattr("bot.models.choice.Embedder", lambda *_: new_embedder)
    assert indexed.run().counts() == (0, 2, 0, 0, 0)
    assert new_embedder.embedded == indexed.toy.embedded
    assert FACT in Bot(settings, new_embedder).ask(QUESTION).text
    assert indexed.run().counts() == (0, 0, 0, 2, 0)


def test_a_failing_embedder_leaves_the_old_index(indexed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    before = indexed.manifest()
    indexed.write("new.md", "Nine mules carried it.")

    def broken(*_: object) -> None:
        raise MemoryError("no room for the vectors")

    with monkeypatch.context() as patch:
        patch.setattr(indexed.toy, "encode_passages", broken)
        with pytest.raises(MemoryError):
            indexed.run()
    assert indexed.manifest() == before
    assert indexed.answers()
    assert indexed.run().counts() == (1, 0, 0, 2, 0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A separate disk of 12 MB, which can be made read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here: that needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_read_only_index_can_be_asked_and_an_ingest_reports_it(
    disk: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.corpus, workspace.index = disk / "essays", disk / "index"
    workspace.corpus.mkdir()
    monkeypatch.setenv("BOT_CORPUS", str(workspace.corpus))
    monkeypatch.setenv("BOT_INDEX", str(workspace.index))
    workspace.write("varn.md", FACT)
    assert workspace.run().counts() == (1, 0, 0, 0, 0)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert workspace.run().counts() == (0, 0, 0, 1, 0)
    assert workspace.answers()
    line = workspace.run(ESSAYS).error_line()
    assert f"{workspace.index} cannot be written: Read-only file system" in line
    assert "BOT_INDEX" in line
    assert workspace.answers()


def test_an_ingest_on_a_full_disk_is_one_line_and_the_index_can_be_asked_meanwhile(
    disk: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.index = disk / "index"
    monkeypatch.setenv("BOT_INDEX", str(workspace.index))
    workspace.write("varn.md", FACT)
    assert workspace.run().counts() == (1, 0, 0, 0, 0)
    before = workspace.manifest()
    workspace.write("road.md", "A road is a list of needs.")
    fill(disk / "ballast")
    line = workspace.run().error_line()
    assert str(workspace.index) in line
    assert re.search(r"\b\d+ bytes (are )?free", line)
    assert "BOT_INDEX" in line
    assert workspace.answers()
    assert workspace.manifest() == before
    (disk / "ballast").unlink()
    assert workspace.run().counts() == (1, 0, 0, 1, 0)


# In separate processes


def environment(workspace: Workspace, **variables: str) -> dict[str, str]:
    return {**os.environ, "BOT_CORPUS": str(workspace.corpus), "BOT_INDEX": str(workspace.index), **variables}


def accept_interrupts() -> None:
    """Accept SIGINT again, which a shell makes its background jobs and their children ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_child(workspace: Workspace, **variables: str) -> subprocess.Popen[str]:
    """Start `CHILD` with these environment variables."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env=environment(workspace, **variables),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=accept_interrupts,
    )


def pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def wait_for(child: subprocess.Popen[str]) -> Run:
    """Wait for a child; the end of its stdin continues one that is paused."""
    out, err = child.communicate(timeout=120)
    return Run(child.returncode, out, err)


def test_a_run_without_changes_loads_no_embedder_and_imports_no_heavy_package(indexed: Workspace) -> None:
    run = wait_for(start_child(indexed))
    assert run.counts() == (0, 0, 0, 2, 0)
    assert json.loads(Path("child.json").read_text()) == {"loads": 0, "embedded": 0, "heavy": []}
    indexed.write("new.md", "Nine mules carried it.")
    assert wait_for(start_child(indexed)).counts() == (1, 0, 0, 2, 0)
    result = json.loads(Path("child.json").read_text())
    assert (result["loads"], result["embedded"]) == (1, 2)
    assert result["heavy"] == ["chromadb"]  # expected here, and it shows that the check finds imported packages


def test_the_script_needs_no_model_where_nothing_changed(indexed: Workspace, tmp_path: Path) -> None:
    build_index(Settings.load(corpus=indexed.corpus, index=indexed.index), embedder=Named())
    cache = tmp_path / "cache"
    script = str(ROOT / "ingest.py")
    code = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({sorted(HEAVY_PACKAGES)}))  # importing one of these fails
sys.argv = [{script!r}]
runpy.run_path({script!r}, run_name="__main__")
"""
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=environment(indexed, BOT_CACHE=str(cache)), capture_output=True, text=True, timeout=120)
    assert Run(run.returncode, run.stdout, run.stderr).counts() == (0, 0, 0, 2, 0)
    assert not cache.exists()


@pytest.mark.parametrize("kill_in_round", [[True], pytest.param([False, True, False], marks=pytest.mark.full)])
def test_of_two_ingests_at_once_one_runs_and_the_other_names_it(kill_in_round: list[bool], indexed: Workspace) -> None:
    for number, is_killed in enumerate(kill_in_round):
        indexed.write("new.md", f"In round {number} nine mules carried it.")
        children = [start_child(indexed, PAUSE="1") for _ in range(2)]
        first_lines = [pipe(child.stdout).readline() for child in children]  # the refused one prints nothing and exits
        assert sorted(first_lines) == ["", "paused\n"]
        refused, writer = sorted(children, key=lambda child: first_lines[children.index(child)])
        line = wait_for(refused).error_line(75)
        assert str(writer.pid) in line
        assert indexed.answers()
        if is_killed:
            writer.kill()
            assert wait_for(writer).code == -signal.SIGKILL
            assert "nine mules" in indexed.corpus.joinpath("new.md").read_text()
            assert indexed.answers()
            writer = start_child(indexed)
        assert wait_for(writer).counts() == ((0, 1, 0, 2, 0) if number else (1, 0, 0, 2, 0))
        scratch = Settings.load(corpus=indexed.corpus, index=indexed.index.parent / f"scratch{number}")
        build_index(scratch, embedder=ToyEmbedder())
        from_scratch = open_store(scratch.index).usable()
        assert from_scratch is not None
        assert indexed.manifest().digest == from_scratch.digest
        assert not list(indexed.index.glob("*.tmp"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["PAUSE", "PAUSE_WRITING"])
def test_an_interrupted_ingest_prints_nothing_and_loses_nothing(
    moment: str, number: signal.Signals, indexed: Workspace, tmp_path: Path
) -> None:
    indexed.write("new.md", "Nine mules carried it.")
    child = start_child(indexed, **{moment: "1"}, TMPDIR=str(tmp_path))
    assert pipe(child.stdout).readline() == "paused\n"
    assert bool(list(indexed.index.glob("*.tmp"))) is (moment == "PAUSE_WRITING")
    child.send_signal(number)
    run = wait_for(child)
    assert (run.code, run.out, run.err) == (130, "", "")
    assert not list(indexed.index.glob("*.tmp"))
    assert not list(tmp_path.glob("dolmen-copy-*"))
    assert indexed.answers()
    assert indexed.run().counts() == (1, 0, 0, 2, 0)


# The progress bar


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_long_stages_and_clears_the_line(indexed: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    indexed.write("new.md", "Nine mules carried it.")
    assert indexed.run().counts() == (1, 0, 0, 2, 0)
    assert [word for word in ("splitting", "embedding", "storing", "checking") if word in terminal.getvalue()] == [
        "splitting",
        "embedding",
        "storing",
        "checking",
    ]
    assert terminal.getvalue().endswith("\r")


def test_the_progress_bar_shows_the_current_stage(monkeypatch: pytest.MonkeyPatch) -> None:
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
