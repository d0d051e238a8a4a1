"""The import graph is the architecture: which package may import which, where each heavy dependency lives, what an import costs."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import bot
from tests.places import ROOT

SCRIPTS = [ROOT / "app.py", ROOT / "ingest.py"]
FILES = sorted((ROOT / "bot").rglob("*.py"))

# The packages and single modules of bot/ in their order: each may import those of the rows above its own, and itself.
# A module that stands nowhere here has no place.
ORDER: tuple[tuple[str, ...], ...] = (
    ("messages",),
    ("errors",),
    ("schema", "settings", "tracing"),
    ("text",),
    ("models", "store"),
    ("grounding", "formats"),
    ("indexing",),
    ("retrieval",),
    ("answers",),
    ("chats",),
    ("runnables",),
    ("pipeline", "upload_parts"),
    ("upload_files",),
    ("uploads",),
    ("cli", "ui"),
    ("__init__", "__main__"),
)
ROW = {name: row for row, names in enumerate(ORDER) for name in names}
MODULES = {  # the packages' modules, as docs/architecture.md describes them
    "messages": {
        "text",
        "answers",
        "errors",
        "index_errors",
        "repair",
        "damage",
        "model_errors",
        "model_sources",
        "files",
        "formats",
        "notices",
        "map",
        "page",
        "evals",
        "checks",
    },
    "text": {"normalize", "language", "tokenize", "inline", "markdown", "boundaries", "sentences", "rarity"},
    "models": {
        "embeddings",
        "model_folder",
        "late_chunking",
        "gemma",
        "choice",
        "installation",
        "reranker",
        "entailment",
        "e5",
        "e5_format",
        "chat",
        "model_class",
        "ollama",
        "gguf",
        "llamacpp",
        "files",
        "staging",
        "hub",
        "package_index",
        "download",
        "streaming",
    },
    "store": {"salvage", "collections", "base", "chroma", "disk", "folder", "generations", "manifest", "server", "snapshot"},
    "grounding": {
        "quotations",
        "checker",
        "claim",
        "features",
        "markers",
        "outcome",
        "support",
        "titles",
        "contradiction",
        "grammar",
        "numbers",
        "number_words",
        "english_numbers",
        "korean_numbers",
        "transliteration",
    },
    "formats": {
        "document",
        "suffixes",
        "limits",
        "frames",
        "child",
        "worker",
        "recent",
        "trees",
        "packed",
        "said",
        "notes",
        "tables",
        "markup",
        "layouts",
        "web_page",
        "saved_page",
        "docx",
        "epub",
        "rtf",
        "hangul",
        "hwp",
        "hwpx",
        "wordpress",
        "archive",
        "pdf",
        "pdf_fonts",
        "pdf_runs",
        "pdf_lines",
        "pdf_blocks",
        "pdf_furniture",
        "pdf_join",
    },
    "indexing": {
        "loader",
        "header",
        "hidden",
        "dates",
        "splitter",
        "summaries",
        "intents",
        "analogies",
        "sources",
        "roots",
        "build",
        "repair",
        "watch",
        "saved_vectors",
    },
    "retrieval": {
        "hybrid",
        "passages",
        "evidence",
        "dense",
        "weights",
        "vocabulary",
        "bm25",
        "calibration",
        "index",
        "intent",
        "condense",
        "dated",
        "map_search",
        "table",
        "sentence_vectors",
    },
    "answers": {
        *(
            "turn",
            "subject",
            "selection",
            "sentence_features",
            "extractive",
            "documents",
            "summary",
            "comparison",
            "argument",
            "more",
        ),
        *("debate", "suggestions", "tokens", "chat_turns", "context", "prompts", "prompts_capable", "prompts_small"),
        *("segmentation", "generation", "written"),
    },
    "chats": {"messages", "history", "open_chats", "export", "export_reader", "recheck", "check_text", "check_report"},
    "cli": {"console", "doctor"},
}
SCRIPTS_MAY_IMPORT = {"messages", "errors", "schema", "settings", "indexing", "pipeline", "cli"}

# A heavy dependency and the only files, by the beginnings of their paths, that may import it; they must, or the row is stale.
HOMES = {
    "chromadb": ("bot/store/chroma.py",),
    "sentence_transformers": (
        "bot/models/embeddings.py",
        "bot/models/late_chunking.py",
        "bot/models/reranker.py",
        "bot/models/entailment.py",
    ),
    "torch": ("bot/models/embeddings.py", "bot/models/late_chunking.py", "bot/models/reranker.py"),
    "sklearn": ("bot/indexing/intents.py",),
    "wordfreq": ("bot/text/rarity.py",),
    "rapidfuzz": ("bot/retrieval/vocabulary.py",),
    "gradio": ("app.py", "bot/ui/"),
    "kiwipiepy": ("bot/text/tokenize.py",),
    "markdown_it": ("bot/text/markdown.py",),
    "sentencex": ("bot/text/boundaries.py",),
    "xllamacpp": ("bot/models/llamacpp.py",),
    "langchain": ("bot/models/chat.py",),
    "trafilatura": ("bot/formats/web_page.py",),
    "pypdf": ("bot/formats/pdf",),
    "mammoth": ("bot/formats/docx.py",),
    "striprtf": ("bot/formats/rtf.py",),
    "olefile": ("bot/formats/hwp.py",),
    "lxml": ("bot/formats/",),
}
HEAVY = ["torch", "sentence_transformers", "transformers", "gradio", "chromadb", "kiwipiepy", "lxml", "pypdf", "trafilatura"]


def imported(path: Path, *, at_run_time: bool = False) -> Iterator[str]:
    """Every dotted name that a file imports, inside functions too; with `at_run_time` without those for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    skipped = {id(statement) for guard in guards for statement in guard.body} if at_run_time else set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package(path: Path) -> str:
    """The package of bot/ that a file belongs to, or its own name where it lies in bot/ itself."""
    return path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")


def packages_imported(path: Path) -> set[str]:
    """The packages of bot/ that a file imports; `__init__` for the public face itself."""
    names = [name.split(".") for name in imported(path) if name.split(".")[0] == "bot"]
    return {name[1] if len(name) > 1 and name[1] in ROW else "__init__" for name in names}


def module(name: str) -> str | None:
    """The module of ours that an imported name is, or is found in."""
    while name:
        path = ROOT / name.replace(".", "/")
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return name
        name = name.rpartition(".")[0]
    return None


def test_every_module_has_a_place() -> None:
    assert {package(path) for path in FILES} == ROW.keys()
    for name, modules in MODULES.items():
        assert {path.stem for path in (ROOT / "bot" / name).glob("*.py")} == modules | {"__init__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    mine = package(path)
    allowed = {name for name, row in ROW.items() if row < ROW[mine]} | {mine}
    assert packages_imported(path) <= allowed


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_import_few_packages(path: Path) -> None:
    assert packages_imported(path) <= SCRIPTS_MAY_IMPORT | ({"ui"} if path.name == "app.py" else set())


@pytest.mark.parametrize("path", [*FILES, *SCRIPTS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_imports_a_script_a_test_or_an_evaluation(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & {"app", "ingest", "tests", "evals"}


def test_no_module_imports_itself_through_others() -> None:
    graph: dict[str, set[str]] = {}
    for path in FILES:
        name = module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")) or ""
        needed = {module(found) for found in imported(path, at_run_time=True) if found.split(".")[0] == "bot"}
        graph[name] = {one for one in needed if one and one != "bot"} - {name}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(FILES)


@pytest.mark.parametrize("dependency", HOMES)
def test_each_heavy_dependency_has_its_home(dependency: str) -> None:
    users = {p.relative_to(ROOT).as_posix() for p in [*FILES, *SCRIPTS] if dependency in {n.split(".")[0] for n in imported(p)}}
    assert users
    assert {user for user in users if not user.startswith(HOMES[dependency])} == set()


def test_only_settings_reads_the_environment() -> None:
    readers = {path.relative_to(ROOT).as_posix() for path in [*FILES, *SCRIPTS] if any(_touches_environment(path))}
    assert readers == {"bot/settings.py"}


def test_no_module_is_named_for_being_handy() -> None:
    hidden = {".git", ".venv", "build", "dist"}
    names = {path.name for path in ROOT.rglob("*.py") if not hidden & set(path.relative_to(ROOT).parts)}
    assert names & {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py"} == set()


@pytest.mark.parametrize("name", ["bot", "bot.pipeline", "bot.cli.doctor", "bot.__main__", "ingest", "app"])
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


def _touches_environment(path: Path) -> Iterator[bool]:
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id == "os" and node.attr in names
        elif isinstance(node, ast.ImportFrom):
            yield node.module == "os" and bool({alias.name for alias in node.names} & names)
