"""Retrieval, abstention and follow-ups on the question sets, through the bot as it is, by split."""

from collections import defaultdict
from typing import Any

import numpy as np

from bot.pipeline import Bot
from bot.schema import Essay, Hit, Passage
from bot.text.tokenize import bigrams, morphemes
from evals.baselines import bm25, rrf
from evals.metrics import interval, rank_metrics
from evals.sets import Case, load

DEPTH = 10  # hits retrieved for each question

Result = tuple[Case, list[Hit]]


def retrieval(bot: Bot) -> dict[str, Any]:
    """The figures of each split by direction and by style, the baselines on the `test` half, and the `test` questions not found.

    A row has R@1, R@5 and MRR@10 of the gold spans, the 95 % interval of R@5, R@5 with the judged spans included, and the mean number
    of characters in the first five hits.
    """
    groups: dict[str, list[Result]] = defaultdict(list)
    misses = []
    cases = load("golden", _essays(bot))
    for case in cases:
        hits = bot.search(case.question, DEPTH)
        groups[f"{case.split} {case.kind}"].append((case, hits))
        if case.split == "dev":
            groups[f"dev {case.style}"].append((case, hits))
        elif (case.judged_rank(hits) or DEPTH) > 5:
            misses.append(f"{case.id} ({case.essay}) {case.question}")
    table = {name: _row(results) for name, results in sorted(groups.items())}
    return {**table, "baselines": _baselines(bot, [case for case in cases if case.split == "test"]), "misses": misses}


def _baselines(bot: Bot, cases: list[Case]) -> dict[str, Any]:
    """R@5 of common rankings over the same passages, by direction."""
    passages = list(bot.index().passages)
    questions = [case.question for case in cases]
    vectors = bot.embedder.encode_passages([passage.text for passage in passages])
    dense = [vectors @ bot.embedder.encode_query(question) for question in questions]
    by_morphemes = bm25([morphemes(passage.text) for passage in passages], [morphemes(question) for question in questions])
    rankings = {
        "BM25 on str.split()": bm25([passage.text.split() for passage in passages], [question.split() for question in questions]),
        "BM25 on character bigrams": bm25(
            [bigrams(passage.text) for passage in passages], [bigrams(question) for question in questions]
        ),
        "BM25 on Kiwi morphemes": by_morphemes,
        "dense, whole passages": dense,
        "dense + Kiwi, equal RRF": [rrf(*pair) for pair in zip(dense, by_morphemes, strict=True)],
    }
    return {name: _by_direction(cases, passages, scores) for name, scores in rankings.items()}


def _by_direction(cases: list[Case], passages: list[Passage], scores: list[Any]) -> dict[str, float]:
    groups: dict[str, list[bool]] = defaultdict(list)
    for case, row in zip(cases, scores, strict=True):
        hits = [Hit(passages[place], float(row[place]), 0.0, 0.0) for place in np.argsort(-row, kind="stable")[:5]]
        groups[case.kind].append(case.rank(hits) is not None)
        groups[f"{case.kind} judged"].append(case.judged_rank(hits) is not None)
    return {kind: round(sum(found) / len(found), 3) for kind, found in sorted(groups.items())}


def abstain(bot: Bot) -> dict[str, Any]:
    """The share refused, by split: of unanswerable questions, in all and by class, and of their answerable twins.

    A twin is a question about the same passage as an unanswerable one that the passage does answer.
    """
    groups: dict[str, list[bool]] = defaultdict(list)
    for case in load("unanswerable", _essays(bot)):
        refused = bot.ask(case.question).abstained
        kinds = ["answerable twins"] if case.answerable else ["unanswerable", case.kind]
        for kind in kinds:
            groups[f"{case.split} {kind}"].append(refused)
    return {name: _share(refused) for name, refused in sorted(groups.items())}


def followup(bot: Bot) -> dict[str, Any]:
    """R@5 of the last question of each chat, raw and condensed, by split and by kind."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for case in load("followups", _essays(bot)):
        condensed = bot.standalone(case.question, case.history)
        for form, question in (("raw", case.question), ("condensed", condensed)):
            found = case.rank(bot.search(question, 5)) is not None
            groups[f"{case.split} {form}"].append(found)
            groups[f"{form} {case.kind}"].append(found)
    return {name: _share(found) for name, found in sorted(groups.items())}


def _essays(bot: Bot) -> dict[str, Essay]:
    return {essay.id: essay for essay in bot.essays()}


def _row(results: list[Result]) -> dict[str, Any]:
    metrics = rank_metrics([case.rank(hits) for case, hits in results])
    judged = [(case.judged_rank(hits) or DEPTH) <= 5 for case, hits in results]
    sizes = [sum(len(hit.passage.text) for hit in hits[:5]) for _, hits in results]
    return {
        "n": len(results),
        **metrics,
        "R@5 interval": interval(metrics["R@5"], len(results)),
        "R@5 judged": round(sum(judged) / len(judged), 4),
        "characters": sum(sizes) // len(sizes),
    }


def _share(flags: list[bool]) -> dict[str, Any]:
    share = sum(flags) / len(flags)
    return {"n": len(flags), "share": round(share, 3), "interval": interval(share, len(flags))}
