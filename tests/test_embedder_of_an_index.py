"""An index names the embedder that made it, and is opened with that one; with another one it is refused in one line."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ingest
from bot import Bot
from bot.errors import EmbedderError, IndexMismatch, ModelError
from bot.indexing.build import build_index, made_with
from bot.indexing.repair import embedder_for, repair
from bot.messages.text import Text
from bot.models import choice, gemma
from bot.models.embeddings import Embedder
from bot.retrieval import weights
from bot.schema import Progress, no_progress
from bot.settings import Settings
from bot.store import Manifest, Store, open_store
from bot.store.manifest import _seal
from bot.ui.view_handlers import ViewHandlers
from bot.uploads import Uploads
from tests.places import ESSAYS
from tests.test_pipeline import Named
from tests.toys import ToyEmbedder

READER = "a" * 43
QUESTION, WORDS = "How many ships stand in Ada Morrow's ledger?", "48,116"


class Other(ToyEmbedder):
    """A toy of another name with another fingerprint. It ranks with the same weights."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "other"

    @property
    def fingerprint(self) -> dict[str, str]:
        return {**super().fingerprint, "model": "other"}


EMBEDDERS: dict[str, Callable[[], Embedder]] = {"toy": ToyEmbedder, "other": Other, "e5-small": Named}


@pytest.fixture(autouse=True)
def embedders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The toys are opened by their names; the names that were opened."""
    opened: list[str] = []

    def open_embedder(name: str, cache: Path) -> Embedder:
        opened.append(name)
        return EMBEDDERS[name]() if name in EMBEDDERS else Embedder(name, cache)

    monkeypatch.setattr(choice, "Embedder", open_embedder)
    monkeypatch.setitem(weights._read(), "other", weights._read()["toy"])
    return opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """No embedder is named. The index was made by the toy."""
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index", llm="quotes", embedding_model="", cache=tmp_path / "cache")
    build_index(settings, embedder=ToyEmbedder())
    return settings


def store_of(settings: Settings) -> Store:
    return open_store(settings.index)


def remake(settings: Settings, embedder: Embedder) -> None:
    assert build_index(settings, embedder=embedder).changed == 4


def manifest_path(settings: Settings) -> Path:
    return settings.index / f"{store_of(settings).current()}" / "manifest.json"


def rewrite_manifest(settings: Settings, fields: dict[str, object]) -> None:
    manifest_path(settings).write_text(json.dumps({**fields, "seal": _seal(fields)}, ensure_ascii=False), encoding="utf-8")


def read_manifest(settings: Settings) -> dict[str, object]:
    fields: dict[str, object] = json.loads(manifest_path(settings).read_text(encoding="utf-8"))
    del fields["seal"]
    return fields


def test_the_manifest_names_the_embedder(settings: Settings) -> None:
    manifest = store_of(settings).manifest()
    assert manifest is not None
    assert (manifest.embedder, manifest.fingerprint["model"]) == ("toy", "toy")
    assert made_with(store_of(settings)) == "toy"
    assert Manifest.from_json(manifest.to_json(), "x") == manifest


def test_an_index_is_opened_with_the_embedder_that_made_it(settings: Settings, embedders: list[str]) -> None:
    bot = Bot(settings)
    assert WORDS in bot.ask(QUESTION).text
    assert bot.embedder.name == "toy"
    assert set(embedders) == {"toy"}


def test_a_manifest_without_the_name_still_opens_and_is_known_by_its_fingerprint(settings: Settings) -> None:
    fields = read_manifest(settings)
    assert fields.pop("embedder") == "toy"
    rewrite_manifest(settings, fields)
    manifest = store_of(settings).checked()
    assert manifest is not None
    assert manifest.embedder == ""
    assert made_with(store_of(settings)) == "toy"
    assert WORDS in Bot(settings).ask(QUESTION).text
    assert build_index(settings, embedder=ToyEmbedder()).unchanged == 4  # and is not made anew


def test_another_embedder_than_the_named_one_is_refused_with_the_command(settings: Settings, embedders: list[str]) -> None:
    named = settings.model_copy(update={"embedding_model": "other"})
    bot = Bot(named)
    for _ in range(2):
        with pytest.raises(IndexMismatch) as caught:
            bot.ask(QUESTION)
        assert (
            str(caught.value) == "The index was made with model 'toy', but now it is 'other'. Run: python -m bot doctor --repair"
        )
        assert "\n" not in caught.value.text("ko")
        assert "python -m bot doctor --repair" in caught.value.text("ko")
    assert bot.embedder.name == "other"
    remake(named, Other())
    assert WORDS in bot.ask(QUESTION).text


def test_an_index_that_is_made_anew_is_opened_with_its_new_embedder(settings: Settings) -> None:
    bot = Bot(settings)
    first = bot.ask(QUESTION)
    assert bot.similar("A bell rings.", ["A bell rings."]) == [pytest.approx(1, abs=1e-5)]
    remake(settings, Other())
    second = bot.ask(QUESTION)
    assert bot.embedder.name == "other"
    assert second.citations == first.citations
    assert bot.index().parts[0].snapshot.manifest.embedder == "other"
    remake(settings, ToyEmbedder())
    assert bot.ask(QUESTION).citations == first.citations
    assert bot.embedder.name == "toy"


def named_collection(settings: Settings, name: str, embedder: Embedder) -> None:
    """A collection of the same essays, made by another embedder."""
    assert build_index(settings.model_copy(update={"collection": name}), embedder=embedder).added == 4


def test_each_collection_is_opened_with_the_embedder_that_made_it(settings: Settings) -> None:
    for name in ("notes", "letters"):
        named_collection(settings, name, Other())
    bot = Bot(settings)
    notes = bot.of_collection("notes")
    assert (bot.embedder.name, notes.embedder.name) == ("toy", "other")
    assert WORDS in notes.ask(QUESTION).text
    assert WORDS in bot.ask(QUESTION).text
    assert bot.of_collection("letters").embedder is notes.embedder  # one of each name is loaded
    assert notes.of_collection("").embedder is bot.embedder
    remake(settings.model_copy(update={"collection": "notes"}), ToyEmbedder())
    assert WORDS in notes.ask(QUESTION).text
    assert notes.embedder is bot.embedder


def test_a_collection_of_another_embedder_than_the_named_one_is_refused(settings: Settings) -> None:
    named_collection(settings, "notes", Other())
    notes = Bot(settings.model_copy(update={"embedding_model": "toy"})).of_collection("notes")
    with pytest.raises(IndexMismatch, match=r"made with model 'other', but now it is 'toy'\."):
        notes.ask(QUESTION)


def test_own_essays_stand_beside_collections_of_two_embedders_and_are_embedded_once_for_each(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named_collection(settings, "notes", Other())
    embedded: list[str] = []
    encode = ToyEmbedder.encode_passages

    def counting(self: ToyEmbedder, texts: Sequence[str], progress: Progress = no_progress) -> np.ndarray:
        embedded.extend(f"{self.name}: {text}" for text in texts if "Quillon" in text)
        return encode(self, texts, progress)

    monkeypatch.setattr(ToyEmbedder, "encode_passages", counting)
    (tmp_path / "own.md").write_text("The ferry at Quillon took nine goats.", encoding="utf-8")
    uploads = Uploads(Bot(settings.model_copy(update={"data": tmp_path / "data"})))
    uploads.add(READER, [("own.md", tmp_path / "own.md")])
    for _ in range(2):
        for collection, name in (("", "toy"), ("notes", "other")):
            bot = uploads.bot_for(READER, collection)
            assert bot.embedder.name == name
            assert "nine goats" in bot.ask("How many goats did the ferry at Quillon take?").text
            assert WORDS in bot.ask(QUESTION).text
    assert {line.partition(":")[0] for line in embedded} == {"toy", "other"}
    assert len(embedded) == len(set(embedded))
    remake(settings.model_copy(update={"collection": "notes"}), ToyEmbedder())
    bot = uploads.bot_for(READER, "notes")
    assert "nine goats" in bot.ask("How many goats did the ferry at Quillon take?").text
    assert bot.embedder.name == "toy"


def test_the_page_says_which_embedder_made_the_chosen_collection(settings: Settings) -> None:
    named_collection(settings, "notes", Other())
    nothing: Any = None  # no chat is read
    handlers = ViewHandlers(Uploads(Bot(settings)), nothing, nothing, Path())
    assert "with the embedding model toy." in handlers.embedder_note(None)
    assert "with the embedding model other." in handlers.embedder_note(None, "notes")
    assert "No collection is called" in handlers.embedder_note(None, "none")


def test_a_damaged_index_is_repaired_with_the_embedder_that_made_it(settings: Settings) -> None:
    remake(settings, Other())
    manifest_path(settings).write_text("{", encoding="utf-8")
    assert made_with(store_of(settings)) == ""  # what is published says nothing
    assert embedder_for(settings).name == "toy"  # the generation before does
    assert "rebuilt" in str(repair(settings, embedder_for(settings)))
    assert WORDS in Bot(settings).ask(QUESTION).text
    assert embedder_for(settings.model_copy(update={"embedding_model": "other"})).name == "other"


def test_it_is_not_where_one_is_named(settings: Settings) -> None:
    bot = Bot(settings.model_copy(update={"embedding_model": "toy"}))
    assert WORDS in bot.ask(QUESTION).text
    remake(settings, Other())
    with pytest.raises(
        IndexMismatch, match=r"made with model 'other', but now it is 'toy'\. Run: python -m bot doctor --repair$"
    ):
        bot.ask(QUESTION)


def test_an_index_of_another_splitter_names_no_embedder(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has to be made anew anyway, so that the default may be used."""
    monkeypatch.setattr("bot.indexing.splitter.VERSION", "other")
    assert made_with(store_of(settings)) == ""
    with pytest.raises(IndexMismatch, match=r"python -m bot doctor --repair$"):
        Bot(settings).ask(QUESTION)


def test_without_an_index_none_is_named(tmp_path: Path) -> None:
    assert made_with(open_store(tmp_path / "none")) == ""


def test_a_damaged_index_names_no_embedder(settings: Settings) -> None:
    manifest_path(settings).write_text("{", encoding="utf-8")
    assert made_with(store_of(settings)) == ""


def test_an_embedder_that_is_gone_is_one_line_with_what_to_set(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = settings.index.parent / "models" / "mine"
    rewrite_manifest(settings, {**read_manifest(settings), "embedder": str(gone)})
    with pytest.raises(EmbedderError) as caught:
        Bot(settings).ask(QUESTION)
    line = f"There is no folder '{gone}' with an embedding model. Set BOT_EMBEDDING_MODEL to a sentence-transformers model"
    assert str(caught.value).startswith(line)
    assert "e5-small" in str(caught.value)
    assert "\n" not in str(caught.value)
    for name, value in (("BOT_INDEX", settings.index), ("BOT_CORPUS", ESSAYS), ("BOT_EMBEDDING_MODEL", "")):
        monkeypatch.setenv(name, str(value))
    assert ingest.main([]) == 1
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert output.err.startswith(line)
    assert ingest.main(["--embedding-model", "other"]) == 0  # the remedy
    assert WORDS in Bot(settings).ask(QUESTION).text


@pytest.mark.parametrize("own", [False, True], ids=["no index", "index of the bundled one"])
def test_an_ingest_without_a_network_says_so_in_two_lines_and_uses_the_bundled_embedder(
    own: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Path:
        raise ModelError(Text("The model embeddinggemma cannot be fetched: no network.", "받을 수 없습니다."))

    monkeypatch.setattr(gemma, "install", fail)
    values = {"BOT_INDEX": "index", "BOT_CORPUS": str(ESSAYS), "BOT_EMBEDDING_MODEL": "", "BOT_CACHE": "cache"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    if own:
        assert ingest.main(["--embedding-model", "e5-small"]) == 0
        capsys.readouterr()
        shutil.copytree(ESSAYS, "essays")
        Path("essays/new.md").write_text("A new one.", encoding="utf-8")
        monkeypatch.setenv("BOT_CORPUS", "essays")
    assert ingest.main([]) == 0
    output = capsys.readouterr()
    if own:  # an index keeps its embedder: nothing is fetched for it
        assert output.err == ""
        assert output.out.startswith("added 1 changed 0")
        return
    assert output.err.splitlines() == [
        "Fetching the embedding model embeddinggemma (1.2 GB; licence: Gemma Terms of Use, https://ai.google.dev/gemma/terms). "
        "BOT_EMBEDDING_MODEL=e5-small does without it.",
        "The model embeddinggemma cannot be fetched: no network. This index is made with e5-small, which is bundled.",
    ]
    assert output.out.startswith("added 4 changed 0")
