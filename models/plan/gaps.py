"""The gap of an idle plant: the cost of its tonnes minus their value at a plan's prices.

An unused delivery has a reduced cost: its landed cost with its ore, minus the marginal price of its
buyer, minus the rents of limits. The smallest over a plant's buyers is its gap. A smaller payment
per tonne leaves the plant idle (complementary slackness; Bertsimas & Tsitsiklis (1997), ch. 4 and
5). With a larger payment, a plan that uses the plant is cheaper if prices are unique; otherwise the
payment must be larger still (``models.answers.payment``). A plant that is not built must also earn
its capital: its gap is the smallest equal payment in all years of output that pays for it.

If minerals are made from one another, a tonne also needs inputs, each at the price of the cheapest
supplier's next tonne, through all earlier stages. A plant that could buy the tonne counts as a
buyer, like a member. Its price is the value of the input to it or, if it makes nothing, the price
that it could pay if its own buyers paid theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models import schema, tolerances
from models.plan import stages
from models.program.families import projects, refining
from models.program.families.inputs import JOINT_NEED, NEED
from models.program.families.ore import BALANCE as ORE_BALANCE
from models.program.families.ore import ORE
from models.program.families.projects import CAPACITY as PROJECT_CAPACITY
from models.program.families.tiers import PATTERN_SUPPLY
from models.program.market import BALANCE
from models.resolve import Floats, Ints, by_stage, to_plant

if TYPE_CHECKING:
    from models.program import Solved

_OWN = {refining.CAPACITY, PROJECT_CAPACITY, ORE_BALANCE, NEED, JOINT_NEED}
"""A plant's own rows; their shadow prices are not payments or limits of others."""


@dataclass(frozen=True)
class Gaps:
    """Numbers per tonne by (source, year) [money of the year/t]; NaN where there are none.

    ``gap`` is the payment below which a plant stays idle. It is given for plants with free
    capacity, and for unbuilt projects in the years of their best start. Joint inputs count at the
    plan's prices. ``landed`` is the cost of a tonne at the buyer that is closest to buying one
    more, ore and inputs included, and ``worth`` the marginal price of supply there. ``member`` is
    that buyer by position, or the code ``to_plant`` of a plant's input.
    """

    gap: Floats
    landed: Floats
    worth: Floats
    member: Ints


def gaps_of(plan: Solved) -> Gaps:
    """Return the gaps of a plan's plants."""
    e, d, program = plan.expanded, plan.expanded.deliveries, plan.program
    shape = (len(e.sources), len(e.years))
    worth_of, duals = e.discounts, plan.discounted
    balance = np.zeros(len(duals))
    for group in program.constraints:
        if group.component in _OWN:
            duals[group.at] = 0.0
        elif group.component in {BALANCE, PATTERN_SUPPLY}:  # a tonne's worth to tiers it may serve
            balance[group.at] = duals[group.at]
    reduced = program.rows.cost - program.rows.value_at(duals)
    ore, ore_cost = _ore_values(plan, reduced)
    sold, flows = e.sales, e.input_flows
    buyer = np.concatenate([d.member, [to_plant(i) for i in flows.plant_input.tolist()]]).astype(
        int
    )
    value = program.rows.value_at(balance)[program.sold] / worth_of[sold.year]
    lacks = reduced[program.sold] / worth_of[sold.year]
    price = np.concatenate([d.landed, flows.landed])
    if e.plant_inputs:
        prices = _next_tonne_costs(plan, duals, ore)
        value[len(d) :] = _worth(plan, lacks, ore, prices)[flows.plant_input, flows.year]
        lacks[len(d) :] -= value[len(d) :]
        for i, plant_input in enumerate(e.plant_inputs):
            for r, ratio in plant_input.needs:
                ore[r] += ratio * _price_in(plan, i, r, prices)
                ore_cost[r] += ratio * _price_in(plan, i, r, prices)
    lacks += ore[sold.source, sold.year]
    gap, member = np.full(shape, np.inf), np.full(shape, -1, dtype=np.int64)
    landed, worth = np.full((2, *shape), np.nan)
    order = np.argsort(-lacks, kind="stable")  # the closest buyer is written last
    place = (sold.source[order], sold.year[order])
    gap[place], member[place] = lacks[order], buyer[order]
    landed[place] = price[order] + ore_cost[place]
    worth[place] = value[order]
    kept = _gaps_of_free_plants(plan, gap, landed, reduced)
    return Gaps(kept, landed, worth, member)


# ---- plants that use or sell inputs --------------------------------------------------------------


def _next_tonne_costs(plan: Solved, duals: Floats, ore: Floats) -> Floats:
    """Return the cost of the next tonne of an input to a plant, by (plant input, year) [money/t].

    It is the smallest over its suppliers, with their rents, ore and inputs; infinite if nobody can
    sell any. Joint inputs count at the plan's prices. ``duals`` leave out plants' own rows.
    """
    e, program = plan.expanded, plan.program
    flows, transfers = e.input_flows, e.plant_transfers
    rents = duals.copy()  # rents of suppliers' capacities count, duals of plants' needs do not
    for group in program.constraints:
        if group.component in {refining.CAPACITY, PROJECT_CAPACITY}:
            rents[group.at] = plan.discounted[group.at]
    cost = program.rows.cost - program.rows.value_at(rents)
    paid = cost[program.sold[len(e.deliveries) :]] / e.discounts[flows.year]
    given = cost[program.transferred] / e.discounts[transfers.year]
    prices = np.full((len(e.plant_inputs), len(e.years)), np.inf)
    inner = ore.copy()
    for mineral in reversed(by_stage(plan.case)):  # inputs before their products
        m = e.mineral_at[mineral]
        at = np.flatnonzero(flows.mineral == m)
        np.minimum.at(
            prices, (flows.plant_input[at], flows.year[at]),
            paid[at] + inner[flows.source[at], flows.year[at]],
        )  # fmt: skip
        at = np.flatnonzero(transfers.mineral == m)
        np.minimum.at(prices, (transfers.plant_input[at], transfers.year[at]), given[at])
        for i in (i for i, plant in enumerate(e.plant_inputs) if plant.mineral == mineral):
            for r, ratio in e.plant_inputs[i].needs:
                inner[r] += ratio * _price_in(plan, i, r, prices)
    return prices


def _price_in(plan: Solved, i: int, r: int, prices: Floats) -> Floats:
    """Return the input cost per tonne of a source's product, by year; its part of a joint input."""
    plant, e = plan.expanded.plant_inputs[i], plan.expanded
    if not plant.is_joint:
        return np.asarray(prices[i])
    product = e.sources[r].mineral
    keys = ((plant.mineral, plant.refiner, product, year) for year in e.years)
    return np.array([plan.dual(JOINT_NEED, key) for key in keys])


def _worth(plan: Solved, lacks: Floats, ore: Floats, prices: Floats) -> Floats:
    """Return the value of one more tonne of an input to a plant, by (plant input, year) [money/t].

    If a plant makes nothing, it is the price that it could pay: its closest buyer's price, minus
    all other costs of its tonne. ``lacks`` has for each sale its cost without ore and inputs, minus
    the buyer's price; for sales to plants no price is subtracted yet.
    """
    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows
    found, nearest = np.zeros(prices.shape), np.full(ore.shape, np.inf)
    np.minimum.at(nearest, (d.source, d.year), lacks[: len(d)])
    for mineral in by_stage(plan.case):  # products before their inputs
        for i, plant_input in enumerate(e.plant_inputs):
            if plant_input.mineral != mineral:
                continue
            found[i] = [stages.worth(plan, i, year) for year in e.years]
            if plant_input.is_joint:
                continue
            ((r, ratio),) = plant_input.needs
            others = ore[r].copy()
            for k, other in enumerate(e.plant_inputs):
                if k != i:
                    others += sum(
                        part * _price_in(plan, k, r, prices) for of_r, part in other.needs
                        if of_r == r
                    )  # fmt: skip
            idle = plan.sold[r] <= 0
            found[i, idle] = ((-nearest[r] - others) / ratio)[idle]
        at = np.flatnonzero(flows.mineral == e.mineral_at[mineral])
        brings = found[flows.plant_input[at], flows.year[at]]
        np.minimum.at(nearest, (flows.source[at], flows.year[at]), lacks[len(d) + at] - brings)
    return found


def _ore_values(plan: Solved, reduced: Floats) -> tuple[Floats, Floats]:
    """Return the value and the cost of a tonne's ore by (source, year).

    The mine with the lowest cost counts; infinite if no mine can ship any.
    """
    e, program = plan.expanded, plan.program
    mined = {mine.mineral for mine in plan.case.mines}
    needs = [s.needs_ore and s.mineral in mined for s in e.sources]
    costs = np.where(np.array(needs, dtype=bool)[:, None], np.inf, np.zeros(len(e.years)))
    paid = np.zeros(costs.shape)
    for group in program.variables:
        if group.component is ORE and len(group):
            _, r, t = group.index
            recovery = np.array([s.recovery for s in e.sources])[r]
            years = e.discounts[t] * recovery
            order = np.argsort(-reduced[group.at], kind="stable")
            place = (r[order], t[order])
            costs[place] = (reduced[group.at] / years)[order]
            paid[place] = (program.rows.cost[group.at] / years)[order]
    return costs, paid


def _gaps_of_free_plants(plan: Solved, gap: Floats, landed: Floats, reduced: Floats) -> Floats:
    """Return the gaps of plants with free capacity, and of projects that are not built at all."""
    e, kept = plan.expanded, np.full(gap.shape, np.nan)
    for r, source in enumerate(e.sources):
        room = e.usable[r]
        if isinstance(source.record, schema.Project):
            runs = np.array([projects.running_fraction(plan, source.record, y) for y in e.years])
            if not runs.any():
                kept[r] = _unbuilt(plan, r, source.record, gap[r], reduced)
                continue
            room = e.nameplate[r] * runs
        nothing = np.array([plan.tolerance(source.mineral, y) for y in e.years])
        is_left = (room > nothing) & (plan.sold[r] < room - nothing) & np.isfinite(gap[r])
        kept[r, is_left] = gap[r, is_left]
    kept[np.abs(kept) <= tolerances.NO_REDUCED_COST * landed] = 0.0
    return np.asarray(np.maximum(kept, 0.0))


def _unbuilt(
    plan: Solved, r: int, project: schema.Project, lacks: Floats, reduced: Floats
) -> Floats:
    """Return the gap of a project that is not built, in the years of its best start.

    It is the least s with: sum over years of output of discount x capacity x max(0, s - lack) =
    capital.
    """
    e = plan.expanded
    discounts = e.discounts
    best, gaps = np.inf, np.full(len(e.years), np.nan)
    same = tolerances.NO_REDUCED_COST * max(1.0, float(e.costs[r].max(initial=0.0)))
    for t, start in enumerate(e.years):
        column = plan.column_at(projects.BUILT, (project.name, start))
        running_years = np.arange(t, min(len(e.years), t + project.life))
        weight = (discounts * e.nameplate[r])[running_years]
        counted = np.isfinite(lacks[running_years]) & (weight > 0)
        if column < 0 or not counted.any() or start in dict(project.begun):
            continue
        years, weight = running_years[counted], weight[counted]
        order = np.argsort(lacks[years], kind="stable")
        total, lack = np.cumsum(weight[order]), lacks[years][order]
        # s if the first k years pay: the smallest s is the solution
        s = float(np.min((reduced[column] + np.cumsum(weight[order] * lack)) / total))
        if s < best - same or not np.isfinite(best):  # the first of equally good starts
            best, gaps = s, np.full(len(e.years), np.nan)
            gaps[running_years] = s
    return gaps
