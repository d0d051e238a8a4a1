"""A process that dies while it adds a reader's essay, at every stage: what is there is the old or the new state, and works."""

import os
import shutil
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from bot import Bot
from bot.indexing.build import build_index
from bot.settings import Settings
from bot.uploads import Uploads
from tests.places import ESSAYS
from tests.ramdisk import ram_folder
from tests.store.test_durability import spawn
from tests.toys import ToyEmbedder

__all__ = ["spawn"]  # a fixture that is the same here

pytestmark = pytest.mark.slow
ANN = "a" * 43


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """An empty folder in memory, in place of pytest's on the disk."""
    with ram_folder() as folder:
        yield folder


def bot_of(settings: Settings) -> Bot:
    return Bot(settings, embedder=ToyEmbedder())


def add_once(connection: Connection, settings: Settings, file: Path, crash_at: int) -> None:
    """Add `file`, dying without any clean-up at stage `crash_at`: a progress call, or either side of a rename. Sends the stages."""
    stages: list[str] = []

    def stage(name: str) -> None:
        stages.append(name)
        if len(stages) == crash_at:
            os._exit(9)

    rename = Path.rename

    def renaming(self: Path, target: Any) -> Path:
        stage(f"before {self.name}")
        moved = rename(self, target)
        stage(f"after {self.name}")
        return moved

    Path.rename = renaming  # type: ignore[method-assign, assignment]  # the child's own
    Uploads(bot_of(settings)).add(ANN, [(file.name, file)], lambda name, done, total: stage(f"{name} {done}/{total}"))
    connection.send(stages)


def dying(spawn: Any, settings: Settings, file: Path, data: Path, crash_at: int) -> Any:
    """A child that has died, or not, while it added `file` to a copy, at `data`, of what is kept."""
    shutil.copytree(settings.data, data)
    child, connection = spawn(add_once, settings.model_copy(update={"data": data}), file, crash_at)
    child.join()
    return child, connection


def titles(settings: Settings) -> list[str]:
    """The titles of the own essays in a new process, each of which a search must find too."""
    uploads = Uploads(bot_of(settings))
    essays = uploads.essays(ANN)
    for essay in essays:
        found = uploads.bot_for(ANN).search(essay.text.strip().splitlines()[-1], 30)
        assert essay.id in [hit.passage.essay for hit in found]
    return [essay.title for essay in essays]


def check_crashes(tmp_path: Path, spawn: Any, *, every_stage: bool) -> None:
    """Let an upload die at each of its stages, or before, between and after the two renames; at the last number it does not die."""
    settings = Settings.load(corpus=ESSAYS, index=tmp_path / "index", llm="quotes", data=tmp_path / "data")
    build_index(settings, embedder=ToyEmbedder())
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    first.write_text("# First\n\nThe heron waits by the weir.\n")
    second.write_text("# Second\n\nThe kettle sings on the stove.\n")
    Uploads(bot_of(settings)).add(ANN, [(first.name, first)])
    stages = dying(spawn, settings, second, tmp_path / "probe", 0)[1].recv()
    renames = [place for place, name in enumerate(stages, 1) if name.split()[-1].startswith("essays")]
    assert len(renames) == 4
    before, between, _, after = renames
    chosen = range(1, len(stages) + 2) if every_stage else (before, between, after, len(stages) + 1)
    seen = set()
    for crash_at in chosen:
        here = settings.model_copy(update={"data": tmp_path / f"data{crash_at}"})
        child, _ = dying(spawn, settings, second, here.data, crash_at)
        left = titles(here)
        seen.add((child.exitcode, tuple(left)))
        assert left in (["First"], ["First", "Second"]), crash_at
        Uploads(bot_of(here)).add(ANN, [(second.name, second)])
        assert titles(here) == ["First", "Second"]
    assert seen == {(9, ("First",)), (9, ("First", "Second")), (0, ("First", "Second"))}


def test_an_upload_that_dies_at_a_rename_leaves_the_old_essays_or_the_new_ones(tmp_path: Path, spawn: Any) -> None:
    check_crashes(tmp_path, spawn, every_stage=False)


@pytest.mark.full
def test_an_upload_that_dies_at_any_stage_leaves_the_old_essays_or_the_new_ones(tmp_path: Path, spawn: Any) -> None:
    check_crashes(tmp_path, spawn, every_stage=True)
