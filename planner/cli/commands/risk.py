"""The command risk: what events that may happen do to cost and supply."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import Finding, InputError, SolverError, WriteError, warning
from models.results import About
from planner.cli.answer import Answer, refused, sorted_out
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
from planner.render.text import plain
from planner.render.words import number_of, span
from planner.studies.kind import YEARS, Tables

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies import Tell, Where
    from planner.studies.draws import Risk

_WARNINGS = 5
"""Warnings told at most; the sheet About has them all."""
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
    from planner.cli.halt import end, failure_of, halt_of, marked, nothing, tell_halt
    from planner.sheets.study import write_study
    from planner.studies import risk as study

    tell = progress(as_json)
    try:
        with watched(as_json) as watch:
            start, found, seconds = _drawn(
                file, scenario, (draws, seed, surge, keep_caps), (where, watch, tell)
            )
    except InputError as error:
        return refused(file, error, as_json=as_json)
    halt = halt_of(found.outcomes, found.stopped)
    failed: SolverError | WriteError | None = failure_of(found.outcomes, halt)
    if not any(sample.known.any() for sample in found.samples):
        why = failed or SolverError("no draw has a plan")
        return nothing(halt, why, "no draw complete", found.outcomes, as_json=as_json)
    known = study.known_of(found)
    tables = Tables([*study.tables_of(found), About(what=[YEARS], value=[span(start.case.years)])])
    made = study.sheets(tables)

    def write(path: Path) -> None:
        title = start.case.settings.plan_title or file.stem
        write_study(
            path,
            made,
            study.pictures(tables),
            start.book,
            title=marked(f"{title}: events by chance", halt),
            options={
                **(halt.option(known) if halt is not None else {}),
                **start.options,
                **study.options_of(found),
            },
            runs=found.outcomes,
            charts_before=made[1].name,
        )

    written, trouble = write_all(target, write, csv_folder, lambda: made, seconds, halt)
    failed = failed or trouble
    if not as_json:
        _show(file, start, found, tables)
        if written is not None:
            _line("Risk", f"{written}  ({sum(seconds.values()):.1f} s)")
    if written is not None:
        tell_where(target, written, halt)
    tell_halt(halt, known)
    return end(halt, failed, _answer(start, found, written, seconds), as_json=as_json)


def _drawn(
    file: Path,
    scenario: str,
    chances: tuple[int, int, float, bool],
    how: tuple[Where, Tell, Callable[[str], None]],
) -> tuple[Start, Risk, dict[str, float]]:
    """Read a workbook, and draw the events of the case that a scenario makes.

    Raises InputError where the workbook has errors, or what a scenario or an event makes of it;
    UsageError for an unknown scenario or a workbook without events.
    """
    from models import checks
    from planner.run import start_file
    from planner.studies.draws import Chances, risk
    from planner.studies.risk import caution

    where, watch, tell = how
    start = start_file(file, scenario=scenario, tell=tell)
    errors = checks.errors(start.case)
    if errors:
        raise start.placed(errors)
    tell(f"Planning {number_of(chances[0], 'draw')}")
    began = time.perf_counter()
    found = risk(start.case, Chances(*chances), where, watch)
    seconds = {"read": start.seconds, "solve": time.perf_counter() - began}
    said = caution(found)
    if said:
        warnings = (*start.book.warnings, warning("", found=said))
        start = dataclasses.replace(start, book=dataclasses.replace(start.book, warnings=warnings))
    return start, found, seconds


def _show(file: Path, start: Start, found: Risk, tables: Tables) -> None:
    """Tell what both plans come to, and who is likely to be short."""
    from planner.studies.risk import likely_short, lines

    click.secho(plain(start.case.settings.plan_title or file.stem), bold=True, err=True)
    chances = found.chances
    limits = "kept" if chances.keep_caps else "waived in years with an event"
    said = [
        f"{number_of(len(found.draws), 'draw')} ({found.distinct:,} differ), seed {chances.seed}",
        f"surge {chances.surge:.0%}",
        f"share limits {limits}",
        *(f"{name.lower()} {value}" for name, value in start.options.items()),
    ]
    _line("Drawn", plain("; ".join(said)))
    for line in lines(tables):
        click.echo(line, err=True)
    short = likely_short(tables)
    if short:
        _line("Shorter", "chance by mineral, and the shortage expected, as agreed", warn=True)
    else:
        _line("Shorter", "no mineral in any draw, as agreed")
    for line in short:
        click.echo(line, err=True)
    _show_warnings(start.book.warnings)


def _show_warnings(found: Sequence[Finding]) -> None:
    from planner.workbook.sentence import sentence

    if not found:
        return
    _line("Warnings", f"{len(found):,}", warn=True)
    for finding in found[-_WARNINGS:]:
        place = f"{finding.place}: " if finding.place else ""
        click.echo(f"  {plain(place + sentence(finding))}", err=True)
    if len(found) > _WARNINGS:
        click.echo(f"  and {len(found) - _WARNINGS:,} more, on the sheet About", err=True)


def _line(head: str, text: str, *, warn: bool = False) -> None:
    shown = click.style(text, fg="yellow") if warn else text
    click.echo(f"{head:<13} {shown}", err=True)


def _answer(start: Start, found: Risk, written: Path | None, seconds: dict[str, float]) -> Answer:
    """Return what a program hears: a row a plan, that of the agreed plan first."""
    from planner.cli.halt import counts, halt_of
    from planner.studies.risk import answer

    return {
        "status": "optimal",
        "scenario": start.case.scenario,
        "currency": start.case.settings.currency,
        "draws": len(found.draws),
        "distinct_draws": found.distinct,
        "plans": len(found.outcomes),
        **counts(found.outcomes, halt_of(found.outcomes, found.stopped)),
        "seed": found.chances.seed,
        "surge": found.chances.surge,
        "keep_caps": found.chances.keep_caps,
        **answer(found),
        "output": None if written is None else str(written),
        "warnings": sorted_out(start.book.warnings)["warnings"],
        "seconds": {stage: round(took, 6) for stage, took in seconds.items()},
        "errors": [],
    }
