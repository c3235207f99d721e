"""What a program hears of a command: one JSON object, and the status of a failure."""

from __future__ import annotations

import contextlib
import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import click

from models import errors
from planner.stops import raise_lost

if TYPE_CHECKING:
    from pathlib import Path

    from planner.scenarios import WhatIf

INTERRUPTED = 130
"""Ended by Ctrl-C, as a shell reports that signal."""
_CLOSE_OPTION = 0.7
"""An option less alike is not meant: --cluster is 0.57 of --country."""
FAULT = 70
"""A fault of the planner's own (EX_SOFTWARE), which none of its exit codes stands for."""

_STATUS: dict[type[errors.PlannerError], str] = {
    errors.InputError: "input_error",
    errors.UsageError: "usage_error",
    errors.SolverError: "solver_error",
    errors.WriteError: "write_error",
}

STATUSES = tuple(_STATUS.values())
"""The statuses of a command that failed on purpose."""

Answer = dict[str, object]


class Key(StrEnum):
    """Keys of a command's JSON object that several objects have."""

    STATUS = "status"
    ERRORS = "errors"
    WARNINGS = "warnings"
    OUTPUT = "output"
    SECONDS = "seconds"
    CURRENCY = "currency"
    SCENARIO = "scenario"
    WHAT_IFS = "what_ifs"
    PLAN = "plan"
    ROW = "row"
    SHEET = "sheet"
    MEMBERS = "members"
    ORDERS = "orders"
    TONNES = "tonnes"
    TOTAL = "total"
    TAKE_OR_PAY = "take_or_pay"
    OBJECTIVE = "objective_usd"
    MINERALS = "minerals"
    COMPARED = "compared"
    NOTES = "notes"
    FILE = "file"
    STOPPED = "stopped"
    WORDS = "words"
    RUNS = "runs"
    ROWS = "rows"
    CELLS = "cells"
    SHEETS = "sheets"
    NEW = "new"


def print_json(data: Mapping[str, object], indent: int | None = 2) -> None:
    """Print one JSON object, ``indent`` None on one line.

    A number that is not finite is null, since JSON has none; -0 is 0.
    """
    click.echo(json.dumps(_finite(data), indent=indent, allow_nan=False))


def failure(status: str, *messages: str) -> Answer:
    """Return the answer of a command that failed for a reason, or more, outside the workbook."""
    return {
        Key.STATUS: status,
        Key.ERRORS: [errors.Finding(found=each).as_json() for each in messages],
    }


def fail(
    error: errors.PlannerError, *, as_json: bool, result: Mapping[str, object] | None = None
) -> int:
    """Tell of a failure and return its exit code; ``result`` is what had been reached."""
    status = next((word for kind, word in _STATUS.items() if isinstance(error, kind)), "error")
    messages = str(error).splitlines()  # several mistakes of a command line are a line each
    answer: Any = failure(status, *messages)
    if isinstance(error, errors.InputError):
        answer = findings_by_severity(error.findings)
    for message in messages:
        click.echo(f"Error: {message}", err=True)
    if as_json:
        before = (result or {}).get(Key.ERRORS)
        if isinstance(before, list):  # what the workbook has stays told
            answer = {**answer, Key.ERRORS: [*before, *answer[Key.ERRORS]]}
        print_json({**(result or {}), Key.STATUS: status, **answer})
    return error.exit_code


def end(answer: Answer, *, as_json: bool, failed: errors.PlannerError | None = None) -> int:
    """Tell a program what was reached, and return the exit code: of the failure, else 0."""
    if failed is not None:
        return fail(failed, as_json=as_json, result=answer)
    if as_json:
        print_json(answer)
    return 0


@contextlib.contextmanager
def of_file(path: Path) -> Iterator[None]:
    """Say of an InputError which of the command's files it is of."""
    try:
        yield
    except errors.InputError as error:
        error.file = path
        raise


class Command(click.Command):
    """A command that tells what is wrong with a workbook cell by cell.

    The workbook is the first that the command reads, unless ``of_file`` says another.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command's words; an unknown option has a suggestion only where one is near."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            options = {name.lstrip("-"): name for p in self.params for name in p.opts}
            typed = error.option_name.lstrip("-")
            close = [name for name in options if name.startswith(typed)]
            close = close or difflib.get_close_matches(typed, options, n=1, cutoff=_CLOSE_OPTION)
            meant = [options[name] for name in close]
            raise click.NoSuchOption(error.option_name, possibilities=meant, ctx=ctx) from error

    def invoke(self, ctx: click.Context) -> int:
        """Run the command and return its exit code."""
        try:
            return int(super().invoke(ctx) or 0)
        except errors.InputError as error:
            raise_lost()
            arguments = (p.name or "" for p in self.params if isinstance(p, click.Argument))
            file = error.file or ctx.params[next(arguments)]
            if ctx.params["as_json"]:
                return fail(error, as_json=True, result={Key.FILE: str(file)})
            from planner.cli.words import show_findings

            show_findings(file, error.findings, err=True)
            return error.exit_code


def findings_by_severity(findings: Iterable[errors.Finding]) -> dict[str, list[dict[str, str]]]:
    """Return errors and warnings apart, as JSON carries them."""
    listed = list(findings)
    return {
        Key.ERRORS: [_finding(f) for f in listed if f.severity is errors.Severity.ERROR],
        Key.WARNINGS: [_finding(f) for f in listed if f.severity is errors.Severity.WARNING],
    }


def _finding(finding: errors.Finding) -> dict[str, str]:
    from planner.workbook.findings import sentence

    return {**finding.as_json(), "message": sentence(finding)}


def what_if_facts(what_if: WhatIf) -> dict[str, str]:
    """Return a what-if of the command line: its option, what was typed, what it does."""
    return {"option": what_if.option, "given": what_if.given, "does": what_if.words}


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float):
        number = float(value)  # numpy's own floats, too
        return number + 0.0 if math.isfinite(number) else None  # -0.0 is 0.0
    return value
