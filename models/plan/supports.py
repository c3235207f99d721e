"""Contracts for difference: the payments under Supports for the tonnes of a plan, by payer.

They change nothing in the plan: each is a transfer from its payer to the plant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.case import in_force
from models.resolve import payer_of, shares_of_payers, supported
from models.solve import summed_at

if TYPE_CHECKING:
    from models.program import Solved


@dataclass(frozen=True)
class SupportBill:
    """The payment for the tonnes of a plant in a year under a row of Supports.

    ``row`` is that of the sheet. ``each`` is the payment per tonne [money/t], negative if the plant
    pays back.
    """

    row: int
    year: int
    plant: str
    mineral: str
    payer: str
    tonnes: float
    strike: float
    reference: float
    each: float

    @property
    def total(self) -> float:
        return self.each * self.tonnes


def support_bills(plan: Solved) -> tuple[SupportBill, ...]:
    """Return the bills of all rows of Supports with sales, by row and year."""
    case, e, paid = plan.case, plan.expanded, list[SupportBill]()
    for row in case.supports:
        sources = supported(e, row)
        for t, year in enumerate(e.years):
            tonnes = float(plan.sold[sources, t].sum())
            if tonnes <= 0 or not in_force(row, year):
                continue
            price = case.mineral_of[row.mineral].price.value(year)
            reference = price if row.reference is None else row.reference
            each = difference_payment(row.strike, reference, row.clawback)
            fields = (row.row, year, row.plant, row.mineral, row.payer, tonnes, row.strike)
            paid.append(SupportBill(*fields, reference, each))
    return tuple(paid)


def support_paid(plan: Solved) -> dict[str, float]:
    """Return the subsidies that each member pays in total [money].

    They are paid for sales to members and to plants.
    """
    e, sales, paid = plan.expanded, plan.expanded.sales, dict[str, float]()
    support = plan.all_sold * e.of_sales("support")
    money = summed_at((sales.source, sales.year), support, plan.sold.shape)
    for r, t in np.argwhere(money > 0).tolist():
        source, year = e.sources[r], e.years[t]
        payer = payer_of(e, source, year)
        for member, part in shares_of_payers(plan.case, payer, source.mineral, year).items():
            paid[member] = paid.get(member, 0.0) + part * float(money[r, t])
    return paid


def difference_payment(strike: float, reference: float, clawback: float | None) -> float:
    """Return the payment per tonne under a contract for difference [money/t]; negative: paid back.

    formula: max(0, strike - reference) - max(0, reference - clawback)
    """
    back = 0.0 if clawback is None else max(0.0, reference - clawback)
    return max(0.0, strike - reference) - back


def payments_by_member(plan: Solved) -> Iterator[tuple[str, SupportBill, float]]:
    """Yield (member, bill, amount [money]) for each bill of the plan and each of its payers."""
    for bill in support_bills(plan):
        for member, share in shares_of_payers(
            plan.case, bill.payer, bill.mineral, bill.year
        ).items():
            yield member, bill, share * bill.total
