"""Who pays: of any study that has members pay against a reference, as bought and by bills."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models import measures, results, tolerances
from models.answers.cost_sharing import DualBill
from models.case import Case
from models.program import CashCost
from models.results import Name, Result, WhoPays, field
from models.results.common import MEMBER, words_of
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.words import money, tariff_words
from planner.sheets.pictures import who_pays
from planner.studies import engine, kind

_BOUGHT = " What is not bought is not paid for: cash in all may be lower."


def most_paid(
    tables: kind.Tables, of: type[WhoPays], case: Any, named: str, reference: str
) -> Sequence[kind.KeyFigure]:
    """Return who pays most in a case of a study, shortage at its cost counted; none where none."""
    rows = tables[of].rows(of.case, of.member, of.extra, of.extra_shortage) if of in tables else ()
    own = [(member, cash, lost) for name, member, cash, lost in rows if name == case]
    most = max(own, key=lambda row: row[1] + row[2], default=("", 0.0, 0.0))
    if not most[1] + most[2] > 0:
        return ()
    currency = tables[of].words.get("money", "")
    each, whole = (
        f"{money(cash, currency)} in cash for the same tonnes and {money(lost, currency)} in"
        " shortage at its cost"
        for cash, lost in (most[1:], (sum(row[1] for row in own), sum(row[2] for row in own)))
    )
    said = f"{each} more a year than {reference}, {named}; all members together {whole}."
    return (kind.KeyFigure("Who pays most", str(most[0]), f"{said}{_BOUGHT}"),)


def tariffs_at(outcomes: Sequence[engine.Outcome[Any]], points: int, currency: str) -> str:
    """Say how much of costs is tariffs in the plan that all is compared with, and at the end.

    ``outcomes`` are of the reference, and last of so many points; of each the first row is of all
    minerals.
    """
    every = [outcomes[0], *outcomes[len(outcomes) - points :]] if outcomes else []
    rows = [(of.name, of.found.rows[0]) for of in every if of.found and of.found.rows]
    names = ("cash", "tariffs", "levies")
    ends = {name: CashCost(*(row[of] for of in names)) for name, row in [*rows[:1], *rows[-1:]]}
    return tariff_words(ends, currency)


def who_pays_section(
    tables: kind.Tables,
    of: type[WhoPays],
    choice: str,
    reference: str,
    name: Callable[[Any], str] = str,
) -> Sequence[kind.Section]:
    """Return the part of a report that says who pays, case by case; none where nobody is compared.

    ``choice`` says what the cases are, ``name`` what one is called.
    """
    if of not in tables:
        return ()
    currency = tables[of].words.get("money", "")

    def draw(case: Any, rows: WhoPays) -> Picture | None:
        costs = rows.rows(of.member, of.extra, of.extra_shortage)
        return who_pays(f"Who pays: {name(case)}", costs, currency, reference)

    lead = (
        f"A year, against {reference}: cash for the same tonnes, and beside it what is short, at"
        f" the shortage cost, which nobody pays in cash. {measures.SAME_COST}"
    )
    views = kind.Section.views_by(tables[of], of.case, draw, name)
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
        "Bill in the base", "What it pays by dual prices. Discounted.", key="before_usd"
    )
    bill = field.millions(
        "Bill in the scenario", "The same in the scenario. Discounted.", key="bill_usd"
    )
    more = field.millions(
        "Costs it", "Scenario less base. Below 0: it gains. Discounted.", key="more_usd"
    )
    cash_more = field.millions(
        "Of it cash", "The rest is shortage, at its price. Discounted.", key="cash_more_usd"
    )
    priced_more = field.millions(
        "Of it shortage at its price", "Nobody pays it in cash. Discounted.", key="priced_more_usd"
    )

    @classmethod
    def of_bills(cls, case: Case, bills: Mapping[str, DualBill]) -> BillsByScenario | None:
        """Return a row a scenario and member; None without a base, the first, and a scenario."""
        if len(bills) <= 1:
            return None
        (_, base), *others = bills.items()
        least = tolerances.BILL_ROUNDING * (abs(sum(base.whole.values())) or 1.0)
        rows: list[dict[str, Any]] = []
        for name, of in others:
            each = []
            for member in base.whole:
                before, bill = base.whole[member], of.whole.get(member, 0.0)
                priced = of.priced.get(member, 0.0) - base.priced[member]
                each.append((before, bill, bill - before, bill - before - priced, priced))
            for member, amounts in (("", [sum(a) for a in zip(*each, strict=True)]),
                                    *zip(base.whole, each, strict=True)):  # fmt: skip
                before, bill, *more = amounts
                more = [amount if abs(amount) > least else 0.0 for amount in more]
                made = zip(cls.FIELDS, (name, member, before, bill, *more), strict=True)
                rows.append({of_row.name: value for of_row, value in made})
        return cls.of_rows(rows, words=words_of(case))

    @property
    def dearest(self) -> BillsByScenario:
        """The rows of the scenario for which all together pay most more."""
        every = zip(self.member, self.more, self.scenario, strict=True)
        _, name = max((more, name) for member, more, name in every if not member)
        return self.where([name == each for each in self.scenario])

    def said(self, scenario: str) -> str:
        """Return in a sentence who pays most for a scenario by bills, and who gains; "" if none.

        A member that pays nothing there is out of it, and gains nothing by that.
        """
        currency, of = self.words.get("money", ""), type(self)
        rows = [r for r in self.rows(of.scenario, of.more, of.member, of.bill)
                if r[0] == scenario and r[2] and r[3]]  # fmt: skip
        _, most, payer, _ = max(rows, key=lambda row: row[1], default=("", 0.0, "", 0.0))
        _, least, winner, _ = min(rows, key=lambda row: row[1], default=("", 0.0, "", 0.0))
        gains = f", and {winner} gains {money(-least, currency)}" if least < 0 else ""
        return (
            f"By bills {payer} pays most for it, +{money(most, currency)}{gains}."
            if most > 0
            else ""
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


def _against_base(scenario: str, of: BillsByScenario) -> Picture:
    """What each member's bill of one scenario is beyond that of the base, in cash and shortage."""
    rows = [r for r in of.rows(of.FIELDS[1], *of.FIELDS[-3:]) if r[0]]
    rows = sorted(rows, key=lambda row: -abs(row[1]))[:_MOST_BARS]
    return Picture(
        f"Bills of {short(scenario)} less those of the base",
        Form.GROUPED,
        tuple(short(member) for member, *_ in rows),
        (
            Series("Cash", Role.PLAN, [cash for *_, cash, _ in rows]),
            Series("Shortage (no cash)", Role.SHORT, [r[-1] for r in rows]),
        ),
        "{unit}",
        MEMBER.header,
    ).in_money(of.words.get("money", ""))
