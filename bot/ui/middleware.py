"""The ASGI middleware that protects the page: response headers, same-origin check, body limit, rate limit.

Each class is pure ASGI. Messages that a class does not need to change pass through it as they are, in both directions.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.messages import errors
from bot.ui.rate_limit import MAX_CALLS, RateLimiter, too_many_a_minute
from bot.ui.visitor import visitor_of

MAX_BODY_BYTES = 1_000_000  # the longest question that is answered has 4,000 characters
MAX_UPLOAD_BYTES = 51_000_000  # of all files in one request, multipart framing included
UPLOAD_PATH = "/gradio_api/upload"
QUESTION_PATHS = tuple(f"/gradio_api/{route}/ask" for route in ("call", "call/v2", "run", "api"))  # where programs ask
POLICY_VIOLATION = 1008  # the code that closes a rejected WebSocket (RFC 6455, section 7.4.1)
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


class SecurityHeaders:
    """Adds `SAFE_HEADERS` to every response, including the rejections of the other middleware."""

    def __init__(self, app: ASGIApp) -> None:
        """Must be the outermost middleware."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application and add the headers to its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message = {**message, "headers": message.get("headers", [])}
                MutableHeaders(scope=message).update(SAFE_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class SameOrigin:
    """Answers 403 to requests that a page of another site makes.

    Without CORS headers a browser does not let such a page read the response, but it would still send the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Must stand before anything that acts on a request."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject a request whose `Origin` has another host than its `Host` header."""
        if scope["type"] in ("http", "websocket") and _is_foreign(Headers(scope=scope)):
            await _reject_origin(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    """Whether a request has an `Origin` that is not its own host; one that cannot be parsed is foreign."""
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return True
    return not host or host != headers.get("host")


async def _reject_origin(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
    else:
        reason = errors.FOREIGN_ORIGIN.of(visitor_of(HTTPConnection(scope)).language)
        await rejection(403, reason)(scope, receive, send)


class BodyLimit:
    """Answers 413 to a body of more than `MAX_BODY_BYTES` (`MAX_UPLOAD_BYTES` for uploads).

    A body whose `Content-Length` is too large is not read. Every other body is counted while the application reads it.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Must stand before anything that reads a body."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application with a counted body, or reject the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_UPLOAD_BYTES if scope["path"] == UPLOAD_PATH else MAX_BODY_BYTES
        if _announced_length(scope) > limit:
            await too_large(scope, limit)(scope, receive, send)
            return
        body = _CountedBody(scope, receive, send, limit)
        try:
            await self._app(scope, body.receive, body.send)
        except ClientDisconnect:
            if not body.rejected:
                raise


class _CountedBody:
    """The `receive` and `send` of one request, whose body is counted while it is read.

    When the body passes the limit before the response has started, the client receives 413, the application `http.disconnect`,
    and what the application still sends is dropped. When the response has started already, the excess bytes are dropped.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self._scope, self._receive, self._send, self._limit = scope, receive, send, limit
        self._length = 0
        self._started = False
        self.rejected = False

    async def receive(self) -> Message:
        if self.rejected:
            return {"type": "http.disconnect"}
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        self._length += len(message.get("body", b""))
        if self._length <= self._limit:
            return message
        if self._started:
            return {**message, "body": b""}
        self.rejected = True  # before the first await: the application may send at the same time
        await too_large(self._scope, self._limit)(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.rejected:
            return
        self._started = self._started or message["type"] == "http.response.start"
        await self._send(message)


def too_large(scope: Scope, limit: int) -> JSONResponse:
    """The response to a request whose body has more than `limit` bytes, in the reader's language."""
    reason = errors.REQUEST_TOO_LARGE.format(limit=limit)
    return rejection(413, reason.of(visitor_of(HTTPConnection(scope)).language))


def rejection(status: int, reason: str, **headers: str) -> JSONResponse:
    """An error response in FastAPI's form; Gradio shows its `detail` on the page. In names of headers `_` stands for `-`."""
    return JSONResponse({"detail": reason}, status, {name.replace("_", "-"): value for name, value in headers.items()})


def _announced_length(scope: Scope) -> int:
    """The value of `Content-Length`, 0 without a valid one. Digits after the 20th are ignored: the number is too large anyway."""
    length = Headers(scope=scope).get("content-length", "")
    return int(length[:20]) if length.isdecimal() else 0


class RateLimit:
    """Answers 429 to a caller that sends too many POST requests a minute. Questions have a lower limit and are counted apart."""

    def __init__(self, app: ASGIApp) -> None:
        """Must stand before anything that does work. Only POST requests are counted, so that the page can always be loaded."""
        self._app = app
        self._questions, self._calls = RateLimiter(), RateLimiter(MAX_CALLS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, or answer 429 with the seconds to wait in `Retry-After`."""
        if scope["type"] == "http" and scope["method"] == "POST":
            visitor = visitor_of(HTTPConnection(scope))
            limiter = self._questions if scope["path"].rstrip("/") in QUESTION_PATHS else self._calls
            seconds = limiter.retry_after(visitor.caller)
            if seconds:
                error = too_many_a_minute(limiter.per_minute, seconds)
                await rejection(429, error.text(visitor.language), retry_after=str(seconds))(scope, receive, send)
                return
        await self._app(scope, receive, send)
