"""The command line: runs a command, and turns every outcome into an exit code.

Heavy imports are inside the commands, so that ``planner --help`` is quick.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from models.errors import OUT_OF_MEMORY, PlannerError, SolverError, WriteError, is_out_of_memory
from planner.cli import answer
from planner.cli.commands import planner
from planner.stops import Stop, exit_code, handling_stops, mark_handled, pending_stop

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BROKEN_PIPE = 141
"""Exit code if the program that reads stdout has ended: 128 + SIGPIPE, as a shell reports it."""

STOPPED = "Stopped before the command was finished"

_COLLECT_AFTER = 50_000
"""New objects until Python collects garbage. A command makes many objects but few reference cycles;
Python's default of 700 would cost a fourteenth of the time of a solve."""

__all__ = ["main", "planner"]


class OutputError(WriteError):
    """The answer cannot be written to stdout."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; a user's mistake never gives a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(_COLLECT_AFTER)
    _reopen_closed()  # then open them in UTF-8, with defined behaviour if writing fails
    if sys.stdout in {None, sys.__stdout__}:
        sys.stdout = _stream(sys.stdout, _Answer, 1)
    if sys.stderr in {None, sys.__stderr__}:
        sys.stderr = _stream(sys.stderr, _Messages, 2)
    try:
        with handling_stops():
            code = _run_arguments(arguments)
            sys.stdout.flush()
    except click.Abort:
        return answer.INTERRUPTED
    except (KeyboardInterrupt, SystemExit) as stop:
        mark_handled()  # a second request, or one while a file was written
        return exit_code(stop)
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except OutputError as error:
        _discard_output()
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    return code


def _run_arguments(arguments: list[str]) -> int:
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    as_json = "--json" in words
    try:
        with planner.make_context("planner", list(arguments)) as context:
            code = planner.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        if as_json:
            lines = error.format_message().splitlines()
            answer.print_json(answer.failure_answer("usage_error", *lines))
        error.show()
        return error.exit_code
    except (BrokenPipeError, OutputError, click.Abort):
        raise
    except (KeyboardInterrupt, SystemExit) as stop:
        return _stopped(stop, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - an error in the planner
        return _report_failure(error, as_json=as_json)
    return int(code or 0)


def _report_failure(error: Exception, *, as_json: bool) -> int:
    stop = pending_stop()
    if stop is not None:  # a library turned the stop request into this error
        return _stopped(stop, as_json=as_json)
    from planner.workbook.save import is_full_disk

    if not isinstance(error, PlannerError) and is_full_disk(error):  # such as that of TMPDIR
        error = WriteError(f"a file cannot be written: {os.strerror(errno.ENOSPC)}")
    if not isinstance(error, PlannerError) and is_out_of_memory(error):
        error = SolverError(OUT_OF_MEMORY)
    if isinstance(error, PlannerError):
        return answer.report_failure(error, as_json=as_json)
    if as_json:
        answer.print_json(answer.failure_answer("fault", f"{type(error).__name__}: {error}"))
    traceback.print_exception(error)
    click.echo("This is an error in the planner, not in the workbook: please report it.", err=True)
    return answer.INTERNAL_ERROR


def _stopped(stop: Stop, *, as_json: bool) -> int:
    mark_handled()
    click.echo(STOPPED, err=True)
    if as_json:
        answer.print_json({**answer.failure_answer("stopped", STOPPED), answer.Key.STOPPED: True})
    return exit_code(stop)


# ---- stdout and stderr, also if they are closed or the disk is full ------------------------------


def _discard_output() -> None:
    """Discard the rest of stdout, which the interpreter flushes once more as it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _reopen_closed() -> None:
    """Open closed standard streams: otherwise the next file opened would take their numbers."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)


class _Answer(io.FileIO):
    """The stream of the answer; if writing fails, the command fails."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            msg = f"the answer cannot be written to stdout: {error.strerror or error}"
            raise OutputError(msg) from error


class _Messages(io.FileIO):
    """The stream of messages; if writing fails, the command goes on."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _stream(stream: io.TextIOBase | None, kind: type[io.FileIO], number: int) -> io.TextIOWrapper:
    """Return a stream of that kind; a Windows console keeps its own, which prints every letter."""
    if sys.platform == "win32" and isinstance(stream, io.TextIOWrapper) and stream.isatty():
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        return stream
    if stream is not None:
        stream.flush()
    file = kind(number, "w", closefd=False)
    by_line = kind is _Messages or file.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(file), "utf-8", "backslashreplace", line_buffering=by_line
    )
