"""Half-open connections are ended, and the server goes on: on this machine's loopback alone."""

from __future__ import annotations

import asyncio
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
from tests.waiting import HANG, wait_until

pytestmark = pytest.mark.slow

SHORT = 0.4
HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HEAD + b"\r\n"
FORM = (
    b"POST /workbook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\nCookie: planner_session=%s\r\n\r\n--b"
)


@contextmanager
def served(app: Starlette):
    """Serve the page; yields the list of connections made, and the port."""
    made: list[served_app.TimedConnection] = []

    class Connection(served_app.TimedConnection):
        def connection_made(self, transport) -> None:
            super().connection_made(transport)
            made.append(self)

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", http=Connection))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield made, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(HANG)


def are_gone(made: list[served_app.TimedConnection], number: int) -> bool:
    """Whether so many connections were made, and are closed."""
    return len(made) == number and all(one.transport.is_closing() for one in made)


async def look_after(connection: served_app.TimedConnection, sent: int) -> int:
    """Have the server look at a connection that has sent more; return how many bytes it has."""
    if connection.counting.sent != sent:
        connection.look()
    return connection.counting.sent


def read(connection: socket.socket) -> bytes:
    """Return what comes until the server ends the connection."""
    connection.settimeout(HANG)
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
    with served(app) as (made, port), ExitStack() as stack:
        key = app.state.desk.key().encode()
        held = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(5)
        ]
        for one in held[1:]:
            one.sendall(HEAD)
        begin(held[0], key)
        said = [read(one) for one in held]
        assert not any(one.startswith(b"HTTP/1.1 5") for one in said)
        wait_until(lambda: are_gone(made, 5))
        monkeypatch.setattr(served_app, "PATIENCE", HANG)
        with socket.create_connection(("127.0.0.1", port)) as other:
            other.sendall(HEAD + b"Connection: close\r\n\r\n")
            assert read(other).startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_takes_is_not_kept(monkeypatch) -> None:
    """A browser that asks for much and reads nothing."""
    monkeypatch.setattr(served_app, "PATIENCE", SHORT)
    app = Starlette(routes=[Route("/", lambda _: Response(bytes(50 * 2**20)))])
    with served(app) as (made, port), socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(WHOLE)
        wait_until(lambda: are_gone(made, 1))
        assert made[0].counting.written > 50 * 2**20


@pytest.mark.parametrize("pieces", [True, False], ids=["a download", "an answer"])
def test_a_slow_visitor_who_goes_on_is_served(monkeypatch, tmp_path, pieces) -> None:
    """The server looks each time that some was taken: of a file in pieces, or of a whole answer."""
    monkeypatch.setattr(served_app, "PATIENCE", 1e6)
    size = 12 * 2**20
    file = tmp_path / "plan.bin"
    file.write_bytes(bytes(size))
    answer = FileResponse(file) if pieces else Response(bytes(size))
    with served(Starlette(routes=[Route("/", lambda _: answer)])) as (made, port):
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
            slow.settimeout(HANG)
            slow.connect(("127.0.0.1", port))
            slow.sendall(HEAD + b"Connection: close\r\n\r\n")
            found = looks = unseen = most = sent = 0
            while part := slow.recv(20_000):
                found, unseen = found + len(part), unseen + len(part)
                looked = asyncio.run_coroutine_threadsafe(look_after(made[0], sent), made[0].loop)
                if (now := looked.result(HANG)) != sent:
                    most, unseen, looks, sent = max(most, unseen), 0, looks + 1, now
        assert (found > size, looks > 5) == (True, True)
        assert most < 2**20 or not hasattr(socket, "TCP_NOTSENT_LOWAT"), "what is read is not seen"
