"""The check of a sentence against its passage: hand-written sentences of every kind, and quotations made from the shelf by a seed."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot import verify
from bot.errors import CorpusError
from bot.lexicon import sentences
from bot.pipeline import Bot
from bot.schema import Essay
from evals.metrics import interval
from evals.sets import FOLDER

SEED = 7
QUOTATIONS = 40  # of each generated kind
SENTENCE = (30, 250)  # characters of a sentence to be quoted


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the passage it cites, and whether the passage says it."""

    split: str
    kind: str
    language: str
    sentence: str
    essay: str
    passage: str
    true: bool


def measure(bot: Bot) -> dict[str, Any]:
    """The share refused of each kind, true and false, on each split of the hand-written ones and on the generated quotations."""
    essays = {essay.id: essay for essay in bot.essays()}
    groups: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for claim in [*load(essays), *quotations(list(essays.values()))]:
        reason = verify.check(claim.sentence, [claim.passage], essays[claim.essay].title, bot.similar)
        truth = "true" if claim.true else "false"
        for name in (f"{claim.split} {truth}", f"{claim.split} {truth} {claim.language}", f"{claim.split} {truth}: {claim.kind}"):
            groups[name].append(bool(reason))
        if claim.split == "test" and bool(reason) == claim.true:
            wrong.append(f"{claim.kind}: {reason or 'let through'}: {claim.sentence}")
    rows = {name: _row(refused) for name, refused in sorted(groups.items())}
    return {**rows, "seed": SEED, "wrong": wrong}


def load(essays: dict[str, Essay]) -> list[Claim]:
    """The hand-written claims; `CorpusError` where a passage no longer stands in its essay."""
    claims = []
    for line in (FOLDER / "verify.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        essay = essays.get(row["essay"])
        if essay is None or row["passage"] not in essay.text:
            raise CorpusError(f"verify.jsonl, {row['id']}: its passage is not in {row['essay']} today. Mend it there.")
        fields = (row["split"], row["kind"], row["language"], row["sentence"], row["essay"], row["passage"], row["true"])
        claims.append(Claim(*fields))
    return claims


def quotations(essays: list[Essay]) -> Iterator[Claim]:
    """Quotations of the shelf: verbatim, one word dropped or exchanged, two sentences stitched, and taken from another essay."""
    dice = random.Random(SEED)
    for kind, true in (("verbatim", True), ("one word changed", False), ("stitched", False), ("from elsewhere", False)):
        for _ in range(QUOTATIONS):
            essay = dice.choice(essays)
            spans = _quotable(essay)
            at = dice.randrange(len(spans) - 2)
            passage = essay.text[spans[at][0] : spans[at + 2][1]]
            first, last = (essay.text[start:end] for start, end in (spans[at], spans[at + 2]))
            quote = first
            if kind == "one word changed":
                words = first.split()
                words[dice.randrange(len(words))] = dice.choice(last.split())
                quote = " ".join(words)
            elif kind == "stitched":
                quote = f"{first} {last}"
            elif kind == "from elsewhere":
                other = dice.choice([one for one in essays if one.id != essay.id])
                start, end = dice.choice(_quotable(other))
                quote = other.text[start:end]
            if (quote in passage) == true:
                yield Claim("quotations", kind, essay.language, f"“{quote}” [1]", essay.id, passage, true)


def _quotable(essay: Essay) -> list[tuple[int, int]]:
    """Sentences that hold no quotation mark of their own and more than three words."""
    spans = [(start, end) for start, end in sentences(essay.text) if SENTENCE[0] <= end - start <= SENTENCE[1]]
    return [
        span for span in spans if not set('“”"「」') & set(essay.text[slice(*span)]) and len(essay.text[slice(*span)].split()) > 3
    ]


def _row(refused: list[bool]) -> dict[str, Any]:
    share = sum(refused) / len(refused)
    return {"n": len(refused), "refused": round(share, 3), "interval": interval(share, len(refused))}
