"""The measurements by name: `python -m evals speed`. Each prints a table, or with `--json` one JSON object and nothing else."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from bot.errors import BotError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one measurement. Returns the exit code: 0 fine, 1 a `BotError`; wrong usage exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m evals", description="Measure the bot. Needs an index: python ingest.py")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    speed = commands.add_parser("speed", help="start, embedding, retrieval, answers, memory")
    speed.set_defaults(run=_speed)
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON and nothing else")
    options = parser.parse_args(arguments)
    try:
        figures = options.run(options)
    except BotError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{json.dumps(figures, ensure_ascii=False, indent=2) if options.json else table(figures)}\n")
    return 0


def table(figures: dict[str, Any]) -> str:
    """The figures as aligned lines, nested ones indented."""
    width = max(map(len, figures))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in figures.items())


def _speed(_: argparse.Namespace) -> dict[str, Any]:
    from evals.speed import measure

    return measure()


if __name__ == "__main__":
    sys.exit(main())
