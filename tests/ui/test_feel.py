"""The use of the page in a browser: Hangul and Enter, the keyboard, accessibility, stable scrolling while an answer streams, the map."""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import CDPSession, Page, expect

from bot.messages import page as texts
from bot.schema import Answer, Refusal, Sentence
from bot.ui.server import build_server
from tests.pages import ENGLISH, ScriptedBot, cite, empty_answer, quoting, wait_for
from tests.ui.test_browser import BOX, SECONDS, Open, Serve, ask, browser, pytestmark, real, serve, visit, wait_for_answer

__all__ = ["browser", "pytestmark", "real", "serve", "visit"]  # fixtures and marks that are used here, too

# Hangul and Enter


def compose(page: Page, session: CDPSession, text: str) -> None:
    """Type `text` as an input method does: the last syllable is still being composed."""
    page.locator(BOX).fill(text[:-1])
    page.locator(BOX).focus()
    page.keyboard.press("End")
    session.send("Input.imeSetComposition", {"text": text[-1], "selectionStart": 1, "selectionEnd": 1})


def press_process_key(session: CDPSession) -> None:
    """The key that a browser reports for Enter during a composition: key code 229, `isComposing`."""
    session.send(
        "Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    )


def end_composition(session: CDPSession, text: str) -> None:
    session.send("Input.insertText", {"text": text})


@pytest.mark.parametrize("second_enter", [True, False], ids=["second Enter", "no second Enter"])
@pytest.mark.parametrize(
    "question", ["고인돌은 왜 지었나", *(pytest.param(text, marks=pytest.mark.full) for text in ("왜", "로마는 왜 오래 갔나요"))]
)
def test_one_enter_during_a_composition_sends_one_complete_message(
    visit: Open, serve: Serve, question: str, second_enter: bool
) -> None:
    """Some browsers report the Enter that ends the composition a second time, as a plain key; others do not."""
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    session = page.context.new_cdp_session(page)
    compose(page, session, question)
    page.evaluate(
        "() => document.querySelector('#question textarea').dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true}))"
    )
    end_composition(session, question[-1])
    if second_enter:
        page.keyboard.press("Enter")
    wait_for(lambda: bot.asked)
    page.wait_for_timeout(400)
    wait_for_answer(page)
    assert [asked for asked, _ in bot.asked] == [question]
    expect(page.locator("#chat .user .message-content")).to_have_text(question)
    expect(page.locator(BOX)).to_have_value("")


def test_enter_in_japanese_input_sends_nothing(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    session = page.context.new_cdp_session(page)
    compose(page, session, "にほ")
    page.evaluate(
        "() => document.querySelector('#question textarea').dispatchEvent(new KeyboardEvent('keydown', "
        "{key: 'Enter', keyCode: 229, isComposing: true, bubbles: true, cancelable: true}))"
    )
    end_composition(session, "本")
    page.wait_for_timeout(300)
    assert bot.asked == []
    assert "本" in page.locator(BOX).input_value()


def test_a_process_key_alone_sends_nothing_and_keeps_the_text(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    session = page.context.new_cdp_session(page)
    compose(page, session, "고인돌")
    press_process_key(session)
    page.wait_for_timeout(300)
    assert bot.asked == []
    end_composition(session, "돌")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("b")
    assert page.locator(BOX).input_value() == "고인돌\nb"
    page.keyboard.press("Enter")
    wait_for(lambda: bot.asked)
    assert [asked for asked, _ in bot.asked] == ["고인돌\nb"]


# The keyboard


def reach(page: Page, selector: str, key: str = "Tab", max_presses: int = 80) -> None:
    """Press `key` until an element that matches `selector` has the focus."""
    for _ in range(max_presses):
        if page.evaluate("selector => Boolean(document.activeElement?.matches(selector))", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} cannot be reached with {key}")


def test_the_keyboard_reaches_everything(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.type("왜?")
    page.keyboard.press("Enter")
    wait_for_answer(page)
    reach(page, "#chat a.marker", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#here")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#choice")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#choice")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#chat a.marker")).to_be_focused()
    for selector in ("#turn-1-copy", "#turn-1-retry-answer", "#turn-1-edit", "#turn-1-good", "#turn-1-bad", "#mode input"):
        reach(page, selector)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#mode label.selected")).to_have_text(texts.MODE_COUNTER.of("ko"))
    for selector in (BOX, "#voice button", "#view-sources-button", "#view-kept-button"):
        reach(page, selector)
    page.keyboard.press("Enter")
    reach(page, "#kept a.title")
    reach(page, "#kept a.export")
    reach(page, "#view-read-button", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#essay article")).to_be_visible()
    reach(page, "#essay .s")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#essay .s.chosen")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#choice button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(BOX)).to_be_focused()
    assert page.locator(BOX).input_value().startswith("“")
    assert bot.modes == ["answer"]


def test_a_streamed_answer_is_in_a_live_region(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    ask(page, "왜?")
    wait_for_answer(page)
    assert page.locator("[aria-live=polite] .answer, [role=log] .answer").count() == 1
    assert page.evaluate("document.documentElement.lang") == "ko"


# Accessibility


@pytest.mark.parametrize(
    ("width", "scheme", "locale"),
    [
        (1440, "light", "ko-KR"),
        (360, "dark", "en-US"),
        pytest.param(768, "light", "en-US", marks=pytest.mark.full),
    ],
)
def test_axe_finds_no_serious_violation(visit: Open, real: str, width: int, scheme: str, locale: str) -> None:
    page = visit(real, locale, scheme=scheme, width=width)
    violations = serious(page, "empty")
    ask(page, texts.EXAMPLE_QUESTIONS[0].of("ko" if locale.startswith("ko") else "en"))
    expect(page.locator("#chat blockquote").first).to_be_visible(timeout=90 * SECONDS)
    wait_for_answer(page)
    violations += serious(page, "answer")
    page.locator("#chat a.marker").first.click()
    expect(page.locator("#here")).to_be_in_viewport()
    page.locator("#essay .s").nth(1).click()
    violations += serious(page, "reader")
    for view in ("sources", "map", "mine", "kept"):
        page.locator(f"#view-{view}-button").click()
        expect(page.locator(f"#view-{view}")).to_be_visible()
        if view == "map":
            page.locator("#map a.line:visible").first.click()
        violations += serious(page, view)
    assert violations == []


def serious(page: Page, view: str) -> list[str]:
    """The serious and critical violations that axe finds."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{view}: {violation['id']} {violation['nodes'][0]['html'][:80]}"
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    ]


@pytest.mark.full
def test_axe_finds_a_button_without_a_name(visit: Open, serve: Serve) -> None:
    """The check itself is checked: it must find a violation that was put on the page."""
    page = visit(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    page.evaluate("document.querySelector('#talk').append(document.createElement('button'))")
    assert any("button-name" in violation for violation in serious(page, "invalid"))


# Stable scrolling


def long_answer(question: str) -> Iterator[Answer]:
    """Two quotations at once, then twelve more sentences, one at a time."""
    citations = tuple(cite(ENGLISH, quote, number) for number, quote in enumerate(("A dolmen shows power.", "It is heavy."), 1))
    answer = replace(empty_answer(question), citations=citations)
    yield answer
    sentences = tuple(Sentence(f"“{citation.quote}”", "essay", (citation.number,), True) for citation in citations)
    yield replace(answer, sentences=sentences)
    for number in range(12):
        time.sleep(0.12)
        sentences = (
            *sentences,
            Sentence(f"Sentence {number} says a little more about the stone and those who hauled it there.", "reading"),
        )
        yield replace(answer, sentences=sentences)
    yield replace(answer, sentences=sentences, refused=(Refusal("Ghosts did it in 1997.", "figure"),))


WATCH = """() => {
  window.moved = []; let known = null;
  const look = () => {
    const first = document.querySelectorAll('#chat .answer')[1]?.querySelector('blockquote');
    const top = first && Math.round(first.getBoundingClientRect().top);
    if (first && known !== null && top !== known) window.moved.push([known, top]);
    if (first) known = top;
    window.watching = requestAnimationFrame(look);
  };
  look();
}"""


@pytest.mark.parametrize("width", [360, 1440])
def test_the_text_does_not_move_while_an_answer_streams(visit: Open, serve: Serve, width: int) -> None:
    page = visit(serve(build_server(ScriptedBot(long_answer, model_name="local"))), "en-US", width=width)  # type: ignore[arg-type]
    ask(page, "Why?")
    expect(page.locator("#chat .going")).to_be_visible()
    wait_for_answer(page)
    page.evaluate(WATCH)
    ask(page, "Why again?")
    expect(page.locator("#chat .answer")).to_have_count(2)
    wait_for_answer(page)
    moved = page.evaluate("window.moved")
    assert len(moved) <= 1  # once, when the question is scrolled to the top
    assert all(abs(after - before) <= 800 for before, after in moved)
    assert page.locator("#chat .user").last.evaluate("e => e.getBoundingClientRect().top < innerHeight / 2")
    assert page.evaluate("scrollY") == 0


def test_the_refused_sentences_can_be_unfolded(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(long_answer))), "en-US")  # type: ignore[arg-type]
    ask(page, "Why?")
    wait_for_answer(page)
    summary = page.locator("#chat .refused summary")
    expect(summary).to_have_text(texts.REFUSED_COUNT.format(count=1).of("en"))
    expect(page.locator("#chat .taken")).to_be_hidden()
    summary.click()
    expect(page.locator("#chat .taken")).to_have_text("Ghosts did it in 1997.")


def test_stop_keeps_the_partial_answer_and_frees_the_box(visit: Open, serve: Serve) -> None:
    def endless(question: str) -> Iterator[Answer]:
        answer = list(quoting(question))[-1]
        for number in itertools.count():
            yield replace(answer, sentences=(*answer.sentences, Sentence(f"Word {number}.", "reading")))
            time.sleep(0.05)

    bot = ScriptedBot(endless)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    ask(page, "왜?")
    expect(page.locator("#chat blockquote")).to_be_visible()
    page.locator("#question .stop-button").click()
    expect(page.locator("#question .submit-button")).to_be_visible()
    page.wait_for_timeout(500)
    stopped = page.locator("#chat .answer").inner_text()
    page.wait_for_timeout(400)
    assert page.locator("#chat .answer").inner_text() == stopped
    page.reload()
    expect(page.locator("#chat .answer")).to_contain_text(texts.STOPPED.of("ko"))
    expect(page.locator("#chat blockquote")).to_have_count(1)


def test_a_rating_is_saved_with_its_reason(visit: Open, serve: Serve) -> None:
    bot = ScriptedBot(quoting)
    page = visit(serve(build_server(bot)))  # type: ignore[arg-type]
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#turn-1-bad").click()
    expect(page.locator("#turn-1-bad")).to_have_class("act on")
    page.locator("#why textarea").fill("인용이 짧다")
    page.keyboard.press("Enter")
    file = bot.settings.data / "ratings.jsonl"
    wait_for(lambda: file.exists() and len(file.read_text("utf-8").splitlines()) == 2)
    assert '"reason": "인용이 짧다"' in file.read_text("utf-8").splitlines()[1]
    expect(page.locator("#rated")).to_contain_text(texts.REASON_SAVED.of("ko"))


def test_copying_an_answer_gives_its_text_and_sources(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "왜?")
    wait_for_answer(page)
    page.locator("#turn-1-copy").click()
    expect(page.locator("#turn-1-copy")).to_have_text(texts.COPIED.of("ko"))
    assert page.evaluate("navigator.clipboard.readText()") == "“고인돌은 힘을 보여 준다.” [1]\n\n[1] 고인돌 이야기"


def test_the_language_can_be_switched(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(quoting))), "en-US")  # type: ignore[arg-type]
    expect(page.locator("#view-kept-button")).to_have_text(texts.VIEW_HISTORY.of("en"))
    with page.expect_navigation():
        page.locator("#language").click()
    expect(page.locator("#view-kept-button")).to_have_text(texts.VIEW_HISTORY.of("ko"))
    expect(page.locator("#mode label").first).to_have_text(texts.MODE_ANSWER.of("ko"))
    assert page.evaluate("document.documentElement.lang") == "ko"


def test_the_model_is_named_and_can_be_tested(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    heading = page.locator("#voice button").first
    expect(heading).to_contain_text(texts.MODEL_QUOTES.of("ko"))
    heading.click()
    page.locator("#voice-test").click()
    expect(page.locator("#voice-tested")).to_have_text(texts.MODEL_WORKS_QUOTES.of("ko"))


# The map

# Compares each label with its box, the drawing and its neighbours, in pixels of the screen; and finds the smallest font size.
MEASURE = """() => {
  document.querySelectorAll('#map details').forEach(element => element.open = true);
  const faults = []; let smallest = 99, labels = 0;
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
  for (const svg of document.querySelectorAll('#map svg')) {
    const drawing = svg.getBoundingClientRect();
    if (!drawing.width) continue;
    const texts = [...svg.querySelectorAll('text')], boxes = [...svg.querySelectorAll('rect.box')].map(element => element.getBoundingClientRect());
    const places = texts.map(element => element.getBoundingClientRect());
    texts.forEach((text, number) => {
      labels++;
      smallest = Math.min(smallest, text.getAttribute('font-size') * drawing.width / svg.viewBox.baseVal.width);
      if (!inside(places[number], drawing)) faults.push('outside: ' + text.textContent);
      if (text.matches('.thing') && !boxes.some(box => inside(places[number], box))) faults.push('over its box: ' + text.textContent);
      places.slice(0, number).forEach((other, earlier) => {
        if (!apart(other, places[number])) faults.push(texts[earlier].textContent + ' under ' + text.textContent);
      });
    });
  }
  return {faults, smallest, labels};
}"""


@pytest.mark.parametrize("width", [360, pytest.param(768, marks=pytest.mark.full), 1440])
@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_every_label_of_the_map_fits_its_box_and_is_large_enough(visit: Open, real: str, locale: str, width: int) -> None:
    page = visit(real, locale, width=width)
    page.locator("#view-map-button").click()
    page.locator("#map a.line:visible").first.wait_for()
    measured = page.evaluate(MEASURE)
    assert measured["faults"] == []
    assert measured["labels"] > 22 * 6
    assert measured["smallest"] >= 12.5
    page.evaluate("document.querySelectorAll('#map rect.box').forEach(box => box.setAttribute('width', 20))")
    assert len(page.evaluate(MEASURE)["faults"]) > 22  # boxes that are too narrow are found
