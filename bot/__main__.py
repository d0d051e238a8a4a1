"""The command line: `python -m bot COMMAND`, a thin layer over `Bot`. With `--json` stdout holds the JSON and nothing else."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from bot.chats import check_report
from bot.chats.export_reader import is_export
from bot.chats.recheck import Checked, State, check_export, read_file
from bot.cli.console import ProgressBar, fail, name_found_model, show
from bot.errors import BotError
from bot.indexing.analogies import Analogy
from bot.models import files, installation
from bot.pipeline import Bot
from bot.schema import MODES, Answer, Essay, Hit
from bot.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 for success, a `BotError`'s own (1, or 75 for a busy index), 130 for Ctrl-C.

    Wrong usage exits with 2. `check` and `doctor` return 1 where they find a fault.
    """
    options = _parser().parse_args(arguments)
    try:
        result, code = options.run(options)
    except BotError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130
    show(result, as_json=options.json)
    return int(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Ask questions about the essays. Settings: BOT_… in the environment or .env."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    ask = _add_command(commands, "ask", _ask, "answer a question with checked quotations")
    ask.add_argument("question")
    ask.add_argument("--mode", choices=MODES, default="answer", help="how to discuss the question (default: answer)")
    _add_essay_option(ask)
    _add_collection_option(ask)
    search = _add_command(commands, "search", _search, "show the passages that a question retrieves, with their scores")
    search.add_argument("question")
    search.add_argument("-k", type=_passage_count, default=5, help="how many passages, 1 to 50 (default: 5)")
    _add_essay_option(search)
    _add_collection_option(search)
    _add_collection_option(_add_command(commands, "essays", _essays, "list the essays of the collection"))
    summary = _add_command(commands, "summary", _summary, "show an essay's key sentences, in the order of its text")
    summary.add_argument("essay", metavar="ID", help="an essay (ids: python -m bot essays)")
    _add_collection_option(summary)
    text = "show the analogy map: pairs, quotations, and where each analogy breaks"
    _add_collection_option(_add_command(commands, "analogies", _analogies, text))
    text = "hold any text against the essays, or check whether the quotations of an exported chat still hold (exit code 1 on a fault)"
    check = _add_command(commands, "check", _check, text)
    text = "a text (plain or Markdown), a chat that was exported on the page (.md, .html, .json), or the output of ask --json"
    check.add_argument("file", type=Path, help=text)
    check.add_argument("--format", choices=check_report.FORMATS, default="text", help="of the report on a text (default: text)")
    _add_essay_option(check)
    _add_collection_option(check)
    model = _add_command(
        commands, "model", _model, "fetch a model's files by their sha256, once, and print where they are; or list the models"
    )
    known = ", ".join(model.name for model in files.MODELS)
    model.add_argument("name", nargs="?", default="", help=f"{known}; without a name the models are listed")
    doctor = _add_command(
        commands,
        "doctor",
        _doctor,
        "check Python, essays, embedder, index, collections, chat model, key, port and disk (exit code 1 where one fails)",
    )
    text = "first rebuild a damaged or outdated index from the files it was made from; without --collection, every such one"
    doctor.add_argument("--repair", action="store_true", help=text)
    _add_collection_option(doctor)
    return parser


def _add_command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.add_argument("--json", action="store_true", help="print JSON and nothing else")
    command.set_defaults(run=run)
    return command


def _add_essay_option(command: argparse.ArgumentParser) -> None:
    text = "use only this essay; may be given several times (ids: python -m bot essays)"
    command.add_argument("--essay", action="append", default=[], metavar="ID", help=text)


def _add_collection_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--collection", metavar="NAME", help="use this collection (names: python -m bot doctor)")


def _passage_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 50")
    return int(text)


# Commands. Each returns its result (plain JSON with --json, else text) and the exit code.


def _ask(options: argparse.Namespace) -> tuple[Any, int]:
    bot = Bot.open(collection=options.collection)
    name_found_model(bot)
    answer = bot.ask(options.question, mode=options.mode, essays=options.essay)
    return (answer.to_dict() if options.json else _answer_text(answer)), 0


def _search(options: argparse.Namespace) -> tuple[Any, int]:
    hits = Bot.open(collection=options.collection).search(options.question, options.k, options.essay)
    return ([hit.to_dict() for hit in hits] if options.json else "\n\n".join(map(_hit_text, hits))), 0


def _summary(options: argparse.Namespace) -> tuple[Any, int]:
    citations = Bot.open(collection=options.collection).summary(options.essay)
    lines = (f"“{citation.quote}” [{citation.number}]" for citation in citations)
    return ([citation.to_dict() for citation in citations] if options.json else "\n".join(lines)), 0


def _essays(options: argparse.Namespace) -> tuple[Any, int]:
    essays = Bot.open(collection=options.collection).essays()
    return ([essay.to_dict() for essay in essays] if options.json else "\n".join(map(_essay_text, essays))), 0


def _analogies(options: argparse.Namespace) -> tuple[Any, int]:
    analogies = Bot.open(collection=options.collection).analogies()
    return ([item.to_dict() for item in analogies] if options.json else "\n\n".join(map(_analogy_text, analogies))), 0


def _check(options: argparse.Namespace) -> tuple[Any, int]:
    bot = Bot.open(collection=options.collection)
    text = read_file(options.file)
    return _check_export(options, bot, text) if is_export(text) else _check_text(options, bot, text)


def _check_text(options: argparse.Namespace, bot: Bot, text: str) -> tuple[Any, int]:
    progress = ProgressBar()
    try:
        checked = list(bot.check(text, options.essay, progress))
    finally:
        progress.close()
    code = int(any(sentence.state == "refused" for sentence in checked))
    return (check_report.payload(checked) if options.json else check_report.FORMATS[options.format](checked)), code


def _check_export(options: argparse.Namespace, bot: Bot, text: str) -> tuple[Any, int]:
    quotations = check_export(text, bot.essays())
    counts = {state: sum(checked.state == state for checked in quotations) for state in get_args(State)}
    newer = bot.newer_files()
    payload = {
        "file": str(options.file),
        **counts,
        "newer_files": newer,
        "quotations": [checked.to_dict() for checked in quotations],
    }
    lines = [*map(_checked_text, quotations), ", ".join(f"{state} {count}" for state, count in counts.items())]
    if newer:
        essays = "1 essay differs" if newer == 1 else f"{newer} essays differ"
        lines.append(f"The files are newer than the index that was searched: {essays}. Run: {bot.ingest_command}")
    return (payload if options.json else "\n".join(lines)), int(bool(counts["changed"] or counts["gone"]))


def _model(options: argparse.Namespace) -> tuple[Any, int]:
    cache = Settings.load().cache
    if not options.name:
        models = [_model_row(model, cache) for model in files.MODELS]
        return (models if options.json else "\n".join(map(_model_text, models))), 0
    model, progress = files.find_model(options.name), ProgressBar()
    is_new = not installation.is_installed(model, cache)
    try:
        path = installation.install(model, cache, progress)
    finally:
        progress.close()
    if is_new:
        sys.stderr.write(f"{model.name} is {model.what}; licence: {model.licence}\n")
    return ({"path": str(path), "licence": model.licence} if options.json else path), 0


def _model_row(model: files.Model, cache: Path) -> dict[str, Any]:
    return {
        "name": model.name,
        "what": model.what,
        "bytes": model.size,
        "licence": model.licence,
        "there": installation.is_installed(model, cache),
        "path": str(installation.path(model, cache)),
    }


def _doctor(options: argparse.Namespace) -> tuple[Any, int]:
    from bot.cli.doctor import repair_index, run_checks

    repairs, progress = [], ProgressBar()
    try:
        repairs = repair_index(options.collection, progress) if options.repair else []
    finally:
        progress.close()
    checks = [*repairs, *run_checks(options.collection)]
    lines = [
        f"ok   {check.name}: {check.finding}" if check.passed else f"BAD  {check.name}: {check.finding} → {check.remedy}"
        for check in checks
    ]
    code = int(not all(check.passed for check in checks))
    return ([check.to_dict() for check in checks] if options.json else "\n".join(lines)), code


# Results as text


def _answer_text(answer: Answer) -> str:
    lines = [answer.text, ""]
    for c in answer.citations:
        page = f" · {c.place.of(answer.language)}" if c.page else ""
        lines.append(f"[{c.number}] {c.title} · {c.essay} {c.start}–{c.end} · {c.source}{page}")
    lines += [f"… {passage.essay} {passage.start}–{passage.end}\n{passage.text.strip()}" for passage in answer.nearest]
    lines += ["", *(f"? {question}" for question in answer.suggestions)]
    return "\n".join(lines).strip()


def _hit_text(hit: Hit) -> str:
    passage = hit.passage
    scores = f"{hit.score:6.3f}  dense {hit.dense:.3f}  lexical {hit.lexical:.3f}"
    return f"{scores}  {passage.essay} {passage.start}–{passage.end}\n{passage.text.strip()}"


def _essay_text(essay: Essay) -> str:
    return f"{essay.id}  {essay.language}  {essay.title} · {essay.author} {essay.date} · {essay.kind} · {len(essay.text):,} characters"


def _analogy_text(analogy: Analogy) -> str:
    lines = [f"{analogy.id}: {analogy.name.ko} / {analogy.name.en}"]
    for pair in analogy.pairs:
        lines.append(f"  {pair.source.ko} ↔ {pair.target.ko} / {pair.source.en} ↔ {pair.target.en}")
        lines += [f"    “{span.quote}” {span.essay} {span.start}–{span.end}" for span in pair.quotes]
    for objection in analogy.breaks:
        lines.append(f"  × {objection.move}, by {objection.by}: {objection.text.ko} / {objection.text.en}")
        lines += [f"    “{span.quote}” {span.essay} {span.start}–{span.end}" for span in objection.quotes]
    return "\n".join(lines)


def _model_text(row: dict[str, Any]) -> str:
    state = f"there, {row['path']}" if row["there"] else f"not there; fetch it with: python -m bot model {row['name']}"
    return f"{row['name']}: {row['what']}, {row['bytes'] / 1e9:.1f} GB, licence: {row['licence']} ({state})"


def _checked_text(checked: Checked) -> str:
    citation = checked.citation
    place = f" → {checked.essay}" if checked.essay not in ("", citation.essay) else ""
    place += f" {checked.start}–{checked.end}" if checked.state in ("holds", "moved") else ""
    replacement = f"\n         today: {checked.nearest}" if checked.nearest else ""
    return f"{checked.state:<7}  {citation.essay}{place}  “{' '.join(citation.quote.split())}”{replacement}"


if __name__ == "__main__":
    sys.exit(main())
