"""The web server round the page: the routes, who may call, and a socket that is ours before anything slow begins."""

import json
import logging
import signal
import socket
from dataclasses import asdict
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
from bot.ui.catalogue import MESSAGES
from bot.ui.layout import i18n
from bot.ui.middleware import BodyLimit, RateLimit, SameOrigin, SecurityHeaders
from bot.ui.page import ICON, SCRIPT, STYLES, build_page, theme
from bot.ui.page_script import PageScript
from bot.ui.visitor import cookies_in, token_in

if TYPE_CHECKING:
    from bot.pipeline import Bot

HOSTS = ("localhost", "127.0.0.1", "testserver")
ANY_ADDRESS = ("0.0.0.0", "::")
PATIENCE = 1  # seconds that open connections have to end when the server stops


def build_server(bot: "Bot", host: str = "127.0.0.1") -> FastAPI:
    """The application: `/healthz`, and the page on every other path. Only calls to `host` and this machine's own names pass."""
    named = f"[{host}]" if ":" in host else host  # as a Host header writes it
    allowed = ["*"] if host in ANY_ADDRESS else [*HOSTS, named]
    guards = [
        Middleware(SecurityHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=allowed, www_redirect=False),
        Middleware(SameOrigin),
        Middleware(RateLimit),
        Middleware(BodyLimit),
        Middleware(PageScript, script=script()),
        Middleware(CORSMiddleware, allow_origins=[]),  # its presence turns off Gradio's own, which lets any origin in
    ]
    app = FastAPI(middleware=guards, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        return {"status": "ok", "ready": bot.ready}

    @app.get("/export/{talk}.{kind}")
    def export(talk: str, kind: str, request: Request) -> Response:
        return exported(ChatHistory(bot.settings.data), talk, kind, request)

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


def script() -> str:
    """The page's own script, with the words that it says."""
    words = json.dumps({language: asdict(said) for language, said in MESSAGES.items()}, ensure_ascii=True)
    return SCRIPT.read_text("utf-8").replace("__WORDS__", words.replace("</", "<\\/"))


def exported(conversations: ChatHistory, talk: str, kind: str, request: Request) -> Response:
    """A talk of the reader's as a file to take home; 404 where this reader has none by that id, or there is no such format."""
    cookies = cookies_in(request.headers.get("cookie", ""))
    reader = token_in(cookies)
    if kind not in EXPORTS or not reader:
        return PlainTextResponse("There is no such talk.", 404)
    try:
        kept = conversations.get(reader, talk)
    except BotError as error:
        return PlainTextResponse(str(error), 404)
    render, media = EXPORTS[kind]
    name = f"dolmen-{kept.created[:10]}.{kind}"
    return Response(render(kept), media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def run_server(app: FastAPI, listener: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM, then let open connections end and return."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=PATIENCE)
    )

    def stop(*_: object) -> None:
        server.should_exit = True

    # An open page keeps a connection open, and uvicorn complains at length when it has to cut that off.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not server.should_exit)
    # uvicorn sends itself the signal again once it has stopped; this receives it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    server.run(sockets=[listener])
