"""A plan workbook to orders: each flow of the sheet Plan with an id that later plans keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.case import fold
from models.errors import Finding, InputError
from models.results import Contracts, Field, Figure, Flows, Prices, Shortages, Stocks
from models.results.orders import OrderLines
from models.schema import REST_OF_WORLD
from planner.documents.order_ids import code, order_ids, rounded
from planner.workbook.plan_file import PlanFile

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = tuple((f.header, f.meaning) for f in OrderLines.FIELDS)
"""The columns of orders.csv in order, and what each means."""

_TERMS = tuple(
    f.name for f in (OrderLines.unit_price, OrderLines.unit_tariff, OrderLines.unit_freight)
)
_PRICES = {"price": Flows.cost.name, "tariff": Flows.tariff.name, "freight": Flows.freight.name}
"""What a flow's landed cost is made of."""
_SAME = 1e-6
"""Relative difference of two sums of one plan that rounding may make."""
_MOST_TOLD = 20


@dataclass(frozen=True)
class MemberOrders:
    """What a plan asks of one member.

    ``orders`` has the fields of OrderLines, ``contracts``, ``stocks`` and ``shortages`` those of
    these sheets, None where the plan has no such sheet.
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
        return _sum(self.contracts, Contracts.paid)

    @property
    def untaken(self) -> float:
        """Contract tonnes paid for and not taken [t]."""
        return _sum(self.contracts, Contracts.untaken)

    @property
    def short(self) -> float:
        """Demand that is not met [t]."""
        return _sum(self.shortages, Shortages.short)


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
        return str(self.plan.measure(Figure.SCENARIO) or "")


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
        warnings=tuple(_warnings(plan, table)),
    )


# ---- rows of the sheet Plan -------------------------------------------------------------------


def _table(plan: PlanFile) -> pd.DataFrame:
    import pandas as pd

    source = plan.result(Flows).frame()
    rows, years = len(source), source["year"].astype("int64")
    price_year = plan.measure(Figure.PRICE_YEAR)
    codes = {code: "" if code == REST_OF_WORLD else code for code in source["country"].unique()}
    prices = {name: source[of] for name, of in _PRICES.items()}
    made = {
        "scenario": [str(plan.measure(Figure.SCENARIO) or "")] * rows,
        "year": years,
        "start_date": [f"{year}-01-01" for year in years],
        "end_date": [f"{year}-12-31" for year in years],
        "mass_unit": _words(source["unit"]),
        **{name: source[name] for name in ("member", "mineral", "refiner")},
        "country": source["country"].map(plan.country),
        "country_code": source["country"].map(codes),
        **{name: _words(source[name]) for name in ("project", "kind", "contract")},
        "tonnes": source["tonnes"],
        "currency": [plan.currency] * rows,
        "price_year": ["" if price_year is None else str(price_year)] * rows,
        **{f"unit_{name}": price for name, price in prices.items()},
        "unit_landed": source["landed"],
        **{f"{name}_amount": price * source["tonnes"] for name, price in prices.items()},
        "total_amount": source["total"],
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


def _words(column: pd.Series) -> pd.Series:
    """Return a column of words, "" where it is blank."""
    return column.map(lambda value: str(value) if _filled(value) else "")


def _filled(value: object) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN is a blank cell


# ---- members ----------------------------------------------------------------------------------


def _members(plan: PlanFile, table: pd.DataFrame) -> Iterator[MemberOrders]:
    """Yield every member that buys, has demand, a contract or a stock, by name."""
    parts = {of: plan.result(of).frame() for of in (Contracts, Stocks, Shortages, Prices)}
    parts[Contracts] = _named(parts[Contracts])
    names = set(table["member"])
    for part in parts.values():
        names |= {str(name) for name in part["member"].dropna()}
    for name in sorted(names, key=lambda n: (fold(n), n)):
        mine = {
            of: part[part["member"] == name] if of.TABLE in plan.tables else None
            for of, part in parts.items()
        }
        yield MemberOrders(
            name,
            table[table["member"] == name],
            mine[Contracts],
            mine[Stocks],
            mine[Shortages],
        )


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return contracts that all have a name, as the sheet Plan calls them."""
    import pandas as pd

    named: list[str | None] = [
        str(name) if _filled(name) else f"row {int(row)} of Contracts" if _filled(row) else None
        for name, row in zip(table["contract"], table["row"], strict=True)
    ]
    return table.assign(contract=pd.Series(named, index=table.index, dtype=object))


def _sum(table: pd.DataFrame | None, of: Field) -> float:
    """Return the sum of a column, 0 where there is no such sheet."""
    return 0.0 if table is None else float(table[of.name].sum())


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
    header = Flows.total.title({"money": plan.currency})
    findings = [
        Finding(
            Flows.TABLE,
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


def _warnings(plan: PlanFile, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield where the sheet Plan no longer says what Summary says."""
    from models.errors import warning

    for measure, name, unit in (
        (Figure.TONNES, "tonnes", "t"),
        (Figure.PURCHASES_COST, "total_amount", plan.currency),
    ):
        said, found = plan.number(measure), float(table[name].sum())
        if abs(said - found) > _SAME * max(abs(said), abs(found)) + _SAME:
            yield warning(
                Flows.TABLE,
                found=f"the rows of the sheet Plan add up to {found:,.2f} {unit}, Summary says"
                f" {said:,.2f} {unit}: rows were changed after the plan was made",
                hint="the orders are those of the sheet Plan as it stands",
            )
