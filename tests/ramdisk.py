"""Test folders in memory. Fsync and deletion take almost no time there, so that publishing an index is about three times as fast."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RAM_DISK = Path("/dev/shm")
MIN_FREE_BYTES = 500_000_000  # a container may have 64 MB, which is too little
DISK = tempfile.gettempdir()  # read once: tests change `tempfile.tempdir`


@contextmanager
def ram_folder() -> Iterator[Path]:
    """An empty folder, removed afterwards. On the disk where there is no RAM disk with enough free space."""
    has_ram_disk = os.access(RAM_DISK, os.W_OK) and shutil.disk_usage(RAM_DISK).free > MIN_FREE_BYTES
    parent = RAM_DISK if has_ram_disk else DISK
    with tempfile.TemporaryDirectory(prefix="dolmen-test-", dir=parent, ignore_cleanup_errors=True) as name:
        yield Path(name)


def fill(file: Path) -> None:
    """Write `file` until its disk is full."""
    with file.open("wb", buffering=0) as writing, suppress(OSError):
        while writing.write(bytes(4096)):
            pass
