"""The page in a real browser: whole talks with the real app, talks with a scripted one, and a look that can be read."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright
from starlette.types import ASGIApp

from bot.chats.export_reader import quotations
from bot.chats.recheck import check
from bot.indexing import loader
from bot.schema import Answer
from bot.settings import Settings
from bot.ui.catalogue import EXAMPLE_QUESTIONS, MESSAGES
from bot.ui.server import build_server
from evals.screenshot import chromium, launch, running
from tests.pages import ScriptedBot, abstaining, hostile_answer, quoting, serving, wait_for
from tests.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium on the PATH: apt-get install chromium fonts-noto-cjk"),
]

SECONDS = 1_000  # milliseconds
BOX = "#question textarea"
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

    def refuse(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()  # one that nobody answers holds the page up

    def open_page(address: str, language: str = "ko-KR", scheme: Any = "light", width: int = 1440) -> Page:
        context = browser.new_context(locale=language, color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: called.append((address, request.url)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", refuse)
        page.goto(address)
        expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert called
    assert [url for home, url in called if not url.startswith((home, "data:", "blob:"))] == []
    assert complaints == []


@pytest.fixture(scope="module")
def real(real_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real app, a process of its own."""
    data = tmp_path_factory.mktemp("data")
    settings = {
        "BOT_INDEX": str(real_index.index),
        "BOT_CORPUS": str(real_index.corpus),
        "BOT_LLM": "quotes",
        "BOT_DATA": str(data),
    }
    with running(**settings) as (address, _):
        yield address


def ask(page: Page, question: str) -> None:
    page.locator(BOX).fill(question)
    page.keyboard.press("Enter")


def may_write_again(page: Page) -> None:
    """The answer is whole: it has its buttons, and the box takes the next question."""
    expect(page.locator("#chat .bot").last.locator(".foot")).to_be_visible(timeout=30 * SECONDS)
    expect(page.locator("#question .submit-button")).to_be_visible(timeout=10 * SECONDS)


def flat(text: str) -> str:
    return " ".join(text.split())


# Whole talks with the real app


@pytest.mark.parametrize(("language", "locale"), [("ko", "ko-KR"), ("en", "en-US")])
def test_the_whole_journey(visit: Open, real: str, language: Any, locale: str, tmp_path: Path) -> None:
    """From an empty page to a source, the reader, a counter-argument, the map, an own essay, a kept talk, and home again."""
    page = visit(real, locale)
    words = MESSAGES[language]
    expect(page.locator("#masthead")).to_contain_text(words.tagline)
    expect(page.locator("#sources-hint")).to_contain_text(words.sources_hint.partition("\n")[0])
    expect(page.locator(BOX)).to_have_attribute("placeholder", words.question_placeholder)
    for question in (*EXAMPLE_QUESTIONS["ko"], *EXAMPLE_QUESTIONS["en"]):
        expect(page.get_by_role("button", name=question)).to_be_visible()
    page.get_by_role("button", name=EXAMPLE_QUESTIONS[language][0]).click()
    expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
    may_write_again(page)
    expect(page.locator("#chat .answer")).to_have_attribute("lang", language)
    every_mark_is_of_an_essay(page)
    opens_at_its_quotation(page)
    counters_a_sentence(page, language)
    draws_a_conversation_from_the_map(page, language)
    asks_about_an_own_essay(page, language, tmp_path)
    keeps_the_talk(page, language)


def every_mark_is_of_an_essay(page: Page) -> None:
    """What is highlighted stands in an essay, letter for letter; the line feeds of the text are spaces on the page."""
    texts = [flat(essay.text) for essay in loader.load_essays([ROOT / "corpus"]).essays]
    marks = page.locator("#sources mark")
    assert marks.count() == page.locator("#chat .marker").count() >= 1
    for mark in marks.all():
        assert any(flat(str(mark.text_content())) in text for text in texts)
    assert all(flat(str(where.text_content())) for where in page.locator("#sources .where").all())


def opens_at_its_quotation(page: Page) -> None:
    """A marker opens its essay in the reader, at the quotation, and Escape leads back to the marker."""
    marker = page.locator("#chat .marker").first
    quote = page.locator("#chat blockquote").first.text_content() or ""
    marker.click()
    expect(page.locator("#essay mark").first).to_be_in_viewport(timeout=10 * SECONDS)
    held = " ".join(page.locator("#essay mark").all_text_contents())
    assert flat(held) in flat(quote)
    expect(page.locator("#here")).to_be_focused()
    page.keyboard.press("Escape")
    expect(marker).to_be_focused()


def counters_a_sentence(page: Page, language: Any) -> None:
    """A sentence of the open essay, clicked, can be argued with."""
    before = page.locator("#chat .answer").count()
    page.locator("#essay .s").nth(3).click()
    page.locator("#choice button").nth(1).click()
    expect(page.locator("#chat .answer")).to_have_count(before + 1, timeout=30 * SECONDS)
    may_write_again(page)
    asked = page.locator("#chat .user .message-content").last
    expect(asked).to_contain_text(MESSAGES[language].counter_question.partition("”")[2].strip())


def draws_a_conversation_from_the_map(page: Page, language: Any) -> None:
    """A line of the drawing opens its quotations; from there a conversation about it begins."""
    page.locator("#view-map-button").click()
    drawing = page.locator("#map .analogy[open] svg:visible")
    drawing.locator("a.line").first.click()
    more = page.locator("#map .more.shown")
    expect(more).to_be_visible()
    expect(more.locator("blockquote a.open").first).to_be_visible()
    before = page.locator("#chat .answer").count()
    more.locator(".asks a").first.click()
    expect(page.locator("#chat .answer")).to_have_count(before + 1, timeout=30 * SECONDS)
    may_write_again(page)
    expect(page.locator("#chat .answer").last).to_have_attribute("lang", language)


def asks_about_an_own_essay(page: Page, language: Any, folder: Path) -> None:
    """A dropped file can be asked about a moment later, is nobody else's, and goes again."""
    sentence = (
        "등대지기 마루는 안개 낀 밤마다 종을 서른세 번 쳤다."
        if language == "ko"
        else "Maru the keeper rang the fog bell thirty-three times."
    )
    file = folder / ("등대.md" if language == "ko" else "lighthouse.md")
    file.write_text(f"# {'등대의 종' if language == 'ko' else 'The bell'}\n\n{sentence} {sentence[:-1]}!\n", "utf-8")
    page.locator("#view-mine-button").click()
    page.locator("#drop input[type=file]").set_input_files(file)
    expect(page.locator("#own .title")).to_have_count(1, timeout=60 * SECONDS)
    expect(page.locator("#told")).to_contain_text(MESSAGES[language].uploads_added.format(count=1))
    ask(page, "등대지기 마루는 종을 몇 번 쳤나요?" if language == "ko" else "How many times did Maru ring the fog bell?")
    expect(page.locator("#chat blockquote").last).to_contain_text(sentence[:12], timeout=30 * SECONDS)
    may_write_again(page)
    button = page.locator("#own .act")
    button.click()
    expect(button).to_have_text(MESSAGES[language].confirm)
    button.click()
    expect(page.locator("#own .title")).to_have_count(0, timeout=60 * SECONDS)


def keeps_the_talk(page: Page, language: Any) -> None:
    """The talk is there after a reload, can be named, found, taken home in three formats, and deleted."""
    words = MESSAGES[language]
    count = page.locator("#chat .answer").count()
    page.reload()
    expect(page.locator("#chat .answer")).to_have_count(count, timeout=30 * SECONDS)
    page.locator("#view-kept-button").click()
    name = page.locator("#kept-name textarea, #kept-name input")
    expect(name).not_to_have_value("", timeout=20 * SECONDS)
    page.wait_for_timeout(1 * SECONDS)  # the view was put on the page just now, and its boxes are still being filled
    name.fill("돌 이야기 A")
    expect(name).to_have_value("돌 이야기 A")
    name.press("Enter")
    expect(page.locator("#kept .title").first).to_have_text("돌 이야기 A", timeout=20 * SECONDS)
    search = page.locator("#kept-search textarea, #kept-search input")
    search.fill("zzz없음")
    expect(page.locator("#kept")).to_contain_text(words.history_no_match.format(search="zzz없음"))
    search.fill("돌 이야기")
    expect(page.locator("#kept .title")).to_have_count(1)
    for kind in ("md", "html", "json"):
        with page.expect_download() as download:
            page.locator(f"#kept a.export[href$='.{kind}']").click()
        text = download.value.path().read_text("utf-8")
        assert quotations(text)
        assert {
            check(one, {e.id: e for e in loader.load_essays([ROOT / "corpus"]).essays}).state for one in quotations(text)
        } <= {
            "holds",
            "gone",
        }
    page.locator("#kept .acts .act").click()
    page.locator("#kept .acts .act").click()
    expect(page.locator("#kept .title")).to_have_count(0)


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


def test_the_shelf_is_searched_across_languages(visit: Open, real: str) -> None:
    page = visit(real, "ko-KR")
    page.locator("#view-read-button").click()
    expect(page.locator("#shelf .title")).to_have_count(23)
    page.locator("#shelf-search textarea, #shelf-search input").fill("로마 콘크리트")
    expect(page.locator("#shelf .found .snippet").first).to_be_visible(timeout=60 * SECONDS)
    page.locator("#shelf .found .snippet").first.click()
    expect(page.locator("#essay mark").first).to_be_in_viewport(timeout=10 * SECONDS)
    page.locator("#essay .back").first.click()
    expect(page.locator("#shelf .found .snippet").first).to_be_visible()


def test_a_talk_outlives_the_server(visit: Open, real_index: Settings, tmp_path: Path) -> None:
    """The server is stopped and another one started on the same port: the page, loaded again, shows the talk."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"BOT_INDEX": str(real_index.index), "BOT_LLM": "quotes", "BOT_DATA": str(tmp_path), "BOT_PORT": port}
    with running(**settings) as (address, _):
        page = visit(address)
        ask(page, EXAMPLE_QUESTIONS["ko"][0])
        expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
        may_write_again(page)
        said = page.locator("#chat .answer").inner_text()
    with running(**settings):
        page.reload()
        expect(page.locator("#chat .answer")).to_have_count(1, timeout=30 * SECONDS)
        assert page.locator("#chat .answer").inner_text() == said


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
    with running(BOT_INDEX=str(real_index.index), BOT_LLM="quotes", BOT_DATA=str(tmp_path / "data"), PYTHONPATH=python) as (
        address,
        process,
    ):
        page = browser.new_page()
        page.goto(address)
        if not early:
            ask(page, EXAMPLE_QUESTIONS["ko"][0])
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
    expect(page.locator("#chat .bot")).to_contain_text(MESSAGES["ko"].model_loading)
    opened.append(True)
    expect(page.locator("#chat blockquote")).to_be_visible()
    assert MESSAGES["ko"].model_loading not in page.locator("#chat").inner_text()


def test_a_talk_goes_on_after_an_error(visit: Open, serve: Serve) -> None:
    def script(question: str) -> Iterator[Answer]:
        yield from quoting(question)
        if "boom" in question:
            raise ValueError(question)

    address = serve(build_server(ScriptedBot(script)))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, "왜 boom?")
    expect(page.locator("#chat .bot").last).to_contain_text(MESSAGES["ko"].unexpected_error)
    expect(page.locator("#chat blockquote")).to_have_count(1)
    may_write_again(page)
    ask(page, "왜?")
    expect(page.locator("#chat blockquote")).to_have_count(2)
    ask(page, "가" * 4_001)
    expect(page.locator("#chat .bot").last).to_contain_text("4,001자")
    may_write_again(page)


def test_asking_again_and_editing_keep_the_readers_words(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    words = "왜 <b>그런가</b>? & *정말* [1]"
    address = serve(build_server(bot))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, words)
    expect(page.locator("#chat blockquote")).to_be_visible()
    expect(page.locator("#chat .user .message-content")).to_have_text(words)
    may_write_again(page)
    page.locator("#turn-1-retry-answer").click()
    wait_for(lambda: len(bot.asked) == 2)
    expect(page.locator("#chat .user .message-content")).to_have_text(words)
    may_write_again(page)
    page.locator("#turn-1-edit").click()
    expect(page.locator(BOX)).to_have_value(words)
    expect(page.locator("#editing")).to_be_visible()
    page.locator(BOX).fill("고친 질문")
    page.keyboard.press("Enter")
    wait_for(lambda: len(bot.asked) == 3)
    expect(page.locator("#chat .user .message-content")).to_have_text("고친 질문")
    expect(page.locator("#editing")).to_have_count(0)
    may_write_again(page)
    page.locator("#turn-1-edit").click()
    page.locator("#editing button").click()
    expect(page.locator(BOX)).to_have_value("")
    ask(page, "다음")
    expect(page.locator("#chat .answer")).to_have_count(2)
    assert [asked for asked, _ in bot.asked] == [words, words, "고친 질문", "다음"]


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
    if width < 900:
        page.locator("#view-sources-button").click()
        assert page.evaluate("document.documentElement.scrollWidth") == width
    last = page.locator("#sources .where").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    if width < 900:
        page.locator("#view-chat-button").click()
    box = page.locator("#question .input-container").bounding_box()
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
    essay, answer = hostile_answer("word")

    def script(question: str) -> Iterator[Answer]:
        yield answer

    address = serve(build_server(ScriptedBot(script, [essay])))  # type: ignore[arg-type]
    page = visit(address, scheme=scheme)
    places = [
        "#masthead h1",
        "#masthead p",
        "#chat .example-text",
        "#chat .placeholder p",
        "#sources-hint p",
        "#mode label span",
        "#voice .label-wrap span",
    ]
    seen = {place: page.evaluate(CONTRAST, [place]) for place in places}
    ask(page, "Why?")
    expect(page.locator("#chat .reading")).to_be_visible()
    places = [
        "#chat .user p",
        "#chat .notice",
        "#chat blockquote",
        "#chat .marker",
        "#chat .label",
        "#chat .reading",
        "#chat .act",
    ]
    places += ["#sources .title", "#sources .paragraph", "#sources mark", "#sources .number", "#sources .where", "textarea"]
    seen |= {place: page.evaluate(CONTRAST, [place]) for place in places}
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(250, 248, 243)"
    assert {place: ratio for place, ratio in seen.items() if ratio < 4.5} == {}
    assert dark == (scheme == "dark")
