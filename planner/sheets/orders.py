"""One member's orders as sheets: a summary, the orders, obligations, stock, shortage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.measures import landed_cost
from models.results import Contracts, Figure, Flows, Format, Result, Shortages, Stocks
from models.results.common import FREIGHT, MEMBER, SHORT
from models.results.orders import MemberShortages, Obligations, OrderSheet, Stock
from planner.render.table import Table, table_of
from planner.render.words import counted
from planner.sheets.summary import Rows, summary_of

if TYPE_CHECKING:
    import pandas as pd

Frames = Mapping[type[Result], "pd.DataFrame"]
"""A member's rows, by sheet. Orders have the fields of orders.csv; other rows have the fields of
the plan's sheet."""

_MONEY = (
    ("price", Contracts.price.header), ("tariff", Flows.tariff.header), ("freight", FREIGHT.header),
    ("levy", Flows.levy.header),
)  # fmt: skip
"""Names of the parts of an order's cost, by field."""


@dataclass(frozen=True)
class Origin:
    """The plan that orders come from: rows of its Summary, in words."""

    title: str
    plan_id: str
    currency: str
    years: str
    facts: tuple[tuple[str, str], ...]


def member_tables(
    member: str, frames: Frames, origin: Origin, more: Sequence[Result] = ()
) -> tuple[Table, ...]:
    """Return the sheets of a member's workbook in order, then ``more``; empty ones are left out."""
    words = {"money": origin.currency}
    results: list[Result] = [summary_of(_summary(member, frames, origin))]
    for result, frame in frames.items():
        if len(frame) or result is OrderSheet:
            data: dict[str, Any] = {f.name: frame[f.name] for f in result.FIELDS if f.name in frame}
            results.append(result(words=words, **data))
    return tuple(table_of(result) for result in (*results, *more))


def _summary(member: str, frames: Frames, origin: Origin) -> Rows:
    money, orders, contracts = origin.currency, frames[OrderSheet], frames.get(Obligations)
    yield f"{counted(len(orders), 'order')} of {member}, {origin.years}".removesuffix(", ")
    yield MEMBER.header, member
    yield Figure.TITLE, origin.title
    yield Figure.YEARS, origin.years
    yield OrderSheet.TABLE, len(orders), Format.COUNT, "", "Each is a row of the sheet Orders."
    yield from origin.facts
    changes = "The id changes if any order of the plan changes."
    yield "Plan id", origin.plan_id, Format.LONG, "", changes
    yield "Money, all years (undiscounted)"
    for name, word in _MONEY:
        if f"{name}_amount" not in orders:
            continue
        remark = "The refiners' cost, or the contracts' price." if name == "price" else ""
        yield f"{word} of all orders", _total(orders, f"{name}_amount"), Format.MONEY, money, remark
    total = _total(orders, "total_amount")
    levied = "tariff, freight and levy" if "levy_amount" in orders else "tariff and freight"
    yield "Total of all orders", total, Format.MONEY, money, f"Price, {levied}."
    if contracts is not None and len(contracts):
        paid = _total(contracts, Contracts.paid.name)
        yield Contracts.paid.header, paid, Format.MONEY, money, "Take or pay; see Obligations."
        yield "Total with take or pay", total + paid, Format.MONEY, money
    yield "By mineral, all years"
    for mineral, unit in _units_by_mineral(frames).items():
        yield from _of_mineral(mineral, unit, frames, money)


def _of_mineral(mineral: str, unit: str, frames: Frames, money: str) -> Rows:
    """Yield the rows of one mineral: tonnes, cost, contracts."""
    parts = {sheet: frame[frame["mineral"] == mineral] for sheet, frame in frames.items()}
    mine = parts[OrderSheet]
    tonnes, cost = _total(mine, "tonnes"), _total(mine, "total_amount")
    yield f"Tonnes: {mineral}", tonnes, Format.TONNES, unit
    yield f"Total: {mineral}", cost, Format.MONEY, money
    yield f"Landed cost: {mineral}", landed_cost(cost, tonnes), Format.PRICE, f"{money} per {unit}"
    for word, sheet, amount in (
        ("Contract minimum in force", Obligations, Contracts.minimum),
        ("Delivered under contracts", Obligations, Contracts.taken),
        ("Untaken, paid for", Obligations, Contracts.untaken),
        ("Into stock", Stock, Stocks.change),
        (SHORT.header, MemberShortages, Shortages.short),
    ):
        if len(parts.get(sheet, ())):
            remark, total = "Below 0: taken from stock.", _total(parts[sheet], amount.name)
            remark = remark if sheet is Stock else ""
            yield f"{word}: {mineral}", total, Format.TONNES, unit, remark


def _units_by_mineral(frames: Frames) -> dict[str, str]:
    units: dict[str, str] = {}
    for result, frame in frames.items():
        column = "mass_unit" if result is OrderSheet else "unit"
        for mineral, unit in zip(frame["mineral"], frame[column], strict=True):
            units.setdefault(str(mineral), str(unit or "t"))
    return dict(sorted(units.items()))


def _total(table: pd.DataFrame, name: str) -> float:
    return float(table[name].sum())
