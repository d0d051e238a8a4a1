"""Builds the index: `python ingest.py [PATH …]`. Without a PATH it reads BOT_CORPUS (default: corpus/).

The index then holds the essays of the given paths and no others. Running it again on unchanged essays changes nothing.
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
    """Ingest and print what changed. Return the exit code: 0, a `BotError`'s own (1, or 75 for a busy index), 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python ingest.py", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a folder or file with essays (.md, .txt, .html, .pdf, .docx, .epub, .rtf, .hwp, .hwpx, .zip, …)",
    )
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
    show(report.to_dict() if options.json else report_text(report), as_json=options.json)
    return 0


def report_text(report: Report) -> str:
    """The report as lines: the counts, then every file that was skipped with the reason, then the notes; equal reasons and notes in one line."""
    names = ("added", "changed", "removed", "unchanged", "skipped")
    counts = report.to_dict()
    lines = [" ".join(f"{name} {counts[name]}" for name in names)]
    lines += ["the analogy map has changed"] if report.map_changed else []
    reasons: dict[str, list[str]] = {}
    for file in report.skipped:
        reasons.setdefault(file.reason.en, []).append(file.path)
    lines += [f"skipped {', '.join(files)}: {reason}" for reason, files in reasons.items()]
    paths: dict[str, list[str]] = {}
    for note in report.notes:
        paths.setdefault(note.text.en, []).append(note.path)
    lines += [f"{first}{f' and {len(others)} more' if others else ''}: {text}" for text, (first, *others) in paths.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
