"""The commands data and pull: results for other programs, and inputs from other sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from planner.cli.answer import Answer, Command, Key, errors_in, findings_by_severity, finish, refuse
from planner.cli.commands import common
from planner.cli.paths import is_file, is_folder, output_file, refuse_existing, refuse_source
from planner.cli.words import line
from planner.options import IntegerOption
from planner.render.words import cut, number_of, plain

if TYPE_CHECKING:
    from planner.documents.data_in import Pulled


@click.command(cls=Command)
@click.argument("files", metavar="PLAN_OR_STUDY...", type=common.WORKBOOK, nargs=-1, required=True)
@common.output_option("Write the tables here [outputs/plans.sqlite].", "FILE_OR_DIR")
@common.JSON
def data(files: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Put the tables of plans and studies into one file for Power BI, Tableau, pandas or SQL.

    Each PLAN_OR_STUDY is a workbook that planner wrote. The output is an SQLite file if it ends in
    .sqlite or .db, else a folder of Parquet files. Runs are added to an
    output that exists already; a run that it already contains is replaced.

    \b
    planner data outputs/case-plan.xlsx outputs/case-stress.xlsx -o plans.sqlite
    planner data outputs/*.xlsx -o tables
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    place = Path("outputs", "plans.sqlite") if output is None else output
    suffix = place.suffix.casefold()
    is_sqlite = suffix in {".sqlite", ".sqlite3", ".db"} and not is_folder(place)
    if is_folder(place):
        refuse_source(place)
    else:
        output_file(place, "file")
    if suffix and not is_sqlite and not is_folder(place):
        refuse(f"--output is an SQLite file such as plans.sqlite, or a folder, not {suffix}")
    if not is_sqlite and is_file(place):
        refuse(f"{place} is a file: name a folder, or an SQLite file such as plans.sqlite")
    if not is_sqlite:
        common.require("data", "a folder of Parquet files needs pyarrow, which is", "pyarrow")
    from planner.documents import data_out

    tell = common.progress(as_json)
    runs = []
    for path in files:
        tell(f"Reading {path}")
        with errors_in(path):
            runs.append(data_out.data_of(path))
    tell("Writing")
    write = data_out.write_sqlite if is_sqlite else data_out.write_parquet
    written = write(place, runs)
    warnings = [finding for run in runs for finding in run.warnings]
    if not as_json:
        for finding in warnings:
            line("Warning", plain(finding.message), "yellow", of_label=True)
        for run in runs:
            rows = sum(map(len, run.tables))
            text = f"{number_of(len(run.tables), 'table')}, {number_of(rows, 'row')}"
            line(cut(run.facts["kind"], 13), f"{plain(run.facts['title'])}: {text}")
        line("Tables", str(written))
    answer: Answer = {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        Key.RUNS: [run.as_json for run in runs],
        **findings_by_severity(warnings),
    }
    return finish(answer, as_json=as_json)


# ---- pull ----------------------------------------------------------------------------------------

_SHOWN, _WIDE = 40, 60
"""Most cells listed (--json lists all), and most characters of a cell shown on a line."""
_OF_JSON = (str, int, float, bool, type(None))


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.output_option(
    "Write a copy of FILE that has the new values to this path; FILE is never changed.", "NEW"
)
@click.option(
    "--seconds",
    type=IntegerOption(min=1, max=3600),
    default=60,
    metavar="N",
    help="Longest time to wait for each source, in seconds [60].",
)
@click.option("--force", is_flag=True, help="Replace NEW if it exists.")
@common.JSON
def pull(file: Path, output: Path | None, seconds: int, force: bool, as_json: bool) -> int:
    """Fill sheets from other sources, and show what would change, cell by cell.

    The sheet Sources says where rows come from: a CSV, Excel, Parquet or SQLite file beside FILE,
    or a database with its URL in an environment variable. Rows are matched by their key. Rows that
    are in no source stay as they are, and so do notes, formats and formulas. The column Source of
    each changed row gets the source and the date. The command only reads sources.

    \b
    planner pull case.xlsx                  show what would change
    planner pull case.xlsx -o new.xlsx      also write the changed copy
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    place = None if output is None else _new_place(file, output, force=force)
    from planner.documents.data_in import pull as pull_sources
    from planner.documents.data_in import write_pulled

    pulled = pull_sources(file, float(seconds), tell=common.progress(as_json))
    if not as_json:
        _show_pulled(pulled)
    answer: Answer = {
        Key.STATUS: "ok",
        Key.FILE: str(file),
        Key.OUTPUT: None,
        Key.CELLS: [
            {Key.SHEET: c.sheet, "cell": c.cell, Key.ROW: c.name, "column": c.header,
             "before": c.before if isinstance(c.before, _OF_JSON) else str(c.before),
             "after": c.after, "source": c.source, "is_new_row": c.is_new_row, "note": c.note}
            for c in pulled.cells
        ],
        Key.SHEETS: {
            name: {Key.ROWS: given, Key.NEW: new, "only_here": only}
            for name, (given, new, only) in pulled.rows.items()
        },
        Key.ERRORS: [],
    }  # fmt: skip
    if place is not None:
        written = write_pulled(pulled, place)
        answer[Key.OUTPUT] = str(written)
        if not as_json:
            common.report_path(place, written)
            line("Copy", f"{written}. Next: planner check {written}")
    elif pulled.edits and not as_json:
        line("No copy", "name a copy to write: -o NEW")
    return finish(answer, as_json=as_json)


def _new_place(file: Path, output: Path, *, force: bool) -> Path:
    """Return the path of the copy: same file type as the input, and never the input itself."""
    if is_folder(file):
        if is_file(output):
            refuse(f"{output} is a file: {file} is a folder, so name a folder")
        refuse_source(output)
        return output
    path = output_file(output, "workbook")
    if path.suffix.casefold() != file.suffix.casefold():
        refuse(f"--output must end in {file.suffix}, as {file} does")
    refuse_existing(path, force=force)
    return path


def _show_pulled(pulled: Pulled) -> None:
    for cell in pulled.cells[:_SHOWN]:
        before = "blank" if cell.before is None else _cell_text(cell.before)
        note = f" ({cell.note})" if cell.note else " (new row)" if cell.is_new_row else ""
        change = f"{_cell_text(f'{cell.name} {cell.header}')}: {before} -> {_cell_text(cell.after)}"
        click.echo(f"  {cell.sheet}!{cell.cell}  {change}{note}", err=True)
    if len(pulled.cells) > _SHOWN:
        click.echo(f"  and {len(pulled.cells) - _SHOWN:,} more; --json lists all", err=True)
    for sheet, (given, new, only) in pulled.rows.items():
        count = sum(cell.sheet == sheet and not cell.note for cell in pulled.cells)
        text = f"{number_of(given, 'row')} read, {number_of(new, 'row')} new"
        text += f", {number_of(only, 'row')} only here"
        text += f"; {number_of(count, 'cell')} differ{'s' if count == 1 else ''}"
        line(cut(sheet, 13), text)
    if pulled.edits and pulled.formulas:
        cells = number_of(pulled.formulas, "cell")
        text = f"in {cells}: open the copy in Excel and save it, so that they are calculated"
        line("Formulas", text, "yellow")


def _cell_text(value: object) -> str:
    return plain(cut(f"{value:.10g}" if isinstance(value, float) else str(value), _WIDE))
