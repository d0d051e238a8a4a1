"""LangChain's own standard tests, run on the real embedder and on the retriever over a real index."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from bot import Bot
from bot.indexing.build import build_index
from bot.models.embeddings import Embedder
from bot.settings import Settings
from tests.places import ESSAYS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The bundled model, which is loaded once."""
    return Embedder("", Settings.load().cache)


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Bot:
    """A bot with an index of tests/essays, made by the real embedder."""
    settings = Settings.load(corpus=ESSAYS, index=tmp_path_factory.mktemp("standard") / "index", llm="quotes")
    build_index(settings, embedder=embedder)
    return Bot(settings, embedder)


class _Embedder:
    """The class under test and how it is made."""

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return Embedder

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "", "cache": Settings.load().cache}


class TestEmbedderUnit(_Embedder, EmbeddingsUnitTests):
    """Without loading the model."""


class TestEmbedder(_Embedder, EmbeddingsIntegrationTests):
    """With the model."""

    @pytest.fixture
    def model(self, embedder: Embedder) -> Embeddings:
        return embedder


class TestRetriever(RetrieversIntegrationTests):
    """`Bot.as_retriever`."""

    @pytest.fixture(autouse=True)
    def _made_by(self, bot: Bot) -> None:
        self.bot = bot

    @property
    def retriever_constructor(self) -> Callable[..., BaseRetriever]:  # type: ignore[override]
        return self.bot.as_retriever

    @property
    def retriever_query_example(self) -> str:
        return "벌통은 언제 옮기나요?"
