"""Select the sentences of the retrieved passages that an answer quotes. Pure.

A sentence is scored by a linear model of its features (`answers.sentence_features`), fitted by `python -m evals.fit`. The selected
sentences are returned essay by essay, the best first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.answers import sentence_features
from bot.retrieval.weights import Weights
from bot.schema import Essay, Hit
from bot.text.markdown import Span
from bot.text.sentences import refers_back

MAX_SENTENCES = 4  # in an answer, so that it can be read at a glance
MIN_SENTENCES = 2


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
    words: Mapping[str, float],
    weights: Weights,
    limit: int = MAX_SENTENCES,
) -> list[SelectedSentence]:
    """`MIN_SENTENCES` to `limit` sentences of the `hits`, fewer where they have fewer; the best first, those of an essay together.

    `sentence_spans` returns an essay's quotable sentences, `words` are the question's words with their weights in the collection.
    """
    scored = [
        SelectedSentence(candidate.essay, candidate.start, candidate.end, _score(candidate.features, weights))
        for candidate in sentence_features.candidates(question, hits, essays, sentence_spans, words)
    ]
    return _in_order(_select(scored, sentence_spans, limit, weights.gap))


def _score(values: Sequence[float], weights: Weights) -> float:
    return sum(weights.sentences.get(name, 0.0) * value for name, value in zip(sentence_features.FEATURES, values, strict=True))


def _select(
    candidates: list[SelectedSentence], sentence_spans: Callable[[Essay], list[Span]], limit: int, gap: float
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
        if place < MIN_SENTENCES or sentence.score >= ranked[0].score - gap
    ]
    for sentence in tuple(selected):
        antecedent = _antecedent(sentence, sentence_spans)
        if antecedent and len(selected) < limit and not any(_is_same(antecedent, other) for other in selected):
            selected.append(antecedent)
    return selected


def _antecedent(sentence: SelectedSentence, sentence_spans: Callable[[Essay], list[Span]]) -> SelectedSentence | None:
    """The sentence before, in the same paragraph, if `sentence` refers to it by its opening ("This is why…")."""
    text = sentence.essay.text
    if not refers_back(text[sentence.start : sentence.end]):
        return None
    earlier = [span for span in sentence_spans(sentence.essay) if span[1] <= sentence.start]
    if not earlier or "\n\n" in text[earlier[-1][1] : sentence.start]:
        return None
    return SelectedSentence(sentence.essay, *earlier[-1], sentence.score)


def _is_same(left: SelectedSentence, right: SelectedSentence) -> bool:
    return (left.essay.id, left.start) == (right.essay.id, right.start)


def _in_order(selected: list[SelectedSentence]) -> list[SelectedSentence]:
    """The best essay first, and in it the best sentence; a sentence that another one refers to stands before that one."""
    best: dict[str, float] = {}
    for sentence in selected:
        best[sentence.essay.id] = max(sentence.score, best.get(sentence.essay.id, sentence.score))
    return sorted(selected, key=lambda sentence: (-best[sentence.essay.id], sentence.essay.id, -sentence.score, sentence.start))
