"""A saved chat with an unreadable turn in a browser: the buttons of the other answers act on their own questions."""

import sqlite3

import pytest
from playwright.sync_api import expect

from bot.ui.server import build_server
from tests.pages import ScriptedBot, quoting, wait_for
from tests.ui.test_browser import BOX, Open, Serve, ask, browser, pytestmark, serve, visit, wait_for_answer

__all__ = ["browser", "pytestmark", "serve", "visit"]  # fixtures


@pytest.mark.timeout(120)
def test_edit_and_retry_use_the_question_of_their_own_answer(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    for place, question in enumerate(("하나?", "둘?", "셋?", "넷?"), 1):
        ask(page, question)
        expect(page.locator(f"#turn-{place}-edit")).to_be_visible()
        wait_for_answer(page)
    with sqlite3.connect(bot.settings.data / "conversations.sqlite3") as connection:
        connection.execute("update turns set answer = '{' where place = 2")
    page.reload()
    expect(page.locator("#turn-4-edit")).to_be_visible()
    expect(page.locator("#turn-2-edit")).to_have_count(0)
    page.locator("#turn-3-edit").click()
    expect(page.locator(BOX)).to_have_value("셋?")
    page.locator("#editing button").click()
    page.locator("#turn-4-retry-answer").click()
    wait_for(lambda: len(bot.asked) == 5)
    wait_for_answer(page)
    expect(page.locator("#chat .user .message-content").last).to_have_text("넷?")
    assert [question for question, _ in bot.asked] == ["하나?", "둘?", "셋?", "넷?", "넷?"]
    expect(page.locator("#chat .answer")).to_have_count(3)
