"""What is allowed and likely not meant, where supply, limits and time are looked at together."""

from __future__ import annotations

import math
from collections.abc import Iterator

from models.case import Case, in_force
from models.checks.common import advise
from models.errors import Finding
from models.resolve import Expanded
from models.schema import EACH_OUTSIDE, REST_OF_WORLD, ShareLimit

LEAST_CHARGED = 0.25
"""A late project of whose yearly charges fewer than this part fall into the horizon looks cheap."""


def caps_that_cannot_be_met(case: Case) -> Iterator[Finding]:
    """A hard cap on each country needs at least 1 / share countries to serve all demand.

    By capacity alone, lanes left aside; nothing is said where some supplier is not capped.
    """
    caps = [row for row in case.share_limits if row.caps_each_country and row.penalty is None]
    expanded = Expanded(case) if caps else None
    for row in caps:
        for mineral in case.minerals:
            found = expanded and _too_few(case, expanded, row, mineral.name)
            if found:
                yield found
                break  # one finding a row: the first mineral says it


def _too_few(case: Case, e: Expanded, row: ShareLimit, mineral: str) -> Finding | None:
    if row.mineral not in {"", mineral} or row.buyer:
        return None
    for t, year in enumerate(e.years):
        share, demand = row.share.at(year), case.coalition_demand(mineral, year)
        if share is None or not in_force(row, year) or demand <= 0:
            continue
        by_country: dict[str, float] = {}
        for r in e.of_mineral[mineral]:
            source = e.sources[r]
            room = e.usable[r, t] if not source.project else e.nameplate[r, t] * e.startable[r, t]
            by_country[source.country] = by_country.get(source.country, 0.0) + float(room)
        capped = {
            c: room for c, room in by_country.items() if room > 0 and _is_capped(case, row, c)
        }
        free = any(room > 0 and c not in capped for c, room in by_country.items())
        if free or not capped or len(capped) * share >= 1.0:
            continue
        said = (
            f"{len(capped)} countr{'y' if len(capped) == 1 else 'ies'} can supply {mineral} in "
            f"{year}, each at most {share:.4g} of demand"
        )
        least = _least_share(sorted(capped.values()), demand)
        hint = (
            f"the smallest share that serves all demand is {least:.4g}, by capacity alone"
            if least is not None
            else "their capacity does not serve all demand at any share"
        )
        return advise(row, "share", said, hint)
    return None


def _is_capped(case: Case, row: ShareLimit, country: str) -> bool:
    if country == REST_OF_WORLD:
        return False
    if not row.supplier:
        return True
    return row.supplier.removeprefix(EACH_OUTSIDE) not in case.blocs_of(country)


def _least_share(rooms: list[float], demand: float) -> float | None:
    """Return the smallest s with sum of min(room, s x demand) >= demand; rooms ascend."""
    if sum(rooms) < demand:
        return None
    left = demand
    for i, room in enumerate(rooms):
        even = left / (len(rooms) - i)
        if room >= even:
            return even / demand
        left -= room
    return None


def members_without_lane(case: Case) -> Iterator[Finding]:
    """A member that needs a mineral which no open lane brings is short as a whole."""
    if all(row.open is not False for row in case.lanes):
        return
    expanded = Expanded(case)
    rows = {(d.mineral, d.member): d for d in case.demand if any(t > 0 for _, t in d.tonnes)}
    for (mineral, member), row in sorted(rows.items()):
        if mineral not in expanded.mineral_at or member not in expanded.member_at:
            continue
        lanes = expanded.lanes[mineral]
        if lanes.sources and not lanes.open[:, expanded.member_at[member], :].any():
            said = f"no lane for {mineral} to {member} is open in any year"
            yield advise(row, "member", said, "all of its demand will be short")


def contracts_above_capacity(case: Case) -> Iterator[Finding]:
    """Contracts whose minimums exceed what their refiner can give shrink in proportion."""
    if not case.contracts:
        return
    expanded = Expanded(case)
    seen: set[tuple[str, str]] = set()
    for t, year in enumerate(case.years):
        total: dict[tuple[str, str], float] = {}
        for contract in case.contracts:
            if in_force(contract, year):
                key = (contract.refiner, contract.mineral)
                total[key] = total.get(key, 0.0) + contract.min
        for contract in case.contracts:
            key = (contract.refiner, contract.mineral)
            at = expanded.source_of_refiner.get(key)
            if at is None or key in seen or not total.get(key, 0.0) > expanded.usable[at, t]:
                continue
            seen.add(key)
            said = (
                f"minimums of {total[key]:g} t in {year} with {contract.refiner}, which can give "
                f"the coalition {expanded.usable[at, t]:g} t"
            )
            yield advise(contract, "min", said, "they shrink in proportion; nothing is owed beyond")


def capital_beyond_every_budget(case: Case) -> Iterator[Finding]:
    """A whole project whose capital no year's budget can pay is never built."""
    budgets = {row.year: row.capex for row in case.budget}
    if not (case.settings.whole_projects and budgets):
        return
    for project in case.projects:
        starts = [year for year in case.years if year >= project.first_year]
        spent = {max(year - project.lead_time, case.years[0]) for year in starts}
        most = max((budgets.get(year, math.inf) for year in spent), default=math.inf)
        if project.capex > most:
            said = (
                f"a capital of {project.capex:g} m, above the {most:g} m of the largest budget of "
                "a year in which it can be spent"
            )
            yield advise(project, "capex", said, "with whole projects it is never built")


def capital_beyond_the_horizon(case: Case) -> Iterator[Finding]:
    """A project that starts in the horizon's second half is charged for few of its years."""
    for project in case.projects:
        start = next((year for year in case.years if year >= project.first_year), None)
        if start is None:
            continue
        charged = sum(start <= year < start + project.life for year in case.years)
        late = 2 * charged <= len(case.years)
        if late and charged < LEAST_CHARGED * project.life:
            said = (
                f"{charged} of {project.life} years of output, and of the capital charged for "
                "them, lie within the planned years"
            )
            yield advise(project, "first_year", said, "plan further ahead, or read it with care")
