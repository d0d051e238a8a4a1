"""Output of the command lines: a result on stdout as text or JSON, an error as one line on stderr, a progress bar on stderr."""

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bot.errors import BotError
from bot.messages.text import Text
from bot.models import chat

if TYPE_CHECKING:
    from tqdm import tqdm

    from bot.models.embeddings import Embedder
    from bot.pipeline import Bot
    from bot.settings import Settings

# The stages with a bar, and what it says; the others are too short for one.
STAGE_LABELS = {
    "split": "splitting",
    "embed": "embedding",
    "windows": "storing",
    "check": "checking",
    "model": "downloading the model",
    "unpack": "unpacking the model",
    "convert": "converting the model",
}
BYTE_STAGES = {"model", "unpack", "convert"}  # their progress is in bytes


def show(result: Any, *, as_json: bool) -> None:
    """Write `result` to stdout, as JSON or as text. A closed pipe is not an error."""
    text = json.dumps(result, ensure_ascii=not _is_utf8(sys.stdout), indent=2) if as_json else str(result)
    try:
        _escaping(sys.stdout).write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe. Python flushes stdout once more at its end, which must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(error: BotError) -> int:
    """Write the error as one line to stderr and return its exit code."""
    warn(str(error))
    return error.exit_code


def warn(line: str) -> None:
    """Write a line to stderr."""
    _escaping(sys.stderr).write(f"{line}\n")


def name_found_model(bot: "Bot") -> None:
    """Say on stderr which model of Ollama writes the answers, where `auto` has found one: nobody has named it."""
    if said := chat.found_on_this_machine(bot.settings.llm, bot.model_name):
        warn(str(said))


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that what it was writing is cleaned up. In the main thread only."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _escaping(stream: Any) -> Any:
    """The stream, set to escape characters that its encoding does not have: in UTF-8 those of a file name that is not UTF-8."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _is_utf8(stream: Any) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


def fetched_embedder(settings: "Settings", progress: "ProgressBar") -> "Embedder":
    """The embedder to make an index with; what is fetched for it is said on stderr. Raises `ModelError`, `SettingsError`."""
    from bot.indexing.build import made_with
    from bot.models import choice
    from bot.store import store_of

    def say(text: Text) -> None:
        progress.close()
        warn(str(text))

    own = made_with(store_of(settings))
    return choice.fetched(settings.embedding_model, own, settings.cache, progress, say)


class ProgressBar:
    """A progress callback, `bar(stage, done, total)`, that draws a bar where stderr is a terminal."""

    def __init__(self) -> None:
        """Nothing is drawn before the first call."""
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Advance the bar; each stage has its own."""
        if stage not in STAGE_LABELS:
            return
        if stage != self._stage or self._bar is None:
            from tqdm import tqdm

            self.close()
            self._stage = stage
            units: dict[str, Any] = {"unit": "B", "unit_scale": True} if stage in BYTE_STAGES else {}
            self._bar = tqdm(total=total, desc=STAGE_LABELS[stage], file=sys.stderr, leave=False, disable=None, **units)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Remove the bar from the screen."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None
