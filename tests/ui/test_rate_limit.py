"""How often one may ask: by the minute, side by side, over HTTP and on the page; and that one caller's haste is nobody else's."""

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
from bot.ui.rate_limit import AT_ONCE, CALLS, QUESTIONS, RateLimiter, caller_of
from bot.ui.server import build_server
from bot.ui.visitor import new_token
from bot.uploads import Uploads
from tests.pages import ScriptedBot, quoting


def request_from(address: str, token: str = "") -> Request:
    """A request as Gradio passes it to a handler."""
    headers = {"cookie": f"dolmen_reader={token}"} if token else {}
    return Request(headers=headers, client={"host": address})


def ask_once(talk: ChatHandlers, question: str, request: Request) -> Any:
    *_, last = talk.reply(question, "answer", "", 0, (), request)
    return last


def talk_of(bot: ScriptedBot, pace: RateLimiter) -> ChatHandlers:
    return ChatHandlers(Uploads(bot), ChatHistory(bot.settings.data), pace)  # type: ignore[arg-type]


# The count


def test_so_many_calls_a_minute_and_then_the_seconds_until_the_next() -> None:
    pace = RateLimiter(3)
    assert [pace.retry_after("a") for _ in range(3)] == [0, 0, 0]
    assert 1 <= pace.retry_after("a") <= 60
    assert pace.retry_after("b") == 0


def test_a_minute_later_one_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    pace = RateLimiter(2)
    waits = []
    for moment in (0, 10, 20, 59.5, 60.5, 65, 70.5):
        clock[0] = 1_000_000 + moment
        waits.append(pace.retry_after("a"))
    assert waits == [0, 0, 40, 1, 0, 5, 0]


def test_four_questions_side_by_side_and_a_fifth_when_one_is_done() -> None:
    pace = RateLimiter()
    with ExitStack() as others:
        first = ExitStack()
        first.enter_context(pace.slot("a"))
        for _ in range(AT_ONCE - 1):
            others.enter_context(pace.slot("a"))
        with pytest.raises(TooManyRequests, match="4 of your questions"), pace.slot("a"):
            pass
        with pace.slot("b"):
            pass
        first.close()
        with pace.slot("a"):
            pass


def test_a_question_that_fails_is_over() -> None:
    pace = RateLimiter(100, at_once=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), pace.slot("a"):
            raise ValueError("broken")
    with pace.slot("a"):
        pass


def test_a_question_that_never_ends_does_not_lock_its_reader_out(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    pace = RateLimiter(at_once=1)
    forgotten = pace.slot("a")
    forgotten.__enter__()
    with pytest.raises(TooManyRequests), pace.slot("a"):
        pass
    clock[0] = rate_limit.MAX_ANSWER_SECONDS
    with pace.slot("a"):
        pass


def test_questions_that_began_at_the_same_moment_end_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 0.0)
    pace = RateLimiter(100, at_once=2)
    with pace.slot("a"):
        with pace.slot("a"):
            pass
        with pace.slot("a"), pytest.raises(TooManyRequests), pace.slot("a"):
            pass


def remembered(pace: RateLimiter) -> list[str]:
    return list(pace._callers)


def test_callers_are_forgotten_when_their_minute_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    pace = RateLimiter()
    for number in range(100):
        pace.retry_after(f"caller {number}")
    with pace.slot("running"):
        clock[0] = 61
        pace.retry_after("a")
        assert remembered(pace) == ["running", "a"]
        clock[0] = 122
        pace.retry_after("b")
        assert remembered(pace) == ["running", "a", "b"]
    pace.retry_after("b")
    assert remembered(pace) == ["b"]


def test_invented_callers_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_CALLERS", 10)
    pace = RateLimiter(2)
    for number in range(100):
        pace.retry_after("regular")
        pace.retry_after(f"invented {number}")
        with pace.slot(f"asking {number}"):
            assert len(remembered(pace)) <= 10
    assert pace.retry_after("regular") > 0, "those who call often are remembered"
    with ExitStack() as running:
        for number in range(100):
            running.enter_context(pace.slot(f"at once {number}"))
        assert len(remembered(pace)) == 10
    assert len(remembered(pace)) == 10


@pytest.mark.parametrize(
    ("address", "reader", "counted"),
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
def test_whom_a_call_counts_for(address: str, reader: str, counted: str) -> None:
    assert caller_of(address, reader) == counted


# The chat


def test_a_hurried_question_is_declined_and_nothing_of_it_is_kept() -> None:
    bot, token = ScriptedBot(quoting), new_token()
    talk = talk_of(bot, RateLimiter(2))
    here = request_from("127.0.0.1", token)
    for question in ("왜?", "어떻게?"):
        assert ask_once(talk, question, here).declined is False
    declined = ask_once(talk, "그래서?", here)
    assert declined.declined is True
    assert (declined.turns, declined.talk) == ((), "")
    (message,) = declined.chat
    assert "1분에 2번까지" in message["content"]
    assert "2 times a minute" in ask_once(talk, "And then?", here).chat[0]["content"]
    assert [asked for asked, _ in bot.asked] == ["왜?", "어떻게?"]
    assert len(ChatHistory(bot.settings.data).list(token, "")) == 2
    assert ask_once(talk, "다른 이의 물음?", request_from("127.0.0.1", new_token())).declined is False


def test_another_cookie_does_not_help_a_caller_from_elsewhere() -> None:
    talk = talk_of(ScriptedBot(quoting), RateLimiter(1))
    told = [ask_once(talk, "왜?", request_from("10.0.0.9", new_token())).declined for _ in range(3)]
    assert told == [False, True, True]


def test_a_talk_that_was_left_in_the_middle_frees_its_place() -> None:
    talk = talk_of(ScriptedBot(quoting), RateLimiter(at_once=1))
    here = request_from("127.0.0.1", new_token())
    for _ in range(3):
        going = talk.reply("왜?", "answer", "", 0, (), here)
        assert next(going).declined is False
        going.close()


# HTTP


def test_a_program_that_asks_too_often_is_told_when_to_come_again() -> None:
    client = TestClient(build_server(ScriptedBot(quoting)))  # type: ignore[arg-type]
    told = [client.post("/gradio_api/call/ask", json={"data": ["Why?", "answer"]}) for _ in range(QUESTIONS + 1)]
    assert [answer.status_code for answer in told] == [200] * QUESTIONS + [429]
    assert 1 <= int(told[-1].headers["retry-after"]) <= 60
    assert told[-1].headers["x-content-type-options"] == "nosniff"
    assert told[-1].json()["detail"].startswith("You can ask 20 times a minute.")
    assert client.get("/").status_code == 200
    other = TestClient(client.app, cookies={"dolmen_reader": new_token()})
    assert other.post("/gradio_api/call/ask", json={"data": ["Why?", "answer"]}).status_code == 200


def answered_ok(app: Any, path: str, times: int) -> list[int]:
    client = TestClient(app)
    return [client.post(path).status_code for _ in range(times)]


def test_calls_of_every_kind_have_a_measure() -> None:
    codes = answered_ok(RateLimit(PlainTextResponse("fine")), "/gradio_api/queue/join", CALLS + 2)
    assert codes == [200] * CALLS + [429] * 2


@pytest.mark.parametrize(
    "path", ["/gradio_api/call/ask", "/gradio_api/queue/join", "/gradio_api/reset", "/gradio_api/stream/x/close"]
)
def test_invented_readers_sessions_and_events_leave_nothing_that_grows(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limiters: list[RateLimiter] = []

    def limiter(*limits: int) -> RateLimiter:
        limiters.append(RateLimiter(*limits))
        return limiters[-1]

    monkeypatch.setattr(rate_limit, "MAX_CALLERS", 10)
    monkeypatch.setattr("bot.ui.middleware.RateLimiter", limiter)
    monkeypatch.setattr("bot.ui.page.RateLimiter", limiter)
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
    assert all(len(remembered(one)) <= 10 for one in limiters)
    assert any(remembered(one) for one in limiters)
    assert list(bot.settings.data.iterdir()) == []


def test_without_the_guard_nothing_is_turned_away() -> None:
    """The twin: the same calls to the bare application all pass."""
    assert set(answered_ok(PlainTextResponse("fine"), "/gradio_api/call/ask", QUESTIONS + 5)) == {200}
    assert middleware.QUESTION_PATHS[0] == "/gradio_api/call/ask"


def test_a_request_that_does_not_say_where_it_comes_from_is_still_counted() -> None:
    pace = RateLimiter(1)
    nowhere: Any = SimpleNamespace(headers={})
    talk = talk_of(ScriptedBot(quoting), pace)
    assert [ask_once(talk, "왜?", nowhere).declined for _ in range(2)] == [False, True]
