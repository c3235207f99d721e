"""Shares of supplier countries, and the limits on shares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.schema import BY_COUNTRY, BY_OWNER
from planner.sheets.context import COALITION_BUYER, Context
from planner.sheets.figures import binds
from planner.sheets.table import Look, Table, column


def country_shares(context: Context) -> Table:
    """Each country's tonnes to the coalition and to each member, beside the tightest max.

    Limit and headroom are shares of demand, or of purchases where Share basis says so.
    """
    table = context.plan.countries
    tonnes = table["tonnes"]
    of_demand = _ratio(tonnes, table["demand"])
    of_purchases = _ratio(tonnes, table["purchased"])
    counted = of_purchases if context.base_column == "purchased" else of_demand
    return Table(
        "Country shares",
        (
            column("Year", Look.YEAR, table["year"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Buyer", Look.TEXT, (b or COALITION_BUYER for b in table["buyer"])),
            column("Country", Look.TEXT, map(context.country, table["country"])),
            column("Tonnes", Look.TONNES, tonnes),
            column("Share of demand", Look.SHARE, of_demand),
            column("Share of purchases", Look.SHARE, of_purchases),
            column("Limit", Look.SHARE, table["limit"]),
            column("Headroom", Look.SHARE, table["limit"] - counted),
            column("Limit is of", Look.TEXT, _of(context, table["limit"].notna().tolist())),
            column("Unit", Look.TEXT, map(context.units.__getitem__, table["mineral"])),
        ),
        printed=9,
    )


def _of(context: Context, limited: list[bool]) -> list[str]:
    return [context.basis if is_limited else "" for is_limited in limited]


def _ratio(amount: pd.Series[float], whole: pd.Series[float]) -> pd.Series[float]:
    return amount / whole.where(whole > 0, np.nan)


def share_limits(context: Context) -> Table:
    """Every limit that applied, spelt out: buyer, supplier, mineral and year.

    The shadow price is what one tonne of relief saves, undiscounted.
    """
    table, limits = context.plan.limits, context.case.share_limits
    rows = [limits[k] for k in table["limit"]]
    is_min = table["kind"] == "min"
    shown = [
        context.country(s) if g in {BY_COUNTRY, BY_OWNER} else s
        for s, g in zip(table["supplier"], table["group"], strict=True)
    ]
    return Table(
        "Share limits",
        (
            column("Row in input", Look.COUNT, (r.row or None for r in rows)),
            column("Limit kind", Look.TEXT, table["kind"]),
            column("Mineral", Look.TEXT, table["mineral"]),
            column("Buyer", Look.TEXT, (b or COALITION_BUYER for b in table["buyer"])),
            column("Supplier group", Look.TEXT, table["group"]),
            column("Supplier", Look.TEXT, shown),
            column("Year", Look.YEAR, table["year"]),
            column("Share reached", Look.SHARE, table["share"].where(table["base"] > 0, np.nan)),
            column("Limit", Look.SHARE, table["allowed"]),
            column("Binding", Look.TEXT, binds(table)),
            column(f"Shadow price ({context.per_tonne})", Look.PRICE, table["shadow_price"]),
            column("Share of", Look.TEXT, np.where(is_min, "demand", context.basis)),
            column("Tonnes", Look.TONNES, table["tonnes"]),
            column("Base (t)", Look.TONNES, table["base"]),
            column("Room (t)", Look.TONNES, table["room"]),
            column("Beyond limit (t)", Look.TONNES, table["excess"]),
            column("Stage", Look.TEXT, table["stage"]),
            column("Unit", Look.TEXT, map(context.units.__getitem__, table["mineral"])),
            column("Note", Look.REMARK, (r.note for r in rows)),
            column("Source", Look.REMARK, (r.source for r in rows)),
        ),
        printed=11,
    )
