"""Texts to write files from: sentences of the bundled essays put together anew, with headings, lists, tables, notes and quotations."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.schema import Essay
from bot.text.sentences import outline

Kind = Literal["heading", "paragraph", "items", "numbered", "table", "quotation"]

AUTHORS = {"ko": ("김하늘", "이서준", "박지우", "최은영"), "en": ("Mary Rowe", "John A. Smith", "Ada Penrose", "Tom Hale")}
CELLS = {
    "ko": ("시대", "나라", "무게", "고조선", "부여", "12톤", "청동기", "300명"),
    "en": ("Age", "Place", "Weight", "Bronze", "Avebury", "12 t", "300", "Iron"),
}


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a text. `texts` is one string, the items of a list, or the cells of a table row by row. `note` is a paragraph's footnote."""

    kind: Kind
    texts: tuple[str, ...]
    level: int = 0
    columns: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text with what a file says about it. `date` is an ISO date."""

    title: str
    author: str
    date: str
    language: str
    blocks: tuple[Block, ...]
    address: str = ""

    @property
    def notes(self) -> list[str]:
        """The footnotes in order."""
        return [block.note for block in self.blocks if block.note]

    @property
    def tables(self) -> list[list[tuple[str, ...]]]:
        """The rows of each table."""
        return [rows(block) for block in self.blocks if block.kind == "table"]

    def running_text(self) -> str:
        """What is read in order, without tables, notes and marks, white space collapsed."""
        parts = [text for block in self.blocks if block.kind != "table" for text in block.texts]
        return " ".join(" ".join(parts).split())


def rows(block: Block) -> list[tuple[str, ...]]:
    """The rows of a table."""
    return [block.texts[at : at + block.columns] for at in range(0, len(block.texts), block.columns)]


@dataclass(slots=True)
class Maker:
    """Makes texts from the sentences of essays; equal seeds give equal texts."""

    essays: Sequence[Essay]
    seed: int
    _sentences: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Collect the sentences by language."""
        for essay in self.essays:
            found = outline(essay.text)
            spans = [span for span in found.quotable if span not in found.heads and span not in found.notes]
            texts = [re.sub(r"\s+", " ", essay.text[slice(*span)]) for span in spans]
            self._sentences.setdefault(essay.language, []).extend(
                text for text in texts if 20 < len(text) < 220 and _is_plain(text)
            )

    def piece(self, number: int, *, sections: int = 3, has_notes: bool = True, has_tables: bool = True) -> Piece:
        """The text with this number, in Korean where that is even."""
        chance = random.Random(f"{self.seed} {number}")
        language = "en" if number % 2 else "ko"
        pool = chance.sample(self._sentences[language], min(len(self._sentences[language]), 80))
        title = _title(pool.pop(), language)
        author = chance.choice(AUTHORS[language])
        blocks: list[Block] = []
        for section in range(sections):
            if section:
                blocks.append(Block("heading", (_title(pool.pop(), language),), level=2 if section % 2 else 3))
            blocks.append(Block("paragraph", (_joined(pool, 5),)))
            note = pool.pop() if has_notes else ""
            blocks.append(Block("paragraph", (_joined(pool, 4),), note=note))
            if section == 0:
                blocks.append(Block("items", tuple(pool.pop() for _ in range(3))))
            if section == 1 and has_tables:
                cells = list(CELLS[language])
                chance.shuffle(cells)
                blocks.append(Block("table", tuple(cells[:6]) + tuple(f"{cell} {number}" for cell in cells[:3]), columns=3))
            if section == 1:
                blocks.append(Block("quotation", (pool.pop(),)))
            if section == 2:
                blocks.append(Block("numbered", tuple(pool.pop() for _ in range(2))))
            blocks.append(Block("paragraph", (_joined(pool, 3),)))
        date = f"20{10 + number % 15}-{1 + number % 12:02}-{1 + number % 28:02}"
        return Piece(title, author, date, language, tuple(blocks), f"https://example.org/posts/{number}")


def _is_plain(text: str) -> bool:
    """Whether a sentence has no marks that a format would write in another way."""
    return not re.search(r"[|*_`<>\[\]#\\~&{}^]|https?:|^\d+[.)]|^[-–—•]", text)


def _joined(pool: list[str], count: int) -> str:
    return " ".join(pool.pop() for _ in range(count))


def _title(sentence: str, language: str) -> str:
    """The first words of a sentence as a title."""
    words = sentence.strip("“”\"'‘’").split()[: 4 if language == "ko" else 6]
    return " ".join(words).strip(",.;:!?—–“”‘’\"'") or sentence[:20]
