"""Writes plans and studies as tables for other programs: SQLite, or a folder of Parquet files.

Every declared table of a workbook becomes a table of the file; each row has the id of its run. The
id is the fingerprint of the run's tables, so no run is written twice. A table has all columns that
are declared, also where a workbook leaves some out: so tables of one version fit together.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from models import errors, results
from models.case import normalize
from models.results import About, Field, Figure, Format, Name, Result, Runs
from models.results.field import spread_header
from planner.scratch import scratch_file
from planner.studies import kind_of
from planner.studies.kind import Tables
from planner.workbook.archive import sheet_names
from planner.workbook.plan_file import PlanFile, StudyFile, code_of, read_plan, read_study
from planner.workbook.save import (
    as_write_error,
    behind_links,
    refuse_special_file,
    save_file,
    set_default_mode,
    sync_file,
    sync_folder,
)

RUN = "run_id"
"""The column of every table with the id of each row's run."""
RUNS, COLUMNS = "runs", "columns"
"""The tables that list the runs, and the columns of all tables."""
_APPLICATION = 0x504C4E52
"""The application id by which an SQLite file of ``planner data`` is recognized."""
_SECONDS = 10.0
"""Seconds to wait for another program that holds the file."""
_TEXT, _WHOLE, _NUMBER = "TEXT", "INTEGER", "REAL"
_CODE = "_code"
_MIXED = "text"
"""A second column for texts, next to a column with both numbers and texts."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
"""The part of a header that varies between runs, such as ``{money}`` for the currency."""
_YEAR = re.compile(r"[0-9]{4}")
_OF_THE_HOUR, _TIME = {Figure.WRITTEN, Figure.INPUT_FILE}, "Time: "
"""Rows that differ between files of the same plan."""


@dataclass(frozen=True)
class DataColumn:
    """A column of a table; in its unit, ``money`` stands for the run's currency."""

    name: str
    kind: str = _TEXT
    header: str = ""
    unit: str = ""
    meaning: str = ""
    is_key: bool = False


@dataclass(frozen=True)
class DataTable:
    """A table of a run, row by row; None is a blank cell."""

    name: str
    columns: tuple[DataColumn, ...]
    rows: list[tuple[Any, ...]]
    sheet: str = ""
    meaning: str = ""

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class DataRun:
    """A workbook's tables, and facts of the run by their columns in the table ``runs``."""

    facts: dict[str, str]
    tables: tuple[DataTable, ...]

    @property
    def run_id(self) -> str:
        """The id of the run, by which its rows are found, and replaced if it is written again."""
        return self.facts[RUN]

    @property
    def as_json(self) -> dict[str, object]:
        facts: dict[str, object] = {name: self.facts[name] for name in _JSON_FACTS}
        return facts | {"rows": {table.name: len(table) for table in self.tables}}

    @property
    def listings(self) -> tuple[DataTable, DataTable]:
        """The rows of this run in the tables that list all columns and all runs."""
        listed = [
            (t.name, c.name, t.sheet, c.header, c.unit, int(c.is_key), c.meaning, t.meaning)
            for t in self.tables
            for c in t.columns
        ]
        facts = tuple(map(DataColumn, RUN_FACTS[1:]))
        run = tuple(self.facts[column.name] for column in facts)
        return DataTable(COLUMNS, _LISTED, listed), DataTable(RUNS, facts, [run])


# ---- tables of a workbook ------------------------------------------------------------------------


def data_of(path: Path) -> DataRun:
    """Read the workbook of a plan or of a study; InputError if it is neither, or redacted."""
    study = kind_of(sheet_names(path))
    file: PlanFile | StudyFile
    if study is None:
        file = plan = read_plan(path)
        kind, money = "plan", plan.currency
        declared = [r for r in results.CATALOGUE.values() if not r.BOOK and r.TABLE in plan.tables]
        facts = {name: str(plan.measure(row) or "") for name, row in _FACTS.items()}
    else:
        file = read_study(path, study.RESULTS[0].TABLE, study.NAME)
        read = Tables.read(file.tables, (*study.RESULTS, About, Runs))
        words = [result.words.get("money", "") for result in read.results.values()]
        kind, money = study.NAME, next(filter(None, words), "")
        declared = list(read.results)
        facts = {name: read.option(row) for name, row in _FACTS_OF_A_STUDY.items()}
    names = {
        str(name) for each in declared for name in _possible_headers(each, file.tables[each.TABLE])
    }
    tables = tuple(_long_table(each, file.tables[each.TABLE], names) for each in declared)
    facts |= {
        RUN: _fingerprint(kind, tables), "kind": kind, "title": file.title or file.path.stem,
        "currency": money, "file": file.path.name,
        "added": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
    }  # fmt: skip
    texts = {name: _encodable(text) for name, text in facts.items()}
    return DataRun(dict.fromkeys(RUN_FACTS, "") | texts, tables)


_FACTS = {
    "scenario": Figure.SCENARIO, "status": Figure.STATUS, "input_file": Figure.INPUT_FILE,
    "input_sha256": Figure.INPUT_SHA256, "planner": Figure.PLANNER, "solver": Figure.SOLVER,
    "written": Figure.WRITTEN,
}  # fmt: skip
_FACTS_OF_A_STUDY = {
    "scenario": Figure.SCENARIO, "input_file": Figure.INPUT_FILE,
    "input_sha256": Figure.INPUT_SHA256, "planner": "Planner", "solver": "Solver",
}  # fmt: skip
_JSON_FACTS = (RUN, "kind", "title", "file")
RUN_FACTS = (RUN, "kind", "title", "currency", "file", *_FACTS, "added")
"""The columns of the table ``runs``."""
_LISTED = (
    *map(DataColumn, ("table_name", "column_name", "sheet", "header", "unit")),
    DataColumn("is_key", _WHOLE),
    *map(DataColumn, ("meaning", "table_meaning")),
)
"""The columns of the table that lists all columns."""


def _fingerprint(kind: str, tables: Iterable[DataTable]) -> str:
    """Return the SHA-256 of the tables, without times and the file's name."""
    digest = hashlib.sha256(kind.encode())
    for table in tables:
        firsts = ((str(row[0]), row) for row in table.rows)
        rows = [r for name, r in firsts if name not in _OF_THE_HOUR and not name.startswith(_TIME)]
        names = [column.name for column in table.columns]
        digest.update(json.dumps([table.name, names, rows]).encode())
    return digest.hexdigest()


def table_name(kind: type[Result]) -> str:
    """Return a table's name in the file: ``country_shares``; for a study ``stress_by_mineral``."""
    words = kind.TABLE if not kind.BOOK or kind.TABLE.startswith(kind.BOOK.capitalize()) else (
        f"{kind.BOOK} {kind.TABLE}"
    )  # fmt: skip
    return re.sub(r"\W+", "_", words.lower()).strip("_")


def _possible_headers(kind: type[Result], frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the names in a sheet, each of which may be the header of a column on another."""
    position_of = kind.positions([str(header) for header in frame.columns])
    for field in kind.FIELDS:
        if field.names is not None and field.name in position_of:
            yield from frame.iloc[:, position_of[field.name]].dropna().unique()


def _long_table(kind: type[Result], frame: pd.DataFrame, names: Iterable[str]) -> DataTable:
    """Return a sheet as a table; its columns of single ``names`` or years become rows."""
    headers = [str(header) for header in frame.columns]
    position_of: dict[str, Any] = {**kind.positions(headers)}
    frame = frame.set_axis(range(len(headers)), axis="columns").astype(object)
    fields = {f.name: f for f in kind.FIELDS if not f.spread}
    for spread in (f for f in kind.FIELDS if f.spread):
        owners = {spread_header(kind, name): name for name in names}
        label_of: dict[int, Any] = {
            i: owners.get(h, h) for i, h in enumerate(headers) if i not in position_of.values()
        }
        is_by_year = spread.name == "years"
        if is_by_year:
            label_of = {i: int(h) if _YEAR.fullmatch(h) else None for i, h in label_of.items()}
        if total := fields.pop("value", None):  # of all names together: a blank name
            label_of = {position_of[total.name]: "", **label_of}
        key_positions = [i for i in position_of.values() if i not in label_of]
        frame = frame.melt(key_positions, [*label_of], spread.name, value_name="value")
        frame = frame.dropna(subset="value")
        frame[spread.name] = frame[spread.name].map(label_of)
        fmt = Format.YEAR if is_by_year else Format.TEXT
        name = spread.name.removesuffix("s")
        meaning = "Blank: all together." if fmt.is_text else ""
        fields[name] = Field(name.capitalize(), fmt, meaning, name=name)
        fields["value"] = Field("Value", Format.LONG, spread.meaning, spread.unit, name="value")
        position_of |= {name: spread.name, "value": "value"}
    keys = {*kind.GRAIN, *(f.name.removesuffix("s") for f in kind.FIELDS if f.spread)}
    blank = [None] * len(frame)
    pairs = [
        pair
        for name, field in fields.items()
        for pair in _columns_of_field(
            field, list(frame[position_of[name]]) if name in position_of else blank
        )
    ]
    columns = tuple(replace(column, is_key=column.name in keys) for column, _ in pairs)
    rows = list(zip(*(values for _, values in pairs), strict=True))
    return DataTable(table_name(kind), columns, rows, kind.TABLE, _line(kind.__doc__ or ""))


def _columns_of_field(field: Field, cells: Iterable[Any]) -> Iterator[tuple[DataColumn, list[Any]]]:
    """Yield one or two columns of a field, with their values."""
    listed = [None if cell is None or cell != cell else cell for cell in cells]  # noqa: PLR0124
    header, unit = (_PLACEHOLDER.sub(r"\1", text) for text in (field.header, field.unit))
    made = DataColumn(field.name, _NUMBER, header, unit, field.meaning)
    numbers = [
        v if isinstance(v, int | float) and not isinstance(v, bool) else None for v in listed
    ]
    texts = [None if v is None else _encodable(v) for v in listed]
    if field.name == "value":
        yield made, numbers
        words = [
            text if isinstance(v, str) else None for v, text in zip(listed, texts, strict=True)
        ]
        yield replace(made, name=_MIXED, kind=_TEXT, meaning="The value, if it is text."), words
    elif field.fmt.is_text:
        yield replace(made, kind=_TEXT), texts
        if field.names is Name.COUNTRY:
            meaning = f"{field.header} as its ISO3 code."
            codes = [None if text is None else code_of(text) for text in texts]
            yield replace(made, name=f"{field.name}{_CODE}", kind=_TEXT, meaning=meaning), codes
    elif field.fmt in {Format.YEAR, Format.COUNT}:
        yield replace(made, kind=_WHOLE), [None if v is None else int(v) for v in numbers]
    else:
        yield made, [None if v is None else float(v) for v in numbers]


def _encodable(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.encode("utf-8", "replace").decode()


def _line(text: str) -> str:
    return " ".join(text.split())


def _refuse_other_columns(place: Path, table: DataTable, columns_there: Iterable[str]) -> None:
    """Raise WriteError for a table that another version or a user made: nothing is added to it."""
    if {*columns_there} - {RUN} != {column.name for column in table.columns}:
        message = f"the table {table.name} in {place} has other columns than this version writes"
        msg = f"{message}: choose another --output"
        raise errors.WriteError(msg)


# ---- SQLite --------------------------------------------------------------------------------------


def write_sqlite(path: Path, runs: Sequence[DataRun]) -> list[str]:
    """Write runs to an SQLite file, new or from an earlier call; all of them or none.

    Earlier rows of the same runs are replaced. Returns the names of tables in the file that are not
    the planner's: they stay as they are. Raises WriteError if another program made the file, if a
    table of another program or version is in the way, or if the file cannot be written.
    """
    refuse_special_file(path)
    target = behind_links(path)
    with as_write_error(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():  # complete before it appears: others may wait for it meanwhile
            with scratch_file(target.parent, target.suffix) as scratch:
                _append(scratch, path, runs)
                sync_file(scratch)
                set_default_mode(scratch, 0o666)
                if _put_new(scratch, target):
                    return []
        return _append(target, path, runs)


def _put_new(scratch: Path, target: Path) -> bool:
    """Give a file its name, in one step; False if another planner was faster."""
    try:
        os.link(scratch, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        scratch.replace(target)
    sync_folder(target.parent)
    return True


def _append(target: Path, path: Path, runs: Sequence[DataRun]) -> list[str]:
    """Add runs to a file in one transaction; return the tables in it that are not the planner's."""
    try:
        with contextlib.closing(sqlite3.connect(target, timeout=_SECONDS)) as file:
            file.isolation_level = None
            file.execute("BEGIN IMMEDIATE")
            query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            table_of = {normalize(name): name for (name,) in file.execute(query)}
            if table_of and file.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
                msg = f"{path} is not from planner data: choose another --output"
                raise errors.WriteError(msg)
            ours = {RUNS, COLUMNS} & table_of.keys()
            if COLUMNS in table_of:
                ours |= {n for (n,) in file.execute("SELECT DISTINCT table_name FROM columns")}
            others = [name for key, name in sorted(table_of.items()) if key not in ours]
            for run in runs:
                for name in ours & table_of.keys() - {COLUMNS}:
                    file.execute(f'DELETE FROM "{name}" WHERE {RUN} = ?', (run.run_id,))  # noqa: S608
                for table in (*run.tables, *run.listings):
                    if table.name in table_of.keys() - ours:
                        whose = f"{path} has a table {table_of[table.name]}, not from planner data"
                        msg = f"{whose}: rename it, or choose another --output"
                        raise errors.WriteError(msg)
                    _insert_table(file, path, table, run.run_id)
            file.execute(f"PRAGMA application_id = {_APPLICATION}")
            file.execute("COMMIT")
    except sqlite3.Error as error:
        is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        reason = os.strerror(errno.ENOSPC) if is_full else str(error)  # in the system's words
        msg = f"{path} cannot be written: {reason}"
        raise errors.WriteError(msg) from error
    return [name for name in others if not name.startswith("sqlite_")]


def _insert_table(file: sqlite3.Connection, path: Path, table: DataTable, run: str) -> None:
    """Insert a run's table; WriteError if the file's table has other columns."""
    is_list = table.name == COLUMNS  # one for all runs
    column_definitions = [f'"{c.name}" {c.kind}' for c in table.columns]
    keys = [f'"{c.name}"' for c in table.columns if c.is_key]
    if is_list:
        column_definitions.append("PRIMARY KEY (table_name, column_name)")
    else:
        constraint = "PRIMARY KEY" if table.name == RUNS else f"NOT NULL REFERENCES {RUNS} ({RUN})"
        column_definitions.insert(0, f"{RUN} TEXT {constraint}")
    file.execute(f'CREATE TABLE IF NOT EXISTS "{table.name}" ({", ".join(column_definitions)})')
    existing_columns = [name for _, name, *_ in file.execute(f'PRAGMA table_info("{table.name}")')]
    _refuse_other_columns(path, table, existing_columns)
    if not is_list and table.name != RUNS:
        columns = ", ".join([RUN, *keys])
        index = f'"key of {table.name}" ON "{table.name}" ({columns})'
        file.execute(f"CREATE INDEX IF NOT EXISTS {index}")
    rows = table.rows if is_list else [(run, *row) for row in table.rows]
    names = [*([] if is_list else [RUN]), *(f'"{c.name}"' for c in table.columns)]
    file.executemany(
        f'INSERT OR REPLACE INTO "{table.name}" ({", ".join(names)})'  # noqa: S608
        f" VALUES ({', '.join('?' * len(names))})",
        rows,
    )


# ---- Parquet -------------------------------------------------------------------------------------


def write_parquet(folder: Path, runs: Sequence[DataRun]) -> list[str]:
    """Write runs to a folder: one subfolder per table, with one file per run.

    Earlier files of the same runs are replaced. A run is listed once its tables are there. Returns
    [], unlike ``write_sqlite``: tables that others made are in other subfolders. Raises WriteError,
    and UsageError for a folder that is a file.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file: name a folder, or an SQLite file such as plans.sqlite"
        raise errors.UsageError(msg)
    parts = [(run, table) for run in runs for table in run.tables]
    parts += [(run, table) for i in range(2) for run in runs for table in run.listings[i : i + 1]]
    for run, table in parts:
        _put(folder / table.name / f"{run.run_id}.parquet", folder, table, run.run_id)
    return []


def _put(path: Path, folder: Path, table: DataTable, run: str) -> None:
    """Write a table of a run as a Parquet file; WriteError if others have other columns."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {_TEXT: pa.string(), _WHOLE: pa.int64(), _NUMBER: pa.float64()}
    fields = [pa.field(RUN, pa.string(), nullable=False)]
    fields += [
        pa.field(c.name, kinds[c.kind], metadata={"unit": c.unit, "header": c.header})
        for c in table.columns
    ]
    schema = pa.schema(fields)
    for other in sorted(path.parent.glob("*.parquet"))[:1]:
        try:
            existing_columns = parquet.read_schema(other).names
        except (pa.ArrowException, OSError) as error:
            msg = f"{other} is damaged or not a Parquet file: choose another --output"
            raise errors.WriteError(msg) from error
        _refuse_other_columns(folder, table, existing_columns)
    rows = [dict(zip(schema.names, (run, *row), strict=True)) for row in table.rows]
    made = pa.Table.from_pylist(rows, schema=schema)
    save_file(path, lambda scratch: parquet.write_table(made, scratch), beside=False)
