"""Fixtures of the command line's tests."""

from pathlib import Path

import pytest

from bot.indexing.build import build_index
from bot.settings import Settings
from tests.places import ESSAYS
from tests.test_pipeline import Named


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of tests/essays by the toy embedder. Do not write to it."""
    folder = tmp_path_factory.mktemp("cli") / "index"
    build_index(Settings.load(corpus=ESSAYS, index=folder), embedder=Named())
    return folder
