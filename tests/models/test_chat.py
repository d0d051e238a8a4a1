"""Chat models by name: what `BOT_LLM` and the providers' variables select, and the errors where something is missing."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ModelError
from bot.models import chat, files, ollama
from bot.models.chat import ChatModel, missing_key, open_chat_model
from bot.models.streaming import stream_text
from bot.schema import ModelClass
from bot.settings import Keys
from tests.endpoint import Endpoint
from tests.ollama import OllamaServer, listed

SECRET = "sk-canary-7f3a"
OPENAI_SERVER = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}


def opened(name: str, cache: Path, monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str] | None = None) -> ChatModel | None:
    """The chat model of a name, with `values` in the environment."""
    for variable, value in (values or {}).items():
        monkeypatch.setenv(variable, value)
    return open_chat_model(name, Keys.load(), cache)


@pytest.fixture
def cache_with_gguf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a file that has the size of the local model."""
    tiny = replace(files.LOCAL_CHAT, files=(files.ModelFile("tiny.gguf", 4, "0" * 64),))
    monkeypatch.setattr(files, "LOCAL_CHAT", tiny)
    tiny.path(tmp_path).write_bytes(b"GGUF")
    return tmp_path


def install_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "find_spec", lambda name: object())


def install_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "find_spec", lambda name: None)


@pytest.mark.parametrize(("name", "values", "selected"), [
    ("quotes", {"OPENAI_API_KEY": SECRET}, None),
    ("auto", {}, None),
    ("auto", {"OPENAI_API_KEY": SECRET}, "openai:gpt-5-mini"),
    ("auto", {"OPENAI_API_KEY": SECRET, **OPENAI_SERVER}, "openai:"),
    ("auto", OPENAI_SERVER, "openai:"),
    ("openai:gpt-x", {"OPENAI_API_KEY": SECRET}, "openai:gpt-x"),
    ("openai:qwen", OPENAI_SERVER, "openai:qwen"),
    ("ollama:qwen3:8b", {}, "ollama:qwen3:8b"),
    (" local ", {}, "local"),
    ("local:/models/big.gguf", {}, "local:big.gguf"),
])  # fmt: skip
def test_name_selects_a_chat_model(
    name: str, values: dict[str, str], selected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_model = opened(name, tmp_path, monkeypatch, values)
    assert (chat_model.name if chat_model else None) == selected


# auto: a key, else Ollama on this machine, else quotations only

CHOICES = [
    # what the server lists, and the model that is chosen
    ([listed("llama3.2:3b", "3.2B"), listed("qwen3:8b", "8.2B"), listed("gemma3:4b", "4.3B")], "qwen3:8b"),
    ([listed("mixtral:8x7b", "46.7B"), listed("qwen3:32b", "32.8B")], "mixtral:8x7b"),
    ([listed("small", "494.03M"), listed("tiny", "1.5B")], "tiny"),  # M and B are not compared as texts
    ([listed("unknown", "", size=10), listed("unknown-too", "", size=20)], "unknown-too"),
    ([listed("qwen3-embedding:8b", "7.6B", "qwen3"), listed("llama3.2", "3.2B")], "llama3.2"),
    ([listed("bge-m3", "567M", "bert"), listed("nomic-embed-text", "137M", "nomic-bert"), listed("embeddinggemma", "300M", "gemma3")], ""),
    ([listed("arctic", "8B", capabilities=["embedding"]), listed("llama3.2", "3.2B", capabilities=["completion"])], "llama3.2"),
    ([listed("gpt-oss:120b-cloud", "116.8B"), listed("far", "70B", remote_host="https://ollama.com:443"), listed("near", "1B")], "near"),
    ([], ""),
    (b"<!doctype html>", ""),
    (b'{"models": {"name": 1}}', ""),
    (b'{"models": [{"name": 1}, 7, {"name": "odd", "details": 5}]}', "odd"),
]  # fmt: skip


@pytest.mark.parametrize(("models", "chosen"), CHOICES)
def test_auto_selects_the_largest_chat_model_of_ollama(
    models: Any, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="bot")
    with OllamaServer(models) as server:
        chat_model = opened("auto", tmp_path, monkeypatch, {"OLLAMA_HOST": server.host})
        assert server.asked == ["/api/tags"]
    assert (chat_model.name if chat_model else "") == (f"ollama:{chosen}" if chosen else "")
    assert [f"ollama:{chosen}" in record.message for record in caplog.records] == [True] * bool(
        chosen
    )  # named before its first use


def test_a_key_goes_before_ollama_which_is_then_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaServer([listed("qwen3:8b")]) as server:
        for variables in ({"OPENAI_API_KEY": SECRET}, OPENAI_SERVER):
            chat_model = opened("auto", tmp_path, monkeypatch, {"OLLAMA_HOST": server.host, **variables})
            assert chat_model is not None
            assert chat_model.name.startswith("openai:")
        assert server.asked == []


def test_a_silent_server_costs_less_than_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaServer([listed("qwen3:8b")]) as server:
        server.is_silent = True
        started = time.monotonic()
        assert opened("auto", tmp_path, monkeypatch, {"OLLAMA_HOST": server.host}) is None
        assert time.monotonic() - started < 0.9


@pytest.mark.parametrize("host", ["192.0.2.7:11434", "http://models.example", "https://ollama.com"])
def test_auto_sends_nothing_to_another_machine(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    assert opened("auto", tmp_path, monkeypatch, {"OLLAMA_HOST": host}) is None
    assert outbound == []


def test_auto_leaves_the_local_model_to_those_who_ask_for_it(cache_with_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_all(monkeypatch)
    assert opened("auto", cache_with_gguf, monkeypatch) is None
    chat_model = opened("local", cache_with_gguf, monkeypatch)
    assert chat_model is not None
    assert (chat_model.name, chat_model.is_local, chat_model.may_add_readings) == ("local", True, False)


@pytest.mark.parametrize(("host", "address", "is_loopback"), [
    ("", "http://127.0.0.1:11434", True),
    ("0.0.0.0", "http://127.0.0.1:11434", True),  # what a server that listens everywhere is set to
    ("0.0.0.0:5000", "http://127.0.0.1:5000", True),
    (" localhost ", "http://localhost:11434", True),
    ("[::1]:5000", "http://[::1]:5000", True),
    ("http://127.0.0.1", "http://127.0.0.1:80", True),
    ("https://models.example/ollama/", "https://models.example:443/ollama", False),
    ("10.0.0.7", "http://10.0.0.7:11434", False),
])  # fmt: skip
def test_the_address_is_read_as_ollama_reads_it(host: str, address: str, is_loopback: bool) -> None:
    assert (ollama.address(host), ollama.is_loopback(host)) == (address, is_loopback)


@pytest.mark.parametrize(("name", "values", "variable"), [
    ("openai:gpt-x", {}, "OPENAI_API_KEY"),
    ("anthropic:claude", {"OPENAI_API_KEY": SECRET}, "ANTHROPIC_API_KEY"),
    (" gemini:flash ", {}, "GOOGLE_API_KEY"),
    ("openai:gpt-x", {"OPENAI_API_KEY": SECRET}, ""),
    ("openai:qwen", OPENAI_SERVER, ""),
    ("ollama:qwen3", {}, ""),
    ("mistralai:small", {}, ""),
    ("auto", {}, ""),
    ("quotes", {}, ""),
    ("local:/models/big.gguf", {}, ""),
])  # fmt: skip
def test_missing_key_is_the_variable_of_the_named_provider(
    name: str, values: dict[str, str], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name_set, value in values.items():
        monkeypatch.setenv(name_set, value)
    assert missing_key(name, Keys.load()) == variable


@pytest.mark.parametrize(("name", "values", "words"), [
    ("bogus", {}, ["'bogus'", "quotes", "local", "provider:model"]),
    ("openai", {"OPENAI_API_KEY": SECRET}, ["'openai'", "openai:gpt-5-mini"]),
    ("openai:gpt-x", {}, ["OPENAI_API_KEY", "BOT_LLM=quotes"]),
    ("anthropic:claude", {}, ["ANTHROPIC_API_KEY"]),
    ("google:gemini", {}, ["GOOGLE_API_KEY"]),
    ("anthropic:claude", {"ANTHROPIC_API_KEY": SECRET}, ["pip install '.[anthropic]'"]),
    ("google_genai:gemini", {"GOOGLE_API_KEY": SECRET}, ["pip install '.[google]'"]),
])  # fmt: skip
def test_error_for_an_unusable_name_has_a_remedy_and_no_key(
    name: str, values: dict[str, str], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_none(monkeypatch)
    with pytest.raises(ModelError) as caught:
        opened(name, tmp_path, monkeypatch, values)
    for line in (str(caught.value), caught.value.text("ko")):
        assert SECRET not in line
        assert all(word in line for word in words)
    assert any("가" <= letter <= "힣" for letter in caught.value.text("ko"))


@pytest.mark.parametrize(("name", "values", "pattern"), [
    ("mistralai:small", {}, "pip install langchain-mistralai"),
    ("nobody:small", {}, "nobody:small"),
    ("auto", OPENAI_SERVER, "OPENAI_BASE_URL.*BOT_LLM=openai:NAME"),
])  # fmt: skip
def test_error_on_first_use_is_one_line_in_both_languages(
    name: str, values: dict[str, str], pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_model = opened(name, tmp_path, monkeypatch, values)
    assert chat_model is not None
    with pytest.raises(ModelError, match=pattern) as caught:
        _ = chat_model.model
    assert "\n" not in str(caught.value)
    assert any("가" <= letter <= "힣" for letter in caught.value.text("ko"))


def test_server_without_a_named_model_uses_the_first_that_it_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint() as endpoint:
        chat_model = opened("auto", tmp_path, monkeypatch, {"OPENAI_BASE_URL": endpoint.url})
        assert chat_model is not None
        model: Any = chat_model.model
    assert model.model_name == "fake"


@pytest.mark.parametrize(("forced", "tokens"), [(None, 4_000), ("capable", 4_000), ("small", 700)])
def test_a_capable_model_may_send_more_than_a_small_one(
    forced: ModelClass | None, tokens: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
        chat_model = open_chat_model("openai:fake", Keys.load(), tmp_path, forced)
        assert chat_model is not None
        assert "".join(stream_text(chat_model.model, [("user", "hello")], chat_model.limits)) == endpoint.reply
        body = endpoint.requests[-1]["body"]
    assert [body[name] for name in ("max_tokens", "max_completion_tokens") if name in body] == [tokens]


@pytest.mark.parametrize("name", ["no.gguf", "missing.gguf"])
def test_local_file_that_is_not_gguf_is_refused_before_it_is_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "no.gguf").write_text("this is no model")
    chat_model = opened(f"local:{tmp_path / name}", tmp_path, monkeypatch)
    assert chat_model is not None
    with pytest.raises(ModelError, match=f"{name}.*make model"):
        _ = chat_model.model


def test_keys_come_from_the_environment_or_the_env_file_and_are_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"OPENAI_API_KEY={SECRET}\nANTHROPIC_API_KEY={SECRET}\n")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "other")
    keys = Keys.load()
    assert (keys.of("openai"), keys.of("anthropic"), keys.of("google")) == (SECRET, "other", "")
    assert SECRET not in repr(keys) + str(keys)
    Path(".env").write_bytes(b"\xff\xfe\xff")
    assert Keys.load().of("openai") == ""
