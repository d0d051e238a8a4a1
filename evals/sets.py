"""The question sets: golden, unanswerable, follow-ups. One JSON object per line; gold spans are checked against the essays."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import CorpusError
from bot.messages import evals
from bot.schema import Essay, Hit, Passage

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """One question.

    `essay`, `start` and `end` are its gold span, empty and 0 where no essay answers it. `kind` is the group in which it is counted.
    `style` is `natural` where a golden question names its subject and `riddle` where it paraphrases every name. `judged_spans` are
    further spans that assessors judged to answer it.
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
    judged_spans: tuple[tuple[str, int, int], ...] = ()

    def is_in(self, passage: Passage) -> bool:
        """Whether the passage contains at least half of the gold span or of a judged span."""
        return any(_holds(passage, *span) for span in self._spans)

    def is_quoted_by(self, essay: str, start: int, end: int) -> bool:
        """Whether at least half of the sentence at this span is in the gold span or a judged span, or holds half of one."""
        return any(
            other == essay and 2 * (min(end, last) - max(start, first)) >= min(end - start, last - first)
            for other, first, last in self._spans
        )

    @property
    def _spans(self) -> list[tuple[str, int, int]]:
        return [(self.essay, self.start, self.end), *self.judged_spans]

    def rank(self, hits: list[Hit]) -> int | None:
        """The rank, from 1, of the first hit that contains at least half of the gold span; None where there is none."""
        return _rank(hits, [(self.essay, self.start, self.end)])

    def judged_rank(self, hits: list[Hit]) -> int | None:
        """The rank of the first hit that contains at least half of the gold span or of a judged span."""
        return _rank(hits, self._spans)


def _rank(hits: list[Hit], spans: Sequence[tuple[str, int, int]]) -> int | None:
    return next((rank for rank, hit in enumerate(hits, start=1) if any(_holds(hit.passage, *span) for span in spans)), None)


def _holds(passage: Passage, essay: str, start: int, end: int) -> bool:
    overlap = min(passage.end, end) - max(passage.start, start)
    return passage.essay == essay and 2 * overlap >= end - start


def load(name: str, essays: dict[str, Essay]) -> list[Case]:
    """The questions of the set `name`. Raises `CorpusError` where a gold span is not in its essay."""
    cases = []
    for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        essay = essays.get(row["essay"])
        if row["quote"] and (essay is None or essay.text[row["start"] : row["end"]] != row["quote"]):
            raise CorpusError(evals.WRONG_SPAN.format(name=name, identity=row["id"], essay=row["essay"]))
        case = Case(
            id=row["id"],
            split=row["split"],
            kind=row.get("direction") or row.get("class") or row["kind"],
            question=row["question"],
            essay=row["essay"],
            start=row.get("start", 0),
            end=row.get("end", 0),
            answerable=row.get("answerable", True),
            history=tuple((role, text) for role, text in row.get("history", ())),
            style=row.get("style", ""),
            judged_spans=tuple((other, start, end) for other, start, end in row.get("also", ())),
        )
        cases.append(case)
    return cases
