"""The ASGI middleware that completes the page: its own script in the head, and a cookie for each new reader."""

from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.ui.visitor import READER, cookies_in, new_token, token_in

COOKIE_SECONDS = 31_536_000  # one year


class PageScript:
    """Puts the page's own script at the beginning of its head, and gives each new reader a cookie.

    Gradio runs a custom script only after it has started, but the language must be chosen before that.
    """

    def __init__(self, app: ASGIApp, script: str) -> None:
        """`script` is JavaScript; it must not contain `</script`."""
        self._app = app
        self._element = f"<script>{script}</script>".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, and change its response where that is the page itself."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        has_cookie = bool(token_in(cookies_in(Headers(scope=scope).get("cookie", ""))))
        page = _HeldPage(self._element, send, is_head=scope["method"] == "HEAD", has_cookie=has_cookie)
        await self._app(scope, receive, page.send)


class _HeldPage:
    """The response with the page. It is held back until its body has ended, because the script changes `Content-Length`."""

    def __init__(self, element: bytes, send: Send, *, is_head: bool, has_cookie: bool) -> None:
        self._element, self._send, self._is_head, self._has_cookie = element, send, is_head, has_cookie
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if self._start is None:
            if _is_page(message):
                self._start = message
            else:
                await self._send(message)
        elif message["type"] != "http.response.body":  # a body that the server sends itself: the script cannot be added
            await self._send_unchanged(self._start)
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_changed(self._start)

    async def _send_unchanged(self, start: Message) -> None:
        self._start = None
        await self._send(start)
        if self._body:
            await self._send({"type": "http.response.body", "body": bytes(self._body), "more_body": True})

    async def _send_changed(self, start: Message) -> None:
        self._start = None
        body = bytes(self._body).replace(b"<head>", b"<head>" + self._element, 1)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-length"] = str(len(body))
        if self._is_head and not body:
            del headers["content-length"]  # it is that of GET, which is not known here
        headers["cache-control"] = "no-store"
        if not self._has_cookie:
            headers.append("set-cookie", _new_cookie())
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _is_page(message: Message) -> bool:
    """Whether a message starts a response with HTML that can be changed."""
    if message["type"] != "http.response.start" or message["status"] != 200:
        return False
    headers = Headers(raw=list(message.get("headers", [])))
    return "text/html" in headers.get("content-type", "") and "content-encoding" not in headers


def _new_cookie() -> str:
    """A `Set-Cookie` value with a new reader's token: not readable by scripts, not sent with requests of other sites."""
    cookie = SimpleCookie({READER: new_token()})
    for name, value in {"path": "/", "max-age": str(COOKIE_SECONDS), "httponly": "yes", "samesite": "Lax"}.items():
        cookie[READER][name] = value
    return cookie[READER].OutputString()
