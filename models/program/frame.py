"""The empty model: what can exist, every flow column, and open books.

Legend of one-letter indices: m mineral, j member, t year, r source (refiner or project), c country,
k contract, n mine country, p project. Amounts are tonnes of contained metal, money is the
workbook's currency.

Of Pyomo the core is imported alone: its solvers and writers take twice as long to load, and whoever
writes or solves a model by them imports ``pyomo.environ`` first.

The books: a family posts what enters a member's balance, what leaves it and what it costs;
``market`` and ``sourcing`` close them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.core as pyo
from pyomo.core.expr import LinearExpression

from models.case import Case
from models.program import market
from models.program.component import TONNES, Columns, Heading, Rows
from models.resolve import Cap, Cell, Expanded, Floats, caps

Row = tuple[float | None, Sequence[Any], Sequence[float] | None, float | None]
"""A constraint: its least, its columns and their amounts (None: 1 each), its most."""


@dataclass
class Charge:
    """A cost heading's amounts: so much money of a year for each unit of each column."""

    heading: Heading
    columns: Sequence[Any]
    amounts: Floats
    years: Floats | int


@dataclass
class Books:
    """What families post: tonnes into and out of balances, and costs under headings."""

    posted_in: dict[tuple[str, str, int], list[Any]] = field(default_factory=dict)
    posted_out: dict[tuple[str, str, int], list[Any]] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)

    def into(self, key: tuple[str, str, int], column: Any) -> None:
        """Post a column [t] into the balance of (mineral, member, year)."""
        self.posted_in.setdefault(key, []).append(column)

    def out(self, key: tuple[str, str, int], column: Any) -> None:
        """Post a column [t] out of the balance of (mineral, member, year)."""
        self.posted_out.setdefault(key, []).append(column)

    def cost(
        self,
        heading: Heading,
        columns: Sequence[Any],
        amounts: Iterable[float] | Floats,
        years: Any,
    ) -> None:
        """Post what a unit of each column costs [money], undiscounted, in its year."""
        values = np.asarray(amounts, dtype=float)
        if len(columns):
            self.charges.append(Charge(heading, columns, values, np.asarray(years)))


class Frame:
    """One block's Pyomo model and what its families share.

    ``at`` are the positions of the block's deliveries; ``delivery[i]`` is the column of the i-th.
    """

    def __init__(self, expanded: Expanded, cells: Sequence[Cell]) -> None:
        """Make the flow columns of the cells, and nothing else."""
        self.expanded = expanded
        self.case: Case = expanded.case
        self.cells = tuple(sorted(cells))
        self.books = Books()
        self.model = pyo.ConcreteModel()
        self.units: dict[str, int] = {}
        """What those components count that are not in tonnes."""
        self.ore_of: dict[tuple[str, str, int], list[Any]] = {}
        """Ore columns [t] by (mine country, mineral, year); the family ore fills it."""
        self.at = np.concatenate(
            [np.zeros(0, dtype=np.int64)]
            + [np.array(expanded.cell(*cell), dtype=np.int64) for cell in self.cells]
        )
        self.delivery = market.delivery_columns(self)

    # ---- what families add ---------------------------------------------------------------------

    def variables(
        self,
        of: Columns,
        keys: Iterable[Any],
        *,
        lower: Mapping[Any, float] | None = None,
        upper: Mapping[Any, float | None] | None = None,
        whole: bool = False,
    ) -> Any:
        """Declare the columns of a component, at least 0; return them by key."""
        self._count(of)
        least, most = lower or {}, upper or {}

        def bounds(_: Any, *parts: Any) -> tuple[float, float | None]:
            key = parts if len(parts) > 1 else parts[0]
            return (least.get(key, 0.0), most.get(key))

        found = pyo.Var(
            list(keys),
            within=pyo.Binary if whole else pyo.NonNegativeReals,
            bounds=None if upper is None else bounds,
        )
        setattr(self.model, of.name, found)
        return found

    def constraints(self, of: Rows, rows: Mapping[Any, Row]) -> None:
        """Declare the rows of a component."""
        self._count(of)

        def rule(_: Any, *parts: Any) -> Any:
            least, columns, amounts, most = rows[parts if len(parts) > 1 else parts[0]]
            return (least, total(columns, amounts), most)

        setattr(self.model, of.name, pyo.Constraint(list(rows), rule=rule))

    def of(self, component: Columns | Rows) -> Any:
        """Return a component of the model."""
        return getattr(self.model, component.name)

    def _count(self, of: Columns | Rows) -> None:
        if of.unit != TONNES:
            self.units[of.name] = of.unit

    # ---- what families ask ---------------------------------------------------------------------

    @cached_property
    def years_of_deliveries(self) -> Any:
        """The year of each of the block's deliveries."""
        return np.asarray(self.expanded.years)[self.expanded.deliveries.year[self.at]]

    def of_deliveries(self, field_name: str) -> Any:
        """Return one field of the block's deliveries, as an array."""
        return getattr(self.expanded.deliveries, field_name)[self.at]

    def grouped(self, *field_names: str) -> dict[tuple[int, ...], list[Any]]:
        """Return the delivery columns by the given fields, in the deliveries' order."""
        found: dict[tuple[int, ...], list[Any]] = {}
        keys = zip(*(self.of_deliveries(name).tolist() for name in field_names), strict=True)
        for key, column in zip(keys, self.delivery, strict=True):
            found.setdefault(key, []).append(column)
        return found

    @cached_property
    def by_source_year(self) -> dict[tuple[int, ...], list[Any]]:
        """Delivery columns by (source, year), by position."""
        return self.grouped("source", "year")

    @cached_property
    def by_source_member_year(self) -> dict[tuple[int, ...], list[Any]]:
        """Delivery columns by (source, member, year), by position."""
        return self.grouped("source", "member", "year")

    @cached_property
    def _place(self) -> dict[int, int]:
        return {int(position): i for i, position in enumerate(self.at)}

    def columns_of(self, positions: Iterable[int]) -> list[Any]:
        """Return the columns of deliveries given by their position in the whole case."""
        return [self.delivery[self._place[p]] for p in positions]

    @cached_property
    def buyers(self) -> tuple[tuple[int, int, int, float], ...]:
        """(mineral, member, year, demand [t]) by position, where there is a balance to keep.

        That is where a member has demand, or a stockpile.
        """
        e = self.expanded
        return tuple(
            (m, j, t, float(e.demand[m, j, t]))
            for m, t in self.cells
            for j in range(len(e.members))
            if e.demand[m, j, t] > 0 or e.has_stock[m, j]
        )

    @cached_property
    def caps(self) -> tuple[Cap, ...]:
        """The share limits of the block's cells."""
        return tuple(cap for m, t in self.cells for cap in caps(self.expanded, m, t))

    def key(self, m: int, j: int, t: int) -> tuple[str, str, int]:
        """Return the names of a mineral, member and year."""
        return (self.expanded.minerals[m], self.expanded.members[j], self.expanded.years[t])


def total(columns: Sequence[Any], amounts: Sequence[float] | None = None) -> Any:
    """Return a sum of columns as one flat linear expression."""
    coefficients = [1.0] * len(columns) if amounts is None else list(amounts)
    return LinearExpression(constant=0.0, linear_coefs=coefficients, linear_vars=list(columns))
