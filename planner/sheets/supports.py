"""Supports on the first page: who pays which plant how much under contracts for difference."""

from __future__ import annotations

from collections import defaultdict

from models import plan, results, schema
from models.case import in_force
from planner.render.front import AnswerState, Light
from planner.render.words import amount, each_year, listed
from planner.sheets.context import Context

_NAMED = 3


def supported(context: Context) -> Light | None:
    """Return who pays for the plants of the rows of Supports, and which of them sell nothing.

    None where there is no such row.
    """
    idle = _idle(context)
    paid, received = defaultdict[str, float](float), defaultdict[str, float](float)
    when = set[int]()
    for member, bill, money in plan.paid_of(context.plan):
        when |= {bill.year} if money else set()
        paid[member] += money
        received[_named(bill.plant, bill.row)] += money
    asked = "Are plants supported?"
    if not paid:
        return Light(asked, AnswerState.CARE, idle, results.Members.TABLE) if idle else None
    total = sum(paid.values())
    payers, plants = (listed(_largest(of), _NAMED) for of in (paid, received))
    size = amount(abs(total), context.currency)
    years = each_year(when, " and ") or "no year"
    if total < 0:
        said = f"{plants} {_pay(received)} {payers} {size} back in {years}."
    else:
        said = f"{payers} {_pay(paid)} {plants} {size} in {years}."
    state = AnswerState.CARE if idle else AnswerState.GOOD
    return Light(asked, state, f"{said} {idle}".rstrip(), results.Members.TABLE)


def _idle(context: Context) -> str:
    """Return which plants sell nothing while a row of Supports is for them; "" if each sells."""
    case, selling = context.case, {bill.row for bill in plan.bills(context.plan)}
    rows = [row for row in case.supports if row.row not in selling]
    # a row may be for years that are not planned
    rows = [row for row in rows if any(in_force(row, year) for year in case.years)]
    if not rows:
        return ""
    sells = "sells" if len(rows) == 1 else "sell"
    named = listed((_named(row.plant, row.row) for row in rows), _NAMED)
    return f"{named} {sells} nothing, so no support is paid."


def _named(plant: str, row: int) -> str:
    return f"{plant} (row {row} of {schema.Support.SHEET})"


def _largest(amounts: dict[str, float]) -> list[str]:
    return sorted(amounts, key=lambda name: -abs(amounts[name]))


def _pay(amounts: dict[str, float]) -> str:
    return "pay" if len(amounts) > 1 else "pays"
