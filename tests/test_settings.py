"""The settings: defaults, sources and their order, and the errors for wrong values."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings import Keys, Settings, cache_folder


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_LLM")  # which the tests set to quotes
    monkeypatch.delenv("BOT_EMBEDDING_MODEL")  # and to e5-small
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    settings = Settings.load()
    values = {
        name: getattr(settings, name)
        for name in ("corpus", "index", "chroma_url", "embedding_model", "reranker", "cache", "data", "host", "port")
    }
    assert values == {
        "corpus": Path("corpus"),
        "index": Path("index"),
        "chroma_url": "",
        "embedding_model": "",
        "reranker": "",
        "cache": Path("/somewhere/dolmen"),
        "data": Path("data"),
        "host": "127.0.0.1",
        "port": 7860,
    }
    assert (settings.llm, settings.model_class, settings.context) == ("auto", "", 0)


def test_a_given_value_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("BOT_INDEX=file\nBOT_CORPUS=file\nBOT_PORT=1\n")
    monkeypatch.setenv("BOT_INDEX", "environment")
    monkeypatch.setenv("BOT_CORPUS", "environment")
    settings = Settings.load(index=Path("given"))
    assert (settings.index, settings.corpus, settings.port) == (Path("given"), Path("environment"), 1)


def test_every_setting_has_a_name_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        name: {"tracing": "True", "parse_memory": "1700", "model_class": "small"}.get(name, "17")
        for name in Settings.model_fields
    }
    for name, value in values.items():
        monkeypatch.setenv(f"BOT_{name.upper()}", value)
    assert {name: str(getattr(Settings.load(), name)) for name in values} == values


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_none_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_INDEX", "environment")
    assert Settings.load(index=None).index == Path("environment")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("BOT_CORPUS=\n")
    monkeypatch.setenv("BOT_PORT", "")
    monkeypatch.setenv("BOT_INDEX", "")
    settings = Settings.load()
    assert (settings.corpus, settings.index, settings.port) == (Path("corpus"), Path("index"), 7860)


def test_host_and_port_are_also_read_from_gradios_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "8000")
    assert (Settings.load().host, Settings.load().port) == ("0.0.0.0", 8000)
    monkeypatch.setenv("BOT_PORT", "9000")
    assert Settings.load().port == 9000
    assert Settings.load(port=1, host="::1").port == 1


def test_an_unknown_setting_is_refused_with_the_known_names() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(indx="x")
    assert str(caught.value) == f"No setting is called 'indx'. Choose from: {', '.join(Settings.model_fields)}."


@pytest.mark.parametrize("value", ["many", "70000", "-1", "1.5"])
def test_a_wrong_value_is_refused_with_its_name(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_PORT", value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    message = str(caught.value)
    assert message.startswith(f"BOT_PORT is '{value}': ")
    assert message.endswith("Change or unset it.")
    assert "\n" not in message


def test_a_wrong_value_of_gradios_variable_is_refused_with_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", "many")
    with pytest.raises(SettingsError, match=r"^GRADIO_SERVER_PORT is 'many': "):
        Settings.load()


def test_a_wrong_value_in_the_file_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("BOT_PORT=many\n")
    with pytest.raises(SettingsError, match=r"^BOT_PORT is 'many': "):
        Settings.load()
    monkeypatch.setenv("GRADIO_SERVER_PORT", "8000")
    assert Settings.load().port == 8000, "the environment wins over the file"


def test_a_wrong_given_value_is_refused_with_its_name() -> None:
    with pytest.raises(SettingsError, match=r"^BOT_PORT is 'many': "):
        Settings.load(port="many")


def test_a_file_that_is_not_utf_8_is_refused_with_a_remedy() -> None:
    Path(".env").write_bytes("BOT_CORPUS=돌\n".encode("cp949"))
    with pytest.raises(SettingsError, match=r"\.env.*UTF-8"):
        Settings.load()


def test_a_file_that_may_not_be_read_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("BOT_CORPUS=essays\n")

    def denied(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(SettingsError, match=r"\.env cannot be read: Permission denied"):
        Settings.load()
    assert Keys.load().openai_api_key is None


@pytest.mark.parametrize("given", [{"indx": "x"}, {"port": "many"}])
def test_every_error_has_a_korean_line(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(**given)
    assert re.search("[가-힣]", caught.value.text("ko"))


def test_other_variables_in_the_file_are_ignored() -> None:
    Path(".env").write_text("OTHER=1\nBOT_UNKNOWN=2\n# comment\nBOT_INDEX='my index'\n")
    assert Settings.load().index == Path("my index")


def test_settings_are_frozen() -> None:
    settings = Settings.load()
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize(
    ("given", "expected"), [("/abs", "/abs/dolmen"), ("relative", "~/.cache/dolmen"), ("", "~/.cache/dolmen")]
)
def test_the_cache_folder_follows_xdg(given: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert cache_folder() == Path(expected).expanduser()
