"""The fake server does what its modes say: the tests that stand on it are worth no more than it is."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.endpoint import LETTERS, MODES, SHORT, Endpoint

REPLY = "고인돌은 큰 돌로 만든 무덤이다. A dolmen is a tomb."
MIDDLE = -(-len(REPLY) // LETTERS) // 2  # chunks before it


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(REPLY, pace=0.05) as started:
        yield started


def ask(endpoint: Endpoint, mode: str, stream: bool = True) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=5)
    body = json.dumps({"model": "fake", "stream": stream, "messages": []})
    connection.request("POST", f"/{mode}/v1/chat/completions", body, {"Authorization": "Bearer sk-secret"})
    return connection, connection.getresponse()


def read(endpoint: Endpoint, mode: str, stream: bool = True) -> tuple[int, str]:
    connection, response = ask(endpoint, mode, stream)
    try:
        return response.status, response.read().decode()
    finally:
        connection.close()


def events(text: str) -> list[str]:
    assert text.endswith("\n\n")
    return [event.removeprefix("data: ") for event in text.removesuffix("\n\n").split("\n\n")]


def content(parsed: list[str]) -> str:
    chunks = [json.loads(event) for event in parsed if event != "[DONE]"]
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


def finish(parsed: list[str]) -> list[str]:
    chunks = [json.loads(event) for event in parsed if event != "[DONE]"]
    return [reason for chunk in chunks if (reason := chunk["choices"][0]["finish_reason"])]


def some(response: http.client.HTTPResponse, count: int) -> str:
    """The content of the next `count` events."""
    return content([_line(response).removeprefix("data: ") for _ in range(count)])


def _line(response: http.client.HTTPResponse) -> str:
    line = response.readline().decode()
    assert response.readline() == b"\n"
    return line


@pytest.mark.parametrize(
    ("mode", "text", "reasons", "done"),
    [
        ("ok", REPLY, ["stop"], True),
        ("split", REPLY, ["stop"], True),
        ("no-finish", REPLY, [], False),
        ("no-done", REPLY, ["stop"], False),
        ("length", REPLY[: MIDDLE * LETTERS], ["length"], True),
        ("nothing", "", ["stop"], True),
    ],
)
def test_a_stream_with_a_clean_end(endpoint: Endpoint, mode: str, text: str, reasons: list[str], done: bool) -> None:
    status, body = read(endpoint, mode)
    parsed = events(body)
    assert (status, content(parsed), finish(parsed)) == (200, text, reasons)
    assert (parsed[-1] == "[DONE]") == done
    assert all(json.loads(event)["object"] == "chat.completion.chunk" for event in parsed if event != "[DONE]")


def test_split_sends_single_bytes(endpoint: Endpoint) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port), 5) as raw:
        body = b'{"stream": true}'
        raw.sendall(b"POST /split/v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            received += raw.recv(65536)
    pieces = received.partition(b"\r\n\r\n")[2].split(b"1\r\n")
    assert "고".encode() not in received
    assert b"\xea\r\n" in pieces  # the first byte of three


@pytest.mark.parametrize(
    ("mode", "statuses"),
    [
        ("401", [401, 401]),
        ("403", [403, 403]),
        ("404", [404, 404]),
        ("429", [429, 429]),
        ("429-once", [429, 200]),
        ("500", [500, 500]),
        ("503-once", [503, 200]),
    ],
)
def test_a_status(endpoint: Endpoint, mode: str, statuses: list[int]) -> None:
    answers = [read(endpoint, mode) for _ in statuses]
    assert [status for status, _ in answers] == statuses
    assert json.loads(answers[0][1])["error"]["message"]
    assert ("Bearer sk-secret" in answers[0][1]) == (mode == "401")
    assert statuses[1] != 200 or content(events(answers[1][1])) == REPLY


def test_when_to_come_again_is_said_once(endpoint: Endpoint) -> None:
    connection, response = ask(endpoint, "429-once")
    assert response.getheader("Retry-After") == "1"
    connection.close()


def test_a_page_and_nothing_at_all(endpoint: Endpoint) -> None:
    connection, response = ask(endpoint, "html")
    assert (response.status, response.getheader("Content-Type")) == (200, "text/html; charset=utf-8")
    assert response.read().startswith(b"<!doctype html>")
    connection.close()
    assert read(endpoint, "empty") == (200, "")


@pytest.mark.parametrize(("mode", "error"), [("reset", ConnectionResetError), ("close", http.client.IncompleteRead)])
def test_a_stream_that_breaks(endpoint: Endpoint, mode: str, error: type[Exception]) -> None:
    connection, response = ask(endpoint, mode)
    assert some(response, SHORT) == REPLY[: SHORT * LETTERS]
    with pytest.raises(error):
        response.read()
    connection.close()
    assert endpoint.wait_idle()
    assert not endpoint.requests[0]["dropped"]


@pytest.mark.parametrize("stream", [True, False])
def test_hang_says_nothing(endpoint: Endpoint, stream: bool) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=0.3)
    connection.request("POST", "/hang/v1/chat/completions", json.dumps({"stream": stream}))
    with pytest.raises(TimeoutError):
        connection.getresponse()
    assert endpoint.open_streams == 1
    connection.close()
    assert endpoint.wait_idle(2)


def test_stall_falls_silent(endpoint: Endpoint) -> None:
    connection, response = ask(endpoint, "stall")
    assert some(response, SHORT) == REPLY[: SHORT * LETTERS]
    assert connection.sock is not None
    connection.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        response.read(1)
    drop(endpoint, connection, response)


def test_drip_keeps_its_pace(endpoint: Endpoint) -> None:
    connection, response = ask(endpoint, "drip")
    before = time.monotonic()
    assert some(response, len(REPLY) + 1) == REPLY + REPLY[0]
    assert time.monotonic() - before > len(REPLY) * 0.05 * 0.9
    drop(endpoint, connection, response)


def test_endless_has_no_end(endpoint: Endpoint) -> None:
    connection, response = ask(endpoint, "endless")
    assert len(some(response, 3000)) > 2000 * LETTERS
    drop(endpoint, connection, response)


def drop(endpoint: Endpoint, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
    """Drop the connection and see that the server notices when."""
    assert endpoint.open_streams == 1
    before = time.monotonic()
    connection.close()
    response.close()
    assert endpoint.wait_idle(2)
    assert endpoint.open_streams == 0
    record = endpoint.requests[-1]
    assert record["dropped"]
    assert not record["open"]
    assert before <= record["closed_at"] <= before + 2


def test_a_line_that_is_no_json(endpoint: Endpoint) -> None:
    parsed = events(read(endpoint, "bad-json")[1])
    broken = parsed.pop(MIDDLE)
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    assert content(parsed) == REPLY


def test_an_error_as_data(endpoint: Endpoint) -> None:
    parsed = events(read(endpoint, "error-object")[1])
    found = [event for event in parsed if "error" in json.loads(event if event != "[DONE]" else "{}")]
    assert len(found) == 1
    assert 0 < parsed.index(found[0]) < len(parsed) - 2


@pytest.mark.parametrize(("mode", "text"), [("ok", REPLY), ("length", REPLY[: len(REPLY) // 2]), ("nothing", "")])
def test_without_a_stream(endpoint: Endpoint, mode: str, text: str) -> None:
    status, body = read(endpoint, mode, stream=False)
    choice = json.loads(body)["choices"][0]
    assert (status, choice["message"]["content"]) == (200, text)
    assert choice["finish_reason"] == ("length" if mode == "length" else "stop")


def test_what_was_asked_is_kept_and_a_connection_serves_twice(endpoint: Endpoint) -> None:
    connection, response = ask(endpoint, "ok")
    response.read()
    connection.request("GET", "/ok/v1/models")
    assert [model["id"] for model in json.loads(connection.getresponse().read())["data"]] == ["fake"]
    connection.close()
    first, second = endpoint.requests
    assert (first["mode"], first["path"], first["body"]["model"]) == ("ok", "/chat/completions", "fake")
    assert first["headers"]["authorization"] == "Bearer sk-secret"
    assert (second["method"], second["path"], second["body"]) == ("GET", "/models", None)


def test_the_reply_may_hang_on_the_question() -> None:
    def reply(body: Any) -> str:
        return f"{body['model']} heard"

    with Endpoint(reply) as endpoint:
        assert content(events(read(endpoint, "ok")[1])) == "fake heard"


def test_a_mode_that_there_is_not_is_refused(endpoint: Endpoint) -> None:
    assert endpoint.url == endpoint.base_url("ok") == f"http://127.0.0.1:{endpoint.port}/ok/v1"
    with pytest.raises(ValueError, match="'hung' is no mode; there are ok, hang, 401"):
        endpoint.base_url("hung")


def test_everything_ends_with_the_context() -> None:
    before = set(threading.enumerate())
    with Endpoint(REPLY) as endpoint:
        held = []
        for mode in ("stall", "drip", "endless"):
            held.append(ask(endpoint, mode))
        silent = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=5)
        silent.request("POST", "/hang/v1/chat/completions", '{"stream": true}')
        leaving = time.monotonic()
    assert time.monotonic() - leaving < 3
    assert set(threading.enumerate()) <= before
    assert endpoint.open_streams == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", endpoint.port), 1)
    for connection, response in held:
        response.close()
        connection.close()
    silent.close()


@pytest.mark.parametrize("mode", MODES)
def test_the_usual_client_comes_to_an_end_in_every_mode(endpoint: Endpoint, mode: str) -> None:
    openai = pytest.importorskip("openai")
    endpoint.pace = 0.001
    got, failed = "", False
    with openai.OpenAI(base_url=endpoint.base_url(mode), api_key="sk-secret", max_retries=0, timeout=0.5) as client:
        try:
            for chunk in client.chat.completions.create(model="fake", stream=True, messages=[{"role": "user", "content": "?"}]):
                got += chunk.choices[0].delta.content or ""
                if len(got) > 2 * len(REPLY):
                    break
        except Exception:  # each fault has its own
            failed = True
    assert endpoint.wait_idle(2)
    whole = {
        "ok": REPLY,
        "split": REPLY,
        "no-done": REPLY,
        "no-finish": REPLY,
        "length": REPLY[: MIDDLE * LETTERS],
        "nothing": "",
    }
    if mode in whole:
        assert (got, failed) == (whole[mode], False)
