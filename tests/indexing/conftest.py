"""The tests of an ingest work in memory: most of their time on a disk is fsync."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ramdisk import ram_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """An empty folder in memory, in place of pytest's on the disk."""
    with ram_folder() as folder:
        yield folder
