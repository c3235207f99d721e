"""Rules on rows: their numbers, the names that they use, and the parts of a share limit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from models import errors, schema, tolerances, units
from models.case import BASE, Case, normalize
from models.checks import common
from models.checks.common import (
    did_you_mean,
    error,
    is_total,
    minerals_made,
    plants,
    seller,
    total_hint,
    warn,
)
from models.checks.spelling import misspelt_at_home
from models.resolve import Expanded, last_rights, source_of, supplier_names
from models.resolve.uncertainty import SPREAD_COLUMNS
from models.schema.column import MOST_PRICE, MOST_TARIFF, MOST_TONNES, CellKind, Column, Record

# ---- numbers -----------------------------------------------------------------------------------

_NUMBERS = {CellKind.NUMBER, CellKind.SHARE, CellKind.YEAR, CellKind.WHOLE}


def demand_has_years(case: Case) -> Iterator[errors.Finding]:
    """Demand has at least one year."""
    if not case.years:
        wanted = "one column per year, headed 2026, 2027, ..."
        yield errors.Finding(schema.Demand.SHEET, found="no year column", expected=wanted)


def numbers_are_within_bounds(case: Case, passed: Case | None = None) -> Iterator[errors.Finding]:
    """Every number is within its column's bounds, also after scenario changes.

    Records that the case shares with ``passed``, a case without errors, are skipped.
    """

    def unchecked(sheet: str) -> tuple[Any, ...]:
        rows = case.records(sheet)
        before = () if passed is None else passed.records(sheet)
        if rows is before:
            return ()
        known = set(map(id, before))
        return tuple(row for row in rows if id(row) not in known)

    for record in schema.SHEETS:
        rows = unchecked(record.SHEET)
        for column in record.columns() if rows else ():
            if column.kind in _NUMBERS:
                yield from _column_within(rows, column)
    for record, column in SPREAD_COLUMNS.items():
        for row in unchecked(record.SHEET):
            for header, number in getattr(row, column.field):
                if not column.allows(number):
                    yield _outside(row, str(header), number, column.least, column.most)
    for row in unchecked(schema.Refiner.SHEET):
        for added in row.extra_usable.numbers():
            if not -MOST_TONNES <= added <= MOST_TONNES:
                yield _outside(row, "Capacity", added, -MOST_TONNES, MOST_TONNES)


def _column_within(rows: tuple[Record, ...], column: Column) -> Iterator[errors.Finding]:
    for row in rows:
        value: Any = getattr(row, column.field)
        if value is None:
            continue
        for number in value.numbers() if isinstance(value, schema.ByYear) else (value,):
            if not column.allows(number):
                yield _outside(row, column.header, number, column.least, column.most)


def _outside(row: Record, header: str, number: float, least: float, most: float) -> errors.Finding:
    wanted = f"a number from {units.in_words(least)} to {units.in_words(most)}"
    return errors.Finding(row.SHEET, row.row, header, f"the number {number:g}", wanted)


def no_addresses_in_sources(case: Case) -> Iterator[errors.Finding]:
    """No source is the address of a database, which may contain a password."""
    for row in case.sources:
        if is_address(row.place):
            message = "the address of a database, which may hold a password"
            wanted = "the name of an environment variable with the address, or a file"
            yield errors.Finding(row.SHEET, row.row, "From", message, wanted)


def is_address(text: str) -> bool:
    """Return whether a text is a URL, or contains an @ as URLs with a password do."""
    return "://" in text or "@" in text


def added_capacity_is_within_bounds(case: Case) -> Iterator[errors.Finding]:
    """Capacity that a scenario increases stays within the bound of an amount."""
    for refiner in case.refiners:
        for year in case.years if refiner.extra_usable.numbers() != (0.0,) else ():
            share = refiner.available_share.at(year)
            own = refiner.capacity.value(year) * (1.0 if share is None else share)
            usable = own + (refiner.extra_usable.at(year) or 0.0)
            if usable > MOST_TONNES:
                yield _outside(refiner, "Capacity", usable, 0, MOST_TONNES)
                break


def changed_lanes_are_within_bounds(case: Case) -> Iterator[errors.Finding]:
    """Freight and tariffs that scenarios change stay within their bounds."""
    for lane in case.input_lanes:
        for header, added, most in (
            ("Freight", (lane.freight or 0.0) * lane.freight_factor, MOST_PRICE),
            ("Tariff", (lane.tariff or 0.0) + lane.tariff_added, MOST_TARIFF),
        ):
            if not added <= most:
                yield _outside(lane, header, added, 0, most)
    is_changed = any(row.freight_factor != 1.0 or row.tariff_added for row in case.lanes)
    for mineral, lanes in Expanded(case).lanes.items() if is_changed else ():
        for header, values, most in (
            ("Freight", lanes.freight, MOST_PRICE),
            ("Tariff", lanes.tariff, MOST_TARIFF),
        ):
            largest = float(np.nanmax(values, initial=0.0))
            if not largest <= most:
                problem = f"scenarios bring the {header.lower()} of {mineral} to {largest:g}"
                wanted = f"a number from 0 to {units.in_words(most)}"
                yield errors.Finding(schema.Lane.SHEET, 0, header, problem, wanted)


def by_year_filled(case: Case) -> Iterator[errors.Finding]:
    """A required column has a value in every planned year."""
    for record in schema.SHEETS:
        required = [c for c in record.columns() if c.required and c.by_year]
        for row in case.records(record.SHEET) if required else ():
            for column in required:
                series: schema.ByYear = getattr(row, column.field)
                gaps = (year for year in case.years if series.at(year) is None)
                gap = next(gaps, None) if series.base is None else None
                if gap is not None:
                    problem = f"a blank cell; {column.header} must be filled for {gap}"
                    yield error(row, column.field, problem, "a value for every year of Demand")


# ---- two cells of a row ------------------------------------------------------------------------


def last_year_not_before_first(case: Case) -> Iterator[errors.Finding]:
    """A last year is not before the first year."""
    for row, first, last in common.rows_with_years(case):
        if first is not None and last is not None and last < first:
            problem = f"the last year {last} is before the first year {first}"
            yield error(row, "last_year", problem, f"{first} or later")


def opening_stock_fits(case: Case) -> Iterator[errors.Finding]:
    """An opening stock is at most the largest stock."""
    for stockpile in case.stockpiles:
        if stockpile.opening > stockpile.max:
            problem = f"the opening stock is {stockpile.opening:g} t"
            yield error(
                stockpile, "opening", problem, f"at most the Max of the row, {stockpile.max:g} t"
            )


def stock_has_one_target(case: Case) -> Iterator[errors.Finding]:
    """A stock target is in t or in days, not both.

    A scenario may add targets in t by year to a target in days.
    """
    for stockpile in case.stockpiles:
        if stockpile.target_days is not None and stockpile.target.base is not None:
            problem = "the row has a target in days and a target in t"
            yield error(stockpile, "target_days", problem, "only one of the two")


def contract_max_above_min(case: Case) -> Iterator[errors.Finding]:
    """A contract's maximum is at least its minimum."""
    for contract in case.contracts:
        if contract.max is not None and contract.max < contract.min:
            problem = f"the contract's Max is {contract.max:g} t/yr"
            wanted = f"at least the Min of the row, {contract.min:g} t/yr"
            yield error(contract, "max", problem, wanted)


def supports_are_defined(case: Case) -> Iterator[errors.Finding]:
    """A support names a plant that makes the mineral, and a member or group as payer.

    Its clawback is at least the strike price.
    """
    made = minerals_made((name, p) for p in plants(case) for name in (p.name, seller(p)))
    payers = {*case.member_of, *case.groups}
    for row in case.supports:
        if row.plant not in made:
            problem, wanted = (
                f"{row.plant!r} is not in Refiners or Projects",
                "a refiner or project",
            )
            yield error(row, "plant", problem, wanted, did_you_mean(row.plant, made))
        elif row.mineral in case.mineral_of and row.mineral not in made[row.plant]:
            problem = f"{row.plant} does not make {row.mineral}"
            hint = f"it makes {', '.join(sorted(made[row.plant]))}"
            yield error(row, "mineral", problem, "a mineral that it makes", hint)
        if row.payer and row.payer not in payers:
            problem = f"the payer {row.payer!r} is neither a member nor a group"
            hint = did_you_mean(row.payer, payers)
            yield error(row, "payer", problem, "a member or a group", hint)
        if row.clawback is not None and row.clawback < row.strike:
            problem = f"the plant pays back what it earns above a price of {row.clawback:g}"
            wanted = f"at least the strike price of the row, {row.strike:g}"
            yield error(row, "clawback", problem, wanted)


def built_rows_name_projects(case: Case) -> Iterator[errors.Finding]:
    """Rows of Built name projects; their fractions add up to at most 1 for each project."""
    known = {p.name for p in case.projects}
    parts: dict[str, list[schema.Built]] = {}
    for row in sorted(case.built, key=attrgetter("row")):
        if row.project not in known:
            problem, wanted = (
                f"{row.project!r} is not in Projects",
                "a project of the sheet Projects",
            )
            yield error(row, "project", problem, wanted, did_you_mean(row.project, known))
            continue
        own = parts.setdefault(row.project, [])
        own.append(row)
        whole = math.fsum(part.fraction for part in own)
        if whole > 1.0 + tolerances.WHOLE_SUM >= whole - row.fraction:
            problem = f"the rows of {row.project} add up to a fraction of {whole:.6g}"
            yield error(row, "fraction", problem, "a sum of at most 1 for each project")


# ---- names with another meaning ----------------------------------------------------------------

COLUMNS = {"note", "source", normalize(schema.Freight.column_of("country").header)}
"""Normalized headers of Freight that are not for a member."""
_EACH = "in Share limits, `each` stands for every member on its own"


def names_are_not_reserved(case: Case) -> Iterator[errors.Finding]:
    """No member or group is called "each", no group like a member, no scenario Base."""
    members = {normalize(m.name) for m in case.members}
    for member in case.members:
        name, group = normalize(member.name), normalize(member.group)
        problem, wanted = f"the name {member.name!r} for a member", "another name"
        if name == schema.EACH:
            yield error(member, "name", problem, wanted, _EACH)
        elif name in COLUMNS:
            hint = "the sheet Freight has another column of that name"
            yield error(member, "name", problem, wanted, hint)
        if group == schema.EACH:
            yield error(member, "group", f"the name {member.group!r} for a group", wanted, _EACH)
        elif member.group and group in members:
            problem = f"the group {member.group!r} has the name of a member"
            yield error(member, "group", problem, "a name that no member has")
    for step in case.scenarios:
        if normalize(step.name) == normalize(BASE):
            problem = f"the name {step.name!r} for a scenario"
            hint = "the planner calls the workbook without a scenario Base"
            yield error(step, "name", problem, "another name", hint)


def member_countries(case: Case) -> Iterator[errors.Finding]:
    """No member's country is the rest of the world."""
    for member in case.members:
        if member.country == schema.REST_OF_WORLD:
            problem = "Rest of world is not a member's country"
            hint = "leave it blank for several countries"
            yield error(member, "country", problem, "a country", hint)


# ---- a name used in one sheet is defined in its home sheet -------------------------------------

MOST_HINTS = 50
"""Most unknown names per column that get a suggestion, since each search takes time."""


def names_are_defined(case: Case) -> Iterator[errors.Finding]:
    """Names are defined in the sheet that their column refers to.

    A name that several rows use, but its home sheet misspells, is reported once, at home.
    """
    odd: dict[str, tuple[Record, int]] | None = None
    for record in schema.SHEETS:
        for column in record.columns():
            known = {name for home in column.refers for name in _defined(case, home)} - {""}
            homes, hints = " or ".join(column.refers), dict[str, str]()
            for row in case.records(record.SHEET) if column.refers else ():
                name = getattr(row, column.field)
                if not name or name in known:
                    continue
                if odd is None:
                    odd = misspelt_at_home(case)
                if name in odd:
                    continue
                if name not in hints and len(hints) < MOST_HINTS:
                    near = total_hint("row") if is_total(name) else ""
                    hints[name] = near or did_you_mean(name, known)
                problem, wanted = f"{name!r} is not in {homes}", f"a name of the sheet {homes}"
                yield error(row, column.field, problem, wanted, hints.get(name, ""))
    for name, (row, uses) in (odd or {}).items():
        typed = getattr(row, "name", "")
        problem = f"no row of another sheet names {typed!r}, but {uses} rows name {name!r}"
        yield error(row, "name", problem, hint=f"is {typed!r} mistyped?")


def _defined(case: Case, home: str) -> set[str]:
    """Return the names that a sheet defines; Projects defines refiners."""
    if home == schema.Project.SHEET:
        return {p.refiner for p in case.projects}
    return {str(getattr(r, "name", "")) for r in case.records(home)}


def refiners_have_the_mineral(case: Case) -> Iterator[errors.Finding]:
    """Rows that name a refiner and a mineral name a pair that Refiners has.

    Rows of Lanes, Input lanes, Rights, Scenarios and Risks get only a warning, since they match
    nothing.
    """
    refined = minerals_made((seller(refiner), refiner) for refiner in case.refiners)
    planned = minerals_made((seller(plant), plant) for plant in plants(case))

    def is_missing(row: Any, minerals: dict[str, set[str]]) -> bool:
        has = minerals.get(row.refiner, set())
        # an unknown mineral of a refiner has its own error
        known = has and case.mineral_of.keys() >= {row.mineral, *has}
        return bool(known) and row.mineral not in has

    signed: list[Any] = [*case.contracts, *case.current_supply]
    for row in signed:
        if is_missing(row, refined):
            problem = f"{row.refiner} does not refine {row.mineral} in Refiners"
            wanted = f"a refiner that the sheet {schema.Refiner.SHEET} lists with this mineral"
            hint = f"it refines {', '.join(sorted(refined[row.refiner]))}"
            yield error(row, "mineral", problem, wanted, hint)
    for lane in case.input_lanes:
        has = planned.get(lane.refiner, set())
        if lane.input and has and lane.input in case.mineral_of and lane.input not in has:
            problem = f"{lane.refiner} does not refine {lane.input}: the row matches nothing"
            yield warn(lane, "input", problem)
    selecting: list[Any] = [*case.lanes, *case.rights, *case.scenarios, *case.risks]
    for row in selecting:
        if is_missing(row, planned):
            problem = f"{row.refiner} does not refine {row.mineral}: the row matches nothing"
            yield warn(row, "mineral", problem)


# ---- freight -----------------------------------------------------------------------------------

MOST_NAMED = 4
_WANTED = "a freight from every supplier country to every member"
_HINT = "fill the cell in the sheet Freight, or set Default freight in Settings"


def every_pair_has_freight(case: Case) -> Iterator[errors.Finding]:
    """Every supplier country and member have a freight, in Freight or by Default freight.

    A freight in Lanes is not enough.
    """
    if case.settings.default_freight is not None:
        return
    members = [member.name for member in case.members if normalize(member.name) not in COLUMNS]
    given = {row.country: row for row in case.freight}
    firsts: dict[str, schema.Refiner | schema.Project] = {}
    for plant in sorted(plants(case), key=lambda p: (isinstance(p, schema.Project), p.row)):
        firsts.setdefault(plant.country, plant)
    for country in sorted(firsts.keys() - {""}):
        row, none = given.get(country), f"there is no freight from {case.country_name(country)} to "
        stated = set() if row is None else {name for name, _ in row.costs}
        lacking = [name for name in members if name not in stated]
        if row is not None:
            for member in lacking:
                yield errors.Finding(row.SHEET, row.row, member, none + member, _WANTED, _HINT)
        elif lacking:
            more = len(lacking) - MOST_NAMED
            to = ", ".join(lacking[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
            yield error(firsts[country], "country", none + to, _WANTED, _HINT)


# ---- rights ------------------------------------------------------------------------------------


def rights_within_one(case: Case) -> Iterator[errors.Finding]:
    """Rights to a plant or mine add up to at most 1; the error is at the last of its rows."""
    wanted, reported = "shares that add up to at most 1 for each plant or mine", set[int]()
    for _, whole, last, capacity in _rights(case):
        if whole > 1.0 + tolerances.WHOLE_SUM and last.row not in reported:
            reported.add(last.row)
            problem = f"the rows of Rights give members {whole:.4g} times {capacity}"
            yield error(last, "share", problem, wanted)


def rights_below_one(case: Case) -> Iterator[errors.Finding]:
    """Warn if Rights to a plant cover every member but add up to less than 1."""
    reported: set[int] = set()
    for members, whole, last, capacity in _rights(case):
        is_left = case.member_of.keys() <= members and whole < 1.0 - tolerances.WHOLE_SUM
        if is_left and last.row not in reported:
            reported.add(last.row)
            problem = f"the rows of Rights give members only {whole:.4g} of {capacity}"
            what = "the setting Rights divides the capacity"
            what = "the shares are scaled up to 1" if whole > 0 else what
            hint = f"{what}, since every member has a row and none is left for the rest"
            yield warn(last, "share", problem, hint)


def _rights(case: Case) -> Iterator[tuple[set[str], float, schema.Right, str]]:
    """Yield each plant or mine with rows of Rights: members, their sum, the last row, its name."""
    for owned in (*plants(case), *case.mines) if case.rights else ():
        rows = last_rights(case, owned)
        if rows:
            where = case.country_name(owned.country)
            name = f"the mines of {where}"
            name = name if isinstance(owned, schema.Mine) else f"{owned.name} ({where})"
            whole = sum(row.share for row in rows.values())
            last = max(rows.values(), key=attrgetter("row"))
            yield {*rows}, whole, last, f"the {owned.mineral} capacity of {name}"


# ---- share limits ------------------------------------------------------------------------------


def buyers_are_defined(case: Case) -> Iterator[errors.Finding]:
    """A buyer is "each", a member, or a group of members."""
    known = {schema.EACH, *case.member_of, *case.groups}
    for limit in case.share_limits:
        if limit.buyer and limit.buyer not in known:
            if limit.buyer in misspelt_at_home(case):  # reported once, in the sheet Members
                continue
            problem = f"the buyer {limit.buyer!r} is neither a member nor a group"
            wanted = "`each`, a member, a group, or a blank cell for the whole coalition"
            yield error(limit, "buyer", problem, wanted, did_you_mean(limit.buyer, known))


def lost_countries_are_defined(case: Case) -> Iterator[errors.Finding]:
    """A lost country given by `each outside` names a defined bloc."""
    for row in case.security:
        if row.lost_country.startswith(schema.EACH_OUTSIDE):
            yield from _in_bloc(case, row, "lost_country")


def zones_are_defined(case: Case) -> Iterator[errors.Finding]:
    """A price floor names a zone that some country belongs to."""
    for row in case.price_floors:
        yield from _in_bloc(case, row, "zone")


def one_floor_per_year(case: Case) -> Iterator[errors.Finding]:
    """A mineral has one price floor per zone and year; rows of scenarios do not count."""
    rows = sorted((row for row in case.price_floors if row.row), key=attrgetter("row"))
    for i, row in enumerate(rows):
        same = (r for r in rows[:i] if (r.mineral, r.zone) == (row.mineral, row.zone))
        first = next((r for r in same if _meet(r, row)), None)
        if first is not None:
            problem = (
                f"row {first.row} already sets a floor for {row.mineral} in the zone {row.zone}"
            )
            problem = f"{problem} in some of these years"
            yield error(row, "mineral", problem, "one floor for each mineral, zone and year")


def _meet(floor: schema.PriceFloor, second: schema.PriceFloor) -> bool:
    """Return whether two rows have a year in common."""
    pairs = ((floor.first_year, second.last_year), (second.first_year, floor.last_year))
    return all(first is None or last is None or first <= last for first, last in pairs)


def suppliers_are_defined(case: Case) -> Iterator[errors.Finding]:
    """A supplier exists in its supplier group, such as a country, a bloc or a company."""
    for limit in case.share_limits:
        outside = limit.supplier.startswith(schema.EACH_OUTSIDE)
        name, mineral = limit.supplier.removeprefix(schema.EACH_OUTSIDE), limit.mineral
        if limit.supplier and limit.group in (schema.OF_COUNTRIES if outside else {schema.BY_BLOC}):
            yield from _in_bloc(case, limit, "supplier")
        elif outside or not name:
            continue
        elif limit.group == schema.BY_KIND:
            kinds = {schema.PRIMARY, schema.RECYCLED}
            wanted = f"{schema.PRIMARY} or {schema.RECYCLED}"
            yield from _unknown(limit, "supplier", f"{name!r} is not a kind", wanted, kinds)
        elif limit.group in schema.OF_NAMES:
            if limit.group == schema.BY_COMPANY:
                yield from _unknown_company(case, limit, "supplier")
            else:
                problem = f"{name!r} is not in Refiners or Projects"
                wanted = "a name of the sheet Refiners or Projects"
                yield from _unknown(limit, "supplier", problem, wanted, case.refiner_names)
            found = {
                plant.mineral
                for plant in plants(case)
                if name in supplier_names(case, source_of(plant), limit.group)
            }
            if mineral and found and mineral not in found:
                problem = f"{name} does not refine {mineral}: its share is always 0"
                yield warn(limit, "supplier", problem)


def companies_are_defined(case: Case) -> Iterator[errors.Finding]:
    """A step or an event names a company that owns a refiner or a project."""
    for step in (*case.scenarios, *case.risks):
        if step.company:
            yield from _unknown_company(case, step, "company")


def _unknown_company(case: Case, row: Record, field: str) -> Iterator[errors.Finding]:
    problem = f"{getattr(row, field)!r} is not an Owner in Refiners or Projects"
    wanted = "an Owner of the sheet Refiners or Projects"
    yield from _unknown(row, field, problem, wanted, common.companies(case))


def _in_bloc(case: Case, row: Record, field: str) -> Iterator[errors.Finding]:
    name = getattr(row, field).removeprefix(schema.EACH_OUTSIDE)
    wanted = "coalition, other or a bloc of the sheet Countries"
    yield from _unknown(row, field, f"the bloc {name!r} is not defined", wanted, case.blocs)


def _unknown(
    row: Record, field: str, found: str, wanted: str, known: Collection[str]
) -> Iterator[errors.Finding]:
    name = getattr(row, field).removeprefix(schema.EACH_OUTSIDE)
    if name not in known:
        yield error(row, field, found, wanted, did_you_mean(name, known))


def limit_parts_fit(case: Case) -> Iterator[errors.Finding]:
    """The parts of a share limit fit together.

    A min names its supplier, `each outside` is used only for countries, and limits on ore are on
    the whole coalition.
    """
    for limit in case.share_limits:
        outside = limit.supplier.startswith(schema.EACH_OUTSIDE)
        if limit.limit == schema.MIN and (not limit.supplier or outside):
            problem = "the row is a min and names no supplier"
            yield error(limit, "supplier", problem, f"the name of a {limit.group}")
        elif outside and limit.group not in schema.OF_COUNTRIES:
            problem = f"{limit.supplier!r} does not fit the supplier group {limit.group}"
            groups = f"{schema.BY_COUNTRY} or {schema.BY_OWNER}"
            wanted = f"the name of a {limit.group}, or the supplier group {groups}"
            yield error(limit, "supplier", problem, wanted)
        if limit.stage == schema.MINING and limit.buyer:
            problem = f"the row has the stage mining and the buyer {limit.buyer!r}"
            wanted = "a blank cell, since limits on mining are on the whole coalition"
            yield error(limit, "buyer", problem, wanted)
        if limit.stage == schema.MINING and limit.group not in {schema.BY_COUNTRY, schema.BY_BLOC}:
            problem = f"the row has the stage mining and the supplier group {limit.group}"
            yield error(limit, "group", problem, f"{schema.BY_COUNTRY} or {schema.BY_BLOC}")
