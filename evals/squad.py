"""Retrieval on a SQuAD-format file: an article is an essay, a paragraph a passage, and the gold passage is the question's paragraph."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import CorpusError
from bot.indexing import splitter
from bot.indexing.build import embed
from bot.messages import evals
from bot.models.embeddings import Embedder
from bot.retrieval.calibration import SAMPLE_SIZE, Distribution, Group, Sample
from bot.retrieval.dense import Found, Windows
from bot.retrieval.hybrid import Retriever
from bot.retrieval.index import NEAREST_WINDOWS, window_arrays
from bot.retrieval.table import Mask, Table
from bot.retrieval.weights import Weights
from bot.schema import Essay, Language, Passage, Window
from bot.text.language import language_of
from bot.text.normalize import clean
from bot.text.tokenize import bigrams, morphemes
from evals.baselines import bm25, rrf
from evals.metrics import rank_metrics

PARAGRAPH_BREAK = "\n\n"

Vectors = NDArray[np.float32]


def measure(path: Path, embedder: Embedder) -> dict[str, Any]:
    """R@1, R@5 and MRR@10 of the dense, lexical and hybrid scores, and of the baselines.

    Raises `CorpusError` where the file is not in SQuAD's format.
    """
    essays, passages, questions = read(path)
    by_essay = {essay.id: [passage for passage in passages if passage.essay == essay.id] for essay in essays}
    windows, vectors = _embedded([window for essay in essays for window in splitter.windows(essay, by_essay[essay.id])], embedder)
    passage_vectors = embedder.encode_passages([passage.text for passage in passages])
    question_vectors = np.array([embedder.encode_query(question) for question, _ in questions])
    tokens = [morphemes(passage.text) for passage in passages]
    table = Table.of(essays, passages, [" ".join(line) for line in tokens])
    weights = Weights.of(embedder.fingerprint["model"])
    retriever = Retriever(table, weights)
    spans = window_arrays(windows, passages)
    sample = _sample(spans, table.is_korean, vectors)
    scored = []
    for (question, _), vector in zip(questions, question_vectors, strict=True):
        centred = sample.center(vector, language_of(question), weights.centroid)
        scored.append(
            retriever.rank(question, _found(spans, table.is_korean, vectors @ centred, sample.distributions(centred))).scores
        )
    rows = {passage.id: row for row, passage in enumerate(passages)}
    gold = [rows[answer] for _, answer in questions]
    words = bm25([passage.text.split() for passage in passages], (question.split() for question, _ in questions))
    by_morphemes = bm25(tokens, (morphemes(question) for question, _ in questions))
    by_bigrams = bm25([bigrams(passage.text) for passage in passages], (bigrams(question) for question, _ in questions))
    dense = [passage_vectors @ vector for vector in question_vectors]
    return {
        "hybrid": _metrics(scored, gold),
        "baselines": {
            "BM25 on str.split()": _metrics(words, gold),
            "BM25 on character bigrams": _metrics(by_bigrams, gold),
            "BM25 on Kiwi morphemes": _metrics(by_morphemes, gold),
            "dense, whole paragraphs": _metrics(dense, gold),
            "dense + Kiwi, equal RRF": _metrics([rrf(*pair) for pair in zip(dense, by_morphemes, strict=True)], gold),
        },
        "paragraphs": len(passages),
        "questions": len(questions),
    }


def read(path: Path) -> tuple[list[Essay], list[Passage], list[tuple[str, str]]]:
    """The articles as essays, their paragraphs as passages, and the questions, each with the id of its passage.

    Raises `CorpusError` for a file that cannot be read or is not in SQuAD's format.
    """
    try:
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
        essays, passages, questions = [], [], []
        for number, article in enumerate(articles):
            texts = [clean(paragraph["context"]).text.strip() for paragraph in article["paragraphs"]]
            text = PARAGRAPH_BREAK.join(texts)
            title = str(article.get("title", ""))
            essay = Essay(f"article-{number}", title, "", "", language_of(text), str(path), "article", text)
            essays.append(essay)
            start = 0
            for paragraph, body in zip(article["paragraphs"], texts, strict=True):
                passages.append(Passage.of(essay, start, start + len(body)))
                questions += [(clean(pair["question"]).text, passages[-1].id) for pair in paragraph["qas"]]
                start += len(body) + len(PARAGRAPH_BREAK)
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(evals.SQUAD_UNREADABLE.format(path=path, reason=error)) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorpusError(evals.NOT_SQUAD.format(path=path, reason=f"{type(error).__name__}: {error}")) from None
    if not questions:
        raise CorpusError(evals.NO_QUESTIONS.format(path=path))
    return essays, passages, questions


def _embedded(windows: list[Window], embedder: Embedder) -> tuple[list[Window], Vectors]:
    """The windows with their vectors, shape (windows, dimension), as an ingest makes them."""
    vectors, _ = embed(windows, {}, embedder)
    return windows, vectors


def _sample(windows: Windows, is_korean: Mask, vectors: Vectors) -> Sample:
    """The sample that an index of these windows would have."""
    chosen = np.unique(np.linspace(0, len(vectors) - 1, SAMPLE_SIZE).astype(int))
    groups: dict[Group, list[Vectors]] = {}
    for place in chosen:
        language: Language = "ko" if is_korean[windows.rows[place]] else "en"
        groups.setdefault(Group(language, bool(windows.is_whole[place])), []).append(vectors[place])
    return Sample({group: np.array(rows) for group, rows in groups.items()})


def _found(windows: Windows, is_korean: Mask, cosines: Vectors, distributions: Mapping[Group, Distribution]) -> Found:
    """What the index would find."""
    places = np.argsort(-cosines)[:NEAREST_WINDOWS]
    return Found(windows, is_korean, places, cosines[places], distributions)


def _metrics(scores: list[Vectors], gold: list[int]) -> dict[str, float]:
    """The metrics of the gold passages' ranks by these scores."""
    return rank_metrics([int((row > row[passage]).sum()) + 1 for row, passage in zip(scores, gold, strict=True)])
