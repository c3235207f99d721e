"""Requests to stop: Ctrl-C, SIGTERM, or a closed terminal. None of them is lost.

A request is raised as an exception, so that all code on the way cleans up, also its scratch files.
Python drops an exception that is raised in a destructor or in a callback of a weak reference. One
that is raised during an import may leave half a module, or turn into another error. So the
exception waits until imports and destructors are finished. Until the request is marked as handled,
a timer checks whether its exception still unwinds the stack; if not, it is raised again.
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
"""Signals of Ctrl-C, of a request to end, and of a closed terminal or lost connection."""
_CHECK_SECONDS = 0.05
"""Seconds between checks for a lost request."""
_WAIT, _END = 5.0, 30.0
"""Longest wait for imports and destructors, and time until the process is ended, in seconds."""
_IMPORT = "<frozen importlib"


class _Request:
    """The request that is not yet handled, if there is one."""

    def __init__(self) -> None:
        self.stop: Stop | None = None
        self.since = 0.0

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Raise the request of a signal now, or postpone it."""
        code = 128 + number  # as a shell reports it
        self.stop = KeyboardInterrupt() if number == signal.SIGINT else SystemExit(code)
        self.since = time.monotonic()
        self._raise(frame)

    def on_timer(self, _: int, frame: FrameType | None) -> None:
        """Raise the request again if it was lost."""
        if self.stop is None:
            return
        if self._unwinds():  # cleaning up may take time; a second request ends it
            _set_timer(_CHECK_SECONDS)
        elif time.monotonic() - self.since > _END:
            os._exit(exit_code(self.stop))
        else:
            self._raise(frame)

    def _raise(self, frame: FrameType | None) -> None:
        _set_timer(_CHECK_SECONDS)
        late = time.monotonic() - self.since > _WAIT
        if self.stop is not None and (late or not HAS_TIMER or not _loses_exceptions(frame)):
            raise self.stop.with_traceback(None)

    def _unwinds(self) -> bool:
        """Return whether the request, or an error raised while handling it, unwinds the stack."""
        error, seen = sys.exc_info()[1], set[int]()
        while error is not None and id(error) not in seen:
            if error is self.stop:
                return True
            seen.add(id(error))
            error = error.__context__
        return False

    def on_unraisable(self, error: Any) -> None:
        """Print errors that Python could not raise, except the request: it is raised again."""
        if self.stop is None or error.exc_value is not self.stop:
            sys.__unraisablehook__(error)


HAS_TIMER = hasattr(signal, "setitimer")
_REQUEST = _Request()


def _set_timer(seconds: float) -> None:
    if HAS_TIMER:
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _loses_exceptions(frame: FrameType | None) -> bool:
    """Return whether the code is in a destructor or an import."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or code.co_filename.startswith(_IMPORT):
            return True
        frame = frame.f_back
    return False


def mark_handled() -> None:
    """Mark the request as handled, so that it is not raised again."""
    if _REQUEST.stop is not None:
        _REQUEST.stop = None
        _set_timer(0)


def pending_stop() -> Stop | None:
    return _REQUEST.stop


def raise_pending_stop() -> None:
    """Raise the request that is not yet handled, if any; call this where an error is caught.

    A library may catch the request and raise another error instead.
    """
    if _REQUEST.stop is not None and threading.current_thread() is threading.main_thread():
        raise _REQUEST.stop.with_traceback(None)


def exit_code(stop: Stop) -> int:
    """Return the exit code of a stopped command; 130, as after Ctrl-C, if it has none."""
    code = stop.code if isinstance(stop, SystemExit) else 128 + signal.SIGINT
    return code if isinstance(code, int) else 128 + signal.SIGINT


@contextlib.contextmanager
def handling_stops() -> Iterator[None]:
    """Handle stop signals, except those that this process ignores, for example under nohup."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _REQUESTS]
    before = {number: signal.getsignal(number) for number in numbers}
    handlers: dict[int, Any] = {
        n: _REQUEST.on_signal for n, was in before.items() if was != signal.SIG_IGN
    }
    if HAS_TIMER:
        before[signal.SIGALRM] = signal.getsignal(signal.SIGALRM)
        handlers[signal.SIGALRM] = _REQUEST.on_timer
    hook = sys.unraisablehook
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.unraisablehook = _REQUEST.on_unraisable
    try:
        yield
    finally:
        mark_handled()
        sys.unraisablehook = hook
        for number in handlers:
            signal.signal(number, before[number])
