"""The tests of the store work in memory. What they check after a crash does not depend on the kind of disk, but its speed does."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ramdisk import ram_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """An empty folder in memory, instead of pytest's on the disk."""
    with ram_folder() as folder:
        yield folder


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files during this test: another empty folder in memory."""
    with ram_folder() as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        yield folder
