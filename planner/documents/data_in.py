"""Fills sheets from other sources: lists the cells that would change, and writes a copy."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from models import tolerances
from models.case import clean_name, common_letters, normalize
from models.checks.common import did_you_mean
from models.checks.rows import is_address
from models.errors import Finding, InputError, Severity
from models.schema import CellKind, Column, DataSource, Member, Record, Settings
from planner.documents.folder import copy_case
from planner.documents.tables_in import (
    SourceError,
    SourceTable,
    load,
    plain_cells,
    raise_source_error,
)
from planner.render.words import MOST_CHARACTERS
from planner.render.words import clean_text as legible
from planner.scratch import is_folder
from planner.workbook import csv_folder, edit, headers, records, save
from planner.workbook.cells import (
    DECIMAL,
    WHOLE,
    as_float,
    converter,
    is_number,
    iso3_code,
    parse_text,
    plain_number,
)
from planner.workbook.excel import as_input_error
from planner.workbook.findings import CellError, ReadingContext, SheetLayout, address
from planner.workbook.grid import Grid
from planner.workbook.headers import header_text
from planner.workbook.package import EditedSheet

SECONDS = 60.0
"""Default time limit for reading a source [s]."""
_NUMBERS = DECIMAL | WHOLE
_KEPT = "kept: a formula"


@dataclass(frozen=True)
class PulledCell:
    """A cell for which a source has a different value.

    ``before`` is its present value, None if the row or the cell is new; ``note`` is the reason if
    the cell is not written.
    """

    sheet: str
    cell: str
    row: int
    position: int
    name: str
    header: str
    before: object
    after: object
    source: str
    is_new_row: bool = False
    note: str = ""


@dataclass(frozen=True)
class Pulled:
    """Changes of a workbook by its sources; ``edits`` are the cells to write, by sheet."""

    path: Path
    cells: tuple[PulledCell, ...]
    edits: Mapping[str, EditedSheet]
    rows: Mapping[str, tuple[int, int, int]]
    """Number of rows per sheet: in the sources, new, and in the workbook but in no source."""
    formulas: int = 0
    """Number of formulas in the workbook: their saved values may be out of date."""


def pull(
    path: Path,
    seconds: float = SECONDS,
    today: dt.date | None = None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Pulled:
    """Read the sources of a workbook, and compare their rows with the workbook's.

    Raises InputError for errors in the sheet Sources, in a source or in its values.
    """
    file = csv_folder.open_source(path)
    grids = {headers.RECORDS[name].SHEET: g for g in file.grids if (name := _sheet_named(g))}
    context = ReadingContext()
    context.layout.files |= {name: grid.file for name, grid in grids.items() if grid.file}
    records.read_settings(grids.get(Settings.SHEET), context)
    if Member.SHEET in grids and grids[Member.SHEET].header_row:
        names = records.read_sheet(Member, grids[Member.SHEET], context).fields["name"]
        context.members = {normalize(name): name for name in reversed(names) if name}
    context.findings.clear()
    sources = _source_rows(grids.get(DataSource.SHEET), context)
    formulas = edit.formula_cells(path)
    sheets: dict[str, _FilledSheet] = {}
    base = path if is_folder(path) else path.parent
    for source in sources:
        grid = grids.get(source.sheet)
        if grid is None or not grid.header_row:
            message = f"the sheet {source.sheet} is missing: add it, with its header"
            header = DataSource.column_of("sheet").header
            context.error(DataSource.SHEET, source.row, header, CellError(message, ""))
            continue
        sheet = sheets.get(source.sheet) or _FilledSheet(
            grid, context, formulas.get(grid.title, set())
        )
        sheets[source.sheet] = sheet
        if not is_address(source.place):
            on_stage(f"Reading {source.place}")
        try:
            table = load(source.place, source.table, base, seconds)
            sheet.fill(source, table, (today or dt.datetime.now(dt.UTC).date()).isoformat())
        except SourceError as error:
            header = DataSource.column_of(error.field).header
            context.error(DataSource.SHEET, source.row, header, CellError(str(error), ""))
    findings = context.layout.sorted_by_cell(context.findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise InputError(f for f in findings if f.severity is Severity.ERROR)
    return Pulled(
        path,
        tuple(cell for sheet in sheets.values() for cell in sheet.changes),
        {s.grid.title: EditedSheet(s.grid, s.last, s.cells) for s in sheets.values() if s.cells},
        {k: (s.given, s.added, len(s.row_of_key) - len(s.found)) for k, s in sheets.items()},
        sum(len(formulas.get(grid.title, ())) for grid in grids.values()),
    )


def write_pulled(pulled: Pulled, target: Path) -> Path:
    """Write a copy of the workbook with the pulled cells; return its path. Raises WriteError."""
    source = pulled.path
    if not is_folder(source):
        with as_input_error(source):
            book = edit.EditedBook(source)
            book.sheets |= pulled.edits
            made = book.finished_copy(target.suffix, recalculate=True)
        return save.save_file(target, lambda scratch: scratch.write_bytes(made))
    edited = (csv_folder.edited_file(source, name, e.cells) for name, e in pulled.edits.items())
    copy_case(source, target, dict(edited))
    return target


def _sheet_named(grid: Grid) -> str:
    """Return the name of the input's sheet that a grid is, "" if it is none."""
    return next((name for name in headers.RECORDS if normalize(name) == normalize(grid.title)), "")


def _source_rows(grid: Grid | None, context: ReadingContext) -> tuple[DataSource, ...]:
    """Return the rows of the sheet Sources; InputError if there is none, or they have errors."""
    if grid is None or not grid.rows:
        expected = f"a sheet {DataSource.SHEET} that lists files or databases with rows"
        hint = f"planner new FILE --with {DataSource.SHEET} writes an example"
        raise InputError([Finding(DataSource.SHEET, found="there is no source", expected=expected,
                                  hint=hint)])  # fmt: skip
    read = records.read_sheet(DataSource, grid, context)
    errors = [f for f in context.findings if f.severity is Severity.ERROR]
    if errors:
        raise InputError(context.layout.sorted_by_cell(errors))
    context.findings.clear()
    rows: Any = read.records()
    return tuple(rows)


# ---- one sheet -----------------------------------------------------------------------------------

_Key = tuple[object, ...]


@dataclass(frozen=True)
class _Mapped:
    """The ``position`` of a source's column (0: the first), and the column that it fills.

    ``factor`` converts the source's values to the unit of the workbook's header.
    """

    position: int
    header: headers.ParsedHeader
    column: Column | None
    factor: float = 1.0


@dataclass
class _FilledSheet:
    """A sheet of the workbook with the cells and rows that sources change or add."""

    grid: Grid
    context: ReadingContext
    formulas: set[str]
    cells: dict[tuple[int, int], object] = field(default_factory=dict)
    changes: list[PulledCell] = field(default_factory=list)
    found: set[_Key] = field(default_factory=set)
    given: int = 0
    added: int = 0

    def __post_init__(self) -> None:
        self.record: type[Record] = headers.RECORDS[_sheet_named(self.grid)]
        if self.record.SPREAD == "members" and self.context.members is None:
            self.context.members = {}
        titles = {p: str(t) for p, t in self.grid.header.items()} if self.grid.file else {}
        header = headers.HeaderRow(self.record, self.grid, self.context)
        self.headings = {heading.key: heading for heading in header.headings}
        position_of = {h.key: h.position for h in header.headings}
        layout = SheetLayout(self.grid.header_row, position_of, titles=titles)
        self.context.layout.sheets[self.record.SHEET] = layout
        self.last = max(self.grid.rows, default=self.grid.header_row)
        self.bottom = self.last
        self.keys = [c for c in self.record.columns() if c.key]
        headings = [self.headings.get(normalize(c.header)) for c in self.keys]
        columns = [self.grid.values(h.position if h else 0) for h in headings]
        rows = zip(self.grid.rows, *columns, strict=True)
        keys = [(row, self._key(values)) for row, *values in rows]
        self.row_of_key: dict[_Key, int] = {key: row for row, key in reversed(keys)}
        self.index_of_row = {row: i for i, row in enumerate(self.grid.rows)}

    def _key(self, values: Sequence[object]) -> _Key:
        """Return the values of the key columns in a form that can be compared."""
        return tuple(_comparable(c, v) for c, v in zip(self.keys, values, strict=True))

    # ---- a source --------------------------------------------------------------------------------

    def fill(self, source: DataSource, table: SourceTable, day: str) -> None:
        """Compare the rows of a source with the sheet; SourceError if they do not fit."""
        mapped = self._mapped(source, table)
        pairs = _column_pairs(source.where, "where")
        conditions = [(_position(name, table, "where"), value) for name, value in pairs]
        numeric = [m.position for m in mapped if m.column and m.column.kind in _NUMBERS]
        decimal_mark = table.csv.decimal_mark_of(numeric) if table.csv is not None else None
        seen: dict[_Key, int] = {}
        for index, row in enumerate(plain_cells(table.rows)):
            if not all(_meets_condition(row[origin], value) for origin, value in conditions):
                continue
            number = table.row_number(index)
            origin = f"{table.name}, row {number}"
            given = {
                m: self._value(
                    m, row[m.position], decimal_mark, f"{origin}, {table.headers[m.position]}"
                )
                for m in mapped
            }
            by_field = {m.column.field: v for m, v in given.items() if m.column is not None}
            key = self._key([by_field.get(c.field) for c in self.keys])
            if not any(key):
                continue
            if key in seen:
                name = " + ".join(str(by_field.get(c.field) or "") for c in self.keys)
                message = f"{table.name} has {name} twice, in rows {seen[key]} and {number}"
                raise SourceError(message)
            seen[key] = number
            self._put(key, given, table.name, day)
            if self.record is Member:  # their names are headers of Freight
                name = str(by_field["name"])
                self.context.members = {normalize(name): name, **(self.context.members or {})}
        self.given += len(seen)
        self.found |= seen.keys() & self.row_of_key.keys()

    def _mapped(self, source: DataSource, table: SourceTable) -> list[_Mapped]:
        """Return the columns to fill; a column missing in the sheet is added."""
        pairs = list(_column_pairs(source.columns_of, "columns_of"))
        if not pairs:
            texts = [(h, common_letters(clean_name(h))) for h in table.headers]
            known = (
                h
                for h, t in texts
                if not self._parsed(t).is_remark or normalize(t) in headers.REMARKS
            )
            pairs = [(h, h) for h in known]
        field = "columns_of"
        mapped = [self._column(_position(name, table, field), ours) for name, ours in pairs]
        missing = [c.header for c in self.keys if c.required
                   and c.field not in {m.column.field for m in mapped if m.column}]  # fmt: skip
        if missing:
            names = ", ".join(missing)
            message = f"no column of {table.name} is for {names}, which is needed to identify rows"
            raise_source_error(message, field=field if source.columns_of else "place")
        twice = [m.header.label for m in mapped if sum(o.header == m.header for o in mapped) > 1]
        if twice:
            raise_source_error(f"two columns of {table.name} are for {twice[0]}", field=field)
        return mapped

    def _parsed(self, name: str) -> headers.ParsedHeader:
        return headers.parse_header(self.record, name, self.context.members or {})

    def _column(self, position: int, our_name: str) -> _Mapped:
        parsed = self._parsed(common_letters(clean_name(our_name)))
        heading = self.headings.get(parsed.key)
        if heading is None:
            if parsed.is_remark and not parsed.always:
                names = [h.label for h in self.headings.values()]
                hint = did_you_mean(our_name, [*names, *(c.header for c in self.record.columns())])
                message = f"the sheet {self.record.SHEET} has no column {our_name!r}; {hint}"
                raise_source_error(message, field="columns_of")
            heading = self._added(parsed)
        column = heading.column or (headers.SPREADS[self.record.SPREAD] if heading.spread else None)
        factor = 1.0
        if column is not None and parsed.unit is not None:
            try:
                origin = f"the column {our_name!r}"
                currency = self.context.currency
                times = headers.unit_factor(column, parsed.unit, origin, heading.label, currency)
            except CellError as error:
                raise_source_error(f"{error.found}; expected {error.expected}", error, "columns_of")
            factor = times / heading.factor
        return _Mapped(position, heading, column, factor)

    def _added(self, parsed: headers.ParsedHeader) -> headers.ParsedHeader:
        positions = [h.position for h in self.headings.values()]
        position = max([*positions, *self.grid.header, 0]) + 1
        if parsed.column is not None:
            header = header_text(parsed.column, self.context.currency, parsed.year)
        else:
            header = parsed.spread or headers.REMARKS.get(parsed.always, parsed.text)
        heading = replace(parsed, text=header, position=position, unit=None)
        self.headings[heading.key] = heading
        self.cells[self.grid.header_row, position] = header
        return heading

    def _value(
        self, mapped: _Mapped, value: object, decimal_mark: str | None, origin: str
    ) -> object:
        """Convert a source's value to the workbook's; None if it is blank.

        ``decimal_mark`` is the decimal mark of a CSV file; ``origin`` is the value's, for errors.
        """
        column = mapped.column
        if isinstance(value, bytes | bytearray | memoryview):
            raise_source_error(f"{origin}: the cell has binary data, not a value")
        if isinstance(value, str):
            length = len(value.encode("utf-16-le", "surrogatepass")) // 2  # as Excel counts
            if length > MOST_CHARACTERS:
                most = f"a cell holds at most {MOST_CHARACTERS:,}"
                raise_source_error(f"{origin}: the text has {length:,} characters; {most}")
            value = clean_name(legible(value)) or None  # as it comes back from the workbook
        if isinstance(value, str) and decimal_mark is not None:
            value = csv_folder.parse_cell(value, column, decimal_mark)
        if value is None:
            return None
        try:
            if column is None:
                return parse_text(value)
            if is_number(value) and column.kind in _NUMBERS and mapped.factor != 1.0:
                value = float(value) * mapped.factor
            read = converter(column, mapped.header.factor, self.context.currency)(value)
        except CellError as error:
            hint = error.hint if isinstance(error.hint, str) else error.hint()
            found = Finding(found=error.found, expected=error.expected, hint=hint).message
            raise_source_error(f"{origin}: {found}", error)
        if column.kind in WHOLE:
            return read
        if column.kind in DECIMAL:
            return value
        if column.kind is CellKind.YES_NO:
            return "yes" if read else "no"
        return read if column.kind in {CellKind.CHOICE, CellKind.NAME} else parse_text(value)

    def _put(self, key: _Key, given: Mapping[_Mapped, object], source: str, day: str) -> None:
        """Change the cells of the row with a key to the source's values, or add such a row."""
        row = self.row_of_key.get(key)
        is_new = row is None
        if row is None:
            self.bottom += 1
            row = self.bottom
            self.added += 1
            self.row_of_key[key] = row
            self.found.add(key)
        written: list[str] = []
        name = " + ".join(
            str(v) for m, v in given.items() if m.column in self.keys and v is not None
        )
        for mapped, value in given.items():
            position = mapped.header.position
            cell = address(position, row)
            before = self._present(row, position)
            is_source = mapped.header.always == "source"
            if value is None or _is_same_value(mapped.column, before, value):
                continue
            if is_source and str(value) in str(before or ""):  # next to an entry of _mark
                continue
            note = _KEPT if cell in self.formulas else ""
            self.changes.append(
                PulledCell(self.record.SHEET, cell, row, position, name, mapped.header.text,
                           before, value, source, is_new, note)
            )  # fmt: skip
            if not note:
                self.cells[row, position] = value
                if not is_source and mapped.column not in self.keys:
                    written.append(mapped.header.label)
        if written:
            self._mark(row, f"{', '.join(written)}: {source}, {day}", source)

    def _present(self, row: int, position: int) -> object:
        """Return the value of a cell, with the changes so far; None if it is blank or new."""
        i = self.index_of_row.get(row)
        before = None if i is None else self.grid.values(position)[i]
        return self.cells.get((row, position), before)

    def _mark(self, row: int, entry: str, source: str) -> None:
        """Write an entry into the Source of a row of the sheet; other sources' entries stay."""
        heading = self.headings.get("source") or self._added(
            self._parsed(headers.REMARKS["source"])
        )
        cell = row, heading.position
        if address(cell[1], row) in self.formulas:
            return
        before = self._present(*cell)
        parts = [] if before is None else str(before).split("; ")
        old = re.compile(rf".*: {re.escape(source)}, \d{{4}}-\d\d-\d\d")
        kept = [part for part in parts if not old.fullmatch(part)]
        self.cells[cell] = "; ".join([*kept, entry])


# ---- values --------------------------------------------------------------------------------------


def _comparable(column: Column | None, value: object) -> object:
    """Return a value in a form in which values of the same meaning are equal."""
    if value is None:
        return ""
    if column is not None and column.kind in _NUMBERS and is_number(value):
        return float(value)
    spelt = normalize(plain_number(as_float(value)) if is_number(value) else str(value))
    if column is not None and column.kind is CellKind.COUNTRY:
        return iso3_code(spelt) or spelt
    if column is not None and column.kind is CellKind.YES_NO:
        return {"true": "yes", "false": "no"}.get(spelt, spelt)
    return spelt if column is not None else str(value).strip()


def _is_same_value(column: Column | None, before: object, after: object) -> bool:
    old, new = _comparable(column, before), _comparable(column, after)
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=tolerances.SAME_NUMBER)
    return old == new


def _meets_condition(value: object, required: str) -> bool:
    """Return whether a source's value is the one that a condition requires."""
    if is_number(value):
        try:
            return math.isclose(float(value), float(required), rel_tol=tolerances.SAME_NUMBER)
        except ValueError:
            return False
    return normalize(str("" if value is None else value)) == normalize(required)


def _column_pairs(given: str, field: str) -> Iterator[tuple[str, str]]:
    """Yield the two sides of each ``theirs=ours`` in a field of Sources."""
    for part in filter(None, map(str.strip, given.split(";"))):
        source_column, sign, our_column = (each.strip() for each in part.partition("="))
        if not (sign and source_column):
            header = DataSource.column_of(field).header
            message = f"{header} has {part!r}: write pairs as theirs=ours, separated by ;"
            raise_source_error(message, field=field)
        yield source_column, our_column


def _position(name: str, table: SourceTable, field: str) -> int:
    """Return the position of a source's column; SourceError suggests a similar one."""
    position_of = {normalize(header): i for i, header in enumerate(table.headers)}
    if normalize(name) not in position_of:
        message = f"{table.name} has no column {name!r}; {did_you_mean(name, table.headers)}"
        raise_source_error(message, field=field)
    return position_of[normalize(name)]
