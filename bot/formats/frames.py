"""The messages between the program and its worker process: a length, a JSON object, and bytes behind it."""

import json
import struct
from typing import IO, Any

_LENGTHS = struct.Struct(">IQ")  # of the JSON and of the bytes


class FrameError(Exception):
    """The other side has gone, or what it sent is no frame."""


class FrameTooLargeError(FrameError):
    """The frame is larger than the reader allows."""


def write(stream: IO[bytes], header: dict[str, Any], data: bytes = b"") -> int:
    """Write one frame; return its length in bytes. Raises `OSError` where the other side has gone."""
    text = json.dumps(header, ensure_ascii=True).encode()
    stream.write(_LENGTHS.pack(len(text), len(data)))
    stream.write(text)
    stream.write(data)
    stream.flush()
    return _LENGTHS.size + len(text) + len(data)


def read(stream: IO[bytes], limit: int) -> tuple[dict[str, Any], bytes]:
    """The next frame. Raises `FrameTooLargeError` for one of more than `limit` bytes, else `FrameError`."""
    text_length, data_length = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if text_length + data_length > limit:
        raise FrameTooLargeError
    try:
        header = json.loads(_exactly(stream, text_length))
    except (ValueError, RecursionError) as error:
        raise FrameError from error
    if not isinstance(header, dict):
        raise FrameError
    return header, _exactly(stream, data_length)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise FrameError
    return data
