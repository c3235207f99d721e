"""The command solve: the cheapest plan of a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError
from planner.cli.answer import fail, print_json, refused, solved
from planner.cli.commands.common import (
    CSV,
    JSON,
    SCENARIO,
    WORKBOOK,
    output_option,
    progress,
    share_limit,
    tell_where,
    write_all,
)
from planner.cli.paths import case_part, plan_path
from planner.cli.progress import study_options
from planner.cli.whatifs import Asked, what_if_options

if TYPE_CHECKING:
    from planner.studies import Where


@click.command()
@click.argument("file", type=WORKBOOK)
@SCENARIO
@what_if_options
@share_limit()
@output_option("The plan [outputs/<FILE's name>[-<scenario>][-what-if]-plan.xlsx].", "PLAN")
@CSV
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

    Unless --output names another path, the plan of a scenario has its name in the file's, and that
    of what-ifs or --max-country-share the word what-if: the plan of the base case is replaced by
    its own next plan alone. An input workbook is never replaced.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    what_ifs = bool(asked) or max_country_share is not None

    def target_of(name: str) -> Path:
        of = case_part(file, name, what_ifs=what_ifs)
        return plan_path(file, output, csv_folder, of=of)

    target_of(scenario)  # refused before any work is done
    from planner.cli.result import show_plan
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
            notify=lambda text: None if as_json else click.echo(text, err=True),
        )
    except InputError as error:
        return refused(file, error, as_json=as_json)
    from planner.sheets import Table, write_plan

    target = target_of(run.plan.case.scenario)  # as the workbook spells it
    timings = dict(run.seconds)
    sheets: dict[str, Table] = {}

    def write(made: Path) -> None:
        sheets.update(
            write_plan(
                made,
                run.plan,
                run.book,
                without_limits=run.without_limits,
                options=run.options,
                timings=timings,
                made_with=run.made_with,
                lost=run.lost,
            )
        )

    written, trouble = write_all(target, write, csv_folder, sheets.values, run.seconds)
    if not as_json:
        show_plan(file, run, written)
    if written is not None:
        tell_where(target, written)
    if trouble is not None:
        return fail(trouble, as_json=as_json, result=solved(run, written))
    if as_json:
        print_json(solved(run, written))
    return 0
