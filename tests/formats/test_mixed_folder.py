"""One folder of hundreds of hostile files and twenty good ones: every file is read or named with its reason, and the good ones are read."""

import gc
from pathlib import Path

import pytest

from bot.formats import Failed, Found, read
from bot.formats.limits import Limits
from bot.indexing.loader import INSIDE, load_existing
from tests.formats import hostile, mixed


def account(folder: Path, share: int) -> None:
    """Load the folder and check that each of its files is accounted for."""
    texts, count = mixed.write(folder, 7, share)
    server = mixed.listen(folder)
    before = {path.relative_to(folder) for path in folder.rglob("*")}
    collection = load_existing([folder])
    server.close()
    files = {path.partition(INSIDE)[0] for path in collection.paths.values()}
    in_archives = [skipped for skipped in collection.skipped if ".zip/" in skipped.path]
    assert len(files) + len(collection.skipped) - len(in_archives) == count + 1
    read_texts = {essay.text for essay in collection.essays}
    assert [text for text in texts if not any(text in one for one in read_texts)] == []
    assert not any("secret" in essay.text or "root:" in essay.text for essay in collection.essays)
    for skipped in collection.skipped:
        assert "\n" not in skipped.path + skipped.reason.en + skipped.reason.ko
        assert "Traceback" not in skipped.reason.en
        skipped.path.encode()
    for essay in collection.essays:
        assert essay.digest
        assert essay.text.strip()
        assert not set(essay.text) & {"\x00", "\u202e", "\ufeff", "\u200b", "\x1b", "\U000e0041"}
        essay.to_dict()
    assert {path.relative_to(folder) for path in folder.rglob("*")} == before
    gc.collect()


def test_every_file_of_a_hostile_folder_is_accounted_for(tmp_path: Path) -> None:
    account(tmp_path / "notes", 10)


@pytest.mark.full
def test_all_520_files_are_accounted_for(tmp_path: Path) -> None:
    account(tmp_path / "notes", 1)


@pytest.mark.full
def test_2000_damaged_files_are_read_or_named() -> None:
    for file in hostile.damaged(11, 2000):
        found = read(Path(file.name).suffix, file.data, Limits())
        assert isinstance(found, Found | Failed)
        if isinstance(found, Failed):
            assert found.reason.en
            assert found.reason.ko
