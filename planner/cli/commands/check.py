"""The command check: what is wrong with a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import Finding, InputError, WriteError
from planner.cli.answer import Answer, fail, print_json, sorted_out
from planner.cli.commands.common import JSON, PLACE, WORKBOOK, tell_where
from planner.cli.paths import copy_path

if TYPE_CHECKING:
    from planner.workbook.marked import Marked


@click.command()
@click.argument("file", type=WORKBOOK)
@click.option(
    "--marked",
    type=PLACE,
    metavar="COPY",
    help="Write a copy with every faulty cell coloured and the finding in a comment.",
)
@JSON
def check(file: Path, marked: Path | None, as_json: bool) -> int:
    """List every error and warning of a workbook, each with its cell and what is expected.

    FILE is never written to. Exit code 1 if there are errors; warnings alone are fine.

    A marked copy is written in either case. Its first sheet, Findings, lists all findings with
    links to their cells. It has the formats, formulas and drop-downs of FILE, but neither macros
    nor drawn shapes.
    """
    copy = None if marked is None else copy_path(marked)
    from planner.cli.words import show_defaults, show_findings
    from planner.run import check_file

    failed: InputError | None = None
    try:
        book = check_file(file)
    except InputError as error:
        failed, findings = error, error.findings
    else:
        findings = book.warnings
    if not as_json:
        show_findings(file, findings)
    if not as_json and failed is None:
        show_defaults(book.defaults)
    result: Answer = {"file": str(file)}
    if copy is not None:
        try:
            result |= _marked(file, copy, findings, as_json=as_json)
        except WriteError as error:
            result |= {"marked": None, "marked_cells": 0, **sorted_out(findings)}
            return fail(error, as_json=as_json, result=result)
    if as_json and failed is not None:
        return fail(failed, as_json=as_json, result=result)
    if as_json:
        print_json({"status": "ok", **result, **sorted_out(findings)})
    return 0 if failed is None else failed.exit_code


def _marked(file: Path, copy: Path, findings: tuple[Finding, ...], *, as_json: bool) -> Answer:
    """Write the marked copy, and return what the answer says of it."""
    from planner.cli.words import show_marked
    from planner.workbook.marked import is_markable, mark

    made: Marked | None = None
    if is_markable(findings):
        made = mark(file, copy, findings)
        tell_where(copy, made.path)
        if not as_json:
            show_marked(made)
    else:
        click.echo(f"{copy} is not written: nothing can be marked in {file}", err=True)
    return {
        "marked": None if made is None else str(made.path),
        "marked_cells": 0 if made is None else made.cells,
    }
