"""Rules on rows that cut off a tier of demand: Lanes, Scenarios and Risks."""

from __future__ import annotations

from collections.abc import Iterator

from models import schema
from models.case import Case
from models.checks.common import error, warn
from models.checks.scenarios import steps
from models.errors import Finding
from models.schema.policy import ActionRow


def tiers_only_open_lanes(case: Case) -> Iterator[Finding]:
    """A row of Lanes with a tier sets Open, and nothing else."""
    for row in case.lanes:
        for field in ("freight", "tariff", "max") if row.tier else ():
            value = getattr(row, field)
            if value is not None:
                problem = f"the number {value:g} in a row with the tier {row.tier!r}"
                hint = f"a row with a tier sets only {schema.Lane.column_of('open').header}"
                yield error(row, field, problem, "a blank cell", hint)


def tiers_that_match_no_demand(case: Case) -> Iterator[Finding]:
    """Warn of rows whose tier no demand has: they change nothing."""
    known = {row.name for row in case.tiers}
    rows: tuple[schema.Lane | ActionRow, ...] = (*case.lanes, *steps(case))
    for row in rows:
        if row.tier in known and not has_tier(case, row):
            of_member = f" of {row.member}" if row.member else ""
            what = f" for {row.mineral}" if row.mineral else ""
            problem = f"no demand{of_member}{what} has the tier {row.tier!r}"
            yield warn(row, "tier", problem, "the row changes nothing")


def has_tier(case: Case, row: schema.Lane | ActionRow) -> bool:
    """Return whether demand of the row's mineral and member has its tier; "" is every tier."""
    return not row.tier or any(
        row.mineral in {"", demand.mineral}
        and row.member in {"", demand.member}
        and row.tier == demand.tier
        for demand in case.demand
    )
