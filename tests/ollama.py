"""A fake Ollama server on loopback that lists its models at /api/tags and those that are loaded at /api/ps, or is silent."""

import json
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Entry = dict[str, Any]


def listed(name: str, parameters: str = "8B", family: str = "llama", size: int = 1000, **more: Any) -> Entry:
    """What a server says of a model in its list."""
    details = {
        "format": "gguf",
        "family": family,
        "families": [family],
        "parameter_size": parameters,
        "quantization_level": "Q4_K_M",
    }
    return {"name": name, "model": name, "size": size, "digest": "0" * 64, "details": details, **more}


class OllamaServer:
    """The server, from `__enter__` to `__exit__`. `asked` holds the paths of its requests; `is_silent` lets it answer nothing."""

    def __init__(self, models: Sequence[Entry] | bytes, loaded: Sequence[Entry] = ()) -> None:
        """`models` are the entries of its list, or the body that it sends in place of one; `loaded` those of the models in memory."""
        self.asked: list[str] = []
        self.is_silent = False
        self._bodies = {
            "/api/tags": models if isinstance(models, bytes) else json.dumps({"models": list(models)}).encode(),
            "/api/ps": json.dumps({"models": list(loaded)}).encode(),
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def host(self) -> str:
        """The value of `OLLAMA_HOST` for it."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "OllamaServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802
                outer.asked.append(self.path)
                if outer.is_silent:
                    time.sleep(1.0)
                    return
                body = outer._bodies.get(self.path, b"")
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                """Write nothing."""

        return Handler
