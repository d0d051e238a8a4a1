"""The events of the chat: a question from the box, from a link or button, or from the examples, and the stop button."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import gradio as gr

from bot.chats.history import Turn
from bot.ui.chat_handlers import ChatHandlers
from bot.ui.history import chat_messages
from bot.ui.layout import Components, TabState, chat_name_box
from bot.ui.visitor import visitor_of

CONCURRENT_ANSWERS = 8  # of all readers together
STOP_POLLS, STOP_POLL_SECONDS = 8, 0.1  # how often, and at what interval, a stopped answer is read from the history
Updates = dict[Any, Any]  # new values or properties, by component
PRIVATE: Any = {"api_visibility": "private", "show_progress": "hidden"}
QuestionEvents = list[Any]  # the Gradio events that ask a question; other events can follow or cancel them


class ChatEvents:
    """Connects the chat's components to its event handlers."""

    def __init__(self, components: Components, handlers: ChatHandlers) -> None:
        """Nothing is connected until `wire` is called."""
        self._components, self._handlers = components, handlers

    def wire(self) -> QuestionEvents:
        """Connect the handlers, within the page's `gr.Blocks` context. Return the three events that ask a question."""
        ui = self._components
        ask = ui.commands["ask"]
        state = [ui.mode, ui.chat_id, ui.turns, ui.tab]
        box = [ui.question, ui.mode, ui.chat_id, ui.replace_from, ui.turns, ui.tab]
        outputs = [ui.question, ui.chat, ui.sources, ui.chat_id, ui.turns, ui.replace_from, ui.chat_name]
        options: Any = {**PRIVATE, "concurrency_limit": CONCURRENT_ANSWERS, "concurrency_id": "ask", "trigger_mode": "once"}
        question_events: QuestionEvents = [
            ui.question.submit(self.ask_from_box, box, outputs, **options),
            ask.submit(self.ask_from_command, [ask, *state], outputs, **options),
            ui.chat.example_select(self.ask_example, state, outputs, **options),
        ]
        stopped = [ui.question, ui.chat, ui.turns]
        ui.question.stop(self.stop, [ui.chat_id, ui.turns, ui.tab], stopped, cancels=question_events, **PRIVATE)
        return question_events

    def ask_from_box(
        self,
        question: str,
        mode: str,
        chat_id: str,
        replace_from: str,
        page_turns: Sequence[Turn],
        tab: TabState,
        request: gr.Request,
    ) -> Iterator[Updates]:
        """Ask the question in the box and empty the box. It replaces the turns from place `replace_from` on, if that is given."""
        ui = self._components
        for step, updates in enumerate(self._ask(question, mode, chat_id, parse_place(replace_from), page_turns, tab, request)):
            if step == 0 and ui.chat_id in updates:
                updates[ui.question] = _question_box(ui.turns not in updates, value="")
            yield updates

    def ask_from_command(
        self, command: str, mode: str, chat_id: str, page_turns: Sequence[Turn], tab: TabState, request: gr.Request
    ) -> Iterator[Updates]:
        """Ask the question of a link or button. The text in the box stays."""
        arguments = parse_command(command)
        mode, replace_from = str(arguments.get("mode") or mode), parse_place(arguments.get("cut"))
        yield from self._ask(str(arguments.get("question") or ""), mode, chat_id, replace_from, page_turns, tab, request)

    def ask_example(
        self, example: gr.SelectData, mode: str, chat_id: str, page_turns: Sequence[Turn], tab: TabState, request: gr.Request
    ) -> Iterator[Updates]:
        """Ask one of the example questions of an empty chat."""
        yield from self._ask(str(example.value["text"]), mode, chat_id, 0, page_turns, tab, request)

    def stop(self, chat_id: str, page_turns: Sequence[Turn], tab: TabState, request: gr.Request) -> Iterator[Updates]:
        """Show what there is of a stopped answer: at once, and again when the model's last piece has been saved."""
        ui, reader = self._components, visitor_of(request).reader
        tab.cancellations += 1
        cancellations, turns = tab.cancellations, list(tab.turns_if_stopped)
        yield {ui.question: _question_box(False)}
        for _ in range(STOP_POLLS if turns else 0):
            if tab.cancellations != cancellations or _times(turns) != _times(tab.turns_if_stopped):
                return  # another chat was opened, or another question asked
            # The box is in every update: of updates in quick succession Gradio may show only the last.
            yield {ui.question: _question_box(False), ui.chat: chat_messages(turns), ui.turns: tuple(turns)}
            time.sleep(STOP_POLL_SECONDS)
            turns = self._handlers.turns(reader, chat_id, turns)

    def _ask(
        self,
        question: str,
        mode: str,
        chat_id: str,
        replace_from: int,
        page_turns: Sequence[Turn],
        tab: TabState,
        request: gr.Request,
    ) -> Iterator[Updates]:
        """The updates of an answer, step by step, until it is complete or cancelled."""
        ui, cancellations = self._components, tab.cancellations
        with closing(self._handlers.reply(question, mode, chat_id, replace_from, tuple(page_turns or ()), request)) as steps:
            for number, step in enumerate(steps):
                if tab.cancellations != cancellations:
                    return
                tab.turns_if_stopped = step.turns_if_stopped
                if step.declined:
                    yield {ui.chat: step.messages, ui.question: _question_box(False)}
                    return
                updates: Updates = {
                    ui.chat: step.messages,
                    ui.sources: step.sources,
                    ui.question: _question_box(step.turns is None),
                }
                if number == 0:
                    updates |= {ui.chat_id: step.chat_id, ui.replace_from: ""}
                if number == 0 and not chat_id:  # in an open chat the reader may be typing a name at this moment
                    updates |= {ui.chat_name: chat_name_box(step.chat_name)}
                if step.turns is not None:
                    updates |= {ui.turns: step.turns}
                yield updates


def parse_place(value: Any) -> int:
    """The place of a turn, from 1, as page.js sends it; 0 for anything that is not a number. Digits after the 20th are ignored."""
    text = str(value or "")[:20]
    return int(text) if text.isdecimal() else 0


def parse_command(command: str) -> dict[str, Any]:
    """The arguments of a command of page.js, a JSON object; empty for anything else."""
    try:
        arguments = json.loads(command or "{}")
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def _times(turns: Sequence[Turn]) -> list[str]:
    """When the questions of the turns were asked, which identifies them."""
    return [turn.asked for turn in turns]


def _question_box(answering: bool, **properties: Any) -> gr.Textbox:
    """The update of the question box: with a stop button while `answering`, with a send button otherwise."""
    return gr.Textbox(submit_btn=not answering, stop_btn=answering, **properties)
