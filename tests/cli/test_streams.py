"""stdout and stderr where nobody listens: the plan is written all the same."""

from __future__ import annotations

import errno
from pathlib import Path

import openpyxl
import pytest

from models.errors import OUT_OF_MEMORY, OUT_OF_MEMORY_CODE, SolverError, is_out_of_memory
from tests.budget import few
from tests.cli.desk import POSIX, shell


def is_whole(path: str) -> bool:
    return "Plan" in openpyxl.load_workbook(path, read_only=True).sheetnames


@POSIX
@pytest.mark.parametrize("megabytes", few([150, 250, 300, 350, 400], 2))
@pytest.mark.parametrize("command", ["solve", "sensitivity"])
def test_too_little_memory_is_said_in_one_sentence(plain, command, megabytes):
    """Whether a library, a thread, an array or a process found none; or it was enough."""
    ran = shell(f"ulimit -v {megabytes * 1024}; $P {command} plain.xlsx")
    assert "Traceback" not in ran.stderr, ran.stderr
    assert "an error in the planner" not in ran.stderr
    said = OUT_OF_MEMORY in ran.stderr
    assert ran.returncode == (OUT_OF_MEMORY_CODE if said else 0), ran.stderr


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (MemoryError("std::bad_alloc"), True),
        (ImportError("x.so: failed to map segment from shared object"), True),
        (ImportError("x.so: cannot allocate memory in static TLS block"), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (RuntimeError("can't start new thread"), True),
        (SolverError(f"As it stands: {OUT_OF_MEMORY}"), True),
        (ImportError("No module named 'x'"), False),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (ValueError("memory"), False),
    ],
)
def test_what_too_little_memory_raises(error, is_memory):
    assert is_out_of_memory(error) == is_memory
    other = ValueError()
    other.__context__ = error
    assert is_out_of_memory(other) == is_memory


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(
    ("closed", "more"),
    [
        (">&-", "--json"), ("2>&-", "--json"), (">&- 2>&- <&-", ""), ("2>/dev/full", ""),
    ],
)  # fmt: skip
def test_a_closed_stream_costs_no_plan(plain, closed, more):
    ran = shell(f"$P solve plain.xlsx {more} {closed}")
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False), ran.stderr
    assert is_whole("outputs/plain-plan.xlsx")
    if closed == "2>&-" and more:
        assert ran.stdout.startswith("{")


@POSIX
@pytest.mark.parametrize("command", ["solve", "check", "explain"])
def test_an_answer_that_cannot_be_written(case, command):
    more = "--mineral Lithium --member Japan --year 2026" if command == "explain" else ""
    ran = shell(f"$P {command} case.xlsx {more} --json >/dev/full")
    assert ran.returncode == 4
    assert ran.stderr.endswith(
        "Error: the answer cannot be written to stdout: No space left on device\n"
    )
    assert "Traceback" not in ran.stderr


@POSIX
@pytest.mark.parametrize("more", ["", "--json"])
def test_a_reader_of_stderr_that_has_gone_costs_no_plan(plain, more):
    ran = shell(f"$P solve plain.xlsx {more} 2> >(exec true); echo $?")
    assert ran.stdout.endswith("0\n")
    assert is_whole("outputs/plain-plan.xlsx")


@POSIX
def test_the_first_line_is_enough_for_head(plain):
    ran = shell("$P solve plain.xlsx --json 2>&1 | head -1; echo ${PIPESTATUS[0]}")
    assert ran.stdout in {"{\n0\n", "{\n141\n"}
    assert is_whole("outputs/plain-plan.xlsx")
    assert sorted(p.name for p in Path("outputs").iterdir()) == ["plain-plan.xlsx"]
