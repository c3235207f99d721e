"""The comparison of a rolled workbook's plan with the previous plan: orders and plants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from models import tolerances
from models.case import normalize
from models.plan import BUILT
from models.results import ChangedBuilds, ChangedOrders, Flows, common
from models.results.rounds import OTHER, PLANT, PRICE, STOCK
from planner.sheets.changes import amounts_side_by_side, differing_builds
from planner.sheets.context import Context, once

_PARTS = ("year", "mineral", "refiner", "project", "member", "contract")


@once
def changed_orders(context: Context) -> ChangedOrders | None:
    """Return the sheet of changed orders; None without a previous plan."""
    return order_changes(context, {})


def order_changes(context: Context, stocks: Mapping[str, str]) -> ChangedOrders | None:
    """Return the changed orders; None without a previous plan.

    Orders of both plans in the years planned here are matched by their names, without regard to
    case and spaces. ``stocks`` are minerals of which a stockpile holds other than planned, each
    with its member.
    """
    last, years = context.book.before, context.case.years
    if last is None or not years:
        return None
    parts = (*_PARTS, "tonnes")
    planned = Flows.from_plan(context.plan).rows(*(getattr(Flows, part) for part in parts))
    previous = (attrgetter(*parts)(row) for row in last.orders if row.year in years)
    now, before = (defaultdict[tuple[object, ...], float](float) for _ in range(2))
    names: dict[tuple[object, ...], list[object]] = {}
    for amounts, orders in ((now, planned), (before, previous)):
        for year, *given, tonnes in orders:
            key = (int(year), *_normalized(given))
            names.setdefault(key, given)  # as they are written in this plan
            amounts[key] += float(tonnes)
    units, why = common.units_of(context.case), _Reasons(context, stocks)
    return ChangedOrders.of_rows(
        [
            dict(zip(_PARTS, (row["year"], *given), strict=True))
            | {"unit": units.get(str(given[0]), "t")}
            | {"before": row["old"], "now": row["new"], "change": row["change"]}
            | dict(zip(("why", "because"), why(row["year"], given), strict=True))
            for row in amounts_side_by_side(before, now, _PARTS)
            if _differ(row["old"], row["new"])
            for given in [names[*(row[part] for part in _PARTS)]]
        ]
    )


@once
def changed_builds(context: Context) -> ChangedBuilds | None:
    """Return the sheet of plants that are built in other years; None without a previous plan."""
    last, years = context.book.before, context.case.years
    if last is None or not years:
        return None
    before = {(normalize(row.project), row.year): row.part for row in last.builds}
    now = {
        (normalize(project), year): part
        for (project, year), part in context.plan.amounts(BUILT).items()
        if year >= years[0]
    }
    projects = {normalize(p.name): p for p in context.case.projects}
    rows = [
        {"project": p.name, "mineral": p.mineral, "country": p.country, "year": row["year"],
         "before": row["old"], "now": row["new"], "change": row["change"]}
        for row in differing_builds(before, now)
        if row["project"] in projects
        for p in [projects[row["project"]]]
    ]  # fmt: skip
    return ChangedBuilds.of_rows(rows) if rows else None


class _Reasons:
    """Why orders differ from those of the previous plan: a price, a plant, a stock."""

    def __init__(self, context: Context, stocks: Mapping[str, str]) -> None:
        e, last = context.plan.expanded, context.book.before
        landed: dict[tuple[object, ...], float] = {}
        d = e.deliveries
        for i, cost in enumerate(d.landed.tolist()):
            source = e.sources[d.source[i]]
            names = (source.mineral, source.name, source.project, e.members[d.member[i]])
            contract = int(d.contract[i])
            name = context.case.contracts[contract].name if contract >= 0 else ""
            landed[e.years[d.year[i]], *_normalized((*names, name))] = cost
        self.repriced, self.mineral_repriced = set[tuple[object, ...]](), dict[str, str]()
        for row in last.orders if last else ():
            key = (row.year, *_normalized(attrgetter(*_PARTS[1:])(row)))
            cost = landed.get(key, row.landed)
            if abs(cost - row.landed) > tolerances.SAME_SUM * max(abs(cost), abs(row.landed)):
                self.repriced.add(key)
                self.mineral_repriced.setdefault(normalize(row.mineral), row.project or row.refiner)
        builds = changed_builds(context)
        moved = builds.rows(ChangedBuilds.mineral, ChangedBuilds.project) if builds else ()
        self.plants = {normalize(str(mineral)): str(project) for mineral, project in moved}
        self.stocks = {normalize(mineral): member for mineral, member in stocks.items()}

    def __call__(self, year: int, given: list[Any]) -> tuple[str, str]:
        """Return why an order changes, and because of whom."""
        mineral, refiner, project, *_ = given
        if (year, *_normalized(given)) in self.repriced:
            return PRICE, str(project or refiner)
        for why, of in ((PLANT, self.plants), (STOCK, self.stocks), (PRICE, self.mineral_repriced)):
            if normalize(str(mineral)) in of:
                return why, of[normalize(str(mineral))]
        return OTHER, ""


def _normalized(names: Any) -> tuple[str, ...]:
    return tuple(normalize(str(name or "")) for name in names)


def _differ(before: float, now: float) -> bool:
    return abs(now - before) > tolerances.SAME_ORDER + tolerances.PLAN_DIFFERENCE * max(before, now)
