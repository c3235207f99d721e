"""What a workbook says is left when the largest supplier has stopped: held against what can be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from models.case import Case
from models.errors import Finding
from models.plan import Plan
from planner.sheets.duals import VALUES
from planner.sheets.front import largest_supplier
from planner.sheets.front.shares import SURGE
from planner.sheets.lost import Lost

_ROOM = 10
"""How many times what the proof accepts of one constraint sums of several may be off."""


def not_fitting(plan: Plan, left: Lost | None, *, is_due: bool) -> Iterator[Finding]:
    """Yield what cannot be so; that it is the cheapest answer to the loss is proven nowhere.

    Checked are whose loss it is, the surge, what each country can sell, and that purchases,
    shortage and stocks add up to the need. ``is_due`` says whether a plan of this case has it.
    """
    country = largest_supplier(plan)
    case = plan.case
    if left is None:
        if is_due and country:
            said = f"what is left when {case.country_name(country)} has stopped is missing"
            yield Finding(VALUES, found=said, hint="Overview then shows less than the plan did.")
        return
    if left.country != country:
        named = case.country_name(country) if country else "none"
        said = f"{case.country_name(left.country)} is not the largest supplier of this plan"
        yield Finding(VALUES, found=said, expected=named)
    if left.surge != SURGE:
        yield Finding(VALUES, found=f"the surge is {left.surge:g}", expected=f"{SURGE:g}")
    room = _ROOM * plan.proof.allowed
    yield from _sold(plan, left, room)
    yield from _balanced(plan, left, room)


def _sold(plan: Plan, left: Lost, room: float) -> Iterator[Finding]:
    """Yield the countries that sell more than they can: as agreed, and the surge."""
    most: dict[tuple[str, str, int], float] = defaultdict(float)
    for row in plan.sources.to_dict("records"):
        can = min(row["usable"], row["tonnes"] + SURGE * row["usable"])
        if row["country"] != left.country:
            most[row["mineral"], row["country"], int(row["year"])] += can
    for (mineral, country, year), tonnes in left.bought.items():
        bound = most[mineral, country, year]
        if not -room <= tonnes <= bound + room:
            seller = plan.case.country_name(country)
            said = f"{seller} cannot sell {tonnes:.6g} t of {mineral} in {year}, the largest gone"
            yield Finding(VALUES, found=said, expected=f"0 to {bound:.6g} t")


def _balanced(plan: Plan, left: Lost, room: float) -> Iterator[Finding]:
    """Yield minerals and years whose purchases, shortage and stocks do not add up to the need."""
    case = plan.case
    agreed: dict[tuple[str, int], float] = defaultdict(float)
    for mineral, year, tonnes in zip(
        *(plan.supply[c] for c in ("mineral", "year", "short")), strict=True
    ):
        agreed[str(mineral), int(year)] += float(tonnes)
    bought: dict[tuple[str, int], float] = defaultdict(float)
    for (mineral, _, year), tonnes in left.bought.items():
        bought[mineral, year] += tonnes
    for of in case.minerals:
        held, most = _stocks(case, of.name)
        for year in case.years:
            need = case.coalition_demand(of.name, year)
            short = left.short.get((of.name, year), 0.0)
            if not agreed[of.name, year] - room <= short <= need + room:
                said = f"{short:.6g} t of {of.name} cannot be short in {year}, the largest gone"
                wanted = f"{agreed[of.name, year]:.6g}, as agreed, to {need:.6g} t, all of the need"
                yield Finding(VALUES, found=said, expected=wanted)
            held += bought[of.name, year] + short - need
            if not -room <= held <= most + room:
                said = (
                    f"purchases and shortage of {of.name}, the largest gone, do not add up to"
                    f" the need up to {year}: {held:.6g} t would be in stock"
                )
                yield Finding(VALUES, found=said, expected=f"0 to {most:.6g} t")
                break


def _stocks(case: Case, mineral: str) -> tuple[float, float]:
    """Return what is in stock of a mineral before the first year, and what can be [t]."""
    piles = [pile for pile in case.stockpiles if pile.mineral == mineral]
    return sum(min(p.opening, p.max) for p in piles), sum(p.max for p in piles)
