"""Stages resolved: which plant needs how much of which input, and how inputs can reach it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.case import Case, in_force
from models.resolve.floors import buyer_blocs, floors_met, levy
from models.schema import PRIMARY, Input, InputLane

if TYPE_CHECKING:
    from models.resolve.expanded import Expanded
    from models.resolve.sources import Source

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


# ---- who needs what ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Intake:
    """One input of one plant: a refiner or a project of a product, or a refiner's joint products.

    ``mineral`` is the input; ``product`` is "" where it is joint. ``needs`` are the sources (by
    position) that make the product, or the joint ones, and the tonnes of input that a tonne of each
    needs.
    """

    mineral: str
    refiner: str
    project: str
    product: str
    country: str
    is_joint: bool
    needs: tuple[tuple[int, float], ...]

    @property
    def plant(self) -> str:
        return self.project or self.refiner


def needed_rows(case: Case, source: Source) -> Iterator[Input]:
    """Yield the rows of Inputs that a source goes by, one for each input that it needs.

    A row that names the refiner replaces the one that names none, which is for primary
    sources alone.
    """
    rows = [row for row in case.inputs if row.mineral == source.mineral]
    own = {row.input: row for row in rows if row.refiner == source.name}
    of_all = {row.input: row for row in rows if not row.refiner and source.kind == PRIMARY}
    yield from (row for row in (of_all | own).values() if row.tonnes > 0)


def intakes_of(e: Expanded) -> tuple[Intake, ...]:
    """Return all intakes, by input, refiner, project and product."""
    found: dict[tuple[str, str, str, str], list[tuple[int, float]]] = {}
    for r, source in enumerate(e.sources) if e.case.inputs else ():
        for row in needed_rows(e.case, source):
            is_joint = row.joint and not source.project
            key = (row.input, source.name, source.project, "" if is_joint else source.mineral)
            found.setdefault(key, []).append((r, row.tonnes))
    order = sorted(found, key=lambda key: (e.mineral_at[key[0]], *key[1:]))
    return tuple(
        Intake(*key, e.sources[found[key][0][0]].country, not key[3], tuple(found[key]))
        for key in order
    )


def direct_ratios(case: Case) -> dict[tuple[str, str], float]:
    """Return what a tonne of a product that is not made would have taken, by (input, product).

    That is what the row without a refiner says, else the smallest row above 0.
    """
    rows: dict[tuple[str, str], list[Input]] = {}
    for row in case.inputs:
        rows.setdefault((row.input, row.mineral), []).append(row)
    found: dict[tuple[str, str], float] = {}
    for key, of in rows.items():
        of_all = [row.tonnes for row in of if not row.refiner]
        found[key] = (of_all or [min((row.tonnes for row in of if row.tonnes > 0), default=0.0)])[0]
    return {key: ratio for key, ratio in found.items() if ratio > 0}


def by_stage(case: Case) -> tuple[str, ...]:
    """Return the minerals of Inputs, each product before what it is made from.

    Raises ``graphlib.CycleError`` where an input leads back to its product.
    """
    made_from = TopologicalSorter[str]()
    for row in case.inputs:
        if row.tonnes > 0:
            made_from.add(row.input, row.mineral)
    return tuple(made_from.static_order())


def unmet_ratios(case: Case) -> dict[str, dict[str, float]]:
    """Return of each input what a tonne short of each product would have taken of it.

    Through all stages: a tonne of magnet takes oxide by way of alloy.
    """
    direct, found = direct_ratios(case), dict[str, dict[str, float]]()
    for mineral in by_stage(case) if direct else ():
        total: dict[str, float] = {}
        for (of, product), ratio in direct.items():
            if of == mineral:
                for last, further in (found.get(product, {}) | {product: 1.0}).items():
                    total[last] = total.get(last, 0.0) + ratio * further
        if total:
            found[mineral] = total
    return found


def whole_need(case: Case, mineral: str, year: int) -> float:
    """Return the demand for a mineral [t], and what the demand for its products takes of it.

    Through all stages, if all of it is met; of minerals that lead back to themselves demand alone.
    """
    try:
        ratios = unmet_ratios(case).get(mineral, {})
    except CycleError:
        ratios = {}
    products = sum(ratio * case.coalition_demand(of, year) for of, ratio in ratios.items())
    return case.coalition_demand(mineral, year) + products


def chain_of(case: Case, mineral: str) -> frozenset[str]:
    """Return the minerals that are made from one another with a mineral, itself among them."""
    found = {mineral}
    links = [{row.mineral, row.input} for row in case.inputs if row.tonnes > 0]
    while more := [link for link in links if link & found and not link <= found]:
        found.update(*more)
    return frozenset(found)


# ---- how inputs reach plants ---------------------------------------------------------------------


@dataclass(frozen=True)
class InputFlows:
    """Every sale of an input to a plant that can exist, by mineral, year, source, intake.

    ``mineral`` ... ``intake`` are positions; money as of ``Deliveries``.
    """

    mineral: Ints
    year: Ints
    source: Ints
    intake: Ints
    cost: Floats
    tariff: Floats
    freight: Floats
    support: Floats
    levy: Floats

    @property
    def landed(self) -> Floats:
        """What a tonne costs at the plant's gate [money/t], less what is paid for it."""
        return (self.cost - self.support) + self.cost * self.tariff + self.freight + self.levy

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class HandOvers:
    """Every input that a member can hand to a plant in its country, from what it buys or holds.

    ``mineral`` is that of the input; all are positions.
    """

    mineral: Ints
    year: Ints
    intake: Ints
    member: Ints

    def __len__(self) -> int:
        return len(self.intake)


def input_lanes(e: Expanded, mineral: str, countries: list[str]) -> tuple[Floats, Floats, Bools]:
    """Return freight, tariff and whether a lane is open, by (source of a mineral, country, year).

    Rows of Input lanes apply top to bottom; ``countries`` are those of plants.
    """
    sources = [e.sources[r] for r in e.of_mineral[mineral]]
    shape = (len(sources), len(countries), len(e.years))
    freight, tariff, is_open = np.zeros(shape), np.zeros(shape), np.ones(shape, dtype=bool)
    home = np.array([[s.country == c for c in countries] for s in sources]).reshape(shape[:2])
    for row in e.case.input_lanes:
        if row.input not in {"", mineral}:
            continue
        sells = np.array([_sells(row, s) for s in sources], dtype=bool)
        lands = np.array([row.to_country in {"", c} for c in countries], dtype=bool)
        holds = np.array([in_force(row, year) for year in e.years], dtype=bool)
        pairs = sells[:, None] & lands[None, :] & ~(home & row.is_abroad)
        at = pairs[:, :, None] & holds
        for values, stated in ((freight, row.freight), (tariff, row.tariff), (is_open, row.open)):
            if stated is not None:
                values[at] = stated
        freight[at] *= row.freight_factor
        tariff[at] += row.tariff_added
    return freight, tariff, is_open


def closing_lane(e: Expanded, source: Source, country: str, year: int) -> InputLane | None:
    """Return the row of Input lanes that closes the lane from a source to plants in a country."""
    found = None
    for row in e.case.input_lanes:
        if row.open is None or row.input not in {"", source.mineral} or not in_force(row, year):
            continue
        is_home = row.is_abroad and source.country == country
        if _sells(row, source) and row.to_country in {"", country} and not is_home:
            found = row
    return None if found is None or found.open else found


def _sells(row: Any, source: Source) -> bool:
    return (
        row.country in {"", source.country}
        and row.refiner in {"", source.name}
        and row.company in {"", source.company}
    )


def input_flows_of(e: Expanded) -> InputFlows:
    """Return where an input can be sold: an open lane, a source that can run, a plant that sells.

    A plant sells where it can deliver to a member, or to a plant that sells.
    """
    sells = np.zeros((len(e.sources), len(e.years)), dtype=bool)
    sells[e.deliveries.source, e.deliveries.year] = True
    of_mineral: dict[str, list[int]] = {}
    for i, intake in enumerate(e.intakes):
        of_mineral.setdefault(intake.mineral, []).append(i)
    found: dict[int, Iterable[Ints | Floats]] = {}
    for mineral in by_stage(e.case) if e.intakes else ():
        if mineral not in of_mineral or not e.of_mineral[mineral]:
            continue
        places, sources = of_mineral[mineral], np.array(e.of_mineral[mineral], dtype=np.int64)
        countries = sorted({e.intakes[i].country for i in places})
        freight, tariff, is_open = input_lanes(e, mineral, countries)
        sellers = [e.sources[r].country for r in sources]
        floors = floors_met(e.case, mineral, sellers, [buyer_blocs(e.case, c) for c in countries])
        land = np.array([countries.index(e.intakes[i].country) for i in places], dtype=np.int64)
        takes = np.array([_takes(e.intakes[i], sells) for i in places])
        can = is_open[:, land, :] & e.startable[sources][:, None, :] & takes[None, :, :]
        t, s, at = np.nonzero(can.transpose(2, 0, 1))  # by year, source, intake
        sells[sources[s], t] = True
        lane, cost = (s, land[at], t), e.costs[sources[s], t]
        support = np.minimum(e.supports[sources[s], t], cost)
        place = np.full(len(s), e.mineral_at[mineral])
        which = np.array(places, dtype=np.int64)[at]
        found[e.mineral_at[mineral]] = (
            place, t, sources[s], which, cost, tariff[lane], freight[lane], support,
            levy(floors[lane], cost * (1.0 + tariff[lane]) + freight[lane]),
        )  # fmt: skip
    none: tuple[Ints | Floats, ...] = (*(np.zeros(0, np.int64),) * 4, *(np.zeros(0),) * 5)
    parts = zip(none, *(found[m] for m in sorted(found)), strict=True)
    return InputFlows(*map(np.concatenate, parts))


def _takes(intake: Intake, sells: Bools) -> Bools:
    """Return in which years a plant that takes an input can sell what it makes."""
    return np.asarray(sells[[r for r, _ in intake.needs]].any(axis=0))


def hand_overs_of(e: Expanded) -> HandOvers:
    """Return where a member can hand an input to a plant: it has a row in Stockpiles for it."""
    sells = np.zeros((len(e.sources), len(e.years)), dtype=bool)
    sells[e.sales.source, e.sales.year] = True
    found = [
        (e.mineral_at[intake.mineral], t, i, j)
        for i, intake in enumerate(e.intakes)
        for j, member in enumerate(e.case.members)
        if member.country == intake.country and e.has_stock[e.mineral_at[intake.mineral], j]
        for t in np.flatnonzero(_takes(intake, sells)).tolist()
    ]
    return HandOvers(*np.array(sorted(found), dtype=np.int64).reshape(-1, 4).T)


# ---- what a source sells -------------------------------------------------------------------------

TO_PLANT = -1
"""The member of a sale to a plant."""


def to_plant(intake: int) -> int:
    """Return what stands for a plant's intake, by position, where members are numbered."""
    return TO_PLANT - int(intake)


@dataclass(frozen=True)
class Sales:
    """All that sources can sell: the deliveries to members, then the flows of inputs to plants.

    All by position; ``member`` is ``TO_PLANT`` for the latter.
    """

    mineral: Ints
    source: Ints
    member: Ints
    year: Ints

    def __len__(self) -> int:
        return len(self.source)
