"""The sentences, headings, table rows and footnotes of a text in Markdown, as spans of its characters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.text.boundaries import split_line, split_paragraph
from bot.text.markdown import Block, Span, blocks, separators

CACHED_TEXTS = 256  # an ingest and an answer ask for the sentences of the same essays several times
_PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n\s*")
_BACK_MATTER = re.compile(r"출처|참고 ?문헌|\b(?:sources|references|bibliography)\b", re.IGNORECASE)
_CELL_BORDER = re.compile(r"(?<!\\)\|")
# A sentence that begins with one of these refers to the sentence before it.
_REFERRING_OPENINGS = (
    *"이것 그것 이는 그는 이런 그런 그래서 따라서 즉".split(),
    *("This ", "That ", "These ", "Those ", "It ", "They ", "He ", "She ", "So "),
)


@dataclass(frozen=True, slots=True)
class Outline:
    """What may be read of a text, in order, without white space and Markdown marks around it.

    `sentences` are the spans of sentences, rows, footnotes and headings. `heads` maps a row's span to its column heads, `notes` holds
    the spans of the sentences of footnotes, `headings` maps the span of a heading to its level, 1 to 6. `other` are the spans of the
    blocks that are not the writer's prose: code, embeds, tags, markup.
    """

    sentences: tuple[Span, ...]
    other: tuple[Span, ...]
    headings: dict[Span, int]
    heads: dict[Span, tuple[str, ...]]
    notes: frozenset[Span]

    def heading_before(self, text: str, offset: int) -> str:
        """The heading that the character at `offset` stands under; empty where there is none."""
        before = [span for span in self.headings if span[0] <= offset]
        return text[slice(*max(before))] if before else ""

    @property
    def quotable(self) -> list[Span]:
        """The spans that may be quoted: all but headings."""
        return [span for span in self.sentences if span not in self.headings]

    def cells(self, text: str, span: Span) -> list[tuple[str, str]]:
        """The cells of the row at `span`, each with the head of its column; empty for any other sentence."""
        cells = [cell.strip() for cell in _CELL_BORDER.split(text[slice(*span)])] if span in self.heads else []
        return [(head, cell) for head, cell in zip(self.heads.get(span, ()), cells, strict=False) if cell]

    def reading(self, text: str, span: Span) -> str:
        """The sentence at `span` as it is read: the cells of a row with the heads of their columns."""
        return ", ".join(f"{head}: {cell}" for head, cell in self.cells(text, span)) or text[slice(*span)]


@lru_cache(CACHED_TEXTS)
def outline(text: str) -> Outline:
    """The outline of `text`."""
    sentences: list[Span] = []
    other: list[Span] = []
    headings: dict[Span, int] = {}
    heads: dict[Span, tuple[str, ...]] = {}
    notes: set[Span] = set()
    for block in blocks(text):
        if block.kind == "heading":
            span = (block.lines[0][0], block.lines[-1][1])
            found = [span] if text[slice(*span)].strip() else []
            headings.update(dict.fromkeys(found, block.level))
        elif block.kind == "row":
            found = list(block.lines)
            heads[found[0]] = block.head
        elif block.kind == "other":
            other.append((block.lines[0][0], block.lines[-1][1]))
            continue
        else:
            found = list(_prose(text, block))
            notes.update(found if block.kind == "note" else ())
        sentences += found
    return Outline(tuple(sentences), tuple(other), headings, heads, frozenset(notes))


def sentences(text: str) -> list[Span]:
    """The spans of the sentences of `text` in order, headings, rows and footnotes included, without code and markup."""
    return list(outline(text).sentences)


def _prose(text: str, block: Block) -> Iterator[Span]:
    """The sentences of a paragraph. Marks at the beginning of its lines (of a quotation, of an indent) lie between its lines."""
    lines = [piece for line in block.lines for piece in _between_separators(text, line)]
    pieces = [text[slice(*line)] for line in lines]
    offsets: list[int] = []  # of each character of the joined lines in `text`
    for first, last in lines:
        offsets += [*range(first, last), last]
    split = split_line if block.kind == "note" else split_paragraph
    for first, last in split("\n".join(pieces)):
        if any(character.isalnum() for character in text[offsets[first] : offsets[last - 1] + 1]):
            yield offsets[first], offsets[last - 1] + 1


def _between_separators(text: str, line: Span) -> Iterator[Span]:
    start = line[0]
    for first, last in [*separators(text, *line), (line[1], line[1])]:
        if text[start:first].strip():
            yield start, first
        start = max(start, last)


def place_of(text: str, offset: int) -> tuple[str, int]:
    """The heading that the character at `offset` stands under, empty where there is none, and the number of its paragraph, from 1."""
    paragraphs = [match.end() for match in _PARAGRAPH_BREAK.finditer(text.rstrip())]
    return outline(text).heading_before(text, offset), 1 + sum(end <= offset for end in paragraphs)


def back_matter_start(text: str) -> int:
    """The offset of the essay's list of sources; the length of the text where it has none."""
    headings = [block.lines[0] for block in blocks(text) if block.kind == "heading"] if _BACK_MATTER.search(text) else []
    starts = [text.rfind("\n", 0, start) + 1 for start, end in headings if _BACK_MATTER.search(text, start, end)]
    return starts[-1] if starts else len(text)


def refers_back(sentence: str) -> bool:
    """Whether a sentence refers by its opening to the one before it ("This is why…")."""
    return sentence.startswith(_REFERRING_OPENINGS)
