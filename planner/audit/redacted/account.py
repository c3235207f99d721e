"""Whose figures each sheet of a plan holds: the one account that redacting goes by."""

from __future__ import annotations

from dataclasses import dataclass

from models.results import Scorecard
from planner.audit.file import CHECKS
from planner.workbook.plan_columns import PART, SUMMARY


@dataclass(frozen=True)
class Account:
    """What of a sheet stays, and what is told of the members that are taken out together.

    ``stays`` are the columns left in rows of a mineral whose totals are withheld, without any the
    rows go. ``shared`` are the columns that a row of all those taken out has, ``sums`` the ones
    that are added up in it; ``tells_one`` says whether a row without figures stands where no sum
    can be told: not where that there is one is a figure of its own. ``known`` are the columns
    that a reader is taken to know in sum, by the columns ``by``: from what stands there, or from
    totals less all others.
    """

    stays: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    tells_one: bool = False
    known: tuple[str, ...] = ()
    by: tuple[str, ...] = ("Year",)


_KEY = ("Year", "Mineral", "Member", "Unit")
_NOTES = ("Note", "Source")
_NEED = ("Demand", "Purchases", "Short")
_STOCK = ("Opening", "Change", "Closing", "Target", "Below target", "Max")
_SITE = ("Year", "Refiner", "Project", "Mineral", "Country", "Owner country", "Kind", "Capacity")

ACCOUNTS = {
    "By mineral": Account(stays=("Mineral", "HHI by capacity", "Unit")),
    "Plan": Account(
        stays=(*_KEY, "Refiner", "Country", "Contract", "Tonnes", "Cost", "Tariff", "Freight",
               "Landed cost", "Total", "Project", "Owner country", "Kind"),
        shared=("Year", "Mineral"), sums=("Tonnes", "Total"), tells_one=True,
        known=("Tonnes",), by=("Year", "Refiner", "Project"),
    ),
    "Shortages": Account(
        stays=(*_KEY, "Demand", "Short", "Share short"),
        shared=("Year", "Mineral"), sums=("Demand", "Short"),
    ),
    "Country shares": Account(
        stays=("Year", "Mineral", "Buyer", "Country", "Tonnes", "Share of demand",
               "Share of purchases", "Limit", "Headroom", "Limit is of", "Unit"),
    ),
    "Share limits": Account(
        stays=("Row in input", "Limit kind", "Mineral", "Buyer", "Supplier group", "Supplier",
               "Year", "Share reached", "Limit", "Share of", "Tonnes", "Base", "Room",
               "Beyond limit", "Stage", "Unit", *_NOTES),
    ),
    "Refiners": Account(stays=(*_SITE, "Nameplate capacity", "Unit", *_NOTES)),
    "Prices": Account(
        stays=(*_KEY, "Average landed cost", *_NEED),
        shared=("Year", "Mineral"), sums=_NEED, tells_one=True, known=_NEED,
    ),
    "Contracts": Account(
        stays=(*_KEY, "Contract", "Refiner", "Min", "Min in force", "Max", "Taken", "Untaken",
               "Price", "Paid for untaken", "Row in input", *_NOTES),
        known=("Untaken",),
    ),
    "Stocks": Account(
        stays=(*_KEY, *_STOCK, "Days of cover", *_NOTES),
        shared=("Year", "Mineral"), sums=_STOCK, known=_STOCK,
    ),
    "Projects": Account(
        stays=(*_SITE, "Started", "Running", "Capex", "Capex spent in", "Capital charge", "Unit",
               *_NOTES),
    ),
    "Tiers": Account(
        stays=(*_KEY, "Tier", "Demand", "Short", "Share short", "Shortage cost"),
        known=("Demand", "Short"), by=("Year", "Tier"),
    ),
    "Changes": Account(
        stays=("Mineral", "Refiner", "Country", "Member", "Today", "Planned", "Change", "Unit",
               *_NOTES),
        known=("Today",), by=(),
    ),
    "Ore": Account(),
    Scorecard.TABLE: Account(),
    SUMMARY: Account(),
    CHECKS: Account(),
    "Glossary": Account(),
}  # fmt: skip
"""By sheet; any other sheet is left out. Totals are in the sheets without members and in the rows
of the coalition. Shadow prices, and causes in words, go with the totals: they say which capacity
or limit is reached, and that is a total."""

OF_THE_RUN = {
    "Plan title", "Scenario", "Status", "Years", "Price year", "Minerals", "Members",
    "Share basis", "Whole projects", "Input file", "Input SHA-256", "Planner version",
    "Solver version", "Python version", "Written",
}  # fmt: skip
"""Measures of Summary that tell nothing of what is bought, needed or held."""

OF_A_MEMBER = "N-1, demand of the others"
"""The score that is computed with the demand of a single country's members."""


def account_of(sheet: str) -> Account | None:
    """Return the account of a sheet, or of the table that it is a further sheet of."""
    part = PART.fullmatch(sheet)
    return ACCOUNTS.get(sheet) or (ACCOUNTS.get(part[1]) if part else None)
