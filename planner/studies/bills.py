"""Bills: who gains from planning together, who should pay what, and who is tempted to leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from models import tolerances
from models.answers import cost_sharing
from models.answers.cost_sharing import AS_BOUGHT, DUAL_PRICES, Sharing
from models.case import Case
from models.measures import ratio
from models.program import CashCost
from models.resolve import Floats
from models.results import Field, Format, Name, Result, field
from models.results.common import MEMBER, words_of
from planner.render.chart import Picture, Role, bars, drawn, peak
from planner.render.claims import Sentence, SheetRows, say
from planner.render.keys import AnswerKey, table_key
from planner.render.table import COALITION_BUYER, Record
from planner.render.words import counted, money_words
from planner.studies.engine import Run, Study
from planner.studies.kind import TROUBLE, StudyKind, Tables

RULES = {
    AS_BOUGHT: "each pays for what it buys and bears its own shortage",
    cost_sharing.BY_DEMAND: "in proportion to its demand at the workbook's prices, discounted",
    cost_sharing.EQUAL_SAVINGS: "each saves the same amount",
    DUAL_PRICES: "each pays for its demand, and is paid for its rights, at the plan's shadow"
    " prices (Owen)",
}
"""How each rule splits the cost."""


def _millions(header: str, meaning: str, **more: Any) -> Field:
    meaning = f"{meaning} Discounted to the first year."
    return field.millions(header, meaning, **{"key": "{name}_usd", **more})


def _saved(header: str, rule: str, key: str) -> Field:
    """Return the declared column of the cash that a member saves under a rule."""
    meaning = (
        f"Its cash alone minus its cash together. The members' costs are split: {RULES[rule]}."
    )
    meaning += " Below 0: it pays more cash than alone."
    return _millions(f"Cash saved, {header}", meaning, key=f"cash_saved_{key}_usd")


RULE = field.text("Rule", "How the cost of planning together is split.")
_CASH = "Missing tonnes cost no cash: the sheet Bills has them at their price."


class Savings(Result):
    """What each member pays in cash if it plans alone, and saves in cash together, by rule."""

    TABLE, GRAIN, BOOK = "Savings", ("member",), "bills"
    member = MEMBER.like(meaning="Coalition: all of them together.", names=Name.BUYER)
    alone = _millions(
        "Cash if each plans alone", f"What it pays if it plans alone with its rights. {_CASH}"
    )
    as_bought = _saved("each paying for what it buys", AS_BOUGHT, "as_bought")
    by_demand = _saved("split by demand", cost_sharing.BY_DEMAND, "by_demand")
    equal = _saved("split into equal savings", cost_sharing.EQUAL_SAVINGS, "equal_savings")
    duals = _saved("split at shadow prices", DUAL_PRICES, "dual_prices")


NOT_KNOWN = "not known: the search failed"
"""Shown in place of the group that would gain most by leaving."""
SAVED_BY = dict(zip(RULES, Savings.FIELDS[2:], strict=True))


class Bills(Result):
    """What each member pays under each rule; cash and priced shortage have their own columns.

    A shortage stays with the member that has it in the plan: each rule settles in cash alone.
    """

    TABLE, GRAIN, BOOK = "Bills", ("rule", "member"), "bills"
    rule = RULE
    member = Savings.member
    alone = _millions(
        "Cost alone",
        "The member's cost if it plans alone with its rights: cash, and its shortage at its price.",
    )
    bill = _millions("Bill", "Its share of the cost of the joint plan.")
    saving = _millions("Saves", "Alone minus bill. Below 0: it would do better alone.")
    part = field.share(
        "Saves, of alone", "Its saving divided by its cost if it plans alone.", key="saving_share"
    )
    cash_alone = _millions("Cash alone", "What it pays if it plans alone.")
    cash = _millions(
        "Cash of bill", "Its bill minus its priced shortage. Below 0: it receives money."
    )
    cash_saving = _millions("Saves in cash", "Cash alone minus Cash of bill.")
    priced_alone = _millions(
        "Priced shortage alone",
        "Its shortage, missing reserves and other penalties if it plans alone, at their prices.",
    )
    priced = _millions("Priced shortage together", "The same in the joint plan; nobody pays it.")
    avoided = _millions(
        "Priced shortage avoided", "Priced shortage alone minus Priced shortage together. No cash."
    )
    transfer = _millions(
        "Transfer",
        "What it pays to other members, in addition to its own purchases. Below 0: they pay it. All"
        " transfers of a rule add up to 0.",
    )
    least = _millions(
        "Least bill",
        "Its bill at the shadow prices at which it pays least: a plan may have several sets of"
        " shadow prices.",
    )
    most = _millions("Largest bill", "Its bill at the shadow prices at which it pays most.")


class Transfers(Result):
    """Payments between members that turn the costs of their own purchases into a rule's bills."""

    TABLE, GRAIN, BOOK = "Transfers", ("rule", "payer", "receiver"), "bills"
    rule = RULE
    payer = field.text("Payer", "The member that pays.", names=Name.MEMBER)
    receiver = field.text("Receiver", "The member that is paid.", names=Name.MEMBER)
    amount = _millions(
        "Amount", "In cash. Other payments could settle the bills too; this is a short list."
    )


class Groups(Result):
    """For each rule, the group of members that would gain most by planning on its own."""

    TABLE, GRAIN, BOOK = "Groups", ("rule",), "bills"
    rule = RULE
    group = field(
        "Most tempted to leave",
        Format.SENTENCE,
        "The group that would gain most by planning on its own. Blank: no group would gain.",
    )
    gain = _millions(
        "Gains by leaving",
        "The sum of their bills minus their cost as a group of their own; both with missing tonnes"
        " at their price, so a member that gains may pay more cash.",
    )
    bill = _millions("Their bills", "The sum of their bills.")
    cost = _millions(
        "As a group alone", "Their cost if they plan as a group of their own, with their rights."
    )
    at_most = _millions(
        "No group gains more than", "Proven by bounds on every group, not by listing them."
    )
    in_parts = _millions(
        "Nor do parts of members",
        "No group gains more than this, even if each member may join with only a fraction of its"
        " demand and rights. Blank: not computed.",
    )


# ---- tables of a sharing -------------------------------------------------------------------------


def sharing_tables(sharing: Sharing, case: Case) -> list[Result]:
    """Return the tables of a sharing."""
    tables = (savings, bills_table, transfers, tempted)
    return [table(sharing, case) for table in tables]


def savings(sharing: Sharing, case: Case) -> Savings:
    amounts = {"alone": sharing.alone_paid}
    for rule, split in sharing.bills.items():
        saved = sharing.alone_paid - split + sharing.bought_priced
        amounts[SAVED_BY[rule].name] = without_rounding(saved, sharing)
    columns: dict[str, Any] = {name: [each.sum(), *each] for name, each in amounts.items()}
    return Savings(words=words_of(case), member=["", *(m.name for m in case.members)], **columns)


def without_rounding(amounts: Floats, sharing: Sharing) -> Floats:
    least = 1e-3 * tolerances.BILL_ROUNDING * (abs(sharing.cost) or 1.0)
    return np.where(np.abs(amounts) > least, amounts, 0.0)


def bills_table(sharing: Sharing, case: Case) -> Bills:
    """Return for each rule one row for all members together, and one per member."""
    rows, priced, duals = list[dict[str, Any]](), sharing.bought_priced, sharing.duals
    for rule, split in sharing.bills.items():
        amounts = {
            "alone": sharing.alone,
            "bill": split,
            "saving": without_rounding(sharing.alone - split, sharing),
            "cash_alone": sharing.alone_paid,
            "cash": split - priced,
            "cash_saving": without_rounding(sharing.alone_paid - split + priced, sharing),
            "priced_alone": sharing.alone_priced,
            "priced": priced,
            "avoided": without_rounding(sharing.alone_priced - priced, sharing),
            "transfer": without_rounding(split - sharing.bills[AS_BOUGHT], sharing),
        }
        ends = {"least": duals.least, "most": duals.most} if rule == DUAL_PRICES else {}
        of_rule = {"": {name: float(each.sum()) for name, each in amounts.items()}}
        for i, member in enumerate(case.members):
            row = {name: float(each[i]) for name, each in (amounts | ends).items()}
            of_rule[member.name] = row
        for name, row in of_rule.items():
            saved = ratio(row["saving"], row["alone"])
            rows.append(row | {"rule": rule, "member": name, "part": saved})
    return Bills.of_rows(rows, words=words_of(case))


def transfers(sharing: Sharing, case: Case) -> Transfers:
    """Return who pays whom under each rule; the largest payer pays the largest receiver first."""
    rows = [
        {"rule": rule, "payer": case.members[i].name, "receiver": case.members[j].name, "amount": a}
        for rule, split in sharing.bills.items()
        for i, j, a in _payments(without_rounding(split - sharing.bills[AS_BOUGHT], sharing))
    ]
    return Transfers.of_rows(rows, words=words_of(case))


def _payments(owed: Floats) -> Iterator[tuple[int, int, float]]:
    """Yield payer, receiver and amount until every debt (above 0) and claim (below 0) is paid."""
    left = owed.astype(float).copy()
    for _ in range(len(left)):
        i, j = int(np.argmax(left)), int(np.argmin(left))
        amount = float(min(left[i], -left[j]))
        if amount <= 0.0:
            return
        yield i, j, amount
        left[i] -= amount
        left[j] += amount


def tempted(sharing: Sharing, case: Case) -> Groups:
    """Return for each rule the group that would gain most by leaving, or that the search failed."""
    rows = []
    for rule, split in sharing.bills.items():
        group = sharing.tempted.get(rule)
        row: dict[str, Any] = {"rule": rule, "group": NOT_KNOWN}
        if group is not None:
            row |= {
                "group": "; ".join(case.members[i].name for i in group.group),
                "gain": group.gain,
                "at_most": group.gain_bound,
                "in_parts": group.fractional_gain_bound,
            }
            if group.group:
                bill = float(split[list(group.group)].sum())
                row |= {"bill": bill, "cost": bill - group.gain}
        rows.append(row)
    return Groups.of_rows(rows, words=words_of(case))


_SPLIT = {rule: f"{by}{rule}" for rule, by in zip(RULES, ("", "", "by ", "by "), strict=True)}
"""The name of each rule after the word "split"."""
_UNKNOWN = (
    "the split {split} could not be computed",
    "it is not known which group would leave under the split {split}",
)
"""Messages about a failed search: for a rule's bills, or for the group that would leave."""
_RULES_SHOWN = {AS_BOUGHT: Savings.as_bought, DUAL_PRICES: Savings.duals}
"""Rules on the first page; the sheets have all."""
_MOST_BARS = 16
"""Largest number of members in a chart; those with the largest savings are shown."""


# ---- what is read of a plan ----------------------------------------------------------------------


def in_fractions(case: Case) -> Case:
    """Return the case with projects that may be built in part, whatever its setting says."""
    settings = replace(case.settings, whole_projects=False)
    return case.change(settings=settings) if case.settings.whole_projects else case


# ---- JSON ----------------------------------------------------------------------------------------


def _bills_of_members(_: object, tables: Tables) -> list[Record]:
    return [row for row in tables.records(Bills) if row["member"]]


def _tempted_groups(study: BillsStudy, tables: Tables) -> list[Record]:
    """Return the rows of Groups, with the members of each group as a list."""
    sharing, members = study.sharing, study.start.case.members
    tempted = {rule: [members[i].name for i in g.group] for rule, g in sharing.tempted.items()}
    return [
        {**row, Groups.group.json_key: tempted.get(rule)}
        for row, rule in zip(tables.records(Groups), sharing.bills, strict=True)
    ]


# ---- words and charts ----------------------------------------------------------------------------


_EACH = {"not": COALITION_BUYER}


def _bills_by_rule(tables: Tables, rule: str) -> SheetRows:
    return tables.sheet(Bills).where(rule=rule, member=_EACH)


def _together(tables: Tables) -> Iterator[Sentence]:
    """Yield how much more or less cash the members pay together."""
    fields = Bills
    row = tables.sheet(fields).where(rule=AS_BOUGHT, member=COALITION_BUYER)
    more, saved = (
        row.value(fields.cash).minus_cell(row.value(fields.cash_alone)),
        row.value(fields.cash_saving),
    )
    text = "Together, the members pay {change} cash than if each plans alone."
    if saved.number < 0:
        text = "Together, the members pay {change} more cash than if each plans alone."
    elif not saved.number:
        text = "Together, the members pay as much cash as if each plans alone."
    yield say("answer", text, change=more)


def _as_bought(tables: Tables) -> Iterator[Sentence]:
    """Yield how many members pay more cash than alone, and the one that pays most more."""
    fields, rows = Bills, _bills_by_rule(tables, AS_BOUGHT)
    least, start = rows.smallest(fields.cash_saving), "If each pays for what it buys,"
    if least.number >= 0:
        none = rows.none(fields.cash_saving, "<", 0.0)
        yield say("answer", f"{start} no member pays more cash than alone.", none=none)
        return
    count, row = rows.count(fields.cash_saving, "<", 0.0), rows.row_of(least)
    more = row.value(fields.cash).minus_cell(row.value(fields.cash_alone))
    text = f"{start} members that pay more cash than alone: {{count}}."
    yield say("answer", f"{text} {{more[member]}} pays {{more}} more.", count=count, more=more)


def _by_duals(tables: Tables) -> Iterator[Sentence]:
    count = _bills_by_rule(tables, DUAL_PRICES).count(Bills.cash_saving, "<", 0.0)
    text = "Split at shadow prices, members that pay more cash than alone: {number}."
    yield say("figure", text, name="Pay more cash, at shadow prices", large="number", number=count)


def _less_missing(tables: Tables) -> Iterator[Sentence]:
    """Yield for how many members less is missing together than alone."""
    count = _bills_by_rule(tables, AS_BOUGHT).count(Bills.avoided, ">", 0.0)
    if count.number:
        text = "Members with less missing together, weighed by its price: {number}."
        yield say("figure", text, name="Less missing together", large="number", number=count)


_COUNTED = "with missing tonnes at their price"
"""What a group gains is counted so. A member's cash may rise where it gains: it misses less."""


def _tempted(tables: Tables) -> Iterator[Sentence]:
    """Yield how many splits some group would leave, and one that none would."""
    rows, fields = tables.sheet(Groups), Groups
    count, known = rows.count(fields.gain, ">", 0.0), rows.count(fields.gain, ">=", 0.0)
    text = f"Splits that a group of members would gain by leaving, {_COUNTED}:"
    yield say("figure", f"{text} {{number}} of {{known}}.", name="Splits to leave", large="number",
              number=count, known=known)  # fmt: skip
    none = rows.where(rule=DUAL_PRICES).none(fields.gain, ">", 0.0)
    text = f"Split at shadow prices: then, {_COUNTED}, no group gains by planning on its own."
    yield say("decide", text, none=none)


def _most_saved(tables: Tables) -> Iterator[Sentence]:
    """Yield the member with the largest saving in cash, split by dual prices."""
    most = _bills_by_rule(tables, DUAL_PRICES).largest(Bills.cash_saving)
    if most.number > 0:
        text = "Split at shadow prices, {top[member]} saves most cash: {top}."
        yield say("figure", text, name="Cash saved", large="top", top=most)


def _warnings(tables: Tables) -> Iterator[Sentence]:
    unknown = tables.sheet(Groups).count(Groups.group, "=", NOT_KNOWN)
    if unknown.number:
        text = "Splits of which the group that would leave is not known: {count}."
        yield say("care", text, count=unknown)
    yield say("care", "At shadow prices, a member pays what an extra tonne costs the coalition,"
                      " and is paid so for its capacity.")  # fmt: skip


_SAVED = "Saved, compared with planning alone ({unit})"


_MOST_TIMES = 25
"""How many times as high as one rule's highest bar the other's may be."""


def _by_rule(table: Savings, leaving: Groups) -> Picture | None:
    """What each member saves under each split; the legend marks splits that a group would leave.

    If one would be invisible beside the other, only the split at shadow prices is shown.
    """
    rows = table.where([member != "" for member in table.member]).frame()
    rows = rows.sort_values("duals", key=abs, ascending=False, kind="stable").head(_MOST_BARS)
    left = {
        rule
        for rule, group in leaving.rows(Groups.rule, Groups.group)
        if group and group != NOT_KNOWN
    }
    peaks = {f.name: peak(rows[f.name]) for f in _RULES_SHOWN.values()
             if f.name in rows and rows[f.name].notna().all()}  # fmt: skip
    sizes = [size for size in peaks.values() if size]
    differ_widely = len(sizes) > 1 and max(sizes) > _MOST_TIMES * min(sizes)
    parts = {
        f.header + " (a group would leave)" * (rule in left): (Role.ONE_OF_MANY, f)
        for rule, f in _RULES_SHOWN.items()
        if f.name in peaks and (rule == DUAL_PRICES or not differ_widely)
    }
    title = "Cash that each member saves by planning together"
    if len(parts) == 1:  # one series has no legend
        title = f"{next(iter(parts))}: each member, against planning alone"
    picture = bars(title, rows, Savings.member, parts, _SAVED, across=MEMBER.header)
    return picture and picture.in_money(table.words.get("money", ""))


# ---- the kind ------------------------------------------------------------------------------------


class BillsStudy(StudyKind):
    """Find who gains from planning together, and who should pay what.

    Each member is planned alone, with its own demand, stocks, contracts, limits and rights to
    capacity (sheet and setting Rights). Then all members are planned together. Their joint cost is
    split in four ways: as bought, by demand, by equal savings and by dual prices. For each split,
    the study names the group of members that would gain most by leaving, and its gain. With dual
    prices, no group gains by leaving.

    \b
    planner bills case.xlsx
    planner bills case.xlsx --scenario "Export ban" --csv tables
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "bills", "Bills", "bills"
    MONEY = "all amounts are present values in the first year"
    QUESTION = "Who gains from planning together, and what would be fair?"
    HEADING = "Bills: {plan}"
    RESULTS = (Savings, Bills, Transfers, Groups)
    ANSWER = (
        AnswerKey(
            "alone_usd",
            "cost of all members, each alone",
            lambda s, _: float(s.sharing.alone.sum()),
        ),
        AnswerKey("together_usd", "cost of all members together", "sharing.cost"),
        AnswerKey(
            "cash_alone_usd",
            "its cash, without priced shortage",
            lambda s, _: float(s.sharing.alone_paid.sum()),
        ),
        AnswerKey(
            "cash_together_usd",
            "cash together, without priced shortage",
            lambda s, _: s.sharing.cost - float(s.sharing.bought_priced.sum()),
        ),
        table_key("bills", Bills, _bills_of_members),
        table_key("transfers", Transfers),
        table_key("groups", Groups, _tempted_groups),
        *TROUBLE,
    )
    SHOWN = (Savings.member, Savings.alone, *_RULES_SHOWN.values())
    TOPICS = (
        _together, _as_bought, _by_duals, _less_missing, _tempted, _most_saved, _warnings,
    )  # fmt: skip
    task = "members alone and together"

    def study(self) -> Study[Sharing]:
        case = in_fractions(self.start.case)
        return Study(case, ((Run("Together"),),), cost_sharing.sharing_of)

    @property
    def sharing(self) -> Sharing:
        """Who pays what."""
        return cast("Sharing", self.outcomes[0].result)

    @property
    def paid(self) -> Mapping[str, CashCost]:
        return {"together": self.sharing.paid}

    @property
    def options(self) -> dict[str, str]:
        settings, case, sharing = self.start.case.settings, self.start.case, self.sharing
        rows = f"; {counted(len(case.rights), 'row')} of Rights" if case.rights else ""
        width = float(np.max(sharing.duals.most - sharing.duals.least, initial=0.0))
        assumed = {"Rights": settings.rights + rows, "Dual prices": "unique"}
        if width > tolerances.BILL_ROUNDING * abs(sharing.cost):
            assumed["Dual prices"] = (
                "not unique: each bill is the mean over the dual prices at which some member pays"
                " least or most"
            )
        if settings.fair_shortage_weight > 0:
            more = money_words(max(sharing.fairly, 0.0), settings.currency)
            assumed["Sharing a shortage fairly"] = (
                "left out of the bills, because it depends on which members plan together. It adds"
                f" {more} to the cost of the plan; all bills are reduced in proportion"
            )
        if settings.whole_projects:
            assumed["Builds"] = (
                "in fractions: with whole plants, every split might give some group a reason to"
                " leave"
            )
        if case.contracts:
            assumed["Contracts"] = (
                "where capacity reduces a minimum, the reduced minimum of the joint plan"
            )
        return {**self.start.options, **assumed}

    @property
    def trouble(self) -> str:
        """The splits that are not known, with the reasons; or ""."""
        sharing = self.sharing
        return "; ".join(
            f"{_UNKNOWN[rule in sharing.bills].format(split=_SPLIT[rule])}: {why}"
            for rule, why in sharing.failed.items()
        )

    def tables(self) -> list[Result]:
        return sharing_tables(self.sharing, self.start.case)

    # ---- from the tables alone -------------------------------------------------------------------

    @classmethod
    def findings(cls, tables: Tables) -> tuple[Sentence, ...]:
        if len(set(tables[Bills].member) - {""}) <= 1:
            return (say("answer", "A single member bears the whole cost."),)
        return super().findings(tables)

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        return f"Cash of {tables.years}, discounted. Missing tonnes are not in it."

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return drawn(_by_rule(tables[Savings], tables[Groups]))
