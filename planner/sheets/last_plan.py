"""The comparison of a rolled workbook's plan with the previous plan: orders and plants."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from models import tolerances
from models.case import fold
from models.results import ChangedOrders, Flows, common
from planner.sheets.context import Context, once

_PARTS = ("year", "mineral", "refiner", "project", "member", "contract")
Key = tuple[Any, ...]
"""The parts of an order, folded."""


@dataclass(frozen=True)
class _Comparison:
    """Orders of both plans by key: tonnes before and now, and the names as written."""

    orders: dict[Key, tuple[float, float]]
    names: dict[Key, Key]

    @property
    def changed(self) -> list[Key]:
        return sorted(key for key, (before, now) in self.orders.items() if _differ(before, now))


def _differ(before: float, now: float) -> bool:
    return abs(now - before) > tolerances.SAME_ORDER + tolerances.PLAN_DIFFERENCE * max(before, now)


@once
def _compared(context: Context) -> _Comparison | None:
    """Return both plans' orders in the years planned here; None without a previous plan."""
    last = context.book.before
    if last is None or not context.case.years:
        return None
    orders: dict[Key, tuple[float, float]] = {}
    names: dict[Key, Key] = {}
    parts = (*_PARTS, "tonnes")
    planned = Flows.from_plan(context.plan).rows(*(getattr(Flows, part) for part in parts))
    previous = (attrgetter(*parts)(row) for row in last.orders if row.year in context.case.years)
    for is_now, rows in ((True, planned), (False, previous)):
        for *key, tonnes in rows:
            folded = (int(key[0]), *(fold(str(name or "")) for name in key[1:]))
            names.setdefault(folded, tuple(key))
            before, now = orders.get(folded, (0.0, 0.0))
            orders[folded] = (before, now + float(tonnes)) if is_now else (before + tonnes, now)
    return _Comparison(orders, names)


def changed_orders(context: Context) -> ChangedOrders | None:
    """Return the sheet of changed orders; None without a previous plan."""
    compared = _compared(context)
    if compared is None:
        return None
    units, rows = common.units_of(context.case), []
    for key in compared.changed:
        row = dict(zip(_PARTS, compared.names[key], strict=True))
        before, now = compared.orders[key]
        row |= {"year": int(row["year"]), "unit": units.get(row["mineral"], "t")}
        rows.append(row | {"before": before, "now": now, "change": now - before})
    return ChangedOrders.of_rows(rows)
