"""F1 to F3: a model's server in every state of disrepair. What was checked stays, one line says what happened, and no clock is overrun."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answers import wording
from bot.indexing.build import build_index
from bot.models.chat import Limits, open_chat_model
from bot.pipeline import Bot
from bot.schema import Answer
from bot.settings import Keys, Settings
from tests.endpoint import Endpoint
from tests.places import ESSAYS
from tests.test_pipeline import assert_sound, shelf_of
from tests.toys import ToyEmbedder

SECRET = "sk-canary-55aa"
LIMITS = Limits(first=3.0, gap=2.0, total=6.0, characters=4_000)  # a tenth and less of what readers get
SLACK = 1.5
FIRST = "벌통은 밤에 옮깁니다. [1] "
REPLY = FIRST + "낮에는 벌이 들에 나가 있습니다. [1]"
QUESTION = {"ko": "벌통은 언제 옮기나요?", "en": "Which family paid its rent in salt?"}

# Each fault and the state in which the answer ends; empty where it is whole.
STATES = {
    "ok": "", "no-done": "", "split": "", "429-once": "", "503-once": "",
    "401": "key", "403": "key", "404": "model", "429": "busy", "500": "down",
    "hang": "slow", "html": "broken", "empty": "broken", "nothing": "empty",
    "reset": "cut", "close": "cut", "no-finish": "cut", "stall": "cut", "drip": "cut", "endless": "cut", "length": "cut",
    "bad-json": "broken", "error-object": "cut",
}  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings.load(corpus=ESSAYS, index=tmp_path_factory.mktemp("faults") / "index", llm="quotes")
    build_index(made, embedder=ToyEmbedder())
    return made


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(REPLY, pace=0.1) as running:
        yield running


def bot_at(address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, limits: Limits = LIMITS) -> Bot:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    voice = open_chat_model("openai:fake", Keys.load(), Path("cache"))
    assert voice is not None
    voice.limits = limits
    return Bot(settings, ToyEmbedder(), voice)


def whole(state: str, answer: Answer, plain: Answer, bot: Bot) -> None:
    """What holds of every end: the quotations stand, the last line says what happened, and no other words."""
    assert answer.sentences[: len(plain.sentences)] == plain.sentences
    assert answer.citations[: len(plain.citations)] == plain.citations
    assert answer.complete == (not state)
    if state:
        assert answer.sentences[-1].text == wording.ended(state, answer.language)
    assert SECRET not in str(answer.to_dict())
    assert_sound(answer, shelf_of(bot))


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("mode", STATES)
def test_every_fault_ends_in_a_named_state(
    mode: str,
    language: str,
    settings: Settings,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    if language == "en" and mode in ("drip", "endless", "hang", "stall", "429", "429-once", "503-once"):
        pytest.skip("the clocks do not know a language")
    plain = Bot(settings, ToyEmbedder()).ask(QUESTION[language])
    bot = bot_at(endpoint.base_url(mode), settings, monkeypatch)
    begun = time.monotonic()
    answers = list(bot.stream(QUESTION[language]))
    took = time.monotonic() - begun
    whole(STATES[mode], answers[-1], plain, bot)
    assert answers[1].sentences == plain.sentences  # the quotations came first, whatever came after
    limit = LIMITS.first if STATES[mode] in ("slow", "busy", "key", "model", "down") else LIMITS.total
    assert took < limit + SLACK
    assert SECRET not in caplog.text
    assert all(record.levelno < logging.WARNING for record in caplog.records if record.name.startswith("bot"))
    assert bot.ask("zzz qqq xyzzy").abstained  # the next question works


@pytest.mark.parametrize("mode", ["stall", "reset", "close", "bad-json", "no-finish", "error-object"])
def test_what_was_checked_before_the_fault_stays(mode: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sentence comes whole in one chunk, so that each of these faults strikes after it."""
    monkeypatch.setattr("tests.endpoint.LETTERS", len(FIRST) + 4)
    monkeypatch.setattr("tests.endpoint.SHORT", 1)
    with Endpoint(REPLY) as running:
        bot = bot_at(running.base_url(mode), settings, monkeypatch)
        answers = list(bot.stream(QUESTION["ko"]))
    kept = [sentence.text for sentence in answers[-1].sentences]
    assert "벌통은 밤에 옮깁니다." in kept
    for one in answers:
        assert kept[: len(one.sentences)] == [sentence.text for sentence in one.sentences]


def test_no_server_at_all_is_down(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    bot = bot_at(f"http://127.0.0.1:{port}/v1", settings, monkeypatch)
    whole("down", bot.ask(QUESTION["ko"]), Bot(settings, ToyEmbedder()).ask(QUESTION["ko"]), bot)


def test_a_name_that_cannot_be_looked_up_is_down(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    bot = bot_at("http://no-such-host.invalid/v1", settings, monkeypatch)
    whole("down", bot.ask(QUESTION["en"]), Bot(settings, ToyEmbedder()).ask(QUESTION["en"]), bot)
    outbound.clear()


def test_a_server_without_tls_is_down(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        bot = bot_at(f"https://127.0.0.1:{listener.getsockname()[1]}/v1", settings, monkeypatch)
        whole("down", bot.ask(QUESTION["ko"]), Bot(settings, ToyEmbedder()).ask(QUESTION["ko"]), bot)
        listener.shutdown(socket.SHUT_RDWR)


def test_it_is_tried_again_only_before_the_first_word(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(REPLY) as running:
        for mode in ("500", "stall", "reset", "401"):
            bot_at(running.base_url(mode), settings, monkeypatch, Limits(20.0, 1.0, 30.0)).ask(QUESTION["ko"])
        tries = [request["mode"] for request in running.requests]
    assert {mode: tries.count(mode) for mode in tries} == {"500": 3, "stall": 1, "reset": 1, "401": 1}


def test_stopping_ends_the_models_work_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(REPLY) as running:
        for mode in ("endless", "stall", "drip", "hang"):
            bot = bot_at(running.base_url(mode), settings, monkeypatch, Limits(30.0, 30.0, 60.0, 10**9))
            stream = bot.stream(QUESTION["ko"])
            for count, answer in enumerate(stream):
                if count >= 2 or (
                    mode == "hang" and answer.sentences and running.requests[-1:] and running.requests[-1]["mode"] == mode
                ):
                    break
            begun = time.monotonic()
            stream.close()  # type: ignore[attr-defined]
            while any(request["open"] for request in running.requests) and time.monotonic() < begun + 3:
                time.sleep(0.02)
            assert not any(request["open"] for request in running.requests), mode


def test_the_raw_client_takes_a_cut_stream_for_a_whole_answer(endpoint: Endpoint) -> None:
    """The raw twin: without our clocks and checks the same client says nothing of the end that never came."""
    from langchain.chat_models import init_chat_model

    model = init_chat_model("fake", model_provider="openai", base_url=endpoint.base_url("no-finish"), api_key="k", max_retries=0)
    assert "".join(chunk.text for chunk in model.stream("hello")) == REPLY
