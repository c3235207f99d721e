"""The command compare: the base case and its scenarios, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, PlannerError, SolverError
from planner.cli.answer import Answer, refused, sorted_out, told
from planner.cli.commands.common import (
    CSV,
    JSON,
    WORKBOOK,
    output_option,
    progress,
    share_limit,
    tell_where,
    write_all,
)
from planner.cli.paths import plan_path
from planner.cli.progress import study_options, watched
from planner.cli.whatifs import Asked, what_if_options

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.run import Comparison
    from planner.sheets.comparison import Entry
    from planner.studies import Outcome, Where

_TOLD = 3
"""Errors of a scenario told in its row; JSON and the end of the command have them all."""

HOW = (
    "There is no scenario to compare with: add rows to the sheet Scenarios (planner new --with "
    'Scenarios shows how), or ask for a what-if, as in --lose "China"'
)


@click.command()
@click.argument("file", type=WORKBOOK)
@click.option(
    "--scenario",
    "chosen",
    multiple=True,
    metavar="NAME",
    help="Compare this scenario and no others but those named likewise. Repeatable.",
)
@what_if_options
@share_limit("Compare a limit of one country's share of each mineral, 0 to 1, with the base, too.")
@output_option("The comparison [outputs/<FILE's name>-compare.xlsx].")
@CSV
@study_options
@JSON
def compare(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    chosen: tuple[str, ...],
    asked: Asked,
    max_country_share: float | None,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    as_json: bool,
) -> int:
    """Plan a workbook's base case and every scenario, and set them side by side.

    One workbook is written: what each scenario costs and leaves short against the base, what it
    changes in the inputs, which flows move most, and all plans, with the column Scenario first.

    What-ifs and --max-country-share make one case more, on top of the base, beside the scenarios.

    \b
    planner compare case.xlsx
    planner compare case.xlsx --scenario "Export ban" --lose COD

    A scenario that contradicts the workbook's rules, or that has no proven optimum, stands in the
    comparison with its reason; the others are planned and written. The exit code is then 1 or 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(file, output, csv_folder, "compare")
    from planner.cli.comparison import show_comparison
    from planner.cli.halt import end, halt_in, nothing, tell_halt
    from planner.run import compare_file

    tell = progress(as_json)
    try:
        with watched(as_json) as watch:
            run = compare_file(
                file,
                chosen=chosen,
                what_ifs=asked,
                max_country_share=max_country_share,
                where=where,
                tell=tell,
                watch=watch,
            )
    except InputError as error:
        return refused(file, error, as_json=as_json)
    entries, halt = _entries(run), halt_in(run.outcomes)
    failed = _failed(run)
    if not any(entry.context for entry in entries):
        why, every = failed or SolverError("nothing was planned"), run.outcomes.every
        return nothing(halt, why, "no case planned", every, as_json=as_json)
    known = f"{sum(entry.context is not None for entry in entries)} of {len(entries)} cases planned"
    options = {**(halt.option(known) if halt is not None else {}), **run.options}
    from planner.sheets.comparison import tables, write_comparison

    made = tables(entries)

    def write(path: Path) -> None:
        write_comparison(path, made, entries, run.book, options, _proven(run, entries))

    written, trouble = write_all(target, write, csv_folder, lambda: made, run.seconds, halt)
    failed = trouble or failed  # what has no plan stands in its row
    if not as_json:
        show_comparison(file, run, entries, written)
        if len(entries) == 1:
            click.echo(HOW, err=True)
    if written is not None:
        tell_where(target, written, halt)
    tell_halt(halt, known)
    return end(halt, failed, _answer(run, entries, written), as_json=as_json)


def _entries(run: Comparison) -> list[Entry]:
    """Return each case with its plan, or with why it has none."""
    from planner.sheets.comparison import Entry
    from planner.sheets.context import Context
    from planner.workbook.sentence import sentence

    outcomes = iter(run.outcomes)
    found = []
    for case in run.cases:
        changed, cell_of = case.variant(run.book.case), run.book.layout.cell
        if case.errors:
            placed = run.book.layout.in_order(case.errors)
            said = " ".join(f"{f.place}: {sentence(f)}" for f in placed[:_TOLD])
            more = f" (and {len(placed) - _TOLD} more)" if len(placed) > _TOLD else ""
            found.append(Entry(case.name, changed, None, said + more, cell_of))
            continue
        outcome = next(outcomes)
        context = None if outcome.found is None else Context(outcome.found, run.book)
        found.append(Entry(case.name, changed, context, outcome.error, cell_of))
    return found


def _failed(run: Comparison) -> PlannerError | None:
    """Return why the command fails though all that has a plan is told; None where all have one."""
    from planner.cli.halt import failure_of, halt_in

    if run.errors:
        return InputError(run.errors)
    return failure_of(run.outcomes, halt_in(run.outcomes))


def _proven(run: Comparison, entries: list[Entry]) -> list[Outcome[Plan]]:
    """Return every case as a run of the study; those that break the rules never ran."""
    from planner.studies import Outcome

    known = {outcome.name: outcome for outcome in run.outcomes}
    return [known.get(e.name) or Outcome(e.name, error=e.error, ran=False) for e in entries]


def _answer(run: Comparison, entries: list[Entry], written: Path | None) -> Answer:
    """Return what a program hears."""
    from planner.cli.comparison import rows
    from planner.cli.halt import counts, halt_in

    return {
        "status": "optimal",
        **counts(run.outcomes.every, halt_in(run.outcomes)),
        "rows": rows(entries),
        "currency": run.book.case.settings.currency,
        "what_ifs": [told(what_if) for what_if in run.what_ifs],
        "output": None if written is None else str(written),
        "warnings": sorted_out(run.book.warnings)["warnings"],
        "seconds": {stage: round(took, 6) for stage, took in run.seconds.items()},
        "errors": [],
    }
