"""Retrieval on a large shelf: 20,000 passages of the shelf's own sentences shuffled, in a real index of their own. A benchmark."""

import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bot.indexing.splitter import split, windows
from bot.pipeline import Bot
from bot.retrieval.index import Index
from bot.schema import Essay, Language, Passage, Window
from bot.store import Contents, open_store
from bot.text.sentences import sentences
from bot.text.tokenize import morphemes
from evals.speed import SEED, percentiles, questions

PASSAGES = 20_000
SENTENCES = 60  # of a made-up essay
NOISE = 0.02  # added to each number of a window's vector, so that no two are alike: as far apart as neighbours in an essay are


def measure(bot: Bot, passages: int = PASSAGES) -> dict[str, Any]:
    """Percentiles of the milliseconds from a question to its hits, its embedding included, at `passages` passages.

    The texts are made up, so no one has to embed them: a window takes the vector of a real one, with noise. What is timed (the
    question's embedding, the index, both lexical halves, the fusion) does not depend on what the vectors mean.
    """
    essays, tiles, cut = _shelf(bot, passages)
    dice = np.random.default_rng(SEED)
    real = bot.embedder.encode_passages([window.text for window in cut[:2000]])
    vectors = real[dice.integers(len(real), size=len(cut))] + dice.normal(0, NOISE, (len(cut), real.shape[1])).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    terms = tuple(" ".join(morphemes(passage.text)) for passage in tiles)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "index", "")
        with store.writer(lambda *_: None) as writer:
            writer.publish(Contents(tuple(essays), tuple(tiles), terms, tuple(cut), vectors), {"model": "scale"})
        shelf = Index(store.snapshot({"model": "scale"}))
        asked = list(questions(bot.essays()))
        times = percentiles("retrieval", asked, lambda question: shelf.search(question, bot.embedder.encode_query(question), 6))
        return {"passages": len(tiles), "windows": len(cut), "questions": len(asked), "seed": SEED, **times}


def _shelf(bot: Bot, passages: int) -> tuple[list[Essay], list[Passage], list[Window]]:
    """Essays of shuffled sentences, of both languages by turns, until there are as many passages."""
    dice = random.Random(SEED)
    pool = {
        language: [
            essay.text[start:end] for essay in bot.essays() if essay.language == language for start, end in sentences(essay.text)
        ]
        for language in ("ko", "en")
    }
    essays: list[Essay] = []
    tiles: list[Passage] = []
    cut: list[Window] = []
    while len(tiles) < passages:
        language: Language = "ko" if len(essays) % 2 else "en"
        text = " ".join(dice.choices(pool[language], k=SENTENCES))
        essays.append(Essay(f"made-up-{len(essays)}", "Made up", "", "", language, "", "article", text))
        found = split(essays[-1])
        tiles += found
        cut += windows(essays[-1], found)
    return essays, tiles, cut
