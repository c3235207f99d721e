"""Work in a forked process beside this one, which sees all there is and sends what it made."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

T = TypeVar("T")


def cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Return whether a forked process can run beside this one, on a core of its own."""
    is_free = not multiprocessing.current_process().daemon
    return sys.platform == "linux" and is_free and cores() > 1


class Beside(Generic[T]):
    """What a function makes in a process of its own while this one goes on; see ``can_fork``.

    The function must not run HiGHS, whose threads a fork does not take along.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        """Fork, and begin."""
        self._make = make
        self._answer, told = multiprocessing.Pipe(duplex=False)
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_run, args=(make, told), daemon=True)
        self._process.start()
        told.close()

    def result(self) -> T:
        """Return what was made, once.

        Where the process failed, or was ended before it could answer, it is made here, and so its
        error is met here.
        """
        try:
            made: T = self._answer.recv()
        except EOFError:
            made = self._make()
        finally:
            self._process.join()
        return made


def _run(make: Callable[[], object], told: Connection) -> None:
    """Send what is made; Ctrl-C is for the process that waits, which ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(BaseException):  # which the process that waits meets, and tells
        told.send(make())
