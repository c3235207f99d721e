"""The rules that check the records of a Case; each rule is a function.

A rule reads only records, and yields findings with the record's sheet, row and column. Every Case
must keep ``RULES``. ``ADVICE`` warns of entries that are allowed but probably not meant.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.case import Case
from models.checks import advice, magnitude, rows, scenarios, spelling, stages, tiers
from models.checks.common import Rule
from models.errors import Finding, Severity


@dataclass(frozen=True)
class RuleInputs:
    """The cells, besides its own, that must be free of errors before a rule's finding counts.

    This matters if a workbook is read in part. ``fields`` are cells of the same row, ``sheets``
    are whole sheets, ``headers`` only the header rows of sheets. With ``others``, the rule
    compares rows, so it needs its column and ``fields`` in all rows. A warning also needs all cells
    of its row.
    """

    fields: frozenset[str] = frozenset()
    sheets: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    others: bool = False


def _on(
    fields: str = "", *, sheets: str = "", headers: str = "", others: bool = False
) -> RuleInputs:
    """Return the needs of a rule; each text lists names, with spaces between them."""
    named = [frozenset(names.split()) for names in (fields, sheets, headers)]
    return RuleInputs(named[0], named[1], named[2], others)


_RULES: dict[Rule, RuleInputs] = {
    rows.names_are_not_reserved: _on(),
    rows.member_countries: _on(),
    rows.names_are_defined: _on(),
    rows.refiners_have_the_mineral: _on(),
    rows.numbers_are_within_bounds: _on(),
    rows.by_year_filled: _on(),
    rows.last_year_not_before_first: _on(),
    rows.opening_stock_fits: _on("max"),
    rows.stock_has_one_target: _on("target"),
    rows.contract_max_above_min: _on("min"),
    rows.supports_are_defined: _on(),
    rows.built_rows_name_projects: _on("project year", sheets="Projects", others=True),
    rows.buyers_are_defined: _on(),
    rows.suppliers_are_defined: _on("group"),
    rows.companies_are_defined: _on(),
    rows.lost_countries_are_defined: _on(),
    rows.zones_are_defined: _on(),
    rows.one_floor_per_year: _on("mineral zone first_year last_year", others=True),
    rows.limit_parts_fit: _on("limit group supplier stage"),
    rows.rights_within_one: _on(
        "member refiner mineral country", sheets="Refiners Projects Mines", others=True
    ),
    tiers.tiers_only_open_lanes: _on("tier"),
    stages.ratios_are_in_range: _on(),
    stages.inputs_are_others: _on("mineral tonnes", others=True),
    stages.plants_make_the_product: _on("mineral", sheets="Refiners Projects", others=True),
    stages.supply_of_today_has_a_buyer: _on("member plant mineral", sheets="Refiners Inputs"),
    stages.plants_of_lanes_take_the_input: _on(
        "input mineral to_plant plant member", sheets="Refiners Projects Inputs"
    ),
    scenarios.ranges_are_of_numbers: _on("sheet header", headers="Demand Members"),
    scenarios.assumptions_have_one_range: _on("low high together", others=True),
    scenarios.selectors_fit_actions: _on("action"),
    scenarios.values_fit_actions: _on("action"),
    scenarios.projects_are_matched: _on(
        "action mineral country refiner first_year", sheets="Projects", headers="Demand"
    ),
    scenarios.events_fit_single_years: _on("action"),
    scenarios.one_event_one_chance: _on("name", others=True),
    rows.demand_has_years: _on(headers="Demand"),
    rows.added_capacity_is_within_bounds: _on(),
    rows.changed_lanes_are_within_bounds: _on(),
    rows.no_addresses_in_sources: _on(),
    rows.every_pair_has_freight: _on(),
}
_ADVICE: dict[Rule, RuleInputs] = {
    advice.missing_year_columns: _on(headers="Demand"),
    advice.outside_the_horizon: _on(headers="Demand"),
    advice.blank_member_removes_all: _on(),
    advice.built_out_of_its_years: _on(sheets="Projects", headers="Demand"),
    advice.begun_beyond_the_budget: _on(sheets="Projects Budget Settings", headers="Demand"),
    scenarios.lanes_that_match_nothing: _on(sheets="Refiners Projects"),
    scenarios.steps_that_match_nothing: _on(sheets="Refiners Projects Mines Stockpiles Demand"),
    scenarios.ore_lanes_that_match_nothing: _on(sheets="Refiners Projects Mines"),
    scenarios.rights_that_match_nothing: _on(sheets="Refiners Projects Mines"),
    rows.rights_below_one: _on(
        "member refiner mineral country", sheets="Refiners Projects Mines Members", others=True
    ),
    scenarios.events_never_or_always: _on(),
    scenarios.ranges_that_match_nothing: _on("sheet header", headers="Demand Members"),
    advice.blank_available_shares: _on(sheets="Refiners Countries Members"),
    advice.minerals_without_refiner: _on(sheets="Refiners Projects Minerals Demand"),
    advice.dearer_than_shortage: _on(
        sheets="Refiners Projects Minerals Freight Settings", headers="Demand"
    ),
    advice.limits_without_supply: _on(sheets="Refiners Projects Mines Countries Members"),
    advice.lost_countries_that_sell_nothing: _on(sheets="Refiners Projects"),
    advice.rest_of_world_bloc: _on(),
    spelling.names_spelt_alike: _on(),
    magnitude.targets_above_max: _on(),
    magnitude.slips_of_magnitude: _on(sheets="Settings Minerals Refiners Projects Demand"),
    stages.contract_prices_without_inputs: _on(sheets="Refiners Inputs"),
    stages.floors_below_inputs: _on(sheets="Inputs"),
    stages.members_that_transfer_nothing: _on(sheets="Members Inputs"),
    tiers.tiers_that_match_no_demand: _on("mineral member", sheets="Tiers Demand"),
    advice.members_outside_coalition: _on(sheets="Members"),
    advice.rows_of_totals: _on(),
}

RULES = tuple(_RULES)
"""The rules that every Case must keep."""
ADVICE = tuple(_ADVICE)
"""The rules that warn of entries that are allowed but probably not meant."""
FORESIGHT: tuple[Rule, ...] = (
    advice.caps_that_cannot_be_met,
    advice.members_without_lane,
    advice.contracts_above_capacity,
    advice.capital_beyond_the_horizon,
    advice.capital_beyond_every_budget,
    stages.inputs_without_a_source,
    stages.caps_on_all_of_an_input,
    stages.plants_reached_through_members,
)
"""Advice that first has to build the model's data, so it needs a case without errors."""
RULE_INPUTS = _RULES | _ADVICE
"""The needs of each rule."""
FREIGHT_RULE: Rule = rows.every_pair_has_freight


def check_rules(
    case: Case,
    rules: tuple[Rule, ...] = RULES + ADVICE + FORESIGHT,
    passed: Case | None = None,
) -> tuple[Finding, ...]:
    """Return all errors and warnings of the rules.

    ``passed`` is a case without errors; records that both cases share are skipped.
    """
    found: list[Finding] = []
    within = rows.numbers_are_within_bounds
    for rule in rules:
        if rule not in FORESIGHT or all(f.severity is not Severity.ERROR for f in found):
            found += within(case, passed) if rule is within else rule(case)
    return tuple(found)


def errors(case: Case, passed: Case | None = None) -> tuple[Finding, ...]:
    """Return the contradictions in a case's records; ``passed`` is as in ``check``."""
    return tuple(f for f in check_rules(case, RULES, passed) if f.severity is Severity.ERROR)
