"""What must hold across the records of a Case, a rule a function; run on every Case.

A rule looks at records alone and yields findings with the record's sheet, row and column. ``RULES``
is what a Case must keep, whoever made it; ``ADVICE`` is what is allowed and likely not meant, and
gives warnings only.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.case import Case
from models.checks import (
    advice,
    foresight,
    limits,
    references,
    rows,
    scenarios,
    totals,
)
from models.checks.common import Rule
from models.errors import Finding, Severity
from models.schema import (
    Country,
    Demand,
    Freight,
    Member,
    Mine,
    Mineral,
    Project,
    Record,
    Refiner,
    Settings,
    Stockpile,
)

RULES: tuple[Rule, ...] = (
    references.names_that_mean_something_else,
    references.member_countries,
    references.names_are_defined,
    references.refiners_have_the_mineral,
    rows.within_bounds,
    rows.by_year_filled,
    rows.last_year_not_before_first,
    rows.stock_fits,
    rows.one_target,
    rows.contract_range,
    limits.buyers_are_defined,
    limits.suppliers_are_defined,
    limits.shape,
    scenarios.selectors,
    scenarios.values,
    scenarios.builds,
    scenarios.event_actions,
    scenarios.one_event_one_chance,
    rows.horizon,
    rows.usable_capacity,
    rows.scaled_freight,
    references.every_pair_has_freight,
)
"""What every Case must keep."""

ADVICE: tuple[Rule, ...] = (
    advice.years_left_out,
    advice.outside_the_horizon,
    advice.removed_by_a_blank,
    scenarios.lanes_that_match_nothing,
    scenarios.steps_that_match_nothing,
    scenarios.ore_lanes_that_match_nothing,
    scenarios.chances_that_decide_nothing,
    advice.blank_available_shares,
    advice.minerals_without_refiner,
    advice.dearer_than_shortage,
    advice.empty_limits,
    advice.targets_above_max,
    advice.rest_of_world_bloc,
    advice.far_from_median,
    advice.capacity_far_from_demand,
    advice.member_outside,
    totals.names_of_totals,
)
"""What is allowed and likely not meant."""

FORESIGHT: tuple[Rule, ...] = (
    foresight.caps_that_cannot_be_met,
    foresight.members_without_lane,
    foresight.contracts_above_capacity,
    foresight.capital_beyond_the_horizon,
    foresight.capital_beyond_every_budget,
)
"""Advice that resolves the case, and so needs one without errors."""


FREIGHT_RULE: Rule = references.every_pair_has_freight


@dataclass(frozen=True)
class Needs:
    """What a rule rests on beside the cell of its finding, where a workbook is read in part.

    ``fields`` of the same row; ``sheets`` that have no error at all; ``headers``, sheets whose
    header row has none; ``others``, that it compares rows: on its column and on ``fields`` in all
    rows. A warning rests on its whole row.
    """

    fields: frozenset[str] = frozenset()
    sheets: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    others: bool = False


def _needs(
    fields: str = "",
    sheets: tuple[type[Record], ...] = (),
    headers: tuple[type[Record], ...] = (),
    *,
    others: bool = False,
) -> Needs:
    homes = frozenset(r.SHEET for r in sheets)
    return Needs(frozenset(fields.split()), homes, frozenset(r.SHEET for r in headers), others)


_PLANTS = (Refiner, Project)

NEEDS: dict[Rule, Needs] = {
    rows.stock_fits: _needs("max"),
    rows.one_target: _needs("target"),
    rows.contract_range: _needs("min"),
    rows.horizon: _needs(headers=(Demand,)),
    limits.suppliers_are_defined: _needs("group"),
    limits.shape: _needs("limit group supplier stage"),
    scenarios.selectors: _needs("action"),
    scenarios.values: _needs("action"),
    scenarios.builds: _needs(
        "action mineral country refiner first_year", (Project,), headers=(Demand,)
    ),
    scenarios.event_actions: _needs("action"),
    scenarios.one_event_one_chance: _needs("name", others=True),
    advice.years_left_out: _needs(headers=(Demand,)),
    advice.outside_the_horizon: _needs(headers=(Demand,)),
    scenarios.lanes_that_match_nothing: _needs(sheets=_PLANTS),
    scenarios.steps_that_match_nothing: _needs(sheets=(*_PLANTS, Mine, Stockpile, Demand)),
    scenarios.ore_lanes_that_match_nothing: _needs(sheets=(*_PLANTS, Mine)),
    advice.blank_available_shares: _needs(sheets=(Refiner, Country, Member)),
    advice.minerals_without_refiner: _needs(sheets=(*_PLANTS, Mineral, Demand)),
    advice.dearer_than_shortage: _needs(
        sheets=(*_PLANTS, Mineral, Freight, Settings), headers=(Demand,)
    ),
    advice.empty_limits: _needs(sheets=(*_PLANTS, Mine, Country, Member)),
    advice.far_from_median: _needs(sheets=(Settings,)),
    advice.capacity_far_from_demand: _needs(sheets=(*_PLANTS, Demand)),
    advice.member_outside: _needs(sheets=(Member,)),
}
"""What each rule rests on; one that is not named rests on the cell of its finding alone."""


def check(
    case: Case,
    rules: tuple[Rule, ...] = RULES + ADVICE + FORESIGHT,
    passed: Case | None = None,
) -> tuple[Finding, ...]:
    """Return everything that the rules find, errors and warnings.

    ``passed`` is a case without errors that this one is a variant of.
    """
    found: list[Finding] = []
    for rule in rules:
        if rule in FORESIGHT and any(f.severity is Severity.ERROR for f in found):
            continue
        found += rule(case) if rule is not rows.within_bounds else rows.within_bounds(case, passed)
    return tuple(found)


def errors(case: Case, passed: Case | None = None) -> tuple[Finding, ...]:
    """Return where a case's records contradict one another; ``passed`` as of ``check``."""
    return tuple(f for f in check(case, RULES, passed) if f.severity is Severity.ERROR)
