"""The layout of the page: all components in their order. The chat is on the left, the views on the right; some boxes are hidden."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import gradio as gr

from bot.chats.history import MAX_NAME_CHARACTERS
from bot.messages import page
from bot.messages.index_errors import DEFAULT_COLLECTION
from bot.messages.text import LANGUAGES
from bot.schema import MODES, Language

COMMANDS = ("start", "ask", "read", "open", "delete", "remove", "rate")  # that page.js sends
VIEWS = {  # the id of each view, and the name of its label in bot/messages/page.py
    "chat": "view_chat",
    "sources": "view_sources",
    "read": "view_essays",
    "map": "view_map",
    "mine": "view_uploads",
    "kept": "view_history",
}

# `##` belongs to the translated text, because Gradio replaces the whole text of a Markdown component.
i18n = gr.I18n(
    **{language: {**page.by_name(language), "uploads_heading": f"## {page.UPLOADS_TITLE.of(language)}"} for language in LANGUAGES}
)


@dataclass(frozen=True, slots=True)
class Components:
    """The components that event handlers read or update."""

    collection: gr.Dropdown
    question: gr.Textbox
    mode: gr.Radio
    chat: gr.Chatbot
    sources: gr.Markdown
    chat_id: gr.Textbox
    status: gr.Markdown
    essay: gr.Markdown
    essays_search: gr.Textbox
    essays: gr.Markdown
    map: gr.Markdown
    upload_files: gr.File
    paste: gr.Textbox
    paste_add: gr.Button
    upload_report: gr.Markdown
    uploads: gr.Markdown
    history_search: gr.Textbox
    history: gr.Markdown
    chat_name: gr.Textbox
    chat_name_notice: gr.Markdown
    rating_reason: gr.Textbox
    rating_notice: gr.Markdown
    model: gr.Accordion
    model_test_result: gr.Markdown
    embedder: gr.Markdown
    model_test: gr.Button
    commands: dict[str, gr.Textbox]


def build_components(collections: Sequence[str] = ("",), collection: str = "") -> Components:
    """Make the components of the page, within a `gr.Blocks` context. Of several `collections`, names, `collection` is chosen at first."""
    components: dict[str, Any] = {}
    with gr.Column(elem_id="page"):
        with gr.Row(elem_id="masthead"):
            gr.Markdown("# Dolmen")
            gr.Markdown(i18n("tagline"), elem_id="tagline")
            components["collection"] = gr.Dropdown(
                [(name or DEFAULT_COLLECTION.en, name or DEFAULT_COLLECTION.en) for name in collections],
                value=collection or DEFAULT_COLLECTION.en,
                label=i18n("collection"),
                show_label=False,
                container=False,
                filterable=False,
                elem_id="collection",
                min_width=110,
                visible=len(collections) > 1,
            )
            gr.Button(i18n("new_chat"), elem_id="new", size="sm")
            gr.Button(i18n("other_language"), elem_id="language", size="sm")
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="talk", scale=5, min_width=320):
                components |= _chat()
            with gr.Column(elem_id="panel", scale=4, min_width=320):
                components |= _views()
        components["chat_id"] = _hidden("talk-id")
        components["status"] = gr.Markdown(visible="hidden", elem_id="writing", latex_delimiters=[])
        # page.js writes each command as JSON into one of these and submits it. Gradio's `js=` event scripts would need unsafe-eval.
        components["commands"] = {command: _hidden(f"do-{command}") for command in COMMANDS}
    return Components(**components)


def _hidden(elem_id: str) -> gr.Textbox:
    """A text box that is in the document, but not displayed."""
    return gr.Textbox(visible="hidden", elem_id=elem_id, label=elem_id, show_label=False, container=False)


def chat_name_box(name: str) -> gr.Textbox:
    """The update of the box with the open chat's name. Without a name no saved chat is open, and the box is not shown."""
    return gr.Textbox(name, visible=bool(name))


def writing_status(chat_id: str, answering: bool, draft: int = 0) -> str:
    """What page.js is told with each drawing of a chat: its id, whether an answer is being written, and the number of the taken text.

    It is a text of its own, and no property of the question box, because of steps in quick succession Gradio may lose all but the last:
    it changes the properties of earlier steps that the page has not drawn yet.
    """
    return f"{'answering' if answering else 'idle'} {draft} {chat_id}"


def example_questions(language: Language) -> list[dict[str, str]]:
    """The example questions of an empty chat, as Gradio takes them: in both languages, `language` first."""
    other: Language = "en" if language == "ko" else "ko"
    return [{"text": question.of(choice)} for choice in (language, other) for question in page.EXAMPLE_QUESTIONS]


def _chat() -> dict[str, Any]:
    """The components of the chat by their fields in `Components`."""
    chat = gr.Chatbot(
        show_label=False,
        container=False,
        height=None,
        elem_id="chat",
        latex_delimiters=[],
        buttons=[],
        layout="bubble",
        placeholder=cast(str, i18n("chat_placeholder")),
        examples=cast(Any, example_questions("ko")),
        feedback_options=None,
        allow_tags=False,
        autoscroll=False,
        scale=1,
    )
    with gr.Row(elem_id="why-row"):
        rating_reason = gr.Textbox(
            label=i18n("reason"), placeholder=i18n("reason_hint"), elem_id="why", submit_btn=True, max_lines=3
        )
        rating_notice = gr.Markdown(elem_id="rated", latex_delimiters=[])
    mode = gr.Radio([(name, name) for name in MODES], value=MODES[0], label=i18n("mode"), elem_id="mode", container=False)
    question = gr.Textbox(
        placeholder=i18n("question_placeholder"),
        label=i18n("question_placeholder"),
        show_label=False,
        container=False,
        submit_btn=True,
        stop_btn=True,  # page.js shows one of both buttons
        max_lines=6,
        interactive=True,  # although it is no event's input: page.js sends what is in it
        elem_id="question",
    )
    with gr.Accordion(i18n("model"), open=False, elem_id="voice") as model:
        gr.Markdown(i18n("model_help"), elem_id="voice-more")
        embedder = gr.Markdown(elem_id="embedder", latex_delimiters=[])
        model_test = gr.Button(i18n("model_test"), elem_id="voice-test", size="sm")
        model_test_result = gr.Markdown(elem_id="voice-tested", latex_delimiters=[])
    return {
        "chat": chat,
        "rating_reason": rating_reason,
        "rating_notice": rating_notice,
        "mode": mode,
        "question": question,
        "model": model,
        "embedder": embedder,
        "model_test": model_test,
        "model_test_result": model_test_result,
    }


def _views() -> dict[str, Any]:
    """The components of the views by their fields in `Components`."""
    components: dict[str, Any] = {}

    def markup(elem_id: str) -> gr.Markdown:
        return gr.Markdown(elem_id=elem_id, latex_delimiters=[], container=False)

    with gr.Tabs(elem_id="views", selected="sources", overflow_behavior="wrap"):
        for view, label in VIEWS.items():
            with gr.Tab(i18n(label), id=view, elem_id=f"view-{view}", render_children=True):
                if view == "sources":
                    components["sources"] = markup("sources")
                    gr.Markdown(i18n("sources_hint"), elem_id="sources-hint")
                elif view == "read":
                    components["essays_search"] = gr.Textbox(
                        placeholder=i18n("essays_search"),
                        label=i18n("essays_search"),
                        show_label=False,
                        elem_id="shelf-search",
                        container=False,
                    )
                    components["essays"], components["essay"] = markup("shelf"), markup("essay")
                elif view == "map":
                    # All tags come from map.py and all text is escaped; Gradio's sanitizer would remove the viewBox of the SVG.
                    components["map"] = gr.Markdown(elem_id="map", latex_delimiters=[], sanitize_html=False, container=False)
                elif view == "mine":
                    gr.Markdown(i18n("uploads_heading"))
                    gr.Markdown(i18n("uploads_hint"), elem_classes="hint")
                    components["upload_files"] = gr.File(
                        label=i18n("uploads_drop"),
                        file_count="multiple",
                        elem_id="drop",
                        height=150,
                    )
                    components["paste"] = gr.Textbox(
                        placeholder=i18n("uploads_paste"),
                        label=i18n("uploads_paste"),
                        show_label=False,
                        elem_id="paste",
                        lines=2,
                        max_lines=8,
                        container=False,
                    )
                    components["paste_add"] = gr.Button(i18n("uploads_paste_add"), elem_id="paste-add", size="sm")
                    components["upload_report"], components["uploads"] = markup("told"), markup("own")
                elif view == "kept":
                    components["history_search"] = gr.Textbox(
                        placeholder=i18n("history_search"),
                        label=i18n("history_search"),
                        show_label=False,
                        elem_id="kept-search",
                        container=False,
                    )
                    components["chat_name"] = gr.Textbox(
                        label=i18n("history_name"),
                        elem_id="kept-name",
                        max_lines=1,
                        max_length=MAX_NAME_CHARACTERS,
                        visible=False,
                    )
                    components["chat_name_notice"] = markup("named")
                    components["history"] = markup("kept")
    return components
