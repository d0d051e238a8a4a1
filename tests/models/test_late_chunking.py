"""Late chunking with a tiny model made here: its vectors against those worked out from the model's token vectors and weights."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot import Bot
from bot.indexing.build import build_index
from bot.models import embeddings, gemma, late_chunking
from bot.models.embeddings import Embedder
from bot.models.late_chunking import Parts
from bot.retrieval.weights import DEFAULT, Weights
from bot.settings import Settings
from tests.places import ESSAYS
from tests.test_pipeline import assert_sound
from tests.tiny_models import save_tiny_model

pytestmark = pytest.mark.slow

BODY = "one two. three four five. six"
SENTENCES = ((0, 8), (9, 25), (26, 29))
PARTS = Parts("Bell", BODY, SENTENCES)
# [CLS] title : Bell | text : one two . three four five . six [SEP]
TOKENS = [range(7, 15), range(7, 10), range(10, 14), range(14, 15)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def embedder(tiny: Path) -> Embedder:
    embedder = Embedder(str(tiny), tiny / "no-cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings, "number_format", lambda _: _float32())
        embedder.load()
    return embedder


def _float32() -> object:
    import torch

    return torch.float32


def expected(embedder: Embedder, text: str, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """The vectors of groups of tokens of a text, by NumPy from the model's token vectors and the weights in its files."""
    import torch
    from safetensors.numpy import load_file

    model = embedder._loaded()
    with torch.no_grad():
        tokens = model[0](model.tokenizer([text], return_tensors="pt"))["token_embeddings"][0].float().numpy()
    folder = Path(embedder.name)
    first, second = (load_file(folder / name / "model.safetensors") for name in ("2_Dense", "3_Dense"))
    pooled = np.stack([tokens[list(group)].mean(axis=0) for group in groups])
    inner = np.tanh(pooled @ first["linear.weight"].T + first["linear.bias"])
    outer = inner @ second["linear.weight"].T
    return np.asarray(outer / np.linalg.norm(outer, axis=1, keepdims=True))


def encode(embedder: Embedder, *parts: Parts) -> list[np.ndarray]:
    return late_chunking.encode(embedder._loaded(), parts)


def test_vectors_are_the_means_of_the_tokens_of_the_text_and_of_each_sentence(embedder: Embedder) -> None:
    (vectors,) = encode(embedder, PARTS)
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(expected(embedder, f"title: Bell | text: {BODY}", TOKENS), abs=1e-5)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    assert len({row.tobytes() for row in vectors}) == 4


def test_the_title_is_read_and_not_pooled(embedder: Embedder) -> None:
    (vectors,), (other,) = encode(embedder, PARTS), encode(embedder, Parts("Lamp", BODY, SENTENCES))
    assert np.abs(vectors - other).max() > 1e-3  # what is read beside a text changes it
    wrong = expected(embedder, f"title: Bell | text: {BODY}", [range(1, 15)])
    assert np.abs(vectors[0] - wrong[0]).max() > 1e-3


def test_a_sentence_depends_on_the_passage_that_it_stands_in(embedder: Embedder) -> None:
    (alone,), (within,) = encode(embedder, Parts("Bell", "one two.", ((0, 8),))), encode(embedder, PARTS)
    assert alone[0] == pytest.approx(alone[1], abs=1e-6)
    assert np.abs(alone[1] - within[1]).max() > 1e-3


def test_a_batch_gives_each_the_vectors_that_it_has_alone(embedder: Embedder) -> None:
    others = [Parts("Lamp", "five", ((0, 4),)), Parts("", "one two three. four.", ((0, 14), (15, 20))), Parts("Bell", "six", ())]
    together = encode(embedder, PARTS, *others)
    assert [len(rows) for rows in together] == [4, 2, 3, 1]
    for rows, part in zip(together, [PARTS, *others], strict=True):
        assert rows == pytest.approx(encode(embedder, part)[0], abs=1e-5)


def test_a_sentence_that_is_cut_off_or_has_no_token_has_the_vector_of_the_passage(tmp_path: Path, embedder: Embedder) -> None:
    (vectors,) = encode(embedder, Parts("Bell", "one  two", ((0, 3), (3, 5), (5, 8))))
    assert vectors[2].tolist() == vectors[0].tolist()
    short = Embedder(str(save_tiny_model(tmp_path, max_tokens=12)), tmp_path)  # the last of the body's tokens is "three"
    (vectors,) = encode(short, PARTS)
    assert vectors[3].tolist() == vectors[0].tolist()
    assert vectors[2].tolist() != vectors[0].tolist()
    (beyond,) = encode(short, Parts("one " * 20, BODY, SENTENCES))  # the title alone is too long: all that was read is pooled
    assert beyond.tolist() == [beyond[0].tolist()] * 4
    assert np.isfinite(beyond).all()


def test_a_model_without_a_place_for_the_title_reads_it_in_a_line_of_its_own(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = embedder._loaded()
    monkeypatch.setattr(model, "prompts", {"document": "text: "})
    (vectors,) = encode(embedder, PARTS)
    # [CLS] text : Bell one two . …
    groups = [[token - 3 for token in group] for group in TOKENS]
    assert vectors == pytest.approx(expected(embedder, f"text: Bell\n{BODY}", groups), abs=1e-5)


@pytest.mark.parametrize("saved", ["float32", "bfloat16"])
@pytest.mark.parametrize("loaded", ["float32", "bfloat16"])
def test_a_model_with_dense_modules_has_near_the_same_vectors_in_either_number_format(
    saved: str, loaded: str, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(embeddings, "number_format", lambda _: getattr(torch, loaded))
    other = Embedder(str(save_tiny_model(tmp_path, getattr(torch, saved))), tmp_path)
    texts = ["one two. three", "four five", BODY]
    assert other.dimension == embedder.dimension == 16
    for first, second in (
        (other.encode_passages(texts), embedder.encode_passages(texts)),
        (other.encode_query("two three")[None], embedder.encode_query("two three")[None]),
        (encode(other, PARTS)[0], encode(embedder, PARTS)[0]),
    ):
        assert first.dtype == np.float32
        assert np.linalg.norm(first, axis=1) == pytest.approx(np.ones(len(first)), abs=1e-5)
        assert (first * second).sum(axis=1).min() > 0.99


def installed_as_gemma(tiny: Path, cache: Path) -> Embedder:
    """An embedder that takes the tiny model for EmbeddingGemma."""
    gemma.folder(cache).parent.mkdir(parents=True, exist_ok=True)
    gemma.folder(cache).symlink_to(tiny)
    (tiny / "complete.json").write_text(json.dumps({"modules.json": (tiny / "modules.json").stat().st_size}))
    return Embedder(gemma.NAME, cache)


def test_embeddinggemma_is_read_with_late_chunking_and_other_models_text_by_text(
    tiny: Path, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "number_format", lambda _: _float32())
    parts = [Parts("Bell", "six", ((0, 3),)), PARTS]
    steps: list[tuple[str, int, int]] = []
    known = installed_as_gemma(tiny, tmp_path)
    late = dict(known.encode_parts(parts, lambda *step: steps.append(step)))
    assert sorted(late) == [0, 1]
    assert late[1] == pytest.approx(encode(embedder, PARTS)[0], abs=1e-5)
    assert steps[-1] == ("embed", 2, 2)
    alone = dict(embedder.encode_parts(parts))
    assert sorted(alone) == [0, 1]
    for place, part in enumerate(parts):
        assert alone[place] == pytest.approx(embedder.encode_passages(list(part.read_alone())), abs=1e-5)
    assert np.abs(alone[1] - late[1]).max() > 1e-3


def test_the_texts_to_read_alone_are_the_passage_with_its_title_and_each_sentence() -> None:
    assert list(PARTS.read_alone()) == [f"Bell\n{BODY}", "one two.", "three four five.", "six"]
    assert list(Parts("Bell", "six", ()).read_alone()) == ["Bell\nsix"]


def test_any_model_by_folder_ranks_with_the_default_weights(tiny: Path, tmp_path: Path) -> None:
    settings = Settings.load(
        corpus=ESSAYS, index=tmp_path / "index", llm="quotes", embedding_model=str(tiny), cache=tmp_path / "cache"
    )
    report = build_index(settings)
    assert (report.added, report.embedded > 10) == (4, True)
    bot = Bot.open(
        index=settings.index, llm="quotes", embedding_model="", cache=tmp_path / "cache"
    )  # the index names its embedder
    assert bot.embedder.name == str(tiny)
    assert bot.index().weights == Weights.of(DEFAULT)
    essays = {essay.id: essay for essay in bot.essays()}
    for question in ("벌통은 언제 옮기나요?", "How many ships stand in the ledger?"):
        assert len(bot.search(question, 5)) > 1
        assert_sound(bot.ask(question), essays)
