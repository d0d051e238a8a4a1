"""Named collections: their names, where each is kept, and that none changes another. In folders; those on a server are in test_store."""

import unicodedata
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, collection_name
from bot.store import collections_in, open_store
from bot.store.collections import database_of, name_of
from tests.marked import FINGERPRINT, contents, publish, snapshot_faults


@pytest.mark.parametrize(
    ("given", "name"),
    [
        *(("notes", "notes"), ("  Notes ", "notes"), ("연구-노트_2", "연구-노트_2"), ("x" * 40, "x" * 40), ("7", "7")),
        *((unicodedata.normalize("NFD", "노트"), "노트"), ("", ""), ("default", ""), ("Default", ""), ("기본", "")),
    ],
)
def test_a_name_has_one_form(given: str, name: str) -> None:
    assert collection_name(given) == Settings.load(collection=given).collection == name


@pytest.mark.parametrize(
    "given",
    [
        *(
            "..",
            ".",
            "../up",
            "a/b",
            "a\\b",
            "/etc",
            "C:",
            "~",
            "a b",
            "a.b",
            ".hidden",
            "-a",
            "a-",
            "_",
            "a--b",
            "xn--a",
            "x" * 41,
        ),
        *("a\0", "a\nb", "a\u202eb", "con", "NUL", "com1", "%2e%2e", "$HOME", "*", "\ud800", "노트 둘"),
    ],
)
def test_a_name_that_is_more_than_letters_and_digits_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match=r"^A collection cannot be called .*\. Use 1 to 40 letters and digits"):
        Settings.load(collection=given)


@pytest.mark.parametrize("name", ["notes", "a-b_c", "연구", "연구-2", "día", "x" * 40, "글" * 40])
def test_a_database_has_a_name_that_a_server_accepts_and_gives_the_collection_s_back(name: str) -> None:
    database = database_of(name)
    assert database.isascii()
    assert database[-1].isalnum()
    assert set(database) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert name_of(database) == name


def test_a_database_of_something_else_is_no_collection() -> None:
    assert [name_of(other) for other in ("default_database", "notes", "dolmen-xn--\u00e9", "dolmen-")] == ["", "", "", ""]
    assert (database_of(""), len({database_of(name) for name in ("a", "b", "연", "구")})) == ("", 4)


def test_each_collection_has_its_own_contents_and_the_default_one_is_where_it_was(tmp_path: Path) -> None:
    for name in ("notes", "", "연구"):
        publish(open_store(tmp_path, collection=name), contents(name or "main"))
    publish(open_store(tmp_path, collection="notes"), contents("changed"))
    assert (tmp_path / "CURRENT").read_text() == "gen-1\n"
    assert (tmp_path / "collections" / "notes" / "CURRENT").read_text() == "gen-2\n"
    for name, mark in (("", "main"), ("notes", "changed"), ("연구", "연구")):
        snapshot = open_store(tmp_path, collection=name).snapshot(FINGERPRINT)
        assert snapshot_faults(snapshot, contents(mark)) == []
        snapshot.close()


def test_the_collections_that_are_published_are_listed_the_damaged_ones_too(tmp_path: Path) -> None:
    assert collections_in(tmp_path) == []
    publish(open_store(tmp_path, collection="notes"), contents("notes"))
    assert collections_in(tmp_path) == ["notes"]
    publish(open_store(tmp_path), contents("main"))
    for other in ("empty", "My Stuff", "..a", "UPPER"):
        (tmp_path / "collections" / other).mkdir()
    (tmp_path / "collections" / "My Stuff" / "CURRENT").write_text("gen-1\n")
    (tmp_path / "collections" / "file").touch()
    broken = tmp_path / "collections" / "broken"
    broken.mkdir()
    (broken / "CURRENT").write_text("../../x\n")
    assert collections_in(tmp_path) == ["", "broken", "notes"]
    (tmp_path / "collections" / "notes" / "CURRENT").unlink()
    (tmp_path / "CURRENT").unlink()
    assert collections_in(tmp_path) == ["", "broken", "notes"]


def test_a_withdrawn_collection_is_gone_and_the_others_are_not(tmp_path: Path) -> None:
    for name in ("", "notes"):
        publish(open_store(tmp_path, collection=name), contents("old"))
        publish(open_store(tmp_path, collection=name), contents("new"))
    with open_store(tmp_path, collection="notes").writer(lambda *_: None) as writer:
        writer.withdraw()
    assert collections_in(tmp_path) == [""]
    assert {path.name for path in (tmp_path / "collections" / "notes").iterdir()} == {"LOCK"}
    assert open_store(tmp_path).usable() is not None
