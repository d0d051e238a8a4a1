"""A model's files from the Hugging Face Hub: nothing is printed, and a Hub that cannot be reached costs little time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.messages import model_sources
from bot.messages.text import Text
from bot.models.files import HubSource, ModelFile
from bot.models.staging import SourceError, Staging
from bot.schema import Progress

CONNECT_SECONDS = 5
ATTEMPTS = 2


class HubUnreachable(SourceError):
    """The Hub itself cannot be reached, so no other repository there can."""


def space_needed(staging: Staging) -> int:
    """The bytes of disk that a download from the Hub takes."""
    return staging.missing_bytes()


def fetch(source: HubSource, staging: Staging, progress: Progress) -> None:
    """Download the missing files and publish each. Raises `SourceError` for whatever goes wrong.

    The client continues no file that was cut off; the files before it are kept.
    """
    import huggingface_hub as hub  # here, because the import is slow and seldom needed
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise HubUnreachable(model_sources.HUB_OFFLINE)
    if source.gated and not hub.get_token():
        raise SourceError(model_sources.HUB_GATED.format(repository=source.repository))
    folder = staging.folder / "hub"
    for leftover in list(folder.rglob("*.incomplete")):  # of a killed process
        leftover.unlink()
    with _quiet():
        for file in staging.missing():
            _require_size(source, file)
            staged = _download(source, file, folder, _silent_bar(progress, file, staging))
            staging.publish(file, staged, model_sources.HUB.format(repository=source.repository))


def _require_size(source: HubSource, file: ModelFile) -> None:
    """Raise `SourceError` where the Hub has no such file of the right size.

    Asked before the download, because that one waits for minutes, with retries, where there is no network.
    """
    import huggingface_hub as hub

    url = hub.hf_hub_url(source.repository, file.path, revision=source.revision)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            size = hub.get_hf_file_metadata(url, token=source.gated, timeout=CONNECT_SECONDS).size
            break
        except Exception as error:  # each version of the client has its own classes
            status = getattr(getattr(error, "response", None), "status_code", 500)
            if status < 500:
                raise _refused(source, file, model_sources.STATUS.format(status=status)) from error
            if attempt == ATTEMPTS:
                raise HubUnreachable(model_sources.HUB_UNREACHABLE.format(reason=type(error).__name__)) from error
    if size != file.size:
        raise _refused(source, file, model_sources.OTHER_SIZE.format(count=size, expected=file.size))


def _download(source: HubSource, file: ModelFile, folder: Path, bar: Any) -> Path:
    """Download a file into `folder`."""
    import huggingface_hub as hub

    try:
        downloaded = hub.hf_hub_download(
            source.repository,
            file.path,
            revision=source.revision,
            local_dir=folder,
            token=source.gated,  # true means the user's own; a file that is public is asked for without
            etag_timeout=CONNECT_SECONDS,
            tqdm_class=bar,
        )
    except Exception as error:
        raise _refused(source, file, getattr(error, "strerror", None) or type(error).__name__) from error
    return Path(downloaded)


def _refused(source: HubSource, file: ModelFile, reason: Text | str) -> SourceError:
    return SourceError(model_sources.HUB_REFUSED.format(repository=source.repository, file=file.path, reason=reason))


def _silent_bar(progress: Progress, file: ModelFile, staging: Staging) -> Any:
    """A tqdm class for the Hub's client that prints nothing and calls `progress` with the bytes of all the model's files."""
    from tqdm import tqdm

    total = staging.model.size
    before = total - staging.missing_bytes()
    highest = 0  # of all bars: the client may have one for received and one for written bytes

    class Bar(tqdm):  # type: ignore[type-arg]  # not subscriptable at run time
        def __init__(self, *args: Any, initial: int = 0, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})
            self.done = initial

        def update(self, n: float | None = 1) -> None:
            nonlocal highest
            self.done += int(n or 0)
            highest = max(highest, min(self.done, file.size))
            progress("model", before + highest, total)

    return Bar


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the client's warnings: what it cannot do is said in one line at the end."""
    from huggingface_hub.utils import logging as hub_logging

    verbosity = hub_logging.get_verbosity()
    hub_logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        hub_logging.set_verbosity(verbosity)
