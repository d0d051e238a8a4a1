"""The shelf and the open essay, set like a page of a book: every sentence can be chosen, and a quotation is highlighted. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from bot.schema import Essay, Hit, Language
from bot.ui.catalogue import MESSAGES
from bot.ui.emphasis import Style, styled, styles
from bot.ui.markup import button, link, notice, outward, plain, read_link

LONGEST_PART = 40_000  # characters of an essay that are set at once; a browser lays that out without a pause
LONGEST_SNIPPET = 160  # characters of a passage that was found
_BLOCK = re.compile(r"\n\s*\n|\n(?=[-*] |\d{1,3}\. |> |#{1,6} )")
_HEADING = re.compile(r"(#{1,6}) +(?=\S)")
_ITEM = re.compile(r"(?:[-*]|\d{1,3}\.) +(?=\S)")
_QUOTED = re.compile(r"> ?(?=\S)")
_MARK = re.compile(r"^(?:#{1,6}|[-*]|\d{1,3}\.|>) +", re.MULTILINE)  # of a heading, an item or a quotation
_FRAGMENT = re.compile(r"#?read/([^/]+)(?:/(\d{1,9})-(\d{1,9})(?:/([0-9a-f]{1,64}))?)?\Z")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Location:
    """Where a link points: an essay's id, characters `start` to `end` of its text (0 to 0 is its beginning), and of which text."""

    essay: str
    start: int = 0
    end: int = 0
    sha256: str = ""


def parse_location(fragment: str) -> Location | None:
    """The place that a `read_link` points to; None for anything else."""
    found = _FRAGMENT.match(fragment)
    if not found:
        return None
    return Location(unquote(found[1]), int(found[2] or 0), int(found[3] or 0), found[4] or "")


def article(essay: Essay, sentences: Sequence[Span], at: Location, language: Language, opening: int = 0) -> str:
    """The essay, or the part of a long one that holds the place, its sentences marked off and the place highlighted.

    `opening` makes the markup differ from the one before, so that page.js sees that the essay was opened anew.
    """
    words = MESSAGES[language]
    blocks = _without_title(list(_blocks(essay.text)), essay)
    first, last = _part(blocks, at.start)
    quoted = _valid(at, essay)
    held = blocks[first:last]
    body = "".join(_block(essay.text, block, sentences, quoted) for block in held)
    changed = notice(words.essay_changed) if at.sha256 and not essay.sha256.startswith(at.sha256) else ""
    before = _turn(essay, blocks[_part(blocks, held[0][0] - 1)[0]][0], words.essay_earlier) if first else ""
    after = _turn(essay, blocks[last][0], words.essay_later) if last < len(blocks) else ""
    head = f'<h2 class="title" id="essay-title" tabindex="-1">{plain(essay.title)}</h2><p class="about">{_about(essay, language, whole=True)}</p>'
    return (
        f'{back_links(language)}<article class="essay" id="opening-{opening}" lang="{essay.language}">'
        f"<header>{head}</header>{changed}{before}{body}{after}</article>"
        f'<p class="hint">{plain(words.sentence_hint)}</p>'
    )


def missing_essay(language: Language, opening: int = 0) -> str:
    """What stands where an essay would that is not on the shelf (any more), and the ways from there."""
    return f'{back_links(language)}<article class="essay" id="opening-{opening}">{notice(MESSAGES[language].essay_missing)}</article>'


def back_links(language: Language) -> str:
    """The links that lead from an essay to the shelf and to the answer."""
    words = MESSAGES[language]
    back = link("#view/read", f"← {words.essays_back}", "back") + link("#back", f"↩ {words.answer_back}", "back answer-back")
    return f'<p class="ways">{back}</p>'


def essay_list(essays: Sequence[Essay], own: Sequence[str], language: Language) -> str:
    """The essays to choose from; `own` are the ids of the reader's own, which stand first."""
    words = MESSAGES[language]
    ordered = sorted(essays, key=lambda essay: (essay.id not in own, essay.language != language, essay.title))
    items = "".join(
        f'<li lang="{essay.language}">{link(read_link(essay.id, 0, 0, essay.sha256), essay.title, "title")}'
        f'<span class="about">{_own(essay, own, language)}{_about(essay, language)}</span></li>'
        for essay in ordered
    )
    return f'<p class="count">{plain(words.essays_count.format(count=len(ordered)))}</p><ul class="shelf">{items}</ul>'


def search_results(search: str, essays: Mapping[str, Essay], hits: Sequence[Hit], own: Sequence[str], language: Language) -> str:
    """What a search of the shelf found: essays by title or author, then passages with their beginnings."""
    wanted = search.casefold().strip()
    named = [one for one in essays.values() if wanted in f"{one.title}\n{one.author}".casefold()]
    passages = [(essays[hit.passage.essay], _sharpest(hit)) for hit in hits if hit.passage.essay in essays]
    if not named and not passages:
        return notice(MESSAGES[language].essays_no_match.format(search=search))
    titles = essay_list(named, own, language) if named else ""
    items = "".join(
        f'<li lang="{essay.language}">{link(read_link(essay.id, *span, essay.sha256), _snippet(essay, span), "snippet")}'
        f'<span class="about">{plain(essay.title)}</span></li>'
        for essay, span in passages
    )
    return f'{titles}<ul class="shelf found">{items}</ul>' if items else titles


def _sharpest(hit: Hit) -> Span:
    """The window of the passage that lies nearest to the search, else its beginning."""
    inside = [near for near in hit.near if near.passage == hit.passage.id]
    return (inside[0].start, inside[0].end) if inside else (hit.passage.start, hit.passage.end)


def _snippet(essay: Essay, span: Span) -> str:
    text = " ".join(_MARK.sub("", essay.text[slice(*span)]).split())
    return text if len(text) <= LONGEST_SNIPPET else f"{text[:LONGEST_SNIPPET]}…"


def _about(essay: Essay, language: Language, *, whole: bool = False) -> str:
    """Author, date and, over the open essay, where it is from."""
    parts = [plain(part) for part in (essay.author, essay.date) if part]
    if whole and essay.source:
        parts.append(outward(essay.source))
    return " · ".join(parts)


def _own(essay: Essay, own: Sequence[str], language: Language) -> str:
    return f'<span class="own">{plain(MESSAGES[language].uploads_badge)}</span> ' if essay.id in own else ""


def _valid(at: Location, essay: Essay) -> Span:
    """The span to highlight, inside the text; (0, 0) is none."""
    return (at.start, min(at.end, len(essay.text))) if 0 <= at.start < min(at.end, len(essay.text)) else (0, 0)


def _blocks(text: str) -> Iterator[Span]:
    """The spans of paragraphs, headings and items of lists, without the white space between them."""
    edges = [0, *(edge for gap in _BLOCK.finditer(text) for edge in gap.span()), len(text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        stripped = text[start:end].strip()
        if stripped:
            begin = start + text[start:end].index(stripped)
            yield begin, begin + len(stripped)


def _without_title(blocks: list[Span], essay: Essay) -> list[Span]:
    """The blocks but for a first one that only says the title, which stands over them already."""
    heading = _HEADING.match(essay.text, *blocks[0]) if len(blocks) > 1 else None
    return blocks[1:] if heading and essay.text[heading.end() : blocks[0][1]].strip() == essay.title else blocks


def _part(blocks: Sequence[Span], start: int) -> tuple[int, int]:
    """The first and past the last block of the part that holds character `start`. Parts are the same wherever one comes from."""
    first, length = 0, 0
    for number, (begin, end) in enumerate(blocks):
        if length and length + end - begin > LONGEST_PART:
            if start < begin:
                return first, number
            first, length = number, 0
        length += end - begin
    return first, len(blocks)


def _turn(essay: Essay, start: int, words: str) -> str:
    return f'<p class="turn">{link(read_link(essay.id, start, start, essay.sha256), words)}</p>'


def _block(text: str, block: Span, sentences: Sequence[Span], quoted: Span) -> str:
    start, end = block
    if heading := _HEADING.match(text, start, end):
        level = min(max(len(heading[1]) + 1, 3), 6)  # under the title, which is an h2
        return f"<h{level}>{_run(text, (heading.end(), end), (), quoted)}</h{level}>"
    for pattern, name in ((_ITEM, "item"), (_QUOTED, "cited")):
        if pattern.match(text, start, end):
            return f'<p class="{name}">{_run(text, block, sentences, quoted)}</p>'
    return f"<p>{_run(text, block, sentences, quoted)}</p>"


def _run(text: str, block: Span, sentences: Sequence[Span], quoted: Span) -> str:
    """The text of a block: each sentence a span that can be chosen, what is quoted a mark inside it."""
    start, end = block
    found = styles(text, start, end)
    pieces, done = [], start
    for begin, stop in sentences:
        if begin >= done and stop <= end:
            chosen = _marked(text, begin, stop, quoted, found)
            pieces.append(_marked(text, done, begin, quoted, found))
            pieces.append(f'<span class="s" id="s-{begin}-{stop}" tabindex="-1">{chosen}</span>')
            done = stop
    return "".join([*pieces, _marked(text, done, end, quoted, found)])


def _marked(text: str, start: int, end: int, quoted: Span, found: list[Style]) -> str:
    """The text from `start` to `end`, the part that is quoted highlighted. The first mark of all can be jumped to."""
    begin, stop = max(start, quoted[0]), min(end, quoted[1])
    if begin >= stop:
        return styled(text, start, end, found)
    here = ' id="here" tabindex="-1"' if begin == quoted[0] else ""
    before, inside, after = (styled(text, *span, found) for span in ((start, begin), (begin, stop), (stop, end)))
    return f"{before}<mark{here}>{inside}</mark>{after}"


def own_essays(essays: Sequence[Essay], language: Language) -> str:
    """The reader's own essays, each with a button that takes it off the shelf."""
    words = MESSAGES[language]
    if not essays:
        return notice(words.uploads_none)
    items = "".join(
        f'<li lang="{essay.language}">{link(read_link(essay.id, 0, 0, essay.sha256), essay.title, "title")}'
        f"{button(f'remove-{number}-{essay.sha256[:12]}', words.uploads_remove)}</li>"
        for number, essay in enumerate(essays)
    )
    return f'<ul class="shelf">{items}</ul>'
