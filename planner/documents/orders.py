"""Makes orders from a plan, each with an id that later plans keep, and splits them by period."""

from __future__ import annotations

import calendar
import hashlib
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models import case, errors, schema, tolerances
from models.results import orders as order_sheets
from models.results.field import Field, Result, spread_over
from models.results.orders import Calendar
from models.results.overall import Figure
from models.results.supply import Contracts, Flows, PlantInputs, Prices, Shortages, Stocks
from planner.documents.folder import ORDERS, Write, Written, file_names, replace_files, write_rows
from planner.render.words import counted, money_words
from planner.workbook.plan_file import PlanFile

if TYPE_CHECKING:
    import pandas as pd

    from planner.sheets.orders import Frames, Origin


PARTS: Mapping[str, tuple[str, ...]] = {
    "quarter": tuple(f"Q{number}" for number in range(1, 5)),
    "month": tuple(f"M{number:02}" for number in range(1, 13)),
}
"""Names of the equal parts of a year, by the value of the option --periods."""
_PART = re.compile(r"(?P<order>.+)-(?P<part>Q[1-4]|M(?:0[1-9]|1[0-2]))", re.IGNORECASE)
_KILOGRAM, _FINEST, _CENT = 3, 8, 2
"""Decimals of a delivery [t], of an order [t], and of money."""


def split_id(delivery: str) -> tuple[str, str]:
    """Return order and part of a delivery's id, such as Q1; "" for the id of a whole order."""
    match = _PART.fullmatch(delivery.strip())
    return (match["order"], match["part"].upper()) if match else (delivery, "")


def same_parts(part: str) -> tuple[str, ...]:
    """Return all quarters for a quarter, all months for a month."""
    return next(parts for parts in PARTS.values() if part in parts)


def equal_parts(tonnes: float, parts: int) -> list[Decimal]:
    """Return equal deliveries of an order [t], rounded to the kilogram; the last is the remainder.

    They add up to the order in orders.csv, to the last digit.
    """
    whole = rounded(tonnes, _FINEST)
    # min: if the order is less than a kilogram, rounding may give more than the order
    due = [min(whole, rounded(float(whole * i / parts), _KILOGRAM)) for i in range(parts)]
    due.append(whole)
    return [after - before for before, after in itertools.pairwise(due)]


def days_of(year: int, part: str) -> tuple[str, str]:
    """Return the first and the last day of a part of a year, YYYY-MM-DD."""
    number = int(part[1:])
    first, last = (3 * number - 2, 3 * number) if part[0] == "Q" else (number, number)
    end = calendar.monthrange(year, last)[1]
    return f"{year}-{first:02}-01", f"{year}-{last:02}-{end}"


def scheduled_deliveries(orders: pd.DataFrame, period: str) -> Iterator[dict[str, Any]]:
    """Yield the deliveries of orders, by order and then by date; a delivery of 0 t is left out.

    Tonnes and money add up to the order's in orders.csv.
    """
    parts = PARTS[period]
    rows: list[Any] = orders.to_dict("records")
    for order in rows:
        tonnes = equal_parts(order["tonnes"], len(parts))
        money, whole = rounded(order["total_amount"], _CENT, 14), sum(tonnes)
        paid = Decimal(0)
        for part, own, so_far in zip(parts, tonnes, itertools.accumulate(tonnes), strict=True):
            if own:
                due = (money * so_far / whole).quantize(Decimal(1).scaleb(-_CENT))
                start, end = days_of(int(order["year"]), part)
                yield {
                    **order,
                    "delivery_id": f"{order['order_id']}-{part}",
                    "period": part,
                    "start_date": start,
                    "end_date": end,
                    "tonnes": float(own),
                    "total_amount": float(due - paid),
                }
                paid = due


def calendar_of(orders: pd.DataFrame, period: str) -> Result:
    """Return the sheet Calendar: the orders by quarter or month."""
    parts = PARTS[period]
    names = ("order_id", "year", "mineral", "refiner", "contract", "tonnes")
    rows: list[Any] = orders.to_dict("records")
    return spread_over(Calendar, Calendar.parts, parts).of_rows(
        [
            {
                **{name: row[name] for name in names},
                "unit": row["mass_unit"] or "t",
                **{
                    f"of_{i}": float(part)
                    for i, part in enumerate(equal_parts(row["tonnes"], len(parts)))
                },
            }
            for row in rows
        ]
    )


# ---- rounding ------------------------------------------------------------------------------------
# Rounds numbers for purchasing systems; rounding errors of floats have no effect.

_EXACT = Context(prec=64, rounding=ROUND_HALF_EVEN)


def rounded(value: float, decimals: int, digits: int = 12) -> Decimal:
    """Round to a number of decimals, after rounding to ``digits`` significant digits.

    So 106.10849999999999, which another program may have saved for 106.1085, gives the same.
    """
    return Decimal(f"{value:.{digits}g}").quantize(Decimal(1).scaleb(-decimals), context=_EXACT)


def fixed_point(value: float, decimals: int, digits: int) -> str:
    """Return a number rounded, with a decimal point, no exponent and no thousands separators."""
    text = format(rounded(value, decimals, digits), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


COLUMNS = tuple((f.header, f.meaning) for f in order_sheets.OrderLines.FIELDS)
"""The columns of orders.csv in order, with their meanings."""

_PRICES = {
    "price": Flows.cost.name, "tariff": Flows.tariff.name, "freight": Flows.freight.name,
    "levy": Flows.levy.name,
}  # fmt: skip
"""The components of a flow's landed cost; a levy only if any is paid."""
_TERMS = tuple(f"unit_{name}" for name in _PRICES)
_SHEETS = (
    (Contracts, order_sheets.Obligations),
    (Stocks, order_sheets.Stock),
    (Shortages, order_sheets.MemberShortages),
)
"""Sheets of a plan, and the corresponding sheets of a member's workbook."""
_MOST_FINDINGS = 20


@dataclass(frozen=True)
class MemberOrders:
    """One member's part of a plan: rows by the sheets of the member's workbook.

    Orders have the fields of OrderLines. A sheet that is not in the plan has no rows.
    """

    member: str
    frames: Frames

    @property
    def orders(self) -> pd.DataFrame:
        return self.frames[order_sheets.OrderSheet]

    @property
    def tonnes(self) -> float:
        return float(self.orders["tonnes"].sum())

    @property
    def total(self) -> float:
        """Landed cost of all orders [money]."""
        return float(self.orders["total_amount"].sum())

    @property
    def take_or_pay(self) -> float:
        """Payments for contract tonnes that are not taken [money]."""
        return self._sum(order_sheets.Obligations, Contracts.paid)

    @property
    def untaken(self) -> float:
        return self._sum(order_sheets.Obligations, Contracts.untaken)

    @property
    def short(self) -> float:
        """Unmet demand [t]."""
        return self._sum(order_sheets.MemberShortages, Shortages.short)

    def _sum(self, sheet: type[Result], column: Field) -> float:
        return float(self.frames[sheet][column.name].sum()) if sheet in self.frames else 0.0


@dataclass(frozen=True)
class Orders:
    """All orders of a plan, and each member's part."""

    plan: PlanFile
    plan_id: str
    table: pd.DataFrame
    members: tuple[MemberOrders, ...]

    @property
    def scenario(self) -> str:
        return str(self.plan.measure(Figure.SCENARIO) or "")

    @property
    def inputs_total(self) -> float:
        """What plants pay for inputs from other plants [money]."""
        return float(self.plan.result(PlantInputs).frame()["total"].sum())

    @property
    def inputs(self) -> str:
        """A sentence on plants' purchases, for which there are no orders; "" if there are none."""
        if not self.inputs_total:
            return ""
        paid = money_words(self.inputs_total, self.plan.currency)
        return (
            f"Not in these orders: inputs worth {paid}, which plants buy to make the products of"
            " all members."
        )

    @property
    def headline(self) -> str:
        years = self.plan.measure(Figure.YEARS)
        count, members = counted(len(self.table), "order"), counted(len(self.members), "member")
        return f"{count} of {members}{'' if years is None else f', {years}'}"


def orders_of(plan: PlanFile) -> Orders:
    """Return the orders of a plan, in the order of its sheet Plan.

    Raises InputError if in a row of Plan tonnes times landed cost is not the total: someone has
    changed it.
    """
    table = _orders_table(plan)
    _refuse_changed(plan, table)
    plan_id, members = str(table.attrs["plan_id"]), tuple(_member_orders(plan, table))
    return Orders(plan, plan_id, table, members)


# ---- rows of the sheet Plan -------------------------------------------------------------------


def _orders_table(plan: PlanFile) -> pd.DataFrame:
    import pandas as pd

    source = plan.result(Flows).frame()
    rows, years = len(source), source["year"].astype("int64")
    price_year = plan.measure(Figure.PRICE_YEAR)
    prices = {name: source[column] for name, column in _PRICES.items() if column in source}
    if Flows.support.name in source:  # the support lowers the buyer's price at the gate
        prices["price"] = prices["price"] - source[Flows.support.name].fillna(0.0)
    data = {
        "scenario": [str(plan.measure(Figure.SCENARIO) or "")] * rows,
        "year": years,
        "start_date": [f"{year}-01-01" for year in years],
        "end_date": [f"{year}-12-31" for year in years],
        "mass_unit": _as_words(source["unit"]),
        **{name: source[name] for name in ("member", "mineral", "refiner")},
        "country": source["country"].map(plan.country_name),
        "country_code": source["country"].replace(schema.REST_OF_WORLD, ""),
        **{name: _as_words(source[name]) for name in ("project", "kind", "contract")},
        "tonnes": source["tonnes"],
        "currency": [plan.currency] * rows,
        "price_year": ["" if price_year is None else str(price_year)] * rows,
        **{f"unit_{name}": price for name, price in prices.items()},
        "unit_landed": source["landed"],
        **{f"{name}_amount": price * source["tonnes"] for name, price in prices.items()},
        "total_amount": source["total"],
    }
    table = pd.DataFrame(data)
    for name in ("member", "mineral", "refiner", "country"):
        table[name] = table[name].map(str)
    table["order_id"] = order_ids(plan, table)
    # a revision is a code for the order's terms: tonnes to the kilogram, prices to four decimals
    terms = [table["mass_unit"], table["currency"]]
    terms.append(table["tonnes"].map(lambda tonnes: rounded(tonnes, 3)))
    unit_prices = [table[name] for name in _TERMS if name in table]
    terms += [column.map(lambda price: rounded(price, 4)) for column in unit_prices]
    revisions = ("|".join(map(str, row)) for row in zip(*terms, strict=True))
    table["revision"] = [f"R-{code(revision, 8)}" for revision in revisions]
    pairs = sorted(zip(table["order_id"], table["revision"], strict=True))
    plan_id = f"P-{code(repr(pairs), 10)}"
    table["plan_id"] = plan_id
    table = table[[name for name, _ in COLUMNS if name in table]]
    table.attrs["plan_id"] = plan_id
    return table


def _as_words(column: pd.Series) -> pd.Series:
    return column.map(lambda value: str(value) if _is_filled(value) else "")


def _is_filled(value: object) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN is a blank cell


# ---- members ----------------------------------------------------------------------------------


def _member_orders(plan: PlanFile, table: pd.DataFrame) -> Iterator[MemberOrders]:
    read = (Contracts, Stocks, Shortages, Prices)
    parts: dict[type[Result], pd.DataFrame] = {kind: plan.result(kind).frame() for kind in read}
    parts[Contracts] = _with_contract_names(parts[Contracts])
    names = set(table["member"])
    for part in parts.values():
        names |= {str(name) for name in part["member"].dropna()}
    rows: dict[type[Result], pd.DataFrame] = {order_sheets.OrderSheet: table}
    rows |= {sheet: parts[kind] for kind, sheet in _SHEETS if kind.TABLE in plan.tables}
    for name in sorted(names, key=lambda n: (case.normalize(n), n)):
        mine = {sheet: part[part["member"] == name] for sheet, part in rows.items()}
        yield MemberOrders(name, mine)


def _with_contract_names(table: pd.DataFrame) -> pd.DataFrame:
    """Give contracts without a name the name that the sheet Plan uses."""
    import pandas as pd

    named: list[str | None] = [
        str(name)
        if _is_filled(name)
        else f"row {int(row)} of Contracts"
        if _is_filled(row)
        else None
        for name, row in zip(table["contract"], table["row"], strict=True)
    ]
    return table.assign(contract=pd.Series(named, index=table.index, dtype=object))


# ---- changed plans ----------------------------------------------------------------------------


def _refuse_changed(plan: PlanFile, table: pd.DataFrame) -> None:
    """Raise InputError for rows whose tonnes, prices and total contradict one another."""
    landed = sum(table[name] for name in _TERMS if name in table)
    off = (table["tonnes"] * table["unit_landed"] - table["total_amount"]).abs()
    off_price = (landed - table["unit_landed"]).abs()
    bad = (off > tolerances.SAME_SUM * table["total_amount"].abs() + tolerances.SAME_SUM) | (
        off_price > tolerances.SAME_SUM * table["unit_landed"].abs() + tolerances.SAME_SUM
    )
    bad |= table["tonnes"] < 0
    header = Flows.total.title({"money": plan.currency})
    findings = [
        errors.Finding(
            Flows.TABLE,
            column=header,
            found=f"{year}, {mineral} from {refiner} to {member}: tonnes times landed cost is not"
            " the total, so someone changed the row after the plan was made",
            expected="the row that planner solve wrote",
            hint="make the plan again, and change the input workbook instead",
        )
        for year, mineral, refiner, member in zip(
            *(table.loc[bad, name] for name in ("year", "mineral", "refiner", "member")),
            strict=True,
        )
    ]
    if findings:
        raise errors.InputError(findings[:_MOST_FINDINGS])


# ---- ids of orders: they depend on the order's year and names only ------------------------------

KEY = ("mineral", "refiner", "project", "member", "contract")
"""The names that identify an order, together with its year."""

_NO_NAME = "\x00"
"""Placeholder for the name of a contract without one; it cannot occur in a cell."""
_BY_PLACE = re.compile(r"row \d+ of Contracts|contract \d+")
"""The sheet Plan's name of a contract without a name."""
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no two characters are confused when read aloud."""
Names = tuple[int, tuple[str, ...]]
"""Year and normalized names."""


def order_id(year: int, key: Iterable[str], tranche: int = 0) -> str:
    """Return the id of an order, which depends on its year and names only.

    Case and spaces of names do not matter. ``tranche`` numbers contracts with equal names, from 0.
    """
    text = "\x1f".join([str(year), *_normalized(key), *([str(tranche)] if tranche else [])])
    return f"ORD-{year}-{code(text, 12)}"


def code(text: str, length: int) -> str:
    """Return ``length`` digits and letters that are computed from a text by a hash.

    Equal texts have equal codes, and different texts nearly always different ones.
    """
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return "".join(_LETTERS[number >> 5 * i & 31] for i in range(length))


def order_ids(plan: PlanFile, table: pd.DataFrame) -> list[str]:
    """Return a unique id for each row of orders.

    ``table`` has the columns ``year``, those of KEY, ``tonnes`` and ``unit_price``. Contracts with
    equal names are numbered by price, minimum and maximum, not by their rows.
    """
    tranches = _tranches(plan)
    keys, ids = _order_keys(table, tranches), [""] * len(table)
    seen: set[tuple[Names, int]] = set()
    alike: dict[Names, list[int]] = {}
    ranked = table.reset_index(drop=True).sort_values(["unit_price", "tonnes"], kind="stable")
    for place in ranked.index:
        alike.setdefault(keys[place], []).append(int(place))
    for key, places in alike.items():
        ranks = tranches.get(key, [])
        if len(ranks) != len(places):  # the sheet is missing, or someone changed it
            ranks = list(range(len(places)))
        for place, rank in zip(places, ranks, strict=True):
            while (key, rank) in seen:
                rank += 1  # noqa: PLW2901 - the next free number
            seen.add((key, rank))
            ids[place] = order_id(*key, rank)
    return ids


def _normalized(names: Iterable[str]) -> list[str]:
    return [unicodedata.normalize("NFC", case.normalize(name)) for name in names]


def _order_keys(table: pd.DataFrame, tranches: dict[Names, list[int]]) -> list[Names]:
    """Return year and names of each order, with a placeholder for a contract without a name."""
    keys: list[Names] = []
    for year, *names, contract in zip(table["year"], *(table[n] for n in KEY), strict=True):
        key = int(year), tuple(_normalized([*names, contract]))
        bare = int(year), tuple(_normalized([*names, _NO_NAME]))
        is_named = key in tranches or not _BY_PLACE.fullmatch(contract)
        keys.append(key if is_named else bare)
    return keys


def _tranches(plan: PlanFile) -> dict[Names, list[int]]:
    """Return, for contracts with equal names, the ranks of those used, sorted by price and tonnes.

    All of them are ranked by price, minimum and maximum, also those not used.
    """
    alike: dict[Names, list[tuple[float, float, float, float]]] = {}
    for key, terms in _contract_terms(plan):
        alike.setdefault(key, []).append(terms)
    ranks_of = {}
    for key, several in alike.items():
        ranked = sorted(range(len(several)), key=several.__getitem__)
        placed = [(several[i][0], several[i][3], rank) for rank, i in enumerate(ranked)]
        least = tolerances.LEAST_FLOW
        ranks_of[key] = [rank for _, tonnes, rank in sorted(placed) if tonnes > least]
    return ranks_of


def _contract_terms(plan: PlanFile) -> Iterator[tuple[Names, tuple[float, float, float, float]]]:
    """Yield year and names of each contract, with price, minimum, maximum and tonnes taken."""
    contracts = plan.result(Contracts)
    names = (Contracts.mineral, Contracts.refiner, Contracts.member)
    terms = (Contracts.price, Contracts.min, Contracts.maximum, Contracts.taken)
    for year, contract, mineral, refiner, member, *numbers in contracts.rows(
        Contracts.year, Contracts.contract, *names, *terms
    ):
        name = contract if isinstance(contract, str) and contract else _NO_NAME
        key = int(year), tuple(_normalized([str(mineral), str(refiner), "", str(member), name]))
        price, least, most, placed = (float(n) if _is_filled(n) else math.inf for n in numbers)
        yield key, (price, least, most, placed)


# ---- the folder: a workbook per member, one CSV file with all orders, and a description ----------

CSV, DELIVERIES, README = "orders.csv", order_sheets.DeliveryLines.TABLE, "README.txt"
_CARRIED = (
    Figure.STATUS, Figure.PRICE_YEAR, Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER,
)  # fmt: skip
"""Rows of the plan's Summary that every workbook repeats."""
_PLACES = {"tonnes": (8, 12), "unit_": (6, 12), "_amount": (2, 14)}
"""Decimals and significant digits of the CSV's numbers, by part of the column's name.

A solver's rounding noise should not reach a purchasing system.
"""


def write_orders(orders: Orders, folder: Path, period: str = "") -> tuple[Written, dict[str, str]]:
    """Write all files of a plan's orders; return them, and the workbook of each member.

    With a ``period``, quarter or month, deliveries are written, too. Raises WriteError if a file in
    the way is not from an earlier call.
    """
    import pandas as pd

    stems = file_names(m.member for m in orders.members)
    names = {name: f"{stem}.xlsx" for name, stem in stems.items()}
    files: dict[str, Write] = {
        names[m.member]: partial(_write_member, orders, m, period) for m in orders.members
    }
    files[CSV] = partial(_write_csv, orders.table)
    if period:
        headers = [f.header for f in order_sheets.DeliveryLines.FIELDS]
        parts = pd.DataFrame([*scheduled_deliveries(orders.table, period)], columns=headers)
        files[DELIVERIES] = partial(_write_csv, parts)
    page = "\r\n".join([*_readme(orders, names, period), ""])
    files[README] = lambda path: path.write_text(page, encoding="utf-8-sig", newline="")
    about = {
        "plan_id": orders.plan_id,
        "plan_title": orders.plan.title,
        "scenario": orders.scenario,
        "input_sha256": str(orders.plan.measure(Figure.INPUT_SHA256) or ""),
    }
    return replace_files(folder, files, ORDERS, about), names


def origin(orders: Orders) -> Origin:
    """Return the description of the plan for the orders' workbooks."""
    from planner.sheets.orders import Origin

    plan = orders.plan
    years = plan.measure(Figure.YEARS)
    rows = [(Figure.SCENARIO, orders.scenario), ("Plan file", plan.path.name)]
    rows += [("Inputs", orders.inputs)] if orders.inputs else []
    rows += [(name, str(v)) for name in _CARRIED if (v := plan.measure(name)) is not None]
    words = "" if years is None else str(years)
    return Origin(plan.title, orders.plan_id, plan.currency, words, tuple(rows))


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    write_rows(
        path, table.columns, zip(*(_rounded_cells(table[name]) for name in table), strict=True)
    )


def _write_member(orders: Orders, member: MemberOrders, period: str, path: Path) -> None:
    from planner.render.xlsx import write_workbook
    from planner.sheets.orders import member_tables

    more = [calendar_of(member.orders, period)] if period and len(member.orders) else []
    tables = member_tables(member.member, member.frames, origin(orders), more)
    title = f"Orders of {member.member}: {orders.plan.title}"
    write_workbook(path, tables, (), title, f"{title}; {orders.scenario}", charts_before="")


class _CsvNumber(float):
    """A number with the text that is written to a CSV file."""

    text: str

    def __str__(self) -> str:
        return self.text


def _rounded_cells(column: pd.Series) -> Iterator[object]:
    """Yield a column's cells, its numbers rounded."""
    digits = next((n for part, n in _PLACES.items() if part in str(column.name)), (0, 1))
    for value in column:
        if isinstance(value, float):
            number = _CsvNumber(value)
            number.text = fixed_point(value, *digits)
            yield number
        else:
            yield value if isinstance(value, int) else str(value)


def _readme(orders: Orders, names: dict[str, str], period: str = "") -> Iterable[str]:
    yield orders.headline
    if orders.inputs:
        yield orders.inputs
    yield f"Plan: {orders.plan.title}"
    yield f"Scenario: {orders.scenario}"
    yield f"Plan file: {orders.plan.path.name}; plan id {orders.plan_id}"
    yield ""
    yield f"{CSV}   all orders, one per line: UTF-8 with a byte-order mark, commas, decimal points,"
    yield f"{' ' * len(CSV)}   dates as YYYY-MM-DD, no thousands separators; amounts to the cent."
    yield f"{' ' * len(CSV)}   Texts are quoted. In a text, = + - or @ at the beginning or after a"
    yield f"{' ' * len(CSV)}   semicolon has an apostrophe before it."
    if period:
        yield f"{DELIVERIES}  each order split by {period}; the deliveries add up to the order"
    yield f"{ORDERS.manifest}  list of these files, so that a later run replaces only them."
    yield ""
    yield Figure.MEMBERS.value
    for member in orders.members:
        yield f"  {names[member.member]}   {counted(len(member.orders), 'order')}"
    yield ""
    yield f"Columns of {CSV}"
    wide = max(len(name) for name, _ in COLUMNS)
    for name, meaning in COLUMNS:
        yield f"  {name:<{wide}}  {meaning}"
