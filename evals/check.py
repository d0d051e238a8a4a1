"""The check of a sentence against its passage: hand-written sentences of every kind, quotations and claims made from the shelf by a seed."""

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.errors import CorpusError
from bot.grounding import checker
from bot.grounding.numbers import MONTHS, find_numbers
from bot.grounding.transliteration import may_be_same_name
from bot.pipeline import Bot
from bot.schema import Essay
from bot.text.sentences import sentences
from bot.text.tokenize import proper_names
from evals.metrics import interval
from evals.sets import FOLDER

SEED = 7
QUOTATIONS = 40  # of each generated kind
TRUE_CLAIMS, FALSE_CLAIMS = 50, 10  # of each generated kind in each language: with the quotations, as many true as false
SENTENCE = (30, 250)  # characters of a sentence to be quoted
TRIES = 400  # after which a shelf is taken to have no more sentences of a kind

_FIGURE = re.compile(r"(?<![\d.,])\d[\d,.]*\d|\d")
# What an affirmed sentence ends with and what its denial ends with; the first pair that fits counts, whichever way it fits.
_KOREAN_ENDS = (
    ("하지 않았다.", "했다."), ("되지 않았다.", "되었다."), ("없었다.", "있었다."), ("없다.", "있다."), ("이 아니다.", "이다."),
    ("하지 않는다.", "한다."), ("되지 않는다.", "된다."), ("지 않는다.", "는다."), ("지 않았다.", "었다."), ("지 않았다.", "았다."),
)  # fmt: skip
_ENGLISH_VERB = re.compile(r" (is|was|are|were|did|has|had|can|could|would) (not )?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the passage it cites, and whether the passage says it."""

    split: str
    kind: str
    language: str
    sentence: str
    essay: str
    passage: str
    true: bool


def measure(bot: Bot) -> dict[str, Any]:
    """The share refused of each kind, true and false, on each split of the hand-written ones and on the generated quotations."""
    essays = {essay.id: essay for essay in bot.essays()}
    groups: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for claim in [*load(essays), *quotations(list(essays.values())), *generated(list(essays.values()), SEED)]:
        reason = checker.check(claim.sentence, [claim.passage], essays[claim.essay].title, bot.similar)
        truth = "true" if claim.true else "false"
        for name in (f"{claim.split} {truth}", f"{claim.split} {truth} {claim.language}", f"{claim.split} {truth}: {claim.kind}"):
            groups[name].append(bool(reason))
        if claim.split == "test" and bool(reason) == claim.true:
            wrong.append(f"{claim.kind}: {reason or 'let through'}: {claim.sentence}")
    rows = {name: _row(refused) for name, refused in sorted(groups.items())}
    return {**rows, "seed": SEED, "wrong": wrong}


def load(essays: dict[str, Essay]) -> list[Claim]:
    """The hand-written claims; `CorpusError` where a passage no longer stands in its essay."""
    claims = []
    for line in (FOLDER / "verify.jsonl").read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        essay = essays.get(row["essay"])
        if essay is None or row["passage"] not in essay.text:
            raise CorpusError(f"verify.jsonl, {row['id']}: its passage is not in {row['essay']} today. Mend it there.")
        fields = (row["split"], row["kind"], row["language"], row["sentence"], row["essay"], row["passage"], row["true"])
        claims.append(Claim(*fields))
    return claims


def quotations(essays: list[Essay]) -> Iterator[Claim]:
    """Quotations of the shelf: verbatim, one word dropped or exchanged, two sentences stitched, and taken from another essay."""
    dice = random.Random(SEED)
    for kind, true in (("verbatim", True), ("one word changed", False), ("stitched", False), ("from elsewhere", False)):
        for _ in range(QUOTATIONS):
            essay = dice.choice(essays)
            spans = _quotable(essay)
            at = dice.randrange(len(spans) - 2)
            passage = essay.text[spans[at][0] : spans[at + 2][1]]
            first, last = (essay.text[start:end] for start, end in (spans[at], spans[at + 2]))
            quote = first
            if kind == "one word changed":
                words = first.split()
                words[dice.randrange(len(words))] = dice.choice(last.split())
                quote = " ".join(words)
            elif kind == "stitched":
                quote = f"{first} {last}"
            elif kind == "from elsewhere":
                other = dice.choice([one for one in essays if one.id != essay.id])
                start, end = dice.choice(_quotable(other))
                quote = other.text[start:end]
            if (quote in passage) == true:
                yield Claim("quotations", kind, essay.language, f"“{quote}” [1]", essay.id, passage, true)


def generated(essays: list[Essay], seed: int) -> Iterator[Claim]:
    """Sentences of the shelf without quotation marks, as they stand or with one thing changed, and cited to a passage.

    A change that changes nothing, or that makes something the passage says after all, is not counted.
    """
    dice = random.Random(seed)
    for kind, make in _KINDS.items():
        true = kind in {"as it stands", "two joined"}
        for language in sorted({essay.language for essay in essays}):
            own = [essay for essay in essays if essay.language == language]
            made: dict[str, Claim] = {}
            for _ in range(TRIES):
                essay = dice.choice(own)
                first, second, passage = _stretch(essay, dice)
                sentence, essay, passage = make(first, second, essay, passage, essays, dice)
                if sentence and (true or not _says(passage, sentence)):
                    made.setdefault(sentence, Claim("generated", kind, language, f"{sentence} [1]", essay.id, passage, true))
                if len(made) == (TRUE_CLAIMS if true else FALSE_CLAIMS):
                    break
            yield from made.values()


Made = tuple[str, Essay, str]  # a sentence, empty where none could be made, and the passage of the essay that it cites


def _stretch(essay: Essay, dice: random.Random) -> tuple[str, str, str]:
    """Two sentences, the second some way behind the first, and the passage from one to the other."""
    spans = [span for span in _quotable(essay) if " — " not in essay.text[slice(*span)]]  # no sources
    at = dice.randrange(len(spans) - 2)
    (start, end), (later, last) = spans[at], spans[at + 2]
    return essay.text[start:end], essay.text[later:last], essay.text[start:last]


def _says(passage: str, sentence: str) -> bool:
    return sentence.rstrip(".") in passage


def _same(first: str, _: str, essay: Essay, passage: str, __: list[Essay], ___: random.Random) -> Made:
    return first, essay, passage


def _joined(first: str, second: str, essay: Essay, passage: str, _: list[Essay], __: random.Random) -> Made:
    if essay.language == "ko":
        fits = re.search(r"[었았했였]다\.$", first)
        return (f"{first[:-2]}고, {second}" if fits else ""), essay, passage
    return (f"{first[:-1]}, and {second}" if first.endswith(".") else ""), essay, passage


def _figure_changed(first: str, _: str, essay: Essay, passage: str, __: list[Essay], dice: random.Random) -> Made:
    places = list(_FIGURE.finditer(first))
    if not places:
        return "", essay, passage
    place = dice.choice(places)
    digit = dice.choice([at for at in range(*place.span()) if first[at].isdigit()])
    changed = first[:digit] + dice.choice("123456789".replace(first[digit], "")) + first[digit + 1 :]
    values = {figure.value for figure in find_numbers(changed)} - {figure.value for figure in find_numbers(passage)}
    return (changed if values else ""), essay, passage


def _exchange(sentence: str, others: list[str], dice: random.Random) -> str:
    mine = [name for name in proper_names(sentence) if name not in MONTHS]
    if not mine:
        return ""
    name = dice.choice(mine)
    other = [one for one in others if not any(may_be_same_name(one, own) for own in mine)]
    return _put(sentence, name, dice.choice(other)) if other else ""


def _put(sentence: str, name: str, other: str) -> str:
    """The sentence with one name in place of the other, and the Korean particle behind it that goes with its last sound."""
    head, _, tail = sentence.partition(name)
    closed = (ord(other[-1]) - ord("가")) % 28 > 0
    for pair in ("은는", "이가", "을를", "과와"):
        if tail[:1] and tail[0] in pair and not tail[1:2].isalpha() and "가" <= other[-1] <= "힣":
            tail = pair[not closed] + tail[1:]
            break
    return head + other + tail


def _name_of_the_shelf(first: str, _: str, essay: Essay, passage: str, essays: list[Essay], dice: random.Random) -> Made:
    other = dice.choice([one for one in essays if one.language == essay.language])
    return _exchange(first, proper_names(_stretch(other, dice)[2]), dice), essay, passage


def _name_of_the_passage(first: str, _: str, essay: Essay, passage: str, __: list[Essay], dice: random.Random) -> Made:
    return _exchange(first, proper_names(passage.replace(first, "")), dice), essay, passage


def _negated(first: str, _: str, essay: Essay, passage: str, __: list[Essay], ___: random.Random) -> Made:
    if essay.language == "ko":
        for denial, affirmed in _KOREAN_ENDS:
            for end, other in ((denial, affirmed), (affirmed, denial)):
                if first.endswith(end):
                    return first.removesuffix(end) + other, essay, passage
        return "", essay, passage
    verb = _ENGLISH_VERB.search(first)
    changed = _ENGLISH_VERB.sub(lambda match: f" {match[1]} " + ("" if match[2] else "not "), first, count=1)
    return (changed if verb else ""), essay, passage


def _from_another_essay(first: str, _: str, essay: Essay, __: str, essays: list[Essay], dice: random.Random) -> Made:
    other = dice.choice([one for one in essays if one.id != essay.id and one.language == essay.language])
    return first, other, _stretch(other, dice)[2]


def _from_anywhere(first: str, _: str, ___: Essay, __: str, essays: list[Essay], dice: random.Random) -> Made:
    other = dice.choice(essays)
    return first, other, _stretch(other, dice)[2]


Make = Callable[[str, str, Essay, str, list[Essay], random.Random], Made]
_KINDS: dict[str, Make] = {
    "as it stands": _same, "two joined": _joined, "figure changed": _figure_changed, "name of the shelf": _name_of_the_shelf,
    "name of the passage": _name_of_the_passage, "negated": _negated, "from another essay": _from_another_essay,
    "from anywhere": _from_anywhere,
}  # fmt: skip


def _quotable(essay: Essay) -> list[tuple[int, int]]:
    """Sentences that hold no quotation mark of their own and more than three words."""
    spans = [(start, end) for start, end in sentences(essay.text) if SENTENCE[0] <= end - start <= SENTENCE[1]]
    return [
        span for span in spans if not set('“”"「」') & set(essay.text[slice(*span)]) and len(essay.text[slice(*span)].split()) > 3
    ]


def _row(refused: list[bool]) -> dict[str, Any]:
    share = sum(refused) / len(refused)
    return {"n": len(refused), "refused": round(share, 3), "interval": interval(share, len(refused))}
