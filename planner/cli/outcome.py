"""How a command ends: its exit code, its one JSON object, its words on stderr."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from models.errors import InputError, PlannerError, SolverError, UsageError, WriteError
from planner.cli.commands import planner
from planner.cli.words import json_text, show_findings

INTERRUPTED = 128 + signal.SIGINT
CUT_OFF = 128 + 13
"""The reader of a pipe has gone: 128 + SIGPIPE, as a shell reports it."""
FAULT = 70
"""A fault of the planner's own (``EX_SOFTWARE``), which no exit code of its contract covers."""

STATUS = {
    InputError: "input_error",
    UsageError: "usage_error",
    SolverError: "solver_error",
    WriteError: "write_error",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; never a traceback for a user's mistake."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _speak_utf8()
    _end_on_terminate()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _hush()
        return CUT_OFF
    return code
