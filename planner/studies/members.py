"""Who pays: of any study that has members pay against a reference, as bought and by bills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models import measures, results, tolerances
from models.answers.cost_sharing import DualBill
from models.case import Case
from models.program import CashCost
from models.results import Name, Result, WhoPays, field
from models.results.common import MEMBER, words_of
from planner.render.chart import Picture, Role, bars, short
from planner.render.words import money, share, tariff_words
from planner.sheets.pictures import who_pays
from planner.studies import engine, kind

FOR_SAME = "for the same tonnes"


def same_tonnes(against: str = "") -> str:
    """Return the sentence on costs of the same tonnes; ``against`` says compared with what."""
    return (
        f"Costs compare the same tonnes{against and ' '}{against}. Nobody pays for tonnes that are"
        " missing, so the cash paid may fall all the same."
    )


def premium_words(premium: float | None) -> str:
    """Return how much dearer the same tonnes are: ``0.4 % more for the same tonnes``."""
    if premium is None:
        return "an amount that is not known"
    return f"{share(abs(premium))} {'less' if premium < 0 else 'more'} {FOR_SAME}"


def more_paid(tables: kind.Tables, result: type[WhoPays]) -> dict[str, tuple[float, float]]:
    """Return by case what its tonnes cost more a year than in the reference, and there [money]."""
    paid = defaultdict[str, tuple[float, float]](lambda: (0.0, 0.0))
    for case, cash, extra in tables.rows(result, result.case, result.paid_a_year, result.extra):
        more, same = paid[str(case)]
        paid[str(case)] = more + float(extra), same + float(cash) - float(extra)
    return paid


def most_paid(
    tables: kind.Tables, result: type[WhoPays], case: Any, name: str, reference: str
) -> Sequence[kind.KeyFigure]:
    """Return who pays most in a case of a study, shortage at its cost counted; none where none."""
    fields = (result.case, result.member, result.extra, result.extra_shortage)
    rows = [row for each, *row in tables.rows(result, *fields) if each == case]
    member, cash, lost = max(rows, key=lambda row: row[1] + row[2], default=("", 0.0, 0.0))
    if not cash + lost > 0:
        return ()
    currency = tables[result].words.get("money", "")
    most, total = (
        f"{money(paid, currency)} in cash {FOR_SAME} and {money(short, currency)} for tonnes"
        " short, at the shortage cost"
        for paid, short in ((cash, lost), (sum(r[1] for r in rows), sum(r[2] for r in rows)))
    )
    remark = (
        f"{name}, it pays {most} more a year than {reference}; all members together pay {total}"
        " more."
    )
    return (kind.KeyFigure("Who pays most", str(member), f"{remark} {same_tonnes()}"),)


def tariffs_at(outcomes: Sequence[engine.Outcome[Any]], points: int, currency: str) -> str:
    """Say how much of costs is tariffs in the plan that all is compared with, and at the end.

    ``outcomes`` are of the reference, and last of so many points; of each the first row is of all
    minerals.
    """
    ends = [*outcomes[:1], *outcomes[len(outcomes) - points :]] if outcomes else []
    rows = [(each.name, each.found.rows[0]) for each in ends if each.found and each.found.rows]
    paid = {
        name: CashCost(row["cash"], row["tariffs"], row["levies"])
        for name, row in [*rows[:1], *rows[-1:]]
    }
    return tariff_words(paid, currency)


def who_pays_section(
    tables: kind.Tables,
    result: type[WhoPays],
    choice: str,
    reference: str,
    name: Callable[[Any], str] = str,
) -> Sequence[kind.Section]:
    """Return the part of a report that says who pays, case by case; none where nobody is compared.

    ``choice`` says what the cases are, ``name`` what one is called.
    """
    if result not in tables:
        return ()
    currency = tables[result].words.get("money", "")

    def draw(case: Any, rows: WhoPays) -> Picture | None:
        """Return the chart of one case: what each member pays more than in the reference."""
        costs = rows.rows(result.member, result.extra, result.extra_shortage)
        return who_pays(f"Who pays: {name(case)}", costs, currency, reference)

    lead = (
        f"A year, against {reference}: cash {FOR_SAME}, and beside it what is short, at the"
        f" shortage cost, which nobody pays in cash. {measures.SAME_COST}"
    )
    views = kind.Section.views_by(tables[result], result.case, draw, name)
    return (kind.Section("members", "Who pays", lead, views, choice),)


# ---- by bills ------------------------------------------------------------------------------------

_MOST_BARS = 16
"""Members in a chart at most: those whose bill changes most."""


class BillsByScenario(Result):
    """Bills before and after: what each member pays by dual prices in the base and in a scenario.

    As in the workbook of ``planner bills``: discounted, shortage at its price counted, builds as
    fractions, without what sharing a shortage fairly costs.
    """

    TABLE, GRAIN, BOOK = "Bills", ("scenario", "member"), "compare"
    scenario = field.text(results.Figure.SCENARIO)
    member = MEMBER.like(
        meaning="Coalition: all of them together. One that the scenario removes pays nothing.",
        names=Name.BUYER,
    )
    before = field.millions(
        "Bill in the base", "What the member pays by dual prices. Discounted.", key="before_usd"
    )
    bill = field.millions(
        "Bill in the scenario", "The same in the scenario. Discounted.", key="bill_usd"
    )
    more = field.millions(
        "Costs it", "Scenario less base. Below 0: the member gains. Discounted.", key="more_usd"
    )
    cash_more = field.millions(
        "Of it cash",
        "The rest of the bill is shortage, at its price. Discounted.",
        key="cash_more_usd",
    )
    priced_more = field.millions(
        "Of that, shortage at its price",
        "Nobody pays it in cash. Discounted.",
        key="priced_more_usd",
    )

    @classmethod
    def of_bills(cls, case: Case, bills: Mapping[str, DualBill]) -> BillsByScenario | None:
        """Return a row a scenario and member; None without a base, the first, and a scenario."""
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
        """The rows of the scenario for which all together pay most more."""
        every = zip(self.member, self.more, self.scenario, strict=True)
        _, name = max((more, name) for member, more, name in every if not member)
        return self.where([name == each for each in self.scenario])

    def sentence(self, scenario: str) -> str:
        """Return in a sentence who pays most for a scenario by bills, and who gains; "" if none.

        A member that pays nothing there is out of it, and gains nothing by that.
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
    """Return the part of a report that says who pays by bills; none where nobody asked."""
    if BillsByScenario not in tables:
        return ()
    lead = (
        "What each member's demand, limits and rights are worth at the prices of the plan, in the"
        " base and in the scenario. Shortage counts at its price."
    )
    views = kind.Section.views_by(tables[BillsByScenario], BillsByScenario.scenario, _against_base)
    return (kind.Section("bills", "Bills before and after", lead, views, results.Figure.SCENARIO),)


def _against_base(scenario: str, bills: BillsByScenario) -> Picture | None:
    """What each member's bill of one scenario is beyond that of the base, in cash and shortage."""
    rows = bills.frame()
    rows = rows[rows["member"] != ""].sort_values(
        "more", key=lambda more: -abs(more), kind="stable"
    )
    parts = {
        "Cash": (Role.PLAN, BillsByScenario.cash_more),
        "Shortage (no cash)": (Role.SHORT, BillsByScenario.priced_more),
    }
    title, member = f"Bills of {short(scenario)} less those of the base", BillsByScenario.member
    picture = bars(title, rows, member, parts, "{unit}", across=MEMBER.header, most=_MOST_BARS)
    return picture and picture.in_money(bills.words.get("money", ""))
