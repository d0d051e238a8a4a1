"""Select the sentences of the retrieved passages that an answer quotes. Pure.

A sentence is scored by its passage's score, by the share of the question's words that it contains, weighted by IDF, and by the cosines
of the windows around it relative to the passage's nearest window. The selected sentences are returned essay by essay, in reading order.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.schema import Essay, Hit
from bot.text.markdown import Span
from bot.text.sentences import outline
from bot.text.tokenize import morphemes, weighted_length

MAX_SENTENCES = 5  # in an answer, so that it can be read at a glance
MIN_SENTENCES = 2
# Chosen on the `dev` half of the golden questions by how often the gold sentence is among those quoted; see evals/LOG.md.
PASSAGE_WEIGHT, COVERAGE_WEIGHT, COSINE_WEIGHT = 0.6, 3.0, 8.0
MAX_SCORE_GAP = 1.5  # below the best sentence
SHORT_LENGTH, SHORT_PENALTY = 60, 1.5  # in Latin characters; shorter sentences say little on their own
QUESTION_PENALTY = 1.0  # a question in an essay repeats the reader's words without answering them
SOURCE_PENALTY = 3.0  # an entry of the list of sources names the facts without stating them
NOTE_PENALTY = 2.0  # a footnote comments on the sentence that it belongs to
REASON_BONUS = 1.0  # for a sentence that gives a reason, where the question asks for one
_WHY = re.compile(r"왜|이유|까닭|\bwhy\b|\bhow come\b|\breasons?\b", re.IGNORECASE)
_BECAUSE = re.compile(r"때문|까닭|이유|덕분|\bbecause\b|\bso that\b|\bin order to\b|\breason\b|\bsince\b", re.IGNORECASE)
# A sentence that begins with one of these refers to the sentence before it.
REFERRING_OPENINGS = (
    *"이것 그것 이는 그는 이런 그런 그래서 따라서 즉 This That These Those".split(),
    *("It ", "They ", "He ", "She ", "So "),
)


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
    sentence_spans: Callable[[Essay], list[Span]],
    idf: Callable[[str], float],
    limit: int = MAX_SENTENCES,
) -> list[SelectedSentence]:
    """`MIN_SENTENCES` to `limit` sentences of the `hits`, fewer where they have fewer; the best essay first, in reading order.

    `sentence_spans` returns an essay's quotable sentences, `idf` the weight of a morpheme.
    """
    weights = {word: idf(word) for word in morphemes(question)}
    asks_why = bool(_WHY.search(question))
    candidates: list[SelectedSentence] = []
    for hit in hits:
        essay = essays[hit.passage.essay]
        spans = [span for span in sentence_spans(essay) if hit.passage.start <= span[0] and span[1] <= hit.passage.end]
        for place, span in enumerate(spans):
            gives_reason = asks_why and _gives_reason(essay.text, spans[max(0, place - 2) : place], span)
            score = _score(essay.text, span, hit, weights) + REASON_BONUS * gives_reason
            candidates.append(SelectedSentence(essay, *span, score))
    return _in_reading_order(_select(candidates, sentence_spans, limit))


def _score(text: str, span: Span, hit: Hit, weights: Mapping[str, float]) -> float:
    sentence = outline(text).reading(text, span)
    words = set(morphemes(sentence))
    coverage = sum(weight for word, weight in weights.items() if word in words) / (sum(weights.values()) or 1.0)
    score = PASSAGE_WEIGHT * hit.score + COVERAGE_WEIGHT * coverage + COSINE_WEIGHT * _relative_cosine(hit, span)
    score -= SHORT_PENALTY * max(0.0, 1 - weighted_length(sentence) / SHORT_LENGTH)
    if sentence.rstrip("”\"'’) ").endswith("?"):
        score -= QUESTION_PENALTY
    if " — " in sentence and text[: span[0]].endswith("- "):
        score -= SOURCE_PENALTY
    if is_note(text, span[0]):
        score -= NOTE_PENALTY
    return score


def is_note(text: str, start: int) -> bool:
    """Whether the sentence at `start` is in a footnote, `[^1]: …`."""
    return text.startswith("[^", text.rfind("\n", 0, start) + 1)


def _gives_reason(text: str, preceding: Sequence[Span], span: Span) -> bool:
    """Whether a sentence gives a reason: it has a word such as "because", or one of the two before it asks why."""
    follows_why = any(_WHY.search(text[start:end]) and text[start:end].endswith("?") for start, end in preceding)
    return follows_why or bool(_BECAUSE.search(text[span[0] : span[1]]))


def _relative_cosine(hit: Hit, span: Span) -> float:
    """The mean cosine of the windows that contain the span, minus that of the passage's nearest window; at most 0."""
    cosines = [window.cosine for window in hit.windows if window.start <= span[0] and span[1] <= window.end]
    if not cosines:
        return min((window.cosine for window in hit.windows), default=hit.dense) - hit.dense
    return sum(cosines) / len(cosines) - hit.dense


def _select(
    candidates: list[SelectedSentence], sentence_spans: Callable[[Essay], list[Span]], limit: int
) -> list[SelectedSentence]:
    ranked: list[SelectedSentence] = []
    texts: set[str] = set()
    for candidate in sorted(candidates, key=lambda candidate: (-candidate.score, candidate.essay.id, candidate.start)):
        text = candidate.essay.text[candidate.start : candidate.end]
        if text not in texts:  # two essays may contain the same sentence
            ranked.append(candidate)
        texts.add(text)
    selected = [
        sentence
        for place, sentence in enumerate(ranked[:limit])
        if place < MIN_SENTENCES or sentence.score >= ranked[0].score - MAX_SCORE_GAP
    ]
    for sentence in tuple(selected):
        antecedent = _antecedent(sentence, sentence_spans)
        if antecedent and len(selected) < limit and not any(_is_same(antecedent, other) for other in selected):
            selected.append(antecedent)
    return selected


def _antecedent(sentence: SelectedSentence, sentence_spans: Callable[[Essay], list[Span]]) -> SelectedSentence | None:
    """The sentence before, in the same paragraph, if `sentence` refers to it by its opening ("This is why…")."""
    text = sentence.essay.text
    if not text[sentence.start : sentence.end].startswith(REFERRING_OPENINGS):
        return None
    earlier = [span for span in sentence_spans(sentence.essay) if span[1] <= sentence.start]
    if not earlier or "\n\n" in text[earlier[-1][1] : sentence.start]:
        return None
    return SelectedSentence(sentence.essay, *earlier[-1], sentence.score)


def _is_same(left: SelectedSentence, right: SelectedSentence) -> bool:
    return (left.essay.id, left.start) == (right.essay.id, right.start)


def _in_reading_order(selected: list[SelectedSentence]) -> list[SelectedSentence]:
    best: dict[str, float] = {}
    for sentence in selected:
        best[sentence.essay.id] = max(sentence.score, best.get(sentence.essay.id, 0.0))
    return sorted(selected, key=lambda sentence: (-best[sentence.essay.id], sentence.essay.id, sentence.start))
