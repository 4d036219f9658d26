"""A web server on 127.0.0.1 that serves given bytes and misbehaves as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Held:
    """A file as the server has it."""

    data: bytes
    etag: str = '"1"'
    modified: str = "Mon, 02 Nov 2026 08:00:00 GMT"


@dataclass
class Fault:
    """What goes wrong with one answer.

    ``cut``: so many bytes of the body are sent. ``length``: what Content-Length says. ``status`` in place of the file.
    ``chunked``: without a length. ``before``: called first, for instance to change the file.
    """

    cut: int | None = None
    length: int | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunked: bool = False
    before: Callable[[], object] | None = None


@dataclass
class FaultyServer:
    """``fault`` is asked with the number of the request (0, 1, ...) and its path with query."""

    files: dict[str, Held]
    fault: Callable[[int, str], Fault | None] = lambda number, path: None
    ranges: bool = True
    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: FaultyServer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        with suppress(ConnectionError):  # who asked has gone, as is meant
            super().handle()

    def do_GET(self) -> None:
        told = self.told
        number = len(told.asked)
        told.asked.append((self.path, dict(self.headers)))
        fault = told.fault(number, self.path) or Fault()
        if fault.before:
            fault.before()
        held = told.files.get(self.path) or told.files.get(urlsplit(self.path).path)
        if fault.status or held is None:
            self._send(fault.status or 404, fault.headers, fault.body, fault)
            return
        start = self._start(held)
        if held.etag and self.headers.get("If-None-Match") == held.etag:
            self._send(304, {"ETag": held.etag}, b"", fault)
            return
        headers = {"ETag": held.etag} if held.etag else {}
        headers |= {"Last-Modified": held.modified} if held.modified else {}
        if start >= len(held.data) > 0 and start:
            self._send(416, {"Content-Range": f"bytes */{len(held.data)}"}, b"", fault)
        elif start:
            headers["Content-Range"] = f"bytes {start}-{len(held.data) - 1}/{len(held.data)}"
            self._send(206, headers, held.data[start:], fault)
        else:
            self._send(200, headers, held.data, fault)

    def _start(self, held: Held) -> int:
        asked, version = self.headers.get("Range", ""), self.headers.get("If-Range", "")
        if not asked or not self.told.ranges or (version and version not in (held.etag, held.modified)):
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def _send(self, status: int, headers: dict[str, str], body: bytes, fault: Fault) -> None:
        self.send_response(status)
        for name, value in (headers | fault.headers).items():
            self.send_header(name, value)
        if fault.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            sent = body if fault.cut is None else body[: fault.cut]
            if sent:
                self.wfile.write(f"{len(sent):x}\r\n".encode() + sent + b"\r\n")
            if fault.cut is None:
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(body) if fault.length is None else fault.length))
            self.end_headers()
            self.wfile.write(body if fault.cut is None else body[: fault.cut])
        self.close_connection = fault.cut is not None or fault.length is not None


@contextmanager
def serving(files: dict[str, Held]) -> Iterator[FaultyServer]:
    """A server while the block runs; its ``url`` has no slash at the end."""
    told = FaultyServer(files)
    handler = type("Handler", (_Handler,), {"told": told})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
