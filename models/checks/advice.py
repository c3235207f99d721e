"""What is allowed and likely not meant: warnings."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from models.case import Case, in_force
from models.checks.common import advise, columns, plants, seller
from models.errors import Finding, warning
from models.schema import (
    BY_BLOC,
    BY_COUNTRY,
    BY_KIND,
    BY_OWNER,
    COALITION,
    EACH_OUTSIDE,
    MIN,
    MINING,
    REFINING,
    REST_OF_WORLD,
    SHEETS,
    ByYear,
    Demand,
    Project,
    Record,
    Refiner,
    ShareLimit,
)

FAR = 1000.0
"""A number this many times its column's median, or this part of it, is likely in another unit."""
PRICE = "USD/t"
ENOUGH = 3
"""A median of fewer numbers says nothing."""
_MISSED = "the whole share will be missed and paid for"


def years_left_out(case: Case) -> Iterator[Finding]:
    """Years between two year columns cost nothing."""
    for before, after in zip(case.years, case.years[1:], strict=False):
        if after > before + 1:
            gone = str(before + 1) if after == before + 2 else f"{before + 1} to {after - 1}"
            said = f"no column for {gone}"
            hint = "years left out cost nothing and are not planned"
            yield warning(Demand.SHEET, 0, str(after), found=said, hint=hint)


def outside_the_horizon(case: Case) -> Iterator[Finding]:
    """A row whose years all lie outside the horizon never applies."""
    if not case.years:
        return
    start, end = case.years[0], case.years[-1]
    for record in SHEETS:
        fields = {c.field for c in columns(record)}
        if "first_year" not in fields:
            continue
        for row in case.records(record.SHEET):
            first, last = getattr(row, "first_year", None), getattr(row, "last_year", None)
            if first is not None and first > end:
                said = f"the first year {first} lies after the last planned year, {end}"
                yield advise(row, "first_year", said, "the row never applies")
            elif last is not None and last < start and not (first or 0) > last:
                said = f"the last year {last} lies before the first planned year, {start}"
                yield advise(row, "last_year", said, "the row never applies")
    for budget in case.budget:
        if not start <= budget.year <= end:
            said = f"the year {budget.year} lies outside the planned years, {start} to {end}"
            yield advise(budget, "year", said, "the row never applies")


def removed_by_a_blank(case: Case) -> Iterator[Finding]:
    """A blank Member of `remove member` takes every member out."""
    for step in case.scenarios:
        if step.action == "remove member" and not step.member:
            yield advise(step, "member", "Member is blank: all members leave")


def blank_available_shares(case: Case) -> Iterator[Finding]:
    """A blank Available share opens all capacity to the coalition, those of outsiders too."""
    outside = [
        r
        for r in case.refiners
        if not r.available_share.numbers()
        and r.country
        and COALITION not in case.blocs_of(r.country)
    ]
    if outside:
        first = min(outside, key=lambda r: r.row)
        more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        said = f"{first.name}{more} outside the coalition, without an available share"
        hint = "all of the capacity counts as open to the coalition"
        yield advise(first, "available_share", said, hint)


def minerals_without_refiner(case: Case) -> Iterator[Finding]:
    """A mineral that is needed and that nobody refines is short as a whole."""
    supplied = {plant.mineral for plant in plants(case)}
    needed = {row.mineral for row in case.demand if any(tonnes > 0 for _, tonnes in row.tonnes)}
    for mineral in case.minerals:
        if mineral.name in needed - supplied:
            said = f"no refiner and no project of {mineral.name}"
            yield advise(mineral, "name", said, "all of its demand will be short")


def dearer_than_shortage(case: Case) -> Iterator[Finding]:
    """A refiner that costs more than a shortage is never bought from."""
    cheapest = {row.country: min((c for _, c in row.costs), default=0.0) for row in case.freight}
    known = case.mineral_of
    least = {
        name: min((case.shortage_cost(name, y) for y in case.years), default=0.0)
        for name, mineral in known.items()
        if all(mineral.price.at(year) is not None for year in case.years)
    }
    for plant in plants(case):
        if plant.mineral not in least:
            continue
        freight = cheapest.get(plant.country, case.settings.default_freight or 0.0)
        if max(plant.cost.numbers(), default=0.0) + freight <= least[plant.mineral]:
            continue
        for year in case.years:
            cost = plant.cost.at(year)
            if cost is None or not (isinstance(plant, Project) or in_force(plant, year)):
                continue
            short = case.shortage_cost(plant.mineral, year)
            if cost + freight > short:
                said = (
                    f"{cost + freight:g} per t landed in {year}, above the {short:g} of a shortage"
                )
                yield advise(plant, "cost", said, "nobody will buy from it in that year")
                break


def empty_limits(case: Case) -> Iterator[Finding]:
    """A min that nobody can fulfil; a limit on ore for a mineral without mines."""
    mined = {mine.mineral for mine in case.mines}
    for limit in case.share_limits:
        if limit.stage == MINING and limit.mineral not in mined and (limit.mineral or not mined):
            missed = limit.limit == MIN and limit.mineral != ""
            hint = _MISSED if missed else "the limit never applies"
            yield advise(limit, "stage", f"no mines of {limit.mineral or 'any mineral'}", hint)
        elif limit.limit == MIN and limit.stage == REFINING and limit.supplier:
            if limit.supplier.startswith(EACH_OUTSIDE):
                continue
            found = [p for p in plants(case) if limit.mineral in {"", p.mineral}]
            if not any(_supplies(case, limit, plant) for plant in found):
                what = limit.mineral or "any mineral"
                said = f"no refiner of {what} is of the {limit.group} {_supplier(case, limit)}"
                yield advise(limit, "supplier", said, _MISSED)


def _supplies(case: Case, limit: ShareLimit, plant: Refiner | Project) -> bool:
    if limit.group == BY_COUNTRY:
        return plant.country == limit.supplier
    if limit.group == BY_OWNER:
        return (plant.owner or plant.country) == limit.supplier
    if limit.group == BY_BLOC:
        return limit.supplier in case.blocs_of(plant.country)
    if limit.group == BY_KIND:
        return plant.kind == limit.supplier
    return seller(plant) == limit.supplier


def _supplier(case: Case, limit: ShareLimit) -> str:
    if limit.group in {BY_COUNTRY, BY_OWNER}:
        return case.country_name(limit.supplier)
    return limit.supplier


def targets_above_max(case: Case) -> Iterator[Finding]:
    """A stock target above what can be stored is missed in every year."""
    for pile in case.stockpiles:
        most = max(pile.target.numbers(), default=0.0)
        if most > pile.max:
            said = f"a target of {most:g} t above the {pile.max:g} t that can be stored"
            yield advise(pile, "target", said, "the penalty is paid in every year")


def rest_of_world_bloc(case: Case) -> Iterator[Finding]:
    """The rest of the world is outside the coalition."""
    for country in case.countries:
        if country.code == REST_OF_WORLD and COALITION in country.blocs:
            yield advise(country, "blocs", "the rest of the world in the bloc coalition")


def member_outside(case: Case) -> Iterator[Finding]:
    """A member's country whose blocs do not name the coalition counts as outside."""
    homes = {m.country: m.name for m in reversed(case.members) if m.country}
    for country in case.countries:
        if country.blocs and country.code in homes and COALITION not in country.blocs:
            said = (
                f"{case.country_name(country.code)} is the country of {homes[country.code]}, and "
                f"its blocs, {'; '.join(country.blocs)}, lack {COALITION}"
            )
            hint = (
                f"its plants count as outside the coalition; add {COALITION} unless that is meant"
            )
            yield advise(country, "blocs", said, hint)


def far_from_median(case: Case) -> Iterator[Finding]:
    """Capacities and prices a thousand times their column's median within a mineral."""
    yield from _far((*case.refiners, *case.projects), "capacity")
    yield from _far(case.mines, "capacity")
    for record in SHEETS:
        fields = {c.field: c for c in columns(record)}
        for column in fields.values() if "mineral" in fields else ():
            if column.unit == PRICE:
                yield from _far(case.records(record.SHEET), column.field)


def _far(rows: Sequence[Record], field: str) -> Iterator[Finding]:
    groups: dict[str, list[tuple[Record, float]]] = {}
    for row in rows:
        number = _first_number(getattr(row, field) or 0.0)
        if number > 0:
            groups.setdefault(getattr(row, "mineral", ""), []).append((row, number))
    for mineral, found in groups.items():
        if len(found) < ENOUGH:
            continue
        middle = statistics.median(number for _, number in found)
        for row, number in found:
            if number >= FAR * middle or number * FAR <= middle:
                many = number >= middle
                times = number / middle if many else middle / number
                ratio = f"{times:,.0f} times" if many else f"1/{times:,.0f} of"
                said = f"{number:g} is {ratio} the median of {mineral or 'the column'}"
                yield advise(row, field, said, _hint(field))


def capacity_far_from_demand(case: Case) -> Iterator[Finding]:
    """Capacity of a mineral a thousand times its demand, or a thousandth: a whole column in kt.

    Its median counts for each plant, so that a single slip, told by itself, is not told again.
    """
    for mineral in case.minerals:
        found = [p for p in plants(case) if p.mineral == mineral.name]
        sizes = [_first_number(p.capacity) for p in found]
        total = statistics.median(sizes) * len(sizes) if sizes else 0.0
        demand = max((case.coalition_demand(mineral.name, y) for y in case.years), default=0.0)
        if not (total > 0 < demand) or 1 / FAR < total / demand < FAR:
            continue
        times = total / demand if total > demand else demand / total
        ratio = f"{times:,.0f} times" if total > demand else f"1/{times:,.0f} of"
        said = f"the capacity for {mineral.name}, some {total:g} t/yr in all, is {ratio} its demand"
        yield advise(found[0], "capacity", said, _hint("capacity"))


def _hint(field: str) -> str:
    kt = ", kt typed as t or the reverse" if field == "capacity" else ""
    return f"is it in another unit{kt}?"


def _first_number(value: ByYear | float) -> float:
    numbers = value.numbers() if isinstance(value, ByYear) else (value,)
    return float(numbers[0]) if numbers else 0.0
