"""A plan workbook to orders: each flow of the sheet Plan with an id that later plans keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.case import fold
from models.errors import Finding, InputError
from models.schema import REST_OF_WORLD
from planner.documents.order_ids import code, order_ids, rounded
from planner.workbook.countries import country_code
from planner.workbook.plan_columns import (
    CONTRACTS,
    PLAN,
    PRICES,
    SHORTAGES,
    STOCKS,
    bare,
)
from planner.workbook.plan_file import PlanFile, edited

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: tuple[tuple[str, str], ...] = (
    ("order_id", "The order: of one year, mineral, refiner, project, member and contract."),
    ("revision", "Changes when the order's tonnes, prices, unit or currency do, else never."),
    ("plan_id", "The plan: changes when any of its orders does."),
    ("scenario", "The scenario and the options that the plan was made with."),
    ("year", "The year of delivery."),
    ("start_date", "The first day of delivery, YYYY-MM-DD."),
    ("end_date", "The last day of delivery, YYYY-MM-DD."),
    ("member", "Who buys."),
    ("mineral", "What is bought."),
    ("mass_unit", "What a tonne is a tonne of."),
    ("refiner", "Who sells."),
    ("project", "The project whose new plant delivers; empty for a plant that stands."),
    ("country", "Where the refiner stands."),
    ("country_code", "The same as ISO 3166-1 alpha-3; empty for Rest of world."),
    ("kind", "primary: from ore; recycled: from scrap."),
    ("contract", "The contract that it is bought under; empty: spot."),
    ("tonnes", "Tonnes of the year."),
    ("currency", "The currency of every price and amount."),
    ("price_year", "The year in whose money prices are; empty where the workbook says none."),
    ("unit_price", "The refiner's cost, or the contract's price, per tonne."),
    ("unit_tariff", "Tariff per tonne."),
    ("unit_freight", "Freight per tonne."),
    ("unit_landed", "Price, tariff and freight per tonne."),
    ("price_amount", "Tonnes x unit_price."),
    ("tariff_amount", "Tonnes x unit_tariff."),
    ("freight_amount", "Tonnes x unit_freight."),
    ("total_amount", "Price, tariff and freight of all tonnes: Total of the sheet Plan."),
)
"""The columns of orders.csv in order, and what each means."""

_TERMS = ("unit_price", "unit_tariff", "unit_freight")
_SAME = 1e-6
"""Relative difference of two sums of one plan that rounding may make."""
_MOST_TOLD = 20


@dataclass(frozen=True)
class MemberOrders:
    """What a plan asks of one member.

    ``orders`` has the columns of COLUMNS; ``contracts``, ``stocks`` and ``shortages`` are the
    member's rows of these sheets, None where the plan has no such sheet.
    """

    member: str
    orders: pd.DataFrame
    contracts: pd.DataFrame | None
    stocks: pd.DataFrame | None
    shortages: pd.DataFrame | None

    @property
    def tonnes(self) -> float:
        """Tonnes ordered, all minerals by weight."""
        return float(self.orders["tonnes"].sum())

    @property
    def total(self) -> float:
        """Landed cost of all orders [money]."""
        return float(self.orders["total_amount"].sum())

    @property
    def take_or_pay(self) -> float:
        """What is paid for contract tonnes that are not taken [money]."""
        return _sum(self.contracts, "Paid for untaken")

    @property
    def untaken(self) -> float:
        """Contract tonnes paid for and not taken [t]."""
        return _sum(self.contracts, "Untaken")

    @property
    def short(self) -> float:
        """Demand that is not met [t]."""
        return _sum(self.shortages, "Short")


@dataclass(frozen=True)
class Orders:
    """All orders of a plan, and each member's part."""

    plan: PlanFile
    plan_id: str
    table: pd.DataFrame
    members: tuple[MemberOrders, ...]
    warnings: tuple[Finding, ...]

    @property
    def scenario(self) -> str:
        """Scenario and options of the plan."""
        return str(self.plan.measure("Scenario") or "")


def orders_of(plan: PlanFile) -> Orders:
    """Return the orders of a plan, in the order of its sheet Plan.

    Raises InputError where rows of the sheet Plan do not multiply out: somebody changed them.
    """
    table = _table(plan)
    _refuse_changed(plan, table)
    return Orders(
        plan=plan,
        plan_id=str(table.attrs["plan_id"]),
        table=table,
        members=tuple(_members(plan, table)),
        warnings=edited(plan),
    )


# ---- rows of the sheet Plan -------------------------------------------------------------------


def _table(plan: PlanFile) -> pd.DataFrame:
    import pandas as pd

    source = plan.tables[PLAN]
    rows = len(source)
    price_year = plan.measure("Price year")
    years = source["Year"].astype("int64")
    codes = {name: _code_of(str(name)) for name in source["Country"].unique()}
    tonnes = plan.column(PLAN, "Tonnes")
    prices = {
        "price": plan.column(PLAN, "Cost"),
        "tariff": plan.column(PLAN, "Tariff"),
        "freight": plan.column(PLAN, "Freight"),
    }
    made = {
        "scenario": [str(plan.measure("Scenario") or "")] * rows,
        "year": years,
        "start_date": [f"{year}-01-01" for year in years],
        "end_date": [f"{year}-12-31" for year in years],
        "member": source["Member"],
        "mineral": source["Mineral"],
        "mass_unit": _words(source, "Unit"),
        "refiner": source["Refiner"],
        "project": _words(source, "Project"),
        "country": source["Country"],
        "country_code": source["Country"].map(codes),
        "kind": _words(source, "Kind"),
        "contract": _words(source, "Contract"),
        "tonnes": tonnes,
        "currency": [plan.currency] * rows,
        "price_year": ["" if price_year is None else str(price_year)] * rows,
        **{f"unit_{name}": price for name, price in prices.items()},
        "unit_landed": plan.column(PLAN, "Landed cost"),
        **{f"{name}_amount": price * tonnes for name, price in prices.items()},
        "total_amount": plan.column(PLAN, "Total"),
    }
    table = pd.DataFrame(made)
    for name in ("member", "mineral", "refiner", "country"):
        table[name] = table[name].map(str)
    table["order_id"], table["revision"] = order_ids(plan, table), _revisions(table)
    pairs = sorted(zip(table["order_id"], table["revision"], strict=True))
    plan_id = f"P-{code(repr(pairs), 10)}"
    table["plan_id"] = plan_id
    table = table[[name for name, _ in COLUMNS]]
    table.attrs["plan_id"] = plan_id
    return table


def _revisions(table: pd.DataFrame) -> list[str]:
    """Return a code of each order's terms, to the kilogram and to four decimals of money."""
    said = [table["mass_unit"], table["currency"]]
    said.append(table["tonnes"].map(lambda tonnes: rounded(tonnes, 3)))
    said += [table[name].map(lambda price: rounded(price, 4)) for name in _TERMS]
    return [f"R-{code('|'.join(map(str, row)), 8)}" for row in zip(*said, strict=True)]


def _words(source: pd.DataFrame, header: str) -> pd.Series:
    """Return a column of words, "" where it is blank or not there."""
    import pandas as pd

    if header not in source:
        return pd.Series([""] * len(source), dtype=object)
    return source[header].map(lambda value: str(value) if _filled(value) else "")


def _filled(value: object) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN is a blank cell


def _code_of(country: str) -> str:
    code = country_code(country)
    return "" if code is None or code == REST_OF_WORLD else code


# ---- members ----------------------------------------------------------------------------------


def _members(plan: PlanFile, table: pd.DataFrame) -> Iterator[MemberOrders]:
    """Yield every member that buys, has demand, a contract or a stock, by name."""
    parts = {
        name: _named(plan.tables[name]) if name in plan.tables else None
        for name in (CONTRACTS, STOCKS, SHORTAGES, PRICES)
    }
    names = set(table["member"])
    for part in parts.values():
        if part is not None and "Member" in part:
            names |= {str(name) for name in part["Member"].dropna()}
    for name in sorted(names, key=lambda n: (fold(n), n)):
        mine = {k: None if p is None else p[p["Member"] == name] for k, p in parts.items()}
        yield MemberOrders(
            name,
            table[table["member"] == name],
            mine[CONTRACTS],
            mine[STOCKS],
            mine[SHORTAGES],
        )


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a sheet whose contracts all have a name, as the sheet Plan calls them."""
    import pandas as pd

    if not {"Contract", "Row in input"} <= set(table.columns):
        return table
    named: list[str | None] = [
        str(name) if _filled(name) else f"row {int(row)} of Contracts" if _filled(row) else None
        for name, row in zip(table["Contract"], table["Row in input"], strict=True)
    ]
    return table.assign(Contract=pd.Series(named, index=table.index, dtype=object))


def _sum(table: pd.DataFrame | None, name: str) -> float:
    """Return the sum of a column given without its unit, 0 where there is none."""
    if table is None:
        return 0.0
    return float(sum(table[h].sum() for h in table.columns if bare(str(h)) == name))


# ---- is it still the plan? --------------------------------------------------------------------


def _refuse_changed(plan: PlanFile, table: pd.DataFrame) -> None:
    """Refuse rows whose tonnes, prices and total contradict one another."""
    landed = table["unit_price"] + table["unit_tariff"] + table["unit_freight"]
    off = (table["tonnes"] * table["unit_landed"] - table["total_amount"]).abs()
    off_price = (landed - table["unit_landed"]).abs()
    bad = (off > _SAME * table["total_amount"].abs() + _SAME) | (
        off_price > _SAME * table["unit_landed"].abs() + _SAME
    )
    bad |= table["tonnes"] < 0
    header = plan.header(PLAN, "Total")
    findings = [
        Finding(
            PLAN,
            column=header,
            found=f"{year}, {mineral} from {refiner} to {member}: tonnes x landed cost is not the"
            " total; the row was changed after the plan was made",
            expected="the row as planner solve wrote it",
            hint="make the plan again, and change the input workbook instead",
        )
        for year, mineral, refiner, member in zip(
            *(table.loc[bad, name] for name in ("year", "mineral", "refiner", "member")),
            strict=True,
        )
    ]
    if findings:
        raise InputError(findings[:_MOST_TOLD])
