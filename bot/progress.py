"""A progress bar on stderr for an ingest, one for each stage that takes long. Both scripts show it."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

STAGES = {"split": "splitting", "embed": "embedding", "windows": "storing", "check": "checking", "model": "fetching the model"}
BYTES: dict[str, dict[str, Any]] = {"model": {"unit": "B", "unit_scale": True}}  # the stages that count bytes


class ProgressBar:
    """Called as `bar(stage, done, total)`. Stages that take no time get none, nor does a stderr that is no terminal."""

    def __init__(self) -> None:
        """Nothing is shown until the first call."""
        self._stage = ""
        self._bar: tqdm[Any] | None = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the bar; a new stage gets a new one."""
        if stage not in STAGES:
            return
        if stage != self._stage or self._bar is None:
            from tqdm import tqdm

            self.close()
            self._stage = stage
            self._bar = tqdm(total=total, desc=STAGES[stage], file=sys.stderr, leave=False, disable=None, **BYTES.get(stage, {}))
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None
