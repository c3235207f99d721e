"""Each member's bill by dual prices, in the base and in each scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import results, tolerances
from models.answers.cost_sharing import DualBill
from models.case import Case
from models.results import Name, Result, field
from models.results.common import MEMBER, words_of
from planner.render.chart import Picture, Role, bars, shortened
from planner.studies import kind

_MOST_BARS = 16
"""Largest number of members in a chart: the members with the largest change."""


class BillsByScenario(Result):
    """Each member's bill by dual prices in the base and in a scenario.

    As in the workbook of ``planner bills``: discounted, with shortage at its price, builds in
    fractions, and without the cost of sharing a shortage fairly.
    """

    TABLE, GRAIN, BOOK = "Bills", ("scenario", "member"), "compare"
    scenario = field.text(results.Figure.SCENARIO)
    member = MEMBER.like(
        meaning="Coalition: all of them together. A member that the scenario removes pays nothing.",
        names=Name.BUYER,
    )
    before = field.millions(
        "Bill in the base", "The member's bill by dual prices. Discounted.", key="before_usd"
    )
    bill = field.millions(
        "Bill in the scenario", "The same in the scenario. Discounted.", key="bill_usd"
    )
    more = field.millions(
        "Costs it", "Scenario minus base. Below 0: the member gains. Discounted.", key="more_usd"
    )
    cash_more = field.millions(
        "Of it cash", "The part that is paid in cash. Discounted.", key="cash_more_usd"
    )
    priced_more = field.millions(
        "Of that, shortage at its price",
        "The rest, which nobody pays in cash. Discounted.",
        key="priced_more_usd",
    )

    @classmethod
    def of_bills(cls, case: Case, bills: Mapping[str, DualBill]) -> BillsByScenario | None:
        """Return one row per scenario and member; None if only the base, the first, has bills."""
        if len(bills) <= 1:
            return None
        (_, base), *others = bills.items()
        least = tolerances.BILL_ROUNDING * (abs(sum(base.whole.values())) or 1.0)
        rows: list[dict[str, Any]] = []
        for name, bills_here in others:
            members = []
            for member in base.whole:
                before, bill = base.whole[member], bills_here.whole.get(member, 0.0)
                priced = bills_here.priced.get(member, 0.0) - base.priced[member]
                members.append((before, bill, bill - before, bill - before - priced, priced))
            together = [sum(amounts) for amounts in zip(*members, strict=True)]
            for member, amounts in (("", together), *zip(base.whole, members, strict=True)):
                before, bill, *more = amounts
                more = [amount if abs(amount) > least else 0.0 for amount in more]
                cells = zip(cls.FIELDS, (name, member, before, bill, *more), strict=True)
                rows.append({column.name: cell for column, cell in cells})
        return cls.of_rows(rows, words=words_of(case))

    @property
    def dearest(self) -> BillsByScenario:
        """The rows of the scenario in which the sum of bills rises most."""
        every = zip(self.member, self.more, self.scenario, strict=True)
        _, name = max((more, name) for member, more, name in every if not member)
        return self.where([name == each for each in self.scenario])


def bills_section(tables: kind.Tables) -> Sequence[kind.Section]:
    if BillsByScenario not in tables:
        return ()
    lead = (
        "Each member pays for its demand and limits, and is paid for its rights, at the plan's"
        " shadow prices. Shortage counts at its price."
    )
    views = kind.Section.views_by(tables[BillsByScenario], BillsByScenario.scenario, _against_base)
    return (kind.Section("bills", "Bills before and after", lead, views, results.Figure.SCENARIO),)


def _against_base(scenario: str, bills: BillsByScenario) -> Picture | None:
    rows = bills.frame()
    rows = rows[rows["member"] != ""].sort_values(
        "more", key=lambda more: -abs(more), kind="stable"
    )
    parts = {
        "Cash": (Role.PLAN, BillsByScenario.cash_more),
        "Shortage (no cash)": (Role.SHORT, BillsByScenario.priced_more),
    }
    title, member = (
        f"Bills in {shortened(scenario)} minus bills in the base",
        BillsByScenario.member,
    )
    picture = bars(title, rows, member, parts, "{unit}", across=MEMBER.header, most=_MOST_BARS)
    return picture and picture.in_money(bills.words.get("money", ""))
