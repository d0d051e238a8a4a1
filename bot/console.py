"""What the command lines share: words or JSON on stdout, an error in one line on stderr, whatever the terminal can show."""

import io
import json
import os
import sys
from typing import Any

from bot.errors import BotError


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
