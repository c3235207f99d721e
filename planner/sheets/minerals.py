"""By mineral: the plan as a scorecard, one row a mineral."""

from __future__ import annotations

from models.results import ByMineral
from models.results.common import words_of
from planner.sheets.context import Context
from planner.sheets.figures import figures


def by_mineral(context: Context) -> ByMineral:
    """Return the sheet By mineral."""
    rows = figures(context)
    tops, lasts = [of.top for of in rows], [of.last for of in rows]
    return ByMineral(
        words=words_of(context.case),
        mineral=[of.name for of in rows],
        demand=[of.demand for of in rows],
        purchased=[of.purchased for of in rows],
        short=[of.short for of in rows],
        served=[of.served for of in rows],
        short_of_supply=[of.short_of_supply for of in rows],
        short_by_limits=[of.short_by_limits for of in rows],
        landed=[of.average_cost for of in rows],
        extra=[of.extra for of in rows],
        last_country=[t.country if t else None for t in lasts],
        last_share=[t.share if t else None for t in lasts],
        last_limit=[t.limit if t else None for t in lasts],
        hhi_capacity=[of.hhi_capacity for of in rows],
        hhi_purchases=[of.hhi_purchases for of in rows],
        served_if_lost=[of.served_if_lost for of in rows],
        unit=[of.unit for of in rows],
        paid=[of.cost for of in rows],
        share=[t.share if t else None for t in tops],
        limit=[t.limit if t else None for t in tops],
        country=[t.country if t else None for t in tops],
        year=[t.year if t else None for t in tops],
        years_at_limit=[of.years_at_limit for of in rows],
        bound_on_members=[of.bound_on_members for of in rows],
    )
