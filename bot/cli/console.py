"""What the command lines share: text or JSON on stdout, an error in one line on stderr, a progress bar for an ingest or a download."""

import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from bot.errors import BotError

if TYPE_CHECKING:
    from tqdm import tqdm


def show(shown: Any, *, as_json: bool) -> None:
    """Write `shown` to stdout, as JSON or as it is. A reader that has stopped reading is no error."""
    plain = _is_utf8(sys.stdout)
    text = json.dumps(shown, ensure_ascii=not plain, indent=2) if as_json else str(shown)
    try:
        _lenient(sys.stdout).write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that Python's last flush finds someone


def fail(error: BotError) -> int:
    """Write the error's line to stderr; returns its exit code."""
    _lenient(sys.stderr).write(f"{error}\n")
    return error.exit_code


def _lenient(stream: Any) -> Any:
    """The stream, showing the code of what its encoding cannot show."""
    if isinstance(stream, io.TextIOWrapper) and not _is_utf8(stream):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _is_utf8(stream: Any) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"


STAGES = {"split": "splitting", "embed": "embedding", "windows": "storing", "check": "checking", "model": "fetching the model"}
BYTES: dict[str, dict[str, Any]] = {"model": {"unit": "B", "unit_scale": True}}  # the stages that count bytes


class ProgressBar:
    """Called as `bar(stage, done, total)`. Stages that take no time get none, nor does a stderr that is no terminal."""

    def __init__(self) -> None:
        """Nothing is shown until the first call."""
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the bar; a new stage gets a new one."""
        if stage not in STAGES:
            return
        if stage != self._stage or self._bar is None:
            from tqdm import tqdm

            self.close()
            self._stage = stage
            self._bar = tqdm(total=total, desc=STAGES[stage], file=sys.stderr, leave=False, disable=None, **BYTES.get(stage, {}))
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None
