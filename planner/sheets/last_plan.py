"""Since last plan: what a plan of a rolled workbook changes, and what of the plan before holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models import tolerances
from models.case import fold
from models.plan import BUILT
from models.results import ChangedOrders, Flows, common
from planner.render.front import AnswerState, Light, Sentence
from planner.render.sentences import ranked
from planner.render.words import amount, counted, few, share, span
from planner.sheets.context import Context, once

Key = tuple[Any, ...]
"""Year, mineral, refiner, project, member and contract of an order, folded."""
LAST_PLAN = "Last plan"
"""What stands before what still holds of it on a terminal."""
_SUPPLIER, _MEMBER = 4, 5
"""Names of a key up to its project, and up to its member."""
_NAMED = 3
"""Plants that are named."""


@dataclass(frozen=True)
class _Comparison:
    """Orders of both plans by key: tonnes before and now, and their names as one of them has it."""

    orders: dict[Key, tuple[float, float]]
    names: dict[Key, Key]

    @property
    def changed(self) -> list[Key]:
        """The orders that differ, by year and name."""
        return sorted(key for key, (before, now) in self.orders.items() if _differ(before, now))

    def held(self, names: int) -> float:
        """Return what part of the tonnes ordered before is ordered still; 1 where there was none.

        Orders whose first so many names are the same count as one.
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
    """Return both plans' orders of the years planned here; None: nothing is known of a plan."""
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
    """Return the sheet; None where the workbook is not a rolled one."""
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


def holds(context: Context) -> Light | None:
    """Return whether the plan before still holds; None where the workbook is not a rolled one."""
    compared = _compared(context)
    if compared is None:
        return None
    asked, sheet = "Does the plan before still hold?", ChangedOrders.TABLE
    changed, years = compared.changed, span(context.case.years)
    if not changed:
        return Light(
            asked, AnswerState.GOOD, f"Every order of {years} is the same as before.", sheet
        )
    gone = sum(compared.orders[key][1] == 0 for key in changed)
    new = sum(compared.orders[key][0] == 0 for key in changed)
    text = (
        f"In {years}, {share(compared.held(_SUPPLIER))} of the old plan's tonnes still come from"
        f" the same supplier; {share(compared.held(_MEMBER))} also go to the same member."
        f"{_unbought(compared, common.units_of(context.case))}"
        f" {counted(len(changed) - gone - new, 'order')} changed, {gone:,} dropped out and {new:,}"
        " are new."
    )
    return Light(asked, AnswerState.CARE, text, sheet)


def _unbought(compared: _Comparison, units: Mapping[str, str]) -> str:
    """Return how many of the tonnes ordered before nobody sells now, by mineral; "" if none."""
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
    tonnes = ranked(fewer, lambda m: f"{amount(fewer[m], units.get(m, 't'))} of {m}", _NAMED)
    return f" This plan buys {tonnes} less than the old one."


def plants_moved(context: Context) -> Iterator[Sentence]:
    """Yield which plants are not built as in the plan before."""
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
        said = few([_moved(n, before.get(n, {}), now.get(n, {})) for n in moved], _NAMED)
        yield Sentence(
            f"These plants are built otherwise than in the plan before: {said}.", "Projects"
        )


def _alike(before: dict[int, float], now: dict[int, float]) -> bool:
    years = {*before, *now}
    return all(abs(before.get(y, 0) - now.get(y, 0)) <= tolerances.PLAN_DIFFERENCE for y in years)


def _moved(name: str, before: dict[int, float], now: dict[int, float]) -> str:
    """Say how a plant is built otherwise: ``New (2028, was 2027)``."""
    if not now:
        return f"{name} (not built, was {min(before)})"
    if not before:
        return f"{name} ({min(now)}, was not built)"
    if min(now) != min(before):
        return f"{name} ({min(now)}, was {min(before)})"
    return f"{name} ({share(sum(now.values()))} of it, was {share(sum(before.values()))})"
