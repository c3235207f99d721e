"""Where worker processes come from: fresh ones, since HiGHS must run in none that forked a run.

On Linux they are forked from a server of their own that has loaded what plans and run nothing: that
takes a second, once, beside whatever the command does meanwhile. Elsewhere they are spawned.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext, SpawnContext

_LOADED = ("planner.studies.places", "models.program.sourcing", "models.program.compile", "highspy")


def context() -> ForkServerContext | SpawnContext:
    """Return how processes are started."""
    if _is_there():
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


def expect(*modules: str) -> None:
    """Let the server load what workers need, modules among it, while this process goes on."""
    if sys.platform == "linux":
        multiprocessing.set_forkserver_preload([*_LOADED, *modules])
    _is_there()


def _is_there() -> bool:
    """Start the server where it does not run; where it cannot (no place for its socket) none is."""
    if sys.platform != "linux":
        return False
    from multiprocessing import forkserver

    try:
        with undisturbed():
            forkserver.ensure_running()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Ctrl-C from a process as it starts, which would answer with a traceback.

    A blocked signal stays so in the process started meanwhile, and reaches this one afterwards.
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
