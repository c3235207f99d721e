"""Orders into a folder: a workbook for each member, one CSV of all, and what its columns mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from models.results import Figure
from models.results.orders import MemberShortages, Obligations, OrderSheet, Stock
from planner.documents.folder import ORDERS, Write, Written, file_names, replace_files, write_rows
from planner.documents.orders import COLUMNS, MemberOrders, Orders, rounded

if TYPE_CHECKING:
    import pandas as pd

    from planner.sheets.orders import Origin

CSV, README = "orders.csv", "README.txt"
_CARRIED = (
    Figure.STATUS, Figure.PRICE_YEAR, Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER,
)  # fmt: skip
"""Rows of the plan's Summary that every workbook repeats."""
_PLACES = {"tonnes": (8, 12), "unit_": (6, 12), "_amount": (2, 14)}
"""Decimals and digits of the CSV's numbers by a part of their column's name: what a solver's last
digits add to a flow is not for a purchasing system."""
_WIDE = max(len(name) for name, _ in COLUMNS)


def write_orders(orders: Orders, folder: Path) -> tuple[Written, dict[str, str]]:
    """Write all files of a plan's orders; return them, and the workbook of each member.

    Raises WriteError where a file of somebody else stands in the way.
    """
    names = {name: f"{stem}.xlsx" for name, stem in _stems(orders).items()}
    files: dict[str, Write] = {
        names[m.member]: partial(_write_member, orders, m) for m in orders.members
    }
    files[CSV] = partial(_write_csv, orders)
    files[README] = partial(_write_readme, orders, names)
    about = {
        "plan_id": orders.plan_id,
        "plan_title": orders.plan.title,
        "scenario": orders.scenario,
        "input_sha256": str(orders.plan.measure(Figure.INPUT_SHA256) or ""),
    }
    return replace_files(folder, files, ORDERS, about), names


def _stems(orders: Orders) -> dict[str, str]:
    return file_names(m.member for m in orders.members)


def origin(orders: Orders) -> Origin:
    """Return where orders come from, as their workbooks say it."""
    from planner.sheets.orders import Origin

    plan = orders.plan
    years = plan.measure(Figure.YEARS)
    said = [(Figure.SCENARIO, orders.scenario), ("Plan file", plan.path.name)]
    said += [(name, str(v)) for name in _CARRIED if (v := plan.measure(name)) is not None]
    return Origin(
        title=plan.title,
        plan_id=orders.plan_id,
        currency=plan.currency,
        years="" if years is None else str(years),
        said=tuple(said),
        warnings=tuple(f.message for f in orders.warnings),
    )


def _write_member(orders: Orders, member: MemberOrders, path: Path) -> None:
    from planner.render.xlsx import write_workbook
    from planner.sheets.orders import member_tables

    frames = {
        OrderSheet: member.orders,
        Obligations: member.contracts,
        Stock: member.stocks,
        MemberShortages: member.shortages,
    }
    known = {of: frame for of, frame in frames.items() if frame is not None}
    made = member_tables(member.member, known, origin(orders))
    title = f"Orders of {member.member}: {orders.plan.title}"
    write_workbook(path, made, (), title, f"{title}; {orders.scenario}", charts_before="")


# ---- CSV --------------------------------------------------------------------------------------


def _write_csv(orders: Orders, path: Path) -> None:
    """Write all orders."""
    table = orders.table
    write_rows(path, table.columns, zip(*(_fields(table[name]) for name in table), strict=True))


class _Plain(float):
    """A number that a CSV file has as it was rounded."""

    said: str

    def __str__(self) -> str:
        """Return the number without an exponent."""
        return self.said


def _fields(column: pd.Series) -> Iterator[object]:
    """Yield a column's cells, its numbers rounded."""
    places = next((n for part, n in _PLACES.items() if part in str(column.name)), (0, 1))
    for value in column:
        if isinstance(value, float):
            number = _Plain(value)
            number.said = plain_number(value, *places)
            yield number
        else:
            yield value if isinstance(value, int) else str(value)


def plain_number(value: float, decimals: int, digits: int) -> str:
    """Return a number rounded, with a decimal point, no exponent and no thousands separators."""
    said = format(rounded(value, decimals, digits), "f")
    said = said.rstrip("0").rstrip(".") if "." in said else said
    return "0" if said == "-0" else said


def _write_readme(orders: Orders, names: dict[str, str], path: Path) -> None:
    path.write_text("\r\n".join(_readme(orders, names)) + "\r\n", encoding="utf-8-sig", newline="")


def _readme(orders: Orders, names: dict[str, str]) -> Iterable[str]:
    """Yield the lines of the page that stands beside the orders."""
    yield f"Orders of the plan: {orders.plan.title}"
    yield f"Scenario: {orders.scenario}"
    yield f"Plan file: {orders.plan.path.name}; plan id {orders.plan_id}"
    for finding in orders.warnings:
        yield f"Warning: {finding.message}"
    yield ""
    yield f"{CSV}   all orders, one a line: UTF-8 with a byte-order mark, commas, decimal points,"
    yield f"{' ' * len(CSV)}   dates as YYYY-MM-DD, no thousands separators; amounts to the cent."
    yield f"{' ' * len(CSV)}   Texts are quoted. One that begins with = + - @, or has one of these"
    yield f"{' ' * len(CSV)}   after a semicolon, has an apostrophe there."
    yield f"{ORDERS.manifest}  what planner orders wrote here, so that it replaces nothing else."
    yield ""
    yield Figure.MEMBERS.value
    for member in orders.members:
        count = len(member.orders)
        yield f"  {names[member.member]}   {count:,} order{'' if count == 1 else 's'}"
    yield ""
    yield f"Columns of {CSV}"
    for name, meaning in COLUMNS:
        yield f"  {name:<{_WIDE}}  {meaning}"
