"""Hostile texts in a real browser, by every way into the page: nothing runs, loads, sends or covers, and every text can be read.

All payloads are tested once, as text of an essay. The other ways are tested with a sample, and with all payloads in the full set.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from bot.chats.history import ChatHistory
from bot.indexing import loader
from bot.indexing.build import build_index
from bot.indexing.loader import MAX_FILE_BYTES
from bot.messages import page as page_texts
from bot.pipeline import MAX_QUESTION_CHARACTERS, Bot
from bot.schema import Answer, Essay, Refusal, Sentence
from bot.settings import Settings
from bot.text.normalize import clean
from bot.ui.middleware import MAX_UPLOAD_BYTES
from bot.ui.server import build_server
from tests.pages import ENGLISH, KOREAN, ScriptedBot, Sink, cite, empty_answer, quoting, serving, wait_for
from tests.payloads import PAYLOADS, SAMPLE
from tests.places import ESSAYS
from tests.toys import ToyEmbedder
from tests.ui.test_browser import SECONDS, Open, Serve, ask, browser, flat, pytestmark, serve, visit, wait_for_answer
from tests.ui.test_map import toy

__all__ = ["browser", "pytestmark", "serve", "visit"]  # fixtures and marks that are used here, too

CODE = "```python\ndef haul(stone):\n    if stone < 2 and stone > 0:\n        return f'<b>{stone}</b> *돌*'\n```"
SENTENCE = "고인돌은 왜 그 자리에 서 있는가, 삼천 년 동안 아무도 답하지 않았다."
TAGS = """a article blockquote br button circle code details div h1 h2 h3 h4 h5 h6 header li mark nav p path rect section span
summary svg text tspan ul"""
ATTRIBUTES = """aria-label aria-pressed class cx cy d font-size height href id lang open r rel role rx tabindex target text-anchor title type
viewBox width x xmlns y"""
OpenBot = Callable[..., Page]
sampled = pytest.mark.parametrize("texts", [SAMPLE, pytest.param(PAYLOADS, marks=pytest.mark.full)], ids=["sample", "all"])

# The harm that a text may not do, by kind, with the beginnings of the elements that show it. Our markup is inside `span.md`. At nine
# points of the window the topmost element must be inside the page, and not inside an element with a fixed position.
HARM = """([tags, attributes]) => {
  const all = selector => [...document.querySelectorAll(selector)];
  const excerpts = elements => elements.map(element => element.outerHTML.slice(0, 150));
  const scripted = element => [...element.attributes].some(({value}) => /^[\\s\\0-\\x20]*(javascript|vbscript|data):/i.test(value));
  const ours = element => tags.includes(element.localName) && element.getAttributeNames().every(name => attributes.includes(name))
    && /^(#|export[/]|https?:)/.test(element.getAttribute('href') ?? '#');
  const fixed = element => element && (getComputedStyle(element).position === 'fixed' || fixed(element.parentElement));
  const points = [1, 5, 9].flatMap(x => [1, 5, 9].map(y => [x * innerWidth / 10, y * innerHeight / 10]));
  return {
    ran: '__x' in window ? [String(window.__x)] : [],
    forms: excerpts(all('form')),
    loaders: excerpts(all('iframe, frame, object, embed, applet, img, video, audio, dialog, marquee, [popover], meta[http-equiv], body link')),
    handlers: excerpts(all('*').filter(element => element.getAttributeNames().some(name => name.startsWith('on')))),
    links: excerpts(all('[href], [src], [action], [formaction], [data]').filter(scripted)),
    strange: excerpts(all('span.md *').filter(element => !ours(element))),
    covered: points.filter(([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return !top?.closest('#page') || fixed(top);
    }).map(String),
  };
}"""


@pytest.fixture
def sink_address() -> Iterator[str]:
    """The address in the payloads. At the end, nothing may have been requested from it."""
    sink = Sink()
    with serving(sink) as address:
        yield address
    assert sink.paths == []


@pytest.fixture
def open_bot(sink_address: str, visit: Open, serve: Serve) -> Iterator[OpenBot]:
    """Opens the page of a bot. At the end, it may have requested nothing but its server (no `data:` URL either) and opened no tab."""
    strayed: list[str] = []

    def open_page(bot: Any, **options: Any) -> Page:
        home = serve(build_server(bot))
        page = visit(home, **options)
        page.on("request", lambda request: strayed.append(request.url) if not request.url.startswith(home) else None)
        page.on("framenavigated", lambda frame: strayed.append(frame.url) if not frame.url.startswith(home) else None)
        page.on("popup", lambda tab: strayed.append(tab.url))
        assert harm(page) == {}
        return page

    yield open_page
    assert strayed == []


def harm(page: Page) -> dict[str, list[str]]:
    """The harm found on a page, by kind."""
    harms = page.evaluate(HARM, [TAGS.split(), ATTRIBUTES.split()])
    return {kind: elements for kind, elements in harms.items() if elements}


def with_address(texts: Sequence[str], sink_address: str) -> list[str]:
    """The payloads, with the address of the sink."""
    return [text.replace("SINK", sink_address) for text in texts]


def squeezed(text: str) -> str:
    """The readable characters of a text: without white space, and without what `clean` drops and browsers replace."""
    return "".join(clean(text.replace("\ufffd", "")).text.split())


def unreadable(texts: Sequence[str], page: Page, selector: str) -> list[str]:
    """The texts that cannot be read in the elements of `selector`. The signs of headings are ignored: the open essay leaves them out."""
    shown = squeezed(" ".join(page.locator(selector).all_inner_texts())).replace("#", "")
    return [text for text in texts if squeezed(text).replace("#", "") not in shown]


def check_code_and_korean(page: Page, selector: str) -> None:
    """The code keeps its lines, and the Korean sentence is complete."""
    lines = [flat(line) for line in "\n".join(page.locator(selector).all_inner_texts()).splitlines()]
    code = [flat(line) for line in CODE.splitlines()]
    assert code in [lines[start : start + len(code)] for start in range(len(lines))]
    assert any(line.endswith(SENTENCE) for line in lines)


def joined(texts: Sequence[str], max_characters: int) -> list[str]:
    """The texts joined into as few pieces of at most `max_characters` as their order allows."""
    pieces = [""]
    for text in texts:
        longer = f"{pieces[-1]}\n\n{text}"
        pieces = [*pieces[:-1], longer] if len(longer) <= max_characters else [*pieces, text]
    return [piece.strip() for piece in pieces]


# The text of an essay, shown as a source, opened, searched and drawn as a map


def test_every_payload_in_an_essay_stays_text(sink_address: str, open_bot: OpenBot, tmp_path: Path) -> None:
    payloads = with_address(PAYLOADS, sink_address)
    essay = essay_from(
        tmp_path, "\n\n".join([*payloads, CODE, SENTENCE]), title=payloads[2], author=payloads[0], source=payloads[7]
    )
    answer = citing(essay, [*payloads, CODE, SENTENCE])
    analogies = [replace(toy(payload, payload), id=f"toy-{number}") for number, payload in enumerate(payloads)]
    page = open_bot(ScriptedBot(lambda _: iter([answer]), [essay, KOREAN], analogies=analogies))
    ask(page, "왜?")
    answered(page, 1)
    marks = page.locator("#sources mark").all_inner_texts()
    assert sorted(map(squeezed, marks)) == sorted(squeezed(citation.quote) for citation in answer.citations)
    assert unreadable(payloads, page, "#chat blockquote") == []
    check_code_and_korean(page, "#sources mark")
    assert harm(page) == {}
    page.locator("#chat a.marker").nth(60).click()
    expect(page.locator("#essay mark").first).to_be_in_viewport(timeout=10 * SECONDS)
    underlined = [payload for payload in payloads if "\n===\n" in payload]  # the line under a heading is not shown, as # is not
    assert unreadable([payload for payload in payloads if payload not in underlined], page, "#essay article") == []
    check_code_and_korean(page, "#essay article")
    assert harm(page) == {}
    page.locator("#essay .back").first.click()
    page.locator("#shelf-search textarea, #shelf-search input").fill("<script>")
    expect(page.locator("#shelf .found .snippet")).to_have_count(1)
    assert harm(page) == {}
    page.locator("#view-map-button").click()
    expect(page.locator("#map details")).to_have_count(len(payloads))
    page.locator("#map details").evaluate_all("elements => elements.forEach(element => element.open = true)")
    assert unreadable(payloads, page, "#map summary") == []
    assert harm(page) == {}


def essay_from(folder: Path, text: str, **front: str) -> Essay:
    """The essay that the loader makes of a text file with this text and front matter; it takes comments out of Markdown only."""
    (folder / "hostile.txt").write_text(front_matter(**front) + text, "utf-8")
    (essay,) = loader.load_essays([folder]).essays
    return essay


def front_matter(**front: str) -> str:
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in front.items()]
    return f"---\n{''.join(lines)}---\n"


def citing(essay: Essay, texts: Sequence[str]) -> Answer:
    """An answer that quotes each of the texts."""
    citations = tuple(cite(essay, clean(text).text, number) for number, text in enumerate(texts, 1))
    sentences = tuple(Sentence(f"“{citation.quote}”", "essay", (citation.number,), True) for citation in citations)
    return replace(empty_answer("왜?"), citations=citations, sentences=sentences)


# Titles, authors and file names, by upload


@pytest.fixture
def toy_bot(tmp_path: Path) -> Bot:
    """A bot on the small test collection, with the toy embedder."""
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    build_index(settings, embedder=ToyEmbedder())
    return Bot(settings, ToyEmbedder())


@sampled
def test_hostile_titles_and_file_names_stay_text(
    texts: Sequence[str], sink_address: str, open_bot: OpenBot, toy_bot: Bot, tmp_path: Path
) -> None:
    payloads = with_address(texts, sink_address)
    page = open_bot(toy_bot)
    page.locator("#view-mine-button").click()
    for first in range(0, len(payloads), 9):  # ten at once, the last of which identifies the upload
        check_names_of_empty_files(page, [*payloads[first : first + 9], f"From number {first}"])
    heads = [" ".join(payloads[first::10]) for first in range(10)]
    upload(page, [(f"{payloads[number]}.md", own_essay(number, head)) for number, head in enumerate(heads)])
    titles = page.locator("#own .title")
    expect(titles).to_have_count(10, timeout=60 * SECONDS)
    for number, head in enumerate(heads):  # a link in a header is read as its text
        (tmp_path / f"{number}.md").write_text(own_essay(number, head))
    read = [essay.title for essay in loader.load_essays([tmp_path]).essays]
    assert sorted(map(squeezed, titles.all_inner_texts())) == sorted(map(squeezed, read))
    assert sum(squeezed(title) == squeezed(head) for title, head in zip(read, heads, strict=True)) >= 9
    assert harm(page) == {}
    for head in (titles.nth(number).inner_text() for number in range(10)):
        check_upload_opens(page, head)
    page.locator("#essay .back").first.click()
    shown = [re.sub(r"\[\[(.*?)\]\]", r"\1", payload) for payload in payloads]
    assert unreadable(shown, page, "#shelf .title") == unreadable(shown, page, "#shelf .about") == []
    assert harm(page) == {}
    number = next(number for number, head in enumerate(heads) if "script" in head)
    ask(page, f"A sentence about heron number {number}")
    answered(page, 1)
    page.locator("#view-sources-button").click()
    expect(page.locator("#sources .title", has_text="script").first).to_be_visible()
    assert harm(page) == {}
    check_removal(page)


def upload(page: Page, files: Sequence[tuple[str, str]]) -> None:
    """Upload files, as (name, text)."""
    payload: Any = [{"name": name, "mimeType": "text/markdown", "buffer": text.encode()} for name, text in files]
    page.locator("#drop input[type=file]").set_input_files(payload)


def check_names_of_empty_files(page: Page, names: Sequence[str]) -> None:
    """The messages after the upload name each of the empty files, without any character of markup."""
    upload(page, [(f"{name} {number}.md", " ") for number, name in enumerate(names)])
    expect(page.locator("#told .notice", has_text=names[-1])).to_be_visible(timeout=20 * SECONDS)
    messages = page.locator("#told .notice").all_inner_texts()
    assert len(messages) == len(names)
    assert [line for line in messages if ".md" not in line or re.search(r"[<>]", line)] == []
    assert harm(page) == {}


def own_essay(number: int, head: str) -> str:
    return (
        f"{front_matter(title=head, author=head, source=head)}A sentence about heron number {number}.\n\n{CODE}\n\n{SENTENCE}\n"
    )


def check_upload_opens(page: Page, head: str) -> None:
    """The uploaded essay opens with its title, its author and the beginning of its source."""
    page.locator("#view-mine-button").click()
    page.locator("#own .title", has_text=head).click()
    wait_for(lambda: squeezed(page.locator("#essay-title").inner_text()) == squeezed(head))
    assert squeezed(page.locator("#essay .about").inner_text()) == squeezed(f"{head} · {cut_short(head)}")
    assert page.locator("#essay .about a").count() == 0
    check_code_and_korean(page, "#essay article")
    assert harm(page) == {}


def check_removal(page: Page) -> None:
    """The message after a removal contains the title."""
    page.locator("#view-mine-button").click()
    title = page.locator("#own .title").first.inner_text()
    page.locator("#own .act").first.click()
    page.locator("#own .act").first.click()
    expect(page.locator("#own .title")).to_have_count(9, timeout=60 * SECONDS)
    assert squeezed(page.locator("#told").inner_text()) == squeezed(page_texts.UPLOADS_REMOVED.format(title=title).of("ko"))
    assert harm(page) == {}


@pytest.mark.parametrize(
    ("suffix", "size"),
    [(".key", 1), (".md", MAX_FILE_BYTES + 1), (".md", MAX_UPLOAD_BYTES + 1)],
    ids=["other format", "too large for an essay", "too large for a request"],
)
def test_the_name_of_a_rejected_file_stays_text(browser: Browser, serve: Serve, tmp_path: Path, suffix: str, size: int) -> None:
    file = tmp_path / f"<form><b style='position:fixed;inset:0'>menhir{suffix}"
    with file.open("wb") as stream:
        stream.truncate(size)
    page = browser.new_page()
    page.goto(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    page.locator("#view-mine-button").click()
    page.locator("#drop input[type=file]").set_input_files(file)
    expect(page.get_by_text("menhir").first).to_be_visible(timeout=10 * SECONDS)
    assert page.locator(".toast-message-text *").all_inner_texts() == []
    if size <= MAX_UPLOAD_BYTES:  # else Gradio's own error message covers the page
        assert harm(page) == {}
    page.close()


# Questions: typed, from a URL fragment, after a reload, and in the history


@sampled
def test_hostile_questions_stay_text(texts: Sequence[str], sink_address: str, open_bot: OpenBot) -> None:
    payloads = with_address(texts, sink_address)
    questions = joined([*payloads, CODE, SENTENCE], MAX_QUESTION_CHARACTERS)
    bot = ScriptedBot(quoting)
    page = open_bot(bot)
    for count, question in enumerate(questions, 1):
        ask(page, question)
        answered(page, count)
    for count, question in enumerate(questions, len(questions) + 1):
        page.evaluate("hash => { location.hash = hash; }", f"#ask/answer/{quote(question, safe='')}")
        answered(page, count)
    check_questions(page, questions * 2)
    check_searches_without_results(page, payloads)
    fragment = f"#ask/counter/{quote(questions[0], safe='')}"
    page.evaluate("hash => { history.replaceState(null, '', hash); location.reload(); }", fragment)
    answered(page, 2 * len(questions) + 1)
    check_questions(page, [*questions * 2, questions[0]])
    check_hostile_chat_names(page, bot, payloads)
    check_rename_and_open(page, payloads[2])


def answered(page: Page, count: int) -> None:
    expect(page.locator("#chat .answer")).to_have_count(count, timeout=30 * SECONDS)
    wait_for_answer(page)


def check_questions(page: Page, questions: Sequence[str]) -> None:
    shown = page.locator("#chat .user .message-content")
    assert [squeezed(text) for text in shown.all_inner_texts()] == [squeezed(question) for question in questions]
    check_code_and_korean(page, "#chat .user .message-content")
    assert harm(page) == {}


def check_searches_without_results(page: Page, payloads: Sequence[str]) -> None:
    """The message that nothing was found contains the search as it was written."""
    for view, box, message in (("read", "#shelf-search", "#shelf .notice"), ("kept", "#kept-search", "#kept .notice")):
        page.locator(f"#view-{view}-button").click()
        for payload in payloads[2:4]:
            search = f"zzz {payload}"
            page.locator(f"{box} textarea, {box} input").fill(search)
            expect(page.locator(message).first).to_contain_text(search, timeout=20 * SECONDS)
        assert harm(page) == {}
        page.locator(f"{box} textarea, {box} input").fill("")


def check_hostile_chat_names(page: Page, bot: ScriptedBot, payloads: Sequence[str]) -> None:
    """A saved chat named after each payload is listed under its name."""
    history = ChatHistory(bot.settings.data)
    (reader,) = [str(cookie.get("value")) for cookie in page.context.cookies() if cookie.get("name") == "dolmen_reader"]
    for payload in payloads:
        history.add(reader, history.new(), replace(empty_answer(payload), sentences=(Sentence(payload, "reading"),)))
    page.locator("#view-kept-button").click()
    page.locator("#kept-search textarea, #kept-search input").fill(" ")
    names = [summary.name for summary in history.list(reader)]
    expect(page.locator("#kept .title")).to_have_count(len(names))
    assert [squeezed(text) for text in page.locator("#kept .title").all_inner_texts()] == [squeezed(name) for name in names]
    starts = {squeezed(name).removesuffix("…") for name in names}
    assert [payload for payload in payloads if not any(squeezed(payload).startswith(start) for start in starts)] == []
    assert harm(page) == {}


def check_rename_and_open(page: Page, payload: str) -> None:
    """The open chat is renamed to a payload. Then another chat is opened, whose question and answer are the same text."""
    box = page.locator("#kept-name textarea, #kept-name input")
    box.fill(payload)
    box.press("Enter")
    expect(page.locator("#kept .open .title")).to_have_text(payload, timeout=20 * SECONDS)
    expect(box).to_have_value(payload)
    page.locator("#kept .title").first.click()
    expect(page.locator("#chat .answer")).to_have_count(1, timeout=20 * SECONDS)
    assert page.locator("#chat .reading").inner_text().endswith(page.locator("#chat .user .message-content").inner_text())
    assert harm(page) == {}


# The answer of a model, while it streams


@sampled
def test_hostile_text_of_a_model_stays_text_while_it_streams(texts: Sequence[str], sink_address: str, open_bot: OpenBot) -> None:
    payloads = with_address(texts, sink_address)
    checked = threading.Event()

    def script(question: str) -> Iterator[Answer]:
        for number in range(len(payloads)):
            yield answer_of([*payloads[:number], payloads[number][: len(payloads[number]) // 2]])
            if number == len(payloads) // 2:
                wait_for(checked.is_set)
        yield answer_of([*payloads, CODE, SENTENCE])

    page = open_bot(ScriptedBot(script, model_name="local"), language="en-US")
    ask(page, "Why?")
    expect(page.locator("#chat .reading")).to_have_count(len(payloads) // 2 + 1, timeout=30 * SECONDS)
    expect(page.locator("#chat .going")).to_be_visible()
    assert unreadable(payloads[: len(payloads) // 2], page, "#chat .answer") == []
    assert harm(page) == {}
    checked.set()
    wait_for_answer(page)
    page.locator("#chat .refused summary").click()
    expected = [squeezed(text) for text in (*payloads, CODE, SENTENCE)]
    for selector in (".reading", ".notice:not(:first-child)", ".said", ".taken"):
        shown = [
            squeezed(text.removeprefix(page_texts.READING_LABEL.of("en")))
            for text in page.locator(f"#chat {selector}").all_inner_texts()
        ]
        assert shown == expected
        check_code_and_korean(page, f"#chat {selector}")
    first = page.locator("#chat .notice").first.inner_text()
    assert squeezed(first) == squeezed(page_texts.SEARCHED_AS.format(question=" ".join(payloads[:9])).of("en"))
    assert harm(page) == {}


def answer_of(texts: Sequence[str]) -> Answer:
    """An answer with each of the texts as a reading, a notice, a sentence of an essay and a refused sentence."""
    kinds: tuple[Any, ...] = ("reading", "notice", "essay")
    sentences = tuple(Sentence(text, kind) for text in texts for kind in kinds)
    refused = tuple(Refusal(text, "name") for text in texts)
    return replace(empty_answer("Why?"), standalone=" ".join(texts[:9]), sentences=sentences, refused=refused)


# A stream that is cut at every byte

# Looks for harm at each cut, and reports it to the test.
CUTS = """([tags, attributes]) => {
  let last = '';
  new MutationObserver(() => {
    const now = document.querySelector('#chat .notice')?.textContent ?? '';
    if (!now.startsWith('cut ') || now === last) return;
    last = now;
    window.report(now, (HARM)([tags, attributes]));
  }).observe(document.querySelector('#chat'), {childList: true, subtree: true, characterData: true});
}""".replace("HARM", HARM)


@pytest.mark.parametrize(
    "texts",
    [SAMPLE, *(pytest.param(PAYLOADS[first::4], marks=pytest.mark.full) for first in range(4))],
    ids=["sample", *(f"all-{first}" for first in range(4))],
)
def test_no_payload_does_harm_at_any_cut(texts: Sequence[str], sink_address: str, open_bot: OpenBot) -> None:
    """The payloads side by side, each as a reading and as a refused sentence, grow one byte at a time.

    The page has shown each cut before the next one is sent.
    """
    payloads = with_address(texts, sink_address)
    last_cut = max(len(payload.encode()) for payload in payloads)
    cuts: list[str] = []
    harms: list[Any] = []

    def script(question: str) -> Iterator[Answer]:
        for cut in range(1, last_cut + 1):
            yield cut_off(payloads, cut)
            wait_for(lambda cut=cut: f"cut {cut}" in cuts)  # type: ignore[misc]

    def report(cut: str, harm: dict[str, list[str]]) -> None:
        cuts.append(cut)
        harms.extend((cut, kind, elements) for kind, elements in harm.items() if elements)

    page = open_bot(ScriptedBot(script), language="en-US")
    page.expose_function("report", report)
    page.evaluate(CUTS, [TAGS.split(), ATTRIBUTES.split()])
    ask(page, "Why?")
    expect(page.locator("#chat .foot")).to_be_visible(timeout=60 * SECONDS)
    assert cuts == [f"cut {cut}" for cut in range(1, last_cut + 1)]
    assert harms == []
    assert unreadable(payloads, page, "#chat .reading") == []


def cut_off(payloads: Sequence[str], cut: int) -> Answer:
    """An answer with the first `cut` bytes of each payload."""
    texts = [payload.encode()[:cut].decode("utf-8", "ignore") for payload in payloads]
    sentences = (Sentence(f"cut {cut}", "notice"), *(Sentence(text, "reading") for text in texts))
    refused = tuple(Refusal(text, "name") for text in texts)
    return replace(empty_answer("Why?"), standalone="Why?", sentences=sentences, refused=refused)


# The source of an essay


def test_the_url_of_a_source_opens_in_a_new_tab(visit: Open, serve: Serve) -> None:
    sink = Sink()
    with serving(sink) as sink_address:
        addresses = [f"{sink_address}/stones?page=2&part=1#last", f"https://essays.example/{'x' * 300}"]
        page = visit(serve(build_server(bot_with_sources(addresses))), "en-US")
        for number, address in enumerate(addresses):
            assert source_links(page, number) == [
                {"href": address, "text": cut_short(address), "target": "_blank", "rel": {"noopener", "noreferrer"}}
            ]
        source_links(page, 0)
        with page.expect_popup() as popup:
            page.locator("#essay .about a").click()
        tab = popup.value
        tab.wait_for_load_state()
        assert (tab.url, tab.evaluate("[window.opener, document.referrer]")) == (addresses[0], [None, ""])
    assert sink.paths[0] == "/stones"


def test_a_source_that_does_not_show_its_host_is_no_link(visit: Open, serve: Serve) -> None:
    sources = [
        "javascript:window.__x=1",
        "data:text/html,<script>parent.__x=1</script>",
        "https://reader:secret@essays.example/",
        'https://essays.example/"onmouseover="window.__x=1',
        "//essays.example/",
        "ftp://essays.example/",
        "https://:reader@essays.example/",
        f"https://{'essays.' * 30}example/",
    ]
    page = visit(serve(build_server(bot_with_sources(sources))), "en-US")
    shown = {
        source: (source_links(page, number), page.locator("#essay .about").inner_text()) for number, source in enumerate(sources)
    }
    assert shown == {source: ([], f"Somebody · 2020-01-02 · {cut_short(source)}") for source in sources}


def cut_short(source: str) -> str:
    """A source as the page shows it."""
    return source if len(source) <= 200 else f"{source[:200]}…"


def bot_with_sources(sources: Sequence[str]) -> Any:
    """A bot with an essay for each source."""
    return ScriptedBot(quoting, [replace(ENGLISH, id=f"from-{number}", source=source) for number, source in enumerate(sources)])


def source_links(page: Page, number: int) -> list[dict[str, Any]]:
    """Open an essay of `bot_with_sources`. Returns the links in its header."""
    page.evaluate("hash => { location.hash = hash; }", f"#read/from-{number}/0-{number + 10}")
    expect(page.locator("#here")).to_have_text(ENGLISH.text[: number + 10], timeout=10 * SECONDS)
    links = page.locator("#essay .about a").evaluate_all(
        "links => links.map(({href, innerText, target, rel}) => ({href, text: innerText, target, rel}))"
    )
    return [{**link, "rel": set(link["rel"].split())} for link in links]


def test_the_last_of_several_essays_opened_quickly_is_shown(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(bot_with_sources([""] * 4))), "en-US")
    go = "async () => { for (let n = 0; n < 4; n++) { location.hash = `#read/from-${n}/0-${n + 10}`; await new Promise(setTimeout); } }"
    page.evaluate(go)
    expect(page.locator("#here")).to_have_text(ENGLISH.text[:13], timeout=10 * SECONDS)


# The checks themselves are checked: they find harm in markup that is not escaped


@pytest.mark.full
def test_a_plain_gradio_chat_requests_the_address_of_a_payload(browser: Browser) -> None:
    sink = Sink()
    with serving(sink) as sink_address:
        message: Any = {"role": "assistant", "content": f"<img src={sink_address}/x>"}
        with gr.Blocks(analytics_enabled=False) as plain:
            gr.Chatbot([message])
        with serving(gr.mount_gradio_app(FastAPI(), plain, path="/")) as address:
            page = browser.new_page()
            page.goto(address)
            wait_for(lambda: sink.paths)
            page.close()
    assert sink.paths[0] == "/x"


@pytest.mark.full
def test_every_kind_of_harm_is_found_in_unescaped_markup(browser: Browser, serve: Serve) -> None:
    page = browser.new_page()
    page.goto(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    expected = {
        '<p class="notice">calm</p>': set(),
        "<b>bold</b>": {"strange"},
        "<p style=color:red>red</p>": {"strange"},
        "<a href=//foreign.example>away</a>": {"strange"},
        '<a href=" javascript:window.__x=1">click</a>': {"links", "strange"},
        "<a href=data:text/html,x>click</a>": {"links", "strange"},
        "<form>send</form>": {"forms", "strange"},
        "<iframe></iframe>": {"loaders", "strange"},
        "<p onclick=window.__x=1>click</p>": {"handlers", "strange"},
        '<div style="position:fixed;inset:0;z-index:99">cover</div>': {"covered", "strange"},
        "<img src=data:, onerror=window.__x=1>": {"ran", "loaders", "handlers", "links", "strange"},
    }
    for markup, kinds in expected.items():
        page.locator("#sources-hint span.md").evaluate("(element, markup) => { element.innerHTML = markup; }", markup)
        page.wait_for_timeout(200)
        assert (markup, set(harm(page))) == (markup, kinds)
    page.close()


# Names, code and URL fragments


def test_a_pasted_text_becomes_an_essay_under_its_first_line(open_bot: OpenBot, toy_bot: Bot) -> None:
    page = open_bot(toy_bot, language="ko-KR")
    page.locator("#view-mine-button").click()
    page.locator("#paste textarea").fill("  ...\n")
    page.locator("#paste-add").click()
    expect(page.locator("#paste textarea")).to_have_value("")
    expect(page.locator("#own .title")).to_have_count(0)
    page.locator("#paste textarea").fill("../등대 <b>일지\n\n등대지기는 종을 서른세 번 쳤다. 안개가 걷혔다.")
    page.locator("#paste-add").click()
    expect(page.locator("#own .title")).to_have_text("등대 b 일지", timeout=60 * SECONDS)
    expect(page.locator("#paste textarea")).to_have_value("")


def test_a_chat_name_that_looks_like_a_translation_key_is_shown_as_written(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    name = '__i18n__{"key":"tagline"}'
    ask(page, name)
    answered(page, 1)
    page.locator("#view-kept-button").click()
    expect(page.locator("#kept .title")).to_have_text(name, timeout=20 * SECONDS)
    box = page.locator("#kept-name textarea, #kept-name input")
    wait_for(lambda: box.input_value().replace("\u200b", "") == name)


def test_code_keeps_its_indentation(visit: Open, serve: Serve) -> None:
    page = visit(serve(build_server(ScriptedBot(quoting, [replace(ENGLISH, text=CODE)]))))  # type: ignore[arg-type]
    ask(page, CODE)
    answered(page, 1)
    page.evaluate("hash => { location.hash = hash; }", f"#read/{ENGLISH.id}/0-9")
    elements = (page.locator("#chat .user .message-content"), page.locator("#essay article > p"))
    assert [element.inner_text().replace("\xa0", " ") for element in elements] == [CODE] * 2


def test_an_invalid_fragment_raises_no_error(browser: Browser, serve: Serve) -> None:
    page = browser.new_page()
    errors: list[tuple[str, str]] = []
    fragment = ""
    page.on("pageerror", lambda error: errors.append((fragment, str(error))))
    page.goto(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    for fragment in ("#ask/answer/100%", "#map/100%", '#view/"'):
        page.evaluate("hash => { location.hash = hash; }", fragment)
        page.wait_for_timeout(300)
    page.close()
    assert errors == []
