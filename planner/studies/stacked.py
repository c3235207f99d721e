"""The sheets of several plans, each as one sheet with the column Scenario first.

A comparison's workbook has the rows in which a plan differs from the base. Its CSV files have all
rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from models.case import Case
from models.plan import Plan
from models.resolve import Bools, Floats, Ints
from models.results import Members, Result, Scorecard
from models.results.common import PlanTable
from models.results.field import Format
from planner.render import words
from planner.render.table import Cell, Table, TableColumn, table_of
from planner.sheets import STACKED, result_of
from planner.sheets.context import Context
from planner.sheets.scorecard import scorecard_of
from planner.studies.compare_tables import SCENARIO, ScenarioInputs

MUCH = 0.01
"""A row differs if its tonnes do, by more than this fraction of the mineral's need in the year."""
_MUCH_DEARER = 0.1
"""A row also differs if its marginal price differs by more than this fraction."""
_AMOUNTS = ("tonnes", "short", "closing", "taken", "missing")
"""The column that is compared: the first of these that a sheet has."""
MOST_UNCUT_ROWS = 1_000
"""A sheet with up to this many rows shows all of them."""
_WIDEST = 40

PlanSheets = Mapping[type[Result], Result | None]
"""Sheets of a plan; None if a sheet has no rows."""
Plans = Sequence[tuple[str, Context, PlanSheets]]
"""The name of each case that has a plan, its plan, and its ``plan_sheets``; the base first."""


def plan_sheets(plan: Plan) -> PlanSheets:
    """Return the sheets that take longest, without a comparison with the plan without limits.

    They are best made in the process that solved the plan, which has its program.
    """
    members = Members.from_plan(plan, None)
    members = members.without(Members.extra, Members.dearer, Members.extra_shortage)
    return {Members: members, Scorecard: scorecard_of(plan)}


def stacked(plans: Plans, *, are_all: bool) -> Iterator[Table]:
    """Yield the sheets of several plans, each as one sheet with the column Scenario first.

    Long sheets have only the rows that differ from the base, unless ``are_all``.
    """
    for result in STACKED:
        every = [
            (name, known[result] if result in known else result_of(result, context))
            for name, context, known in plans
        ]
        there = [(name, own) for name, own in every if own is not None]
        count, left_out = sum(len(own) for _, own in there), 0
        is_cut = not are_all and count > MOST_UNCUT_ROWS and issubclass(result, PlanTable)
        if is_cut and there and there[0][0] == plans[0][0]:  # only if the base has rows
            kept = _rows_that_differ(plans[0][1].case, [own for _, own in there])
            left_out = count - sum(map(len, kept))
            there = [(name, own) for (name, _), own in zip(there, kept, strict=True)]
        if there:
            country = plans[0][1].country_name
            table = _joined_table([(name, table_of(own, country)) for name, own in there])
            yield _with_note(table, left_out, plans[0][0]) if left_out else table


# ---- rows that differ ----------------------------------------------------------------------------


def _rows_that_differ(base: Case, results: Sequence[Result]) -> list[Result]:
    """Return the rows that differ between the first table and any of the others.

    Rows differ in tonnes relative to the mineral's need in the year, in marginal price, or in
    whether a limit binds.
    """
    coded = _coded(results)
    keys, ends = _row_keys(results[0], coded), np.cumsum([len(result) for result in results])[:-1]
    parts = zip(
        results, np.split(keys, ends), np.split(_need_of_rows(base, coded), ends), strict=True
    )
    count = int(keys.max(initial=-1)) + 1
    first, *others = (_KeyedRows(*part, count) for part in parts)
    kept = sum((first.differ_from(rows) for rows in others), np.zeros(len(first.keys), dtype=bool))
    pairs = zip(results[1:], others, strict=True)
    return [results[0].where(kept), *(r.where(rows.differ_from(first)) for r, rows in pairs)]


Coded = Mapping[str, tuple[Ints, Any]]
"""Columns of all rows of several tables: the number of each row's value, and the values."""


def _coded(results: Sequence[Result]) -> Coded:
    """Return the columns that identify a row, its mineral and its year, where all tables have them.

    The rows of the tables follow one another.
    """
    names = dict.fromkeys((*results[0].GRAIN, "mineral", "year"))
    columns = {
        name: pd.concat([pd.Series(result.data[name]) for result in results])
        for name in names
        if all(name in result.data for result in results)
    }
    return {n: pd.factorize(column, use_na_sentinel=False) for n, column in columns.items()}


def _row_keys(result: Result, coded: Coded) -> Ints:
    """Return a number for each row's key; rows with equal keys have the same."""
    keys = np.zeros(len(next(iter(coded.values()))[0]), dtype=np.int64)
    for codes, values in (coded[name] for name in result.GRAIN if name in coded):
        keys = pd.factorize(keys * len(values) + codes)[0]
    return keys


def _need_of_rows(base: Case, coded: Coded) -> Floats:
    """Return the need of each row's mineral in its year, at least 1 t; 1 where it has no year."""
    minerals, years = [m.name for m in base.minerals], base.years
    needs = np.ones((len(minerals) + 1, len(years) + 1))  # the last ones: no mineral, no year
    for m, mineral in enumerate(minerals):
        needs[m, :-1] = [max(1.0, base.coalition_demand(mineral, year)) for year in years]
    return np.asarray(
        needs[_value_positions(minerals, coded, "mineral"), _value_positions(years, coded, "year")]
    )


def _value_positions(every: Sequence[Any], coded: Coded, name: str) -> Ints | int:
    """Return the position of each row's value among ``every``; -1 if it is not there."""
    if name not in coded:
        return -1
    codes, values = coded[name]
    return np.asarray(pd.Index(every).get_indexer(values)[codes])


class _KeyedRows:
    """The rows of a table: amount, price and binding limit to compare, and the need."""

    def __init__(self, result: Result, keys: Ints, needs: Floats, count: int) -> None:
        data, zeros = result.data, np.zeros(len(keys))
        amount = next((name for name in _AMOUNTS if name in data), "")
        compared = [data.get(name, zeros) for name in (amount, "marginal", "binding")]
        self.keys, self.needs, self.numbers = keys, needs, np.array(compared, dtype=float)
        self.by_key = np.zeros((len(compared), count))  # 0 where a key is missing
        self.by_key[:, keys] = self.numbers

    def differ_from(self, other: _KeyedRows) -> Bools:
        """Return which rows differ from the other table's row with the same key, or have none."""
        amount, price, binds = self.numbers
        was, price_was, bound = other.by_key[:, self.keys]
        dearer = _MUCH_DEARER * np.maximum(np.abs(price), np.abs(price_was))
        differs = (np.abs(amount - was) > MUCH * self.needs) | (binds != bound)
        return np.asarray(differs | (np.abs(price - price_was) > dearer))


# ---- one sheet of several ------------------------------------------------------------------------


def _joined_table(parts: Sequence[tuple[str, Table]]) -> Table:
    first = parts[0][1]
    names = [words.clean_text(name) for name, table in parts for _ in range(len(table))]
    columns = [TableColumn(SCENARIO.header, Format.TEXT, names)]
    for header in dict.fromkeys(header for _, table in parts for header in table.headers):
        named = ({column.header: column for column in table.columns} for _, table in parts)
        sides = [
            (len(t), columns.get(header)) for (_, t), columns in zip(parts, named, strict=True)
        ]
        some = next(column for _, column in sides if column is not None)
        values = [v for rows, c in sides for v in ([None] * rows if c is None else c.values)]
        formats = [fmt for rows, c in sides for fmt in (c and c.formats) or [some.fmt] * rows]
        columns.append(replace(some, values=values, formats=some.formats and formats))
    printed = None if first.printed is None else first.printed + 1
    # a plan's sheet Changes compares it with today; a comparison's sheet Changes has its inputs
    name = "Changes from today" if first.name == ScenarioInputs.TABLE else first.name
    return replace(first, name=name, columns=tuple(columns), printed=printed)


def _with_note(table: Table, count: int, base: str) -> Table:
    """Return a table with a last row that says how many rows are left out, and why."""
    note: Cell = (
        f"{count:,} rows are left out, because their tonnes differ from {base} by at most"
        f" {MUCH:z.0%} of the mineral's need in the year. --csv DIR writes all rows."
    )
    lead, *others = table.columns
    columns = [replace(lead, values=[*lead.values, note], widest=_WIDEST)]
    for column in others:
        formats = column.formats and [*column.formats, Format.TEXT]
        columns.append(replace(column, values=[*column.values, None], formats=formats))
    return replace(table, columns=tuple(columns))
