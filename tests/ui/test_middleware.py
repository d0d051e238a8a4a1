"""The ASGI wrappers: messages pass unchanged, large bodies get 413, and no request keeps the server busy after its client has disconnected."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.ui import middleware
from bot.ui.middleware import SAFE_HEADERS, BodyLimit, RateLimit, SameOrigin, SecurityHeaders
from bot.ui.page_script import PageScript
from tests.pages import wait_for

LIMIT = 10  # bytes, in the unit tests
PAGE = b"<html><head></head><body>page</body></html>"
WITH_SCRIPT = b"<html><head><script>start()</script></head><body>page</body></html>"
WRAPPERS: dict[str, Callable[[ASGIApp], ASGIApp]] = {
    "SecurityHeaders": SecurityHeaders,
    "SameOrigin": SameOrigin,
    "BodyLimit": BodyLimit,
    "RateLimit": RateLimit,
    "PageScript": lambda app: PageScript(app, "start()"),
}
every_wrapper = pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)


class Server:
    """The server's side of one request: gives the wrapper `incoming`, then waits as an open connection does; keeps what is sent."""

    def __init__(self, *incoming: Message) -> None:
        self.incoming = deque(incoming)
        self.receives = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.receives += 1
        assert self.receives < 100, "the wrapper does not stop receiving"
        if not self.incoming:
            await asyncio.Event().wait()
        return self.incoming.popleft()

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        return next((message["status"] for message in self.sent if message["type"].endswith("response.start")), None)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent if message["type"] == "http.response.body")


class Recorder:
    """An application that receives until the client is gone or the body has ended, then sends `outgoing`."""

    def __init__(self, *outgoing: Message, until: str = "end") -> None:
        self.outgoing, self.until = outgoing, until
        self.received: list[Message] = []
        self.scope: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        while not self.received or not self._is_last(self.received[-1]):
            self.received.append(await receive())
        for message in self.outgoing:
            await send(message)

    def _is_last(self, message: Message) -> bool:
        return message["type"] != "http.request" or (self.until == "end" and not message.get("more_body", False))


def http(method: str = "POST", path: str = "/", **headers: str) -> Scope:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()]
    return {"type": "http", "method": method, "path": path, "headers": raw, "client": ("127.0.0.1", 1), "query_string": b""}


def websocket(**headers: str) -> Scope:
    return {**http(**headers), "type": "websocket", "extensions": {"websocket.http.response": {}}}


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}
HTML = (b"content-type", b"text/html; charset=utf-8")


def run(app: ASGIApp, scope: Scope, server: Server) -> Server:
    """Run one call to its end; a call that does not end fails."""

    async def call() -> None:
        await asyncio.wait_for(app(scope, server.receive, server.send), 10)

    asyncio.run(call())
    return server


def limited(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> BodyLimit:
    monkeypatch.setattr(middleware, "MAX_BODY_BYTES", LIMIT)
    return BodyLimit(app)


# Every wrapper


@every_wrapper
@pytest.mark.parametrize(
    "incoming",
    [
        [part(b"one"), part(b""), part(b"two", more=False)],
        [{"type": "http.request"}],
        [GONE],
        [part(b"one"), GONE],
    ],
    ids=["body in parts", "defaults", "client gone", "client gone in the body"],
)
def test_an_application_receives_what_the_server_sends(wrap: Callable[[ASGIApp], ASGIApp], incoming: list[Message]) -> None:
    app = Recorder(start(204))
    run(wrap(app), http(), Server(*incoming))
    assert app.received == incoming


@every_wrapper
def test_every_receive_after_a_disconnect_reports_it(wrap: Callable[[ASGIApp], ASGIApp]) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([(await receive())["type"] for _ in range(3)])

    run(wrap(app), http("GET"), Server(part(b"", more=False), GONE, GONE))
    assert seen == ["http.request", "http.disconnect", "http.disconnect"]


@every_wrapper
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    "outgoing",
    [
        [start(200, (b"content-type", b"text/plain")), piece(b"a", more=True), piece(b"", more=True), piece(b"b")],
        [start(204), piece(b"")],
        [start(304, (b"etag", b"x"), HTML), piece(b"")],
        [start(200, (b"content-type", b"text/event-stream")), {"type": "http.response.body"}],
        [{"type": "http.response.start", "status": 200}, piece(b"no headers")],
        [{"type": "http.response.debug", "info": {}}, start(200), piece(b"")],
        [
            {**start(200), "trailers": True},
            piece(b"x"),
            {"type": "http.response.trailers", "headers": [], "more_trailers": False},
        ],
    ],
    ids=["pieces", "no content", "not modified", "defaults", "no headers", "debug", "trailers"],
)
def test_the_server_receives_what_an_application_sends(
    wrap: Callable[[ASGIApp], ASGIApp], method: str, outgoing: list[Message]
) -> None:
    given = [dict(message) for message in outgoing]
    server = run(wrap(Recorder(*outgoing)), http(method), Server(part(b"", more=False)))
    assert outgoing == given, "the application's own messages were changed"
    assert [without_safe_headers(message) for message in server.sent] == [without_safe_headers(message) for message in given]


def without_safe_headers(message: Message) -> Message:
    names = {name.lower().encode() for name in SAFE_HEADERS}
    return {**message, "headers": [header for header in message.get("headers", []) if header[0] not in names]}


@every_wrapper
def test_other_scopes_pass_with_their_messages(wrap: Callable[[ASGIApp], ASGIApp]) -> None:
    lifespan: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
    for scope, incoming, outgoing in (
        (lifespan, {"type": "lifespan.startup"}, {"type": "lifespan.startup.complete"}),
        (websocket(), {"type": "websocket.connect"}, {"type": "websocket.accept"}),
    ):
        app = Recorder(outgoing)
        server = run(wrap(app), scope, Server(incoming))
        assert (app.scope, app.received, server.sent) == (scope, [incoming], [outgoing])


@every_wrapper
def test_an_error_of_the_application_passes(wrap: Callable[[ASGIApp], ASGIApp]) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200, HTML))
        raise LookupError("broken")

    with pytest.raises(LookupError, match="broken"):
        run(wrap(broken), http("GET"), Server(part(b"", more=False)))


# The safe headers


def test_safe_headers_are_also_on_a_rejected_websocket() -> None:
    async def reject(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("no", 403)(scope, receive, send)

    server = run(SecurityHeaders(reject), websocket(), Server({"type": "websocket.connect"}))
    assert server.status == 403
    assert {name.lower().encode() for name in SAFE_HEADERS} <= server.headers.keys()


# Other origins


@pytest.mark.parametrize("origin", ["http://evil.example", "http://[", "http://[::1", "null", "", "localhost", "//"])
@pytest.mark.parametrize("host", ["localhost", ""])
def test_an_origin_that_is_foreign_or_unreadable_is_rejected(origin: str, host: str) -> None:
    app = Recorder(start(200))
    server = run(SameOrigin(app), http(origin=origin, host=host), Server(part(b"", more=False)))
    assert (server.status, app.received) == (403, [])


def test_a_foreign_websocket_is_rejected_or_closed() -> None:
    app = Recorder({"type": "websocket.accept"})
    foreign = websocket(origin="http://evil.example")
    assert run(SameOrigin(app), foreign, Server()).sent[0]["type"] == "websocket.http.response.start"
    closed = run(SameOrigin(app), {**foreign, "extensions": {}}, Server()).sent
    assert [message["type"] for message in closed] == ["websocket.close"]
    assert app.received == []


# Bodies


@pytest.mark.parametrize(
    "body",
    [[part(b"x" * LIMIT, more=False)], [part(b"x") for _ in range(LIMIT)] + [part(b"", more=False)]],
    ids=["whole", "byte by byte"],
)
def test_a_body_of_the_allowed_length_passes(body: list[Message], monkeypatch: pytest.MonkeyPatch) -> None:
    app = Recorder(start(200), piece(b"ok"))
    server = run(limited(app, monkeypatch), http(), Server(*body))
    assert (app.received, server.sent) == (body, [start(200), piece(b"ok")])


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
@pytest.mark.parametrize("size", [1, 3, LIMIT, LIMIT + 1, 10 * LIMIT])
@pytest.mark.parametrize("until", ["end", "disconnect"])
def test_a_body_that_grows_too_long_is_answered_with_413(
    method: str, size: int, until: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Recorder(start(200), piece(b"ok"), until=until)
    body = [part(b"x" * size) for _ in range(10 * LIMIT // size)]
    server = run(limited(app, monkeypatch), http(method), Server(*body))
    assert server.status == 413
    assert server.headers[b"content-type"] == b"application/json"
    assert [message["type"] for message in server.sent] == ["http.response.start", "http.response.body"]
    assert b"10 bytes" in server.body
    assert app.received[-1] == GONE
    assert len(b"".join(message.get("body", b"") for message in app.received)) <= LIMIT
    assert server.receives == LIMIT // size + 1


@pytest.mark.parametrize("length", [str(LIMIT + 1), "9" * 5_000])
def test_a_length_over_the_limit_is_rejected_without_reading_the_body(length: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Recorder(start(200))
    server = run(limited(app, monkeypatch), http(content_length=length), Server())
    assert (server.status, server.receives, app.received) == (413, 0, [])


@pytest.mark.parametrize("length", ["", "many", "-5", "²", "0" * 5_000])
def test_a_body_with_an_invalid_length_is_counted(length: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = http()
    scope["headers"].append((b"content-length", length.encode("latin-1")))
    for body, status in ((part(b"x", more=False), 200), (part(b"x" * (LIMIT + 1)), 413)):
        assert run(limited(Recorder(start(200), piece(b"")), monkeypatch), scope, Server(body)).status == status


def test_an_application_that_reads_the_body_into_memory_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await Request(scope, receive).body()
        except ClientDisconnect:
            ended.append("disconnected")
            raise
        await PlainTextResponse("read")(scope, receive, send)

    server = run(limited(app, monkeypatch), http(), Server(*[part(b"xxx") for _ in range(LIMIT)]))
    assert (server.status, ended) == (413, ["disconnected"])
    with pytest.raises(ClientDisconnect):
        run(limited(app, monkeypatch), http(), Server(part(b"x"), GONE))


def test_a_response_that_has_started_continues_without_the_excess_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too late for 413: the rest of the body is dropped, its messages and the disconnect arrive one by one."""
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200))
        while not received or received[-1] != GONE:
            received.append(await receive())
            await send(piece(b".", more=True))
        await send(piece(b"end"))

    body = [part(b"x" * 6), part(b"y" * 6), part(b"z" * 6, more=False), GONE]
    server = run(limited(app, monkeypatch), http(), Server(*body))
    assert received == [part(b"x" * 6), part(b""), part(b"", more=False), GONE]
    assert (server.status, server.body, server.receives) == (200, b"....end", 4)


def test_a_stream_ends_when_its_client_disconnects_after_a_long_body(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Gradio's heartbeat: the response streams while the body is received and not read."""

    async def forever() -> Any:
        while True:
            yield "alive"
            await asyncio.sleep(0.001)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(forever())(scope, receive, send)

    server = Server(*[part(b"x" * 6) for _ in range(5)], GONE)
    run(limited(app, monkeypatch), http("GET"), server)
    assert server.receives <= 6
    assert server.status in {200, 413}


def test_nothing_is_sent_after_the_413(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application sends its response while the refusal is on its way."""
    server = Server(part(b"x" * (LIMIT + 1)))

    async def slow_send(message: Message) -> None:
        await asyncio.sleep(0)
        await server.send(message)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def respond() -> None:
            await asyncio.sleep(0)
            await PlainTextResponse("ok")(scope, receive, send)

        await asyncio.gather(receive(), respond())

    asyncio.run(limited(app, monkeypatch)(http(), server.receive, slow_send))
    assert [message.get("status") for message in server.sent] == [413, None]


# The page


def send_page(*outgoing: Message, method: str = "GET", cookie: str = "") -> Server:
    scope = http(method, cookie=cookie) if cookie else http(method)
    return run(PageScript(Recorder(*outgoing), "start()"), scope, Server(part(b"", more=False)))


@pytest.mark.parametrize("cut", range(len(PAGE) + 1))
def test_the_script_is_put_in_wherever_the_page_is_split(cut: int) -> None:
    length = (b"content-length", str(len(PAGE)).encode())
    server = send_page(start(200, HTML, length), piece(PAGE[:cut], more=True), piece(b"", more=True), piece(PAGE[cut:]))
    assert server.body == WITH_SCRIPT
    assert server.headers[b"content-length"] == str(len(WITH_SCRIPT)).encode()
    assert server.headers[b"cache-control"] == b"no-store"
    assert server.headers[b"set-cookie"].startswith(b"dolmen_reader=")
    assert [message.get("more_body", False) for message in server.sent] == [False, False]


@pytest.mark.parametrize("body", [PAGE, b""], ids=["as GET", "none"])
def test_the_headers_of_head_are_those_of_get(body: bytes) -> None:
    length = (b"content-length", str(len(PAGE)).encode())
    server = send_page(start(200, HTML, length), piece(body), method="HEAD", cookie=f"dolmen_reader={'r' * 43}")
    assert server.headers.get(b"content-length") in {None, str(len(WITH_SCRIPT)).encode()}
    assert server.headers[b"cache-control"] == b"no-store"


@pytest.mark.parametrize(
    "outgoing",
    [
        [start(404, HTML), piece(PAGE)],
        [start(200, HTML, (b"content-encoding", b"br")), piece(b"\x0b\x02compressed")],
        [start(200, HTML), {"type": "http.response.pathsend", "path": "/page.html"}],
        [start(200, HTML), piece(b"<html>", more=True), {"type": "http.response.pathsend", "path": "/page.html"}],
    ],
    ids=["not found", "compressed", "sent by the server", "continued by the server"],
)
def test_what_cannot_take_the_script_passes_unchanged(outgoing: list[Message]) -> None:
    assert send_page(*outgoing).sent == outgoing


def test_messages_after_the_page_pass() -> None:
    trailers: Message = {"type": "http.response.trailers", "headers": [], "more_trailers": False}
    server = send_page({**start(200, HTML), "trailers": True}, piece(PAGE), trailers)
    assert (server.body, server.sent[0]["trailers"], server.sent[2:]) == (WITH_SCRIPT, True, [trailers])


def test_an_incomplete_page_is_not_sent_when_its_client_disconnects() -> None:
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(200, HTML))
        await send(piece(PAGE[:20], more=True))
        received.append(await receive())

    server = run(PageScript(app, "start()"), http("GET"), Server(GONE))
    assert (received, server.sent) == ([GONE], [])


@pytest.mark.parametrize(
    ("method", "path", "response"),
    [
        ("POST", "/", HTMLResponse(PAGE)),
        ("GET", "/other", HTMLResponse(PAGE)),
        ("GET", "/", PlainTextResponse("<head>")),
        ("GET", "/", Response(status_code=304)),
    ],
    ids=["another method", "another path", "no HTML", "no body"],
)
def test_only_the_page_itself_is_changed(method: str, path: str, response: Response) -> None:
    server = run(PageScript(response, "start()"), http(method, path), Server(part(b"", more=False)))
    assert b"start()" not in server.body
    assert b"set-cookie" not in server.headers


# A real server, with clients that send long bodies or disconnect

SERVER = """
import socket
from bot.ui.server import build_server, run_server
from tests.pages import ScriptedBot, quoting

with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
    print(listener.getsockname()[1], flush=True)
    run_server(build_server(ScriptedBot(quoting)), listener)
"""


class Process:
    """The server as a process of its own: were it to hang, the tests would go on."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def healthy(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_idle(self) -> bool:
        """Whether the process used less than half of a processor for half a second."""
        if sys.platform != "linux":
            return True
        before = self.cpu_seconds()
        time.sleep(0.5)
        return self.cpu_seconds() - before < 0.25

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    process = Process()
    try:
        wait_for(process.healthy, 60)
        yield process
    finally:
        process.close()


def head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


CHUNKED = "Transfer-Encoding: chunked"
PATHS = [
    "/gradio_api/heartbeat/x",
    "/gradio_api/queue/data?session_hash=x",
    "/gradio_api/queue/join",
    "/gradio_api/call/ask",
    "/gradio_api/call/ask/no-such-event",
    "/gradio_api/reset",
    "/gradio_api/upload",
    "/",
    "/healthz",
    "/export/x.md",
    "/nothing/here",
]


def send_all(connection: socket.socket, *pieces: bytes) -> None:
    """Send, unless the server closes the connection or stops reading."""
    connection.settimeout(2)
    try:
        for data in pieces:
            connection.sendall(data)
    except OSError:
        pass


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_long_body_and_a_client_that_leaves_do_not_occupy_the_server(process: Process, method: str, path: str) -> None:
    with process.connect() as connection:
        send_all(connection, head(method, path, CHUNKED), *[chunk(b"x" * 100_000)] * 20)
    wait_for(process.healthy, 10)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET ",
        head("GET", "{path}"),
        head("POST", "{path}", "Content-Length: 500") + b"half",
        head("POST", "{path}", CHUNKED) + chunk(b'{"data": '),
        head("POST", "{path}", CHUNKED) + b"5\r\nab",
        head("POST", "{path}", CHUNKED, "Expect: 100-continue"),
        head(
            "GET", "{path}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="
        ),
    ],
    ids=["nothing", "a word", "no wait", "half a body", "half a chunked body", "half a chunk", "continue", "websocket"],
)
def test_a_client_that_leaves_in_the_middle_does_not_occupy_the_server(process: Process, path: str, sent: bytes) -> None:
    with process.connect() as connection:
        send_all(connection, sent.replace(b"{path}", path.encode()))
    assert process.healthy()


def test_a_server_left_by_all_its_clients_is_idle(process: Process) -> None:
    for path in PATHS:
        with process.connect() as connection:
            send_all(connection, head("GET", path, CHUNKED), *[chunk(b"x" * 100_000)] * 20)
    wait_for(process.is_idle, 20)
    assert process.healthy()


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/call/ask", "/gradio_api/run/ask", "/gradio_api/reset"])
def test_a_long_chunked_body_is_answered_with_413_before_it_ends(process: Process, path: str) -> None:
    with process.connect() as connection:
        headers = [CHUNKED, "Content-Type: application/json"]
        send_all(connection, head("POST", path, *headers), *[chunk(b" " * 100_000)] * 11)
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_heartbeat_with_a_long_body_does_not_occupy_the_server(process: Process) -> None:
    with process.connect() as connection:
        send_all(connection, head("GET", "/gradio_api/heartbeat/x", CHUNKED), *[chunk(b"x" * 100_000)] * 20)
        answer = connection.recv(2_000)
        assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 413 "))
        assert process.healthy()
    wait_for(process.is_idle, 20)
