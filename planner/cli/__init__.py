"""The command line: how a command is run and how it ends.

Heavy imports stand inside the commands, so that ``planner --help`` is quick.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from types import FrameType

import click

from models.errors import PlannerError
from planner.cli.answer import FAULT, INTERRUPTED, fail, failure, print_json
from planner.cli.commands import planner

CUT_OFF, TERMINATED = 141, 143
"""Ended by a reader that has gone, or asked to stop: as a shell reports the signals."""

STOPPED = "Stopped before it was done"

__all__ = ["main", "planner"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; never a traceback for a user's mistake."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _speak_utf8()
    try:
        with _terminable():
            code = _run(arguments)
            sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except (KeyboardInterrupt, SystemExit) as stop:  # a second time, or as a file was written
        return _stopped_by(stop)
    except BrokenPipeError:
        _hush()
        return CUT_OFF
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
    except PlannerError as error:
        return fail(error, as_json=as_json)
    except (BrokenPipeError, click.Abort):
        raise
    except (KeyboardInterrupt, SystemExit) as stop:
        click.echo(STOPPED, err=True)
        if as_json:
            print_json({**failure("stopped", STOPPED), "stopped": True})
        return _stopped_by(stop)
    except Exception as error:  # noqa: BLE001 - a fault of ours, told in the form asked for
        if as_json:
            print_json(failure("fault", f"{type(error).__name__}: {error}"))
        traceback.print_exc()
        click.echo("A fault of the planner, not of the workbook: please report it.", err=True)
        return FAULT
    return int(code or 0)


def _stopped_by(stop: KeyboardInterrupt | SystemExit) -> int:
    """Return the exit code of what ended the command."""
    return TERMINATED if isinstance(stop, SystemExit) else INTERRUPTED


def _speak_utf8() -> None:
    """Write UTF-8 also where the console's own code page lacks letters, as on Windows."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let a polite request to stop unwind the stack, so that no scratch file is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _hush() -> None:
    """Send what is left to nowhere: the interpreter flushes once more as it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
