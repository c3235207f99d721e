"""Purchases of inputs by plants, and inputs that members pass on to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from models import tolerances
from models.case import Case
from models.errors import Finding, warning
from models.measures import drawn_from_stock, served_without
from models.program.families.inputs import JOINT_NEED, NEED
from models.program.families.ore import ORE
from models.resolve import Floats, by_stage
from models.schema import COALITION, REST_OF_WORLD, Input
from models.solve import summed_at

if TYPE_CHECKING:
    from models.program import Solved

INPUTS = (
    "year mineral refiner project country member plant plant_project product plant_country tonnes"
    " cost tariff freight support levy landed total worth unused"
)


def inputs(plan: Solved) -> Iterator[tuple[Any, ...]]:
    """Yield a row (columns ``INPUTS``) per flow of an input, sold or passed on to a plant.

    year, mineral (the input), refiner, project, country, member ("" if it is bought), plant,
    plant_project, product ("" if it is joint), plant_country, tonnes, cost, tariff (fraction),
    freight, support, levy, landed [money/t; 0 if it is passed on], total [money], worth (the value
    of one more tonne of the input to the plant) [money/t], unused (tonnes above the need of a joint
    line) [t].
    """
    e, flows, transfers = plan.expanded, plan.expanded.input_flows, plan.expanded.plant_transfers
    if not e.plant_inputs:
        return
    unused, arriving = unused_of(plan), _arriving(plan)

    def plant(i: int, t: int, tonnes: float) -> tuple[tuple[Any, ...], tuple[float, float]]:
        """Return the names of the plant of plant input ``i``, and its columns worth and unused.

        ``t`` is the year by position. Unused input is divided among flows by their ``tonnes``.
        """
        plant_input, part = e.plant_inputs[i], tonnes / arriving[i, t]
        buyer = (plant_input.refiner, plant_input.project, plant_input.product, plant_input.country)
        return buyer, (worth(plan, i, e.years[t]), part * unused[i, t])

    for k in np.flatnonzero(plan.delivered_to_plants > tolerances.LEAST_FLOW).tolist():
        source, i, t = e.sources[flows.source[k]], int(flows.plant_input[k]), int(flows.year[k])
        tonnes, landed = float(plan.delivered_to_plants[k]), float(flows.landed[k])
        buyer, figures = plant(i, t, tonnes)
        seller = (source.mineral, source.name, source.project, source.country, "")
        prices = (flows.cost, flows.tariff, flows.freight, flows.support, flows.levy)
        money = (*(float(price[k]) for price in prices), landed, tonnes * landed)
        yield (e.years[t], *seller, *buyer, tonnes, *money, *figures)
    for k in np.flatnonzero(plan.transferred > tolerances.LEAST_FLOW).tolist():
        i, t, tonnes = (
            int(transfers.plant_input[k]),
            int(transfers.year[k]),
            float(plan.transferred[k]),
        )
        buyer, figures = plant(i, t, tonnes)
        giver = (e.plant_inputs[i].mineral, "", "", "", e.members[transfers.member[k]])
        yield (e.years[t], *giver, *buyer, tonnes, *(0.0,) * 7, *figures)


def input_cost(plan: Solved, spent: Floats | None = None) -> Floats:
    """Return the cost of inputs per tonne that a source sells [money/t], by (source, year).

    It includes all stages: the landed cost of its inputs, and of their inputs. A joint input is
    divided among its products by tonnes; inputs that members pass on cost nothing here. ``spent``
    replaces the cost of each input flow.
    """
    e, flows = plan.expanded, plan.expanded.input_flows
    cost = np.zeros((len(e.sources), len(e.years)))
    sold = np.array([plan.sold[[r for r, _ in i.needs]].sum(axis=0) for i in e.plant_inputs])
    spent = plan.delivered_to_plants * flows.landed if spent is None else spent
    for mineral in reversed(by_stage(plan.case)) if e.plant_inputs else ():
        rows = np.flatnonzero(flows.mineral == e.mineral_at[mineral])
        paid = (
            spent[rows]
            + plan.delivered_to_plants[rows] * cost[flows.source[rows], flows.year[rows]]
        )
        places = zip(flows.plant_input[rows].tolist(), flows.year[rows].tolist(), strict=True)
        for (i, t), money in zip(places, paid.tolist(), strict=True):
            if sold[i, t] > 0:
                cost[[r for r, _ in e.plant_inputs[i].needs], t] += money / sold[i, t]
    return cost


def input_above_need(plan: Solved) -> Iterator[Finding]:
    """Yield a warning per joint line that takes more of an input than its largest need."""
    e, needed = plan.expanded, [row for row in plan.case.inputs if row.tonnes > 0]
    unused = unused_of(plan).sum(axis=1)
    for plant_input, tonnes in zip(e.plant_inputs, unused.tolist(), strict=True):
        if tonnes > 0:
            key = (plant_input.refiner, plant_input.mineral)
            rows = (row.row for row in needed if (row.refiner, row.input) == key and row.joint)
            used = f"{plant_input.refiner} takes {tonnes:,.6g} t of {plant_input.mineral}"
            problem = f"{used} more than its largest need"
            hint = "the plan's sheet Inputs shows it by year"
            header = Input.column_of("joint").header
            yield warning(Input.SHEET, next(rows), header, found=problem, hint=hint)


# ---- losses with a country, through all stages ---------------------------------------------------


def lost_fractions(plan: Solved, country: str) -> Floats:
    """Return the fraction of each source's sales that is lost with a country, by (source, year).

    A source in the country loses everything. Another source loses the largest lost fraction among
    its inputs and its ore. Of inputs that a member passes on, the lost fraction is that of its
    purchases and stock drawn in the year; stocks are not lost. A source without sales loses
    nothing.
    """
    e, flows, transfers = plan.expanded, plan.expanded.input_flows, plan.expanded.plant_transfers
    lost = _lost_ore(plan, country)
    lost[[s.country == country for s in e.sources]] = 1.0
    lost[plan.sold <= 0] = 0.0
    for mineral in reversed(by_stage(plan.case)) if e.plant_inputs else ():
        m = e.mineral_at[mineral]
        gone, arrived = np.zeros((2, len(e.plant_inputs), len(e.years)))
        sold, given = np.flatnonzero(flows.mineral == m), np.flatnonzero(transfers.mineral == m)
        lost_here = lost[flows.source[sold], flows.year[sold]]
        lost_there = _lost_purchases(plan, mineral, lost)[
            transfers.member[given], transfers.year[given]
        ]
        for ways, rows, tonnes, part in (
            (flows, sold, plan.delivered_to_plants[sold], lost_here),
            (transfers, given, plan.transferred[given], lost_there),
        ):
            np.add.at(arrived, (ways.plant_input[rows], ways.year[rows]), tonnes)
            np.add.at(gone, (ways.plant_input[rows], ways.year[rows]), tonnes * part)
        share = _share(gone, arrived)
        for i, plant_input in enumerate(e.plant_inputs):
            if plant_input.mineral == mineral:
                for r, _ in plant_input.needs:
                    lost[r] = np.where(plan.sold[r] > 0, np.maximum(lost[r], share[i]), 0.0)
    return lost


def _lost_purchases(plan: Solved, mineral: str, lost: Floats) -> Floats:
    """Return the lost fraction of a member's purchases and stock drawn, by (member, year).

    ``lost`` is by (source, year).
    """
    e, d, m = plan.expanded, plan.expanded.deliveries, plan.expanded.mineral_at[mineral]
    rows = np.flatnonzero(d.mineral == m)
    cells, tonnes = (d.member[rows], d.year[rows]), plan.delivered[rows]
    shape = (len(e.members), len(e.years))
    bought = summed_at(cells, tonnes, shape)
    gone = summed_at(cells, tonnes * lost[d.source[rows], d.year[rows]], shape)
    return _share(gone, bought + stock_drawn(plan)[m])


def stock_drawn(plan: Solved) -> Floats:
    """Return what each member draws from its stock [t], by (mineral, member, year)."""
    return plan.cached(_stock_drawn)


def _stock_drawn(plan: Solved) -> Floats:
    e, d = plan.expanded, plan.expanded.deliveries
    bought = summed_at((d.mineral, d.member, d.year), plan.delivered, e.demand.shape)
    every = drawn_from_stock(e.demand, plan.transferred_by, plan.missing, bought)
    return np.asarray(every * e.has_stock[:, :, None])


def _share(gone: Floats, whole: Floats) -> Floats:
    return np.divide(gone, whole, out=np.zeros_like(gone), where=whole > 0)


def _lost_ore(plan: Solved, country: str) -> Floats:
    """Return the fraction of each source's ore from a country's mines, by (source, year)."""
    e = plan.expanded
    shipped, gone = np.zeros((2, len(e.sources), len(e.years)))
    is_lost = np.array([mine.country == country for mine in plan.case.mines], dtype=bool)
    for group in plan.program.variables:
        if group.component is ORE:
            n, r, t = group.index
            ore = np.maximum(plan.x[group.at], 0.0)
            np.add.at(shipped, (r, t), ore)
            np.add.at(gone, (r, t), ore * is_lost[n])
    return _share(gone, shipped)


def outside_countries(plan: Solved) -> list[str]:
    """Return the countries outside the coalition with plants or mines, without Rest of world."""
    case = plan.case
    home = {code for code in _countries_of_plants(case) if COALITION in case.blocs_of(code)}
    return sorted(_countries_of_plants(case) - home - {REST_OF_WORLD})


def dependence(plan: Solved, country: str, *, through: bool = True) -> Floats:
    """Return the share of purchases that a country's loss takes, by (mineral, year).

    With ``through`` it counts all stages: also what others make from the country's inputs and ore
    (``lost_fractions``). Without, it is the country's own share of purchases.

    formula: sum over sources of tonnes x lost fraction / sum of tonnes; NaN if nothing is bought
    unit: share
    base: all tonnes that members and plants buy of the mineral in the year
    """
    e, sales = plan.expanded, plan.expanded.sales
    shape = (len(e.minerals), len(e.years))
    if through:
        lost = lost_fractions(plan, country)[sales.source, sales.year]
    else:
        lost = np.array([s.country == country for s in e.sources], dtype=float)[sales.source]
    at = (sales.mineral, sales.year)
    gone, bought = (
        summed_at(at, tonnes, shape) for tonnes in (plan.all_sold * lost, plan.all_sold)
    )
    unknown: Floats = np.full(shape, np.nan)
    return np.divide(gone, bought, out=unknown, where=bought > 0)


def served_without_country(
    plan: Solved, country: str, year: int
) -> dict[str, tuple[float | None, float | None]]:
    """Return the share of each mineral served in a year if a country stops.

    The first number is at the last stage: the country's sales to members and plants are lost. The
    second, through all stages, is of what members need: also what others make from the country's
    ore and inputs is lost, and what members pass on to plants is not theirs. Nothing is bought
    instead, and stocks give only the tonnes that the plan draws. None: nothing is needed.
    """
    e, sales, t = plan.expanded, plan.expanded.sales, plan.expanded.years.index(year)
    is_lost = np.array([s.country == country for s in e.sources], dtype=float)
    lost = lost_fractions(plan, country)
    rows = np.flatnonzero(sales.year == t)
    source, tonnes, m = sales.source[rows], plan.all_sold[rows], sales.mineral[rows]
    to_members, count = tonnes * (sales.member[rows] >= 0), len(e.minerals)
    elsewhere = np.bincount(m, tonnes * (1.0 - is_lost[source]), count)
    members_keep = np.bincount(m, to_members * (1.0 - lost[source, t]), count)
    unaffected = members_keep - _unaffected_transfers(plan, lost, t)
    used = plan.used_by_plants[:, t].tolist()
    from_stock, need = stock_drawn(plan)[:, :, t].sum(axis=1), e.demand[:, :, t].sum(axis=1)
    lacking = plan.missing[:, :, t].sum(axis=1)
    found: dict[str, tuple[float | None, float | None]] = {}
    columns = (elsewhere, unaffected, from_stock, need, lacking)
    amounts = zip(e.minerals, *(each.tolist() for each in columns), used, strict=True)
    for name, others, left, stock, wanted, missing, by_plants in amounts:
        last = served_without(others, stock, wanted + by_plants, missing)
        found[name] = (last, served_without(left, stock, wanted, missing))
    return found


def _unaffected_transfers(plan: Solved, lost: Floats, t: int) -> Floats:
    """Return what members pass on to plants in year ``t`` and is not lost [t], by mineral."""
    e, transfers = plan.expanded, plan.expanded.plant_transfers
    tonnes = np.zeros(len(e.minerals))
    for m in np.unique(transfers.mineral).tolist():
        rows = np.flatnonzero((transfers.mineral == m) & (transfers.year == t))
        parts = _lost_purchases(plan, e.minerals[m], lost)[transfers.member[rows], t]
        tonnes[m] = np.sum(plan.transferred[rows] * (1.0 - parts))
    return tonnes


def served_if_lost(plan: Solved, year: int) -> dict[str, dict[str, tuple[float, float]]]:
    """Return ``served_without_country`` for every country outside, by mineral and country.

    Minerals are those that members need.
    """
    served: dict[str, dict[str, tuple[float, float]]] = {}
    for country in outside_countries(plan):
        for name, (last, through) in served_without_country(plan, country, year).items():
            if last is not None and through is not None:
                served.setdefault(name, {})[country] = (last, through)
    return {name: served[name] for name in plan.expanded.minerals if name in served}


def _countries_of_plants(case: Case) -> set[str]:
    rows: tuple[Any, ...] = (*case.refiners, *case.projects, *case.mines)
    return {row.country for row in rows}


def worth(plan: Solved, i: int, year: int) -> float:
    """Return the value of one more tonne of an input to a plant in a year [money/t]."""
    e, plant_input = plan.expanded, plan.expanded.plant_inputs[i]
    if not plant_input.is_joint:
        return plan.dual(NEED, (plant_input.mineral, *plant_input.buyer, year))
    keys = (
        (plant_input.mineral, plant_input.refiner, e.sources[r].mineral, year)
        for r, _ in plant_input.needs
    )
    return sum(plan.dual(JOINT_NEED, key) for key in keys)


def _arriving(plan: Solved) -> Floats:
    """Return the arriving tonnes of each input [t], by (plant input, year)."""
    e, flows, transfers = plan.expanded, plan.expanded.input_flows, plan.expanded.plant_transfers
    plant_input = np.concatenate([flows.plant_input, transfers.plant_input])
    year = np.concatenate([flows.year, transfers.year])
    tonnes = np.concatenate([plan.delivered_to_plants, plan.transferred])
    return summed_at((plant_input, year), tonnes, (len(e.plant_inputs), len(e.years)))


def unused_of(plan: Solved) -> Floats:
    """Return the input of joint lines above their largest need [t], by (plant input, year)."""
    e, unused = plan.expanded, _arriving(plan)
    for i, plant_input in enumerate(e.plant_inputs):
        need = np.max([ratio * plan.sold[r] for r, ratio in plant_input.needs], axis=0)
        rounding = [plan.tolerance(plant_input.mineral, year) for year in e.years]
        is_more = plant_input.is_joint & (unused[i] - need > rounding)
        unused[i] = np.where(is_more, unused[i] - need, 0.0)
    return unused
