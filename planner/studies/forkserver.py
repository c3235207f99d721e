"""Start worker processes: forked, or from a fork server, on Linux; spawned elsewhere.

HiGHS must not run in a fork of a process that has run it. So a command forks its workers before it
loads the solver. All others come from a fork server, which has imported the solver without running
it. It takes a second to start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path

from models.background import can_fork

_LOADED = ("planner.studies.places", "highspy")


def may_fork() -> bool:
    """Return whether workers may be forked from this process.

    It has one thread, has not loaded the solver, and does not import from the current folder first.
    """
    is_safe = sys.path[0] not in {"", str(Path.cwd())} and "highspy" not in sys.modules
    return can_fork() and is_safe and threading.active_count() == 1


def context() -> ForkServerContext | SpawnContext:
    """Return the way to start workers: from the fork server if it runs, else spawned."""
    if _is_running():
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def preload() -> None:
    """Start the fork server in the background; it imports the solver."""
    if sys.platform == "linux":
        multiprocessing.set_forkserver_preload([*_LOADED])
    _is_running()


def _is_running() -> bool:
    """Start the server unless it runs; False if it cannot, for example without a socket.

    The server and all workers import nothing from the current folder: PYTHONSAFEPATH is set.
    Spawned workers read it from the environment whenever one starts. The server needs it only as it
    starts: later children of this process may import from the current folder.
    """
    was_safe = "PYTHONSAFEPATH" in os.environ
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    if sys.platform != "linux":
        return False
    from multiprocessing import forkserver

    try:
        with interrupts_held():
            forkserver.ensure_running()
    except OSError:
        return False
    if not was_safe:
        del os.environ["PYTHONSAFEPATH"]
    return True


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Block Ctrl-C while a child process starts, because the child would print a traceback.

    The signal stays blocked in the child, and reaches this process afterwards.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its start would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
