"""What the tests of the commands share beside their fixtures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from planner.cli import main
from tests.waiting import HANG

ROOT = Path(__file__).resolve().parents[2]
LASTING = {"mcp", "serve", "watch"}
"""Commands that go on until they are stopped; they have tests of their own."""
POSIX = pytest.mark.skipif(os.name != "posix", reason="links, signals and pipes of POSIX")


def python(*words: object, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, in the folder that is current."""
    return _run([sys.executable, *map(str, words)], given, env)


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash, where ``$P`` is the planner."""
    return _run(["bash", "-c", line], "", {"P": f"{sys.executable} -m planner"})


def _run(command: list[str], given: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, input=given, timeout=HANG,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )  # fmt: skip


def apart(*words: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return python("-m", "planner", *words, **env)


def told(capsys, *words: object) -> dict[str, Any]:
    """Run a command that succeeds with --json; return what a program hears."""
    capsys.readouterr()
    assert main([*map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def sheets(path):
    return [name for name in openpyxl.load_workbook(path).sheetnames if name != "Lists"]
