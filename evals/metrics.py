"""Rank metrics by ir-measures, and intervals for shares. Knows nothing of questions or of the bot."""

import math
from collections.abc import Sequence

import ir_measures
from ir_measures import RR, R

MEASURES = {"R@1": R @ 1, "R@5": R @ 5, "MRR@10": RR @ 10}


def rank_metrics(ranks: Sequence[int | None]) -> dict[str, float]:
    """R@1, R@5 and MRR@10 of questions with one right answer each, found at these ranks (1 is the first; None is not at all)."""
    qrels = [ir_measures.Qrel(str(question), "gold", 1) for question in range(len(ranks))]
    run = [ir_measures.ScoredDoc(str(question), "gold", -float(rank)) for question, rank in enumerate(ranks) if rank is not None]
    # ir-measures ranks what it is given: the places before the gold one are filled with what is not gold.
    run += [
        ir_measures.ScoredDoc(str(question), f"other{place}", -float(place))
        for question, rank in enumerate(ranks)
        for place in range(1, min(rank or 11, 11))
    ]
    found = ir_measures.calc_aggregate(list(MEASURES.values()), qrels, run)
    return {name: round(float(found[measure]), 4) for name, measure in MEASURES.items()}


def interval(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `n`, after Wilson (1927): honest near 0 and 1, where the usual one is not."""
    if n == 0:
        return 0.0, 1.0
    z = 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)
