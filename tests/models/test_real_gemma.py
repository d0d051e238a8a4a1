"""EmbeddingGemma itself, over the four essays of tests/essays: built, asked in both languages, and its vectors compared."""

from pathlib import Path

import numpy as np
import pytest

from bot import Bot
from bot.indexing.build import build_index
from bot.models import gemma
from bot.models.embeddings import Embedder
from bot.models.late_chunking import Parts
from bot.schema import Report
from bot.settings import Settings
from tests.places import ESSAYS
from tests.test_pipeline import assert_sound

pytestmark = pytest.mark.slow

# A question and the essay that answers it; in the second half the essay is in the other language.
QUESTIONS = [
    ("벌통은 언제 옮기나요?", "bees.ko"),
    ("종탑의 종은 왜 정오에 열한 번만 치나요?", "bell-tower.ko"),
    ("How many ships stand in Ada Morrow's ledger?", "lighthouse.en"),
    ("Which family paid its rent in salt?", "salt-road"),
    ("등대지기는 배를 몇 척이나 세었나요?", "lighthouse.en"),
    ("소금으로 세를 낸 집안은 어디인가요?", "salt-road"),
    ("When should a beehive be moved?", "bees.ko"),
    ("Why does the bell ring only eleven times?", "bell-tower.ko"),
]


@pytest.fixture(scope="module")
def embedder(gemma_cache: Path) -> Embedder:
    return Embedder(gemma.NAME, gemma_cache)


@pytest.fixture(scope="module")
def settings(gemma_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """No embedder is named."""
    index = tmp_path_factory.mktemp("gemma") / "index"
    return Settings.load(corpus=ESSAYS, index=index, llm="quotes", embedding_model="", cache=gemma_cache)


@pytest.fixture(scope="module")
def built(settings: Settings, embedder: Embedder) -> Report:
    return build_index(settings, embedder=embedder)


@pytest.fixture(scope="module")
def bot(settings: Settings, embedder: Embedder, built: Report) -> Bot:
    return Bot(settings, embedder)


def test_an_index_is_built_with_it_and_names_it(built: Report, bot: Bot, embedder: Embedder, settings: Settings) -> None:
    manifest = bot.index().parts[0].snapshot.manifest
    assert (built.added, built.embedded, manifest.embedder, manifest.dimension) == (4, manifest.windows, "embeddinggemma", 768)
    assert {**manifest.fingerprint, "splitter": ""} == {**embedder.fingerprint, "splitter": ""}
    assert embedder.fingerprint["revision"] == "cbf5a78393b6-v1"
    assert Bot(settings).embedder.name == "embeddinggemma"  # it is the default where it is there


@pytest.mark.parametrize(("question", "essay"), QUESTIONS)
def test_the_essay_that_answers_is_found_first_in_either_language(question: str, essay: str, bot: Bot) -> None:
    assert bot.search(question, 5)[0].passage.essay == essay
    answer = bot.ask(question)
    assert_sound(answer, {one.id: one for one in bot.essays()})
    assert essay in {citation.essay for citation in answer.citations} | {passage.essay for passage in answer.nearest}


def test_a_passage_read_for_its_sentences_has_the_vector_that_it_has_alone(bot: Bot, embedder: Embedder) -> None:
    """Alone it is read by sentence-transformers, which leaves the prompt out of the mean as late chunking does."""
    essays = bot.index().essays
    parts = [
        Parts(essays[passage.essay].title, passage.text, ((0, 40),))
        for passage in bot.index().passages
        if len(passage.text) > 150
    ]
    late = dict(embedder.encode_parts(parts))
    model = embedder._loaded()
    model.set_pooling_include_prompt(False)
    try:
        alone = [
            model.encode(part.body, prompt=f"title: {part.title} | text: ", show_progress_bar=False, normalize_embeddings=True)
            for part in parts
        ]
    finally:
        model.set_pooling_include_prompt(True)
    assert len(parts) > 3
    assert (
        min(float(late[place][0] @ alone[place]) for place in range(len(parts))) > 0.98
    )  # it counts the end of the text as a token
    assert max(float(late[place][0] @ late[place][1]) for place in range(len(parts))) < 0.99  # a sentence's vector is its own


def test_vectors_have_length_one_and_do_not_depend_on_the_batch(embedder: Embedder) -> None:
    parts = [
        Parts("종", "종은 밤에 울린다. 아무도 듣지 않는다.", ((0, 10), (11, 22))),
        Parts("Bell", "The bell rings at noon.", ()),
    ]
    together, alone = dict(embedder.encode_parts(parts)), dict(embedder.encode_parts(parts[:1]))
    assert np.linalg.norm(together[0], axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert (together[0] * alone[0]).sum(axis=1).min() > 0.999
