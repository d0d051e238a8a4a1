"""What stands between the network and the page: safe headers, no foreign callers, no floods, no large bodies, a reader's cookie. Pure ASGI."""

from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.ui.rate_limit import CALLS, RateLimiter, too_many_a_minute
from bot.ui.visitor import READER, cookies_in, new_token, token_in, visitor_of

LARGEST_BODY = 1_000_000  # bytes; the longest question that is answered has 4,000 characters
LARGEST_UPLOAD = 51_000_000  # bytes of the files that come at once, with what frames them
UPLOADS = "/gradio_api/upload"
QUESTION_PATHS = ("/gradio_api/call/ask", "/gradio_api/call/v2/ask", "/gradio_api/run/ask")  # where programs ask
A_YEAR = 31_536_000  # seconds
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
                await refusal(403, "This page answers only to itself.")(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Answers 413 to a body of more than `LARGEST_BODY` bytes, `LARGEST_UPLOAD` for files: unparsed where the length is announced."""

    def __init__(self, app: ASGIApp) -> None:
        """Stands before anything that reads a body."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Believe the length that is announced, and count where none is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = LARGEST_UPLOAD if scope["path"] == UPLOADS else LARGEST_BODY
        if _announced(scope) > most:
            await too_large(most)(scope, receive, send)
        else:
            body = _LimitedBody(scope, receive, send, most)
            await self._app(scope, body.receive, body.send)


class _LimitedBody:
    """A request whose body is counted while it is read. Once it is too large, the rest is cut off and the answer a refusal."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._scope, self._receive, self._send, self._most = scope, receive, send, most
        self._read = 0
        self._started = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            return {"type": "http.request", "body": b"", "more_body": False}
        return message

    async def send(self, message: Message) -> None:
        if self._started or self._read <= self._most:
            self._started = True
            await self._send(message)
        elif message["type"] == "http.response.start":
            await too_large(self._most)(self._scope, self._receive, self._send)


def too_large(most: int) -> JSONResponse:
    """The answer to a body of more than `most` bytes."""
    return refusal(413, f"A request may have {most:,} bytes.")


def refusal(status: int, reason: str, **headers: str) -> JSONResponse:
    """An answer as FastAPI refuses, whose `detail` Gradio shows on the page."""
    return JSONResponse({"detail": reason}, status, {name.replace("_", "-"): value for name, value in headers.items()})


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() else 0


class RateLimit:
    """Answers 429 to a caller who sends more than so many requests a minute; a question counts by itself, and sooner."""

    def __init__(self, app: ASGIApp) -> None:
        """Stands before anything that does work. Reading the page is not counted: sending is."""
        self._app = app
        self._questions, self._calls = RateLimiter(), RateLimiter(CALLS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say in `Retry-After` how many seconds are left."""
        if scope["type"] == "http" and scope["method"] == "POST":
            who = visitor_of(HTTPConnection(scope))
            rate = self._questions if scope["path"].rstrip("/") in QUESTION_PATHS else self._calls
            seconds = rate.retry_after(who.caller)
            if seconds:
                error = too_many_a_minute(rate.per_minute, seconds)
                reason = error.korean if who.language == "ko" else str(error)
                await refusal(429, reason, retry_after=str(seconds))(scope, receive, send)
                return
        await self._app(scope, receive, send)


class PageScript:
    """Gives the page its script, ahead of everything else in it, and each new reader a cookie.

    Gradio puts a script of one's own into the page only after it has started; the language has to be chosen before.
    """

    def __init__(self, app: ASGIApp, script: str) -> None:
        """`script` goes into the head of every HTML page."""
        self._app = app
        self._head = f"<script>{script}</script>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change the answer where it is the page itself."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        page = _Page(self._head, token_in(cookies_in(Headers(scope=scope).get("cookie", ""))), send)
        await self._app(scope, receive, page.send)


class _Page:
    """An HTML page on its way out: held back until it is whole, since its length changes."""

    def __init__(self, head: bytes, reader: str, send: Send) -> None:
        self._head, self._reader, self._send = head, reader, send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and "text/html" in Headers(raw=message["headers"]).get("content-type", ""):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._whole(self._start)

    async def _whole(self, start: Message) -> None:
        body = self._body.replace(b"<head>", b"<head>" + self._head, 1)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(body))
        headers["cache-control"] = "no-store"
        if not self._reader:
            headers.append("set-cookie", _cookie(new_token()))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _cookie(token: str) -> str:
    """A cookie that scripts cannot read and other sites cannot send along with a request of their own."""
    cookie = SimpleCookie({READER: token})
    for name, value in {"path": "/", "max-age": str(A_YEAR), "httponly": "yes", "samesite": "Lax"}.items():
        cookie[READER][name] = value
    return cookie[READER].OutputString()
