"""The knobs: defaults, where they come from and in which order, and what a wrong one says."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings import Settings, cache_folder


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_LLM")  # which the tests set to quotes
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    settings = Settings.load()
    known = {
        name: getattr(settings, name)
        for name in ("corpus", "index", "chroma_url", "embedding_model", "cache", "data", "host", "port")
    }
    assert known == {
        "corpus": Path("corpus"),
        "index": Path("index"),
        "chroma_url": "",
        "embedding_model": "",
        "cache": Path("/somewhere/dolmen"),
        "data": Path("data"),
        "host": "127.0.0.1",
        "port": 7860,
    }
    assert settings.llm == "auto"


def test_what_is_given_goes_before_the_environment_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("BOT_INDEX=file\nBOT_CORPUS=file\nBOT_PORT=1\n")
    monkeypatch.setenv("BOT_INDEX", "environment")
    monkeypatch.setenv("BOT_CORPUS", "environment")
    settings = Settings.load(index=Path("given"))
    assert (settings.index, settings.corpus, settings.port) == (Path("given"), Path("environment"), 1)


def test_every_knob_has_a_name_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {name: "17" for name in Settings.model_fields}
    for name, value in values.items():
        monkeypatch.setenv(f"BOT_{name.upper()}", value)
    assert {name: str(getattr(Settings.load(), name)) for name in values} == values


def test_every_knob_says_what_it_is() -> None:
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


def test_the_pages_address_is_also_read_from_gradios_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "8000")
    assert (Settings.load().host, Settings.load().port) == ("0.0.0.0", 8000)
    monkeypatch.setenv("BOT_PORT", "9000")
    assert Settings.load().port == 9000
    assert Settings.load(port=1, host="::1").port == 1


def test_an_unknown_knob_is_named_with_those_there_are() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(indx="x")
    assert str(caught.value) == f"No setting is called 'indx'. Choose from: {', '.join(Settings.model_fields)}."


@pytest.mark.parametrize("value", ["many", "70000", "-1", "1.5"])
def test_a_wrong_value_is_named_with_its_knob(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_PORT", value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    message = str(caught.value)
    assert message.startswith(f"BOT_PORT is '{value}': ")
    assert message.endswith("Change or unset it.")
    assert "\n" not in message


def test_a_wrong_value_under_gradios_name_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", "many")
    with pytest.raises(SettingsError, match=r"^GRADIO_SERVER_PORT is 'many': |^BOT_PORT is 'many': "):
        Settings.load()


def test_a_wrong_value_that_was_given_is_named_with_its_knob() -> None:
    with pytest.raises(SettingsError, match=r"^BOT_PORT is 'many': "):
        Settings.load(port="many")


def test_a_file_that_is_not_text_is_an_error_with_a_remedy() -> None:
    Path(".env").write_bytes("BOT_CORPUS=돌\n".encode("cp949"))
    with pytest.raises(SettingsError, match=r"\.env.*UTF-8"):
        Settings.load()


def test_foreign_lines_in_the_file_are_left_alone() -> None:
    Path(".env").write_text("OTHER=1\nBOT_UNKNOWN=2\n# comment\nBOT_INDEX='my index'\n")
    assert Settings.load().index == Path("my index")


def test_settings_are_frozen() -> None:
    settings = Settings.load()
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize(
    ("given", "expected"), [("/abs", "/abs/dolmen"), ("relative", "~/.cache/dolmen"), ("", "~/.cache/dolmen")]
)
def test_the_cache_is_where_xdg_says(given: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert cache_folder() == Path(expected).expanduser()
