"""A Case with its wildcards resolved: sources, lanes, contracts and deliveries."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

from models.case import Case, in_force
from models.resolve import end_use, sources, stages
from models.resolve.sources import Bools, Floats, Ints, Source
from models.schema import Demand, Lane, Project

Cell = tuple[int, int]
"""A mineral and a year, by position."""
SPOT = -1
"""The contract of a spot flow."""


# ---- lanes -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lanes:
    """The lanes of one mineral after all overrides, by (source, member, year).

    ``freight`` [USD/t] is NaN where no row sets it. ``refiner_max`` and ``country_max`` [t/yr] are
    infinite without a limit; ``country_max`` is by (country, member, year). ``sources`` are
    consecutive positions in ``Expanded.sources``. ``serves`` is by (source, member, year, tier):
    whether the lane is open to a tier that the member has; None if all are open to the same. A lane
    is open if it is open to one of them. ``tiers`` are all tiers of the demand for the mineral.
    """

    sources: tuple[int, ...]
    countries: tuple[str, ...]
    freight: Floats
    tariff: Floats
    open: Bools
    refiner_max: Floats
    country_max: Floats
    tiers: end_use.Pattern = ()
    serves: Bools | None = None

    @cached_property
    def patterns(self) -> Ints:
        """A number for the set of tiers that each lane is open to, by (source, member, year)."""
        if self.serves is None:
            return np.zeros(self.open.shape, dtype=np.int64)
        return np.asarray(self.serves @ (1 << np.arange(len(self.tiers))))

    @cached_property
    def has_max(self) -> bool:
        return bool(np.isfinite(self.refiner_max).any() or np.isfinite(self.country_max).any())


def _lanes(case: Case, sellers: list[Source], positions: tuple[int, ...]) -> Lanes:
    """Apply Freight, then the rows of Lanes top to bottom, to one mineral's lanes."""
    countries = tuple(sorted({s.country for s in sellers}))
    shape = (len(sellers), len(case.members), len(case.years))
    default = case.settings.default_freight
    base = {row.country: dict(row.costs) for row in case.freight}
    freight = np.full(shape, np.nan if default is None else default, dtype=float)
    for s, source in enumerate(sellers):
        given = base.get(source.country, {})
        if given:
            costs = [given.get(member.name, default) for member in case.members]
            freight[s] = np.array(costs, dtype=float)[:, None]  # None becomes NaN
    rows = [row for row in case.lanes if sellers and row.mineral in {"", sellers[0].mineral}]
    has = None
    if any(row.tier for row in rows):
        names, has = end_use.tiers_of_lanes(case, sellers[0].mineral)
    lanes = Lanes(
        sources=positions,
        countries=countries,
        freight=freight,
        tariff=np.zeros(shape),
        open=np.ones(shape, dtype=bool),
        refiner_max=np.full(shape, np.inf),
        country_max=np.full((len(countries), *shape[1:]), np.inf),
        tiers=() if has is None else names,
        serves=None if has is None else np.ones((*shape, len(names)), dtype=bool),
    )
    if rows:
        named = _Positions(case, sellers)
        for row in rows:
            _override(lanes, row, named)
    if lanes.serves is not None and has is not None:
        lanes.serves[...] &= has[:, None, :]
        lanes.open[...] = lanes.serves.any(axis=3)
    return lanes


class _Positions:
    """The positions of names in a mineral's lanes, so that a row of Lanes finds its lanes quickly.

    They are shaped to index (source, member, year) together.
    """

    def __init__(self, case: Case, found: list[Source]) -> None:
        self._years = case.years
        names = [member.name for member in case.members]
        self._members = {name: np.array([[j]]) for j, name in enumerate(names)}
        self._members[""] = np.arange(len(names))[:, None]
        by_name: dict[tuple[str, str, str], list[int]] = {}
        for s, of in enumerate(found):
            own = ({"", of.name}, {"", of.country}, {"", of.company})
            for row in itertools.product(*own):
                by_name.setdefault(row, []).append(s)
        self._sources = {row: np.array(at)[:, None, None] for row, at in by_name.items()}
        self._in_force: dict[tuple[int | None, int | None], Ints] = {}

    def __call__(self, row: Lane) -> tuple[Ints, Ints, Ints]:
        """Return the sources, members and years that a row matches."""
        span = row.first_year, row.last_year
        if span not in self._in_force:
            held = [t for t, year in enumerate(self._years) if in_force(row, year)]
            self._in_force[span] = np.array(held, dtype=np.int64)
        sources = self._sources.get((row.refiner, row.country, row.company), _NONE)
        return sources, self._members.get(row.member, _NONE), self._in_force[span]


_NONE: Ints = np.empty((0, 1, 1), dtype=np.int64)


def _override(lanes: Lanes, row: Lane, named: _Positions) -> None:
    at = _, buyers, years = named(row)
    if not all(part.size for part in at):
        return
    if lanes.serves is not None and row.open is not None:
        for k, tier in enumerate(lanes.tiers):
            if row.tier in {"", tier}:
                lanes.serves[..., k][at] = row.open
    if row.tier:
        return
    for values, stated in (
        (lanes.freight, row.freight),
        (lanes.tariff, row.tariff),
        (lanes.open, row.open),
        (lanes.refiner_max, row.max if row.refiner else None),
    ):
        if stated is not None:
            values[at] = stated
    lanes.freight[at] *= row.freight_factor
    lanes.tariff[at] += row.tariff_added
    if row.max is not None and not row.refiner:
        countries = [c for c, code in enumerate(lanes.countries) if row.country in {"", code}]
        lanes.country_max[np.array(countries)[:, None, None], buyers, years] = row.max


# ---- deliveries --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deliveries(stages.PricedFlows):
    """Every possible flow to a member, ordered by mineral, year, source, member, contract.

    ``member`` (the buyer) is a position in ``Expanded.members``; ``contract`` is SPOT, or a
    position in ``case.contracts``.
    """

    member: Ints
    contract: Ints


# ---- the case ----------------------------------------------------------------------------------


class Expanded:
    """A Case with its wildcards resolved, once for all blocks; in formulas it is ``e``.

    A blank cell, which means all minerals or members, becomes a number for each. Tables are by
    position in ``minerals``, ``members``, ``years`` and ``sources``.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.years = case.years
        self.minerals = tuple(m.name for m in case.minerals)
        self.members = tuple(m.name for m in case.members)
        self.mineral_at = {name: i for i, name in enumerate(self.minerals)}
        self.member_at = {name: i for i, name in enumerate(self.members)}
        self._base: Expanded | None = None
        self._same: frozenset[str] = frozenset()

    def changed(self, case: Case) -> Expanded:
        """Return a variant of the case, resolved; it shares the tables that do not change."""
        new = Expanded(case)
        numbered = {"minerals", "members", "years"}
        every = numbered.union(*_MADE_OF.values())
        same = {f for f in every if getattr(case, f) is getattr(self.case, f)}
        if (
            "demand" not in same
            and end_use.can_cut_off(case)
            and case.demand_tiers != self.case.demand_tiers
        ):
            same.discard("lanes")  # the same rows then close other lanes
        if numbered <= same:
            kept = {name for name, fields in _MADE_OF.items() if fields <= same}
            new.__dict__.update((name, self.__dict__[name]) for name in kept & {*self.__dict__})
            new._base, new._same = self, frozenset(same)
        return new

    def _as_before(self, *fields: str) -> Expanded | None:
        """Return the base of this variant if both have the same values of some fields.

        They must also have the same sources, so that tables made from these fields are equal.
        """
        base = self._base
        if base is None or not self._same.issuperset(fields):
            return None
        return base if self.source_identities == base.source_identities else None

    @cached_property
    def source_identities(self) -> list[tuple[str | bool, ...]]:
        parts = attrgetter("mineral", "name", "project", "country", "company", "needs_ore")
        return [*map(parts, self.sources)]

    @cached_property
    def discounts(self) -> Floats:
        """The discount factor of each year: the value of its money in the first year."""
        return np.array([self.case.discount(year) for year in self.years])

    @cached_property
    def prices(self) -> Floats:
        """The price of each mineral [money/t], by (mineral, year)."""
        of_year = [[m.price.value(year) for year in self.years] for m in self.case.minerals]
        return np.array(of_year, dtype=float).reshape(len(of_year), len(self.years))

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Refiners and projects, ordered by mineral, name, project."""
        found, order = sources.sources_of(self.case), self.mineral_at
        return tuple(sorted(found, key=lambda s: (order[s.mineral], s.name, s.project)))

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

    def _table(self, name: str, value: Callable[[Source, int], float]) -> Floats:
        """Return a table by source and year; values of unchanged records are reused."""
        base = self._as_before()
        found: Floats = np.zeros((len(self.sources), len(self.years)))
        at: Iterable[int] = range(len(found))
        if base is not None:
            found = getattr(base, name).copy()
            pairs = enumerate(zip(self.sources, base.sources, strict=True))
            at = [i for i, (new, old) in pairs if new.record is not old.record]
        for i in at:
            found[i] = [value(self.sources[i], year) for year in self.years]
        return found

    @cached_property
    def usable(self) -> Floats:
        """Capacity open to the coalition [t/yr] by (source, year); 0 for a project."""
        return self._table("usable", Source.usable)

    @cached_property
    def nameplate(self) -> Floats:
        """Capacity [t/yr] by (source, year)."""
        return self._table("nameplate", Source.nameplate)

    @cached_property
    def costs(self) -> Floats:
        """Cost [money/t] by (source, year)."""
        return self._table("costs", lambda source, year: source.cost.value(year))

    @cached_property
    def supports(self) -> Floats:
        """The subsidy per tonne that a scenario sets [money/t], by (source, year)."""
        return self._table("supports", lambda source, year: source.record.support.at(year) or 0.0)

    @cached_property
    def startable(self) -> Bools:
        """Whether a source can run in a year, by (source, year): capacity, or a build in time."""
        return (self.usable > 0) | ((self.nameplate > 0) & (self._begun > 0))

    @cached_property
    def _begun(self) -> Floats:
        """1 where building of a project can begin in time for a year, by (source, year)."""

        def can_run(source: Source, year: int) -> float:
            project = source.record if isinstance(source.record, Project) else None
            starts = project and sources.running_starts(project, self.years, year)
            return float(bool(starts))

        return self._table("_begun", can_run)

    @cached_property
    def demand(self) -> Floats:
        """Demand [t] by (mineral, member, year)."""
        return self._demand(lambda row: row.tonnes)

    @cached_property
    def limit_base_demand(self) -> Floats:
        """The demand to which share limits refer [t], by (mineral, member, year).

        It is the demand plus the shortage that an earlier plan has fixed.
        """
        return self.demand + self._demand(lambda row: row.unmet)

    @cached_property
    def inputs_of_fixed_shortages(self) -> Floats:
        """The inputs of products that an earlier plan leaves short [t], by (mineral, year).

        Limits on an input add them to its demand, as ``limit_base_demand`` does for its own
        shortage.
        """
        return self.inputs_for(self._demand(lambda row: row.unmet).sum(axis=1))

    def _demand(self, tonnes_of: Callable[[Demand], Iterable[tuple[int, float]]]) -> Floats:
        table = np.zeros((len(self.minerals), len(self.members), len(self.years)))
        for row in self.case.demand:
            if row.mineral in self.mineral_at and row.member in self.member_at:
                m, j = self.mineral_at[row.mineral], self.member_at[row.member]
                for year, tonnes in tonnes_of(row):
                    table[m, j, self.years.index(year)] += tonnes
        return table

    @cached_property
    def has_stock(self) -> Bools:
        """Whether a member has a stockpile of a mineral, by (mineral, member)."""
        table = np.zeros((len(self.minerals), len(self.members)), dtype=bool)
        for stockpile in self.case.stockpiles:
            table[self.mineral_at[stockpile.mineral], self.member_at[stockpile.member]] = True
        return table

    def takes(self, mineral: int) -> Bools:
        """Return whether a member has demand or a stock of a mineral, by (member, year)."""
        return np.asarray((self.demand[mineral] > 0) | self.has_stock[mineral][:, None])

    @cached_property
    def lanes(self) -> dict[str, Lanes]:
        """The lanes of each mineral."""
        base = self._as_before("lanes", "freight", "settings")
        if base is not None:
            return base.lanes
        return {
            name: _lanes(self.case, [self.sources[i] for i in positions], positions)
            for name, positions in self.of_mineral.items()
        }

    def lane_max(self, source: int, member: int, year: int) -> tuple[float, float]:
        """Return the Max [t/yr] of a refiner's lane and of its country's (infinite: none)."""
        lanes = self.lanes[self.sources[source].mineral]
        s = source - lanes.sources[0]
        c = lanes.countries.index(self.sources[source].country)
        return float(lanes.refiner_max[s, member, year]), float(lanes.country_max[c, member, year])

    @cached_property
    def cut_off(self) -> end_use.CutOff:
        """The patterns of tiers that a member's sources may serve, where they differ."""
        base = self._base.cut_off if self._base is not None else {}
        return end_use.cut_off(self, base) if base or end_use.can_cut_off(self.case) else {}

    @cached_property
    def split_tiers(self) -> dict[tuple[str, str, int], dict[str, float]]:
        """The demand by tier where it matters who is short, as in ``end_use``."""
        return end_use.split_tiers(self)

    @cached_property
    def contract_lanes(self) -> list[tuple[int, int, Bools]]:
        """Source and member of each contract, and whether its tonnes can move, by year."""
        found = []
        for contract in self.case.contracts:
            source = self.source_of_refiner[contract.refiner, contract.mineral]
            lanes, j = self.lanes[contract.mineral], self.member_at[contract.member]
            s, c = source - lanes.sources[0], lanes.countries.index(self.sources[source].country)
            room = np.minimum(lanes.refiner_max[s, j], lanes.country_max[c, j]) > 0
            held = [in_force(contract, year) for year in self.years]
            found.append((source, j, lanes.open[s, j] & room & held & (self.usable[source] > 0)))
        return found

    @cached_property
    def minimums(self) -> dict[tuple[int, int], float]:
        """Take-or-pay minimum [t] by (contract, year position), force majeure applied.

        It lapses where the lane is closed or its Max is 0, or the refiner has no usable capacity;
        where a refiner's minimums exceed its usable capacity they shrink in proportion to it.
        """
        found: dict[tuple[int, int], float] = {}
        total = np.zeros_like(self.usable)
        for k, (source, _, can) in enumerate(self.contract_lanes):
            for t in np.flatnonzero(can).tolist():
                if self.case.contracts[k].min > 0:
                    found[k, t] = self.case.contracts[k].min
                    total[source, t] += found[k, t]
        for k, t in found:
            source = self.contract_lanes[k][0]
            found[k, t] *= min(1.0, float(self.usable[source, t] / total[source, t]))
        return found

    @cached_property
    def mine_capacity(self) -> Floats:
        """Capacity of each mine [t/yr] by (mine, year)."""
        mines = self.case.mines
        found = [[sources.mine_capacity(mine, year) for year in self.years] for mine in mines]
        return np.array(found, dtype=float).reshape(len(mines), len(self.years))

    @cached_property
    def ceilings(self) -> Floats:
        """The most that a source may sell [t], by (source, year); infinite without a ceiling.

        A study sets it (``Case.ceilings``) to the sales in an agreed plan and a possible surge.
        """
        base = self._as_before("ceilings")
        if base is not None:
            return base.ceilings
        found = np.full((len(self.sources), len(self.years)), np.inf)
        if self.case.ceilings:
            most = {c[:4]: c[4] for c in self.case.ceilings}
            for r, s in enumerate(self.sources):
                keys = ((*s.key, year) for year in self.years)
                found[r] = [most.get(key, np.inf) for key in keys]
        return found

    @cached_property
    def deliveries(self) -> Deliveries:
        """Every possible flow to members."""
        parts = [*map(self._spot, self.minerals), self._contracted()]
        every = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
        numbers: list[Any] = [*(column.astype(np.int64) for column in every[:5]), *every[5:]]
        if (numbers[4] != SPOT).any():  # spot deliveries alone are sorted already
            order = np.lexsort(numbers[4::-1])
            numbers = [each[order] for each in numbers]
        mineral, year, source, member, contract, cost, tariff, freight = numbers
        support = np.minimum(self.supports[source, year], cost)
        floor = self._floors(mineral, source, member, year)
        levy = sources.levy(floor, cost * (1.0 + tariff) + freight)
        money = (cost, tariff, freight, support, levy)
        return Deliveries(mineral, year, source, *money, member, contract)

    def _floors(self, mineral: Ints, source: Ints, member: Ints, year: Ints) -> Floats:
        """Return the price floor [money/t] that applies to each delivery; 0 for none."""
        found, case = np.zeros(len(source)), self.case
        buyers = [sources.buyer_blocs(case, m.country) for m in case.members]
        for name in dict.fromkeys(row.mineral for row in case.price_floors):
            first, *_ = (*self.of_mineral[name], 0)
            sellers = [self.sources[i].country for i in self.of_mineral[name]]
            at = np.flatnonzero(mineral == self.mineral_at[name])
            floors = sources.floors_that_apply(case, name, sellers, buyers)
            found[at] = floors[source[at] - first, member[at], year[at]]
        return found

    def _reaches(self, mineral: str) -> Bools:
        """Return whether a source can run and its lane is open, by (source, member, year)."""
        lanes = self.lanes[mineral]
        rows = [lanes.countries.index(self.sources[i].country) for i in lanes.sources]
        room = (lanes.refiner_max > 0) & (lanes.country_max[rows] > 0)
        runs = self.startable[np.array(lanes.sources, dtype=np.int64)]
        return np.asarray(lanes.open & room & runs[:, None, :])

    @cached_property
    def can_sell(self) -> Bools:
        """Whether a source can sell to a member with demand or a stock, or to a plant.

        By (source, year).
        """
        table = np.zeros(self.usable.shape, dtype=bool)
        for mineral, positions in self.of_mineral.items():
            takes = self.takes(self.mineral_at[mineral])
            table[[*positions]] = (self._reaches(mineral) & takes).any(axis=1)
        table[self.input_flows.source, self.input_flows.year] = True
        return table

    def _spot(self, mineral: str) -> tuple[Any, ...]:
        """Spot deliveries: an open lane, a source that can run, a member that can use it."""
        m, lanes = self.mineral_at[mineral], self.lanes[mineral]
        positions = np.array(lanes.sources, dtype=np.int64)
        can = self._reaches(mineral) & self.takes(m)[None, :, :]
        t, s, j = np.nonzero(can.transpose(2, 0, 1))  # by year, source, member
        money = (self.costs[positions[s], t], lanes.tariff[s, j, t], lanes.freight[s, j, t])
        return (np.full(len(s), m), t, positions[s], j, np.full(len(s), SPOT), *money)

    def _contracted(self) -> tuple[Any, ...]:
        found = []
        for k, (source, j, can) in enumerate(self.contract_lanes):
            contract = self.case.contracts[k]
            m, lanes = self.mineral_at[contract.mineral], self.lanes[contract.mineral]
            s = source - lanes.sources[0]
            takes = can & self.takes(m)[j] & (contract.max is None or contract.max > 0)
            for t in np.flatnonzero(takes).tolist():
                cost = contract_price(self, k, self.years[t])
                way = (lanes.tariff[s, j, t], lanes.freight[s, j, t])
                found.append((m, t, source, j, k, cost, *way))
        return tuple(np.array(found, dtype=float).reshape(-1, 8).T)

    @cached_property
    def cell_starts(self) -> Ints:
        """The start of each (mineral, year) in ``deliveries``, and the end of the last."""
        code = self.deliveries.mineral * len(self.years) + self.deliveries.year
        cells = len(self.minerals) * len(self.years)
        return np.searchsorted(code, np.arange(cells + 1)).astype(np.int64)

    # ---- stages ----------------------------------------------------------------------------------

    plant_inputs = cached_property(stages.plant_inputs_of)
    input_flows = cached_property(stages.input_flows_of)
    plant_transfers = cached_property(stages.plant_transfers_of)

    def buyer_name(self, number: int) -> str:
        """Return the name of a member by position, or of the plant with a code of ``to_plant``."""
        return (
            self.members[number]
            if number >= 0
            else self.plant_inputs[stages.TO_PLANT - number].plant
        )

    @cached_property
    def unmet_ratios(self) -> dict[str, dict[str, float]]:
        """The tonnes of each input that a missing tonne of each product would have needed."""
        return stages.unmet_ratios(self.case)

    @cached_property
    def unmet_pairs(self) -> tuple[tuple[int, int, float], ...]:
        """``unmet_ratios`` as (input, product, ratio), by position."""
        at = self.mineral_at
        return tuple(
            (at[name], at[product], ratio)
            for name, ratios in self.unmet_ratios.items()
            for product, ratio in ratios.items()
        )

    def inputs_for(self, products: Floats) -> Floats:
        """Return inputs of all stages that products would take; both by (mineral, ...) [t]."""
        needed = np.zeros(products.shape)
        for i, product, ratio in self.unmet_pairs:
            needed[i] += ratio * products[product]
        return needed

    def is_input(self, mineral: str) -> bool:
        """Return whether plants use a mineral, or would use it for unmet demand."""
        return mineral in self._inputs_of_plants

    @cached_property
    def _inputs_of_plants(self) -> frozenset[str]:
        return frozenset(
            {plant_input.mineral for plant_input in self.plant_inputs} | self.unmet_ratios.keys()
        )

    @cached_property
    def sales(self) -> stages.Sales:
        """All possible sales of sources: ``deliveries``, then ``input_flows``."""
        to_plants = np.full(len(self.input_flows), stages.TO_PLANT)
        member = np.concatenate([self.deliveries.member, to_plants])
        mineral, source, year = map(self.of_sales, ("mineral", "source", "year"))
        return stages.Sales(mineral, source, member, year)

    def of_sales(self, field_name: str) -> Any:
        """Return a field of all sales that ``deliveries`` and ``input_flows`` share."""
        both = (self.deliveries, self.input_flows)
        return np.concatenate([getattr(flows, field_name) for flows in both])

    def sales_in(self, mineral: int, year: int) -> tuple[int, ...]:
        """Return the positions in ``sales`` of a mineral and year."""
        f = self.input_flows
        at = np.flatnonzero((f.mineral == mineral) & (f.year == year)) if len(f) else ()
        return (*self.positions_of_cell(mineral, year), *(len(self.deliveries) + i for i in at))

    @cached_property
    def of_source_year(self) -> tuple[Ints, Ints]:
        """The sales sorted by source and year, and the start of each (source, year) among them."""
        years = len(self.years)
        code = self.sales.source * years + self.sales.year
        order = np.argsort(code, kind="stable")
        every = np.arange(len(self.sources) * years + 1)
        return order, np.searchsorted(code[order], every).astype(np.int64)

    def positions_of_cell(self, mineral: int, year: int) -> range:
        """Return the positions in ``deliveries`` of a mineral and year, both by position."""
        at = mineral * len(self.years) + year
        return range(int(self.cell_starts[at]), int(self.cell_starts[at + 1]))


_OF_SOURCES = frozenset({"refiners", "projects"})
_OF_LANES = _OF_SOURCES | {"lanes", "freight", "settings"}
_OF_DELIVERIES = _OF_LANES | {"demand", "stockpiles", "contracts"}
_OF_DELIVERIES |= {"price_floors", "home_blocs", "countries"}
_OF_SALES = _OF_DELIVERIES | {"inputs", "input_lanes"}
_MADE_OF: dict[str, frozenset[str]] = {
    **dict.fromkeys(("sources", "of_mineral", "source_of_refiner"), _OF_SOURCES),
    "mine_capacity": frozenset({"mines"}),
    "ceilings": _OF_SOURCES | {"ceilings"},
    **dict.fromkeys(
        ("usable", "nameplate", "costs", "supports", "startable", "_begun"), _OF_SOURCES
    ),
    "demand": frozenset({"demand"}),
    "has_stock": frozenset({"stockpiles"}),
    "lanes": _OF_LANES,
    **dict.fromkeys(("contract_lanes", "minimums"), _OF_LANES | {"contracts"}),
    **dict.fromkeys(("deliveries", "cell_starts"), _OF_DELIVERIES),
    "plant_inputs": _OF_SOURCES | {"inputs"},
    "unmet_ratios": frozenset({"inputs"}),
    "input_flows": _OF_SALES,
    **dict.fromkeys(("plant_transfers", "sales", "of_source_year", "can_sell"), _OF_SALES),
}
"""The case fields from which each table is made, besides minerals, members and years."""


def contract_price(expanded: Expanded, contract: int, year: int) -> float:
    """Return a contract's price [USD/t]: its Price, or else the refiner's cost of the year."""
    record = expanded.case.contracts[contract]
    if record.price is not None:
        return record.price
    source = expanded.source_of_refiner[record.refiner, record.mineral]
    return expanded.sources[source].cost.value(year)
