"""The command line: `python -m bot COMMAND`, a thin face on `Bot`. With `--json` stdout holds the JSON and nothing else."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from bot.chats.recheck import Checked, State, check_file
from bot.cli.console import ProgressBar, fail, show
from bot.errors import BotError
from bot.indexing.analogies import Analogy
from bot.models import download
from bot.pipeline import Bot
from bot.schema import MODES, Answer, Essay, Hit
from bot.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 fine, 1 (75 for a busy index) a `BotError`; wrong usage exits with 2."""
    options = _parser().parse_args(arguments)
    try:
        shown, code = options.run(options)
    except BotError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130
    show(shown, as_json=options.json)
    return int(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Ask the essays. Settings: BOT_… in the environment or .env."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    ask = _command(commands, "ask", _ask, "answer a question with checked quotations")
    ask.add_argument("question")
    ask.add_argument("--mode", choices=MODES, default="answer", help="how to discuss it (default: answer)")
    search = _command(commands, "search", _search, "show the passages a question finds, with their scores")
    search.add_argument("question")
    search.add_argument("-k", type=_count, default=5, help="how many passages, 1 to 50 (default: 5)")
    _command(commands, "essays", _essays, "list the essays on the shelf")
    _command(commands, "analogies", _analogies, "show the analogy map: pairs, quotations, and where each one breaks")
    check = _command(
        commands, "check", _check, "say of every quotation in an export whether it still holds (exit code 1 where one does not)"
    )
    check.add_argument("file", type=Path, help="a talk that the page exported (.md, .html, .json), or what ask --json printed")
    _command(commands, "model", _model, "fetch the local model (1.1 GB, once) and say where it lies")
    _command(commands, "doctor", _doctor, "check Python, index, embedder, voice, port and disk, with a remedy for each")
    return parser


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.add_argument("--json", action="store_true", help="print JSON and nothing else")
    command.set_defaults(run=run)
    return command


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 50")
    return int(text)


def _ask(options: argparse.Namespace) -> tuple[Any, int]:
    answer = Bot.open().ask(options.question, mode=options.mode)
    return (answer.to_dict() if options.json else _answer_text(answer)), 0


def _search(options: argparse.Namespace) -> tuple[Any, int]:
    hits = Bot.open().search(options.question, options.k)
    return ([hit.to_dict() for hit in hits] if options.json else "\n\n".join(map(_hit_text, hits))), 0


def _essays(options: argparse.Namespace) -> tuple[Any, int]:
    essays = Bot.open().essays()
    return ([essay.to_dict() for essay in essays] if options.json else "\n".join(map(_essay_text, essays))), 0


def _analogies(options: argparse.Namespace) -> tuple[Any, int]:
    found = Bot.open().analogies()
    return ([one.to_dict() for one in found] if options.json else "\n\n".join(map(_analogy_text, found))), 0


def _check(options: argparse.Namespace) -> tuple[Any, int]:
    found = check_file(options.file, Bot.open().essays())
    counts = {state: sum(one.state == state for one in found) for state in get_args(State)}
    told = {"file": str(options.file), **counts, "quotations": [one.to_dict() for one in found]}
    lines = [*map(_checked_text, found), ", ".join(f"{state} {count}" for state, count in counts.items())]
    return (told if options.json else "\n".join(lines)), int(bool(counts["changed"] or counts["gone"]))


def _checked_text(one: Checked) -> str:
    at = f" {one.start}–{one.end}" if one.state in ("holds", "moved") else ""
    instead = f"\n         today: {one.nearest}" if one.nearest else ""
    return f"{one.state:<7}  {one.citation.essay}{at}  “{' '.join(one.citation.quote.split())}”{instead}"


def _model(options: argparse.Namespace) -> tuple[Any, int]:
    progress = ProgressBar()
    try:
        path = download.download_gguf(Settings.load().cache, progress)
    finally:
        progress.close()
    return ({"path": str(path)} if options.json else path), 0


def _doctor(options: argparse.Namespace) -> tuple[Any, int]:
    from bot.cli.doctor import examine

    checks = examine()
    lines = [
        f"{'ok ' if check.fine else 'BAD'}  {check.name}: {check.found}{'' if check.fine else f' → {check.remedy}'}"
        for check in checks
    ]
    return ([check.to_dict() for check in checks] if options.json else "\n".join(lines)), int(
        not all(check.fine for check in checks)
    )


def _answer_text(answer: Answer) -> str:
    lines = [answer.text, ""]
    lines += [f"[{c.number}] {c.title} · {c.essay} {c.start}–{c.end} · {c.source}" for c in answer.citations]
    lines += [f"… {passage.essay} {passage.start}–{passage.end}\n{passage.text.strip()}" for passage in answer.nearest]
    return "\n".join(lines).strip()


def _hit_text(hit: Hit) -> str:
    passage = hit.passage
    scores = f"{hit.score:6.3f}  dense {hit.dense:.3f}  lexical {hit.lexical:.3f}"
    return f"{scores}  {passage.essay} {passage.start}–{passage.end}\n{passage.text.strip()}"


def _analogy_text(analogy: Analogy) -> str:
    lines = [f"{analogy.id}: {analogy.name.ko} / {analogy.name.en}"]
    for pair in analogy.pairs:
        lines.append(f"  {pair.source.ko} ↔ {pair.target.ko} / {pair.source.en} ↔ {pair.target.en}")
        lines += [f"    “{at.quote}” {at.essay} {at.start}–{at.end}" for at in pair.quotes]
    for one in analogy.breaks:
        lines.append(f"  × {one.move}, by {one.by}: {one.text.ko} / {one.text.en}")
        lines += [f"    “{at.quote}” {at.essay} {at.start}–{at.end}" for at in one.quotes]
    return "\n".join(lines)


def _essay_text(essay: Essay) -> str:
    return f"{essay.id}  {essay.language}  {essay.title} · {essay.author} {essay.date} · {essay.kind} · {len(essay.text):,} characters"


if __name__ == "__main__":
    sys.exit(main())
