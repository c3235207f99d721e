"""The columns of a template's sheet, with the comments of headers and the validation of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from models import case, schema, units
from models.schema import CellKind, Column, Record
from models.schema.evidence import GRADES
from planner.workbook import headers
from planner.workbook.cells import DECIMAL, WHOLE
from planner.workbook.headers import RECORDS, ParsedHeader

Row = Mapping[str, object]
Tables = Mapping[str, Sequence[Row]]

NUMBERS = DECIMAL | WHOLE


# ---- columns ------------------------------------------------------------------------------------


def currency_of(tables: Tables) -> str:
    """Return the currency that the rows of Settings name, USD if they name none."""
    for row in tables.get(schema.Settings.SHEET, ()):
        if case.fold(str(row.get(headers.SETTING.header) or "")) == "currency":
            return str(row.get(headers.VALUE.header) or units.MONEY).strip() or units.MONEY
    return units.MONEY


def title(column: Column, currency: str, year: int | None = None) -> str:
    """Write a column's header: ``Capacity 2027 (t/yr)``, money in the workbook's currency."""
    head = f"{column.header} {year}" if year else column.header
    return f"{head} ({units.in_currency(column.unit, currency)})" if column.unit else head


def headings(record: type[Record], tables: Tables) -> list[ParsedHeader]:
    """Return every column of a sheet: declared, by year, spread, unknown, then Note and Source."""
    currency, name = currency_of(tables), schema.Member.column_of("name").header
    rows = tables.get(schema.Member.SHEET, ())
    members = {case.fold(str(row[name])): str(row[name]) for row in rows if row.get(name)}
    there = []
    for text in dict.fromkeys(str(key) for row in tables.get(record.SHEET, ()) for key in row):
        heading = replace(headers.parse_header(record, case.clean(text), members), text=text)
        is_unknown = heading.is_remark and not heading.always
        if is_unknown and record.SPREAD == headers.MEMBERS and not members:
            heading = replace(heading, spread=text)
        there.append(heading)
    base = {h.column: h for h in there if h.year is None}
    shown: list[ParsedHeader] = []
    for column in headers.declared(record).values():
        shown.append(base.get(column) or ParsedHeader(title(column, currency), column=column))
        steps = ((h.year, h) for h in there if h.column is column and h.year is not None)
        shown += (h for _, h in sorted(steps, key=lambda step: step[0]))
    spread = [h for h in there if h.spread]
    if record.SPREAD == headers.MEMBERS and not spread:
        spread = [ParsedHeader(member, spread=member) for member in members.values()]
    remarks = {h.always: h for h in there if h.always}
    for field, word in headers.REMARKS.items():
        remarks.setdefault(field, ParsedHeader(word, always=field))
    extra = (h for h in there if h.is_remark and not h.always)
    return [*shown, *spread, *extra, *remarks.values()]


def rows_of(record: type[Record], tables: Tables) -> list[list[object]]:
    """Return a sheet's header and rows as lists of cells; "" is a blank cell."""
    header = [heading.text for heading in headings(record, tables)]
    rows = tables.get(record.SHEET, ())
    cells = [["" if (v := row.get(text)) is None else v for text in header] for row in rows]
    return [[*header], *cells]


# ---- comments of headers ------------------------------------------------------------------------


def comment(record: type[Record], heading: ParsedHeader, currency: str) -> str:
    """Return meaning, unit, bound, choices and default of a column; "" if nothing is known."""
    column = heading.column
    if heading.spread:
        usual = units.in_currency(headers.SPREADS[record.SPREAD].unit, currency)
        unit = "" if heading.unit else f", in {usual}"
        if record.SPREAD == headers.YEARS:
            return f"Demand in {heading.text}{unit}. Blank: 0."
        return f"Freight to {heading.text}{unit}. Blank: the setting Default freight."
    if column is None:
        words = {
            "note": "Your own text; it is copied into the plan.",
            "source": "Where the row's numbers come from; it is copied into the plan.",
            headers.GRADE: f"How reliable the row's numbers are: {GRADES}.",
        }
        return words.get(heading.always, "A note: the planner does not use it.")
    lines = [column.meaning]
    if heading.year:
        lines.append(f"Holds from {heading.year} on. Blank: the previous column's value continues.")
    lines += facts(column, currency)
    if column.by_year and not heading.year:
        unit = f" ({units.accepted(column.unit, currency)[0]})" if column.unit else ""
        lines.append(f"By year: add a column such as {column.header} 2030{unit}.")
    if record.SPREAD == headers.YEARS and column.field == "member":
        lines.append("Then a column per year, such as 2026, in t.")
    if not heading.year:
        lines.append(if_blank(column))
    return "\n".join(line for line in lines if line)


def facts(column: Column, currency: str) -> list[str]:
    """Return the allowed values of a column's cells: unit, bounds, choices, sheets of names."""
    bound = _bounds(column)
    lines = (
        column.unit and f"Unit: {' or '.join(units.accepted(column.unit, currency))}.",
        column.choices and f"One of: {', '.join(column.choices)}.",
        bound and f"Allowed: {bound}.",
        column.refers and f"A name of the sheet {' or '.join(column.refers)}.",
    )
    return [line for line in lines if isinstance(line, str) and line]


def if_blank(column: Column) -> str:
    """Return whether a cell is required and, if not, what a blank cell means."""
    if column.required:
        return "Must be filled."
    return f"Blank: {column.default}." if column.default else ""


def _bounds(column: Column) -> str:
    """Return the bounds of a number in words, "" if it has no upper bound."""
    if column.most == float("inf"):
        return ""
    least = f"above {column.least:g}" if column.above else f"{column.least:g}"
    most = f"below {column.most:g}" if column.below else f"{column.most:g}"
    return f"{least} to {most}"


# ---- drop-downs and bounds ----------------------------------------------------------------------

LISTS = "Lists"
"""The hidden sheet with drop-downs that are too long for a rule, or join words and names."""
LONGEST_LITERAL = 255
"""Most characters of a drop-down within a rule: Excel refuses a file with more."""
ROWS = 1000
"""Least rows below the header that have drop-downs and bounds."""

Rule = dict[str, Any]

_BLOCS = (f"{schema.EACH_OUTSIDE}{schema.COALITION}", schema.COALITION, schema.OTHER)
_SUPPLIERS = (*_BLOCS, schema.PRIMARY, schema.RECYCLED)
_WORDS: dict[Column, tuple[Sequence[str], str]] = {
    schema.ShareLimit.column_of("buyer"): ((schema.EACH,), schema.Member.SHEET),
    schema.ShareLimit.column_of("supplier"): (_SUPPLIERS, schema.Country.SHEET),
    schema.SecurityTarget.column_of("lost_country"): (_BLOCS[:1], schema.Country.SHEET),
}
"""Columns that accept words as well as names: the words, and the sheet of the names."""


_OWNED = frozenset(
    {schema.ScenarioStep.column_of("company"), schema.EventStep.column_of("company")}
)
"""Columns that name an owner; their drop-down offers the owners in the sheet Refiners."""


class Choices:
    """Makes the validation rules of a workbook, and the lists of its hidden sheet."""

    def __init__(
        self,
        layouts: Mapping[str, Sequence[ParsedHeader]],
        tables: Tables,
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Take columns and rows of each sheet; ``names`` are of sheets in another workbook."""
        self.layouts, self.tables, self.names = layouts, tables, names or {}
        self.lists: list[list[str]] = []
        """Columns of the hidden sheet; an entry that begins with ``=`` is a formula."""

    def last_row(self, sheet: str) -> int:
        """Return the last row of a sheet with drop-downs and bounds, the header being row 1.

        Below the header these are twice the rows that are filled, and at least ``ROWS``.
        """
        return 1 + max(ROWS, 2 * len(self.tables.get(sheet, ())))

    def rule(self, sheet: str, heading: ParsedHeader) -> Rule | None:
        """Return the rule of a column's cells, None if they may have any value."""
        column = heading.column
        if heading.spread:
            return _number(headers.SPREADS[RECORDS[sheet].SPREAD])
        if column is None:
            return None
        if column in _OWNED:
            return self._names(schema.Refiner.SHEET, field="company")
        words, home = _WORDS.get(column, ((), next(iter(column.refers), "")))
        if column.kind is CellKind.COUNTRY and sheet != schema.Country.SHEET:
            home = schema.Country.SHEET
        if not home:
            return self.cell_rule(column)
        if home in self.names:
            return self._given(self.names[home])
        rule = self._names(home, words)
        if rule is not None and len(column.refers) == 1:
            rule = _list(rule["source"], f"a name of the sheet {home}: add it there first")
        return rule

    def cell_rule(self, column: Column) -> Rule | None:
        """Return the rule of a cell from its column's declaration, or its setting's."""
        if column.kind is CellKind.YES_NO:
            return _list(["yes", "no"], "yes or no")
        if not column.choices:
            return _number(column)
        source: list[str] | str = list(column.choices)
        if len(",".join(column.choices)) > LONGEST_LITERAL:
            self.lists.append([*column.choices])
            letter = xl_col_to_name(len(self.lists) - 1)
            source = f"={LISTS}!${letter}$1:${letter}${len(column.choices)}"
        return _list(source, ", ".join(column.choices))

    def _given(self, names: Sequence[str]) -> Rule | None:
        """Offer names, but accept others."""
        if not names:
            return None
        if [*names] not in self.lists:
            self.lists.append([*names])
        letter = xl_col_to_name(self.lists.index([*names]))
        source = f"={LISTS}!${letter}$1:${letter}${len(names)}"
        return {"validate": "list", "source": source, "show_error": False}

    def _names(self, sheet: str, words: Sequence[str] = (), field: str = "") -> Rule | None:
        """Offer words and the names in a sheet, down to the last one; accept others.

        Others are accepted since any country may be written. The names are the sheet's keys, or the
        values in its column of a ``field``.
        """
        layout = [h.column for h in self.layouts.get(sheet, ())]
        keys = [i for i, column in enumerate(layout) if column is not None and column.key]
        names = [
            i for i, column in enumerate(layout) if column is not None and column.field == field
        ]
        if not keys:
            return None
        key, last = xl_col_to_name(keys[0]), self.last_row(sheet)
        letter = xl_col_to_name(names[0]) if names else key
        filled = f"COUNTA({sheet}!${key}$2:${key}${last})"
        source = f"=OFFSET({sheet}!${letter}$2,0,0,MAX(1,{filled}),1)"
        if words:
            cells = (f"{sheet}!${letter}${row}" for row in range(2, last + 1))
            self.lists.append([*words, *(f'=IF({cell}="","",{cell})' for cell in cells)])
            here = xl_col_to_name(len(self.lists) - 1)
            source = f"=OFFSET({LISTS}!${here}$1,0,0,{len(words)}+{filled},1)"
        return {"validate": "list", "source": source, "show_error": False}


def _list(source: list[str] | str, wanted: str) -> Rule:
    return {
        "validate": "list",
        "source": source,
        "error_title": "Not in the list",
        "error_message": f"Expected {wanted}."[:LONGEST_LITERAL],
    }


def _number(column: Column) -> Rule | None:
    if column.kind not in NUMBERS:
        return None
    rule: Rule = {
        "validate": "integer" if column.kind in WHOLE else "decimal",
        "error_title": "Not a number that fits",
        "error_message": f"Expected {column.kind.value}, {_bounds(column) or 'not negative'}.",
    }
    if column.most == float("inf"):
        return rule | {"criteria": ">=", "value": column.least}
    return rule | {"criteria": "between", "minimum": column.least, "maximum": column.most}
