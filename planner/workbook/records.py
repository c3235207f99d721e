"""The rows of a sheet to the fields of its records, a column at a time; Settings to its record."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from models.case import clean_name, common_letters, normalize
from models.checks.common import is_total, name_hint, total_hint
from models.errors import warning
from models.schema import SHEETS, ByYear, CellKind, Column, Country, Record, Settings, grade_of
from models.schema.evidence import GRADES, WIDER
from planner.workbook import findings, headers
from planner.workbook.cells import (
    DECIMAL,
    WHOLE,
    converter,
    described,
    expected_values,
    hint_of,
    parse_numbers,
    parse_text,
)
from planner.workbook.grid import Grid, refuse_merged, warn_hidden
from planner.workbook.headers import HeaderRow, ParsedHeader


@dataclass
class Parsed:
    """A sheet's fields as lists, one entry per row; ``lost`` are rows with an unreadable key."""

    record: type[Record]
    rows: list[int] = field(default_factory=list)
    fields: dict[str, list[Any]] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    """Positions in ``rows``."""
    unread: bool = False
    """Whether the key of any row could not be read, so that a name may be missing."""
    begins: dict[str, int] = field(default_factory=dict)
    """First year of required columns that are given only by year."""

    def records(self) -> tuple[Record, ...]:
        """Return the records of all rows with a readable key."""
        rows = enumerate(zip(self.rows, *self.fields.values(), strict=True))
        return tuple(
            self.record(row=row, **dict(zip(self.fields, values, strict=True)))
            for position, (row, *values) in rows
            if position not in self.lost
        )


def _headings(
    record: type[Record], grid: Grid, context: findings.ReadingContext
) -> list[ParsedHeader]:
    """Return the parsed headers; findings on them, and on merged or hidden cells, are kept."""
    header = HeaderRow(record, grid, context)
    context.findings += header.findings
    read = {h.position for h in header.headings if not h.is_remark}
    context.findings += refuse_merged(record.SHEET, grid, read)
    shown = {h.position: h.label for h in header.headings if h.position in read}
    context.findings += warn_hidden(record.SHEET, grid, shown)
    places = {h.key: h.position for h in header.headings}
    other = [h for h in header.headings if h.factor != 1.0]
    units = {h.key: findings.Unit(h.unit or "", h.factor) for h in other}
    titles = {p: str(text) for p, text in grid.header.items()} if grid.file else {}
    context.layout.sheets[record.SHEET] = findings.SheetLayout(
        grid.header_row, places, units=units, titles=titles
    )
    context.missing |= {(record.SHEET, name) for name in header.refused}
    return header.headings


def read_sheet(record: type[Record], grid: Grid, context: findings.ReadingContext) -> Parsed:
    """Read a sheet of the catalogue; errors go into the context's findings."""
    return _SheetReading(record, grid, context).parsed


class _SheetReading:
    def __init__(self, record: type[Record], grid: Grid, context: findings.ReadingContext) -> None:
        self.record, self.grid, self.context = record, grid, context
        self.parsed = Parsed(record, grid.rows)
        self.sheet = record.SHEET
        in_order = sorted(_headings(record, grid, context), key=lambda h: (h.year or 0, h.spread))
        for column in record.columns():
            headings = [h for h in in_order if h.column == column]
            self.parsed.fields[column.field] = self._column(column, headings)
        spread = [h for h in in_order if h.spread]
        if record.SPREAD == headers.YEARS:
            self.context.years = tuple(h.year for h in spread if h.year is not None)
            self.parsed.fields["tonnes"] = self._years(spread)
        elif record.SPREAD == headers.MEMBERS:
            self.parsed.fields["costs"] = self._members(spread)
        self._notes([h for h in in_order if h.is_remark])
        self._keys()

    # ---- columns -------------------------------------------------------------------------------

    def _column(self, column: Column, headings: list[ParsedHeader]) -> list[Any]:
        plain = next((h for h in headings if h.year is None), ParsedHeader("", column=column))
        stepped = [h for h in headings if h.year is not None]
        series = (self.sheet, column.field) in _SERIES
        stand_in = _placeholder(self.record, column)
        blank = stand_in if column.required else getattr(self.record, column.field, None)
        base = self._cells(column, plain, None if series else blank)
        if stepped:
            if not plain.position and column.required:
                self.parsed.begins[column.header] = stepped[0].year or 0
            return self._stepped(column, base, stepped)
        raw = self.grid.values(plain.position)
        if column.required:
            self._required(column, plain, raw)
        else:
            self._count_blank(column.header, raw, column.default)
        if not series:
            return base
        series_of = {number: ByYear(number) for number in set(base)}
        if column.required:
            series_of[None] = ByYear(stand_in)
        return [series_of[number] for number in base]

    def _stepped(
        self, column: Column, base: list[Any], stepped: list[ParsedHeader]
    ) -> list[ByYear]:
        steps = [(h.year or 0, self._cells(column, h, None)) for h in stepped]
        for h in stepped:
            self._count_blank(h.label, self.grid.values(h.position), "the value before")
        series = [
            ByYear(number, tuple((year, cells[i]) for year, cells in steps if cells[i] is not None))
            for i, number in enumerate(base)
        ]
        if not column.required:
            filled = [each if each.numbers() else None for each in series]
            self._count_blank(column.header, filled, column.default)
        return series

    def _cells(self, column: Column, heading: ParsedHeader, blank: object) -> list[Any]:
        """Convert the cells of a column; a blank cell gives ``blank``, a bad one a placeholder."""
        raw, label = self.grid.values(heading.position), heading.label
        if column.several:
            return [self._names(label, row, v) for row, v in zip(self.grid.rows, raw, strict=True)]
        at_once = parse_numbers(column, raw, heading.factor, blank)
        if at_once is not None:
            return at_once
        convert = converter(column, heading.factor, self.context.currency)
        read: dict[object, object] = {}
        cells = []
        for i, value in enumerate(raw):
            is_text = type(value) is str
            if value is None or (is_text and value in read):
                cells.append(blank if value is None else read[value])
                continue
            try:
                converted = convert(value)
            except findings.CellError as error:
                self.context.error(self.sheet, self.grid.rows[i], label, error)
                cells.append(_placeholder(self.record, column))
                if column.key:
                    self._mark_lost(i)
                continue
            if is_text:
                read[value] = converted
            cells.append(converted)
        if column.kind is CellKind.COUNTRY:
            for spelling, code in read.items():
                self.context.add_spelling(str(code), str(spelling), listed=self.record is Country)
        return cells

    def _names(self, label: str, row: int, value: object) -> tuple[str, ...]:
        if value is None:
            return ()
        try:
            names_text = parse_text(value)
        except findings.CellError as error:
            self.context.error(self.sheet, row, label, error)
            self.parsed.unread = True
            return ()
        if "," in common_letters(names_text):
            hint = "separate names with ;"
            comma = findings.CellError(described(value), "names, with ; between them", hint)
            self.context.error(self.sheet, row, label, comma)
        names = (clean_name(part) for part in re.split("[;,；，]", names_text))
        return tuple(sorted({name for name in names if name}))

    def _required(self, column: Column, plain: ParsedHeader, raw: list[Any]) -> None:
        message = f"a blank cell; {column.header} must be filled"
        expected = expected_values(column, self.context.currency)
        for i, value in enumerate(raw):
            if value is None and plain.position:
                blank = findings.CellError(message, expected, partial(self._total_hint, i))
                self.context.error(self.sheet, self.grid.rows[i], column.header, blank)
            if value is None and column.key:
                self._mark_lost(i)

    def _total_hint(self, position: int) -> str:
        is_named = any(is_total(cells[position]) for cells in self.grid.columns.values())
        return total_hint("row") if is_named else ""

    def _mark_lost(self, position: int) -> None:
        """Mark a row as one whose key cannot be read."""
        self.parsed.lost.add(position)
        self.parsed.unread = True

    def _count_blank(self, label: str, raw: list[Any], used: str) -> None:
        """Record how many blank cells of a column take a default."""
        cells = raw.count(None)
        if cells:
            self.context.defaults.append(findings.DefaultUsed(self.sheet, label, cells, used))

    # ---- the columns beyond the declared ones --------------------------------------------------

    def _years(self, headings: list[ParsedHeader]) -> list[tuple[tuple[int, float], ...]]:
        """Return demand [t] by year; a blank cell counts as 0 and gives a warning."""
        columns = [self._cells(headers.SPREADS[self.record.SPREAD], h, None) for h in headings]
        for h, cells in zip(headings, columns, strict=True):
            count = cells.count(None)
            if count == len(cells) > 1:
                message = f"all {count} cells of the column are blank"
                hint = "they count as a demand of 0"
                rows = [self.grid.header_row]
            else:
                message, hint = "a blank cell", "it counts as a demand of 0"
                rows = [r for r, value in zip(self.grid.rows, cells, strict=True) if value is None]
            self.context.findings += (
                warning(self.sheet, row, h.label, found=message, hint=hint) for row in rows
            )
            self._count_blank(h.label, cells, "0")
        if not columns:
            return [()] * len(self.grid.rows)
        years = [h.year or 0 for h in headings]
        filled = [[value or 0.0 for value in cells] for cells in columns]
        return [tuple(zip(years, row, strict=True)) for row in zip(*filled, strict=True)]

    def _members(self, headings: list[ParsedHeader]) -> list[tuple[tuple[str, float], ...]]:
        columns = [self._cells(headers.SPREADS[self.record.SPREAD], h, None) for h in headings]
        costs: list[list[tuple[str, float]]] = [[] for _ in self.grid.rows]
        for h, cells in zip(headings, columns, strict=True):
            self._count_blank(h.label, cells, "the default freight")
            for row, cost in zip(costs, cells, strict=True):
                if cost is not None:
                    row.append((h.spread, cost))
        return list(map(tuple, costs))

    # ---- the rest of a row ---------------------------------------------------------------------

    def _notes(self, headings: list[ParsedHeader]) -> None:
        """Read notes, sources and grades; the text of unknown columns is added to the note."""
        notes: dict[int, list[str]] = {}
        for h in sorted(headings, key=lambda h: (h.always != "note", h.position)):
            texts = [_note_text(value) for value in self.grid.values(h.position)]
            if h.always == "source":
                self.parsed.fields["source"] = texts
                continue
            if h.always == headers.GRADE:
                self.parsed.fields[headers.GRADE] = self._grades(h, texts)
                continue
            for i, part in enumerate(texts):
                if part:
                    notes.setdefault(i, []).append(part if h.always else f"{h.text}: {part}")
        if notes:
            joined = ["; ".join(notes.get(i, ())) for i, _ in enumerate(self.grid.rows)]
            self.parsed.fields["note"] = joined

    def _grades(self, heading: ParsedHeader, texts: list[str]) -> list[str]:
        grades = [grade_of(written) for written in texts]
        for row, written, grade in zip(self.grid.rows, texts, grades, strict=True):
            if grade is None:
                hint = name_hint(written, {normalize(word): word for word in WIDER})
                wrong = findings.CellError(findings.quoted(written), GRADES, hint)
                self.context.error(self.sheet, row, heading.label, wrong)
        return [grade or "" for grade in grades]

    def _keys(self) -> None:
        """Report two rows with the same key; the error names both places."""
        keys = [c for c in self.record.columns() if c.key]
        columns = [self.parsed.fields[c.field] for c in keys]
        first: dict[tuple[str, ...], int] = {}
        normalized = zip(*([_normalize(str(v)) for v in values] for values in columns), strict=True)
        for i, key in enumerate(normalized):
            if i in self.parsed.lost or first.setdefault(key, i) == i:
                continue
            place = self.context.layout.sheet(self.sheet)
            position, before = place.columns[normalize(keys[0].header)], self.grid.rows[first[key]]
            name = " + ".join(
                self.context.country_name(cell) if column.kind is CellKind.COUNTRY else str(cell)
                for column, cell in zip(keys, [cells[i] for cells in columns], strict=True)
                if cell not in {"", None}
            )
            message = f"{name} appears twice, first in {place.address(position, before)}"
            once = f"each {' + '.join(c.header for c in keys)} once"
            twice = findings.CellError(message, once)
            self.context.error(self.sheet, self.grid.rows[i], keys[0].header, twice)
            self.parsed.lost.add(i)


_normalize = cache(normalize)


def _note_text(value: object) -> str:
    try:
        return "" if value is None else parse_text(value)
    except findings.CellError:
        return described(value)


_SERIES = {(r.SHEET, f.name) for r in SHEETS for f in dataclasses.fields(r) if f.type == "ByYear"}
"""Fields that may have columns of years."""


def _placeholder(record: type[Record], column: Column) -> Any:
    """Return a value for a cell that cannot be read, so that the other cells can be checked."""
    default = getattr(record, column.field, None)
    if default is not None and not isinstance(default, ByYear):
        return default
    if column.kind in DECIMAL:
        return column.most if column.above else max(column.least, 0.0)
    if column.kind in WHOLE:
        return int(column.least) if column.required else None
    if column.kind is CellKind.CHOICE:
        return column.choices[0]
    return None if column.kind is CellKind.YES_NO else ""


# ---- Settings ----------------------------------------------------------------------------------


def read_settings(grid: Grid | None, context: findings.ReadingContext) -> Settings:
    """Read the sheet Settings, with one setting per row; errors go into the context's findings.

    It is read before all others, since their headers name its currency.
    """
    rows = _settings(grid, context) if grid is not None and grid.header_row else {}
    row, _, value = rows.get("currency", (0, "", None))
    if isinstance(value, str) and re.fullmatch(r"[a-z]{3}", normalize(value)):
        context.currency = normalize(value).upper()
    elif value is not None:
        expected = "a three-letter currency code such as USD or EUR"
        wrong = findings.CellError(described(value), expected, hint_of(value))
        context.error(Settings.SHEET, row, Settings.column_of("currency").header, wrong)
    fields: dict[str, Any] = {"currency": context.currency}
    for column in Settings.columns():
        row, label, value = rows.get(column.field, (0, column.header, None))
        factor = _setting_factor(column, row, label, context) if row else 1.0
        if value is None:
            blank = findings.DefaultUsed(Settings.SHEET, column.header, 1, column.default)
            context.defaults.append(blank)
        elif column.field != "currency":
            try:
                fields[column.field] = converter(column, factor, context.currency)(value)
            except findings.CellError as error:
                context.error(Settings.SHEET, row, column.header, error)
    return Settings(**fields)


_Rows = dict[str, tuple[int, str, object]]
"""Row, label as written, and value of each setting, by its field."""


def _settings(grid: Grid, context: findings.ReadingContext) -> _Rows:
    position_of = {h.column: h.position for h in _headings(Settings, grid, context) if h.column}
    if headers.SETTING not in position_of or headers.VALUE not in position_of:
        return {}
    columns = [grid.values(position_of[column]) for column in (headers.SETTING, headers.VALUE)]
    settings: _Rows = {}
    for row, label, value in zip(grid.rows, *columns, strict=True):
        column, wrong = _setting(label, value)
        if column is not None and column.field in settings:
            layout = context.layout.sheet(Settings.SHEET)
            first = layout.address(position_of[headers.SETTING], settings[column.field][0])
            message = f"{column.header} appears twice, first in {first}"
            wrong = findings.CellError(message, "each setting once")
        if wrong is not None:
            context.error(Settings.SHEET, row, headers.SETTING.header, wrong)
        elif column is not None:
            settings[column.field] = (row, common_letters(str(label)), value)
            context.layout.sheets[Settings.SHEET].rows[normalize(column.header)] = row
    return settings


def _setting(label: object, value: object) -> tuple[Column | None, findings.CellError | None]:
    """Return a row's setting, or the error of its name; neither for a blank row."""
    if label is None:
        nameless = findings.CellError(
            f"{described(value)} without the name of a setting", "a setting"
        )
        return None, None if value is None else nameless
    name = common_letters(label) if isinstance(label, str) else described(label)
    column = headers.setting_named(name)
    if column is not None:
        return column, None
    names = ", ".join(c.header for c in headers.SETTINGS.values())
    titles = {key: c.title for key, c in headers.SETTINGS.items()}
    hint = name_hint(headers.split_unit(name)[0], titles)
    return None, findings.CellError(f"{name!r} is not a setting", f"one of {names}", hint)


def _setting_factor(
    column: Column, row: int, label: str, context: findings.ReadingContext
) -> float:
    """Return the factor of a setting's value, from the unit in its label."""
    unit = None if normalize(label) == normalize(column.header) else headers.split_unit(label)[1]
    place = f"the setting {label!r}"
    try:
        return headers.unit_factor(column, unit, place, column.header, context.currency)
    except findings.CellError as error:
        position = context.layout.sheets[Settings.SHEET].columns[normalize(headers.SETTING.header)]
        wanted = error.expected if column.unit else column.header
        wrong = findings.at_cell(Settings.SHEET, position, row, error.found, wanted)
        context.findings.append(wrong)
        return 1.0
