"""The texts of bot/messages/ (and the prompts): both languages, the same placeholders, one wording each; and no text anywhere else."""

import ast
import importlib
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from bot import errors as tree
from bot.answers import prompts, prompts_capable, prompts_small
from bot.errors import QuestionError
from bot.indexing.analogies import By, Move
from bot.messages import files, notices, page
from bot.messages import map as map_texts
from bot.messages.text import LANGUAGES, Text, joined
from bot.models.streaming import Fault
from bot.text.language import language_of
from bot.text.normalize import clean
from tests.places import ROOT

MESSAGES = ROOT / "bot" / "messages"
CATALOGUE = sorted(path.stem for path in MESSAGES.glob("*.py") if path.stem not in {"__init__", "text"})
ERRORS = ("errors", "index_errors", "model_errors", "evals")
CLAUSES = ("repair", "files", "damage", "model_sources")
USERS = [*(ROOT / "bot").rglob("*.[jp][sy]"), *(ROOT / "evals").glob("*.py"), ROOT / "app.py"]  # of the texts
MAX_LINES = 350  # of a file of the catalogue

HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
# What an error may end with: a full stop, a command or a value behind a colon, or a text that ends with a full stop itself.
ERROR_END = re.compile(r"(?:\.|: (?:python|make|pip|chroma|BOT_|openai:|\{command\})(?:(?!\. ).)*|\{fault\})$")
WORDS = {f"index_errors.{name}" for name in ("UNKNOWN", "NOW", "DEFAULT_COLLECTION", "NO_COLLECTIONS")}  # in an error
WITHOUT_LETTERS = {
    "answers.ESSAY",
    "answers.ITEM",
    "answers.SIDE",
    "index_errors.UNKNOWN",
    "map.OBJECTION",
    "model_errors.TRIAL_FAILED",
    "page.MODEL_OTHER",
    "page.UPLOADS_NOTE",
}
IN_ITS_OWN_LANGUAGE = {"page.OTHER_LANGUAGE"}  # the other language's name

# Where Hangul is data that texts are analysed with, or a text for a model, and not a text for readers.
ANALYSIS = (
    "bot/answers/argument.py",  # words of objections and of questions
    "bot/answers/comparison.py",  # words that join what is compared
    "bot/answers/chat_turns.py",  # labels for a model
    "bot/answers/tokens.py",
    "bot/answers/generation.py",  # labels that models put before an answer
    "bot/answers/debate.py",  # words of questions
    "bot/answers/documents.py",  # names of languages, words of questions
    "bot/answers/prompts.py",
    "bot/answers/prompts_capable.py",
    "bot/answers/prompts_small.py",
    "bot/answers/segmentation.py",
    "bot/answers/sentence_features.py",  # words of questions and reasons
    "bot/answers/subject.py",  # words for a text
    "bot/answers/summary.py",  # numbers in words
    "bot/formats/",  # names of styles and parts of pages, and marks of lists
    "bot/grounding/",
    "bot/indexing/dates.py",
    "bot/indexing/header.py",
    "bot/indexing/loader.py",  # endings of sentences
    "bot/indexing/sources.py",  # names of folders
    "bot/retrieval/",
    "bot/text/",
)


def texts_of(name: str, value: Any) -> Iterator[tuple[str, Text]]:
    """The texts of a constant, by name: itself, or those in a table or a tuple."""
    if isinstance(value, Text):
        yield name, value
    elif isinstance(value, Mapping | tuple):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from texts_of(f"{name}[{key}]", item)


def catalogue(*modules: str) -> dict[str, Text]:
    constants = [(module, vars(importlib.import_module(f"bot.messages.{module}"))) for module in modules]
    return {
        name: found
        for module, values in constants
        for key, value in values.items()
        if key.isupper()
        for name, found in texts_of(f"{module}.{key}", value)
    }


PROMPTS = {
    name: found
    for module in (prompts, prompts_capable, prompts_small)
    for key, value in vars(module).items()
    if key.isupper()
    for name, found in texts_of(f"{module.__name__.rpartition('.')[2]}.{key}", value)
}
TEXTS = {**catalogue(*CATALOGUE), **PROMPTS}


def placeholders(line: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(line) if field is not None}


def test_the_texts_are_collected() -> None:
    assert len(TEXTS) > 300
    assert {
        "errors.NO_SUCH_SETTING",
        "map.MOVES[history]",
        "page.EXAMPLE_QUESTIONS[0]",
        "prompts_capable.TASKS[answer]",
        "prompts_small.TASKS[answer]",
    } <= TEXTS.keys()


def test_every_text_exists_in_both_languages_and_is_normalised() -> None:
    lines = {(name, language): found.of(language) for name, found in TEXTS.items() for language in LANGUAGES}
    assert [place for place, line in lines.items() if not line or line != clean(line).text.strip()] == []


def test_every_text_is_in_its_language() -> None:
    names = TEXTS.keys() - IN_ITS_OWN_LANGUAGE
    assert {name for name in names if HANGUL.search(TEXTS[name].en)} == set()
    assert {name for name in names if not HANGUL.search(TEXTS[name].ko)} == WITHOUT_LETTERS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_notice_and_prompt_is_taken_for_its_language(language: Any) -> None:
    names = [name for name in TEXTS if re.match(r"notices\.(FAULTS|ABSTAIN|NEAREST|FROM)|prompts_\w+\.(RULES|TASKS)", name)]
    assert len(names) > 10
    assert [name for name in names if language_of(re.sub(r"\{\w+\}", "", TEXTS[name].of(language))) != language] == []


def test_both_languages_have_the_same_placeholders() -> None:
    fields = {name: (placeholders(found.en), placeholders(found.ko)) for name, found in TEXTS.items()}
    assert [name for name, (english, korean) in fields.items() if english != korean] == []
    assert all(re.fullmatch(r"[a-z_]+", field) for english, _ in fields.values() for field in english)


def test_nothing_is_worded_twice() -> None:
    """One text may have two names; two texts may not have the same English."""
    by_english: dict[str, set[int]] = {}
    for found in TEXTS.values():
        by_english.setdefault(found.en, set()).add(id(found))
    assert [english for english, objects in by_english.items() if len(objects) > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_is_one_line_that_ends_with_a_full_stop_or_a_command(language: Any) -> None:
    lines = {name: found.of(language) for name, found in catalogue(*ERRORS).items() if name not in WORDS}
    assert [name for name, line in lines.items() if "\n" in line or not ERROR_END.search(line)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clause_is_one_line_without_a_full_stop(language: Any) -> None:
    lines = {name: found.of(language) for name, found in catalogue(*CLAUSES).items()}
    assert [name for name, line in lines.items() if "\n" in line or line.endswith(".")] == []


def test_every_text_is_used() -> None:
    """By its constant's name; those of the page also by the key that page.js and the layout know."""
    sources = {path: path.read_text(encoding="utf-8") for path in USERS}
    words = {path: set(re.findall(r"\w+", source)) for path, source in sources.items()}
    unused = []
    for module in CATALOGUE:
        own = MESSAGES / f"{module}.py"
        used = set().union(*(found for path, found in words.items() if path != own))
        for name in re.findall(r"^([A-Z_]+) = ", sources[own], re.MULTILINE):
            is_key = module == "page" and (name.lower() in used or name.startswith("MODE_"))
            if name not in used and not is_key and len(re.findall(rf"\b{name}\b", sources[own])) == 1:
                unused.append(f"{module}.{name}")
    assert unused == []


def test_a_file_of_the_catalogue_is_not_long() -> None:
    lengths = {module: len((MESSAGES / f"{module}.py").read_text(encoding="utf-8").splitlines()) for module in CATALOGUE}
    assert {module: length for module, length in lengths.items() if length > MAX_LINES} == {}


def test_the_tables_have_every_key() -> None:
    assert notices.FAULTS.keys() == notices.ENDED_EARLY.keys() == set(get_args(Fault))
    assert map_texts.MOVES.keys() == set(get_args(Move))
    assert map_texts.SOCRATIC_QUESTIONS.keys() == {*get_args(Move), ""}
    assert map_texts.RAISED_BY.keys() == set(get_args(By))


def test_the_page_has_a_key_for_each_of_its_texts_in_both_languages() -> None:
    english, korean = (page.by_name(language) for language in ("en", "ko"))
    assert english.keys() == korean.keys()
    assert english["stop"] == page.STOP.en


# The type


def test_a_text_in_a_text_is_taken_in_the_language_around_it() -> None:
    error = QuestionError(
        Text("It failed: {reason} {count:,}.", "실패: {reason} {count:,}.").format(reason=files.BINARY, count=1000)
    )
    assert error.text("en") == str(error) == "It failed: it is binary, not text 1,000."
    assert error.text("ko") == "실패: 텍스트가 아니라 이진 파일입니다 1,000."


def test_a_value_with_braces_is_not_formatted_again() -> None:
    inner = Text("{x}", "{x}").format(x="{y} {0}")
    assert Text("a {z}", "b {z}").format(z=inner) == Text("a {y} {0}", "b {y} {0}")
    assert "{quote} {0}" in notices.FROM.format(title="{quote} {0}").ko


def test_texts_can_be_joined_and_put_on_one_line() -> None:
    assert joined("; ", [Text("a", "가"), Text("b", "나")]) == Text("a; b", "가; 나")
    assert Text("a\n b", " 가 \u2028나").on_one_line() == Text("a b", "가 나")
    assert str(Text("a", "가")) == "a"


# No text stands anywhere else

SOURCES = {
    path.relative_to(ROOT).as_posix(): path for path in [*(ROOT / "bot").rglob("*.py"), ROOT / "app.py", ROOT / "ingest.py"]
}
EVALS = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "evals").glob("*.py")}
ERROR_CLASSES = {name for name, kind in vars(tree).items() if isinstance(kind, type) and issubclass(kind, tree.BotError)} | {
    "HubUnreachable",
    "NoRoom",
    "SourceError",
    "UndecodableError",
}


def hangul_literals(path: Path) -> list[int]:
    """The lines with a string that has Hangul, other than docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings, also of constants
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in bare]
    return [node.lineno for node in strings if isinstance(node.value, str) and HANGUL.search(node.value)]


def test_korean_stands_in_the_catalogue_only() -> None:
    elsewhere = {
        name: lines
        for name, path in SOURCES.items()
        if not name.startswith(("bot/messages/", *ANALYSIS)) and (lines := hangul_literals(path))
    }
    assert elsewhere == {}


@pytest.mark.parametrize("allowed", [*ANALYSIS])
def test_every_exception_is_needed(allowed: str) -> None:
    paths = [ROOT / allowed] if allowed.endswith(".py") else [*(ROOT / allowed).rglob("*.py")]
    assert any(map(hangul_literals, paths))


def test_an_error_is_raised_with_a_text_and_not_with_a_string() -> None:
    for name, path in {**SOURCES, **EVALS}.items():
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        raised = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ERROR_CLASSES]
        strings = [call.lineno for call in raised if any(isinstance(part, ast.Constant | ast.JoinedStr) for part in call.args)]
        assert not strings, f"{name}:{strings}"


@pytest.mark.parametrize(
    ("value", "marked"),
    [
        ("로마", "로마는 로마가 로마를 로마와"),
        ("고인돌", "고인돌은 고인돌이 고인돌을 고인돌과"),
        ("「값」", "「값」은 「값」이 「값」을 「값」과"),
        ("GPT-3", "GPT-3은 GPT-3이 GPT-3을 GPT-3과"),
    ],
)
def test_a_korean_particle_fits_the_value_before_it(value: str, marked: str) -> None:
    text = Text("{value}", "{value:은} {value:이} {value:을} {value:과}")
    assert text.format(value=value) == Text(value, marked)
    assert Text("{a}", "{a:>4}").format(a="가").ko == "   가"
