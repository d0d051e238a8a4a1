"""What stands on the page: every component, in its order. The chat on the left, the views beside it, and boxes that nobody sees."""

from dataclasses import asdict, dataclass
from typing import Any, cast

import gradio as gr

from bot.chats.history import LONGEST_NAME, Turn
from bot.schema import MODES, Language
from bot.ui.catalogue import EXAMPLE_QUESTIONS, MESSAGES

VERBS = ("start", "ask", "read", "open", "delete", "remove", "rate")
IDLE = 7_200  # seconds after which a page that nobody uses forgets its talk; with a cookie it is on the disk
VIEWS = {  # the id of each view, and the name of its label in the message catalogue
    "chat": "view_chat",
    "sources": "view_sources",
    "read": "view_essays",
    "map": "view_map",
    "mine": "view_uploads",
    "kept": "view_history",
}

# The heading's mark belongs to the translation: Gradio puts the whole text in its place.
i18n = gr.I18n(
    **{language: {**asdict(words), "uploads_heading": f"## {words.uploads_title}"} for language, words in MESSAGES.items()}
)


class TabState:
    """One open page: how often its reader turned away from an answer, and what the talk comes to if they do so now.

    Whoever writes an answer stops when the number changes.
    """

    def __init__(self) -> None:
        """A page that was just opened."""
        self.turns_away = 0
        self.if_stopped: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Components:
    """The components that handlers write to."""

    box: gr.Textbox
    mode: gr.Radio
    chat: gr.Chatbot
    sources: gr.Markdown
    talk: gr.Textbox
    turns: gr.State
    tab: gr.State
    essay: gr.Markdown
    search: gr.Textbox
    shelf: gr.Markdown
    map: gr.Markdown
    drop: gr.File
    told: gr.Markdown
    own: gr.Markdown
    kept_search: gr.Textbox
    kept: gr.Markdown
    name: gr.Textbox
    named: gr.Markdown
    why: gr.Textbox
    rated: gr.Markdown
    voice: gr.Accordion
    tested: gr.Markdown
    testing: gr.Button
    cut: gr.Textbox
    wanted: dict[str, gr.Textbox]


def components() -> Components:
    """Everything that is on the page, in its order."""
    made: dict[str, Any] = {}
    with gr.Column(elem_id="page"):
        with gr.Row(elem_id="masthead"):
            gr.Markdown("# Dolmen")
            gr.Markdown(i18n("tagline"), elem_id="tagline")
            gr.Button(i18n("new_chat"), elem_id="new", size="sm")
            gr.Button(i18n("other_language"), elem_id="language", size="sm")
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="talk", scale=5, min_width=320):
                made |= _chat()
            with gr.Column(elem_id="panel", scale=4, min_width=320):
                made |= _views()
        made["talk"] = _hidden("talk-id")
        made["cut"] = _hidden("cut")
        made["turns"] = gr.State((), time_to_live=IDLE)
        made["tab"] = gr.State(TabState())  # copied for each page that is opened
        # page.js writes what is wanted into one of these. Gradio's own way, a script for each event, would need unsafe-eval.
        made["wanted"] = {verb: _hidden(f"do-{verb}") for verb in VERBS}
    return Components(**made)


def _hidden(identity: str) -> gr.Textbox:
    return gr.Textbox(visible="hidden", elem_id=identity, label=identity, show_label=False, container=False)


def name_box(name: str) -> gr.Textbox:
    """The update of the box with the open chat's name. Without a saved chat there is nothing to name, and the box is hidden."""
    return gr.Textbox(name, visible=bool(name))


def examples(language: Language) -> list[dict[str, str]]:
    """The questions that wait on an empty page: in both languages, the reader's own first."""
    other: Language = "en" if language == "ko" else "ko"
    return [{"text": question} for question in (*EXAMPLE_QUESTIONS[language], *EXAMPLE_QUESTIONS[other])]


def _chat() -> dict[str, Any]:
    chat = gr.Chatbot(
        show_label=False,
        container=False,
        height=None,
        elem_id="chat",
        latex_delimiters=[],
        buttons=[],
        layout="bubble",
        placeholder=cast(str, i18n("chat_placeholder")),
        examples=cast(Any, examples("ko")),
        feedback_options=None,
        allow_tags=False,
        autoscroll=False,
        scale=1,
    )
    with gr.Row(elem_id="why-row"):
        why = gr.Textbox(label=i18n("reason"), placeholder=i18n("reason_hint"), elem_id="why", submit_btn=True, max_lines=3)
        rated = gr.Markdown(elem_id="rated", latex_delimiters=[])
    mode = gr.Radio([(name, name) for name in MODES], value=MODES[0], label=i18n("mode"), elem_id="mode", container=False)
    box = gr.Textbox(
        placeholder=i18n("question_placeholder"),
        label=i18n("question_placeholder"),
        show_label=False,
        container=False,
        submit_btn=True,
        max_lines=6,
        elem_id="question",
    )
    with gr.Accordion(i18n("model"), open=False, elem_id="voice") as voice:
        gr.Markdown(i18n("model_help"), elem_id="voice-more")
        testing = gr.Button(i18n("model_test"), elem_id="voice-test", size="sm")
        tested = gr.Markdown(elem_id="voice-tested", latex_delimiters=[])
    return {
        "chat": chat,
        "why": why,
        "rated": rated,
        "mode": mode,
        "box": box,
        "voice": voice,
        "testing": testing,
        "tested": tested,
    }


def _views() -> dict[str, Any]:
    made: dict[str, Any] = {}

    def markup(name: str) -> gr.Markdown:
        return gr.Markdown(elem_id=name, latex_delimiters=[], container=False)

    with gr.Tabs(elem_id="views", selected="sources", overflow_behavior="wrap"):
        for view, label in VIEWS.items():
            with gr.Tab(i18n(label), id=view, elem_id=f"view-{view}", render_children=True):
                if view == "sources":
                    made["sources"] = markup("sources")
                    gr.Markdown(i18n("sources_hint"), elem_id="sources-hint")
                elif view == "read":
                    made["search"] = gr.Textbox(
                        placeholder=i18n("essays_search"),
                        label=i18n("essays_search"),
                        show_label=False,
                        elem_id="shelf-search",
                        container=False,
                    )
                    made["shelf"], made["essay"] = markup("shelf"), markup("essay")
                elif view == "map":
                    # All tags in it are ours and all text went through `plain`; sanitising would take an SVG's viewBox away.
                    made["map"] = gr.Markdown(elem_id="map", latex_delimiters=[], sanitize_html=False, container=False)
                elif view == "mine":
                    gr.Markdown(i18n("uploads_heading"))
                    gr.Markdown(i18n("uploads_hint"), elem_classes="hint")
                    made["drop"] = gr.File(
                        label=i18n("uploads_drop"),
                        file_count="multiple",
                        elem_id="drop",
                        height=150,
                    )
                    made["told"], made["own"] = markup("told"), markup("own")
                elif view == "kept":
                    made["kept_search"] = gr.Textbox(
                        placeholder=i18n("history_search"),
                        label=i18n("history_search"),
                        show_label=False,
                        elem_id="kept-search",
                        container=False,
                    )
                    made["name"] = gr.Textbox(
                        label=i18n("history_name"),
                        elem_id="kept-name",
                        max_lines=1,
                        max_length=LONGEST_NAME,
                        visible=False,
                    )
                    made["named"] = markup("named")
                    made["kept"] = markup("kept")
    return made
