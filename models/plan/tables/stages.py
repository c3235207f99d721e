"""Contracts, stocks, projects and ore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.case import in_force
from models.plan.tables.base import table
from models.program.families.contracts import MINIMUM, UNTAKEN
from models.program.families.ore import CAPACITY as MINE_CAPACITY
from models.program.families.ore import ORE
from models.program.families.projects import BUILT, running
from models.program.families.stockpiles import SHORTFALL, STOCK, TARGET
from models.resolve import (
    a_day,
    capital_charge,
    contract_price,
    mine_capacity,
    ore_lane,
    stock_target,
)

if TYPE_CHECKING:
    from models.plan.plan import Plan


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
