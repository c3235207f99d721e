"""A program with its solution: values and prices by component and key, and derived numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, TypeVar

import numpy as np

from models import schema, tolerances
from models.case import Case
from models.measures import net_cost
from models.program.builder import ComponentArrays, Program
from models.program.component import Columns, Component, Rows, Where, columns_named, rows_named
from models.resolve import Cap, Expanded, Floats, Ints, Source, caps
from models.solve import summed_at

T = TypeVar("T")


@dataclass(frozen=True)
class Flow:
    """The possible deliveries from a source to a member in a year, all by position.

    ``delivery`` is one of them, ``columns`` has the columns of all. Amounts below ``tolerance`` [t]
    count as 0.
    """

    source: int
    member: int
    year: int
    delivery: int
    columns: tuple[int, ...]
    tolerance: float


@dataclass(frozen=True)
class CashCost:
    """The cash cost, and the part that members' treasuries receive [money, undiscounted].

    They receive ``tariffs``, and the ``levies`` of price floors.
    """

    cash: float = 0.0
    tariffs: float = 0.0
    levies: float = 0.0

    @property
    def duties(self) -> float:
        return self.tariffs + self.levies

    @property
    def net(self) -> float:
        return net_cost(self.cash, self.duties)


class Solved:
    """A case's program with a solution.

    ``x`` is the value of every column, ``prices`` the undiscounted dual of every row (d cost / d
    right-hand side), ``discounted`` the dual in money of the first year.
    ``missing`` is the part of demand that is not met [t], by (mineral, member, year). ``reached``
    has the tonnes that count under each cap, and its base [t], in the order of ``caps``.
    """

    case: Case
    expanded: Expanded
    program: Program
    x: Floats
    prices: Floats
    discounted: Floats
    missing: Floats
    reached: tuple[Floats, Floats]

    # ---- values and prices -----------------------------------------------------------------------

    @cached_property
    def delivered(self) -> Floats:
        """Tonnes of each delivery of the case, in the deliveries' order."""
        return np.maximum(self.x[self.program.flow], 0.0)

    @cached_property
    def delivered_to_plants(self) -> Floats:
        """Tonnes of each flow of an input to a plant, in the order of ``input_flows``."""
        return np.maximum(self.x[self.program.sold[len(self.program.flow) :]], 0.0)

    @cached_property
    def transferred(self) -> Floats:
        """Tonnes that members transfer to plants, in the order of ``plant_transfers``."""
        return np.maximum(self.x[self.program.transferred], 0.0)

    @cached_property
    def all_sold(self) -> Floats:
        """Tonnes of each of the case's ``sales``."""
        return np.concatenate([self.delivered, self.delivered_to_plants])

    @cached_property
    def plant_demand(self) -> Floats:
        """Inputs used by plants plus those that unmet demand would have used [t], (mineral, year).

        They are added to demand in the base of the coalition's share limits.
        """
        return self.used_by_plants + self.expanded.inputs_for(self.missing.sum(axis=1))

    @cached_property
    def used_by_plants(self) -> Floats:
        """Inputs that plants take, bought or transferred by members [t], by (mineral, year)."""
        e = self.expanded
        used = np.zeros((len(e.minerals), len(e.years)))
        for flows, tonnes in (
            (e.input_flows, self.delivered_to_plants),
            (e.plant_transfers, self.transferred),
        ):
            np.add.at(used, (flows.mineral, flows.year), tonnes)
        return used

    @cached_property
    def transferred_by(self) -> Floats:
        """Tonnes that members transfer to plants [t], by (mineral, member, year)."""
        e, transfers = self.expanded, self.expanded.plant_transfers
        at = (transfers.mineral, transfers.member, transfers.year)
        return summed_at(at, self.transferred, (len(e.minerals), len(e.members), len(e.years)))

    @cached_property
    def values(self) -> dict[str, dict[Any, float]]:
        """All non-zero values of columns except deliveries, by component and key."""
        groups = self.program.variables
        return _values_by_key(
            (g for g in groups if not columns_named(g.component).is_delivery), self.x
        )

    @cached_property
    def duals(self) -> dict[str, dict[Any, float]]:
        """Undiscounted shadow prices (d cost / d right-hand side), zeros left out."""
        return _values_by_key(self.program.constraints, self.prices)

    def amounts(self, component: Columns | str) -> dict[Any, float]:
        return self.values.get(columns_named(component).name, {})

    def value(self, component: Columns | str, key: Any) -> float:
        """Return a column's value, 0 for none; KeyError, as below, for an unknown component."""
        return self.amounts(component).get(key, 0.0)

    def dual(self, component: Rows | str, key: Any) -> float:
        return self.duals.get(rows_named(component).name, {}).get(key, 0.0)

    def component_arrays(self, component: Columns | str) -> tuple[tuple[Ints, ...], Floats]:
        """Return a component's columns as arrays: the key's positions, and the values.

        This is fast, for studies that read many plans; ``amounts`` is the same by key.
        """
        return self._parts(columns_named(component), self.x)

    def positions(self, component: Columns | str) -> tuple[tuple[Ints, ...], Ints]:
        """Return a component's columns as arrays: the key's positions, and those in ``x``."""
        return self._parts(columns_named(component), np.arange(len(self.x)))

    def row_part(self, component: Rows | str) -> tuple[tuple[Ints, ...], Floats]:
        """Return a component's rows as arrays: the key's positions, and undiscounted prices.

        ``duals`` is the same by key.
        """
        return self._parts(rows_named(component), self.prices)

    def _parts(self, component: Component, values: Any) -> tuple[tuple[Ints, ...], Any]:
        found = [*self.program.groups(component)]
        if len(found) == 1:
            return found[0].index, values[found[0].at]
        # rows of Share limits on mining and on refining are groups of one component
        index = tuple(np.concatenate(part) for part in zip(*(g.index for g in found), strict=True))
        return index, np.concatenate([np.zeros(0), *(values[group.at] for group in found)])

    def costs_of(self, *components: Columns | str) -> Floats:
        """Return the cost of some components, by (mineral, year) [money, undiscounted]."""
        e, wanted = self.expanded, {columns_named(of) for of in components}
        found = np.zeros(len(e.minerals) * len(e.years))
        for group in self.program.variables:
            if group.component in wanted:
                np.add.at(found, group.cell, self.program.rows.cost[group.at] * self.x[group.at])
        return np.asarray(found.reshape(len(e.minerals), len(e.years)) / e.discounts)

    @cached_property
    def tariffs(self) -> float:
        """The tariffs that members' treasuries receive [money, undiscounted].

        They are tonnes x tariff x cost or price of all flows to members, spot and contracts, and of
        inputs to plants in members' countries.
        """
        d = self.expanded.deliveries
        return float((self.delivered * d.cost * d.tariff).sum()) + float(self.input_tariffs.sum())

    @property
    def input_tariffs(self) -> Floats:
        """The tariffs on each flow of an input that members' treasuries receive [money]."""
        flows = self.expanded.input_flows
        return self._received(flows.cost * flows.tariff)

    @property
    def input_levies(self) -> Floats:
        """The levies on each flow of an input that plants in members' countries pay [money]."""
        return self._received(self.expanded.input_flows.levy)

    def _received(self, each: Floats) -> Floats:
        """Return members' treasuries' income if each input flow pays ``each`` per tonne."""
        e, home = self.expanded, {member.country for member in self.case.members}
        is_home = np.array([plant.country in home for plant in e.plant_inputs], dtype=bool)
        return np.asarray(self.delivered_to_plants * each * is_home[e.input_flows.plant_input])

    @cached_property
    def inputs_tonnes(self) -> float:
        """All purchases of plants from other sources [t]."""
        return float(self.delivered_to_plants.sum())

    @cached_property
    def levies(self) -> float:
        """Levies of members at borders with a price floor [money, undiscounted]: tonnes x levy."""
        d, of_inputs = self.expanded.deliveries, self.input_levies
        return float((self.delivered * d.levy).sum()) + float(of_inputs.sum())

    # ---- positions, keys and entries -------------------------------------------------------------

    def row_key(self, at: int) -> tuple[Rows, Any]:
        group, key = self._named(self._row_places, at)
        return rows_named(group.component), key

    def component_of(self, row: int) -> Rows:
        group_of, _, groups = self._row_places
        return rows_named(groups[int(group_of[row])].component)

    def column_key(self, at: int) -> tuple[Columns, Any]:
        group, key = self._named(self._column_places, at)
        return columns_named(group.component), key

    def _named(self, places: _Places, at: int) -> tuple[ComponentArrays, Any]:
        group_of, place, groups = places
        group = groups[int(group_of[at])]
        return group, group.keys(place[[at]])[0]

    @cached_property
    def _row_places(self) -> _Places:
        return _group_and_place(self.program.constraints, len(self.prices))

    @cached_property
    def _column_places(self) -> _Places:
        return _group_and_place(self.program.variables, len(self.x))

    def cached(self, make: Callable[[Solved], T]) -> T:
        """Return a function's result for this solution, computed only once."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    @cached_property
    def _made(self) -> dict[Any, Any]:
        return {}

    def row_at(self, component: Rows, key: Any) -> int:
        return self._position(component, key)

    def column_at(self, component: Columns, key: Any) -> int:
        return self._position(component, key)

    def _position(self, component: Component, key: Any) -> int:
        if component not in self._made:
            found = self._made[component] = {}
            for group in self.program.groups(component):
                keys = group.keys(np.arange(len(group)))
                found.update(zip(keys, group.at.tolist(), strict=True))
        at: int = self._made[component].get(key, -1)
        return at

    def row_entries(self, row: int) -> list[tuple[int, float]]:
        arrays = self.program.rows
        inside = slice(int(arrays.starts[row]), int(arrays.starts[row + 1]))
        return list(
            zip(arrays.columns[inside].tolist(), arrays.values[inside].tolist(), strict=True)
        )

    def column_entries(self, column: int) -> list[tuple[int, float]]:
        order, starts, row = self._by_column
        inside = order[starts[column] : starts[column + 1]]
        values = self.program.rows.values[inside]
        return list(zip(row[inside].tolist(), values.tolist(), strict=True))

    @cached_property
    def _by_column(self) -> tuple[Ints, Ints, Ints]:
        """The entries by column: their order, where each column begins, and the row of each."""
        arrays = self.program.rows
        order = np.argsort(arrays.columns, kind="stable")
        starts = np.searchsorted(arrays.columns[order], np.arange(len(arrays.cost) + 1))
        return order, starts, arrays.entry_rows()

    @cached_property
    def slack(self) -> Floats:
        """Each row's upper limit minus its activity; infinite for an equation or without a limit.

        Reserves for the loss of a country (``Columns.gives_way``) do not count as activity: others
        may use the capacity that they take.
        """
        arrays, x = self.program.rows, self.x.copy()
        for group in self.program.variables:
            if columns_named(group.component).gives_way:
                x[group.at] = 0.0
        left = arrays.row_upper - arrays.activity(x)
        return np.where(arrays.row_upper > arrays.row_lower, left, np.inf)

    # ---- sources ---------------------------------------------------------------------------------

    @cached_property
    def sold(self) -> Floats:
        """Each source's sales to members and to plants [t/yr], by (source, year)."""
        e, sales = self.expanded, self.expanded.sales
        at = (sales.source, sales.year)
        return summed_at(at, self.all_sold, (len(e.sources), len(e.years)))

    def source(self, name: str, project: str, mineral: str) -> Source:
        return self.expanded.sources[self._sources[name, project, mineral]]

    @cached_property
    def _sources(self) -> dict[tuple[str, str, str], int]:
        return {s.key: i for i, s in enumerate(self.expanded.sources)}

    def record(self, name: str, project: str, mineral: str) -> schema.Record:
        return self.source(name, project, mineral).record

    def supplier_words(self, name: str, project: str, mineral: str) -> str:
        country = self.case.country_name(self.source(name, project, mineral).country)
        return f"{project or name} ({country})"

    def reaches(self, name: str, project: str, cell: Where) -> bool:
        """Return whether a source may deliver to a member in a year."""
        e, (mineral, member, year) = self.expanded, cell
        d, j, r = e.deliveries, e.member_at[member], self._sources[name, project, mineral]
        inside = e.positions_of_cell(e.mineral_at[mineral], e.years.index(year))
        return any(d.member[i] == j and d.source[i] == r for i in inside)

    # ---- share limits ----------------------------------------------------------------------------

    @cached_property
    def caps(self) -> tuple[Cap, ...]:
        e = self.expanded
        cells = [(m, t) for m in range(len(e.minerals)) for t in range(len(e.years))]
        return tuple(cap for m, t in cells for cap in caps(e, m, t))

    @cached_property
    def cap_of(self) -> dict[Any, Cap]:
        return {cap.key: cap for cap in self.caps}

    @cached_property
    def binding_caps(self) -> dict[Any, list[int]]:
        """The binding caps (max), by position.

        They are given by delivery that counts under them; caps on ore by mineral and year.
        """
        found: dict[Any, list[int]] = {}
        caps, (tonnes, base) = self.caps, self.reached
        share = np.array([cap.share for cap in caps], dtype=float)
        nothing = np.array([self.tolerance(cap.mineral, cap.year) for cap in caps], dtype=float)
        for i in np.flatnonzero(share * base - tonnes <= nothing).tolist():
            cap = caps[i]
            if cap.is_max and (cap.flows or cap.ore):
                for at in [(cap.mineral, cap.year)] if cap.is_mining else cap.flows:
                    found.setdefault(at, []).append(i)
        return found

    def base_of_plants(
        self, mineral: int, members: Sequence[int], year: int, *, of_purchases: bool
    ) -> float:
        """Return the part of a limit's base that is due to plants [t].

        For the coalition it is the purchases of plants (``of_purchases``), or the inputs that
        plants use and that unmet demand would have used. For some members it is the inputs that
        they pass on.
        """
        e = self.expanded
        if not e.is_input(e.minerals[mineral]) or (of_purchases and members):
            return 0.0
        if members:
            return float(self.transferred_by[mineral, list(members), year].sum())
        if of_purchases:
            at = (e.input_flows.mineral == mineral) & (e.input_flows.year == year)
            return float(self.delivered_to_plants[at].sum())
        return float(self.plant_demand[mineral, year])

    def bought(self, mineral: int, buyers: Sequence[int], year: int) -> float:
        """Return the purchases of a mineral by members in a year [t], all by position."""
        e = self.expanded
        inside = np.array(e.positions_of_cell(mineral, year), dtype=np.int64)
        mine = np.isin(e.deliveries.member[inside], buyers)
        return float(self.delivered[inside[mine]].sum())

    def tolerance(self, mineral: str, year: int) -> float:
        """Return the tolerance below which a slack of a mineral and year counts as 0 [t]."""
        return self._slack_tolerances[mineral, year]

    def short_tolerance(self, mineral: str, year: int) -> float:
        """Return the tolerance below which a shortage counts as 0 [t]: relative to demand only."""
        return self._short_tolerances[mineral, year]

    @cached_property
    def _slack_tolerances(self) -> dict[tuple[str, int], float]:
        """The tolerances of slacks, by mineral and year."""
        need = self.expanded.demand.max(axis=1, initial=0.0)
        for i, p, ratio in self.expanded.unmet_pairs:
            need[i] = np.maximum(need[i], ratio * need[p])
        return self._tolerances_at(need)

    @cached_property
    def _short_tolerances(self) -> dict[tuple[str, int], float]:
        """The tolerances of shortages, by mineral and year."""
        return self._tolerances_at(self.expanded.demand.max(axis=1, initial=0.0))

    def _tolerances_at(self, largest: Floats) -> dict[tuple[str, int], float]:
        """Return the tolerances for the largest need of a member, by (mineral, year)."""
        cells = product(self.expanded.minerals, self.expanded.years)
        nothing = tolerances.MOST_VIOLATION * np.maximum(largest, 1e-6)
        return dict(zip(cells, nothing.ravel().tolist(), strict=True))


_Places = tuple[Ints, Ints, Sequence[ComponentArrays]]
"""For each position of a program: its group and its place in the group; the groups."""


def _group_and_place(groups: Sequence[ComponentArrays], count: int) -> _Places:
    group_of, place = np.zeros((2, count), dtype=np.int64)
    for g, group in enumerate(groups):
        group_of[group.at], place[group.at] = g, np.arange(len(group))
    return group_of, place, groups


def _values_by_key(
    groups: Iterable[ComponentArrays], values: Floats
) -> dict[str, dict[Any, float]]:
    found: dict[str, dict[Any, float]] = {}
    for group in groups:
        mine = values[group.at]
        at = np.flatnonzero(mine)
        # rows of Share limits on mining and on refining are groups of one component
        found.setdefault(group.name, {}).update(zip(group.keys(at), mine[at].tolist(), strict=True))
    return found
