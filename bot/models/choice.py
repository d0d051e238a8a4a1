"""Chooses the embedder: the one that is named, else the one that made the index, else EmbeddingGemma where it is there, else e5-small."""

from collections.abc import Callable, Mapping
from pathlib import Path

from bot.errors import ModelError
from bot.messages import model_errors
from bot.messages.text import Text
from bot.models import gemma
from bot.models.embeddings import E5_SMALL, KNOWN, Embedder
from bot.models.files import EMBEDDING_GEMMA
from bot.schema import Progress


def chosen(named: str, made_with: str, cache: Path) -> Embedder:
    """The embedder to open an index with. `named` is the setting, `made_with` the index's own (`name_of`); both may be empty.

    Fetches nothing: without either it is EmbeddingGemma where that is in `cache`, else e5-small.
    """
    return Embedder(named or made_with or (gemma.NAME if gemma.is_installed(cache) else E5_SMALL), cache)


def fetched(named: str, made_with: str, cache: Path, progress: Progress, say: Callable[[Text], None]) -> Embedder:
    """The embedder to make an index with. Where none is named and none made the index, EmbeddingGemma is fetched first, which is said.

    `say` is given a line for a reader: what is fetched and under which licence, or why e5-small is used in its place.
    """
    if (named or made_with or gemma.NAME) == gemma.NAME and not gemma.is_installed(cache):
        say(model_errors.FETCHING.format(name=gemma.NAME, size="1.2 GB", licence=EMBEDDING_GEMMA.licence))
        try:
            gemma.install(cache, progress)
        except ModelError as error:
            if named:
                raise
            say(model_errors.FALLING_BACK.format(reason=error.message, name=E5_SMALL))
            return Embedder(E5_SMALL, cache)
    return chosen(named, made_with, cache)


def name_of(fingerprint: Mapping[str, str], stored: str = "") -> str:
    """The name that the embedder of an index can be opened by: the one that the index `stored`, else the one of its fingerprint."""
    names = {model: name for name, (model, _) in KNOWN.items()}
    return stored or names.get(fingerprint.get("model", ""), fingerprint.get("model", ""))
