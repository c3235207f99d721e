"""The sheets of several plans under one another: all rows, or those that differ from the first's.

A comparison's workbook has the rows in which a plan differs from the base; all rows are in its CSV
files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from models.case import Case
from models.resolve import Bools, Ints
from models.results import Look, Members, Result
from models.results.common import PlanTable
from planner.render import words
from planner.render.table import Cell, Table, TableColumn, table_of
from planner.sheets import STACKED, made
from planner.sheets.context import Context
from planner.studies.compare_tables import SCENARIO, ScenarioInputs

MUCH = 0.01
"""A row differs if its tonnes do by more than this part of the need of its mineral and year."""
_MUCH_DEARER = 0.1
"""Or its marginal price by more than this part."""
_AMOUNTS = ("tonnes", "short", "closing", "taken", "missing")
"""What of a sheet's row is compared: the first that it has."""
MOST = 1_000
"""Rows of a sheet that is never cut."""
_WIDEST = 40

Plans = Sequence[tuple[str, Context]]
"""The name of each case that has a plan, and the plan; the base first."""


def stacked(plans: Plans, *, are_all: bool) -> Iterator[Table]:
    """Yield the sheets of plans under one another, with the column Scenario first.

    All that several plans may have; unless ``are_all``, of long ones the rows that differ.
    """
    for result in STACKED:
        every = [(name, _of_plan(result, context)) for name, context in plans]
        there = [(name, of) for name, of in every if of is not None]
        count, left_out = sum(len(of) for _, of in there), 0
        is_cut = not are_all and count > MOST and issubclass(result, PlanTable)
        if is_cut and there and there[0][0] == plans[0][0]:  # else there is no base to differ from
            kept = _that_differ(plans[0][1].case, [of for _, of in there])
            left_out = count - sum(map(len, kept))
            there = [(name, of) for (name, _), of in zip(there, kept, strict=True)]
        if there:
            country = plans[0][1].country
            table = _under_one_another([(name, table_of(of, country)) for name, of in there])
            yield _with_note(table, left_out, plans[0][0]) if left_out else table


def _of_plan(result: type[Result], context: Context) -> Result | None:
    """Return a plan's sheet; none is compared with the plan without limits, but with the base."""
    if result is not Members:
        return made(result, context)
    table = Members.from_plan(context.plan, None)
    return table.without(Members.extra, Members.dearer, Members.extra_shortage)


# ---- rows that differ ----------------------------------------------------------------------------


def _that_differ(base: Case, results: Sequence[Result]) -> list[Result]:
    """Return the rows of each table that differ from the first's, and of the first any of theirs.

    In tonnes, by much of what is needed of the mineral in the year; in price; in whether it binds.
    """
    keys = _keys(results)
    count = 1 + max((int(each.max()) for each in keys if len(each)), default=0)
    first, *others = (_KeyedRows(base, r, k, count) for r, k in zip(results, keys, strict=True))
    kept = sum((first.differ_from(rows) for rows in others), np.zeros(len(first.keys), dtype=bool))
    pairs = zip(results[1:], others, strict=True)
    return [results[0].where(kept), *(r.where(rows.differ_from(first)) for r, rows in pairs)]


def _keys(results: Sequence[Result]) -> list[Ints]:
    """Return the number of each row's key: equal keys of the tables have equal numbers."""
    ends = np.cumsum([len(result) for result in results])
    keys = np.zeros(ends[-1], dtype=np.int64)
    for name in results[0].GRAIN:
        if all(name in result.data for result in results):
            values = pd.concat([pd.Series(result.data[name]) for result in results])
            codes, every = pd.factorize(values, use_na_sentinel=False)
            keys = pd.factorize(keys * len(every) + codes)[0]
    return np.split(keys, ends[:-1])


class _KeyedRows:
    """The rows of a table: the amount, price and limit that are compared, and what is needed."""

    def __init__(self, base: Case, result: Result, keys: Ints, count: int) -> None:
        """Read the columns; ``keys`` number the rows, below ``count``."""
        data, none = result.data, np.zeros(len(keys))
        amount = next((name for name in _AMOUNTS if name in data), "")
        compared = [data.get(name, none) for name in (amount, "marginal", "binding")]
        self.keys, self.numbers = keys, np.array(compared, dtype=float)
        self.by_key = np.zeros((len(compared), count))  # 0 for what is not there
        self.by_key[:, keys] = self.numbers
        minerals, years = [m.name for m in base.minerals], base.years
        needs = np.ones((len(minerals) + 1, len(years) + 1))  # the last: of no mineral, no year
        for m, mineral in enumerate(minerals):
            needs[m, :-1] = [max(1.0, base.coalition_demand(mineral, year)) for year in years]
        named = ((minerals, "mineral"), (years, "year"))
        at = [pd.Index(every).get_indexer(data.get(name, none)) for every, name in named]
        self.needs = needs[*at]

    def differ_from(self, other: _KeyedRows) -> Bools:
        """Return which rows are not as the other's of the same key, which may not be there."""
        amount, price, binds = self.numbers
        was, price_was, bound = other.by_key[:, self.keys]
        dearer = _MUCH_DEARER * np.maximum(np.abs(price), np.abs(price_was))
        found = (np.abs(amount - was) > MUCH * self.needs) | (binds != bound)
        return np.asarray(found | (np.abs(price - price_was) > dearer))


# ---- one sheet of several ------------------------------------------------------------------------


def _under_one_another(parts: Sequence[tuple[str, Table]]) -> Table:
    """Return the tables of several plans as one."""
    first = parts[0][1]
    names = [words.clean(name) for name, table in parts for _ in range(len(table))]
    columns = [TableColumn(SCENARIO.header, Look.TEXT, names)]
    for header in dict.fromkeys(header for _, table in parts for header in table.headers):
        sides = [
            (len(t), next((c for c in t.columns if c.header == header), None)) for _, t in parts
        ]
        some = next(column for _, column in sides if column is not None)
        values = [v for rows, c in sides for v in ([None] * rows if c is None else c.values)]
        looks = [look for rows, c in sides for look in (c and c.looks) or [some.look] * rows]
        columns.append(replace(some, values=values, looks=some.looks and looks))
    printed = None if first.printed is None else first.printed + 1
    # the plan's own Changes compares it with today; here that name is of inputs that differ
    name = "Changes from today" if first.name == ScenarioInputs.TABLE else first.name
    return replace(first, name=name, columns=tuple(columns), printed=printed)


def _with_note(table: Table, count: int, base: str) -> Table:
    """Return a table with a last row that says what is left out, and where it is."""
    note: Cell = (
        f"{count:,} rows are left out: their tonnes differ from {base} by {MUCH:z.0%} or less of"
        " the need of the mineral and year. --csv DIR writes all."
    )
    lead, *others = table.columns
    columns = [replace(lead, values=[*lead.values, note], widest=_WIDEST)]
    for column in others:
        looks = column.looks and [*column.looks, Look.TEXT]
        columns.append(replace(column, values=[*column.values, None], looks=looks))
    return replace(table, columns=tuple(columns))
