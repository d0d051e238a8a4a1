"""The voice with a model, as a reader gets it: what it says of golden and unanswerable questions, what the check takes out, and how long it takes."""

import random
import re
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from bot.answers import wording
from bot.errors import ModelError
from bot.pipeline import Bot
from bot.schema import Answer
from bot.text.normalize import language_of
from evals.sets import Case, load

SEED = 7
EACH = 10  # questions of each language of the golden `test` half, and unanswerable ones: a minute each on two cores would be too much


@dataclass(frozen=True, slots=True)
class Spoken:
    """One answer with its moments, in seconds since the question: the first quotation, the model's first word, the end."""

    answer: Answer
    quoted: float
    word: float
    end: float


def measure(bot: Bot, each: int = EACH) -> dict[str, Any]:
    """The figures of `each` questions a kind, drawn by a seed; `samples` holds every answer's own sentences, good or bad."""
    if bot.model_name == "quotes":
        raise ModelError("No model speaks: BOT_LLM is quotes, or auto without a model. Fetch the local one: make model")
    bot.warm()
    essays = {essay.id: essay for essay in bot.essays()}
    dice = random.Random(SEED)
    golden = [case for case in load("golden", essays) if case.split == "test"]
    unanswerable = [case for case in load("unanswerable", essays) if case.split == "test" and not case.answerable]
    kinds = {
        f"golden {language}": [case for case in golden if language_of(case.question) == language] for language in ("ko", "en")
    } | {"unanswerable": unanswerable}
    spoken = {name: [_ask(bot, case) for case in dice.sample(cases, min(each, len(cases)))] for name, cases in kinds.items()}
    everything = [one for group in spoken.values() for one in group]
    return {
        "voice": bot.model_name,
        "seed": SEED,
        **{name: _row(group) for name, group in spoken.items()},
        "refused for": dict(Counter(refusal.reason for one in everything for refusal in one.answer.refused).most_common()),
        "samples": [_sample(one) for one in everything],
    }


def _ask(bot: Bot, case: Case) -> Spoken:
    begun = time.perf_counter()
    quoted = 0.0
    answer = None
    for answer in bot.stream(case.question):
        if answer.citations and not quoted:
            quoted = time.perf_counter() - begun
    assert answer is not None
    return Spoken(answer, quoted, answer.timings["first_token_ms"] / 1000, time.perf_counter() - begun)


def _row(group: list[Spoken]) -> dict[str, Any]:
    """n; the shares that were abstained from, in which the model found no answer, in which it added a checked sentence; of its sentences,
    those refused, those that are its reading; of the shown, those in the question's language; and the medians of the times.
    """
    asked = [one for one in group if not one.answer.abstained]
    shown = [sentence for one in asked for sentence in _said(one.answer)]
    refused = sum(len(one.answer.refused) for one in asked)
    written = len(shown) + refused
    kept = [language_of(sentence.text) == one.answer.language for one in asked for sentence in _said(one.answer)]
    words = [_words(one) / max(one.end - one.word, 0.01) for one in asked if _words(one)]
    return {
        "n": len(group),
        "abstained": _share(len(group) - len(asked), len(group)),
        "model doubts": _share(sum(_doubts(one.answer) for one in asked), len(asked)),
        "prose added": _share(sum(bool(_said(one.answer)) for one in asked), len(asked)),
        "sentences": written,
        "refused": _share(refused, written),
        "reading": _share(sum(sentence.kind == "reading" for sentence in shown), written),
        "language kept": _share(sum(kept), len(kept)),
        "complete": _share(sum(one.answer.complete for one in asked), len(asked)),
        "first quotation s": _middle([one.quoted for one in asked]),
        "first word s": _middle([one.word for one in asked]),
        "whole s": _middle([one.end for one in asked]),
        "words a second": _middle(words),
    }


def _said(answer: Answer) -> list[Any]:
    """What the model said and the check let through: neither notices nor the quotations before it."""
    return [one for one in answer.sentences if one.kind != "notice" and not re.fullmatch(r"“.*”", one.text, re.DOTALL)]


def _doubts(answer: Answer) -> bool:
    return any(sentence.text == wording.MODEL_ABSTAINS[answer.language] for sentence in answer.sentences)


def _words(one: Spoken) -> int:
    texts = [sentence.text for sentence in _said(one.answer)] + [refusal.text for refusal in one.answer.refused]
    return sum(len(text.split()) for text in texts)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0


def _middle(values: list[float]) -> float:
    return round(median(values), 2) if values else 0.0


def _sample(one: Spoken) -> str:
    shown = " ".join(f"{sentence.text}{''.join(f'[{n}]' for n in sentence.citations)}" for sentence in _said(one.answer))
    out = " ".join(f"({refusal.reason}) {refusal.text}" for refusal in one.answer.refused)
    return f"{one.answer.question} → {shown or '—'} ✗ {out or '—'}".replace("\n", " ")
