"""A Case with its wildcards resolved: sources, lanes, contracts and deliveries."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.case import Case, in_force
from models.resolve.lanes import DELIVERY, SPOT, Deliveries, Lanes, join, resolve_lanes
from models.resolve.sources import Bools, Floats, Ints, capacities, sources, starts
from models.schema import Project

Cell = tuple[int, int]
"""A mineral and a year, by position."""


class Expanded:
    """A Case with its wildcards resolved; made once a Case, read by every block."""

    def __init__(self, case: Case) -> None:
        """Resolve sources, lanes and deliveries."""
        self.case = case
        self.years = case.years
        self.minerals = tuple(m.name for m in case.minerals)
        self.members = tuple(m.name for m in case.members)
        self.sources = sources(case)
        self.mineral_at = {name: i for i, name in enumerate(self.minerals)}
        self.member_at = {name: i for i, name in enumerate(self.members)}
        self.usable, self.nameplate = capacities(self.sources, self.years)

    def changed(self, case: Case) -> Expanded:
        """Return a variant of the case resolved; what its changes do not touch is shared."""
        new = Expanded.__new__(Expanded)
        same = {f for f in _FIELDS if getattr(case, f) is getattr(self.case, f)}
        if not {"minerals", "members", "years"} <= same:
            return Expanded(case)
        new.case = case
        for name in ("years", "minerals", "members", "mineral_at", "member_at"):
            setattr(new, name, getattr(self, name))
        if same >= _OF_SOURCES:
            new.sources, new.usable, new.nameplate = self.sources, self.usable, self.nameplate
        else:
            new.sources = sources(case)
            new.usable, new.nameplate = capacities(new.sources, new.years)
        for name, fields in _MADE_OF.items():
            if name in self.__dict__ and same >= fields:
                new.__dict__[name] = self.__dict__[name]
        return new

    @cached_property
    def of_mineral(self) -> dict[str, tuple[int, ...]]:
        """Positions of each mineral's sources."""
        found: dict[str, list[int]] = {name: [] for name in self.minerals}
        for i, source in enumerate(self.sources):
            found[source.mineral].append(i)
        return {name: tuple(positions) for name, positions in found.items()}

    @cached_property
    def source_of_refiner(self) -> dict[tuple[str, str], int]:
        """Position of the source that is a refiner itself, by (refiner, mineral)."""
        return {(s.name, s.mineral): i for i, s in enumerate(self.sources) if not s.project}

    @cached_property
    def costs(self) -> Floats:
        """Cost [money/t] by (source, year)."""
        found = [[source.cost.value(year) for year in self.years] for source in self.sources]
        return np.array(found, dtype=float).reshape(len(self.sources), len(self.years))

    @cached_property
    def demand(self) -> Floats:
        """Demand [t] by (mineral, member, year)."""
        table = np.zeros((len(self.minerals), len(self.members), len(self.years)))
        for row in self.case.demand:
            if row.mineral in self.mineral_at and row.member in self.member_at:
                m, j = self.mineral_at[row.mineral], self.member_at[row.member]
                for year, tonnes in row.tonnes:
                    table[m, j, self.years.index(year)] += tonnes
        return table

    @cached_property
    def has_stock(self) -> Bools:
        """Whether a member has a stockpile of a mineral, by (mineral, member)."""
        table = np.zeros((len(self.minerals), len(self.members)), dtype=bool)
        for pile in self.case.stockpiles:
            table[self.mineral_at[pile.mineral], self.member_at[pile.member]] = True
        return table

    @cached_property
    def lanes(self) -> dict[str, Lanes]:
        """The lanes of each mineral."""
        return {
            name: resolve_lanes(self.case, self.sources, self.of_mineral[name])
            for name in self.minerals
        }

    @cached_property
    def startable(self) -> Bools:
        """Whether a source can run in a year, by (source, year): capacity, or a build in time."""
        table = self.usable > 0
        for i, source in enumerate(self.sources):
            if isinstance(source.record, Project):
                table[i] = [
                    self.nameplate[i, t] > 0 and bool(starts(source.record, self.years, year))
                    for t, year in enumerate(self.years)
                ]
        return table

    @cached_property
    def minimums(self) -> dict[tuple[int, int], float]:
        """Take-or-pay minimum [t] by (contract, year position), force majeure applied.

        It lapses where the lane is closed or its Max is 0, or the refiner has no usable capacity;
        where a refiner's minimums exceed its usable capacity they shrink in proportion to it.
        """
        found: dict[tuple[int, int], float] = {}
        total: dict[tuple[int, int], float] = {}
        for k, contract in enumerate(self.case.contracts):
            source = self.source_of_refiner[contract.refiner, contract.mineral]
            for t, year in enumerate(self.years):
                if contract.min > 0 and in_force(contract, year) and self.lane_open(k, t):
                    found[k, t] = contract.min
                    total[source, t] = total.get((source, t), 0.0) + contract.min
        for k, t in found:
            contract = self.case.contracts[k]
            source = self.source_of_refiner[contract.refiner, contract.mineral]
            found[k, t] *= min(1.0, self.usable[source, t] / total[source, t])
        return found

    def lane_max(self, source: int, member: int, year: int) -> tuple[float, float]:
        """Return the Max [t/yr] of a refiner's lane and of its country's (infinite: none)."""
        lanes = self.lanes[self.sources[source].mineral]
        s = source - lanes.sources[0]
        c = lanes.countries.index(self.sources[source].country)
        return float(lanes.refiner_max[s, member, year]), float(lanes.country_max[c, member, year])

    def lane_open(self, contract: int, year: int) -> bool:
        """Return whether a contract's tonnes can move in a year (by position)."""
        record = self.case.contracts[contract]
        source = self.source_of_refiner[record.refiner, record.mineral]
        lanes = self.lanes[record.mineral]
        s = lanes.sources.index(source)
        j = self.member_at[record.member]
        c = lanes.countries.index(self.sources[source].country)
        return bool(
            self.usable[source, year] > 0
            and lanes.open[s, j, year]
            and lanes.refiner_max[s, j, year] > 0
            and lanes.country_max[c, j, year] > 0
        )

    @cached_property
    def deliveries(self) -> Deliveries:
        """Every flow that can exist."""
        parts = [_spot(self, name) for name in self.minerals]
        return join([*parts, _contracted(self)])

    @cached_property
    def cell_starts(self) -> Ints:
        """Where each (mineral, year) begins in ``deliveries``; one more entry ends the last."""
        code = self.deliveries.mineral * len(self.years) + self.deliveries.year
        cells = len(self.minerals) * len(self.years)
        return np.searchsorted(code, np.arange(cells + 1)).astype(np.int64)

    def cell(self, mineral: int, year: int) -> range:
        """Return the deliveries of one mineral and year."""
        at = mineral * len(self.years) + year
        return range(int(self.cell_starts[at]), int(self.cell_starts[at + 1]))


_OF_SOURCES = frozenset({"refiners", "projects"})
_OF_LANES = _OF_SOURCES | {"lanes", "freight", "settings"}
_OF_DELIVERIES = _OF_LANES | {"demand", "stockpiles", "contracts"}
_MADE_OF: dict[str, frozenset[str]] = {
    "of_mineral": _OF_SOURCES,
    "source_of_refiner": _OF_SOURCES,
    "costs": _OF_SOURCES,
    "startable": _OF_SOURCES,
    "demand": frozenset({"demand"}),
    "has_stock": frozenset({"stockpiles"}),
    "lanes": _OF_LANES,
    "minimums": _OF_LANES | {"contracts"},
    "deliveries": _OF_DELIVERIES,
    "cell_starts": _OF_DELIVERIES,
}
"""The fields of a case that each resolved part is made of, beside minerals, members and years."""
_FIELDS = frozenset({"minerals", "members", "years"}).union(*_MADE_OF.values())


def _spot(expanded: Expanded, mineral: str) -> NDArray[np.void]:
    """Spot deliveries of a mineral: an open lane, a source that can run, a member that can take."""
    m = expanded.mineral_at[mineral]
    lanes = expanded.lanes[mineral]
    positions = np.array(lanes.sources, dtype=np.int64)
    if not len(positions):
        return np.zeros(0, dtype=DELIVERY)
    rows = [lanes.countries.index(expanded.sources[i].country) for i in lanes.sources]
    takes = (expanded.demand[m] > 0) | expanded.has_stock[m][:, None]
    can = (
        lanes.open
        & (lanes.refiner_max > 0)
        & (lanes.country_max[rows] > 0)
        & expanded.startable[positions][:, None, :]
        & takes[None, :, :]
    )
    t, s, j = np.nonzero(can.transpose(2, 0, 1))  # by year, source, member
    costs = expanded.costs[positions]
    found = np.zeros(len(s), dtype=DELIVERY)
    found["mineral"], found["year"], found["source"], found["member"] = m, t, positions[s], j
    found["contract"] = SPOT
    found["cost"], found["tariff"], found["freight"] = (
        costs[s, t],
        lanes.tariff[s, j, t],
        lanes.freight[s, j, t],
    )
    return found


def _contracted(expanded: Expanded) -> NDArray[np.void]:
    """Deliveries under contracts, a tranche of their own beside spot."""
    found = []
    for k, contract in enumerate(expanded.case.contracts):
        m, j = expanded.mineral_at[contract.mineral], expanded.member_at[contract.member]
        source = expanded.source_of_refiner[contract.refiner, contract.mineral]
        lanes = expanded.lanes[contract.mineral]
        s = lanes.sources.index(source)
        for t, year in enumerate(expanded.years):
            takes = expanded.demand[m, j, t] > 0 or expanded.has_stock[m, j]
            if not (takes and in_force(contract, year) and expanded.lane_open(k, t)):
                continue
            if contract.max is not None and contract.max <= 0:
                continue
            cost = contract_price(expanded, k, year)
            tariff, freight = lanes.tariff[s, j, t], lanes.freight[s, j, t]
            found.append((m, t, source, j, k, cost, tariff, freight))
    return np.array(found, dtype=DELIVERY)


def contract_price(expanded: Expanded, contract: int, year: int) -> float:
    """Return a contract's price [USD/t]: as stated, else the refiner's cost of the year."""
    record = expanded.case.contracts[contract]
    if record.price is not None:
        return record.price
    source = expanded.source_of_refiner[record.refiner, record.mineral]
    return expanded.sources[source].cost.value(year)
