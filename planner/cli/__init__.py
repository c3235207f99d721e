"""The command line: how a command is run and how it ends.

Heavy imports stand inside the commands, so that ``planner --help`` is quick.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from models.errors import PlannerError, WriteError
from planner.cli.answer import FAULT, INTERRUPTED, Key, fail, failure, print_json
from planner.cli.commands import planner
from planner.stops import Stop, asked, exit_code, heard, listening

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CUT_OFF = 141
"""Ended by a reader that has gone: as a shell reports the signal."""

STOPPED = "Stopped before it was done"

_COLLECTED = 50_000
"""Objects after whose making Python looks for circles: a command makes many and few circles, and
looking after each 700 takes a fourteenth of a solve."""

__all__ = ["main", "planner"]


class OutputError(WriteError):
    """The answer cannot be written to stdout."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; never a traceback for a user's mistake."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _prepare()
    try:
        with listening():
            code = _run(arguments)
            sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except (KeyboardInterrupt, SystemExit) as stop:  # a second time, or as a file was written
        return _stopped_by(stop)
    except BrokenPipeError:
        _hush()
        return CUT_OFF
    except OutputError as error:
        _hush()
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    return code


def _run(arguments: list[str]) -> int:
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    as_json = "--json" in words
    try:
        with planner.make_context("planner", list(arguments)) as context:
            code = planner.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        if as_json:
            print_json(failure("usage_error", *error.format_message().splitlines()))
        error.show()
        return error.exit_code
    except (BrokenPipeError, OutputError, click.Abort):
        raise
    except (KeyboardInterrupt, SystemExit) as stop:
        return _stopped(stop, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - a fault of ours, told in the form asked for
        return _failed(error, as_json=as_json)
    return int(code or 0)


def _failed(error: Exception, *, as_json: bool) -> int:
    """Tell of an error, and return its exit code."""
    lost = asked()
    if lost is not None:  # the error is what a request to stop became on its way here
        return _stopped(lost, as_json=as_json)
    if isinstance(error, PlannerError):
        return fail(error, as_json=as_json)
    if as_json:
        print_json(failure("fault", f"{type(error).__name__}: {error}"))
    traceback.print_exception(error)
    click.echo("A fault of the planner, not of the workbook: please report it.", err=True)
    return FAULT


def _stopped_by(stop: Stop) -> int:
    heard()
    return exit_code(stop)


def _stopped(stop: Stop, *, as_json: bool) -> int:
    """Say that the command was stopped, and return its exit code."""
    heard()
    click.echo(STOPPED, err=True)
    if as_json:
        print_json({**failure("stopped", STOPPED), Key.STOPPED: True})
    return exit_code(stop)


# ---- stdout and stderr, also where nobody listens: closed, a full disk, a terminal that has gone -


def _prepare() -> None:
    """Make stdout and stderr ready: there, in UTF-8, and with a known answer to what goes wrong.

    And have garbage looked for seldom.
    """
    gc.set_threshold(_COLLECTED)
    _fill()
    if sys.stdout in {None, sys.__stdout__}:
        sys.stdout = _stream(sys.stdout, _Answer, 1)
    if sys.stderr in {None, sys.__stderr__}:
        sys.stderr = _stream(sys.stderr, _Unheard, 2)


def _hush() -> None:
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
            raise OutputError(msg) from error


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
