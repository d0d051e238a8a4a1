"""The question sets: golden, unanswerable, follow-ups. Each line is a JSON object; a gold span is checked against the shelf."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import CorpusError
from bot.schema import Essay, Hit

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """One question. `essay`, `start` and `end` are its gold span (empty and 0 where nothing answers it); `kind` is what it is counted under,
    `style` whether a golden question names its subject (natural) or circumscribes it (riddle).
    """

    id: str
    split: str
    kind: str
    question: str
    essay: str = ""
    start: int = 0
    end: int = 0
    answerable: bool = True
    history: tuple[tuple[str, str], ...] = ()
    style: str = ""
    also: tuple[tuple[str, int, int], ...] = ()

    def rank(self, hits: list[Hit]) -> int | None:
        """The place, from 1, of the first hit that holds at least half of the gold span."""
        return _place(hits, [(self.essay, self.start, self.end)])

    def judged_rank(self, hits: list[Hit]) -> int | None:
        """The place of the first hit that holds at least half of the gold span or of a span judged as good."""
        return _place(hits, [(self.essay, self.start, self.end), *self.also])


def _place(hits: list[Hit], spans: Sequence[tuple[str, int, int]]) -> int | None:
    return next((place for place, hit in enumerate(hits, start=1) if any(_holds(hit, *span) for span in spans)), None)


def _holds(hit: Hit, essay: str, start: int, end: int) -> bool:
    overlap = min(hit.passage.end, end) - max(hit.passage.start, start)
    return hit.passage.essay == essay and 2 * overlap >= end - start


def load(name: str, essays: dict[str, Essay]) -> list[Case]:
    """The set `name`; `CorpusError` where a gold span no longer stands in its essay."""
    cases = []
    for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        essay = essays.get(row["essay"])
        if row["quote"] and (essay is None or essay.text[row["start"] : row["end"]] != row["quote"]):
            raise CorpusError(
                f"{name}.jsonl, {row['id']}: its gold span is not in {row['essay']} today. Mend start and end there."
            )
        kind = row.get("direction") or row.get("class") or row["kind"]
        history = tuple((role, text) for role, text in row.get("history", ()))
        also = tuple((essay, start, end) for essay, start, end in row.get("also", ()))
        span = (
            row["essay"],
            row.get("start", 0),
            row.get("end", 0),
            row.get("answerable", True),
            history,
            row.get("style", ""),
            also,
        )
        cases.append(Case(row["id"], row["split"], kind, row["question"], *span))
    return cases
