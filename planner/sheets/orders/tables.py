"""One member's orders as sheets: a summary, by year, the orders, obligations, stock, shortage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from models.results.field import Look
from planner.render.table import Table, column, table_of
from planner.sheets.rows import Rows

if TYPE_CHECKING:
    import pandas as pd

_MONEY = (("price", "Price"), ("tariff", "Tariff"), ("freight", "Freight"))


class Member(Protocol):
    """What a plan asks of one member; the sheets of the plan have their own headers."""

    @property
    def member(self) -> str:
        """The member's name."""
        ...

    @property
    def orders(self) -> pd.DataFrame:
        """Its orders, with the columns of orders.csv."""
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
    made = (
        _summary(of, origin),
        _by_year(of, origin),
        _orders(of, origin),
        _obligations(of, origin),
        _stock(of),
        _short(of),
    )
    kept = [table for table in made if table is not None]
    return (*kept, _columns(kept))


# ---- the sheets -------------------------------------------------------------------------------


def _summary(of: Member, origin: Origin) -> Table:
    rows, money, orders = Rows(), origin.currency, of.orders
    rows.section("The orders")
    rows.add("Member", of.member)
    rows.add("Plan title", origin.title)
    rows.add("Years", origin.years)
    rows.add("Orders", len(orders), Look.COUNT, "", "One a row on the sheet Orders.")
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
    paid = _total(of.contracts, f"Paid for untaken ({money})")
    if of.contracts is not None and len(of.contracts):
        rows.add("Paid for untaken", paid, Look.MONEY, money, "Take or pay; see Obligations.")
        rows.add("Total with take or pay", total + paid, Look.MONEY, money)
    rows.section("By mineral, all years")
    for mineral, unit in _minerals(of):
        mine = orders[orders["mineral"] == mineral]
        tonnes, cost = _total(mine, "tonnes"), _total(mine, "total_amount")
        rows.add(f"Tonnes: {mineral}", tonnes, Look.TONNES, unit)
        rows.add(f"Total: {mineral}", cost, Look.MONEY, money)
        each = cost / tonnes if tonnes > 0 else None
        rows.add(f"Landed cost: {mineral}", each, Look.PRICE, f"{money} per {unit}")
        for word, table, header in (
            ("Contract minimum in force", of.contracts, "Min in force (t/yr)"),
            ("Taken under contracts", of.contracts, "Taken (t)"),
            ("Untaken, paid for", of.contracts, "Untaken (t)"),
            ("Into stock", of.stocks, "Change (t)"),
            ("Short", of.shortages, "Short (t)"),
        ):
            part = None if table is None else table[table["Mineral"] == mineral]
            if part is not None and len(part):
                remark = "Below 0: out of stock." if word == "Into stock" else ""
                rows.add(f"{word}: {mineral}", _total(part, header), Look.TONNES, unit, remark)
    return table_of(rows.result())


def _by_year(of: Member, origin: Origin) -> Table | None:
    keys = sorted({(y, m) for t in _sources(of) for y, m in t})
    if not keys:
        return None
    units, money = dict(_minerals(of)), origin.currency
    amounts = {
        name: _by_key(of.orders, ("year", "mineral"), name)
        for name in ("tonnes", "price_amount", "tariff_amount", "freight_amount", "total_amount")
    }
    counts = of.orders.groupby(["year", "mineral"]).size().to_dict()
    tonnes = [amounts["tonnes"].get(key, 0.0) for key in keys]
    totals = [amounts["total_amount"].get(key, 0.0) for key in keys]
    landed = [c / t if t > 0 else None for c, t in zip(totals, tonnes, strict=True)]
    columns = [
        column("Year", Look.YEAR, [year for year, _ in keys]),
        column("Mineral", Look.TEXT, [mineral for _, mineral in keys]),
        column("Orders", Look.COUNT, [int(counts.get(key, 0)) for key in keys]),
        column("Tonnes", Look.TONNES, tonnes),
        *(
            column(
                f"{word} in all ({money})",
                Look.MONEY,
                [amounts[f"{name}_amount"].get(key, 0.0) for key in keys],
            )
            for name, word in _MONEY
        ),
        column(f"Total ({money})", Look.MONEY, totals),
        column(f"Landed cost ({money}/t)", Look.PRICE, landed),
    ]
    for header, table, source in (
        ("Untaken (t)", of.contracts, "Untaken (t)"),
        (f"Paid for untaken ({money})", of.contracts, f"Paid for untaken ({money})"),
        ("Into stock (t)", of.stocks, "Change (t)"),
        ("Short (t)", of.shortages, "Short (t)"),
    ):
        if table is not None and len(table):
            found = _by_key(table, ("Year", "Mineral"), source)
            look = Look.MONEY if header.startswith("Paid") else Look.TONNES
            columns.append(column(header, look, [found.get(key, 0.0) for key in keys]))
    columns.append(column("Unit", Look.TEXT, [units[mineral] for _, mineral in keys]))
    return Table("By year", tuple(columns))


def _orders(of: Member, origin: Origin) -> Table:
    table, money = of.orders, origin.currency
    return Table(
        "Orders",
        (
            column("Order", Look.TEXT, table["order_id"]),
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Refiner", Look.TEXT, table["refiner"]),
            column("Country", Look.TEXT, table["country"]),
            column("Contract", Look.TEXT, table["contract"]),
            column("Tonnes", Look.TONNES, table["tonnes"]),
            column(f"Price ({money}/t)", Look.PRICE, table["unit_price"]),
            column(f"Tariff ({money}/t)", Look.PRICE, table["unit_tariff"]),
            column(f"Freight ({money}/t)", Look.PRICE, table["unit_freight"]),
            column(f"Landed cost ({money}/t)", Look.PRICE, table["unit_landed"]),
            *(
                column(f"{word} in all ({money})", Look.MONEY, table[f"{name}_amount"])
                for name, word in _MONEY
            ),
            column(f"Total ({money})", Look.MONEY, table["total_amount"]),
            column("Unit", Look.TEXT, table["mass_unit"]),
            column("Revision", Look.TEXT, table["revision"]),
            column("Project", Look.TEXT, table["project"]),
            column("Kind", Look.TEXT, table["kind"]),
        ),
        printed=17,
    )


def _obligations(of: Member, origin: Origin) -> Table | None:
    table, money = of.contracts, origin.currency
    if table is None or not len(table):
        return None
    return Table(
        "Obligations",
        (
            column("Year", Look.YEAR, table["Year"]),
            column("Contract", Look.TEXT, table["Contract"]),
            column("Refiner", Look.TEXT, table["Refiner"]),
            column("Mineral", Look.TEXT, table["Mineral"]),
            column("Minimum (t)", Look.TONNES, table["Min (t/yr)"]),
            column("Minimum in force (t)", Look.TONNES, table["Min in force (t/yr)"]),
            column("Maximum (t)", Look.TONNES, table["Max (t/yr)"]),
            column("Taken (t)", Look.TONNES, table["Taken (t)"]),
            column("Untaken (t)", Look.TONNES, table["Untaken (t)"]),
            column(f"Price ({money}/t)", Look.PRICE, table[f"Price ({money}/t)"]),
            column(f"Paid for untaken ({money})", Look.MONEY, table[f"Paid for untaken ({money})"]),
            column("Unit", Look.TEXT, table["Unit"]),
        ),
    )


def _stock(of: Member) -> Table | None:
    table = of.stocks
    if table is None or not len(table):
        return None
    return Table(
        "Stock",
        (
            column("Year", Look.YEAR, table["Year"]),
            column("Mineral", Look.TEXT, table["Mineral"]),
            column("Opening (t)", Look.TONNES, table["Opening (t)"]),
            column("Movement (t)", Look.TONNES, table["Change (t)"]),
            column("Closing (t)", Look.TONNES, table["Closing (t)"]),
            column("Target (t)", Look.TONNES, table["Target (t)"]),
            column("Below target (t)", Look.TONNES, table["Below target (t)"]),
            column("Unit", Look.TEXT, table["Unit"]),
        ),
    )


def _short(of: Member) -> Table | None:
    table = of.shortages
    if table is None or not len(table):
        return None
    return Table(
        "Shortages",
        (
            column("Year", Look.YEAR, table["Year"]),
            column("Mineral", Look.TEXT, table["Mineral"]),
            column("Demand (t)", Look.TONNES, table["Demand (t)"]),
            column("Short (t)", Look.TONNES, table["Short (t)"]),
            column("Share short", Look.SHARE, table["Share short"]),
            column("Cause", Look.SENTENCE, table["Cause"]),
            column("Unit", Look.TEXT, table["Unit"]),
        ),
        printed=6,
    )


def _columns(tables: Sequence[Table]) -> Table:
    """Say what each header means: the notes that point at them, in one place."""
    from planner.sheets.notes import note

    found = [(t.name, h, note(t.name, h)) for t in tables[1:] for h in t.headers]
    return Table(
        "Columns",
        (
            column("Sheet", Look.TEXT, [sheet for sheet, _, _ in found]),
            column("Column", Look.TEXT, [header for _, header, _ in found]),
            column("Meaning", Look.LONG, [said for _, _, said in found]),
        ),
    )


# ---- sums -------------------------------------------------------------------------------------


def _sources(of: Member) -> Iterator[list[tuple[int, str]]]:
    yield [(int(y), str(m)) for y, m in zip(of.orders["year"], of.orders["mineral"], strict=True)]
    for table in (of.contracts, of.stocks, of.shortages):
        if table is not None:
            yield [(int(y), str(m)) for y, m in zip(table["Year"], table["Mineral"], strict=True)]


def _minerals(of: Member) -> list[tuple[str, str]]:
    """Return the minerals that the member has to do with, and their units, by name."""
    units = dict(zip(of.orders["mineral"], of.orders["mass_unit"], strict=True))
    for table in (of.contracts, of.stocks, of.shortages):
        if table is not None:
            for mineral, unit in zip(table["Mineral"], table["Unit"], strict=True):
                units.setdefault(str(mineral), str(unit))
    return sorted((str(mineral), str(unit or "t")) for mineral, unit in units.items())


def _total(table: pd.DataFrame | None, header: str) -> float:
    return 0.0 if table is None or header not in table else float(table[header].sum())


def _by_key(
    table: pd.DataFrame, keys: tuple[str, str], header: str
) -> dict[tuple[int, str], float]:
    sums = table.groupby(list(keys), as_index=False)[header].sum()
    rows = zip(*(sums[name] for name in (*keys, header)), strict=True)
    return {(int(year), str(mineral)): float(value) for year, mineral, value in rows}
