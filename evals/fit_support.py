"""Fit the model of support: which claims do the passages bear out? It writes bot/grounding/support.json.

`python -m evals.fit_support FOLDER`: FOLDER has the indexes of the bundled essays, a folder for each known embedder, of its name.

Logistic regression on the `dev` half of support.jsonl and of verify.jsonl and on generated claims, without those that the checks of
quotations, figures and names refuse. The two limits are quantiles of the fair claims of support.jsonl.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold

from bot.cli.console import show
from bot.grounding import support
from bot.grounding.checker import Evidence
from bot.grounding.claim import Claim
from bot.grounding.features import COSINES, FEATURES
from bot.models.embeddings import KNOWN
from bot.pipeline import Bot
from evals import check, natural

FOLDS = 5
GENERATED = 0.3  # what a claim of verify.jsonl or a generated one counts beside one in natural prose
PENALTY = 2.0  # on the squared weights of standardised features
MAX_UNCONFIRMED = 0.22  # of the fair claims of `dev`, so that a fifth of others is not exceeded by chance
MAX_NOT_ACCEPTED = 0.08  # of the fair claims of `dev`, where a sentence is either shown or refused
MAX_FAR = 0.005  # of the fair claims of `dev` that no passage would be about

# The direction in which a feature may count. What a claim adds or leaves out never speaks for it.
SIGNS = {
    **dict.fromkeys(("cosine", "pair", "second", "share", "share_pair", "share_all", "names", "figures", "quoted"), 1),
    **dict.fromkeys(("opposed", "swapped", "exchanged", "denies", "admits", "sweeping", "certain", "unhedged", "of_blog"), -1),
}


@dataclass(frozen=True)
class Row:
    """The features of a claim, whether it is fair, and whether it is of support.jsonl. A pair of twins has one group."""

    group: str
    natural: bool
    values: Mapping[str, float]
    true: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, write the file and print the shares across folds."""
    parser = argparse.ArgumentParser(prog="python -m evals.fit_support", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    sets, figures, everything = dict(support._read()), {}, []
    for name, (model, _) in KNOWN.items():
        if (options.folder / name).exists():
            rows = rows_of(Bot.open(index=options.folder / name, embedding_model=name, llm="quotes"))
            everything += rows
            sets[model], figures[name] = fit(rows)
    scale_free = [name for name in FEATURES if name not in COSINES]
    sets[support.DEFAULT], figures[support.DEFAULT] = fit(everything, scale_free)
    payload = {"made_by": "python -m evals.fit_support", "embedders": sets}
    support.FILE.write_text(json.dumps(payload, indent=1) + "\n", encoding="utf-8")
    show(figures, as_json=True)
    return 0


def rows_of(bot: Bot) -> list[Row]:
    """The features of the `dev` claims that are not refused for a quotation, a figure or a name."""
    essays = {essay.id: essay for essay in bot.essays()}
    titles = tuple(essay.title for essay in essays.values())
    claims = [(claim.group, claim.sentence, claim.true, claim.passages) for claim in natural.load(bot) if claim.split == "dev"]
    natural_ones = set(claims)
    shorter = [claim for claim in check.load(essays) if claim.split == "dev"]
    shorter += check.generated(list(essays.values()), check.SEED)  # sentences as they stand: what shared words are worth
    claims += [(claim.essay.rpartition(".")[0], claim.sentence, claim.true, (claim.passage,)) for claim in shorter]
    rows = []
    for group, sentence, true, passages in claims:
        evidence, claim = Evidence(passages, "", bot.comparison, titles), Claim(sentence, titles)
        if not evidence.unknown(claim):
            rows.append(Row(group, (group, sentence, true, passages) in natural_ones, evidence.features(claim), true))
    return rows


def fit(rows: Sequence[Row], names: Sequence[str] = FEATURES) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model and its limits, and across folds the share of the fair claims and of the others that is supported."""
    values = np.array([[row.values[name] for name in names] for row in rows])
    true = np.array([row.true for row in rows])
    counts = np.array([1.0 if row.natural else GENERATED for row in rows])
    across = np.zeros(len(rows))
    for train, test in GroupKFold(FOLDS).split(rows, groups=[row.group for row in rows]):
        across[test] = values[test] @ _weights(values[train], true[train], counts[train], names)
    weights = _weights(values, true, counts, names)
    scores = values @ weights
    fair = true & np.array([row.natural for row in rows])
    model = {
        "weights": {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
        "supported": round(float(np.quantile(scores[fair], MAX_UNCONFIRMED)), 4),
        "accepted": round(float(np.quantile(scores[fair], MAX_NOT_ACCEPTED)), 4),
        "near": round(float(np.quantile(scores[fair], MAX_FAR)), 4),
    }
    limit = np.quantile(across[fair], MAX_UNCONFIRMED)
    shares = {"fair": (across[true] >= limit).mean(), "false": (across[~true] >= limit).mean()}
    return model, {"n": len(rows), **{f"{name} supported": round(float(share), 3) for name, share in shares.items()}}


def _weights(
    values: NDArray[np.float64], true: NDArray[np.bool_], counts: NDArray[np.float64], names: Sequence[str]
) -> NDArray[np.float64]:
    """The weights of a logistic regression in which both answers count alike, for the features as they are; without the intercept.

    `counts` is what each row counts.
    """
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    standard = np.column_stack([(values - mean) / scale, np.ones(len(values))])
    signs = np.where(true, 1.0, -1.0)
    fair = float(counts[true].sum() / counts.sum())
    share = counts * np.where(true, 0.5 / fair, 0.5 / (1 - fair))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins, penalised = signs * (standard @ weights), np.append(weights[:-1], 0.0)
        total = float((share * np.logaddexp(0.0, -margins)).sum() + PENALTY / 2 * penalised @ penalised)
        return total, -(share * signs / (1 + np.exp(margins))) @ standard + PENALTY * penalised

    bounds: list[tuple[float | None, float | None]] = [
        {1: (0.0, None), -1: (None, 0.0)}.get(SIGNS.get(name, 0), (None, None)) for name in names
    ]
    start = np.zeros(len(names) + 1)
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)]).x[:-1] / scale)


if __name__ == "__main__":
    sys.exit(main())
