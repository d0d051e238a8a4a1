"""Fifty readers at the same time over plain HTTP: none receives another's text in the chat, the sources, the history or an export."""

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
from gradio_client.utils import apply_diff  # type: ignore[import-untyped]

from bot import Bot
from bot.schema import Answer, Sentence
from bot.settings import Settings
from bot.ui.chat_handlers import ChatHandlers
from bot.ui.server import build_server
from tests.pages import ScriptedBot, quoting, serving

READERS, TURNS = 50, 3


def repeating(question: str) -> Iterator[Answer]:
    """Repeat the question in three steps, so that the answers overlap."""
    *_, answer = quoting(question)
    for piece in (1, 2, 3):
        time.sleep(0.01)
        yield replace(
            answer, sentences=(*answer.sentences, *[Sentence(f"Part {n}: {question}", "reading") for n in range(piece)])
        )


@dataclass
class Reader:
    """A client with a cookie and a Gradio session. `seen` is all that the server sent to it."""

    client: httpx.AsyncClient
    functions: dict[tuple[str, str], int]
    session: str = ""
    chat_id: str = ""
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
        steps: list[list[Any]] = []
        async with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            async for line in stream.aiter_lines():
                self.seen += line
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("msg") == "process_generating":
                    changes = message["output"]["data"]
                    steps.append([*map(apply_diff, steps[-1], changes)] if steps else changes)
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    return last_values([*steps, message["output"]["data"]])
        raise AssertionError("the stream ended without an answer")

    async def ask(self, question: str) -> str:
        data = await self.send("do-ask", "submit", [json.dumps({"question": question}), "answer", self.chat_id, "default"])
        self.chat_id = data[3]
        return json.dumps(data[0], ensure_ascii=False)

    async def saved_chats(self) -> str:
        return json.dumps(await self.send("kept-search", "change", ["", self.chat_id]), ensure_ascii=False)


def last_values(steps: list[list[Any]]) -> list[Any]:
    """The last value of each component in the steps of an event; None where there is none, but only properties."""
    return [
        next((value for value in reversed(values) if not (isinstance(value, dict) and "__type__" in value)), None)
        for values in zip(*steps, strict=True)
    ]


def functions(config: dict[str, Any]) -> dict[tuple[str, str], int]:
    """The numbers of the page's event handlers, by the elem_id of the component and the name of the event."""
    names = {component["id"]: component["props"].get("elem_id") for component in config["components"]}
    return {
        (str(names.get(target)), event): number
        for number, dependency in enumerate(config["dependencies"])
        for target, event in dependency["targets"]
    }


async def use_page(address: str, number: int, events: dict[tuple[str, str], int], same: bool) -> Reader:
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        reader = Reader(client, events)
        await reader.begin()
        for turn in range(TURNS):
            question = f"canary-{'all' if same else number}-{turn}?"
            chat = await reader.ask(question)
            assert chat.count("turn-") // 5 == turn + 1, chat
        listed = await reader.saved_chats()
        assert listed.count("#talk/") == 1
        for kind in ("md", "html", "json"):
            export = await client.get(f"/export/{reader.chat_id}.{kind}")
            assert export.status_code == 200
            reader.seen += export.text
        return reader


async def use_page_together(address: str, *, same: bool) -> list[Reader]:
    async with httpx.AsyncClient(base_url=address) as client:
        events = functions((await client.get("/config")).json())
    return list(await asyncio.gather(*(use_page(address, number, events, same) for number in range(READERS))))


def test_fifty_readers_never_see_each_others_text() -> None:
    with serving(build_server(ScriptedBot(repeating))) as address:  # type: ignore[arg-type]
        readers = asyncio.run(use_page_together(address, same=False))
        for number, reader in enumerate(readers):
            seen = {asking for asking in range(READERS) if f"canary-{asking}-" in reader.seen}
            assert seen == {number}
        assert len({reader.chat_id for reader in readers}) == READERS
        stranger = httpx.Client(base_url=address)
        stranger.get("/")
        for reader in readers[:12]:
            for kind in ("md", "html", "json"):
                refused = stranger.get(f"/export/{reader.chat_id}.{kind}")
                assert (refused.status_code, "canary" in refused.text) == (404, False)


def test_fifty_readers_can_ask_the_same_question() -> None:
    with serving(build_server(ScriptedBot(repeating))) as address:  # type: ignore[arg-type]
        readers = asyncio.run(use_page_together(address, same=True))
    assert len({reader.chat_id for reader in readers}) == READERS


def test_a_shared_chat_would_be_noticed() -> None:
    """A control: with the same cookie and chat, the text of the first reader is seen by the second."""

    async def two(address: str) -> str:
        async with httpx.AsyncClient(base_url=address) as client:
            events = functions((await client.get("/config")).json())
            first, second = Reader(client, events), Reader(client, events, session="x")
            await first.begin()
            await first.ask("canary-0-0?")
            second.session, second.chat_id = secrets.token_hex(5), first.chat_id  # the same cookie and chat
            await second.ask("canary-1-0?")
            return second.seen

    with serving(build_server(ScriptedBot(repeating))) as address:  # type: ignore[arg-type]
        assert "canary-0-0" in asyncio.run(two(address))


@pytest.mark.slow
def test_answers_of_thirty_two_threads_do_not_mix(real_index: Settings) -> None:
    bot = Bot.open(index=real_index.index, llm="quotes")
    questions = [f"고인돌은 왜 지었나요 canary{number}?" for number in range(32)]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(bot.ask, questions))
    assert [answer.question for answer in answers] == questions
    assert [sum(f"canary{n}?" in str(answer.to_dict()) for n in range(32)) for answer in answers] == [1] * 32


def test_a_page_and_a_chat_that_were_dropped_from_memory_continue_from_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server keeps only one page and one chat; two readers ask in turn."""

    async def alternate(address: str) -> None:
        async with httpx.AsyncClient(base_url=address) as client:
            events = functions((await client.get("/config")).json())
        async with httpx.AsyncClient(base_url=address) as first, httpx.AsyncClient(base_url=address) as second:
            readers = [Reader(first, events), Reader(second, events)]
            for reader in readers:
                await reader.begin()
            for turn in range(TURNS):
                for number, reader in enumerate(readers):
                    chat = await reader.ask(f"canary-{number}-{turn}?")
                    assert [f"canary-{number}-{earlier}?" in chat for earlier in range(turn + 1)] == [True] * (turn + 1)
                    assert f"canary-{1 - number}-" not in chat

    made: list[ChatHandlers] = []

    class Forgetful(ChatHandlers):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.chats._max_chats = self.tabs._max_tabs = 1
            made.append(self)

    monkeypatch.setattr("bot.ui.page.SESSIONS", 1)
    monkeypatch.setattr("bot.ui.page.ChatHandlers", Forgetful)
    server = build_server(ScriptedBot(repeating))  # type: ignore[arg-type]
    with serving(server) as address:
        asyncio.run(alternate(address))
        mounted: list[Any] = [getattr(route, "app", None) for route in server.routes]
        holders = [app.state_holder for app in mounted if hasattr(app, "state_holder")]
        assert [(holder.capacity, len(holder.session_data)) for holder in holders] == [(1, 1)]
    assert [(len(handlers.chats), len(handlers.tabs)) for handlers in made] == [(1, 1)]
