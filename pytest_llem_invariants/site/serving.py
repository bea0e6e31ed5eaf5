"""The site on loopback: files of one folder, and answers to what its page asks. Nothing else of the machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pytest_llem_invariants.site.frame import CHECKING

LOOPBACK: Final = "127.0.0.1"
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a question."""
_PATIENCE: Final = 10
"""Seconds for a client to say what it asks."""
_KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
}
_HEADERS: Final = {
    "Content-Security-Policy": f"{CHECKING}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_NAMES: Final = ("127.0.0.1", "localhost")
Read = Callable[[str], bytes | None]


class Server(ThreadingHTTPServer):
    """A thread a connection, as a browser keeps several open; but one answer after the other: each takes milliseconds.

    `read` has the files by their names in the site.
    """

    daemon_threads = True

    def __init__(self, port: int, read: Read, answer: Callable[[str], str]) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self._read = read
        self._answer = answer
        self._one_at_a_time = Lock()

    def read(self, name: str) -> bytes | None:
        with self._one_at_a_time:
            return self._read(name)

    def answer(self, asked: str) -> str:
        with self._one_at_a_time:
            return self._answer(asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up in the middle of an answer has none."""

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = _PATIENCE
    protocol_version = "HTTP/1.1"
    server_version = "llem-invariants"
    sys_version = ""

    def do_GET(self) -> None:
        self._send_file(with_body=True)

    def do_HEAD(self) -> None:
        self._send_file(with_body=False)

    def do_POST(self) -> None:
        """A question. Only the page itself asks: another site's page may neither send this type nor this name."""
        length = self.headers.get("Content-Length", "")
        if not self._is_ours():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif urlsplit(self.path).path != "/answer":
            self._refuse(HTTPStatus.NOT_FOUND)
        elif self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        elif not length.isascii() or not length.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
        elif len(length) > len(str(LARGEST)) or int(length) > LARGEST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            asked = self.rfile.read(int(length)).decode("utf-8", "replace")
            self._send(HTTPStatus.OK, "application/json", self.server.answer(asked).encode())

    def _is_ours(self) -> bool:
        """Whether it was asked under a name of this machine, by this page: no other name leads here by accident."""
        port = self.server.server_address[1]
        known = {f"{name}:{port}" for name in _NAMES}
        origin = self.headers.get("Origin")
        return self.headers.get("Host") in known and (origin is None or origin in {f"http://{name}" for name in known})

    def _send_file(self, *, with_body: bool) -> None:
        if not self._is_ours():
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        name = unquote(urlsplit(self.path).path).removeprefix("/")
        name += "index.html" if not name or name.endswith("/") else ""
        data = self.server.read(name)
        if data is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        kind = _KINDS.get(name.rpartition(".")[2], "application/octet-stream")
        self._send(HTTPStatus.OK, kind, data, with_body=with_body)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, data: bytes, *, with_body: bool = True) -> None:
        self.send_response(status)
        headers: Mapping[str, str] = {"Content-Type": kind, "Content-Length": str(len(data)), **_HEADERS}
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """What somebody checks is nobody's log."""


class Made:
    """The files of a site, each made when somebody first asks for it."""

    def __init__(self, plans: Iterable[tuple[str, Callable[[], bytes]]]) -> None:
        self._plans = dict(plans)
        self._known: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        if name not in self._known and name in self._plans:
            self._known[name] = self._plans[name]()
        return self._known.get(name)


def answering(site: bytes) -> bytes:
    """What the page reads first, saying that its server answers."""
    return json.dumps({**json.loads(site), "answers": "server"}).encode()
