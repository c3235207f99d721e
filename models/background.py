"""Background work: a process forked from this one, which sees its data; a thread with an end."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

T = TypeVar("T")


def cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def keep_memory() -> None:
    """Let this process, and its forks, keep the memory of freed arrays for the next ones.

    The C library would give it back to the system and ask for it again, thousands of times a plan.
    """
    if sys.platform == "linux":
        import ctypes

        change = getattr(ctypes.CDLL(None), "mallopt", None)  # not every C library has it
        for option, size in ((_TRIM_THRESHOLD, 2**28), (_MMAP_THRESHOLD, 2**25)):
            if change is not None:
                change(option, size)


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def can_fork() -> bool:
    """Return whether a background process can be forked, and has a core of its own."""
    is_free = not multiprocessing.current_process().daemon
    return sys.platform == "linux" and is_free and cores() > 1


def with_timeout(work: Callable[[], T], seconds: float) -> T:
    """Return the result of ``work``, done in a thread; TimeoutError if it takes longer.

    A thread that takes longer goes on, but doesn't keep the program from ending: a database, or
    another program at the address of a scheduler, may never answer.
    """
    done, failed = list[T](), list[BaseException]()

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        msg = f"no answer within {seconds:g} seconds"
        raise TimeoutError(msg)
    if failed:
        raise failed[0]
    return done[0]


class BackgroundProcess(Generic[T]):
    """Computes in a process of its own while this one goes on; see ``can_fork``.

    The function must not run HiGHS: a fork does not copy its threads.
    """

    def __init__(self, compute: Callable[[], T]) -> None:
        self._compute = compute
        self._receiver, sender = multiprocessing.Pipe(duplex=False)
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=_send, args=(compute, sender), daemon=True)
        self._process.start()
        sender.close()

    def result(self) -> T:
        """Wait for the result; to be called only once.

        If the process failed, or ended before it could send, this process computes the result, so
        that the error is raised here.
        """
        try:
            result: T = self._receiver.recv()
        except EOFError:
            result = self._compute()
        finally:
            self._process.join()
        return result


def result_getter(compute: Callable[[], T], *, in_background: bool) -> Callable[[], T]:
    """Return a function that gives the result once: from a background process, or computed then."""
    return BackgroundProcess(compute).result if in_background else compute


def leave_stops_to_parent() -> None:
    """In a forked process: ignore Ctrl-C, as the parent ends it; end on other requests to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _send(compute: Callable[[], object], sender: Connection) -> None:
    leave_stops_to_parent()
    gc.disable()  # it ends before garbage matters
    with contextlib.suppress(BaseException):  # the parent computes again and raises the error
        sender.send(compute())
