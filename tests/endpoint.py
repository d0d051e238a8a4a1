"""A fake OpenAI-style server on loopback, with a base address for each fault, to test how a client handles it.

    with Endpoint("한 줄의 답") as endpoint:
        client = OpenAI(base_url=endpoint.base_url("stall"), api_key="any")

It answers streaming requests only. It is written with sockets, because an HTTP server library prevents most of these faults.
"""

import contextlib
import itertools
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, BinaryIO

Record = dict[str, Any]

MODES = {
    "ok": "the complete reply",
    "hang": "nothing, not even a status line",
    "401": "wrong key; the message repeats the Authorization header",
    "403": "not allowed",
    "404": "no such model",
    "429-once": "too many requests, Retry-After: 1; from the second request on the reply",
    "429": "too many requests, always",
    "500": "server error",
    "503-once": "overloaded; from the second request on the reply",
    "html": "status 200 and an HTML page",
    "empty": "status 200 and an empty body",
    "reset": "RST after 3 chunks",
    "close": "FIN after 3 chunks, without the end of the chunked body",
    "no-finish": "the complete reply and a proper end, without finish_reason and [DONE]",
    "no-done": "the complete reply, finish_reason and a proper end, without [DONE]",
    "stall": "3 chunks, then silence",
    "drip": "a character every `pace` seconds, without end",
    "endless": "chunks as fast as they are read, without end",
    "bad-json": "a truncated line in the middle",
    "error-object": "an error as data in the middle",
    "length": "half of the reply, with finish_reason length",
    "split": "the complete reply, one byte at a time",
    "nothing": "finish_reason stop, and no content",
}
CHUNK_CHARACTERS = 3
CHUNKS_BEFORE_FAULT = 3

_STATUSES = {
    "401": (401, "Unauthorized"),
    "403": (403, "Forbidden"),
    "404": (404, "Not Found"),
    "429": (429, "Too Many Requests"),
    "500": (500, "Internal Server Error"),
    "503": (503, "Service Unavailable"),
}
_BREAKS_OFF = {"reset", "close", "stall"}
_DONE = b"data: [DONE]\n\n"


class Endpoint:
    """The server, from `__enter__` to `__exit__`, which ends every connection and thread.

    `requests` holds a dict for each request: mode, method, path, headers (names in lower case), body (JSON); open (it is being
    answered), closed_at (the monotonic time when that ended) and dropped (the client closed the connection first).
    """

    def __init__(self, reply: str | Callable[[Any], str] = "The fake model's reply.", pace: float = 1.0) -> None:
        """`reply` is the model's text, or a function of the request's body; `pace` is in seconds, for the mode `drip`."""
        self.reply = reply
        self.pace = pace
        self.requests: list[Record] = []
        self._changed = threading.Condition()
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = False

    def __enter__(self) -> "Endpoint":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()  # wakes the accepting thread
        self._threads[0].join(5)
        self._listener.close()
        with self._changed:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    @property
    def url(self) -> str:
        """The base address of the mode `ok`."""
        return self.base_url("ok")

    def base_url(self, mode: str) -> str:
        """The base address, up to /v1, of a mode in `MODES`."""
        if mode not in MODES:
            raise ValueError(f"{mode!r} is not a mode; choose from {', '.join(MODES)}")
        return f"http://127.0.0.1:{self.port}/{mode}/v1"

    @property
    def open_streams(self) -> int:
        """The number of requests that are being answered now."""
        with self._changed:
            return sum(record["open"] for record in self.requests)

    def wait_idle(self, seconds: float = 5.0) -> bool:
        """Wait until no request is being answered. Return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(record["open"] for record in self.requests), seconds)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="endpoint", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self._connections.add(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        """Answer the requests of a connection one after the other."""
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as reader:
            while record := _read_request(reader):
                with self._changed:
                    self.requests.append(record)
                if not self._answer_recorded(connection, record):
                    break
        with self._changed:
            self._connections.discard(connection)

    def _answer_recorded(self, connection: socket.socket, record: Record) -> bool:
        """Answer a request and record how that ended. Return whether the connection can be used again."""
        try:
            return self._answer(connection, record)
        except OSError:
            record["dropped"] = True
            return False
        finally:
            with self._changed:
                record["open"], record["closed_at"] = False, time.monotonic()
                self._changed.notify_all()

    def _answer(self, connection: socket.socket, record: Record) -> bool:
        mode, route = record["mode"], (record["method"], record["path"])
        if route == ("GET", "/models"):
            models = {"object": "list", "data": [{"id": "fake", "object": "model", "owned_by": "nobody"}]}
            return _send(connection, _response(200, "OK", "application/json", json.dumps(models).encode()))
        if route != ("POST", "/chat/completions") or mode not in MODES:
            return _send(connection, _error_response(*_STATUSES["404"], "there is nothing here"))
        if response := self._response_without_stream(mode, record):
            return _send(connection, response)
        if mode == "hang":
            _wait_for_disconnect(connection)
        text = self.reply if isinstance(self.reply, str) else self.reply(record["body"])
        return self._stream(connection, mode, text)

    def _response_without_stream(self, mode: str, record: Record) -> bytes:
        """The response of a mode that sends no stream to this request, else nothing."""
        if mode == "html":
            return _response(200, "OK", "text/html; charset=utf-8", b"<!doctype html><title>Sign in</title><p>Sign in first.</p>")
        if mode == "empty":
            return _response(200, "OK", "application/json", b"")
        if mode.endswith("-once") and sum(earlier["mode"] == mode for earlier in self.requests) > 1:
            return b""
        if (number := mode.removesuffix("-once")) not in _STATUSES:
            return b""
        authorization = record["headers"].get("authorization", "")
        message = f"Incorrect API key provided: {authorization}" if mode == "401" else "no, said the server"
        return _error_response(*_STATUSES[number], message, "Retry-After: 1\r\n" if mode == "429-once" else "")

    def _stream(self, connection: socket.socket, mode: str, text: str) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in _events(mode, text):
            for piece in [event[i : i + 1] for i in range(len(event))] if mode == "split" else [event]:
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            if _is_disconnected(connection, self.pace if mode == "drip" else 0):
                raise ConnectionResetError
        return _break_off(connection, mode) if mode in _BREAKS_OFF else _send(connection, b"0\r\n\r\n")


def _read_request(reader: BinaryIO) -> Record | None:
    """The next request; None at the end of the connection."""
    method, _, rest = reader.readline().decode("latin-1").partition(" ")
    if not rest:
        return None
    headers = {}
    while line := reader.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))
    mode, _, path = rest.split()[0].removeprefix("/").partition("/v1")
    return {
        "mode": mode,
        "method": method,
        "path": path,
        "headers": headers,
        "body": json.loads(body) if body else None,
        "open": True,
        "closed_at": None,
        "dropped": False,
    }


def _events(mode: str, text: str) -> Iterator[bytes]:
    """The events of a stream, each as the bytes that are sent together."""
    size = 1 if mode == "drip" else CHUNK_CHARACTERS
    pieces = [_chunk(text[start : start + size]) for start in range(0, len(text), size)]
    middle = len(pieces) // 2
    if mode in {"drip", "endless"}:
        yield from itertools.cycle(pieces or [_chunk("…")])
    elif mode in _BREAKS_OFF:
        yield from pieces[:CHUNKS_BEFORE_FAULT]
    elif mode in _FAULTY_EVENTS:
        yield from (*pieces[:middle], _FAULTY_EVENTS[mode], *pieces[middle:], _chunk(None, "stop"), _DONE)
    else:
        yield from {"length": pieces[:middle], "nothing": []}.get(mode, pieces)
        if mode != "no-finish":
            yield _chunk(None, "length" if mode == "length" else "stop")
        if mode not in {"no-finish", "no-done"}:
            yield _DONE


def _chunk(content: str | None, finish: str | None = None) -> bytes:
    delta = {} if content is None else {"role": "assistant", "content": content}
    return _event(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "fake",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
    )


def _event(value: object) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


_FAULTY_EVENTS = {
    "bad-json": _chunk("cut")[:60] + b"\n\n",
    "error-object": _event({"error": {"message": "the server ran out of memory", "type": "server_error", "code": 500}}),
}


def _break_off(connection: socket.socket, mode: str) -> bool:
    """End a stream as `mode` does: in silence, or with a connection that is not to be used again."""
    if mode == "stall":
        _wait_for_disconnect(connection)
    if mode == "reset":
        time.sleep(0.05)  # RST may overtake what was sent before
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _wait_for_disconnect(connection: socket.socket) -> None:
    """Send nothing until the client has closed the connection."""
    while not _is_disconnected(connection, 1.0):
        time.sleep(0.01)
    raise ConnectionResetError


def _is_disconnected(connection: socket.socket, seconds: float) -> bool:
    """Whether the client closes the connection within `seconds`."""
    readable, _, _ = select.select([connection], [], [], seconds)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)


def _send(connection: socket.socket, content: bytes) -> bool:
    connection.sendall(content)
    return True


def _error_response(status: int, reason: str, message: str, headers: str = "") -> bytes:
    content = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return _response(status, reason, "application/json", json.dumps(content).encode(), headers)


def _response(status: int, reason: str, kind: str, body: bytes, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
