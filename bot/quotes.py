"""The voice without a model: picks the essays' own sentences that answer a question. Decides what is quoted, not whether it is true.

A sentence counts by the question's words that it holds, weighed by their rarity, by how near the windows around it lie to the
question, and by its passage's rank. What is picked is returned in reading order, essay by essay.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.lexicon import Span, morphemes
from bot.schema import Essay, Hit

MOST = 5  # sentences in an answer; a reader should see the whole of it at a glance
LEAST = 2
KEEP = 0.6  # a sentence must score this share of the best one's score
QUESTION_FACTOR = 0.7  # an essay's own question repeats the reader's words and answers nothing
SOURCE_FACTOR = 0.6  # a line of the list of sources names the facts, the essay's sentence tells them
HANGING = ("이것", "그것", "이는", "그는", "이런", "그런", "그래서", "따라서", "즉", "This", "That", "These", "Those", "It ", "They ", "He ", "She ", "So ")


@dataclass(frozen=True, slots=True)
class Pick:
    """A sentence to quote: its essay and its span in the essay's text."""

    essay: Essay
    start: int
    end: int
    score: float


def pick(
    question: str,
    hits: Sequence[Hit],
    essays: Mapping[str, Essay],
    spans: Callable[[Essay], list[Span]],
    rarity: Callable[[str], float],
) -> list[Pick]:
    """Two to five sentences of the `hits`, fewer where the passages hold fewer, in reading order, the best essay first.

    `spans` gives an essay's quotable sentences, `rarity` a word's weight.
    """
    words = {word: rarity(word) for word in morphemes(question)}
    closeness = _closeness(hits)
    candidates = [
        _score(essays[hit.passage.essay], span, hit, rank, words, closeness)
        for rank, hit in enumerate(hits)
        for span in spans(essays[hit.passage.essay])
        if hit.passage.start <= span[0] and span[1] <= hit.passage.end
    ]
    return _in_reading_order(_choose(candidates, spans))


def _score(
    essay: Essay, span: Span, hit: Hit, rank: int, words: Mapping[str, float], closeness: Callable[[str, int, int], float]
) -> Pick:
    sentence = essay.text[span[0] : span[1]]
    held = set(morphemes(sentence))
    total = sum(words.values()) or 1.0
    overlap = sum(weight for word, weight in words.items() if word in held) / total
    score = (0.45 * overlap + 0.55 * closeness(essay.id, *span)) / (1 + 0.15 * rank)
    if sentence.rstrip("”\"'’) ").endswith("?"):
        score *= QUESTION_FACTOR
    if " — " in sentence and essay.text[: span[0]].endswith("- "):
        score *= SOURCE_FACTOR
    return Pick(essay, *span, score)


def _closeness(hits: Sequence[Hit]) -> Callable[[str, int, int], float]:
    """How near a span lies to the question: the mean over the windows that hold it, 0 for the farthest window to 1 for the nearest."""
    windows = [(hit.passage.essay, near) for hit in hits for near in hit.near]
    cosines = [near.cosine for _, near in windows]
    low = min(cosines, default=0.0)
    scale = max(max(cosines, default=1.0) - low, 1e-6)

    def closeness(essay: str, start: int, end: int) -> float:
        around = [near.cosine for owner, near in windows if owner == essay and near.start <= start and end <= near.end]
        return (sum(around) / len(around) - low) / scale if around else 0.0

    return closeness


def _choose(candidates: list[Pick], spans: Callable[[Essay], list[Span]]) -> list[Pick]:
    ranked = sorted(candidates, key=lambda pick: (-pick.score, pick.essay.id, pick.start))
    chosen = [pick for place, pick in enumerate(ranked[:MOST]) if place < LEAST or pick.score >= KEEP * ranked[0].score]
    for chosen_one in tuple(chosen):
        before = _before(chosen_one, spans)
        if before and len(chosen) < MOST and all((before.essay.id, before.start) != (other.essay.id, other.start) for other in chosen):
            chosen.append(before)
    return chosen


def _before(pick: Pick, spans: Callable[[Essay], list[Span]]) -> Pick | None:
    """The sentence before one that hangs on it ("This is why…"), in the same paragraph."""
    text = pick.essay.text
    if not text[pick.start : pick.end].startswith(HANGING):
        return None
    earlier = [span for span in spans(pick.essay) if span[1] <= pick.start]
    if not earlier or "\n\n" in text[earlier[-1][1] : pick.start]:
        return None
    return Pick(pick.essay, *earlier[-1], pick.score)


def _in_reading_order(chosen: list[Pick]) -> list[Pick]:
    best: dict[str, float] = {}
    for pick in chosen:
        best[pick.essay.id] = max(pick.score, best.get(pick.essay.id, 0.0))
    return sorted(chosen, key=lambda pick: (-best[pick.essay.id], pick.essay.id, pick.start))
