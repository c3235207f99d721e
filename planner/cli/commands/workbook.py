"""The commands new and check: a workbook to start from, and the errors of a workbook."""

from __future__ import annotations

from pathlib import Path

import click

from models.errors import InputError
from planner.cli import answer, common, paths
from planner.cli.answer import Answer, Command, Key, refuse
from planner.cli.words import show_defaults, show_findings
from planner.options import EXAMPLE
from planner.render.keys import AnswerKey, AnswerKeys
from planner.stops import raise_pending_stop


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
    return written, f"fill it in, then run {roll} -o NEXT"


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


CHECK_KEYS: AnswerKeys = (AnswerKey(Key.FILE, "the file that was checked"),)
"""The keys of the answer of check, beyond those of every command."""


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.JSON
def check(file: Path, as_json: bool) -> int:
    """List every error and warning of a workbook, each with its cell.

    FILE is never changed. The exit code is 1 if there are errors, and 0 if there are only warnings.
    """
    from planner.scenarios.start import check_file

    result: Answer = {Key.FILE: str(file)}
    try:
        book = check_file(file)
    except InputError as error:
        raise_pending_stop()
        if as_json:
            return answer.report_failure(error, as_json=True, result=result)
        show_findings(file, error.findings)
        return error.exit_code
    if not as_json:
        show_findings(file, book.warnings)
        show_defaults(book.defaults)
    return answer.finish(result | answer.findings_by_severity(book.warnings), as_json=as_json)
