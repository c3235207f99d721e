"""The command stress: what the loss of each supplier does to the plan that was agreed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, PlannerError, SolverError, UsageError
from planner.cli.answer import Answer, refused, sorted_out, told
from planner.cli.commands.common import (
    CSV,
    JSON,
    SCENARIO,
    WORKBOOK,
    Share,
    output_option,
    progress,
    share_limit,
    tell_where,
    write_all,
)
from planner.cli.paths import plan_path
from planner.cli.progress import study_options, watched
from planner.cli.whatifs import Asked, what_if_options
from planner.render.text import plain
from planner.render.words import number_of, span

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies import Tell, Where
    from planner.studies.kind import Tables
    from planner.studies.losses import Stress


@click.command()
@click.argument("file", type=WORKBOOK)
@click.option("--refiners", is_flag=True, help="Lose each refiner that sells, too.")
@click.option(
    "--pairs",
    is_flag=True,
    help="Close each supplier country's lanes to each member, too: the embargo matrix.",
)
@click.option(
    "--surge",
    type=Share(),
    default=0.2,
    show_default=True,
    metavar="S",
    help="What suppliers that are left may sell beyond what was agreed, of their usable capacity.",
)
@click.option("--keep-caps", is_flag=True, help="Keep the share limits, which a loss waives.")
@click.option(
    "--year", type=int, metavar="Y", help="The year in which the loss begins [the first planned]."
)
@SCENARIO
@what_if_options
@share_limit(
    "Limit of one country's share of each mineral in the agreed plan, 0 to 1; applied last."
)
@output_option("The stress test [outputs/<FILE's name>-stress.xlsx].")
@CSV
@study_options
@JSON
def stress(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    refiners: bool,
    pairs: bool,
    surge: float,
    keep_caps: bool,
    year: int | None,
    scenario: str,
    asked: Asked,
    max_country_share: float | None,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    as_json: bool,
) -> int:
    """Lose each supplier country that sells in the agreed plan, and see what is replaced.

    The plan is made first, with scenario, what-ifs and limits; then one supplier after another is
    lost, from the first year (or --year) to the last. Suppliers that are left sell what was agreed
    and a surge; plants are built as agreed; stocks may be drawn; share limits are waived unless
    --keep-caps. The same losses hit the plan without share limits: what diversification buys.

    \b
    planner stress case.xlsx
    planner stress case.xlsx --refiners --pairs
    planner stress case.xlsx --surge 0 --keep-caps --year 2030

    A run without a proven plan stands in the workbook with its reason; the exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(file, output, csv_folder, "stress")
    from planner.cli.halt import end, failure_of, halt_of, marked, nothing, tell_halt
    from planner.run import start_file

    try:
        tell = progress(as_json)
        start = start_file(
            file, scenario=scenario, what_ifs=asked, max_country_share=max_country_share, tell=tell
        )
        began = time.perf_counter()
        with watched(as_json) as watch:
            found = _stress(start, (surge, keep_caps, year), (refiners, pairs), where, watch, tell)
    except InputError as error:
        return refused(file, error, as_json=as_json)
    seconds = {"read": start.seconds, "solve": time.perf_counter() - began}
    halt = halt_of(found.outcomes, found.stopped)
    failed: PlannerError | None = failure_of(found.outcomes, halt)
    if found.capped.nothing.found is None:
        why, lacking = failed or SolverError("nothing was planned"), "no loss planned"
        return nothing(halt, why, lacking, found.outcomes, as_json=as_json)
    from planner.sheets.study import write_study
    from planner.studies import stress as study
    from planner.studies.kind import Tables

    tables = Tables(study.tables_of(found))
    made = study.sheets(tables, start.case)

    def write(path: Path) -> None:
        write_study(
            path,
            made,
            study.pictures(tables),
            start.book,
            title=marked(f"Stress test: {start.case.settings.plan_title or file.stem}", halt),
            options={
                **(halt.option(found.known) if halt is not None else {}),
                **start.options,
                **study.options_of(found),
            },
            runs=found.outcomes,
            charts_before=made[1].name,
        )

    written, trouble = write_all(target, write, csv_folder, lambda: made, seconds, halt)
    failed = failed or trouble
    if not as_json:
        _show(file, start, found, tables, written, sum(seconds.values()))
    if written is not None:
        tell_where(target, written, halt)
    tell_halt(halt, found.known)
    return end(halt, failed, _answer(start, found, tables, written, seconds), as_json=as_json)


def _show(  # noqa: PLR0913, PLR0917 - what there is to tell of
    file: Path, start: Start, found: Stress, tables: Tables, written: Path | None, seconds: float
) -> None:
    """Tell the worst losses in a line each, and where all of them stand."""
    from planner.cli.halt import tell_not_run
    from planner.studies.stress import lines

    case, rules = found.case, found.rules
    click.secho(plain(case.settings.plan_title or file.stem), bold=True, err=True)
    caps = "share limits kept" if rules.keep_caps else "share limits waived"
    click.echo(
        f"{len(found.losses):,} losses, one at a time, {span(found.years)};"
        f" surge {rules.surge * 100:g} %, {caps}; cost in {case.settings.currency} m",
        err=True,
    )
    for line in lines(tables):
        click.echo(line, err=True)
    if found.missing:
        lacking = number_of(len(found.missing), "run")
        click.secho(f"{lacking} without a plan, see the sheet Runs", fg="yellow", err=True)
    for why, names in found.not_run.items():
        tell_not_run(names, why)
    if not found.losses:
        click.echo("Nobody sells in the agreed plan: there is nothing to lose", err=True)
    if start.book.warnings:
        counted = number_of(len(start.book.warnings), "warning")
        click.secho(f"{counted} on the input, on the sheet About", fg="yellow", err=True)
    if written is not None:
        click.echo(f"Stress test   {written}  ({seconds:.1f} s)", err=True)


def _answer(
    start: Start, found: Stress, tables: Tables, output: Path | None, seconds: dict[str, float]
) -> Answer:
    """Return what a program hears."""
    from planner.cli.halt import counts, halt_of
    from planner.studies.stress import answer

    return {
        "status": "optimal",
        "scenario": found.case.scenario,
        "currency": found.case.settings.currency,
        "surge": found.rules.surge,
        "keep_caps": found.rules.keep_caps,
        "first_year": found.years[0],
        "last_year": found.years[-1],
        "what_ifs": [told(what_if) for what_if in start.variant.what_ifs],
        **counts(found.outcomes, halt_of(found.outcomes, found.stopped)),
        **answer(tables),
        "output": None if output is None else str(output),
        "warnings": sorted_out(start.book.warnings)["warnings"],
        "seconds": {stage: round(took, 6) for stage, took in seconds.items()},
        "errors": [],
    }


def _stress(  # noqa: PLR0913, PLR0917 - the parts of a study
    start: Start,
    rules: tuple[float, bool, int | None],
    more: tuple[bool, bool],
    where: Where,
    watch: Tell,
    tell: Callable[[str], None],
) -> Stress:
    """Plan what is agreed and each loss; UsageError for a year that is not planned."""
    from planner.studies.losses import Rules, stress

    surge, keep_caps, year = rules
    years = start.case.years
    if year is not None and year not in years:
        close = min(years, key=lambda y: abs(y - year), default=None)
        hint = f"; did you mean {close}?" if close is not None else ""
        msg = f"--year {year} is no year of the sheet Demand{hint}"
        raise UsageError(msg)
    try:
        return stress(
            start.case,
            Rules(surge, keep_caps, year),
            refiners=more[0],
            pairs=more[1],
            where=where,
            tell=watch,
            say=tell,
        )
    except InputError as error:
        raise start.placed(error.findings) from error
