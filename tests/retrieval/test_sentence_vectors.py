"""The sentences of an index with their stored vectors: by text, as a matrix, and the nearest ones."""

from pathlib import Path

import numpy as np
import pytest

from bot import Bot
from bot.indexing.build import build_index
from bot.retrieval.sentence_vectors import SentenceVectors
from bot.settings import Settings
from bot.text.sentences import sentences
from tests.places import ESSAYS
from tests.toys import ToyEmbedder


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    place: Path = tmp_path_factory.mktemp("index")
    build_index(Settings.load(index=place, llm="quotes"), [ESSAYS], embedder=ToyEmbedder())
    return Bot(Settings.load(index=place, llm="quotes"), ToyEmbedder())


def texts_of(bot: Bot, stored: SentenceVectors) -> list[str]:
    return [bot.essay(sentence.essay).text[sentence.start : sentence.end] for sentence in stored.sentences]


def test_each_row_is_the_vector_of_its_sentence(bot: Bot) -> None:
    stored = bot.index().sentences
    texts = texts_of(bot, stored)
    assert stored.matrix.shape == (len(texts), 1024)
    assert len(texts) == sum(len(sentences(essay.text)) for essay in bot.essays())
    plain = [number for number, text in enumerate(texts) if not set("*_`[\n") & set(text)]
    assert len(plain) > 10
    expected = ToyEmbedder().encode_passages([texts[number] for number in plain])
    assert np.abs(stored.matrix[plain] - expected).max() < 1e-6


def test_the_nearest_sentence_of_a_sentence_is_itself(bot: Bot) -> None:
    stored = bot.index().sentences
    chosen = [0, 3, len(stored.sentences) - 1]
    assert [rows[0] for rows in stored.nearest(stored.matrix[chosen], 2)] == chosen
    essay = stored.sentences[0].essay
    others = [other.id for other in bot.essays() if other.id != essay]
    (rows,) = stored.nearest(stored.matrix[:1], 500, others)
    assert {stored.sentences[row].essay for row in rows} == set(others)


def test_only_sentences_of_the_essays_are_found_by_their_text(bot: Bot) -> None:
    stored = bot.index().sentences
    text = texts_of(bot, stored)[2]
    found = stored.of_texts([text, "A sentence of no essay."])
    assert list(found) == [text]
    assert np.array_equal(found[text], stored.matrix[2])


def test_the_bot_embeds_no_sentence_that_the_index_has(bot: Bot) -> None:
    embedder = bot.embedder
    assert isinstance(embedder, ToyEmbedder)
    before = len(embedder.passages)
    texts = texts_of(bot, bot.index().sentences)[:3]
    assert len(bot.similar("Something that no essay says.", texts)) == 3
    assert embedder.passages[before:] == ["Something that no essay says."]
