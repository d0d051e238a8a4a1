"""The rate limits: a minute, running questions, over HTTP and in the chat; each caller is counted separately."""

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from gradio import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot.chats.history import ChatHistory
from bot.errors import TooManyRequests
from bot.ui import middleware, rate_limit
from bot.ui.chat_handlers import ChatHandlers
from bot.ui.middleware import RateLimit
from bot.ui.rate_limit import MAX_CALLS, MAX_QUESTIONS, MAX_RUNNING, RateLimiter, caller_of
from bot.ui.server import build_server
from bot.ui.visitor import new_token
from bot.uploads import Uploads
from tests.pages import ScriptedBot, quoting


def request_from(address: str, token: str = "") -> Request:
    """A request as Gradio passes it to a handler."""
    headers = {"cookie": f"dolmen_reader={token}"} if token else {}
    return Request(headers=headers, client={"host": address})


def ask_once(handlers: ChatHandlers, question: str, request: Request) -> Any:
    *_, last = handlers.reply(question, "answer", "", 0, request)
    return last


def handlers_of(bot: ScriptedBot, limiter: RateLimiter) -> ChatHandlers:
    return ChatHandlers(Uploads(bot), ChatHistory(bot.settings.data), limiter)  # type: ignore[arg-type]


# The limiter


def test_calls_over_the_limit_get_the_seconds_to_wait() -> None:
    limiter = RateLimiter(3)
    assert [limiter.retry_after("a") for _ in range(3)] == [0, 0, 0]
    assert 1 <= limiter.retry_after("a") <= 60
    assert limiter.retry_after("b") == 0


def test_the_window_of_one_minute_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    limiter = RateLimiter(2)
    waits = []
    for moment in (0, 10, 20, 59.5, 60.5, 65, 70.5):
        clock[0] = 1_000_000 + moment
        waits.append(limiter.retry_after("a"))
    assert waits == [0, 0, 40, 1, 0, 5, 0]


def test_a_fifth_question_may_run_when_one_of_four_has_ended() -> None:
    limiter = RateLimiter()
    with ExitStack() as others:
        first = ExitStack()
        first.enter_context(limiter.slot("a"))
        for _ in range(MAX_RUNNING - 1):
            others.enter_context(limiter.slot("a"))
        with pytest.raises(TooManyRequests, match="4 of your questions"), limiter.slot("a"):
            pass
        with limiter.slot("b"):
            pass
        first.close()
        with limiter.slot("a"):
            pass


def test_a_question_that_fails_no_longer_counts_as_running() -> None:
    limiter = RateLimiter(100, max_running=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), limiter.slot("a"):
            raise ValueError("broken")
    with limiter.slot("a"):
        pass


def test_a_question_that_never_ends_stops_counting_after_the_maximum_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    limiter = RateLimiter(max_running=1)
    forgotten = limiter.slot("a")
    forgotten.__enter__()
    with pytest.raises(TooManyRequests), limiter.slot("a"):
        pass
    clock[0] = rate_limit.MAX_ANSWER_SECONDS
    with limiter.slot("a"):
        pass


def test_questions_that_began_at_the_same_moment_end_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    limiter = RateLimiter(100, max_running=2)
    with limiter.slot("a"):
        with limiter.slot("a"):
            pass
        with limiter.slot("a"), pytest.raises(TooManyRequests), limiter.slot("a"):
            pass


def remembered(limiter: RateLimiter) -> list[str]:
    return list(limiter._callers)


def test_callers_are_forgotten_when_nothing_of_theirs_counts_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    limiter = RateLimiter()
    for number in range(100):
        limiter.retry_after(f"caller {number}")
    with limiter.slot("running"):
        clock[0] = 61
        limiter.retry_after("a")
        assert remembered(limiter) == ["running", "a"]
        clock[0] = 122
        limiter.retry_after("b")
        assert remembered(limiter) == ["running", "a", "b"]
    limiter.retry_after("b")
    assert remembered(limiter) == ["b"]


def test_the_number_of_remembered_callers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_CALLERS", 10)
    limiter = RateLimiter(2)
    for number in range(100):
        limiter.retry_after("regular")
        limiter.retry_after(f"invented {number}")
        with limiter.slot(f"asking {number}"):
            assert len(remembered(limiter)) <= 10
    assert limiter.retry_after("regular") > 0, "those who call often are remembered"
    with ExitStack() as running:
        for number in range(100):
            running.enter_context(limiter.slot(f"at once {number}"))
        assert len(remembered(limiter)) == 10
    assert len(remembered(limiter)) == 10


@pytest.mark.parametrize(
    ("address", "reader", "key"),
    [
        ("127.0.0.1", "token", "token"),
        ("::1", "token", "token"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("192.168.0.7", "token", "192.168.0.7"),
        ("192.168.0.7", "", "192.168.0.7"),
        ("2001:db8:1:2:3:4:5:6", "token", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", "2001:db8:1:2::/64"),
        ("", "token", "token"),
        ("testclient", "", "testclient"),
        ("x" * 60_000, "", "x" * 64),
        ("::ffff:127.0.0.1", "token", "token"),
        ("::ffff:192.168.0.7", "token", "192.168.0.7"),
        ("0:0:0:0:0:0:0:1", "", "::1"),
        ("fe80::1%" + "x" * 60_000, "", "fe80::/64"),
    ],
)
def test_the_key_under_which_a_call_is_counted(address: str, reader: str, key: str) -> None:
    assert caller_of(address, reader) == key


# The chat


def test_a_question_over_the_limit_is_declined_and_not_saved() -> None:
    bot, token = ScriptedBot(quoting), new_token()
    handlers = handlers_of(bot, RateLimiter(2))
    request = request_from("127.0.0.1", token)
    for question in ("왜?", "어떻게?"):
        assert ask_once(handlers, question, request).declined is False
    declined = ask_once(handlers, "그래서?", request)
    assert declined.declined is True
    assert (declined.earlier, declined.chat_id) == ([], "")
    (message,) = declined.messages
    assert "1분에 2번까지" in message["content"]
    assert "2 times a minute" in ask_once(handlers, "And then?", request).messages[0]["content"]
    assert [asked for asked, _ in bot.asked] == ["왜?", "어떻게?"]
    assert len(ChatHistory(bot.settings.data).list(token, "")) == 2
    assert ask_once(handlers, "다른 이의 물음?", request_from("127.0.0.1", new_token())).declined is False


def test_a_new_cookie_does_not_reset_the_limit_of_a_network_address() -> None:
    handlers = handlers_of(ScriptedBot(quoting), RateLimiter(1))
    declined = [ask_once(handlers, "왜?", request_from("10.0.0.9", new_token())).declined for _ in range(3)]
    assert declined == [False, True, True]


def test_an_answer_that_is_abandoned_no_longer_counts_as_running() -> None:
    handlers = handlers_of(ScriptedBot(quoting), RateLimiter(max_running=1))
    request = request_from("127.0.0.1", new_token())
    for _ in range(3):
        steps = handlers.reply("왜?", "answer", "", 0, request)
        assert next(steps).declined is False
        steps.close()


# HTTP


def test_a_program_over_the_limit_gets_429_with_retry_after() -> None:
    client = TestClient(build_server(ScriptedBot(quoting)))  # type: ignore[arg-type]
    responses = [client.post("/gradio_api/call/ask", json={"data": ["Why?", "answer"]}) for _ in range(MAX_QUESTIONS + 1)]
    assert [answer.status_code for answer in responses] == [200] * MAX_QUESTIONS + [429]
    assert 1 <= int(responses[-1].headers["retry-after"]) <= 60
    assert responses[-1].headers["x-content-type-options"] == "nosniff"
    assert responses[-1].json()["detail"].startswith("You can ask 20 times a minute.")
    assert client.get("/").status_code == 200
    other = TestClient(client.app, cookies={"dolmen_reader": new_token()})
    assert other.post("/gradio_api/call/ask", json={"data": ["Why?", "answer"]}).status_code == 200


def statuses(app: Any, path: str, times: int) -> list[int]:
    client = TestClient(app)
    return [client.post(path).status_code for _ in range(times)]


def test_calls_of_any_kind_are_limited() -> None:
    codes = statuses(RateLimit(PlainTextResponse("ok")), "/gradio_api/queue/join", MAX_CALLS + 2)
    assert codes == [200] * MAX_CALLS + [429] * 2


@pytest.mark.parametrize(
    "path", ["/gradio_api/call/ask", "/gradio_api/queue/join", "/gradio_api/reset", "/gradio_api/stream/x/close"]
)
def test_invented_readers_sessions_and_events_leave_no_growing_state(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limiters: list[RateLimiter] = []

    def make_limiter(*limits: int) -> RateLimiter:
        limiters.append(RateLimiter(*limits))
        return limiters[-1]

    monkeypatch.setattr(rate_limit, "MAX_CALLERS", 10)
    monkeypatch.setattr("bot.ui.middleware.RateLimiter", make_limiter)
    monkeypatch.setattr("bot.ui.page.RateLimiter", make_limiter)
    bot = ScriptedBot(quoting)
    server: Any = ProxyHeadersMiddleware(build_server(bot))  # type: ignore[arg-type]  # as uvicorn wraps it
    with TestClient(server, client=("127.0.0.1", 1), raise_server_exceptions=False) as client:
        for number in range(50):
            headers = {"cookie": f"dolmen_reader={new_token()}"}
            headers |= {"x-forwarded-for": f"invented {number}"} if number % 2 else {}
            session = {"session_hash": f"invented {number}", "event_id": f"invented {number}", "fn_index": number}
            client.post(path, json={"data": [], **session}, headers=headers)
            client.get("/gradio_api/call/ask/invented", headers=headers)
    assert len(limiters) == 3
    assert all(len(remembered(limiter)) <= 10 for limiter in limiters)
    assert any(remembered(limiter) for limiter in limiters)
    assert list(bot.settings.data.iterdir()) == []


def test_without_the_middleware_no_call_is_rejected() -> None:
    """A control: the same calls to the bare application all pass."""
    assert set(statuses(PlainTextResponse("ok"), "/gradio_api/call/ask", MAX_QUESTIONS + 5)) == {200}
    assert middleware.QUESTION_PATHS[0] == "/gradio_api/call/ask"


def test_a_request_without_an_address_is_counted() -> None:
    limiter = RateLimiter(1)
    without_client: Any = SimpleNamespace(headers={})
    handlers = handlers_of(ScriptedBot(quoting), limiter)
    assert [ask_once(handlers, "왜?", without_client).declined for _ in range(2)] == [False, True]
