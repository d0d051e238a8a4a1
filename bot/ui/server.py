"""The web server: the page and the other routes, the middleware in front of them, and running it on a given socket."""

import json
import logging
import signal
import socket
from typing import TYPE_CHECKING, Any

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.middleware import Middleware
from fastapi.responses import PlainTextResponse, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.chats.export import EXPORTS
from bot.chats.history import ChatHistory
from bot.errors import BotError
from bot.messages import errors, page
from bot.messages.text import LANGUAGES
from bot.ui.layout import i18n
from bot.ui.middleware import BodyLimit, RateLimit, SameOrigin, SecurityHeaders
from bot.ui.page import ICON, SCRIPT, STYLES, build_page, theme
from bot.ui.page_script import PageScript
from bot.ui.visitor import visitor_of

if TYPE_CHECKING:
    from bot.pipeline import Bot

LOCAL_HOSTS = ("localhost", "127.0.0.1", "testserver")
ANY_ADDRESS = ("0.0.0.0", "::")
SHUTDOWN_SECONDS = 1  # that open connections have to end after the server was told to stop


def build_server(bot: "Bot", host: str = "127.0.0.1") -> FastAPI:
    """The application: the page at `/`, Gradio's API, `/healthz` and `/export/CHAT.FORMAT`.

    It answers only requests whose Host header is `host` or a name of this machine; any, if `host` is `0.0.0.0` or `::`.
    """
    host_header = f"[{host}]" if ":" in host else host  # as the Host header has it
    allowed = ["*"] if host in ANY_ADDRESS else [*LOCAL_HOSTS, host_header]
    middleware = [
        Middleware(SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=allowed, www_redirect=False),
        Middleware(SameOrigin),
        Middleware(RateLimit),
        Middleware(BodyLimit),
        Middleware(PageScript, script=page_script()),
        Middleware(CORSMiddleware, allow_origins=[]),  # with it present, Gradio does not add its own, which allows any origin
    ]
    app = FastAPI(middleware=middleware, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        return {"status": "ok", "ready": bot.ready}

    @app.get("/export/{chat}.{file_format}")
    def export(chat: str, file_format: str, request: Request) -> Response:
        return export_response(ChatHistory(bot.settings.data), chat, file_format, request)

    gr.mount_gradio_app(
        app,
        build_page(bot),
        path="/",
        server_name=host,
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        favicon_path=str(ICON),
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        i18n=i18n,
        theme=theme(),
        css_paths=STYLES,
    )
    return app


def page_script() -> str:
    """The page's JavaScript with the message catalogue in it, safe inside a `script` element."""
    catalogue = json.dumps({language: page.by_name(language) for language in LANGUAGES}, ensure_ascii=True)
    return SCRIPT.read_text("utf-8").replace("__WORDS__", catalogue.replace("</", "<\\/"))


def export_response(history: ChatHistory, chat: str, file_format: str, request: Request) -> Response:
    """One of the reader's chats as a download; 404 if this reader has no chat with that id, or the format is unknown."""
    visitor = visitor_of(request)
    if file_format not in EXPORTS or not visitor.reader:
        unknown = errors.NO_SUCH_CHAT_OR_FORMAT.format(given=file_format, formats=", ".join(EXPORTS))
        return PlainTextResponse(unknown.of(visitor.language), 404)
    try:
        saved = history.get(visitor.reader, chat)
    except BotError as error:
        return PlainTextResponse(error.text(visitor.language), 404)
    render, media_type = EXPORTS[file_format]
    name = f"dolmen-{saved.created[:10]}.{file_format}"
    return Response(render(saved), media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def run_server(app: FastAPI, listener: socket.socket) -> None:
    """Serve on `listener` until Ctrl-C or SIGTERM, then give open connections `SHUTDOWN_SECONDS` and return."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS)
    )

    def stop(*_: object) -> None:
        server.should_exit = True

    # An open page keeps a connection open. uvicorn logs errors when it cancels such a connection at shutdown; they are not shown.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not server.should_exit)
    # After it has stopped, uvicorn raises the signal again; without these handlers that would end the process at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    server.run(sockets=[listener])
