"""Gives files to worker processes, one file at a time to each, and takes what they answer. A worker that fails is replaced."""

import atexit
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bot.formats import frames
from bot.formats.document import Document, Member
from bot.formats.limits import MAX_PAGES, PAGES_A_STEP, Limits
from bot.messages import formats as messages
from bot.messages.text import Text

MAX_WAITS = 6  # times the seconds of `Limits` by the wall clock, for a worker that gets less than its share of a busy machine
MAX_IDLE = 2  # workers that are kept for the next file
FRAME_OVERHEAD = 1_000_000  # bytes beside the text in what a worker sends for one file

_ROOT = str(Path(__file__).parents[2])
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from bot.formats.child import main; main(int(sys.argv[2]))"
# The worker is given no variables of ours: no key of a provider is in the process that reads strangers' files.
_ENVIRONMENT = {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a file: documents, or the members of an archive."""

    documents: tuple[Document, ...] = ()
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a file is left out."""

    reason: Text


def read(suffix: str, data: bytes, limits: Limits | None = None) -> Found | Failed:
    """What a worker finds in a file with this suffix, one of `FORMATS`. Never raises for the file's sake. Threads may call it."""
    limits = limits or Limits.load()
    with _worker(limits) as worker:
        is_first = not worker.has_served
        found = worker.read(suffix, data)
    if is_first or worker.is_fit or worker.was_too_slow:
        return found
    with _worker(limits, is_new=True) as worker:  # what earlier files left in memory is not this file's fault
        return worker.read(suffix, data)


class _Worker:
    """One process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", _PROGRAM, _ROOT, str(limits.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=None if sys.platform == "win32" else _ENVIRONMENT,
            cwd=_ROOT,
        )
        self.is_fit, self.has_served, self.was_too_slow = True, False, False

    def read(self, suffix: str, data: bytes) -> Found | Failed:
        """What is in the file. Where the worker does not answer in time it is killed."""
        clock = _Clock(self.limits.seconds, self._process)
        self.is_fit = False  # until it has answered
        self.has_served = True
        try:
            frames.write(self._input, {"suffix": suffix, "unpacked": self.limits.unpacked}, data)
            return self._answer(clock)
        except frames.FrameTooLargeError:
            return Failed(messages.TOO_MUCH_OUTPUT.format(megabytes=self.limits.unpacked // 10**6))
        except (frames.FrameError, OSError, KeyError, TypeError, ValueError):
            return Failed(messages.TOO_SLOW.format(seconds=self.limits.seconds) if clock.has_rung else messages.READER_DIED)
        finally:
            clock.stop()
            self.was_too_slow = clock.has_rung
            self.is_fit = self.is_fit and not clock.has_rung

    def _answer(self, clock: "_Clock") -> Found | Failed:
        """The frames of an answer. Raises `FrameError`, and others for frames that are not what a worker writes."""
        documents: list[Document] = []
        members: list[Member] = []
        left = self.limits.unpacked + FRAME_OVERHEAD
        while True:
            header, data = frames.read(self._output, left)
            left -= len(data) + sum(len(value) for value in header.values() if isinstance(value, str))
            kind = header.pop("kind")
            if kind == "failed":
                return Failed(messages.TOO_MUCH_MEMORY.format(megabytes=self.limits.memory // 10**6))
            if kind == "refused":
                self.is_fit = True
                return Failed(Text(*header["reason"]))
            if kind == "step":
                clock.restart()
                continue
            if kind == "end":
                self.is_fit = True
                return Found(tuple(documents), tuple(members))
            if kind == "document":
                documents.append(Document.from_dict(header))
            elif kind == "refused member":
                members.append(Member(header["name"], refused=Text(*header["reason"])))
            else:
                members.append(Member(header["name"], data))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._input, self._output):
            with suppress(OSError):
                stream.close()

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin
        return self._process.stdin

    @property
    def _output(self) -> IO[bytes]:
        assert self._process.stdout
        return self._process.stdout


class _Clock:
    """Kills a process that has used its seconds, unless it is stopped. It can be set anew as often as a file has steps.

    Seconds of the processor count where the system tells them, so that a busy machine refuses no healthy file; the wall clock may
    show `MAX_WAITS` times as many.
    """

    def __init__(self, seconds: float, process: "subprocess.Popen[bytes]") -> None:
        self.has_rung = self._is_stopped = False
        self._lock = threading.RLock()
        self._seconds, self._process = seconds, process
        self._steps = MAX_PAGES // PAGES_A_STEP
        self._begin()

    def _begin(self) -> None:
        self._used, self._waits = processor_seconds(self._process.pid), 1
        self._wait(self._seconds)

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._over)
        self._timer.daemon = True
        self._timer.start()

    def _over(self) -> None:
        with self._lock:
            if self._is_stopped:
                return
            used = processor_seconds(self._process.pid)
            left = 0.0 if used is None or self._used is None else self._seconds - (used - self._used)
            if left > 0 and self._waits < MAX_WAITS:
                self._waits += 1
                self._wait(self._seconds)
                return
            self.has_rung = True
            self._process.kill()

    def restart(self) -> None:
        """Begin anew, where there are steps left."""
        with self._lock:
            if self._steps and not self.has_rung:
                self._steps -= 1
                self._timer.cancel()
                self._begin()

    def stop(self) -> None:
        """Do not ring any more."""
        with self._lock:
            self._is_stopped = True
            self._timer.cancel()


def processor_seconds(process: int) -> float | None:
    """The seconds of processor time that a process has used; None where the system does not say (see proc(5), stat)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError, AttributeError):
        return None


_idle: list[_Worker] = []
_lock = threading.Lock()


@contextmanager
def _worker(limits: Limits, *, is_new: bool = False) -> Iterator[_Worker]:
    """A worker with these limits: an idle one or a new one. Afterwards it is kept where it is fit, else ended."""
    with _lock:
        chosen = next((worker for worker in _idle if worker.limits == limits and not is_new), None)
        if chosen:
            _idle.remove(chosen)
    worker = chosen or _Worker(limits)
    try:
        yield worker
    finally:
        with _lock:
            is_kept = worker.is_fit and len(_idle) < MAX_IDLE
            if is_kept:
                _idle.append(worker)
        if not is_kept:
            worker.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a forked process must not talk to the workers of its parent


@atexit.register
def close_all() -> None:
    """End the idle workers. One that is at work ends when this process's end closes its input."""
    with _lock:
        workers, _idle[:] = list(_idle), []
    for worker in workers:
        worker.close()
