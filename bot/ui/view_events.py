"""What the views beside the chat do, and what the page does first."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

import gradio as gr

from bot.chats.history import Turn
from bot.schema import MODES
from bot.ui.catalogue import MESSAGES
from bot.ui.chat_events import PRIVATE, Asked, Updates, number, read
from bot.ui.layout import Components, TabState, examples, name_box
from bot.ui.view_handlers import ViewHandlers
from bot.ui.visitor import visitor_of

SETTLE = 0.1  # seconds in which what an answer sent last arrives, before another talk is put in its place


class ViewEvents:
    """The handlers of the views, bound to their components."""

    def __init__(self, parts: Components, desk: ViewHandlers) -> None:
        """Nothing is wired yet."""
        self._parts, self._desk = parts, desk

    def wire(self, asked: Asked) -> None:
        """Bind the handlers. After each of the events that `asked`, the list of kept talks is brought up to date."""
        parts, want = self._parts, self._parts.wanted
        by = [parts.kept_search, parts.talk]
        whole = [parts.chat, parts.sources, parts.talk, parts.turns, parts.name, parts.box, parts.cut]
        first = [*whole, parts.mode, parts.shelf, parts.map, parts.own, parts.kept, parts.voice]
        want["start"].submit(self.start, want["start"], first, **PRIVATE)
        # An answer belongs to its talk, and ends when that is left.
        opening = want["open"].submit(self.reopen, [want["open"], parts.tab], whole, cancels=asked, **PRIVATE)
        opening.then(self.kept, by, parts.kept, **PRIVATE)
        for one in asked:
            one.then(self.after, by, [parts.kept, parts.name], **PRIVATE)
        want["read"].submit(self.read, want["read"], parts.essay, **PRIVATE)
        parts.search.change(self.search, parts.search, parts.shelf, trigger_mode="always_last", **PRIVATE)
        parts.kept_search.change(self.kept, by, parts.kept, trigger_mode="always_last", **PRIVATE)
        naming = [parts.talk, parts.name, parts.kept_search], [parts.name, parts.kept, parts.named]
        gr.on([parts.name.submit, parts.name.blur], self.rename, *naming, **PRIVATE)
        want["delete"].submit(self.delete, [want["delete"], *by], parts.kept, **PRIVATE)
        rated = [parts.rated, parts.chat, parts.turns]
        want["rate"].submit(self.rate, [want["rate"], parts.talk, parts.turns], rated, **PRIVATE)
        parts.why.submit(self.explain, [parts.why, want["rate"], parts.talk], [parts.rated, parts.why], **PRIVATE)
        mine = [parts.told, parts.own, parts.shelf]
        parts.drop.upload(self.add, parts.drop, [*mine, parts.drop], show_progress_on=parts.told, api_visibility="private")
        want["remove"].submit(self.remove, want["remove"], mine, **PRIVATE)
        parts.testing.click(self.test, None, parts.tested, **PRIVATE)

    def start(self, wanted: str, request: gr.Request) -> Updates:
        """Everything that a page shows when it is opened: the talk that was open, and the views in the reader's language."""
        identity, parts, desk = str(read(wanted).get("talk") or ""), self._parts, self._desk
        language = visitor_of(request).language
        words, opened = MESSAGES[language], self._opened(identity, (), request)
        return {
            **opened,
            parts.chat: gr.Chatbot(opened[parts.chat], examples=cast(Any, examples(language))),
            parts.mode: gr.Radio(choices=[(getattr(words, f"mode_{name}"), name) for name in MODES]),
            parts.shelf: desk.essays("", request),
            parts.map: desk.map(request),
            parts.own: desk.uploads(request),
            parts.kept: desk.history("", identity, request),
            parts.voice: gr.Accordion(label=f"{words.model}: {desk.model_label(request)}"),
        }

    def reopen(self, wanted: str, tab: TabState, request: gr.Request) -> Updates:
        """Open a kept talk, or an empty one."""
        tab.turns_away += 1
        time.sleep(SETTLE)
        return self._opened(str(read(wanted).get("talk") or ""), (), request)

    def read(self, wanted: str, request: gr.Request) -> str:
        """Open an essay in the reader."""
        want = read(wanted)
        return self._desk.essay(str(want.get("link") or ""), number(want.get("n")), request)

    def search(self, words: str, request: gr.Request) -> str:
        """Search the shelf."""
        return self._desk.essays(words, request)

    def kept(self, words: str, identity: str, request: gr.Request) -> str:
        """List or search the kept talks."""
        return self._desk.history(words, identity, request)

    def after(self, words: str, identity: str, request: gr.Request) -> tuple[str, gr.Textbox]:
        """After an answer: the list of talks, and this one's name."""
        return self._desk.history(words, identity, request), name_box(self._desk.chat_name(identity, request))

    def delete(self, wanted: str, words: str, identity: str, request: gr.Request) -> str:
        """Delete a talk. Where it is the open one, page.js opens an empty one."""
        self._desk.delete_chat(str(read(wanted).get("talk") or ""), request)
        return self._desk.history(words, identity, request)

    def rename(self, identity: str, name: str, words: str, request: gr.Request) -> tuple[Any, Any, str]:
        """Name the open talk. Where the name is the one that it has, nothing changes: the field may only have been left."""
        held, told = self._desk.rename_chat(identity, name, request)
        if held is None:
            return gr.skip(), gr.skip(), told
        return gr.skip() if held == name else name_box(held), self._desk.history(words, identity, request), told

    def rate(self, wanted: str, identity: str, held: Sequence[Turn], request: gr.Request) -> Updates:
        """A thumb up or down."""
        want, parts = read(wanted), self._parts
        told = self._desk.rate(identity, number(want.get("turn")), bool(want.get("good")), "", request)
        if want.get("busy"):  # the answer that is being written shows it when it is whole
            return {parts.rated: told}
        one = self._desk.open_chat(identity, held, request)
        return {parts.rated: told, parts.chat: one.messages or gr.skip(), parts.turns: one.turns or gr.skip()}

    def explain(self, reason: str, wanted: str, identity: str, request: gr.Request) -> tuple[str, str]:
        """The reason for the thumb before."""
        want = read(wanted)
        return self._desk.rate(identity, number(want.get("turn")), bool(want.get("good")), reason, request), ""

    def add(self, files: list[str], request: gr.Request, progress: Any = gr.Progress()) -> Updates:  # noqa: B008  Gradio's way
        """Put files on the reader's shelf, with a bar that moves as they are read."""
        words, parts, desk = MESSAGES[visitor_of(request).language], self._parts, self._desk
        stages = {"scan": words.uploads_reading, "split": words.uploads_reading, "embed": words.uploads_embedding}

        def tell(stage: str, done: int, total: int) -> None:
            progress((done, max(total, 1)), desc=stages.get(stage, words.uploads_writing))

        told = desk.upload(files or [], request, tell)
        return {parts.told: told, parts.own: desk.uploads(request), parts.shelf: desk.essays("", request), parts.drop: None}

    def remove(self, wanted: str, request: gr.Request) -> tuple[str, str, str]:
        """Take an essay off the reader's shelf."""
        told = self._desk.remove_upload(str(read(wanted).get("button") or ""), request)
        return told, self._desk.uploads(request), self._desk.essays("", request)

    def test(self, request: gr.Request) -> Iterator[str]:
        """Try the voice."""
        yield MESSAGES[visitor_of(request).language].model_testing
        yield self._desk.test_model(request)

    def _opened(self, identity: str, held: Sequence[Turn], request: gr.Request) -> Updates:
        one, parts = self._desk.open_chat(identity, held, request), self._parts
        return {
            parts.chat: one.messages,
            parts.sources: one.sources,
            parts.talk: one.chat_id,
            parts.turns: one.turns,
            parts.name: name_box(one.name),
            parts.box: gr.Textbox(submit_btn=True, stop_btn=False),
            parts.cut: "",
        }
