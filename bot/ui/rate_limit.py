"""How often one caller may ask: so many questions a minute and so many side by side, and so many calls of any kind."""

import ipaddress
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.errors import TooManyRequests

QUESTIONS = 20  # a minute
AT_ONCE = 4  # questions of one caller that are answered side by side: four tabs
CALLS = 600  # a minute, of every kind: a search of the shelf is one call a key
LONGEST = 240.0  # seconds after which a question counts as over, whatever became of it: an answer has 180
NETWORK = 64  # bits of an IPv6 address that tell one subscriber from another (RFC 6177)


class RateLimiter:
    """Counts what each caller asks within the last minute, and what of it is still being answered. Safe between threads."""

    def __init__(self, per_minute: int = QUESTIONS, at_once: int = AT_ONCE) -> None:
        """Nothing has been asked yet."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self.per_minute = per_minute
        self._item = RateLimitItemPerMinute(per_minute)
        self._at_once = at_once
        self._going: dict[str, list[float]] = {}
        self._lock = Lock()

    def retry_after(self, caller: str) -> int:
        """Count one call. Returns 0 where it may go on, and otherwise the seconds until the next one may."""
        if self._limiter.hit(self._item, caller):
            return 0
        return max(1, math.ceil(self._limiter.get_window_stats(self._item, caller).reset_time - time.time()))

    @contextmanager
    def slot(self, caller: str) -> Iterator[None]:
        """The time that a question takes. Raises `TooManyRequests`, which no question survives, before anything is done for it."""
        begun = self._begin(caller)
        try:
            yield
        finally:
            self._end(caller, begun)

    def _begin(self, caller: str) -> float:
        now = time.monotonic()
        with self._lock:
            going = [begun for begun in self._going.get(caller, []) if now - begun < LONGEST]
            if len(going) >= self._at_once:
                raise too_many_at_once(self._at_once)
            seconds = self.retry_after(caller)
            if seconds:
                raise too_many_a_minute(self.per_minute, seconds)
            self._going[caller] = [*going, now]
        return now

    def _end(self, caller: str, begun: float) -> None:
        with self._lock:
            going = [other for other in self._going.pop(caller, []) if other != begun]
            if going:
                self._going[caller] = going


def caller_of(address: str, reader: str) -> str:
    """Whom to count a call to: an address of the network, but on this machine, which all its readers share, the reader.

    A cookie is easily thrown away, an address is not; readers behind one address count as one.
    """
    try:
        where = ipaddress.ip_address(address)
    except ValueError:
        return reader or address
    if where.is_loopback:
        return reader or address
    return str(ipaddress.ip_network((where, NETWORK), strict=False)) if where.version == 6 else address


def too_many_a_minute(count: int, seconds: int) -> TooManyRequests:
    """The refusal of a caller who asks too often."""
    return TooManyRequests(
        f"You can ask {count} times a minute. Please try again in {seconds} s.",
        f"1분에 {count}번까지 물을 수 있습니다. {seconds}초 뒤에 다시 해 주세요.",
    )


def too_many_at_once(count: int) -> TooManyRequests:
    """The refusal of a caller of whose questions enough are being answered."""
    return TooManyRequests(
        f"{count} of your questions are being answered at this moment. Ask again when one of them is done.",
        f"지금 질문 {count}개에 답하고 있습니다. 하나가 끝난 뒤에 다시 물어 주세요.",
    )
