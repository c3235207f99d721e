"""The container file: what goes in, by which versions, and who runs it. No engine is needed."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from planner.cli.commands import planner

ROOT = Path(__file__).parents[1]
STEPS = (ROOT / "Containerfile").read_text()
PINNED = re.compile(r"^([a-z0-9.\-]+)==([^ ;]+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, str]:
    """Return the packages of a lock file with their versions; each must have a hash."""
    text = (ROOT / lock).read_text()
    found = dict(PINNED.findall(text))
    for name, rest in re.findall(
        r"^([a-z0-9.\-]+)==[^\n]*\n((?: +--hash.*\n)*)", text, re.MULTILINE
    ):
        assert "--hash=sha256:" in rest, name
    return found


def is_sent(path: str) -> bool:
    """Return whether a file is sent to be built from, by the last line that says so."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        starts = ["/".join(parts[: i + 1]) for i in range(len(parts))]
        anywhere = parts if line.startswith("**/") else []
        is_rule = bool(line) and not line.startswith("#")
        if is_rule and any(fnmatch.fnmatchcase(each, pattern) for each in (*starts, *anywhere)):
            sent = line.startswith("!")
    return sent


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".venv/bin/python", "outputs/plan.xlsx", ".env", "id_rsa", "case.xlsx",
        "tests/conftest.py", "docs/serve.md", "planner/__pycache__/run.cpython-313.pyc",
        "inputs/build.py", "requirements.lock", "models.xlsx", "Makefile",
    ],
)  # fmt: skip
def test_what_is_not_sent_to_the_engine(path) -> None:
    assert not is_sent(path)


def test_all_that_the_package_is_built_from_is_sent() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "planner", "models", "inputs/*.xlsx"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    needed = ["pyproject.toml", "README.md", "LICENSE", "requirements-serve.lock"]
    assert [path for path in (*listed, *needed) if not is_sent(path)] == []


def test_everything_has_an_exact_version() -> None:
    """The base, and each package by its hash, as in the lock that the tests run with."""
    bases = re.findall(r"^FROM (\S+)", STEPS, re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+-slim-\w+$", base) for base in bases)
    assert "--require-hashes -r requirements-serve.lock" in STEPS
    assert "--no-build-isolation --no-deps ." in STEPS
    image, tested = pinned("requirements-serve.lock"), pinned("requirements.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["serve"], *extras["page"]]
    assert {re.split(r"[<>=]", each)[0] for each in wanted} <= image.keys()
    assert {n: v for n, v in image.items() if n in tested and tested[n] != v} == {}


def test_nobody_runs_it_as_root() -> None:
    """And what it is run with by then is the user's own: the solver is fetched after it."""
    user = STEPS.index("USER 10001")
    assert user < STEPS.index("fetch_highs(print)") < STEPS.index("ENTRYPOINT")
    assert "USER root" not in STEPS


def test_what_runs_without_a_command_is_one() -> None:
    """The page, on all of the container's addresses, at the port that is exposed."""
    (words,) = re.findall(r"^CMD (.+)$", STEPS, re.MULTILINE)
    name, *args = json.loads(words)
    given = planner.commands[name].make_context(name, args).params
    assert given["host"] == "0.0.0.0"
    assert f"EXPOSE {given['port']}\n" in STEPS
    assert 'ENTRYPOINT ["planner"]' in STEPS
