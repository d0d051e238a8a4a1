"""Retrieval, abstention and follow-ups on our own question sets, through the bot as it is, a split at a time."""

from collections import defaultdict
from typing import Any

from bot.pipeline import Bot
from evals.metrics import interval, rank_metrics
from evals.sets import load

DEPTH = 10


def retrieval(bot: Bot) -> dict[str, Any]:
    """R@1, R@5 and MRR@10 for each split and direction, the 95 % interval of R@5, and the characters that the first five hits hold."""
    groups: dict[str, list[tuple[int | None, int]]] = defaultdict(list)
    misses = []
    for case in load("golden", _shelf(bot)):
        hits = bot.search(case.question, DEPTH)
        rank = case.rank(hits)
        groups[f"{case.split} {case.kind}"].append((rank, sum(len(hit.passage.text) for hit in hits[:5])))
        if rank is None or rank > 5:
            misses.append(f"{case.id} {case.question}")
    table = {name: _row([rank for rank, _ in found], [size for _, size in found]) for name, found in sorted(groups.items())}
    return {**table, "misses": misses}


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


def _row(ranks: list[int | None], sizes: list[int]) -> dict[str, Any]:
    metrics = rank_metrics(ranks)
    return {
        "n": len(ranks),
        **metrics,
        "R@5 interval": interval(metrics["R@5"], len(ranks)),
        "characters": sum(sizes) // len(sizes),
    }


def _share(flags: list[bool]) -> dict[str, Any]:
    share = sum(flags) / len(flags)
    return {"n": len(flags), "share": round(share, 3), "interval": interval(share, len(flags))}
