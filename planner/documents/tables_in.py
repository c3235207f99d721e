"""Reads a table from another source, a file or a database; nothing is written to it.

All errors are raised as ``SourceError`` without the address of a database: drivers put host, user
and password into their messages, so a driver's error is not even kept as a cause.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote

from models.background import with_timeout
from models.case import normalize
from models.checks.common import did_you_mean
from models.checks.rows import is_address
from models.errors import InputError
from planner._version import pip_install
from planner.render.words import unguarded
from planner.workbook import archive, csv_folder, excel
from planner.workbook.findings import address

T = TypeVar("T")
_Cells = tuple[Any, ...]

SQLITE = {".sqlite", ".sqlite3", ".db"}
EXCEL = {".xlsx", ".xlsm"}
EXTRA = f"is not installed here: {pip_install('data')}"
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_AT_A_TIME = 1_000
"""Rows fetched at a time."""
_STEPS = 10_000
"""Steps of SQLite between checks of the time limit."""
_FEW = 20
"""Most names of tables in an error."""


class SourceError(Exception):
    """A source that cannot be read; the text says why, without the address of a database.

    ``field`` is the field of the row of Sources whose cell is wrong.
    """

    def __init__(self, message: str, field: str = "place") -> None:
        super().__init__(message)
        self.field = field


def raise_source_error(
    message: str, cause: Exception | None = None, field: str = "place"
) -> NoReturn:
    """Raise SourceError for a field of the row of Sources: by default its file or database."""
    raise SourceError(message, field) from cause


@dataclass(frozen=True)
class SourceTable:
    """The rows of a source; ``numbers`` are their numbers in a file, ``csv`` the CSV file if any.

    Raises SourceError for two columns of one name.
    """

    name: str
    headers: tuple[str, ...]
    rows: list[_Cells]
    numbers: Sequence[int] = ()
    csv: csv_folder.CsvFile | None = None

    def __post_init__(self) -> None:
        count = Counter(normalize(header) for header in self.headers)
        twice = next((h for h in self.headers if normalize(h) and count[normalize(h)] > 1), None)
        if twice is not None:
            raise_source_error(f"{self.name} has {count[normalize(twice)]} columns named {twice!r}")

    def row_number(self, row: int) -> int:
        """Return the number of a row by its index: of a file as a spreadsheet program shows it."""
        return self.numbers[row] if self.numbers else row + 1


_Reader = Callable[[Path, str, str, float], SourceTable]
"""Reads a source; arguments: path, table or query, its name in the workbook, time limit [s]."""


def load(place: str, table: str, base: Path, seconds: float) -> SourceTable:
    """Read a table of a file in the folder ``base``, or of a database.

    The database's address is in the environment variable ``place``.
    """
    if is_address(place):
        raise_source_error("the address of a database, which may hold a password")
    suffix = Path(place).suffix.casefold()
    readers: dict[str, _Reader] = {".csv": _csv, ".parquet": _parquet}
    readers |= dict.fromkeys(EXCEL, _excel) | dict.fromkeys(SQLITE, _sqlite)
    if suffix in readers:
        path = _file_in_folder(place, base)
        if table and suffix in {".csv", ".parquet"}:
            raise_source_error(
                f"{place} has only one table: leave Table or query blank", field="table"
            )
        return _answered(seconds, lambda: readers[suffix](path, table, place, seconds))
    if not _VARIABLE.fullmatch(place):
        endings = ", ".join(readers)
        raise_source_error(
            f"this is neither a file ({endings}) nor the name of an environment variable"
        )
    address = os.environ.get(place, "")
    if not address:
        raise_source_error(f"the environment variable {place} is not set")
    return _answered(seconds, lambda: _database(address, table, place, seconds))


def _answered(seconds: float, work: Callable[[], T]) -> T:
    """Return the result of ``work``; SourceError if it takes longer, as a database may hang."""
    try:
        return with_timeout(work, seconds)
    except TimeoutError as error:
        raise_source_error(str(error), error)


def _file_in_folder(place: str, base: Path) -> Path:
    """Return a file in a folder or its subfolders; SourceError if it is elsewhere or missing."""
    path = base / place
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(base)):
        raise_source_error(f"{place} is not in the workbook's folder or a subfolder: copy it there")
    try:
        archive.refuse_special(real)
    except archive.RefusedError as error:
        raise_source_error(f"{place}: {error}", error)
    return real


def _bounded(parts: Iterable[Iterable[Sequence[Any]]], place: str, width: int) -> list[_Cells]:
    """Return the rows of all parts; SourceError if they are more rows or cells than allowed."""
    rows: list[_Cells] = []
    for part in parts:
        rows += map(tuple, part)
        if len(rows) > archive.MOST_ROWS or len(rows) * width > archive.MOST_CELLS:
            most = f"{archive.MOST_ROWS:,} rows or {archive.MOST_CELLS:,} cells"
            raise_source_error(f"{place} has more than {most}")
    return rows


# ---- files ---------------------------------------------------------------------------------------


def _csv(path: Path, _table: str, place: str, _: float) -> SourceTable:
    try:
        read = csv_folder.read_file(path)
    except InputError as error:
        places = ((f", row {f.row}" if f.row else "", f.message) for f in error.findings)
        raise_source_error("; ".join(f"{place}{row}: {message}" for row, message in places), error)
    numbers, rows = [n for n, _ in read.below], [tuple(cells) for _, cells in read.below]
    return SourceTable(place, tuple(map(unguarded, read.header)), rows, numbers, read)


def _excel(path: Path, table: str, place: str, _: float) -> SourceTable:
    try:
        grids = {grid.title: grid for grid in excel.open_excel(path).grids if grid.header_row}
    except InputError as error:
        message = "; ".join(finding.message for finding in error.findings)
        raise_source_error(message.replace(str(path), place), error)
    grid = grids[_chosen(table, grids, place, "sheet")]
    positions = sorted(grid.header)
    if grid.stray:
        cell = address(grid.stray[0][1], grid.stray[0][0])
        raise_source_error(f"{place}, {grid.title}: the cell {cell} has no header above it")
    rows = list(zip(*map(grid.values, positions), strict=True))
    headers = tuple(str(grid.header[position]) for position in positions)
    return SourceTable(f"{place}, {grid.title}", headers, rows, grid.rows)


def _chosen(table: str, names: Iterable[str], place: str, word: str) -> str:
    """Return the table with a name; without a name, the only table."""
    listed = list(names)
    if not table and len(listed) == 1:
        return listed[0]
    for name in listed:
        if normalize(name) == normalize(table):
            return name
    shown = ", ".join(listed[:_FEW]) or "none"
    if not table:
        message = f"{place} has several {word}s: name one in Table or query; there is {shown}"
        raise_source_error(message, field="table")
    hint = did_you_mean(table, listed) or f"there is {shown}"
    return raise_source_error(f"{place} has no {word} {table!r}; {hint}", field="table")


def _parquet(path: Path, _table: str, place: str, _: float) -> SourceTable:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise_source_error(f"pyarrow, which reads {place}, {EXTRA}", error)
    if path.stat().st_size > archive.MOST_PACKED:
        raise_source_error(f"{place} has more than {archive.MOST_PACKED:,} bytes")
    try:
        with (
            path.open("rb") as opened,  # pyarrow refuses a path that is not UTF-8
            parquet.ParquetFile(
                opened, thrift_string_size_limit=1 << 24, thrift_container_size_limit=1 << 20
            ) as file,
        ):
            about, names = file.metadata, tuple(file.schema_arrow.names)
            groups = (about.row_group(i) for i in range(about.num_row_groups))
            unpacked = sum(group.total_byte_size for group in groups)
            if unpacked > archive.MOST_UNPACKED or about.num_rows * len(names) > archive.MOST_CELLS:
                size = f"{about.num_rows:,} rows of {len(names):,} columns"
                end = f"which unpack to {unpacked:,} bytes: this is too much for a workbook"
                raise_source_error(f"{place} has {size}, {end}")
            kinds = (pa.types.is_string, pa.types.is_binary)
            texts = [f.name for f in file.schema_arrow if any(is_kind(f.type) for is_kind in kinds)]
        with (
            path.open("rb") as opened,
            parquet.ParquetFile(opened, read_dictionary=texts) as file,  # each long text once
        ):
            batches = (_batch_columns(b, place) for b in file.iter_batches(batch_size=_AT_A_TIME))
            rows = _bounded((zip(*columns, strict=True) for columns in batches), place, len(names))
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        raise_source_error(f"{place} is damaged or not a Parquet file", error)
    return SourceTable(place, names, rows)


def _batch_columns(batch: Any, place: str) -> list[list[Any]]:
    """Return a batch's columns; SourceError if a text is too long, before it is copied to cells."""
    from pyarrow import compute, types

    for column in batch.columns:
        if types.is_dictionary(column.type) and len(column.dictionary):
            longest = compute.max(compute.binary_length(column.dictionary)).as_py() or 0
            if longest > 4 * csv_folder.LONGEST_CELL:
                raise_source_error(
                    f"{place} has a text of more than {csv_folder.LONGEST_CELL:,} characters"
                )
    return [column.to_pylist() for column in batch.columns]


# ---- statements ----------------------------------------------------------------------------------

_LITERAL = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/",
    re.DOTALL,
)
_READS = {"select", "with", "values", "table"}
_WRITES = {
    "alter", "analyze", "attach", "call", "copy", "create", "delete", "detach", "do", "drop",
    "exec", "execute", "grant", "handler", "insert", "into", "load", "lock", "merge", "pragma",
    "refresh", "reindex", "rename", "reset", "revoke", "set", "truncate", "update", "upsert",
    "vacuum",
}  # fmt: skip
_IS_NO_NAME = re.compile(r"[\s;(]")
"""Characters of statements that are rare in names of tables."""
_QUERY = re.compile(r"\s*(?:select|with|values)\b", re.IGNORECASE)


def is_query(text: str) -> bool:
    """Return whether a text begins like a query, not like the name of a table."""
    return _QUERY.match(_LITERAL.sub(" ", text)) is not None


def _table_of(text: str, names: Sequence[str], place: str) -> str:
    """Return the table that a text names; SourceError if it is a statement that is not a query."""
    if normalize(text) not in map(normalize, names) and _IS_NO_NAME.search(text):
        refuse_writing(text)
    return _chosen(text, names, place, "table")


def refuse_writing(statement: str) -> None:
    """Raise SourceError unless the text is a single statement that only reads.

    The connection is also opened as read-only, but not all databases support that.
    """
    bare = _LITERAL.sub(" ", statement).strip()
    words = re.findall(r"[a-z_]\w*", bare.lower())
    is_hidden = "/*!" in statement or "\\'" in statement or '\\"' in statement
    if is_hidden or re.search(r"['\"`]|/\*", bare):
        letters = "quotes, backslashes or comments that databases read in different ways"
        raise_source_error(f"the query has {letters}", field="table")
    if ";" in bare.removesuffix(";"):
        raise_source_error("the query is more than one statement", field="table")
    if not words or words[0] not in _READS:
        message = "the query must begin with SELECT or WITH, as planner pull only reads"
        raise_source_error(message, field="table")
    writes = sorted(_WRITES & set(words))
    if writes:
        message = f"the query has the word {writes[0].upper()}, but planner pull only reads"
        raise_source_error(message, field="table")


# ---- SQLite --------------------------------------------------------------------------------------

_READING = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
}  # fmt: skip


def _sqlite(path: Path, table: str, place: str, seconds: float) -> SourceTable:
    """Read a table or query of an SQLite file, which is opened as read-only."""
    end = time.monotonic() + seconds
    try:
        address = f"file:{quote(os.fsencode(path))}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=seconds)) as file:
            file.execute("PRAGMA query_only = ON")
            file.execute("PRAGMA trusted_schema = OFF")
            file.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, archive.MOST_PACKED)
            named = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            tables = [str(name) for (name,) in file.execute(named)]
            if is_query(table):
                refuse_writing(table)
                statement = table
            else:
                name = _table_of(table, tables, place)
                quoted = name.replace('"', '""')
                statement = f'SELECT * FROM "{quoted}"'  # noqa: S608
            file.set_authorizer(lambda action, *_: int(action not in _READING))
            file.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
            cursor = file.execute(statement)
            headers = tuple(str(column[0]) for column in cursor.description or ())
            parts = iter(lambda: cursor.fetchmany(_AT_A_TIME), [])
            rows = _bounded(parts, place, len(headers))
    except (sqlite3.Error, sqlite3.Warning) as error:
        if "interrupted" in str(error):
            raise_source_error(f"no answer within {seconds:g} seconds", error)
        is_refused = "not authorized" in str(error)
        field = "table" if is_query(table) else "place"
        raise_source_error(
            f"{place}: {'the query does more than read' if is_refused else error}", error, field
        )
    return SourceTable(f"{place}, {'query' if is_query(table) else name}", headers, rows)


# ---- databases -----------------------------------------------------------------------------------


def _database(address: str, table: str, variable: str, seconds: float) -> SourceTable:
    """Read a table or query of the database at an address, which is left out of errors."""
    try:
        import sqlalchemy
    except ImportError:
        raise_source_error(f"SQLAlchemy, which reads databases, {EXTRA}")
    if is_query(table):
        refuse_writing(table)
    secrets: list[str] = [address]
    failed: Exception
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            url = sqlalchemy.make_url(address)
            given = (url.password, url.username, url.host, url.database, url.port)
            secrets += [str(part) for part in (*given, *url.query.values()) if part]
            if url.get_backend_name() == "sqlite" and url.database:
                return _sqlite(Path(url.database), table, variable, seconds)
            return _fetched(url, table, variable, seconds)
    except Exception as error:  # noqa: BLE001 - of any driver: its text may hold the address
        failed = error
    # raised here, since an error that is raised in an except clause keeps the original one
    message = _reason(failed, variable)
    for each in sorted({*secrets, *map(quote, secrets)}, key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", "***", message)
    raise SourceError(message)


def _reason(error: Exception, variable: str) -> str:
    """Return a driver's message about a query; a general message for any earlier error."""
    from sqlalchemy import exc

    if isinstance(error, SourceError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        return f"the driver {error.name} for the database of {variable} is not installed here"
    if isinstance(error, exc.ArgumentError | ValueError):
        return f"{variable} is not the address of a database"
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""
    if isinstance(error, exc.DBAPIError) and error.statement:
        if state == "57014":  # query_canceled
            return f"{variable}: the query takes too long"
        first = (str(cause).splitlines() or [""])[0]
        return f"{variable}: {first or type(cause).__name__}"
    code = f" (SQLSTATE {state})" if state else ""
    return f"the database of {variable} cannot be reached, or refuses the login{code}"


def _fetched(url: Any, table: str, variable: str, seconds: float) -> SourceTable:
    import sqlalchemy

    options: dict[str, Any] = {}
    is_postgres = url.get_backend_name() == "postgresql"
    if is_postgres:
        url = url if "+" in url.drivername else url.set(drivername="postgresql+psycopg")
        options = {"connect_args": {"connect_timeout": max(1, int(seconds))}}
    engine = sqlalchemy.create_engine(
        url, poolclass=sqlalchemy.pool.NullPool, hide_parameters=True, **options
    )
    is_asked = is_query(table)
    with engine.connect() as connection:  # never committed
        if is_postgres:
            connection.execution_options(postgresql_readonly=True)
            limit = max(1, int(seconds * 1000))
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {limit}")
        statement = table
        if not is_asked:
            inspector = sqlalchemy.inspect(connection)
            schema, _, name = table.rpartition(".")
            if _IS_NO_NAME.search(schema):
                refuse_writing(table)
            names = [*inspector.get_table_names(schema or None)]
            names += inspector.get_view_names(schema or None)
            table = _table_of(name if schema else table, names, variable)
            quoted = engine.dialect.identifier_preparer
            where = f"{quoted.quote(schema)}." if schema else ""
            statement = f"SELECT * FROM {where}{quoted.quote(table)}"  # noqa: S608
        asked = sqlalchemy.text(statement.replace(":", "\\:"))
        result = connection.execute(asked, execution_options={"stream_results": True})
        headers = tuple(map(str, result.keys()))
        rows = _bounded(result.partitions(_AT_A_TIME), variable, len(headers))
    return SourceTable(f"{variable}, {'query' if is_asked else table}", headers, rows)


def plain_cells(rows: Iterable[Sequence[Any]]) -> Iterator[_Cells]:
    """Yield rows with Decimal numbers as floats, and NaN as None."""
    for row in rows:
        yield tuple(
            None if cell != cell else float(cell) if isinstance(cell, Decimal) else cell  # noqa: PLR0124
            for cell in row
        )
