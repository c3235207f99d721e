"""Shares of supplier countries, and the limits on shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from models.measures import shares_of
from models.results.common import (
    BUYER,
    COUNTRY,
    LIMIT,
    LIMIT_KIND,
    MINERAL,
    NOTE,
    ROW,
    SOURCE,
    TONNES,
    UNIT,
    YEAR,
    of_table,
)
from models.results.field import Look, Name, Result, field
from models.schema import DEMAND, PURCHASES

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


class CountryShares(Result):
    """Each country's tonnes to the coalition and to each member, beside the tightest max.

    Limit and headroom are shares of demand, or of purchases where Share basis says so.
    """

    TABLE = "Country shares"
    GRAIN = ("year", "mineral", "buyer", "country")

    year = YEAR
    mineral = MINERAL
    buyer = BUYER
    country = COUNTRY
    tonnes = TONNES
    of_demand = field(
        "Share of demand",
        Look.SHARE,
        "Tonnes over the buyer's demand for the mineral in that year; stock purchases count, so"
        " that the sum may exceed 100 %.",
    )
    of_purchases = field(
        "Share of purchases",
        Look.SHARE,
        "Tonnes over all that the buyer purchases of the mineral in that year.",
    )
    limit = LIMIT.like(meaning="The tightest max on this country for this buyer; blank: none.")
    headroom = field("Headroom", Look.SHARE, "Limit less the share that it limits.")
    limit_of = field(
        "Limit is of",
        Look.TEXT,
        "Whether the limit is a share of demand or of purchases.",
        printed=False,
    )
    unit = UNIT.like(printed=False)

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the shares of the countries in a plan."""
        table, basis = plan.countries, plan.case.settings.share_basis
        of_demand, of_purchases = (shares_of(table, base) for base in (DEMAND, PURCHASES))
        limited = table["limit"].notna().tolist()
        return of_table(
            cls,
            plan,
            table,
            of_demand=of_demand,
            of_purchases=of_purchases,
            headroom=table["limit"] - (of_purchases if basis == PURCHASES else of_demand),
            limit_of=[basis if is_limited else "" for is_limited in limited],
        )


class ShareLimits(Result):
    """Every limit that applied, spelt out: buyer, supplier, mineral and year.

    The shadow price is what one tonne of relief saves, undiscounted.
    """

    TABLE = "Share limits"
    GRAIN = ("row", "mineral", "buyer", "supplier", "year")

    row = ROW
    kind = LIMIT_KIND
    mineral = MINERAL
    buyer = BUYER
    group = field(
        "Supplier group",
        Look.TEXT,
        "How suppliers are put together: by country, owner, bloc, kind or refiner.",
    )
    supplier = field("Supplier", Look.TEXT, "Whom the limit is on.", names=Name.SUPPLIER)
    year = YEAR
    share = field(
        "Share reached", Look.SHARE, "What the supplier has of the buyer's base in that year."
    )
    limit = LIMIT
    binding = field(
        "Binding",
        Look.TEXT,
        "yes: the limit is reached, so that nothing more could flow (max) or less (min).",
    )
    shadow_price = field(
        "Shadow price",
        Look.PRICE,
        "What the plan would save if the limit gave way by one tonne; 0 where it does not bind.",
        unit="{money}/t",
    )
    share_of = field(
        "Share of",
        Look.TEXT,
        "What the limit is a share of: demand or purchases.",
        printed=False,
    )
    tonnes = TONNES.like(meaning="Tonnes that count under the limit.", printed=False)
    base = field(
        "Base",
        Look.TONNES,
        "The demand, or the purchases, that the limit is a share of.",
        unit="t",
        printed=False,
    )
    room = field("Room", Look.TONNES, "Tonnes left up to the limit.", unit="t", printed=False)
    excess = field(
        "Beyond limit",
        Look.TONNES,
        "Tonnes past a limit that has a penalty.",
        unit="t",
        printed=False,
    )
    stage = field(
        "Stage", Look.TEXT, "refining: tonnes of refined metal; mining: ore.", printed=False
    )
    unit = UNIT.like(printed=False)
    note = NOTE
    source = SOURCE

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the limits of a plan, each buyer, supplier, mineral and year alone."""
        table, case = plan.limits, plan.case
        rows = [case.share_limits[k] for k in table["limit"]]
        return of_table(
            cls,
            plan,
            table,
            rows,
            row=[r.row or None for r in rows],
            share=table["share"].where(table["base"] > 0, np.nan),
            limit=table["allowed"],
            binding=binds(table),
            share_of=np.where(table["kind"] == "min", DEMAND, case.settings.share_basis),
        )


def binds(table: pd.DataFrame) -> pd.Series[bool]:
    """Return whether each row of ``Plan.limits`` binds; one on a buyer without need does not."""
    needed = (table["base"] > 0) | (table["shadow_price"] > 0)
    return table["binding"].astype(bool) & needed
