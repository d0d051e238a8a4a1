"""Asks an Ollama server which models it has: the largest chat model of a server on this machine, and the size of a named one."""

import ipaddress
import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from bot.models.model_class import parameters_in

DEFAULT_PORT = 11434
SECONDS = 0.3  # that a server may take for its list, so that nothing waits where there is none
DEFAULT_CONTEXT_TOKENS = (
    4_096  # of a prompt with its answer; a server that is set to nothing else cuts what is longer without a word
)
MAX_LIST_BYTES = 5_000_000
ANY_ADDRESS = {"0.0.0.0", "::"}  # what a server that listens on all addresses is set to
# Models that embed or rank texts, by their names and by the families that their metadata give; newer servers also say what a model can do.
_NO_CHAT_NAME = re.compile(r"embed|rerank|minilm|\bbge\b|\bgte\b|\be5\b", re.IGNORECASE)
_NO_CHAT_FAMILY = re.compile(r"bert|embed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A model of a server: its name, the number of its parameters (0 where the server does not say), and the bytes of its file."""

    name: str
    parameters: float
    size: int


def address(host: str) -> str:
    """The address of a server from `OLLAMA_HOST`, which may lack the scheme and the port; without it, that of this machine's own."""
    given = urlsplit(host.strip() if "://" in host else f"http://{host.strip() or '127.0.0.1'}")
    name = "127.0.0.1" if (given.hostname or "") in ANY_ADDRESS else given.hostname or "127.0.0.1"
    port = given.port or (DEFAULT_PORT if "://" not in host else {"https": 443}.get(given.scheme, 80))
    return f"{given.scheme}://{f'[{name}]' if ':' in name else name}:{port}{given.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Whether the server at `OLLAMA_HOST` is on this machine, so that nothing leaves it."""
    name = urlsplit(address(host)).hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def largest_chat_model(host: str, seconds: float = SECONDS) -> str:
    """The name of the largest chat model of a server on this machine; empty where none answers within `seconds` or it has none."""
    if not is_loopback(host):
        return ""
    found = [_model(entry) for entry in _entries(host, seconds) if _may_chat(entry)]
    best = max(found, key=lambda model: (model.parameters, model.size, model.name), default=None)
    return best.name if best else ""


def parameters_of(name: str, host: str, seconds: float = SECONDS) -> float:
    """The number of parameters of a model by its name, which may lack the tag `latest`; 0 where the server does not say."""
    names = {name, f"{name}:latest"}
    return next((model.parameters for model in map(_model, _entries(host, seconds)) if model.name in names), 0.0)


def context_tokens(name: str, host: str, seconds: float = SECONDS) -> int:
    """The tokens of a prompt with its answer that a server takes: as it says of the model once that is loaded, else the default."""
    found = [entry.get("context_length") for entry in _entries(host, seconds, "ps") if entry["name"] in {name, f"{name}:latest"}]
    return next((length for length in found if type(length) is int and length > 0), DEFAULT_CONTEXT_TOKENS)


def _entries(host: str, seconds: float, kind: str = "tags") -> list[Mapping[str, Any]]:
    """The models that a server has (`tags`) or has loaded (`ps`), an entry each; none where it does not answer, or with something else."""
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if is_loopback(host) else []))
    try:
        with opener.open(f"{address(host)}/api/{kind}", timeout=seconds) as response:
            listed = json.loads(response.read(MAX_LIST_BYTES))["models"]
        return [entry for entry in listed if isinstance(entry, Mapping) and isinstance(entry.get("name"), str)]
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return []


def _model(entry: Mapping[str, Any]) -> OllamaModel:
    size = entry.get("size")
    return OllamaModel(
        entry["name"], parameters_in(str(_details(entry).get("parameter_size", ""))), size if type(size) is int else 0
    )


def _may_chat(entry: Mapping[str, Any]) -> bool:
    """Whether a model is one to chat with that runs on the server itself: a cloud model's prompts would leave the machine."""
    if entry.get("remote_host") or entry.get("remote_model") or re.search(r"[:-]cloud$", entry["name"]):
        return False
    details, can = _details(entry), entry.get("capabilities")
    if isinstance(can, list) and "completion" not in can:
        return False
    families = [details.get("family"), *(details.get("families") or ())]
    return not _NO_CHAT_NAME.search(entry["name"]) and not any(_NO_CHAT_FAMILY.search(str(family)) for family in families)


def _details(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    details = entry.get("details")
    return details if isinstance(details, Mapping) else {}
