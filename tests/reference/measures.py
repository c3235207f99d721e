"""The measures of a plan (contract, 8.1), from its sheets and the input workbook alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from math import fsum
from pathlib import Path
from typing import Any

import openpyxl

from .neutral import Book, Row

Lot = tuple[Any, str, int, float, float]
"""A purchase: buyer, mineral, year, tonnes and landed cost."""
Rows = list[dict[str, Any]]


def cheapest(lots: Iterable[Lot], tonnes: float) -> float:
    """What the cheapest tonnes of some lots cost."""
    cost, left = 0.0, tonnes
    for lot in sorted(lots, key=lambda lot: lot[4]):
        taken = min(left, lot[3])
        cost, left = cost + taken * lot[4], left - taken
    return cost


def same_tonnes(here: Iterable[Lot], there: Iterable[Lot]) -> dict[Any, list[float]]:
    """By buyer, mineral and year: n, the extra cost of the n cheapest, their cost there."""

    def by_cell(lots: Iterable[Lot]) -> dict[Any, list[Lot]]:
        ordered = sorted(lots, key=lambda lot: (str(lot[0]), lot[1], lot[2]))
        return {key: list(of) for key, of in groupby(ordered, key=lambda lot: lot[:3])}

    ours, theirs, found = by_cell(here), by_cell(there), {}
    for key, lots in ours.items():
        other = theirs.get(key, [])
        n = min(fsum(lot[3] for lot in each) for each in (lots, other))
        cost = cheapest(other, n)
        found[key] = [n, cheapest(lots, n) - cost, cost]
    return found


def of_mineral(parts: Mapping[Any, list[float]], mineral: str) -> list[float]:
    """The sums of a mineral, or of all ("")."""
    mine = [part for key, part in parts.items() if mineral in {"", key[1]}]
    return [fsum(part[i] for part in mine) for i in range(3)]


def landed(row: Row) -> float:
    """The landed cost of a flow."""
    return number(row, next(header for header in row if header.startswith("Landed cost")))


def number(row: Row, header: str) -> float:
    """A number cell; a blank is 0."""
    return float(str(row.get(header) or 0.0))


class Sheets:
    """The sheets Plan, Inputs and Stocks of a plan, and its input."""

    def __init__(self, book: Book, path: Path) -> None:
        self.book = book
        workbook = openpyxl.load_workbook(path, read_only=True)
        self.rows = {name: records(workbook[name]) for name in workbook.sheetnames if name in READ}
        self.years = sorted(int(h) for h in book["Demand"][0] if str(h).isdigit())
        self.minerals = [str(row["Mineral"]) for row in book["Minerals"]]
        self.members = [str(row["Member"]) for row in book["Members"]]
        self.code = {
            tuple(str(row.get(of) or "") for of in ("Mineral", "Refiner", "Project")): row[
                "Country"
            ]
            for sheet in ("Refiners", "Projects")
            for row in book.get(sheet, ())
        }
        self.bought = [row for row in self.rows.get("Inputs", []) if not row["Member"]]
        self.handed = [row for row in self.rows.get("Inputs", []) if row["Member"]]

    def lots(self) -> list[Lot]:
        """What members and plants buy; the plants of one product are one buyer."""
        return [
            (("member", row["Member"]), row["Mineral"], row["Year"], row["Tonnes"], landed(row))
            for row in self.rows["Plan"]
        ] + [
            (("plants", row["Product"]), row["Input"], row["Year"], row["Tonnes"], landed(row))
            for row in self.bought
        ]

    # ---- amounts ---------------------------------------------------------------------------------

    def demand(self, mineral: str, member: str, year: int) -> float:
        """What a member needs, all tiers together."""
        return fsum(
            number(row, str(year))
            for row in self.book["Demand"]
            if (row["Mineral"], row["Member"]) == (mineral, member)
        )

    def drawn(self, mineral: str, member: str, year: int) -> float:
        """What a member's stock gives; below 0 where it is filled."""
        return fsum(
            row["Opening (t)"] - row["Closing (t)"]
            for row in self.rows.get("Stocks", ())
            if (row["Mineral"], row["Member"], row["Year"]) == (mineral, member, year)
        )

    def handed_over(self, mineral: str, member: str, year: int) -> float:
        """What a member hands to plants."""
        return fsum(
            row["Tonnes"]
            for row in self.handed
            if (row["Input"], row["Member"], row["Year"]) == (mineral, member, year)
        )

    def purchases(self, mineral: str, member: str, year: int) -> float:
        """What a member buys."""
        return fsum(
            row["Tonnes"]
            for row in self.rows["Plan"]
            if (row["Mineral"], row["Member"], row["Year"]) == (mineral, member, year)
        )

    def need(self, mineral: str, years: Iterable[int]) -> float:
        """What all members need."""
        return fsum(self.demand(mineral, j, y) for j in self.members for y in years)

    def missing(self, mineral: str, years: Iterable[int]) -> float:
        """The part of the need that neither purchases nor stocks meet."""
        return fsum(
            max(
                0.0,
                self.demand(mineral, j, y)
                + self.handed_over(mineral, j, y)
                - self.purchases(mineral, j, y)
                - self.drawn(mineral, j, y),
            )
            for j in self.members
            for y in years
        )

    def taken(self, mineral: str, year: int) -> float:
        """What plants take, bought or handed over."""
        of = (*self.bought, *self.handed)
        return fsum(r["Tonnes"] for r in of if (r["Input"], r["Year"]) == (mineral, year))

    # ---- suppliers -------------------------------------------------------------------------------

    def sold(self, mineral: str, year: int) -> dict[str, float]:
        """Tonnes by the code of the supplier's country, to members and plants."""
        tonnes: dict[str, float] = defaultdict(float)
        for row in self.rows["Plan"]:
            if (row["Mineral"], row["Year"]) == (mineral, year):
                key = (mineral, row["Refiner"], row["Project"] or "")
                tonnes[self.code[key]] += row["Tonnes"]
        for row in self.bought:
            if (row["Input"], row["Year"]) == (mineral, year):
                key = (mineral, row["Supplier"], row["Project"] or "")
                tonnes[self.code[key]] += row["Tonnes"]
        return dict(tonnes)

    def is_outside(self, code: str) -> bool:
        """Whether a country is neither the coalition's nor Rest of world."""
        if code in {"ROW", "Rest of world"}:
            return False
        for row in self.book.get("Countries", ()):
            if row["Country"] == code and row.get("Bloc"):
                blocs = str(row["Bloc"]).split(";")
                return "coalition" not in {bloc.strip() for bloc in blocs}
        return code not in {row.get("Country") for row in self.book["Members"]}


READ = {"Plan", "Inputs", "Stocks", "By mineral"}


def records(sheet: Any) -> Rows:
    """The rows of a sheet by its headers."""
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows if any(v is not None for v in row)]
