"""The page: the chat on the left, the sources of the last answer on the right."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gradio as gr

from bot.pipeline import LONGEST_QUESTION
from bot.ui.markup import bare, paragraph
from bot.ui.talk import Talk
from bot.ui.words import QUESTIONS, WORDS

if TYPE_CHECKING:
    from bot.pipeline import Bot

STYLE = Path(__file__).with_name("page.css")
ICON = Path(__file__).with_name("icon.svg")
WAITING = 100  # questions in the queue before the page says that it is busy
AT_ONCE = 8  # questions that are answered side by side
SANS = ("Pretendard", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR", "system-ui", "sans-serif")

# The heading's mark belongs to the translation: Gradio puts the whole text in its place.
i18n = gr.I18n(**{language: {**asdict(words), "sources": f"## {words.sources}"} for language, words in WORDS.items()})


class Chat(gr.ChatInterface):
    """Gradio's chat, in which the reader's own words are plain text, too: Gradio would take them for Markdown and HTML."""

    def _append_message_to_history(self, message: Any, history: Any, role: Any = "user") -> Any:
        if role == "user":
            message = _inert(message.get("text") if isinstance(message, dict) else message)
        return super()._append_message_to_history(message, history, role)

    def _pop_last_user_message(self, history: Any) -> Any:
        history, message = super()._pop_last_user_message(history)
        return history, bare(str(message))


def build_page(bot: "Bot") -> gr.Blocks:
    """The page that asks `bot`. Serve it with `i18n`, `theme()` and `STYLE`."""
    page = gr.Blocks(title="Dolmen", fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600))
    with page:
        with gr.Column(elem_id="page"):
            with gr.Column(elem_id="masthead"):
                gr.Markdown("# Dolmen")
                gr.Markdown(i18n("tagline"))
            with gr.Row(elem_id="desk"):
                sources = gr.Markdown(render=False, elem_id="sources", latex_delimiters=[])
                with gr.Column(elem_id="talk", scale=5, min_width=320):
                    chat = _chat(bot, sources)
                with gr.Column(elem_id="shelf", scale=4, min_width=320):
                    gr.Markdown(i18n("sources"), elem_id="shelf-title")
                    sources.render()  # type: ignore[no-untyped-call]
                    gr.Markdown(i18n("sources_hint"), elem_id="shelf-hint")
        chat.chatbot.clear(lambda: "", None, sources, api_visibility="private", queue=False)
    page.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE)
    return page


def theme() -> gr.themes.Base:
    """Colours come from page.css; the theme only keeps Gradio from fetching fonts."""
    return gr.themes.Base(font=SANS, font_mono=("ui-monospace", "monospace"))


def _chat(bot: "Bot", sources: gr.Markdown) -> Chat:
    chatbot = gr.Chatbot(
        show_label=False,
        container=False,
        height=None,
        elem_id="chat",
        latex_delimiters=[],
        buttons=[],
        layout="bubble",
        placeholder=cast(str, i18n("try_one")),
        feedback_options=None,
        allow_tags=False,
        scale=1,
    )
    textbox = gr.Textbox(
        placeholder=i18n("ask"), label=i18n("ask"), show_label=False, container=False, submit_btn=True, stop_btn=True, scale=7
    )
    return Chat(
        Talk(bot).reply,
        chatbot=chatbot,
        textbox=textbox,
        additional_outputs=[sources],
        examples=list(QUESTIONS),
        analytics_enabled=False,
        show_progress="hidden",
        api_name="chat",
        concurrency_limit=AT_ONCE,
    )


def _inert(message: Any) -> str:
    """The question as it is shown: plain, and no longer than any that is answered."""
    text = str(message or "").strip()
    return paragraph(text if len(text) <= LONGEST_QUESTION else f"{text[:LONGEST_QUESTION]}…")
