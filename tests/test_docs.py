"""The documents say what the code does: settings, commands, tree, limits, verbs."""

import re
import subprocess
import sys

import pytest

from bot import __all__ as public
from bot import pipeline, schema
from bot.__main__ import _parser
from bot.errors import IndexBusy
from bot.indexing import loader
from bot.models import chat
from bot.settings import Keys, Settings
from tests.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
KNOBS = [f"BOT_{name.upper()}" for name in Settings.model_fields]


@pytest.mark.parametrize("knob", KNOBS)
def test_every_setting_stands_in_the_readme_and_in_the_example(knob: str) -> None:
    assert f"`{knob}`" in README
    assert re.search(rf"^#{knob}=", EXAMPLE, re.MULTILINE)


def test_the_documents_name_no_setting_that_there_is_not() -> None:
    assert set(re.findall(r"BOT_[A-Z_]+", README + EXAMPLE)) == set(KNOBS)


@pytest.mark.parametrize("variable", [name.upper() for name in Keys.model_fields])
def test_every_providers_variable_stands_in_both_too(variable: str) -> None:
    assert f"`{variable}`" in README
    assert f"\n#{variable}=\n" in EXAMPLE


@pytest.mark.parametrize("knob", ["corpus", "index", "llm", "host", "port"])
def test_the_example_gives_the_defaults(knob: str) -> None:
    assert f"#BOT_{knob.upper()}={Settings.model_fields[knob].default}\n" in EXAMPLE


def test_the_chat_models_of_the_readme_are_those_of_the_code() -> None:
    table = README.split("## Chat models")[1].split("\n## ")[0]
    cells = "\n".join(line.split("|")[1] + "|" for line in table.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`([a-z_]+)(?::…|:/path\.gguf)?`(?=[ ,|])", cells))
    assert named == {"auto", chat.QUOTES, chat.LOCAL, "openai", "anthropic", "google_genai", "ollama"}
    assert set(re.findall(r"pip install '\.\[(\w+)\]'|`'\.\[(\w+)\]'`", table)) == {("anthropic", ""), ("", "google")}


@pytest.mark.parametrize("mode", schema.MODES)
def test_every_mode_stands_in_the_readme(mode: str) -> None:
    assert f"`{mode}`" in README.split("## Ask")[1].split("\n## ")[0]


def test_every_command_stands_in_the_readme() -> None:
    action = next(action for action in _parser()._actions if action.choices)
    assert action.choices is not None
    line = next(line for line in README.splitlines() if "In a terminal" in line)
    assert set(re.findall(r"`(?:python -m bot )?([a-z]+)\b", line)) == set(action.choices)


def test_the_limits_are_those_of_the_code() -> None:
    assert f"a question {pipeline.MAX_QUESTION_CHARACTERS:,} characters" in README
    assert (
        f"a file {loader.MAX_FILE_BYTES // 10**6} MB, {loader.MAX_TEXT_CHARACTERS:,} characters, {loader.MAX_LINE_CHARACTERS:,} in a line"
        in README
    )
    assert f"{IndexBusy.exit_code} another ingest is writing" in README


def test_every_verb_of_the_makefile_is_helped_and_the_readmes_are_there() -> None:
    told = subprocess.run(
        ["make", "-C", str(ROOT), "--no-print-directory", "help"], capture_output=True, text=True, check=True
    ).stdout
    verbs = set(re.findall(r"^  make ([\w-]+)", told, re.MULTILINE))
    assert {"run", "test"} <= verbs
    assert (
        set(
            re.findall(
                r"(?:`|^    )make ([a-z-]+)\b", README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE
            )
        )
        <= verbs
    )


def test_the_public_names_are_those_of_the_contract() -> None:
    assert public == ["Answer", "Bot", "BotError", "Citation"]


@pytest.mark.parametrize("script", [["ingest.py"], ["app.py"], ["-m", "bot"], ["-m", "evals"]], ids=" ".join)
def test_every_script_has_help(script: list[str]) -> None:
    told = subprocess.run([sys.executable, *script, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("usage: python")
    assert not told.stderr


def test_the_readmes_answer_is_a_sentence_of_its_essay() -> None:
    shown = README.split("## Two commands")[0]
    quoted, essay = re.findall(r"“([^”]+)” \[1\]", shown), re.findall(r"^    \[1\] .+ · (\S+) · ", shown, re.MULTILINE)
    assert len(quoted) == len(essay) == 1
    assert quoted[0] in (ROOT / "corpus" / f"{essay[0]}.md").read_text(encoding="utf-8")
