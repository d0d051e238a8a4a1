"""Retrieval, abstention and follow-ups on the question sets, through the bot as it is, by split."""

from collections import defaultdict
from typing import Any

import numpy as np

from bot.pipeline import ANSWER_PASSAGES, Bot
from bot.retrieval import map_search
from bot.schema import Essay, Hit, Passage
from bot.text.tokenize import bigrams, morphemes
from evals.baselines import bm25, rrf
from evals.metrics import interval, rank_metrics
from evals.sets import Case, load

DEPTH = 10  # hits retrieved for each question
CURVE = (0.0, 0.02, 0.05, 0.08, 0.12, 0.2, 0.3)  # shares of the twins
QUOTED = 4  # quotations of an answer that count

Result = tuple[Case, list[Hit]]


def retrieval(bot: Bot) -> dict[str, Any]:
    """The figures of each split by style and direction, the baselines on the `test` half, and the `test` questions not found.

    A row has R@1, R@5 and MRR@10 of the spans that answer, the 95 % interval of R@5, R@5 of the gold span alone, and the mean number of
    characters in the first five hits. `natural` is all directions together.
    """
    groups: dict[str, list[Result]] = defaultdict(list)
    misses = []
    cases = load("golden", _essays(bot))
    for case in cases:
        hits = bot.search(case.question, DEPTH)
        groups[f"{case.split} {case.style} {case.kind}"].append((case, hits))
        groups[f"{case.split} {case.style}"].append((case, hits))
        if case.split == "test" and (case.judged_rank(hits) or DEPTH) > 5:
            misses.append(f"{case.id} ({case.essay}) {case.question}")
    table = {name: _row(results) for name, results in sorted(groups.items())}
    return {**table, "baselines": _baselines(bot, [case for case in cases if case.split == "test"]), "misses": misses}


def quoted(bot: Bot) -> dict[str, Any]:
    """How often an answer quotes a sentence that answers the question, among its first four quotations and as the first of them.

    Answers from the analogy map are left out: nothing in them is selected.
    """
    groups: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for case in load("golden", _essays(bot)):
        if case.style == "riddle" or map_search.analogies_about(case.question, bot.analogies()):
            continue
        quotes = [case.is_quoted_by(quote.essay, quote.start, quote.end) for quote in bot.ask(case.question).citations[:QUOTED]]
        for name in (f"{case.split} {case.style}", f"{case.split} {case.style} {case.kind}"):
            groups[name].append((any(quotes), bool(quotes and quotes[0])))
    return {
        name: {
            "n": len(found),
            "among four": round(sum(any_ for any_, _ in found) / len(found), 3),
            "first": round(sum(first for _, first in found) / len(found), 3),
        }
        for name, found in sorted(groups.items())
    }


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
    """R@5 of the spans that answer."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for case, row in zip(cases, scores, strict=True):
        hits = [Hit(passages[place], float(row[place]), 0.0, 0.0) for place in np.argsort(-row, kind="stable")[:5]]
        groups[f"{case.style} {case.kind}"].append(case.judged_rank(hits) is not None)
    return {kind: round(sum(found) / len(found), 3) for kind, found in sorted(groups.items())}


def abstain(bot: Bot) -> dict[str, Any]:
    """What is said of unanswerable questions, in all and by class, and of their answerable twins, by split.

    A row has the shares that are answered, shown as related and refused. A twin is a question about the same passage as an unanswerable
    one that the passage does answer.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for case in load("unanswerable", _essays(bot)):
        answer = bot.ask(case.question)
        outcome = "related" if answer.related else "refused" if answer.abstained else "answered"
        kinds = ["answerable twins"] if case.answerable else ["unanswerable", case.kind]
        for kind in kinds:
            groups[f"{case.split} {kind}"].append(outcome)
    return {name: _outcomes(found) for name, found in sorted(groups.items())}


def curve(bot: Bot) -> dict[str, Any]:
    """What other thresholds would give on `test`: by the share of twins not answered, the share of each class not answered."""
    index = bot.index()
    evidence: dict[str, list[float]] = defaultdict(list)
    for case in load("unanswerable", _essays(bot)):
        if case.split == "test":
            hits = index.search(case.question, bot.embedder.encode_query(case.question), ANSWER_PASSAGES, "answer")
            values = index.retriever.evidence(case.question, hits)
            score = sum(index.weights.evidence.get(name, 0.0) * value for name, value in values.items())
            evidence["twins" if case.answerable else case.kind].append(score)
    rows = {}
    for share in CURVE:
        limit = np.quantile(evidence["twins"], share)
        rows[f"{share:.2f} of the twins not answered"] = {
            kind: round(float(np.mean(np.array(scores) < limit)), 3)
            for kind, scores in sorted(evidence.items())
            if kind != "twins"
        }
    return rows


def _outcomes(found: list[str]) -> dict[str, Any]:
    shares = {name: found.count(name) / len(found) for name in ("answered", "related", "refused")}
    return {
        "n": len(found),
        **{name: round(share, 3) for name, share in shares.items()},
        "answered interval": interval(shares["answered"], len(found)),
    }


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
    metrics = rank_metrics([case.judged_rank(hits) for case, hits in results])
    gold = [(case.rank(hits) or DEPTH) <= 5 for case, hits in results]
    sizes = [sum(len(hit.passage.text) for hit in hits[:5]) for _, hits in results]
    return {
        "n": len(results),
        **metrics,
        "R@5 interval": interval(metrics["R@5"], len(results)),
        "R@5 gold": round(sum(gold) / len(gold), 4),
        "characters": sum(sizes) // len(sizes),
    }


def _share(flags: list[bool]) -> dict[str, Any]:
    share = sum(flags) / len(flags)
    return {"n": len(flags), "share": round(share, 3), "interval": interval(share, len(flags))}
