"""Fit the linear models of ranking, of picking sentences and of "do the essays answer it?" on the `dev` halves of the question sets.

`python -m evals.fit FOLDER` writes bot/retrieval/weights.json and prints the figures across folds by essay. FOLDER keeps the indexes, one
for each embedder, which are built where they are missing.

Passages and sentences: multinomial logistic regression over the candidates of each question (listwise: Cao et al., Learning to Rank, 2007),
where the probability of all those that answer it is made as high as possible. Evidence: logistic regression.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold

from bot.answers import sentence_features
from bot.cli.console import ProgressBar, show
from bot.indexing.build import build_index
from bot.indexing.splitter import quotable
from bot.models.embeddings import E5_SMALL, KNOWN
from bot.pipeline import ANSWER_PASSAGES, Bot
from bot.retrieval import evidence, passages, weights
from bot.retrieval.dense import Dense
from bot.retrieval.intent import is_greeting
from bot.retrieval.weights import Weights
from bot.schema import Essay
from bot.text.sentences import back_matter_start, sentences
from bot.text.tokenize import weighted_length
from evals import check
from evals.sets import Case, load

FOLDS = 5
PENALTY, PENALTY_EVIDENCE = 1.0, 3.0  # on the squared weights of standardised features
CENTROIDS = {"e5-small": 0.8, "embeddinggemma": 0.0}  # tried on `dev`: 0, 0.5 and 0.8
MAX_TWINS_NOT_ANSWERED, MAX_TWINS_ABSENT = 0.07, 0.015  # of the answerable twins, on `dev`
ELSEWHERE, MIN_ELSEWHERE = (
    ("off-topic", "unknown-name", "world"),
    0.95,
)  # questions about something else, and how many are not answered
MAX_GOLD_BELOW_GAP = 0.02  # of the gold sentences that are among the four best
PHRASES, PHRASE_SHARE, PHRASE_LENGTH, SEED = 100, 0.5, 60, 7
COSINES = ("whole_cosine", "sentence_cosine")  # an embedder's own scale; the default set does without

# The direction in which a feature may count, where that is known: a wrong sign would be learnt from the questions' own making, since the
# unanswerable ones were written to share words with the essays.
SIGNS = {
    **dict.fromkeys((*COSINES, "whole", "sentence", "second", "neighbour", "essay", "bm25", "bigrams", "coverage"), 1),
    **dict.fromkeys(("nearness", "passage", "reason", "number", "person", "defines"), 1),
    **dict.fromkeys(("back_matter", "short", "question", "source", "note", "missing", "absent", "name"), -1),
}

Matrix = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Choice:
    """The candidates for one question: features of shape (candidates, features), and which of them answer it."""

    group: str
    kind: str
    features: Matrix
    is_gold: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judged:
    """The evidence for one question, and whether it is answerable. A question and its twin have one group."""

    group: str
    kind: str
    values: Mapping[str, float]
    answerable: bool


@dataclass
class Trained:
    """What was computed with one embedder."""

    name: str
    passages: list[Choice]
    sentences: list[Choice]
    evidence: list[Judged]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, write the file and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m evals.fit", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    sets, figures, trained, cosines = {}, {}, [], {}
    for name, (model, _) in KNOWN.items():
        bot = _bot(options.folder / name, name)
        sets[model], figures[name], data = fit_embedder(bot, name, options.folder / f"{name}.npz")
        trained.append(data)
        cosines[name] = _claim_cosines(bot)
        sets[model]["similarity"] = _line(cosines[name], cosines[E5_SMALL])
        _write(sets | {weights.DEFAULT: sets[model]})
    sets[weights.DEFAULT], figures[weights.DEFAULT] = fit_default(trained)
    _write(sets)
    show(figures, as_json=True)
    return 0


def _bot(index: Path, embedder: str) -> Bot:
    """A bot on an index of the bundled essays, made with the embedder."""
    progress = ProgressBar()
    bot = Bot.open if index.exists() else None
    settings = {"index": index, "embedding_model": embedder, "llm": "quotes"}
    if bot is None:
        from bot.settings import Settings

        build_index(Settings.load(**settings), progress=progress)
    progress.close()
    return Bot.open(**settings)


def fit_embedder(bot: Bot, name: str, vectors: Path) -> tuple[dict[str, Any], dict[str, Any], Trained]:
    """The weights for one embedder, the figures across folds, and the data."""
    essays = {essay.id: essay for essay in bot.essays()}
    golden = [case for case in load("golden", essays) if case.split == "dev" and case.style != "riddle"]
    questions = Questions(bot, CENTROIDS[name], vectors)
    ranked = [questions.passages(case) for case in [*golden, *phrases(list(essays.values()))]]
    by_passage, across = fit_choices(ranked, passages.FEATURES)
    questions.use({"passages": by_passage})
    picked = [questions.sentences(case) for case in golden]
    by_sentence, sentences_across = fit_choices(picked, sentence_features.FEATURES)
    judged = [questions.evidence(case) for case in [*load("unanswerable", essays), *golden] if _counts(case)]
    by_evidence = fit_evidence(judged, evidence.FEATURES)
    questions.keep_vectors()
    fitted = {
        "centroid": CENTROIDS[name],
        "passages": by_passage,
        "sentences": by_sentence,
        "gap": _gap(picked, by_sentence),
        **by_evidence["weights"],
    }
    figures = {"passages": across, "sentences": sentences_across, "evidence": by_evidence["figures"]}
    return fitted, figures, Trained(name, ranked, picked, judged)


def _claim_cosines(bot: Bot) -> NDArray[np.float64]:
    """The similarities of the `dev` claims of verify.jsonl and of generated ones with the sentences of the passages that they cite."""
    essays = {essay.id: essay for essay in bot.essays()}
    claims = [claim for claim in check.load(essays) if claim.split == "dev"]
    claims += check.generated(list(essays.values()), SEED)
    passages_ = [[claim.passage[slice(*span)] for span in sentences(claim.passage)] for claim in claims]
    texts = [claim.sentence.removesuffix(" [1]") for claim in claims]
    bot.similar("", [*texts, *(sentence for others in passages_ for sentence in others)])  # embeds all in large batches
    return np.array([value for text, others in zip(texts, passages_, strict=True) for value in bot.similar(text, others)])


def _line(values: NDArray[np.float64], reference: NDArray[np.float64]) -> list[float]:
    """The offset and the factor that give `values` the mean and the deviation of `reference`."""
    factor = float(reference.std() / values.std())
    return [round(float(reference.mean()) - factor * float(values.mean()), 4), round(factor, 4)]


def fit_default(trained: Sequence[Trained]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The weights for any other embedder: fitted on all of them, without an embedder's own scale."""
    ranked = [choice for data in trained for choice in data.passages]
    picked = [choice for data in trained for choice in data.sentences]
    judged = [row for data in trained for row in data.evidence]
    by_passage, across = fit_choices(ranked, passages.FEATURES)
    by_sentence, sentences_across = fit_choices(picked, sentence_features.FEATURES)
    by_evidence = fit_evidence(judged, [name for name in evidence.FEATURES if name not in COSINES])
    fitted = {
        "centroid": CENTROIDS[E5_SMALL],
        "passages": by_passage,
        "sentences": by_sentence,
        "gap": _gap(picked, by_sentence),
        **by_evidence["weights"],
    }
    return fitted, {"passages": across, "sentences": sentences_across, "evidence": by_evidence["figures"]}


def phrases(essays: Sequence[Essay]) -> Iterator[Case]:
    """Sentences of the essays, half remembered: `PHRASE_SHARE` of their words, in their order, drawn with a seed.

    Nearly all look-up questions are found by any weights; these teach what words are worth where the best passage has most of them.
    """
    rng = random.Random(SEED)
    for number in range(PHRASES):
        essay = rng.choice(essays)
        spans = [span for span in quotable(essay) if span[0] < back_matter_start(essay.text)]
        start, end = rng.choice([span for span in spans if weighted_length(essay.text[slice(*span)]) >= PHRASE_LENGTH])
        words = essay.text[start:end].split()
        kept = sorted(rng.sample(range(len(words)), min(len(words), max(3, round(PHRASE_SHARE * len(words))))))
        phrase = " ".join(words[place] for place in kept if place < len(words))
        yield Case(f"phrase-{number}", "dev", essay.language, phrase, essay.id, start, end, style="phrase")


def _counts(case: Case) -> bool:
    return case.split == "dev" and not is_greeting(case.question)


class Questions:
    """Computes features with a bot's index, and with weights that replace those of the file."""

    def __init__(self, bot: Bot, centroid: float, kept: Path) -> None:
        """Nothing is fitted yet. The file `kept` holds the vectors of questions of an earlier run."""
        self._bot, self._kept = bot, kept
        self._vectors: dict[str, Matrix] = {}
        if kept.exists():
            with np.load(kept) as saved:
                self._vectors = dict(zip(map(str, saved["questions"]), saved["vectors"], strict=True))
        self._values: dict[str, Any] = {"centroid": centroid, "passages": {}, "sentences": {}, "gap": 0.0, "evidence": {}}
        self._index = bot.index()
        self.use({})

    def use(self, fitted: Mapping[str, Any]) -> None:
        """Rank with these weights from now on."""
        self._values.update(fitted)
        self._index.use(Weights(**self._values, answered=0.0, related=0.0))

    def passages(self, case: Case) -> Choice:
        """The passages that may be found, and which of them hold half of a gold span."""
        retriever, found = self._index.retriever, self._index.found(case.question, self._vector(case))
        kept = np.flatnonzero(~retriever.is_translation(case.question))
        rows = [self._index.passages[row] for row in kept]
        gold = np.array([case.is_in(passage) for passage in rows], dtype=np.bool_)
        return Choice(_work(case), f"{case.style} {case.kind}", retriever.features(case.question, Dense.of(found))[kept], gold)

    def sentences(self, case: Case) -> Choice:
        """The sentences of the passages that are found, and which of them are in a gold span."""
        hits = self._hits(case)
        words = self._index.retriever.words(case.question)
        found = list(sentence_features.candidates(case.question, hits, self._index.essays, self._index.sentence_spans, words))
        gold = [case.is_quoted_by(sentence.essay.id, sentence.start, sentence.end) for sentence in found]
        features = np.array([sentence.features for sentence in found], dtype=np.float32)
        return Choice(_work(case), f"{case.style} {case.kind}", features.reshape(len(found), -1), np.array(gold, dtype=np.bool_))

    def evidence(self, case: Case) -> Judged:
        """The evidence for a question."""
        kind = "gold" if case.style else "twins" if case.answerable else case.kind
        values = self._index.retriever.evidence(case.question, self._hits(case))
        return Judged(case.id.rstrip("t"), kind, values, case.answerable)

    def _hits(self, case: Case) -> list[Any]:
        return self._index.search(case.question, self._vector(case), ANSWER_PASSAGES, "answer")

    def keep_vectors(self) -> None:
        """Write the vectors of the questions for the next run."""
        np.savez(self._kept, questions=np.array(list(self._vectors)), vectors=np.array(list(self._vectors.values())))

    def _vector(self, case: Case) -> Matrix:
        if case.question not in self._vectors:
            self._vectors[case.question] = self._bot.embedder.encode_query(case.question)
        return self._vectors[case.question]


def fit_choices(choices: Sequence[Choice], names: Sequence[str]) -> tuple[dict[str, float], dict[str, Any]]:
    """The weight of each feature, and by kind the shares across folds with gold first, among four and among five."""
    usable = [choice for choice in choices if choice.is_gold.any()]
    groups = [choice.group for choice in choices]
    ranks: dict[str, list[int]] = {}
    for train, test in GroupKFold(FOLDS).split(choices, groups=groups):
        fitted = _fit([choices[place] for place in train if choices[place].is_gold.any()], names)
        for place in test:
            ranks.setdefault(choices[place].kind, []).append(_rank(choices[place], fitted))
    figures = {
        kind: {"n": len(found), **{f"first {depth}": _share(found, depth) for depth in (1, 4, 5)}}
        for kind, found in ranks.items()
    }
    everyone = [rank for kind, found in ranks.items() if kind.startswith("natural") for rank in found]
    figures["natural"] = {"n": len(everyone), **{f"first {depth}": _share(everyone, depth) for depth in (1, 4, 5)}}
    return _rounded(names, _fit(usable, names)), figures


def _bounds(names: Sequence[str]) -> list[tuple[float | None, float | None]]:
    """The least and the greatest weight of each feature."""
    return [{1: (0.0, None), -1: (None, 0.0)}.get(SIGNS.get(name, 0), (None, None)) for name in names]


def _fit(choices: Sequence[Choice], names: Sequence[str]) -> NDArray[np.float64]:
    """The weights that make the gold candidates most probable, for the features as they are."""
    scale = np.concatenate([choice.features for choice in choices]).std(axis=0) + 1e-6

    def loss(scaled: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = PENALTY / 2 * float(scaled @ scaled), PENALTY * scaled
        for choice in choices:
            features = choice.features / scale
            scores = features @ scaled
            share = np.exp(scores - scores.max())
            share /= share.sum()
            gold = share * choice.is_gold
            total -= float(np.log(gold.sum() + 1e-12))
            gradient = gradient + (share - gold / (gold.sum() + 1e-12)) @ features
        return total, gradient

    return np.asarray(minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B", bounds=_bounds(names)).x / scale)


def _rank(choice: Choice, fitted: NDArray[np.float64]) -> int:
    """The rank, from 1, of the first gold candidate; beyond all where there is none."""
    scores = choice.features @ fitted
    return 1 + int((scores > scores[choice.is_gold].max()).sum()) if choice.is_gold.any() else 1_000_000


def _share(ranks: Sequence[int], depth: int) -> float:
    return round(float(np.mean([rank <= depth for rank in ranks])), 3)


def _gap(choices: Sequence[Choice], fitted: Mapping[str, float]) -> float:
    """How far below the best sentence nearly all gold sentences are that are among the four best."""
    vector = np.array(list(fitted.values()))
    gaps = []
    for choice in choices:
        scores = choice.features @ vector
        if choice.is_gold.any() and (scores > scores[choice.is_gold].max()).sum() < 4:
            gaps.append(float(scores.max() - scores[choice.is_gold].max()))
    return round(float(np.quantile(gaps, 1 - MAX_GOLD_BELOW_GAP)), 2)


def fit_evidence(rows: Sequence[Judged], names: Sequence[str]) -> dict[str, Any]:
    """The weights and thresholds, and across folds the shares not answered of each kind."""
    values = np.array([[row.values[name] for name in names] for row in rows])
    answerable = np.array([row.answerable for row in rows])
    kinds = np.array([row.kind for row in rows])
    across = np.zeros(len(rows))
    for train, test in GroupKFold(FOLDS).split(rows, groups=[row.group for row in rows]):
        across[test] = values[test] @ _fit_logistic(values[train], answerable[train], names)
    share = _twins_given_up(across, kinds)
    weights_ = _fit_logistic(values, answerable, names)
    twins = (values @ weights_)[kinds == "twins"]
    answered, related = float(np.quantile(twins, share)), float(np.quantile(twins, MAX_TWINS_ABSENT))
    limit = np.quantile(across[kinds == "twins"], share)
    not_answered = {str(kind): round(float((across[kinds == kind] < limit).mean()), 3) for kind in sorted(set(kinds))}
    fitted = {"evidence": _rounded(names, weights_), "answered": round(answered, 3), "related": round(related, 3)}
    return {"weights": fitted, "figures": {"not answered": not_answered}}


def _twins_given_up(scores: NDArray[np.float64], kinds: NDArray[np.str_]) -> float:
    """The least share of the twins, in hundredths, that is not answered where `MIN_ELSEWHERE` of the questions about something else are not."""
    elsewhere, twins = scores[np.isin(kinds, ELSEWHERE)], scores[kinds == "twins"]
    shares = np.arange(MAX_TWINS_ABSENT, MAX_TWINS_NOT_ANSWERED, 0.01)
    enough = (float(share) for share in shares if (elsewhere < np.quantile(twins, share)).mean() >= MIN_ELSEWHERE)
    return next(enough, MAX_TWINS_NOT_ANSWERED)


def _fit_logistic(values: NDArray[np.float64], answerable: NDArray[np.bool_], names: Sequence[str]) -> NDArray[np.float64]:
    """The weights of a logistic regression in which both answers count alike, for the features as they are; the intercept is left out."""
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    standard = np.column_stack([(values - mean) / scale, np.ones(len(values))])
    signs = np.where(answerable, 1.0, -1.0)
    share = np.where(answerable, 0.5 / answerable.mean(), 0.5 / (1 - answerable.mean()))

    def loss(weights_: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (standard @ weights_)
        penalised = np.append(weights_[:-1], 0.0)
        total = float((share * np.logaddexp(0.0, -margins)).sum() + PENALTY_EVIDENCE / 2 * penalised @ penalised)
        slope = -(share * signs / (1 + np.exp(margins))) @ standard + PENALTY_EVIDENCE * penalised
        return total, slope

    bounds = [*_bounds(names), (None, None)]
    return np.asarray(minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x[:-1] / scale)


def _rounded(names: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


def _work(case: Case) -> str:
    """The essay without its language: both editions are in one fold."""
    return case.essay.removesuffix(".ko").removesuffix(".en")


def _write(sets: Mapping[str, Any]) -> None:
    payload = {"made_by": "python -m evals.fit", "embedders": sets}
    weights.FILE.write_text(json.dumps(payload, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
