"""The HTML of the list of essays and of an open essay: links, blocks, sentences, and the highlight of exactly the quoted characters."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.indexing.splitter import quotable
from bot.messages import page as texts
from bot.schema import Essay, Hit, Passage, WindowHit
from bot.ui.emphasis import styles
from bot.ui.markup import read_link
from bot.ui.reader import (
    MAX_PART_CHARACTERS,
    Location,
    article,
    essay_list,
    missing_essay,
    parse_location,
    search_results,
    upload_list,
)
from tests.pages import ENGLISH, KOREAN, visible_text
from tests.payloads import payload_faults
from tests.toys import essay_of


class ArticleText(HTMLParser):
    """The text of an article, and the part of it inside marks."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text = self.marked = ""
        self.depth = 0
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.depth += tag == "mark"
        if tag == "br":
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if self.depth else ""


def body(markup: str) -> str:
    """The article without its header."""
    return markup.partition("</header>")[2].partition("</article>")[0]


@pytest.mark.parametrize("identity", ["dolmen-rome-ai.ko", "나의.글", "a/b", "100%", "q?x#y"])
def test_a_link_is_parsed_to_the_location_it_was_made_from(identity: str) -> None:
    link = read_link(identity, 3, 17, "a" * 64)
    assert re.fullmatch(r"#read/[A-Za-z0-9%._~-]+/3-17/a{12}", link)
    assert parse_location(link) == parse_location(link[1:]) == Location(identity, 3, 17, "a" * 12)


@pytest.mark.parametrize(
    "fragment", ["", "#map/x", "read/", "read/a/b", "read/a/1-x", "#read/a/1-2/zz", "read/a/1-99999999999", "x" * 10_000]
)
def test_any_other_fragment_has_no_location(fragment: str) -> None:
    assert parse_location(fragment) is None


def test_sentences_are_spans_and_the_quotation_is_marked() -> None:
    location = Location(KOREAN.id, 15, 29, KOREAN.sha256[:12])
    assert body(article(KOREAN, quotable(KOREAN), location, "ko")) == (
        '<p><span class="s" id="s-0-7" tabindex="-1">첫 문단이다.</span></p>'
        '<p><span class="s" id="s-9-14" tabindex="-1">앞 문장.</span> '
        '<span class="s" id="s-15-29" tabindex="-1"><mark id="here" tabindex="-1">고인돌은 힘을 보여 준다.</mark></span> '
        '<span class="s" id="s-30-35" tabindex="-1">뒤 문장.</span></p>'
        '<p><span class="s" id="s-37-42" tabindex="-1">끝 문단.</span></p>'
    )


def test_headings_items_and_block_quotations_have_their_own_elements() -> None:
    essay = essay_of("# One\n\nText here.\n\n## Two\n- item a\n- item b\n1. first\n\n> said so", "kinds")
    shown = body(article(essay, (), Location(essay.id), "en"))
    assert shown == (
        '<h3>One</h3><p>Text here.</p><h3>Two</h3><p class="item">- item a</p><p class="item">- item b</p>'
        '<p class="item">1. first</p><p class="cited">&#62; said so</p>'
    )


def test_a_changed_essay_has_a_notice() -> None:
    changed = texts.ESSAY_CHANGED.of("en")
    assert changed not in article(ENGLISH, (), Location(ENGLISH.id, 0, 5, ENGLISH.sha256[:12]), "en")
    assert changed in article(ENGLISH, (), Location(ENGLISH.id, 0, 5, "0" * 12), "en")


@given(st.data())
def test_the_marks_contain_the_quotation_and_nothing_else(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ab 가.\n#-<>&*_`[]()", min_size=1, max_size=120))
    essay = essay_of(text, "any")
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    shown = ArticleText(body(article(essay, quotable(essay), Location(essay.id, start, end), "en")))
    marked = "".join(shown.marked.split())
    quoted = "".join(text[start:end].split())
    assert marked == quoted or marked == re.sub(r"#", "", quoted) or marked in quoted  # the signs of a heading are not shown
    assert re.sub(r"[\s#]", "", shown.text) == re.sub(r"[\s#]", "", text)


def test_a_long_essay_is_shown_in_parts_that_cover_it_once() -> None:
    paragraphs = [f"Paragraph {number} " + "word " * 400 for number in range(60)]
    essay = essay_of("\n\n".join(paragraphs), "long")
    shown, start = [], 0
    for _ in range(20):
        markup = article(essay, (), Location(essay.id, start, start), "en")
        assert len(visible_text(body(markup))) < MAX_PART_CHARACTERS * 1.2
        shown += re.findall(r"Paragraph (\d+) ", visible_text(body(markup)))
        following = re.search(rf'href="#read/long/(\d+)-\d+/\w+">{texts.ESSAY_LATER.of("en")}<', markup)
        if not following:
            break
        start = int(following[1])
    assert shown == [str(number) for number in range(60)]
    last = article(essay, (), Location(essay.id, len(essay.text) - 10, len(essay.text) - 2), "en")
    assert "<mark" in last
    assert texts.ESSAY_EARLIER.of("en") in last
    earlier = re.search(rf'href="#read/long/(\d+)-\d+/\w+">{texts.ESSAY_EARLIER.of("en")}<', last)
    assert earlier
    assert f"Paragraph {int(shown[0])} " not in last


def test_the_list_has_uploads_first_then_essays_in_the_readers_language() -> None:
    upload = essay_of("Mine.", "mine-note", "en", "My note")
    shown = essay_list([ENGLISH, KOREAN, upload], ["mine-note"], "ko")
    assert re.findall(r"#read/([^/]+)/0-0/", shown) == ["mine-note", "dolmen.ko", "dolmen.en"]
    assert visible_text(shown).startswith("에세이 3편")
    assert shown.count(f'class="own">{texts.UPLOADS_BADGE.of("ko")}<') == 1


def test_search_results_are_titles_then_passages_at_their_nearest_window() -> None:
    passage = Passage.of(KOREAN, 9, 36)
    hit = Hit(passage, 1.0, 0.9, 0.5, windows=(WindowHit(passage.id, 15, 29, 0.9), WindowHit("other", 0, 3, 0.8)))
    shown = search_results("고인돌", {KOREAN.id: KOREAN, ENGLISH.id: ENGLISH}, [hit], [], "ko")
    assert re.findall(r'href="([^"]+)"', shown) == [
        read_link(KOREAN.id, 0, 0, KOREAN.sha256),
        read_link(KOREAN.id, 15, 29, KOREAN.sha256),
    ]
    assert "고인돌은 힘을 보여 준다." in shown
    assert visible_text(search_results("<zzz>", {KOREAN.id: KOREAN}, [], [], "en")) == texts.ESSAYS_NO_MATCH.format(
        search="<zzz>"
    ).of("en")


VIEWS: dict[str, Callable[[Essay], str]] = {
    "article": lambda essay: article(essay, quotable(essay), Location("x", 0, 9), "en"),
    "essay_list": lambda essay: essay_list([essay], ["x"], "en"),
    "search_results": lambda essay: search_results(essay.title, {"x": essay}, [], [], "en"),
    "upload_list": lambda essay: upload_list([essay], "en"),
}


@pytest.mark.parametrize("view", VIEWS)
def test_no_payload_in_an_essay_becomes_markup(view: str) -> None:
    def faults(payload: str) -> set[str]:
        essay = Essay("x", payload, payload, payload, "en", payload, payload, f"{payload}\n\nMore. {payload}")
        markup = VIEWS[view](essay)
        tags = {tag.lstrip("/") for tag in re.findall(r"<(/?[a-zA-Z][\w-]*)", markup)}
        ours = "article header h2 h3 h4 h5 h6 p span mark a ul li button br"
        return tags - set(ours.split()) | set(re.findall(r"<\w+[^>]*?\b(on\w+|style|src)=", markup))

    assert payload_faults(faults) == {}


def test_a_first_heading_that_repeats_the_title_is_left_out() -> None:
    essay = replace(ENGLISH, title="The bell", text="# The bell\n\nIt rang.\n\n# The bell\n\nAgain.")
    shown = visible_text(article(essay, (), Location(essay.id), "en"))
    assert shown.count("The bell") == 2  # in the header, and the second heading
    assert visible_text(article(replace(essay, title="Another"), (), Location(essay.id), "en")).count("The bell") == 2
    assert "The bell" in visible_text(article(replace(essay, text="# The bell"), (), Location(essay.id), "en"))


def test_a_missing_essay_has_a_notice_and_links_back() -> None:
    shown = missing_essay("ko", 7)
    assert 'id="opening-7"' in shown
    assert re.findall(r'href="([^"]+)"', shown) == ["#view/read", "#back"]
    assert texts.ESSAY_MISSING.of("ko") in visible_text(shown)


def test_a_snippet_leaves_out_the_block_signs_of_markdown() -> None:
    essay = replace(ENGLISH, text="## A heading\n\n- An item. \n> 3. A quotation\n\nMinus -3 and # stay.")
    hit = Hit(Passage.of(essay, 0, len(essay.text)), 1.0, 1.0, 1.0)
    assert "A heading An item. 3. A quotation Minus -3 and # stay." in visible_text(
        search_results("x", {essay.id: essay}, [hit], (), "en")
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A **big** stone.", [(2, 4, "sign"), (4, 7, "strong"), (7, 9, "sign")]),
        ("*so* _it_ `is`", [(0, 1, "sign"), (1, 3, "em"), (3, 4, "sign"), (5, 6, "sign"), (6, 8, "em"), (8, 9, "sign"),
                            (10, 11, "sign"), (11, 13, "code"), (13, 14, "sign")]),
        ("**굵은** 글자는", [(0, 2, "sign"), (2, 4, "strong"), (4, 6, "sign")]),
        ("see [this](http://x.y)", [(4, 5, "sign"), (5, 9, "linked"), (9, 22, "sign")]),
        ("2 * 3 * 4, a_b_c, ** no **, `", []),
        ("a *line\nbreak* is none", []),
    ],
)  # fmt: skip
def test_emphasis_gives_the_spans_of_signs_and_text(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert styles(text, 0, len(text)) == expected


def test_a_quotation_can_begin_and_end_inside_emphasis() -> None:
    essay = essay_of("The **big stone** fell.", "any")
    shown = body(article(essay, quotable(essay), Location(essay.id, 4, 9), "en"))
    assert shown == (
        '<p><span class="s" id="s-0-23" tabindex="-1">The <mark id="here" tabindex="-1"><span class="sign">&#42;&#42;</span>'
        '<span class="strong">big</span></mark><span class="strong"> stone</span><span class="sign">&#42;&#42;</span> fell.</span></p>'
    )
