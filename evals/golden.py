"""Retrieval, abstention and follow-ups on our own question sets, through the bot as it is, a split at a time."""

from collections import defaultdict
from typing import Any

import numpy as np

from bot.pipeline import Bot
from bot.schema import Hit, Passage
from bot.text.tokenize import bigrams, morphemes
from evals.baselines import bm25, rrf
from evals.metrics import interval, rank_metrics
from evals.sets import Case, load

DEPTH = 10

Found = tuple[Case, list[Hit]]


def retrieval(bot: Bot) -> dict[str, Any]:
    """Each split's figures by direction and by style, the baselines on the `test` half, and what was missed there.

    A row holds R@1, R@5 and MRR@10 of the gold span alone, the 95 % interval of R@5, R@5 with the spans that were judged to answer as
    well, and how many characters the first five hits hold.
    """
    groups: dict[str, list[Found]] = defaultdict(list)
    misses = []
    cases = load("golden", _shelf(bot))
    for case in cases:
        found = (case, bot.search(case.question, DEPTH))
        groups[f"{case.split} {case.kind}"].append(found)
        if case.split == "dev":
            groups[f"dev {case.style}"].append(found)
        elif (case.judged_rank(found[1]) or DEPTH) > 5:
            misses.append(f"{case.id} ({case.essay}) {case.question}")
    table = {name: _row(found) for name, found in sorted(groups.items())}
    return {**table, "baselines": _baselines(bot, [case for case in cases if case.split == "test"]), "misses": misses}


def _baselines(bot: Bot, cases: list[Case]) -> dict[str, Any]:
    """R@5 of the `test` half by direction, by what most chatbots use, over the same passages."""
    passages = bot.passages()
    questions = [case.question for case in cases]
    tokens, pairs = [morphemes(passage.text) for passage in passages], [bigrams(passage.text) for passage in passages]
    whole = bot.embedder.encode_passages([passage.text for passage in passages])
    dense = [whole @ bot.embedder.encode_query(question) for question in questions]
    kiwi = bm25(tokens, [morphemes(question) for question in questions])
    ways = {
        "BM25 on str.split()": bm25([passage.text.split() for passage in passages], [question.split() for question in questions]),
        "BM25 on character bigrams": bm25(pairs, [bigrams(question) for question in questions]),
        "BM25 on Kiwi morphemes": kiwi,
        "dense, whole passages": dense,
        "dense + Kiwi, equal RRF": [rrf(one, two) for one, two in zip(dense, kiwi, strict=True)],
    }
    return {name: _by_direction(cases, passages, scores) for name, scores in ways.items()}


def _by_direction(cases: list[Case], passages: list[Passage], scores: list[Any]) -> dict[str, float]:
    found: dict[str, list[bool]] = defaultdict(list)
    for case, row in zip(cases, scores, strict=True):
        hits = [Hit(passages[place], float(row[place]), 0.0, 0.0) for place in np.argsort(-row, kind="stable")[:5]]
        found[case.kind].append(case.rank(hits) is not None)
        found[f"{case.kind} judged"].append(case.judged_rank(hits) is not None)
    return {kind: round(sum(flags) / len(flags), 3) for kind, flags in sorted(found.items())}


def abstain(bot: Bot) -> dict[str, Any]:
    """The share refused, of unanswerable questions by class and of their answerable twins, for each split."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for case in load("unanswerable", _shelf(bot)):
        refused = bot.ask(case.question).abstained
        names = [f"{case.split} twins"] if case.answerable else [f"{case.split} unanswerable", f"{case.split} {case.kind}"]
        for name in names:
            groups[name].append(refused)
    return {name: _share(refused) for name, refused in sorted(groups.items())}


def followup(bot: Bot) -> dict[str, Any]:
    """R@5 of the last turn as it stands and as it is rewritten, for each split, and rewritten by kind."""
    raw: dict[str, list[bool]] = defaultdict(list)
    cases = load("followups", _shelf(bot))
    for case in cases:
        standalone = bot.standalone(case.question, case.history)
        for way, question in (("raw", case.question), ("rewritten", standalone)):
            rank = case.rank(bot.search(question, 5))
            raw[f"{case.split} {way}"].append(rank is not None)
            raw[f"{way} {case.kind}"].append(rank is not None)
    return {name: _share(found) for name, found in sorted(raw.items())}


def _shelf(bot: Bot) -> dict[str, Any]:
    return {essay.id: essay for essay in bot.essays()}


def _row(found: list[Found]) -> dict[str, Any]:
    metrics = rank_metrics([case.rank(hits) for case, hits in found])
    judged = [(case.judged_rank(hits) or DEPTH) <= 5 for case, hits in found]
    sizes = [sum(len(hit.passage.text) for hit in hits[:5]) for _, hits in found]
    return {
        "n": len(found),
        **metrics,
        "R@5 interval": interval(metrics["R@5"], len(found)),
        "R@5 judged": round(sum(judged) / len(judged), 4),
        "characters": sum(sizes) // len(sizes),
    }


def _share(flags: list[bool]) -> dict[str, Any]:
    share = sum(flags) / len(flags)
    return {"n": len(flags), "share": round(share, 3), "interval": interval(share, len(flags))}
