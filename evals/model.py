"""Answers of the chat model to golden and unanswerable questions: what it writes, what the check refuses, and how long it takes."""

import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from bot.errors import ModelError
from bot.messages import evals, notices
from bot.pipeline import Bot
from bot.schema import Answer, Sentence
from bot.text.language import language_of
from evals.sets import Case, load

SEED = 7
QUESTIONS_PER_GROUP = 10  # golden Korean, golden English, unanswerable; an answer takes up to a minute on two cores


@dataclass(frozen=True, slots=True)
class TimedAnswer:
    """An answer, and the seconds from the question to the first quotation, to the model's first word, and to the end."""

    answer: Answer
    first_quotation: float
    first_word: float
    end: float


def measure(bot: Bot, per_group: int = QUESTIONS_PER_GROUP) -> dict[str, Any]:
    """The figures of `per_group` questions of each group, drawn with a fixed seed; `samples` has every sentence of the model."""
    if bot.model_name == "quotes":
        raise ModelError(evals.NO_CHAT_MODEL)
    bot.warm()
    essays = {essay.id: essay for essay in bot.essays()}
    rng = random.Random(SEED)
    golden = [case for case in load("golden", essays) if case.split == "test"]
    unanswerable = [case for case in load("unanswerable", essays) if case.split == "test" and not case.answerable]
    groups = {
        f"golden {language}": [case for case in golden if language_of(case.question) == language] for language in ("ko", "en")
    } | {"unanswerable": unanswerable}
    answers = {
        name: [_ask(bot, case) for case in rng.sample(cases, min(per_group, len(cases)))] for name, cases in groups.items()
    }
    everything = [timed for group in answers.values() for timed in group]
    reasons = Counter(refusal.reason for timed in everything for refusal in timed.answer.refused)
    return {
        "model": bot.model_name,
        "seed": SEED,
        **{name: _row(group) for name, group in answers.items()},
        "reasons for refusal": dict(reasons.most_common()),
        "samples": [_sample(timed.answer) for timed in everything],
    }


def _ask(bot: Bot, case: Case) -> TimedAnswer:
    started = time.perf_counter()
    first_quotation = 0.0
    answer = None
    for answer in bot.stream(case.question):
        if answer.citations and not first_quotation:
            first_quotation = time.perf_counter() - started
    assert answer is not None
    return TimedAnswer(answer, first_quotation, answer.timings["first_token_ms"] / 1000, time.perf_counter() - started)


def _row(group: list[TimedAnswer]) -> dict[str, Any]:
    """The figures of one group.

    Shares of the questions: `abstained` (by the model, or by the ranker where it was not asked); and of the others `model abstained` (a
    small model after the quotations), `sentences added`, `complete`.
    Shares of the model's sentences: `refused`, `readings`; of those shown, `in the question's language`. Times are medians.
    """
    asked = [timed for timed in group if not timed.answer.abstained]
    shown = [(sentence, timed.answer.language) for timed in asked for sentence in _model_sentences(timed.answer)]
    refused = sum(len(timed.answer.refused) for timed in asked)
    written = len(shown) + refused
    rates = [_word_count(timed.answer) / max(timed.end - timed.first_word, 0.01) for timed in asked if _word_count(timed.answer)]
    return {
        "n": len(group),
        "abstained": _share(len(group) - len(asked), len(group)),
        "model abstained": _share(sum(_model_abstains(timed.answer) for timed in asked), len(asked)),
        "sentences added": _share(sum(bool(_model_sentences(timed.answer)) for timed in asked), len(asked)),
        "sentences": written,
        "refused": _share(refused, written),
        "readings": _share(sum(sentence.kind == "reading" for sentence, _ in shown), written),
        "in the question's language": _share(sum(language_of(sentence.text) == own for sentence, own in shown), len(shown)),
        "complete": _share(sum(timed.answer.complete for timed in asked), len(asked)),
        "first quotation s": _median([timed.first_quotation for timed in asked]),
        "first word s": _median([timed.first_word for timed in asked]),
        "complete answer s": _median([timed.end for timed in asked]),
        "words per s": _median(rates),
    }


def _model_sentences(answer: Answer) -> list[Sentence]:
    """The sentences that the model wrote and the check accepted: neither notices nor quotations."""
    quotation = re.compile(r"“.*”", re.DOTALL)
    return [sentence for sentence in answer.sentences if sentence.kind != "notice" and not quotation.fullmatch(sentence.text)]


def _model_abstains(answer: Answer) -> bool:
    return any(sentence.text == notices.MODEL_ABSTAINS.of(answer.language) for sentence in answer.sentences)


def _word_count(answer: Answer) -> int:
    texts = [sentence.text for sentence in _model_sentences(answer)] + [refusal.text for refusal in answer.refused]
    return sum(len(text.split()) for text in texts)


def _share(part: int, total: int) -> float:
    return round(part / total, 3) if total else 0.0


def _median(values: list[float]) -> float:
    return round(median(values), 2) if values else 0.0


def _sample(answer: Answer) -> str:
    """The question, the accepted sentences with their citations, and after ✗ the refused ones with their reasons, in one line."""
    accepted = " ".join(
        f"{sentence.text}{''.join(f'[{number}]' for number in sentence.citations)}" for sentence in _model_sentences(answer)
    )
    refused = " ".join(f"({refusal.reason}) {refusal.text}" for refusal in answer.refused)
    return f"{answer.question} → {accepted or '—'} ✗ {refused or '—'}".replace("\n", " ")
