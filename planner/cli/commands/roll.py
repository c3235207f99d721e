"""The command roll: the workbook of the next planning round, from a plan and its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models import errors
from planner.cli.answer import Answer, Command, Key, errors_in, findings_by_severity, finish, refuse
from planner.cli.commands.common import JSON, WORKBOOK, output_option, progress, report_path
from planner.cli.paths import output_file, refuse_existing, xlsx_path
from planner.cli.words import line
from planner.render.words import plain, span

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.audit.file import PlanSheets
    from planner.documents.orders import Orders
    from planner.going_on.outcome import PastYears
    from planner.going_on.roll import RolledPlan
    from planner.run import Start
    from planner.workbook import Book


@click.command(cls=Command)
@click.argument("plan", type=WORKBOOK)
@click.argument("file", type=WORKBOOK, metavar="INPUT")
@click.option("--to", type=int, required=True, metavar="YEAR", help="First year of the next plan.")
@click.option(
    "--actuals",
    type=WORKBOOK,
    metavar="FILE",
    help="What was delivered in past years: a workbook or CSV file [everything as planned].",
)
@output_option("Write the next workbook here [outputs/<INPUT's name>-<YEAR>.xlsx].", "NEXT")
@click.option("--force", is_flag=True, help="Replace NEXT if it exists.")
@JSON
def roll(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    plan: Path,
    file: Path,
    to: int,
    actuals: Path | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Write the workbook of the next planning round, which starts in YEAR.

    PLAN is the plan of the workbook INPUT. The years before YEAR are over. Opening stocks, Current
    supply, Built and the unspent part of carried-over budgets are computed from PLAN and --actuals.
    Everything else is copied from INPUT, with notes, formats, formulas and drop-downs, but without
    macros and drawn shapes. Neither workbook is changed.

    \b
    planner new --actuals outputs/case-plan.xlsx -o actuals.xlsx
    planner roll outputs/case-plan.xlsx case.xlsx --to 2027 --actuals actuals.xlsx -o case-2027.xlsx
    planner solve case-2027.xlsx

    The first sheet of NEXT compares planned with delivered tonnes, by mineral and supplier. It says
    how much of the difference in cost is due to prices, and how much to quantities. Orders that are
    not in --actuals count as delivered as planned.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    place = output_file(
        xlsx_path(output or Path("outputs", f"{file.stem}-{to}.xlsx"), "--output"), "workbook"
    )
    refuse_existing(place, force=force)
    tell = progress(as_json)
    rolled = _rolled(plan, file, to, actuals, tell)
    tell(f"Writing {place}")
    from planner.workbook.save import save

    written = save(place, rolled.write)
    report_path(place, written)
    seconds = time.perf_counter() - began
    if not as_json:
        _show(rolled, written, seconds)
    return finish(_answer(rolled, written, seconds), as_json=as_json)


def _rolled(
    plan: Path, file: Path, to: int, actuals: Path | None, tell: Callable[[str], None]
) -> RolledPlan:
    from planner.going_on.roll import refuse_year, rolled

    past = read_plan_to_roll(plan, file, tell)
    refuse_year(past.plan, to)
    outcome = past.planned(to) if actuals is None else past.actual(actuals, to)
    return rolled(past.plan, past.orders, past.book, outcome, (plan.name, file.name))


@dataclass(frozen=True)
class PlanToRoll:
    """A plan with its orders and its input."""

    plan: Plan
    orders: Orders
    book: Book
    currency: str

    def planned(self, to: int) -> PastYears:
        from planner.going_on.outcome import planned_outcome

        return planned_outcome(self.plan, self.orders, to)

    def actual(self, file: Path, to: int) -> PastYears:
        """Return the outcome of the years before ``to`` by a file of actuals.

        InputError lists all errors of the file.
        """
        from planner.going_on.actuals import read_actuals
        from planner.going_on.matched import with_actuals

        with errors_in(file):
            read = read_actuals(file, self.currency)
            return with_actuals(self.planned(to), read, self.plan, self.orders)


def read_plan_to_roll(plan: Path, file: Path, tell: Callable[[str], None]) -> PlanToRoll:
    """Read a plan and its input; InputError if the plan was not made from the input."""
    from planner.audit.verify import plan_of
    from planner.documents.orders import orders_of
    from planner.run import open_plan, open_sheets

    with errors_in(plan):
        sheets = open_sheets(plan, tell)
        start = _start(sheets, file)
        orders = orders_of(open_plan(plan))
        recomputed, findings = plan_of(sheets, start.case)
        if findings:
            raise errors.InputError(findings)
    return PlanToRoll(recomputed, orders, start.book, start.case.settings.currency)


def _start(sheets: PlanSheets, file: Path) -> Start:
    """Read the input and apply the plan's options; InputError if the plan has another input."""
    from planner.audit.verify import is_other_input
    from planner.cli.commands.verify import (
        apply_plan_options,
        missing_for_proof,
        other_input_finding,
    )
    from planner.workbook.parts import is_plan

    recorded = sheets.recorded
    problems = missing_for_proof(sheets)
    if recorded.redacted:
        found = f"this plan is redacted ({recorded.redacted})"
        hint = "Use the plan workbook from before it was redacted."
        problems.append(errors.Finding("Summary", found=found, hint=hint))
    if problems:
        raise errors.InputError(problems)
    with errors_in(file):
        if is_plan(file):
            refuse(f"{file} is a plan, not an input workbook. Use: planner roll PLAN INPUT")
        start = apply_plan_options(recorded.made_with, file)
    if isinstance(start, errors.Finding):
        raise errors.InputError([start])
    if is_other_input(sheets, start.book):
        raise errors.InputError([other_input_finding(file, recorded)])
    return start


def _show(rolled: RolledPlan, written: Path, seconds: float) -> None:
    from planner.going_on.roll import answer

    outcome = rolled.outcome
    years = sorted({y for y in rolled.book.case.years if y < outcome.to})
    click.secho(f"{span(years)}: planned and delivered", bold=True, err=True)
    for text in answer(outcome, rolled.currency):
        click.echo(text, err=True)
    line("As planned", outcome.taken_as_planned)
    for gone in rolled.edits.removed:
        line("Left out", f"{gone.record.SHEET}, row {gone.row}: {plain(gone.what)}")
    for text in rolled.edits.warnings:
        line("Note", plain(text), "yellow", of_label=True)
    line("Next", f"{written}, from {outcome.to} on  ({seconds:z.1f} s)")


def _answer(rolled: RolledPlan, written: Path, seconds: float) -> Answer:
    outcome, total = rolled.outcome, rolled.outcome.variance
    *_, by_price, by_quantity = total.money
    return {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        "dropped_usd": rolled.dropped,
        "planned_t": total.planned_t,
        "delivered_t": total.delivered_t,
        "price_variance_usd": by_price,
        "quantity_variance_usd": by_quantity,
        "as_planned": outcome.as_planned,
        "figures": outcome.rows,
        "left_out": [
            {Key.SHEET: gone.record.SHEET, Key.ROW: gone.row, "of": gone.what}
            for gone in rolled.edits.removed
        ],
        Key.NOTES: list(rolled.edits.warnings),
        Key.CURRENCY: rolled.currency,
        **findings_by_severity(()),
        Key.SECONDS: round(seconds, 6),
    }
