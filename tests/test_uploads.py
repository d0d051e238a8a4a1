"""Readers' own essays: searched at once, by their reader only, and never half added. Real Chroma; one test with the real embedder."""

import re
import shutil
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot import Bot, upload_files, uploads
from bot.errors import CorpusError, EmbedderError, IndexMissing, QuestionError, SettingsError, StoreError
from bot.indexing.build import build_index
from bot.indexing.loader import MAP_FILE, MAX_FILE_BYTES
from bot.messages.text import Text
from bot.models.embeddings import Embedder
from bot.schema import Note, Skipped
from bot.settings import Settings
from bot.store import open_store
from bot.uploads import Uploads
from tests.places import ESSAYS
from tests.ramdisk import ram_folder
from tests.test_pipeline import MAP, QUOTE
from tests.toys import ToyEmbedder

ANN, BEN = "a" * 43, "b" * 43
EMPTY = Text("it contains no text; write some or remove the file", "내용이 없습니다. 글을 쓰거나 파일을 빼 주세요")
SENTENCE = "등대지기 마루는 안개 낀 밤마다 종을 서른세 번 쳤다."


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """An empty folder in memory, in place of pytest's on the disk."""
    with ram_folder() as folder:
        yield folder


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
def real_shared(tmp_path: Path) -> Bot:
    """A bot over the four small essays and a map with one analogy, with the real embedder."""
    corpus = tmp_path / "corpus"
    shutil.copytree(ESSAYS, corpus)
    (corpus / MAP_FILE).write_text(MAP.replace("QUOTE", QUOTE), "utf-8")
    settings = Settings.load(corpus=corpus, index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    build_index(settings)
    return Bot.open(**settings.model_dump())


def file_of(folder: Path, name: str, text: str) -> tuple[str, Path]:
    path = folder / f"upload{len(list(folder.iterdir()))}"
    path.write_text(text, "utf-8")
    return name, path


@pytest.fixture
def drop(tmp_path: Path) -> Any:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return lambda name, text: file_of(folder, name, text)


def test_the_own_index_holds_the_own_essays_only_and_outlives_a_new_shared_one(drop: Any, tmp_path: Path) -> None:
    """Ranks as one index over both would; a new shared generation is searched at once, and nothing of the reader's is written again."""
    corpus, toy = tmp_path / "corpus", ToyEmbedder()
    shutil.copytree(ESSAYS, corpus)
    settings = Settings.load(corpus=corpus, index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    build_index(settings, embedder=toy)
    uploads = Uploads(Bot(settings, toy))
    uploads.add(ANN, [drop("lamp.md", f"# Lamp\n\n{SENTENCE} The lamp burned whale oil until 1871.\n")])
    (folder,) = (tmp_path / "data" / "readers").iterdir()
    store = open_store(folder / "index")
    before = store.manifest()
    assert before is not None
    assert list(before.essays) == ["mine-lamp"]
    union = tmp_path / "union"
    shutil.copytree(ESSAYS, union)
    shutil.copy(folder / "essays" / "lamp.md", union / "mine-lamp.md")
    whole = Settings.load(corpus=union, index=tmp_path / "whole", llm="quotes")
    build_index(whole, embedder=toy)
    for question in ("What oil did the lamp burn until 1871?", "벌통은 언제 옮기나요?"):
        expected = [(hit.passage.essay, hit.passage.text) for hit in Bot(whole, toy).search(question, 3)]
        assert [(hit.passage.essay, hit.passage.text) for hit in uploads.bot_for(ANN).search(question, 3)] == expected
    (corpus / "sextant.md").write_text("# Sextant\n\nThe sextant hung beside the astrolabe of Magellan.\n")
    build_index(settings, embedder=toy)
    assert uploads.bot_for(ANN).search("Where did the sextant hang?", 1)[0].passage.essay == "sextant"
    assert store.manifest() == before


def test_own_essays_stand_beside_every_collection_and_no_collection_beside_another(drop: Any, tmp_path: Path) -> None:
    settings = Settings.load(index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    for name, text in (("", "The sextant hung in the hall."), ("notes", "The kettle sang in the kitchen.")):
        path = tmp_path / f"essays{name}" / f"shared{name}.md"
        path.parent.mkdir()
        path.write_text(text)
        build_index(settings.model_copy(update={"collection": name}), [path.parent], embedder=ToyEmbedder())
    uploads = Uploads(Bot(settings, ToyEmbedder()))
    assert uploads.collections() == ["", "notes"]
    assert uploads.bot_for("", "notes") is uploads.bot_for(ANN, " Notes ")
    assert uploads.bot_for(ANN) is uploads.bot_for(ANN, "default") is uploads.bot_for(ANN, "기본")
    uploads.add(ANN, [drop("lamp.md", SENTENCE)])
    for _ in range(2):
        for collection, ids in ((None, ["mine-lamp", "shared"]), ("notes", ["mine-lamp", "sharednotes"])):
            assert [essay.id for essay in uploads.bot_for(ANN, collection).essays()] == ids
            assert [essay.id for essay in uploads.essays(ANN, collection)] == ["mine-lamp"]
            assert [essay.id for essay in uploads.bot_for(BEN, collection).essays()] == ids[1:]
        assert uploads.bot_for(ANN, "notes") is uploads.bot_for(ANN, "notes")
    uploads.add(ANN, [drop("oar.md", "The oar lay in the sand.")])
    assert [essay.id for essay in uploads.essays(ANN, "notes")] == ["mine-lamp", "mine-oar"]
    assert uploads.bot_for(ANN, "notes").search("The kettle sang", 1)[0].passage.essay == "sharednotes"
    uploads.remove(ANN, "mine-lamp")
    uploads.remove(ANN, "mine-oar")
    assert [essay.id for essay in uploads.bot_for(ANN, "notes").essays()] == ["sharednotes"]


def test_the_id_of_an_own_essay_differs_from_those_of_every_collection(drop: Any, tmp_path: Path) -> None:
    settings = Settings.load(index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    for name, file in (("", "a.md"), ("notes", "mine-lamp.md")):
        path = tmp_path / f"essays{name}" / file
        path.parent.mkdir()
        path.write_text(f"The essay {file} is shared.")
        build_index(settings.model_copy(update={"collection": name}), [path.parent], embedder=ToyEmbedder())
    uploads = Uploads(Bot(settings, ToyEmbedder()))
    uploads.add(ANN, [drop("lamp.md", SENTENCE)])
    assert [essay.id for essay in uploads.bot_for(ANN, "notes").essays()] == ["mine-lamp", "mine-mine-lamp"]
    assert [essay.id for essay in uploads.essays(ANN)] == ["mine-mine-lamp"]


@pytest.mark.parametrize(("name", "error"), [("none", IndexMissing), ("../x", SettingsError)])
def test_a_collection_that_there_is_not_is_an_error(name: str, error: type[Exception], shared: Bot) -> None:
    with pytest.raises(error):
        Uploads(shared).bot_for("", name)


@pytest.mark.slow
def test_an_added_file_is_searched_at_once_and_by_its_reader_only(
    real_shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = real_shared
    encoded: list[int] = []
    encode = Embedder.encode_passages

    def counting(self: Embedder, texts: Any, *rest: Any) -> Any:
        encoded.append(len(texts))
        return encode(self, texts, *rest)

    monkeypatch.setattr(Embedder, "encode_passages", counting)
    own, stages = Uploads(shared), []
    report = own.add(
        ANN,
        [drop("등대.md", f"# 등대의 종\n\n{SENTENCE} 아무도 그 까닭을 묻지 않았다.\n")],
        lambda *progress: stages.append(progress),
    )
    assert (report.added, report.changed, report.skipped) == (1, 0, ())
    assert 0 < sum(encoded) == report.embedded < 10  # the vectors of the shared index are reused
    assert [progress for progress in stages if progress[0] == "embed"] == [("embed", 1, 1)]  # one passage
    (essay,) = own.essays(ANN)
    assert (essay.id, essay.title) == ("mine-등대", "등대의 종")
    answer = own.bot_for(ANN).ask("등대지기 마루는 종을 몇 번 쳤나요?")
    assert SENTENCE in [citation.quote for citation in answer.citations]
    assert own.bot_for(ANN).ask("벌통은 언제 옮기나요?").citations[0].essay == "bees.ko"
    assert own.bot_for(ANN).analogies() == shared.analogies() != ()
    assert own.bot_for(BEN) is own.bot_for("") is shared
    assert own.essays(BEN) == []
    assert SENTENCE not in str(shared.ask("등대지기 마루는 종을 몇 번 쳤나요?").to_dict())
    again = Uploads(shared)  # as after a restart
    assert [essay.id for essay in again.essays(ANN)] == ["mine-등대"]
    assert sum(encoded) == report.embedded  # a restart embeds nothing
    again.remove(ANN, "mine-등대")
    assert (again.bot_for(ANN), again.essays(ANN)) == (shared, [])
    assert not list((shared.settings.data / "readers").iterdir())


def test_a_file_replaces_the_one_of_the_same_name(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    own.add(
        ANN,
        [
            drop("a.md", "# One\n\nThe first of them speaks of cranes.\n"),
            drop("b.txt", "The second speaks of herons at length.\n"),
        ],
    )
    report = own.add(ANN, [drop("a.md", "# New\n\nIt now speaks of storks and nothing else.\n")])
    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)
    assert [essay.title for essay in own.essays(ANN)] == ["New", "b"]
    assert "storks" in own.essays(ANN)[0].text
    with pytest.raises(QuestionError):
        own.remove(ANN, "dolmen-rome-ai.ko")
    with pytest.raises(QuestionError):
        own.remove(BEN, "mine-a")


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
def test_any_name_is_stored_in_the_readers_folder(shared: Bot, drop: Any, name: str) -> None:
    own = Uploads(shared)
    assert own.add(ANN, [drop(name, "A sentence about herons stands here, and another one.\n")]).added == 1
    folder = own._folder(ANN) / "essays"
    (file,) = folder.iterdir()
    assert file.suffix == ".md"
    assert len(file.name.encode()) <= 255
    assert len(own.essays(ANN)) == 1
    own.remove(ANN, own.essays(ANN)[0].id)


def test_a_file_that_is_not_an_essay_is_reported_and_not_stored(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    good, empty = drop("good.md", "A sentence about herons stands here.\n"), drop("empty.md", "   \n")
    name, path = drop("photo.png", "x")
    report = own.add(ANN, [(name, path), good, empty])
    assert report.added == 1
    assert {skipped.path for skipped in report.skipped} == {"empty.md", "photo.png"}
    assert [file.name for file in (own._folder(ANN) / "essays").iterdir()] == ["good.md"]
    twin = own.add(ANN, [drop("twin.md", "A sentence about herons stands here.\n")])
    reason = Text(
        "it has the same text as good.md; remove one of the two", "good.md 파일과 내용이 같습니다. 둘 중 하나를 빼 주세요"
    )
    assert twin.skipped == (Skipped("twin.md", reason),)
    alone = own.add(BEN, [empty])
    assert (alone.added, alone.skipped, own.essays(BEN)) == (0, (Skipped("empty.md", EMPTY),), [])


def test_notes_on_reading_a_file_are_reported_once(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    note = Note("a.md", Text("left out 2 invisible characters", "보이지 않는 글자 2개를 뺐습니다"))
    assert own.add(ANN, [drop("a.md", "A sentence\u200b about\u200b herons stands here.\n")]).notes == (note,)
    assert own.add(ANN, [drop("b.md", "A sentence about storks stands here.\n")]).notes == ()


def test_an_upload_over_a_limit_is_refused_and_changes_nothing(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("first.md", "A sentence about herons stands here.\n")])
    with pytest.raises(CorpusError, match="more than 10 at once"):
        own.add(ANN, [drop(f"{number}.md", f"Number {number} is a sentence.\n") for number in range(11)])
    name, path = drop("large.md", "x")
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(CorpusError, match="larger than 20 MB"):
        own.add(ANN, [(name, path)])
    monkeypatch.setattr(upload_files, "MAX_FILES", 1)
    with pytest.raises(CorpusError, match="more than 1 files"):
        own.add(ANN, [drop("second.md", "Another sentence stands here.\n")])
    with pytest.raises(StoreError, match="cookies"):
        own.add("", [drop("x.md", "A sentence.\n")])
    assert [essay.title for essay in own.essays(ANN)] == ["first"]


def test_an_upload_that_fails_changes_nothing(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("first.md", f"{SENTENCE}\n")])

    def failing(*_: Any) -> Any:
        raise EmbedderError(Text("The model is away.", "모델이 없습니다."))

    with monkeypatch.context() as broken:
        broken.setattr(ToyEmbedder, "encode_passages", failing)
        with pytest.raises(EmbedderError):
            own.add(ANN, [drop("more.md", "Another sentence, of which nothing is known yet.\n")])
    for each in (own, Uploads(shared)):
        assert [essay.title for essay in each.essays(ANN)] == ["first"]
        assert SENTENCE in [citation.quote for citation in each.bot_for(ANN).ask("마루는 종을 몇 번 쳤나요?").citations]


def test_a_crash_between_the_two_renames_is_recovered_from(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("first.md", f"{SENTENCE}\n")])
    folder = own._folder(ANN)
    (folder / "essays").rename(folder / "essays.old")
    shutil.copytree(folder / "essays.old", folder / "essays.new")
    after = Uploads(shared)
    assert [essay.title for essay in after.essays(ANN)] == ["first"]
    assert not (folder / "essays.old").exists()


def test_the_shared_collection_answers_where_the_readers_index_is_damaged(
    shared: Bot, drop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("first.md", f"{SENTENCE}\n")])
    index = own._folder(ANN) / "index"
    shutil.rmtree(index)
    index.write_text("no index")
    after = Uploads(shared)
    assert after.bot_for(ANN) is shared
    assert "left out" in caplog.text


def test_concurrent_readers_find_their_own_essays_only(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    files = [
        drop("note.md", f"The canary of reader {number} is called Tweety{number}, and it sings at dawn.\n") for number in range(6)
    ]

    def work(number: int) -> str:
        reader = f"{number:043d}"
        own.add(reader, [files[number]])
        return str(own.bot_for(reader).ask("What is the canary called that sings at dawn?").to_dict())

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(work, range(6)))
    for number, text in enumerate(answers):
        assert {other for other in range(6) if f"Tweety{other}" in text} == {number}


def test_a_limited_number_of_readers_stay_open(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_OPEN_READERS", 1)
    own = Uploads(shared)
    for number in range(2):
        own.add(f"{number:043d}", [drop("n.md", f"A sentence about heron number {number}.\n")])
    assert len(own._open) == 1
    assert len(own.essays(f"{0:043d}")) == 1


def text_of(number: int) -> str:
    return f"A sentence about heron number {number} stands here.\n"


def test_two_files_that_differ_in_their_suffix_are_two_essays_and_each_can_be_removed(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    report = own.add(ANN, [drop("a.md", text_of(1)), drop("a.txt", text_of(2))])
    assert (report.added, report.changed) == (2, 0)
    assert report.notes == (Note("a.txt", Text("it is stored as a 2.txt", "a 2.txt 이름으로 저장했습니다")),)
    assert sorted(essay.id for essay in own.essays(ANN)) == ["mine-a", "mine-a-2"]
    again = own.add(ANN, [drop("a.txt", text_of(3))])  # replaces the second one
    assert (again.added, again.changed, again.unchanged) == (0, 1, 1)
    own.remove(ANN, "mine-a-2")
    assert [(essay.id, essay.text.strip()) for essay in own.essays(ANN)] == [("mine-a", text_of(1).strip())]
    own.remove(ANN, "mine-a")
    assert own.essays(ANN) == []


def test_two_files_of_one_name_in_one_upload_are_both_kept(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    report = own.add(ANN, [drop("note.md", text_of(1)), drop("note.md", text_of(2)), drop("note.md", text_of(3))])
    assert (report.added, report.skipped) == (3, ())
    assert report.notes == tuple(
        Note("note.md", Text(f"it is stored as note {number}.md", f"note {number}.md 이름으로 저장했습니다")) for number in (2, 3)
    )
    assert {essay.text.strip() for essay in own.essays(ANN)} == {text_of(number).strip() for number in (1, 2, 3)}
    for identity in ("mine-note-2", "mine-note", "mine-note-3"):
        own.remove(ANN, identity)
    assert own.essays(ANN) == []


def test_files_that_version_0_1_0_stored_under_one_slug_can_each_be_removed(shared: Bot) -> None:
    own = Uploads(shared)
    folder = own._folder(ANN) / "essays"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text(text_of(1))
    (folder / "a.txt").write_text(text_of(2))
    assert sorted(essay.id for essay in own.essays(ANN)) == ["mine-a", "mine-a-2"]
    own.remove(ANN, "mine-a-2")
    assert [essay.text.strip() for essay in own.essays(ANN)] == [text_of(1).strip()]


def test_an_id_that_the_shared_collection_has_gives_the_own_essay_another(tmp_path: Path, drop: Any) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "mine-a.md").write_text(text_of(7))
    settings = Settings.load(corpus=corpus, index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    build_index(settings, embedder=ToyEmbedder())
    own = Uploads(Bot(settings, ToyEmbedder()))
    assert own.add(ANN, [drop("a.md", text_of(1))]).added == 1
    assert [essay.id for essay in own.essays(ANN)] == ["mine-mine-a"]
    assert {essay.id for essay in own.bot_for(ANN).essays()} == {"mine-a", "mine-mine-a"}
    with pytest.raises(QuestionError):
        own.remove(ANN, "mine-a")
    own.remove(ANN, "mine-mine-a")
    assert own.essays(ANN) == []


def test_more_readers_than_may_stay_open_ask_concurrently(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_OPEN_READERS", 2)
    own = Uploads(shared)
    readers = [f"{number:043d}" for number in range(5)]
    for number, reader in enumerate(readers):
        own.add(reader, [drop("n.md", text_of(number))])

    def ask(turn: int) -> set[str]:
        return {essay.text.strip() for essay in own.essays(readers[turn % 5])}

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(60)))
    assert found == [{text_of(turn % 5).strip()} for turn in range(60)]
    assert len(own._open) <= 2


def test_the_open_readers_are_moved_under_their_lock(shared: Bot) -> None:
    """Another thread may close the reader between the lookup and the move, so that one lock has to be held for both."""
    own = Uploads(shared)
    held: list[bool] = []

    class Watched(OrderedDict[tuple[str, str], Any]):
        def get(self, *arguments: Any) -> Any:
            held.append(own._lock.locked())
            return super().get(*arguments)

        def move_to_end(self, *arguments: Any, **named: Any) -> None:
            held.append(own._lock.locked())
            super().move_to_end(*arguments, **named)

    own._open = Watched()
    own._keep_open("x", shared, None)  # type: ignore[arg-type]
    own._lookup("x", shared)
    assert held
    assert all(held)


def test_invented_readers_leave_neither_folders_nor_locks(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    for number in range(5_000):
        reader = f"{number:043d}"
        assert own.bot_for(reader) is shared
        assert own.essays(reader) == []
        with pytest.raises(QuestionError):
            own.remove(reader, "mine-a")
        if number % 100 == 0:
            assert own.add(reader, [drop("empty.md", "  \n"), drop("image.png", "x")]).added == 0
    assert list((shared.settings.data / "readers").iterdir()) == []
    assert len(own._locks) == len(own._open) == 0


def test_a_lock_is_shared_while_it_is_held(shared: Bot) -> None:
    """A lock that nobody holds may be dropped; a second thread has to get the one that another holds or waits for."""
    own = Uploads(shared)
    inside, most = [0], [0]

    def work(turn: int) -> None:
        with own._locked(str(turn % 3)):
            if turn % 3 == 0:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                inside[0] -= 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(600)))
    assert most == [1]
    assert len(own._locks) == 0


def read_texts(own: Uploads) -> dict[str, str]:
    """The texts of the reader's own essays by id."""
    return {essay.id: essay.text.strip() for essay in own.essays(ANN)}


def test_an_unreadable_file_does_not_remove_the_one_that_it_would_replace(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("a.md", text_of(1))])
    report = own.add(ANN, [drop("a.md", "  \n"), drop("b.md", text_of(2))])
    assert (report.added, report.changed, report.unchanged) == (1, 0, 1)
    assert report.skipped == (Skipped("a.md", EMPTY),)
    for each in (own, Uploads(shared)):
        assert read_texts(each) == {"mine-a": text_of(1).strip(), "mine-b": text_of(2).strip()}


def test_a_file_with_the_text_of_another_essay_is_the_one_left_out(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("b.md", text_of(1)), drop("c.md", text_of(2))])
    report = own.add(ANN, [drop("a.md", text_of(1)), drop("d.md", text_of(3)), drop("d.md", text_of(3))])
    assert [(skipped.path, skipped.reason.en) for skipped in report.skipped] == [
        ("a.md", "it has the same text as b.md; remove one of the two"),
        ("d.md", "it has the same text as d.md; remove one of the two"),
    ]
    assert (report.added, report.unchanged) == (1, 2)
    assert read_texts(own) == {f"mine-{name}": text_of(number).strip() for number, name in enumerate("bcd", 1)}
    swapped = own.add(ANN, [drop("b.md", text_of(2)), drop("c.md", text_of(1))])
    assert (swapped.changed, len(swapped.skipped)) == (0, 2)
    assert read_texts(own) == {f"mine-{name}": text_of(number).strip() for number, name in enumerate("bcd", 1)}


def test_the_report_names_files_as_they_were_given(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("a.md", text_of(1))])
    report = own.add(ANN, [drop("../x/a.txt", "  \n"), drop("..\\y\\a.txt", text_of(2)), drop("z/a.pdf", "x")])
    assert [skipped.path for skipped in report.skipped] == ["a.txt", "a.pdf"]
    assert report.notes == (Note("a.txt", Text("it is stored as a 2.txt", "a 2.txt 이름으로 저장했습니다")),)


def test_a_replaced_file_is_named_in_the_report(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("a.md", text_of(1))])
    report = own.add(ANN, [drop("a.md", text_of(2)), drop("b.md", text_of(3))])
    assert (report.added, report.changed) == (1, 1)
    assert report.notes == (
        Note("a.md", Text("it replaced the earlier file of this name", "이름이 같은 이전 파일을 대신합니다")),
    )


def test_ids_stay_the_same_when_another_file_is_removed(shared: Bot, drop: Any) -> None:
    own = Uploads(shared)
    folder = own._folder(ANN) / "essays"
    folder.mkdir(parents=True)
    for number, name in enumerate(("a.md", "a.txt", "a.text"), 1):  # as version 0.1.0 could store them
        (folder / name).write_text(text_of(number))
    before = read_texts(own)
    assert set(before) == {"mine-a", "mine-a-2", "mine-a-3"}
    own.remove(ANN, "mine-a")
    del before["mine-a"]
    for each in (own, Uploads(shared)):
        assert read_texts(each) == before
    own.remove(ANN, "mine-a-3")
    assert read_texts(own) == {"mine-a-2": before["mine-a-2"]}
    assert own.add(ANN, [drop("a.md", text_of(9))]).added == 1
    assert read_texts(own) == {"mine-a": text_of(9).strip(), "mine-a-2": before["mine-a-2"]}


def test_a_file_that_cannot_be_copied_is_a_store_error(shared: Bot, tmp_path: Path) -> None:
    own = Uploads(shared)
    with pytest.raises(StoreError) as error:
        own.add(ANN, [("a.md", tmp_path / "nowhere")])
    assert re.search("[가-힣]", error.value.text("ko"))
    assert not own._folder(ANN).exists()


def test_a_failed_swap_leaves_the_earlier_essays_and_their_index(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("a.md", text_of(1))])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(upload_files, "swap", full)
        with pytest.raises(StoreError, match="No space left") as error:
            own.add(ANN, [drop("b.md", text_of(2))])
    assert re.search("[가-힣]", error.value.text("ko"))
    for each in (own, Uploads(shared)):
        assert read_texts(each) == {"mine-a": text_of(1).strip()}
        assert "mine-b" not in [essay.id for essay in each.bot_for(ANN).essays()]


def test_an_essay_that_cannot_be_deleted_is_a_store_error(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Uploads(shared)
    own.add(ANN, [drop("a.md", text_of(1))])
    rmtree = shutil.rmtree

    def denied(path: Path, **options: Any) -> None:
        if path.name == "essays":
            raise PermissionError(13, "Permission denied")
        rmtree(path, **options)

    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", denied)
        with pytest.raises(StoreError, match="Permission denied"):
            own.remove(ANN, "mine-a")
    assert read_texts(own) == {"mine-a": text_of(1).strip()}
    own.remove(ANN, "mine-a")
    assert not own._folder(ANN).exists()


def test_a_failed_first_upload_leaves_no_folder(shared: Bot, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Uploads(shared)

    def failing(*_: Any) -> Any:
        raise EmbedderError(Text("The model is away.", "모델이 없습니다."))

    for target, name in ((ToyEmbedder, "encode_passages"), (upload_files, "swap")):
        with monkeypatch.context() as broken:
            broken.setattr(target, name, failing)
            with pytest.raises(EmbedderError):
                own.add(ANN, [drop("a.md", "A text that is new to the embedder.\n")])
        assert not own._folder(ANN).exists()
        assert own.bot_for(ANN) is shared
