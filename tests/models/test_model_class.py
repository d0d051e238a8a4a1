"""Capable or small: the number of parameters in the metadata of files and of Ollama, and the setting that wins over it."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.models import gguf, model_class
from bot.models.chat import ChatModel, open_chat_model
from bot.schema import ModelClass
from bot.settings import Keys
from tests.ollama import OllamaServer, listed


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf_file(path: Path, shapes: Sequence[Sequence[int]]) -> Path:
    """A GGUF file without weights: values of several types, and tensors of these shapes."""
    values = [
        text("general.name") + struct.pack("<I", 8) + text("A model"),
        text("general.alignment") + struct.pack("<II", 4, 32),
        text("tokenizer.tokens") + struct.pack("<IIQ", 9, 8, 3) + text("a") + text("돌") + text(""),
        text("tokenizer.scores") + struct.pack("<IIQ", 9, 6, 2) + struct.pack("<ff", 0.5, 1.5),
        text("tokenizer.pairs") + struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQI", 5, 1, 7),
    ]
    tensors = [
        text(f"tensor.{number}") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 12, 0)
        for number, shape in enumerate(shapes)
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    path.write_bytes(head + b"".join(values) + b"".join(tensors))
    return path


def class_of(name: str, cache: Path, forced: ModelClass | None = None) -> ModelClass:
    opened = open_chat_model(name, Keys.load(), cache, forced)
    assert opened is not None
    return opened.model_class


@pytest.mark.parametrize(("label", "count"), [
    ("7.6B", 7.6e9), ("494.03M", 494.03e6), ("8x7B", 56e9), (" 70b ", 70e9), ("1T", 1e12), ("", 0.0), ("large", 0.0), ("7B chat", 0.0),
])  # fmt: skip
def test_a_label_of_metadata_gives_the_number_of_parameters(label: str, count: float) -> None:
    assert model_class.parameters_in(label) == pytest.approx(count)


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "small"), (1.5e9, "small"), (6.4e9, "small"), (6.7e9, "capable"), (8e9, "capable")]
)
def test_a_model_is_capable_from_seven_billion_parameters_on(count: float, expected: str) -> None:
    assert model_class.of_parameters(count) == expected


def test_the_parameters_of_a_file_are_the_elements_of_its_tensors(tmp_path: Path) -> None:
    assert gguf.parameters(gguf_file(tmp_path / "model.gguf", [(4096, 32000), (4096,), (2, 3, 4)])) == 4096 * 32001 + 24


@pytest.mark.parametrize("content", [
    b"", b"GGUF", b"no model at all", b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60),
    b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 2**63), b"GGUF" + struct.pack("<IQQ", 1, 0, 0),
])  # fmt: skip
def test_a_header_that_cannot_be_read_has_no_parameters(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(content)
    assert gguf.parameters(tmp_path / "broken.gguf") == 0
    assert gguf.parameters(tmp_path / "missing.gguf") == 0


@pytest.mark.parametrize(
    ("shapes", "expected"), [([(4096, 400_000)], "small"), ([(4096, 1_000_000), (4096, 900_000)], "capable")]
)
def test_a_file_is_classed_by_its_own_metadata(shapes: list[tuple[int, int]], expected: str, tmp_path: Path) -> None:
    file = gguf_file(tmp_path / "model.gguf", shapes)
    assert class_of(f"local:{file}", tmp_path) == expected
    assert class_of(f"local:{tmp_path / 'missing.gguf'}", tmp_path) == "small"
    assert class_of("local", tmp_path) == "small"


@pytest.mark.parametrize("name", ["openai:gpt-x", "mistralai:small"])
def test_every_provider_s_model_is_capable(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert class_of(name, tmp_path) == "capable"


def test_a_model_of_ollama_is_classed_by_what_its_server_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaServer([listed("qwen3:8b", "8.2B"), listed("llama3.2:latest", "3.2B"), listed("odd", "")]) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        classes = {name: class_of(f"ollama:{name}", tmp_path) for name in ("qwen3:8b", "llama3.2", "odd", "not-there")}
    assert classes == {"qwen3:8b": "capable", "llama3.2": "small", "odd": "small", "not-there": "small"}


def test_a_server_that_was_not_there_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = OllamaServer([listed("qwen3:8b", "8.2B")])
    monkeypatch.setenv("OLLAMA_HOST", server.host)
    opened = open_chat_model("ollama:qwen3:8b", Keys.load(), tmp_path)
    assert opened is not None
    server.is_silent = True
    with server:
        assert not opened.is_capable
        server.is_silent = False
        assert opened.is_capable
        asked = len(server.asked)
        assert (opened.is_capable, opened.may_add_readings) == (True, True)
        assert len(server.asked) == asked  # what is known is not asked for again


@pytest.mark.parametrize("forced", ["capable", "small"])
def test_the_setting_wins_over_the_metadata(forced: ModelClass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    for name in ("openai:gpt-x", "ollama:qwen3:8b", "local"):
        assert class_of(name, tmp_path, forced) == forced


def test_only_a_capable_model_may_add_readings() -> None:
    def build() -> None:
        raise AssertionError("it is not opened")

    assert [ChatModel("x", build, forced_class=own).may_add_readings for own in ("capable", "small")] == [True, False]  # type: ignore[arg-type]


def test_the_room_of_an_ollama_model_is_what_its_server_says_once_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [listed("qwen3:8b"), listed("llama3.2:latest"), listed("odd")]
    loaded = [
        listed("qwen3:8b", context_length=32_768),
        listed("llama3.2:latest", context_length=8_192),
        listed("odd", context_length="x"),
    ]
    with OllamaServer(models, loaded) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        names = ("ollama:qwen3:8b", "ollama:llama3.2", "ollama:odd", "ollama:not-loaded")
        rooms = [opened.context_tokens for name in names if (opened := open_chat_model(name, Keys.load(), tmp_path))]
    assert rooms == [32_768, 8_192, 4_096, 4_096]
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    hosted = open_chat_model("openai:gpt-x", Keys.load(), tmp_path)
    assert hosted is not None
    assert hosted.context_tokens == 0
