"""`doctor --repair`: any damage is repaired from the files that the index was made from, and nothing that can be kept is lost."""

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import Bot
from bot.errors import CorpusError, IndexMissing, StoreError
from bot.indexing.build import build_index
from bot.indexing.repair import repair
from bot.settings import Settings
from bot.store import Manifest, open_store
from tests.ramdisk import ram_folder
from tests.store.test_durability import DAMAGE, NEEDS_BYTES, full
from tests.test_pipeline import MAP
from tests.toys import ToyEmbedder

FACT = "The capstone of Varn weighs forty-one tons."
QUESTION = "What does the capstone of Varn weigh?"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of an index of two folders, with two generations. BOT_CORPUS is a third folder that nothing may be taken from."""
    for name, text in (
        ("notes/varn", FACT),
        ("notes/road", "A road is a list of needs."),
        ("disk/hive", "A hive is moved at night."),
    ):
        path = tmp_path / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bundled.md").write_text("This essay comes with the program.")
    made = Settings.load(corpus=tmp_path / "corpus", index=tmp_path / "index", llm="quotes")
    build_index(made, [tmp_path / "notes"], embedder=ToyEmbedder())
    build_index(made, [tmp_path / "notes", tmp_path / "disk"], embedder=ToyEmbedder())
    return made


def manifest(settings: Settings) -> Manifest:
    found = open_store(settings.index, "", settings.collection).usable()
    assert found is not None
    return found


def spoil(path: Path) -> None:
    """Change the first byte of a file."""
    data = bytearray(path.read_bytes())
    data[0] ^= 0x40
    path.write_bytes(data)


def without_pointer(index: Path) -> None:
    (index / "CURRENT").unlink()


def wrong_pointer(index: Path) -> None:
    (index / "CURRENT").write_text("gen-7\n")


def no_database(index: Path) -> None:
    (index / "gen-2" / "chroma" / "chroma.sqlite3").unlink()


def no_generation(index: Path) -> None:
    shutil.rmtree(index / "gen-2")


def nothing_whole(index: Path) -> None:
    for name in ("gen-1", "gen-2"):
        os.truncate(index / name / "chroma" / "chroma.sqlite3", 311_000_000_000)


def unreadable_manifest(index: Path) -> None:
    spoil(index / "gen-2" / "manifest.json")


def spoilt_vectors(index: Path) -> None:
    spoil(index / "gen-2" / "vectors.npy")


@pytest.mark.parametrize(
    ("damage", "essays", "embedded"),
    [
        (without_pointer, 3, 0),
        (wrong_pointer, 3, 0),
        (no_database, 3, 0),
        (nothing_whole, 3, 0),  # the vectors are outside of Chroma as well
        (spoilt_vectors, 3, 2),  # those of the generation before are whole
        (unreadable_manifest, 2, 0),  # the generation before was made from one folder only
        (no_generation, 2, 0),
    ],
)
def test_damage_is_repaired_from_the_folders_that_the_index_names(
    damage: Callable[[Path], None], essays: int, embedded: int, settings: Settings, tmp_path: Path
) -> None:
    before, toy = manifest(settings), ToyEmbedder()
    damage(settings.index)
    told = str(repair(settings, toy))
    folders = [tmp_path / "notes", tmp_path / "disk"][: essays - 1]
    assert told == (
        f"{settings.index} was rebuilt from {', '.join(map(str, folders))} (essays: {essays}, embedded again: {embedded} passages and sentences)"
    )
    assert toy.embedded == embedded
    after = manifest(settings)
    assert (after.digest == before.digest) is (essays == 3)
    assert set(after.essays) == {"varn", "road", "hive"} - ({"hive"} if essays == 2 else set())
    assert FACT in [citation.quote for citation in Bot(settings, ToyEmbedder()).ask(QUESTION).citations]


@pytest.fixture(scope="module")
def large() -> Iterator[tuple[Settings, str]]:
    """An index of one folder with so many windows that Chroma has written its graph files, and its digest."""
    with ram_folder() as folder:
        notes = folder / "notes"
        notes.mkdir()
        for essay in range(12):
            lines = (f"Stone {essay}-{number} of the ridge was moved by crew {number * 7 + essay}." for number in range(120))
            (notes / f"{essay}.md").write_text(" ".join(lines))
        made = Settings.load(corpus=folder / "none", index=folder / "index", llm="quotes")
        build_index(made, [notes], embedder=ToyEmbedder())
        yield made, manifest(made).digest


@pytest.mark.parametrize(("name", "step"), [("missing", 4), *(full(name, 1) for name in DAMAGE)])
def test_after_damage_to_any_file_the_repair_restores_the_digest(
    name: str, step: int, large: tuple[Settings, str], tmp_path: Path
) -> None:
    """Of a fault that any file can have; the only generation is damaged, so that there is no other to read."""
    settings, digest = large
    files = sorted(path.relative_to(settings.index) for path in settings.index.rglob("*") if path.is_file())
    files = [file for file in files if file.name not in {"LOCK", "manifest.json"}]  # without a manifest the sources are unknown
    assert len(files) == 13
    for number, file in enumerate(files[::step]):
        if name in NEEDS_BYTES and not (settings.index / file).stat().st_size:
            continue
        copy = settings.model_copy(update={"index": tmp_path / str(number)})
        shutil.copytree(settings.index, copy.index)
        DAMAGE[name](copy.index / file)
        toy = ToyEmbedder()
        assert "was rebuilt from" in str(repair(copy, toy)), file
        assert manifest(copy).digest == digest, file
        assert bool(toy.embedded) is (file.name in {"vectors.npy", "keys.json"}), file
        shutil.rmtree(copy.index)


def test_what_is_whole_is_not_changed(settings: Settings) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in settings.index.rglob("*"))
    assert str(repair(settings, ToyEmbedder())) == f"{settings.index} is whole and current, and was not changed (essays: 3)"
    assert sorted((path, path.stat().st_mtime_ns) for path in settings.index.rglob("*")) == before


def test_an_index_of_another_embedder_is_made_anew_from_its_own_folders(settings: Settings) -> None:
    told = str(repair(settings, ToyEmbedder("2")))
    assert told.endswith("(essays: 3, embedded again: 6 passages and sentences)")
    assert manifest(settings).fingerprint["revision"] == "2"


@pytest.mark.parametrize("lose", [shutil.rmtree, lambda folder: [path.unlink() for path in folder.iterdir()]])
def test_the_essays_of_a_folder_that_is_not_there_are_kept_from_the_index(
    lose: Callable[[Path], object], settings: Settings, tmp_path: Path
) -> None:
    build_index(settings, [tmp_path / "disk", tmp_path / "notes"], embedder=ToyEmbedder(), allow_empty=True)
    (tmp_path / "notes" / "road.md").write_text("A road is a list of the things that people needed.")
    build_index(settings, [tmp_path / "disk", tmp_path / "notes"], embedder=ToyEmbedder())
    before = manifest(settings)
    lose(tmp_path / "disk")
    spoil(settings.index / str(open_store(settings.index).current()) / "chroma" / "chroma.sqlite3")
    told = str(repair(settings, ToyEmbedder()))
    assert told.endswith(f"; of these 1 are what the index had from {tmp_path / 'disk'}, where there is nothing now")
    after = manifest(settings)
    assert (after.digest, after.paths, after.roots) == (before.digest, before.paths, before.roots)


def test_the_essays_of_an_archive_that_is_not_there_are_kept_from_the_index(settings: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "blog.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("2021/hall.md", "A hall is swept before a feast.")
        file.writestr("2022/well.md", "A well is dug where the reeds are.")
    build_index(settings, [tmp_path / "notes", archive], embedder=ToyEmbedder())
    before = manifest(settings)
    assert set(before.essays) == {"varn", "road", "blog-2021-hall", "blog-2022-well"}
    archive.unlink()
    with pytest.raises(CorpusError, match=r"There is no .*blog\.zip.*\(2\)"):
        build_index(settings, [tmp_path / "notes", archive], embedder=ToyEmbedder())
    without_pointer(settings.index)
    assert f"; of these 2 are what the index had from {archive}, where" in str(repair(settings, ToyEmbedder()))
    after = manifest(settings)
    assert (after.digest, after.paths, after.roots) == (before.digest, before.paths, before.roots)


def test_a_deleted_file_of_a_folder_that_is_there_is_not_kept(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "notes" / "road.md").unlink()
    without_pointer(settings.index)
    assert "kept" not in str(repair(settings, ToyEmbedder()))
    assert set(manifest(settings).essays) == {"varn", "hive"}


def test_an_index_whose_folders_are_all_gone_is_made_from_its_own_texts(settings: Settings, tmp_path: Path) -> None:
    before = manifest(settings)
    for name in ("notes", "disk"):
        shutil.rmtree(tmp_path / name)
    without_pointer(settings.index)
    told = str(repair(settings, ToyEmbedder()))
    assert (
        f"{settings.index} was rebuilt from its own texts (essays: 3, embedded again: 0 passages and sentences); of these 3 are"
        in told
    )
    assert manifest(settings).digest == before.digest


def test_a_new_file_does_not_take_the_id_of_a_kept_essay(settings: Settings, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "disk")
    (tmp_path / "notes" / "hive.md").write_text("Another hive stands by the river.")
    without_pointer(settings.index)
    repair(settings, ToyEmbedder())
    essays = {essay.id: essay.text for essay in Bot(settings, ToyEmbedder()).essays()}
    assert (essays["hive"], essays["hive-2"]) == ("A hive is moved at night.", "Another hive stands by the river.")


def test_a_file_that_was_moved_out_of_a_folder_that_is_gone_is_not_kept_twice(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "disk" / "hive.md").rename(tmp_path / "notes" / "moved.md")
    without_pointer(settings.index)
    repair(settings, ToyEmbedder())
    assert set(manifest(settings).essays) == {"varn", "road", "moved"}


def test_the_map_of_a_folder_that_is_gone_is_kept_with_its_essays(settings: Settings, tmp_path: Path) -> None:
    for folder, essay, quote in (("notes", "varn", FACT), ("disk", "hive", "A hive is moved at night.")):
        text = MAP.replace("bell-tower.ko", essay).replace("QUOTE", quote).replace("id: bell", f"id: {essay}")
        (tmp_path / folder / "analogies.yaml").write_text(text)
    build_index(settings, [tmp_path / "notes", tmp_path / "disk"], embedder=ToyEmbedder())
    before = [analogy.id for analogy in Bot(settings, ToyEmbedder()).analogies()]
    assert before == ["varn", "hive"]
    shutil.rmtree(tmp_path / "disk")
    wrong_pointer(settings.index)
    repair(settings, ToyEmbedder())
    assert [analogy.id for analogy in Bot(settings, ToyEmbedder()).analogies()] == before


# What cannot be repaired is said, and the program's own essays are never put in its place


def test_an_index_that_there_is_not_is_not_repaired(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=r"Run: python ingest\.py$"):
        repair(Settings.load(index=tmp_path / "none"), ToyEmbedder())
    with pytest.raises(IndexMissing, match=r"run: python ingest\.py --collection notes PATH$"):
        repair(Settings.load(index=tmp_path / "none", collection="notes"), ToyEmbedder())
    assert not (tmp_path / "none").exists()


def test_without_a_readable_manifest_the_error_asks_for_the_essays(settings: Settings) -> None:
    for name in ("gen-1", "gen-2"):
        spoil(settings.index / name / "manifest.json")
    with pytest.raises(StoreError, match=r"no longer says what it was made from\. Name the essays: python ingest\.py PATH$"):
        repair(settings, ToyEmbedder())


def test_without_any_essay_the_error_names_the_folders(settings: Settings, tmp_path: Path) -> None:
    nothing_whole(settings.index)
    for name in ("notes", "disk"):
        shutil.rmtree(tmp_path / name)
    with pytest.raises(StoreError, match=rf"none in {tmp_path / 'notes'}, {tmp_path / 'disk'}\."):
        repair(settings, ToyEmbedder())


def test_a_wrong_map_stops_the_repair_and_the_index_stays(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "notes" / "analogies.yaml").write_text("- id: [")
    no_database(settings.index)
    with pytest.raises(CorpusError, match=r"analogies\.yaml"):
        repair(settings, ToyEmbedder())
    assert open_store(settings.index).current() == "gen-2"


def test_a_named_collection_is_repaired_and_no_other(settings: Settings, tmp_path: Path) -> None:
    notes = settings.model_copy(update={"collection": "notes"})
    build_index(notes, [tmp_path / "notes"], embedder=ToyEmbedder())
    before = manifest(notes)
    spoil(tmp_path / "index" / "collections" / "notes" / "gen-1" / "vectors.npy")
    without_pointer(settings.index)
    assert "embedded again: 4 passages and sentences" in str(repair(notes, ToyEmbedder()))
    assert manifest(notes).digest == before.digest
    assert open_store(settings.index).current() is None
