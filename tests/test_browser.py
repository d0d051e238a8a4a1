"""The page in a real browser: whole talks with the real app, hostile texts that stay text, and a look that can be read."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright
from starlette.types import ASGIApp

from bot import corpus
from bot.schema import Answer
from bot.settings import Settings
from bot.ui.server import build_server
from bot.ui.words import QUESTIONS, WORDS
from evals.screenshot import chromium, launch, running
from tests.conftest import ROOT
from tests.pages import PAYLOADS, ScriptedBot, Sink, abstaining, echo_of, quoting, serving, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium on the PATH: apt-get install chromium fonts-noto-cjk"),
]

SECONDS = 1_000  # milliseconds
Open = Callable[..., Page]
Serve = Callable[[ASGIApp], str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an app until the test and its visits are over."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))


@pytest.fixture
def visit(browser: Browser, serve: Serve) -> Iterator[Open]:
    """Opens an address as a new visitor. Afterwards: the console had no error, and nobody else was called."""
    contexts, called, complaints = [], [], []

    def open_page(address: str, language: str = "ko-KR", scheme: Any = "light", width: int = 1440) -> Page:
        context = browser.new_context(locale=language, color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: called.append((address, request.url)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(address)
        expect(page.locator("textarea")).to_be_visible(timeout=30 * SECONDS)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert called
    assert [url for home, url in called if not url.startswith((home, "data:", "blob:"))] == []
    assert complaints == []


@pytest.fixture(scope="module")
def real(real_index: Settings) -> Iterator[str]:
    """The address of the real app, a process of its own."""
    with running(BOT_INDEX=str(real_index.index), BOT_CORPUS=str(real_index.corpus), BOT_LLM="quotes") as (address, _):
        yield address


def ask(page: Page, question: str) -> None:
    page.locator("textarea").fill(question)
    page.keyboard.press("Enter")


def may_write_again(page: Page) -> None:
    expect(page.locator("textarea")).to_be_enabled(timeout=10 * SECONDS)
    expect(page.locator("#chat .bot .message-content").last).to_be_visible()


def flat(text: str) -> str:
    return " ".join(text.split())


# Whole talks with the real app


@pytest.mark.parametrize(("language", "locale", "clicked"), [("ko", "ko-KR", 0), ("en", "en-US", 3)])
def test_a_talk_from_an_empty_page_to_a_source(visit: Open, real: str, language: Any, locale: str, clicked: int) -> None:
    page = visit(real, locale)
    expect(page.locator("#masthead")).to_contain_text(WORDS[language].tagline)
    expect(page.locator("#shelf")).to_contain_text(WORDS[language].sources_hint)
    expect(page.locator("textarea")).to_have_attribute("placeholder", WORDS[language].ask)
    for question in QUESTIONS:
        expect(page.get_by_role("button", name=question)).to_be_visible()
    page.get_by_role("button", name=QUESTIONS[clicked]).click()
    expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
    expect(page.locator("#chat .answer")).to_have_attribute("lang", language)
    expect(page.locator("#shelf-hint")).to_be_hidden()
    texts = [flat(essay.text) for essay in corpus.read([ROOT / "corpus"]).essays]
    marks = page.locator("#sources mark")
    assert marks.count() == page.locator("#chat .marker").count() >= 1
    for mark in marks.all():
        quote = flat(re.sub(r"^\d+", "", str(mark.text_content())))
        assert any(quote in text for text in texts)
        paragraph = flat(re.sub(r"\d+", "", str(mark.locator("xpath=..").text_content())))
        assert flat(re.sub(r"\d+", "", quote)) in paragraph
    assert all(flat(str(where.text_content())) for where in page.locator("#sources .where").all())
    may_write_again(page)
    second_turn(page, language)


def second_turn(page: Page, language: str) -> None:
    """A question of the reader's own; its marker leads to its source."""
    ask(page, "위치에너지는 무엇을 말해 주나요?" if language == "ko" else "What happened at Baghdad in 1258?")
    expect(page.locator("#chat .answer")).to_have_count(2, timeout=30 * SECONDS)
    expect(page.locator('#sources mark[id^="source-2-"]').first).to_be_attached(timeout=30 * SECONDS)
    last = page.locator("#chat .answer").last.locator(".marker").last
    anchor = str(last.get_attribute("href"))
    last.click()
    expect(page.locator(f"mark{anchor}")).to_be_in_viewport()
    assert page.locator("mark:target").count() == 1


@pytest.mark.parametrize(
    ("language", "question"), [("ko", "김치찌개는 몇 분 동안 끓여야 맛있나요?"), ("en", "How long should I boil an egg?")]
)
def test_what_the_essays_do_not_say(visit: Open, real: str, language: str, question: str) -> None:
    page = visit(real, language)
    ask(page, question)
    expect(page.locator("#chat .answer.abstained")).to_have_attribute("lang", language, timeout=90 * SECONDS)
    expect(page.locator("#sources .source").first).to_be_visible()
    assert page.locator("#sources mark").count() == 0
    may_write_again(page)


CALLS = """
import sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        with open({path!r}, "a") as file:
            file.write(f"{{event}} {{arguments[event == 'socket.connect':]}}\\n")
sys.addaudithook(note)
"""  # started with every Python process: who is called, or only looked up


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("early", [True, False], ids=["loading", "loaded"])
def test_the_app_calls_nobody_and_stops_when_it_is_told(
    real_index: Settings, browser: Browser, number: int, early: bool, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With a page open, which keeps a connection open; early is while the models still load."""
    called = tmp_path / "called"
    (tmp_path / "sitecustomize.py").write_text(CALLS.format(path=str(called)), "utf-8")
    python = f"{tmp_path}{os.pathsep}{ROOT}"
    with running(BOT_INDEX=str(real_index.index), BOT_LLM="quotes", PYTHONPATH=python) as (address, process):
        page = browser.new_page()
        page.goto(address)
        if not early:
            ask(page, QUESTIONS[0])
            expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(15) == 0
        assert time.monotonic() - started < 8
        page.close()
    assert capfd.readouterr().err == ""
    assert not called.exists(), called.read_text("utf-8")


# Talks with a scripted bot


def test_the_first_question_says_why_it_waits(visit: Open, serve: Serve) -> None:
    def slowly(question: str) -> Iterator[Answer]:
        wait_for(lambda: opened)
        yield from quoting(question)

    opened: list[bool] = []
    address = serve(build_server(ScriptedBot(slowly, ready=False)))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, "왜?")
    expect(page.locator("#chat .bot")).to_contain_text(WORDS["ko"].waiting)
    opened.append(True)
    expect(page.locator("#chat blockquote")).to_be_visible()
    assert WORDS["ko"].waiting not in page.locator("#chat").inner_text()


def test_a_talk_goes_on_after_an_error(visit: Open, serve: Serve) -> None:
    def script(question: str) -> Iterator[Answer]:
        yield from quoting(question)
        if "boom" in question:
            raise ValueError(question)

    address = serve(build_server(ScriptedBot(script)))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, "왜 boom?")
    expect(page.locator("#chat .bot").last).to_contain_text(WORDS["ko"].trouble)
    expect(page.locator("#chat blockquote")).to_have_count(1)
    may_write_again(page)
    ask(page, "왜?")
    expect(page.locator("#chat blockquote")).to_have_count(2)
    ask(page, "가" * 4_001)
    expect(page.locator("#chat .bot").last).to_contain_text("4,001자")
    may_write_again(page)


def test_retry_and_undo_keep_the_readers_words(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    words = "왜 <b>그런가</b>? & *정말* [1]"
    address = serve(build_server(bot))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, words)
    expect(page.locator("#chat blockquote")).to_be_visible()
    expect(page.locator("#chat .user .message-content")).to_have_text(words)
    may_write_again(page)
    page.get_by_label("다시 시도").click()
    wait_for(lambda: len(bot.asked) == 2)
    expect(page.locator("#chat .user .message-content")).to_have_text(words)
    may_write_again(page)
    page.get_by_label("실행 취소").click()
    expect(page.locator("textarea")).to_have_value(words)
    assert bot.asked == [(words, []), (words, [])]


def test_two_readers_do_not_meet(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    address = serve(build_server(bot))  # type: ignore[arg-type]
    first, second = visit(address), visit(address, "en-US")
    ask(first, "왜 그런가 canary?")
    ask(second, "What canary?")
    for page, language in ((first, "ko"), (second, "en")):
        expect(page.locator("#chat .answer")).to_have_attribute("lang", language)
        expect(page.locator("#chat .user")).to_have_count(1)
    ask(first, "또?")
    expect(first.locator("#chat .answer")).to_have_count(2)
    assert second.locator("#chat .answer").count() == 1
    assert bot.asked[-1] == ("또?", [("user", "왜 그런가 canary?"), ("assistant", "“고인돌은 힘을 보여 준다.” [1]")])


# Hostile texts


def test_hostile_texts_stay_text(visit: Open, serve: Serve) -> None:
    sink = Sink()
    with serving(sink) as foreign:
        payloads = [payload.replace("SINK", foreign) for payload in PAYLOADS]
        echoes = [echo_of(payload) for payload in payloads]
        whole = "\n\n".join(payloads)

        def script(question: str) -> Iterator[Answer]:
            for cut in range(0, 60, 7):  # half of a tag, while it streams
                yield replace(echoes[1][1], sentences=tuple(replace(s, text=s.text[:cut]) for s in echoes[1][1].sentences))
            essay, answer = echo_of(whole)
            bot._essays[essay.id] = essay
            yield answer

        bot = ScriptedBot(script)
        address = serve(build_server(bot))  # type: ignore[arg-type]
        page = visit(address)
        ask(page, whole[:4_000])
        expect(page.locator("#chat .answer .reading")).to_be_visible()
        may_write_again(page)
        page.mouse.move(300, 300)
        page.wait_for_timeout(1 * SECONDS)
        assert page.evaluate("window.__x") is None
        assert sorted(tags(page, "#chat .message-content")) == ["a", "blockquote", "br", "div", "p", "span"]
        assert sorted(tags(page, "#sources .sources")) == ["br", "div", "mark", "p", "span"]
        hrefs = page.locator("#chat .message-content a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert set(hrefs) == {"#source-1-1"}
        for place in ("#chat .answer", "#sources .sources"):
            shown = flat(str(page.locator(place).text_content()))
            assert [payload for payload in payloads if flat(payload).replace(" ", "") not in shown.replace(" ", "")] == []
        assert urls_and_handlers(page) == []
    assert sink.paths == []


def tags(page: Page, within: str) -> set[str]:
    """The elements inside some parts of the page, but for the wrappers that Gradio puts round a text."""
    return set(page.locator(f"{within} *").evaluate_all("found => found.map(element => element.localName)"))


def urls_and_handlers(page: Page) -> list[str]:
    """Attributes in the texts that could load, send or run something."""
    code = (
        "found => found.flatMap(e => e.getAttributeNames().filter(n => /^(src|srcset|style|action|poster|data|on.*)$/.test(n)))"
    )
    return list(page.locator("#chat .message-content *, #sources .sources *").evaluate_all(code))


def test_a_plain_gradio_chat_fetches_what_we_do_not(browser: Browser) -> None:
    """The twin without our care: it shows that this harness sees a fetch when there is one."""
    sink = Sink()
    with serving(sink) as foreign:
        message: Any = {"role": "assistant", "content": f"<img src={foreign}/x>"}
        with gr.Blocks(analytics_enabled=False) as plain:
            gr.Chatbot([message])
        with serving(gr.mount_gradio_app(FastAPI(), plain, path="/")) as address:
            page = browser.new_page()
            page.goto(address)
            wait_for(lambda: sink.paths)
            page.close()
    assert sink.paths[0] == "/x"


# The look


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("question", ["왜?", "W" * 300, "없음"])
def test_nothing_is_wider_than_the_screen(visit: Open, serve: Serve, width: int, question: str) -> None:
    def script(asked: str) -> Iterator[Answer]:
        yield from (abstaining if asked == "없음" else quoting)(asked)

    address = serve(build_server(ScriptedBot(script)))  # type: ignore[arg-type]
    page = visit(address, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ask(page, question)
    expect(page.locator("#chat .answer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    last = page.locator("#sources .where").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    box = page.locator("#talk .input-container").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


CONTRAST = """([selector]) => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const element = document.querySelector(selector);
  let ground = element, back;
  for (; ground; ground = ground.parentElement) {
    back = rgb(getComputedStyle(ground).backgroundColor);
    if (back.length === 3 || back[3] === 1) break;
  }
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(back)].sort((x, y) => y - x);
  return (a + .05) / (b + .05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(visit: Open, serve: Serve, scheme: str) -> None:
    essay, answer = echo_of("word")

    def script(question: str) -> Iterator[Answer]:
        yield answer

    address = serve(build_server(ScriptedBot(script, [essay])))  # type: ignore[arg-type]
    page = visit(address, scheme=scheme)
    places = [
        "#masthead h1",
        "#masthead p",
        "#chat .example-text",
        "#chat .placeholder p",
        "#shelf-title h2",
        "#shelf-hint p",
    ]
    seen = {place: page.evaluate(CONTRAST, [place]) for place in places}
    ask(page, "Why?")
    expect(page.locator("#chat .reading")).to_be_visible()
    places = ["#chat .user p", "#chat .notice", "#chat blockquote", "#chat .marker", "#chat .label", "#chat .reading"]
    places += ["#sources .title", "#sources .paragraph", "#sources mark", "#sources .number", "#sources .where", "textarea"]
    seen |= {place: page.evaluate(CONTRAST, [place]) for place in places}
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(250, 248, 243)"
    assert {place: ratio for place, ratio in seen.items() if ratio < 4.5} == {}
    assert dark == (scheme == "dark")
