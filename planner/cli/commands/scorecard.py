"""The command scorecard: how a plan scores, and what the benchmarks it misses would cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, PlannerError, WriteError
from planner.cli.answer import fail
from planner.cli.commands.common import JSON, WORKBOOK, Share, progress, tell_where, write_folder
from planner.cli.paths import plan_path
from planner.cli.progress import study_options, watched
from planner.cli.whatifs import Asked, what_if_options

if TYPE_CHECKING:
    from planner.run import Start
    from planner.study import Tell, Where
    from planner.study.eu_benchmarks import Benchmarks


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
    metavar="BOOK",
    help="The scorecard [outputs/<FILE's name>-scorecard.xlsx].",
)
@click.option(
    "--csv", "csv_folder", type=WORKBOOK, metavar="DIR", help="Write the tables as CSV, too."
)
@study_options
@JSON
def scorecard(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    scenario: str,
    asked: Asked,
    max_country_share: float | None,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    as_json: bool,
) -> int:
    """Score a plan before and after, and price each benchmark that it misses.

    The plan is made as by solve. Its scorecard (concentration, import reliance, days of cover,
    N-1, the benchmarks of the EU's Critical Raw Materials Act) stands in every plan of solve, too.
    Here each missed benchmark is then added to the limits alone, and planned: what it would cost,
    what it would leave short, or how far it can be met at all.

    \b
    planner scorecard case.xlsx
    planner scorecard case.xlsx --scenario "Export ban" --csv tables

    A run without a proven plan stands in the workbook with its reason; the exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(file, output, csv_folder, "scorecard")
    from planner.cli.halt import counts, end, failure_of, halt_in, marked, tell_halt
    from planner.cli.scores import answer_of, prices_of, show_scorecard
    from planner.cli.words import show_findings
    from planner.run import start_file

    tell = progress(as_json)
    try:
        start = start_file(
            file, scenario=scenario, what_ifs=asked, max_country_share=max_country_share, tell=tell
        )
        began = time.perf_counter()
        with watched(as_json) as watch:
            found = _benchmarks(start, where, watch, tell)
    except InputError as error:
        if as_json:
            return fail(error, as_json=as_json)
        show_findings(file, error.findings, err=True)
        return error.exit_code
    seconds = {"read": start.seconds, "solve": time.perf_counter() - began}
    halt = halt_in(found.outcomes)
    failed: PlannerError | None = failure_of(found.outcomes.every, halt)
    from planner.sheets.delimited import write_csv
    from planner.sheets.eu_benchmarks import benchmarks_table
    from planner.sheets.scorecard import scorecard_table
    from planner.sheets.study import write_study
    from planner.study import Outcome
    from planner.workbook.save import save

    prices = prices_of(found)
    scores = scorecard_table(found.plan, found.scores)
    made = [table for table in (scores,) if table is not None]
    made.append(benchmarks_table(prices, start.case.settings.currency))
    plan = found.plan
    runs = [Outcome("The plan", found.base, plan.objective, plan.proof), *found.outcomes]

    def write(path: Path) -> None:
        write_study(
            path,
            made,
            (),
            start.book,
            title=marked(f"Scorecard: {start.case.settings.plan_title or file.stem}", halt),
            options={**(halt.option() if halt is not None else {}), **start.options},
            runs=runs,
            charts_before="",
        )

    def write_tables(folder: Path) -> None:
        write_csv(folder, made)

    began = time.perf_counter()
    written: Path | None = None
    try:
        written = save(target, write)
        if csv_folder is not None:
            write_folder(csv_folder, write_tables)
    except WriteError as error:
        failed = failed or error
    seconds["write"] = time.perf_counter() - began
    if not as_json:
        show_scorecard(file, start, found, written, sum(seconds.values()))
    if written is not None:
        tell_where(target, written)
    tell_halt(halt)
    answer = {**answer_of(start, found, written, seconds), **counts(found.outcomes.every, halt)}
    return end(halt, failed, answer, as_json=as_json)


def _benchmarks(start: Start, where: Where, watch: Tell, tell: Callable[[str], None]) -> Benchmarks:
    """Plan the case, and price what it misses."""
    from models.plan import solve
    from planner.study.eu_benchmarks import benchmarks

    tell("Planning")
    try:
        plan = solve(start.case)
    except InputError as error:
        within = start.variant.within(error.findings)
        raise InputError(start.book.layout.in_order(within)) from error
    tell("Planning each missed benchmark")
    return benchmarks(plan, where, watch)
