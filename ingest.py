"""Puts essays on the shelf: `python ingest.py [PATH …]`. Without a PATH it reads BOT_CORPUS, which is corpus/ by default.

Afterwards the index holds the essays of the paths given, and no others. Running it again changes nothing.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.errors import BotError
from bot.pipeline import build_index
from bot.schema import Report
from bot.settings import Settings

STAGES = {"scan": "reading", "split": "splitting", "embed": "embedding", "batch": "storing", "check": "checking"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest, print what changed. Returns the exit code: 0 fine, 1 a `BotError`, 75 where another ingest is running."""
    parser = argparse.ArgumentParser(prog="python ingest.py", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a folder or file with essays (.md, .txt)")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON and nothing else")
    options = parser.parse_args(arguments)
    progress = Progress()
    try:
        report = build_index(Settings.load(), options.paths, progress=progress)
    except BotError as error:
        progress.close()
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    progress.close()
    sys.stdout.write(f"{json.dumps(report.to_dict(), ensure_ascii=False, indent=2) if options.json else in_words(report)}\n")
    return 0


def in_words(report: Report) -> str:
    """The report as lines: the counts first, then every file that was left out, with its reason."""
    counts = f"added {report.added} changed {report.changed} removed {report.removed} unchanged {report.unchanged} skipped {len(report.skipped)}"
    return "\n".join([counts, *(f"skipped {file.path}: {file.reason}" for file in report.skipped), *report.notes])


class Progress:
    """A progress bar on stderr, one for each stage that takes long. Called as `progress(stage, done, total)`."""

    def __init__(self) -> None:
        """Shows nothing until the first call."""
        self._stage = ""
        self._bar: object = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the bar; a new stage gets a new one. Stages that take no time get none."""
        if stage not in STAGES:
            return
        from tqdm import tqdm

        if stage != self._stage:
            self.close()
            self._stage, self._bar = stage, tqdm(total=total, desc=STAGES[stage], file=sys.stderr, leave=False, disable=None)
        if isinstance(self._bar, tqdm):
            self._bar.total = total
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._stage and hasattr(self._bar, "close"):
            self._bar.close()
        self._stage = ""


if __name__ == "__main__":
    sys.exit(main())
