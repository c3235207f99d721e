"""The command serve: a real process, a workbook that it follows, Ctrl-C."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import POSIX, ROOT
from tests.test_saved import as_excel, book
from tests.waiting import HANG, wait_until

pytestmark = pytest.mark.slow


def asked(port: int, path: str, cookie: str = "") -> tuple[int, str, str]:
    """Ask the server; returns the code, the page and the cookie that it sets."""
    to = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG)
    to.request("GET", path, headers={"Cookie": cookie})
    answer = to.getresponse()
    said = answer.read().decode()
    to.close()
    return answer.status, said, (answer.getheader("set-cookie") or "").partition(";")[0]


def waited(port: int, cookie: str, wanted: str, times: int = 1) -> str:
    def fmt() -> str:
        _, said, _ = asked(port, "/state", cookie)
        return said if said.count(wanted) >= times and 'class="busy"' not in said else ""

    return wait_until(fmt, lambda: asked(port, "/state", cookie))


def followed(log: Path, plain: Path) -> None:
    """Look at the page while the workbook is saved."""
    found = wait_until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/;", log.read_text()))
    port = int(found[1])
    code, _, cookie = asked(port, "/")
    assert (code, bool(cookie)) == (200, True)
    said = waited(port, cookie, ">Download plain-plan.xlsx<")
    assert "The server checks and plans this workbook again each time it is saved" in said
    as_excel(plain, book(5_000))
    said = waited(port, cookie, ">Download plain-plan.xlsx<", 2)
    assert "Lithium is hit hardest: 57.8" in said


@POSIX
def test_an_open_page_follows_the_workbook(plain) -> None:
    """Planned as the server begins, again when it is saved; Ctrl-C ends it, and leaves nothing."""
    log, scratch = plain.parent / "log.txt", plain.parent / "tmp"
    scratch.mkdir()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "planner", "serve", str(plain), "--port", "0"]
    with log.open("w") as file, subprocess.Popen(command, stderr=file, env=env) as server:
        try:
            followed(log, plain)
            server.send_signal(signal.SIGINT)
            assert server.wait(HANG) == 0
        finally:
            server.kill()
    assert list(scratch.iterdir()) == []


def test_wrong_words(call, plain) -> None:
    """A workbook that is not there, a port that is taken."""
    assert call("serve", "gone.xlsx")[0] == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = call("serve", "--port", taken.getsockname()[1])
    assert code == 2
    assert "cannot listen at 127.0.0.1" in err
