"""The evaluations by name: `python -m evals NAME`. Each prints a table, or with `--json` one JSON object and nothing else."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.cli.console import fail, show
from bot.errors import BotError
from bot.pipeline import Bot


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one evaluation. Return the exit code: 0, or 1 for a `BotError`; wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m evals", description="Evaluate the bot. Needs an index: python ingest.py")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in COMMANDS:
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)
    commands.choices["squad"].add_argument("file", type=Path, metavar="FILE")
    commands.choices["model"].add_argument(
        "--each", type=int, default=10, metavar="N", help="questions in each group (default: 10)"
    )
    commands.choices["formats"].add_argument(
        "--files", type=int, default=30, metavar="N", help="files of each format (default: 30)"
    )
    commands.choices["all"].add_argument(
        "--squad", type=Path, metavar="FILE", help="also evaluate retrieval on this SQuAD-format file"
    )
    commands.choices["all"].add_argument(
        "--other", type=Path, metavar="INDEX", help="also measure the answers on this index, made with another embedder"
    )
    commands.choices["all"].add_argument("--write", action="store_true", help="write evals/SCORECARD.md")
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON and nothing else")
    options = parser.parse_args(arguments)
    try:
        figures = options.run(options)
    except BotError as error:
        return fail(error)
    if getattr(options, "write", False):
        from evals.scorecard import write

        write(figures)
    show(figures if options.json else table(figures), as_json=options.json)
    return 0


def table(figures: dict[str, Any], indent: str = "") -> str:
    """The figures as aligned lines: nested ones indented, lists with one item per line."""
    width = max(map(len, figures))
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values()):
            lines += [f"{indent}{name}", table(value, indent + "  ")]
        elif isinstance(value, dict):
            lines.append(f"{indent}{name:<{width}}  " + "  ".join(f"{key} {inner}" for key, inner in value.items()))
        elif isinstance(value, list):
            lines += [f"{indent}{name} ({len(value)})", *(f"{indent}  {item}" for item in value)]
        else:
            lines.append(f"{indent}{name:<{width}}  {value}")
    return "\n".join(lines)


def _speed(_: argparse.Namespace) -> dict[str, Any]:
    from evals.speed import measure

    return measure()


def _scale(_: argparse.Namespace) -> dict[str, Any]:
    from evals.scale import measure

    return measure(Bot.open(llm="quotes"))


def _verify(_: argparse.Namespace) -> dict[str, Any]:
    from evals import check, natural

    bot = Bot.open(llm="quotes")
    return {**check.measure(bot), "outcomes": natural.outcomes(bot)}


def _model(options: argparse.Namespace) -> dict[str, Any]:
    from evals.model import measure

    return measure(Bot.open(), options.each)


def _page(_: argparse.Namespace) -> dict[str, Any]:
    from evals.page import measure

    return measure(Bot.open(llm="quotes"))


def _all(options: argparse.Namespace) -> dict[str, Any]:
    from evals.scorecard import measure

    other = Bot.open(llm="quotes", index=options.other) if options.other else None
    return measure(Bot.open(llm="quotes"), options.squad, other)


def _squad(options: argparse.Namespace) -> dict[str, Any]:
    from evals.squad import measure

    return measure(options.file, Bot.open(llm="quotes").embedder)


def _collections(_: argparse.Namespace) -> dict[str, Any]:
    from evals.small_collections import measure

    return measure(Bot.open(llm="quotes").embedder)


def _readers(_: argparse.Namespace) -> dict[str, Any]:
    from evals.readers import measure

    return measure(Bot.open(llm="quotes"))


def _intents(_: argparse.Namespace) -> dict[str, Any]:
    from evals.fit_intents import measure

    return measure(Bot.open(llm="quotes").embedder)


def _golden(name: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    def run(_: argparse.Namespace) -> dict[str, Any]:
        from evals import golden

        figures: dict[str, Any] = getattr(golden, name)(Bot.open(llm="quotes"))
        return figures

    return run


def _formats(options: argparse.Namespace) -> dict[str, Any]:
    from evals.formats import measure

    return measure(options.files)


COMMANDS: list[tuple[str, Callable[[argparse.Namespace], dict[str, Any]], str]] = [
    (
        "retrieval",
        _golden("retrieval"),
        "retrieval of the golden questions in four language directions, baselines, and the questions not found",
    ),
    ("quoted", _golden("quoted"), "how often an answer to a golden question quotes a sentence that answers it"),
    (
        "abstain",
        _golden("abstain"),
        "the shares answered, related and refused of unanswerable questions and of their answerable twins",
    ),
    ("curve", _golden("curve"), 'what other thresholds of "do the essays answer it?" would give'),
    ("readers", _readers, "answers to readers' questions of every kind, on the bundled essays and on three small collections"),
    ("intents", _intents, "the share of turns whose intent is told right"),
    ("collections", _collections, "answers on small collections of people's own texts"),
    ("followup", _golden("followup"), "retrieval of follow-up questions, raw and condensed"),
    ("verify", _verify, "the check of sentences against the passages they cite: the share refused of each kind, true and false"),
    (
        "model",
        _model,
        "answers of the chat model to golden and unanswerable questions: refusals, language, times (takes minutes)",
    ),
    ("squad", _squad, "retrieval on a SQuAD-format file: dense, lexical, hybrid, and baselines"),
    ("speed", _speed, "times of start, embedding, retrieval and answers, and memory"),
    ("page", _page, "times of the page in a browser: first paint, and from Enter to the quotations, compared with the bot alone"),
    ("scale", _scale, "retrieval time at 20,000 passages, in a temporary index (takes minutes)"),
    (
        "formats",
        _formats,
        "what is read of generated files of each format: characters in order, titles, tables, notes, time a page",
    ),
    ("all", _all, "retrieval, abstain, followup, verify, speed, and squad where a file is given; --write writes SCORECARD.md"),
]

if __name__ == "__main__":
    sys.exit(main())
