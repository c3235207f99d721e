"""The command scorecard: how a plan scores, and what the benchmarks it misses would cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, PlannerError
from planner.cli.answer import refused
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
from planner.cli.paths import plan_path
from planner.cli.progress import study_options, watched
from planner.cli.whatifs import Asked, what_if_options

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies import Tell, Where
    from planner.studies.eu_benchmarks import Benchmarks


@click.command()
@click.argument("file", type=WORKBOOK)
@SCENARIO
@what_if_options
@share_limit()
@output_option("The scorecard [outputs/<FILE's name>-scorecard.xlsx].")
@CSV
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
        return refused(file, error, as_json=as_json)
    seconds = {"read": start.seconds, "solve": time.perf_counter() - began}
    halt = halt_in(found.outcomes)
    failed: PlannerError | None = failure_of(found.outcomes.every, halt)
    from planner.render.table import table_of
    from planner.sheets.eu_benchmarks import benchmarks_of
    from planner.sheets.scorecard import scorecard_of
    from planner.sheets.study import write_study
    from planner.studies import Outcome

    prices = prices_of(found)
    scores = scorecard_of(found.plan, found.scores)
    benchmarked = benchmarks_of(prices, start.case.settings.currency)
    made = [table_of(result) for result in (scores, benchmarked) if result is not None]
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

    written, trouble = write_all(target, write, csv_folder, lambda: made, seconds, halt)
    failed = failed or trouble
    if not as_json:
        show_scorecard(file, start, found, written, sum(seconds.values()))
    if written is not None:
        tell_where(target, written, halt)
    tell_halt(halt)
    answer = {**answer_of(start, found, written, seconds), **counts(found.outcomes.every, halt)}
    return end(halt, failed, answer, as_json=as_json)


def _benchmarks(start: Start, where: Where, watch: Tell, tell: Callable[[str], None]) -> Benchmarks:
    """Plan the case, and price what it misses."""
    from models.plan import solve
    from planner.studies.eu_benchmarks import benchmarks

    tell("Planning")
    try:
        plan = solve(start.case)
    except InputError as error:
        raise start.placed(error.findings) from error
    tell("Planning each missed benchmark")
    return benchmarks(plan, where, watch)
