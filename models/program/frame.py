"""The frame of a block's Pyomo model: its columns, rows, postings and costs, family by family.

Legend of one-letter indices: m mineral, j member, t year, r source (refiner or project), c country,
k contract, n mine country, p project. Amounts are tonnes of contained metal, money is the
workbook's currency.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.core as pyo
from pyomo.core.expr import LinearExpression, MonomialTermExpression

from models.case import Case
from models.program import component as kinds
from models.program import market
from models.resolve import Cap, Cell, Expanded, Floats, caps

Row = tuple[float | None, Sequence[Any], Sequence[float] | None, float | None]
"""A constraint: lower limit, columns, coefficients (None: 1 each), upper limit."""


class Frame:
    """One block's Pyomo model and what its families share.

    ``at`` has the positions of the block's deliveries; ``delivery[i]`` is the column of the i-th.
    ``input_at`` and ``input_flow`` are the same for inputs that sources sell to plants.
    ``market.balance`` and ``objective`` turn what families post into rows and the objective.
    ``charges`` are headings, columns, the unit cost of each [money, undiscounted], and its year.
    """

    def __init__(self, expanded: Expanded, cells: Sequence[Cell]) -> None:
        """Declare only the flow columns of the cells."""
        self.expanded = expanded
        self.case: Case = expanded.case
        self.cells = tuple(sorted(cells))
        self.posted_in: dict[tuple[str, str, int], list[Any]] = {}
        self.posted_out: dict[tuple[str, str, int], list[Any]] = {}
        self.charges: list[tuple[kinds.CostHeading, Sequence[Any], Floats, Any]] = []
        self.model = pyo.ConcreteModel()
        self._ones: dict[int, Any] = {}
        self.units: dict[str, int] = {}
        """The units of components that are not in tonnes."""
        self.ore_of: dict[tuple[str, str, int], list[Any]] = {}
        """Ore columns [t] by (mine country, mineral, year), added by the family ore."""
        self.built: Any = {}
        """The column of each (project, first year), added by the family projects."""
        self.stock: Any = {}
        self.short: Any = {}
        """The columns of each (mineral, member, year), added by the families stockpiles and
        shortage."""
        self.tier_short: Any = {}
        """The column of each (mineral, member, tier, year), added by the family shortage."""
        self.at = np.concatenate(
            [np.zeros(0, dtype=np.int64)]
            + [np.array(expanded.positions_of_cell(*cell), dtype=np.int64) for cell in self.cells]
        )
        self.delivery = market.delivery_columns(self)
        flows = expanded.input_flows
        inside = np.array(
            [cell in self.cells for cell in zip(flows.mineral, flows.year, strict=True)]
        )
        self.input_at = np.flatnonzero(inside)
        self.input_flow = market.input_columns(self)
        self.transferred: dict[tuple[int, int, int], Any] = {}
        """The column of each (plant input, member, year) by position, added by the family
        inputs."""
        self.plant_demand: dict[tuple[int, int], Any] = {}
        """The part of the base of the coalition's share limits that exceeds demand, (mineral,
        year)."""

    # ---- additions of families -------------------------------------------------------------------

    def into(self, key: tuple[str, str, int], column: Any) -> None:
        """Post a column [t] into the balance of (mineral, member, year)."""
        self.posted_in.setdefault(key, []).append(column)

    def out(self, key: tuple[str, str, int], column: Any) -> None:
        self.posted_out.setdefault(key, []).append(column)

    def add_cost(
        self,
        heading: kinds.CostHeading,
        columns: Sequence[Any],
        amounts: Iterable[float] | Floats,
        years: Any,
    ) -> None:
        values = np.asarray(amounts, dtype=float)
        if len(columns):
            self.charges.append((heading, columns, values, np.asarray(years)))

    def variables(
        self,
        component: kinds.Columns,
        keys: Iterable[Any],
        *,
        lower: Mapping[Any, float] | None = None,
        upper: Mapping[Any, float | None] | None = None,
        whole: Collection[Any] = (),
    ) -> Any:
        """Declare the columns of a component, at least 0; return them by key.

        ``whole`` has the keys of binary columns.
        """
        self._count(component.name, component.unit)
        least, most = lower or {}, upper or {}

        def bounds(_: Any, *parts: Any) -> tuple[float, float | None]:
            key = parts if len(parts) > 1 else parts[0]
            fixed_decisions = component.fixed_value(self.case, key)
            return (
                (least.get(key, 0.0), most.get(key))
                if fixed_decisions is None
                else (fixed_decisions, fixed_decisions)
            )

        def domain(_: Any, *parts: Any) -> Any:
            key = parts if len(parts) > 1 else parts[0]
            return pyo.Binary if key in whole else pyo.NonNegativeReals

        found = pyo.Var(
            list(keys),
            within=domain if whole else pyo.NonNegativeReals,
            bounds=None if upper is None and self.case.fixed_decisions is None else bounds,
        )
        setattr(self.model, component.name, found)
        return found

    def constraints(self, component: kinds.Rows, rows: Mapping[Any, Row]) -> None:
        self.add(component.name, rows, component.unit)

    def add(self, name: str, rows: Mapping[Any, Row], unit: int = kinds.TONNES) -> None:
        self._count(name, unit)

        def rule(_: Any, *parts: Any) -> Any:
            least, columns, amounts, most = rows[parts if len(parts) > 1 else parts[0]]
            return (least, self.weighted_sum(columns, amounts), most)

        setattr(self.model, name, pyo.Constraint(list(rows), rule=rule))

    def enter(self, row: Any, column: Any) -> None:
        """Add a column, with coefficient 1, to a Pyomo constraint that another family has declared.

        The bounds of the constraint stay the same.
        """
        columns, amounts = [*row.body.linear_vars, column], [*row.body.linear_coefs, 1.0]
        row.set_value((row.lower, self.weighted_sum(columns, amounts), row.upper))

    def weighted_sum(self, columns: Sequence[Any], amounts: Sequence[float] | None = None) -> Any:
        """Return a sum of columns times coefficients (None: 1 each), as one flat expression.

        All sums share one term for a column with coefficient 1.
        """
        ones = self._ones
        for column in columns:
            if id(column) not in ones:
                ones[id(column)] = MonomialTermExpression((1.0, column))
        if amounts is None:
            return LinearExpression([ones[id(column)] for column in columns])
        pairs = zip(amounts, columns, strict=True)
        return LinearExpression(
            [ones[id(c)] if a == 1.0 else MonomialTermExpression((a, c)) for a, c in pairs]
        )

    def pyomo_component(self, component: kinds.Columns | kinds.Rows) -> Any:
        return getattr(self.model, component.name)

    def _count(self, name: str, unit: int) -> None:
        if unit != kinds.TONNES:
            self.units[name] = unit

    # ---- look-ups for families -------------------------------------------------------------------

    @cached_property
    def years_of_deliveries(self) -> Any:
        return np.asarray(self.expanded.years)[self.expanded.deliveries.year[self.at]]

    def of_deliveries(self, field_name: str) -> Any:
        return getattr(self.expanded.deliveries, field_name)[self.at]

    def deliveries_by(self, *field_names: str) -> dict[tuple[int, ...], list[Any]]:
        found: dict[tuple[int, ...], list[Any]] = {}
        keys = zip(*(self.of_deliveries(name).tolist() for name in field_names), strict=True)
        for key, column in zip(keys, self.delivery, strict=True):
            found.setdefault(key, []).append(column)
        return found

    @cached_property
    def by_source_year(self) -> dict[tuple[int, ...], list[Any]]:
        """The sales columns of each source in each year, to members and to plants."""
        found = self.deliveries_by("source", "year")
        for i, column in zip(self.input_at.tolist(), self.input_flow, strict=True):
            flows = self.expanded.input_flows
            found.setdefault((int(flows.source[i]), int(flows.year[i])), []).append(column)
        return found

    @cached_property
    def by_source_member_year(self) -> dict[tuple[int, ...], list[Any]]:
        return self.deliveries_by("source", "member", "year")

    @cached_property
    def _sale(self) -> dict[int, Any]:
        both = np.concatenate([self.at, len(self.expanded.deliveries) + self.input_at])
        return dict(zip(both.tolist(), [*self.delivery, *self.input_flow], strict=True))

    def columns_of(self, positions: Iterable[int]) -> list[Any]:
        """Return the columns of sales given by their position in the whole case."""
        return [self._sale[p] for p in positions]

    @cached_property
    def buyers(self) -> tuple[tuple[int, int, int, float], ...]:
        """(mineral, member, year, demand [t]) by position, for each balance.

        There is a balance where a member has demand or a stockpile.
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
        return tuple(cap for m, t in self.cells for cap in caps(self.expanded, m, t))

    def key(self, m: int, j: int, t: int) -> tuple[str, str, int]:
        return (self.expanded.minerals[m], self.expanded.members[j], self.expanded.years[t])
