"""How near each mineral comes to its limits on countries, in a line each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.schema import BY_COUNTRY, MAX, MINING, PURCHASES, REST_OF_WORLD

if TYPE_CHECKING:
    from models.plan import Plan

NEARLY = 1e-6
"""A limit counts as reached, and two shares as one, within this part of them."""

Row = Mapping[Any, Any]
Rows = Sequence[Row]


def share_base(plan: Plan) -> str:
    """Return what shares are of: demand, or purchases."""
    return "purchases" if plan.case.settings.share_basis == PURCHASES else "demand"


def country_shares(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say of each mineral which country's share is the largest, over all years and in the last.

    Of countries with equal shares the one with the most tonnes over all years is named, with the
    first year of its largest share. Rest of world is no country.
    """
    column = "purchased" if share_base(plan) == "purchases" else "demand"
    table = plan.countries
    table = table[(table["buyer"] == "") & (table["country"] != REST_OF_WORLD)]
    sold = table[(table[column] > 0) & (table["tonnes"] > 0)]
    sold = sold.assign(share=sold["tonnes"] / sold[column])
    for mineral in plan.expanded.minerals:
        rows: Rows = sold[sold["mineral"] == mineral].to_dict("records")
        if not rows:
            continue
        row = _largest(rows, rows)
        country = plan.case.country_name(row["country"])
        limit = f"{_limit(row)}{_reached(rows, row)}"
        parts = [f"{row['share']:6.1%}  {country}, {row['year']} ({limit})"]
        end = plan.case.years[-1]
        last = [each for each in rows if each["year"] == end]
        if last and row["year"] != end:
            then = _largest(last, rows)
            country = plan.case.country_name(then["country"])
            parts.append(f"{end}: {then['share']:.1%}, {country} ({_limit(then)})")
        bind = _binding(plan, mineral)
        if bind:
            parts.append(f"limits on members: {bind:,} bind{'s' if bind == 1 else ''}")
        yield mineral, "; ".join(parts)


def _largest(rows: Rows, every: Rows) -> Row:
    """Return the row with the largest share; of equal ones the country that sells most in all."""
    most = max(row["share"] for row in rows)
    sold: dict[str, float] = {}
    for row in every:
        sold[row["country"]] = sold.get(row["country"], 0.0) + row["tonnes"]
    tied = [row for row in rows if row["share"] >= most * (1.0 - NEARLY)]
    return min(tied, key=lambda row: (-sold[row["country"]], row["country"], row["year"]))


def _limit(row: Row) -> str:
    return "no limit" if math.isnan(row["limit"]) else f"limit {row['limit']:.1%}"


def _reached(rows: Rows, of: Row) -> str:
    """Say in how many years a country is at its own limit, of those in which it has one."""
    limited = [r for r in rows if r["country"] == of["country"] and not math.isnan(r["limit"])]
    if math.isnan(of["limit"]):
        return ""
    full = sum(row["share"] >= row["limit"] * (1.0 - NEARLY) for row in limited)
    years = "1 year" if len(limited) == 1 else f"{len(limited)} years"
    return f", reached in {full} of {years}"


def _binding(plan: Plan, mineral: str) -> int:
    """Count the limits on what a country may sell to a member that bind, each year for itself."""
    rows = plan.limits
    rows = rows[(rows["mineral"] == mineral) & rows["buyer"].isin(plan.expanded.members)]
    rows = rows[(rows["kind"] == MAX) & (rows["group"] == BY_COUNTRY) & (rows["stage"] != MINING)]
    return int((rows["binding"].astype(bool) & (rows["tonnes"] > 0)).sum())
