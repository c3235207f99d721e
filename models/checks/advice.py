"""Warnings of entries that are allowed but probably not meant.

The rules at the end compare supply, limits and time. They first build the model's data, so they
need a case without errors.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator

from models import resolve, schema, tolerances
from models.case import Case, in_force
from models.checks import common
from models.checks.common import plants, warn
from models.errors import Finding, warning

LEAST_CHARGED = 0.25
"""A late project looks cheap if less than this share of its life is in the planned years."""
_MISSED = "the whole share will be missed and paid for"
_SHORT = "all of its demand will be short"
_NEVER = "the row never applies"
_REDUCED = "the planner reduces these minimums in proportion, and nothing more has to be paid"
_CHEAP = (
    "the project looks cheaper than it is: add later years to Demand, or read its cost with care"
)
_NAMED = (schema.Mineral, schema.Member, schema.Refiner, schema.Project, schema.Contract)
"""Records whose names are unique."""
_LONG_NOTE = 30
"""Length from which a note is an explanation, not just a word for a total."""

# ---- rows that have no effect, or an unexpected one ---------------------------------------------


def missing_year_columns(case: Case) -> Iterator[Finding]:
    """Warn of years missing between two year columns, which the plan leaves out."""
    for before, after in zip(case.years, case.years[1:], strict=False):
        if after > before + 1:
            gone = str(before + 1) if after == before + 2 else f"{before + 1} to {after - 1}"
            problem = f"there is no column for {gone}"
            hint = "the planner leaves these years out: nothing is bought or paid in them"
            yield warning(schema.Demand.SHEET, 0, str(after), found=problem, hint=hint)


def outside_the_horizon(case: Case) -> Iterator[Finding]:
    """A row's years overlap the years that are planned."""
    if not case.years:
        return
    start, end = case.years[0], case.years[-1]
    for row, first, last in common.rows_with_years(case):
        if getattr(row, "action", "") == "delay project":
            continue  # its First year is of rows of Built, which may be out of the horizon
        if first is not None and first > end:
            problem = f"the first year {first} is after the last planned year, {end}"
            yield warn(row, "first_year", problem, _NEVER)
        elif last is not None and last < start and not (first or 0) > last:
            problem = f"the last year {last} is before the first planned year, {start}"
            yield warn(row, "last_year", problem, _NEVER)
    for budget in case.budget:
        if not start <= budget.year <= end:
            problem = f"the year {budget.year} is outside the planned years, {start} to {end}"
            is_carried = case.settings.carry_over_budget and budget.year < start
            hint = "nothing is spent in that year, so the whole budget is carried over"
            yield warn(budget, "year", problem, hint if is_carried else _NEVER)


def built_out_of_its_years(case: Case) -> Iterator[Finding]:
    """Warn of parts built before a project's First year, or whose life is over."""
    projects = {p.name: p for p in case.projects}
    for row in case.built:
        project, year = projects.get(row.project), row.year
        if project is None or not case.years:
            continue
        if year < project.first_year:
            first = f"its First year {project.first_year} in Projects"
            problem = f"{row.project} starts output in {year} here, before {first}"
            yield warn(row, "year", problem, "the plan takes it as built all the same")
        end = year + project.life
        if end <= case.years[0]:
            part = f"the part of {row.project} that starts in {year}"
            hint = f"it makes nothing in the planned years, from {case.years[0]} on"
            yield warn(row, "year", f"{part} reaches the end of its life in {end}", hint)


def begun_beyond_the_budget(case: Case) -> Iterator[Finding]:
    """Warn of plants in Built that cost more than the budget of their year."""
    before, is_sum = 0.0, case.settings.carry_over_budget
    for row, budget, due in resolve.budgets_due(case):
        if due > before and due > budget * (1.0 + tolerances.WHOLE_SUM):
            budgets = f"all budgets up to {row.year}" if is_sum else f"the budget of {row.year}"
            problem = f"the plants in Built need {due:g} m, more than the {budget:g} m of {budgets}"
            hint = "the plan pays for them in any case, and has nothing left for new plants"
            yield warn(row, "capex", problem, hint)
        before = due if is_sum else 0.0


def blank_member_removes_all(case: Case) -> Iterator[Finding]:
    """Warn of a `remove member` with a blank Member, which removes all members."""
    for step in case.scenarios:
        if step.action == "remove member" and not step.member:
            yield warn(step, "member", "Member is blank, so this row removes all members")


def blank_available_shares(case: Case) -> Iterator[Finding]:
    """Warn of outside refiners with a blank Available share, which opens all capacity."""
    blank = (r for r in case.refiners if r.country and not r.available_share.numbers())
    outside = [r for r in blank if schema.COALITION not in case.blocs_of(r.country)]
    if outside:
        first = min(outside, key=lambda r: r.row)
        who, whose = f"{first.name} has", "its"
        if len(outside) > 1:
            who, whose = f"{first.name} and {len(outside) - 1} more have", "their"
        problem = f"{who} a country outside the coalition and a blank Available share"
        hint = f"the coalition can then use all {whose} capacity"
        yield warn(first, "available_share", problem, hint)


def minerals_without_refiner(case: Case) -> Iterator[Finding]:
    """A mineral has at least one refiner."""
    supplied = {plant.mineral for plant in plants(case)}
    needed = {row.mineral for row in case.demand if any(tonnes > 0 for _, tonnes in row.tonnes)}
    for mineral in case.minerals:
        if mineral.name in needed - supplied:
            yield warn(mineral, "name", f"no refiner and no project makes {mineral.name}", _SHORT)


def dearer_than_shortage(case: Case) -> Iterator[Finding]:
    """Warn of refiners that cost more than a shortage, so that no member buys from them.

    Plants may still buy an input from them.
    """
    cheapest = {row.country: min((c for _, c in row.costs), default=0.0) for row in case.freight}
    short = {
        name: {year: case.shortage_cost(name, year) for year in case.years}
        for name, mineral in case.mineral_of.items()
        if all(mineral.price.at(year) is not None for year in case.years)
    }
    inputs = {row.input for row in case.needed_inputs}
    for plant in (candidate for candidate in plants(case) if candidate.mineral not in inputs):
        freight = cheapest.get(plant.country, case.settings.default_freight or 0.0)
        dearest = max(plant.cost.numbers(), default=0.0) + freight
        for year, least in short.get(plant.mineral, {}).items():
            cost = plant.cost.at(year)
            sells = isinstance(plant, schema.Project) or in_force(plant, year)
            if dearest > least and sells and cost is not None and cost + freight > least:
                landed = f"a tonne from {plant.name} costs {cost + freight:g} delivered in {year}"
                problem = f"{landed}, more than the {least:g} that a missing tonne costs"
                yield warn(plant, "cost", problem, "no member will buy from it in that year")
                break


def limits_without_supply(case: Case) -> Iterator[Finding]:
    """Warn of a min that nobody can fulfil, and of limits on ore without mines."""
    mined = {mine.mineral for mine in case.mines}
    for limit in case.share_limits:
        what = limit.mineral or "any mineral"
        named = limit.single_supplier
        if (
            limit.stage == schema.MINING
            and limit.mineral not in mined
            and (limit.mineral or not mined)
        ):
            missed = limit.limit == schema.MIN and limit.mineral != ""
            hint = _MISSED if missed else "the limit never applies"
            yield warn(limit, "stage", f"no mine of {what} is in the sheet Mines", hint)
        elif limit.limit == schema.MIN and limit.stage == schema.REFINING and named:
            of = [resolve.source_of(p) for p in plants(case) if limit.mineral in {"", p.mineral}]
            if not any(named in resolve.supplier_names(case, source, limit.group) for source in of):
                who = case.supplier_name(limit.group, named)
                problem = f"no refiner of {what} belongs to the {limit.group} {who}"
                yield warn(limit, "supplier", problem, _MISSED)


def lost_countries_that_sell_nothing(case: Case) -> Iterator[Finding]:
    """Warn of rows of Security whose lost countries do not refine the mineral."""
    for row in case.security:
        homes = {p.country for p in plants(case) if row.mineral in {"", p.mineral} and p.country}
        selector = row.lost_country or f"{schema.EACH_OUTSIDE}{schema.COALITION}"
        if selector.startswith(schema.EACH_OUTSIDE):
            if not resolve.single_countries(case, selector, homes):
                bloc = selector.removeprefix(schema.EACH_OUTSIDE)
                what = row.mineral or "any mineral"
                problem = f"no refiner of {what} is in a country outside the bloc {bloc}"
                yield warn(row, "lost_country", problem, _NEVER)
        elif selector == schema.REST_OF_WORLD:
            problem = "Rest of world stands for many suppliers, so it cannot be lost as one country"
            yield warn(row, "lost_country", problem, _NEVER)
        elif selector not in homes:
            where = f"{row.mineral or 'any mineral'} in {case.country_name(selector)}"
            yield warn(row, "lost_country", f"there is no refiner of {where}", _NEVER)


def rest_of_world_bloc(case: Case) -> Iterator[Finding]:
    """Warn if Rest of world is in the bloc coalition; it always counts as outside."""
    for country in case.countries:
        if country.code == schema.REST_OF_WORLD and schema.COALITION in country.blocs:
            problem = (
                "Rest of world is listed in the bloc coalition, but it always counts as outside"
            )
            yield warn(country, "blocs", problem)


def members_outside_coalition(case: Case) -> Iterator[Finding]:
    """Warn of member countries whose blocs do not include the coalition."""
    homes = {m.country: m.name for m in reversed(case.members) if m.country}
    for country in case.countries:
        if country.blocs and country.code in homes and schema.COALITION not in country.blocs:
            who = f"{case.country_name(country.code)} is the country of {homes[country.code]}"
            blocs, home = "; ".join(country.blocs), schema.COALITION
            hint = f"and limits on `{schema.EACH_OUTSIDE}{home}` apply to them"
            hint = f"its plants count as outside the coalition, {hint}"
            hint = f"{hint}. If that is not meant, add {home} to Bloc"
            yield warn(
                country, "blocs", f"{who}, but its blocs ({blocs}) do not include {home}", hint
            )


def rows_of_totals(case: Case) -> Iterator[Finding]:
    """Warn of rows named Total, which count in addition to the rows they add up.

    The same holds for rows without names, such as in Lanes, whose Note is only the word for a
    total.
    """
    for record in schema.SHEETS:
        for row in case.records(record.SHEET):
            name = getattr(row, "name", "") if record in _NAMED else ""
            if common.is_total(name):
                yield warn(row, "name", f"a row named {name!r}", common.total_hint("row"))
            elif row.note and len(row.note) < _LONG_NOTE and common.is_word_of_total(row.note):
                found = f"a row with the note {row.note!r}"
                yield warning(
                    record.SHEET, row.row, "Note", found=found, hint=common.total_hint("row")
                )


# ---- supply, limits and time together ----------------------------------------------------------


def caps_that_cannot_be_met(case: Case) -> Iterator[Finding]:
    """Warn of a hard cap on each country that leaves too few countries to serve all demand.

    Only capacity counts, not lanes. There is no warning if some supplier has no cap.
    """
    expanded = resolve.Expanded(case)
    for row in case.share_limits:
        if row.caps_each_country and row.penalty is None and not row.buyer:
            names = [m.name for m in case.minerals if row.mineral in {"", m.name}]
            # one finding per row, for its first mineral and year
            yield from itertools.islice((f for m in names for f in _too_few(expanded, row, m)), 1)


def _too_few(e: resolve.Expanded, row: schema.ShareLimit, mineral: str) -> Iterator[Finding]:
    for t, year in enumerate(e.years):
        share, demand = row.share.at(year), resolve.whole_need(e.case, mineral, year)
        if share is None or not in_force(row, year) or demand <= 0:
            continue
        by_country = defaultdict[str, float](float)
        for r in e.of_mineral[mineral]:
            room = e.nameplate[r, t] * e.startable[r, t] if e.sources[r].project else e.usable[r, t]
            if room > 0:
                by_country[e.sources[r].country] += float(room)
        is_met = not by_country or len(by_country) * share >= 1.0
        capped = resolve.single_countries(e.case, row.supplier, by_country)
        if is_met or len(capped) < len(by_country):
            continue
        count = f"{len(capped)} countr{'y' if len(capped) == 1 else 'ies'}"
        each = f"and each may supply at most {share:.4g} of demand"
        problem = f"only {count} can supply {mineral} in {year}, {each}"
        least = _least_share(sorted(by_country.values()), demand)
        hint = "their capacity is below demand, so no share is large enough"
        if least is not None:
            hint = f"by capacity alone, all demand can be met if the share is at least {least:.4g}"
        yield warn(row, "share", problem, hint)


def _least_share(rooms: list[float], demand: float) -> float | None:
    """Return the least s for which the sum of min(room, s x demand) is the demand; rooms ascend."""
    left = demand
    for i, room in enumerate(rooms):
        even = left / (len(rooms) - i)
        if room >= even and sum(rooms) >= demand:
            return even / demand
        left -= room
    return None


def members_without_lane(case: Case) -> Iterator[Finding]:
    expanded, some_closed = resolve.Expanded(case), any(row.open is False for row in case.lanes)
    rows = {(d.mineral, d.member): d for d in case.demand if any(t > 0 for _, t in d.tonnes)}
    for (mineral, member), row in sorted(rows.items()) if some_closed else ():
        lanes = expanded.lanes[mineral]
        if lanes.sources and not lanes.open[:, expanded.member_at[member], :].any():
            problem = f"every lane that could bring {mineral} to {member} is closed in every year"
            yield warn(row, "member", problem, _SHORT)


def contracts_above_capacity(case: Case) -> Iterator[Finding]:
    """Warn of contracts whose minimums exceed the refiner's capacity; they are scaled down."""
    expanded, seen = resolve.Expanded(case), set[int]()
    for t, year in enumerate(case.years):
        total = defaultdict[int, float](float)
        sources = [expanded.source_of_refiner[c.refiner, c.mineral] for c in case.contracts]
        for source, contract in zip(sources, case.contracts, strict=True):
            total[source] += contract.min * in_force(contract, year)
        for source, contract in zip(sources, case.contracts, strict=True):
            usable = expanded.usable[source, t]
            if source not in seen and total[source] > usable:
                seen.add(source)
                owed = f"ask for at least {total[source]:g} t in {year}"
                most = f"more than the {usable:g} t that it can sell to the coalition"
                problem = f"the contracts with {contract.refiner} {owed}, {most}"
                yield warn(contract, "min", problem, _REDUCED)


def capital_beyond_every_budget(case: Case) -> Iterator[Finding]:
    """Warn of whole projects that cost more than any budget, so that none is built.

    If budgets are carried over, all budgets up to the last possible year are added.
    """
    budgets = resolve.free_budgets(case)
    limit = "the largest budget among the years that could pay for it"
    if case.settings.carry_over_budget:
        budgets = dict(zip(budgets, itertools.accumulate(budgets.values()), strict=True))
        limit = "all budgets together, up to the last year that could pay for it"
    for project in case.projects if case.settings.whole_projects and budgets else ():
        starts = resolve.start_years(project, case.years) if project.built_in is None else []
        spent = {resolve.budget_year(project, start, case.years) for start in starts}
        most = max((budgets.get(year, math.inf) for year in spent), default=math.inf)
        capital = project.capex * resolve.unbuilt(project)
        if capital > most:
            problem = f"{project.name} costs {capital:g} m to build, more than {most:g} m, {limit}"
            yield warn(project, "capex", problem, "Whole projects is yes, so it is never built")


def capital_beyond_the_horizon(case: Case) -> Iterator[Finding]:
    """Warn of late projects, which are charged for only a few of their years of output."""
    for project in case.projects:
        start = next((year for year in case.years if year >= project.first_year), math.inf)
        charged = sum(start <= year < start + project.life for year in case.years)
        if 0 < 2 * charged <= len(case.years) and charged < LEAST_CHARGED * project.life:
            share = f"only {charged} of the {project.life} years of output of {project.name}"
            problem = (
                "lie in the planned years, and the plan counts the capital charges of these alone"
            )
            yield warn(project, "first_year", f"{share} {problem}", _CHEAP)
