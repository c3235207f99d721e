"""What must hold across the records of a Case, a rule a function; run on every Case.

A rule looks at records alone and yields findings with the record's sheet, row and column. ``RULES``
is what a Case must keep, whoever made it; ``ADVICE`` is what is allowed and likely not meant, and
gives warnings only.
"""

from __future__ import annotations

from models.case import Case
from models.checks import (
    advice,
    foresight,
    freight,
    limits,
    references,
    reserved,
    rows,
    scenarios,
)
from models.checks.common import Rule
from models.errors import Finding, Severity

ROW_RULES: tuple[Rule, ...] = (
    reserved.names_that_mean_something_else,
    reserved.member_countries,
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
)
"""Rules that look at a row and the names it uses: they also hold for a part of a workbook."""

RULES: tuple[Rule, ...] = (
    *ROW_RULES,
    rows.horizon,
    rows.usable_capacity,
    rows.scaled_freight,
    freight.every_pair_has_freight,
)
"""What every Case must keep."""

ADVICE: tuple[Rule, ...] = (
    advice.years_left_out,
    advice.outside_the_horizon,
    advice.unused_selectors,
    advice.blank_available_shares,
    advice.minerals_without_refiner,
    advice.dearer_than_shortage,
    advice.empty_limits,
    advice.targets_above_max,
    advice.rest_of_world_bloc,
    advice.far_from_median,
)
"""What is allowed and likely not meant."""

FORESIGHT: tuple[Rule, ...] = (
    foresight.caps_that_cannot_be_met,
    foresight.members_without_lane,
    foresight.contracts_above_capacity,
    foresight.capital_beyond_the_horizon,
)
"""Advice that resolves the case, and so needs one without errors."""


def check(case: Case, rules: tuple[Rule, ...] = RULES + ADVICE + FORESIGHT) -> tuple[Finding, ...]:
    """Return everything that the rules find, errors and warnings."""
    found: list[Finding] = []
    for rule in rules:
        if rule in FORESIGHT and any(f.severity is Severity.ERROR for f in found):
            continue
        found += rule(case)
    return tuple(found)
