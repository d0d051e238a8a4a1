"""What stands between the network and the page: safe headers, no foreign callers, no large bodies. Pure ASGI."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1_000_000  # bytes; the longest question that is answered has 4,000 characters
CONTENT_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' blob:",  # Gradio starts from inline scripts; nothing of it needs unsafe-eval
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob: data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
SAFE_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in CONTENT_POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class WithSafeHeaders:
    """Puts `SAFE_HEADERS` on every response, those of the other guards included."""

    def __init__(self, app: ASGIApp) -> None:
        """Stands outermost."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and its response with the headers."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SAFE_HEADERS)
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


class SameOrigin:
    """Turns away what another site's page sends: closed CORS keeps such a page from reading the answer, not from asking."""

    def __init__(self, app: ASGIApp) -> None:
        """Stands before anything that acts on a request."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 where the request comes from a page of another host."""
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != headers.get("host"):
                await PlainTextResponse("This page answers only to itself.", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class SmallBody:
    """Answers 413 to a body of more than `LARGEST_BODY` bytes: before anything parses it where the length is announced."""

    def __init__(self, app: ASGIApp) -> None:
        """Stands before anything that reads a body."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Believe the length that is announced, and count where none is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _announced(scope) > LARGEST_BODY:
            await _REFUSAL(scope, receive, send)
        else:
            body = _CountedBody(scope, receive, send)
            await self._app(scope, body.receive, body.send)


class _CountedBody:
    """A request whose body is counted while it is read. Once it is too large, the rest is cut off and the answer a refusal."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._read = 0
        self._started = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > LARGEST_BODY:
            return {"type": "http.request", "body": b"", "more_body": False}
        return message

    async def send(self, message: Message) -> None:
        if self._started or self._read <= LARGEST_BODY:
            self._started = True
            await self._send(message)
        elif message["type"] == "http.response.start":
            await _REFUSAL(self._scope, self._receive, self._send)


_REFUSAL = PlainTextResponse(f"A request may have {LARGEST_BODY:,} bytes.", 413)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0
