"""What speaks for the essays answering a question: the features of "do the essays answer it?", and the decision. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from bot.retrieval.vocabulary import Vocabulary
from bot.retrieval.weights import Weights
from bot.schema import Hit
from bot.text.tokenize import morphemes, proper_names

FEATURES = ("whole_cosine", "sentence_cosine", "whole", "sentence", "coverage", "missing", "absent", "name", "held")
FEW_WORDS = 2  # of a question that only names something: who is X
ALL_WORDS = 0.95  # share of a question's words, by their rarity
Outcome = Literal["answered", "related", "absent"]


def features(
    question: str, words: Mapping[str, float], hits: Sequence[Hit], found: Collection[str], vocabulary: Vocabulary
) -> dict[str, float]:
    """The features by name. `words` are the question's words with their rarity, `hits` what was found, best first.

    `found` are the words of what was found, where the best hit is in the question's language: in the other one they cannot be compared.
    """
    total = sum(words.values()) or 1.0
    names = {word for name in proper_names(question, openers=True) for word in morphemes(name)}
    values = {
        "whole_cosine": max((hit.near.whole_cosine for hit in hits), default=0.0),
        "sentence_cosine": max((hit.near.sentence_cosine for hit in hits), default=0.0),
        "whole": max((hit.near.whole for hit in hits), default=0.0),
        "sentence": max((hit.near.sentence for hit in hits), default=0.0),
        "coverage": max((hit.lexical for hit in hits), default=0.0),
        "missing": sum(rarity for word, rarity in words.items() if found and word not in found) / total,
        "absent": sum(rarity for word, rarity in words.items() if word not in vocabulary) / total,
        "name": max((rarity for word, rarity in words.items() if word in names and not vocabulary.knows(word)), default=0.0),
        "held": float(len(words) <= FEW_WORDS and bool(hits) and max(hit.lexical for hit in hits) >= ALL_WORDS),
    }
    return {name: float(values[name]) for name in FEATURES}


def outcome(values: Mapping[str, float], weights: Weights) -> Outcome:
    """What the features say: the essays answer the question, or hold something near it, or nothing."""
    evidence = sum(weights.evidence.get(name, 0.0) * value for name, value in values.items())
    return "answered" if evidence >= weights.answered else "related" if evidence >= weights.related else "absent"
