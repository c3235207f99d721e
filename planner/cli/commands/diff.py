"""The command diff: what differs between two plan workbooks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, PlannerError
from planner.cli.answer import fail, print_json, refused
from planner.cli.commands.common import JSON, WORKBOOK, output_option, progress, tell_where
from planner.cli.paths import plan_path

if TYPE_CHECKING:
    from planner.documents.difference import Inputs
    from planner.workbook.plan_file import PlanFile


@click.command()
@click.argument("old", type=WORKBOOK)
@click.argument("new", type=WORKBOOK)
@click.option(
    "--inputs",
    type=WORKBOOK,
    nargs=2,
    metavar="OLD_IN NEW_IN",
    help="The input workbooks of both plans [those that lie beside the plans, if unchanged].",
)
@output_option("The difference [outputs/<NEW's name>-diff.xlsx].")
@JSON
def diff(
    old: Path,
    new: Path,
    inputs: tuple[Path, Path] | None,
    output: Path | None,
    as_json: bool,
) -> int:
    """Tell what differs between two plan workbooks: inputs, costs, shortages, flows, prices.

    OLD and NEW are workbooks that solve wrote; nothing is solved. Inputs are compared cell by cell
    where the workbooks that the plans were made from are found, or named with --inputs.

    \b
    planner diff last-month-plan.xlsx outputs/case-plan.xlsx
    planner diff old-plan.xlsx new-plan.xlsx --inputs old.xlsx new.xlsx

    Plans of other years, currencies, units or minerals are compared in what they have in common,
    and the rest is said. The exit code is 0 whether or not they differ.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(new, output, None, "diff")
    from planner.cli.differences import answer_of, show_difference
    from planner.documents.difference import compare_plans, write_difference
    from planner.run import open_plan
    from planner.workbook.save import save

    tell = progress(as_json)
    began = time.perf_counter()
    reading = old
    try:
        before = open_plan(old, tell)
        reading = new
        after = open_plan(new, tell)
        found = _inputs(before, after, inputs)
    except _BadInput as bad:
        return refused(bad.path, bad.error, as_json=as_json)
    except InputError as error:
        return refused(reading, error, as_json=as_json)
    tell("Comparing")
    result = compare_plans(before, after)
    title = f"{old.name} to {new.name}"
    failed: PlannerError | None = None
    written: Path | None = None
    try:
        written = save(target, lambda path: write_difference(path, result, found, title))
        tell_where(target, written)
    except PlannerError as error:
        failed = error  # the difference is told all the same
    seconds = time.perf_counter() - began
    if not as_json:
        show_difference(result, found, written, seconds)
    answer = answer_of(result, found, written, seconds)
    if failed is not None:
        return fail(failed, as_json=as_json, result=answer)
    if as_json:
        print_json(answer)
    return 0


class _BadInput(Exception):  # noqa: N818 - it carries an error
    """An input workbook that cannot be read, and which."""

    def __init__(self, path: Path, error: InputError) -> None:
        super().__init__(str(error))
        self.path, self.error = path, error


def _inputs(old: PlanFile, new: PlanFile, named: tuple[Path, Path] | None) -> Inputs:
    """Compare the inputs of two plans: those named, else those found."""
    from models.results import Figure
    from planner.documents.difference import compare_inputs, find_input
    from planner.documents.difference.inputs import not_compared
    from planner.run import open_input

    if named is None:
        if old.measure(Figure.INPUT_SHA256) == new.measure(Figure.INPUT_SHA256):
            return not_compared(old, new, (None, None))
        found = (find_input(old), find_input(new))
        if found[0] is None or found[1] is None:
            return not_compared(old, new, found)
        named = (found[0], found[1])
    books = []
    for path in named:
        try:
            books.append(open_input(path))
        except InputError as error:
            raise _BadInput(path, error) from error
    return compare_inputs(old, new, (books[0], books[1]))
