"""The page in a real browser: chats with the real application and with a scripted bot, its layout and its contrast."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect, sync_playwright
from starlette.types import ASGIApp

from bot.chats.export_reader import quotations
from bot.chats.recheck import check
from bot.indexing import loader
from bot.messages import page as texts
from bot.schema import Answer
from bot.settings import Settings
from bot.ui.server import build_server
from evals.screenshot import chromium, launch, running
from tests.pages import ScriptedBot, abstaining, hostile_answer, quoting, serving, wait_for
from tests.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium on the PATH: apt-get install chromium fonts-noto-cjk"),
]

SECONDS = 1_000  # Playwright counts milliseconds
BOX = "#question textarea"
# What Gradio's own client writes to the console when a page is left while its event stream is open: a slow machine gets to see it.
STREAM_CLOSED = ("AbortError: signal is aborted without reason", "Connection errored out")
SERVER_GONE = "net::ERR_CONNECTION_REFUSED"  # what Chromium writes for each request while no server listens
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
    """Serves an application until the end of the test. Returns its address."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))


@pytest.fixture
def visit(browser: Browser, serve: Serve) -> Iterator[Open]:
    """Opens an address as a new visitor. At the end, the console must have no error and no other host may have been requested."""
    contexts, requested, errors = [], [], []

    def dismiss(dialog: Dialog) -> None:
        errors.append(dialog.message)
        dialog.dismiss()  # an open dialog blocks the page

    def open_page(
        address: str, language: str = "ko-KR", scheme: Any = "light", width: int = 1440, is_restarted: bool = False
    ) -> Page:
        """A page whose server `is_restarted` may ask while no server listens."""

        def note(message: ConsoleMessage) -> None:
            if message.type == "error" and not (is_restarted and SERVER_GONE in message.text):
                errors.append(message.text)

        context = browser.new_context(locale=language, color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append((address, request.url)))
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", dismiss)
        page.goto(address)
        expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert requested
    assert [url for home, url in requested if not url.startswith((home, "data:", "blob:"))] == []
    assert [error for error in errors if not any(known in error for known in STREAM_CLOSED)] == []


@pytest.fixture(scope="module")
def real(real_index: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real application, which runs in its own process."""
    data = tmp_path_factory.mktemp("data")
    settings = {
        "BOT_INDEX": str(real_index.index),
        "BOT_CORPUS": str(real_index.corpus),
        "BOT_LLM": "quotes",
        "BOT_DATA": str(data),
    }
    with running(**settings) as (address, _):
        yield address


TAKEN = """([box, before]) => document.querySelector(box).value === "" || (COUNT) !== before"""
COUNT = "document.querySelectorAll('.toast-body, #chat .message-content').length"


def ask(page: Page, question: str) -> None:
    """Type a question, press Enter and wait until it was taken out of the box or declined."""
    page.locator(BOX).fill(question)
    before = page.evaluate(COUNT)
    page.keyboard.press("Enter")
    page.wait_for_function(TAKEN.replace("COUNT", COUNT), arg=[BOX, before], timeout=20 * SECONDS)


def wait_for_answer(page: Page) -> None:
    """Wait until the answer is complete: it has its buttons, and the box accepts the next question."""
    expect(page.locator("#chat .bot").last.locator(".foot")).to_be_visible(timeout=30 * SECONDS)
    expect(page.locator("#question .submit-button")).to_be_visible(timeout=10 * SECONDS)


def flat(text: str) -> str:
    return " ".join(text.split())


# Chats with the real application


@pytest.mark.parametrize(("language", "locale"), [("ko", "ko-KR"), ("en", "en-US")])
def test_every_view_works_from_the_first_question_to_a_deleted_chat(
    visit: Open, real: str, language: Any, locale: str, tmp_path: Path
) -> None:
    """An answer, its sources, the open essay, a counter-argument, the map, an upload, a saved chat, its exports and its deletion."""
    page = visit(real, locale)
    expect(page.locator("#masthead")).to_contain_text(texts.TAGLINE.of(language))
    expect(page.locator("#sources-hint")).to_contain_text(texts.SOURCES_HINT.of(language).partition("\n")[0])
    expect(page.locator(BOX)).to_have_attribute("placeholder", texts.QUESTION_PLACEHOLDER.of(language))
    for question in texts.EXAMPLE_QUESTIONS:
        for name in (question.ko, question.en):
            expect(page.get_by_role("button", name=name)).to_be_visible()
    page.get_by_role("button", name=texts.EXAMPLE_QUESTIONS[0].of(language)).click()
    expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
    wait_for_answer(page)
    expect(page.locator("#chat .answer")).to_have_attribute("lang", language)
    check_highlights(page)
    check_marker_opens_quotation(page)
    check_counter_argument(page, language)
    check_question_from_map(page, language)
    check_upload(page, language, tmp_path)
    check_saved_chat(page, language)


def check_highlights(page: Page) -> None:
    """Each highlight is a part of an essay, character for character; line breaks of the text are spaces on the page."""
    texts = [flat(essay.text) for essay in loader.load_essays([ROOT / "corpus"]).essays]
    marks = page.locator("#sources mark")
    assert marks.count() == page.locator("#chat .marker").count() >= 1
    for mark in marks.all():
        assert any(flat(str(mark.text_content())) in text for text in texts)
    assert all(flat(str(origin.text_content())) for origin in page.locator("#sources .where").all())


def check_marker_opens_quotation(page: Page) -> None:
    """A marker opens its essay at the quotation, and Escape returns to the marker."""
    marker = page.locator("#chat .marker").first
    quote = page.locator("#chat blockquote").first.text_content() or ""
    marker.click()
    expect(page.locator("#essay mark").first).to_be_in_viewport(timeout=10 * SECONDS)
    highlighted = " ".join(page.locator("#essay mark").all_text_contents())
    assert flat(highlighted) in flat(quote)
    expect(page.locator("#here")).to_be_focused()
    page.keyboard.press("Escape")
    expect(marker).to_be_focused()


def check_counter_argument(page: Page, language: Any) -> None:
    """A click on a sentence of the open essay offers to find a counter-argument."""
    before = page.locator("#chat .answer").count()
    page.locator("#essay .s").nth(3).click()
    page.locator("#choice button").nth(1).click()
    expect(page.locator("#chat .answer")).to_have_count(before + 1, timeout=30 * SECONDS)
    wait_for_answer(page)
    question = page.locator("#chat .user .message-content").last
    expect(question).to_contain_text(texts.COUNTER_QUESTION.of(language).partition("”")[2].strip())


def check_question_from_map(page: Page, language: Any) -> None:
    """A line of the drawing opens a section with quotations, and a link of the section asks about it."""
    page.locator("#view-map-button").click()
    drawing = page.locator("#map .analogy[open] svg:visible")
    drawing.locator("a.line").first.click()
    section = page.locator("#map .more.shown")
    expect(section).to_be_visible()
    expect(section.locator("blockquote a.open").first).to_be_visible()
    before = page.locator("#chat .answer").count()
    section.locator(".asks a").first.click()
    expect(page.locator("#chat .answer")).to_have_count(before + 1, timeout=30 * SECONDS)
    wait_for_answer(page)
    expect(page.locator("#chat .answer").last).to_have_attribute("lang", language)


def check_upload(page: Page, language: Any, folder: Path) -> None:
    """An uploaded file is quoted in an answer, and can be removed."""
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
    expect(page.locator("#told")).to_contain_text(texts.UPLOADS_ADDED.format(count=1).of(language))
    ask(page, "등대지기 마루는 종을 몇 번 쳤나요?" if language == "ko" else "How many times did Maru ring the fog bell?")
    expect(page.locator("#chat blockquote").last).to_contain_text(sentence[:12], timeout=30 * SECONDS)
    wait_for_answer(page)
    button = page.locator("#own .act")
    button.click()
    expect(button).to_have_text(texts.CONFIRM.of(language))
    button.click()
    expect(page.locator("#own .title")).to_have_count(0, timeout=60 * SECONDS)


def check_saved_chat(page: Page, language: Any) -> None:
    """The chat is there after a reload, and can be renamed, found, downloaded in three formats and deleted."""
    count = page.locator("#chat .answer").count()
    page.reload()
    expect(page.locator("#chat .answer")).to_have_count(count, timeout=30 * SECONDS)
    page.locator("#view-kept-button").click()
    name = page.locator("#kept-name textarea, #kept-name input")
    expect(name).not_to_have_value("", timeout=20 * SECONDS)
    page.wait_for_timeout(1 * SECONDS)  # the view was rendered just now, and its boxes are still being filled
    name.fill("돌 이야기 A")
    expect(name).to_have_value("돌 이야기 A")
    name.press("Enter")
    expect(page.locator("#kept .title").first).to_have_text("돌 이야기 A", timeout=20 * SECONDS)
    search = page.locator("#kept-search textarea, #kept-search input")
    search.fill("zzz없음")
    expect(page.locator("#kept")).to_contain_text(texts.HISTORY_NO_MATCH.format(search="zzz없음").of(language))
    search.fill("돌 이야기")
    expect(page.locator("#kept .title")).to_have_count(1)
    essays = {essay.id: essay for essay in loader.load_essays([ROOT / "corpus"]).essays}
    for kind in ("md", "html", "json"):
        with page.expect_download() as download:
            page.locator(f"#kept a.export[href$='.{kind}']").click()
        text = download.value.path().read_text("utf-8")
        assert quotations(text)
        assert {check(quotation, essays).state for quotation in quotations(text)} <= {"holds", "gone"}
    page.locator("#kept .acts .act").click()
    page.locator("#kept .acts .act").click()
    expect(page.locator("#kept .title")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "question"), [("ko", "김치찌개는 몇 분 동안 끓여야 맛있나요?"), ("en", "Who won the World Cup in 2018?")]
)
def test_a_question_that_the_essays_do_not_answer_shows_the_nearest_passages(
    visit: Open, real: str, language: str, question: str
) -> None:
    page = visit(real, language)
    ask(page, question)
    expect(page.locator("#chat .answer.abstained")).to_have_attribute("lang", language, timeout=90 * SECONDS)
    expect(page.locator("#sources .source").first).to_be_visible()
    assert page.locator("#sources mark").count() == 0
    wait_for_answer(page)


def test_the_search_of_the_essays_opens_the_passage_it_found(visit: Open, real: str) -> None:
    page = visit(real, "ko-KR")
    page.locator("#view-read-button").click()
    expect(page.locator("#shelf .title")).to_have_count(23)
    page.locator("#shelf-search textarea, #shelf-search input").fill("로마 콘크리트")
    expect(page.locator("#shelf .found .snippet").first).to_be_visible(timeout=60 * SECONDS)
    page.locator("#shelf .found .snippet").first.click()
    expect(page.locator("#essay mark").first).to_be_in_viewport(timeout=10 * SECONDS)
    page.locator("#essay .back").first.click()
    expect(page.locator("#shelf .found .snippet").first).to_be_visible()


def test_a_chat_is_there_after_a_restart_of_the_server(visit: Open, real_index: Settings, tmp_path: Path) -> None:
    """The second server listens on the same port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"BOT_INDEX": str(real_index.index), "BOT_LLM": "quotes", "BOT_DATA": str(tmp_path), "BOT_PORT": port}
    with running(**settings) as (address, _):
        page = visit(address, is_restarted=True)
        ask(page, texts.EXAMPLE_QUESTIONS[0].of("ko"))
        expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
        wait_for_answer(page)
        answer = page.locator("#chat .answer").inner_text()
    with running(**settings):
        page.reload()
        expect(page.locator("#chat .answer")).to_have_count(1, timeout=30 * SECONDS)
        assert page.locator("#chat .answer").inner_text() == answer


AUDIT_HOOK = """
import sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        with open({path!r}, "a") as file:
            file.write(f"{{event}} {{arguments[event == 'socket.connect':]}}\\n")
sys.addaudithook(note)
"""  # a sitecustomize.py: records each connection and name lookup of a Python process


@pytest.mark.parametrize(
    ("number", "is_loading"),
    [
        pytest.param(signal.SIGINT, False, id="SIGINT-loaded"),
        pytest.param(signal.SIGTERM, True, id="SIGTERM-loading"),
        pytest.param(signal.SIGINT, True, id="SIGINT-loading", marks=pytest.mark.full),
        pytest.param(signal.SIGTERM, False, id="SIGTERM-loaded", marks=pytest.mark.full),
    ],
)
def test_the_application_connects_to_no_other_host_and_stops_on_a_signal(
    real_index: Settings, browser: Browser, number: int, is_loading: bool, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The open page keeps a connection open. `is_loading` is while the models are still being loaded."""
    connections = tmp_path / "connections"
    (tmp_path / "sitecustomize.py").write_text(AUDIT_HOOK.format(path=str(connections)), "utf-8")
    python = f"{tmp_path}{os.pathsep}{ROOT}"
    with running(BOT_INDEX=str(real_index.index), BOT_LLM="quotes", BOT_DATA=str(tmp_path / "data"), PYTHONPATH=python) as (
        address,
        process,
    ):
        page = browser.new_page()
        page.goto(address)
        if not is_loading:
            ask(page, texts.EXAMPLE_QUESTIONS[0].of("ko"))
            expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(15) == 0
        assert time.monotonic() - started < 8
        page.close()
    assert capfd.readouterr().err == ""
    assert not connections.exists(), connections.read_text("utf-8")


# Chats with a scripted bot


def test_the_first_question_shows_that_the_model_is_loading(visit: Open, serve: Serve) -> None:
    def slowly(question: str) -> Iterator[Answer]:
        wait_for(lambda: loaded)
        yield from quoting(question)

    loaded: list[bool] = []
    address = serve(build_server(ScriptedBot(slowly, ready=False)))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, "왜?")
    expect(page.locator("#chat .bot")).to_contain_text(texts.MODEL_LOADING.of("ko"))
    loaded.append(True)
    expect(page.locator("#chat blockquote")).to_be_visible()
    assert texts.MODEL_LOADING.of("ko") not in page.locator("#chat").inner_text()


def test_a_chat_goes_on_after_an_error(visit: Open, serve: Serve) -> None:
    def script(question: str) -> Iterator[Answer]:
        yield from quoting(question)
        if "boom" in question:
            raise ValueError(question)

    address = serve(build_server(ScriptedBot(script)))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, "왜 boom?")
    expect(page.locator("#chat .bot").last).to_contain_text(texts.UNEXPECTED_ERROR.of("ko"))
    expect(page.locator("#chat blockquote")).to_have_count(1)
    wait_for_answer(page)
    ask(page, "왜?")
    expect(page.locator("#chat blockquote")).to_have_count(2)
    wait_for_answer(page)
    ask(page, "가" * 4_001)
    expect(page.locator("#chat .bot").last).to_contain_text("4,001자")
    wait_for_answer(page)


def test_asking_again_and_editing_keep_the_question_as_written(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    question = "왜 <b>그런가</b>? & *정말* [1]"
    address = serve(build_server(bot))  # type: ignore[arg-type]
    page = visit(address)
    ask(page, question)
    expect(page.locator("#chat blockquote")).to_be_visible()
    expect(page.locator("#chat .user .message-content")).to_have_text(question)
    wait_for_answer(page)
    page.locator("#turn-1-retry-answer").click()
    wait_for(lambda: len(bot.asked) == 2)
    expect(page.locator("#chat .user .message-content")).to_have_text(question)
    wait_for_answer(page)
    page.locator("#turn-1-edit").click()
    expect(page.locator(BOX)).to_have_value(question)
    expect(page.locator("#editing")).to_be_visible()
    page.locator(BOX).fill("고친 질문")
    page.keyboard.press("Enter")
    wait_for(lambda: len(bot.asked) == 3)
    expect(page.locator("#chat .user .message-content")).to_have_text("고친 질문")
    expect(page.locator("#editing")).to_have_count(0)
    wait_for_answer(page)
    page.locator("#turn-1-edit").click()
    page.locator("#editing button").click()
    expect(page.locator(BOX)).to_have_value("")
    ask(page, "다음")
    expect(page.locator("#chat .answer")).to_have_count(2)
    assert [asked for asked, _ in bot.asked] == [question, question, "고친 질문", "다음"]


def test_two_readers_see_only_their_own_chats(visit: Open, serve: Serve) -> None:
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


# Layout and contrast


@pytest.mark.parametrize("width", [360, pytest.param(768, marks=pytest.mark.full), 1440])
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
def test_every_text_has_enough_contrast(visit: Open, serve: Serve, scheme: str) -> None:
    essay, answer = hostile_answer("word")

    def script(question: str) -> Iterator[Answer]:
        yield answer

    address = serve(build_server(ScriptedBot(script, [essay])))  # type: ignore[arg-type]
    page = visit(address, scheme=scheme)
    selectors = [
        "#masthead h1",
        "#masthead p",
        "#chat .example-text",
        "#chat .placeholder p",
        "#sources-hint p",
        "#mode label span",
        "#voice .label-wrap span",
    ]
    ratios = {selector: page.evaluate(CONTRAST, [selector]) for selector in selectors}
    ask(page, "Why?")
    expect(page.locator("#chat .reading")).to_be_visible()
    selectors = [
        "#chat .user p",
        "#chat .notice",
        "#chat blockquote",
        "#chat .marker",
        "#chat .label",
        "#chat .reading",
        "#chat .act",
    ]
    selectors += ["#sources .title", "#sources .paragraph", "#sources mark", "#sources .number", "#sources .where", "textarea"]
    ratios |= {selector: page.evaluate(CONTRAST, [selector]) for selector in selectors}
    is_dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(250, 248, 243)"
    assert {selector: ratio for selector, ratio in ratios.items() if ratio < 4.5} == {}
    assert is_dark == (scheme == "dark")
