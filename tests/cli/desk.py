"""What the tests of the commands share beside their fixtures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from tests.waiting import HANG

ROOT = Path(__file__).resolve().parents[2]
LASTING = {"mcp", "serve", "watch"}
"""Commands that go on until they are stopped; they have tests of their own."""
POSIX = pytest.mark.skipif(os.name != "posix", reason="links, signals and pipes of POSIX")


def apart(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "planner", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=env, timeout=HANG, **options
    )


def sheets(path):
    return [name for name in openpyxl.load_workbook(path).sheetnames if name != "Lists"]
