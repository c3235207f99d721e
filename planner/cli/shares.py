"""How near each mineral comes to its limits on countries, in a line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.measures import Top, largest_country_share, shares_of
from models.schema import BY_COUNTRY, MAX, MINING

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan

NEARLY = 1e-6
"""A limit counts as reached within this part of it."""


def share_base(plan: Plan) -> str:
    """Return what shares are of: demand, or purchases."""
    return plan.case.settings.share_basis


def country_shares(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say of each mineral which country's share is the largest, over all years and in the last."""
    base, end = share_base(plan), plan.case.years[-1] if plan.case.years else 0
    table = plan.countries[plan.countries["buyer"] == ""]
    for mineral in plan.expanded.minerals:
        rows = table[table["mineral"] == mineral]
        top = largest_country_share(rows, base)
        if top is None:
            continue
        parts = [f"{_said(plan, top)}{_reached(rows, base, top)})"]
        last = largest_country_share(rows[rows["year"] == end], base)
        if last is not None and top.year != end:
            country = plan.case.country_name(last.country)
            parts.append(f"{end}: {last.share:.1%}, {country} ({_limit(last)})")
        bind = _binding(plan, mineral)
        if bind:
            parts.append(f"limits on members: {bind:,} bind{'s' if bind == 1 else ''}")
        yield mineral, "; ".join(parts)


def _said(plan: Plan, top: Top) -> str:
    return f"{top.share:6.1%}  {plan.case.country_name(top.country)}, {top.year} ({_limit(top)}"


def _limit(top: Top) -> str:
    return "no limit" if top.limit is None else f"limit {top.limit:.1%}"


def _reached(rows: pd.DataFrame, base: str, top: Top) -> str:
    """Say in how many years a country is at its own limit, of those in which it has one."""
    if top.limit is None:
        return ""
    own = rows[(rows["country"] == top.country) & rows["limit"].notna() & (rows["tonnes"] > 0)]
    shares = shares_of(own, base)
    full = int((shares >= own["limit"] * (1.0 - NEARLY)).sum())
    known = int(shares.notna().sum())
    return f", reached in {full} of {'1 year' if known == 1 else f'{known} years'}"


def _binding(plan: Plan, mineral: str) -> int:
    """Count the limits on what a country may sell to a member that bind, each year for itself."""
    rows = plan.limits
    rows = rows[(rows["mineral"] == mineral) & rows["buyer"].isin(plan.expanded.members)]
    rows = rows[(rows["kind"] == MAX) & (rows["group"] == BY_COUNTRY) & (rows["stage"] != MINING)]
    return int((rows["binding"].astype(bool) & (rows["tonnes"] > 0)).sum())
