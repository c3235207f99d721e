"""Writes plans and studies as tables for other programs: SQLite, or a folder of Parquet files.

Every declared table of a workbook becomes a table of the file; each row has the id of its run. The
id is the fingerprint of the run's tables, so no run is written twice.
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
from models.results import About, Field, Figure, Look, Name, Result, Runs
from planner.studies import kind_of
from planner.studies.kind import Tables
from planner.workbook.parts import sheet_names
from planner.workbook.plan_file import PlanFile, StudyFile, code_of, read_plan, read_study
from planner.workbook.save import behind_links, refuse_special_file, save, sync_folder

RUN = "run_id"
"""The column of every table with the id of each row's run."""
_APPLICATION = 0x504C4E52
"""The application id by which an SQLite file of ``planner data`` is recognized."""
_SECONDS = 10.0
"""Seconds to wait for another program that holds the file."""
_TEXT, _WHOLE, _NUMBER = "TEXT", "INTEGER", "REAL"
_CODE = "_code"
_MIXED = "text"
"""A second column for texts, next to a column with both numbers and texts."""
_LIST = "columns"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
"""The part of a header that varies between runs, such as ``{money}`` for the currency."""
_OF_THE_HOUR, _TIME = {Figure.WRITTEN, Figure.INPUT_FILE}, "Time: "
"""Rows that differ between files of the same plan."""


@dataclass(frozen=True)
class DataColumn:
    """A column of a table; in its unit, ``money`` stands for the run's currency."""

    name: str
    kind: str
    header: str
    unit: str
    meaning: str
    is_key: bool


@dataclass(frozen=True)
class DataTable:
    """A table of a run, column by column; None is a blank cell."""

    name: str
    sheet: str
    meaning: str
    columns: tuple[DataColumn, ...]
    values: tuple[list[Any], ...]

    def __len__(self) -> int:
        return len(self.values[0]) if self.values else 0


@dataclass(frozen=True)
class DataRun:
    """A workbook's tables, and facts of the run by their columns in the table ``runs``."""

    facts: dict[str, str]
    tables: tuple[DataTable, ...]

    @property
    def run(self) -> str:
        """The id of the run, by which its rows are found, and replaced if it is written again."""
        return self.facts[RUN]

    @property
    def as_json(self) -> dict[str, object]:
        facts: dict[str, object] = {name: self.facts[name] for name in _JSON_FACTS}
        return facts | {"rows": {table.name: len(table) for table in self.tables}}


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
    tables = tuple(_table(each, file.tables[each.TABLE]) for each in declared)
    facts |= {
        RUN: _fingerprint(kind, tables), "kind": kind, "title": file.title or file.path.stem,
        "currency": money, "file": file.path.name,
        "added": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
    }  # fmt: skip
    return DataRun(dict.fromkeys(RUN_FACTS, "") | facts, tables)


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


def _fingerprint(kind: str, tables: Iterable[DataTable]) -> str:
    """Return the SHA-256 of the tables, without times and the file's name."""
    digest = hashlib.sha256(kind.encode())
    for table in tables:
        rows = [
            row
            for row in zip(*table.values, strict=True)
            if row[0] not in _OF_THE_HOUR and not str(row[0]).startswith(_TIME)
        ]
        names = [column.name for column in table.columns]
        digest.update(json.dumps([table.name, names, rows]).encode())
    return digest.hexdigest()


def table_name(kind: type[Result]) -> str:
    """Return a table's name in the file: ``country_shares``; for a study ``stress_by_mineral``."""
    words = kind.TABLE if not kind.BOOK or kind.TABLE.startswith(kind.BOOK.capitalize()) else (
        f"{kind.BOOK} {kind.TABLE}"
    )  # fmt: skip
    return re.sub(r"\W+", "_", words.lower()).strip("_")


def _table(kind: type[Result], frame: pd.DataFrame) -> DataTable:
    """Return a sheet as a table; columns of single minerals or years become rows."""
    headers = [str(header) for header in frame.columns]
    places = kind.positions(headers)
    fields = [f for f in kind.FIELDS if f.name in places]
    spread = next((f for f in kind.FIELDS if f.spread), None)
    if spread is None:
        columns = [c for f in fields for c in _columns(kind, f, frame.iloc[:, places[f.name]])]
    else:
        columns = _long(kind, spread, fields, frame, places)
    declared, values = zip(*columns, strict=True)
    meaning = " ".join((kind.__doc__ or "").split())
    return DataTable(table_name(kind), kind.TABLE, meaning, declared, values)


def _columns(
    kind: type[Result], field: Field, cells: Iterable[Any]
) -> Iterator[tuple[DataColumn, list[Any]]]:
    listed = [_plain(cell) for cell in cells]
    is_key = field.name in kind.GRAIN
    header, unit = (_PLACEHOLDER.sub(r"\1", text) for text in (field.header, field.unit))
    made = DataColumn(field.name, _NUMBER, header, unit, field.meaning, is_key)
    if field.name == "value":
        yield made, [v if isinstance(v, int | float) else None for v in listed]
        words = [v if isinstance(v, str) else None for v in listed]
        yield replace(made, name=_MIXED, kind=_TEXT, meaning="The value, if it is text."), words
    elif field.look.is_text:
        yield replace(made, kind=_TEXT), [None if v is None else _as_text(v) for v in listed]
        if field.names is Name.COUNTRY:
            codes = [None if v is None else code_of(str(v)) for v in listed]
            meaning = f"{field.header} as its ISO3 code."
            yield replace(made, name=f"{field.name}{_CODE}", kind=_TEXT, meaning=meaning), codes
    elif field.look in {Look.YEAR, Look.COUNT}:
        yield replace(made, kind=_WHOLE), [int(v) if _is_number(v) else None for v in listed]
    else:
        yield made, [float(v) if _is_number(v) else None for v in listed]


def _long(
    kind: type[Result], spread: Field, fields: Sequence[Field], frame: pd.DataFrame,
    places: dict[str, int],
) -> list[tuple[DataColumn, list[Any]]]:  # fmt: skip
    """Return a sheet with one column per name as rows with a name and a value.

    The sheet's total for all names has a blank name.
    """
    name = spread.name.removesuffix("s")
    named = [i for i in range(frame.shape[1]) if i not in places.values()]
    own = [f for f in fields if f.name != "value"]
    parts = [("", places["value"])] if "value" in places else []
    parts += [(str(frame.columns[i]), i) for i in named]
    filled = [
        (i, each, cell)
        for each, place in parts
        for i, cell in enumerate(frame.iloc[:, place])
        if _plain(cell) is not None
    ]
    rows = [i for i, _, _ in filled]
    columns = [pair for f in own for pair in _columns(kind, f, frame.iloc[rows, places[f.name]])]
    header = DataColumn(name, _TEXT, name.capitalize(), "", "Blank: all together.", is_key=True)
    names = [each for _, each, _ in filled]
    is_by_year = all(each.isdecimal() for each in names)
    if is_by_year:
        header = replace(header, kind=_WHOLE, meaning="")
    columns.append((header, list(map(int, names)) if is_by_year else names))
    cells = Field("Value", Look.LONG, spread.meaning, unit=spread.unit, name="value")
    return [*columns, *_columns(kind, cells, [cell for _, _, cell in filled])]


def _plain(value: Any) -> Any:
    if value is None or value != value:  # noqa: PLR0124 - NaN is a blank cell
        return None
    return value.item() if hasattr(value, "item") else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_text(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.encode("utf-8", "replace").decode()


# ---- SQLite --------------------------------------------------------------------------------------


def write_sqlite(path: Path, runs: Sequence[DataRun]) -> Path:
    """Write runs to an SQLite file, new or from an earlier call; all of them or none.

    Earlier rows of the same runs are replaced. Raises WriteError if another program made the file,
    or if it cannot be written.
    """
    refuse_special_file(path)
    target = behind_links(path)
    is_new = False
    try:
        is_new = not target.exists() or not target.stat().st_size
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(target, timeout=_SECONDS)) as file:
            file.isolation_level = None
            file.execute("BEGIN IMMEDIATE")
            if not is_new and file.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
                msg = f"{path} is not from planner data: choose another --output"
                raise errors.WriteError(msg)
            for run in runs:
                _insert(file, run)
            file.execute(f"PRAGMA application_id = {_APPLICATION}")
            file.execute("COMMIT")
    except (OSError, sqlite3.Error) as error:
        if is_new:
            target.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or str(error)
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            reason = os.strerror(errno.ENOSPC)  # in the system's words, not SQLite's
        msg = f"{path} cannot be written: {reason}"
        raise errors.WriteError(msg) from error
    sync_folder(target.parent)
    return path


def _insert(file: sqlite3.Connection, run: DataRun) -> None:
    facts = ", ".join(f"{name} TEXT" for name in RUN_FACTS[1:])
    file.execute(f"CREATE TABLE IF NOT EXISTS runs ({RUN} TEXT PRIMARY KEY, {facts})")
    listed = ", ".join(f"{column.name} {column.kind}" for column in _LISTED)
    key = "PRIMARY KEY (table_name, column_name)"
    file.execute(f"CREATE TABLE IF NOT EXISTS {_LIST} ({listed}, {key})")
    there = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in there:
        if name != _LIST:
            file.execute(f'DELETE FROM "{name}" WHERE {RUN} = ?', (run.run,))  # noqa: S608
    marks = ", ".join("?" * len(RUN_FACTS))
    values = [run.facts[name] for name in RUN_FACTS]
    file.execute(f"INSERT INTO runs ({', '.join(RUN_FACTS)}) VALUES ({marks})", values)  # noqa: S608
    for table in run.tables:
        _insert_table(file, table, run.run)


def _insert_table(file: sqlite3.Connection, table: DataTable, run: str) -> None:
    names = [f'"{column.name}"' for column in table.columns]
    columns = [f"{name} {c.kind}" for name, c in zip(names, table.columns, strict=True)]
    file.execute(
        f'CREATE TABLE IF NOT EXISTS "{table.name}"'
        f" ({RUN} TEXT NOT NULL REFERENCES runs ({RUN}), {', '.join(columns)})"
    )
    has = {name for _, name, *_ in file.execute(f'PRAGMA table_info("{table.name}")')}
    for column in table.columns:  # of a file that an earlier version made
        if column.name not in has:
            kind = f'"{column.name}" {column.kind}'
            file.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {kind}')
    keys = ", ".join([RUN, *(f'"{c.name}"' for c in table.columns if c.is_key)])
    file.execute(f'CREATE INDEX IF NOT EXISTS "key of {table.name}" ON "{table.name}" ({keys})')
    marks = ", ".join("?" * (len(names) + 1))
    file.executemany(
        f'INSERT INTO "{table.name}" ({RUN}, {", ".join(names)}) VALUES ({marks})',  # noqa: S608
        ((run, *row) for row in zip(*table.values, strict=True)),
    )
    file.executemany(
        f"INSERT OR REPLACE INTO {_LIST} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        _listed(table),
    )


_LISTED = tuple(
    DataColumn(name, _WHOLE if name == "is_key" else _TEXT, name, "", "", False)
    for name in (
        "table_name", "column_name", "sheet", "header", "unit", "is_key", "meaning",
        "table_meaning",
    )
)  # fmt: skip
"""The columns of the table that lists all columns."""


def _listed(table: DataTable) -> Iterator[tuple[Any, ...]]:
    for c in table.columns:
        yield (table.name, c.name, table.sheet, c.header, c.unit, int(c.is_key), c.meaning,
               table.meaning)  # fmt: skip


# ---- Parquet -------------------------------------------------------------------------------------


def write_parquet(folder: Path, runs: Sequence[DataRun]) -> Path:
    """Write runs to a folder: one subfolder per table, with one file per run.

    Earlier files of the same runs are replaced. Raises WriteError.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file: name a folder, or an SQLite file such as plans.sqlite"
        raise errors.UsageError(msg)
    for run in runs:
        name = f"{run.run}.parquet"
        facts = [DataColumn(each, _TEXT, each, "", "", each == RUN) for each in RUN_FACTS[1:]]
        about = DataTable("runs", "", "", tuple(facts), tuple([run.facts[f.name]] for f in facts))
        for table in (about, *run.tables, *_lists(run.tables)):
            _put(folder / table.name / name, table, run.run)
    return folder


def _lists(tables: Sequence[DataTable]) -> Iterator[DataTable]:
    values = zip(*(row for table in tables for row in _listed(table)), strict=True)
    yield DataTable(_LIST, "", "", _LISTED, tuple(map(list, values)))


def _put(path: Path, table: DataTable, run: str) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {_TEXT: pa.string(), _WHOLE: pa.int64(), _NUMBER: pa.float64()}
    fields = [pa.field(RUN, pa.string(), nullable=False)]
    fields += [
        pa.field(c.name, kinds[c.kind], metadata={"unit": c.unit, "header": c.header})
        for c in table.columns
    ]
    columns = [pa.array([run] * len(table), pa.string())]
    columns += [
        pa.array(v, kinds[c.kind]) for c, v in zip(table.columns, table.values, strict=True)
    ]
    made = pa.table(columns, schema=pa.schema(fields))
    save(path, lambda scratch: parquet.write_table(made, scratch), beside=False)
