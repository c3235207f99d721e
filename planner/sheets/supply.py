"""Who buys what from whom, what is short, who refines it, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.sheets.context import Context, once
from planner.sheets.table import Look, Table, column

if TYPE_CHECKING:
    import pandas as pd


@once
def plan(context: Context) -> Table:
    """Every flow, spot or contract, above 1e-6 t; tonnes in t, money undiscounted."""
    table = context.plan.flows.sort_values("year", kind="stable")
    currency, per_tonne = context.currency, context.per_tonne
    return Table(
        "Plan",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Refiner", Look.TEXT, table["refiner"]),
            column("Country", Look.TEXT, _countries(context, table["country"])),
            column("Member", Look.TEXT, table["member"]),
            column("Contract", Look.TEXT, _contracts(context, table["contract"])),
            column("Tonnes", Look.TONNES, table["tonnes"]),
            column(f"Cost ({per_tonne})", Look.PRICE, table["cost"]),
            column(f"Tariff ({per_tonne})", Look.PRICE, table["cost"] * table["tariff"]),
            column(f"Freight ({per_tonne})", Look.PRICE, table["freight"]),
            column(f"Landed cost ({per_tonne})", Look.PRICE, table["landed"]),
            column(f"Total ({currency})", Look.MONEY, table["total"]),
            column("Project", Look.TEXT, table["project"]),
            column("Owner country", Look.TEXT, _countries(context, table["owner"])),
            column("Kind", Look.TEXT, table["kind"]),
            column("Unit", Look.TEXT, table["mineral"].map(context.units)),
        ),
        printed=12,
    )


def _countries(context: Context, codes: pd.Series) -> pd.Series:
    """Return the countries' names: few in many rows."""
    return codes.map({code: context.country(code) for code in codes.unique()})


def _contracts(context: Context, positions: pd.Series) -> list[str]:
    """Return the contracts' names, "" for what is bought without one."""
    names = [_contract(context, k) for k in range(len(context.case.contracts))]
    return [names[k] if k >= 0 else "" for k in positions.tolist()]


def _contract(context: Context, position: int) -> str:
    record = context.case.contracts[position]
    if record.name:
        return record.name
    return f"row {record.row} of Contracts" if record.row else f"contract {position + 1}"


def shortages(context: Context) -> Table:
    """Every member and year that is short of a mineral, and why."""
    table = context.plan.shortages
    return Table(
        "Shortages",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Member", Look.TEXT, table["member"]),
            column("Demand (t)", Look.TONNES, table["demand"]),
            column("Short (t)", Look.TONNES, table["short"]),
            column("Share short", Look.SHARE, table["share"]),
            column("Cause", Look.SENTENCE, table["cause"]),
            column("Unit", Look.TEXT, table["mineral"].map(context.units)),
        ),
        printed=7,
    )


def refiners(context: Context) -> Table:
    """Every refiner and project by year: capacity open to the coalition, and its use.

    Capacity is what the coalition can use: nameplate x available share, a project's by the
    fraction that runs. Utilization is tonnes over that.
    """
    table = context.plan.sources
    usable = table["usable"].to_numpy(dtype=float)
    used = np.divide(table["tonnes"], usable, out=np.full(len(usable), np.nan), where=usable > 0)
    records = {("", r.name, r.mineral): r for r in context.case.refiners}
    built = {(p.name, p.refiner, p.mineral): p for p in context.case.projects}
    keys = zip(table["project"], table["refiner"], table["mineral"], strict=True)
    rows = [built[key] if key[0] else records[key] for key in keys]
    return Table(
        "Refiners",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Refiner", Look.TEXT, table["refiner"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Country", Look.TEXT, _countries(context, table["country"])),
            column("Capacity (t/yr)", Look.TONNES, usable),
            column("Tonnes", Look.TONNES, table["tonnes"]),
            column("Utilization", Look.SHARE, used),
            column(f"Scarcity rent ({context.per_tonne})", Look.PRICE, table["rent"]),
            column("Project", Look.TEXT, table["project"]),
            column("Nameplate capacity (t/yr)", Look.TONNES, table["nameplate"]),
            column("Owner country", Look.TEXT, _countries(context, table["owner"])),
            column("Kind", Look.TEXT, table["kind"]),
            column("Unit", Look.TEXT, table["mineral"].map(context.units)),
            column("Note", Look.REMARK, (r.note for r in rows)),
            column("Source", Look.REMARK, (r.source for r in rows)),
        ),
        printed=8,
    )


def prices(context: Context) -> Table:
    """What one more tonne would cost each member, and what its tonnes cost on average."""
    table = context.plan.supply
    per_tonne = context.per_tonne
    return Table(
        "Prices",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Member", Look.TEXT, table["member"]),
            column(f"Marginal price ({per_tonne})", Look.PRICE, table["marginal_price"]),
            column(f"Average landed cost ({per_tonne})", Look.PRICE, table["landed"]),
            column("Demand (t)", Look.TONNES, table["demand"]),
            column("Purchases (t)", Look.TONNES, table["purchased"]),
            column("Short (t)", Look.TONNES, table["short"]),
            column("Unit", Look.TEXT, table["mineral"].map(context.units)),
        ),
        printed=8,
    )
