"""The events of the chat: a question from the box, from a link, button or example, and the stop button."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

import gradio as gr

from bot.ui.chat_handlers import ChatHandlers, ReplyStep
from bot.ui.layout import Components, chat_name_box, writing_status

CONCURRENT_ANSWERS = 8  # of all readers together
Updates = dict[Any, Any]  # new values or properties, by component
PRIVATE: Any = {"api_visibility": "private", "show_progress": "hidden"}
# By default Gradio drops an event that is triggered while the last one of its kind is not finished.
EVERY: Any = {**PRIVATE, "trigger_mode": "multiple"}  # for what is changed: none is lost
# The last update of an event: at its end Gradio sends the last update again, which would be late by then.
NO_UPDATE: Any = gr.skip()


class ChatEvents:
    """Connects the chat's components to its event handlers."""

    def __init__(self, components: Components, handlers: ChatHandlers) -> None:
        """Nothing is connected until `wire` is called."""
        self._components, self._handlers = components, handlers

    def wire(self) -> Any:
        """Connect the handlers, within the page's `gr.Blocks` context. Return the event that asks a question."""
        ui = self._components
        ask = ui.commands["ask"]
        outputs = [ui.chat, ui.status, ui.sources, ui.chat_id, ui.chat_name]
        options: Any = {**EVERY, "concurrency_limit": CONCURRENT_ANSWERS, "concurrency_id": "ask"}
        ui.question.stop(self.stop, ui.chat_id, [ui.chat, ui.status], **EVERY)
        return ask.submit(self.ask_question, [ask, ui.mode, ui.chat_id, ui.collection], outputs, **options)

    def ask_question(self, command: str, mode: str, chat_id: str, collection: str, request: gr.Request) -> Iterator[Updates]:
        """Ask a question. One from the question box, which has the number of its text as `draft`, is taken out of the box."""
        ui, arguments = self._components, parse_command(command)
        question, mode = str(arguments.get("question") or ""), str(arguments.get("mode") or mode)
        replace_from, draft = parse_place(arguments.get("cut")), parse_place(arguments.get("draft"))
        opening = parse_place(arguments.get("opening"))
        messages = _Messages(ui.chat)
        chat_id = parse_chat_id(chat_id)
        for step in self._handlers.reply(question, mode, chat_id, replace_from, request, draft, opening, collection):
            status = writing_status(step.chat_id, step.answering, 0 if step.declined else draft)
            updates: Updates = {ui.chat: messages.of(step), ui.chat_id: step.chat_id, ui.status: status}
            if step.sources is not None:
                updates[ui.sources] = step.sources
            if step.chat_name is not None:
                updates[ui.chat_name] = chat_name_box(step.chat_name)
            yield updates
        yield NO_UPDATE

    def stop(self, chat_id: str, request: gr.Request) -> Iterator[Updates]:
        """Stop the answer that is being written, and show what there is of it."""
        ui = self._components
        for step in self._handlers.stop(parse_chat_id(chat_id), request):
            yield {ui.chat: step.messages, ui.status: writing_status(step.chat_id, step.answering)}
        yield NO_UPDATE


class _Messages:
    """The messages of the steps of an answer, as Gradio sends them. Those before the last one are converted once."""

    def __init__(self, chat: gr.Chatbot) -> None:
        self._chat = chat
        self._earlier: Sequence[Any] | None = None
        self._converted: list[Any] = []

    def of(self, step: ReplyStep) -> list[Any]:
        if step.earlier is not self._earlier:
            self._earlier, self._converted = step.earlier, self._chat.postprocess(cast(Any, step.earlier)).root
        return [*self._converted, *step.last]


def parse_place(value: Any) -> int:
    """A number that page.js sends, such as the place of a turn, from 1; 0 for anything else. Digits after the 20th are ignored."""
    text = str(value or "")[:20]
    return int(text) if text.isdecimal() else 0


def parse_chat_id(value: Any) -> str:
    """The id of a chat that page.js sends, empty for a new chat and for anything that is no id: it may be a part of a link."""
    text = str(value or "")
    return text if re.fullmatch(r"[\w-]{1,64}", text, re.ASCII) else ""


def parse_command(command: str) -> dict[str, Any]:
    """The arguments of a command of page.js, a JSON object; empty for anything else."""
    try:
        arguments = json.loads(command or "{}")
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
