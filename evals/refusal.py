"""Fit the logistic model that decides whether the essays answer a question (bot/retrieval/hybrid.py), on the `dev` halves alone.

`python -m evals.refusal` prints its weights. The features are the best cosine of the hits and the share of the question's words that no
passage contains. Questions that are out of scope are left out: bot/retrieval/intent.py classifies them by their words.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from bot.cli.console import show
from bot.pipeline import ANSWER_PASSAGES, Bot
from bot.retrieval.intent import is_out_of_scope
from evals.sets import Case, load

FOLDS = 8
MAX_TWINS_REFUSED = 0.05  # of the answerable twins: a wrong refusal is worse for a reader than a weak answer


def fit(bot: Bot) -> dict[str, float]:
    """The weights, scaled so that the dense one is 10, the threshold, and the share of unanswerable questions refused in cross-validation."""
    essays = {essay.id: essay for essay in bot.essays()}
    cases = [case for name in ("unanswerable", "golden") for case in load(name, essays)]
    cases = [case for case in cases if case.split == "dev" and case.style != "riddle" and not is_out_of_scope(case.question)]
    features = np.array([_features(bot, case) for case in cases])
    answerable = np.array([case.answerable for case in cases])
    twins = np.array([case.answerable and not case.style for case in cases])
    model = LogisticRegression(class_weight="balanced", C=10.0)
    groups = [case.id.rstrip("t") for case in cases]  # a question and its twin stay together
    scores = cross_val_predict(model, features, answerable, groups=groups, cv=GroupKFold(FOLDS), method="decision_function")
    weights = model.fit(features, answerable).coef_[0]
    scale = 10 / weights[0]
    decision: NDArray[np.float64] = features @ weights * scale
    return {
        **{name: round(float(weight * scale), 1) for name, weight in zip(("dense", "absent"), weights, strict=True)},
        "threshold": round(float(np.quantile(decision[twins], MAX_TWINS_REFUSED)), 2),
        "refused across folds": round(float(np.mean(scores[~answerable] < np.quantile(scores[twins], MAX_TWINS_REFUSED))), 3),
    }


def _features(bot: Bot, case: Case) -> tuple[float, float]:
    return bot.index().retriever.evidence(case.question, bot.search(case.question, ANSWER_PASSAGES))


if __name__ == "__main__":
    show(fit(Bot.open(llm="quotes")), as_json=True)
