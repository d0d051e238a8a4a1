"""The folder of a sentence-transformers model: found by name or path, downloaded from the Hub, and refused where it could run code."""

import hashlib
import json
import re
from pathlib import Path

from bot.errors import EmbedderError
from bot.messages import model_errors
from bot.messages.text import Text

_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
_HUB_FILES_LEFT_OUT = ["onnx/*", "openvino/*"]
OFFLINE = "HF_HUB_OFFLINE is set"
_PICKLE_SUFFIXES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}
_SAMPLE_BYTES = 1 << 16


def unusable(fact: Text) -> EmbedderError:
    """An error whose remedy is another model."""
    return EmbedderError(model_errors.OTHER_EMBEDDER.format(fact=fact))


def is_folder(name: str) -> bool:
    """Whether `name` is a folder on this disk, and not a name on the Hub."""
    return Path(name).expanduser().is_dir()


def find(name: str) -> Path | None:
    """The folder of the model: `name` itself, or the Hub's copy in its cache. None for a Hub model that was not downloaded."""
    if is_folder(name):
        return Path(name).expanduser()
    if not _HUB_NAME.fullmatch(name):
        raise unusable(model_errors.NO_FOLDER.format(name=name))
    try:
        folder = download(name, only_cached=True)
    except EmbedderError:
        return None
    return folder if (folder / "modules.json").is_file() and any(folder.rglob("*.safetensors")) else None


def download(name: str, *, only_cached: bool = False) -> Path:
    """Download a model from the Hub into its cache, or only look there. Files that are not data are left out."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        folder = snapshot_download(
            repository, allow_patterns=_HUB_FILES, ignore_patterns=_HUB_FILES_LEFT_OUT, local_files_only=only_cached
        )
        return Path(folder)
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise not_downloadable(name, _download_failure(error)) from error


def not_downloadable(name: str, reason: str) -> EmbedderError:
    """The error for a model of the Hub that cannot be downloaded, with the reason in a few words."""
    return unusable(model_errors.NOT_DOWNLOADABLE.format(name=name, reason=reason))


def _download_failure(error: Exception) -> str:
    """Why a download failed, in a few words: the client's own messages are several lines long."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if is_offline():
        return OFFLINE
    if isinstance(error, LocalEntryNotFoundError):
        return "no connection"
    return getattr(error, "strerror", None) or type(error).__name__


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE forbids downloads from the Hub."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def digest(folder: Path) -> str:
    """16 hexadecimal digits over a model's folder: its JSON files, and the names, sizes and three samples of its weight files."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".json", ".safetensors"}:
            continue
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
        with path.open("rb") as file:
            if path.suffix == ".json":
                digest.update(file.read())
                continue
            for offset in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
                file.seek(offset)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def require_safe(folder: Path) -> None:
    """Raise `EmbedderError` for a folder that is not a sentence-transformers model or whose loading could run code."""
    try:
        listed = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        modules = [(str(module["type"]), folder / str(module["path"])) for module in listed]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise unusable(model_errors.NO_MODULES.format(folder=folder)) from error
    for kind, module_folder in modules:
        suffixes = {path.suffix for path in module_folder.glob("*")}
        if not kind.startswith("sentence_transformers."):
            raise unusable(model_errors.OWN_CODE.format(folder=folder, kind=kind))
        if suffixes & _PICKLE_SUFFIXES and ".safetensors" not in suffixes:
            raise unusable(model_errors.PICKLE_ONLY.format(folder=folder))
