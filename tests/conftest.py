"""Fixtures of all tests: a clean environment, no network but loopback, an empty working folder, and the small collection."""

import errno
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.configuration
import pytest
from filelock import FileLock

from bot.models import files, gemma
from bot.retrieval import weights
from bot.settings import Settings
from tests.places import ESSAYS, ROOT
from tests.toys import TOY_WEIGHTS, ToyEmbedder

# Variables of a developer's environment that would change a test's result or make it reach a server.
_REMOVED = re.compile(
    r"(BOT|OPENAI|ANTHROPIC|GOOGLE|GEMINI|LANGSMITH|LANGCHAIN|CHROMA|GRADIO|OLLAMA)_.*|.*_PROXY|HF_(?!HOME).*", re.IGNORECASE
)
_SET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "BOT_LLM": "quotes",  # no chat model unless a test sets one
    "BOT_EMBEDDING_MODEL": "e5-small",  # the default is another one where that is installed
    "OLLAMA_HOST": "127.0.0.1:9",  # where no server is: a developer's own is not found
    "PYTHONPATH": str(ROOT),  # child processes import bot and tests.toys from any folder
}

# The same examples in every run, so that a failure is always caused by a change in the code.
hypothesis.configuration.set_hypothesis_home_dir(ROOT / ".hypothesis")
hypothesis.settings.register_profile("dolmen", database=None, deadline=None, derandomize=True)
hypothesis.settings.load_profile("dolmen")


def pytest_configure() -> None:
    """Clean the environment before a test module or its imports read it."""
    for name in [name for name in os.environ if _REMOVED.fullmatch(name)]:
        del os.environ[name]
    os.environ.update(_SET)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the real index as slow."""
    for item in items:
        if "real_index" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def _toy_weights() -> None:
    """The toy embedder has weights of its own among those of the real ones."""
    weights._read()["toy"] = asdict(TOY_WEIGHTS)


@pytest.fixture(scope="session", autouse=True)
def _attempted() -> Iterator[list[str]]:
    """Refuses connections and look-ups but those of loopback and Unix sockets; yields the hosts that were attempted."""
    attempted: list[str] = []

    def refuse(host: object) -> None:
        if not _is_loopback(host):
            attempted.append(str(host))
            raise OSError(errno.ENETUNREACH, f"tests may not connect to {host}")

    def guarded(method: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family != getattr(socket, "AF_UNIX", None):
                refuse(address[0])
            return method(self, address)

        return connect

    def guarded_look_up(host: Any, *rest: Any, **options: Any) -> Any:
        refuse(host)
        return look_up(host, *rest, **options)

    look_up = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield attempted


@pytest.fixture(autouse=True)
def outbound(_attempted: list[str]) -> Iterator[list[str]]:
    """The outside hosts that this test attempted to reach: none at its end. A test that does so on purpose clears the list."""
    _attempted.clear()
    yield _attempted
    assert not _attempted, f"the test attempted to reach {_attempted}"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in an empty folder of its own, without `.env`, `index` and `corpus`."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def essays_folder() -> Path:
    """Four short essays, two Korean and two English, each with a fact that no other has. Do not write to it."""
    return ESSAYS


@pytest.fixture
def toy() -> ToyEmbedder:
    """A new embedder without a model."""
    return ToyEmbedder()


@pytest.fixture(scope="session")
def real_index(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Settings:
    """The settings of an index of corpus/, built once by the real embedder in about a minute. Its tests are marked slow.

    The workers of pytest-xdist share it: the first one builds it, the others wait.
    """
    from bot.indexing.build import build_index

    own = tmp_path_factory.getbasetemp()
    folder = own if worker_id == "master" else own.parent
    settings = Settings.load(corpus=ROOT / "corpus", index=folder / "real-index", llm="quotes")
    with FileLock(folder / "real-index.lock"):
        build_index(settings)  # does nothing where another worker has built it
    return settings


@pytest.fixture(scope="session")
def local_model() -> Path:
    """The local model's file in the user's cache, where `make test` downloads it. Without it tests are skipped; with CI set they fail."""
    folder = Settings.load().cache
    pytest.importorskip("xllamacpp", reason="no llama.cpp for this machine")
    if not files.LOCAL_CHAT.is_there(folder):
        assert not os.environ.get("CI"), "the local model is not in the cache; make test downloads it first"
        pytest.skip("the local model is not downloaded: make model")
    return files.LOCAL_CHAT.path(folder)


@pytest.fixture(scope="session")
def gemma_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with EmbeddingGemma, that of the user's. Without it tests are skipped; with CI set they fail."""
    installed = Settings.load().cache
    if not gemma.is_installed(installed):
        assert not os.environ.get("CI"), "EmbeddingGemma is not in the cache; make test downloads it first"
        pytest.skip("EmbeddingGemma is not downloaded: python -m bot model embeddinggemma")
    cache = tmp_path_factory.mktemp("gemma-cache")
    gemma.folder(cache).symlink_to(gemma.folder(installed))
    return cache


def _is_loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    return name in {None, "", "localhost", "0.0.0.0", "::", "::1"} or str(name).startswith(("127.", "::ffff:127."))
