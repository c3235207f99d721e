"""Tiers of demand, and the plan beside today's supply: sheets that are there where the input is."""

from __future__ import annotations

from planner.sheets.context import Context
from planner.sheets.rows import Rows
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


def beside_today(context: Context, rows: Rows) -> None:
    """Set today's supply beside the plan's first year, mineral by mineral."""
    if not context.case.current_supply:
        return
    table, first = context.plan.changes, context.case.years[0]
    rows.section(f"Today beside the plan, {first}")
    for mineral, of in table.groupby("mineral", sort=True):
        today, planned = of["today"].sum(), of["planned"].sum()
        by_country = of.groupby("country", sort=True)[["today", "planned"]].sum()
        left = float((of["today"] - of["planned"]).clip(lower=0.0).sum())
        for what, total, column_name in (
            ("today", today, "today"),
            (f"in {first}", planned, "planned"),
        ):
            if total > 0:
                largest = str(by_country[column_name].idxmax())
                rows.add(
                    f"Largest country {what}: {mineral}",
                    float(by_country[column_name].max() / total),
                    Look.SHARE,
                    "of supply" if what == "today" else "of purchases",
                    f"{context.country(largest)}; {total:,.0f} t in all",
                )
        rows.add(
            f"Moved from today's suppliers: {mineral}",
            left,
            Look.TONNES,
            context.units[str(mineral)],
            "What flows of today lose in the first year; row by row in the sheet Changes.",
        )
