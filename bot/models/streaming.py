"""The text of a chat model as a stream with time limits. Every failure is one of eight faults; closing the stream ends the request.

The request runs as a task on one background event loop: a task can be cancelled while it waits on a socket, a thread cannot.
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
    from langchain_core.runnables import Runnable, RunnableConfig

Fault = Literal["key", "model", "busy", "down", "slow", "broken", "cut", "empty"]

HEARTBEAT_SECONDS = 0.3
_FINISH_KEYS = ("finish_reason", "stop_reason", "done_reason")  # OpenAI and Google, Anthropic, Ollama
_COMPLETE_REASONS = {"stop", "end_turn", "stop_sequence", "tool_calls"}
_FAULT_BY_STATUS: dict[int, Fault] = {401: "key", 403: "key", 404: "model", 408: "slow", 429: "busy"}


class StreamFault(Exception):
    """The stream did not end with a complete answer. It carries no text of the server, which may repeat a key or the prompt."""

    def __init__(self, fault: Fault) -> None:
        """`fault` says why."""
        super().__init__(fault)
        self.fault: Fault = fault


def stream_text(
    model: "Runnable[Any, BaseMessage]", prompt: Sequence[Any], limits: Limits, config: "RunnableConfig | None" = None
) -> Generator[str]:
    """The model's answer in pieces; an empty piece every `HEARTBEAT_SECONDS` without text, so that the caller can stop.

    `config` is LangChain's; the callbacks of the model's run are called on the background event loop.
    Raises `StreamFault` after the last piece where the answer is not complete.
    """
    pieces: queue.SimpleQueue[str | StreamFault | None] = queue.SimpleQueue()
    stopped = threading.Event()
    produced = _produce(model, prompt, limits.max_characters, pieces, stopped, config)
    task = asyncio.run_coroutine_threadsafe(produced, _event_loop())
    started = last_piece = time.monotonic()
    received = 0
    try:
        while True:
            total_left = started + limits.total_seconds - time.monotonic()
            gap = limits.gap_seconds if received else limits.first_seconds
            left = min(total_left, last_piece + gap - time.monotonic())
            try:
                piece = pieces.get(timeout=max(0.0, min(HEARTBEAT_SECONDS, left)))
            except queue.Empty:
                if left > HEARTBEAT_SECONDS:
                    yield ""
                    continue
                raise StreamFault("slow" if not received else "cut") from None
            last_piece = time.monotonic()
            if piece is None:
                break
            if isinstance(piece, StreamFault):
                raise StreamFault("cut") if received and piece.fault != "broken" else piece
            received += len(piece)
            yield piece
            if received > limits.max_characters or time.monotonic() > started + limits.total_seconds:
                raise StreamFault("cut")
        if not received:
            raise StreamFault("empty")
    finally:
        stopped.set()
        task.cancel()


async def _produce(
    model: Any,
    prompt: Sequence[Any],
    max_characters: int,
    pieces: "queue.SimpleQueue[str | StreamFault | None]",
    stopped: threading.Event,
    config: "RunnableConfig | None",
) -> None:
    """Put the pieces into the queue, then None after a complete answer or a fault, until it is cancelled or `stopped` is set.

    Both are needed. While the model is silent only a cancellation ends the wait; while it sends without pause, `asyncio.wait_for`
    inside the client swallows a cancellation that arrives together with a chunk (Python 3.11).
    """
    reason, sent = "", 0
    try:
        async with aclosing(model.astream(prompt, config)) as chunks:
            async for chunk in chunks:
                if chunk.text:
                    sent += len(chunk.text)
                    pieces.put(chunk.text)
                if sent > max_characters or stopped.is_set():
                    break
                metadata = chunk.response_metadata
                reason = next((str(metadata[key]) for key in _FINISH_KEYS if metadata.get(key)), reason)
        complete = reason.lower() in _COMPLETE_REASONS
        pieces.put(None if complete else StreamFault("cut" if reason or sent else "empty"))
    except asyncio.CancelledError:
        raise
    except Exception as error:
        pieces.put(StreamFault(_fault_of(error)))


def _fault_of(error: BaseException) -> Fault:
    """The fault that the types and status codes of the error and of its causes stand for. Their messages are not read."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for link in chain:
        status = getattr(link, "status_code", None) or getattr(link, "code", None)
        if isinstance(status, int):
            return _FAULT_BY_STATUS.get(status, "down" if status >= 500 else "model")
    types = " ".join(kind.__name__ for link in chain for kind in type(link).__mro__)
    if "Timeout" in types:
        return "slow"
    if "RemoteProtocol" in types or "ReadError" in types:
        return "cut"
    if "APIError" in types and "Connect" not in types:  # reported inside the stream, where there is no status
        return "down"
    return "down" if "Connect" in types or "OSError" in types else "broken"


@lru_cache(1)
def _event_loop() -> asyncio.AbstractEventLoop:
    """The event loop of all streams. It runs on a daemon thread until the process ends."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="model", daemon=True).start()
    return loop
