"""Unusual use of the page in a browser: leaving during an answer, deleting the open chat, blocked cookies, narrow windows, edits."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.messages import page as texts
from bot.schema import Answer, Sentence
from bot.ui.server import build_server
from tests.pages import ScriptedBot, quoting, wait_for
from tests.ui.test_browser import BOX, SECONDS, Open, Serve, ask, browser, pytestmark, real, serve, visit, wait_for_answer

__all__ = ["browser", "pytestmark", "real", "serve", "visit"]  # fixtures and marks that are used here, too


def endless(question: str) -> Iterator[Answer]:
    """A quotation, then sentences without end."""
    answer = list(quoting(question))[-1]
    yield answer
    for number in itertools.count():
        time.sleep(0.05)
        yield replace(answer, sentences=(*answer.sentences, Sentence(f"Word {number}.", "reading")))


def endless_if_asked(question: str) -> Iterator[Answer]:
    """`endless` if the question contains 끝없, otherwise `quoting`."""
    yield from (endless if "끝없" in question else quoting)(question)


@pytest.fixture
def opened(visit: Open, serve: Serve) -> Callable[..., tuple[Page, ScriptedBot]]:
    """Opens a page with a scripted bot. Returns both."""

    def open_page(script: Callable[[str], Iterator[Answer]] = quoting, **options: object) -> tuple[Page, ScriptedBot]:
        bot = ScriptedBot(script, model_name="scripted")
        return visit(serve(build_server(bot)), **options), bot  # type: ignore[arg-type]

    return open_page


Opened = Callable[..., tuple[Page, ScriptedBot]]


def test_opening_another_chat_ends_the_answer_that_is_being_written(opened: Opened) -> None:
    page, bot = opened(endless_if_asked)
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#new").click()
    expect(page.locator("#chat .answer")).to_have_count(0)
    ask(page, "끝없이 왜?")
    expect(page.locator("#chat .going")).to_be_visible()
    page.locator("#view-kept-button").click()
    page.locator("#kept .title").last.click()
    expect(page.locator("#chat .user .message-content")).to_have_text("왜?")
    page.wait_for_timeout(1 * SECONDS)
    assert page.locator("#chat .user .message-content").all_inner_texts() == ["왜?"]
    wait_for_answer(page)
    ask(page, "또?")
    expect(page.locator("#chat .answer")).to_have_count(2)
    assert bot.asked[-1] == ("또?", [("user", "왜?"), ("assistant", "“고인돌은 힘을 보여 준다.” [1]")])
    page.locator("#view-kept-button").click()
    page.locator("#kept .title", has_text="끝없이").click()
    expect(page.locator("#chat .user .message-content")).to_have_text(["끝없이 왜?"])
    expect(page.locator("#chat .answer")).to_contain_text(texts.STOPPED.of("ko"))


def test_a_stopped_answer_is_marked_at_once_and_can_be_asked_again(opened: Opened) -> None:
    page, _ = opened(endless)
    ask(page, "왜?")
    expect(page.locator("#chat .going")).to_be_visible()
    page.locator("#question .stop-button").click()
    expect(page.locator("#chat .answer")).to_contain_text(texts.STOPPED.of("ko"), timeout=3 * SECONDS)
    expect(page.locator("#chat .going")).to_have_count(0)
    expect(page.locator("#chat blockquote")).to_have_count(1)
    wait_for_answer(page)


def test_a_reload_during_an_answer_keeps_the_question(browser: Browser, serve: Serve) -> None:
    """Without `visit`, because Gradio logs an error in the console when its stream is interrupted."""
    page = browser.new_page(locale="ko-KR")
    page.goto(serve(build_server(ScriptedBot(endless, model_name="scripted"))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    ask(page, "왜?")
    expect(page.locator("#chat .going")).to_be_visible()
    page.reload()
    expect(page.locator("#chat .user .message-content")).to_have_text("왜?", timeout=30 * SECONDS)
    expect(page.locator("#chat blockquote")).to_have_count(1)
    page.close()


def test_deleting_the_open_chat_opens_a_new_one(opened: Opened) -> None:
    page, bot = opened()
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#view-kept-button").click()
    for _ in range(2):
        page.locator("#kept .open .acts .act").click()
    expect(page.locator("#chat .answer")).to_have_count(0)
    expect(page.locator("#kept .title")).to_have_count(0)
    ask(page, "또?")
    wait_for_answer(page)
    assert bot.asked[-1] == ("또?", [])
    page.locator("#turn-1-good").click()
    expect(page.locator("#rated")).to_contain_text(texts.RATING_SAVED.of("ko"))
    expect(page.locator("#chat .answer")).to_have_count(1)


def test_a_question_in_a_chat_deleted_in_another_tab_starts_a_new_chat(opened: Opened) -> None:
    page, bot = opened()
    ask(page, "왜?")
    wait_for_answer(page)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    other.locator("#view-kept-button").click()
    for _ in range(2):
        other.locator("#kept .acts .act").first.click()
    expect(other.locator("#kept .title")).to_have_count(0)
    ask(page, "또?")
    expect(page.locator("#chat .user .message-content")).to_have_text(["또?"])
    wait_for_answer(page)
    assert bot.asked[-1] == ("또?", [])


def test_asking_an_earlier_question_again_needs_a_confirmation(opened: Opened) -> None:
    page, bot = opened()
    for question in ("하나?", "둘?"):
        ask(page, question)
        wait_for_answer(page)
    again = page.locator("#turn-1-retry-answer")
    again.click()
    expect(again).to_have_text(texts.CONFIRM.of("ko"))
    assert len(bot.asked) == 2
    again.click()
    wait_for(lambda: len(bot.asked) == 3)
    expect(page.locator("#chat .user .message-content")).to_have_text(["하나?"])


def test_opening_another_chat_cancels_an_edit(opened: Opened) -> None:
    page, bot = opened()
    for question in ("하나?", "둘?"):
        ask(page, question)
        wait_for_answer(page)
    page.locator("#new").click()
    expect(page.locator("#chat .answer")).to_have_count(0)
    ask(page, "셋?")
    wait_for_answer(page)
    page.locator("#turn-1-edit").click()
    expect(page.locator("#editing")).to_be_visible()
    page.locator("#view-kept-button").click()
    page.locator("#kept .title", has_text="하나?").click()
    expect(page.locator("#chat .answer")).to_have_count(2)
    expect(page.locator("#editing")).to_have_count(0)
    ask(page, "넷?")
    expect(page.locator("#chat .answer")).to_have_count(3)
    wait_for_answer(page)
    assert [asked for asked, _ in bot.asked] == ["하나?", "둘?", "셋?", "넷?"]
    assert page.locator("#chat .user .message-content").all_inner_texts() == ["하나?", "둘?", "넷?"]


def test_an_edit_that_is_declined_can_be_corrected(opened: Opened) -> None:
    page, bot = opened()
    for question in ("하나?", "둘?"):
        ask(page, question)
        wait_for_answer(page)
    page.locator("#turn-1-edit").click()
    page.locator(BOX).fill("가" * 4_001)
    page.keyboard.press("Enter")
    expect(page.locator("#chat .bot").last).to_contain_text("4,001자")
    expect(page.locator("#chat .answer")).to_have_count(2)
    expect(page.locator("#editing")).to_be_visible()
    page.locator(BOX).fill("고친 하나?")
    page.keyboard.press("Enter")
    expect(page.locator("#chat .user .message-content")).to_have_text(["고친 하나?"])
    wait_for_answer(page)
    expect(page.locator("#editing")).to_have_count(0)
    assert [asked for asked, _ in bot.asked] == ["하나?", "둘?", "고친 하나?"]


def test_asking_again_keeps_the_mode_in_which_it_was_asked(opened: Opened) -> None:
    page, bot = opened(lambda question: iter([replace(list(quoting(question))[-1], mode="counter")]))
    page.locator("#mode label").nth(1).click()
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#mode label").nth(0).click()
    page.locator("#turn-1-retry-counter").click()
    wait_for(lambda: len(bot.asked) == 2)
    assert bot.modes == ["counter", "counter"]


def test_a_draft_survives_an_edit_a_quotation_and_a_change_of_language(opened: Opened) -> None:
    page, bot = opened()
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator(BOX).fill("쓰던 글")
    page.locator("#turn-1-edit").click()
    expect(page.locator(BOX)).to_have_value("왜?")
    page.locator("#editing button").click()
    expect(page.locator(BOX)).to_have_value("쓰던 글")
    page.locator("#turn-1-edit").click()
    page.locator(BOX).fill("고친 글")
    page.keyboard.press("Enter")
    wait_for(lambda: len(bot.asked) == 2)
    wait_for_answer(page)
    expect(page.locator(BOX)).to_have_value("쓰던 글")
    page.locator("#chat a.marker").click()
    page.locator("#essay .s").first.click()
    page.locator("#choice button").first.click()
    expect(page.locator(BOX)).to_have_value("쓰던 글 “첫 문단이다.” ")
    with page.expect_navigation():
        page.locator("#language").click()
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    expect(page.locator(BOX)).to_have_value("쓰던 글 “첫 문단이다.” ")
    assert [asked for asked, _ in bot.asked] == ["왜?", "고친 글"]


def test_a_question_that_is_too_long_stays_in_the_box(opened: Opened) -> None:
    page, bot = opened()
    ask(page, "가" * 4_001)
    expect(page.locator("#chat .bot").last).to_contain_text("4,001자")
    expect(page.locator("#question .submit-button")).to_be_visible()
    expect(page.locator(BOX)).to_have_value("가" * 4_001)
    assert bot.asked == []


def test_a_question_from_a_link_is_put_in_the_box_while_an_answer_is_written(opened: Opened) -> None:
    page, bot = opened(endless)
    ask(page, "왜?")
    expect(page.locator("#chat .going")).to_be_visible()
    page.evaluate("location.hash = '#ask/answer/' + encodeURIComponent('지도에서 온 질문')")
    expect(page.locator(BOX)).to_have_value("지도에서 온 질문")
    expect(page.locator("#status")).to_have_text(texts.BUSY.of("ko"))
    assert len(bot.asked) == 1
    page.locator("#question .stop-button").click()


def test_the_selected_view_follows_the_width_of_the_window(opened: Opened) -> None:
    page, _ = opened()
    ask(page, "왜?")
    wait_for_answer(page)
    for width, view in ((360, "chat"), (1440, "sources"), (360, "chat")):
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.locator(f"#view-{view}-button")).to_have_attribute("aria-selected", "true")
        expect(page.locator("#chat .answer")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 800})
    for leave in ("#turn-1-retry-answer", "#new"):
        page.locator(leave).click()
        expect(page.locator("#view-sources-button")).to_have_attribute("aria-selected", "true")


def test_the_sources_tab_is_marked_when_new_sources_are_not_in_view(opened: Opened) -> None:
    page, _ = opened()
    page.locator("#view-map-button").click()
    ask(page, "왜?")
    expect(page.locator("#view-sources-button.fresh")).to_be_visible()
    page.locator("#view-sources-button").click()
    expect(page.locator("#sources mark")).to_be_visible()
    expect(page.locator("#view-sources-button.fresh")).to_have_count(0)


def test_a_link_to_a_missing_essay_offers_the_list_of_essays(opened: Opened) -> None:
    page, _ = opened()
    page.evaluate("location.hash = '#read/nope.ko/1-2/abc'")
    expect(page.locator("#essay .notice")).to_have_text(texts.ESSAY_MISSING.of("ko"))
    page.locator("#essay .ways a").first.click()
    expect(page.locator("#shelf .title").first).to_be_visible()


def test_the_browsers_back_button_leads_from_the_essay_to_the_answer(opened: Opened) -> None:
    page, _ = opened(width=390)
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#chat a.marker").click()
    expect(page.locator("#here")).to_be_in_viewport()
    page.go_back()
    expect(page.locator("#view-chat-button")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#chat a.marker")).to_be_focused()


def test_the_browsers_back_button_closes_what_the_map_opened(visit: Open, real: str) -> None:
    page = visit(real)
    page.locator("#view-map-button").click()
    page.locator("#map a.line:visible").first.click()
    expect(page.locator("#map .more.shown")).to_have_count(1)
    page.go_back()
    expect(page.locator("#map .more.shown")).to_have_count(0)
    expect(page.locator("#view-map-button")).to_have_attribute("aria-selected", "true")


def test_escape_leads_from_a_sentences_buttons_to_the_answer(opened: Opened) -> None:
    page, _ = opened()
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#chat a.marker").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#here")).to_be_focused()
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#choice button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#essay .s:focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#chat a.marker")).to_be_focused()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("kind", ["line", "broken"])
def test_the_details_of_a_map_line_open_below_it_and_in_view(visit: Open, real: str, width: int, kind: str) -> None:
    page = visit(real, width=width)
    page.locator("#view-map-button").click()
    for number in range(2):
        line = page.locator(f"#map .analogy[open] svg:visible a.{kind}").nth(number)
        line.click()
        more = page.locator("#map .more.shown")
        expect(more).to_have_count(1)
        expect(more).to_be_in_viewport(ratio=0.9)
        expect(line).to_be_in_viewport()
        expect(more).to_be_focused()
        line_box, details_box = line.bounding_box(), more.bounding_box()
        assert line_box is not None
        assert details_box is not None
        assert line_box["y"] + line_box["height"] / 2 <= details_box["y"]
        page.keyboard.press("Escape")
        expect(page.locator("#map .more.shown")).to_have_count(0)
        expect(line).to_be_focused()


def test_a_map_link_opens_its_details_on_a_new_page(visit: Open, real: str) -> None:
    page = visit(real)
    page.goto("about:blank")
    page.goto(f"{real}/#map/dolmen-parameters/break/2")
    more = page.locator("#map .more.shown")
    expect(more).to_be_visible(timeout=30 * SECONDS)
    expect(more).to_have_attribute("id", "map/dolmen-parameters/break/2")


def test_buttons_have_accessible_names_and_messages_contain_no_markup_in_labels(opened: Opened) -> None:
    page, _ = opened(endless_if_asked)
    expect(page.locator("#question .submit-button")).to_have_attribute("aria-label", texts.SEND.of("ko"))
    ask(page, "끝없이 왜?")
    expect(page.locator("#question .stop-button")).to_have_attribute("aria-label", texts.STOP.of("ko"))
    expect(page.locator("#chat .going")).to_be_visible()
    assert page.locator("#chat [aria-label*='<']").count() == 0
    page.locator("#question .stop-button").click()
    wait_for_answer(page)
    assert page.locator("#chat [aria-label*='<']").count() == 0


def test_a_rating_during_another_answer_is_kept(opened: Opened) -> None:
    page, _ = opened(slowly)
    for question in ("왜?", "slow 또?"):
        ask(page, question)
        expect(page.locator("#chat .answer")).to_have_count(1 if question == "왜?" else 2)
        if question == "왜?":
            wait_for_answer(page)
    page.locator("#turn-1-good").click()
    expect(page.locator("#rated")).to_contain_text(texts.RATING_SAVED.of("ko"))
    wait_for_answer(page)
    expect(page.locator("#turn-1-good")).to_have_class("act on")
    expect(page.locator("#turn-1-good")).to_have_attribute("aria-pressed", "true")


def slowly(question: str) -> Iterator[Answer]:
    """Takes two seconds after each step if the question contains "slow"."""
    for answer in quoting(question):
        yield answer
        time.sleep(2 if "slow" in question else 0)


def test_a_name_is_saved_when_its_box_loses_the_focus(opened: Opened) -> None:
    page, _ = opened()
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#view-kept-button").click()
    name = page.locator("#kept-name textarea, #kept-name input")
    expect(name).to_have_value("왜?")
    page.wait_for_timeout(1 * SECONDS)  # the view was rendered just now, and its boxes are still being filled
    name.fill("돌 이야기")
    page.locator(BOX).click()
    expect(page.locator("#kept .title")).to_have_text("돌 이야기")


def test_the_name_box_is_shown_only_while_a_saved_chat_is_open(opened: Opened) -> None:
    page, _ = opened(endless_if_asked)
    page.locator("#view-kept-button").click()
    name = page.locator("#kept-name textarea, #kept-name input")
    expect(page.locator("#kept .notice").first).to_be_visible()
    expect(name).to_have_count(0)
    ask(page, "끝없이 왜?")
    expect(name).to_have_value("끝없이 왜?")  # while the first answer is being written
    name.fill("돌 이야기")
    name.press("Enter")
    page.locator("#question .stop-button").click()
    wait_for_answer(page)
    page.locator("#new").click()
    page.locator("#view-kept-button").click()
    expect(name).to_have_count(0)
    page.locator("#kept .title").click()
    page.locator("#view-kept-button").click()
    expect(name).to_have_value("돌 이야기")
    for _ in range(2):
        page.locator("#kept .open .acts .act").click()
    expect(name).to_have_count(0)


def test_files_that_cannot_be_read_are_reported_in_the_readers_language(opened: Opened) -> None:
    page, _ = opened()
    page.locator("#view-mine-button").click()
    files: Any = [
        {"name": "그림.png", "mimeType": "image/png", "buffer": b"\x89PNG"},
        {"name": "빈.md", "mimeType": "text/markdown", "buffer": b"  "},
    ]
    page.locator("#drop input[type=file]").set_input_files(files)
    expect(page.locator("#told")).to_contain_text("그림.png")
    expect(page.locator("#told")).to_contain_text("빈.md")
    expect(page.locator("#told")).to_contain_text("가운데 어느 것도 아닙니다")
    assert "/" not in page.locator("#told").inner_text()


@pytest.mark.parametrize("size", [(360, 740), (360, 320), (720, 450)])
def test_a_long_question_leaves_room_for_the_chat(opened: Opened, size: tuple[int, int]) -> None:
    page, _ = opened()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.locator(BOX).fill("긴 질문을 씁니다. " * 120)
    page.wait_for_timeout(300)
    assert page.locator("#chat").evaluate("chat => chat.clientHeight") >= size[1] / 4


class WithoutCookies:
    """An application as a browser that blocks cookies sees it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope.get("headers", ()) if name != b"cookie"]
        await self.app({**scope, "headers": headers}, receive, send)


def test_without_cookies_the_page_works_and_says_what_is_not_saved(browser: Browser, serve: Serve) -> None:
    """A browser that blocks cookies also throws an error on access to sessionStorage."""
    page = browser.new_page(locale="ko-KR")
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('denied', 'SecurityError'); }});"
    )
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(serve(WithoutCookies(build_server(ScriptedBot(endless_if_asked, model_name="scripted")))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    for number in (1, 2):
        ask(page, "왜?")
        wait_for_answer(page)
        expect(page.locator("#chat .answer")).to_have_count(number)
    page.locator("#view-kept-button").click()
    expect(page.locator("#kept")).to_contain_text(texts.COOKIES_BLOCKED.of("ko"))
    page.locator("#turn-1-good").click()
    expect(page.locator("#rated")).to_contain_text(texts.COOKIES_BLOCKED.of("ko"))
    ask(page, "끝없이 왜?")
    expect(page.locator("#chat .going")).to_be_visible()
    page.locator("#question .stop-button").click()
    expect(page.locator("#chat .answer").last).to_contain_text(texts.STOPPED.of("ko"))
    expect(page.locator("#chat .answer")).to_have_count(3)
    page.close()
    assert errors == []
