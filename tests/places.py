"""Where things are: the repository and the small collection of essays that tests read."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
ESSAYS = Path(__file__).parent / "essays"
