"""Tiers of demand, and the plan beside today's supply: sheets that are there where the input is."""

from __future__ import annotations

from planner.sheets.context import Context
from planner.sheets.table import Look, Table, column


def tiers(context: Context) -> Table | None:
    """What each tier of demand is short, and what a tonne of it short costs."""
    table = context.plan.tiers
    if table.empty:
        return None
    short_of = table["short"] / table["demand"].where(table["demand"] > 0)
    return Table(
        "Tiers",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Member", Look.TEXT, table["member"]),
            column("Tier", Look.TEXT, table["tier"]),
            column("Demand (t)", Look.TONNES, table["demand"]),
            column("Short (t)", Look.TONNES, table["short"]),
            column("Share short", Look.SHARE, short_of),
            column(f"Shortage cost ({context.per_tonne})", Look.PRICE, table["cost"]),
            column("Unit", Look.TEXT, map(context.units.__getitem__, table["mineral"])),
        ),
    )


def changes(context: Context) -> Table | None:
    """What each member buys from each refiner today, and in the plan's first year."""
    if not context.case.current_supply:
        return None
    table = context.plan.changes
    of = {(s.mineral, s.refiner, s.member): s for s in context.case.current_supply}
    rows = [
        of.get(key) for key in zip(table["mineral"], table["refiner"], table["member"], strict=True)
    ]
    return Table(
        "Changes",
        (
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Refiner", Look.TEXT, table["refiner"]),
            column("Country", Look.TEXT, map(context.country, table["country"])),
            column("Member", Look.TEXT, table["member"]),
            column("Today (t/yr)", Look.TONNES, table["today"]),
            column(f"Planned {context.case.years[0]} (t/yr)", Look.TONNES, table["planned"]),
            column("Change (t/yr)", Look.TONNES, table["change"]),
            column("Unit", Look.TEXT, map(context.units.__getitem__, table["mineral"])),
            column("Note", Look.REMARK, (r.note if r else "" for r in rows)),
            column("Source", Look.REMARK, (r.source if r else "" for r in rows)),
        ),
    )
