"""The list of essays and the open essay, set like a page of a book: each sentence can be chosen, a quotation is highlighted. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from bot.messages import page
from bot.schema import Essay, Hit, Language
from bot.text.markdown import Block, Span, extents
from bot.ui.emphasis import Style, styled, styles
from bot.ui.markup import button, escape, link, notice, read_link, source_link

MAX_PART_CHARACTERS = 40_000  # of an essay that are shown at once; a browser lays them out without a noticeable delay
MAX_SNIPPET_CHARACTERS = 160  # of a passage in the search results
_ITEM = re.compile(r"[-*+]|\d{1,9}[.)]")
_BLOCK_SIGN = re.compile(r"^(?:#{1,6}|[-*]|\d{1,3}\.|>) +", re.MULTILINE)  # of a heading, an item or a block quotation
_FRAGMENT = re.compile(r"#?read/([^/]+)(?:/(\d{1,9})-(\d{1,9})(?:/([0-9a-f]{1,64}))?)?\Z")

Extent = tuple[Span, Block | None]  # a stretch of the text and the block that it is, as `markdown.extents` gives them


@dataclass(frozen=True, slots=True)
class Location:
    """The target of a `read_link`: an essay's id, characters `start` to `end` (0 to 0 is the beginning), and the text's SHA-256."""

    essay: str
    start: int = 0
    end: int = 0
    sha256: str = ""


def parse_location(fragment: str) -> Location | None:
    """The location that a `read_link` points to; None for any other text."""
    match = _FRAGMENT.match(fragment)
    if not match:
        return None
    return Location(unquote(match[1]), int(match[2] or 0), int(match[3] or 0), match[4] or "")


def article(essay: Essay, sentences: Sequence[Span], location: Location, language: Language, opening: int = 0) -> str:
    """The HTML of the essay, or of the part of a long essay that contains `location`, which is highlighted.

    `sentences` are the spans that can be chosen. `opening` differs each time, so that page.js notices that an essay was opened again.
    """
    blocks = _without_title(extents(essay.text), essay)
    first, last = _part(blocks, location.start)
    highlight = _clipped(location, essay)
    part = blocks[first:last]
    body = "".join(_block(essay.text, block, sentences, highlight) for block in part)
    has_changed = location.sha256 and not essay.sha256.startswith(location.sha256)
    changed = notice(page.ESSAY_CHANGED.of(language)) if has_changed else ""
    earlier = (
        _part_link(essay, blocks[_part(blocks, part[0][0][0] - 1)[0]][0][0], page.ESSAY_EARLIER.of(language)) if first else ""
    )
    later = _part_link(essay, blocks[last][0][0], page.ESSAY_LATER.of(language)) if last < len(blocks) else ""
    title = f'<h2 class="title" id="essay-title" tabindex="-1">{escape(essay.title)}</h2>'
    about = " · ".join([*_author_and_date(essay), *([source_link(essay.source)] if essay.source else [])])
    return (
        f'{back_links(language)}<article class="essay" id="opening-{opening}" lang="{essay.language}">'
        f'<header>{title}<p class="about">{about}</p></header>{changed}{earlier}{body}{later}</article>'
        f'<p class="hint">{escape(page.SENTENCE_HINT.of(language))}</p>'
    )


def missing_essay(language: Language, opening: int = 0) -> str:
    """The HTML shown for an essay that is not in the collection, with the links back."""
    return (
        f'{back_links(language)}<article class="essay" id="opening-{opening}">{notice(page.ESSAY_MISSING.of(language))}</article>'
    )


def back_links(language: Language) -> str:
    """The links from an essay back to the list and to the answer."""
    back = link("#view/read", f"← {page.ESSAYS_BACK.of(language)}", "back") + link(
        "#back", f"↩ {page.ANSWER_BACK.of(language)}", "back answer-back"
    )
    return f'<p class="ways">{back}</p>'


def essay_list(essays: Sequence[Essay], uploads: Sequence[str], language: Language) -> str:
    """The list of essays. `uploads` are the ids of the reader's own, which come first; then come those in the reader's language."""
    ordered = sorted(essays, key=lambda essay: (essay.id not in uploads, essay.language != language, essay.title))
    badge = f'<span class="own">{escape(page.UPLOADS_BADGE.of(language))}</span> '
    items = "".join(
        f'<li lang="{essay.language}">{link(read_link(essay.id, 0, 0, essay.sha256), essay.title, "title")}'
        f'<span class="about">{badge if essay.id in uploads else ""}{" · ".join(_author_and_date(essay))}</span></li>'
        for essay in ordered
    )
    return (
        f'<p class="count">{escape(page.ESSAYS_COUNT.format(count=len(ordered)).of(language))}</p><ul class="shelf">{items}</ul>'
    )


def search_results(
    search: str, essays: Mapping[str, Essay], hits: Sequence[Hit], uploads: Sequence[str], language: Language
) -> str:
    """The results of a search: essays whose title or author contains `search`, then the passages of `hits`. `essays` maps ids to essays."""
    needle = search.casefold().strip()
    by_title = [essay for essay in essays.values() if needle in f"{essay.title}\n{essay.author}".casefold()]
    passages = [(essays[hit.passage.essay], _nearest_span(hit)) for hit in hits if hit.passage.essay in essays]
    if not by_title and not passages:
        return notice(page.ESSAYS_NO_MATCH.format(search=search).of(language))
    titles = essay_list(by_title, uploads, language) if by_title else ""
    items = "".join(
        f'<li lang="{essay.language}">{link(read_link(essay.id, *span, essay.sha256), _snippet(essay, span), "snippet")}'
        f'<span class="about">{escape(essay.title)}</span></li>'
        for essay, span in passages
    )
    return f'{titles}<ul class="shelf found">{items}</ul>' if items else titles


def upload_list(essays: Sequence[Essay], language: Language) -> str:
    """The reader's own essays, each with a button that removes it."""
    if not essays:
        return notice(page.UPLOADS_NONE.of(language))
    items = "".join(
        f'<li lang="{essay.language}">{link(read_link(essay.id, 0, 0, essay.sha256), essay.title, "title")}'
        f"{button(f'remove-{number}-{essay.sha256[:12]}', page.UPLOADS_REMOVE.of(language))}</li>"
        for number, essay in enumerate(essays)
    )
    return f'<ul class="shelf">{items}</ul>'


def _nearest_span(hit: Hit) -> Span:
    """The span of the passage's window that is nearest to the search; the whole passage if there is none."""
    windows = [window for window in hit.windows if window.passage == hit.passage.id]
    return (windows[0].start, windows[0].end) if windows else (hit.passage.start, hit.passage.end)


def _snippet(essay: Essay, span: Span) -> str:
    text = " ".join(_BLOCK_SIGN.sub("", essay.text[slice(*span)]).split())
    return text if len(text) <= MAX_SNIPPET_CHARACTERS else f"{text[:MAX_SNIPPET_CHARACTERS]}…"


def _author_and_date(essay: Essay) -> list[str]:
    return [escape(part) for part in (essay.author, essay.date) if part]


def _clipped(location: Location, essay: Essay) -> Span:
    """The span to highlight, cut to the text's length; (0, 0) if there is nothing to highlight."""
    end = min(location.end, len(essay.text))
    return (location.start, end) if 0 <= location.start < end else (0, 0)


def _without_title(blocks: list[Extent], essay: Essay) -> list[Extent]:
    """The blocks without a first heading that repeats the essay's title, which the header shows already."""
    block = blocks[0][1] if len(blocks) > 1 else None
    repeats = block and block.kind == "heading" and essay.text[slice(*block.lines[0])] == essay.title
    return blocks[1:] if repeats else blocks


def _part(blocks: Sequence[Extent], start: int) -> tuple[int, int]:
    """The range of blocks of the part that contains character `start`. The division into parts does not depend on `start`."""
    first, length = 0, 0
    for number, ((block_start, block_end), _) in enumerate(blocks):
        if length and length + block_end - block_start > MAX_PART_CHARACTERS:
            if start < block_start:
                return first, number
            first, length = number, 0
        length += block_end - block_start
    return first, len(blocks)


def _part_link(essay: Essay, start: int, text: str) -> str:
    """The link to the part of the essay that contains character `start`."""
    return f'<p class="turn">{link(read_link(essay.id, start, start, essay.sha256), text)}</p>'


def _block(text: str, extent: Extent, sentences: Sequence[Span], highlight: Span) -> str:
    span, block = extent
    if block and block.kind == "heading":
        level = min(max(block.level + 1, 3), 6)  # below the title, which is an h2
        return f"<h{level}>{_inline(text, (block.lines[0][0], block.lines[-1][1]), (), highlight)}</h{level}>"
    marks = text[span[0] : block.lines[0][0]] if block else ""
    css_class = "cited" if ">" in marks else "item" if _ITEM.match(marks) else ""
    attribute = f' class="{css_class}"' if css_class else ""
    return f"<p{attribute}>{_inline(text, span, sentences, highlight)}</p>"


def _inline(text: str, block: Span, sentences: Sequence[Span], highlight: Span) -> str:
    """The text of a block: each sentence in a span that can be chosen, the highlight in a mark."""
    start, end = block
    style_spans = styles(text, start, end)
    pieces, written = [], start
    for first, last in sentences:
        if first >= written and last <= end:
            pieces.append(_highlighted(text, written, first, highlight, style_spans))
            sentence = _highlighted(text, first, last, highlight, style_spans)
            pieces.append(f'<span class="s" id="s-{first}-{last}" tabindex="-1">{sentence}</span>')
            written = last
    return "".join([*pieces, _highlighted(text, written, end, highlight, style_spans)])


def _highlighted(text: str, start: int, end: int, highlight: Span, style_spans: list[Style]) -> str:
    """The HTML of `text[start:end]`, with the part inside `highlight` in a mark. The first mark has the id that page.js scrolls to."""
    first, last = max(start, highlight[0]), min(end, highlight[1])
    if first >= last:
        return styled(text, start, end, style_spans)
    identity = ' id="here" tabindex="-1"' if first == highlight[0] else ""
    before, inside, after = (styled(text, *span, style_spans) for span in ((start, first), (first, last), (last, end)))
    return f"{before}<mark{identity}>{inside}</mark>{after}"
