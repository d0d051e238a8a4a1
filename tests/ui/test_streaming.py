"""How an answer reaches a browser: what is sent and drawn while it grows, and questions and stops at awkward moments."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.chats.history import ChatHistory
from bot.messages import page as texts
from bot.schema import Answer, Sentence
from bot.ui.server import build_server
from tests.pages import ScriptedBot, quoting, wait_for
from tests.ui.test_browser import BOX, SECONDS, Open, Serve, ask, browser, pytestmark, serve, visit, wait_for_answer

__all__ = ["browser", "pytestmark", "serve", "visit"]  # fixtures and marks that are used here, too

STEPS = 12

# Counts what changes in the chat outside its last message while the answer is being written: nodes, texts, and attributes whose value
# differs. The elements of the earlier messages are kept, to see whether they are still the same ones.
WATCH = """() => {
  const rows = () => [...document.querySelectorAll('#chat .message-row')];
  window.earlier = rows().slice(0, -1); window.changes = []; window.drawn = 0;
  const inEarlier = node => window.earlier.some(row => row.contains(node));
  window.observer = new MutationObserver(records => {
    window.drawn++;
    for (const {type, target, attributeName, oldValue} of records) {
      if (!inEarlier(target) || (type === 'attributes' && target.getAttribute(attributeName) === oldValue)) continue;
      if (attributeName !== 'aria-label') window.changes.push(type + ' ' + (attributeName ?? '') + ' ' + target.outerHTML?.slice(0, 80));
    }
  });
  window.observer.observe(document.querySelector('#chat'),
    {childList: true, subtree: true, characterData: true, attributes: true, attributeOldValue: true});
}"""
WATCHED = """() => {
  window.observer.disconnect();
  const rows = [...document.querySelectorAll('#chat .message-row')];
  return {changes: window.changes, drawn: window.drawn, same: window.earlier.every((row, place) => row === rows[place])};
}"""


class Sent:
    """An application whose messages to the page are recorded: as Gradio sends them, one after another."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.text = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def record(message: Message) -> None:
            if message["type"] == "http.response.body" and scope["path"] == "/gradio_api/queue/data":
                self.text += message.get("body", b"").decode()
            await send(message)

        await self.app(scope, receive, record if scope["type"] == "http" else send)

    def messages(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a kind so far."""
        lines = (line.removeprefix("data: ") for line in self.text.splitlines() if line.startswith("data: "))
        return [message for message in map(json.loads, lines) if message["msg"] == kind]


REPORT = """() => new MutationObserver(() => {
  const answer = [...document.querySelectorAll('#chat .answer')].at(-1);
  if (answer && !answer.querySelector('.foot')) window.report(answer.querySelectorAll('.reading').length);
}).observe(document.querySelector('#chat'), {childList: true, subtree: true, characterData: true})"""


def with_turns(page: Page, bot: ScriptedBot, turns: int) -> None:
    """Open a saved chat of so many turns."""
    (reader,) = [str(cookie.get("value")) for cookie in page.context.cookies() if cookie.get("name") == "dolmen_reader"]
    history = ChatHistory(bot.settings.data)
    chat = history.new()
    for number in range(turns):
        history.add(reader, chat, [*quoting(f"왜 {number}?")][-1])
    page.evaluate("hash => { location.hash = hash; }", f"#talk/{chat}")
    expect(page.locator("#chat .user .message-content").first).to_have_text("왜 0?", timeout=30 * SECONDS)
    expect(page.locator("#chat .answer")).to_have_count(turns)


@pytest.mark.parametrize("turns", [1, 100])
def test_only_the_last_message_is_sent_and_drawn_again_while_an_answer_streams(visit: Open, serve: Serve, turns: int) -> None:
    shown: list[int] = []
    is_watched = threading.Event()

    def script(question: str) -> Iterator[Answer]:
        """The answer grows by a sentence as soon as the page has shown the one before."""
        answer = [*quoting(question)][-1]
        yield answer
        wait_for(is_watched.is_set)
        for number in range(1, STEPS + 1):
            answer = replace(answer, sentences=(*answer.sentences, Sentence(f"Sentence {number} says more.", "reading")))
            yield answer
            wait_for(lambda number=number: number in shown)  # type: ignore[misc]

    bot = ScriptedBot(script, model_name="local")
    sent = Sent(build_server(bot))  # type: ignore[arg-type]
    page = visit(serve(sent))
    with_turns(page, bot, turns)
    page.expose_function("report", lambda number: shown.append(number))
    page.evaluate(REPORT)
    before = len(sent.messages("process_generating"))
    ask(page, "마지막?")
    expect(page.locator("#chat .answer")).to_have_count(turns + 1)
    page.evaluate(WATCH)
    is_watched.set()
    expect(page.locator("#chat .answer").last.locator(".reading")).to_have_count(STEPS, timeout=60 * SECONDS)
    watched = page.evaluate(WATCHED)
    wait_for_answer(page)
    event = sent.messages("process_generating")[before]["event_id"]
    first, *later, last = [message["output"]["data"] for message in sent.messages("process_generating")[before:]]
    assert len(first[0]) == 2 * (turns + 1)
    chat_changes = [change for step in later for change in step[0]]
    assert len(later) == len(chat_changes) == STEPS + 2  # with the quotation and the complete answer
    assert {tuple(path) for _, path, _ in chat_changes} == {(2 * turns + 1, "content", 0, "text")}
    (completed,) = [message for message in sent.messages("process_completed") if message["event_id"] == event]
    assert completed["output"]["data"] == [{"__type__": "update"}] * 5
    assert last[0] == [["replace", [], {"__type__": "update"}]]
    assert (watched["same"], watched["changes"]) == (True, [])
    assert watched["drawn"] >= STEPS


# Questions at awkward moments


def test_enter_pressed_twice_asks_once(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    for number in range(5):
        page.locator(BOX).fill(f"왜 {number}?")
        page.locator(BOX).evaluate(ENTER.replace("TIMES", "2"))
        expect(page.locator("#chat .answer")).to_have_count(number + 1)
        wait_for_answer(page)
    assert [asked for asked, _ in bot.asked] == [f"왜 {number}?" for number in range(5)]


ENTER = """box => { for (let time = 0; time < TIMES; time++)
  box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})); }"""

# Asks a number of questions, each in the moment in which the answer to the one before is complete on the page.
AT_ONCE = """([selector, count]) => {
  const box = document.querySelector(selector);
  let asked = 0;
  const next = () => {
    const answers = document.querySelectorAll('#chat .answer .foot').length;
    if (asked === count || answers < asked || box.value || document.body.matches('.answering')) return;
    box.value = `왜 ${asked++}?`;
    box.dispatchEvent(new Event('input', {bubbles: true}));
    (ENTER)(box);
  };
  new MutationObserver(next).observe(document.body, {childList: true, subtree: true, characterData: true});
  next();
}""".replace("ENTER", ENTER.replace("TIMES", "1"))


def test_a_question_entered_as_soon_as_the_answer_before_is_complete_is_asked(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    page.evaluate(AT_ONCE, [BOX, 12])
    expect(page.locator("#chat .answer")).to_have_count(12, timeout=60 * SECONDS)
    wait_for_answer(page)
    assert [asked for asked, _ in bot.asked] == [f"왜 {number}?" for number in range(12)]
    expect(page.locator("#status")).to_have_text("")


def test_a_double_click_on_an_example_asks_once(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    page.get_by_role("button", name=texts.EXAMPLE_QUESTIONS[1].of("ko")).dblclick()
    expect(page.locator("#chat .answer")).to_have_count(1)
    wait_for_answer(page)
    assert [asked for asked, _ in bot.asked] == [texts.EXAMPLE_QUESTIONS[1].of("ko")]


def test_enter_while_an_answer_is_written_keeps_the_text_and_says_why(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(endless))))  # type: ignore[arg-type]
    ask(page, "왜?")
    expect(page.locator("#question .stop-button")).to_be_visible()
    page.locator(BOX).fill("또?")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text(texts.BUSY.of("ko"))
    expect(page.locator(BOX)).to_have_value("또?")
    page.locator("#question .stop-button").click()
    wait_for_answer(page)


def endless(question: str) -> Iterator[Answer]:
    """An answer that grows by five sentences in a second, or twenty with 빨리, without end; that of a question with 짧 is short."""
    answer = [*quoting(question)][-1]
    yield answer
    for number in () if "짧" in question else itertools.count():
        time.sleep(0.05 if "빨리" in question else 0.2)
        yield replace(answer, sentences=(*answer.sentences, Sentence(f"Word {number}.", "reading")))


# Stop, another chat, another page


@pytest.mark.parametrize(("turns", "question"), [(1, "빨리 끝없이?"), (100, "끝없이?")])
def test_no_late_step_comes_over_another_chat_in_a_short_or_long_chat(
    visit: Open, serve: Serve, turns: int, question: str
) -> None:
    bot = ScriptedBot(endless)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    ask(page, "짧게?")
    wait_for_answer(page)
    with_turns(page, bot, turns)
    ask(page, question)
    expect(page.locator("#chat .answer").last).to_contain_text("Word", timeout=20 * SECONDS)
    page.locator("#view-kept-button").click()
    page.locator("#kept .title", has_text="짧게").click()
    expect(page.locator("#chat .user .message-content")).to_have_text(["짧게?"], timeout=20 * SECONDS)
    page.wait_for_timeout(1 * SECONDS)  # for steps that may still come
    assert page.locator("#chat .user .message-content").all_inner_texts() == ["짧게?"]
    expect(page.locator("#question .submit-button")).to_be_visible()


def test_an_answer_stops_at_once_although_its_model_does_not(visit: Open, serve: Serve) -> None:
    may_go_on = threading.Event()

    def script(question: str) -> Iterator[Answer]:
        yield [*quoting(question)][-1]
        if "오래" in question:
            may_go_on.wait(60)
            yield replace([*quoting(question)][-1], sentences=(Sentence("Late.", "reading"),))

    bot = ScriptedBot(script, model_name="scripted")
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    ask(page, "오래?")
    expect(page.locator("#chat blockquote")).to_be_visible()
    page.locator("#question .stop-button").click()
    expect(page.locator("#chat .answer")).to_contain_text(texts.STOPPED.of("ko"), timeout=3 * SECONDS)
    ask(page, "짧게?")
    expect(page.locator("#chat .answer")).to_have_count(2)
    wait_for_answer(page)
    may_go_on.set()
    page.wait_for_timeout(500)  # for a late step
    assert "Late." not in page.locator("#chat").inner_text()
    expect(page.locator("#chat .answer")).to_have_count(2)


def test_a_reloaded_page_can_stop_the_answer_that_is_still_being_written(visit: Open, serve: Serve) -> None:
    may_go_on = threading.Event()

    def script(question: str) -> Iterator[Answer]:
        yield [*quoting(question)][-1]
        if "오래" in question:
            may_go_on.wait(60)

    bot = ScriptedBot(script, model_name="scripted")
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    ask(page, "오래?")
    expect(page.locator("#chat blockquote")).to_be_visible()
    page.reload()
    expect(page.locator("#chat .answer")).to_contain_text(texts.STOPPED.of("ko"), timeout=30 * SECONDS)
    page.locator(BOX).fill("또?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat .going")).to_have_text(texts.BUSY.of("ko"))
    expect(page.locator(BOX)).to_have_value("또?")
    page.locator("#question .stop-button").click()
    wait_for_answer(page)
    page.locator(BOX).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chat .answer")).to_have_count(2)
    wait_for_answer(page)
    may_go_on.set()
    assert [asked for asked, _ in bot.asked] == ["오래?", "또?"]


def test_more_pages_than_a_browser_has_connections_for_can_be_open(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    pages = [page, *(page.context.new_page() for _ in range(7))]
    for number, tab in enumerate(pages):
        if number:
            tab.goto(page.url)
        expect(tab.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
        ask(tab, f"왜 {number}?")
        expect(tab.locator("#chat .answer")).to_have_count(1)
        wait_for_answer(tab)
    assert len(bot.asked) == 8
