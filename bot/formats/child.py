"""The worker process: parses one file after another, under limits, without network, files to write or programs to run.

It reads frames from standard input and answers on standard output. It imports a parser when the first file of its format comes.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import IO, Any

from bot.formats import frames
from bot.formats.document import Document, FormatError, Member
from bot.formats.limits import Budget
from bot.formats.suffixes import FORMATS
from bot.messages import formats as messages
from bot.messages.text import Text

MAX_REQUEST_BYTES = 1_000_000_000  # the program checks sizes before; this only keeps a wrong length from being believed
STACK_DEPTH = 20_000  # of Python calls; parsers descend into elements, of which `MAX_DEPTH` may lie in each other

# What a parser has no reason to do. Python reports these to the hook before they happen, and a hook cannot be taken out again.
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.startfile",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.kill",
    "os.putenv",
    "shutil.",
    "tempfile.",
    "ctypes.dlopen",
    "urllib.",
    "ftplib.",
    "http.",
    "smtplib.",
    "webbrowser.",
    "pickle.find_class",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


_importing = False  # a library may do such things when it is imported, before it has seen a file


class ForbiddenError(RuntimeError):
    """A parser tried what it has no reason to do."""


def main(memory: int) -> None:
    """Serve files until the input ends; `memory` is the limit of the address space in bytes."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no frame
    limit_resources(memory)
    sys.setrecursionlimit(STACK_DEPTH)
    sys.addaudithook(forbid)
    while True:
        try:
            header, data = frames.read(requests, MAX_REQUEST_BYTES)
        except frames.FrameError:
            return
        if not _answer(answers, header, data):
            return


def limit_resources(memory: int) -> None:
    """Limit this process's address space, and forbid it to write files. Windows has no such limits."""
    try:
        import resource
    except ImportError:
        return
    for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (limit, limit))


def forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook: raise `ForbiddenError` for an event that no parser needs."""
    if _importing:
        return
    if event.startswith(_FORBIDDEN):
        raise ForbiddenError(event)
    if event == "open":
        mode, flags = (*arguments, None, None)[1:3]
        is_writing = isinstance(mode, str) and set(mode) & set("wax+") or isinstance(flags, int) and flags & _WRITING
        if is_writing:
            raise ForbiddenError(event)


def _answer(answers: IO[bytes], header: dict[str, Any], data: bytes) -> bool:
    """Parse one file and write the answer. Return whether the process is fit for another file."""
    budget = Budget(int(header["unpacked"]), lambda: _write_step(answers))
    try:
        parsed = parse(str(header["suffix"]), data, budget)
    except FormatError as error:
        return _refuse(answers, error.reason)
    except ImportError as error:
        return _refuse(answers, messages.NOT_INSTALLED.format(package=error.name or error))
    except RecursionError:
        return _refuse(answers, messages.TOO_DEEP.format(limit=STACK_DEPTH))
    except MemoryError:
        _write_failure(answers, "memory")
        return False
    except Exception as error:  # a parser may raise anything for a broken file
        return _refuse(answers, _damaged(str(header["suffix"]), error))
    try:
        for entry in parsed:
            _write(answers, entry)
        frames.write(answers, {"kind": "end"})
    except MemoryError:
        return False
    return True


def parse(suffix: str, data: bytes, budget: Budget) -> Sequence[Document] | Sequence[Member]:
    """What the parser of this suffix makes of a file within its budget. Raises whatever that raises."""
    parser = _parser(FORMATS[suffix])
    parsed: Sequence[Document] | Sequence[Member] = parser.parse(data, budget)
    return parsed


def _parser(name: str) -> Any:
    """The module of a format, imported with the hook at rest."""
    global _importing
    _importing = True
    try:
        return importlib.import_module(f"bot.formats.{name}")
    finally:
        _importing = False


def _write(answers: IO[bytes], entry: Document | Member) -> None:
    if isinstance(entry, Document):
        frames.write(answers, {"kind": "document", **entry.to_dict()})
    elif entry.refused:
        frames.write(answers, {"kind": "refused member", "name": entry.name, "reason": [entry.refused.en, entry.refused.ko]})
    else:
        frames.write(answers, {"kind": "member", "name": entry.name}, entry.data)


def _write_step(answers: IO[bytes]) -> None:
    frames.write(answers, {"kind": "step"})


def _refuse(answers: IO[bytes], reason: Text) -> bool:
    frames.write(answers, {"kind": "refused", "reason": [reason.en, reason.ko]})
    return True


def _write_failure(answers: IO[bytes], cause: str) -> None:
    """Say that the process is no longer fit for use; where even that fails, it ends without a word."""
    try:
        frames.write(answers, {"kind": "failed", "cause": cause})
    except MemoryError:
        return


def _damaged(suffix: str, error: Exception) -> Text:
    """The reason for a file that a parser cannot read, with the parser's own words where they are short."""
    words = " ".join(str(error).split())[:80]
    name = type(error).__name__
    return messages.DAMAGED.format(format=suffix, reason=f"{name}: {words}" if words else name)
