"""Requests to stop: Ctrl-C, a polite signal, a terminal that has gone. None of them is lost.

A request is raised as an exception, which unwinds what is under way and leaves no scratch file
behind. Python loses an exception that is raised within a destructor or a callback of a weak
reference, and one within an import may leave half a module, or come out as another error. So within
imports and destructors the exception waits; and until somebody has heard it, a timer looks whether
it still unwinds the stack. Where it does not, it was lost and is raised again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

Stop = KeyboardInterrupt | SystemExit

_REQUESTS = [n for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
"""Ctrl-C and polite requests; the last comes as a terminal is closed or a connection is lost."""
_LOOK = 0.05
"""Seconds from look to look whether a request was lost."""
_WAIT, _END = 5.0, 30.0
"""Seconds that a request waits for imports and destructors, and until it ends the process."""
_IMPORT = "<frozen importlib"


class _Request:
    """The request that nobody has heard yet, if there is one."""

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.since = 0.0

    def take(self, number: int, frame: FrameType | None) -> None:
        """Raise a request, or have it wait: the handler of its signal."""
        code = 128 + number  # as a shell reports it
        self.stop = KeyboardInterrupt() if number == signal.SIGINT else SystemExit(code)
        self.since = time.monotonic()
        self._raise(frame)

    def look(self, _: int, frame: FrameType | None) -> None:
        """Raise the request again where it was lost: the handler of the timer."""
        if self.stop is None:
            return
        if self._unwinds():  # what is cleaned up takes its time; a second request ends it
            _set(_LOOK)
        elif time.monotonic() - self.since > _END:
            os._exit(exit_code(self.stop))
        else:
            self._raise(frame)

    def _raise(self, frame: FrameType | None) -> None:
        _set(_LOOK)
        late = time.monotonic() - self.since > _WAIT
        if self.stop is not None and (late or not HAS_TIMER or not _is_deaf(frame)):
            raise self.stop.with_traceback(None)

    def _unwinds(self) -> bool:
        """Return whether the request, or what was met as it was dealt with, is under way."""
        error, seen = sys.exc_info()[1], set[int]()
        while error is not None and id(error) not in seen:
            if error is self.stop:
                return True
            seen.add(id(error))
            error = error.__context__
        return False

    def unraisable(self, lost: Any) -> None:
        """Say nothing of a request that Python could not raise: it will be raised again."""
        if self.stop is None or lost.exc_value is not self.stop:
            sys.__unraisablehook__(lost)


HAS_TIMER = hasattr(signal, "setitimer")
_REQUEST = _Request()


def _set(seconds: float) -> None:
    if HAS_TIMER:
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _is_deaf(frame: FrameType | None) -> bool:
    """Return whether an exception would be lost here, or leave half a module."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or code.co_filename.startswith(_IMPORT):
            return True
        frame = frame.f_back
    return False


def heard() -> None:
    """Say that a request has arrived where it is dealt with: it is raised no more."""
    if _REQUEST.stop is not None:
        _REQUEST.stop = None
        _set(0)


def asked() -> Stop | None:
    return _REQUEST.stop


def raise_lost() -> None:
    """Raise the request that nobody has heard, if any: an error is what it became on its way.

    Libraries catch all that is raised, and raise an error of their own.
    """
    if _REQUEST.stop is not None and threading.current_thread() is threading.main_thread():
        raise _REQUEST.stop.with_traceback(None)


def exit_code(stop: Stop) -> int:
    """Return the exit code of a command that a stop ended; Ctrl-C's where it has none."""
    code = stop.code if isinstance(stop, SystemExit) else 128 + signal.SIGINT
    return code if isinstance(code, int) else 128 + signal.SIGINT


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Hear requests to stop, but for those that this process shall not hear, as nohup asks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _REQUESTS]
    before = {number: signal.getsignal(number) for number in numbers}
    handlers: dict[int, Any] = {
        n: _REQUEST.take for n, was in before.items() if was != signal.SIG_IGN
    }
    if HAS_TIMER:
        before[signal.SIGALRM] = signal.getsignal(signal.SIGALRM)
        handlers[signal.SIGALRM] = _REQUEST.look
    hook = sys.unraisablehook
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.unraisablehook = _REQUEST.unraisable
    try:
        yield
    finally:
        heard()
        sys.unraisablehook = hook
        for number in handlers:
            signal.signal(number, before[number])
