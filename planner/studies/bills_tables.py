"""The tables of a study of bills: what each member saves, pays and could gain by leaving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from models import tolerances
from models.answers import cost_sharing
from models.answers.cost_sharing import AS_BOUGHT, DUAL_PRICES, Sharing
from models.case import Case
from models.measures import ratio
from models.resolve import Floats
from models.results import Field, Format, Name, Result, field
from models.results.common import MEMBER, words_of

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
        "Gains by leaving", "The sum of their bills minus their cost as a group of their own."
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
                "group": _group(case, group.group),
                "gain": group.gain,
                "at_most": group.gain_bound,
                "in_parts": group.fractional_gain_bound,
            }
            if group.group:
                bill = float(split[list(group.group)].sum())
                row |= {"bill": bill, "cost": bill - group.gain}
        rows.append(row)
    return Groups.of_rows(rows, words=words_of(case))


def _group(case: Case, members: Iterable[int]) -> str:
    return "; ".join(case.members[i].name for i in members)
