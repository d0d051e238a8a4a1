"""Starts the page: `python app.py`. Where there is no index it is built first, from BOT_CORPUS (default: corpus/).

Then it prints the address of the page and serves it until Ctrl-C. Of several collections one is chosen on the page. Settings: BOT_…
in the environment or .env.
"""

import argparse
import logging
import socket
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.cli.console import fail
from bot.errors import BotError, SettingsError
from bot.messages import errors, index_errors

if TYPE_CHECKING:
    from bot.pipeline import Bot
    from bot.settings import Settings

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")

log = logging.getLogger("dolmen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page. Return the exit code: 0 when stopped, a `BotError`'s own (1, or 75 for a busy index), 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python app.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--i-know", action="store_true", help="allow a BOT_HOST that other machines can reach; the page has no login"
    )
    parser.add_argument("--collection", metavar="NAME", help="the collection that is chosen when the page is opened")
    options = parser.parse_args(arguments)
    try:
        serve(options.collection, allow_remote=options.i_know)
    except BotError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130
    return 0


def serve(collection: str | None = None, *, allow_remote: bool) -> None:
    """Bind the port, build the index where there is none, start the page, and load the models in the background."""
    from bot.settings import Settings

    settings = Settings.load(collection=collection)
    if settings.host not in LOOPBACK_HOSTS and not allow_remote:
        raise SettingsError(errors.REMOTE_HOST.format(host=settings.host))
    with listen(settings.host, settings.port) as listener:
        bot = open_bot(settings)
        from bot.ui.server import build_server, run_server

        app = build_server(bot, settings.host)
        threading.Thread(target=warm, args=(bot,), name="warm", daemon=True).start()
        sys.stdout.write(f"{address(listener)}\n")
        sys.stdout.flush()
        run_server(app, listener)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Made before the index, so that a port in use is reported at once."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            errors.CANNOT_LISTEN.format(host=host, port=port, reason=error.strerror, other=port % 65535 + 1)
        ) from None


def address(listener: socket.socket) -> str:
    """The page's address for a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def open_bot(settings: "Settings") -> "Bot":
    """The bot; the default collection is built where there is none. Says which collections there are where there are several,
    and which model writes the answers where nobody has named it.
    """
    from bot.cli.console import ProgressBar, fetched_embedder, name_found_model
    from bot.indexing.build import build_index
    from bot.pipeline import Bot

    bot = Bot(settings)
    if bot.is_unbuilt:
        sys.stderr.write(f"There is no index at {settings.index}. Building it once from {settings.corpus}:\n")
        progress = ProgressBar()
        try:
            embedder = fetched_embedder(settings, progress)
            build_index(settings, embedder=embedder, progress=progress)
        finally:
            progress.close()
        bot = Bot(settings, embedder)
    bot.require_index()
    name_found_model(bot)
    names = [name or str(index_errors.DEFAULT_COLLECTION) for name in bot.collections()]
    if len(names) > 1:
        sys.stderr.write(f"Collections, one of which is chosen on the page: {', '.join(names)}\n")
    return bot


def warm(bot: "Bot") -> None:
    """Load the models, so that the first question does not wait. An error is logged here and is raised again by a question."""
    try:
        bot.warm()
    except BotError as error:
        log.warning("%s", error)


if __name__ == "__main__":
    sys.exit(main())
