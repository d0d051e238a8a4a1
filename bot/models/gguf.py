"""Reads the number of a chat model's parameters from the header of its GGUF file. The weights are not read."""

import math
import struct
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
MAX_HEADER_BYTES = 200_000_000  # a header with a vocabulary has some 10 MB
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of values in bytes, by their type
_STRING, _ARRAY = 8, 9  # the other types
_MAX_DEPTH = 4  # of arrays in arrays


def parameters(file: Path) -> int:
    """The number of parameters: the elements of all tensors. 0 where the file is not there or is no GGUF file."""
    try:
        with file.open("rb") as opened:
            return _Header(opened).parameters()
    except (OSError, ValueError, struct.error, OverflowError):
        return 0


class _Header:
    """The header of a GGUF file: magic, version, counts, values by key, and the shape of each tensor."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def parameters(self) -> int:
        """The elements of all tensors. Raises `ValueError` or `struct.error` for a header that cannot be read."""
        if self._file.read(4) != MAGIC or self._number("I") < 2:
            raise ValueError("no GGUF file of version 2 or later")
        tensors, values = self._number("Q"), self._number("Q")
        for _ in range(values):
            self._skip_string()
            self._skip_value(self._number("I"))
        return sum(self._elements() for _ in range(tensors))

    def _elements(self) -> int:
        """The elements of the next tensor: the product of its dimensions. Its type and its place are passed over."""
        self._skip_string()
        count = math.prod(self._number("Q") for _ in range(self._number("I")))
        self._skip(12)
        return count

    def _skip_value(self, kind: int, depth: int = 0) -> None:
        if kind == _STRING:
            self._skip_string()
        elif kind == _ARRAY and depth < _MAX_DEPTH:
            inner, count = self._number("I"), self._number("Q")
            if inner in _SIZES:
                self._skip(_SIZES[inner] * count)
                return
            for _ in range(count):
                self._skip_value(inner, depth + 1)
        else:
            self._skip(_SIZES.get(kind, -1))

    def _skip_string(self) -> None:
        self._skip(self._number("Q"))

    def _skip(self, size: int) -> None:
        if not 0 <= size <= MAX_HEADER_BYTES - self._file.tell():
            raise ValueError("longer than any header")
        self._file.seek(size, 1)

    def _number(self, code: str) -> int:
        """The next unsigned integer: `I` of 4 bytes, `Q` of 8."""
        (value,) = struct.unpack(f"<{code}", self._file.read(struct.calcsize(code)))
        return int(value)
