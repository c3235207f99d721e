"""Who pays in a case compared with a reference: for own purchases, and by bills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models import measures, results, tolerances
from models.answers.cost_sharing import DualBill
from models.case import Case
from models.results import Name, Result, WhoPays, field
from models.results.common import MEMBER, words_of
from planner.render.chart import Picture, Role, bars, short
from planner.render.words import money, share
from planner.sheets.pictures import who_pays
from planner.studies import kind

FOR_SAME = "for the same tonnes"


def same_tonnes(against: str = "") -> str:
    """Return a fixed note: extra costs compare the same tonnes, so cash paid may fall all the same.

    ``against`` ends its first sentence: in which cases the tonnes are the same.
    """
    return (
        f"Costs compare the same tonnes{against and ' '}{against}. Nobody pays for tonnes that are"
        " missing, so the cash paid may fall all the same."
    )


def premium_words(premium: float | None) -> str:
    """Return the premium in words: ``0.4 % more for the same tonnes``."""
    if premium is None:
        return "an amount that is not known"
    return f"{share(abs(premium))} {'less' if premium < 0 else 'more'} {FOR_SAME}"


def more_paid(tables: kind.Tables, result: type[WhoPays]) -> dict[str, tuple[float, float]]:
    """Return for each case the extra yearly cost of its tonnes, and their cost in the reference."""
    paid = defaultdict[str, tuple[float, float]](lambda: (0.0, 0.0))
    for case, cash, extra in tables.rows(result, result.case, result.paid_a_year, result.extra):
        more, same = paid[str(case)]
        paid[str(case)] = more + float(extra), same + float(cash) - float(extra)
    return paid


def most_paid(
    tables: kind.Tables, result: type[WhoPays], case: Any, name: str, reference: str
) -> Sequence[kind.KeyFigure]:
    """Return who pays most more in a case, shortage included; () if nobody pays more."""
    fields = (result.case, result.member, result.extra, result.extra_shortage)
    rows = [row for each, *row in tables.rows(result, *fields) if each == case]
    member, cash, lost = max(rows, key=lambda row: row[1] + row[2], default=("", 0.0, 0.0))
    if not cash + lost > 0:
        return ()
    currency = tables[result].words.get("money", "")
    most, total = (
        f"{money(paid, currency)} in cash {FOR_SAME} and {money(short, currency)} for missing"
        " tonnes, at the shortage cost"
        for paid, short in ((cash, lost), (sum(r[1] for r in rows), sum(r[2] for r in rows)))
    )
    remark = (
        f"{name}: this member pays {most} more a year than {reference}. All members together pay"
        f" {total} more."
    )
    return (kind.KeyFigure("Who pays most", str(member), f"{remark} {same_tonnes()}"),)


def who_pays_section(
    tables: kind.Tables,
    result: type[WhoPays],
    choice: str,
    reference: str,
    name: Callable[[Any], str] = str,
) -> Sequence[kind.Section]:
    """Return the section of a report on who pays, by case; () without a comparison.

    ``choice`` is the label of the list of cases, ``name`` gives the name of a case.
    """
    if result not in tables:
        return ()
    currency = tables[result].words.get("money", "")

    def draw(case: Any, rows: WhoPays) -> Picture | None:
        costs = rows.rows(result.member, result.extra, result.extra_shortage)
        return who_pays(f"Who pays: {name(case)}", costs, currency, reference)

    lead = (
        f"Per year, compared with {reference}: cash {FOR_SAME}, and missing tonnes at the shortage"
        f" cost, which nobody pays in cash. {measures.SAME_COST}"
    )
    views = kind.Section.views_by(tables[result], result.case, draw, name)
    return (kind.Section("members", "Who pays", lead, views, choice),)


# ---- by bills ------------------------------------------------------------------------------------

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

    def sentence(self, scenario: str) -> str:
        """Return a sentence on who pays most for a scenario by bills, and who gains; "" if nobody.

        A member without a bill in the scenario is not counted as gaining.
        """
        result, currency = type(self), self.words.get("money", "")
        rows = self.rows(result.scenario, result.member, result.bill, result.more)
        more = {member: more for name, member, bill, more in rows
                if name == scenario and member and bill}  # fmt: skip
        payer, winner = (pick(more, key=lambda m: more[m], default="") for pick in (max, min))
        if not more.get(payer, 0.0) > 0:
            return ""
        gain = -more[winner]
        gains = f", and {winner} gains {money(gain, currency)}" if gain > 0 else ""
        return (
            f"In bills by shadow prices, {payer} pays most for {scenario}:"
            f" {money(more[payer], currency)} more than in the base{gains}."
        )


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
    title, member = f"Bills in {short(scenario)} minus bills in the base", BillsByScenario.member
    picture = bars(title, rows, member, parts, "{unit}", across=MEMBER.header, most=_MOST_BARS)
    return picture and picture.in_money(bills.words.get("money", ""))
