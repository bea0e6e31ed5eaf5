"""The server on loopback: the site, answers to its own page, and nothing else."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from functools import partial
from threading import Thread

import pytest

from pytest_llem_invariants.site.serving import LARGEST, Made, Server, answering

FILES = {"index.html": b"<p>here", "assets/a.js": b"1", "rules/index.html": b"<p>rules"}


@pytest.fixture
def server() -> Iterator[Server]:
    made = Made((name, partial(bytes, data)) for name, data in FILES.items())
    with Server(0, made.read, lambda asked: json.dumps({"asked": asked})) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, Mapping[str, str]]:
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=5)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


JSON = {"Content-Type": "application/json"}


def test_it_listens_on_loopback_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.address.startswith("http://127.0.0.1:")


def test_files_come_with_their_type_and_a_policy(server: Server) -> None:
    status, data, headers = ask(server, "GET", "/")
    assert (status, data) == (200, b"<p>here")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert ask(server, "GET", "/assets/a.js?x=1")[2]["Content-Type"].startswith("text/javascript")
    assert ask(server, "GET", "/rules/")[1] == b"<p>rules"
    status, data, headers = ask(server, "HEAD", "/rules/")
    assert (status, data, headers["Content-Length"]) == (200, b"", "8")


@pytest.mark.parametrize(
    "path", ["/none", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/\x7f", "/assets"]
)
def test_nothing_outside_of_the_site_is_there(server: Server, path: str) -> None:
    connection = socket.create_connection(server.server_address[:2], timeout=5)
    with connection:
        port = server.server_address[1]
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(100).split()[1] in (b"404", b"400")


def test_a_question_has_an_answer(server: Server) -> None:
    status, data, _ = ask(server, "POST", "/answer", b'{"text": ""}', JSON)
    assert (status, json.loads(data)) == (200, {"asked": '{"text": ""}'})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({**JSON, "Host": "evil.example"}, 403),
        ({**JSON, "Origin": "https://evil.example"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({**JSON, "Content-Length": str(LARGEST + 1)}, 413),
        ({**JSON, "Content-Length": "9" * 5000}, 413),
        ({**JSON, "Content-Length": "-1"}, 411),
        ({**JSON, "Content-Length": "²"}, 411),
    ],
)
def test_only_the_page_itself_asks_and_within_limits(server: Server, headers: Mapping[str, str], status: int) -> None:
    assert ask(server, "POST", "/answer", b"{}", {k: v.encode("latin-1") for k, v in headers.items()})[0] == status  # type: ignore[misc]


def test_a_browser_that_opens_connections_ahead_stops_nobody(server: Server) -> None:
    with socket.create_connection(server.server_address[:2]), socket.create_connection(server.server_address[:2]):
        assert ask(server, "GET", "/")[0] == 200


def test_another_name_of_this_machine_gets_no_page(server: Server) -> None:
    assert ask(server, "GET", "/", headers={"Host": "evil.example"})[0] == 403
    assert ask(server, "POST", "/other", b"{}", JSON)[0] == 404


def test_the_page_hears_that_its_server_answers() -> None:
    assert json.loads(answering(b'{"answers": "page", "gpus": []}')) == {"answers": "server", "gpus": []}


def test_a_file_is_made_when_it_is_first_asked_for() -> None:
    made: list[str] = []

    def make(name: str) -> bytes:
        made.append(name)
        return FILES[name]

    site = Made((name, partial(make, name)) for name in FILES)
    assert site.read("rules/index.html") == site.read("rules/index.html") == b"<p>rules"
    assert site.read("none") is None
    assert made == ["rules/index.html"]
