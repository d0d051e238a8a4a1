"""Retrieval on a SQuAD-format file: an article is an essay, a paragraph a passage, and the gold passage is the question's paragraph."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import CorpusError
from bot.indexing.splitter import windows
from bot.messages import evals
from bot.models.embeddings import Embedder
from bot.retrieval.calibration import SAMPLE_SIZE, Sample
from bot.retrieval.hybrid import Retriever
from bot.retrieval.index import NEAREST_WINDOWS
from bot.retrieval.table import Table
from bot.schema import Essay, Language, Passage, Window, WindowHit
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
    labelled = [(window, essay.language) for essay in essays for window in windows(essay, by_essay[essay.id])]
    spans = [window for window, _ in labelled]
    vectors = embedder.encode_passages([window.text for window in spans])
    passage_vectors = embedder.encode_passages([passage.text for passage in passages])
    question_vectors = np.array([embedder.encode_query(question) for question, _ in questions])
    tokens = [morphemes(passage.text) for passage in passages]
    retriever = Retriever(Table.of(essays, passages, [" ".join(line) for line in tokens]))
    sample = _sample([language for _, language in labelled], vectors)
    scored = [
        _scores(retriever, sample, question, vector, spans, vectors)
        for (question, _), vector in zip(questions, question_vectors, strict=True)
    ]
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


def _sample(languages: list[Language], vectors: Vectors) -> Sample:
    """The sample that an index of these windows would have."""
    chosen = np.unique(np.linspace(0, len(vectors) - 1, SAMPLE_SIZE).astype(int))
    chosen_languages = np.array(languages)[chosen]
    return Sample({language: vectors[chosen][chosen_languages == language] for language in ("ko", "en")})


def _scores(
    retriever: Retriever, sample: Sample, question: str, vector: Vectors, spans: list[Window], vectors: Vectors
) -> Vectors:
    """The scores of all passages as the bot ranks them."""
    vector = sample.center(vector, language_of(question))
    cosines = vectors @ vector
    order = np.argsort(-cosines)[:NEAREST_WINDOWS]
    window_hits = [WindowHit(spans[row].passage, spans[row].start, spans[row].end, float(cosines[row])) for row in order]
    return retriever.scores(question, retriever.by_row(window_hits), sample.distributions(vector))[0]


def _metrics(scores: list[Vectors], gold: list[int]) -> dict[str, float]:
    """The metrics of the gold passages' ranks by these scores."""
    return rank_metrics([int((row > row[passage]).sum()) + 1 for row, passage in zip(scores, gold, strict=True)])
