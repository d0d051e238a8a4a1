"""The sources of an answer as they stand beside the chat: each quotation highlighted in its paragraph. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.schema import Answer, Citation, Essay, Language, Passage
from bot.ui.catalogue import MESSAGES
from bot.ui.markup import label, link, plain, read_link

_BREAK = re.compile(r"\n\s*\n|\n(?=[-*] )")  # between paragraphs, and between the items of a list
_HEADING = re.compile(r"#{1,6} +(.+)\s*")
LONGEST_STRETCH = 700  # characters of a paragraph that are shown on either side of a quotation


def sources(answer: Answer, essays: Mapping[str, Essay]) -> str:
    """The markup of an answer's sources, or of the nearest passages where it abstains; empty where there is neither.

    `essays` are the essays by id. Where one is missing, or its text is not the text that was cited, the quotation stands alone.
    """
    if answer.abstained:
        cards = [_nearest(passage, essays.get(passage.essay), answer.language) for passage in answer.nearest]
    else:
        cards = [_card(group, essays, answer.language) for group in _by_paragraph(answer.citations, essays)]
    return f'<div class="sources" lang="{answer.language}">{"".join(cards)}</div>' if cards else ""


def _paragraph(citation: Citation, essays: Mapping[str, Essay]) -> tuple[int, str]:
    """The paragraph round a citation: where it starts in the essay, and its text."""
    essay = essays.get(citation.essay)
    if essay is None or essay.sha256 != citation.sha256:
        return citation.start, citation.quote
    start = max((found.end() for found in _BREAK.finditer(essay.text, 0, citation.start)), default=0)
    after = _BREAK.search(essay.text, citation.end)
    return start, essay.text[start : after.start() if after else None].rstrip()


def _by_paragraph(citations: Iterable[Citation], essays: Mapping[str, Essay]) -> list[list[Citation]]:
    """The citations that share a paragraph, together and in its order; one that overlaps another stands in a group of its own."""
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


def _card(group: Sequence[Citation], essays: Mapping[str, Essay], language: Language) -> str:
    """One paragraph with its quotations highlighted."""
    start, text = _paragraph(group[0], essays)
    pieces, done = [], start
    for citation in group:
        pieces.append(_stretch(text[done - start : citation.start - start], head=done > start, tail=True))
        pieces.append(f'<span class="number">{citation.number}</span><mark>{plain(citation.quote)}</mark>')
        done = citation.end
    pieces.append(_stretch(text[done - start :], head=True, tail=False))
    where = _where(group[0].source, [(citation.start, citation.end) for citation in group], language)
    heading = link(_opens(group[0]), group[0].title, "open")
    return _frame(heading, "".join(pieces), where, essays.get(group[0].essay))


def _opens(citation: Citation) -> str:
    return read_link(citation.essay, citation.start, citation.end, citation.sha256)


def _nearest(passage: Passage, essay: Essay | None, language: Language) -> str:
    """A passage that is near the question and does not answer it: nothing in it is highlighted."""
    title, source = (essay.title, essay.source) if essay else (passage.essay, "")
    opens = link(read_link(essay.id, passage.start, passage.end, essay.sha256), title, "open") if essay else plain(title)
    heading = f"{label(MESSAGES[language].nearest_passage)}{opens}"
    text = passage.text.strip()
    opening = _HEADING.match(text)
    shown = f'<span class="heading">{plain(opening[1])}</span>' if opening else ""
    shown += _stretch(text[opening.end() if opening else 0 :], head=True, tail=False)
    return _frame(heading, shown, _where(source, [(passage.start, passage.end)], language), essay)


def _stretch(text: str, *, head: bool, tail: bool) -> str:
    """The text between quotations; of a very long stretch only the ends that touch one."""
    if len(text) <= LONGEST_STRETCH * (head + tail):
        return plain(text)
    kept = (text[:LONGEST_STRETCH] if head else "", text[-LONGEST_STRETCH:] if tail else "")
    return " … ".join(map(plain, kept))


def _where(source: str, spans: Sequence[tuple[int, int]], language: Language) -> str:
    """Where to find the quotations: the essay's source, and their offsets in its text."""
    offsets = ", ".join(f"{start:,}–{end:,}" for start, end in spans)
    return " · ".join(part for part in (source, MESSAGES[language].offsets.format(offsets=offsets)) if part)


def _frame(heading: str, text: str, where: str, essay: Essay | None) -> str:
    language = f' lang="{essay.language}"' if essay else ""
    return (
        f'<div class="source"{language}><p class="title">{heading}</p>'
        f'<p class="paragraph">{text}</p><p class="where">{plain(where)}</p></div>'
    )
