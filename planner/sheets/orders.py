"""One member's orders as sheets: a summary, by year, the orders, obligations, stock, shortage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from models.measures import landed_cost
from models.results import Contracts, Figure, Flows, Look, Result, Shortages, Stocks, Summary
from models.results.common import FREIGHT, MEMBER, SHORT
from models.results.orders import (
    ByYear,
    Columns,
    MemberShortages,
    Obligations,
    OrderSheet,
    Stock,
)
from planner.render.table import Table, table_of
from planner.sheets.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

_MONEY = (
    ("price", Contracts.price.header), ("tariff", Flows.tariff.header), ("freight", FREIGHT.header),
)  # fmt: skip
"""What orders cost, by the field that says it, in words."""


class Member(Protocol):
    """What a plan asks of one member; the sheets of the plan have their own headers."""

    @property
    def member(self) -> str:
        """The member's name."""
        ...

    @property
    def orders(self) -> pd.DataFrame:
        """Its orders, with the fields of orders.csv."""
        ...

    @property
    def contracts(self) -> pd.DataFrame | None:
        """Its rows of the plan's sheet Contracts; None where there is no such sheet."""
        ...

    @property
    def stocks(self) -> pd.DataFrame | None:
        """Its rows of the plan's sheet Stocks."""
        ...

    @property
    def shortages(self) -> pd.DataFrame | None:
        """Its rows of the plan's sheet Shortages."""
        ...


@dataclass(frozen=True)
class Origin:
    """Where orders come from: rows of the plan's Summary, in words, and what was odd."""

    title: str
    plan_id: str
    currency: str
    years: str
    said: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...] = ()


def member_tables(of: Member, origin: Origin) -> tuple[Table, ...]:
    """Return the sheets of a member's workbook in order; those without a row are left out."""
    words = {"money": origin.currency}
    made = (
        _summary(of, origin),
        _by_year(of, words),
        _taken(OrderSheet, of.orders, words),
        _taken(Obligations, of.contracts, words),
        _taken(Stock, of.stocks, words),
        _taken(MemberShortages, of.shortages, words),
    )
    kept = [table_of(result) for result in made if result is not None]
    return (*kept, table_of(_columns(kept)))


def _taken(
    result: type[Result], table: pd.DataFrame | None, words: Mapping[str, str]
) -> Result | None:
    """Return a member's rows as a sheet; None without any, but for its orders."""
    if table is None or not (len(table) or result is OrderSheet):
        return None
    data: dict[str, Any] = {f.name: table[f.name] for f in result.FIELDS}
    return result(words=words, **data)


# ---- the sheets -------------------------------------------------------------------------------


def _summary(of: Member, origin: Origin) -> Summary:
    rows, money, orders = Rows(), origin.currency, of.orders
    rows.section("The orders")
    rows.add(MEMBER.header, of.member)
    rows.add(Figure.TITLE, origin.title)
    rows.add(Figure.YEARS, origin.years)
    rows.add(OrderSheet.TABLE, len(orders), Look.COUNT, "", "One a row on the sheet Orders.")
    for name, value in origin.said:
        rows.add(name, value)
    rows.add("Plan id", origin.plan_id, remark="Changes when any order of the plan does.")
    for said in origin.warnings:
        rows.add("Warning", said)
    rows.section("Money, all years (undiscounted)")
    for name, word in _MONEY:
        what = f"{word} of all orders"
        remark = "The refiners' cost, or the contracts' price." if name == "price" else ""
        rows.add(what, _total(orders, f"{name}_amount"), Look.MONEY, money, remark)
    total = _total(orders, "total_amount")
    rows.add("Total of all orders", total, Look.MONEY, money, "Price, tariff and freight.")
    paid = _total(of.contracts, Contracts.paid.name)
    if of.contracts is not None and len(of.contracts):
        rows.add(Contracts.paid.header, paid, Look.MONEY, money, "Take or pay; see Obligations.")
        rows.add("Total with take or pay", total + paid, Look.MONEY, money)
    rows.section("By mineral, all years")
    for mineral, unit in _minerals(of):
        mine = orders[orders["mineral"] == mineral]
        tonnes, cost = _total(mine, "tonnes"), _total(mine, "total_amount")
        rows.add(f"Tonnes: {mineral}", tonnes, Look.TONNES, unit)
        rows.add(f"Total: {mineral}", cost, Look.MONEY, money)
        each = cost / tonnes if tonnes > 0 else None
        rows.add(f"Landed cost: {mineral}", each, Look.PRICE, f"{money} per {unit}")
        for word, table, amount in (
            ("Contract minimum in force", of.contracts, Contracts.minimum),
            ("Taken under contracts", of.contracts, Contracts.taken),
            ("Untaken, paid for", of.contracts, Contracts.untaken),
            (ByYear.change.header, of.stocks, Stocks.change),
            (SHORT.header, of.shortages, Shortages.short),
        ):
            part = None if table is None else table[table["mineral"] == mineral]
            if part is not None and len(part):
                remark = "Below 0: out of stock." if amount is Stocks.change else ""
                tonnes = _total(part, amount.name)
                rows.add(f"{word}: {mineral}", tonnes, Look.TONNES, unit, remark)
    return rows.result()


def _by_year(of: Member, words: Mapping[str, str]) -> ByYear | None:
    keys = sorted({(y, m) for t in _sources(of) for y, m in t})
    if not keys:
        return None
    units = dict(_minerals(of))
    counts = of.orders.groupby(["year", "mineral"]).size().to_dict()
    amounts = {
        name: _by_key(of.orders, name, keys)
        for name in ("tonnes", "price_amount", "tariff_amount", "freight_amount", "total_amount")
    }
    further = {
        amount.name: _by_key(table, amount.name, keys)
        for table, amount in (
            (of.contracts, ByYear.untaken),
            (of.contracts, ByYear.paid),
            (of.stocks, ByYear.change),
            (of.shortages, ByYear.short),
        )
        if table is not None and len(table)
    }
    pairs = zip(amounts["total_amount"], amounts["tonnes"], strict=True)
    return ByYear(
        words=words,
        year=[year for year, _ in keys],
        mineral=[mineral for _, mineral in keys],
        orders=[int(counts.get(key, 0)) for key in keys],
        landed=[landed_cost(total, tonnes) for total, tonnes in pairs],
        unit=[units[mineral] for _, mineral in keys],
        **amounts,  # type: ignore[arg-type]
        **further,  # type: ignore[arg-type]
    )


def _columns(tables: Sequence[Table]) -> Columns:
    found = [(t.name, c.header, c.meaning) for t in tables[1:] for c in t.columns]
    sheets, headers, meanings = zip(*found, strict=True) if found else ((),) * 3
    return Columns(sheet=sheets, column=headers, meaning=meanings)


# ---- sums -------------------------------------------------------------------------------------


def _sources(of: Member) -> Iterator[list[tuple[int, str]]]:
    for table in (of.orders, of.contracts, of.stocks, of.shortages):
        if table is not None:
            yield [(int(y), str(m)) for y, m in zip(table["year"], table["mineral"], strict=True)]


def _minerals(of: Member) -> list[tuple[str, str]]:
    """Return the minerals that the member has to do with, and their units, by name."""
    units = dict(zip(of.orders["mineral"], of.orders["mass_unit"], strict=True))
    for table in (of.contracts, of.stocks, of.shortages):
        if table is not None:
            for mineral, unit in zip(table["mineral"], table["unit"], strict=True):
                units.setdefault(str(mineral), str(unit))
    return sorted((str(mineral), str(unit or "t")) for mineral, unit in units.items())


def _total(table: pd.DataFrame | None, name: str) -> float:
    return 0.0 if table is None else float(table[name].sum())


def _by_key(table: pd.DataFrame, name: str, keys: Sequence[tuple[int, str]]) -> list[float]:
    """Return a column's sum by year and mineral."""
    sums = table.groupby(["year", "mineral"])[name].sum().to_dict()
    return [float(sums.get(key, 0.0)) for key in keys]
