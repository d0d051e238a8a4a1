"""A model's files on their way into the cache: each gets its final name only after its sha256 was checked and it has reached the disk."""

import hashlib
import os
import shutil
from pathlib import Path

from bot.errors import ModelError
from bot.messages import model_sources
from bot.messages.text import Text
from bot.models.files import Model, ModelFile


class SourceError(ModelError):
    """A source of a model cannot be reached, or has not the right files. The next one is tried."""


class Staging:
    """The folder of a download that is not finished. Only the process that holds the model's lock may write there."""

    def __init__(self, model: Model, cache: Path) -> None:
        """Create nothing yet. The folder lies in `cache`, so that moving a file to its name is a rename."""
        self.model = model
        self.cache = cache
        self.folder = cache / f".{model.name}.partial"

    def missing(self) -> list[ModelFile]:
        """The model's files that are not in the cache."""
        return self.model.missing(self.cache)

    def missing_bytes(self) -> int:
        """The size of the missing files."""
        return sum(file.size for file in self.missing())

    def publish(self, file: ModelFile, staged: Path, origin: Text) -> None:
        """Move `staged`, which came from `origin`, to the final name of `file`. Where it is another file, delete it and raise `SourceError`."""
        with staged.open("r+b") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            os.fsync(content.fileno())
        if digest != file.sha256:
            staged.unlink()
            raise SourceError(
                model_sources.OTHER_FILE.format(origin=origin, file=file.path, found=digest[:12], expected=file.sha256[:12])
            )
        target = self.model.file_path(file, self.cache)
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)

    def clear(self) -> None:
        """Delete everything that is not published."""
        shutil.rmtree(self.folder, ignore_errors=True)
