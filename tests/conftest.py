"""What every test stands on: a clean environment, no way out to the network, a folder of its own, and the small shelf."""

import errno
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.configuration
import pytest

from bot.models import download
from bot.settings import Settings
from tests.places import ESSAYS, ROOT
from tests.toys import ToyEmbedder

# What may lie in a developer's environment and would change what the tests see, or where they reach.
_UNWANTED = re.compile(
    r"(BOT|OPENAI|ANTHROPIC|GOOGLE|GEMINI|LANGSMITH|LANGCHAIN|CHROMA|GRADIO)_.*|.*_PROXY|HF_(?!HOME).*", re.IGNORECASE
)
_WANTED = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "BOT_LLM": "quotes",  # a test of another voice says so; else nothing is loaded or fetched
    "PYTHONPATH": str(ROOT),  # children find bot and tests.toys from any folder
}

# The same examples in every run: a red test is a change in the code, never the dice.
hypothesis.configuration.set_hypothesis_home_dir(ROOT / ".hypothesis")
hypothesis.settings.register_profile("dolmen", database=None, deadline=None, derandomize=True)
hypothesis.settings.load_profile("dolmen")


def pytest_configure() -> None:
    """Clean the environment before a test module, or what it imports, can read it."""
    for name in [name for name in os.environ if _UNWANTED.fullmatch(name)]:
        del os.environ[name]
    os.environ.update(_WANTED)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the real index is slow, said or not."""
    for item in items:
        if "real_index" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _reached_for() -> Iterator[list[str]]:
    """Closes every way out but loopback and Unix sockets; holds the names and addresses that were tried."""
    tried: list[str] = []

    def refuse(host: object) -> None:
        if not _is_loopback(host):
            tried.append(str(host))
            raise OSError(errno.ENETUNREACH, f"the tests may not reach {host}")

    def guarded(method: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family != getattr(socket, "AF_UNIX", None):
                refuse(address[0])
            return method(self, address)

        return connect

    def getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
        refuse(host)
        return look_up(host, *rest, **named)

    look_up = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield tried


@pytest.fixture(autouse=True)
def outbound(_reached_for: list[str]) -> Iterator[list[str]]:
    """What this test tried to reach outside, which must be nothing in the end; a test that means to try clears the list."""
    _reached_for.clear()
    yield _reached_for
    assert not _reached_for, f"the test reached out to {_reached_for}"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test works in an empty folder: no `.env`, no `index`, no `corpus` but its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def shelf_folder() -> Path:
    """Four tiny essays, two Korean and two English, each with a fact found nowhere else. Not to be written to."""
    return ESSAYS


@pytest.fixture
def toy() -> ToyEmbedder:
    """A fresh embedder without a model."""
    return ToyEmbedder()


@pytest.fixture(scope="session")
def real_index(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of an index of corpus/, made once by the real embedder: a minute. Tests that use it are marked slow."""
    from bot.indexing.build import build_index

    settings = Settings.load(corpus=ROOT / "corpus", index=tmp_path_factory.mktemp("real") / "index", llm="quotes")
    build_index(settings)
    return settings


@pytest.fixture(scope="session")
def local_model() -> Path:
    """The real local model's file in the user's cache, where `make test` puts it. Without it a test is skipped, but not where CI is set."""
    folder = Settings.load().cache
    pytest.importorskip("xllamacpp", reason="no llama.cpp for this machine")
    if not download.is_downloaded(folder):
        assert not os.environ.get("CI"), "make test fetches the local model first; it is not in the cache"
        pytest.skip("the local model is not here: make model")
    return download.model_path(folder)


def _is_loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return name in {None, "", "localhost", "0.0.0.0", "::", "::1"} or str(name).startswith(("127.", "::ffff:127."))
