"""A model's words as they come, within clocks. However it ends, it ends in one of eight named ways; closing it ends the model's work.

The stream runs as a task on one background event loop, since a task can be cancelled while it waits on a socket and a thread cannot.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from bot.models.chat import Limits

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.runnables import Runnable

Fault = Literal["key", "model", "busy", "down", "slow", "broken", "cut", "empty"]

HEARTBEAT_SECONDS = 0.3
_DONE = ("finish_reason", "stop_reason", "done_reason")  # as OpenAI and Google, Anthropic, and Ollama call it
_WHOLE = {"stop", "end_turn", "stop_sequence", "tool_calls"}
_BY_STATUS: dict[int, Fault] = {401: "key", 403: "key", 404: "model", 408: "slow", 429: "busy"}


class StreamFault(Exception):
    """The stream ended otherwise than whole. It holds no word of the server's: those may repeat a key or a prompt."""

    def __init__(self, fault: Fault) -> None:
        """`fault` names the way."""
        super().__init__(fault)
        self.fault: Fault = fault


def stream_text(model: "Runnable[Any, BaseMessage]", prompt: Sequence[Any], limits: Limits) -> Generator[str]:
    """The model's answer in pieces, an empty one every `BEAT` seconds of silence, so that whoever waits can stop.

    Raises `StreamFault` after the last piece where that is not the end of a whole answer.
    """
    pieces: queue.SimpleQueue[str | StreamFault | None] = queue.SimpleQueue()
    stopped = threading.Event()
    task = asyncio.run_coroutine_threadsafe(_pump(model, prompt, limits.characters, pieces, stopped), _loop())
    begun = heard = time.monotonic()
    said = 0
    try:
        while True:
            left = begun + limits.total - time.monotonic()
            waits = min(left, heard + (limits.gap if said else limits.first) - time.monotonic())
            try:
                piece = pieces.get(timeout=max(0.0, min(HEARTBEAT_SECONDS, waits)))
            except queue.Empty:
                if waits > HEARTBEAT_SECONDS:
                    yield ""
                    continue
                raise StreamFault("slow" if not said else "cut") from None
            heard = time.monotonic()
            if piece is None:
                break
            if isinstance(piece, StreamFault):
                raise StreamFault("cut") if said and piece.fault != "broken" else piece
            said += len(piece)
            yield piece
            if said > limits.characters or time.monotonic() > begun + limits.total:
                raise StreamFault("cut")
        if not said:
            raise StreamFault("empty")
    finally:
        stopped.set()
        task.cancel()


async def _pump(
    model: Any, prompt: Sequence[Any], most: int, pieces: "queue.SimpleQueue[str | StreamFault | None]", stopped: threading.Event
) -> None:
    """Put the pieces, then None for a whole answer or a fault for any other, into the queue, until it is cancelled or `stopped`.

    Both are needed: while a model is silent only a cancellation wakes this, and while it floods, `asyncio.wait_for` inside the client
    swallows a cancellation that comes together with a chunk (Python 3.11).
    """
    whole, spoke = "", 0
    try:
        async with aclosing(model.astream(prompt)) as chunks:
            async for chunk in chunks:
                if chunk.text:
                    spoke += len(chunk.text)
                    pieces.put(chunk.text)
                if spoke > most or stopped.is_set():
                    break
                whole = next((str(chunk.response_metadata[key]) for key in _DONE if chunk.response_metadata.get(key)), whole)
        pieces.put(None if whole.lower() in _WHOLE else StreamFault("cut" if whole or spoke else "empty"))
    except asyncio.CancelledError:
        raise
    except Exception as error:
        pieces.put(StreamFault(_fault(error)))


def _fault(error: BaseException) -> Fault:
    """What went wrong, from the types and status codes of the error and of what caused it; never from its words."""
    seen: list[BaseException] = []
    here: BaseException | None = error
    while here and here not in seen:
        seen.append(here)
        here = here.__cause__ or here.__context__
    for one in seen:
        status = getattr(one, "status_code", None) or getattr(one, "code", None)
        if isinstance(status, int):
            return _BY_STATUS.get(status, "down" if status >= 500 else "model")
    names = " ".join(kind.__name__ for one in seen for kind in type(one).__mro__)
    if "Timeout" in names:
        return "slow"
    if "RemoteProtocol" in names or "ReadError" in names:
        return "cut"
    if "APIError" in names and "Connect" not in names:  # told in the stream, where there is no status
        return "down"
    return "down" if "Connect" in names or "OSError" in names else "broken"


@lru_cache(1)
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of all streams, running on a thread of its own until the process ends."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="model", daemon=True).start()
    return loop
