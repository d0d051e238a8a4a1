"""The analogy map: each drawing has every pair and break once and its text inside the boxes; its questions find their analogy."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.indexing import analogies, loader
from bot.indexing.analogies import Analogy, Break, Domains, DomainWords, Pair, Quotation
from bot.messages import map as texts
from bot.messages.text import Text
from bot.retrieval import map_search
from bot.schema import Essay
from bot.ui.map import analogy_map
from bot.ui.map_drawing import NARROW, PADDING, WIDE, drawing, measure, wrap
from bot.ui.markup import escape, read_link
from tests.pages import ENGLISH, KOREAN, visible_text
from tests.payloads import payload_faults
from tests.places import ROOT

ESSAYS = {essay.id: essay for essay in loader.load_essays([ROOT / "corpus"]).essays}
SHIPPED = analogies.load(ROOT / "corpus" / "analogies.yaml", ESSAYS)
QUOTE = Quotation(ENGLISH.id, "A dolmen shows power.", 28, 49)


def toy(text: str = "stone", name: str = "Stone and number") -> Analogy:
    both = Text(text, text)
    words = Domains(DomainWords(("돌",), ("stone",)), DomainWords(("숫자",), ("number",)))
    breaks = (Break("essay", "history", both, (QUOTE,), both, (QUOTE,)), Break("reader", "scale", both))
    return Analogy("toy", Text(name, name), both, both, words, both, (Pair(both, both, (QUOTE,)),), breaks, both)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("analogy", SHIPPED, ids=lambda analogy: analogy.id)
def test_a_drawing_has_every_pair_and_break_once_and_its_text_inside_the_boxes(
    analogy: Analogy, width: int, language: Any
) -> None:
    root = ET.fromstring(drawing(analogy, language, width))
    namespace = "{http://www.w3.org/2000/svg}"
    links = [link.get("href") for link in root.iter(f"{namespace}a")]
    assert links == [f"#map/{analogy.id}/pair/{n}" for n in range(1, len(analogy.pairs) + 1)] + [
        f"#map/{analogy.id}/break/{n}" for n in range(1, len(analogy.breaks) + 1)
    ]
    assert all(link.get("aria-label") for link in root.iter(f"{namespace}a"))
    boxes = [{name: float(box.get(name) or 0) for name in ("x", "y", "width", "height")} for box in root.iter(f"{namespace}rect")]
    assert len(boxes) == 2 * len(analogy.pairs)
    labels = [text for text in root.iter(f"{namespace}text") if text.get("class") == "thing"]
    for box, text in zip(boxes, labels, strict=True):
        size = float(text.get("font-size") or 0)
        for line in text.iter(f"{namespace}tspan"):
            middle, y = float(line.get("x") or 0), float(line.get("y") or 0)
            half = measure(line.text or "", size) / 2
            assert box["x"] + PADDING / 2 <= middle - half <= middle + half <= box["x"] + box["width"] - PADDING / 2
            assert box["y"] + size * 0.8 <= y <= box["y"] + box["height"] - size * 0.2
    bottom = float((root.get("viewBox") or "").split()[3])
    assert max(box["y"] + box["height"] for box in boxes) <= bottom


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_map_has_unique_ids_and_a_link_for_every_quotation(language: Any) -> None:
    markup = analogy_map(SHIPPED, ESSAYS, language)
    ids = re.findall(r' id="([^"]+)"', markup)
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'href="#(map/[^"]+)"', markup))
    assert targets <= set(ids)
    for analogy in SHIPPED:
        for quote in [quote for pair in analogy.pairs for quote in pair.quotes] + [
            quote for b in analogy.breaks for quote in b.quotes
        ]:
            assert read_link(quote.essay, quote.start, quote.end, ESSAYS[quote.essay].sha256) in markup
    assert markup.count(" open>") == 1


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_questions_of_an_analogy_find_it(language: Any) -> None:
    from urllib.parse import unquote

    for analogy in SHIPPED:
        asked = {unquote(text) for text in re.findall(r'href="#ask/answer/([^"]+)"', analogy_map([analogy], ESSAYS, language))}
        assert len(asked) == len(analogy.pairs) + len(analogy.breaks)
        missed = [question for question in asked if map_search.analogies_about(question, SHIPPED)[:1] != (analogy,)]
        assert missed == []


def test_a_small_analogy_has_the_coordinates_computed_by_hand() -> None:
    shown = drawing(toy(), "en", 330)
    assert 'viewBox="0 0 330 179"' in shown
    assert '<rect class="box" x="0.5" y="33.6" width="131.0" height="39.6" rx="9"/>' in shown
    assert '<path class="stroke" d="M132 53.4H198"/>' in shown
    assert "1. a fact is wrong" in visible_text(shown)
    text = visible_text(analogy_map([toy()], {ENGLISH.id: ENGLISH}, "en"))
    assert text.count("“A dolmen shows power.”") == 3
    assert texts.RAISED_BY["reader"].en in text


@pytest.mark.parametrize(("language", "first"), [("en", ENGLISH), ("ko", KOREAN)])
def test_a_section_has_a_close_link_and_quotes_the_readers_language_first(language: Any, first: Essay) -> None:
    korean = Quotation(KOREAN.id, "고인돌은 힘을 보여 준다.", 15, 29)
    analogy = toy()
    analogy = replace(analogy, pairs=(replace(analogy.pairs[0], quotes=(QUOTE, korean)),), breaks=())
    markup = analogy_map([analogy], {ENGLISH.id: ENGLISH, KOREAN.id: KOREAN}, language)
    assert (
        f'<section class="more" id="map/toy/pair/1" tabindex="-1"><a class="close" href="#view/map">{texts.CLOSE.of(language)}</a>'
        in markup
    )
    linked = re.findall(r'href="#read/([^/]+)/', markup)
    assert linked == [first.id, (KOREAN if first is ENGLISH else ENGLISH).id]


def test_an_empty_map_says_how_to_make_one() -> None:
    assert "analogies.yaml" in visible_text(analogy_map([], {}, "ko"))


@given(st.text(alphabet="ab가나 .-", max_size=60), st.floats(20, 200))
def test_wrapping_keeps_all_text_and_the_width(text: str, width: float) -> None:
    lines = wrap(text, width, 14)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(measure(line, 14) <= width or len(line) == 1 for line in lines)


def test_no_payload_in_the_map_becomes_markup_and_each_can_be_read() -> None:
    def faults(payload: str) -> list[str]:
        essay = Essay(ENGLISH.id, payload, payload, "", "en", payload, "", payload)
        analogy = replace(toy(payload, payload), id="toy")
        markup = analogy_map([analogy], {ENGLISH.id: essay, KOREAN.id: KOREAN}, "en")
        ours = "div p details summary span svg text tspan rect path circle a section h4 blockquote br"
        tags = set(re.findall(r"<([a-zA-Z][\w-]*)", markup)) - set(ours.split())
        attributes = re.findall(r"<[^>]*\s(on\w+|src|style)=", markup)
        unreadable = [] if escape(payload.strip().split("\n")[0]) in markup else ["unreadable"]
        return [*tags, *attributes, *unreadable]

    assert payload_faults(faults) == {}
