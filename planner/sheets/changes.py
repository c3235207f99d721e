"""Differences of two cases, input by input, and of two plans: amounts, orders and plants."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import partial
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np

from models import schema, tolerances
from models.case import Case, normalize
from models.plan import BUILT
from models.results import ChangedBuilds, ChangedOrders, Flows, common
from models.results.common import format_of
from models.results.decisions import differ
from models.results.difference import SIDES, TableDifference, paired_rows
from models.results.field import Format
from models.results.rounds import OTHER, PLANT, PRICE, STOCK
from models.units import in_currency
from planner.render.table import Cell
from planner.render.words import clean_text, counted, year_span
from planner.sheets.context import Context, once

ADDED, REMOVED = "added", "removed"

_BESIDE: dict[str, tuple[type[schema.Record], str, str, str, Format]] = {
    "extra_usable": (schema.Refiner, "capacity", "usable capacity added", "t/yr", Format.TONNES),
    "support": (schema.Refiner, "cost", "support paid", "USD/t", Format.PRICE),
    "built_in": (
        schema.Project,
        "first_year",
        "year in which it is built in full",
        "",
        Format.YEAR,
    ),
    "due": (schema.Built, "year", "paid as if output began in", "", Format.YEAR),
    "barred": (schema.Project, "first_year", "no output can begin in", "", Format.YEAR),
    "freight_factor": (schema.Lane, "freight", "freight multiplied by", "", Format.FACTOR),
    "tariff_added": (schema.Lane, "tariff", "added to the tariff", "", Format.SHARE),
    "except_minerals": (schema.ShareLimit, "mineral", "all minerals but", "", Format.PRICE),
}
"""Fields that only a scenario fills: the field that they change, meaning, unit and format."""
_NAMES = {
    schema.CellKind.NAME, schema.CellKind.COUNTRY, schema.CellKind.CHOICE, schema.CellKind.YEAR,
}  # fmt: skip


@dataclass(frozen=True)
class InputDifference:
    """One input that differs.

    ``row`` and ``column`` (a header) locate it in the workbook; row 0 means that it is not there.
    ``what`` is the record and the column in words; ``before`` and ``after`` are cell values, with
    the number format ``fmt``. ``row_after`` is the row of the record after, and ``column_after``
    the header of the cell of ``after`` if it may differ from ``column``.
    """

    sheet: str
    row: int
    column: str
    what: str
    before: Cell
    after: Cell
    fmt: Format = Format.TEXT
    row_after: int = 0
    column_after: str = ""


Keys = Callable[[type[schema.Record]], Iterable[Callable[[schema.Record], Hashable]]]
"""The keys that match the rows of a sheet, one after another."""


def input_differences(
    base: Case, case: Case, keys: Keys = lambda _: _BY_ROW
) -> Iterator[InputDifference]:
    """Yield every input that differs between the base and a case, in the order of the sheets.

    Rows are matched by their numbers, unless other ``keys`` are given.
    """
    if base == case:
        return
    for record in schema.SHEETS:
        if record in {schema.ScenarioStep, schema.EventStep}:  # instructions, not inputs
            continue
        before, after = base.records(record.SHEET), case.records(record.SHEET)
        if before is after or before == after:
            continue
        # the sheet Members shows which members left
        gone = base.member_of.keys() - case.member_of if record is schema.Freight else ()
        pairs = paired_records(before, after, keys(record))
        for old, new in sorted(pairs, key=lambda pair: pair[0].row if pair[0] else math.inf):
            if new is None and old is not None:
                place, label = (record.SHEET, old.row, _first_header(old)), _record_name(base, old)
                yield InputDifference(*place, label, None, REMOVED)
            elif new is not None:
                cells = record_differences(base, old, new) if old else _of_added(base, new)
                yield from (each for each in cells if each.column not in gone)


def paired_records(
    before: Sequence[schema.Record],
    after: Sequence[schema.Record],
    keys: Iterable[Callable[[schema.Record], Hashable]],
) -> Iterator[tuple[schema.Record | None, schema.Record | None]]:
    """Yield the matched records of two sheets, then those of only one (``paired_rows``)."""
    for row, other in paired_rows(before, after, keys):
        yield None if row is None else before[row], None if other is None else after[other]


def _identity(record: schema.Record) -> Hashable:
    """Return what identifies a record: its row, its key columns, or all of it."""
    if record.row:
        return record.row
    keys = [c.field for c in type(record).columns() if c.key]
    return tuple(getattr(record, name) for name in keys) if keys else record


_BY_ROW: Sequence[Callable[[schema.Record], Hashable]] = (lambda r: (_identity(r), r), _identity)


def _first_header(record: schema.Record) -> str:
    return next(iter(type(record).columns())).header


def record_differences(
    case: Case, before: schema.Record, after: schema.Record
) -> Iterator[InputDifference]:
    """Yield the differences between two versions of a row, cell by cell."""
    label = _record_name(case, before)
    difference = partial(InputDifference, before.SHEET, before.row, row_after=after.row)
    for f in fields(before):
        old, new = getattr(before, f.name), getattr(after, f.name)
        if not f.compare or old == new:
            continue
        shown = _field_words(case, before, f.name)
        label_of_cell = f"{label}: {shown.words}"
        if shown.is_spread:
            olds, news = dict(old), dict(new)
            for name in dict.fromkeys([*olds, *news]):
                was, now = olds.get(name), news.get(name, REMOVED)
                if was != news.get(name):
                    yield difference(str(name), f"{label_of_cell}{name}", was, now, shown.fmt)
        elif isinstance(old, schema.ByYear) and isinstance(new, schema.ByYear):
            # years with the same change of the same cell are one difference
            run_of = partial(_in_year, shown.header, old, new)
            for change, run in groupby(case.years, key=run_of):
                if change is not None:
                    cell, was, now = change
                    years = [*run]
                    other = _cell_of(shown.header, new, years[0])
                    label_of_years = f"{label_of_cell} {year_span(years)}"
                    yield difference(cell, label_of_years, was, now, shown.fmt, column_after=other)
        else:
            yield difference(
                shown.header, label_of_cell, _cell_text(old), _cell_text(new), shown.fmt
            )


def _in_year(
    header: str, old: schema.ByYear, new: schema.ByYear, year: int
) -> tuple[str, Cell, Cell] | None:
    was, now = old.at(year), new.at(year)
    return None if was == now else (_cell_of(header, old, year), was, now)


def _cell_of(header: str, series: schema.ByYear, year: int) -> str:
    steps = [y for y, value in series.steps if y <= year and value is not None]
    return f"{header} {steps[-1]}" if steps else header


def _of_added(case: Case, record: schema.Record) -> Iterator[InputDifference]:
    """Yield the filled cells of an added row that aren't keys; else only that it was added."""
    label, differences = _record_name(case, record), list[InputDifference]()
    columns = {c.field: c for c in type(record).columns()}
    for f in fields(record):
        value = getattr(record, f.name)
        default = f.default if f.default is not MISSING else None
        if f.compare and value != default and not _is_label(record, columns.get(f.name)):
            shown = _field_words(case, record, f.name)
            for cell, words_of, content in _cells_of_field(shown, value):
                words, to = (
                    f"{label}: {words_of}",
                    (_cell_text(content), shown.fmt, record.row, cell),
                )
                differences.append(InputDifference(record.SHEET, 0, "", words, None, *to))
    added = ADDED, Format.TEXT, record.row, _first_header(record)
    yield from differences or [InputDifference(record.SHEET, 0, "", label, None, *added)]


def _cells_of_field(shown: _FieldWords, value: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield header, words and value of each cell that a field of an added row fills."""
    if shown.is_spread:
        for name, content in value:
            yield str(name), f"{shown.words}{name}", content
    elif isinstance(value, schema.ByYear):
        yield shown.header, shown.words, value.base
        for year, content in value.steps:
            if content is not None:
                yield f"{shown.header} {year}", f"{shown.words} {year}", content
    else:
        yield shown.header, shown.words, value


@dataclass(frozen=True)
class _FieldWords:
    """A field in words: the header of its cell, its meaning with unit, and its number format.

    ``is_spread``: it fills several columns, such as the years of Demand or the members of Freight.
    """

    header: str
    words: str
    fmt: Format
    is_spread: bool = False


def _field_words(case: Case, record: schema.Record, field: str) -> _FieldWords:
    currency = case.settings.currency
    if isinstance(record, schema.Demand) and field == "tonnes":
        return _FieldWords("", "Demand (t) ", Format.TONNES, is_spread=True)
    if isinstance(record, schema.Freight) and field == "costs":
        return _FieldWords("", f"Freight ({currency}/t) to ", Format.PRICE, is_spread=True)
    column = next((c for c in type(record).columns() if c.field == field), None)
    if column is not None:
        header = words = column.header
        declared, fmt = column.unit, format_of(column)
    elif field in _BESIDE:
        of_record, beside, words, declared, fmt = _BESIDE[field]
        header = of_record.column_of(beside).header
    else:
        header, words, declared, fmt = "", field.replace("_", " "), "", Format.PRICE
    unit = in_currency(declared, currency)
    return _FieldWords(header, f"{words} ({unit})" if unit else words, fmt)


def _is_label(record: schema.Record, column: schema.Column | None) -> bool:
    """Return whether a column identifies the row, rather than holding a value."""
    if column is None or any(c.key for c in type(record).columns()):
        return column is not None and column.key
    return column.kind in _NAMES


def _record_name(case: Case, record: schema.Record) -> str:
    """Return a record's name: its key, or all columns that identify it, with headers."""
    keyed = any(c.key for c in type(record).columns())
    parts = []
    for column in type(record).columns():
        value = getattr(record, column.field)
        is_default = not column.required and value == getattr(type(record), column.field, None)
        if not _is_label(record, column) or is_default or value in {"", None}:
            continue
        is_code = column.kind is schema.CellKind.COUNTRY
        is_code = is_code or column.field in {"supplier", "lost_country"}
        text = case.country_name(value) if is_code else str(_cell_text(value))
        if isinstance(value, tuple):  # of countries and blocs
            text = "; ".join(map(case.country_name, value))
        parts.append(text if keyed else f"{column.header} {text}")
    return ", ".join(parts) or "all"


def _cell_text(value: Any) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) or value is None:
        return value
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return clean_text(text) or None


# ---- amounts of two plans, matched by key --------------------------------------------------------

MOST_MOVES = 10
"""Most flows listed in a group; a last row sums up the others."""
Amounts = Mapping[tuple[Any, ...], float]
"""Amounts of a plan by some names, such as mineral, seller and buyer."""


def changed_amounts(  # noqa: PLR0913
    old: Amounts,
    new: Amounts,
    names: Sequence[str],
    grouped: int,
    *,
    least: float = tolerances.LEAST_MOVE,
    unit: float = 0.0,
) -> list[dict[str, Any]]:
    """Return the amounts that differ: their keys by ``names``, then old, new and change.

    Changes up to ``least`` x the largest amount of a group, or ``unit`` if that is larger, are
    rounding and don't count. The first ``grouped`` names of a key are its group.
    """
    rows = amounts_side_by_side(old, new, names)
    group_of, largest = itemgetter(*names[:grouped]), defaultdict[Any, float](lambda: unit)
    for row in rows:
        largest[group_of(row)] = max(largest[group_of(row)], abs(row["old"]), abs(row["new"]))
    return [row for row in rows if abs(row["change"]) > least * largest[group_of(row)]]


def amounts_side_by_side(old: Amounts, new: Amounts, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return each amount's key by ``names``, then old, new and change; 0 where there is none."""
    before, after = ({"key": [*each], "": [*each.values()]} for each in (old, new))
    rows = TableDifference(before, after, ["key"], [""]).rows({"": 0.0}, noise=0.0)
    return [dict(zip(names, row.pop("key"), strict=True)) | row for row in rows]


def differing_builds(old: Amounts, new: Amounts) -> list[dict[str, Any]]:
    """Return the fractions of plants, by project and year, that two plans build differently."""
    rows = amounts_side_by_side(old, new, ("project", "year"))
    return [row for row in rows if abs(row["change"]) > tolerances.SAME_SHARE]


def largest_moves(rows: Iterable[dict[Any, Any]]) -> Iterator[dict[Any, Any]]:
    """Yield the moves of one group, the largest first, and a last row that sums up the others."""
    ranked = sorted(rows, key=lambda row: (-abs(row["change"]), row["seller"], row["buyer"]))
    yield from ranked[:MOST_MOVES]
    if rest := ranked[MOST_MOVES:]:
        others = {amount: float(np.sum([row[amount] for row in rest])) for amount in SIDES}
        yield {"seller": counted(len(rest), "other flow"), "buyer": "", **others}


def minerals_that_differ(pairs: Iterable[tuple[Amounts, Amounts]]) -> set[str]:
    """Return the minerals whose cost or shortage differs in any year.

    ``pairs`` are amounts of the old and the new plan, by mineral and year: cost, and shortage.
    """
    names, least = ("mineral", "year"), tolerances.SAME_COST
    compared = (changed_amounts(*pair, names, 1, least=least, unit=1.0) for pair in pairs)
    return {row["mineral"] for rows in compared for row in rows}


# ---- orders and plants of a rolled workbook's plan and of the previous plan ----------------------


_PARTS = ("year", "mineral", "refiner", "project", "member", "contract")


@once
def changed_orders(context: Context) -> ChangedOrders | None:
    """Return the sheet of changed orders; None without a previous plan."""
    return order_changes(context, {})


def order_changes(context: Context, stocks: Mapping[str, str]) -> ChangedOrders | None:
    """Return the changed orders; None without a previous plan.

    Orders of both plans in the years planned here are matched by their names, without regard to
    case and spaces. ``stocks`` are minerals of which a stockpile holds other than planned, each
    with its member.
    """
    last, years = context.book.before, context.case.years
    if last is None or not years:
        return None
    parts = (*_PARTS, "tonnes")
    planned = Flows.from_plan(context.plan).rows(*(getattr(Flows, part) for part in parts))
    previous = (attrgetter(*parts)(row) for row in last.orders if row.year in years)
    now, before = (defaultdict[tuple[object, ...], float](float) for _ in range(2))
    names: dict[tuple[object, ...], list[object]] = {}
    for amounts, orders in ((now, planned), (before, previous)):
        for year, *given, tonnes in orders:
            key = (int(year), *_normalized(given))
            names.setdefault(key, given)  # as they are written in this plan
            amounts[key] += float(tonnes)
    units, why = common.units_of(context.case), _Reasons(context, stocks)
    return ChangedOrders.of_rows(
        [
            dict(zip(_PARTS, (row["year"], *given), strict=True))
            | {"unit": units.get(str(given[0]), "t")}
            | {"before": row["old"], "now": row["new"], "change": row["change"]}
            | dict(zip(("why", "because"), why(row["year"], given), strict=True))
            for row in amounts_side_by_side(before, now, _PARTS)
            if differ(row["old"], row["new"])
            for given in [names[*(row[part] for part in _PARTS)]]
        ]
    )


@once
def changed_builds(context: Context) -> ChangedBuilds | None:
    """Return the sheet of plants that are built in other years; None without a previous plan."""
    last, years = context.book.before, context.case.years
    if last is None or not years:
        return None
    before = {(normalize(row.project), row.year): row.part for row in last.builds}
    now = {
        (normalize(project), year): part
        for (project, year), part in context.plan.amounts(BUILT).items()
        if year >= years[0]
    }
    projects = {normalize(p.name): p for p in context.case.projects}
    rows = [
        {"project": p.name, "mineral": p.mineral, "country": p.country, "year": row["year"],
         "before": row["old"], "now": row["new"], "change": row["change"]}
        for row in differing_builds(before, now)
        if row["project"] in projects
        for p in [projects[row["project"]]]
    ]  # fmt: skip
    return ChangedBuilds.of_rows(rows) if rows else None


class _Reasons:
    """Why orders differ from those of the previous plan: a price, a plant, a stock."""

    def __init__(self, context: Context, stocks: Mapping[str, str]) -> None:
        e, last = context.plan.expanded, context.book.before
        landed: dict[tuple[object, ...], float] = {}
        d = e.deliveries
        for i, cost in enumerate(d.landed.tolist()):
            source = e.sources[d.source[i]]
            names = (source.mineral, source.name, source.project, e.members[d.member[i]])
            contract = int(d.contract[i])
            name = context.case.contracts[contract].name if contract >= 0 else ""
            landed[e.years[d.year[i]], *_normalized((*names, name))] = cost
        self.repriced, self.mineral_repriced = set[tuple[object, ...]](), dict[str, str]()
        for row in last.orders if last else ():
            key = (row.year, *_normalized(attrgetter(*_PARTS[1:])(row)))
            cost = landed.get(key, row.landed)
            if abs(cost - row.landed) > tolerances.SAME_SUM * max(abs(cost), abs(row.landed)):
                self.repriced.add(key)
                self.mineral_repriced.setdefault(normalize(row.mineral), row.project or row.refiner)
        builds = changed_builds(context)
        moved = builds.rows(ChangedBuilds.mineral, ChangedBuilds.project) if builds else ()
        self.plants = {normalize(str(mineral)): str(project) for mineral, project in moved}
        self.stocks = {normalize(mineral): member for mineral, member in stocks.items()}

    def __call__(self, year: int, given: list[Any]) -> tuple[str, str]:
        """Return why an order changes, and because of whom."""
        mineral, refiner, project, *_ = given
        if (year, *_normalized(given)) in self.repriced:
            return PRICE, str(project or refiner)
        for why, of in ((PLANT, self.plants), (STOCK, self.stocks), (PRICE, self.mineral_repriced)):
            if normalize(str(mineral)) in of:
                return why, of[normalize(str(mineral))]
        return OTHER, ""


def _normalized(names: Any) -> tuple[str, ...]:
    return tuple(normalize(str(name or "")) for name in names)
