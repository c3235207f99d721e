"""Books changed as a whole: scaled, shuffled, tightened, pushed to what is only just legal."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import numpy as np

from tests.models.desk import BookT, Row

ORDERED = {"Lanes", "Ore lanes", "Scenarios", "Risks"}
"""Sheets in which the order of rows has a meaning."""


def is_money(header: str) -> bool:
    """Whether a column is money, or money for each t."""
    return "(USD" in header


def is_tonnes(header: str) -> bool:
    """Whether a column is in t, those of years in Demand included."""
    return "(t" in header or header.isdigit()


def each_number(book: BookT, change: Callable[[str, str, float], float]) -> BookT:
    """Return a copy with every number given to ``change(sheet, header, value)``.

    A setting is known by its name instead of a header.
    """
    copied = copy.deepcopy(book)
    members = {str(row["Member"]) for row in book["Members"]}
    for sheet, rows in copied.items():
        for row in rows:
            for header, value in row.items():
                if isinstance(value, bool) or not isinstance(value, int | float):
                    continue
                name = str(row["Setting"]) if header == "Value" else header
                if sheet == "Freight" and header in members:
                    name = f"{header} (USD/t)"
                row[header] = change(sheet, name, value)
    return copied


def scaled(book: BookT, mass: float = 1.0, money: float = 1.0) -> BookT:
    """Return a book with all amounts times ``mass`` and all prices times ``money``."""

    def change(_: str, header: str, value: float) -> float:
        if header.startswith("Capex"):
            return value * mass * money
        if is_money(header):
            return value * money
        return value * mass if is_tonnes(header) else value

    return each_number(book, change)


def shuffled(book: BookT, rng: np.random.Generator) -> BookT:
    """Return a book with rows in another order where that has no meaning, and columns too."""
    found: BookT = {}
    for sheet, rows in copy.deepcopy(book).items():
        order = list(range(len(rows)))
        if sheet not in ORDERED:
            rng.shuffle(order)
        headers = list(dict.fromkeys(h for row in rows for h in row))
        rng.shuffle(headers)
        if sheet == "Demand":  # its years ascend
            years = iter(sorted(h for h in headers if h.isdigit()))
            headers = [next(years) if h.isdigit() else h for h in headers]
        found[sheet] = [{h: rows[i][h] for h in headers if h in rows[i]} for i in order]
    return found


def each_row(book: BookT, sheet: str, change: Callable[[Row], Mapping[str, object]]) -> BookT:
    """Return a copy with the cells that ``change`` gives set in every row of a sheet."""
    copied = copy.deepcopy(book)
    for row in copied.get(sheet, []):
        row.update(change(row))
    return copied


def put(book: BookT, setting: str, value: object) -> BookT:
    """Return a copy with a setting."""
    copied = copy.deepcopy(book)
    rows = [row for row in copied.get("Settings", []) if row["Setting"] != setting]
    copied["Settings"] = [*rows, {"Setting": setting, "Value": value}]
    return copied


EXTREMES: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("Share", (0.0, 1.0, 1e-3)),
    ("Available share", (0.0, 1.0, 1e-3)),
    ("Recovery", (1e-3, 1.0)),
    ("Tariff", (0.0, 10.0)),
    ("Shortage cost multiple", (0.0, 1000.0)),
    ("Fair shortage weight", (0.0, 0.999)),
    ("Discount rate", (0.0, 1.0)),
    ("Cost of capital", (0.0, 1.0)),
    ("Capex", (0.0, 1e7)),
)
MONEY, TONNES = (0.0, 1.0, 1e8), (0.0, 1.0, 1e10)


def extreme(book: BookT, rng: np.random.Generator, part: float) -> BookT:
    """Return a book with a part of its numbers at the ends of what is legal."""

    def change(_: str, header: str, value: float) -> float:
        if rng.random() >= part or header.endswith(("year", "(yr)")):
            return value
        for name, options in EXTREMES:
            if header.startswith(name):
                return float(rng.choice(options))
        if is_money(header):
            return float(rng.choice(MONEY))
        return float(rng.choice(TONNES)) if is_tonnes(header) else value

    found = each_number(book, change)
    for sheet, least, most in (
        ("Contracts", "Min (t/yr)", "Max (t/yr)"),
        ("Stockpiles", "Opening (t)", "Max (t)"),
    ):
        for row in found.get(sheet, []):
            if row[most] is not None:
                row[most] = max(row[most], row[least] or 0.0)
    return found
