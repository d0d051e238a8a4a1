"""All measurements in one run, and evals/SCORECARD.md: n, seed, versions, intervals, baselines, and the failures one by one."""

import json
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bot.indexing.build import index_fingerprint
from bot.models.embeddings import Embedder
from bot.pipeline import Bot
from evals import check, golden, squad
from evals.sets import load

CARD = Path(__file__).parent / "SCORECARD.md"
PACKAGES = ("chromadb", "sentence-transformers", "torch", "langchain-core", "kiwipiepy", "bm25s", "ir-measures")


def measure(bot: Bot, squad_file: Path | None = None) -> dict[str, Any]:
    """Every figure, by the name of its measurement. `speed` alone differs from run to run."""
    figures = {name: getattr(golden, name)(bot) for name in ("retrieval", "abstain", "followup")}
    figures["verify"] = check.measure(bot)
    if squad_file:
        embedder = Embedder(bot.settings.embedding_model, bot.settings.cache)
        figures["squad"] = {"file": squad_file.name, **squad.measure(squad_file, embedder)}
    figures["failures"] = _failures(bot)
    figures["speed"] = _speed_apart()
    figures["versions"] = {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        **index_fingerprint(bot.embedder),
    }
    return figures


def _speed_apart() -> dict[str, Any]:
    """The speed, from a process of its own: what was measured before it would count as its memory."""
    done = subprocess.run([sys.executable, "-m", "evals", "speed", "--json"], check=True, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _failures(bot: Bot) -> dict[str, list[str]]:
    """The questions of the `test` halves that went wrong: answered though no essay does, refused though one does, not found."""
    essays = {essay.id: essay for essay in bot.essays()}
    asked = [case for case in load("unanswerable", essays) if case.split == "test"]
    refused = {case.id: bot.ask(case.question).abstained for case in asked}
    talks = [case for case in load("followups", essays) if case.split == "test"]
    return {
        "answered though no essay does": [
            f"{case.id} ({case.kind}) {case.question}" for case in asked if not case.answerable and not refused[case.id]
        ],
        "refused though an essay answers": [
            f"{case.id} {case.question}" for case in asked if case.answerable and refused[case.id]
        ],
        "follow-ups not found": [
            f"{case.id} ({case.kind}) {case.question} → {standalone}"
            for case in talks
            if case.rank(bot.search(standalone := bot.standalone(case.question, case.history), 5)) is None
        ],
    }


def write(figures: dict[str, Any], path: Path = CARD) -> None:
    """Write the card. Every figure in it is one of `figures`."""
    retrieval = dict(figures["retrieval"])
    baselines, misses = retrieval.pop("baselines"), retrieval.pop("misses")
    verified = {name: row for name, row in figures["verify"].items() if isinstance(row, dict)}
    parts = [
        "# Scorecard",
        "Written by `make scorecard`. Nothing was tuned on a `test` row. Intervals are Wilson's, 95 %. What was tried: LOG.md.",
        "## Golden questions",
        "R@5 judged counts, beside the gold span, spans that assessors of the pooled hits of four rankings found to answer as well.",
        _table(retrieval),
        "### Baselines, R@5 on the same `test` questions",
        _table(baselines),
        "## Unanswerable questions: the share refused",
        _table(figures["abstain"]),
        "## Follow-ups: R@5",
        _table(figures["followup"]),
        "## The check of a model's sentences: the share refused",
        "Aims: of the false .97 and more, of the true .03 and less. `generated` and `quotations` are made from the shelf by a seed.",
        _table(verified),
    ]
    if "squad" in figures:
        given = figures["squad"]
        rows = {**{half: given[half] for half in ("hybrid", "dense", "lexical")}, **given["baselines"]}
        parts += [f"## {given['file']}: {given['questions']:,} questions, {given['paragraphs']:,} paragraphs", _table(rows)]
    parts += ["## Speed", _lines(figures["speed"]), "## Versions", _lines(figures["versions"]), "## Failures, one by one"]
    failures = {
        "Golden questions not found": misses,
        **figures["failures"],
        "sentences judged wrongly": figures["verify"]["wrong"],
    }
    for name, lines in failures.items():
        parts += [f"### {name[0].upper()}{name[1:]} ({len(lines)})", "\n".join(f"- {line}" for line in lines) or "None."]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _table(rows: dict[str, dict[str, Any]]) -> str:
    """Rows of the same columns as a Markdown table."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[name, *(_cell(row.get(column, "")) for column in columns)] for name, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _lines(figures: dict[str, Any]) -> str:
    return "\n".join(f"- {name.replace('_', ' ')}: {_cell(value)}" for name, value in figures.items())


def _cell(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " to ".join(_cell(item) for item in value)
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
