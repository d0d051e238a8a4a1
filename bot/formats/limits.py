"""The limits of one file that is parsed."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.settings import Settings

MAX_DEPTH = 1000  # of elements in each other
MAX_PAGES = 2000  # of a PDF
PAGES_A_STEP = 100  # of a PDF, for which the seconds of `Limits` are meant
MAX_RATIO = 100  # of an archive's unpacked bytes to its packed ones
MAX_MEMBERS = 10_000  # of an archive
MAX_ARCHIVE_DEPTH = 2  # a Notion export is a zip of zips


def _no_step() -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a parser may use: bytes that it may unpack, and a call after each step of a long file, which gives it its seconds anew."""

    unpacked: int = 100_000_000
    step: Callable[[], None] = _no_step


@dataclass(frozen=True, slots=True)
class Limits:
    """What the parsing of one file may cost: seconds of processor time (for 100 pages of a PDF), bytes of address space, bytes of output.

    `unpacked` also limits what one archive unpacks to.
    """

    seconds: float = 10
    memory: int = 1_000_000_000
    unpacked: int = 100_000_000

    @classmethod
    def load(cls) -> "Limits":
        """The limits that the settings give. Raises `SettingsError`."""
        settings = Settings.load()
        return cls(settings.parse_seconds, settings.parse_memory * 10**6, settings.parse_unpacked * 10**6)
