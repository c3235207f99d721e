"""The command sweep: what each step of a tightening cap, or of another number, costs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import InputError, PlannerError, SolverError
from planner.cli.answer import refused
from planner.cli.commands.common import (
    CSV,
    JSON,
    SCENARIO,
    WORKBOOK,
    output_option,
    progress,
    tell_where,
    write_all,
)
from planner.cli.paths import plan_path
from planner.cli.progress import study_options, watched
from planner.cli.whatifs import Asked, what_if_options

if TYPE_CHECKING:
    from planner.studies import Where


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number, or a percentage with its sign."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read 0.65, 65% or 1.5."""
        text = str(value).strip()
        try:
            amount = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            amount = math.nan
        if not math.isfinite(amount):
            self.fail(f"{text!r} is not a number such as 0.65 or 65%", param, ctx)
        return amount


@click.command()
@click.argument("file", type=WORKBOOK)
@click.option("--from", "first", type=Amount(), metavar="A", help="The first point [cap: 0.9].")
@click.option("--to", "last", type=Amount(), metavar="B", help="The last point [cap: 0.3].")
@click.option(
    "--step",
    type=Amount(),
    metavar="D",
    help="From point to point; the last step may be shorter [cap: 0.05].",
)
@click.option(
    "--over",
    default="cap",
    metavar="KNOB",
    help="What is turned: cap; demand, capacity, cost, tariff, freight or mines, each with"
    " :WHO:MINERAL [cap].",
)
@SCENARIO
@what_if_options
@output_option("The frontier [outputs/<FILE's name>-sweep.xlsx].")
@CSV
@study_options
@JSON
def sweep(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    first: float | None,
    last: float | None,
    step: float | None,
    over: str,
    scenario: str,
    asked: Asked,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    as_json: bool,
) -> int:
    """Plan a workbook at each of many caps on what one country may supply: cost against cap.

    Each point sets the cap for all minerals, as --max-country-share of solve does, after scenario
    and what-ifs. One workbook is written: cost, shortage and premium at each point, in all and by
    mineral; the smallest cap that costs no tonne of supply; charts.

    --over turns another number instead: a factor on demand, capacity, cost, freight or mines, or a
    tariff. WHO is a country or a refiner (of demand: a member or group), MINERAL a mineral.

    \b
    planner sweep case.xlsx
    planner sweep case.xlsx --from 80% --to 40% --step 2.5%
    planner sweep case.xlsx --over capacity:CHN:cobalt --from 1 --to 0 --step 0.1
    planner sweep case.xlsx --over tariff:China --to 0.5

    A point without a proven plan stands in its row with the reason; all others are written. The
    exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    target = plan_path(file, output, csv_folder, "sweep")
    from planner.cli.frontier import answer, show_sweep, swing
    from planner.cli.halt import end, failure_of, nothing, tell_halt

    tell = progress(as_json)
    try:
        with watched(as_json) as watch:
            swung = swing(
                file,
                over=over,
                span=(first, last, step),
                scenario=scenario,
                asked=asked,
                where=where,
                tell=tell,
                watch=watch,
            )
    except InputError as error:
        return refused(file, error, as_json=as_json)
    halt, outcomes = swung.halt, swung.sweep.outcomes.every
    failed: PlannerError | None = failure_of(outcomes[1:], halt)
    if not any(outcome.planned for outcome in outcomes[1:]):
        why = failed or SolverError("no point has a plan")
        return nothing(halt, why, "no point planned", outcomes, as_json=as_json)
    from planner.cli.frontier import write_to
    from planner.sheets.frontier import sweep_tables

    written, trouble = write_all(
        target,
        lambda path: write_to(path, swung),
        csv_folder,
        lambda: sweep_tables(swung.swept),
        swung.seconds,
        halt,
    )
    failed = failed or trouble
    if not as_json:
        show_sweep(file, swung, written)
    if written is not None:
        tell_where(target, written, halt)
    tell_halt(halt, swung.known)
    return end(halt, failed, answer(swung, written), as_json=as_json)
