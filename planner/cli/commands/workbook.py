"""The commands new and check: a workbook to start from, and the errors of a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import Finding, InputError, Severity, WriteError
from planner.cli import answer, common, paths
from planner.cli.answer import Answer, Command, Key, refuse
from planner.cli.words import line, show_defaults, show_findings
from planner.options import EXAMPLE
from planner.render.keys import AnswerKey, AnswerKeys
from planner.render.words import number_of
from planner.stops import raise_pending_stop

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        path = paths.output_file(paths.xlsx_path(path, "FILE"), "workbook", *read)
    elif paths.is_file(path):
        refuse(f"{path} is a file: with --csv, name a folder")
    paths.refuse_existing(path, force=force)
    if plan is not None:
        written, then = _write_actuals(path, plan, years)
    else:
        if copied:
            written = _copy_csv(path, copied) if as_csv else _copy_book(path, copied)
        else:
            sheets = _sheets(wanted, every=every)
            write = _write_csv if as_csv else _write_book
            written = write(path, sheets, empty=empty)
        then = f"{'fill it in, then ' if empty else ''}planner check {written}"
    if not as_json:
        common.report_path(path, written)
        click.echo(f"Wrote {written}. Next: {then}", err=True)
    done: Answer = {Key.OUTPUT: str(written)}
    return answer.finish(done, as_json=as_json)


def _path_of(file: Path | None, output: Path | None) -> Path:
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
    from planner.workbook.files import open_plan
    from planner.workbook.save import save

    with answer.errors_in(plan):
        orders = orders_of(open_plan(plan))
    asked = planned_years(orders, years)
    written = save(path, lambda place: write_actuals(place, orders, asked, path.parent))
    roll = f"planner roll {plan} INPUT --to {next_year(orders, asked)} --actuals {written}"
    return written, f"fill it in, then run planner check {written} and {roll} -o NEXT"


def _copy_book(path: Path, example: Path) -> Path:
    from planner.workbook.save import save

    return save(path, lambda place: place.write_bytes(example.read_bytes()))


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
    from planner.workbook.save import save
    from planner.workbook.template import template_tables, write_book

    tables = template_tables(empty=empty)
    return save(path, lambda place: write_book(place, tables, sheets=sheets))


def _write_csv(folder: Path, sheets: list[str], *, empty: bool) -> Path:
    """Write a folder of CSV files with the content that ``_write_book`` writes."""
    from planner.documents.folder import write_case
    from planner.workbook.template import template_rows

    write_case(folder, template_rows(sheets, empty=empty))
    return folder


def _sheet_names() -> tuple[str, ...]:
    from models.case import Case

    return tuple(Case.SHEET_FIELDS)


def _sheets(wanted: tuple[str, ...], *, every: bool) -> list[str]:
    """Return the sheets of a template; UsageError suggests a similar name for an unknown one."""
    from models.case import fold
    from models.checks.common import name_hint
    from planner.workbook.template import EVERY_CASE

    names = {fold(name): name for name in _sheet_names()}
    optional = ", ".join(name for name in names.values() if name not in EVERY_CASE)
    chosen = list(EVERY_CASE)
    for text in wanted:
        words = [word for word in text.split(",") if word.strip()]
        if not words:
            refuse(f"--with {text!r} names no sheet; choose from {optional}")
        for word in words:
            if fold(word) not in names:
                hint = name_hint(word, names, 0.5) or f"choose from {optional}"
                refuse(f"there is no sheet {word.strip()!r}; {hint}")
            chosen.append(names[fold(word)])
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
    from models.case import fold
    from models.checks.common import name_hint

    paths_of = _examples()
    names = {fold(each): each for each in paths_of}
    if not names:
        refuse("this installation does not contain the examples")
    if fold(name) not in names:
        hint = name_hint(name, names, 0.5) or f"choose from {', '.join(paths_of)}"
        refuse(f"there is no example {name!r}; {hint}")
    return paths_of[names[fold(name)]]


CHECK_KEYS: AnswerKeys = (
    AnswerKey(Key.FILE, "the file that was checked"),
    AnswerKey(Key.PLAN, "the plan that the orders come from", when="of actuals"),
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
@click.option(
    "--plan",
    type=common.WORKBOOK,
    metavar="PLAN",
    help="For actuals: the plan that the orders come from [the one that FILE names].",
)
@click.option(
    "--to",
    type=int,
    metavar="YEAR",
    help="For actuals: the first year that isn't over [as in FILE, else the plan's second].",
)
@common.JSON
def check(file: Path, marked: Path | None, plan: Path | None, to: int | None, as_json: bool) -> int:
    """List every error and warning of a workbook, each with its cell.

    FILE is never changed. The exit code is 1 if there are errors, and 0 if there are only warnings.

    FILE may also be a workbook of actuals (see planner new --actuals), or a CSV file of deliveries.
    The command finds the same errors as planner roll. Without the plan, FILE is checked on its own.

    --marked writes a copy even if nothing is wrong. Its first sheet, Findings, lists all findings
    with links to their cells. The copy keeps everything else of FILE but its macros. It also marks
    the inputs that change the plan most, if you have run `planner sensitivity`.
    """
    copy = None if marked is None else paths.copy_path(marked)
    from planner.scenarios.start import check_file
    from planner.workbook.parts import is_actuals, is_input, is_plan

    failed: InputError | None = None
    look_up: dict[tuple[str, str], str] = {}
    result: Answer = {Key.FILE: str(file)}
    defaults: Sequence[DefaultUsed] = ()
    compared = ""
    asked = [name for name, given in (("--plan", plan), ("--to", to)) if given is not None]
    if asked and (paths.is_folder(file) or is_input(file) or is_plan(file)):
        refuse(f"{file} is not a workbook of actuals: leave out {' and '.join(asked)}")
    if asked or is_actuals(file):
        from planner.cli.commands.roll import check_actuals

        findings, beside, compared = check_actuals(file, plan, to, common.progress(as_json))
        is_wrong = any(each.severity is Severity.ERROR for each in findings)
        failed = InputError(findings) if is_wrong else None
        result[Key.PLAN] = None if beside is None else str(beside)
    else:
        try:
            book = check_file(file)
        except InputError as error:
            raise_pending_stop()
            failed, findings = error, error.findings
        else:
            findings, defaults = book.warnings, book.defaults
            look_up = _to_look_up(file, book.sha256) if copy is not None else {}
    if not as_json:
        show_findings(file, findings)
        if compared:
            line("Checked", compared)
        if failed is None:
            show_defaults(defaults)
    if copy is not None:
        result |= {"marked": None, "marked_cells": 0}
        try:
            copied = _marked(file, copy, findings, look_up, as_json=as_json)
        except WriteError as error:
            result |= answer.findings_by_severity(findings)
            return answer.report_failure(error, as_json=as_json, result=result)
        if copied is not None:
            result |= {"marked": str(copied.path), "marked_cells": copied.cells}
    if failed is None:
        result |= answer.findings_by_severity(findings)
        return answer.finish(result, as_json=as_json)
    return (
        answer.report_failure(failed, as_json=True, result=result) if as_json else failed.exit_code
    )


def _to_look_up(file: Path, sha256: str) -> dict[tuple[str, str], str]:
    """Return the inputs that change the plan most, if `planner sensitivity` was run."""
    study = Path("outputs") / f"{file.stem}-sensitivity.xlsx"
    if not paths.is_file(study):
        return {}
    from planner.studies.sensitivity import to_look_up

    return to_look_up(study, sha256)


def _marked(
    file: Path,
    copy: Path,
    findings: tuple[Finding, ...],
    look_up: dict[tuple[str, str], str],
    *,
    as_json: bool,
) -> Marked | None:
    """Write the marked copy; None if the file cannot be read as a workbook."""
    from planner.workbook.marked import is_markable, mark

    if not is_markable(findings):
        click.echo(f"{copy} was not written: {file} cannot be read as a workbook", err=True)
        return None
    marked = mark(file, copy, findings, look_up)
    common.report_path(copy, marked.path)
    if not as_json:
        left = f", {marked.left:,} not marked" if marked.left else ""
        cells = f"{number_of(marked.cells, 'cell')} marked{left}"
        click.echo(f"Wrote {marked.path}: {cells}; its first sheet lists the findings", err=True)
    return marked
