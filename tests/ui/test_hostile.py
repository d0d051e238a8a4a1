"""Hostile texts by each of their ways in, in a real browser: nothing runs, loads, sends or covers, and every text can be read."""

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
from bot.pipeline import LONGEST_QUESTION, Bot
from bot.schema import Answer, Essay, Refusal, Sentence
from bot.settings import Settings
from bot.text.normalize import clean
from bot.ui.catalogue import MESSAGES
from bot.ui.middleware import MAX_UPLOAD_BYTES
from bot.ui.server import build_server
from tests.pages import ENGLISH, KOREAN, ScriptedBot, Sink, cite, empty_answer, quoting, serving, wait_for
from tests.payloads import PAYLOADS
from tests.places import ESSAYS
from tests.toys import ToyEmbedder
from tests.ui.test_browser import SECONDS, Open, Serve, ask, browser, flat, may_write_again, pytestmark, serve, visit
from tests.ui.test_map import toy

__all__ = ["browser", "pytestmark", "serve", "visit"]  # fixtures and marks that are the same here

CODE = "```python\ndef haul(stone):\n    if stone < 2 and stone > 0:\n        return f'<b>{stone}</b> *돌*'\n```"
SENTENCE = "고인돌은 왜 그 자리에 서 있는가, 삼천 년 동안 아무도 답하지 않았다."
TAGS = """a article blockquote br button circle code details div h1 h2 h3 h4 h5 h6 header li mark p path rect section span
summary svg text tspan ul"""
ATTRIBUTES = """aria-label aria-pressed class cx cy d font-size height href id lang open r rel role rx tabindex target text-anchor title type
viewBox width x xmlns y"""
Enter = Callable[..., Page]

# What no text may bring about, by kind, as the beginnings of the elements that show it. `span.md` is where our markup stands; at nine
# points of the window the topmost element must lie in the page, and in nothing that is fixed to the window.
HARM = """([tags, attributes]) => {
  const all = selector => [...document.querySelectorAll(selector)];
  const told = found => found.map(one => one.outerHTML.slice(0, 150));
  const scripted = one => [...one.attributes].some(({value}) => /^[\\s\\0-\\x20]*(javascript|vbscript|data):/i.test(value));
  const ours = one => tags.includes(one.localName) && one.getAttributeNames().every(name => attributes.includes(name))
    && /^(#|export[/]|https?:)/.test(one.getAttribute('href') ?? '#');
  const fixed = one => one && (getComputedStyle(one).position === 'fixed' || fixed(one.parentElement));
  const points = [1, 5, 9].flatMap(x => [1, 5, 9].map(y => [x * innerWidth / 10, y * innerHeight / 10]));
  return {
    ran: '__x' in window ? [String(window.__x)] : [],
    forms: told(all('form')),
    loaders: told(all('iframe, frame, object, embed, applet, img, video, audio, dialog, marquee, [popover], meta[http-equiv], body link')),
    handlers: told(all('*').filter(one => one.getAttributeNames().some(name => name.startsWith('on')))),
    links: told(all('[href], [src], [action], [formaction], [data]').filter(scripted)),
    strange: told(all('span.md *').filter(one => !ours(one))),
    covered: points.filter(([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return !top?.closest('#page') || fixed(top);
    }).map(String),
  };
}"""


@pytest.fixture
def foreign() -> Iterator[str]:
    """The address that the payloads name. Afterwards: nobody called there."""
    sink = Sink()
    with serving(sink) as address:
        yield address
    assert sink.paths == []


@pytest.fixture
def enter(foreign: str, visit: Open, serve: Serve) -> Iterator[Enter]:
    """Opens the page of a bot. Afterwards: it asked nobody but its server, not even for `data:`, opened no tab, and stayed."""
    strayed: list[str] = []

    def open_page(bot: Any, **how: Any) -> Page:
        home = serve(build_server(bot))
        page = visit(home, **how)
        page.on("request", lambda request: strayed.append(request.url) if not request.url.startswith(home) else None)
        page.on("framenavigated", lambda frame: strayed.append(frame.url) if not frame.url.startswith(home) else None)
        page.on("popup", lambda other: strayed.append(other.url))
        assert harm(page) == {}
        return page

    yield open_page
    assert strayed == []


def harm(page: Page) -> dict[str, list[str]]:
    """The harm that there is on a page, by its kind."""
    return {kind: found for kind, found in page.evaluate(HARM, [TAGS.split(), ATTRIBUTES.split()]).items() if found}


def at(foreign: str) -> list[str]:
    """The payloads, with the address that they name."""
    return [payload.replace("SINK", foreign) for payload in PAYLOADS]


def folded(text: str) -> str:
    """What can be read of a text: without white space, and without what the text door drops and browsers put in its place."""
    return "".join(clean(text.replace("\ufffd", "")).text.split())


def unreadable(texts: Sequence[str], page: Page, place: str) -> list[str]:
    """Those of the texts that cannot be read in a place. The signs of a heading are not set in the reader, nor looked for."""
    shown = folded(" ".join(page.locator(place).all_inner_texts())).replace("#", "")
    return [text for text in texts if folded(text).replace("#", "") not in shown]


def reads_right(page: Page, place: str) -> None:
    """The lines of the code stand below each other, and the Korean sentence is as it was written."""
    lines = [flat(line) for line in "\n".join(page.locator(place).all_inner_texts()).splitlines()]
    code = [flat(line) for line in CODE.splitlines()]
    assert code in [lines[start : start + len(code)] for start in range(len(lines))]
    assert any(line.endswith(SENTENCE) for line in lines)


def packed(texts: Sequence[str], most: int) -> list[str]:
    """The texts in as few pieces of at most so many characters as their order allows."""
    pieces = [""]
    for text in texts:
        longer = f"{pieces[-1]}\n\n{text}"
        pieces = [*pieces[:-1], longer] if len(longer) <= most else [*pieces, text]
    return [piece.strip() for piece in pieces]


# Corpus text, shown as source and opened in the reader


def test_hostile_corpus_text_is_only_text(foreign: str, enter: Enter, tmp_path: Path) -> None:
    payloads = at(foreign)
    essay = essay_from(
        tmp_path, "\n\n".join([*payloads, CODE, SENTENCE]), title=payloads[2], author=payloads[0], source=payloads[7]
    )
    answer = citing(essay, [*payloads, CODE, SENTENCE])
    drawn = [replace(toy(payload, payload), id=f"toy-{number}") for number, payload in enumerate(payloads)]
    page = enter(ScriptedBot(lambda _: iter([answer]), [essay, KOREAN], analogies=drawn))
    ask(page, "왜?")
    answered(page, 1)
    marks = page.locator("#sources mark").all_inner_texts()
    assert sorted(map(folded, marks)) == sorted(folded(citation.quote) for citation in answer.citations)
    assert unreadable(payloads, page, "#chat blockquote") == []
    reads_right(page, "#sources mark")
    assert harm(page) == {}
    page.locator("#chat a.marker").nth(60).click()
    expect(page.locator("#essay mark").first).to_be_in_viewport(timeout=10 * SECONDS)
    assert unreadable(payloads, page, "#essay article") == []
    reads_right(page, "#essay article")
    assert harm(page) == {}
    page.locator("#essay .back").first.click()
    page.locator("#shelf-search textarea, #shelf-search input").fill("<script>")
    expect(page.locator("#shelf .found .snippet")).to_have_count(1)
    assert harm(page) == {}
    page.locator("#view-map-button").click()
    expect(page.locator("#map details")).to_have_count(len(payloads))
    page.locator("#map details").evaluate_all("found => found.forEach(one => one.open = true)")
    assert unreadable(payloads, page, "#map summary") == []
    assert harm(page) == {}


def essay_from(folder: Path, text: str, **front: str) -> Essay:
    """The essay that the corpus reader makes of a file with this text and front matter."""
    (folder / "hostile.md").write_text(front_matter(**front) + text, "utf-8")
    (essay,) = loader.load_essays([folder]).essays
    return essay


def front_matter(**front: str) -> str:
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in front.items()]
    return f"---\n{''.join(lines)}---\n"


def citing(essay: Essay, texts: Sequence[str]) -> Answer:
    """An answer that quotes each of the texts from an essay."""
    citations = tuple(cite(essay, clean(text).text, number) for number, text in enumerate(texts, 1))
    sentences = tuple(Sentence(f"“{one.quote}”", "essay", (one.number,)) for one in citations)
    return replace(empty_answer("왜?"), citations=citations, sentences=sentences)


# Titles, authors and the names of files, through the drop box


@pytest.fixture
def small(tmp_path: Path) -> Bot:
    """A bot over the small shelf, with the toy embedder."""
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    build_index(settings, embedder=ToyEmbedder())
    return Bot(settings, ToyEmbedder())


def test_hostile_titles_and_file_names_are_only_text(foreign: str, enter: Enter, small: Bot) -> None:
    payloads = at(foreign)
    page = enter(small)
    page.locator("#view-mine-button").click()
    for first in range(0, len(payloads), 9):  # ten at once, with one that says which they are
        tells_of_files_without_text(page, [*payloads[first : first + 9], f"From number {first}"])
    heads = [" ".join(payloads[first::10]) for first in range(10)]
    drop(page, [(f"{payloads[number]}.md", own_essay(number, head)) for number, head in enumerate(heads)])
    titles = page.locator("#own .title")
    expect(titles).to_have_count(10, timeout=60 * SECONDS)
    assert sorted(map(folded, titles.all_inner_texts())) == sorted(map(folded, heads))
    assert harm(page) == {}
    for head in (titles.nth(number).inner_text() for number in range(10)):
        opens_in_the_reader(page, head)
    page.locator("#essay .back").first.click()
    assert unreadable(payloads, page, "#shelf .title") == unreadable(payloads, page, "#shelf .about") == []
    assert harm(page) == {}
    ask(page, "What is there to say about heron number 3?")
    answered(page, 1)
    page.locator("#view-sources-button").click()
    expect(page.locator("#sources .title", has_text="script").first).to_be_visible()
    assert harm(page) == {}
    takes_off_the_shelf(page)


def drop(page: Page, files: Sequence[tuple[str, str]]) -> None:
    """Put files, as (name, text), into the drop box."""
    held: Any = [{"name": name, "mimeType": "text/markdown", "buffer": text.encode()} for name, text in files]
    page.locator("#drop input[type=file]").set_input_files(held)


def tells_of_files_without_text(page: Page, names: Sequence[str]) -> None:
    """The page's answer names each of the files, as far as a file can be called that; no sign of markup is left in it."""
    drop(page, [(f"{name} {number}.md", " ") for number, name in enumerate(names)])
    expect(page.locator("#told .notice", has_text=names[-1])).to_be_visible(timeout=20 * SECONDS)
    told = page.locator("#told .notice").all_inner_texts()
    assert len(told) == len(names)
    assert [line for line in told if ".md" not in line or re.search(r"[<>&\"'`=\[\]{}|$*]", line)] == []
    assert harm(page) == {}


def own_essay(number: int, head: str) -> str:
    return (
        f"{front_matter(title=head, author=head, source=head)}A sentence about heron number {number}.\n\n{CODE}\n\n{SENTENCE}\n"
    )


def opens_in_the_reader(page: Page, head: str) -> None:
    """An own essay, with its title, its author and the beginning of where it is from."""
    page.locator("#view-mine-button").click()
    page.locator("#own .title", has_text=head).click()
    wait_for(lambda: folded(page.locator("#essay-title").inner_text()) == folded(head))
    assert folded(page.locator("#essay .about").inner_text()) == folded(f"{head} · {cut_short(head)}")
    assert page.locator("#essay .about a").count() == 0
    reads_right(page, "#essay article")
    assert harm(page) == {}


def takes_off_the_shelf(page: Page) -> None:
    """The title of what was taken off the shelf is told."""
    page.locator("#view-mine-button").click()
    title = page.locator("#own .title").first.inner_text()
    page.locator("#own .act").first.click()
    page.locator("#own .act").first.click()
    expect(page.locator("#own .title")).to_have_count(9, timeout=60 * SECONDS)
    assert folded(page.locator("#told").inner_text()) == folded(MESSAGES["ko"].uploads_removed.format(title=title))
    assert harm(page) == {}


@pytest.mark.parametrize(
    ("suffix", "size"),
    [(".pdf", 1), (".md", MAX_FILE_BYTES + 1), (".md", MAX_UPLOAD_BYTES + 1)],
    ids=["kind", "large", "too large to be sent"],
)
def test_the_name_of_a_file_that_is_turned_away_is_only_text(
    browser: Browser, serve: Serve, tmp_path: Path, suffix: str, size: int
) -> None:
    file = tmp_path / f"<form><b style='position:fixed;inset:0'>menhir{suffix}"
    with file.open("wb") as held:
        held.truncate(size)
    page = browser.new_page()
    page.goto(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    page.locator("#view-mine-button").click()
    page.locator("#drop input[type=file]").set_input_files(file)
    expect(page.get_by_text("menhir").first).to_be_visible(timeout=10 * SECONDS)
    assert page.locator(".toast-message-text *").all_inner_texts() == []
    if size <= MAX_UPLOAD_BYTES:  # else the toast itself, which is Gradio's, lies over the page
        assert harm(page) == {}
    page.close()


# Questions, in the chat, among the kept talks, after a reload, and out of an address


def test_hostile_questions_are_only_text(foreign: str, enter: Enter) -> None:
    payloads = at(foreign)
    questions = packed([*payloads, CODE, SENTENCE], LONGEST_QUESTION)
    bot = ScriptedBot(quoting)
    page = enter(bot)
    for count, question in enumerate(questions, 1):
        ask(page, question)
        answered(page, count)
    for count, question in enumerate(questions, len(questions) + 1):
        page.evaluate("hash => { location.hash = hash; }", f"#ask/answer/{quote(question, safe='')}")
        answered(page, count)
    shows_the_questions(page, questions * 2)
    seeks_in_vain(page, payloads)
    fragment = f"#ask/counter/{quote(questions[0], safe='')}"
    page.evaluate("hash => { history.replaceState(null, '', hash); location.reload(); }", fragment)
    answered(page, 2 * len(questions) + 1)
    shows_the_questions(page, [*questions * 2, questions[0]])
    keeps_under_hostile_names(page, bot, payloads)
    renames_and_opens(page, payloads[2])


def answered(page: Page, count: int) -> None:
    expect(page.locator("#chat .answer")).to_have_count(count, timeout=30 * SECONDS)
    may_write_again(page)


def shows_the_questions(page: Page, questions: Sequence[str]) -> None:
    shown = page.locator("#chat .user .message-content")
    assert [folded(text) for text in shown.all_inner_texts()] == [folded(question) for question in questions]
    reads_right(page, "#chat .user .message-content")
    assert harm(page) == {}


def seeks_in_vain(page: Page, payloads: Sequence[str]) -> None:
    """What is searched for and not found is told as it was written."""
    for view, box, place in (("read", "#shelf-search", "#shelf .notice"), ("kept", "#kept-search", "#kept .notice")):
        page.locator(f"#view-{view}-button").click()
        for payload in payloads[2:4]:
            search = f"zzz {payload}"
            page.locator(f"{box} textarea, {box} input").fill(search)
            expect(page.locator(place).first).to_contain_text(search, timeout=20 * SECONDS)
        assert harm(page) == {}
        page.locator(f"{box} textarea, {box} input").fill("")


def keeps_under_hostile_names(page: Page, bot: ScriptedBot, payloads: Sequence[str]) -> None:
    """Each payload names a talk in the list of those that are kept."""
    kept = ChatHistory(bot.settings.data)
    (reader,) = [str(cookie.get("value")) for cookie in page.context.cookies() if cookie.get("name") == "dolmen_reader"]
    for payload in payloads:
        kept.add(reader, kept.new(), replace(empty_answer(payload), sentences=(Sentence(payload, "reading"),)))
    page.locator("#view-kept-button").click()
    page.locator("#kept-search textarea, #kept-search input").fill(" ")
    names = [one.name for one in kept.list(reader)]
    expect(page.locator("#kept .title")).to_have_count(len(names))
    assert [folded(text) for text in page.locator("#kept .title").all_inner_texts()] == [folded(name) for name in names]
    starts = {folded(name).removesuffix("…") for name in names}
    assert [payload for payload in payloads if not any(folded(payload).startswith(start) for start in starts)] == []
    assert harm(page) == {}


def renames_and_opens(page: Page, payload: str) -> None:
    """The open talk takes a payload for its name; another one is opened, whose question and answer are one."""
    box = page.locator("#kept-name textarea, #kept-name input")
    box.fill(payload)
    box.press("Enter")
    expect(page.locator("#kept .open .title")).to_have_text(payload, timeout=20 * SECONDS)
    expect(box).to_have_value(payload)
    page.locator("#kept .title").first.click()
    expect(page.locator("#chat .answer")).to_have_count(1, timeout=20 * SECONDS)
    assert page.locator("#chat .reading").inner_text().endswith(page.locator("#chat .user .message-content").inner_text())
    assert harm(page) == {}


# A model's answer, while it streams


def test_a_hostile_model_is_only_text_while_it_streams(foreign: str, enter: Enter) -> None:
    payloads = at(foreign)
    looked_at = threading.Event()

    def script(question: str) -> Iterator[Answer]:
        for number in range(len(payloads)):
            yield answer_of([*payloads[:number], payloads[number][: len(payloads[number]) // 2]])
            if number == len(payloads) // 2:
                wait_for(looked_at.is_set)
        yield answer_of([*payloads, CODE, SENTENCE])

    page = enter(ScriptedBot(script, model_name="local"), language="en-US")
    ask(page, "Why?")
    expect(page.locator("#chat .reading")).to_have_count(len(payloads) // 2 + 1, timeout=30 * SECONDS)
    expect(page.locator("#chat .going")).to_be_visible()
    assert unreadable(payloads[: len(payloads) // 2], page, "#chat .answer") == []
    assert harm(page) == {}
    looked_at.set()
    may_write_again(page)
    page.locator("#chat .refused summary").click()
    wanted = [folded(text) for text in (*payloads, CODE, SENTENCE)]
    for place in (".reading", ".notice:not(:first-child)", ".said", ".taken"):
        shown = [
            folded(text.removeprefix(MESSAGES["en"].reading_label)) for text in page.locator(f"#chat {place}").all_inner_texts()
        ]
        assert shown == wanted
        reads_right(page, f"#chat {place}")
    first = page.locator("#chat .notice").first.inner_text()
    assert folded(first) == folded(MESSAGES["en"].searched_as.format(question=" ".join(payloads[:9])))
    assert harm(page) == {}


def answer_of(texts: Sequence[str]) -> Answer:
    """An answer that says each of the texts as a reading, as a notice, as words of an essay and as what was left out."""
    kinds: tuple[Any, ...] = ("reading", "notice", "essay")
    sentences = tuple(Sentence(text, kind) for text in texts for kind in kinds)
    refused = tuple(Refusal(text, "name") for text in texts)
    return replace(empty_answer("Why?"), standalone=" ".join(texts[:9]), sentences=sentences, refused=refused)


# At every cut

# Looks for harm whenever a cut has come, and tells of it.
CUTS = """([tags, attributes]) => {
  let last = '';
  new MutationObserver(() => {
    const now = document.querySelector('#chat .notice')?.textContent ?? '';
    if (!now.startsWith('cut ') || now === last) return;
    last = now;
    window.reached(now, (HARM)([tags, attributes]));
  }).observe(document.querySelector('#chat'), {childList: true, subtree: true, characterData: true});
}""".replace("HARM", HARM)


@pytest.mark.parametrize("first", range(4))
def test_nothing_fires_at_any_cut_of_a_payload(foreign: str, enter: Enter, first: int) -> None:
    """Thirty payloads side by side, each as a reading and as what was left out, a byte more at a time; the page has shown every cut
    before the next one comes.
    """
    payloads = at(foreign)[first::4]
    reached: list[str] = []
    found: list[Any] = []

    def script(question: str) -> Iterator[Answer]:
        for cut in range(1, max(len(payload.encode()) for payload in payloads) + 1):
            yield cut_off(payloads, cut)
            wait_for(lambda cut=cut: f"cut {cut}" in reached)  # type: ignore[misc]

    def note(now: str, harm: dict[str, list[str]]) -> None:
        reached.append(now)
        found.extend((now, kind, what) for kind, what in harm.items() if what)

    page = enter(ScriptedBot(script), language="en-US")
    page.expose_function("reached", note)
    page.evaluate(CUTS, [TAGS.split(), ATTRIBUTES.split()])
    ask(page, "Why?")
    expect(page.locator("#chat .foot")).to_be_visible(timeout=60 * SECONDS)
    assert reached == [f"cut {cut}" for cut in range(1, len(reached) + 1)]
    assert len(reached) == max(len(payload.encode()) for payload in payloads)
    assert found == []
    assert unreadable(payloads, page, "#chat .reading") == []


def cut_off(payloads: Sequence[str], cut: int) -> Answer:
    """An answer in which each payload is cut off behind so many bytes."""
    texts = [payload.encode()[:cut].decode("utf-8", "ignore") for payload in payloads]
    sentences = (Sentence(f"cut {cut}", "notice"), *(Sentence(text, "reading") for text in texts))
    return replace(
        empty_answer("Why?"), standalone="Why?", sentences=sentences, refused=tuple(Refusal(text, "name") for text in texts)
    )


# Where an essay is from


def test_an_address_of_the_web_opens_in_a_tab_of_its_own(visit: Open, serve: Serve) -> None:
    sink = Sink()
    with serving(sink) as foreign:
        addresses = [f"{foreign}/stones?page=2&part=1#last", f"https://essays.example/{'x' * 300}"]
        page = visit(serve(build_server(shelf_from(addresses))), "en-US")
        for number, address in enumerate(addresses):
            assert opens_from(page, number) == [
                {"href": address, "text": cut_short(address), "target": "_blank", "rel": {"noopener", "noreferrer"}}
            ]
        opens_from(page, 0)
        with page.expect_popup() as opened:
            page.locator("#essay .about a").click()
        other = opened.value
        other.wait_for_load_state()
        assert (other.url, other.evaluate("[window.opener, document.referrer]")) == (addresses[0], [None, ""])
    assert sink.paths[0] == "/stones"


@pytest.mark.parametrize(
    "source",
    [
        "javascript:window.__x=1",
        "data:text/html,<script>parent.__x=1</script>",
        "https://reader:secret@essays.example/",
        'https://essays.example/"onmouseover="window.__x=1',
        "//essays.example/",
        "ftp://essays.example/",
        "https://:reader@essays.example/",
        f"https://{'essays.' * 30}example/",
    ],
)
def test_what_does_not_show_its_host_is_no_link(visit: Open, serve: Serve, source: str) -> None:
    page = visit(serve(build_server(shelf_from([source]))), "en-US")
    assert opens_from(page, 0) == []
    assert page.locator("#essay .about").inner_text() == f"Somebody · 2020-01-02 · {cut_short(source)}"


def cut_short(source: str) -> str:
    """As much of a source as is shown."""
    return source if len(source) <= 200 else f"{source[:200]}…"


def shelf_from(sources: Sequence[str]) -> Any:
    """A bot with an essay from each source."""
    return ScriptedBot(quoting, [replace(ENGLISH, id=f"from-{number}", source=one) for number, one in enumerate(sources)])


def opens_from(page: Page, number: int) -> list[dict[str, Any]]:
    """The links over an essay of `shelf_from`, opened in the reader."""
    page.evaluate("hash => { location.hash = hash; }", f"#read/from-{number}/0-{number + 3}")
    expect(page.locator("#here")).to_have_text(ENGLISH.text[: number + 3], timeout=10 * SECONDS)
    found = page.locator("#essay .about a").evaluate_all(
        "found => found.map(one => ({href: one.href, text: one.innerText, target: one.target, rel: one.rel}))"
    )
    return [{**one, "rel": set(one["rel"].split())} for one in found]


# The twins without our care: this harness sees harm where there is some


def test_a_plain_gradio_chat_fetches_what_we_do_not(browser: Browser) -> None:
    sink = Sink()
    with serving(sink) as foreign:
        message: Any = {"role": "assistant", "content": f"<img src={foreign}/x>"}
        with gr.Blocks(analytics_enabled=False) as plain:
            gr.Chatbot([message])
        with serving(gr.mount_gradio_app(FastAPI(), plain, path="/")) as address:
            page = browser.new_page()
            page.goto(address)
            wait_for(lambda: sink.paths)
            page.close()
    assert sink.paths[0] == "/x"


def test_the_same_texts_as_markup_are_seen_to_do_harm(browser: Browser, serve: Serve) -> None:
    page = browser.new_page()
    page.goto(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    wanted = {
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
    for markup, kinds in wanted.items():
        page.locator("#sources-hint span.md").evaluate("(place, markup) => { place.innerHTML = markup; }", markup)
        page.wait_for_timeout(200)
        assert (markup, set(harm(page))) == (markup, kinds)
    page.close()


# Names, code and addresses


def test_a_name_that_looks_like_a_key_stands_in_its_box(visit: Open, serve: Serve) -> None:
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
    places = (page.locator("#chat .user .message-content"), page.locator("#essay article > p"))
    assert [place.inner_text().replace("\xa0", " ") for place in places] == [CODE] * 2


@pytest.mark.parametrize("fragment", ["#ask/answer/100%", "#map/100%", '#view/"'])
def test_an_address_that_leads_nowhere_breaks_nothing(browser: Browser, serve: Serve, fragment: str) -> None:
    page = browser.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(serve(build_server(ScriptedBot(quoting))))  # type: ignore[arg-type]
    expect(page.locator("body.ready")).to_be_attached(timeout=30 * SECONDS)
    page.evaluate("hash => { location.hash = hash; }", fragment)
    page.wait_for_timeout(300)
    page.close()
    assert broken == []
