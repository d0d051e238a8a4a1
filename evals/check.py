"""Measures the check of sentences against passages, on hand-written claims and on quotations and claims generated from the essays.

`measure` reports which share of the true and of the false sentences is refused; generated ones depend on `SEED` alone.
"""

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.errors import CorpusError
from bot.grounding.checker import Evidence
from bot.grounding.number_words import MONTHS
from bot.grounding.numbers import find_numbers
from bot.grounding.transliteration import may_be_same_name
from bot.messages import evals
from bot.pipeline import Bot
from bot.schema import Essay
from bot.text.sentences import sentences
from bot.text.tokenize import proper_names
from evals.metrics import interval
from evals.sets import FOLDER

SEED = 7
QUOTATIONS_PER_KIND = 40
TRUE_CLAIMS, FALSE_CLAIMS = 50, 10  # per kind and language; together with the quotations, as many true as false
MIN_CHARACTERS, MAX_CHARACTERS = 30, 250  # of a sentence that is quoted
MAX_TRIES = 400  # to generate the claims of one kind in one language

_DIGITS = re.compile(r"(?<![\d.,])\d[\d,.]*\d|\d")
# Endings of denials and of the sentences that they deny. The first pair that matches is used, in either direction.
_KOREAN_ENDINGS = (
    ("하지 않았다.", "했다."), ("되지 않았다.", "되었다."), ("없었다.", "있었다."), ("없다.", "있다."), ("이 아니다.", "이다."),
    ("하지 않는다.", "한다."), ("되지 않는다.", "된다."), ("지 않는다.", "는다."), ("지 않았다.", "었다."), ("지 않았다.", "았다."),
)  # fmt: skip
_ENGLISH_VERB = re.compile(r" (is|was|are|were|did|has|had|can|could|would) (not )?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the passage that it cites, and whether the passage supports it.

    `split` is `dev` or `test` for hand-written claims, else `quotations` or `generated`. `essay` is an id.
    """

    split: str
    kind: str
    language: str
    sentence: str
    essay: str
    passage: str
    true: bool


def measure(bot: Bot) -> dict[str, Any]:
    """The share of refused claims by split, truth, language and kind, and the claims of `test` that were judged wrongly."""
    essays = {essay.id: essay for essay in bot.essays()}
    refusals: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for claim in [*load(essays), *quotations(list(essays.values())), *generated(list(essays.values()), SEED)]:
        reason = Evidence([claim.passage], "", bot.comparison, [essays[claim.essay].title]).check(claim.sentence)
        truth = "true" if claim.true else "false"
        for name in (f"{claim.split} {truth}", f"{claim.split} {truth} {claim.language}", f"{claim.split} {truth}: {claim.kind}"):
            refusals[name].append(bool(reason))
        if claim.split == "test" and bool(reason) == claim.true:
            wrong.append(f"{claim.kind}: {reason or 'let through'}: {claim.sentence}")
    rows = {name: _row(refused) for name, refused in sorted(refusals.items())}
    return {**rows, "seed": SEED, "wrong": wrong}


def load(essays: dict[str, Essay]) -> list[Claim]:
    """The hand-written claims of verify.jsonl. Raises `CorpusError` where a passage is no longer in its essay."""
    claims = []
    for line in (FOLDER / "verify.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        essay = essays.get(row["essay"])
        if essay is None or row["passage"] not in essay.text:
            raise CorpusError(evals.WRONG_PASSAGE.format(identity=row["id"], essay=row["essay"]))
        fields = (row["split"], row["kind"], row["language"], row["sentence"], row["essay"], row["passage"], row["true"])
        claims.append(Claim(*fields))
    return claims


def quotations(essays: list[Essay]) -> Iterator[Claim]:
    """Quotations of the essays: verbatim, with one word replaced, of two sentences joined, and taken from another essay."""
    rng = random.Random(SEED)
    for kind, true in (("verbatim", True), ("one word changed", False), ("stitched", False), ("from elsewhere", False)):
        for _ in range(QUOTATIONS_PER_KIND):
            essay = rng.choice(essays)
            spans = _quotable(essay)
            index = rng.randrange(len(spans) - 2)
            passage = essay.text[spans[index][0] : spans[index + 2][1]]
            first, last = (essay.text[start:end] for start, end in (spans[index], spans[index + 2]))
            quote = first
            if kind == "one word changed":
                words = first.split()
                words[rng.randrange(len(words))] = rng.choice(last.split())
                quote = " ".join(words)
            elif kind == "stitched":
                quote = f"{first} {last}"
            elif kind == "from elsewhere":
                other = rng.choice([candidate for candidate in essays if candidate.id != essay.id])
                start, end = rng.choice(_quotable(other))
                quote = other.text[start:end]
            if (quote in passage) == true:
                yield Claim("quotations", kind, essay.language, f"“{quote}” [1]", essay.id, passage, true)


def generated(essays: list[Essay], seed: int) -> Iterator[Claim]:
    """Sentences of the essays without quotation marks, unchanged or with one change, each with the passage that it cites.

    A false claim that its passage contains verbatim after all is left out.
    """
    rng = random.Random(seed)
    for kind, make in _KINDS.items():
        true = kind in {"as it stands", "two joined"}
        for language in sorted({essay.language for essay in essays}):
            candidates = [essay for essay in essays if essay.language == language]
            claims: dict[str, Claim] = {}
            for _ in range(MAX_TRIES):
                essay = rng.choice(candidates)
                first, second, passage = _sample(essay, rng)
                sentence, essay, passage = make(first, second, essay, passage, essays, rng)
                if sentence and (true or not _contains(passage, sentence)):
                    claims.setdefault(sentence, Claim("generated", kind, language, f"{sentence} [1]", essay.id, passage, true))
                if len(claims) == (TRUE_CLAIMS if true else FALSE_CLAIMS):
                    break
            yield from claims.values()


Draft = tuple[str, Essay, str]  # a sentence, empty where none could be made, the essay that it cites and the passage of it


def _sample(essay: Essay, rng: random.Random) -> tuple[str, str, str]:
    """Two sentences of the essay with another quotable one between them, and the passage from the first to the second."""
    spans = [span for span in _quotable(essay) if " — " not in essay.text[slice(*span)]]  # without lines of sources
    index = rng.randrange(len(spans) - 2)
    (start, end), (second_start, second_end) = spans[index], spans[index + 2]
    return essay.text[start:end], essay.text[second_start:second_end], essay.text[start:second_end]


def _contains(passage: str, sentence: str) -> bool:
    return sentence.rstrip(".") in passage


def _unchanged(first: str, _: str, essay: Essay, passage: str, __: list[Essay], ___: random.Random) -> Draft:
    return first, essay, passage


def _joined(first: str, second: str, essay: Essay, passage: str, _: list[Essay], __: random.Random) -> Draft:
    if essay.language == "ko":
        fits = re.search(r"[었았했였]다\.$", first)
        return (f"{first[:-2]}고, {second}" if fits else ""), essay, passage
    return (f"{first[:-1]}, and {second}" if first.endswith(".") else ""), essay, passage


def _figure_changed(first: str, _: str, essay: Essay, passage: str, __: list[Essay], rng: random.Random) -> Draft:
    figures = list(_DIGITS.finditer(first))
    if not figures:
        return "", essay, passage
    figure = rng.choice(figures)
    digit = rng.choice([offset for offset in range(*figure.span()) if first[offset].isdigit()])
    changed = first[:digit] + rng.choice("123456789".replace(first[digit], "")) + first[digit + 1 :]
    new_values = {number.value for number in find_numbers(changed)} - {number.value for number in find_numbers(passage)}
    return (changed if new_values else ""), essay, passage


def _replace_name(sentence: str, candidates: list[str], rng: random.Random) -> str:
    """The sentence with one of its names replaced by a candidate that is none of them; empty where that is not possible."""
    names = [name for name in proper_names(sentence) if name not in MONTHS]
    if not names:
        return ""
    name = rng.choice(names)
    others = [candidate for candidate in candidates if not any(may_be_same_name(candidate, own) for own in names)]
    return _with_name(sentence, name, rng.choice(others)) if others else ""


def _with_name(sentence: str, name: str, other: str) -> str:
    """The sentence with `other` in place of `name`, and the form of the Korean particle after it that `other` needs."""
    head, _, tail = sentence.partition(name)
    has_final = (ord(other[-1]) - ord("가")) % 28 > 0
    for forms in ("은는", "이가", "을를", "과와"):
        if tail[:1] and tail[0] in forms and not tail[1:2].isalpha() and "가" <= other[-1] <= "힣":
            tail = forms[not has_final] + tail[1:]
            break
    return head + other + tail


def _name_of_another_essay(first: str, _: str, essay: Essay, passage: str, essays: list[Essay], rng: random.Random) -> Draft:
    other = rng.choice([candidate for candidate in essays if candidate.language == essay.language])
    return _replace_name(first, proper_names(_sample(other, rng)[2]), rng), essay, passage


def _name_of_the_passage(first: str, _: str, essay: Essay, passage: str, __: list[Essay], rng: random.Random) -> Draft:
    return _replace_name(first, proper_names(passage.replace(first, "")), rng), essay, passage


def _negated(first: str, _: str, essay: Essay, passage: str, __: list[Essay], ___: random.Random) -> Draft:
    if essay.language == "ko":
        for denial, affirmation in _KOREAN_ENDINGS:
            for ending, opposite in ((denial, affirmation), (affirmation, denial)):
                if first.endswith(ending):
                    return first.removesuffix(ending) + opposite, essay, passage
        return "", essay, passage
    verb = _ENGLISH_VERB.search(first)
    changed = _ENGLISH_VERB.sub(lambda match: f" {match[1]} " + ("" if match[2] else "not "), first, count=1)
    return (changed if verb else ""), essay, passage


def _from_another_essay(first: str, _: str, essay: Essay, __: str, essays: list[Essay], rng: random.Random) -> Draft:
    other = rng.choice([candidate for candidate in essays if candidate.id != essay.id and candidate.language == essay.language])
    return first, other, _sample(other, rng)[2]


def _from_anywhere(first: str, _: str, ___: Essay, __: str, essays: list[Essay], rng: random.Random) -> Draft:
    other = rng.choice(essays)
    return first, other, _sample(other, rng)[2]


Make = Callable[[str, str, Essay, str, list[Essay], random.Random], Draft]
_KINDS: dict[str, Make] = {
    "as it stands": _unchanged, "two joined": _joined, "figure changed": _figure_changed, "name of the shelf": _name_of_another_essay,
    "name of the passage": _name_of_the_passage, "negated": _negated, "from another essay": _from_another_essay,
    "from anywhere": _from_anywhere,
}  # fmt: skip


def _quotable(essay: Essay) -> list[tuple[int, int]]:
    """The spans of the essay's sentences of more than three words and without quotation marks."""
    spans = [(start, end) for start, end in sentences(essay.text) if MIN_CHARACTERS <= end - start <= MAX_CHARACTERS]
    return [
        span for span in spans if not set('“”"「」') & set(essay.text[slice(*span)]) and len(essay.text[slice(*span)].split()) > 3
    ]


def _row(refused: list[bool]) -> dict[str, Any]:
    share = sum(refused) / len(refused)
    return {"n": len(refused), "refused": round(share, 3), "interval": interval(share, len(refused))}
