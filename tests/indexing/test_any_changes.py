"""Any series of changes to a folder leaves the index that a first ingest of the folder would have made. A naive index fails the same check."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bot.indexing import loader
from bot.indexing.build import build_index
from bot.settings import Settings
from bot.store import open_store
from tests.ramdisk import ram_folder
from tests.toys import ToyEmbedder

NAMES = ("a.md", "b.txt", "돌.md", "d/e.md", "d/f.markdown", "2026/노트.md")
SENTENCES = (
    "고인돌은 힘을 보여 주는 돌이었다.",
    "The capstone of Varn weighs forty-one tons.",
    "종은 새벽마다 열한 번 울린다.",
    "A road is a list of the things that people needed.",
    "벌통은 밤에 옮겨야 한다.",
    "Nine mules carried the salt over the ridge.",
    "등대는 1871년까지 고래기름을 태웠다.",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp949")
texts = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5, unique=True).map(
    lambda chosen: "\n\n".join(" ".join(chosen[at : at + 2]) for at in range(0, len(chosen), 2))
)


class Changes(RuleBasedStateMachine):
    """A folder, what is done to it, and an index that `update` brings up to date; `faults` compares the two."""

    def __init__(self) -> None:
        super().__init__()
        self._ram = ram_folder()
        self.root = self._ram.__enter__()
        self.folder = self.root / "notes"
        self.folder.mkdir()

    def teardown(self) -> None:
        self._ram.__exit__(None, None, None)

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def write(self, name: str, text: str, encoding: str = "utf-8") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode(encoding))

    @initialize(text=texts)
    def first_file(self, text: str) -> None:
        self.write(NAMES[0], text)
        self.ingest()

    @rule(name=st.sampled_from(NAMES), text=texts)
    def add_or_edit(self, name: str, text: str) -> None:
        self.write(name, text)

    @precondition(lambda self: len(self.files()) > 1)
    @rule(chance=st.randoms(use_true_random=False))
    def delete(self, chance: Any) -> None:
        chance.choice(self.files()).unlink()

    @precondition(lambda self: self.files())
    @rule(chance=st.randoms(use_true_random=False), name=st.sampled_from(NAMES))
    def rename(self, chance: Any, name: str) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        chance.choice(self.files()).replace(target)

    @precondition(lambda self: self.files())
    @rule(chance=st.randoms(use_true_random=False))
    def touch(self, chance: Any) -> None:
        chance.choice(self.files()).touch()

    @rule(name=st.sampled_from(NAMES), text=texts, encoding=st.sampled_from(ENCODINGS))
    def change_encoding(self, name: str, text: str, encoding: str) -> None:
        self.write(name, text, encoding)

    @precondition(lambda self: self.files())
    @rule()
    def ingest(self) -> None:
        self.update()
        assert self.faults() == []

    def update(self) -> None:
        raise NotImplementedError

    def faults(self) -> list[str]:
        raise NotImplementedError


class Product(Changes):
    """The product's own ingest."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings.load(corpus=self.folder, index=self.root / "index")
        self.scratches = 0

    def update(self) -> None:
        build_index(self.settings, embedder=ToyEmbedder())

    def faults(self) -> list[str]:
        self.scratches += 1
        scratch = Settings.load(corpus=self.folder, index=self.root / f"scratch{self.scratches}")
        build_index(scratch, embedder=ToyEmbedder())
        expected = open_store(scratch.index).usable()
        store = open_store(self.settings.index)
        manifest = store.usable()
        assert manifest is not None
        assert expected is not None
        snapshot = store.snapshot(manifest.fingerprint)
        try:
            vectors = np.load(self.settings.index / str(store.current()) / "vectors.npy")
            counts = (len(snapshot.passages), len(snapshot.windows), len(vectors))
            lost = []
            for number, vector in enumerate(vectors):
                (nearest, _), *_ = snapshot.nearest(vector, 1)
                lost += [] if np.allclose(vectors[nearest], vector, atol=1e-6) else [f"window {number} is not found"]
        finally:
            snapshot.close()
        same = (manifest.digest, manifest.outline, manifest.essays) == (expected.digest, expected.outline, expected.essays)
        right = counts == (expected.passages, expected.windows, expected.windows)
        return [*lost, *([] if same else ["another digest"]), *([] if right else [f"counts {counts}"])]


class Naive(Changes):
    """An index as tutorials make it: each ingest puts every sentence in under its file and number, and takes nothing out."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, str] = {}

    def _sentences(self) -> dict[str, str]:
        essays = loader.load_existing([self.folder]).essays
        lines: list[tuple[str, Sequence[str]]] = [(essay.id, essay.text.split("\n\n")) for essay in essays]
        return {f"{identity}-{number}": line for identity, each in lines for number, line in enumerate(each)}

    def update(self) -> None:
        self.stored |= self._sentences()

    def faults(self) -> list[str]:
        return [] if self.stored == self._sentences() else ["other sentences than the files have"]


@pytest.mark.parametrize(("count", "steps"), [(8, 8), pytest.param(200, 10, marks=pytest.mark.full)])
def test_after_any_changes_the_index_is_the_one_of_a_first_ingest(count: int, steps: int) -> None:
    run_state_machine_as_test(Product, settings=examples(max_examples=count, stateful_step_count=steps))


def test_an_index_that_takes_nothing_out_fails_the_same_check() -> None:
    with pytest.raises(AssertionError, match="other sentences than the files have"):
        run_state_machine_as_test(Naive, settings=examples(max_examples=50, stateful_step_count=8))
