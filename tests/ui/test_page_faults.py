"""The page when the model's server fails in five ways, follows instructions in a question, or the rate limit is reached."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from bot.messages import notices
from bot.retrieval.hybrid import Retriever
from bot.settings import Settings
from bot.ui.rate_limit import RateLimiter
from bot.ui.server import build_server
from tests.answers.test_chat_models import CANARY, ORDERS, bot_with, gullible, hostile
from tests.answers.test_faults import QUESTION, REPLY, SECRET, bot_at, endpoint, settings
from tests.endpoint import Endpoint
from tests.pages import ScriptedBot, Sink, quoting, serving
from tests.ui.test_browser import BOX, SECONDS, Open, Serve, ask, browser, pytestmark, serve, visit, wait_for_answer

__all__ = [
    "browser",
    "endpoint",
    "hostile",
    "pytestmark",
    "serve",
    "settings",
    "visit",
]  # fixtures and marks that are used here, too


@pytest.mark.parametrize(
    ("mode", "state"), [("401", "key"), ("500", "down"), ("hang", "slow"), ("reset", "cut"), ("bad-json", "broken")]
)
def test_a_failing_model_leaves_the_page_usable(
    visit: Open,
    serve: Serve,
    mode: str,
    state: str,
    settings: Settings,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    bot = bot_at(endpoint.base_url(mode), settings.model_copy(update={"data": tmp_path / "data"}), monkeypatch)
    bot.warm()
    page = visit(serve(build_server(bot)))
    for count in (1, 2):
        ask(page, QUESTION["ko"])
        expect(page.locator("#chat .answer")).to_have_count(count, timeout=20 * SECONDS)
        wait_for_answer(page)
        last = page.locator("#chat .answer").last
        expect(
            last.locator("blockquote, .said .marker").first
        ).to_be_visible()  # the quotations, or checked prose with its source
        expect(last.locator(".notice").last).to_have_text(notices.ENDED_EARLY[state].ko)
        expect(page.locator(BOX)).to_be_enabled()
        expect(page.locator("#sources mark").first).to_be_visible()
    shown = page.locator("body").inner_text()
    assert (SECRET in shown, "Traceback" in shown, page.locator(".toast-wrap .error, #chat .error").count()) == (False, False, 0)
    assert REPLY not in shown or mode == "ok"


def test_a_model_that_follows_every_injected_instruction_does_no_harm(
    visit: Open, serve: Serve, hostile: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Retriever, "outcome", lambda *_, **__: "answered")
    sink = Sink()
    with serving(sink) as foreign:
        bot, _ = bot_with(
            hostile.model_copy(update={"data": tmp_path / "data"}),
            lambda asked: gullible(asked).replace("http://evil.example", foreign),
        )
        page = visit(serve(build_server(bot)), "en-US")
        for number, order in enumerate(ORDERS, 1):
            ask(page, f"When do the bells ring? {order.replace('http://evil.example', foreign)}")
            expect(page.locator("#chat .answer")).to_have_count(number, timeout=20 * SECONDS)
            wait_for_answer(page)
        page.wait_for_timeout(500)
        shown = page.locator("body").inner_text()
        assert CANARY not in page.content()
        assert os.environ["HOME"] not in shown
        assert page.evaluate("window.__x") is None
    assert sink.paths == []


def test_the_model_test_reports_a_failing_model(
    visit: Open, serve: Serve, settings: Settings, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    results: dict[str, Any] = {}
    for mode in ("ok", "401", "500"):
        bot = bot_at(endpoint.base_url(mode), settings.model_copy(update={"data": tmp_path / mode}), monkeypatch)
        page = visit(serve(build_server(bot)), "en-US")
        page.locator("#voice button").first.click()
        page.locator("#voice-test").click()
        result = page.locator("#voice-tested p")
        expect(result).to_contain_text("openai:fake", timeout=20 * SECONDS)
        results[mode] = result.inner_text()
    assert results["ok"].startswith("It works: openai:fake answered")
    assert results["401"] == f"openai:fake: {notices.FAULTS['key'].en}"
    assert results["500"] == f"openai:fake: {notices.FAULTS['down'].en}"


def test_a_question_over_the_limit_stays_in_the_box_and_can_be_sent_later(
    visit: Open, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = RateLimiter(2)
    monkeypatch.setattr("bot.ui.page.RateLimiter", lambda: limiter)
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)), "en-US")  # type: ignore[arg-type]
    for count, question in enumerate(("What is a dolmen?", "And why?"), 1):
        ask(page, question)
        expect(page.locator("#chat .answer")).to_have_count(count, timeout=20 * SECONDS)
        wait_for_answer(page)
    ask(page, "And who?")
    expect(page.locator("#chat .notice").last).to_contain_text("2 times a minute")
    expect(page.locator(BOX)).to_have_value("And who?")
    expect(page.locator("#sources mark")).to_have_count(1)
    limiter.__init__(2)  # type: ignore[misc]  # as if a minute had passed
    page.locator(BOX).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chat .answer")).to_have_count(3, timeout=20 * SECONDS)
    wait_for_answer(page)
    assert [asked for asked, _ in bot.asked] == ["What is a dolmen?", "And why?", "And who?"]
    expect(page.locator(BOX)).to_have_value("")
    expect(page.locator("#chat")).not_to_contain_text("times a minute")


def test_a_rejected_call_does_not_end_the_chat(browser: Browser, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    retry_after = [0]
    monkeypatch.setattr("bot.ui.middleware.RateLimiter.retry_after", lambda self, caller: retry_after[0])
    page = browser.new_page(locale="en-US")
    page.goto(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    retry_after[0] = 7
    with page.expect_response(lambda response: response.status == 429):
        ask(page, "What is a dolmen?")
    expect(page.locator(".toast-body")).to_contain_text("You can ask 600 times a minute. Please try again in 7 s.")
    expect(page.locator(BOX)).to_have_value("What is a dolmen?")
    retry_after[0] = 0
    ask(page, "And why?")
    expect(page.locator("#chat .answer")).to_have_count(1, timeout=20 * SECONDS)
    page.close()
