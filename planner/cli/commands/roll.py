"""The command roll: the workbook of the next planning round, from a plan and its outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models import errors
from planner.cli import common, paths
from planner.cli.answer import Answer, Command, Key, errors_in, findings_by_severity, finish, refuse
from planner.cli.words import line
from planner.render.words import span, terminal_safe
from planner.scratch import input_stem

if TYPE_CHECKING:
    from models.plan import Plan
    from planner.audit.file import PlanSheets
    from planner.documents.orders import Orders
    from planner.going_on.outcome import PastYears
    from planner.going_on.roll import RolledPlan
    from planner.scenarios.start import Start
    from planner.workbook import Book


_OUTPUTS = Path("outputs")


@click.command(cls=Command)
@click.argument("plan", type=common.WORKBOOK)
@click.argument("file", type=common.WORKBOOK, metavar="INPUT")
@click.option("--to", type=int, required=True, metavar="YEAR", help="First year of the next plan.")
@click.option(
    "--actuals",
    type=common.WORKBOOK,
    metavar="FILE",
    help="What was delivered in past years: a workbook or CSV file [everything as planned].",
)
@common.output_option(
    "Write the next workbook or folder here [outputs/<INPUT's name>-<YEAR>, with .xlsx].", "NEXT"
)
@click.option("--force", is_flag=True, help="Replace NEXT if it exists.")
@common.JSON
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

    PLAN is the plan of INPUT, a workbook or a folder of CSV files; NEXT is of the same kind. The
    years before YEAR are over. Opening stocks, Current supply, Built and the unspent part of
    carried-over budgets are computed from PLAN and --actuals. Everything else is copied from INPUT,
    with notes, formats, formulas and charts, but without macros. PLAN and INPUT are not changed.

    \b
    planner new --actuals outputs/case-plan.xlsx -o actuals.xlsx
    planner roll outputs/case-plan.xlsx case.xlsx --to 2027 --actuals actuals.xlsx -o case-2027.xlsx
    planner solve case-2027.xlsx

    The first sheet of NEXT says who delivered less than planned, what that cost, and which later
    orders are new, gone or changed, and why: NEXT is planned for that. It compares planned with
    delivered tonnes, by mineral and supplier. Orders that are not in --actuals are not reported,
    and count as delivered as planned.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    place = _next_place(file, to, output, force=force)
    tell = common.progress(as_json)
    from planner.going_on import roll as rolling

    past = read_plan_to_roll(plan, file, tell)
    rolling.refuse_year(past.plan, to)
    outcome = past.planned(to) if actuals is None else past.actual(actuals, to)
    names = (plan.name, file.name)
    rolled = rolling.rolled(past.plan, past.orders, past.book, outcome, names)
    tell(f"Writing {place}")
    if paths.is_folder(file):
        rolled.write(written := place)
    else:
        written = common.save(place, rolled.write)
    seconds = time.perf_counter() - began
    if not as_json:
        _show(rolled, written, seconds)
    return finish(_answer(rolled, written, seconds), as_json=as_json)


def _next_place(file: Path, to: int, output: Path | None, *, force: bool) -> Path:
    """Return the path of the next workbook: a folder if the input is a folder of CSV files."""
    if paths.is_folder(file):
        place = output or _OUTPUTS / f"{input_stem(file)}-{to}"
        if paths.is_file(place) or place.suffix.casefold() == ".xlsx":
            refuse(f"{file} is a folder of CSV files: name a folder, not {place}")
        paths.refuse_source(place)
        return place
    wanted = output or _OUTPUTS / f"{file.stem}-{to}.xlsx"
    place = paths.output_file(paths.xlsx_path(wanted, "--output"), "workbook")
    paths.refuse_existing(place, force=force)
    return place


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
        from planner.going_on.actuals import read_actuals, with_actuals

        with errors_in(file):
            read = read_actuals(file, self.currency)
            return with_actuals(self.planned(to), read, self.plan, self.orders)


def read_plan_to_roll(plan: Path, file: Path, tell: Callable[[str], None]) -> PlanToRoll:
    """Read a plan and its input; InputError if the plan was not made from the input."""
    from planner.audit.file import open_sheets
    from planner.audit.verify import plan_of
    from planner.documents.orders import orders_of
    from planner.workbook.files import open_plan

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
    from planner.cli.commands.verify import missing_for_proof, other_input_finding, start_of

    recorded = sheets.recorded
    if problems := missing_for_proof(sheets):
        raise errors.InputError(problems)
    start = start_of(recorded, file, "planner roll PLAN INPUT")
    if isinstance(start, errors.Finding):
        raise errors.InputError([start])
    if is_other_input(sheets, start.book):
        raise errors.InputError([other_input_finding(file, recorded)])
    return start


def _show(rolled: RolledPlan, written: Path, seconds: float) -> None:
    outcome, said = rolled.outcome, rolled.story.sentences
    years = sorted({y for y in rolled.book.case.years if y < outcome.to})
    click.secho(f"{span(years)}: planned and delivered", bold=True, err=True)
    for place in ("answer", "decide"):
        for each in said:
            if each.place == place:
                click.echo(each.text, err=True)
    if outcome.unreported < outcome.rows:
        line("As planned", outcome.as_planned)
    line("Not reported", outcome.not_reported)
    for gone in rolled.edits.removed:
        line("Left out", f"{gone.record.SHEET}, row {gone.row}: {terminal_safe(gone.what)}")
    for text in rolled.edits.warnings:
        line("Note", terminal_safe(text), "yellow", of_label=True)
    line("Next", f"{written}, from {outcome.to} on  ({seconds:z.1f} s)")


def _answer(rolled: RolledPlan, written: Path, seconds: float) -> Answer:
    outcome, total = rolled.outcome, rolled.outcome.variance
    *_, by_price, by_quantity = total.money
    return {
        Key.OUTPUT: str(written),
        "dropped_usd": rolled.dropped,
        "planned_t": total.planned_t,
        "delivered_t": total.delivered_t,
        "price_variance_usd": by_price,
        "quantity_variance_usd": by_quantity,
        "as_planned": outcome.unreported,
        "not_reported": outcome.unreported,
        "figures": outcome.rows,
        "left_out": [
            {Key.SHEET: gone.record.SHEET, Key.ROW: gone.row, "of": gone.what}
            for gone in rolled.edits.removed
        ],
        "findings": [each.json() for each in rolled.story.sentences],
        Key.NOTES: list(rolled.edits.warnings),
        Key.CURRENCY: rolled.currency,
        **findings_by_severity(()),
        Key.SECONDS: round(seconds, 6),
    }
