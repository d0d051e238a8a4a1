"""What the chat does: a question typed, clicked or chosen from the examples, and the stop button."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import gradio as gr

from bot.chats.history import Turn
from bot.ui.chat_handlers import ChatHandlers
from bot.ui.history import chat_messages
from bot.ui.layout import Components, TabState, name_box
from bot.ui.visitor import visitor_of

AT_ONCE = 8  # questions that are answered side by side
LOOKS, PAUSE = 8, 0.1  # how often, and how many seconds apart, an answer is looked for after it was stopped
Updates = dict[Any, Any]
PRIVATE: Any = {"api_visibility": "private", "show_progress": "hidden"}
Asked = list[Any]  # Gradio's events, after which other things may follow


class ChatEvents:
    """The handlers of the chat, bound to its components."""

    def __init__(self, parts: Components, talk: ChatHandlers) -> None:
        """Nothing is wired yet."""
        self._parts, self._talk = parts, talk

    def wire(self) -> Asked:
        """Bind the handlers. Returns the three events that ask."""
        parts = self._parts
        state = [parts.mode, parts.talk, parts.turns, parts.tab]
        outputs = [parts.box, parts.chat, parts.sources, parts.talk, parts.turns, parts.cut, parts.name]
        how: Any = {**PRIVATE, "concurrency_limit": AT_ONCE, "concurrency_id": "ask", "trigger_mode": "once"}
        typed = [parts.box, parts.mode, parts.talk, parts.cut, parts.turns, parts.tab]
        asked: Asked = [
            parts.box.submit(self.typed, typed, outputs, **how),
            parts.wanted["ask"].submit(self.clicked, [parts.wanted["ask"], *state], outputs, **how),
            parts.chat.example_select(self.example, state, outputs, **how),
        ]
        left = [parts.box, parts.chat, parts.turns]
        parts.box.stop(self.stopped, [parts.talk, parts.turns, parts.tab], left, cancels=asked, **PRIVATE)
        return asked

    def stopped(self, identity: str, held: Sequence[Turn], tab: TabState, request: gr.Request) -> Iterator[Updates]:
        """What is there of an answer that was stopped: at once, and again once the model has heard of it and that is written down."""
        parts, reader = self._parts, visitor_of(request).reader
        tab.turns_away += 1
        mine, turns = tab.turns_away, list(tab.if_stopped)
        yield {parts.box: _writing(False)}
        for _ in range(LOOKS if turns else 0):
            if tab.turns_away != mine or [turn.asked for turn in turns] != [turn.asked for turn in tab.if_stopped]:
                return  # another talk was opened, or something else asked
            # The box each time, for of updates that come close together Gradio may show the last alone.
            yield {parts.box: _writing(False), parts.chat: chat_messages(turns), parts.turns: tuple(turns)}
            time.sleep(PAUSE)
            turns = self._talk.turns(reader, identity, turns)

    def typed(
        self, question: str, mode: str, identity: str, cut: str, held: Sequence[Turn], tab: TabState, request: gr.Request
    ) -> Iterator[Updates]:
        """A question from the box, which is emptied; from turn `cut` on it takes the place of what was there."""
        for place, told in enumerate(self._ask(question, mode, identity, number(cut), held, tab, request)):
            if place == 0 and self._parts.talk in told:
                told[self._parts.box] = _writing(self._parts.turns not in told, value="")
            yield told

    def clicked(
        self, wanted: str, mode: str, identity: str, held: Sequence[Turn], tab: TabState, request: gr.Request
    ) -> Iterator[Updates]:
        """A question from a link or a button; what stands in the box stays."""
        want = read(wanted)
        mode, cut = str(want.get("mode") or mode), number(want.get("cut"))
        yield from self._ask(str(want.get("question") or ""), mode, identity, cut, held, tab, request)

    def example(
        self, chosen: gr.SelectData, mode: str, identity: str, held: Sequence[Turn], tab: TabState, request: gr.Request
    ) -> Iterator[Updates]:
        """One of the questions that wait on the empty page."""
        yield from self._ask(str(chosen.value["text"]), mode, identity, 0, held, tab, request)

    def _ask(
        self, question: str, mode: str, identity: str, cut: int, held: Sequence[Turn], tab: TabState, request: gr.Request
    ) -> Iterator[Updates]:
        parts, begun = self._parts, tab.turns_away
        with closing(self._talk.reply(question, mode, identity, cut, tuple(held or ()), request)) as steps:
            for place, step in enumerate(steps):
                if tab.turns_away != begun:
                    return
                tab.if_stopped = step.if_stopped
                if step.declined:
                    yield {parts.chat: step.chat, parts.box: _writing(False)}
                    return
                told: Updates = {parts.chat: step.chat, parts.sources: step.sources, parts.box: _writing(step.turns is None)}
                if place == 0:
                    told |= {parts.talk: step.talk, parts.cut: ""}
                if place == 0 and not identity:  # in an open chat the reader may be typing a name at this moment
                    told |= {parts.name: name_box(step.name)}
                if step.turns is not None:
                    told |= {parts.turns: step.turns}
                yield told


def number(text: Any) -> int:
    """A turn's place; 0 for anything else."""
    return int(text) if str(text or "").isdecimal() else 0


def read(wanted: str) -> dict[str, Any]:
    """What page.js wants; nothing where that cannot be read."""
    try:
        told = json.loads(wanted or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _writing(going: bool, **more: Any) -> gr.Textbox:
    """The box while an answer is written, with a stop button, or while none is."""
    return gr.Textbox(submit_btn=not going, stop_btn=going, **more)
