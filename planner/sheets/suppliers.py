"""Whom the coalition depends on, mineral by mineral: its largest supplier, with limits and without.

A supplier is one country outside the coalition; Rest of world, being many, is none. Shares are of
what is bought in the last year planned, of the plan and of the same case without share limits.
Today is measured alike where the sheet Current supply says what is bought; of other minerals the
shares of the world's refining capacity in the first year stand in its place, named as an estimate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from models import measures
from models.case import Case, in_force
from models.measures import Dependence, printed
from models.plan import Plan
from models.results.members import dependences_of
from models.results.overall import CAPACITY_TODAY, CURRENT_SUPPLY
from models.schema import COALITION, PURCHASES, REST_OF_WORLD
from planner.render.words import counted
from planner.sheets.context import Context, once


@dataclass(frozen=True)
class _Stop:
    """The largest supplier, its share of what is bought, and what is served without it.

    ``surged`` is that with a surge of the others.
    """

    country: str | None = None
    share: float | None = None
    served: float | None = None
    surged: float | None = None


@dataclass(frozen=True)
class _Plant:
    """What a plant sells the coalition in a year, and what of its capacity is open to it [t].

    ``to_plants`` of it goes to other plants as an input.
    """

    country: str
    sold: float
    usable: float
    to_plants: float = 0.0

    @property
    def to_members(self) -> float:
        return self.sold - self.to_plants


def _stop(plants: Iterable[_Plant], case: Case, short: float, need: float) -> _Stop:
    """Return what the loss of the largest supplier does; ``need`` and ``short`` in t of a year."""
    plants = list(plants)
    if need <= 0 and not any(plant.to_plants for plant in plants):
        return _Stop()
    sold: dict[str, float] = defaultdict(float)
    for plant in plants:  # of what nobody but plants needs, it is they who depend on a supplier
        sold[plant.country] += plant.to_members if need > 0 else plant.sold
    to_members = sum(plant.to_members for plant in plants)
    drawn, served = max(0.0, need - short - to_members), measures.served_share(need, short)
    top = measures.largest_supplier(sold, _home(case))
    if top is None:
        return _Stop(served=served, surged=served)
    left = [plant for plant in plants if plant.country != top[0]]
    more = (
        measures.with_surge(plant.sold, plant.usable, case.settings.surge) - plant.to_plants
        for plant in left
    )
    without, surged = (
        measures.served_without(others, drawn, need, served)
        for others in (sum(plant.to_members for plant in left), sum(more))
    )
    return _Stop(*top, without, surged)


def _home(case: Case) -> frozenset[str]:
    codes = {r.country for r in case.refiners} | {p.country for p in case.projects}
    return frozenset({REST_OF_WORLD, *(c for c in codes if COALITION in case.blocs_of(c))})


# ---- today ---------------------------------------------------------------------------------------


def _today(case: Case) -> dict[str, _Stop]:
    """Return what is bought today of each mineral, of the workbook as it stands."""
    if not case.years:
        return {}
    first = case.years[0]
    sold: dict[tuple[str, str], float] = defaultdict(float)
    for flow in case.current_supply:
        sold[flow.refiner, flow.mineral] += flow.tonnes
    given = todays_minerals(case)
    world: dict[str, float] = defaultdict(float)
    for r in case.refiners:
        if in_force(r, first):
            world[r.mineral] += r.capacity.value(first)
    plants: dict[str, list[_Plant]] = defaultdict(list)
    for r in case.refiners:
        has = r.capacity.value(first) if in_force(r, first) else 0.0
        part = r.available_share.at(first)
        tonnes = sold[r.name, r.mineral]
        if r.mineral not in given and world[r.mineral] > 0:
            tonnes = case.coalition_demand(r.mineral, first) * has / world[r.mineral]
        plants[r.mineral].append(_Plant(r.country, tonnes, has * (1.0 if part is None else part)))
    return {
        mineral: _stop(of, case, 0.0, sum(plant.sold for plant in of))
        for mineral, of in plants.items()
    }


def todays_minerals(case: Case) -> set[str]:
    """Return the minerals of which the workbook says what is bought today."""
    return {flow.mineral for flow in case.current_supply if flow.tonnes > 0}


# ---- in the plan -------------------------------------------------------------------------------


def _planned(plan: Plan, year: int) -> dict[str, _Stop]:
    """Return what is bought of each mineral in a year of a plan."""
    plants: dict[str, list[_Plant]] = defaultdict(list)
    table = plan.sources[plan.sources["year"] == year]
    columns = (table[c] for c in ("mineral", "country", "tonnes", "usable", "to_plants"))
    for mineral, country, *tonnes in zip(*columns, strict=True):
        plants[str(mineral)].append(_Plant(str(country), *map(float, tonnes)))
    short = _short(plan, year)
    need = plan.case.coalition_demand
    return {
        m.name: _stop(plants[m.name], plan.case, short.get(m.name, 0.0), need(m.name, year))
        for m in plan.case.minerals
    }


def _short(plan: Plan, year: int) -> dict[str, float]:
    return measures.sums(plan.supply[plan.supply["year"] == year], "short", "mineral")


def _dependent(plan: Plan) -> dict[str, list[tuple[str, Dependence]]]:
    """Return of each mineral the members that depend on a country for it, the most dependent first.

    Of those whose shares are printed alike the most that depend on one country stand first, by what
    they buy.
    """
    found: dict[str, list[tuple[str, Dependence]]] = defaultdict(list)
    for member, each in dependences_of(plan).items():
        for of in each:
            found[of.mineral].append((member, of))
    for members in found.values():
        same = Counter(_told(of) for _, of in members)
        members.sort(key=lambda e: (-round(e[1].purchased, 6), e[0]))
        members.sort(key=lambda e: (-printed(e[1].share), -same[_told(e[1])]))
    return found


def _told(of: Dependence) -> tuple[float, str]:
    return printed(of.share), of.country


def _kept(plan: Plan) -> dict[str, str]:
    """Return of each mineral under share limits whether all of them are kept: yes or no."""
    table = plan.limits
    found = dict.fromkeys(map(str, table["mineral"]), "yes")
    over = table[table["excess"] > 0]
    for mineral, year, excess in zip(over["mineral"], over["year"], over["excess"], strict=True):
        if excess > plan.tolerance(mineral, int(year)):
            found[str(mineral)] = "no"
    return found


def _through_all_stages(plan: Plan, year: int) -> dict[str, dict[str, Any]]:
    """Return of each mineral whose loss leaves least through all stages, and what is then served.

    Only where minerals are made from others.
    """
    if not plan.expanded.intakes:
        return {}
    found: dict[str, dict[str, Any]] = {
        m.name: {"stage_country": None, "served_through": None} for m in plan.case.minerals
    }
    for name, of in plan.served_if_lost(year).items():
        country = min(of, key=lambda each: (of[each][1], each), default=None)
        if country is not None:
            found[name] = {"stage_country": country, "served_through": of[country][1]}
    return found


@once
def supplies(context: Context) -> Mapping[str, dict[str, Any]]:
    """Return by mineral whom the coalition depends on, by the names of the fields of ByMineral."""
    plan, case = context.plan, context.case
    if not case.years:
        return {}
    year, kept, dependent = case.years[-1], _kept(plan), _dependent(plan)
    given = todays_minerals(context.book.case)
    now, then = _today(context.book.case), _planned(plan, year)
    free = None if context.without_limits is None else _planned(context.without_limits, year)
    sold = plan.countries[plan.countries["year"] == year]
    through = _through_all_stages(plan, year)
    found = {}
    for m in case.minerals:
        of, rows = then[m.name], sold[sold["mineral"] == m.name]
        need, before = case.coalition_demand(m.name, year), now.get(m.name, _Stop())
        coalition = rows[rows["buyer"] == ""]
        own = coalition[coalition["country"] == of.country]
        top = measures.largest_country_share(own, PURCHASES) if len(own) else None
        base = need + float(plan.beyond_demand[plan.expanded.mineral_at[m.name], -1])
        of_demand = None if top is None else measures.part(float(own["tonnes"].sum()), base)
        members = dependent.get(m.name, [])
        member, most = members[0] if members else (None, None)
        alike = sum(_told(each) == _told(members[0][1]) for _, each in members)
        if alike > 1:
            every = counted(len(case.members), "member")
            member = f"{'all' if alike == len(case.members) else f'{alike:,} of'} {every}"
        found[m.name] = {
            "need": need,
            "supplier_free": None if free is None else free[m.name].country,
            "supplier_free_share": None if free is None else free[m.name].share,
            "supplier_today": before.country,
            "today_by": before.country and (CURRENT_SUPPLY if m.name in given else CAPACITY_TODAY),
            "supplier_today_share": before.share,
            "served_without_today": before.served,
            "surged_today": before.surged,
            "supplier": of.country,
            "supplier_share": of.share,
            "supplier_of_demand": of_demand,
            "supplier_limit": top and top.limit,
            "served_without": of.served,
            "surged": of.surged,
            "dependent": member,
            "dependent_country": most and most.country,
            "dependent_share": most and most.share,
            "alike": alike,
            "wholly_dependent": sum(printed(each.share) >= 1.0 for _, each in members),
            "limits_kept": kept.get(m.name),
            **through.get(m.name, {}),
        }
    return found
