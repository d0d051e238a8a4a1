"""The web server round the page: the routes, who may call, and a socket that is ours before anything slow begins."""

import logging
import signal
import socket
from typing import TYPE_CHECKING, Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.ui.guard import LARGEST_BODY, SameOrigin, SmallBody, WithSafeHeaders
from bot.ui.page import ICON, STYLE, build_page, i18n, theme

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
        Middleware(WithSafeHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=allowed, www_redirect=False),
        Middleware(SameOrigin),
        Middleware(SmallBody),
        Middleware(CORSMiddleware, allow_origins=[]),  # its presence turns off Gradio's own, which lets any origin in
    ]
    app = FastAPI(middleware=guards, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        return {"status": "ok", "ready": bot.ready}

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
        max_file_size=LARGEST_BODY,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        i18n=i18n,
        theme=theme(),
        css_paths=[STYLE],
    )
    return app


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
