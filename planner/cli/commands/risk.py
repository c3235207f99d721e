"""The command risk: what events that may happen do to cost and supply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, SolverError, WriteError
from planner.cli.answer import refused
from planner.cli.commands.common import (
    CSV,
    JSON,
    SCENARIO,
    WORKBOOK,
    Share,
    Whole,
    output_option,
    progress,
    tell_where,
    write_all,
)
from planner.cli.paths import plan_path
from planner.cli.progress import study_options, watched

if TYPE_CHECKING:
    from planner.studies import Where

_MOST_DRAWS = 100_000
_MOST_SEED = 2**63 - 1


@click.command()
@click.argument("file", type=WORKBOOK)
@click.option(
    "--draws",
    type=Whole(1, _MOST_DRAWS),
    default=1000,
    show_default=True,
    metavar="N",
    help="How often the events are drawn.",
)
@click.option(
    "--seed",
    type=Whole(0, _MOST_SEED),
    default=1,
    show_default=True,
    metavar="S",
    help="Fixes what is drawn: the same seed, the same draws.",
)
@click.option(
    "--surge",
    type=Share(),
    default=0.2,
    show_default=True,
    metavar="U",
    help="The part of its usable capacity that a supplier may sell beyond what was agreed.",
)
@click.option(
    "--keep-caps", is_flag=True, help="Keep share limits in the years with an event, too."
)
@SCENARIO
@output_option("The risk study [outputs/<FILE's name>-risk.xlsx].")
@CSV
@study_options
@JSON
def risk(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    draws: int,
    seed: int,
    surge: float,
    keep_caps: bool,
    scenario: str,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    as_json: bool,
) -> int:
    """Draw the events of the sheet Risks many times, and see what becomes of the plan.

    Each event begins in a year with its Yearly probability, each year and event apart. A draw is
    planned twice: as agreed, the plan without events struck by them, its suppliers surging; and
    re-planned, as if the events had been known beforehand. One workbook is written: the spread of
    cost and shortage, who is likely to be short of what, what each event adds, every draw, charts.

    \b
    planner risk case.xlsx
    planner risk case.xlsx --draws 5000 --seed 7 --surge 10%
    planner new my-case.xlsx --with Risks       to see what the sheet looks like

    A draw without a proven plan is left out of the figures and told; the exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(file, output, csv_folder, "risk")
    from planner.cli.halt import end, failure_of, nothing, tell_halt
    from planner.cli.risk import answer, gamble
    from planner.cli.risk_words import show_risk
    from planner.studies.risk import Chances

    tell = progress(as_json)
    chances = Chances(draws, seed, surge, keep_caps)
    try:
        with watched(as_json) as watch:
            gambled = gamble(file, chances, scenario=scenario, where=where, tell=tell, watch=watch)
    except InputError as error:
        return refused(file, error, as_json=as_json)
    found, halt = gambled.risk, gambled.halt
    failed: SolverError | WriteError | None = failure_of(found.outcomes, halt)
    if not any(sample.known.any() for sample in found.samples):
        why = failed or SolverError("no draw has a plan")
        return nothing(halt, why, "no draw complete", found.outcomes, as_json=as_json)
    from planner.cli.risk import write_to
    from planner.sheets.risk import risk_tables

    written, trouble = write_all(
        target,
        lambda path: write_to(path, gambled),
        csv_folder,
        lambda: risk_tables(gambled.drawn),
        gambled.seconds,
        halt,
    )
    failed = failed or trouble
    if not as_json:
        show_risk(file, gambled, written)
    if written is not None:
        tell_where(target, written, halt)
    tell_halt(halt, gambled.known)
    return end(halt, failed, answer(gambled, written), as_json=as_json)
