"""Half-open connections are ended, and the server goes on: on this machine's loopback alone."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, contextmanager
from threading import Thread

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from planner.server import app as served_app
from planner.server.app import Config, application

SHORT = 0.4
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HEAD + b"\r\n"
FORM = (
    b"POST /workbook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\nCookie: planner_session=%s\r\n\r\n--b"
)


@contextmanager
def served(app: Starlette):
    """Serve the page with little patience; yields the server and its port."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="critical", http=served_app.TimedConnection)
    )
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


def read(connection: socket.socket, seconds: float = 10.0) -> bytes:
    """Return what comes until the server ends the connection."""
    connection.settimeout(seconds)
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    return found


def silent(to: socket.socket, _: bytes) -> None:
    """Send nothing."""


def half_a_head(to: socket.socket, _: bytes) -> None:
    """Send the first lines."""
    to.sendall(HEAD)


def dripping(to: socket.socket, _: bytes) -> None:
    """Send a line again and again, and never the last."""
    to.sendall(HEAD)
    for i in range(100):
        time.sleep(SHORT / 4)
        try:
            to.sendall(b"X-%d: y\r\n" % i)
        except OSError:
            return


def half_a_second_request(to: socket.socket, _: bytes) -> None:
    """Send a whole request, and begin another."""
    to.sendall(WHOLE)
    time.sleep(SHORT / 4)
    to.sendall(HEAD)


def half_a_body(to: socket.socket, key: bytes) -> None:
    """Say that a workbook comes, and send a part."""
    to.sendall(FORM % key)


@pytest.mark.parametrize(
    "begin", [silent, half_a_head, dripping, half_a_second_request, half_a_body]
)
def test_a_request_that_does_not_come_is_not_waited_for(monkeypatch, begin) -> None:
    """However little of it came, or however slowly."""
    monkeypatch.setattr(served_app, "PATIENCE", SHORT)
    app = application(Config())
    with served(app) as (server, port), ExitStack() as stack:
        key = app.state.desk.key().encode()
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(5)
        ]
        began = time.monotonic()
        for one in held[1:]:
            one.sendall(HEAD)
        begin(held[0], key)
        said = [read(one) for one in held]
        assert time.monotonic() - began < 8  # five seconds after a whole answer
        assert not any(one.startswith(b"HTTP/1.1 5") for one in said)
        with socket.create_connection(("127.0.0.1", port)) as other:
            other.sendall(HEAD + b"Connection: close\r\n\r\n")
            assert read(other).startswith(b"HTTP/1.1 200")
        end = time.monotonic() + 5
        while server.server_state.connections:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_an_answer_that_nobody_takes_is_not_kept(monkeypatch) -> None:
    """A browser that asks for much and reads nothing."""
    monkeypatch.setattr(served_app, "PATIENCE", SHORT)
    app = Starlette(routes=[Route("/", lambda _: Response(bytes(50 * 2**20)))])
    with served(app) as (server, port), socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(WHOLE)
        end = time.monotonic() + 10
        while not server.server_state.connections:
            time.sleep(0.02)
        while server.server_state.connections:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_slow_browser_that_goes_on_is_served(monkeypatch) -> None:
    """It takes some of the answer from time to time."""
    monkeypatch.setattr(served_app, "PATIENCE", SHORT)
    size = 8 * 2**20
    app = Starlette(routes=[Route("/", lambda _: Response(bytes(size)))])
    with served(app) as (_, port), socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(HEAD + b"Connection: close\r\n\r\n")
        found = 0
        while part := slow.recv(2**20):
            found += len(part)
            time.sleep(SHORT / 8)
        assert found > size


def test_a_slow_download_that_goes_on_is_served(monkeypatch, tmp_path) -> None:
    """In pieces, so that what waits to be sent is now less, now more."""
    monkeypatch.setattr(served_app, "PATIENCE", SHORT)
    file = tmp_path / "plan.bin"
    file.write_bytes(bytes(12 * 2**20))
    app = Starlette(routes=[Route("/", lambda _: FileResponse(file))])
    with served(app) as (_, port), socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.connect(("127.0.0.1", port))
        slow.sendall(HEAD + b"Connection: close\r\n\r\n")
        found = 0
        while part := slow.recv(20_000):
            found += len(part)
            time.sleep(SHORT / 80)
        assert found > 12 * 2**20
