"""The comparison of a rolled workbook's plan with the previous plan: orders and plants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from models import tolerances
from models.case import fold
from models.plan import BUILT
from models.results import ChangedOrders, Flows, common
from planner.render.front import AnswerState, DetailLine, TrafficLight
from planner.render.sentences import largest_first
from planner.render.words import amount, counted, few, share, span
from planner.sheets.context import Context, once

_PARTS = ("year", "mineral", "refiner", "project", "member", "contract")
Key = tuple[Any, ...]
"""The parts of an order, folded."""
LAST_PLAN = "Last plan"
"""Label on the terminal of the sentence on how much of the previous plan still holds."""
_SUPPLIER, _MEMBER = 4, 5
"""Length of a key up to its project, and up to its member."""
_NAMED = 3
"""Plants that are named."""


@dataclass(frozen=True)
class _Comparison:
    """Orders of both plans by key: tonnes before and now, and the names as written."""

    orders: dict[Key, tuple[float, float]]
    names: dict[Key, Key]

    @property
    def changed(self) -> list[Key]:
        return sorted(key for key, (before, now) in self.orders.items() if _differ(before, now))

    def added(self, part: Callable[[Key], Any]) -> dict[Any, tuple[float, float]]:
        """Return the tonnes before and now of the orders that agree in a part of their key."""
        joined: dict[Any, tuple[float, float]] = {}
        for key, (before, now) in self.orders.items():
            old, new = joined.get(part(key), (0.0, 0.0))
            joined[part(key)] = old + before, new + now
        return joined

    def kept_share(self, names: int) -> float:
        """Return the share of the tonnes ordered before that is still ordered; 1 without orders.

        Orders that agree in the first ``names`` parts of their key count as one.
        """
        joined = self.added(lambda key: key[:names]).values()
        ordered, kept = sum(before for before, _ in joined), sum(map(min, joined))
        return kept / ordered if ordered > 0 else 1.0


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


def previous_plan_holds(context: Context) -> TrafficLight | None:
    """Return how much of the previous plan still holds; None without a previous plan."""
    compared = _compared(context)
    if compared is None:
        return None
    asked, sheet = "Does the previous plan still hold?", ChangedOrders.TABLE
    changed, years = compared.changed, span(context.case.years)
    if not changed:
        text = f"Every order in {years} is as in the previous plan."
        return TrafficLight(asked, AnswerState.GOOD, text, sheet)
    gone = sum(compared.orders[key][1] == 0 for key in changed)
    new = sum(compared.orders[key][0] == 0 for key in changed)
    text = (
        f"In {years}, {share(compared.kept_share(_SUPPLIER))} of the previous plan's tonnes still"
        f" come from the same supplier; {share(compared.kept_share(_MEMBER))} also go to the same"
        " member."
        f"{_unbought(compared, common.units_of(context.case))}"
        f" {counted(len(changed) - gone - new, 'order')} changed, {gone:,} dropped out and {new:,}"
        " are new."
    )
    return TrafficLight(asked, AnswerState.CARE, text, sheet)


def _unbought(compared: _Comparison, units: Mapping[str, str]) -> str:
    """Return how much less of each mineral is bought than in the previous plan; "" if none."""
    ordered = compared.added(lambda key: compared.names[key][1])
    less = {mineral: amounts for mineral, amounts in ordered.items() if _differ(*amounts)}
    fewer = {mineral: before - now for mineral, (before, now) in less.items() if now < before}
    if not fewer:
        return ""
    tonnes = largest_first(fewer, lambda m: f"{amount(fewer[m], units.get(m, 't'))} of {m}", _NAMED)
    return f" This plan buys {tonnes} less than the previous one."


def plants_moved(context: Context) -> Iterator[DetailLine]:
    """Yield a sentence on the plants that are not built as in the previous plan."""
    last = context.book.before
    if last is None:
        return
    before, now = (defaultdict[str, dict[int, float]](dict) for _ in range(2))
    for row in last.builds:
        before[row.project][row.year] = row.part
    for (project, year), part in context.plan.amounts(BUILT).items():
        if year in context.case.years and part > tolerances.LEAST_FLOW:
            now[project][year] = part
    moved = [
        _moved(name, before[name], now[name])
        for name in sorted({*before, *now})
        if any(
            abs(before[name].get(year, 0) - now[name].get(year, 0)) > tolerances.PLAN_DIFFERENCE
            for year in {*before[name], *now[name]}
        )
    ]
    if moved:
        text = f"These plants are built differently from the previous plan: {few(moved, _NAMED)}."
        yield DetailLine(text, "Projects")


def _moved(name: str, before: dict[int, float], now: dict[int, float]) -> str:
    """Return how a plant is built differently: ``New (2028, was 2027)``."""
    if not now:
        return f"{name} (not built, was {min(before)})"
    if not before:
        return f"{name} ({min(now)}, was not built)"
    if min(now) != min(before):
        return f"{name} ({min(now)}, was {min(before)})"
    return f"{name} ({share(sum(now.values()))} built, was {share(sum(before.values()))})"
