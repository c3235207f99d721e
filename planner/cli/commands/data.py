"""The commands data and pull: results out to other programs, and inputs in from them."""

from __future__ import annotations

from pathlib import Path

import click

from models import errors
from planner.cli.answer import Answer, Command, Key, end, findings_by_severity, of_file
from planner.cli.commands import common
from planner.cli.paths import is_folder, target
from planner.cli.words import line
from planner.render.words import cut, number_of, plain


@click.command(cls=Command)
@click.argument("files", metavar="PLAN_OR_STUDY...", type=common.WORKBOOK, nargs=-1, required=True)
@common.output_option("Write the tables here [outputs/plans.sqlite].", "FILE_OR_DIR")
@common.JSON
def data(files: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Put the tables of plans and studies into one file for Power BI, Tableau, pandas or SQL.

    Each PLAN_OR_STUDY is a workbook that planner wrote. The output is an SQLite file if it ends in
    .sqlite or .db, else a folder of Parquet files. Runs are added to those that are there. A run
    that is there already is replaced, so that its rows are never double.

    \b
    planner data outputs/case-plan.xlsx outputs/case-stress.xlsx -o plans.sqlite
    planner data outputs/*.xlsx -o tables
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    place = Path("outputs", "plans.sqlite") if output is None else output
    suffix = place.suffix.casefold()
    is_file = suffix in {".sqlite", ".sqlite3", ".db"} and not is_folder(place)
    if is_file:
        target(place, "file")
    elif suffix and not is_folder(place):
        msg = f"--output is an SQLite file such as plans.sqlite, or a folder, not {suffix}"
        raise errors.UsageError(msg)
    else:
        common.require("data", "a folder of Parquet files needs pyarrow, which is", "pyarrow")
    from planner.documents import data_out

    tell = common.progress(as_json)
    runs = []
    for path in files:
        tell(f"Reading {path}")
        with of_file(path):
            runs.append(data_out.data_of(path))
    tell("Writing")
    write = data_out.write_sqlite if is_file else data_out.write_parquet
    written = write(place, runs)
    warnings = [finding for run in runs for finding in run.warnings]
    if not as_json:
        for finding in warnings:
            line("Warning", plain(finding.message), "yellow", of_head=True)
        for run in runs:
            rows = sum(map(len, run.tables))
            text = f"{number_of(len(run.tables), 'table')}, {number_of(rows, 'row')}"
            line(cut(run.facts["kind"], 13), f"{plain(run.facts['title'])}: {text}")
        line("Written", str(written))
    answer: Answer = {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        "runs": [
            {"run_id": run.run, "file": str(path), "kind": run.facts["kind"],
             "title": run.facts["title"], "rows": {t.name: len(t) for t in run.tables}}
            for path, run in zip(files, runs, strict=True)
        ],
        **findings_by_severity(warnings),
    }  # fmt: skip
    return end(answer, as_json=as_json)
