"""A PostgreSQL server of its own, where the programs are: Debian's package ``postgresql``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.waiting import HANG

PASSWORD = "s3cret-Pass/word:x"


def programs() -> dict[str, str]:
    """Return the server's programs by name; none where one of them is not installed."""
    places = [*sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
    path = os.pathsep.join([*places, os.environ["PATH"]])
    found = {name: shutil.which(name, path=path) for name in ("initdb", "pg_ctl", "psql")}
    return {name: place for name, place in found.items() if place} if all(found.values()) else {}


@pytest.fixture(scope="session")
def postgres():
    """Return a function that runs SQL, and the URL of a server; skipped where there is none."""
    there = programs()
    if not there:
        pytest.skip("PostgreSQL is not installed")
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user and (shutil.which("runuser") is None or subprocess.run(
        ["id", "postgres"], capture_output=True, check=False
    ).returncode):  # fmt: skip
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    place = Path(tempfile.mkdtemp(prefix="planner-postgres-"))
    if user:
        shutil.chown(place, "postgres")

    def run(program: str, *arguments: object, **options: object) -> str:
        done = subprocess.run(
            [*user, there[program], *map(str, arguments)],
            capture_output=True, text=True, check=False, cwd="/", timeout=HANG, **options,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run("initdb", "-D", place / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
    hba = place / "data" / "pg_hba.conf"
    hba.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n", "utf-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {place} -c fsync=off"
    run("pg_ctl", "-D", place / "data", "-o", options, "-l", place / "log", "-w", "start")
    try:

        def sql(text: str) -> str:
            return run("psql", "-h", place, "-p", port, "-U", "postgres", "-v", "ON_ERROR_STOP=1",
                       "-At", "-d", "postgres", input=text)  # fmt: skip

        sql(f"CREATE ROLE buyer LOGIN PASSWORD '{PASSWORD}'")
        secret = PASSWORD.replace("/", "%2F").replace(":", "%3A")
        yield sql, f"postgresql://buyer:{secret}@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", place / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(place, ignore_errors=True)
