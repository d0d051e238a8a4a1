"""The sources of an answer, for the panel beside the chat: each quotation highlighted in its paragraph. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from bot.messages import notices, page
from bot.schema import Answer, Citation, Essay, Language, Passage
from bot.text.markdown import extents
from bot.ui.markup import escape, label, link, read_link

MAX_CONTEXT_CHARACTERS = 700  # of a paragraph, on each side of a quotation


def sources_markup(answer: Answer, essays: Mapping[str, Essay]) -> str:
    """The HTML of an answer's citations, or of its nearest passages if it abstains and cites none. Empty if there are none.

    `essays` maps ids to essays. If an essay is missing or has changed since it was cited, the quotation is shown without its paragraph.
    """
    if answer.abstained and not answer.related:
        cards = [_nearest_card(passage, essays.get(passage.essay), answer.language) for passage in answer.nearest]
    else:
        cards = [_citation_card(group, essays, answer.language) for group in _by_paragraph(answer.citations, essays)]
    return f'<div class="sources" lang="{answer.language}">{"".join(cards)}</div>' if cards else ""


def _paragraph(citation: Citation, essays: Mapping[str, Essay]) -> tuple[int, str]:
    """The paragraph that contains a citation: its start in the essay, and its text."""
    essay = essays.get(citation.essay)
    if essay is None or essay.sha256 != citation.sha256:
        return citation.start, citation.quote
    inside = [span for span, _ in extents(essay.text) if span[0] < citation.end and citation.start < span[1]]
    start = min(inside[0][0], citation.start) if inside else citation.start
    return start, essay.text[start : max(inside[-1][1], citation.end) if inside else citation.end]


def _by_paragraph(citations: Iterable[Citation], essays: Mapping[str, Essay]) -> list[list[Citation]]:
    """The citations grouped by paragraph, each group ordered by offset. Overlapping citations are put into different groups."""
    groups: dict[tuple[str, int, int], list[Citation]] = {}
    for citation in citations:
        start, _ = _paragraph(citation, essays)
        layer = 0
        while _overlaps(citation, groups.get((citation.essay, start, layer), ())):
            layer += 1
        groups.setdefault((citation.essay, start, layer), []).append(citation)
    return [sorted(group, key=lambda citation: citation.start) for group in groups.values()]


def _overlaps(citation: Citation, others: Iterable[Citation]) -> bool:
    return any(citation.start < other.end and other.start < citation.end for other in others)


def _citation_card(group: Sequence[Citation], essays: Mapping[str, Essay], language: Language) -> str:
    """One paragraph with the quotations of `group` highlighted."""
    first = group[0]
    start, text = _paragraph(first, essays)
    pieces, written = [], start
    for citation in group:
        pieces.append(_context(text[written - start : citation.start - start], head=written > start, tail=True))
        pieces.append(f'<span class="number">{citation.number}</span><mark>{escape(citation.quote)}</mark>')
        written = citation.end
    pieces.append(_context(text[written - start :], head=True, tail=False))
    pages = [citation.page for citation in group]
    origin = _origin(first.source, pages, [(citation.start, citation.end) for citation in group], language)
    heading = link(read_link(first.essay, first.start, first.end, first.sha256), first.title, "open")
    return _card(heading, "".join(pieces), origin, essays.get(first.essay))


def _nearest_card(passage: Passage, essay: Essay | None, language: Language) -> str:
    """A passage that is near the question but does not answer it. Nothing is highlighted."""
    title, source = (essay.title, essay.source) if essay else (passage.essay, "")
    opens = link(read_link(essay.id, passage.start, passage.end, essay.sha256), title, "open") if essay else escape(title)
    text = passage.text.strip()
    (_, end), block = next(iter(extents(text)), ((0, 0), None))
    is_heading = block is not None and block.kind == "heading"
    shown = f'<span class="heading">{escape(text[slice(*block.lines[0])])}</span>' if block and is_heading else ""
    shown += _context(text[end if is_heading else 0 :].lstrip(), head=True, tail=False)
    origin = _origin(source, [essay.page_at(passage.start)] if essay else [], [(passage.start, passage.end)], language)
    return _card(f"{label(page.NEAREST_PASSAGE.of(language))}{opens}", shown, origin, essay)


def _context(text: str, *, head: bool, tail: bool) -> str:
    """The text between quotations. A long one is cut to its `head`, its `tail`, or both: the ends that touch a quotation."""
    if len(text) <= MAX_CONTEXT_CHARACTERS * (head + tail):
        return escape(text)
    ends = (text[:MAX_CONTEXT_CHARACTERS] if head else "", text[-MAX_CONTEXT_CHARACTERS:] if tail else "")
    return " … ".join(map(escape, ends))


def _origin(source: str, pages: Sequence[int], spans: Sequence[tuple[int, int]], language: Language) -> str:
    """Where the quotations are from: the essay's source, the pages of its file if it has some, and the offsets in its text."""
    numbers = ", ".join(map(str, dict.fromkeys(filter(None, pages))))
    shown = notices.PAGE.format(number=numbers).of(language) if numbers else ""
    offsets = ", ".join(f"{start:,}–{end:,}" for start, end in spans)
    return " · ".join(part for part in (source, shown, page.OFFSETS.format(offsets=offsets).of(language)) if part)


def _card(heading: str, text: str, origin: str, essay: Essay | None) -> str:
    language = f' lang="{essay.language}"' if essay else ""
    return (
        f'<div class="source"{language}><p class="title">{heading}</p>'
        f'<p class="paragraph">{text}</p><p class="where">{escape(origin)}</p></div>'
    )
