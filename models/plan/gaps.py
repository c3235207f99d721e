"""The gap of an idle plant: what its tonnes cost beyond what they would bring, at a plan's prices.

A delivery that nobody takes has a reduced cost: its landed cost with its ore, less the marginal
price of its buyer and less the rents of limits. The least over a plant's buyers is its gap. A
smaller payment for each tonne leaves the plant idle (complementary slackness; Bertsimas &
Tsitsiklis (1997), ch. 4 and 5). A larger one makes a plan that uses it cheaper if prices are
unique; else more is needed, which ``models.answers.payment`` finds. A plant that is not built has
to earn its capital, too: its gap is the least payment, the same in all years of output, that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models import schema, tolerances
from models.program.families import projects, refining
from models.program.families.ore import BALANCE as ORE_BALANCE
from models.program.families.ore import ORE
from models.program.families.projects import CAPACITY as PROJECT_CAPACITY
from models.program.market import BALANCE
from models.resolve import Floats, Ints

if TYPE_CHECKING:
    from models.plan.plan import Plan

_OWN = {refining.CAPACITY, PROJECT_CAPACITY, ORE_BALANCE}
"""Rows of a plant itself: their prices are no part of what others pay or forbid."""


@dataclass(frozen=True)
class Gaps:
    """Figures by (source, year) in money of the year for each tonne; NaN where there is none.

    ``gap`` is of plants with capacity left that neither take inputs nor sell any, and of projects
    that are not built at all, from the first year of output that needs least. ``landed`` is what a
    tonne costs the ``member`` (by position, -1: none) that is nearest to buying one more, ore
    included, and ``worth`` the marginal price of supply there.
    """

    gap: Floats
    landed: Floats
    worth: Floats
    member: Ints


def gaps_of(plan: Plan) -> Gaps:
    """Return the gaps of a plan's plants."""
    e, d, program = plan.expanded, plan.expanded.deliveries, plan.program
    shape = (len(e.sources), len(e.years))
    worth_of, duals = e.discounts, plan.discounted
    balance = np.zeros(len(duals))
    for group in program.constraints:
        if group.component in _OWN:
            duals[group.at] = 0.0
        elif group.component is BALANCE:
            balance[group.at] = duals[group.at]
    reduced = program.rows.cost - program.rows.priced(duals)
    ore, ore_cost = _ore(plan, reduced)
    lacks = reduced[program.flow] / worth_of[d.year] + ore[d.source, d.year]
    gap, member = np.full(shape, np.inf), np.full(shape, -1, dtype=np.int64)
    landed, worth = np.full((2, *shape), np.nan)
    order = np.argsort(-lacks, kind="stable")  # the nearest buyer is written last
    place = (d.source[order], d.year[order])
    gap[place], member[place] = lacks[order], d.member[order]
    landed[place] = d.landed[order] + ore_cost[place]
    worth[place] = (program.rows.priced(balance)[program.flow] / worth_of[d.year])[order]
    kept = _kept(plan, gap, landed, reduced)
    kept[_of_stages(plan)] = np.nan
    return Gaps(kept, landed, worth, member)


def _of_stages(plan: Plan) -> list[int]:
    """Return the sources that take inputs, or sell any to plants: prices alone give no gap there.

    What an input is worth to a plant that makes nothing is one of several prices.
    """
    e = plan.expanded
    taking = {r for intake in e.intakes for r, _ in intake.needs}
    return sorted(taking | {*e.input_flows.source.tolist()})


def _ore(plan: Plan, reduced: Floats) -> tuple[Floats, Floats]:
    """Return the value and the cost of a tonne's ore by (source, year).

    It is that of the nearest mine; infinite where no mine can ship any.
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


def _kept(plan: Plan, gap: Floats, landed: Floats, reduced: Floats) -> Floats:
    """Return the gaps of plants with capacity left, and of projects that are not built at all."""
    e, kept = plan.expanded, np.full(gap.shape, np.nan)
    for r, source in enumerate(e.sources):
        room = e.usable[r]
        if isinstance(source.record, schema.Project):
            runs = np.array([projects.running(plan, source.record, y) for y in e.years])
            if not runs.any():
                kept[r] = _unbuilt(plan, r, source.record, gap[r], reduced)
                continue
            room = e.nameplate[r] * runs
        nothing = np.array([plan.tolerance(source.mineral, y) for y in e.years])
        is_left = (room > nothing) & (plan.sold[r] < room - nothing) & np.isfinite(gap[r])
        kept[r, is_left] = gap[r, is_left]
    kept[np.abs(kept) <= tolerances.NO_COST_GAP * landed] = 0.0
    return np.asarray(np.maximum(kept, 0.0))


def _unbuilt(plan: Plan, r: int, project: schema.Project, lacks: Floats, reduced: Floats) -> Floats:
    """Return the gap of a project that is not built, in the years of its best start.

    It is the least s with: sum over years of output of discount x capacity x max(0, s - lack) =
    capital.
    """
    e = plan.expanded
    discounts = e.discounts
    best, gaps = np.inf, np.full(len(e.years), np.nan)
    same = tolerances.NO_COST_GAP * max(1.0, float(e.costs[r].max(initial=0.0)))
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
        # with the first k years paying, s as below: the least of these is where it is one of them
        s = float(np.min((reduced[column] + np.cumsum(weight[order] * lack)) / total))
        if s < best - same or not np.isfinite(best):  # of equal ones the first start
            best, gaps = s, np.full(len(e.years), np.nan)
            gaps[running_years] = s
    return gaps
