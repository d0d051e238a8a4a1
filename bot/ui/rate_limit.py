"""Rate limits per caller: questions a minute, questions answered at the same time, and calls of any kind a minute."""

import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from bot.errors import TooManyRequests
from bot.messages import errors

MAX_QUESTIONS = 20  # a minute
MAX_RUNNING = 4  # questions of one caller that are answered at the same time, for example in four tabs
MAX_CALLS = 600  # a minute, of any kind: a search in the collection sends one call for each key
WINDOW_SECONDS = 60.0
MAX_ANSWER_SECONDS = 240.0  # after this time a question no longer counts as being answered; an answer may take 180 s
MAX_CALLERS = 10_000  # that are remembered; more only come from invented cookies or addresses
MAX_ADDRESS_CHARACTERS = 64  # of an address that is no IP address; a proxy header can hold any text
IPV6_PREFIX_BITS = 64  # the part of an IPv6 address that identifies a subscriber (RFC 6177)


@dataclass(slots=True)
class _Caller:
    """When a caller's calls within the window came, and when its running questions began (seconds of `time.monotonic`)."""

    calls: deque[float] = field(default_factory=deque)
    running: list[float] = field(default_factory=list)


class RateLimiter:
    """Counts the calls of each caller in a sliding window of one minute, and its running questions. Safe between threads.

    Callers are forgotten once their window has passed. Of more than `MAX_CALLERS`, the one whose last call is oldest is forgotten.
    """

    def __init__(self, per_minute: int = MAX_QUESTIONS, max_running: int = MAX_RUNNING) -> None:
        """Start without any calls. `per_minute` and `max_running` are the limits for each caller."""
        self.per_minute = per_minute
        self._max_running = max_running
        self._callers: OrderedDict[str, _Caller] = OrderedDict()  # by their last call, oldest first
        self._lock = Lock()

    def retry_after(self, caller: str) -> int:
        """Count one call. Return 0 if it is allowed, otherwise the seconds until the next one is, at least 1."""
        with self._lock:
            return self._count(self._record(caller))

    @contextmanager
    def slot(self, caller: str) -> Iterator[None]:
        """Count one question, which runs until the block ends.

        Raises `TooManyRequests` before the block is entered, if the caller has too many questions running or asked too often.
        """
        started = self._start(caller)
        try:
            yield
        finally:
            self._end(caller, started)

    def _start(self, caller: str) -> float:
        with self._lock:
            record, now = self._record(caller), time.monotonic()
            record.running = [started for started in record.running if now - started < MAX_ANSWER_SECONDS]
            if len(record.running) >= self._max_running:
                raise too_many_running(self._max_running)
            if seconds := self._count(record):
                raise too_many_a_minute(self.per_minute, seconds)
            record.running.append(now)
        return now

    def _end(self, caller: str, started: float) -> None:
        with self._lock:
            record = self._callers.get(caller)
            if record and started in record.running:
                record.running.remove(started)

    def _record(self, caller: str) -> _Caller:
        """The caller's record, moved to the end. Records that no longer count are removed, and the oldest of too many."""
        while self._callers and self._is_over(next(iter(self._callers.values()))):
            self._callers.popitem(last=False)
        record = self._callers.setdefault(caller, _Caller())
        self._callers.move_to_end(caller)
        if len(self._callers) > MAX_CALLERS:
            self._callers.popitem(last=False)
        return record

    def _count(self, record: _Caller) -> int:
        now = time.monotonic()
        while record.calls and now - record.calls[0] > WINDOW_SECONDS:
            record.calls.popleft()
        if len(record.calls) < self.per_minute:
            record.calls.append(now)
            return 0
        return max(1, math.ceil(record.calls[0] + WINDOW_SECONDS - now))

    def _is_over(self, record: _Caller) -> bool:
        """Whether a record has neither a call within the window nor a running question."""
        now = time.monotonic()
        called = bool(record.calls) and now - record.calls[-1] <= WINDOW_SECONDS
        return not called and all(now - started >= MAX_ANSWER_SECONDS for started in record.running)


def caller_of(address: str, reader: str) -> str:
    """The key under which a call is counted: the network address, but the reader's token for calls from this machine.

    All readers on this machine share its loopback address. Elsewhere the address counts, since a cookie is easily discarded;
    readers behind one address, or one IPv6 subscriber's network, count as one.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return reader or address[:MAX_ADDRESS_CHARACTERS]
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if ip.is_loopback:
        return reader or str(ip)
    return str(ipaddress.ip_network((int(ip), IPV6_PREFIX_BITS), strict=False)) if ip.version == 6 else str(ip)


def too_many_a_minute(limit: int, seconds: int) -> TooManyRequests:
    """The error for a caller that has made `limit` calls in the last minute; the next is allowed in `seconds`."""
    return TooManyRequests(errors.TOO_MANY_A_MINUTE.format(limit=limit, seconds=seconds))


def too_many_running(limit: int) -> TooManyRequests:
    """The error for a caller that has `limit` questions running."""
    return TooManyRequests(errors.TOO_MANY_RUNNING.format(limit=limit))
