"""Contracts, stocks, projects and ore: sheets that are there where the input has such rows."""

from __future__ import annotations

from planner.sheets.context import Context
from planner.sheets.table import Look, Table, column


def contracts(context: Context) -> Table | None:
    """What is taken under each contract, what is paid for and not taken."""
    if not (context.case.contracts or context.book.case.contracts):
        return None
    table, per_tonne = context.plan.contracts, context.per_tonne
    rows = [context.case.contracts[k] for k in table["contract"]]
    return Table(
        "Contracts",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Contract", Look.TEXT, (r.name for r in rows)),
            column("Refiner", Look.TEXT, (r.refiner for r in rows)),
            column("Mineral", Look.TEXT, (r.mineral for r in rows)),
            column("Member", Look.TEXT, (r.member for r in rows)),
            column("Min (t/yr)", Look.TONNES, (r.min for r in rows)),
            column("Min in force (t/yr)", Look.TONNES, table["minimum"]),
            column("Max (t/yr)", Look.TONNES, table["maximum"]),
            column("Taken (t)", Look.TONNES, table["taken"]),
            column("Untaken (t)", Look.TONNES, table["untaken"]),
            column(f"Price ({per_tonne})", Look.PRICE, table["price"]),
            column(
                f"Paid for untaken ({context.currency})",
                Look.MONEY,
                table["untaken"] * table["price"],
            ),
            column(f"Shadow price of min ({per_tonne})", Look.PRICE, table["worth"]),
            column("Row in input", Look.COUNT, (r.row or None for r in rows)),
            column("Unit", Look.TEXT, (context.units[r.mineral] for r in rows)),
            column("Note", Look.REMARK, (r.note for r in rows)),
            column("Source", Look.REMARK, (r.source for r in rows)),
        ),
        printed=14,
    )


def stocks(context: Context) -> Table | None:
    """Each stockpile by year, against its target."""
    if not (context.case.stockpiles or context.book.case.stockpiles):
        return None
    table = context.plan.stocks
    of = context.case.stockpile_of
    rows = [of[key] for key in zip(table["mineral"], table["member"], strict=True)]
    return Table(
        "Stocks",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Member", Look.TEXT, table["member"]),
            column("Opening (t)", Look.TONNES, table["opening"]),
            column("Change (t)", Look.TONNES, table["closing"] - table["opening"]),
            column("Closing (t)", Look.TONNES, table["closing"]),
            column("Target (t)", Look.TONNES, table["target"]),
            column("Below target (t)", Look.TONNES, table["shortfall"]),
            column("Max (t)", Look.TONNES, (r.max for r in rows)),
            column(f"Shadow price of target ({context.per_tonne})", Look.PRICE, table["worth"]),
            column("Days of cover", Look.DAYS, table["days"]),
            column(f"Shadow price of a day ({context.currency})", Look.MONEY, table["day_worth"]),
            column("Unit", Look.TEXT, map(context.units.__getitem__, table["mineral"])),
            column("Note", Look.REMARK, (r.note for r in rows)),
            column("Source", Look.REMARK, (r.source for r in rows)),
        ),
        printed=12,
    )


def projects(context: Context) -> Table | None:
    """What is built of each project, and when; capex is that of the output starting in the year."""
    if not (context.case.projects or context.book.case.projects):
        return None
    table, of = context.plan.projects, {p.name: p for p in context.case.projects}
    rows = [of[name] for name in table["project"]]
    spent = [
        max(year - r.lead_time, context.case.years[0]) if built > 0 else None
        for year, built, r in zip(table["year"], table["built"], rows, strict=True)
    ]
    return Table(
        "Projects",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Project", Look.TEXT, table["project"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Country", Look.TEXT, map(context.country, table["country"])),
            column("Started", Look.SHARE, table["built"]),
            column("Running", Look.SHARE, table["running"]),
            column("Capacity (t/yr)", Look.TONNES, table["capacity"]),
            column("Tonnes", Look.TONNES, table["tonnes"]),
            column(f"Capex ({context.currency} m)", Look.MILLIONS, table["capex"]),
            column("Capex spent in", Look.YEAR, spent),
            column(f"Capital charge ({context.currency})", Look.MONEY, table["charge"]),
            column(f"Scarcity rent ({context.per_tonne})", Look.PRICE, table["rent"]),
            column("Refiner", Look.TEXT, table["refiner"]),
            column("Unit", Look.TEXT, map(context.units.__getitem__, table["mineral"])),
            column("Note", Look.REMARK, (r.note for r in rows)),
            column("Source", Look.REMARK, (r.source for r in rows)),
        ),
        printed=12,
    )


def ore(context: Context) -> Table | None:
    """Every flow of ore from a mine country to a refiner, in t contained."""
    if not (context.case.mines or context.book.case.mines):
        return None
    table, per_tonne = context.plan.ore, context.per_tonne
    of = {(m.mineral, m.country): m for m in context.case.mines}
    rows = [of[key] for key in zip(table["mineral"], table["mine_country"], strict=True)]
    return Table(
        "Ore",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Mine country", Look.TEXT, map(context.country, table["mine_country"])),
            column("Refiner", Look.TEXT, table["refiner"]),
            column("Refiner country", Look.TEXT, map(context.country, table["country"])),
            column("Tonnes", Look.TONNES, table["tonnes"]),
            column(f"Premium ({per_tonne})", Look.PRICE, table["premium"]),
            column(f"Freight ({per_tonne})", Look.PRICE, table["freight"]),
            column("Mine capacity (t/yr)", Look.TONNES, table["mine_capacity"]),
            column(f"Scarcity rent of mine ({per_tonne})", Look.PRICE, table["rent"]),
            column("Project", Look.TEXT, table["project"]),
            column("Unit", Look.TEXT, map(context.units.__getitem__, table["mineral"])),
            column("Note", Look.REMARK, (r.note for r in rows)),
            column("Source", Look.REMARK, (r.source for r in rows)),
        ),
        printed=10,
    )
