"""The command line: what each command prints and returns, that JSON stands alone, and that errors are one line on stderr."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import Bot
from bot.__main__ import main
from bot.errors import IndexBusy
from bot.indexing.build import build_index
from bot.pipeline import LONGEST_QUESTION
from bot.retrieval.hybrid import Retriever
from bot.settings import Settings
from tests.places import ESSAYS, ROOT
from tests.test_pipeline import ANSWER_KEYS, FACTS, UNKNOWN, Named, assert_sound
from tests.toys import ToyEmbedder

Run = Callable[..., tuple[int, str, str]]
HEAVY = ["chromadb", "gradio", "kiwipiepy", "sentence_transformers", "torch", "transformers"]
COMMANDS = ["ask", "search", "essays", "analogies", "doctor"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of tests/shelf. Not to be written to."""
    folder = tmp_path_factory.mktemp("cli") / "index"
    build_index(Settings.load(corpus=ESSAYS, index=folder), embedder=Named())
    return folder


@pytest.fixture
def shelf(index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of a reader whose index is that of tests/shelf."""
    monkeypatch.setenv("BOT_CORPUS", str(ESSAYS))
    monkeypatch.setenv("BOT_INDEX", str(index))
    return index


@pytest.fixture
def run(shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`python -m bot …` in this process, with the toy embedder: exit code, stdout, stderr."""
    monkeypatch.setattr("bot.pipeline.Embedder", lambda *_: Named())

    def run_it(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run_it


def child(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`python -m bot …` in a process of its own."""
    command = [sys.executable, "-m", "bot", *arguments]
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    environment = {**os.environ, **environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding=encoding, timeout=120)


def assert_one_line(error: str) -> None:
    assert error.count("\n") == 1
    assert error.endswith("\n")
    assert "Traceback" not in error


# ask


@pytest.mark.parametrize(("question", "essay", "words"), FACTS)
def test_an_answer_is_shown_with_its_quotations_and_where_they_stand(question: str, essay: str, words: str, run: Run) -> None:
    code, out, err = run("ask", question)
    assert (code, err) == (0, "")
    assert words in out
    places = [line for line in out.splitlines() if line.startswith("[")]
    assert [place.split()[0] for place in places] == [f"[{number}]" for number in range(1, len(places) + 1)]
    assert any(essay in place for place in places)


def test_an_answer_in_json_is_the_answer_and_nothing_else(run: Run, index: Path) -> None:
    bot = Bot(Settings.load(index=index), Named())
    for question in [question for question, _, _ in FACTS] + UNKNOWN:
        code, out, err = run("ask", question, "--json")
        assert (code, err) == (0, "")
        shown = json.loads(out)
        assert shown.keys() == ANSWER_KEYS
        answer = bot.ask(question)
        assert_sound(answer, {essay.id: essay for essay in bot.essays()})
        assert {**shown, "timings": {}} == json.loads(json.dumps({**answer.to_dict(), "timings": {}}))
        assert question in out  # Korean stays Korean in JSON


def test_an_abstention_is_fine_and_shows_the_nearest_passage(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Retriever, "is_answered", lambda *_, **__: False)
    code, out, err = run("ask", "벌통은 언제 옮기나요?")
    assert (code, err) == (0, "")
    assert "bees.ko" in out
    assert "벌통은 밤에 옮긴다." in out
    assert "[1]" not in out
    assert json.loads(run("ask", "벌통은 언제 옮기나요?", "--json")[1])["abstained"] is True


def test_the_options_may_stand_before_the_question(run: Run) -> None:
    assert json.loads(run("ask", "--json", "--mode", "answer", "salt")[1])["mode"] == "answer"


# search, essays, analogies


@pytest.mark.parametrize("k", [1, 2, 50])
def test_a_search_shows_passages_with_their_scores(k: int, run: Run, index: Path) -> None:
    bot = Bot(Settings.load(index=index), Named())
    hits = bot.search("Which family paid its rent in salt?", k)
    code, out, err = run("search", "Which family paid its rent in salt?", "-k", str(k), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(json.dumps([hit.to_dict() for hit in hits]))
    code, out, err = run("search", "Which family paid its rent in salt?", "-k", str(k))
    assert (code, err) == (0, "")
    assert all(hit.passage.text.strip() in out for hit in hits)


def test_a_search_shows_five_unless_told_otherwise(run: Run) -> None:
    assert run("search", "salt") == run("search", "salt", "-k", "5")


def test_the_essays_are_listed(run: Run) -> None:
    code, out, err = run("essays")
    assert (code, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["bees.ko", "ko"],
        ["bell-tower.ko", "ko"],
        ["lighthouse.en", "en"],
        ["salt-road", "en"],
    ]
    shown = json.loads(run("essays", "--json")[1])
    assert [essay["title"] for essay in shown][1:3] == ["한 번 덜 치는 종", "The Keeper Who Counted Ships"]


def test_without_a_map_there_are_no_analogies(run: Run) -> None:
    assert run("analogies", "--json") == (0, "[]\n", "")


# Wrong usage is 2, an error is 1; both say so on stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sing"],
        ["ask"],
        ["ask", "one", "two"],
        ["ask", "salt", "--mode", "poetry"],
        ["ask", "salt", "-k", "3"],
        ["search", "salt", "-k", "0"],
        ["search", "salt", "-k", "51"],
        ["search", "salt", "-k", "-1"],
        ["search", "salt", "-k", "two"],
        ["search", "salt", "-k", "²"],
        ["essays", "extra"],
        ["doctor", "--mend"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_nothing_on_stdout(arguments: list[str], run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("usage: python -m bot")


@pytest.mark.parametrize(
    ("question", "words"),
    [("", "empty"), ("\u200b \n", "empty"), ("\ud800", "empty"), ("가" * (LONGEST_QUESTION + 1), "4,001")],
    ids=["nothing", "unseen", "surrogate", "4,001"],
)
@pytest.mark.parametrize("command", [["ask"], ["ask", "--json"], ["search"], ["search", "--json"]], ids=" ".join)
def test_a_question_that_cannot_be_asked_is_one_line_and_1(command: list[str], question: str, words: str, run: Run) -> None:
    code, out, err = run(*command, question)
    assert (code, out) == (1, "")
    assert_one_line(err)
    assert words in err


@pytest.mark.parametrize(
    "command", [["ask", "왜?"], ["ask", "왜?", "--json"], ["search", "왜?"], ["essays"], ["analogies"]], ids=" ".join
)
def test_without_an_index_the_command_that_makes_one_is_told(
    command: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_INDEX", "nowhere")
    code, out, err = run(*command)
    assert (code, out) == (1, "")
    assert_one_line(err)
    assert "nowhere" in err
    assert "python ingest.py" in err


@pytest.mark.parametrize(
    ("name", "value"), [("BOT_PORT", "many"), ("BOT_LLM", "bogus"), ("BOT_CHROMA_URL", "no address"), ("BOT_INDEX", "x" * 300)]
)
def test_a_setting_that_cannot_be_used_is_one_line_and_1(
    name: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    code, out, err = run("essays", "--json")
    assert (code, out) == (1, "")
    assert_one_line(err)


def test_an_index_of_another_embedder_is_one_line_with_the_command(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(Settings.load(corpus=ESSAYS, index=tmp_path / "other"), embedder=ToyEmbedder("2"))
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "other"))
    for command in (["ask", "salt"], ["search", "salt"], ["essays"]):
        code, out, err = run(*command)
        assert (code, out) == (1, "")
        assert_one_line(err)
        assert "python ingest.py" in err


def test_the_code_is_the_errors_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise IndexBusy("Another process (7) is writing the index. Wait.")

    monkeypatch.setattr(Bot, "essays", busy)
    assert run("essays") == (75, "", "Another process (7) is writing the index. Wait.\n")


# In a process of its own


def test_help_needs_nothing_heavy() -> None:
    code = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({HEAVY}))  # whoever imports one of these fails
sys.argv = ["bot", "--help"]
runpy.run_module("bot", run_name="__main__", alter_sys=True)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert all(command in ran.stdout for command in COMMANDS)


def test_the_module_runs_and_tells_its_shelf(shelf: Path) -> None:
    ran = child("essays", "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [essay["id"] for essay in json.loads(ran.stdout)] == ["bees.ko", "bell-tower.ko", "lighthouse.en", "salt-road"]


def test_the_module_returns_its_codes(tmp_path: Path) -> None:
    ran = child("essays", BOT_INDEX=str(tmp_path / "nowhere"))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert_one_line(ran.stderr)
    assert child("sing").returncode == 2


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_a_terminal_that_cannot_show_a_character_does_not_end_in_a_traceback(
    options: list[str], tmp_path: Path, toy: ToyEmbedder
) -> None:
    corpus = tmp_path / "essays"
    corpus.mkdir()
    (corpus / "cafe.md").write_text("# Caffè 🗿 — 고인돌\n\nThe stone is heavy.", encoding="utf-8")
    build_index(Settings.load(corpus=corpus, index=tmp_path / "index"), embedder=Named())
    # What a Korean Windows gives a program whose output is sent into a file.
    ran = child("essays", *options, BOT_INDEX=str(tmp_path / "index"), PYTHONIOENCODING="cp949", PYTHONUTF8="0")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "cafe" in ran.stdout
    if options:
        assert json.loads(ran.stdout)[0]["title"] == "Caffè 🗿 — 고인돌"


def test_a_reader_that_stops_reading_is_no_error(shelf: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "bot", "essays", "--json"]
    try:
        ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120)
    finally:
        os.close(writing)
    assert "Traceback" not in ran.stderr
    assert "Exception ignored" not in ran.stderr


def test_the_script_runs_from_any_folder(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(ROOT / "ingest.py"), "--json", "nowhere"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert_one_line(ran.stderr)
    assert "nowhere" in ran.stderr


def test_the_real_thing_answers_in_json(real_index: Settings) -> None:
    ran = child("ask", "고인돌은 왜 지었나요?", "--json", BOT_INDEX=str(real_index.index), BOT_CORPUS=str(real_index.corpus))
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = json.loads(ran.stdout)
    essays = {essay.id: essay for essay in Bot.open(index=real_index.index).essays()}
    assert shown["citations"]
    for citation in shown["citations"]:
        assert essays[citation["essay"]].text[citation["start"] : citation["end"]] == citation["quote"]
