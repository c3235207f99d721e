"""The tables of a plan, read from values and duals by position and key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.case import in_force
from models.program.component import Columns, headings
from models.program.families.contracts import MINIMUM, UNTAKEN
from models.program.families.diversification import EXCESS, SHARE
from models.program.families.ore import CAPACITY as MINE_CAPACITY
from models.program.families.ore import ORE
from models.program.families.projects import BUILT, running
from models.program.families.projects import CAPACITY as PROJECT_CAPACITY
from models.program.families.refining import CAPACITY as REFINING_CAPACITY
from models.program.families.shortage import OF_TIER, SHORTAGE
from models.program.families.stockpiles import SHORTFALL, STOCK, TARGET
from models.program.market import BALANCE
from models.resolve import (
    Floats,
    Ints,
    a_day,
    capital_charge,
    contract_price,
    mine_capacity,
    ore_lane,
    stock_target,
)
from models.schema import BY_COUNTRY, MAX, MINING, Project

if TYPE_CHECKING:
    from models.plan.plan import Plan


# ---- all tables --------------------------------------------------------------------------------


LEAST_FLOW = 1e-6
"""Flows up to this are left out of the tables [t]."""


def table(rows: list[dict[str, Any]], columns: list[str], order: list[str]) -> pd.DataFrame:
    """Return rows as a table, sorted by the given columns; empty tables keep their columns."""
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(order, kind="stable", ignore_index=True) if order else found


# ---- who buys how much from whom ---------------------------------------------------------------


def flows(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.flows``."""
    e, d = plan.expanded, plan.expanded.deliveries
    at = np.flatnonzero(plan.delivered > LEAST_FLOW)
    sources = [e.sources[i] for i in d.source[at].tolist()]
    tonnes, landed = plan.delivered[at], d.landed[at]
    return pd.DataFrame(
        {
            "year": np.array(e.years, dtype=np.int64)[d.year[at]],
            "mineral": [s.mineral for s in sources],
            "refiner": [s.name for s in sources],
            "project": [s.project for s in sources],
            "country": [s.country for s in sources],
            "owner": [s.owner for s in sources],
            "kind": [s.kind for s in sources],
            "member": [e.members[j] for j in d.member[at].tolist()],
            "contract": d.contract[at],
            "tonnes": tonnes,
            "cost": d.cost[at],
            "tariff": d.tariff[at],
            "freight": d.freight[at],
            "landed": landed,
            "total": tonnes * landed,
        }
    )


def supply(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.supply``."""
    e, d = plan.expanded, plan.expanded.deliveries
    shape = (len(e.minerals), len(e.members), len(e.years))
    bought, paid = np.zeros(shape), np.zeros(shape)
    np.add.at(bought, (d.mineral, d.member, d.year), plan.delivered)
    np.add.at(paid, (d.mineral, d.member, d.year), plan.delivered * d.landed)
    rows = []
    for m, mineral in enumerate(e.minerals):
        for j, member in enumerate(e.members):
            for t, year in enumerate(e.years):
                demand, tonnes = float(e.demand[m, j, t]), float(bought[m, j, t])
                if demand <= 0 and tonnes <= 0 and not e.has_stock[m, j]:
                    continue
                key = (mineral, member, year)
                rows.append(
                    {
                        "year": year,
                        "mineral": mineral,
                        "member": member,
                        "demand": demand,
                        "purchased": tonnes,
                        "short": plan.value(SHORTAGE, key),
                        "marginal_price": plan.dual(BALANCE, key),
                        "landed": paid[m, j, t] / tonnes if tonnes > LEAST_FLOW else np.nan,
                    }
                )
    columns = [
        "year", "mineral", "member", "demand", "purchased", "short", "marginal_price", "landed",
    ]  # fmt: skip
    return table(rows, columns, ["year", "mineral", "member"])


def sources(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.sources``."""
    e = plan.expanded
    rows = []
    for r, source in enumerate(e.sources):
        for t, year in enumerate(e.years):
            key: tuple[Any, ...] = (source.name, source.mineral, year)
            usable, rent = float(e.usable[r, t]), plan.dual(REFINING_CAPACITY, key)
            if isinstance(source.record, Project):
                usable = float(e.nameplate[r, t]) * running(plan, source.record, year)
                key = (source.name, source.project, source.mineral, year)
                rent = plan.dual(PROJECT_CAPACITY, key)
            rows.append(
                {
                    "year": year,
                    "refiner": source.name,
                    "project": source.project,
                    "mineral": source.mineral,
                    "country": source.country,
                    "owner": source.owner,
                    "kind": source.kind,
                    "nameplate": float(e.nameplate[r, t]),
                    "usable": usable,
                    "tonnes": float(plan.sold[r, t]),
                    "rent": abs(rent),
                }
            )
    columns = [
        "year", "refiner", "project", "mineral", "country", "owner", "kind", "nameplate", "usable",
        "tonnes", "rent",
    ]  # fmt: skip
    return table(rows, columns, ["year", "mineral", "refiner", "project"])


def countries(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.countries``."""
    e, d = plan.expanded, plan.expanded.deliveries
    sold: dict[tuple[int, str, str, str], float] = {}
    for i in np.flatnonzero(plan.delivered > 0).tolist():
        year, country = e.years[d.year[i]], e.sources[d.source[i]].country
        for buyer in ("", e.members[d.member[i]]):
            key = (year, e.minerals[d.mineral[i]], buyer, country)
            sold[key] = sold.get(key, 0.0) + float(plan.delivered[i])
    tightest: dict[tuple[int, str, str, str], float] = {}
    for cap in plan.caps:
        counts = cap.record.limit == MAX and cap.record.group == BY_COUNTRY
        if counts and cap.record.stage != MINING and (not cap.buyer or cap.buyer in e.member_at):
            key = (cap.year, cap.mineral, cap.buyer, cap.supplier)
            tightest[key] = min(tightest.get(key, np.inf), cap.share)
    bought: dict[tuple[int, str, str], float] = {}
    for (year, mineral, buyer, _), tonnes in sold.items():
        bought[year, mineral, buyer] = bought.get((year, mineral, buyer), 0.0) + tonnes
    rows = []
    for year, mineral, buyer, country in sorted({*sold, *tightest}):
        key = (year, mineral, buyer, country)
        demand = (
            plan.case.demand_of.get((mineral, buyer, year), 0.0)
            if buyer
            else plan.case.coalition_demand(mineral, year)
        )
        rows.append(
            {
                "year": year,
                "mineral": mineral,
                "buyer": buyer,
                "country": country,
                "tonnes": sold.get(key, 0.0),
                "demand": demand,
                "purchased": bought.get((year, mineral, buyer), 0.0),
                "limit": tightest.get(key, np.nan),
            }
        )
    columns = ["year", "mineral", "buyer", "country", "tonnes", "demand", "purchased", "limit"]
    return table(rows, columns, [])


# ---- contracts, stocks, projects and ore -------------------------------------------------------


def contracts(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.contracts``."""
    e, d = plan.expanded, plan.expanded.deliveries
    taken: dict[tuple[int, int], float] = {}
    for i in np.flatnonzero(d.contract >= 0).tolist():
        at = (int(d.contract[i]), int(d.year[i]))
        taken[at] = taken.get(at, 0.0) + float(plan.delivered[i])
    rows = []
    for k, record in enumerate(plan.case.contracts):
        for t, year in enumerate(e.years):
            if in_force(record, year):
                key = (k, record.refiner, record.mineral, record.member, year)
                rows.append(
                    {
                        "contract": k,
                        "year": year,
                        "minimum": e.minimums.get((k, t), 0.0),
                        "maximum": np.nan if record.max is None else record.max,
                        "taken": taken.get((k, t), 0.0),
                        "untaken": plan.value(UNTAKEN, key),
                        "price": contract_price(e, k, year),
                        "worth": plan.dual(MINIMUM, key),
                    }
                )
    columns = [
        "contract", "year", "minimum", "maximum", "taken", "untaken", "price", "worth",
    ]  # fmt: skip
    return table(rows, columns, [])


def stocks(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.stocks``."""
    rows = []
    for (mineral, member), pile in plan.case.stockpile_of.items():
        before = pile.opening
        for year in plan.expanded.years:
            key = (mineral, member, year)
            after = plan.value(STOCK, key)
            day = a_day(plan.case, mineral, member, year)
            rows.append(
                {
                    "year": year,
                    "mineral": mineral,
                    "member": member,
                    "opening": before,
                    "closing": after,
                    "target": stock_target(plan.case, pile, year),
                    "shortfall": plan.value(SHORTFALL, key),
                    "worth": plan.dual(TARGET, key),
                    "days": after / day if day > 0 else np.nan,
                    "day_worth": plan.dual(TARGET, key) * day,
                }
            )
            before = after
    columns = [
        "year", "mineral", "member", "opening", "closing", "target", "shortfall", "worth", "days",
        "day_worth",
    ]  # fmt: skip
    return table(rows, columns, [])


def projects(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.projects``."""
    sold = {
        (row["project"], row["year"]): row
        for row in plan.sources.to_dict("records")
        if row["project"]
    }
    rows = []
    for project in plan.case.projects:
        for year in plan.expanded.years:
            built, at_work = plan.value(BUILT, (project.name, year)), running(plan, project, year)
            row = sold[project.name, year]
            rows.append(
                {
                    "year": year,
                    "project": project.name,
                    "refiner": project.refiner,
                    "mineral": project.mineral,
                    "country": project.country,
                    "built": built,
                    "running": at_work,
                    "capacity": row["usable"],
                    "tonnes": row["tonnes"],
                    "capex": project.capex * built,
                    "charge": capital_charge(plan.case, project) * at_work,
                    "rent": row["rent"],
                }
            )
    columns = [
        "year", "project", "refiner", "mineral", "country", "built", "running", "capacity",
        "tonnes", "capex", "charge", "rent",
    ]  # fmt: skip
    return table(rows, columns, [])


def ore(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.ore``."""
    place = {(s.name, s.project, s.mineral): s.country for s in plan.expanded.sources}
    mines = {(m.mineral, m.country): m for m in plan.case.mines}
    rows = []
    for key, tonnes in sorted(plan.amounts(ORE).items()):
        country, refiner, project, mineral, year = key
        freight, _ = ore_lane(plan.case, mineral, country, place[refiner, project, mineral], year)
        mine = mines[mineral, country]
        rows.append(
            {
                "year": year,
                "mineral": mineral,
                "mine_country": country,
                "refiner": refiner,
                "project": project,
                "country": place[refiner, project, mineral],
                "tonnes": tonnes,
                "mine_capacity": mine_capacity(mine, year),
                "premium": mine.premium,
                "freight": freight,
                "rent": abs(plan.dual(MINE_CAPACITY, (country, mineral, year))),
            }
        )
    columns = [
        "year", "mineral", "mine_country", "refiner", "project", "country", "tonnes",
        "mine_capacity", "premium", "freight", "rent",
    ]  # fmt: skip
    return table(rows, columns, ["year", "mineral", "mine_country", "refiner", "project"])


# ---- share limits ------------------------------------------------------------------------------


def limits(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.limits``."""
    rows = []
    for cap, (tonnes, base) in zip(plan.caps, plan.reached, strict=True):
        allowed = cap.share * base
        room = allowed - tonnes if cap.is_max else tonnes - allowed
        rows.append(
            {
                "limit": cap.limit,
                "kind": cap.record.limit,
                "stage": cap.record.stage,
                "mineral": cap.mineral,
                "buyer": cap.buyer,
                "group": cap.record.group,
                "supplier": cap.supplier,
                "year": cap.year,
                "tonnes": tonnes,
                "base": base,
                "share": tonnes / base if base > 0 else 0.0,
                "allowed": cap.share,
                "room": room,
                "excess": plan.value(EXCESS, cap.key),
                "binding": bool(
                    (cap.flows or cap.ore) and room <= plan.tolerance(cap.mineral, cap.year)
                ),
                "shadow_price": abs(plan.dual(SHARE, cap.key)),
            }
        )
    columns = [
        "limit", "kind", "stage", "mineral", "buyer", "group", "supplier", "year", "tonnes", "base",
        "share", "allowed", "room", "excess", "binding", "shadow_price",
    ]  # fmt: skip
    return table(rows, columns, [])


# ---- what changes against today, and tiers of demand -------------------------------------------


def changes(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.changes``."""
    first = plan.expanded.years[0]
    place = {(s.name, s.mineral): s.country for s in plan.expanded.sources}
    known = {s.mineral for s in plan.case.current_supply}
    tonnes: dict[tuple[str, str, str], list[float]] = {}
    for s in plan.case.current_supply:
        tonnes.setdefault((s.mineral, s.refiner, s.member), [0.0, 0.0])[0] += s.tonnes
    for row in plan.flows.to_dict("records"):
        if row["year"] == first and row["mineral"] in known:
            key = (row["mineral"], row["refiner"], row["member"])
            tonnes.setdefault(key, [0.0, 0.0])[1] += row["tonnes"]
    rows = [
        {
            "mineral": mineral,
            "refiner": refiner,
            "country": place[refiner, mineral],
            "member": member,
            "today": today,
            "planned": planned,
            "change": planned - today,
        }
        for (mineral, refiner, member), (today, planned) in sorted(tonnes.items())
    ]
    return table(
        rows, ["mineral", "refiner", "country", "member", "today", "planned", "change"], []
    )


def tiers(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.tiers``."""
    rows = [
        {
            "year": year,
            "mineral": mineral,
            "member": member,
            "tier": tier,
            "demand": demand,
            "short": plan.value(OF_TIER, (mineral, member, tier, year)),
            "cost": plan.case.tier_cost(mineral, tier, year),
        }
        for (mineral, member, year), of in sorted(plan.case.tiers_of.items())
        for tier, demand in sorted(of.items())
    ]
    return table(rows, ["year", "mineral", "member", "tier", "demand", "short", "cost"], [])


# ---- cost by heading ---------------------------------------------------------------------------


def costs(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.costs``: every heading, in the order in which they are told."""
    found = [
        (heading, float(money.sum()), float(discounted.sum()))
        for heading, money, discounted, _ in _charges(plan)
    ]
    return pd.DataFrame(found, columns=["heading", "money", "discounted"])


def mineral_costs(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.mineral_costs``: the same headings, of each mineral alone."""
    found: list[tuple[str, str, float, float]] = []
    every = list(_charges(plan))
    for m, mineral in enumerate(plan.expanded.minerals):
        for heading, money, discounted, of in every:
            own = of == m
            found.append((mineral, heading, float(money[own].sum()), float(discounted[own].sum())))
    return pd.DataFrame(found, columns=["mineral", "heading", "money", "discounted"])


def _charges(plan: Plan) -> Iterator[tuple[str, Floats, Floats, Ints]]:
    """Yield each heading, its amounts of money, the same discounted, and whose mineral each is."""
    years = len(plan.expanded.years)
    worth = np.array([plan.case.discount(year) for year in plan.expanded.years])
    none = (np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    found = {heading: [none] for heading in headings()}
    for group in plan.program.variables:
        of, x = group.component, plan.x[group.at]
        units = np.maximum(x, 0.0) if isinstance(of, Columns) and of.is_delivery else x
        for charge in group.charges:
            money = units * charge.price
            found[charge.heading].append((money, money * worth[charge.year], group.cell // years))
    for heading, parts in found.items():
        money, discounted, mineral = (np.concatenate(part) for part in zip(*parts, strict=True))
        yield heading.name, money, discounted, mineral
