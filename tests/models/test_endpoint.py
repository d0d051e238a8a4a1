"""The fake server sends what its modes promise: `tests/answers/test_faults.py` is only as good as that."""

import http.client
import json
import threading
from collections.abc import Iterator

import pytest

from tests.endpoint import CHUNK_CHARACTERS, CHUNKS_BEFORE_FAULT, Endpoint

REPLY = "고인돌은 큰 돌로 만든 무덤이다. A dolmen is a tomb."
START = REPLY[: CHUNKS_BEFORE_FAULT * CHUNK_CHARACTERS]
HALF = REPLY[: -(-len(REPLY) // CHUNK_CHARACTERS) // 2 * CHUNK_CHARACTERS]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(REPLY, pace=0.01) as started:
        yield started


def post(endpoint: Endpoint, mode: str, timeout: float = 0.3) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=timeout)
    body = json.dumps({"model": "fake", "stream": True, "messages": []})
    connection.request("POST", f"/{mode}/v1/chat/completions", body, {"Authorization": "Bearer sk-secret"})
    return connection


def received(connection: http.client.HTTPConnection) -> tuple[int, str, list[str]]:
    """The status, the content, and what else came: finish reasons, events without content, the name of an exception."""
    status, body, errors = 0, b"", []
    try:
        response = connection.getresponse()
        status = response.status
        while data := response.read1():
            body += data
    except (OSError, http.client.HTTPException) as error:
        errors.append(type(error).__name__)
    finally:
        connection.close()
    content, others = "", []
    for event in filter(None, (line.removeprefix("data: ") for line in body.decode().splitlines())):
        try:
            choice = json.loads(event)["choices"][0]
        except (ValueError, KeyError):
            others.append(event)
        else:
            content += choice["delta"].get("content", "")
            others += [choice["finish_reason"]] if choice["finish_reason"] else []
    return status, content, others + errors


@pytest.mark.parametrize(
    ("mode", "status", "content", "ending"),
    [
        ("ok", 200, REPLY, "stop [DONE]"),
        ("split", 200, REPLY, "stop [DONE]"),
        ("no-done", 200, REPLY, "stop"),
        ("no-finish", 200, REPLY, ""),
        ("length", 200, HALF, "length [DONE]"),
        ("nothing", 200, "", "stop [DONE]"),
        ("reset", 200, START, "ConnectionResetError"),
        ("close", 200, START, "IncompleteRead"),
        ("stall", 200, START, "TimeoutError"),
        ("hang", 0, "", "TimeoutError"),
        ("bad-json", 200, REPLY, '{"id": "chatcmpl-fake", '),
        ("error-object", 200, REPLY, '{"error": '),
        ("html", 200, "", "<!doctype html>"),
        ("401", 401, "", "Bearer sk-secret"),
    ],
)
def test_mode_sends_its_status_content_and_ending(endpoint: Endpoint, mode: str, status: int, content: str, ending: str) -> None:
    found_status, found_content, others = received(post(endpoint, mode))
    assert (found_status, found_content) == (status, content)
    found_ending = " ".join(others)
    assert ending in found_ending if mode in ("bad-json", "error-object", "html", "401") else found_ending == ending
    assert endpoint.wait_idle(3)
    assert endpoint.requests[0]["dropped"] == (mode in ("stall", "hang"))


def test_mode_with_once_fails_only_the_first_request(endpoint: Endpoint) -> None:
    for mode, number in (("429-once", 429), ("503-once", 503)):
        assert [received(post(endpoint, mode))[0] for _ in range(3)] == [number, 200, 200]
    assert [received(post(endpoint, mode))[0] for mode in ("403", "404", "429", "500", "empty")] == [403, 404, 429, 500, 200]


def test_endless_modes_stop_when_the_client_disconnects_or_the_server_ends() -> None:
    threads = set(threading.enumerate())
    with Endpoint(REPLY, pace=0.01) as endpoint:
        for mode in ("endless", "drip"):
            connection = post(endpoint, mode)
            response = connection.getresponse()
            assert response.readline().startswith(b"data: ")
            assert endpoint.open_streams == 1
            connection.close()
            response.close()
            assert endpoint.wait_idle(2)
            assert endpoint.requests[-1]["dropped"]
        still_open = [post(endpoint, mode) for mode in ("endless", "drip", "hang", "stall")]
    assert set(threading.enumerate()) <= threads
    assert endpoint.open_streams == 0
    for connection in still_open:
        connection.close()


def test_unknown_mode_is_refused(endpoint: Endpoint) -> None:
    assert endpoint.url == endpoint.base_url("ok") == f"http://127.0.0.1:{endpoint.port}/ok/v1"
    with pytest.raises(ValueError, match="'hung' is not a mode; choose from ok, hang, 401"):
        endpoint.base_url("hung")
