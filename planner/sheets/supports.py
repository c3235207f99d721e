"""Supports on the first page: who pays which plant how much under contracts for difference."""

from __future__ import annotations

from collections import defaultdict

from models.plan import paid_of
from models.results import Members
from planner.render.front import Light, State
from planner.render.words import amount, each_year, listed
from planner.sheets.context import Context

_NAMED = 3


def supported(context: Context) -> Light | None:
    """Return who pays for the plants of the rows of Supports; None where none of them sells."""
    paid, received = defaultdict[str, float](float), defaultdict[str, float](float)
    when = set[int]()
    for member, bill, money in paid_of(context.plan):
        when |= {bill.year} if money else set()
        paid[member] += money
        received[f"{bill.plant} (row {bill.row} of Supports)"] += money
    if not paid:
        return None
    total = sum(paid.values())
    payers, plants = (listed(_largest(of), _NAMED) for of in (paid, received))
    size = amount(abs(total), context.currency)
    years = each_year(when, " and ") or "no year"
    if total < 0:
        said = f"{plants} {_pay(received)} {payers} {size} back in {years}."
    else:
        said = f"{payers} {_pay(paid)} {plants} {size} in {years}."
    return Light("Are plants supported?", State.GOOD, said, Members.TABLE)


def _largest(amounts: dict[str, float]) -> list[str]:
    """Return names, those of the largest amounts first."""
    return sorted(amounts, key=lambda name: -abs(amounts[name]))


def _pay(amounts: dict[str, float]) -> str:
    return "pay" if len(amounts) > 1 else "pays"
