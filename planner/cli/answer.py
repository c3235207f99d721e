"""The answer of a command with --json, and what to use instead of a retired command or option."""

from __future__ import annotations

import contextlib
import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

import click

from models import errors
from planner.render.keys import AnswerKey, AnswerKeys
from planner.stops import raise_pending_stop

if TYPE_CHECKING:
    from pathlib import Path

    from planner.scenarios import WhatIf


RETIRED_COMMANDS = {
    "redact": "send each member its own workbook, as planner orders writes it",
    "schema": "docs/csv.md and the page of each study list the keys of --json",
}
"""What to use instead of a command, by the command's name."""

_NO_DRAWS = "planner risk --draws draws random events"
_NO_GROUPS = "the split by dual prices gives no group a reason to leave, without planning every one"
_NO_WISHES = "planner bills of a workbook without the requirement shows what the bills are then"

RETIRED_OPTIONS: dict[str, dict[str, str]] = {
    "bills": {"--exact": _NO_GROUPS, "--resume": _NO_GROUPS, "--wishes": _NO_WISHES},
    "check": dict.fromkeys(("--plan", "--to"), "planner roll checks actuals with their plan"),
    "compare": {"--bills": "planner bills --scenario shows the bills of a scenario"},
    "model": {"--by-block": "one file holds the whole model; other solvers split it themselves"},
    "ranges": {"--least": "planner exit --country finds the plan that buys least from a country"},
    "sensitivity": dict.fromkeys(("--draws", "--seed"), _NO_DRAWS),
    "verify": {"--salt": "a redacted plan can't be verified: use the plan before redaction"},
}
"""What to use instead of an option, by the names of its command and of the option."""


def retired_command(name: str) -> str | None:
    """Return the message for a command of an earlier version; None for any other name."""
    instead = RETIRED_COMMANDS.get(name)
    return instead and f"planner {name} no longer exists: {instead}"


def retired_option(command: str, option: str) -> str | None:
    """Return the message for an option that a command once had; None for any other option."""
    instead = RETIRED_OPTIONS.get(command, {}).get(option)
    return instead and f"planner {command} {option} no longer exists: {instead}"


INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as a shell reports it."""
_CLOSE_OPTION = 0.7
"""Least similarity of an option that is suggested; --cluster and --country score 0.57."""
INTERNAL_ERROR = 70
"""Exit code for an error in the planner itself (EX_SOFTWARE)."""

_STATUS: dict[type[errors.PlannerError], str] = {
    errors.InputError: "input_error",
    errors.UsageError: "usage_error",
    errors.SolverError: "solver_error",
    errors.WriteError: "write_error",
}

Answer = dict[str, object]


Key = StrEnum(
    "Key",
    "STATUS ERRORS WARNINGS OUTPUT SECONDS CURRENCY SCENARIO WHAT_IFS PLAN ROW SHEET MEMBERS ORDERS"
    " TONNES TOTAL TAKE_OR_PAY OBJECTIVE_USD MINERALS COMPARED NOTES FILE STOPPED WORDS RUNS ROWS"
    " CELLS SHEETS NEW FINDINGS",
)
"""Keys that the JSON objects of several commands share; each is its name in lower case."""


_FOUND = (Key.ERRORS, Key.WARNINGS)

SHARED: AnswerKeys = (
    AnswerKey(Key.STATUS, "`ok`, `optimal`, `feasible` or the kind of error: `input_error`"),
    AnswerKey(
        Key.ERRORS,
        "errors, each with `sheet`, `cell` (blank if there is none) and `message`; for a CSV folder"
        " also with `file`, `row` and `column`",
    ),
    AnswerKey(Key.WARNINGS, "warnings, in the same form"),
)
"""Keys of every command that reads a workbook."""
PLANNED: AnswerKeys = (
    AnswerKey(Key.SCENARIO, "the scenario that was planned", when="`compare`: in each row"),
    AnswerKey(Key.WHAT_IFS, "what-ifs", rows=("option", "given", "does")),
    AnswerKey(Key.CURRENCY, "the workbook's currency"),
    AnswerKey(Key.OUTPUT, "the workbook that was written"),
    AnswerKey(
        Key.FINDINGS,
        "the sentences of the first page, with the cells that bear them out",
        rows=("sentence", "place", "template", "name", "number", "claims"),
        optional=("place", "template", "name", "number"),
    ),
    AnswerKey(Key.SECONDS, "seconds by stage"),
)
"""Keys of every command that plans, beyond them."""


def refuse(message: str) -> NoReturn:
    raise errors.UsageError(message)


def print_json(data: Mapping[str, object], indent: int | None = 2) -> None:
    """Print one JSON object; on one line if ``indent`` is None.

    A number that is not finite is printed as null, and -0 as 0.
    """
    click.echo(json.dumps(_finite_json(data), indent=indent, allow_nan=False))


def failure_answer(status: str, *messages: str) -> Answer:
    """Return the answer of a command that failed for other reasons than errors in the workbook."""
    return {
        Key.STATUS: status,
        Key.ERRORS: [errors.Finding(found=each).as_json() for each in messages],
    }


def report_failure(
    error: errors.PlannerError, *, as_json: bool, result: Mapping[str, object] | None = None
) -> int:
    """Report a failure and return its exit code; ``result`` is the answer so far."""
    status = next((word for kind, word in _STATUS.items() if isinstance(error, kind)), "error")
    code = error.exit_code
    if errors.is_out_of_memory(error):
        status, code = "out_of_memory", errors.OUT_OF_MEMORY_CODE
    messages = str(error).splitlines()  # one line per mistake of a command line
    answer: Any = failure_answer(status, *messages)
    if isinstance(error, errors.InputError):
        answer = findings_by_severity(error.findings)
    for message in messages:
        click.echo(f"Error: {message}", err=True)
    if as_json:
        before = (result or {}).get(Key.ERRORS)
        if isinstance(before, list):  # errors of the workbook come first
            answer = {**answer, Key.ERRORS: [*before, *answer[Key.ERRORS]]}
        print_json({**(result or {}), Key.STATUS: status, **answer})
    return code


def finish(answer: Answer, *, as_json: bool, failed: errors.PlannerError | None = None) -> int:
    """Print the answer with --json; return the exit code of the error ``failed``, otherwise 0.

    Without a status it is ``ok``; without errors or warnings there are none.
    """
    if failed is not None:
        return report_failure(failed, as_json=as_json, result=answer)
    if as_json:
        print_json({Key.STATUS: "ok", **answer, **{k: answer.get(k, []) for k in _FOUND}})
    return 0


@contextlib.contextmanager
def errors_in(path: Path) -> Iterator[None]:
    """Name the file in an InputError that is raised while this file is read."""
    try:
        yield
    except errors.InputError as error:
        error.file = path
        raise


class Command(click.Command):
    """A command that lists the errors of a workbook by cell.

    Errors belong to the command's first workbook, unless ``errors_in`` names another one.
    """

    def get_short_help_str(self, limit: int = 1_000) -> str:  # noqa: ARG002 - click gives a width
        """Return the whole first sentence of the help: the list of commands cuts none."""
        return super().get_short_help_str(1_000)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; for an unknown option, say what to use instead.

        A similar option is suggested only if it is spelt similarly.
        """
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if retired := retired_option(self.name or "", error.option_name):
                raise click.UsageError(retired, ctx) from error
            options = {name.lstrip("-"): name for p in self.params for name in p.opts}
            typed = error.option_name.lstrip("-")
            close = [name for name in options if name.startswith(typed)]
            close = close or difflib.get_close_matches(typed, options, n=1, cutoff=_CLOSE_OPTION)
            similar = [options[name] for name in close]
            raise click.NoSuchOption(error.option_name, possibilities=similar, ctx=ctx) from error

    def invoke(self, ctx: click.Context) -> int:
        """Run the command and return its exit code; an error of the user is shown, not raised."""
        try:
            return int(super().invoke(ctx) or 0)
        except errors.InputError as error:
            raise_pending_stop()
            arguments = (p.name or "" for p in self.params if isinstance(p, click.Argument))
            file = error.file or ctx.params[next(arguments)]
            if ctx.params["as_json"]:
                return report_failure(error, as_json=True, result={Key.FILE: str(file)})
            from planner.cli.words import show_findings

            show_findings(file, error.findings, err=True)
            return error.exit_code


def findings_by_severity(findings: Iterable[errors.Finding]) -> dict[str, list[dict[str, str]]]:
    """Return errors and warnings in separate lists, as in JSON."""
    from planner.workbook.findings import sentence

    listed: dict[str, list[dict[str, str]]] = {Key.ERRORS: [], Key.WARNINGS: []}
    for each in findings:
        key = Key.ERRORS if each.severity is errors.Severity.ERROR else Key.WARNINGS
        listed[key].append({**each.as_json(), "message": sentence(each)})
    return listed


def what_if_facts(what_if: WhatIf) -> dict[str, str]:
    return {"option": what_if.option, "given": what_if.given, "does": what_if.words}


def _finite_json(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _finite_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite_json(each) for each in value]
    if isinstance(value, float):
        number = float(value)  # also numpy's floats
        return number + 0.0 if math.isfinite(number) else None  # -0.0 is 0.0
    return value
