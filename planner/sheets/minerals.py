"""By mineral: the plan as a scorecard, one row a mineral."""

from __future__ import annotations

from planner.sheets.context import Context
from planner.sheets.figures import figures
from planner.sheets.table import Column, Look, Table, column


def by_mineral(context: Context) -> Table:
    """One row a mineral over all years; what Summary says of it, side by side.

    What is printed comes first: the last year's largest share, where limits are tightest. Further
    right stand the largest share of any year and what is for the screen.
    """
    rows = figures(context)
    tops, lasts = [of.top for of in rows], [of.last for of in rows]
    basis, money, per_tonne = context.basis, context.currency, context.per_tonne
    years = context.case.years
    ending = f" in {years[-1]}" if years else " in the last year"
    first = (
        column("Mineral", Look.TEXT, (of.name for of in rows)),
        column("Demand (t)", Look.TONNES, (of.demand for of in rows)),
        column("Purchases (t)", Look.TONNES, (of.purchased for of in rows)),
        column("Short (t)", Look.TONNES, (of.short for of in rows)),
        column("Served share of demand", Look.SHARE, (of.served for of in rows)),
        column(
            "Short because supply can't give it (t)",
            Look.TONNES,
            (of.short_of_supply for of in rows),
        ),
        column(
            "Short because the limits forbid it (t)",
            Look.TONNES,
            (of.short_by_limits for of in rows),
        ),
        column(
            f"Average landed cost ({per_tonne})",
            Look.PRICE,
            (of.average_cost for of in rows),
        ),
        column(f"Extra landed cost by limits ({per_tonne})", Look.PRICE, (of.extra for of in rows)),
        column(
            f"Largest country{ending}",
            Look.TEXT,
            (context.country(t.country) if t else None for t in lasts),
        ),
        column(f"Largest share{ending}", Look.SHARE, (t.share if t else None for t in lasts)),
        column(f"Limit{ending}", Look.SHARE, (t.limit if t else None for t in lasts)),
        column("HHI by capacity", Look.INDEX, (of.hhi_capacity for of in rows)),
        column("HHI by purchases", Look.INDEX, (of.hhi_purchases for of in rows)),
        column(
            "Served if largest supplier stops",
            Look.SHARE,
            (of.served_if_lost for of in rows),
        ),
    )
    further: tuple[Column, ...] = (
        column("Unit", Look.TEXT, (of.unit for of in rows)),
        column(f"Purchases ({money})", Look.MONEY, (of.cost for of in rows)),
        column(f"Largest share of {basis}", Look.SHARE, (t.share if t else None for t in tops)),
        column("Limit on it", Look.SHARE, (t.limit if t else None for t in tops)),
        column(
            "Largest country",
            Look.TEXT,
            (context.country(t.country) if t else None for t in tops),
        ),
        column("In year", Look.YEAR, (t.year if t else None for t in tops)),
        column("Years at limit", Look.COUNT, (of.years_at_limit for of in rows)),
        column("Binding limits on members", Look.COUNT, (of.bound_on_members for of in rows)),
    )
    return Table("By mineral", first + further, printed=len(first))
