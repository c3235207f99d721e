"""Work beside this process: a forked one that sees all there is, and says what it found wrong."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection

from models.errors import SolverError


class Beside:
    """A check that runs in a process of its own while this one goes on; Linux alone can fork so.

    The check raises SolverError where something is wrong. It must not run HiGHS, whose threads a
    fork does not take along.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        """Fork, and begin."""
        self._check = check
        self._answer, told = multiprocessing.Pipe(duplex=False)
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_run, args=(check, told), daemon=True)
        self._process.start()
        told.close()

    def wait(self) -> None:
        """Return once nothing was found wrong; SolverError otherwise.

        Where the process was ended before it could answer, the check runs here.
        """
        try:
            trouble = self._answer.recv()
        except EOFError:
            self._check()
            return
        finally:
            self._process.join()
        if trouble:
            raise SolverError(trouble)


def _run(check: Callable[[], None], told: Connection) -> None:
    """Send what a check finds wrong; Ctrl-C is for the process that waits, which ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(Exception):  # the process that waits meets it, too, and tells it
        try:
            check()
        except SolverError as error:
            told.send(str(error))
        else:
            told.send("")
