"""The comparison of a rolled workbook's plan with the previous plan: orders and plants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models import tolerances
from models.case import fold
from models.plan import BUILT
from models.results import ChangedOrders, Flows, common
from planner.render.front import AnswerState, Sentence, TrafficLight
from planner.render.sentences import largest_first
from planner.render.words import amount, counted, few, share, span
from planner.sheets.context import Context, once

Key = tuple[Any, ...]
"""Year, mineral, refiner, project, member and contract of an order, folded."""
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

    def kept_share(self, names: int) -> float:
        """Return the share of the tonnes ordered before that is still ordered; 1 without orders.

        Orders that agree in the first ``names`` parts of their key count as one.
        """
        joined: dict[Key, tuple[float, float]] = {}
        for key, (before, now) in self.orders.items():
            old, new = joined.get(key[:names], (0.0, 0.0))
            joined[key[:names]] = old + before, new + now
        ordered = sum(before for before, _ in joined.values())
        kept = sum(min(before, now) for before, now in joined.values())
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
    flows = Flows.from_plan(context.plan)
    fields = (Flows.year, Flows.mineral, Flows.refiner, Flows.project, Flows.member, Flows.contract)
    for *key, tonnes in flows.rows(*fields, Flows.tonnes):
        folded = _folded(key)
        names[folded] = tuple(key)
        before, now = orders.get(folded, (0.0, 0.0))
        orders[folded] = before, now + float(tonnes)
    for row in (row for row in last.orders if row.year in context.case.years):
        key = [row.year, row.mineral, row.refiner, row.project, row.member, row.contract]
        folded = _folded(key)
        names.setdefault(folded, tuple(key))
        before, now = orders.get(folded, (0.0, 0.0))
        orders[folded] = before + row.tonnes, now
    return _Comparison(orders, names)


def _folded(key: list[Any]) -> Key:
    return (int(key[0]), *(fold(str(name or "")) for name in key[1:]))


def changed_orders(context: Context) -> ChangedOrders | None:
    """Return the sheet of changed orders; None without a previous plan."""
    compared = _compared(context)
    if compared is None:
        return None
    units, rows = common.units_of(context.case), []
    for key in compared.changed:
        year, mineral, refiner, project, member, contract = compared.names[key]
        before, now = compared.orders[key]
        rows.append(
            {
                "year": int(year), "mineral": mineral, "refiner": refiner, "project": project,
                "member": member, "contract": contract, "before": before, "now": now,
                "change": now - before, "unit": units.get(mineral, "t"),
            }
        )  # fmt: skip
    return ChangedOrders.of_rows(rows)


def previous_plan_holds(context: Context) -> TrafficLight | None:
    """Return how much of the previous plan still holds; None without a previous plan."""
    compared = _compared(context)
    if compared is None:
        return None
    asked, sheet = "Does the previous plan still hold?", ChangedOrders.TABLE
    changed, years = compared.changed, span(context.case.years)
    if not changed:
        return TrafficLight(
            asked, AnswerState.GOOD, f"Every order in {years} is as in the previous plan.", sheet
        )
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
    ordered: dict[str, tuple[float, float]] = {}
    for key, (before, now) in compared.orders.items():
        mineral = compared.names[key][1]
        old, new = ordered.get(mineral, (0.0, 0.0))
        ordered[mineral] = old + before, new + now
    fewer = {
        mineral: before - now
        for mineral, (before, now) in ordered.items()
        if now < before and _differ(before, now)
    }
    if not fewer:
        return ""
    tonnes = largest_first(fewer, lambda m: f"{amount(fewer[m], units.get(m, 't'))} of {m}", _NAMED)
    return f" This plan buys {tonnes} less than the previous one."


def plants_moved(context: Context) -> Iterator[Sentence]:
    """Yield a sentence on the plants that are not built as in the previous plan."""
    last = context.book.before
    if last is None:
        return
    before: dict[str, dict[int, float]] = {}
    for row in last.builds:
        before.setdefault(row.project, {})[row.year] = row.part
    now: dict[str, dict[int, float]] = {}
    for (project, year), part in context.plan.amounts(BUILT).items():
        if year in context.case.years and part > tolerances.LEAST_FLOW:
            now.setdefault(project, {})[year] = part
    moved = [
        name
        for name in sorted({*before, *now})
        if not _alike(before.get(name, {}), now.get(name, {}))
    ]
    if moved:
        plants = few([_moved(n, before.get(n, {}), now.get(n, {})) for n in moved], _NAMED)
        text = f"These plants are built differently from the previous plan: {plants}."
        yield Sentence(text, "Projects")


def _alike(before: dict[int, float], now: dict[int, float]) -> bool:
    years = {*before, *now}
    return all(abs(before.get(y, 0) - now.get(y, 0)) <= tolerances.PLAN_DIFFERENCE for y in years)


def _moved(name: str, before: dict[int, float], now: dict[int, float]) -> str:
    """Return how a plant is built differently: ``New (2028, was 2027)``."""
    if not now:
        return f"{name} (not built, was {min(before)})"
    if not before:
        return f"{name} ({min(now)}, was not built)"
    if min(now) != min(before):
        return f"{name} ({min(now)}, was {min(before)})"
    return f"{name} ({share(sum(now.values()))} built, was {share(sum(before.values()))})"
