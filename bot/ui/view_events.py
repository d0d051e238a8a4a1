"""The events of the views beside the chat, and of the start of the page."""

from collections.abc import Iterator
from typing import Any, cast

import gradio as gr

from bot.messages import page
from bot.schema import MODES, Progress
from bot.ui.chat_events import EVERY, NO_UPDATE, PRIVATE, Updates, parse_chat_id, parse_command, parse_place
from bot.ui.layout import Components, chat_name_box, example_questions, writing_status
from bot.ui.view_handlers import OpenedChat, ViewHandlers
from bot.ui.visitor import visitor_of

LATEST: Any = {**PRIVATE, "trigger_mode": "always_last"}  # for what is shown: the newest wins


class ViewEvents:
    """Connects the components of the views to their event handlers."""

    def __init__(self, components: Components, handlers: ViewHandlers) -> None:
        """Nothing is connected until `wire` is called."""
        self._components, self._handlers = components, handlers

    def wire(self, question_event: Any) -> None:
        """Connect the handlers, within the page's `gr.Blocks` context. After each `question_event` the history is updated."""
        ui, commands = self._components, self._components.commands
        listing = [ui.history_search, ui.chat_id]
        chat = [ui.chat, ui.sources, ui.chat_id, ui.chat_name, ui.status]
        everything = [*chat, ui.mode, ui.collection, ui.essays, ui.map, ui.uploads, ui.history, ui.model, ui.embedder]
        commands["start"].submit(self.start, commands["start"], everything, **PRIVATE)
        opening = commands["open"].submit(self.open_chat, [commands["open"], ui.collection], chat, **LATEST)
        opening.then(self.list_history, listing, ui.history, **PRIVATE)
        question_event.then(self.update_history, listing, [ui.history, ui.chat_name], **PRIVATE)
        commands["read"].submit(self.read_essay, [commands["read"], ui.collection], ui.essay, **LATEST)
        ui.essays_search.change(self.search_essays, [ui.essays_search, ui.collection], ui.essays, **LATEST)
        ui.collection.input(self.choose_collection, ui.collection, [*chat, ui.essays, ui.map, ui.embedder], **LATEST)
        ui.history_search.change(self.list_history, listing, ui.history, **LATEST)
        naming = [ui.chat_id, ui.chat_name, ui.history_search], [ui.chat_name, ui.history, ui.chat_name_notice]
        gr.on([ui.chat_name.submit, ui.chat_name.blur], self.rename_chat, *naming, **EVERY)
        commands["delete"].submit(self.delete_chat, [commands["delete"], *listing], ui.history, **EVERY)
        rating = [commands["rate"], ui.chat_id], [ui.rating_notice, ui.chat]
        commands["rate"].submit(self.rate, *rating, **EVERY)
        reason = [ui.rating_reason, commands["rate"], ui.chat_id], [ui.rating_notice, ui.rating_reason]
        ui.rating_reason.submit(self.give_reason, *reason, **EVERY)
        uploads = [ui.upload_report, ui.uploads, ui.essays]
        progress: Any = {"show_progress_on": ui.upload_report, "api_visibility": "private"}
        ui.upload_files.upload(self.upload, [ui.upload_files, ui.collection], [*uploads, ui.upload_files], **progress)
        ui.paste_add.click(self.paste, [ui.paste, ui.collection], [*uploads, ui.paste], **progress)
        commands["remove"].submit(self.remove_upload, [commands["remove"], ui.collection], uploads, **EVERY)
        ui.model_test.click(self.test_model, None, ui.model_test_result, **PRIVATE)

    def start(self, command: str, request: gr.Request) -> Iterator[Updates]:
        """Fill a page that was opened: the chat that was open in this tab, and the views in the reader's language."""
        ui, handlers, language = self._components, self._handlers, visitor_of(request).language
        texts, arguments, choices = page.by_name(language), parse_command(command), handlers.collections(request)
        collection = handlers.chosen_collection(str(arguments.get("collection") or ""))
        for opened in handlers.open_chat(_chat_id(command), request, parse_place(arguments.get("n")), collection):
            yield {
                **self._chat_updates(opened),
                ui.chat: gr.Chatbot(cast(Any, opened.messages), examples=cast(Any, example_questions(language))),
                ui.mode: gr.Radio(choices=[(texts[f"mode_{mode}"], mode) for mode in MODES]),
                ui.collection: gr.Dropdown(choices=choices, value=collection, visible=len(choices) > 1),
                ui.essays: handlers.essays("", request, collection),
                ui.map: handlers.map(request, collection),
                ui.uploads: handlers.uploads(request),
                ui.history: handlers.history("", opened.chat_id, request),
                ui.model: gr.Accordion(label=f"{page.MODEL.of(language)}: {handlers.model_label(request)}"),
                ui.embedder: handlers.embedder_note(request, collection),
            }
        yield NO_UPDATE

    def open_chat(self, command: str, collection: str, request: gr.Request) -> Iterator[Updates]:
        """Open a saved chat, or a new one."""
        opening = parse_place(parse_command(command).get("n"))
        for opened in self._handlers.open_chat(_chat_id(command), request, opening, collection):
            yield self._chat_updates(opened)
        yield NO_UPDATE

    def choose_collection(self, collection: str, request: gr.Request) -> Iterator[Updates]:
        """Show another collection, with a new chat."""
        ui, handlers = self._components, self._handlers
        views = {
            ui.essays: handlers.essays("", request, collection),
            ui.map: handlers.map(request, collection),
            ui.embedder: handlers.embedder_note(request, collection),
        }
        for opened in handlers.open_chat("", request, collection=collection):
            yield {**self._chat_updates(opened), **views}
        yield NO_UPDATE

    def read_essay(self, command: str, collection: str, request: gr.Request) -> str:
        """Open an essay."""
        arguments = parse_command(command)
        return self._handlers.essay(str(arguments.get("link") or ""), parse_place(arguments.get("n")), request, collection)

    def search_essays(self, search: str, collection: str, request: gr.Request) -> str:
        """List the essays, or search them."""
        return self._handlers.essays(search, request, collection)

    def list_history(self, search: str, chat_id: str, request: gr.Request) -> str:
        """List the saved chats, or search them."""
        return self._handlers.history(search, chat_id, request)

    def update_history(self, search: str, chat_id: str, request: gr.Request) -> tuple[str, gr.Textbox]:
        """After an answer: the list of saved chats, and the name of the open one."""
        return self._handlers.history(search, chat_id, request), chat_name_box(self._handlers.chat_name(chat_id, request))

    def delete_chat(self, command: str, search: str, chat_id: str, request: gr.Request) -> str:
        """Delete a saved chat. If it is the open one, page.js opens a new one."""
        self._handlers.delete_chat(_chat_id(command), request)
        return self._handlers.history(search, chat_id, request)

    def rename_chat(self, chat_id: str, name: str, search: str, request: gr.Request) -> tuple[Any, Any, str]:
        """Rename the open chat. With an unchanged name nothing is updated: the box may only have lost the focus."""
        new_name, notice = self._handlers.rename_chat(chat_id, name, request)
        if new_name is None:
            return gr.skip(), gr.skip(), notice
        box = gr.skip() if new_name == name else chat_name_box(new_name)
        return box, self._handlers.history(search, chat_id, request), notice

    def rate(self, command: str, chat_id: str, request: gr.Request) -> Iterator[Updates]:
        """Rate an answer up or down."""
        ui, arguments = self._components, parse_command(command)
        notice = self._handlers.rate(chat_id, parse_place(arguments.get("turn")), bool(arguments.get("good")), "", request)
        yield {ui.rating_notice: notice}
        for opened in self._handlers.rated_chat(parse_chat_id(chat_id), request):
            yield {ui.rating_notice: notice, ui.chat: opened.messages}
        yield NO_UPDATE

    def give_reason(self, reason: str, command: str, chat_id: str, request: gr.Request) -> tuple[str, str]:
        """Add a reason to the last rating, and empty its box."""
        arguments = parse_command(command)
        place, good = parse_place(arguments.get("turn")), bool(arguments.get("good"))
        return self._handlers.rate(chat_id, place, good, reason, request), ""

    def upload(
        self,
        files: list[str],
        collection: str,
        request: gr.Request,
        progress: Any = gr.Progress(),  # noqa: B008  Gradio's API
    ) -> Updates:
        """Add files to the reader's own essays, with a progress bar."""
        report = self._handlers.upload(files or [], request, _shown(progress, request))
        return {**self._added(report, collection, request), self._components.upload_files: None}

    def paste(
        self,
        text: str,
        collection: str,
        request: gr.Request,
        progress: Any = gr.Progress(),  # noqa: B008  Gradio's API
    ) -> Updates:
        """Add a pasted text to the reader's own essays, as `upload` adds a file."""
        report = self._handlers.paste(str(text or ""), request, _shown(progress, request))
        return {**self._added(report, collection, request), self._components.paste: ""}

    def _added(self, report: str, collection: str, request: gr.Request) -> Updates:
        """The updates after something was added."""
        ui, handlers = self._components, self._handlers
        return {
            ui.upload_report: report,
            ui.uploads: handlers.uploads(request),
            ui.essays: handlers.essays("", request, collection),
        }

    def remove_upload(self, command: str, collection: str, request: gr.Request) -> tuple[str, str, str]:
        """Remove one of the reader's own essays."""
        notice = self._handlers.remove_upload(str(parse_command(command).get("button") or ""), request)
        return notice, self._handlers.uploads(request), self._handlers.essays("", request, collection)

    def test_model(self, request: gr.Request) -> Iterator[str]:
        """Test the chat model."""
        yield page.MODEL_TESTING.of(visitor_of(request).language)
        yield self._handlers.test_model(request)

    def _chat_updates(self, opened: OpenedChat) -> Updates:
        """The updates that show a chat."""
        ui = self._components
        return {
            ui.chat: opened.messages,
            ui.sources: opened.sources,
            ui.chat_id: opened.chat_id,
            ui.chat_name: chat_name_box(opened.name),
            ui.status: writing_status(opened.chat_id, opened.answering),
        }


def _shown(progress: Any, request: gr.Request) -> Progress:
    """What shows the stages of an ingest as Gradio's progress bar, in the reader's language."""
    language = visitor_of(request).language
    stages = {"scan": page.UPLOADS_READING, "split": page.UPLOADS_READING, "embed": page.UPLOADS_EMBEDDING}

    def show(stage: str, done: int, total: int) -> None:
        progress((done, max(total, 1)), desc=stages.get(stage, page.UPLOADS_WRITING).of(language))

    return show


def _chat_id(command: str) -> str:
    """The id of the chat that a command is about, empty for a new one."""
    return parse_chat_id(parse_command(command).get("talk"))
