"""Contracts for difference: what the rows of Supports cost on the tonnes of a plan, and whom.

They change nothing in the plan: each is a transfer from its payer to the plant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.case import in_force
from models.resolve import payer_of, shares_of_payers, supported

if TYPE_CHECKING:
    from models.plan.plan import Plan


@dataclass(frozen=True)
class SupportBill:
    """What is paid for the tonnes of a plant in a year under a row of Supports.

    ``row`` is that of the sheet; ``each`` is what a tonne gets [money/t], below 0 where the plant
    pays back; ``total`` [money].
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
        """What is paid in all [money]."""
        return self.each * self.tonnes


def bills(plan: Plan) -> tuple[SupportBill, ...]:
    """Return the bills of all rows of Supports, by their row and year, where tonnes are sold."""
    case, e, paid = plan.case, plan.expanded, list[SupportBill]()
    for row in case.supports:
        sources = supported(e, row)
        for t, year in enumerate(e.years):
            tonnes = float(plan.sold[sources, t].sum())
            if tonnes <= 0 or not in_force(row, year):
                continue
            price = case.mineral_of[row.mineral].price.value(year)
            reference = price if row.reference is None else row.reference
            each = difference(row.strike, reference, row.clawback)
            fields = (row.row, year, row.plant, row.mineral, row.payer, tonnes, row.strike)
            paid.append(SupportBill(*fields, reference, each))
    return tuple(paid)


def support_paid(plan: Plan) -> dict[str, float]:
    """Return what each member pays in all for tonnes that a scenario supports [money].

    Whoever buys them: members or plants.
    """
    e, sales, paid = plan.expanded, plan.expanded.sales, dict[str, float]()
    money = np.zeros(plan.sold.shape)
    np.add.at(money, (sales.source, sales.year), plan.all_sold * e.of_sales("support"))
    for r, t in np.argwhere(money > 0).tolist():
        source, year = e.sources[r], e.years[t]
        payer = payer_of(e, source, year)
        for member, part in shares_of_payers(plan.case, payer, source.mineral, year).items():
            paid[member] = paid.get(member, 0.0) + part * float(money[r, t])
    return paid


def difference(strike: float, reference: float, clawback: float | None) -> float:
    """Return what a tonne gets under a contract for difference [money/t], below 0: it pays back.

    formula: max(0, strike - reference) - max(0, reference - clawback)
    """
    back = 0.0 if clawback is None else max(0.0, reference - clawback)
    return max(0.0, strike - reference) - back


def paid_of(plan: Plan) -> Iterator[tuple[str, SupportBill, float]]:
    """Yield each member that pays of a bill of the plan, the bill, and what it pays [money]."""
    for bill in bills(plan):
        for member, share in shares_of_payers(
            plan.case, bill.payer, bill.mineral, bill.year
        ).items():
            yield member, bill, share * bill.total
