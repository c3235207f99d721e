"""How worker processes start: from a forkserver on Linux, spawned elsewhere.

HiGHS must not run in a fork of a process that has run it. The server has loaded what plans and run
nothing; it takes a second to start, once, in the background.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext, SpawnContext

_LOADED = ("planner.studies.places", "highspy")


def context() -> ForkServerContext | SpawnContext:
    """Return how worker processes start: from the fork server if it runs, else spawned."""
    if _is_running():
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def preload(*modules: str) -> None:
    """Have the server load what workers need, and these modules, while this process goes on."""
    if sys.platform == "linux":
        multiprocessing.set_forkserver_preload([*_LOADED, *modules])
    _is_running()


def _is_running() -> bool:
    """Start the server unless it runs; False where it cannot, as with no place for its socket.

    It and all workers import nothing from the current folder, whatever is in it. Spawned workers
    read that from the environment whenever one starts; the server needs it as it starts, and no
    longer: what else this process runs may well import from its folder.
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
    """Hold Ctrl-C back from a process as it starts, which would answer with a traceback.

    The signal stays blocked in the new process, and reaches this one afterwards.
    """
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # as it starts, it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
