"""The server killed or stopped while it answers and takes an upload: the next one starts with whole data, and nothing is left over."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from bot import Bot
from bot.chats.history import ChatHistory
from bot.indexing.build import build_index
from bot.settings import Settings
from bot.store import open_store
from bot.uploads import Uploads
from tests.places import ESSAYS, ROOT
from tests.ramdisk import ram_folder
from tests.toys import ToyEmbedder

pytestmark = pytest.mark.slow

READER = "r" * 43
QUESTION = "How did the salt come to Brannick before the railway?"
QUOTE = "Before the railway, salt came to Brannick on the backs of mules."
# `app.py` with an embedder that needs no model, and a chat model that says a sentence and then nothing for a minute
SERVER = """
import sys
from dataclasses import asdict
import app, bot.pipeline
from bot.models import choice
from bot.retrieval import weights
from tests.toys import TOY_WEIGHTS, TalkingModel, ToyEmbedder

choice.Embedder = lambda *_: ToyEmbedder()
weights._read()["toy"] = asdict(TOY_WEIGHTS)
model = TalkingModel(reply="Salt came to Brannick on the backs of mules [1]. ", silence=60)
bot.pipeline.chat.open_chat_model = lambda *_: model.chat_model()
sys.exit(app.main([]))
"""


@pytest.fixture
def settings() -> Iterator[Settings]:
    """The settings of an index of tests/essays, with a folder `tmp` for temporary files beside it."""
    with ram_folder() as folder:
        made = Settings.load(corpus=ESSAYS, index=folder / "index", data=folder / "data", llm="quotes")
        (folder / "tmp").mkdir()
        build_index(made, embedder=ToyEmbedder())
        yield made


class Server:
    """A running server and what a browser would send to it."""

    def __init__(self, settings: Settings) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            cwd=ROOT,
            env={
                **os.environ,
                "BOT_INDEX": str(settings.index),
                "BOT_DATA": str(settings.data),
                "BOT_PORT": "0",
                "TMPDIR": str(settings.index.parent / "tmp"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert self.process.stdout
        address = self.process.stdout.readline().strip()
        assert address.startswith("http://"), self.process.communicate()
        self.client = httpx.Client(base_url=address, headers={"cookie": f"dolmen_reader={READER}"}, timeout=60)
        self.config: dict[str, Any] = self.client.get("/config").json()

    def _trigger(self, element: str, kind: str, data: list[Any]) -> None:
        """Send an event of an element of the page."""
        ids = {part["props"].get("elem_id"): part["id"] for part in self.config["components"]}
        (event,) = [each for each in self.config["dependencies"] if [ids[element], kind] in each["targets"]]
        assert len(event["inputs"]) == len(data)
        payload = {"data": data, "fn_index": event["id"], "session_hash": f"{element}-session"}
        assert self.client.post("/gradio_api/queue/join", json=payload).status_code == 200

    def ask(self) -> None:
        self._trigger("do-ask", "submit", [json.dumps({"question": QUESTION}), "answer", "", "default"])

    def upload(self, name: str, text: str) -> None:
        (path,) = self.client.post("/gradio_api/upload", files={"files": (name, text.encode())}).json()
        file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        self._trigger("drop", "upload", [[file], "default"])

    def wait_for_the_model(self) -> None:
        """Read the answer until it has the quotation and the model's sentence."""
        with self.client.stream("GET", "/gradio_api/queue/data?session_hash=do-ask-session") as stream:
            for line in stream.iter_lines():
                if "on the backs of mules" in line and "process_generating" in line:
                    return
        raise AssertionError("the answer ended")

    def has_children(self) -> bool:
        """Whether a process of the server's group is still there."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True


@contextmanager
def running(settings: Settings) -> Iterator[Server]:
    server = Server(settings)
    try:
        yield server
    finally:
        server.client.close()
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        with server.process:
            server.process.wait()


def text_of(number: int) -> str:
    return f"# Lamp {number}\n\nLamp {number} of the hut had a green shade.\n"


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.full)])
def test_a_server_that_is_killed_while_it_answers_and_takes_an_upload_loses_nothing(kills: int, settings: Settings) -> None:
    chance, before = random.Random(11), open_store(settings.index).manifest()
    for number in range(kills):
        with running(settings) as server:
            assert server.client.get("/healthz").json()["status"] == "ok"
            server.ask()
            server.wait_for_the_model()
            server.upload(f"lamp{number}.md", text_of(number))
            time.sleep(chance.uniform(0, 0.5))
            server.process.kill()
            server.process.wait()
        assert open_store(settings.index).checked() == before
        uploads = Uploads(Bot(settings, ToyEmbedder()))  # as the next server
        essays = uploads.essays(READER)
        assert {essay.title for essay in essays} <= {f"Lamp {earlier}" for earlier in range(number + 1)}
        found = uploads.bot_for(READER).essays()
        assert [essay.id for essay in found if essay.id.startswith("mine-")] == sorted(essay.id for essay in essays)
        assert not list(settings.data.rglob("essays.old"))
        for essay in essays:
            hit, *_ = uploads.bot_for(READER).search(essay.text.splitlines()[-1], 1)
            assert hit.passage.essay == essay.id
        history = ChatHistory(settings.data)
        chats = history.list(READER)
        assert len(chats) == number + 1
        for chat in chats:
            (turn,) = history.get(READER, chat.id).turns
            assert turn.answer.question == QUESTION
            assert QUOTE in [citation.quote for citation in turn.answer.citations]
            assert not turn.answer.complete
    with running(settings) as server:
        server.upload("last.md", text_of(kills))
        with server.client.stream("GET", "/gradio_api/queue/data?session_hash=drop-session") as stream:
            assert any("process_completed" in line for line in stream.iter_lines())
    assert f"Lamp {kills}" in {essay.title for essay in Uploads(Bot(settings, ToyEmbedder())).essays(READER)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("times", [1, pytest.param(5, marks=pytest.mark.full)])
def test_a_server_that_is_stopped_keeps_the_partial_answer_and_leaves_nothing(
    number: signal.Signals, times: int, settings: Settings
) -> None:
    for before in range(times):
        with running(settings) as server:
            server.ask()
            server.wait_for_the_model()
            server.process.send_signal(number)
            assert server.process.wait(30) == 0
            assert server.process.stderr
            assert server.process.stderr.read() == ""
            assert not server.has_children()
        history = ChatHistory(settings.data)
        chats = history.list(READER)
        assert len(chats) == before + 1
        (turn,) = history.get(READER, chats[0].id).turns
        assert QUOTE in [citation.quote for citation in turn.answer.citations]
        assert not turn.answer.complete
        assert not list((settings.index.parent / "tmp").glob("dolmen-copy-*"))
        assert not list(settings.index.rglob("*.tmp"))
        assert not list(settings.data.rglob("*.new"))
