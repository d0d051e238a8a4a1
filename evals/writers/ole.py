"""Writes OLE files (Microsoft's compound files), in which HWP 5 keeps its streams."""

import struct
from dataclasses import dataclass, field

SECTOR, SMALL_SECTOR, SMALLEST = 512, 64, 4096  # bytes; a stream below the third lies in small sectors
ROOT = "Root Entry"
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@dataclass(slots=True)
class _Sectors:
    """Sectors one behind another, and for each the number of the next one of its stream."""

    size: int
    data: bytes = b""
    chain: list[int] = field(default_factory=list)

    def add(self, content: bytes) -> int:
        """Append a stream; return the number of its first sector."""
        count = -(-len(content) // self.size)
        start = len(self.chain)
        if not count:
            return _END
        self.chain += [*range(start + 1, start + count), _END]
        self.data += content.ljust(count * self.size, b"\0")
        return start

    def table(self) -> bytes:
        """The chain as whole sectors of a file."""
        packed = struct.pack(f"<{len(self.chain)}I", *self.chain)
        return packed.ljust(-(-len(packed) // SECTOR) * SECTOR, b"\xff")


def ole_file(streams: dict[str, bytes]) -> bytes:
    """An OLE file with these streams; a name with a slash is a storage and a stream in it."""
    sectors, small = _Sectors(SECTOR), _Sectors(SMALL_SECTOR)
    starts = {name: ((small if len(data) < SMALLEST else sectors).add(data), len(data)) for name, data in streams.items()}
    starts[ROOT] = (sectors.add(small.data), len(small.data))
    small_table = small.table()
    first_small = sectors.add(small_table)
    first_directory = sectors.add(_directory(list(streams), starts))
    tables = -(-(len(sectors.chain) + 8) // 127)
    first_table = len(sectors.chain)
    sectors.chain += [_TABLE] * tables
    places = [first_table + number for number in range(tables)] + [_FREE] * (109 - tables)
    versions = struct.pack("<16sHHHHH6x", bytes(16), 0x3E, 3, 0xFFFE, 9, 6)
    counts = (0, tables, first_directory, 0, SMALLEST, first_small, len(small_table) // SECTOR, _END, 0)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + versions + struct.pack("<9I", *counts) + struct.pack("<109I", *places)
    return header + sectors.data + sectors.table().ljust(tables * SECTOR, b"\xff")


def _directory(streams: list[str], starts: dict[str, tuple[int, int]]) -> bytes:
    """The entries: the root, the storages, the streams; brothers lead to each other to the right."""
    storages = sorted({name.split("/")[0] for name in streams if "/" in name})
    names = [ROOT, *storages, *streams]
    owners = {name: "" if name == ROOT else name.split("/")[0] if "/" in name else ROOT for name in names}
    entries = b""
    for name in names:
        brothers = [other for other in names if owners[other] == owners[name]]
        following = brothers[brothers.index(name) + 1 :]
        inner = [other for other in names if owners[other] == name]
        right, child = (names.index(found[0]) if found else _FREE for found in (following, inner))
        shown = name.split("/")[-1].encode("utf-16-le")
        kind = 5 if name == ROOT else 1 if name in storages else 2
        start, size = starts.get(name, (0, 0))
        place = struct.pack("<16sIQQIQ", bytes(16), 0, 0, 0, start, size)
        entries += struct.pack("<64sHBBIII", shown, len(shown) + 2, kind, 1, _FREE, right, child) + place
    return entries.ljust(-(-len(entries) // SECTOR) * SECTOR, b"\0")
