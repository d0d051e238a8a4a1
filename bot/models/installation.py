"""Installs a model that can be fetched: its files as they are, or converted where it is used in another form."""

from pathlib import Path

from bot.models import download, gemma
from bot.models.files import EMBEDDING_GEMMA, Model
from bot.schema import Progress, no_progress


def is_installed(model: Model, cache: Path) -> bool:
    """Whether the model can be used at once."""
    return gemma.is_installed(cache) if model is EMBEDDING_GEMMA else model.is_there(cache)


def path(model: Model, cache: Path) -> Path:
    """What the model is opened by, whether it is there or not."""
    return gemma.folder(cache) if model is EMBEDDING_GEMMA else model.path(cache)


def install(model: Model, cache: Path, progress: Progress = no_progress) -> Path:
    """What the model is opened by, fetched and converted where it is missing. Raises `ModelError`."""
    return gemma.install(cache, progress) if model is EMBEDDING_GEMMA else download.fetch(model, cache, progress)
