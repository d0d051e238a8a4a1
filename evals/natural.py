"""Claims in natural prose: each fair one written by hand about spans of the essays, and a false twin of one of nine kinds.

support.jsonl holds them. A record has an id, a split (`dev` or `test`, by essay), the kind of its twin, the spans of the essays that bear
the fair claim out (essay, start, end, in characters), and the two sentences.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from bot.errors import CorpusError
from bot.grounding.checker import Evidence
from bot.grounding.outcome import State
from bot.messages import evals
from bot.pipeline import Bot
from bot.schema import Essay, Passage
from evals.sets import FOLDER

KINDS = (
    *("figure", "name", "role", "negation", "overclaim", "attribution"),
    *("other-essay", "invented-quotation", "stitched-quotation"),
)


@dataclass(frozen=True)
class NaturalClaim:
    """A claim, whether it is fair, and the passages that it is held against: those of its spans with their neighbours.

    `kind` is that of the false twin, for both of a pair. `group` is the essay of the first span, without its language.
    """

    id: str
    split: str
    kind: str
    group: str
    sentence: str
    true: bool
    passages: tuple[str, ...]


def load(bot: Bot) -> list[NaturalClaim]:
    """The claims, each fair one before its twin. Raises `CorpusError` where a span is not in its essay."""
    essays = {essay.id: essay for essay in bot.essays()}
    by_essay: dict[str, list[Passage]] = {}
    for passage in bot.index().passages:
        by_essay.setdefault(passage.essay, []).append(passage)
    claims = []
    for line in (FOLDER / "support.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        passages = tuple(passage.text for passage in _passages(row, essays, by_essay))
        group = str(row["spans"][0][0]).rpartition(".")[0]
        for true in (True, False):
            sentence = row["true" if true else "false"]
            claims.append(NaturalClaim(row["id"], row["split"], row["kind"], group, sentence, true, passages))
    return claims


def outcomes(bot: Bot) -> dict[str, Any]:
    """By split and truth, and of the false ones by kind: the shares of the three outcomes; then the claims of `test` that went wrong."""
    titles = [essay.title for essay in bot.essays()]
    states: dict[str, list[str]] = defaultdict(list)
    wrong = []
    for claim in load(bot):
        outcome = Evidence(claim.passages, "", bot.comparison, titles).outcome(claim.sentence)
        truth = "true" if claim.true else "false"
        for name in (f"{claim.split} {truth}", *([] if claim.true else [f"{claim.split} {truth}: {claim.kind}"])):
            states[name].append(outcome.state)
        if claim.split == "test" and outcome.state == ("refused" if claim.true else "supported"):
            wrong.append(f"{claim.kind}: {outcome.reason or outcome.state}: {claim.sentence}")
    rows = {name: _row(found) for name, found in sorted(states.items())}
    return {**rows, "wrong": wrong}


def _row(states: Sequence[str]) -> dict[str, Any]:
    shares = {state: round(states.count(state) / len(states), 3) for state in get_args(State)}
    return {"n": len(states), **shares}


def _passages(row: Mapping[str, Any], essays: Mapping[str, Essay], by_essay: Mapping[str, Sequence[Passage]]) -> list[Passage]:
    """The passages that overlap the spans of a record, with the one before and the one after."""
    found: list[Passage] = []
    for identity, start, end in row["spans"]:
        if identity not in essays or not 0 <= start < end <= len(essays[identity].text):
            raise CorpusError(evals.WRONG_PASSAGE.format(identity=row["id"], essay=identity))
        passages = by_essay[identity]
        inside = [place for place, passage in enumerate(passages) if passage.start < end and start < passage.end]
        around = passages[max(0, inside[0] - 1) : inside[-1] + 2]
        found += [passage for passage in around if passage not in found]
    return found
