"""The voice without a model: picks the essays' own sentences that answer a question. Decides what is quoted, not whether it is true.

A sentence counts by its passage's score, by the question's words that it holds, weighed by their rarity, and by how near the windows
around it lie to the question, compared with its passage's nearest. What is picked is returned in reading order, essay by essay.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.schema import Essay, Hit
from bot.text.sentences import Span
from bot.text.tokenize import morphemes, weighted_length

MOST = 5  # sentences in an answer; a reader should see the whole of it at a glance
LEAST = 2
# Chosen on the `dev` half of the golden questions by how often the gold sentence is among those quoted; see evals/LOG.md.
PASSAGE, WORDS, NEARNESS = 0.6, 3.0, 8.0  # weights of passage score, share of words, and cosine below the passage's nearest
KEEP = 1.5  # a sentence may score at most so much less than the best one
SHORT, SHORT_COSTS = 60, 1.5  # a sentence lighter than this, in Latin characters, seldom says anything on its own
QUESTION_COSTS = 1.0  # an essay's own question repeats the reader's words and answers nothing
SOURCE_COSTS = 3.0  # a line of the list of sources names the facts, the essay's sentence tells them
REASON = 1.0  # for a sentence that gives a reason, where a reason is asked for
_WHY = re.compile(r"왜|이유|까닭|\bwhy\b|\bhow come\b|\breasons?\b", re.IGNORECASE)
_BECAUSE = re.compile(r"때문|까닭|이유|덕분|\bbecause\b|\bso that\b|\bin order to\b|\breason\b|\bsince\b", re.IGNORECASE)
HANGING = (*"이것 그것 이는 그는 이런 그런 그래서 따라서 즉 This That These Those".split(), "It ", "They ", "He ", "She ", "So ")


@dataclass(frozen=True, slots=True)
class SelectedSentence:
    """A sentence to quote: its essay and its span in the essay's text."""

    essay: Essay
    start: int
    end: int
    score: float


def select_sentences(
    question: str,
    hits: Sequence[Hit],
    essays: Mapping[str, Essay],
    spans: Callable[[Essay], list[Span]],
    rarity: Callable[[str], float],
    most: int = MOST,
) -> list[SelectedSentence]:
    """Two to five (or `most`) sentences of the `hits`, fewer where they hold fewer, in reading order, the best essay first.

    `spans` gives an essay's quotable sentences, `rarity` a word's weight.
    """
    words = {word: rarity(word) for word in morphemes(question)}
    why = bool(_WHY.search(question))
    candidates: list[SelectedSentence] = []
    for hit in hits:
        essay = essays[hit.passage.essay]
        inside = [span for span in spans(essay) if hit.passage.start <= span[0] and span[1] <= hit.passage.end]
        for place, span in enumerate(inside):
            reason = REASON * (why and _gives_reason(essay.text, inside[max(0, place - 2) : place], span))
            candidates.append(SelectedSentence(essay, *span, _score(essay.text, span, hit, words) + reason))
    return _in_reading_order(_choose(candidates, spans, most))


def _score(text: str, span: Span, hit: Hit, words: Mapping[str, float]) -> float:
    sentence = text[span[0] : span[1]]
    held = set(morphemes(sentence))
    overlap = sum(weight for word, weight in words.items() if word in held) / (sum(words.values()) or 1.0)
    score = PASSAGE * hit.score + WORDS * overlap + NEARNESS * _below_nearest(hit, span)
    score -= SHORT_COSTS * max(0.0, 1 - weighted_length(sentence) / SHORT)
    if sentence.rstrip("”\"'’) ").endswith("?"):
        score -= QUESTION_COSTS
    if " — " in sentence and text[: span[0]].endswith("- "):
        score -= SOURCE_COSTS
    return score


def _gives_reason(text: str, before: Sequence[Span], span: Span) -> bool:
    """Whether a sentence says why: by its words, or because it follows, by one or two, a why that the essay itself asks."""
    asked = any(_WHY.search(text[start:end]) and text[start:end].endswith("?") for start, end in before)
    return asked or bool(_BECAUSE.search(text[span[0] : span[1]]))


def _below_nearest(hit: Hit, span: Span) -> float:
    """The mean cosine of the windows that hold the span, less that of the passage's nearest window: 0 at best."""
    around = [near.cosine for near in hit.near if near.start <= span[0] and span[1] <= near.end]
    if not around:
        return min((near.cosine for near in hit.near), default=hit.dense) - hit.dense
    return sum(around) / len(around) - hit.dense


def _choose(candidates: list[SelectedSentence], spans: Callable[[Essay], list[Span]], most: int) -> list[SelectedSentence]:
    ranked: list[SelectedSentence] = []
    said: set[str] = set()
    for pick in sorted(candidates, key=lambda pick: (-pick.score, pick.essay.id, pick.start)):
        text = pick.essay.text[pick.start : pick.end]
        if text not in said:  # one essay may repeat another's sentence
            ranked.append(pick)
        said.add(text)
    chosen = [pick for place, pick in enumerate(ranked[:most]) if place < LEAST or pick.score >= ranked[0].score - KEEP]
    for chosen_one in tuple(chosen):
        before = _before(chosen_one, spans)
        if (
            before
            and len(chosen) < most
            and all((before.essay.id, before.start) != (other.essay.id, other.start) for other in chosen)
        ):
            chosen.append(before)
    return chosen


def _before(pick: SelectedSentence, spans: Callable[[Essay], list[Span]]) -> SelectedSentence | None:
    """The sentence before one that hangs on it ("This is why…"), in the same paragraph."""
    text = pick.essay.text
    if not text[pick.start : pick.end].startswith(HANGING):
        return None
    earlier = [span for span in spans(pick.essay) if span[1] <= pick.start]
    if not earlier or "\n\n" in text[earlier[-1][1] : pick.start]:
        return None
    return SelectedSentence(pick.essay, *earlier[-1], pick.score)


def _in_reading_order(chosen: list[SelectedSentence]) -> list[SelectedSentence]:
    best: dict[str, float] = {}
    for pick in chosen:
        best[pick.essay.id] = max(pick.score, best.get(pick.essay.id, 0.0))
    return sorted(chosen, key=lambda pick: (-best[pick.essay.id], pick.essay.id, pick.start))
