"""stdout and stderr, also where nobody listens: closed, a full disk, a terminal that has gone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

from models.errors import WriteError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class UnsaidError(WriteError):
    """The answer cannot be written to stdout."""


def prepare() -> None:
    """Make stdout and stderr ready: there, in UTF-8, and with a known answer to what goes wrong."""
    _fill()
    if sys.stdout in {None, sys.__stdout__}:
        sys.stdout = _stream(sys.stdout, _Answer, 1)
    if sys.stderr in {None, sys.__stderr__}:
        sys.stderr = _stream(sys.stderr, _Unheard, 2)


def hush() -> None:
    """Send what is left of stdout to nowhere: the interpreter flushes once more as it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _fill() -> None:
    """Open what was closed: else the next file that is opened would take its place."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)


class _Answer(io.FileIO):
    """What the answer is written to; where that fails, the command does."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            msg = f"the answer cannot be written to stdout: {error.strerror or error}"
            raise UnsaidError(msg) from error


class _Unheard(io.FileIO):
    """What a person is told on; that nobody can be told ends no run and loses no result."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _stream(stream: io.TextIOBase | None, kind: type[io.FileIO], number: int) -> io.TextIOWrapper:
    """Return a stream of that kind; a console of Windows keeps its own, which knows all letters."""
    if sys.platform == "win32" and isinstance(stream, io.TextIOWrapper) and stream.isatty():
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        return stream
    if stream is not None:
        stream.flush()
    file = kind(number, "w", closefd=False)
    by_line = kind is _Unheard or file.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(file), "utf-8", "backslashreplace", line_buffering=by_line
    )
