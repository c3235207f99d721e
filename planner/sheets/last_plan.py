"""The comparison of a rolled workbook's plan with the previous plan: orders and plants."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter

from models import tolerances
from models.case import fold
from models.results import ChangedOrders, Flows, common
from planner.sheets.changes import amounts_side_by_side
from planner.sheets.context import Context, once

_PARTS = ("year", "mineral", "refiner", "project", "member", "contract")


@once
def changed_orders(context: Context) -> ChangedOrders | None:
    """Return the sheet of changed orders; None without a previous plan.

    Orders of both plans in the years planned here are matched by their names, without regard to
    case and spaces.
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
            key = (int(year), *(fold(str(name or "")) for name in given))
            names.setdefault(key, given)  # as they are written in this plan
            amounts[key] += float(tonnes)
    units = common.units_of(context.case)
    return ChangedOrders.of_rows(
        [
            dict(zip(_PARTS, (row["year"], *given), strict=True))
            | {"unit": units.get(str(given[0]), "t")}
            | {"before": row["old"], "now": row["new"], "change": row["change"]}
            for row in amounts_side_by_side(before, now, _PARTS)
            if _differ(row["old"], row["new"])
            for given in [names[*(row[part] for part in _PARTS)]]
        ]
    )


def _differ(before: float, now: float) -> bool:
    return abs(now - before) > tolerances.SAME_ORDER + tolerances.PLAN_DIFFERENCE * max(before, now)
