"""The optional reranker: a tiny CrossEncoder made here orders the first passages; what cannot be loaded is one line."""

from pathlib import Path

import pytest

from bot import Bot
from bot.errors import EmbedderError
from bot.indexing.build import build_index
from bot.models.reranker import Reranker
from bot.settings import Settings
from tests.places import ESSAYS
from tests.tiny_models import save_tiny_cross_encoder
from tests.toys import ToyEmbedder

pytestmark = pytest.mark.slow

QUESTION = "Which family paid its rent in salt?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_cross_encoder(tmp_path_factory.mktemp("cross"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("index")
    build_index(Settings.load(index=place, llm="quotes"), [ESSAYS], embedder=ToyEmbedder())
    return place


def test_the_first_passages_stand_in_the_order_of_the_reranker(folder: Path, index: Path) -> None:
    settings = Settings.load(index=index, llm="quotes")
    bot = Bot(settings.model_copy(update={"reranker": str(folder)}), ToyEmbedder())
    ranked = bot.search(QUESTION, 50)
    texts = {passage.id: passage.text for passage in bot.index().passages}
    unmerged = [hit.passage.id for hit in ranked if hit.passage.id in texts]
    scores = Reranker(str(folder)).scores(QUESTION, [texts[identity] for identity in unmerged])
    assert len(set(scores)) > 2
    assert scores == sorted(scores, reverse=True)
    assert {hit.passage.essay for hit in ranked} == {
        hit.passage.essay for hit in Bot(settings, ToyEmbedder()).search(QUESTION, 50)
    }
    assert [hit.score for hit in ranked] == sorted((hit.score for hit in ranked), reverse=True)


def test_without_a_reranker_the_order_is_another_one(folder: Path, index: Path) -> None:
    """The raw twin: the tiny model's weights are random, so that its order is not the one of the ranking."""
    settings = Settings.load(index=index, llm="quotes")
    plain = Bot(settings, ToyEmbedder()).search(QUESTION, 50)
    scores = Reranker(str(folder)).scores(QUESTION, [hit.passage.text for hit in plain])
    assert scores != sorted(scores, reverse=True)


def test_a_score_does_not_depend_on_the_other_texts(folder: Path) -> None:
    reranker = Reranker(str(folder))
    alone = [reranker.scores(QUESTION, [text])[0] for text in ("one two three", "bell four")]
    assert reranker.scores(QUESTION, ["one two three", "bell four"]) == pytest.approx(alone, abs=2e-2)


@pytest.mark.parametrize("name", ["no-such-folder", "somebody/no-such-model"])
def test_a_reranker_that_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(EmbedderError, match=f"BOT_RERANKER is '{name}', which cannot be loaded") as raised:
        Reranker(name).load()
    assert "\n" not in str(raised.value)


def test_a_reranker_with_several_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="gives 3 scores for a passage, not one"):
        Reranker(str(save_tiny_cross_encoder(tmp_path, labels=3))).load()
