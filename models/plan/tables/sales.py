"""Who buys how much from whom: flows, supply, sources, countries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from models.plan.tables.base import LEAST_FLOW, table
from models.program.families import projects, refining
from models.program.families.shortage import SHORTAGE
from models.program.market import BALANCE
from models.schema import BY_COUNTRY, MAX, MINING, Project

if TYPE_CHECKING:
    from models.plan.plan import Plan


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
            usable, rent = float(e.usable[r, t]), plan.dual(refining.CAPACITY, key)
            if isinstance(source.record, Project):
                usable = float(e.nameplate[r, t]) * projects.running(plan, source.record, year)
                key = (source.name, source.project, source.mineral, year)
                rent = plan.dual(projects.CAPACITY, key)
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
