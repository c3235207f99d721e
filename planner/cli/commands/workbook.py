"""The commands new, check and roll: a workbook to start from, its errors, and the next one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models import errors
from models.errors import Finding, InputError, WriteError
from planner.cli import answer, common
from planner.cli.answer import Answer, Command, Key, errors_in, findings_by_severity, finish, refuse
from planner.cli.words import show_defaults, show_findings, show_front
from planner.options import EXAMPLE
from planner.render.keys import AnswerKey, AnswerKeys
from planner.render.words import number_of, terminal_safe
from planner.scratch import input_stem, is_folder
from planner.stops import raise_pending_stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.plan import Plan
    from planner.audit.file import PlanSheets
    from planner.documents.orders import Orders
    from planner.going_on.outcome import PastYears
    from planner.going_on.roll import RolledPlan
    from planner.scenarios.start import Start
    from planner.workbook import Book
    from planner.workbook.findings import DefaultUsed
    from planner.workbook.marked import Marked


class New(Command):
    """The command new; its help lists examples and optional sheets, read only when printed."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        from planner.workbook.template import EVERY_CASE

        with formatter.section("Examples"):
            formatter.write_text(", ".join(_examples()))
        with formatter.section("Sheets that --with takes"):
            formatter.write_text(", ".join(n for n in _sheet_names() if n not in EVERY_CASE))


@click.command(cls=New)
@click.argument("file", type=common.OUTPUT, required=False)
@click.option(
    "--example",
    is_flag=False,
    flag_value=EXAMPLE,
    metavar="[NAME]",
    help=f"Write an example instead of a template: {EXAMPLE}, or the one named.",
)
@click.option("--empty", is_flag=True, help="Leave out the example rows.")
@click.option("--all", "every", is_flag=True, help="Add every optional sheet.")
@click.option(
    "--with",
    "wanted",
    metavar="SHEET,...",
    multiple=True,
    help='Add optional sheets by name: --with "Projects,Stockpiles".',
)
@click.option(
    "--actuals",
    "plan",
    type=common.WORKBOOK,
    metavar="PLAN",
    help="Instead, list the orders of PLAN in a workbook, to fill in what was delivered.",
)
@click.option(
    "--year",
    "years",
    type=int,
    multiple=True,
    metavar="YEAR",
    help="With --actuals: the orders of this year. Repeatable [the plan's first year].",
)
@click.option("--csv", "as_csv", is_flag=True, help="Write a folder of CSV files, one per sheet.")
@common.output_option("Another way to give FILE.", "FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@common.JSON
def new(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path | None,
    example: str | None,
    empty: bool,
    every: bool,
    wanted: tuple[str, ...],
    as_csv: bool,
    plan: Path | None,
    years: tuple[int, ...],
    output: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Write a workbook to start from, with drop-downs, notes and example rows.

    You can plan the example rows as they are. An existing FILE is only replaced with --force. With
    --csv, FILE is a folder. Every command takes such a folder in place of a workbook.

    \b
    planner new case.xlsx
    planner new case.xlsx --example plain
    planner new --actuals outputs/case-plan.xlsx -o actuals.xlsx
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    if example is not None and file is None and output is None and Path(example).suffix:
        file, example = Path(example), EXAMPLE  # new --example FILE: no example has a suffix
    path = _path_of(file, output)
    copied = None if example is None else _example(example)
    if plan is not None and (copied or empty or every or wanted or as_csv):
        refuse(
            "--actuals writes another workbook: leave out --example, --empty, --all, --with and"
            " --csv"
        )
    if years and plan is None:
        refuse("--year needs --actuals")
    if copied and (empty or every or wanted):
        refuse("--example copies a whole case: leave out --empty, --all and --with")
    if not as_csv:
        read = [copied] if copied else []
        path = common.output_file(common.xlsx_path(path, "FILE"), "workbook", *read)
    elif common.is_file(path):
        refuse(f"{path} is a file: with --csv, name a folder")
    common.refuse_existing(path, force=force)
    if plan is not None:
        written, then = _write_actuals(path, plan, years)
    else:
        if copied:
            written = _copy_csv(path, copied) if as_csv else _copy_book(path, copied)
        else:
            sheets = _chosen_sheets(wanted, every=every)
            write = _write_csv if as_csv else _write_book
            written = write(path, sheets, empty=empty)
        then = f"{'fill it in, then ' if empty else ''}planner check {written}"
    if not as_json:
        common.report_path(path, written)
        click.echo(f"Wrote {written}. Next: {then}", err=True)
    done: Answer = {Key.OUTPUT: str(written)}
    return answer.finish(done, as_json=as_json)


def _path_of(file: Path | None, output: Path | None) -> Path:
    """Return the workbook's path, given as FILE or --output; UsageError for both or neither."""
    if file is not None and output is not None:
        refuse(f"FILE ({file}) and --output ({output}) are the same option: give one of them")
    path = file or output
    if path is None:
        refuse("name the workbook to write: planner new FILE")
    return path


def _write_actuals(path: Path, plan: Path, years: tuple[int, ...]) -> tuple[Path, str]:
    """Write a workbook for what was delivered; return its path, and what to do next."""
    from planner.documents.orders import orders_of
    from planner.going_on.actuals import next_year, planned_years, write_actuals
    from planner.workbook.read import open_plan
    from planner.workbook.save import save_file

    with answer.errors_in(plan):
        orders = orders_of(open_plan(plan))
    asked = planned_years(orders, years)
    written = save_file(path, lambda place: write_actuals(place, orders, asked, path.parent))
    command = f"planner roll {plan} INPUT --to {next_year(orders, asked)} --actuals {written}"
    return written, f"fill it in, then run {command} -o NEXT"


def _copy_book(path: Path, example: Path) -> Path:
    from planner.workbook.save import save_file

    return save_file(path, lambda place: place.write_bytes(example.read_bytes()))


def _copy_csv(folder: Path, example: Path) -> Path:
    """Write a folder of CSV files with the content of an example's workbook."""
    from planner.documents.folder import write_case
    from planner.workbook.excel import open_excel
    from planner.workbook.grid import header_and_rows

    known, book = _sheet_names(), open_excel(example)
    write_case(
        folder, {grid.title: header_and_rows(grid) for grid in book.grids if grid.title in known}
    )
    return folder


def _write_book(path: Path, sheets: list[str], *, empty: bool) -> Path:
    """Write a workbook with these sheets of the template."""
    from planner.workbook.save import save_file
    from planner.workbook.template import template_tables, write_book

    tables = template_tables(empty=empty)
    return save_file(path, lambda place: write_book(place, tables, sheets=sheets))


def _write_csv(folder: Path, sheets: list[str], *, empty: bool) -> Path:
    """Write a folder of CSV files with the content that ``_write_book`` writes."""
    from planner.documents.folder import write_case
    from planner.workbook.template import template_rows

    write_case(folder, template_rows(sheets, empty=empty))
    return folder


def _sheet_names() -> tuple[str, ...]:
    from models.case import Case

    return tuple(Case.SHEET_FIELDS)


def _chosen_sheets(wanted: tuple[str, ...], *, every: bool) -> list[str]:
    """Return the sheets of a template; UsageError suggests a similar name for an unknown one."""
    from models.case import normalize
    from models.checks.common import name_hint
    from planner.workbook.template import EVERY_CASE

    names = {normalize(name): name for name in _sheet_names()}
    optional = ", ".join(name for name in names.values() if name not in EVERY_CASE)
    chosen = list(EVERY_CASE)
    for text in wanted:
        words = [word for word in text.split(",") if word.strip()]
        if not words:
            refuse(f"--with {text!r} names no sheet; choose from {optional}")
        for word in words:
            if normalize(word) not in names:
                hint = name_hint(word, names, 0.5) or f"choose from {optional}"
                refuse(f"there is no sheet {word.strip()!r}; {hint}")
            chosen.append(names[normalize(word)])
    return list(names.values()) if every else chosen


def _examples() -> dict[str, Path]:
    """Return the workbooks of the examples by name: inside an installed package, else beside it."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "examples", package.parent / "inputs"):
        if found := {path.stem: path for path in folder.glob("[!~.]*.xlsx")}:
            return dict(sorted(found.items()))
    return {}


def _example(name: str) -> Path:
    """Return an example's workbook; UsageError suggests a similar name for an unknown one."""
    from models.case import normalize
    from models.checks.common import name_hint

    paths_of = _examples()
    names = {normalize(each): each for each in paths_of}
    if not names:
        refuse("this installation does not contain the examples")
    if normalize(name) not in names:
        hint = name_hint(name, names, 0.5) or f"choose from {', '.join(paths_of)}"
        refuse(f"there is no example {name!r}; {hint}")
    return paths_of[names[normalize(name)]]


CHECK_KEYS: AnswerKeys = (
    AnswerKey(Key.FILE, "the file that was checked"),
    AnswerKey("marked", "the copy that was written", when="with `--marked`"),
    AnswerKey("marked_cells", "how many of its cells are marked", when="with `--marked`"),
)
"""The keys of the answer of check, beyond those of every command."""


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@click.option(
    "--marked",
    type=common.OUTPUT,
    metavar="COPY",
    help="Write a copy in which every faulty cell is coloured and has a comment.",
)
@common.JSON
def check(file: Path, marked: Path | None, as_json: bool) -> int:
    """List every error and warning of a workbook, each with its cell.

    FILE is never changed. The exit code is 1 if there are errors, and 0 if there are only warnings.

    --marked writes a copy even if nothing is wrong. Its first sheet, Findings, lists all findings
    with links to their cells. The copy keeps everything else of FILE but its macros.
    """
    from planner.scenarios.start import check_file

    copy = None if marked is None else _copy_path(marked)
    failed: InputError | None = None
    result: Answer = {Key.FILE: str(file)}
    defaults: Sequence[DefaultUsed] = ()
    try:
        book = check_file(file)
    except InputError as error:
        raise_pending_stop()
        failed, findings = error, error.findings
    else:
        findings, defaults = book.warnings, book.defaults
    if not as_json:
        show_findings(file, findings)
        if failed is None:
            show_defaults(defaults)
    if copy is not None:
        try:
            made = _write_marked_copy(file, copy, findings, as_json=as_json)
        except WriteError as error:
            result |= _of_copy(None) | findings_by_severity(findings)
            return answer.report_failure(error, as_json=as_json, result=result)
        result |= _of_copy(made)
    if failed is None:
        return answer.finish(result | findings_by_severity(findings), as_json=as_json)
    return (
        answer.report_failure(failed, as_json=True, result=result) if as_json else failed.exit_code
    )


def _copy_path(copy: Path) -> Path:
    """Return the path of the marked copy, with the checks for a plan; it may replace a copy."""
    from planner.workbook.archive import is_input
    from planner.workbook.marked import is_marked

    path = common.output_file(common.xlsx_path(copy, "--marked"), "copy")
    if common.is_file(path) and is_input(path) and not is_marked(path):
        refuse(f"{path} is an input workbook, not a marked copy: choose another --marked")
    return path


def _of_copy(made: Marked | None) -> Answer:
    """Return the keys of the JSON answer on the marked copy."""
    return {
        "marked": None if made is None else str(made.path),
        "marked_cells": 0 if made is None else made.cells,
    }


def _write_marked_copy(
    file: Path, copy: Path, findings: tuple[Finding, ...], *, as_json: bool
) -> Marked | None:
    """Write the marked copy; None if the file cannot be read as a workbook."""
    from planner.scratch import is_folder
    from planner.workbook.marked import is_markable, mark

    if is_folder(file) or not is_markable(findings):
        click.echo(f"{copy} was not written: {file} cannot be read as a workbook", err=True)
        return None
    marked = mark(file, copy, findings)
    common.report_path(copy, marked.path)
    if not as_json:
        left = f", {marked.left:,} not marked" if marked.left else ""
        cells = f"{number_of(marked.cells, 'cell')} marked{left}"
        click.echo(f"Wrote {marked.path}: {cells}; its first sheet lists the findings", err=True)
    return marked


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
    path = _next_place(file, to, output, force=force)
    on_stage = common.stage_reporter(as_json)
    from planner.going_on import roll as rolling

    past = read_plan_to_roll(plan, file, on_stage)
    rolling.refuse_year(past.plan, to)
    outcome = past.planned(to) if actuals is None else past.actual(actuals, to)
    names = (plan.name, file.name)
    rolled = rolling.rolled(past.plan, past.orders, past.book, outcome, names)
    on_stage(f"Writing {path}")
    if is_folder(file):
        rolled.write(written := path)
    else:
        written = common.save_output(path, rolled.write)
    seconds = time.perf_counter() - began
    if not as_json:
        _print_roll(rolled, written, seconds)
    return finish(_roll_answer(rolled, written, seconds), as_json=as_json)


def _next_place(file: Path, to: int, output: Path | None, *, force: bool) -> Path:
    """Return the path of the next workbook: a folder if the input is a folder of CSV files."""
    if is_folder(file):
        path = output or _OUTPUTS / f"{input_stem(file)}-{to}"
        if common.is_file(path) or path.suffix.casefold() == ".xlsx":
            refuse(f"{file} is a folder of CSV files: name a folder, not {path}")
        common.refuse_source(path)
        return path
    wanted = output or _OUTPUTS / f"{file.stem}-{to}.xlsx"
    path = common.output_file(common.xlsx_path(wanted, "--output"), "workbook")
    common.refuse_existing(path, force=force)
    return path


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


def read_plan_to_roll(plan: Path, file: Path, on_stage: Callable[[str], None]) -> PlanToRoll:
    """Read a plan and its input; InputError if the plan was not made from the input."""
    from planner.audit.file import open_sheets
    from planner.audit.verify import plan_of
    from planner.documents.orders import orders_of
    from planner.workbook.read import open_plan

    with errors_in(plan):
        sheets = open_sheets(plan, on_stage)
        start = _start_of_plan(sheets, file)
        orders = orders_of(open_plan(plan))
        recomputed, findings = plan_of(sheets, start.case)
        if findings:
            raise errors.InputError(findings)
    return PlanToRoll(recomputed, orders, start.book, start.case.settings.currency)


def _start_of_plan(sheets: PlanSheets, file: Path) -> Start:
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


def _print_roll(rolled: RolledPlan, written: Path, seconds: float) -> None:
    notes = [*(each.text for each in rolled.page.of("care")), *rolled.edits.warnings]
    last = [f"Note: {terminal_safe(text)}" for text in notes]
    last.append(f"Next: {written}, from {rolled.outcome.to} on  ({seconds:z.1f} s)")
    show_front(rolled.page, last)


def _roll_answer(rolled: RolledPlan, written: Path, seconds: float) -> Answer:
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
        "findings": [each.json() for each in rolled.page.findings],
        Key.NOTES: list(rolled.edits.warnings),
        Key.CURRENCY: rolled.currency,
        **findings_by_severity(()),
        Key.SECONDS: round(seconds, 6),
    }
