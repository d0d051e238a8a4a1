"""The import graph is the architecture: who may import whom, where each heavy package lives, and what an import costs."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import bot

ROOT = Path(__file__).parent.parent
SCRIPTS = [ROOT / "app.py", ROOT / "ingest.py"]
FILES = sorted((ROOT / "bot").rglob("*.py"))

NOUNS = {"schema", "errors"}
DOORS = {"bot", "pipeline", "settings", "errors", "schema", "progress", "console"}  # all that a script may touch

# A part of bot/, a module or a folder, and the other parts it may import. A module that is not here has no place.
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": {"pipeline", "schema", "errors"},
    "schema": {"errors"},
    "errors": set(),
    "lexicon": set(),
    "text": {"errors"},
    "prompt": {"schema"},
    "settings": {"errors"},
    "bundled": {"errors"},
    "embeddings": {"errors", "bundled"},
    "store": NOUNS,
    "corpus": NOUNS | {"text"},
    "passages": {"schema", "lexicon"},
    "sample": {"schema"},
    "scope": set(),
    "retrieval": {"schema", "lexicon", "sample", "text"},
    "quotes": {"schema", "lexicon"},
    "rewrite": {"lexicon", "names", "scope", "text"},
    "figures": set(),
    "names": set(),
    "claims": {"lexicon", "figures", "names"},
    "verify": NOUNS | {"lexicon", "claims", "figures", "names"},
    "analogies": NOUNS | {"lexicon", "text", "verify"},
    "discuss": {"analogies", "lexicon", "prompt", "schema"},
    "excerpts": {"lexicon", "schema"},
    "answers": {"analogies", "discuss", "prompt", "quotes", "schema", "scope", "shelf", "verify"},
    "gguf": {"errors"},
    "local": {"errors"},
    "llm": {"errors", "gguf", "local", "settings"},
    "stream": {"llm"},
    "trial": {"errors", "llm", "prompt", "stream"},
    "prose": NOUNS | {"lexicon", "llm", "prompt", "stream", "text", "verify"},
    "shelf": {"analogies", "store", "retrieval", "sample", "passages", "lexicon", "schema", "text"},
    "pipeline": NOUNS
    | {"settings", "text", "lexicon", "embeddings", "store", "corpus", "passages"}
    | {"rewrite", "analogies", "answers", "excerpts", "gguf", "llm", "prose", "scope", "shelf", "trial"},
    "progress": set(),
    "console": {"errors"},
    "doctor": {"corpus", "gguf", "llm", "pipeline", "settings", "errors", "store", "embeddings", "schema"},
    "__main__": {
        "analogies",
        "answers",
        "console",
        "gguf",
        "progress",
        "pipeline",
        "recheck",
        "settings",
        "errors",
        "schema",
        "doctor",
    },
    "conversations": NOUNS | {"text"},
    "exports": NOUNS | {"conversations"},
    "recheck": NOUNS | {"exports", "lexicon", "text"},
    "library": NOUNS | {"corpus", "pipeline", "store", "text"},
    "ui": NOUNS
    | {"analogies", "answers", "conversations", "corpus", "exports", "library", "llm", "pipeline", "settings", "store", "text"},
}

# A heavy package and the only files, by the beginnings of their paths, that may import it; they must, or the row is stale.
HOMES = {
    "chromadb": ("bot/store/chroma.py",),
    "sentence_transformers": ("bot/embeddings.py",),
    "torch": ("bot/embeddings.py",),
    "gradio": ("app.py", "bot/ui/"),
    "kiwipiepy": ("bot/lexicon.py",),
    "bm25s": ("bot/retrieval.py",),
    "xllamacpp": ("bot/local.py",),
    "langchain": ("bot/llm.py",),
}
HEAVY = ["torch", "sentence_transformers", "transformers", "gradio", "chromadb", "kiwipiepy"]


def imported(path: Path) -> Iterator[str]:
    """Every dotted name that a file imports, inside functions and for type checkers too."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(path: Path) -> str:
    """The part of bot/ that a file belongs to: its folder inside bot/, else its own name."""
    inside = path.relative_to(ROOT / "bot")
    return inside.parts[0].removesuffix(".py")


def parts_imported(path: Path) -> set[str]:
    """The parts of bot/ that a file imports; `bot` for the public face itself."""
    names = [name.split(".") for name in imported(path) if name.split(".")[0] == "bot"]
    return {name[1] if len(name) > 1 and name[1] in MAY_IMPORT else "bot" for name in names}


def module(name: str) -> str | None:
    """The module of ours that an imported name is, or is found in."""
    while name:
        path = ROOT / name.replace(".", "/")
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return name
        name = name.rpartition(".")[0]
    return None


def test_every_module_has_a_place() -> None:
    assert {part(path) for path in FILES} == MAY_IMPORT.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_down(path: Path) -> None:
    mine = part(path)
    assert parts_imported(path) - {mine} <= MAY_IMPORT[mine]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_use_only_the_doors(path: Path) -> None:
    assert parts_imported(path) <= DOORS | ({"ui"} if path.name == "app.py" else set())


@pytest.mark.parametrize("path", [*FILES, *SCRIPTS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_imports_a_script_a_test_or_an_evaluation(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & {"app", "ingest", "tests", "evals"}


def test_no_module_needs_itself() -> None:
    graph: dict[str, set[str]] = {}
    for path in FILES:
        name = module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")) or ""
        needed = {module(found) for found in _needed(path) if found.split(".")[0] == "bot"}
        graph[name] = {one for one in needed if one and one != "bot"} - {name}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(FILES)


@pytest.mark.parametrize("package", HOMES)
def test_each_heavy_package_has_its_home(package: str) -> None:
    users = {p.relative_to(ROOT).as_posix() for p in [*FILES, *SCRIPTS] if package in {n.split(".")[0] for n in imported(p)}}
    assert users
    assert {user for user in users if not user.startswith(HOMES[package])} == set()


def test_only_settings_reads_the_environment() -> None:
    readers = {path.relative_to(ROOT).as_posix() for path in [*FILES, *SCRIPTS] if any(_touches_environment(path))}
    assert readers == {"bot/settings.py"}


def test_no_module_is_named_for_being_handy() -> None:
    hidden = {".git", ".venv", "build", "dist"}
    names = {path.name for path in ROOT.rglob("*.py") if not hidden & set(path.relative_to(ROOT).parts)}
    assert names & {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py"} == set()


@pytest.mark.parametrize("name", ["bot", "bot.pipeline", "bot.doctor", "bot.__main__", "ingest", "app"])
def test_importing_loads_nothing_heavy(name: str) -> None:
    code = f"import sys, {name}; print(*sorted(set({HEAVY!r}) & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, ran.stdout.split()) == (0, []), ran.stderr


def test_the_public_face_is_what_it_says() -> None:
    assert sorted(bot.__all__) == ["Answer", "Bot", "BotError", "Citation"]
    for name in bot.__all__:
        assert getattr(bot, name).__name__ == name
        assert getattr(bot, name) is getattr(importlib.import_module(getattr(bot, name).__module__), name)
    assert set(bot.__all__) <= set(dir(bot))


def test_a_name_that_is_not_public_is_refused_with_those_that_are() -> None:
    with pytest.raises(AttributeError, match=r"'bot' has no attribute 'Retriever'; it has Answer, Bot, BotError, Citation"):
        _ = bot.Retriever


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _needed(path: Path) -> Iterator[str]:
    """The names that a file imports when it runs: all but those for type checkers."""
    typed = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    skipped = {ast.unparse(statement) for node in typed for statement in node.body}
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import | ast.ImportFrom) and ast.unparse(node) not in skipped:
            module_name = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from (f"{module_name}{alias.name}" for alias in node.names)


def _touches_environment(path: Path) -> Iterator[bool]:
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id == "os" and node.attr in names
        elif isinstance(node, ast.ImportFrom):
            yield node.module == "os" and bool({alias.name for alias in node.names} & names)
