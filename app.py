"""Starts the page: `python app.py`. Where there is no index yet it is built first, from BOT_CORPUS, which is corpus/ by default.

Then it prints the address of the page and serves it until Ctrl-C. Settings: BOT_… in the environment or .env.
"""

import argparse
import logging
import socket
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.cli.console import fail
from bot.errors import BotError, IndexMissing, SettingsError

if TYPE_CHECKING:
    from bot.pipeline import Bot
    from bot.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")

log = logging.getLogger("dolmen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page. Returns the exit code: 0 when stopped, 1 (75 for a busy index) a `BotError`, 130 interrupted early."""
    parser = argparse.ArgumentParser(
        prog="python app.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--i-know", action="store_true", help="listen on a BOT_HOST that others can reach; the page has no login")
    options = parser.parse_args(arguments)
    try:
        serve(open_to_others=options.i_know)
    except BotError as error:
        return fail(error)
    except KeyboardInterrupt:
        return 130
    return 0


def serve(*, open_to_others: bool) -> None:
    """Take the port, see to the index, start the page, and warm the bot up while the page is already there."""
    from bot.settings import Settings

    settings = Settings.load()
    if settings.host not in LOOPBACK and not open_to_others:
        raise SettingsError(
            f"BOT_HOST is {settings.host!r}: others could reach the page, and it has no login. "
            "Unset it, or start with: python app.py --i-know"
        )
    with listen(settings.host, settings.port) as listener:
        bot = opened(settings)
        from bot.ui.server import build_server, run_server

        app = build_server(bot, settings.host)
        threading.Thread(target=warm, args=(bot,), name="warm", daemon=True).start()
        sys.stdout.write(f"{address(listener)}\n")
        sys.stdout.flush()
        run_server(app, listener)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken first: whoever finds the port in use should know at once. Port 0 takes any that is free."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"The page cannot listen on {host}, port {port}: {error.strerror}. "
            f"Set BOT_HOST or BOT_PORT, for example: BOT_PORT={port % 65535 + 1} python app.py"
        ) from None


def address(listener: socket.socket) -> str:
    """The address to type into a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def opened(settings: "Settings") -> "Bot":
    """The bot, with an index made for it where there is none."""
    from bot.cli.console import ProgressBar
    from bot.indexing.build import build_index
    from bot.pipeline import Bot

    try:
        return Bot.open(**settings.model_dump())
    except IndexMissing:
        sys.stderr.write(f"There is no index at {settings.index} yet. Reading {settings.corpus}, once:\n")
        bot = Bot(settings)
        progress = ProgressBar()
        build_index(settings, embedder=bot.embedder, progress=progress)
        progress.close()
        return bot


def warm(bot: "Bot") -> None:
    """Load the models, so that the first question need not wait, and fetch the local one where it is wanted and not there yet.

    A failure comes up again when a question is asked; without the local model the essays' own sentences answer.
    """
    try:
        bot.warm()
        if fetched(bot):
            bot.warm()
    except BotError as error:
        log.warning("%s", error)


def fetched(bot: "Bot") -> bool:
    """Whether the local model was fetched just now."""
    from bot.cli.console import ProgressBar

    progress = ProgressBar()
    try:
        return bot.fetch_model(progress)
    finally:
        progress.close()


if __name__ == "__main__":
    sys.exit(main())
