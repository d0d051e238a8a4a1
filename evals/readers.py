"""Answers to readers' questions of every kind, on the bundled essays and on three small collections, scored by what a good answer holds.

The questions and what a good answer holds (`readers.jsonl`) were written by a language model that saw the texts and no code. `also` are
quotations of answers, of version 0.1.0 and of this one mixed, that a language model judged to answer, twice and without knowing whose
they were.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.indexing.build import build_index
from bot.models.embeddings import Embedder
from bot.pipeline import Bot
from bot.schema import Answer, Citation, Essay
from bot.settings import Settings
from evals.metrics import interval

FOLDER = Path(__file__).parent
FILE = FOLDER / "readers.jsonl"
BUNDLED = "corpus"
SUMMARY_QUOTATIONS = 2  # that a good summary has to hold of the key sentences

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: the turns before it, and the places (essay, start, end) and names of which a good answer holds some.

    An answer holds one of `any_of`, one of each of `all_of`, and each of `names`. Those of an unanswerable question are empty.
    """

    id: str
    split: str
    kind: str
    collection: str
    language: str
    question: str
    history: tuple[str, ...]
    answerable: bool
    any_of: tuple[Place, ...]
    all_of: tuple[tuple[Place, ...], ...]
    names: tuple[str, ...]

    def is_right(self, answer: Answer) -> bool:
        """Whether the answer holds what it should; of an unanswerable question whether it is none."""
        if not self.answerable:
            return answer.abstained
        return not answer.abstained and self.is_held_by(answer)

    def is_held_by(self, answer: Answer) -> bool:
        """Whether the answer, be it only of the closest passages, holds what it should."""
        needed = SUMMARY_QUOTATIONS if self.kind == "summary" else min(1, len(self.any_of))
        text = answer.text.casefold()
        return (
            sum(_is_at(citation, self.any_of) for citation in answer.citations) >= needed
            and all(any(_is_at(citation, places) for citation in answer.citations) for places in self.all_of)
            and all(name.casefold() in text for name in self.names)
        )


def measure(bot: Bot, split: str = "") -> dict[str, Any]:
    """The share right of each kind, collection and language, with its 95 % interval, by split; `wrong` lists the questions that failed.

    `held` is the share in which what is needed stands, be it under the heading that the passages may not answer.
    """
    groups: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    wrong: dict[str, list[str]] = defaultdict(list)
    for question, answer in answers(bot, split):
        right = question.is_right(answer)
        for name in ("all", question.kind, question.collection, question.language):
            groups[f"{question.split} {name}"].append((right, right or question.answerable and question.is_held_by(answer)))
        if not right:
            wrong[question.split].append(f"{question.id} ({question.kind}, {question.collection}) {question.question}")
    return {
        **{name: _row(found) for name, found in sorted(groups.items())},
        **{f"wrong in {name}": rows for name, rows in sorted(wrong.items())},
    }


def answers(bot: Bot, split: str = "") -> Iterator[tuple[Question, Answer]]:
    """The questions of a split, of both where it is empty, each with the bot's answer. `bot` has the bundled essays."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    for collection in sorted({row["collection"] for row in rows}):
        with _opened(bot, collection) as own:
            by_file = {f"{essay.id}.md": essay for essay in own.essays()}
            for row in rows:
                if row["collection"] == collection and split in ("", row["split"]):
                    question = _question(row, by_file)
                    yield question, _asked(own, question)


def _asked(bot: Bot, question: Question) -> Answer:
    """The answer after those to the turns before it."""
    history: list[Answer] = []
    for turn in question.history:
        history.append(bot.ask(turn, history=history))
    return bot.ask(question.question, history=history)


@contextmanager
def _opened(bot: Bot, collection: str) -> Iterator[Bot]:
    """The bot over a collection: the one given for the bundled essays, else one over an index of its own that is removed at the end."""
    if collection == BUNDLED:
        yield bot
        return
    with tempfile.TemporaryDirectory() as place:
        yield open_small(bot.embedder, collection, Path(place))


def open_small(embedder: Embedder, collection: str, index: Path) -> Bot:
    """A bot over one of the small collections, whose index is made in a folder."""
    settings = Settings.load(index=index, llm="quotes", embedding_model=embedder.name)
    build_index(settings, [FOLDER / "small" / collection], embedder=embedder)
    return Bot(settings, embedder)


def _question(row: Mapping[str, Any], essays: Mapping[str, Essay]) -> Question:
    return Question(
        row["id"],
        row["split"],
        row["kind"],
        row["collection"],
        row["language"],
        row["question"],
        tuple(row.get("history", ())),
        row["answerable"],
        _places([*row["any"], *row.get("also", ())], essays),
        tuple(_places(group, essays) for group in row["all"]),
        tuple(row["names"]),
    )


def _places(quotes: Sequence[Mapping[str, str]], essays: Mapping[str, Essay]) -> tuple[Place, ...]:
    """Where the quotations stand. Raises `ValueError` for one that does not stand in its essay."""
    places = []
    for row in quotes:
        essay = essays[row["essay"]]
        start = essay.text.index(row["quote"])
        places.append((essay.id, start, start + len(row["quote"])))
    return tuple(places)


def _is_at(citation: Citation, places: Sequence[Place]) -> bool:
    """Whether a quotation and one of the places have at least half of the shorter one in common."""
    return any(
        essay == citation.essay
        and 2 * (min(end, citation.end) - max(start, citation.start)) >= min(end - start, citation.end - citation.start)
        for essay, start, end in places
    )


def _row(found: Sequence[tuple[bool, bool]]) -> dict[str, Any]:
    right, held = (sum(column) / len(found) for column in zip(*found, strict=True))
    return {"n": len(found), "right": round(right, 3), "interval": interval(right, len(found)), "held": round(held, 3)}
