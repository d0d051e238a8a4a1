"""The page: its components with their event handlers, and its theme."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from bot.chats.history import ChatHistory
from bot.errors import BotError
from bot.ui.chat_events import CONCURRENT_ANSWERS, ChatEvents
from bot.ui.chat_handlers import ChatHandlers
from bot.ui.layout import build_components
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
SESSIONS = 1_000  # open pages whose components Gradio holds in memory; of more, the least recently used ones
MAX_QUEUE = 100  # questions that wait; further ones are answered with Gradio's message that the queue is full
SANS = ("Pretendard", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR", "system-ui", "sans-serif")


def build_page(bot: "Bot") -> gr.Blocks:
    """The page that asks `bot`, and saves chats, ratings and uploads in the bot's `data` folder."""
    uploads, history = Uploads(bot), ChatHistory(bot.settings.data)
    limiter = RateLimiter()
    chat_handlers = ChatHandlers(uploads, history, limiter)
    view_handlers = ViewHandlers(uploads, history, chat_handlers, bot.settings.data)
    page = gr.Blocks(title="Dolmen", fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600))
    with page:
        components = build_components(uploads.collections(), uploads.collection)
        question_event = ChatEvents(components, chat_handlers).wire()
        ViewEvents(components, view_handlers).wire(question_event)
        gr.api(_ask_endpoint(uploads, limiter), api_name="ask")  # type: ignore[attr-defined]
    page.state_session_capacity = SESSIONS
    page.queue(max_size=MAX_QUEUE, default_concurrency_limit=CONCURRENT_ANSWERS)
    return page


def theme() -> gr.themes.Base:
    """A theme that only names the fonts, so that Gradio does not download any. Colours are set in page.css."""
    return gr.themes.Base(font=SANS, font_mono=("ui-monospace", "monospace"))


def _ask_endpoint(uploads: Uploads, limiter: RateLimiter) -> Any:
    def ask(request: gr.Request, question: str, mode: str = "answer", collection: str | None = None) -> dict[str, Any]:
        """Ask a question about the essays. Return the answer as JSON, as `python -m bot ask --json` prints it."""
        try:
            with limiter.slot(visitor_of(request).caller):
                return uploads.bot_for("", collection).ask(question, mode=mode).to_dict()
        except BotError as error:
            raise gr.Error(str(error), print_exception=False) from None

    return ask
