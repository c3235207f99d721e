"""The commands; what they compute stands elsewhere."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import Finding, InputError, UsageError, WriteError
from planner._version import __version__
from planner.cli.answer import Answer, fail, print_json, solved, sorted_out
from planner.cli.paths import copy_path, plan_path, xlsx

if TYPE_CHECKING:
    from planner.workbook.marked import Marked

WORKBOOK = click.Path(path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


class New(click.Command):
    """The command new, whose help names the sheets of the catalogue, read when asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name the sheets that --with takes."""
        del ctx
        from planner.workbook.template import EVERY_CASE

        with formatter.section("Sheets that --with takes"):
            formatter.write_text(", ".join(n for n in _catalogue() if n not in EVERY_CASE))


class Share(click.ParamType[float]):
    """A fraction from 0 to 1, or a percentage with its sign."""

    name = "share"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read 0.65 or 65%; refuse 65 with the question that helps."""
        text = str(value).strip()
        percent = text.endswith("%")
        try:
            share = float(text.removesuffix("%")) / (100 if percent else 1)
        except ValueError:
            share = float("nan")
        if not 0 <= share <= 1:
            # A percentage without its sign is the likeliest slip.
            slip = 1 < share <= 100 and not percent  # noqa: PLR2004
            hint = f"did you mean {share / 100:g} ({share:g} %)?" if slip else "such as 0.65"
            self.fail(f"{text!r} is not a share from 0 to 1; {hint}", param, ctx)
        return share


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="planner", message="%(prog)s %(version)s")
def planner() -> None:
    """Plan who buys how much of a critical mineral from which refiner, in which year.

    A workbook goes in and a procurement plan comes out: the cheapest that keeps every limit on what
    one country may supply. What cannot be met is shown as a shortage, with its cause.

    \b
    planner new case.xlsx      a template to fill in
    planner check case.xlsx    every error and warning, each with its cell
    planner solve case.xlsx    the plan, at outputs/case-plan.xlsx

    Exit codes: 0 done; 1 the workbook has errors; 2 wrong usage; 3 no proven optimum; 4 nowhere to
    write.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are


@planner.command(cls=New)
@click.argument("file", type=WORKBOOK)
@click.option("--example", is_flag=True, help="Copy the critical-minerals case, ready to solve.")
@click.option("--all", "every", is_flag=True, help="Add every optional sheet.")
@click.option(
    "--with",
    "wanted",
    metavar="SHEET,...",
    multiple=True,
    help='Add optional sheets by name: --with "Projects,Stockpiles".',
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@JSON
def new(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path, example: bool, every: bool, wanted: tuple[str, ...], force: bool, as_json: bool
) -> int:
    """Write a workbook to start from, with drop-downs, notes and example rows.

    The example rows solve as they are. FILE is never replaced unless --force says so.
    """
    from planner.workbook.save import save

    path = xlsx(file, "FILE")
    if example and (every or wanted):
        msg = "--example copies a whole case: leave out --all and --with"
        raise UsageError(msg)
    if path.exists() and not path.is_dir() and not force:
        msg = f"{path} is there already: choose another name, or replace it with --force"
        raise UsageError(msg)
    if example:
        content = _example().read_bytes()
        written = save(path, lambda made: _copy(content, made))
        sheets: list[str] = []
    else:
        from planner.workbook.template import template_tables, write_book

        sheets = _sheets(wanted, every=every)
        tables = template_tables()
        written = save(path, lambda made: write_book(made, tables, sheets=sheets))
    if as_json:
        print_json({"status": "ok", "output": str(written), "errors": []})
    else:
        _tell_where(path, written)
        click.echo(f"Wrote {written}. Next: planner check {written}", err=True)
    return 0


def _catalogue() -> tuple[str, ...]:
    from models.schema import SHEETS

    return tuple(record.SHEET for record in SHEETS)


def _sheets(wanted: tuple[str, ...], *, every: bool) -> list[str]:
    """Return the sheets of a template; UsageError names the closest to an unknown one."""
    from models.case import fold
    from planner.workbook.template import EVERY_CASE

    names = {fold(name): name for name in _catalogue()}
    known = ", ".join(name for name in names.values() if name not in EVERY_CASE)
    found = list(EVERY_CASE)
    for words in wanted:
        said = [word for word in words.split(",") if word.strip()]
        if not said:
            msg = f"--with {words!r} names no sheet; there is {known}"
            raise UsageError(msg)
        for word in said:
            if fold(word) not in names:
                close = difflib.get_close_matches(fold(word), names, n=1, cutoff=0.5)
                hint = f"did you mean {names[close[0]]!r}?" if close else f"there is {known}"
                msg = f"no sheet {word.strip()!r}; {hint}"
                raise UsageError(msg)
            found.append(names[fold(word)])
    return list(names.values()) if every else found


def _example() -> Path:
    """Return the example case: beside the package in a checkout, else inside it."""
    package = Path(__file__).resolve().parent.parent
    for path in (
        package.parent / "inputs" / "critical-minerals.xlsx",
        package / "example.xlsx",
    ):
        if path.is_file():
            return path
    msg = "the example case is not part of this installation"
    raise UsageError(msg)


def _copy(content: bytes, made: Path) -> None:
    made.write_bytes(content)


@planner.command()
@click.argument("file", type=WORKBOOK)
@click.option(
    "--marked",
    type=WORKBOOK,
    metavar="COPY",
    help="Write a copy with every faulty cell coloured and the finding in a comment.",
)
@JSON
def check(file: Path, marked: Path | None, as_json: bool) -> int:
    """List every error and warning of a workbook, each with its cell and what is expected.

    FILE is never written to. Exit code 1 if there are errors; warnings alone are fine.

    A marked copy is written in either case. Its first sheet, Findings, lists all findings with
    links to their cells. It has the formats, formulas and drop-downs of FILE, but neither macros
    nor drawn shapes.
    """
    copy = None if marked is None else copy_path(file, marked)
    from planner.cli.words import show_defaults, show_findings
    from planner.run import check_file

    failed: InputError | None = None
    try:
        book = check_file(file)
    except InputError as error:
        failed, findings = error, error.findings
    else:
        findings = book.warnings
    if not as_json:
        show_findings(file, findings)
    if not as_json and failed is None:
        show_defaults(book.defaults)
    result: Answer = {"file": str(file)}
    if copy is not None:
        try:
            result |= _marked(file, copy, findings, as_json=as_json)
        except WriteError as error:
            result |= {"marked": None, "marked_cells": 0, **sorted_out(findings)}
            return fail(error, as_json=as_json, result=result)
    if as_json and failed is not None:
        return fail(failed, as_json=as_json, result=result)
    if as_json:
        print_json({"status": "ok", **result, **sorted_out(findings)})
    return 0 if failed is None else failed.exit_code


def _marked(file: Path, copy: Path, findings: tuple[Finding, ...], *, as_json: bool) -> Answer:
    """Write the marked copy, and return what the answer says of it."""
    from planner.cli.words import show_marked
    from planner.workbook.marked import is_markable, mark

    made: Marked | None = None
    if is_markable(findings):
        made = mark(file, copy, findings)
        _tell_where(copy, made.path)
        if not as_json:
            show_marked(made)
    else:
        click.echo(f"{copy} is not written: nothing can be marked in {file}", err=True)
    return {
        "marked": None if made is None else str(made.path),
        "marked_cells": 0 if made is None else made.cells,
    }


@planner.command()
@click.argument("file", type=WORKBOOK)
@click.option("--scenario", default="Base", metavar="NAME", help="A name of the sheet Scenarios.")
@click.option(
    "--max-country-share",
    type=Share(),
    metavar="S",
    help="Limit of one country's share of each mineral, 0 to 1; applied after the scenario.",
)
@click.option(
    "--output",
    type=WORKBOOK,
    metavar="PLAN",
    help="The plan [outputs/<FILE's name>-plan.xlsx, whatever the scenario].",
)
@click.option(
    "--csv", "csv_folder", type=WORKBOOK, metavar="DIR", help="Write the tables as CSV, too."
)
@JSON
def solve(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    scenario: str,
    max_country_share: float | None,
    output: Path | None,
    csv_folder: Path | None,
    as_json: bool,
) -> int:
    """Find the cheapest plan of a workbook and write it as a workbook.

    FILE is never written to. A plan that is open in Excel is kept, and the new one written beside
    it.

    Each solve of one workbook, of whatever scenario or limit, writes to the same path and replaces
    the plan there, unless --output names another. Another input workbook is never replaced.
    """
    target = plan_path(file, output, csv_folder)
    from planner.cli.result import show_plan
    from planner.cli.words import show_findings
    from planner.run import solve_file

    tell = _progress(as_json)
    try:
        run = solve_file(file, scenario=scenario, max_country_share=max_country_share, tell=tell)
    except InputError as error:
        if as_json:
            return fail(error, as_json=as_json)
        show_findings(file, error.findings, err=True)
        return error.exit_code
    from planner.sheets import tables, write_csv, write_plan
    from planner.workbook.save import save

    parts = (run.plan, run.book)
    without, options, timings = run.without_limits, run.options, dict(run.seconds)

    def write(made: Path) -> None:
        write_plan(made, *parts, without_limits=without, options=options, timings=timings)

    def write_tables(folder: Path) -> None:
        found = tables(*parts, without_limits=without, options=options, timings=timings)
        write_csv(folder, found.values())

    began = time.perf_counter()
    written: Path | None = None
    trouble: WriteError | None = None
    try:
        written = save(target, write)
        if csv_folder is not None:
            _write_csv(csv_folder, write_tables)
    except WriteError as error:
        trouble = error
    run.seconds["write"] = time.perf_counter() - began
    if written is not None:
        _tell_where(target, written)
    if not as_json:
        show_plan(file, run, written)
    if trouble is not None:
        return fail(trouble, as_json=as_json, result=solved(run, written))
    if as_json:
        print_json(solved(run, written))
    return 0


def _write_csv(folder: Path, write: Callable[[Path], None]) -> None:
    """Write tables as CSV; WriteError where the folder takes none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder)
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror or error}"
        raise WriteError(msg) from error


def _progress(as_json: bool) -> Callable[[str], None]:
    """Tell of each stage where someone watches."""
    if as_json or not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.secho(f"{text} ...", dim=True, err=True)


def _tell_where(wanted: Path, written: Path) -> None:
    if written != wanted:
        click.echo(
            f"{wanted} is open in another program or read-only: written to {written}", err=True
        )
