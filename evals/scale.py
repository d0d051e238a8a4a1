"""Retrieval time in a large collection: 20,000 passages of shuffled sentences of the essays, in a temporary index."""

import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bot.indexing.splitter import split, windows
from bot.pipeline import Bot
from bot.retrieval.index import Index, OpenGeneration
from bot.schema import Essay, Language, Passage, Window
from bot.store import Contents, open_store
from bot.text.sentences import sentences
from bot.text.tokenize import morphemes
from evals.speed import SEED, percentiles, sample_questions

PASSAGES = 20_000
SENTENCES_PER_ESSAY = 60
NOISE = 0.02  # standard deviation added to each component of a vector: vectors differ as those of neighbouring windows do


def measure(bot: Bot, passages: int = PASSAGES) -> dict[str, Any]:
    """Percentiles of the milliseconds from a question to its hits, with its embedding, at `passages` passages.

    The generated texts are not embedded: each window gets the vector of a real one with noise. The timed steps (embedding of the
    question, vector search, BM25, fusion) do not depend on what the vectors mean.
    """
    essays, tiles, spans = _collection(bot, passages)
    rng = np.random.default_rng(SEED)
    real = bot.embedder.encode_passages([window.text for window in spans[:2000]])
    vectors = real[rng.integers(len(real), size=len(spans))] + rng.normal(0, NOISE, (len(spans), real.shape[1])).astype(
        np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    terms = tuple(" ".join(morphemes(passage.text)) for passage in tiles)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "index", "")
        with store.writer(lambda *_: None) as writer:
            writer.publish(Contents(tuple(essays), tuple(tiles), terms, tuple(spans), vectors), {"model": "scale"})
        index = Index([OpenGeneration(store.snapshot({"model": "scale"}))])
        asked = list(sample_questions(bot.essays()))
        times = percentiles("retrieval", asked, lambda question: index.search(question, bot.embedder.encode_query(question), 6))
        return {"passages": len(tiles), "windows": len(spans), "questions": len(asked), "seed": SEED, **times}


def _collection(bot: Bot, passages: int) -> tuple[list[Essay], list[Passage], list[Window]]:
    """Essays of shuffled sentences, alternating between the languages, until there are `passages` passages."""
    rng = random.Random(SEED)
    pool = {
        language: [
            essay.text[start:end] for essay in bot.essays() if essay.language == language for start, end in sentences(essay.text)
        ]
        for language in ("ko", "en")
    }
    essays: list[Essay] = []
    tiles: list[Passage] = []
    spans: list[Window] = []
    while len(tiles) < passages:
        language: Language = "ko" if len(essays) % 2 else "en"
        text = " ".join(rng.choices(pool[language], k=SENTENCES_PER_ESSAY))
        essays.append(Essay(f"generated-{len(essays)}", "Generated", "", "", language, "", "article", text))
        essay_passages = split(essays[-1])
        tiles += essay_passages
        spans += windows(essays[-1], essay_passages)
    return essays, tiles, spans
