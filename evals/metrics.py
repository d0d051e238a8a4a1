"""Rank metrics by ir-measures, and confidence intervals of shares. Independent of the bot."""

import math
from collections.abc import Sequence

import ir_measures
from ir_measures import RR, R

MEASURES = {"R@1": R @ 1, "R@5": R @ 5, "MRR@10": RR @ 10}


def rank_metrics(ranks: Sequence[int | None]) -> dict[str, float]:
    """R@1, R@5 and MRR@10 of questions with one relevant document each, given its rank, from 1; None where it was not found."""
    qrels = [ir_measures.Qrel(str(question), "gold", 1) for question in range(len(ranks))]
    run = [ir_measures.ScoredDoc(str(question), "gold", -float(rank)) for question, rank in enumerate(ranks) if rank is not None]
    # ir-measures computes ranks from the documents it is given, so the places before the relevant one are filled.
    run += [
        ir_measures.ScoredDoc(str(question), f"other{place}", -float(place))
        for question, rank in enumerate(ranks)
        for place in range(1, min(rank or 11, 11))
    ]
    aggregate = ir_measures.calc_aggregate(list(MEASURES.values()), qrels, run)
    return {name: round(float(aggregate[measure]), 4) for name, measure in MEASURES.items()}


def interval(share: float, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share of `n` (Wilson, 1927); unlike the normal interval it is valid near 0 and 1."""
    if n == 0:
        return 0.0, 1.0
    z = 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return round(max(0.0, centre - half), 4), round(min(1.0, centre + half), 4)
