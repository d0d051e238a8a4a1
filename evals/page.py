"""Times of the page in a real browser: first paint, and from Enter to the quotations, compared with the bot alone."""

import statistics
import tempfile
import time
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from bot.pipeline import Bot
from evals.screenshot import launch, running
from evals.sets import load

QUESTIONS = 30
QUESTIONS_PER_VISITOR = 10  # below the rate limit
VISITS = 5
BOX = "#question textarea"
# For each Enter, records the milliseconds until one more answer shows a quotation or a footer.
WATCH = """() => {
  window.times = []; let started = 0, before = 0;
  const shown = () => document.querySelectorAll('#chat .answer:has(blockquote, .foot)').length;
  window.addEventListener('keydown', event => {
    if (event.key === 'Enter') { started = performance.now(); before = shown(); }
  }, true);
  const look = () => {
    if (started && shown() > before) { window.times.push(performance.now() - started); started = 0; }
    requestAnimationFrame(look);
  };
  look();
}"""


def measure(bot: Bot) -> dict[str, Any]:
    """Milliseconds, as medians and 95th percentiles, and the ratio of the page's median to that of the bot alone."""
    cases = load("golden", {essay.id: essay for essay in bot.essays()})
    asked = [case.question for case in cases if case.split == "test"][:QUESTIONS]
    bot.warm()
    bot_alone = [_timed(bot, question) for question in asked]
    with (
        tempfile.TemporaryDirectory() as data,
        running(BOT_LLM="quotes", BOT_DATA=data) as (address, _),
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        while not httpx.get(f"{address}/healthz").json()["ready"]:
            time.sleep(0.2)
        paints = [_one_visit(browser, address) for _ in range(VISITS + 1)][1:]  # the first visit warms the server up
        shown = [
            milliseconds
            for first in range(0, len(asked), QUESTIONS_PER_VISITOR)
            for milliseconds in _chat(browser, address, asked[first : first + QUESTIONS_PER_VISITOR])
        ]
        browser.close()
    return {
        "first_paint_ms": {
            "median": round(statistics.median(paint for paint, _ in paints)),
            "worst": round(max(paint for paint, _ in paints)),
        },
        "ready_ms": {
            "median": round(statistics.median(ready for _, ready in paints)),
            "worst": round(max(ready for _, ready in paints)),
        },
        "enter_to_quotations_ms": _percentiles(shown),
        "bot_alone_ms": _percentiles(bot_alone),
        "ratio_to_bot_alone": round(statistics.median(shown) / statistics.median(bot_alone), 1),
        "questions": len(shown),
    }


def _timed(bot: Bot, question: str) -> float:
    started = time.perf_counter()
    bot.ask(question)
    return (time.perf_counter() - started) * 1000


def _one_visit(browser: Browser, address: str) -> tuple[float, float]:
    page = browser.new_page()
    try:
        return _visit(page, address)
    finally:
        page.close()  # an open page keeps a connection, and a browser opens six to a server


def _visit(page: Page, address: str) -> tuple[float, float]:
    """Milliseconds to the first contentful paint, and until a question can be asked."""
    started = time.perf_counter()
    page.goto(address)
    page.locator("body.ready").wait_for(timeout=30_000)
    ready = (time.perf_counter() - started) * 1000
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime || 0")), ready


def _chat(browser: Browser, address: str, questions: list[str]) -> list[float]:
    """A chat of a new visitor: the milliseconds from each Enter until its answer shows a quotation or is finished without one."""
    context = browser.new_context()
    page = context.new_page()
    _visit(page, address)
    page.evaluate(WATCH)
    for number, question in enumerate(questions, 1):
        page.locator(BOX).fill(question)
        page.locator(BOX).press("Enter")
        page.locator("#chat .answer .foot").nth(number - 1).wait_for()
        page.locator("#question .submit-button").wait_for()
    times: list[float] = page.evaluate("window.times")
    context.close()
    assert len(times) == len(questions), f"{len(times)} of {len(questions)} answers were timed"
    return times


def _percentiles(times: list[float]) -> dict[str, int]:
    ordered = sorted(times)
    return {"median": round(statistics.median(ordered)), "p95": round(ordered[int(len(ordered) * 0.95)])}
