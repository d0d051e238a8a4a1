"""The choice of a collection on the page: shown only where there are several; the next question is answered from the chosen one."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot import Bot
from bot.indexing.build import build_index
from bot.settings import Settings
from bot.ui.server import build_server
from tests.toys import ToyEmbedder
from tests.ui.test_browser import SECONDS, Open, Serve, ask, browser, pytestmark, serve, visit, wait_for_answer

__all__ = ["browser", "pytestmark", "serve", "visit"]  # fixtures and marks that are used here, too

FACTS = {"": "The capstone of Varn weighs forty-one tons.", "notes": "The capstone of Tor weighs nine tons."}
QUESTION = "What does the capstone weigh?"
CHOICE = "#collection input"


def application(tmp_path: Path, names: tuple[str, ...], chosen: str = "") -> object:
    settings = Settings.load(index=tmp_path / "index", data=tmp_path / "data", llm="quotes", collection=chosen)
    for name in names:
        folder = tmp_path / f"essays-{name}"
        folder.mkdir()
        (folder / f"stone{name}.md").write_text(FACTS.get(name, "어느 돌은 열 톤이다."))
        build_index(settings.model_copy(update={"collection": name}), [folder], embedder=ToyEmbedder())
    return build_server(Bot(settings, ToyEmbedder()))


def choose(page: Page, label: str) -> None:
    page.locator(CHOICE).click()
    page.get_by_role("option", name=label, exact=True).click()


def test_one_collection_leaves_nothing_to_choose(tmp_path: Path, visit: Open, serve: Serve) -> None:
    page = visit(serve(application(tmp_path, ("",))))  # type: ignore[arg-type]
    expect(page.locator("#collection")).to_have_count(0)
    ask(page, QUESTION)
    wait_for_answer(page)
    expect(page.locator("#chat .answer")).to_contain_text("forty-one")


@pytest.mark.parametrize(("locale", "default"), [("ko-KR", "기본"), ("en-US", "default")])
def test_a_chosen_collection_answers_and_is_kept_by_a_reload(
    locale: str, default: str, tmp_path: Path, visit: Open, serve: Serve
) -> None:
    address = serve(application(tmp_path, ("", "notes", "노트")))  # type: ignore[arg-type]
    page = visit(address, locale)
    expect(page.locator(CHOICE)).to_have_value(default)
    ask(page, QUESTION)
    wait_for_answer(page)
    expect(page.locator("#chat .answer")).to_contain_text("forty-one")
    page.locator(CHOICE).click()
    assert [text.strip("✓ \n") for text in page.get_by_role("option").all_inner_texts()] == [default, "notes", "노트"]
    page.get_by_role("option", name="notes", exact=True).click()
    expect(page.locator("#chat .answer")).to_have_count(0)  # another collection, another chat
    page.locator("#view-read-button").click()
    expect(page.locator("#shelf .title")).to_have_text(re.compile("stonenotes"))
    ask(page, QUESTION)
    wait_for_answer(page)
    expect(page.locator("#chat .answer")).to_contain_text("nine tons")
    expect(page.locator("#chat .answer")).not_to_contain_text("forty-one")
    page.locator("#chat a.marker").first.click()
    expect(page.locator("#essay mark")).to_contain_text("nine tons")
    page.reload()
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    expect(page.locator(CHOICE)).to_have_value("notes")
    expect(page.locator("#chat .answer")).to_contain_text("nine tons")
    expect(page.locator("#essay mark")).to_be_focused()  # the essay that was open, of the chosen collection
    ask(page, QUESTION)
    expect(page.locator("#chat .answer")).to_have_count(2)
    wait_for_answer(page)
    expect(page.locator("#chat .answer").last).to_contain_text("nine tons")
    other = page.context.new_page()  # another tab has a choice of its own
    other.goto(address)
    expect(other.locator(CHOICE)).to_have_value(default, timeout=30 * SECONDS)
    choose(page, default)
    ask(page, QUESTION)
    wait_for_answer(page)
    expect(page.locator("#chat .answer")).to_contain_text("forty-one")


def test_the_choice_outlives_a_change_of_the_language(tmp_path: Path, visit: Open, serve: Serve) -> None:
    page = visit(serve(application(tmp_path, ("", "notes"), "notes")))  # type: ignore[arg-type]
    expect(page.locator(CHOICE)).to_have_value("notes")
    choose(page, "기본")
    page.locator("#language").click()
    expect(page.locator(CHOICE)).to_have_value("default", timeout=30 * SECONDS)


@pytest.mark.parametrize("width", [360, 1440])
def test_the_header_holds_the_choice_at_every_width(width: int, tmp_path: Path, visit: Open, serve: Serve) -> None:
    page = visit(serve(application(tmp_path, ("", "notes"))), width=width)  # type: ignore[arg-type]
    boxes = [page.locator(each).bounding_box() for each in ("#collection", "#new", "#language")]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    title = page.locator("#masthead h1").bounding_box()
    assert title
    assert title["height"] < 60  # in one line
    placed = [title, *(box for box in boxes if box)]
    for number, one in enumerate(placed):
        for other in placed[number + 1 :]:
            is_beside = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
            assert is_beside or one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
