"""Fifty readers at once, over plain HTTP: nobody sees a word of another's, in the chat, the sources, the kept talks or an export."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from bot import Bot
from bot.schema import Answer, Sentence
from bot.settings import Settings
from bot.ui.server import build_server
from tests.pages import ScriptedBot, quoting, serving

READERS, TURNS = 50, 3


def echoing(question: str) -> Iterator[Answer]:
    """Repeats the question, in three steps, so that answers overlap."""
    *_, answer = quoting(question)
    for piece in (1, 2, 3):
        time.sleep(0.01)
        yield replace(
            answer, sentences=(*answer.sentences, *[Sentence(f"Part {n}: {question}", "reading") for n in range(piece)])
        )


@dataclass
class Reader:
    """A browser without a page: a cookie, a session, and what the server told it."""

    client: httpx.AsyncClient
    functions: dict[tuple[str, str], int]
    session: str = ""
    talk: str = ""
    seen: str = ""

    async def begin(self) -> None:
        self.session = secrets.token_hex(5)
        answer = await self.client.get("/")
        assert "dolmen_reader" in answer.headers["set-cookie"]
        self.seen += answer.text

    async def send(self, component: str, event: str, data: list[Any]) -> list[Any]:
        body = {"data": data, "fn_index": self.functions[component, event], "session_hash": self.session, "event_data": None}
        joined = await self.client.post("/gradio_api/queue/join", json=body)
        assert joined.status_code == 200, joined.text
        async with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            async for line in stream.aiter_lines():
                self.seen += line
                told = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if told.get("msg") == "process_generating" and component == "question":
                    named = told["output"]["data"][3]  # the talk's id comes with the first piece only
                    self.talk = named if isinstance(named, str) and named else self.talk
                if told.get("msg") == "process_completed":
                    assert told["success"], told
                    return list(told["output"]["data"])
        raise AssertionError("the stream ended without an answer")

    async def ask(self, question: str) -> str:
        told = await self.send("question", "submit", [question, "answer", self.talk, "", None, None])
        return json.dumps(told[1], ensure_ascii=False)

    async def kept(self) -> str:
        return json.dumps(await self.send("kept-search", "change", ["", self.talk]), ensure_ascii=False)


def functions(config: dict[str, Any]) -> dict[tuple[str, str], int]:
    """The events of the page by the id of their component and their name."""
    names = {component["id"]: component["props"].get("elem_id") for component in config["components"]}
    return {
        (str(names.get(target)), event): place
        for place, one in enumerate(config["dependencies"])
        for target, event in one["targets"]
    }


async def read_along(address: str, number: int, events: dict[tuple[str, str], int], same: bool) -> Reader:
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        reader = Reader(client, events)
        await reader.begin()
        for turn in range(TURNS):
            question = f"canary-{'all' if same else number}-{turn}?"
            chat = await reader.ask(question)
            assert chat.count("turn-") // 5 == turn + 1, chat
        listed = await reader.kept()
        assert listed.count("#talk/") == 1
        for kind in ("md", "html", "json"):
            export = await client.get(f"/export/{reader.talk}.{kind}")
            assert export.status_code == 200
            reader.seen += export.text
        return reader


async def all_at_once(address: str, *, same: bool) -> list[Reader]:
    async with httpx.AsyncClient(base_url=address) as client:
        events = functions((await client.get("/config")).json())
    return list(await asyncio.gather(*(read_along(address, number, events, same) for number in range(READERS))))


def test_fifty_readers_never_see_each_others_words() -> None:
    with serving(build_server(ScriptedBot(echoing))) as address:  # type: ignore[arg-type]
        readers = asyncio.run(all_at_once(address, same=False))
        for number, reader in enumerate(readers):
            others = {other for other in range(READERS) if f"canary-{other}-" in reader.seen}
            assert others == {number}
        assert len({reader.talk for reader in readers}) == READERS
        strangers = httpx.Client(base_url=address)
        strangers.get("/")
        for reader in readers[:12]:
            for kind in ("md", "html", "json"):
                refused = strangers.get(f"/export/{reader.talk}.{kind}")
                assert (refused.status_code, "canary" in refused.text) == (404, False)


def test_fifty_readers_may_ask_the_same() -> None:
    with serving(build_server(ScriptedBot(echoing))) as address:  # type: ignore[arg-type]
        readers = asyncio.run(all_at_once(address, same=True))
    assert len({reader.talk for reader in readers}) == READERS


def test_a_shared_page_is_caught() -> None:
    """The twin: readers who share a talk do see each other's words, and the harness notices."""

    async def two(address: str) -> str:
        async with httpx.AsyncClient(base_url=address) as client:
            events = functions((await client.get("/config")).json())
            first, second = Reader(client, events), Reader(client, events, session="x")
            await first.begin()
            await first.ask("canary-0-0?")
            second.session, second.talk = secrets.token_hex(5), first.talk  # the same cookie, the same talk
            await second.ask("canary-1-0?")
            return second.seen

    with serving(build_server(ScriptedBot(echoing))) as address:  # type: ignore[arg-type]
        assert "canary-0-0" in asyncio.run(two(address))


@pytest.mark.slow
def test_thirty_two_threads_of_python_keep_to_themselves(real_index: Settings) -> None:
    bot = Bot.open(index=real_index.index, llm="quotes")
    questions = [f"고인돌은 왜 지었나요 canary{number}?" for number in range(32)]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(bot.ask, questions))
    assert [answer.question for answer in answers] == questions
    assert [sum(f"canary{n}?" in str(answer.to_dict()) for n in range(32)) for answer in answers] == [1] * 32


def test_a_session_that_was_forgotten_goes_on_from_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server holds one session's state at a time; two readers take turns all the same."""

    async def take_turns(address: str) -> None:
        async with httpx.AsyncClient(base_url=address) as client:
            events = functions((await client.get("/config")).json())
        async with httpx.AsyncClient(base_url=address) as one, httpx.AsyncClient(base_url=address) as other:
            readers = [Reader(one, events), Reader(other, events)]
            for reader in readers:
                await reader.begin()
            for turn in range(TURNS):
                for number, reader in enumerate(readers):
                    chat = await reader.ask(f"canary-{number}-{turn}?")
                    assert [f"canary-{number}-{earlier}?" in chat for earlier in range(turn + 1)] == [True] * (turn + 1)
                    assert f"canary-{1 - number}-" not in chat

    monkeypatch.setattr("bot.ui.page.SESSIONS", 1)
    server = build_server(ScriptedBot(echoing))  # type: ignore[arg-type]
    with serving(server) as address:
        asyncio.run(take_turns(address))
        mounted: list[Any] = [getattr(route, "app", None) for route in server.routes]
        holders = [app.state_holder for app in mounted if hasattr(app, "state_holder")]
        assert [(holder.capacity, len(holder.session_data)) for holder in holders] == [(1, 1)]
