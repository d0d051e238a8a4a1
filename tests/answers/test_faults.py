"""Faults of a model server: the checked sentences stay, or the quotations are the answer, a notice names the fault, and no time limit is exceeded."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.indexing.build import build_index
from bot.messages import notices
from bot.models.chat import Limits, open_chat_model
from bot.pipeline import Bot
from bot.schema import Answer
from bot.settings import Keys, Settings
from tests.endpoint import Endpoint
from tests.places import ESSAYS
from tests.test_pipeline import assert_sound, essays_by_id
from tests.toys import ToyEmbedder

SECRET = "sk-canary-55aa"
LIMITS = Limits(first_seconds=3.0, gap_seconds=2.0, total_seconds=6.0, max_characters=4_000)
LIMITS_BY_MODE = {  # shorter where the answer ends because a limit is reached
    "hang": replace(LIMITS, first_seconds=0.6),
    "stall": replace(LIMITS, gap_seconds=0.4),
    "drip": replace(LIMITS, total_seconds=1.5),
    "endless": replace(LIMITS, max_characters=1_000),
}
SLACK = 1.5  # seconds
FIRST_SENTENCE = "벌통은 밤에 옮깁니다. [1] "
REPLY = FIRST_SENTENCE + "낮에는 벌이 들에 나가 있습니다. [1]"
QUESTION = {"ko": "벌통은 언제 옮기나요?", "en": "Which family paid its rent in salt?"}

# The fault that is named at the end of the answer for each mode of the server; empty where the answer is complete.
FAULT_BY_MODE = {
    "ok": "", "no-done": "", "split": "", "429-once": "", "503-once": "",
    "401": "key", "403": "key", "404": "model", "429": "busy", "500": "down",
    "hang": "slow", "html": "broken", "empty": "broken", "nothing": "empty",
    "reset": "cut", "close": "cut", "no-finish": "cut", "stall": "cut", "drip": "cut", "endless": "cut", "length": "cut",
    "bad-json": "broken", "error-object": "cut",
}  # fmt: skip
KOREAN_ONLY = ("drip", "endless", "hang", "stall", "429", "429-once", "503-once")  # time limits do not depend on the language
ENGLISH_SAMPLE = ("ok", "401", "404", "500", "html", "nothing", "reset")  # one mode for each notice; the others repeat it
CASES = [pytest.param(mode, "ko", id=f"{mode}-ko") for mode in FAULT_BY_MODE] + [
    pytest.param(mode, "en", id=f"{mode}-en", marks=() if mode in ENGLISH_SAMPLE else pytest.mark.full)
    for mode in FAULT_BY_MODE
    if mode not in KOREAN_ONLY
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of an index of tests/essays."""
    made = Settings.load(corpus=ESSAYS, index=tmp_path_factory.mktemp("faults") / "index", llm="quotes")
    build_index(made, embedder=ToyEmbedder())
    return made


@pytest.fixture(scope="module")
def quotations_only(settings: Settings) -> dict[str, Answer]:
    """The answer to each question without a model."""
    bot = Bot(settings, ToyEmbedder())
    return {language: bot.ask(question) for language, question in QUESTION.items()}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(REPLY, pace=0.1) as running:
        yield running


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client retries after hundredths of a second, where the server names no time."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.02)


def bot_at(address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, limits: Limits = LIMITS) -> Bot:
    """A bot whose chat model is the server at `address`."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    chat_model = open_chat_model("openai:fake", Keys.load(), Path("cache"))
    assert chat_model is not None
    chat_model.limits = limits
    return Bot(settings, ToyEmbedder(), chat_model)


def assert_ends_with(fault: str, answer: Answer, quotations: Answer, bot: Bot) -> None:
    """The answer is the model's prose, or the quotations where it has none; it ends with the fault's notice, and never contains the key."""
    if answer.sentences[0].kind == "notice":
        assert answer.sentences[: len(quotations.sentences)] == quotations.sentences
        assert answer.citations[: len(quotations.citations)] == quotations.citations
    else:
        assert answer.sentences[0].text == "벌통은 밤에 옮깁니다."
    assert answer.complete == (not fault)
    if fault:
        assert answer.sentences[-1].text == notices.ENDED_EARLY[fault].of(answer.language)
    assert SECRET not in str(answer.to_dict())
    assert_sound(answer, essays_by_id(bot))


@pytest.mark.parametrize(("mode", "language"), CASES)
def test_every_fault_ends_the_answer_with_its_notice(
    mode: str,
    language: str,
    settings: Settings,
    quotations_only: dict[str, Answer],
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    quotations, fault = quotations_only[language], FAULT_BY_MODE[mode]
    limits = LIMITS_BY_MODE.get(mode, LIMITS)
    bot = bot_at(endpoint.base_url(mode), settings, monkeypatch, limits)
    started = time.monotonic()
    answers = list(bot.stream(QUESTION[language]))
    seconds = time.monotonic() - started
    assert_ends_with(fault, answers[-1], quotations, bot)
    assert (answers[0].sentences, answers[0].reading is None) == ((), False)  # what the model reads is streamed first
    before_first_token = fault in ("slow", "busy", "key", "model", "down")
    assert seconds < (limits.first_seconds if before_first_token else limits.total_seconds) + SLACK
    assert SECRET not in caplog.text
    assert all(record.levelno < logging.WARNING for record in caplog.records if record.name.startswith("bot"))
    assert bot.ask("안녕하세요").sentences[0].text == notices.GREETING.ko  # the next question is answered


@pytest.mark.parametrize("mode", ["stall", "reset", "close", "bad-json", "no-finish", "error-object"])
def test_sentences_that_were_checked_before_the_fault_stay(
    mode: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sentence comes complete in one chunk, and the fault after it."""
    monkeypatch.setattr("tests.endpoint.CHUNK_CHARACTERS", len(FIRST_SENTENCE) + 4)
    monkeypatch.setattr("tests.endpoint.CHUNKS_BEFORE_FAULT", 1)
    with Endpoint(REPLY) as running:
        bot = bot_at(running.base_url(mode), settings, monkeypatch, LIMITS_BY_MODE.get(mode, LIMITS))
        answers = list(bot.stream(QUESTION["ko"]))
    texts = [sentence.text for sentence in answers[-1].sentences]
    assert "벌통은 밤에 옮깁니다." in texts
    for answer in answers:
        assert texts[: len(answer.sentences)] == [sentence.text for sentence in answer.sentences]


def test_an_address_without_a_server_is_down(
    settings: Settings, quotations_only: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    bot = bot_at(f"http://127.0.0.1:{port}/v1", settings, monkeypatch)
    assert_ends_with("down", bot.ask(QUESTION["ko"]), quotations_only["ko"], bot)


def test_a_host_name_that_does_not_resolve_is_down(
    settings: Settings, quotations_only: dict[str, Answer], monkeypatch: pytest.MonkeyPatch, outbound: list[str]
) -> None:
    bot = bot_at("http://no-such-host.invalid/v1", settings, monkeypatch)
    assert_ends_with("down", bot.ask(QUESTION["en"]), quotations_only["en"], bot)
    outbound.clear()


def test_a_server_without_tls_is_down(
    settings: Settings, quotations_only: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        bot = bot_at(f"https://127.0.0.1:{listener.getsockname()[1]}/v1", settings, monkeypatch)
        assert_ends_with("down", bot.ask(QUESTION["ko"]), quotations_only["ko"], bot)
        listener.shutdown(socket.SHUT_RDWR)


def test_a_request_is_retried_only_before_the_first_token(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(REPLY) as running:
        for mode in ("500", "stall", "reset", "401"):
            bot_at(running.base_url(mode), settings, monkeypatch, Limits(20.0, 0.4, 30.0)).ask(QUESTION["ko"])
        requests = [request["mode"] for request in running.requests]
    assert {mode: requests.count(mode) for mode in requests} == {"500": 3, "stall": 1, "reset": 1, "401": 1}


def test_closing_the_stream_closes_the_request(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(REPLY) as running:
        for mode in ("endless", "stall", "drip", "hang"):
            bot = bot_at(running.base_url(mode), settings, monkeypatch, Limits(30.0, 30.0, 60.0, 10**9))
            stream = bot.stream(QUESTION["ko"])
            for count, _ in enumerate(stream):
                is_hanging = mode == "hang" and running.requests[-1:] and running.requests[-1]["mode"] == mode
                if (count >= 2 and mode != "hang") or is_hanging:
                    break
            closed = time.monotonic()
            stream.close()  # type: ignore[attr-defined]
            while any(request["open"] for request in running.requests) and time.monotonic() < closed + 3:
                time.sleep(0.02)
            assert not any(request["open"] for request in running.requests), mode


@pytest.mark.parametrize("own", ["", "capable", "small"])
def test_the_settings_say_what_a_model_is_treated_as_and_how_much_it_reads(
    own: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small model's sentences follow the quotations; a capable one's are the answer, and it reads the more the higher `BOT_CONTEXT` is."""
    with Endpoint(REPLY) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        lengths, answers = [], []
        for tokens in (400, 0):
            chosen = settings.model_copy(update={"llm": "openai:fake", "model_class": own, "context": tokens})
            answers.append(Bot(chosen, ToyEmbedder()).ask(QUESTION["ko"]))
            lengths.append(len(running.requests[-1]["body"]["messages"][1]["content"]))
    assert lengths[0] < lengths[1]
    assert {answer.sentences[0].kind for answer in answers} == {"notice" if own == "small" else "essay"}


def test_the_client_alone_takes_a_cut_stream_for_a_complete_answer(endpoint: Endpoint) -> None:
    """The premise of the other tests: LangChain's client does not report a stream that ends early."""
    from langchain.chat_models import init_chat_model

    model = init_chat_model("fake", model_provider="openai", base_url=endpoint.base_url("no-finish"), api_key="k", max_retries=0)
    assert "".join(chunk.text for chunk in model.stream("hello")) == REPLY
