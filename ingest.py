"""Builds the index: `python ingest.py [PATH …]`. Without a PATH it reads BOT_CORPUS (default: corpus/).

The index then holds the essays of the given paths and no others. Running it again on unchanged essays changes nothing. With --watch
it goes on until Ctrl-C, and a saved note can be asked about a few seconds later.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.cli.console import ProgressBar, fail, fetched_embedder, interrupted_by_sigterm, show, warn
from bot.errors import BotError
from bot.indexing.build import build_index
from bot.indexing.watch import follow
from bot.schema import Report
from bot.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest and print what changed. Return the exit code: 0, a `BotError`'s own (1, or 75 for a busy index), 130 for Ctrl-C.

    With --watch, Ctrl-C and SIGTERM are its usual end: 0.
    """
    options = _parser().parse_args(arguments)
    progress = ProgressBar()
    try:
        with interrupted_by_sigterm():
            _ingest(options, progress)
    except BotError as error:
        progress.close()
        return fail(error)
    except KeyboardInterrupt:
        progress.close()
        return 0 if options.watch else 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python ingest.py", description=(__doc__ or "").split("\n\n")[1])
    text = "a folder or file with essays (.md, .txt, .html, .pdf, .docx, .epub, .rtf, .hwp, .hwpx, .zip, …)"
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help=text)
    text = "go on, and index what is saved, renamed or deleted below PATH, until Ctrl-C; each change is one line"
    parser.add_argument("--watch", action="store_true", help=text)
    text = "a collection beside the default one; made where there is none"
    parser.add_argument("--collection", metavar="NAME", help=text)
    text = (
        "embeddinggemma, e5-small, or a sentence-transformers model by name or folder (default: BOT_EMBEDDING_MODEL, "
        "else the one that made the index, else embeddinggemma, which is fetched where it is missing, 1.2 GB)"
    )
    parser.add_argument("--embedding-model", metavar="NAME", help=text)
    text = "accept a PATH that is missing or has no essay, and remove what the index has from it"
    parser.add_argument("--allow-empty", action="store_true", help=text)
    parser.add_argument("--json", action="store_true", help="print the counts as JSON and nothing else (without --watch)")
    return parser


def _ingest(options: argparse.Namespace, progress: ProgressBar) -> None:
    settings = Settings.load(collection=options.collection, embedding_model=options.embedding_model)
    if not options.watch:
        report = build_index(
            settings,
            options.paths,
            embedder=lambda: fetched_embedder(settings, progress),
            progress=progress,
            allow_empty=options.allow_empty,
        )
        progress.close()
        show(report.to_dict() if options.json else report_text(report), as_json=options.json)
        return

    def tell(line: str | Report) -> None:
        progress.close()
        show(line if isinstance(line, str) else report_text(line), as_json=False)

    def tell_fault(line: str) -> None:
        progress.close()
        warn(line)

    embedder = fetched_embedder(settings, progress)
    follow(settings, options.paths, tell, tell_fault, embedder=embedder, progress=progress, allow_empty=options.allow_empty)


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
