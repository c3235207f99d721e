"""An agreed plan without its largest supplier: one loss of a stress test, for the first page."""

from __future__ import annotations

from collections.abc import Callable

from models.case import Case
from models.plan import Plan
from planner.sheets.lost import Lost
from planner.studies.agreed import Rules, stressed
from planner.studies.losses import Kind, Loss


def without_country(plan: Plan, country: str, plan_of: Callable[[Case], Plan]) -> Lost:
    """Return what is left of an agreed plan when a country has stopped, by the stress test's rules.

    ``plan_of`` plans the case of the loss. Raises SolverError where it has no proof.
    """
    rules = Rules()
    left = plan_of(Loss(Kind.COUNTRY, country=country)(stressed(plan, rules)))
    table = left.countries[left.countries["buyer"] == ""]
    keys = zip(table["mineral"], table["country"], map(int, table["year"]), strict=True)
    bought = dict(zip(keys, map(float, table["tonnes"]), strict=True))
    short: dict[tuple[str, int], float] = {}
    for found in (plan, left):
        for mineral, year, tonnes in zip(
            *(found.supply[c] for c in ("mineral", "year", "short")), strict=True
        ):
            at = (str(mineral), int(year))
            short[at] = short.get(at, 0.0) + float(tonnes)
    return Lost(country, rules.surge, bought, short, left)
