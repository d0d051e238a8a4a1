"""A stand-in for LangSmith's server on loopback, which keeps what it is sent. It stops at the end of its `with` block."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import zstandard

# What the server says of itself; the client reads each of these fields.
INFO = {
    "version": "0.12.0",
    "instance_flags": {"zstd_compression_enabled": True},
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "scale_up_qsize_trigger": 1000,
        "scale_up_nthreads_limit": 4,
        "scale_down_nempty_trigger": 4,
        "size_limit": 100,
        "size_limit_bytes": 20_000_000,
    },
}


class Collector:
    """The server. `requests` holds, for each request, its method and path; `text` all the bodies, decompressed."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._bodies: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30  # seconds without a byte of an open request

            def do_GET(self) -> None:
                self._answer(200, json.dumps(INFO).encode())

            def do_POST(self) -> None:
                self._answer(202, b"{}")

            do_PATCH = do_POST  # noqa: N815

            def _answer(self, status: int, reply: bytes) -> None:
                collector.requests.append(f"{self.command} {self.path}")
                collector._bodies.append(_body(self))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                """Nothing: the log of a server is of no use in a test's output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def __enter__(self) -> "Collector":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The value of LANGSMITH_ENDPOINT that leads here."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def text(self) -> str:
        """All that was sent."""
        return b"\n".join(self._bodies).decode(errors="replace")


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """The body of a request, sent with its length or in chunks, compressed or not."""
    if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
        body = b"".join(iter(lambda: _chunk(request), b""))
    else:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
    if request.headers.get("Content-Encoding") == "zstd":
        with zstandard.ZstdDecompressor().stream_reader(body) as reader:
            return reader.read()
    return body


def _chunk(request: BaseHTTPRequestHandler) -> bytes:
    """The next chunk of a chunked body, empty at its end."""
    size = int(request.rfile.readline().split(b";")[0], 16)
    chunk = request.rfile.read(size)
    request.rfile.readline()
    return chunk
