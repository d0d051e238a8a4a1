"""The page as a whole: its components, what they do, and its look."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bot.chats.history import ChatHistory
from bot.errors import BotError
from bot.ui.chat_events import AT_ONCE, ChatEvents
from bot.ui.chat_handlers import ChatHandlers
from bot.ui.layout import components
from bot.ui.rate_limit import RateLimiter
from bot.ui.view_events import ViewEvents
from bot.ui.view_handlers import ViewHandlers
from bot.ui.visitor import visitor_of
from bot.uploads import Uploads

if TYPE_CHECKING:
    from bot.pipeline import Bot

FOLDER = Path(__file__).parent
STYLES = [FOLDER / "page.css", FOLDER / "views.css", FOLDER / "map.css"]
SCRIPT = FOLDER / "page.js"
ICON = FOLDER / "icon.svg"
SESSIONS = 1_000  # open pages whose talks are held in memory; beyond them the one used longest ago forgets
WAITING = 100  # questions in the queue before the page says that it is busy
SANS = ("Pretendard", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR", "system-ui", "sans-serif")


def build_page(bot: "Bot") -> gr.Blocks:
    """The page that asks `bot`, and keeps what its readers keep in the bot's `data` folder."""
    library, conversations = Uploads(bot), ChatHistory(bot.settings.data)
    rate = RateLimiter()
    talk = ChatHandlers(library, conversations, rate)
    page = gr.Blocks(title="Dolmen", fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600))
    with page:
        parts = components()
        asked = ChatEvents(parts, talk).wire()
        ViewEvents(parts, ViewHandlers(library, conversations, talk, bot.settings.data)).wire(asked)
        gr.api(_asker(bot, rate), api_name="ask")  # type: ignore[attr-defined]
    page.state_session_capacity = SESSIONS
    page.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE)
    return page


def theme() -> gr.themes.Base:
    """Colours come from page.css; the theme only keeps Gradio from fetching fonts."""
    return gr.themes.Base(font=SANS, font_mono=("ui-monospace", "monospace"))


def _asker(bot: "Bot", rate: RateLimiter) -> Any:
    def ask(request: gr.Request, question: str, mode: str = "answer") -> dict[str, Any]:
        """Ask the essays. Returns the answer as JSON, the same as `python -m bot ask --json` prints."""
        try:
            with rate.slot(visitor_of(request).caller):
                return bot.ask(question, mode=mode).to_dict()
        except BotError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return ask
