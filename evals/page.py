"""How quick the page is, in a real browser on a running server: first paint, and from Enter to the quotations, beside the bare bot."""

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
OF_ONE_READER = 10  # so few that nobody is asked to slow down
VISITS = 5
BOX = "#question textarea"
# Notes the moment of each Enter, and the first moment at which one more answer shows a quotation.
WATCH = """() => {
  window.times = []; let begun = 0, held = 0;
  const shown = () => document.querySelectorAll('#chat .answer:has(blockquote, .foot)').length;
  window.addEventListener('keydown', event => { if (event.key === 'Enter') { begun = performance.now(); held = shown(); } }, true);
  const look = () => { if (begun && shown() > held) { window.times.push(performance.now() - begun); begun = 0; } requestAnimationFrame(look); };
  look();
}"""


def measure(bot: Bot) -> dict[str, Any]:
    """Milliseconds, medians and 95th percentiles. The last row is the page's part: what it adds to the bot's own answer."""
    asked = [one.question for one in load("golden", {essay.id: essay for essay in bot.essays()}) if one.split == "test"][
        :QUESTIONS
    ]
    bot.warm()
    bare = [_timed(bot, question) for question in asked]
    with (
        tempfile.TemporaryDirectory() as data,
        running(BOT_LLM="quotes", BOT_DATA=data) as (address, _),
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        while not httpx.get(f"{address}/healthz").json()["ready"]:
            time.sleep(0.2)
        paints = [_one_visit(browser, address) for _ in range(VISITS + 1)][1:]  # the first is the server's own first time
        shown = [
            moment
            for first in range(0, len(asked), OF_ONE_READER)
            for moment in _talk(browser, address, asked[first : first + OF_ONE_READER])
        ]
        browser.close()
    return {
        "first_paint_ms": {
            "median": round(statistics.median(paint for paint, _ in paints)),
            "worst": round(max(p for p, _ in paints)),
        },
        "ready_ms": {"median": round(statistics.median(ready for _, ready in paints)), "worst": round(max(r for _, r in paints))},
        "enter_to_quotations_ms": _spread(shown),
        "the_bot_alone_ms": _spread(bare),
        "times_the_bot_alone": round(statistics.median(shown) / statistics.median(bare), 1),
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
        page.close()  # each open page holds a connection, and a browser has six for a server


def _visit(page: Page, address: str) -> tuple[float, float]:
    """Milliseconds to the first contentful paint, and until the page takes a question."""
    started = time.perf_counter()
    page.goto(address)
    page.locator("body.ready").wait_for(timeout=30_000)
    ready = (time.perf_counter() - started) * 1000
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime || 0")), ready


def _talk(browser: Browser, address: str, questions: list[str]) -> list[float]:
    """A new reader's talk. Returns the milliseconds from each Enter until one more answer showed a quotation, or said that there is none."""
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
    assert len(times) == len(questions), f"{len(times)} of {len(questions)} answers were seen"
    return times


def _spread(times: list[float]) -> dict[str, int]:
    ordered = sorted(times)
    return {"median": round(statistics.median(ordered)), "p95": round(ordered[int(len(ordered) * 0.95)])}
