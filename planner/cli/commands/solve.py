"""The command solve: the cheapest plan of a workbook."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, WriteError
from planner.cli.answer import fail, print_json, solved
from planner.cli.commands.common import JSON, WORKBOOK, Share, progress, tell_where, write_folder
from planner.cli.paths import plan_path
from planner.cli.progress import study_options
from planner.cli.whatifs import Asked, what_if_options

if TYPE_CHECKING:
    from planner.study import Where


@click.command()
@click.argument("file", type=WORKBOOK)
@click.option("--scenario", default="Base", metavar="NAME", help="A name of the sheet Scenarios.")
@what_if_options
@click.option(
    "--max-country-share",
    type=Share(),
    metavar="S",
    help="Limit of one country's share of each mineral, 0 to 1; applied last.",
)
@click.option(
    "--output",
    type=WORKBOOK,
    metavar="PLAN",
    help="The plan [outputs/<FILE's name>-plan.xlsx, whatever the scenario].",
)
@click.option(
    "--csv", "csv_folder", type=WORKBOOK, metavar="DIR", help="Write the tables as CSV, too."
)
@study_options
@JSON
def solve(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    scenario: str,
    asked: Asked,
    max_country_share: float | None,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    as_json: bool,
) -> int:
    """Find the cheapest plan of a workbook and write it as a workbook.

    FILE is never written to. A plan that is open in Excel is kept, and the new one written beside
    it.

    What-ifs change nothing in FILE. They apply after the scenario: --block, then --lose, then
    --what-if, each kind in the order given.

    \b
    planner solve case.xlsx --block "China:Japan:Graphite"
    planner solve case.xlsx --lose COD --what-if "scale demand; mineral=Cobalt; value=1.2"
    planner solve case.xlsx --what-if "scale capacity; country=CHN; years=2027-2030; value=70%"

    Each solve of one workbook, whatever the scenario or what-if, writes to the same path and
    replaces the plan there, unless --output names another. Another input workbook is never
    replaced.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(file, output, csv_folder)
    from planner.cli.result import show_plan
    from planner.cli.words import show_findings
    from planner.run import solve_file

    tell = progress(as_json)
    try:
        run = solve_file(
            file,
            scenario=scenario,
            what_ifs=asked,
            max_country_share=max_country_share,
            where=where,
            tell=tell,
        )
    except InputError as error:
        if as_json:
            return fail(error, as_json=as_json)
        show_findings(file, error.findings, err=True)
        return error.exit_code
    from planner.sheets import tables, write_csv, write_plan
    from planner.workbook.save import save

    parts = (run.plan, run.book)
    without, options, timings = run.without_limits, run.options, dict(run.seconds)
    typed = run.made_with

    def write(made: Path) -> None:
        write_plan(
            made, *parts,
            without_limits=without, options=options, timings=timings, made_with=typed,
            lost=run.lost,
        )  # fmt: skip

    def write_tables(folder: Path) -> None:
        found = tables(
            *parts, without_limits=without, options=options, timings=timings, made_with=typed,
            lost=run.lost,
        )  # fmt: skip
        write_csv(folder, found.values())

    began = time.perf_counter()
    written: Path | None = None
    trouble: WriteError | None = None
    try:
        written = save(target, write)
        if csv_folder is not None:
            write_folder(csv_folder, write_tables)
    except WriteError as error:
        trouble = error
    run.seconds["write"] = time.perf_counter() - began
    if not as_json:
        show_plan(file, run, written)
    if written is not None:
        tell_where(target, written)
    if trouble is not None:
        return fail(trouble, as_json=as_json, result=solved(run, written))
    if as_json:
        print_json(solved(run, written))
    return 0
