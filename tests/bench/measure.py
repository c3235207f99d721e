"""Run a command as a process of its own: its time, its peak memory, and what it says."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_UNSET = {"PYTHONDONTWRITEBYTECODE"}
"""With it Python would compile this project anew in each run, and no user has it so."""
_MB = 1024.0 * 1024.0
_MAXRSS = 1.0 if sys.platform == "darwin" else 1024.0
LATE = "over "
"""How the failure of a run begins that took too long."""
_BEAT = 0.02
"""Seconds between two looks at a process."""
_PATIENCE = 30.0
"""A look at the memory of many processes takes at most one part in so many of the time."""


@dataclass(frozen=True)
class Measured:
    """What a run took; ``failure`` says why there is no answer, "" if there is one."""

    wall: float
    memory: float
    answer: dict[str, Any]
    failure: str = ""


def run(command: Sequence[str], limit: float) -> Measured:
    """Run ``python`` with a command from the project's folder; at most ``limit`` seconds.

    Memory [MB] is the largest resident set of the process; where it has processes of its own, the
    largest sum seen of what all of them hold, if that is more (shared pages counted once).
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in _UNSET},
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        watcher = _Watcher(child.pid, began + limit)
        watcher.start()
        try:
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - began
        except BaseException:  # Ctrl-C reaches this process alone
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        finally:
            watcher.done.set()
            watcher.join()
        child.returncode = os.waitstatus_to_exitcode(status)
        memory = (watcher.most or _peak(used)) / _MB
        if watcher.late:
            return Measured(wall, memory, {}, f"{LATE}{limit:.0f} s")
        out.seek(0)
        err.seek(0)
        said, complaint = out.read().decode(), err.read().decode()
    if child.returncode:
        last = (complaint.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
        return Measured(wall, memory, {}, last)
    return Measured(wall, memory, _answer(said))


def _peak(used: resource.struct_rusage) -> float:
    """Return the peak where /proc does not tell; Linux counts that of the parent in, too."""
    return used.ru_maxrss * _MAXRSS


def _answer(said: str) -> dict[str, Any]:
    """Return the JSON that is the output, or its last line; {} where there is none."""
    lines = said.strip().splitlines()
    for text in (said, lines[-1] if lines else ""):
        try:
            found = json.loads(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            return found
    return {}


class _Watcher(threading.Thread):
    """Stops a process that takes too long, and looks at the memory of one that has children."""

    def __init__(self, pid: int, deadline: float) -> None:
        super().__init__(daemon=True)
        self.pid, self.deadline = pid, deadline
        self.done = threading.Event()
        self.late = False
        self.most = 0.0

    def run(self) -> None:
        next_look = 0.0
        while not self.done.wait(_BEAT):
            began = time.perf_counter()
            if began > self.deadline:
                self.late = True
                os.killpg(self.pid, signal.SIGKILL)  # its own session: it and its children
                return
            self.most = max(self.most, _field(f"/proc/{self.pid}/status", "VmHWM"))
            if began > next_look:
                family = list(_family(self.pid))
                if len(family) > 1:
                    held = (_field(f"/proc/{pid}/smaps_rollup", "Pss") for pid in family)
                    self.most = max(self.most, sum(held))
                ended = time.perf_counter()
                next_look = ended + _PATIENCE * (ended - began)


def _family(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it, where the system tells."""
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [c for task in tasks for c in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _field(path: str, name: str) -> float:
    """Return an amount of memory [bytes] that the system tells of a process, 0 if it does not."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(x.split()[1]) * 1024 for x in lines if x.startswith(f"{name}:")), 0.0)
