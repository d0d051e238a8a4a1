"""Puts essays on the shelf: `python ingest.py [PATH …]`. Without a PATH it reads BOT_CORPUS, which is corpus/ by default.

Afterwards the index holds the essays of the paths given, and no others. Running it again changes nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.console import ProgressBar, fail, show
from bot.errors import BotError
from bot.indexing.build import build_index
from bot.schema import Report
from bot.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest, print what changed. Returns the exit code: 0 fine, 1 a `BotError`, 75 where another ingest is running, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python ingest.py", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a folder or file with essays (.md, .txt)")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON and nothing else")
    options = parser.parse_args(arguments)
    progress = ProgressBar()
    try:
        report = build_index(Settings.load(), options.paths, progress=progress)
    except BotError as error:
        progress.close()
        return fail(error)
    except KeyboardInterrupt:
        progress.close()
        return 130
    progress.close()
    show(report.to_dict() if options.json else in_words(report), as_json=options.json)
    return 0


def in_words(report: Report) -> str:
    """The report as lines: the counts first, then every file that was left out, with its reason."""
    names = ("added", "changed", "removed", "unchanged", "skipped")
    counts = report.to_dict()
    lines = [" ".join(f"{name} {counts[name]}" for name in names)]
    lines += [f"skipped {file.path}: {file.reason}" for file in report.skipped]
    return "\n".join([*lines, *map(str, report.notes)])


if __name__ == "__main__":
    sys.exit(main())
