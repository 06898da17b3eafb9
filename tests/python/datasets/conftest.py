"""A server that does what servers do wrong, for the tests of downloads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType

import pytest

from tissueshap.datasets import _transfer


@dataclass
class Behaviour:
    """What a server does, for each path or for all."""

    breaks_after: list[int | None] = field(default_factory=list)
    stalls_after: list[int | None] = field(default_factory=list)
    ranges: bool = True
    lengths: bool = True
    wrong_range: bool = False
    etag: str | None = '"1"'
    md5: str | None = None
    status: int | None = None
    redirect: str | None = None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.does = Behaviour()
        self.asked: list[tuple[str, str | None]] = []
        self.stop = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def ranges_asked(self) -> list[str | None]:
        return [wanted for _, wanted in self.asked]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        does, wanted = self.server.does, self.headers.get("Range")
        path = self.path.lstrip("/")
        self.server.asked.append((path, wanted))
        if does.redirect is not None and path != does.redirect:
            self.send_response(302)
            self.send_header("Location", f"/{does.redirect}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = self.server.files.get(path)
        if does.status is not None or body is None:
            self.send_error(does.status or 404)
            return
        start = 0
        if wanted and does.ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            first = 0 if does.wrong_range else start
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        if does.lengths:
            self.send_header("Content-Length", str(len(body) - start))
        if does.etag is not None:
            self.send_header("ETag", does.etag)
        if does.md5 is not None:
            self.send_header("x-goog-hash", "crc32c=AAAAAA==")
            self.send_header("x-goog-hash", f"md5={does.md5}")
        self.end_headers()
        end = does.breaks_after.pop(0) if does.breaks_after else None
        pause = does.stalls_after.pop(0) if does.stalls_after else None
        if self.command == "HEAD":
            return
        self.wfile.write(body[start : end if pause is None else pause])
        if pause is not None:
            self.wfile.flush()
            self.server.stop.wait(5)
            self.close_connection = True

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as held:
        threading.Thread(target=held.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield held
        held.stop.set()
        held.shutdown()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between attempts."""
    monkeypatch.setattr(_transfer, "PAUSE", 0.0)


@pytest.fixture
def portal(server: Server, public: ModuleType, small: None) -> Server:
    """A server with a small copy of every public file."""
    server.files.update(public.bodies())
    return server
