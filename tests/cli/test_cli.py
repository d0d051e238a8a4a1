"""The command line: output and exit code of each command, JSON with nothing beside it, errors in one line on stderr.

Commands run in this process; child processes are in the full set, one excepted.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import ingest
from bot import Bot
from bot.__main__ import main
from bot.cli.console import show
from bot.errors import IndexBusy
from bot.indexing.build import build_index
from bot.messages import model_errors
from bot.messages.text import Text
from bot.models import e5
from bot.pipeline import MAX_QUESTION_CHARACTERS
from bot.retrieval import weights
from bot.retrieval.hybrid import Retriever
from bot.settings import Settings
from tests.ollama import OllamaServer, listed
from tests.places import ESSAYS, ROOT
from tests.test_pipeline import ANSWER_KEYS, FACTS, UNKNOWN, Named, assert_sound
from tests.toys import TOY_WEIGHTS, ToyEmbedder

Run = Callable[..., tuple[int, str, str]]
HEAVY = ["chromadb", "gradio", "kiwipiepy", "sentence_transformers", "torch", "transformers"]
TITLE = "Caffè 🗿 — 고인돌"
full = pytest.mark.full
COMMANDS = ["ask", "search", "essays", "analogies", "doctor"]


@pytest.fixture
def collection(index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The environment of a user whose essays are those of tests/essays; the folder of the index."""
    monkeypatch.setenv("BOT_CORPUS", str(ESSAYS))
    monkeypatch.setenv("BOT_INDEX", str(index))
    return index


@pytest.fixture
def run(collection: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`python -m bot …` in this process, with the toy embedder: exit code, stdout, stderr."""
    monkeypatch.setattr("bot.models.choice.Embedder", lambda *_: Named())
    monkeypatch.setitem(weights._read(), e5.MODEL_NAME, asdict(TOY_WEIGHTS))

    def run_command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return run_command


def test_a_model_of_ollama_that_nobody_named_is_named_before_it_is_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server lists a model and answers nothing else, so the answer is the quotations."""
    with OllamaServer([listed("qwen3:8b", "8.2B")]) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        monkeypatch.setenv("BOT_LLM", "auto")
        code, out, err = run("ask", FACTS[0][0], "--json")
        assert (code, json.loads(out)["voice"]) == (0, "ollama:qwen3:8b")
        assert err.splitlines()[0] == str(model_errors.FOUND_OLLAMA.format(name="ollama:qwen3:8b"))
        monkeypatch.setenv("BOT_LLM", "quotes")
        assert run("ask", FACTS[0][0], "--json")[2] == ""


def child(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`python -m bot …` in a child process."""
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
def test_answer_is_printed_with_its_quotations_and_their_spans(question: str, essay: str, words: str, run: Run) -> None:
    code, out, err = run("ask", question)
    assert (code, err) == (0, "")
    assert words in out
    places = [line for line in out.splitlines() if line.startswith("[")]
    assert [place.split()[0] for place in places] == [f"[{number}]" for number in range(1, len(places) + 1)]
    assert any(essay in place for place in places)


def test_json_is_the_answer_and_nothing_else(run: Run, index: Path) -> None:
    bot = Bot(Settings.load(index=index), Named())
    for question in [question for question, _, _ in FACTS] + UNKNOWN:
        code, out, err = run("ask", question, "--json")
        assert (code, err) == (0, "")
        shown = json.loads(out)
        assert shown.keys() == ANSWER_KEYS
        answer = bot.ask(question)
        assert_sound(answer, {essay.id: essay for essay in bot.essays()})
        assert {**shown, "timings": {}} == json.loads(json.dumps({**answer.to_dict(), "timings": {}}))
        assert question in out  # Korean is not escaped


def test_abstention_returns_0_and_prints_the_nearest_passage(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Retriever, "outcome", lambda *_, **__: "absent")
    code, out, err = run("ask", "벌통은 언제 옮기나요?")
    assert (code, err) == (0, "")
    assert "bees.ko" in out
    assert "벌통은 밤에 옮긴다." in out
    assert "[1]" not in out
    assert json.loads(run("ask", "벌통은 언제 옮기나요?", "--json")[1])["abstained"] is True


def test_options_may_precede_the_question(run: Run) -> None:
    assert json.loads(run("ask", "--json", "--mode", "answer", "salt")[1])["mode"] == "answer"


# search, essays, analogies


@pytest.mark.parametrize("k", [1, 2, 50])
def test_search_prints_passages_with_their_scores(k: int, run: Run, index: Path) -> None:
    bot = Bot(Settings.load(index=index), Named())
    hits = bot.search("Which family paid its rent in salt?", k)
    code, out, err = run("search", "Which family paid its rent in salt?", "-k", str(k), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(json.dumps([hit.to_dict() for hit in hits]))
    code, out, err = run("search", "Which family paid its rent in salt?", "-k", str(k))
    assert (code, err) == (0, "")
    assert all(hit.passage.text.strip() in out for hit in hits)


def test_search_prints_five_passages_by_default(run: Run) -> None:
    assert run("search", "salt") == run("search", "salt", "-k", "5")


def test_essays_are_listed(run: Run) -> None:
    code, out, err = run("essays")
    assert (code, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["bees.ko", "ko"],
        ["bell-tower.ko", "ko"],
        ["lighthouse.en", "en"],
        ["salt-road", "en"],
    ]
    essays = json.loads(run("essays", "--json")[1])
    assert [essay["title"] for essay in essays][1:3] == ["한 번 덜 치는 종", "The Keeper Who Counted Ships"]


def test_a_summary_is_the_key_sentences_in_the_order_of_the_text(run: Run, index: Path) -> None:
    citations = Bot(Settings.load(index=index), Named()).summary("salt-road")
    assert run("summary", "salt-road") == (0, "".join(f"“{each.quote}” [{each.number}]\n" for each in citations), "")
    assert json.loads(run("summary", "salt-road", "--json")[1]) == [each.to_dict() for each in citations]
    code, out, err = run("summary", "nothing")
    assert (code, out) == (1, "")
    assert "nothing" in err


def test_next_questions_stand_below_an_answer(run: Run) -> None:
    out = run("ask", "Which family paid its rent in salt?")[1]
    assert len([line for line in out.splitlines() if line.startswith("? ")]) == 3


def test_collection_without_a_map_has_no_analogies(run: Run) -> None:
    assert run("analogies", "--json") == (0, "[]\n", "")


# Wrong usage is 2, an error is 1; both are reported on stderr


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
def test_wrong_usage_exits_with_2_and_prints_nothing_on_stdout(
    arguments: list[str], run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("usage: python -m bot")


@pytest.mark.parametrize(
    ("question", "words"),
    [("", "empty"), ("\u200b \n", "empty"), ("\ud800", "empty"), ("가" * (MAX_QUESTION_CHARACTERS + 1), "4,001")],
    ids=["empty", "invisible", "surrogate", "4,001"],
)
@pytest.mark.parametrize("command", [["ask"], ["ask", "--json"], ["search"], ["search", "--json"]], ids=" ".join)
def test_invalid_question_is_one_line_and_returns_1(command: list[str], question: str, words: str, run: Run) -> None:
    code, out, err = run(*command, question)
    assert (code, out) == (1, "")
    assert_one_line(err)
    assert words in err


@pytest.mark.parametrize(
    "command", [["ask", "왜?"], ["ask", "왜?", "--json"], ["search", "왜?"], ["essays"], ["analogies"]], ids=" ".join
)
def test_missing_index_is_one_line_with_the_command_that_builds_it(
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
def test_invalid_setting_is_one_line_and_returns_1(name: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    code, out, err = run("essays", "--json")
    assert (code, out) == (1, "")
    assert_one_line(err)


@pytest.mark.parametrize(
    "command", [["ask", "salt"], ["search", "salt"], ["model", "local"], ["model", "local", "--json"]], ids=" ".join
)
@pytest.mark.parametrize("cache", ["file", "file/cache", "x" * 300], ids=["file", "below a file", "name too long"])
def test_cache_that_is_not_a_folder_is_one_line_and_returns_1(
    command: list[str],
    cache: str,
    collection: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BOT_CACHE", str(tmp_path / cache))
    assert main(command) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert_one_line(output.err)
    assert str(tmp_path / cache) in output.err
    assert "BOT_CACHE" in output.err


def test_model_of_the_hub_with_hf_hub_offline_is_one_line_and_returns_1(
    collection: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_EMBEDDING_MODEL", "acme/nothing")
    assert ingest.main([]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert_one_line(output.err)
    assert "HF_HUB_OFFLINE is set" in output.err
    assert "BOT_EMBEDDING_MODEL" in output.err


def test_each_command_answers_from_the_named_collection(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "index"))
    monkeypatch.setattr("bot.indexing.build.Embedder", lambda *_: Named())
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "kettle.md").write_text("# Kettle\n\nThe kettle of Orsk sings at ninety-one degrees.")
    assert ingest.main([str(ESSAYS)]) == ingest.main(["--collection", "노트", str(folder)]) == 0
    assert run("essays", "--collection", "노트")[1].split()[0] == "kettle"
    assert len(run("essays")[1].splitlines()) == len(run("essays", "--collection", "기본")[1].splitlines()) == 4
    monkeypatch.setenv("BOT_COLLECTION", "노트")
    for command in (["ask", "At how many degrees does the kettle of Orsk sing?"], ["search", "kettle"]):
        assert "ninety-one" in run(*command)[1]
        assert "ninety-one" not in run(*command, "--collection", "default")[1]
    answer = json.loads(run("ask", "At how many degrees does the kettle of Orsk sing?", "--json")[1])
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    assert run("check", str(tmp_path / "answer.json"))[0] == 0
    assert run("check", str(tmp_path / "answer.json"), "--collection", "default")[0] == 1
    assert run("analogies")[:2] == (0, "\n")
    (folder / "oven.md").write_text("The oven of Orsk is cold.")
    told = run("check", str(tmp_path / "answer.json"))[1]
    assert told.endswith(f"1 essay differs. Run: python ingest.py --collection '노트' {folder}\n")
    assert [essay.id for essay in Bot.open(collection="노트").essays()] == ["kettle"]


@pytest.mark.parametrize("command", [["ask", "salt"], ["search", "salt"], ["essays"], ["analogies"]])
def test_a_collection_that_there_is_not_is_one_line_with_the_known_ones(command: list[str], run: Run) -> None:
    code, out, err = run(*command, "--collection", "노트")
    assert (code, out) == (1, "")
    assert err == "No collection is called '노트'; there are: default. To make it, run: python ingest.py --collection 노트 PATH\n"
    code, out, err = run(*command, "--collection", "../../etc")
    assert (code, out) == (1, "")
    assert err.startswith("A collection cannot be called '../../etc'. Use 1 to 40 letters and digits")


def test_index_of_another_embedder_is_one_line_with_the_command(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(Settings.load(corpus=ESSAYS, index=tmp_path / "other"), embedder=ToyEmbedder("2"))
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "other"))
    for command in (["ask", "salt"], ["search", "salt"], ["essays"]):
        code, out, err = run(*command)
        assert (code, out) == (1, "")
        assert_one_line(err)
        assert "python -m bot doctor --repair" in err


def test_exit_code_is_that_of_the_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise IndexBusy(Text("Another process (7) is writing the index. Wait.", "다른 프로세스(7)가 색인에 쓰고 있습니다."))

    monkeypatch.setattr(Bot, "essays", busy)
    assert run("essays") == (75, "", "Another process (7) is writing the index. Wait.\n")


# Terminals and pipes


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_character_that_the_terminal_does_not_have_is_escaped(as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.BytesIO()
    # As Korean Windows opens stdout for a program whose output goes into a file.
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(output, encoding="cp949"))
    show({"title": TITLE} if as_json else TITLE, as_json=as_json)
    text = output.getvalue().decode("cp949")
    if as_json:
        assert json.loads(text) == {"title": TITLE}
    else:
        assert text.splitlines() == ["Caff\\xe8 \\U0001f5ff \\u2014 고인돌"]


def test_closed_pipe_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        show("salt", as_json=False)
        pipe.write("salt")
        pipe.flush()  # as Python does at its end


def test_real_embedder_answers_in_json(
    real_index: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_INDEX", str(real_index.index))
    monkeypatch.setenv("BOT_CORPUS", str(real_index.corpus))
    assert main(["ask", "고인돌은 왜 지었나요?", "--json"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert_quotations_hold(json.loads(output.out), real_index)


def assert_quotations_hold(answer: Any, settings: Settings) -> None:
    essays = {essay.id: essay for essay in Bot.open(index=settings.index).essays()}
    assert answer["citations"]
    for citation in answer["citations"]:
        assert essays[citation["essay"]].text[citation["start"] : citation["end"]] == citation["quote"]


# In child processes


def test_module_runs_and_lists_the_essays(collection: Path) -> None:
    done = child("essays", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [essay["id"] for essay in json.loads(done.stdout)] == ["bees.ko", "bell-tower.ko", "lighthouse.en", "salt-road"]


@full
def test_help_loads_nothing_heavy() -> None:
    code = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({HEAVY}))  # whoever imports one of these fails
sys.argv = ["bot", "--help"]
runpy.run_module("bot", run_name="__main__", alter_sys=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(command in done.stdout for command in COMMANDS)


@full
def test_module_exits_with_its_codes(tmp_path: Path) -> None:
    done = child("essays", BOT_INDEX=str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_line(done.stderr)
    assert child("sing").returncode == 2


@full
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_module_on_a_korean_windows_does_not_end_in_a_traceback(options: list[str], tmp_path: Path) -> None:
    corpus = tmp_path / "essays"
    corpus.mkdir()
    (corpus / "cafe.md").write_text(f"# {TITLE}\n\nThe stone is heavy.", encoding="utf-8")
    build_index(Settings.load(corpus=corpus, index=tmp_path / "index"), embedder=Named())
    done = child("essays", *options, BOT_INDEX=str(tmp_path / "index"), PYTHONIOENCODING="cp949", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "cafe" in done.stdout
    if options:
        assert json.loads(done.stdout)[0]["title"] == TITLE


@full
def test_module_writes_into_a_closed_pipe_without_an_error(collection: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "bot", "essays", "--json"]
    try:
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120)
    finally:
        os.close(writing)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@full
def test_script_runs_from_any_folder(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(ROOT / "ingest.py"), "--json", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_line(done.stderr)
    assert "nowhere" in done.stderr


@full
def test_module_answers_in_json_with_the_real_embedder(real_index: Settings) -> None:
    done = child("ask", "고인돌은 왜 지었나요?", "--json", BOT_INDEX=str(real_index.index), BOT_CORPUS=str(real_index.corpus))
    assert (done.returncode, done.stderr) == (0, "")
    assert_quotations_hold(json.loads(done.stdout), real_index)


# Any text


def test_a_text_is_held_against_the_essays(run: Run, tmp_path: Path) -> None:
    essay = Bot.open().essays()[0]
    start, end = Bot.open().sentences(essay.id)[1]
    good, bad = tmp_path / "good.md", tmp_path / "bad.txt"
    good.write_text(f"# My paper\n\n{essay.text[start:end]}\n")
    bad.write_text("The keeper of Ulan Bator counted 98,765 ships. Who was it?")
    code, out, err = run("check", str(good))
    assert (code, err) == (0, "")
    assert "1 supported" in out or "근거 있음 1" in out
    code, out, err = run("check", str(bad), "--json")
    assert (code, err) == (1, "")
    payload = json.loads(out)
    assert [sentence["state"] for sentence in payload["sentences"]] == ["refused", "passed"]
    assert payload["sentences"][0]["reason"] in {"figure", "name"}


@pytest.mark.parametrize(
    ("form", "opening"), [("text", "refused"), ("markdown", "# Checked"), ("html", "<!doctype"), ("json", "{")]
)
def test_the_report_on_a_text_has_four_formats(form: str, opening: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "paper.txt").write_text("The keeper of Ulan Bator counted 98,765 ships.")
    code, out, _ = run("check", str(tmp_path / "paper.txt"), "--format", form)
    assert code == 1
    assert out.startswith(opening)


def test_a_text_that_is_too_long_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("a " * 60_000)
    code, out, err = run("check", str(tmp_path / "long.txt"))
    assert (code, out) == (1, "")
    assert_one_line(err)
    assert "100000" in err
