"""Try the installed package in an empty folder: every command of the README's table, once.

    PYTHON tests/try_package.py README.md

``PYTHON`` is the interpreter of an environment in which the package and its extras are installed.
Prints each command with its exit code and seconds, and exits with 1 if one of them failed.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLANNER = [str(Path(sys.executable).with_name("planner"))]
BOOK, NEXT = "my-case.xlsx", "my-next-case.xlsx"
PLAN, OLD, STUDY = (
    "outputs/my-case-plan.xlsx",
    "outputs/old-plan.xlsx",
    "outputs/my-case-sweep.xlsx",
)
WORDS = {"PLAN": PLAN, "INPUT": BOOK, "NEW": PLAN, "OLD": OLD, "NEXT": NEXT, "[STUDY]...": STUDY,
         "DIR": "orders", "FOLDER": "."}  # fmt: skip
STAYS = {"serve": "http", "watch": "my-case", "mcp": ""}
"""Commands that run until they are stopped, with what they print when they are ready."""

REFUSED = {"pull": "there is no such file"}
"""Commands that refuse the template with exit code 1, and why: Sources names the reader's files."""

HANG = 300


def table(readme: str) -> list[str]:
    """Return the commands in the README's table, in its order; the first makes all sheets."""
    _, *others = re.findall(r"^\|.*\| `planner (.+)` \|$", readme, re.MULTILINE)
    (first,) = re.findall(r"`planner (new my-case\.xlsx --with\s\S+)`", readme)
    return [" ".join(first.split()), *others]


def words(command: str) -> list[str]:
    return [WORDS.get(word, word) for word in shlex.split(command)]


def stopped(args: list[str], ready: str) -> tuple[int, str]:
    """Start a command that stays, stop it by Ctrl-C once it is ready, and return its exit code."""
    with subprocess.Popen(
        args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        if ready:
            for line in process.stdout:
                said += line
                if ready in line:
                    break
            process.send_signal(signal.SIGINT)
        process.stdin.close()
        said += process.stdout.read()
        return process.wait(HANG), said


def main(readme: Path) -> int:
    commands = table(readme.read_text("utf-8"))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for command in commands:
            name, args, began = command.split()[0], [*PLANNER, *words(command)], time.perf_counter()
            if name == "diff":
                Path(OLD).write_bytes(Path(PLAN).read_bytes())
            if name in STAYS:
                code, said = stopped(args, STAYS[name])
            else:
                ran = subprocess.run(
                    args, capture_output=True, text=True, timeout=HANG, check=False
                )
                code, said = ran.returncode, ran.stdout + ran.stderr
            right = {1} if name in REFUSED else {0, 130} if name in STAYS else {0}
            is_right = code in right and REFUSED.get(name, "") in said and "Traceback" not in said
            failed += not is_right
            seconds = time.perf_counter() - began
            failure = "" if is_right else f"  FAILED: {said}"
            sys.stdout.write(f"{code:4} {seconds:6.1f} s  planner {command}{failure}\n")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
