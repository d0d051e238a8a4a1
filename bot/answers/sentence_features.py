"""The features by which the sentences of the retrieved passages are picked for an answer. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from bot.schema import Essay, Hit
from bot.text.language import language_of
from bot.text.markdown import Span
from bot.text.sentences import outline
from bot.text.tokenize import morphemes, proper_names, weighted_length

FEATURES = (
    "passage", "nearness", "neighbour", "coverage", "title_word", "short", "question", "source", "note", "reason",
    "number", "person", "defines", "same_language", "opens_passage",
)  # fmt: skip
SHORT = 0.7  # of the median length of the sentences that were found; shorter ones say little on their own
_WHY = re.compile(r"왜|이유|까닭|\bwhy\b|\bhow come\b|\breasons?\b", re.IGNORECASE)
_BECAUSE = re.compile(r"때문|까닭|이유|덕분|\bbecause\b|\bso that\b|\bin order to\b|\breason\b|\bsince\b", re.IGNORECASE)
_WHAT_IS = re.compile(
    r"뭐|무엇|뭔|무슨 뜻|란\b|누구|\bwhat(?:['’]?s| is| are| was| were)\b|\bwho(?:['’]?s| is| was)\b|\bmean", re.IGNORECASE
)
_ASKS_NUMBER = re.compile(
    r"몇|얼마|언제|\bhow (?:many|much|long|old|far|tall|high|big|heavy|often)\b|\bwhen\b|\bwhat (?:year|date|time|price|number|percentage|share)\b",
    re.IGNORECASE,
)
_ASKS_PERSON = re.compile(r"누구|누가|누굴|\bwho(?:se|m)?\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d|[일이삼사오육칠팔구십백천만억]\s?(?:년|월|일|명|개|번|배|톤|원|살)|(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|스무|서른|마흔|쉰)\s?\S?[명개번배살]"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundred|thousand|million|half|twice|dozen)s?\b",
    re.IGNORECASE,
)
_KOREAN_TOPIC = re.compile(r"^\W*(?:\S+\s){0,3}\S+(?:은|는|란|이란)\s")
_ENGLISH_COPULA = re.compile(r"^(?:\W*\w+\W+){1,5}?(?:is|are|was|were|means?)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted: its essay, its span, and its features in the order of `FEATURES`."""

    essay: Essay
    start: int
    end: int
    features: tuple[float, ...]


def candidates(
    question: str,
    hits: Sequence[Hit],
    essays: Mapping[str, Essay],
    sentence_spans: Callable[[Essay], list[Span]],
    weights: Mapping[str, float],
) -> Iterator[Candidate]:
    """The sentences of the hits with their features. `weights` are those of the question's words in the collection."""
    best = max((hit.score for hit in hits), default=0.0)
    share = max((hit.lexical for hit in hits), default=0.0)
    found = [(hit, essays[hit.passage.essay], _inside(hit, sentence_spans(essays[hit.passage.essay]))) for hit in hits]
    lengths = [weighted_length(essay.text[slice(*span)]) for _, essay, spans in found for span in spans]
    short_length = SHORT * median(lengths or [1])
    for hit, essay, spans in found:
        nearness = {(window.start, window.end): window.nearness for window in hit.windows}
        lowest = min(nearness.values(), default=0.0)
        near = [nearness.get(span, lowest) for span in spans]
        for place, span in enumerate(spans):
            beside = [near[other] for other in (place - 1, place + 1) if 0 <= other < len(spans)]
            values = {
                "passage": hit.score - best,
                "nearness": near[place],
                "neighbour": max(beside, default=near[place]),
                "opens_passage": float(place == 0),
                "reason": float(
                    bool(_WHY.search(question)) and _gives_reason(essay.text, spans[max(0, place - 2) : place], span)
                ),
                **_of_text(question, essay, span, weights, short_length),
            }
            values["coverage"] *= share**2
            yield Candidate(essay, *span, tuple(values[name] for name in FEATURES))


def _inside(hit: Hit, spans: Sequence[Span]) -> list[Span]:
    """The spans that lie in the hit's passage."""
    return [span for span in spans if hit.passage.start <= span[0] and span[1] <= hit.passage.end]


def _of_text(question: str, essay: Essay, span: Span, weights: Mapping[str, float], short_length: float) -> dict[str, float]:
    """The features that a sentence has by its own text."""
    sentence = outline(essay.text).reading(essay.text, span)
    words = _words(sentence)
    total = sum(weights.values()) or 1.0
    asked = {word for word in weights if word in words}
    return {
        "coverage": sum(weights[word] for word in asked) / total,
        "title_word": float(any(word in essay.title.casefold() for word in asked)),
        "short": max(0.0, 1 - weighted_length(sentence) / short_length),
        "question": float(sentence.rstrip("”\"'’) ").endswith("?")),
        "source": float(" — " in sentence and essay.text[: span[0]].endswith("- ")),
        "note": float(is_note(essay.text, span[0])),
        "number": float(bool(_ASKS_NUMBER.search(question)) and bool(_NUMBER.search(sentence))),
        "person": float(bool(_ASKS_PERSON.search(question)) and _has_name(sentence)),
        "defines": float(bool(_WHAT_IS.search(question)) and bool(asked) and _defines(sentence)),
        "same_language": float(essay.language == language_of(question)),
    }


@lru_cache(20_000)
def _words(sentence: str) -> frozenset[str]:
    """The morphemes of a sentence; the same sentences are looked at for one question after the other."""
    return frozenset(morphemes(sentence))


@lru_cache(20_000)
def _has_name(sentence: str) -> bool:
    return bool(proper_names(sentence, openers=True))


def is_note(text: str, start: int) -> bool:
    """Whether the sentence at `start` is in a footnote, `[^1]: …`."""
    return text.startswith("[^", text.rfind("\n", 0, start) + 1)


def _defines(sentence: str) -> bool:
    """Whether the sentence opens with its topic, or with its subject and "is"."""
    return bool(_KOREAN_TOPIC.match(sentence) or _ENGLISH_COPULA.match(sentence))


def _gives_reason(text: str, preceding: Sequence[Span], span: Span) -> bool:
    """Whether a sentence gives a reason: it has a word such as "because", or one of the two before it asks why."""
    follows_why = any(_WHY.search(text[start:end]) and text[start:end].endswith("?") for start, end in preceding)
    return follows_why or bool(_BECAUSE.search(text[span[0] : span[1]]))
