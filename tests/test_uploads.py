"""Readers' own essays: asked about a moment later, seen by nobody else, and never half there. Real Chroma; one test with the real embedder."""

import shutil
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot import Bot, uploads
from bot.errors import CorpusError, EmbedderError, QuestionError, StoreError
from bot.indexing.build import build_index
from bot.indexing.loader import MAX_FILE_BYTES
from bot.models.embeddings import Embedder
from bot.schema import Note, Skipped
from bot.settings import Settings
from bot.uploads import Uploads
from tests.places import ESSAYS
from tests.toys import ToyEmbedder

ANN, BEN = "a" * 43, "b" * 43
EMPTY = "it contains no text; write some or remove the file", "내용이 없습니다. 글을 쓰거나 파일을 빼 주세요"
SENTENCE = "등대지기 마루는 안개 낀 밤마다 종을 서른세 번 쳤다."


@pytest.fixture(scope="module")
def toy_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the four small essays, made once by an embedder without a model. Not to be written to."""
    index = tmp_path_factory.mktemp("toy") / "index"
    build_index(Settings.load(corpus=ESSAYS, index=index, llm="quotes"), embedder=ToyEmbedder())
    return index


@pytest.fixture
def shared(toy_index: Path, tmp_path: Path) -> Bot:
    """A bot over the four small essays."""
    settings = Settings.load(corpus=ESSAYS, index=toy_index, llm="quotes", data=tmp_path / "data")
    return Bot(settings, ToyEmbedder())


@pytest.fixture
def real_shared(real_index: Settings, tmp_path: Path) -> Bot:
    return Bot.open(index=real_index.index, corpus=real_index.corpus, llm="quotes", data=tmp_path / "data")


def file_of(folder: Path, name: str, text: str) -> tuple[str, Path]:
    path = folder / f"upload{len(list(folder.iterdir()))}"
    path.write_text(text, "utf-8")
    return name, path


@pytest.fixture
def drop(tmp_path: Path) -> Any:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return lambda name, text: file_of(folder, name, text)


@pytest.mark.slow
def test_a_file_is_asked_about_a_moment_later_and_only_by_its_reader(
    real_shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = real_shared
    encoded: list[int] = []
    encode = Embedder.encode_passages

    def counting(self: Embedder, texts: Any, *rest: Any) -> Any:
        encoded.append(len(texts))
        return encode(self, texts, *rest)

    monkeypatch.setattr(Embedder, "encode_passages", counting)
    mine, stages = Uploads(shared), []
    report = mine.add(
        ANN, [drop("등대.md", f"# 등대의 종\n\n{SENTENCE} 아무도 그 까닭을 묻지 않았다.\n")], lambda *told: stages.append(told)
    )
    assert (report.added, report.changed, report.skipped) == (1, 0, ())
    assert 0 < sum(encoded) == report.embedded < 10  # the shared shelf's own are taken over
    assert ("embed", report.embedded, report.embedded) in [tuple(told) for told in stages]
    (essay,) = mine.essays(ANN)
    assert (essay.id, essay.title) == ("mine-등대", "등대의 종")
    answer = mine.bot_for(ANN).ask("등대지기 마루는 종을 몇 번 쳤나요?")
    assert SENTENCE in [citation.quote for citation in answer.citations]
    assert mine.bot_for(ANN).ask("고인돌은 왜 지었나요?").citations
    assert mine.bot_for(ANN).analogies() == shared.analogies()
    assert mine.bot_for(BEN) is mine.bot_for("") is shared
    assert mine.essays(BEN) == []
    assert SENTENCE not in str(shared.ask("등대지기 마루는 종을 몇 번 쳤나요?").to_dict())
    again = Uploads(shared)  # as after a restart
    assert [one.id for one in again.essays(ANN)] == ["mine-등대"]
    assert sum(encoded) == report.embedded  # nor anything at a restart
    again.remove(ANN, "mine-등대")
    assert (again.bot_for(ANN), again.essays(ANN)) == (shared, [])
    assert not list((shared.settings.data / "readers").iterdir())


def test_a_file_of_the_same_name_takes_the_others_place(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    mine.add(
        ANN,
        [
            drop("a.md", "# One\n\nThe first of them speaks of cranes.\n"),
            drop("b.txt", "The second speaks of herons at length.\n"),
        ],
    )
    report = mine.add(ANN, [drop("a.md", "# New\n\nIt now speaks of storks and nothing else.\n")])
    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)
    assert [essay.title for essay in mine.essays(ANN)] == ["New", "b"]
    assert "storks" in mine.essays(ANN)[0].text
    with pytest.raises(QuestionError):
        mine.remove(ANN, "dolmen-rome-ai.ko")
    with pytest.raises(QuestionError):
        mine.remove(BEN, "mine-a")


@pytest.mark.parametrize(
    "name",
    [
        "../../x.md",
        "/etc/x.md",
        "con.md",
        ".hidden.md",
        "가" * 200 + ".md",
        "a\x00b.md",
        "a/b\\c.md",
        "<img src=x>.md",
        "README.md",
        "‮x.md",
        "  .md",
    ],
)
def test_no_name_leaves_the_folder(shared: Bot, drop: Any, name: str) -> None:
    mine = Uploads(shared)
    assert mine.add(ANN, [drop(name, "A sentence about herons stands here, and another one.\n")]).added == 1
    folder = mine._folder(ANN) / "essays"
    (file,) = folder.iterdir()
    assert file.suffix == ".md"
    assert len(file.name.encode()) <= 255
    assert len(mine.essays(ANN)) == 1
    mine.remove(ANN, mine.essays(ANN)[0].id)


def test_what_is_no_essay_is_named_and_not_kept(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    good, empty = drop("good.md", "A sentence about herons stands here.\n"), drop("empty.md", "   \n")
    name, path = drop("photo.png", "x")
    report = mine.add(ANN, [(name, path), good, empty])
    assert report.added == 1
    assert {one.path for one in report.skipped} == {"empty.md", "photo.png"}
    assert [file.name for file in (mine._folder(ANN) / "essays").iterdir()] == ["good.md"]
    twin = mine.add(ANN, [drop("twin.md", "A sentence about herons stands here.\n")])
    reasons = "it has the same text as good.md; remove one of the two", "good.md 파일과 내용이 같습니다. 둘 중 하나를 빼 주세요"
    assert twin.skipped == (Skipped("twin.md", *reasons),)
    alone = mine.add(BEN, [empty])
    assert (alone.added, alone.skipped, mine.essays(BEN)) == (0, (Skipped("empty.md", *EMPTY),), [])


def test_how_a_file_was_read_is_told_once(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    note = Note("a.md", "left out 2 invisible characters", "보이지 않는 글자 2개를 뺐습니다")
    assert mine.add(ANN, [drop("a.md", "A sentence\u200b about\u200b herons stands here.\n")]).notes == (note,)
    assert mine.add(ANN, [drop("b.md", "A sentence about storks stands here.\n")]).notes == ()


def test_the_limits_are_told_and_nothing_is_lost(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Uploads(shared)
    mine.add(ANN, [drop("kept.md", "A sentence about herons stands here.\n")])
    with pytest.raises(CorpusError, match="more than 10 at once"):
        mine.add(ANN, [drop(f"{number}.md", f"Number {number} is a sentence.\n") for number in range(11)])
    name, path = drop("large.md", "x")
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(CorpusError, match="larger than 20 MB"):
        mine.add(ANN, [(name, path)])
    monkeypatch.setattr(uploads, "MAX_FILES", 1)
    with pytest.raises(CorpusError, match="more than 1 files"):
        mine.add(ANN, [drop("second.md", "Another sentence stands here.\n")])
    with pytest.raises(StoreError, match="cookies"):
        mine.add("", [drop("x.md", "A sentence.\n")])
    assert [essay.title for essay in mine.essays(ANN)] == ["kept"]


def test_an_add_that_fails_half_way_leaves_the_shelf_as_it_was(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Uploads(shared)
    mine.add(ANN, [drop("kept.md", f"{SENTENCE}\n")])

    def failing(*_: Any) -> Any:
        raise EmbedderError("The model is away.")

    with monkeypatch.context() as broken:
        broken.setattr(ToyEmbedder, "encode_passages", failing)
        with pytest.raises(EmbedderError):
            mine.add(ANN, [drop("more.md", "Another sentence, of which nothing is known yet.\n")])
    for one in (mine, Uploads(shared)):
        assert [essay.title for essay in one.essays(ANN)] == ["kept"]
        assert SENTENCE in [citation.quote for citation in one.bot_for(ANN).ask("마루는 종을 몇 번 쳤나요?").citations]


def test_a_crash_between_two_renames_is_mended(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    mine.add(ANN, [drop("kept.md", f"{SENTENCE}\n")])
    folder = mine._folder(ANN)
    (folder / "essays").rename(folder / "essays.old")
    shutil.copytree(folder / "essays.old", folder / "essays.new")
    after = Uploads(shared)
    assert [essay.title for essay in after.essays(ANN)] == ["kept"]
    assert not (folder / "essays.old").exists()


def test_an_index_that_is_damaged_does_not_silence_the_shared_shelf(
    shared: Bot, drop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mine = Uploads(shared)
    mine.add(ANN, [drop("kept.md", f"{SENTENCE}\n")])
    index = mine._folder(ANN) / "index"
    shutil.rmtree(index)
    index.write_text("no index")
    after = Uploads(shared)
    assert after.bot_for(ANN) is shared
    assert "left out" in caplog.text


def test_readers_side_by_side_keep_to_themselves(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    files = [
        drop("note.md", f"The canary of reader {number} is called Tweety{number}, and it sings at dawn.\n") for number in range(6)
    ]

    def work(number: int) -> str:
        reader = f"{number:043d}"
        mine.add(reader, [files[number]])
        return str(mine.bot_for(reader).ask("What is the canary called that sings at dawn?").to_dict())

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(work, range(6)))
    for number, text in enumerate(told):
        assert {other for other in range(6) if f"Tweety{other}" in text} == {number}


def test_only_so_many_shelves_stay_open(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_OPEN_READERS", 1)
    mine = Uploads(shared)
    for number in range(2):
        mine.add(f"{number:043d}", [drop("n.md", f"A sentence about heron number {number}.\n")])
    assert len(mine._open) == 1
    assert len(mine.essays(f"{0:043d}")) == 1


def text_of(number: int) -> str:
    return f"A sentence about heron number {number} stands here.\n"


def test_two_files_that_differ_in_their_suffix_are_two_essays_and_each_can_be_removed(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    report = mine.add(ANN, [drop("a.md", text_of(1)), drop("a.txt", text_of(2))])
    assert (report.added, report.changed) == (2, 0)
    assert report.notes == (
        Note("a 2.txt", "stored under this name; it was given as a.txt", "a.txt(으)로 올린 파일을 이 이름으로 보관했습니다"),
    )
    assert sorted(essay.id for essay in mine.essays(ANN)) == ["mine-a", "mine-a-2"]
    again = mine.add(ANN, [drop("a.txt", text_of(3))])  # takes the place of the second one
    assert (again.added, again.changed, again.unchanged) == (0, 1, 1)
    mine.remove(ANN, "mine-a-2")
    assert [(essay.id, essay.text.strip()) for essay in mine.essays(ANN)] == [("mine-a", text_of(1).strip())]
    mine.remove(ANN, "mine-a")
    assert mine.essays(ANN) == []


def test_two_files_of_one_name_in_one_upload_are_both_kept(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    report = mine.add(ANN, [drop("note.md", text_of(1)), drop("note.md", text_of(2)), drop("note.md", text_of(3))])
    assert (report.added, report.skipped) == (3, ())
    assert [note.path for note in report.notes] == ["note 2.md", "note 3.md"]
    assert {essay.text.strip() for essay in mine.essays(ANN)} == {text_of(number).strip() for number in (1, 2, 3)}
    for identity in ("mine-note-2", "mine-note", "mine-note-3"):
        mine.remove(ANN, identity)
    assert mine.essays(ANN) == []


def test_files_that_version_0_1_0_stored_under_one_slug_can_each_be_removed(shared: Bot) -> None:
    mine = Uploads(shared)
    folder = mine._folder(ANN) / "essays"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text(text_of(1))
    (folder / "a.txt").write_text(text_of(2))
    assert sorted(essay.id for essay in mine.essays(ANN)) == ["mine-a", "mine-a-2"]
    mine.remove(ANN, "mine-a-2")
    assert [essay.text.strip() for essay in mine.essays(ANN)] == [text_of(1).strip()]


def test_an_id_that_the_shared_collection_has_gives_the_own_essay_another(tmp_path: Path, drop: Any) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "mine-a.md").write_text(text_of(7))
    settings = Settings.load(corpus=corpus, index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    build_index(settings, embedder=ToyEmbedder())
    mine = Uploads(Bot(settings, ToyEmbedder()))
    assert mine.add(ANN, [drop("a.md", text_of(1))]).added == 1
    assert [essay.id for essay in mine.essays(ANN)] == ["mine-mine-a"]
    assert {essay.id for essay in mine.bot_for(ANN).essays()} == {"mine-a", "mine-mine-a"}
    with pytest.raises(QuestionError):
        mine.remove(ANN, "mine-a")
    mine.remove(ANN, "mine-mine-a")
    assert mine.essays(ANN) == []


def test_more_readers_than_may_stay_open_ask_at_once(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_OPEN_READERS", 2)
    mine = Uploads(shared)
    readers = [f"{number:043d}" for number in range(5)]
    for number, reader in enumerate(readers):
        mine.add(reader, [drop("n.md", text_of(number))])

    def ask(turn: int) -> set[str]:
        return {essay.text.strip() for essay in mine.essays(readers[turn % 5])}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(60)))
    assert found == [{text_of(turn % 5).strip()} for turn in range(60)]
    assert len(mine._open) <= 2


def test_the_open_readers_are_moved_under_their_lock(shared: Bot) -> None:
    """Between a look and a move another thread may let the reader go: the lock is held for both."""
    mine = Uploads(shared)
    held: list[bool] = []

    class Watched(OrderedDict[str, Any]):
        def get(self, *arguments: Any) -> Any:
            held.append(mine._lock.locked())
            return super().get(*arguments)

        def move_to_end(self, *arguments: Any, **named: Any) -> None:
            held.append(mine._lock.locked())
            super().move_to_end(*arguments, **named)

    mine._open = Watched()
    mine._keep_open("x", None)  # type: ignore[arg-type]
    mine._lookup("x")
    assert held
    assert all(held)


def test_invented_readers_leave_neither_folders_nor_locks(shared: Bot, drop: Any) -> None:
    mine = Uploads(shared)
    for number in range(5_000):
        assert mine.bot_for(f"{number:043d}") is shared
    assert mine.add(ANN, [drop("empty.md", "  \n")]).added == 0
    with pytest.raises(QuestionError):
        mine.remove(BEN, "mine-a")
    assert list((shared.settings.data / "readers").iterdir()) == []
    assert len(mine._locks) == 0
