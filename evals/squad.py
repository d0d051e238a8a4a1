"""Retrieval on any SQuAD-format file: each article is an essay, each paragraph a passage, and a hit is the whole paragraph."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import CorpusError
from bot.indexing.splitter import windows
from bot.models.embeddings import Embedder
from bot.retrieval.calibration import SAMPLE_SIZE, Sample
from bot.retrieval.hybrid import Retriever
from bot.retrieval.index import NEAREST_WINDOWS
from bot.schema import Essay, Language, Passage, Window, WindowHit
from bot.text.normalize import clean, language_of
from bot.text.tokenize import bigrams, morphemes
from evals.baselines import bm25, rrf
from evals.metrics import rank_metrics

PAUSE = "\n\n"  # between the paragraphs of an article

Vectors = NDArray[np.float32]


def measure(path: Path, embedder: Embedder) -> dict[str, Any]:
    """R@1, R@5 and MRR@10 of our halves and of the whole, and of the baselines that most chatbots use.

    Raises `CorpusError` where the file is not in SQuAD's format.
    """
    essays, passages, questions = read(path)
    by_essay = {essay.id: [passage for passage in passages if passage.essay == essay.id] for essay in essays}
    cut = [(window, essay.language) for essay in essays for window in windows(essay, by_essay[essay.id])]
    spans = [window for window, _ in cut]
    vectors = embedder.encode_passages([window.text for window in spans])
    whole = embedder.encode_passages([passage.text for passage in passages])
    asked = np.array([embedder.encode_query(question) for question, _ in questions])
    tokens = [morphemes(passage.text) for passage in passages]
    retriever = Retriever(essays, passages, [" ".join(line) for line in tokens])
    sample = _sample([language for _, language in cut], vectors)
    scored = [
        _scores(retriever, sample, question, vector, spans, vectors)
        for (question, _), vector in zip(questions, asked, strict=True)
    ]
    rows = {passage.id: row for row, passage in enumerate(passages)}
    gold = [rows[answer] for _, answer in questions]
    plain = bm25([passage.text.split() for passage in passages], (question.split() for question, _ in questions))
    kiwi = bm25(tokens, (morphemes(question) for question, _ in questions))
    pairs = bm25([bigrams(passage.text) for passage in passages], (bigrams(question) for question, _ in questions))
    dense = [whole @ vector for vector in asked]
    return {
        **{half: _metrics([scores[half] for scores in scored], gold) for half in ("dense", "lexical", "hybrid")},
        "baselines": {
            "BM25 on str.split()": _metrics(plain, gold),
            "BM25 on character bigrams": _metrics(pairs, gold),
            "BM25 on Kiwi morphemes": _metrics(kiwi, gold),
            "dense, whole paragraphs": _metrics(dense, gold),
            "dense + Kiwi, equal RRF": _metrics([rrf(one, two) for one, two in zip(dense, kiwi, strict=True)], gold),
        },
        "paragraphs": len(passages),
        "questions": len(questions),
    }


def read(path: Path) -> tuple[list[Essay], list[Passage], list[tuple[str, str]]]:
    """The articles as essays, their paragraphs as passages, and each question with its passage's id."""
    try:
        articles = json.loads(path.read_text(encoding="utf-8"))["data"]
        essays, passages, questions = [], [], []
        for number, article in enumerate(articles):
            texts = [clean(paragraph["context"]).text.strip() for paragraph in article["paragraphs"]]
            text = PAUSE.join(texts)
            title = str(article.get("title", ""))
            essay = Essay(f"article-{number}", title, "", "", language_of(text), str(path), "article", text)
            essays.append(essay)
            start = 0
            for paragraph, body in zip(article["paragraphs"], texts, strict=True):
                passages.append(Passage.of(essay, start, start + len(body)))
                questions += [(clean(asked["question"]).text, passages[-1].id) for asked in paragraph["qas"]]
                start += len(body) + len(PAUSE)
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read: {error}. Give a SQuAD-format JSON file.") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorpusError(
            f"{path} is not in SQuAD's format ({type(error).__name__}: {error}). Give data, paragraphs, context, qas."
        ) from None
    if not questions:
        raise CorpusError(f"{path} holds no questions. Give a SQuAD-format JSON file with qas.")
    return essays, passages, questions


def _sample(languages: list[Language], vectors: Vectors) -> Sample:
    """What a shelf of these windows would measure a question against."""
    chosen = np.unique(np.linspace(0, len(vectors) - 1, SAMPLE_SIZE).astype(int))
    found = np.array(languages)[chosen]
    return Sample({language: vectors[chosen][found == language] for language in ("ko", "en")})


def _scores(
    retriever: Retriever, sample: Sample, question: str, vector: Vectors, spans: list[Window], vectors: Vectors
) -> dict[str, Vectors]:
    vector = sample.center(vector, language_of(question))
    cosines = vectors @ vector
    order = np.argsort(-cosines)[:NEAREST_WINDOWS]
    near = [WindowHit(spans[row].passage, spans[row].start, spans[row].end, float(cosines[row])) for row in order]
    return retriever.component_scores(question, near, sample.distributions(vector))


def _metrics(scores: list[Vectors], gold: list[int]) -> dict[str, float]:
    return rank_metrics([int((row > row[right]).sum()) + 1 for row, right in zip(scores, gold, strict=True)])
