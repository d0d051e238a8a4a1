"""Which embedder is used: the one that is named, else the index's own, else EmbeddingGemma where it can be had, else e5-small."""

import json
from pathlib import Path

import pytest

from bot.errors import ModelError
from bot.messages.text import Text
from bot.models import choice, gemma
from bot.models.embeddings import Embedder
from bot.schema import no_progress

REASON = Text(
    "The model embeddinggemma cannot be fetched: no network.", "embeddinggemma 모델을 받을 수 없습니다: 네트워크가 없습니다."
)


def install(cache: Path, *_: object) -> Path:
    """The folder as it is when it is complete."""
    gemma.folder(cache).mkdir(parents=True)
    (gemma.folder(cache) / "complete.json").write_text(json.dumps({}))
    return gemma.folder(cache)


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemma, "install", install)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Path:
        raise ModelError(REASON)

    monkeypatch.setattr(gemma, "install", fail)


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gemma, "install", lambda *_: pytest.fail("it was fetched"))


def fetched(named: str, made_with: str, cache: Path) -> tuple[Embedder, list[Text]]:
    """The embedder to make an index with, and what was said."""
    said: list[Text] = []
    return choice.fetched(named, made_with, cache, no_progress, said.append), said


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize(
    ("named", "made_with", "expected"),
    [
        ("e5-small", "embeddinggemma", "e5-small"),
        ("acme/model", "", "acme/model"),
        ("embeddinggemma", "e5-small", "embeddinggemma"),
        ("", "acme/model", "acme/model"),
        ("", "e5-small", "e5-small"),
        ("", "embeddinggemma", "embeddinggemma"),  # where it is gone, its own error says how to get it
    ],
)
@pytest.mark.usefixtures("forbidden")
def test_the_named_one_is_opened_else_the_one_that_made_the_index(
    named: str, made_with: str, expected: str, is_there: bool, tmp_path: Path
) -> None:
    if is_there:
        install(tmp_path)
    embedder = choice.chosen(named, made_with, tmp_path)
    assert (embedder.name, embedder.cache, embedder.ready) == (expected, tmp_path, False)


@pytest.mark.usefixtures("forbidden")
def test_without_either_it_is_embeddinggemma_where_that_is_there(tmp_path: Path) -> None:
    assert choice.chosen("", "", tmp_path).name == "e5-small"
    install(tmp_path)
    assert choice.chosen("", "", tmp_path).name == "embeddinggemma"


@pytest.mark.parametrize(
    ("named", "made_with"), [("e5-small", ""), ("", "e5-small"), ("acme/model", "embeddinggemma"), ("", "acme/model")]
)
@pytest.mark.usefixtures("forbidden")
def test_nothing_is_fetched_or_said_where_another_one_is_used(named: str, made_with: str, tmp_path: Path) -> None:
    embedder, said = fetched(named, made_with, tmp_path)
    assert (embedder.name, said) == (named or made_with, [])


@pytest.mark.parametrize(
    ("named", "made_with"), [("", ""), ("embeddinggemma", ""), ("", "embeddinggemma"), ("embeddinggemma", "e5-small")]
)
@pytest.mark.usefixtures("forbidden")
def test_nothing_is_fetched_or_said_where_it_is_there(named: str, made_with: str, tmp_path: Path) -> None:
    install(tmp_path)
    embedder, said = fetched(named, made_with, tmp_path)
    assert (embedder.name, said) == ("embeddinggemma", [])


@pytest.mark.parametrize(("named", "made_with"), [("", ""), ("embeddinggemma", ""), ("", "embeddinggemma")])
@pytest.mark.usefixtures("working")
def test_it_is_fetched_and_its_licence_is_said_in_one_line(named: str, made_with: str, tmp_path: Path) -> None:
    embedder, (line,) = fetched(named, made_with, tmp_path)
    assert embedder.name == "embeddinggemma"
    assert gemma.is_installed(tmp_path)
    assert line.en == (
        "Fetching the embedding model embeddinggemma (1.2 GB; licence: Gemma Terms of Use, https://ai.google.dev/gemma/terms). "
        "BOT_EMBEDDING_MODEL=e5-small does without it."
    )
    assert "https://ai.google.dev/gemma/terms" in line.ko
    assert "\n" not in line.ko


@pytest.mark.parametrize("made_with", ["", "embeddinggemma"])
@pytest.mark.usefixtures("failing")
def test_where_it_cannot_be_fetched_the_bundled_one_is_used_which_is_said(made_with: str, tmp_path: Path) -> None:
    embedder, said = fetched("", made_with, tmp_path)
    assert embedder.name == "e5-small"
    assert [line.en.split()[0] for line in said] == ["Fetching", "The"]
    assert said[1].en == f"{REASON.en} This index is made with e5-small, which is bundled."
    assert said[1].ko == f"{REASON.ko} 이 색인은 내장 모델 e5-small(으)로 만듭니다."


@pytest.mark.usefixtures("failing")
def test_where_it_is_named_and_cannot_be_fetched_nothing_else_is_used(tmp_path: Path) -> None:
    said: list[Text] = []
    with pytest.raises(ModelError, match="no network"):
        choice.fetched("embeddinggemma", "", tmp_path, no_progress, said.append)
    assert len(said) == 1


@pytest.mark.parametrize(
    ("model", "stored", "name"),
    [
        ("intfloat/multilingual-e5-small", "", "e5-small"),
        ("google/embeddinggemma-300m", "", "embeddinggemma"),
        ("acme/model", "", "acme/model"),
        ("model", "/models/model", "/models/model"),  # the fingerprint has a folder's last name only
        ("intfloat/multilingual-e5-small", "e5-small", "e5-small"),
    ],
)
def test_an_index_names_its_embedder(model: str, stored: str, name: str) -> None:
    assert choice.name_of({"model": model, "revision": "1"}, stored) == name


def test_an_index_without_a_fingerprint_names_none() -> None:
    assert choice.name_of({}) == ""
