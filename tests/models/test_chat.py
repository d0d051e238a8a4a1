"""The voice by its name: what BOT_LLM and the providers' own variables choose, and what is said where something is missing."""

from pathlib import Path

import pytest

from bot.errors import ModelError
from bot.models import chat, download
from bot.models.chat import ChatModel, needs_local_model, open_chat_model
from bot.settings import Keys

SECRET = "sk-canary-7f3a"


def keys(monkeypatch: pytest.MonkeyPatch, **values: str) -> Keys:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Keys.load()


def voice(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **values: str) -> ChatModel | None:
    return open_chat_model(name, keys(monkeypatch, **values), folder)


@pytest.fixture
def with_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds a file of the size of the local model."""
    monkeypatch.setattr(download, "SIZE", 4)
    download.model_path(tmp_path).write_bytes(b"GGUF")
    return tmp_path


@pytest.mark.parametrize(("name", "values", "chosen"), [
    ("quotes", {"OPENAI_API_KEY": SECRET}, None),
    ("auto", {}, None),
    ("auto", {"OPENAI_API_KEY": SECRET}, "openai:gpt-5-mini"),
    ("auto", {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "openai:"),
    ("auto", {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "openai:"),
    ("openai:gpt-x", {"OPENAI_API_KEY": SECRET}, "openai:gpt-x"),
    ("openai:qwen", {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "openai:qwen"),
    ("ollama:qwen3:8b", {}, "ollama:qwen3:8b"),
    (" local ", {}, "local"),
    ("local:/models/big.gguf", {}, "local:big.gguf"),
])  # fmt: skip
def test_a_name_chooses_a_voice(
    name: str, values: dict[str, str], chosen: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = voice(name, tmp_path, monkeypatch, **values)
    assert (found.name if found else None) == chosen


def test_the_local_model_is_chosen_where_it_is_installed_and_there_is_no_key(
    with_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "find_spec", lambda name: object())
    found = voice("auto", with_file, monkeypatch)
    assert found is not None
    assert (found.name, found.is_local, found.reads) == ("local", True, False)
    monkeypatch.setattr(chat, "find_spec", lambda name: None)
    assert voice("auto", with_file, monkeypatch) is None


def test_the_local_model_is_wanted_where_nothing_else_speaks(
    with_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "find_spec", lambda name: object())
    empty = tmp_path / "empty"
    assert needs_local_model("auto", "quotes", empty)
    assert needs_local_model("local", "local", empty)
    assert not needs_local_model("auto", "openai:gpt-5-mini", empty)
    assert not needs_local_model("quotes", "quotes", empty)
    assert not needs_local_model("local", "local", with_file)
    monkeypatch.setattr(chat, "find_spec", lambda name: None)
    assert not needs_local_model("auto", "quotes", empty)


@pytest.mark.parametrize(("name", "values", "words"), [
    ("bogus", {}, ["'bogus'", "quotes", "local", "provider:model"]),
    ("openai", {"OPENAI_API_KEY": SECRET}, ["'openai'", "openai:gpt-5-mini"]),
    ("openai:gpt-x", {}, ["OPENAI_API_KEY", "BOT_LLM=quotes"]),
    ("anthropic:claude", {}, ["ANTHROPIC_API_KEY"]),
    ("google:gemini", {}, ["GOOGLE_API_KEY"]),
    ("anthropic:claude", {"ANTHROPIC_API_KEY": SECRET}, ["pip install '.[anthropic]'"]),
    ("google_genai:gemini", {"GOOGLE_API_KEY": SECRET}, ["pip install '.[google]'"]),
])  # fmt: skip
def test_what_is_missing_is_said_with_its_remedy_and_without_a_key(
    name: str, values: dict[str, str], words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "find_spec", lambda name: None)
    with pytest.raises(ModelError) as caught:
        voice(name, tmp_path, monkeypatch, **values)
    for line in (str(caught.value), caught.value.korean):
        assert SECRET not in line
        assert any(word in line for word in words)
    assert all(word in str(caught.value) for word in words)
    assert any("가" <= letter <= "힣" for letter in caught.value.korean)


def test_a_provider_whose_package_is_not_there_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = voice("mistralai:small", tmp_path, monkeypatch)
    assert found is not None
    with pytest.raises(ModelError, match="pip install langchain-mistralai"):
        _ = found.chat


def test_a_provider_that_langchain_does_not_know_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = voice("nobody:small", tmp_path, monkeypatch)
    assert found is not None
    with pytest.raises(ModelError, match="nobody:small"):
        _ = found.chat


def test_a_local_file_that_is_no_model_is_refused_before_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "no.gguf").write_text("this is no model")
    for name in ("no.gguf", "missing.gguf"):
        found = voice(f"local:{tmp_path / name}", tmp_path, monkeypatch)
        assert found is not None
        with pytest.raises(ModelError, match=f"{name}.*make model"):
            _ = found.chat


def test_a_server_that_names_no_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = voice("auto", tmp_path, monkeypatch, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert found is not None
    with pytest.raises(ModelError, match="OPENAI_BASE_URL.*BOT_LLM=openai:NAME"):
        _ = found.chat


def test_keys_come_from_the_environment_or_env_and_are_never_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(f"OPENAI_API_KEY={SECRET}\nANTHROPIC_API_KEY={SECRET}\n")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "other")
    found = Keys.load()
    assert (found.of("openai"), found.of("anthropic"), found.of("google")) == (SECRET, "other", "")
    assert SECRET not in repr(found) + str(found)
    Path(".env").write_bytes(b"\xff\xfe\xff")
    assert Keys.load().of("openai") == ""
