"""Stages resolved: the inputs that each plant needs, and their lanes to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import numpy as np

from models.case import Case, in_force
from models.resolve.sources import (
    Bools,
    Floats,
    Ints,
    Source,
    buyer_blocs,
    floors_that_apply,
    levy,
    sources_of,
)
from models.schema import PRIMARY, Input, InputLane
from models.schema.policy import ActionRow

if TYPE_CHECKING:
    from models.resolve.expanded import Expanded


# ---- inputs of plants ----------------------------------------------------------------------------


@dataclass(frozen=True)
class PlantInput:
    """One input of one plant: a refiner or a project of a product, or a refiner's joint products.

    ``mineral`` is the input; ``product`` is "" for joint products. ``needs`` has the sources (by
    position) of the product, or of the joint products, each with its tonnes of input per tonne.
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

    @property
    def buyer(self) -> tuple[str, str, str]:
        """The parts of a key that name the plant: refiner, project, product."""
        return self.refiner, self.project, self.product


def needed_rows(case: Case, source: Source) -> Iterator[Input]:
    """Yield the rows of Inputs that apply to a source, one per input.

    A row that names the refiner replaces the row that names none, which is only for primary
    sources.
    """
    rows = [row for row in case.inputs if row.mineral == source.mineral]
    named = {row.input: row for row in rows if row.refiner == source.name}
    unnamed = {row.input: row for row in rows if not row.refiner and source.kind == PRIMARY}
    yield from (row for row in (unnamed | named).values() if row.tonnes > 0)


def inputs_by_plant(case: Case) -> dict[str, frozenset[str]]:
    """Return the inputs of each refiner that takes any, its projects included."""
    takes: dict[str, frozenset[str]] = {}
    for plant in sources_of(case) if case.inputs else ():
        if inputs := frozenset(row.input for row in needed_rows(case, plant)):
            takes[plant.name] = takes.get(plant.name, frozenset()) | inputs
    return takes


def plant_inputs_of(e: Expanded) -> tuple[PlantInput, ...]:
    """Return all plant inputs, by input, refiner, project and product."""
    needs: dict[tuple[str, str, str, str], list[tuple[int, float]]] = {}
    for r, source in enumerate(e.sources) if e.case.inputs else ():
        for row in needed_rows(e.case, source):
            is_joint = row.joint and not source.project
            key = (row.input, source.name, source.project, "" if is_joint else source.mineral)
            needs.setdefault(key, []).append((r, row.tonnes))
    order = sorted(needs, key=lambda key: (e.mineral_at[key[0]], *key[1:]))
    return tuple(
        PlantInput(*key, e.sources[needs[key][0][0]].country, not key[3], tuple(needs[key]))
        for key in order
    )


def direct_ratios(case: Case) -> dict[tuple[str, str], float]:
    """Return the tonnes of input per tonne of a product that nobody makes, by (input, product).

    They come from the row without a refiner, or else from the smallest row above 0.
    """
    rows: dict[tuple[str, str], list[Input]] = {}
    for row in case.inputs:
        rows.setdefault((row.input, row.mineral), []).append(row)
    ratios: dict[tuple[str, str], float] = {}
    for key, same in rows.items():
        unnamed = [row.tonnes for row in same if not row.refiner]
        smallest = min((row.tonnes for row in same if row.tonnes > 0), default=0.0)
        ratios[key] = unnamed[0] if unnamed else smallest
    return {key: ratio for key, ratio in ratios.items() if ratio > 0}


def by_stage(case: Case) -> tuple[str, ...]:
    """Return the minerals of Inputs, each product before its inputs.

    Raises ``graphlib.CycleError`` where an input leads back to its product.
    """
    made_from = TopologicalSorter[str]()
    for row in case.needed_inputs:
        made_from.add(row.input, row.mineral)
    return tuple(made_from.static_order())


def unmet_ratios(case: Case) -> dict[str, dict[str, float]]:
    """Return the tonnes of each input that a missing tonne of each product would have needed.

    All stages count: a tonne of magnet needs oxide, which is in its alloy.
    """
    direct, ratios = direct_ratios(case), dict[str, dict[str, float]]()
    for mineral in by_stage(case) if direct else ():
        total: dict[str, float] = {}
        for (name, product), ratio in direct.items():
            if name == mineral:
                for last, further in (ratios.get(product, {}) | {product: 1.0}).items():
                    total[last] = total.get(last, 0.0) + ratio * further
        if total:
            ratios[mineral] = total
    return ratios


def need_ratios(case: Case, mineral: str) -> dict[str, float]:
    """Return the tonnes of a mineral for one tonne of demand, by the mineral demanded.

    Keys: the mineral itself and all products made from it, directly or through other products.
    Minerals that are made from one another in a circle have no products here.
    """
    try:
        products = unmet_ratios(case).get(mineral, {})
    except CycleError:
        products = {}
    return {mineral: 1.0} | products


def made_into(case: Case, mineral: str, member: str, year: int) -> list[str]:
    """Return the products made from a mineral for which a member has demand in a year."""
    products = need_ratios(case, mineral).keys() - {mineral}
    return sorted(p for p in products if case.demand_of.get((p, member, year), 0.0) > 0)


def whole_need(case: Case, mineral: str, year: int) -> float:
    """Return the demand for a mineral plus its need for the demand for its products [t]."""
    ratios = need_ratios(case, mineral).items()
    return sum(ratio * case.coalition_demand(name, year) for name, ratio in ratios)


def chain_of(case: Case, mineral: str) -> frozenset[str]:
    """Return all minerals that Inputs links with a mineral, including itself."""
    chain = {mineral}
    links = [{row.mineral, row.input} for row in case.needed_inputs]
    while more := [link for link in links if link & chain and not link <= chain]:
        chain.update(*more)
    return frozenset(chain)


# ---- flows of inputs to plants -------------------------------------------------------------------


@dataclass(frozen=True)
class PricedFlows:
    """Flows from sources, with the parts of their price; all arrays have one number per flow.

    ``mineral``, ``year`` and ``source`` (the seller) are positions. ``cost`` [money/t] is the
    refiner's cost or the contract's price, ``tariff`` a fraction of it, ``freight`` in money/t.
    ``support`` [money/t] is the subsidy per tonne that a scenario sets, at most the cost or price.
    ``levy`` [money/t] is paid by the buyer at a border if the tonne would land below a price floor.
    """

    mineral: Ints
    year: Ints
    source: Ints
    cost: Floats
    tariff: Floats
    freight: Floats
    support: Floats
    levy: Floats

    def __len__(self) -> int:
        return len(self.source)

    @cached_property
    def landed(self) -> Floats:
        """The delivered cost of a tonne [money/t], minus the subsidy."""
        full = self.cost * (1.0 + self.tariff) + self.freight + self.levy
        if not self.support.any():
            return full
        # the subsidy is subtracted first: the rest may be tiny beside the cost
        net = (self.cost - self.support) + self.cost * self.tariff + self.freight + self.levy
        return np.where(self.support > 0, net, full)


@dataclass(frozen=True)
class InputFlows(PricedFlows):
    """Every possible sale of an input to a plant.

    ``plant_input`` (the buying plant, and its product) is a position in ``Expanded.plant_inputs``.
    """

    plant_input: Ints


@dataclass(frozen=True)
class PlantTransfers:
    """Every input that a member can transfer to a plant in its country, from purchases or stock.

    One entry per input, year, plant and member. ``mineral`` is the input, ``plant_input`` the
    plant's use of it; all fields are positions in the lists of ``Expanded``.
    """

    mineral: Ints
    year: Ints
    plant_input: Ints
    member: Ints

    def __len__(self) -> int:
        return len(self.plant_input)


Place = tuple[str, str]
"""The buyers of a lane of inputs: their country, and a refiner that rows name, or ""."""


def input_lanes(e: Expanded, mineral: str, places: list[Place]) -> tuple[Floats, Floats, Bools]:
    """Return freight, tariff and whether a lane is open, by (source of a mineral, place, year).

    Rows of Input lanes apply top to bottom; ``places`` are the plants'.
    """
    sources = [e.sources[r] for r in e.of_mineral[mineral]]
    shape = (len(sources), len(places), len(e.years))
    freight, tariff, is_open = np.zeros(shape), np.zeros(shape), np.ones(shape, dtype=bool)
    is_home = np.array([[s.country == c for c, _ in places] for s in sources]).reshape(shape[:2])
    for row in e.case.input_lanes:
        if row.input not in {"", mineral}:
            continue
        is_from = np.array([selects_source(row, s) for s in sources], dtype=bool)
        is_to = np.array([_is_to(row, *place) for place in places], dtype=bool)
        is_in_force = np.array([in_force(row, year) for year in e.years], dtype=bool)
        pairs = is_from[:, None] & is_to[None, :] & ~(is_home & row.is_abroad)
        cells = pairs[:, :, None] & is_in_force
        for values, stated in ((freight, row.freight), (tariff, row.tariff), (is_open, row.open)):
            if stated is not None:
                values[cells] = stated
        freight[cells] *= row.freight_factor
        tariff[cells] += row.tariff_added
    return freight, tariff, is_open


def closing_lane(
    e: Expanded, source: Source, plant_input: PlantInput, year: int
) -> InputLane | None:
    """Return the row of Input lanes that closes the lane from a source to a plant."""
    closing, country = None, plant_input.country
    for row in e.case.input_lanes:
        if row.open is None or row.input not in {"", source.mineral} or not in_force(row, year):
            continue
        is_home = row.is_abroad and source.country == country
        if (
            selects_source(row, source)
            and _is_to(row, country, plant_input.refiner)
            and not is_home
        ):
            closing = row
    return None if closing is None or closing.open else closing


def selects_source(row: InputLane | ActionRow, source: Source) -> bool:
    """Return whether a row selects a source by country, refiner and company."""
    return (
        row.country in {"", source.country}
        and row.refiner in {"", source.name}
        and row.company in {"", source.company}
    )


def _is_to(row: InputLane, country: str, refiner: str) -> bool:
    return row.to_country in {"", country} and row.to_plant in {"", refiner}


def input_flows_of(e: Expanded) -> InputFlows:
    """Return the possible input flows: an open lane, a source that can run, a plant that can sell.

    A plant can sell if it can deliver to a member, or to another plant that can sell.
    """
    sells = np.zeros((len(e.sources), len(e.years)), dtype=bool)
    if e.plant_inputs:  # a case without plants may not need its deliveries
        sells[e.deliveries.source, e.deliveries.year] = True
    by_mineral: dict[str, list[int]] = {}
    for position, plant_input in enumerate(e.plant_inputs):
        by_mineral.setdefault(plant_input.mineral, []).append(position)
    flows: dict[int, Iterable[Ints | Floats]] = {}
    named = {row.to_plant for row in e.case.input_lanes}
    for mineral in by_stage(e.case) if e.plant_inputs else ():
        if mineral not in by_mineral or not e.of_mineral[mineral]:
            continue
        places, sources = by_mineral[mineral], np.array(e.of_mineral[mineral], dtype=np.int64)
        takers = [e.plant_inputs[place] for place in places]
        # plants that no row names have the lanes of their country
        lands = [(p.country, p.refiner if p.refiner in named else "") for p in takers]
        buyers = sorted(set(lands))
        freight, tariff, is_open = input_lanes(e, mineral, buyers)
        sellers = [e.sources[r].country for r in sources]
        floors = floors_that_apply(
            e.case, mineral, sellers, [buyer_blocs(e.case, country) for country, _ in buyers]
        )
        land = np.array([*map(buyers.index, lands)], dtype=np.int64)
        takes = np.array([_takes(plant_input, sells) for plant_input in takers])
        can = is_open[:, land, :] & e.startable[sources][:, None, :] & takes[None, :, :]
        t, s, i = np.nonzero(can.transpose(2, 0, 1))  # by year, source, plant input
        sells[sources[s], t] = True
        lane, cost = (s, land[i], t), e.costs[sources[s], t]
        support = np.minimum(e.supports[sources[s], t], cost)
        m, plant_inputs = e.mineral_at[mineral], np.array(places, dtype=np.int64)[i]
        flows[m] = (
            np.full(len(s), m), t, sources[s], cost, tariff[lane], freight[lane], support,
            levy(floors[lane], cost * (1.0 + tariff[lane]) + freight[lane]), plant_inputs,
        )  # fmt: skip
    at, money = np.zeros(0, np.int64), np.zeros(0)
    none: tuple[Ints | Floats, ...] = (*(at,) * 3, *(money,) * 5, at)
    parts = zip(none, *(flows[m] for m in sorted(flows)), strict=True)
    return InputFlows(*map(np.concatenate, parts))


def _takes(plant_input: PlantInput, sells: Bools) -> Bools:
    """Return the years in which a plant with an input can sell its product."""
    return np.asarray(sells[[r for r, _ in plant_input.needs]].any(axis=0))


def plant_transfers_of(e: Expanded) -> PlantTransfers:
    """Return the possible transfers: the member has a row in Stockpiles for the input."""
    sells = np.zeros((len(e.sources), len(e.years)), dtype=bool)
    if e.plant_inputs:
        sells[e.sales.source, e.sales.year] = True
    places = [
        (e.mineral_at[plant_input.mineral], t, i, j)
        for i, plant_input in enumerate(e.plant_inputs)
        for j, member in enumerate(e.case.members)
        if member.country == plant_input.country
        and e.has_stock[e.mineral_at[plant_input.mineral], j]
        for t in np.flatnonzero(_takes(plant_input, sells)).tolist()
    ]
    return PlantTransfers(*np.array(sorted(places), dtype=np.int64).reshape(-1, 4).T)


# ---- sales of sources -------------------------------------------------------------------------

TO_PLANT = -1
"""The code used in place of a member's position for a sale to a plant."""


def to_plant(plant_input: int) -> int:
    """Return the negative code for a plant's input (by position) in arrays of members."""
    return TO_PLANT - int(plant_input)


@dataclass(frozen=True)
class Sales:
    """All possible sales of sources: deliveries to members, then flows of inputs to plants.

    All fields are positions; ``member`` is ``TO_PLANT`` for sales to plants.
    """

    mineral: Ints
    source: Ints
    member: Ints
    year: Ints

    def __len__(self) -> int:
        return len(self.source)
